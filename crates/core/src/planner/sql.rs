//! A plan as a script for psql.

use super::{Planned, PlannedPart, PlannedStep};

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
        for hazard in &self.hazards {
            out.push_str(&format!("-- HAZARD {}: {} {}\n", hazard.code, hazard.object, one_line(&hazard.message)));
        }
        out.push_str("SET client_min_messages = warning;\nSET check_function_bodies = off;\nSET search_path TO '';\n");
        for (number, part) in self.parts.iter().enumerate() {
            out.push_str(&part.sql(number + 1, self.parts.len()));
        }
        out.push_str("\nRESET search_path;\nRESET check_function_bodies;\nRESET client_min_messages;\n");
        out
    }
}

impl PlannedPart {
    fn sql(&self, number: usize, of: usize) -> String {
        let how = if self.transaction { "in one transaction" } else { "each statement on its own" };
        let mut out = format!("\n-- Part {number} of {of}: {}, {how}\n", self.title);
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
        let mut out = String::new();
        for hazard in &self.hazards {
            out.push_str(&format!("-- HAZARD {}: {} {}\n", hazard.code, hazard.object, one_line(&hazard.message)));
        }
        if let Some(locks) = self.seen.locks.as_ref().filter(|locks| !locks.is_empty()) {
            let list: Vec<String> = locks.iter().map(|lock| format!("{} on {}", lock.mode, lock.relation)).collect();
            out.push_str(&format!("-- locks: {}\n", one_line(&list.join(", "))));
        }
        let sql = self.sql.trim_end();
        out.push_str(sql);
        out.push_str(if sql.ends_with(';') { "\n" } else { ";\n" });
        out
    }
}

/// A comment must not end before its text does: names may hold line breaks.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
