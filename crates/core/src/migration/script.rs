//! A migration as a script that psql runs, and any tool that runs plain SQL.

use crate::planner::{PlannedPart, note, statements};
use crate::state::Commit;

/// What a migration begins with, in every tool's files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'a> {
    /// Its version: the UTC time it was made.
    pub version: &'a str,
    /// Its name: words of letters and digits, joined by underscores.
    pub name: &'a str,
    /// Where it starts.
    pub from: &'a Commit,
    /// Where it ends.
    pub to: &'a Commit,
    /// The server it ran on.
    pub server: &'a str,
    /// It ran up once more after it had gone back.
    pub again: bool,
}

/// The two directions of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To where it ends.
    Up,
    /// Back to where it starts.
    Down,
}

impl Way {
    /// As it is called in names of files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// One direction as a script for psql.
pub(super) fn script(head: &Head<'_>, way: Way, parts: &[PlannedPart], notes: &[String]) -> String {
    let mut out = format!("-- Migration {}_{}, {}\n", head.version, head.name, way.as_str());
    let (from, to) = if way == Way::Up { (head.from, head.to) } else { (head.to, head.from) };
    out.push_str(&format!("-- From {} to {}\n", from.hash.short(), to.hash.short()));
    let ran = if head.again { "up, down and up again" } else { "up and down" };
    out.push_str(&format!("-- Run {ran} on a clone with data, on {}\n", head.server));
    notes.iter().for_each(|text| out.push_str(&note(text)));
    out.push('\n');
    out + &statements(parts)
}
