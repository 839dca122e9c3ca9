//! The examples of the README and of `docs/` are run, and do what they show.
//!
//! In a ```` ```console ```` block a line with `$` is a command, and what follows is what it prints.
//! A line `…` stands for any lines. Hashes, times, sizes, versions and the width of columns may differ.
//! Every document begins in an empty folder with the demo's `shop.sql`. With `UPDATE=1` the
//! documents are written anew with what the commands print.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Example {
    /// The line in the document, from 0.
    line: usize,
    command: String,
    output: Vec<String>,
}

#[test]
fn examples_do_what_they_show() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut documents = vec![root.join("README.md")];
    let mut pages: Vec<PathBuf> =
        std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    documents.extend(pages);
    let mut ran = 0;
    for document in documents {
        ran += check(&root, &document);
    }
    assert!(ran > 20, "the documents have examples, but only {ran} were found");
}

fn check(root: &Path, document: &Path) -> usize {
    let text = std::fs::read_to_string(document).unwrap();
    let examples = examples(&text);
    if examples.is_empty() {
        return 0;
    }
    let outputs = run(root, &examples);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(document, rewritten(&text, &examples, &outputs)).unwrap();
        return examples.len();
    }
    for (example, output) in examples.iter().zip(&outputs) {
        let (wanted, got): (Vec<_>, Vec<_>) =
            (example.output.iter().map(|l| steady(l)).collect(), output.iter().map(|l| steady(l)).collect());
        assert!(
            matches(&wanted, &got),
            "{}:{}: $ {}\n--- the document shows\n{}\n--- it prints\n{}",
            document.display(),
            example.line + 1,
            example.command,
            example.output.join("\n"),
            output.join("\n"),
        );
    }
    examples.len()
}

fn examples(text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut inside = false;
    for (line, content) in text.lines().enumerate() {
        match content {
            "```console" => inside = true,
            _ if content.starts_with("```") => inside = false,
            _ if !inside => {}
            _ => match content.strip_prefix("$ ") {
                Some(command) => examples.push(Example { line, command: command.to_owned(), output: Vec::new() }),
                None => {
                    let last = examples.last_mut().expect("a console block begins with a command");
                    if last.command.ends_with('\\') && last.output.is_empty() {
                        write!(last.command, "\n{content}").unwrap();
                    } else {
                        last.output.push(content.to_owned());
                    }
                }
            },
        }
    }
    examples
}

/// Runs the commands of one document in one shell, and returns what each printed.
fn run(root: &Path, examples: &[Example]) -> Vec<Vec<String>> {
    let folder = tempfile::Builder::new().prefix("pleach-docs-").tempdir().unwrap();
    let place = folder.path().join("shop");
    std::fs::create_dir(&place).unwrap();
    std::fs::copy(root.join("demo/shop.sql"), place.join("shop.sql")).unwrap();
    let mut script = String::from("exec 2>&1\n");
    for example in examples {
        // Each in the same shell, so that what one sets the next one has.
        writeln!(script, "{}\necho \"\n@@@\"", example.command).unwrap();
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_pleach")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let command = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&place).env("PATH", &path).env("NO_COLOR", "1").env("PLEACH_ACTOR", "ann");
        command.env("PLEACH_PG_OPTIONS", "-c fsync=off").env("PLEACH_NO_BACKGROUND", "1").env("COLUMNS", "100");
        if let Some(bins) = std::env::var_os("PLEACH_TEST_PG_BINS") {
            command.env("PLEACH_PG_BIN", std::env::split_paths(&bins).next().unwrap());
        }
        command.output().unwrap()
    };
    let output = command("bash", &["-c", &script]);
    command("pleach", &["down", "--destroy", "--yes"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let mut outputs: Vec<Vec<String>> = text
        .split("\n@@@\n")
        .map(|part| part.trim_end().lines().map(|line| line.trim_end().to_owned()).collect())
        .collect();
    outputs.pop();
    assert_eq!(outputs.len(), examples.len(), "{text}");
    outputs
}

/// A line without what differs from run to run.
fn steady(line: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in line.trim_end().chars().chain([' ']) {
        if c.is_ascii_alphanumeric() || c == '.' && !word.is_empty() {
            word.push(c);
            continue;
        }
        let hex = word.len() >= 10 && word.chars().all(|c| c.is_ascii_hexdigit());
        let number = !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || c == '.');
        let unit =
            matches!(word.as_str(), "µs" | "ms" | "s" | "bytes" | "kB" | "MB" | "second" | "seconds" | "just" | "now");
        match () {
            () if hex => out.push_str("HASH"),
            () if number => out.push('N'),
            () if unit => out.push_str("TIME"),
            () => out.push_str(&word),
        }
        word.clear();
        out.push(c);
    }
    // Ages: `just now` and `2 seconds ago` are the same to a reader, and so is how wide they make a column.
    let aged = out.replace("TIME TIME", "AGE").replace("N TIME ago", "AGE");
    let indent = aged.len() - aged.trim_start().len();
    let words: Vec<&str> = aged.split_whitespace().collect();
    format!("{}{}", &aged[..indent], words.join(" "))
}

fn matches(wanted: &[String], got: &[String]) -> bool {
    match wanted.split_first() {
        None => got.is_empty(),
        Some((first, rest)) if first == "…" => (0..=got.len()).any(|skipped| matches(rest, &got[skipped..])),
        Some((first, rest)) => got.first().is_some_and(|line| line == first) && matches(rest, &got[1..]),
    }
}

fn rewritten(text: &str, examples: &[Example], outputs: &[Vec<String>]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    for (example, output) in examples.iter().zip(outputs) {
        let command_lines = example.command.lines().count();
        let end = example.line + command_lines;
        out.extend(lines[at..end].iter().map(ToString::to_string));
        // What stands for many lines is left as somebody wrote it.
        let kept = example.output.iter().any(|line| line == "…");
        out.extend(if kept { example.output.clone() } else { output.clone() });
        at = end + example.output.len();
    }
    out.extend(lines[at..].iter().map(ToString::to_string));
    out.join("\n") + "\n"
}
