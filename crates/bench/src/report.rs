//! Tables of results.

use pleach_core::{Class, Error, Result};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Everything that was measured.
#[derive(Debug, Default)]
pub struct Report {
    tables: Vec<Table>,
}

/// One kind of measurement; a row for each server and schema.
#[derive(Debug)]
struct Table {
    title: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Report {
    /// Adds a row to the table of this title, and shows it to whoever waits.
    pub fn add(&mut self, title: &'static str, columns: &'static [&'static str], row: Vec<String>) {
        let pairs: Vec<String> = columns.iter().zip(&row).map(|(column, cell)| format!("{column} {cell}")).collect();
        eprintln!("{title}: {}", pairs.join(", "));
        match self.tables.iter_mut().find(|table| table.title == title) {
            Some(table) => table.rows.push(row),
            None => self.tables.push(Table { title, columns, rows: vec![row] }),
        }
    }

    /// The results as Markdown.
    pub fn markdown(&self, machine: &str, runs: usize) -> String {
        let mut text = format!("Machine: {machine}. Medians of {runs} runs where nothing else is said.\n");
        for Table { title, columns, rows } in &self.tables {
            let _ = write!(text, "\n### {title}\n\n| {} |\n|{}\n", columns.join(" | "), "---|".repeat(columns.len()));
            for row in rows {
                let _ = writeln!(text, "| {} |", row.join(" | "));
            }
        }
        text
    }
}

/// Replaces what stands between the two marks of this name in a file.
pub fn write_into(path: &Path, name: &str, results: &str) -> Result<()> {
    let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- end of {name} -->"));
    let cannot = |error: std::io::Error| {
        Error::new(Class::Unavailable, "file_error", format!("cannot write the results: {error}"))
            .on(path.display().to_string())
    };
    let text = fs::read_to_string(path).map_err(cannot)?;
    let parts = text.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let Some((before, after)) = parts else {
        return Err(Error::new(Class::Input, "no_marks", format!("the file has no {begin} and {end}"))
            .on(path.display().to_string())
            .hint("put the two marks where the results shall be"));
    };
    fs::write(path, format!("{before}{begin}\n{results}{end}{after}")).map_err(cannot)
}
