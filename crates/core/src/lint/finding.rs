//! What is found.

use crate::planner::{Hazard, Seen};
use pleach_postgres::Said;
use serde::Serialize;
use std::fmt;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A rule speaks against it, and the measurement does not bear that out.
    Note,
    /// It can hurt.
    Warning,
    /// PostgreSQL refuses it.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Something that speaks against a statement.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The hazard that was measured, `refused`, or the rule of squawk.
    pub rule: String,
    /// Rules of squawk that say the same.
    pub also: Vec<String>,
    /// How much it weighs.
    pub level: Level,
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line of its end.
    pub end_line: usize,
    /// The column behind its end.
    pub end_column: usize,
    /// What happens, for people.
    pub message: String,
    /// What the measurement has to say to the rule.
    pub measured: Option<String>,
    /// What to do instead.
    pub help: Option<String>,
    /// What PostgreSQL said, where it refused.
    pub postgres: Option<Said>,
}

/// A statement that ran, with what it did.
#[derive(Debug, Clone, Serialize)]
pub struct LintedStatement {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The statement in a few words.
    pub statement: String,
    /// What it was seen to do.
    #[serde(flatten)]
    pub seen: Seen,
    /// Why it can hurt.
    pub hazards: Vec<Hazard>,
}
