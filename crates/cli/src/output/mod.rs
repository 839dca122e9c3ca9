//! Where output goes, and what commands share in what they print.

mod age;
mod aligned;
mod conflict;
mod describe;
mod diff;
mod error;
mod github;
mod graph;
mod intents;
mod lines;
mod lint;
mod page;
mod proof;
mod sarif;
mod spinner;
pub mod style;
mod table;

pub use age::{ago, moment};
pub use aligned::aligned;
pub use conflict::{conflicts, decision};
pub use diff::{data_steps, diff, tally};
pub use error::usage;
pub use github::annotations;
pub use graph::Graph;
pub use intents::intent_conflicts;
pub use lint::linted;
pub use page::{Page, first_line, plural, shortened, visible};
pub use pleach_core::pretty_size as size;
pub use proof::{applied, data_count, losses, proved};
pub use sarif::sarif;
pub use spinner::Spinner;
pub use table::{Align, Table};

use crate::cli::{Color, Format, Global};
use crate::failure::{Failure, Outcome};
use anstream::{AutoStream, ColorChoice};
use pleach_core::{Class, Error, Unmodelled};
use serde::Serialize;
use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::sync::Arc;

/// Where output goes.
#[derive(Clone)]
pub struct Ui {
    format: Option<Format>,
    quiet: bool,
    color: ColorChoice,
    spinner: Arc<Spinner>,
}

impl Ui {
    /// As the options ask for it.
    pub fn new(global: &Global, spinner: Arc<Spinner>) -> Self {
        let color = match global.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        // What others print (the help of clap is printed by now) goes by the same choice.
        color.write_global();
        Self { format: global.format, quiet: global.quiet, color, spinner }
    }

    /// The form that was asked for.
    pub fn format(&self) -> Option<Format> {
        self.format
    }

    /// Whether output is for programs.
    pub fn is_json(&self) -> bool {
        self.format == Some(Format::Json)
    }

    /// Whether only what was asked for is printed.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Prints what was asked for.
    pub fn answer<T: Serialize + ?Sized>(&self, value: &T, human: impl FnOnce(&mut Page)) -> Outcome<()> {
        self.spinner.clear();
        if self.is_json() {
            let text = serde_json::to_string(value)
                .map_err(|error| Error::new(Class::Internal, "internal", format!("cannot write JSON: {error}")))?;
            return self.write(&format!("{text}\n"));
        }
        let mut page = Page::default();
        human(&mut page);
        self.write(page.text())
    }

    /// Prints a text that is for other programs as it is.
    pub fn text(&self, text: &str) -> Outcome<()> {
        self.spinner.clear();
        self.write(text)
    }

    /// Prints that something was done, unless only what was asked for is wanted.
    pub fn confirm<T: Serialize + ?Sized>(&self, value: &T, human: impl FnOnce(&mut Page)) -> Outcome<()> {
        if self.quiet && !self.is_json() {
            return Ok(());
        }
        self.answer(value, human)
    }

    /// Says on standard error what people should know; programs find it in the JSON.
    pub fn warn(&self, text: impl Display) {
        if !self.quiet && !self.is_json() {
            self.aside(&format!("{}: {text}", style::paint(style::WARNING, "warning")));
        }
    }

    /// Warns of what Pleach has no model of.
    pub fn warn_unmodelled(&self, unmodelled: &[Unmodelled]) {
        for found in unmodelled {
            self.warn(format!("{} {} is not modelled: it is neither compared nor merged", found.kind, found.name));
        }
    }

    /// Prints a line on standard error, in place of what was being done.
    fn aside(&self, line: &str) {
        self.spinner.clear();
        // Nobody is left to be told.
        let _ = writeln!(AutoStream::new(std::io::stderr(), self.color), "{line}");
    }

    /// Asks on standard error; the answer is written in the same line.
    pub fn question(&self, text: &str) {
        self.spinner.clear();
        let mut err = AutoStream::new(std::io::stderr(), self.color);
        // Nobody is left to be asked.
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    /// Prints a line on standard error for people alone; programs find it in the JSON.
    pub fn aside_for_people(&self, line: &str) {
        if !self.is_json() {
            self.aside(line);
        }
    }

    /// Says why the command failed.
    pub fn fail(&self, failure: &Failure) {
        self.spinner.clear();
        if self.is_json() {
            // Nobody is left to be told.
            let _ = self.write(&error::json(&failure.error));
        } else {
            let _ = AutoStream::new(std::io::stderr(), self.color).write_all(error::human(failure).as_bytes());
        }
    }

    /// Writes to standard output. A reader that has seen enough (`| head`) is no failure.
    fn write(&self, text: &str) -> Outcome<()> {
        let mut out = AutoStream::new(std::io::stdout().lock(), self.color);
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::new(
                Class::Unavailable,
                "output_failed",
                format!("cannot write to standard output: {error}"),
            )
            .into()),
            _ => Ok(()),
        }
    }
}

/// A way of cloning, in words.
pub fn clone_way(way: &str) -> &str {
    match way {
        "copy_on_write" => "cloned by copy-on-write",
        "file_copy" => "cloned by copying files",
        "wal_log" => "cloned through the log",
        other => other,
    }
}
