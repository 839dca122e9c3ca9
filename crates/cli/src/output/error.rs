//! Errors for people and for programs.

use super::{Page, style};
use crate::failure::{Failure, class_name};
use pleach_core::{Class, Error, Said};
use serde::Serialize;
use std::ffi::OsStr;
use std::io::Write;
use std::process::ExitCode;

/// An error as lines on standard error: what happened, what PostgreSQL said, what to do.
pub fn human(failure: &Failure) -> String {
    let error = &failure.error;
    let mut page = Page::default();
    let object = error.object.as_ref().map(|object| format!("{object}: ")).unwrap_or_default();
    page.line(format!("{}: {object}{}", style::paint(style::ERROR, "error"), error.message));
    if let Some(said) = &error.postgres {
        page.indented(2, format!("PostgreSQL: {} (SQLSTATE {})", said.message, said.sqlstate));
        for (name, text) in [("detail", &said.detail), ("its hint", &said.hint)] {
            if let Some(text) = text {
                page.indented(2, format!("{name}: {text}"));
            }
        }
    }
    if let Some(excerpt) = &failure.excerpt {
        page.indented(2, excerpt);
    }
    if let Some(hint) = &error.hint {
        page.line(format!("{}: {hint}", style::paint(style::HINT, "hint")));
    }
    page.text().to_owned()
}

/// An error as the one object on standard output.
#[derive(Serialize)]
struct View<'a> {
    error: Inside<'a>,
}

#[derive(Serialize)]
struct Inside<'a> {
    code: &'a str,
    class: &'a str,
    message: &'a str,
    object: Option<&'a str>,
    hint: Option<&'a str>,
    postgres: Option<&'a Said>,
}

/// An error as one line of JSON.
pub fn json(error: &Error) -> String {
    line(Inside {
        code: error.code,
        class: class_name(error.class),
        message: &error.message,
        object: error.object.as_deref(),
        hint: error.hint.as_deref(),
        postgres: error.postgres.as_deref(),
    })
}

fn line(error: Inside<'_>) -> String {
    // Texts and numbers always have a JSON form.
    serde_json::to_string(&View { error }).unwrap_or_default() + "\n"
}

/// Prints what clap says of the arguments: help to standard output, complaints to standard error,
/// or as JSON where the arguments ask for that.
pub fn usage(error: &clap::Error) -> ExitCode {
    let is_complaint = error.use_stderr();
    if is_complaint && wants_json() {
        let text = error.render().to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let inside = Inside {
            code: "usage",
            class: class_name(Class::Input),
            message: &message,
            object: None,
            hint: Some("see `pleach help`"),
            postgres: None,
        };
        // A closed pipe is nobody's business, here and below.
        let _ = std::io::stdout().write_all(line(inside).as_bytes());
    } else {
        let _ = error.print();
    }
    ExitCode::from(if is_complaint { 2 } else { 0 })
}

/// Whether the arguments that did not parse ask for JSON.
fn wants_json() -> bool {
    let arguments: Vec<_> = std::env::args_os().collect();
    arguments.iter().any(|argument| argument == "--format=json")
        || arguments.windows(2).any(|pair| pair == [OsStr::new("--format"), OsStr::new("json")])
}
