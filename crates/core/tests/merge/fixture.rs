//! Cases as text. A file holds several; each has sections that begin with a line of their own:
//!
//! ```text
//! -- case: a sentence that says what is shown
//! -- base          what main begins with
//! -- ours          a change of main; each such section is a commit
//! -- theirs        a change of the branch; each such section is a commit
//! -- data          a data step of the commit before it
//! -- rows          SQL that runs on main when both sides are committed
//! -- options       words: auto, dry-run, no-consent
//! -- resolve ours | theirs | both | sql
//!                  settles the next conflict; when all are settled the merge goes on
//! -- check         queries on main after the merge, whose rows are in the outcome
//! -- expect        the outcome, written by UPDATE=1
//! -- expect 18     the outcome on that version, where it is another
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// One case.
#[derive(Debug, Clone, Default)]
pub struct Case {
    pub title: String,
    pub base: String,
    pub ours: Vec<Change>,
    pub theirs: Vec<Change>,
    pub rows: String,
    pub options: Vec<String>,
    pub resolutions: Vec<(String, String)>,
    pub checks: Vec<String>,
    /// The outcome, and those of versions where it is another.
    pub expect: BTreeMap<Option<u32>, String>,
}

/// One commit.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub sql: String,
    pub data: Vec<String>,
}

/// A file of cases.
pub struct File {
    pub path: PathBuf,
    pub cases: Vec<Case>,
    text: String,
}

impl File {
    /// All files of a folder, by name.
    pub fn all(folder: &Path) -> Vec<Self> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
        paths.sort();
        paths.into_iter().map(Self::read).collect()
    }

    fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut cases: Vec<Case> = Vec::new();
        for (header, body) in sections(&text) {
            if let Some(title) = header.strip_prefix("case:") {
                cases.push(Case { title: title.trim().to_owned(), ..Case::default() });
                continue;
            }
            let case = cases.last_mut().unwrap_or_else(|| panic!("{}: begin with `-- case:`", path.display()));
            case.take(&header, body);
        }
        Self { path, cases, text }
    }

    /// Writes the outcomes into the file: for each case, by version.
    pub fn update(&self, outcomes: &[BTreeMap<Option<u32>, String>]) {
        let mut out = String::new();
        let mut outcomes = outcomes.iter();
        for (header, body) in sections(&self.text) {
            if header.starts_with("case:") && !out.is_empty() {
                write_expectations(&mut out, outcomes.next().unwrap());
            }
            if !header.starts_with("expect") {
                let body = if body.is_empty() { body } else { format!("{body}\n") };
                write!(out, "-- {header}\n{body}").unwrap();
            }
        }
        write_expectations(&mut out, outcomes.next().unwrap());
        std::fs::write(&self.path, format!("{}\n", out.trim_end())).unwrap();
    }
}

fn write_expectations(out: &mut String, outcomes: &BTreeMap<Option<u32>, String>) {
    for (version, outcome) in outcomes {
        let version = version.map(|version| format!(" {version}")).unwrap_or_default();
        write!(out, "-- expect{version}\n{}\n\n", outcome.trim()).unwrap();
    }
}

impl Case {
    /// The outcome to be on a version.
    pub fn expected(&self, version: u32) -> &str {
        let expected = self.expect.get(&Some(version)).or_else(|| self.expect.get(&None));
        expected.map_or("", String::as_str)
    }

    fn take(&mut self, header: &str, body: String) {
        match header {
            "base" => self.base = body,
            "ours" => self.ours.push(Change { sql: body, data: Vec::new() }),
            "theirs" => self.theirs.push(Change { sql: body, data: Vec::new() }),
            "data" => {
                let last = self.theirs.last_mut().or(self.ours.last_mut());
                last.expect("a commit before its data step").data.push(body);
            }
            "rows" => self.rows = body,
            "options" => self.options = body.split_whitespace().map(str::to_owned).collect(),
            "check" => {
                let queries = body.split(';').map(|query| query.trim().to_owned());
                self.checks = queries.filter(|query| !query.is_empty()).collect();
            }
            _ if header.starts_with("expect") => {
                let version = header.strip_prefix("expect").and_then(|version| version.trim().parse().ok());
                self.expect.insert(version, body);
            }
            resolve => {
                let way = resolve.strip_prefix("resolve ").unwrap_or_else(|| panic!("section `{resolve}`"));
                self.resolutions.push((way.trim().to_owned(), body));
            }
        }
    }
}

const SECTIONS: [&str; 7] = ["base", "ours", "theirs", "data", "rows", "options", "check"];

/// What a line opens, if it opens a section.
fn header(line: &str) -> Option<String> {
    let word = line.strip_prefix("-- ")?.trim();
    let opens = SECTIONS.contains(&word) || ["case:", "resolve ", "expect"].iter().any(|begin| word.starts_with(begin));
    opens.then(|| word.to_owned())
}

fn sections(text: &str) -> Vec<(String, String)> {
    let mut sections: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(opened) = header(line) {
            sections.push((opened, String::new()));
        } else if let Some((_, body)) = sections.last_mut() {
            body.push_str(line);
            body.push('\n');
        }
    }
    for (_, body) in &mut sections {
        *body = body.trim().to_owned();
    }
    sections
}
