//! What linting found, for people.

use super::{Page, plural, style};
use pleach_core::{Finding, Level, Linted};

/// Findings with their places, and how many there are.
pub fn linted(page: &mut Page, found: &Linted) {
    for finding in &found.findings {
        show(page, finding);
    }
    for note in &found.notes {
        page.line(format!("{}: {note}", style::paint(style::HINT, "note")));
    }
    let ran = plural(found.statements.len() as u64, "statement");
    let files = plural(found.files as u64, "file");
    page.line(format!("Ran {ran} of {files} on {}, on {}.", found.server, found.on));
    let count = |level: Level, word: &str| plural(found.count(level) as u64, word);
    page.line(match found.findings.is_empty() {
        true => style::paint(style::ADDED, "Nothing was found."),
        false => format!(
            "Found {}, {} and {}.",
            count(Level::Error, "error"),
            count(Level::Warning, "warning"),
            count(Level::Note, "note")
        ),
    });
}

fn show(page: &mut Page, finding: &Finding) {
    let (file, line, column) = (&finding.file, finding.line, finding.column);
    let look = match finding.level {
        Level::Error => style::ERROR,
        Level::Warning => style::WARNING,
        Level::Note => style::HINT,
    };
    let rules: Vec<&str> = std::iter::once(&finding.rule).chain(&finding.also).map(String::as_str).collect();
    let place = style::paint(style::NAME, format!("{file}:{line}:{column}"));
    page.line(format!("{place}: {}: {}", style::paint(look, finding.level), rules.join(", ")));
    page.indented(2, &finding.message);
    for (word, text) in [("measured", &finding.measured), ("help", &finding.help)] {
        if let Some(text) = text {
            page.indented(2, format!("{}: {text}", style::paint(style::DIM, word)));
        }
    }
}
