//! Joining what was measured with what the rules say.

use super::config::Rules;
use super::finding::{Finding, Level};
use super::rules::{Voice, is_about_locks, same_as, shown_by};
use super::text::{Ignore, Lines};
use crate::measure::Did;
use crate::planner::Hazard;
use squawk_linter::Rule;

/// A statement that ran.
pub(super) struct Ran {
    pub file: String,
    /// Its first byte, and the one behind its last.
    pub from: usize,
    pub to: usize,
    /// It stands in the file itself, and not in one that this includes.
    pub is_here: bool,
    pub line: usize,
    pub summary: String,
    pub did: Did,
}

/// The findings of a file: one for each hazard, with the rules that say the same, and one for each
/// rule that is left.
pub(super) fn joined(
    file: &str,
    lines: &Lines<'_>,
    ran: &[Ran],
    mut voices: Vec<Voice>,
    ignores: &[Ignore],
    rules: &Rules,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for statement in ran {
        for hazard in &statement.did.hazards {
            let same = same_as(hazard.code);
            let is_meant = statement.is_here
                && ignores.iter().any(|one| one.covers(lines, statement.from, statement.to, hazard.code, &same));
            if !is_meant && rules.exclude_harms.contains(&hazard.code) {
                continue;
            }
            // Who says the same says it once, and is not heard where it is meant.
            let heard = |voice: &mut Voice| statement.holds(voice) && same.contains(&voice.rule);
            let spoken: Vec<Voice> = voices.extract_if(.., heard).collect();
            if !is_meant {
                findings.push(of_hazard(lines, statement, hazard, &spoken));
            }
        }
    }
    findings.extend(voices.into_iter().map(|voice| of_voice(file, lines, ran, voice)));
    findings
}

impl Ran {
    fn holds(&self, voice: &Voice) -> bool {
        self.is_here && voice.from >= self.from && voice.from < self.to.max(self.from + 1)
    }
}

fn of_hazard(lines: &Lines<'_>, ran: &Ran, hazard: &Hazard, spoken: &[Voice]) -> Finding {
    let (line, column) = if ran.is_here { lines.place(ran.from) } else { (ran.line, 1) };
    let (end_line, end_column) = if ran.is_here { lines.place(ran.to) } else { (ran.line, 1) };
    let mut also: Vec<String> = spoken.iter().map(|voice| voice.rule.to_string()).collect();
    also.dedup();
    let help = spoken.iter().find_map(|voice| voice.help.clone());
    Finding {
        rule: hazard.code.to_string(),
        also,
        level: Level::Warning,
        file: ran.file.clone(),
        line,
        column,
        end_line,
        end_column,
        message: format!("{} {}", hazard.object, hazard.message),
        measured: ran.did.seen.measured.as_ref().map(|measured| measured.words().join("; ")),
        help,
        postgres: None,
    }
}

fn of_voice(file: &str, lines: &Lines<'_>, ran: &[Ran], voice: Voice) -> Finding {
    let statement = ran.iter().find(|ran| ran.holds(&voice));
    let otherwise = statement.and_then(|ran| denied(ran, voice.rule));
    let (line, column) = lines.place(voice.from);
    let (end_line, end_column) = lines.place(voice.to);
    let (level, measured) = match otherwise {
        Some((level, words)) => (level, Some(words)),
        None => (Level::Warning, None),
    };
    Finding {
        rule: voice.rule.to_string(),
        also: Vec::new(),
        level,
        file: file.to_owned(),
        line,
        column,
        end_line,
        end_column,
        message: voice.message,
        measured,
        help: voice.help,
        postgres: None,
    }
}

/// What the measurement has to say against a rule, and how much the rule weighs then.
fn denied(ran: &Ran, rule: Rule) -> Option<(Level, String)> {
    let did = &ran.did;
    if shown_by(rule).is_empty() || did.hazards.iter().any(|hazard| shown_by(rule).contains(&hazard.code)) {
        return None;
    }
    let locked = &did.relations;
    if !locked.is_empty() && locked.iter().all(|relation| relation.is_new) {
        let names: Vec<&str> = locked.iter().map(|relation| relation.name.as_str()).collect();
        let words = format!("{} was made by this file: nobody uses it yet", names.join(", "));
        return Some((Level::Note, words));
    }
    if !is_about_locks(rule) {
        let empty = locked.iter().any(|relation| relation.is_empty);
        return empty.then(|| (Level::Warning, "the table holds no rows here".to_owned()));
    }
    let seen = &did.seen;
    // Without locks it was not seen what it did.
    seen.locks.as_ref()?;
    if seen.rewrites.is_empty() && seen.scans.is_empty() {
        let words = "PostgreSQL was seen neither to read a table as a whole nor to write one anew".to_owned();
        return Some((Level::Note, words));
    }
    let mut small: Vec<String> =
        seen.rewrites.iter().chain(seen.scans.iter().map(|scan| &scan.table)).map(|table| table.sql()).collect();
    small.dedup();
    Some((Level::Note, format!("{} is small, or only those wait who do so for a moment", small.join(", "))))
}
