//! A plan as a script for psql.

use super::{Hazard, Planned, PlannedPart, PlannedStep};
use pleach_change::statement;

impl Planned {
    /// The plan as a script for psql, with notes as comments; empty when there is nothing to do.
    pub fn sql(&self) -> String {
        if self.parts.is_empty() {
            return String::new();
        }
        let mut out = match &self.proof {
            Some(proof) => format!("-- Run on {}: it ends at the to side, {} objects.\n", proof.server, proof.objects),
            None => "-- NOT PROVED: this plan was not run before it was shown.\n".to_owned(),
        };
        for note in &self.notes {
            out.push_str(&format!("-- NOTE: {}\n", one_line(note)));
        }
        self.hazards.iter().for_each(|hazard| out.push_str(&format!("-- {}\n", warning(hazard))));
        out.push_str("SET client_min_messages = warning;\nSET check_function_bodies = off;\nSET search_path TO '';\n");
        for (number, part) in self.parts.iter().enumerate() {
            out.push_str(&part.sql(number + 1, self.parts.len()));
        }
        out.push_str("\nRESET search_path;\nRESET check_function_bodies;\nRESET client_min_messages;\n");
        out
    }
}

impl PlannedPart {
    /// How its statements run, in words.
    pub fn how(&self) -> &'static str {
        if self.transaction { "in one transaction" } else { "each statement on its own" }
    }

    fn sql(&self, number: usize, of: usize) -> String {
        let mut out = format!("\n-- Part {number} of {of}: {}, {}\n", self.title, self.how());
        if self.transaction {
            out.push_str(&format!("BEGIN;\nSET LOCAL lock_timeout = '{}ms';\n", self.lock_timeout));
        }
        self.steps.iter().for_each(|step| out.push_str(&step.sql()));
        if self.transaction {
            out.push_str("COMMIT;\n");
        }
        out
    }
}

impl PlannedStep {
    fn sql(&self) -> String {
        let comments: String = self.comments().iter().map(|line| format!("-- {line}\n")).collect();
        comments + &statement(&self.sql) + "\n"
    }

    /// What there is to know of it, in lines.
    pub(crate) fn comments(&self) -> Vec<String> {
        let mut out: Vec<String> = self.hazards.iter().map(warning).collect();
        if let Some(locks) = self.seen.locks.as_ref().filter(|locks| !locks.is_empty()) {
            let list: Vec<String> = locks.iter().map(|lock| format!("{} on {}", lock.mode, lock.relation)).collect();
            out.push(format!("locks: {}", one_line(&list.join(", "))));
        }
        out
    }
}

fn warning(hazard: &Hazard) -> String {
    format!("HAZARD {}: {} {}", hazard.code, one_line(&hazard.object), one_line(&hazard.message))
}

/// A comment must not end before its text does: names may hold line breaks.
pub(crate) fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
