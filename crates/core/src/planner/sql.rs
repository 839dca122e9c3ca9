//! A plan as a script for psql.

use super::{Hazard, Planned, PlannedPart, PlannedStep};
use crate::measure::Measured;
use pleach_change::statement;

impl Planned {
    /// The plan as a script for psql, with notes as comments; empty when there is nothing to do.
    pub fn sql(&self) -> String {
        if self.parts.is_empty() {
            return String::new();
        }
        let mut out = match &self.proof {
            Some(proof) => {
                let apart = match proof.untouched {
                    0 => String::new(),
                    untouched => format!("; it has nothing to do with {untouched} more"),
                };
                format!("-- Run on {}: it ends at the to side, {} objects{apart}.\n", proof.server, proof.objects)
            }
            None => "-- NOT PROVED: this plan was not run before it was shown.\n".to_owned(),
        };
        self.notes.iter().for_each(|text| out.push_str(&note(text)));
        self.hazards.iter().for_each(|hazard| out.push_str(&format!("-- {}\n", warning(hazard))));
        out + &statements(&self.parts)
    }
}

/// What every script begins with. The timeouts that a role or a database has as a default must not
/// cut off what takes long.
const BEGIN: &str = "\
SET client_min_messages = warning;
SET check_function_bodies = off;
SET search_path TO '';
SET lock_timeout = 0;
SET statement_timeout = 0;
";

/// What every script ends with.
const END: &str = "
RESET statement_timeout;
RESET lock_timeout;
RESET search_path;
RESET check_function_bodies;
RESET client_min_messages;
";

/// What runs parts as a script for psql, one after the other.
pub(crate) fn statements(parts: &[PlannedPart]) -> String {
    let mut out = BEGIN.to_owned();
    for (number, part) in parts.iter().enumerate() {
        out.push_str(&part.sql(number + 1, parts.len()));
    }
    out + END
}

/// A note as a comment.
pub(crate) fn note(text: &str) -> String {
    format!("-- NOTE: {}\n", one_line(text))
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
        // Each part can be run alone, so each begins and ends with nothing on the search path.
        let mut timeout = 0;
        for steps in self.steps.chunk_by(|a, b| a.data == b.data) {
            let data = steps.first().is_some_and(|step| step.data);
            out.push_str(if data {
                "RESET search_path;
"
            } else {
                ""
            });
            for step in steps {
                if self.transaction && step.statement_timeout != timeout {
                    timeout = step.statement_timeout;
                    out.push_str(&format!(
                        "SET LOCAL statement_timeout = '{timeout}ms';
"
                    ));
                }
                out.push_str(&step.sql());
            }
            out.push_str(if data {
                "SET search_path TO '';
"
            } else {
                ""
            });
        }
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
        out.extend(self.undo.line().map(|undo| format!("undo: {}", one_line(&undo))));
        let measured = self.seen.measured.iter().flat_map(Measured::words);
        out.extend(measured.map(|line| format!("measured: {}", one_line(&line))));
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
