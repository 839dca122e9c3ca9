//! Places in a text, and what comments in it say.

use super::config::harm;
use crate::planner::Harm;
use pleach_postgres::script::{Item, Splitter, Variables};
use squawk_linter::Rule;
use squawk_linter::ignore::{IgnoreKind, ignore_rule_info};
use squawk_syntax::{SyntaxKind, SyntaxNode};
use std::io::Cursor;

/// The lines of a text.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// Line and column, both from 1, of a byte; the column counts characters.
    pub fn place(&self, byte: usize) -> (usize, usize) {
        let byte = byte.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= byte);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let before = self.text.get(start..byte).or_else(|| self.text.get(start..)).unwrap_or_default();
        (line.max(1), before.chars().count() + 1)
    }
}

/// The SQL of a script: the rows of COPY and what is for psql are blank, and everything else stays
/// where it is.
pub(super) fn sql_only(name: &str, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut splitter = Splitter::new(name, Cursor::new(text.as_bytes()));
    let variables = Variables::new();
    let mut blank = |from: usize, to: usize| {
        let range = bytes.get_mut(from..to).into_iter().flatten();
        range.filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    };
    // What is wrong with the text is told when it runs.
    while let Ok(Some(item)) = splitter.next(&variables) {
        match item {
            Item::Statement(_) | Item::Remark(_) => {}
            Item::Meta(meta) => {
                let from = meta.place.offset as usize;
                let length =
                    text.get(from..).and_then(|rest| rest.find('\n')).unwrap_or(text.len() - from.min(text.len()));
                blank(from, from + length);
            }
            Item::Copy(_) => {
                let from = splitter.bytes() as usize;
                let mut rows = Vec::new();
                while matches!(splitter.copy_chunk(&mut rows), Ok(true)) {}
                blank(from, splitter.bytes() as usize);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A comment that says that something is known and meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ignore {
    /// Where it stands; `None` for the whole file.
    byte: Option<usize>,
    rules: Vec<Rule>,
    harms: Vec<Harm>,
    /// It names nothing, and means everything that is measured.
    all: bool,
}

/// What comments say: squawk's `squawk-ignore RULES`, and `pleach-ignore HAZARDS`, each also for
/// the whole file.
pub(super) fn ignores(root: &SyntaxNode) -> Vec<Ignore> {
    let mut out = Vec::new();
    for token in root.descendants_with_tokens().filter_map(|element| element.into_token()) {
        if token.kind() != SyntaxKind::COMMENT {
            continue;
        }
        let byte = usize::from(token.text_range().start());
        if let Some((names, _, kind)) = ignore_rule_info(&token) {
            let rules: Vec<Rule> = names.split(',').filter_map(|name| name.trim().parse().ok()).collect();
            let all = matches!(kind, IgnoreKind::File) && names.trim().is_empty();
            let byte = matches!(kind, IgnoreKind::Line).then_some(byte);
            out.push(Ignore { byte, rules, harms: Vec::new(), all });
        } else if let Some((names, whole)) = pleach_ignore(token.text()) {
            let harms: Vec<Harm> = names.split(',').filter_map(|name| harm(name.trim())).collect();
            out.push(Ignore { byte: (!whole).then_some(byte), rules: Vec::new(), harms, all: names.is_empty() });
        }
    }
    out
}

/// The names in a comment `pleach-ignore NAMES`, and whether it is for the whole file.
fn pleach_ignore(comment: &str) -> Option<(&str, bool)> {
    let block = |text: &'_ str| text.strip_prefix("/*").and_then(|text| text.strip_suffix("*/")).map(str::len);
    let body = match block(comment) {
        Some(length) => comment.get(2..2 + length)?,
        None => comment.strip_prefix("--")?,
    };
    let rest = body.trim().strip_prefix("pleach-ignore")?;
    let (rest, whole) = rest.strip_prefix("-file").map_or((rest, false), |rest| (rest, true));
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    Some((rest.split("--").next().unwrap_or_default().trim(), whole))
}

impl Ignore {
    /// Whether it is about a hazard of a statement: it stands in it or on the line before, and names
    /// the hazard or a rule that says the same.
    pub fn covers(&self, lines: &Lines<'_>, from: usize, to: usize, harm: Harm, same: &[Rule]) -> bool {
        let near = self.byte.is_none_or(|byte| {
            let (line, first, last) = (lines.place(byte).0, lines.place(from).0, lines.place(to).0);
            line + 1 >= first && line <= last
        });
        near && (self.all || self.harms.contains(&harm) || self.rules.iter().any(|rule| same.contains(rule)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters() {
        let lines = Lines::new("a\nüb;\n");
        assert_eq!([lines.place(0), lines.place(2), lines.place(4), lines.place(99)], [(1, 1), (2, 1), (2, 2), (3, 1)]);
    }

    #[test]
    fn rows_and_commands_of_psql_are_blank() {
        let text = "\\set x 1\nCOPY t FROM stdin;\n1\tü\n\\.\nSELECT 1; -- rest\n";
        let sql = sql_only("t.sql", text);
        assert_eq!(sql.len(), text.len());
        assert_eq!(
            sql.lines().map(str::trim).collect::<Vec<_>>(),
            ["", "COPY t FROM stdin;", "", "", "SELECT 1; -- rest"]
        );
    }

    #[test]
    fn comments_of_our_own() {
        assert_eq!(
            pleach_ignore("-- pleach-ignore table_rewrite, full_scan -- small"),
            Some(("table_rewrite, full_scan", false))
        );
        assert_eq!(pleach_ignore("/* pleach-ignore-file */"), Some(("", true)));
        assert_eq!(pleach_ignore("-- pleach-ignored"), None);
        assert_eq!(pleach_ignore("-- squawk-ignore x"), None);
    }
}
