//! How schemas change: diff, plan, three-way merge.
//!
//! May depend on `schema` and on PostgreSQL's own parser. Pure functions: no IO, no clock, no
//! randomness; the same input gives the same output, in the same order. What is decided here is
//! never believed before PostgreSQL has run it.

pub mod aside;
pub mod diff;
pub mod footprint;
pub mod merge;
pub mod online;
pub mod plan;

mod identify;
mod naming;
mod part;

pub use diff::{AttrChange, Change, Diff, diff};
pub use identify::{adopt_lineages, carry_lineages, identified_by_name};
pub use merge::{AttrConflict, Choice, Conflict, ConflictKind, Merged, Resolution, Side, Ways, merge, merge_bases};
pub use naming::Naming;
pub use part::{Part, part};
pub use plan::{DataStep, Plan, PlanError, Stage, Step, definition, index_name, phrase, plan, statement};

/// Whether SQL parses, as PostgreSQL's own parser sees it.
///
/// # Errors
/// The parser's message.
pub fn parse(sql: &str) -> Result<(), String> {
    pg_query::parse(sql, pg_query::ParserOptions::default()).map(|_| ()).map_err(|error| error.to_string())
}

/// The statements of a text, each without its semicolon.
///
/// # Errors
/// The parser's message.
pub fn statements(sql: &str) -> Result<Vec<&str>, String> {
    pg_query::split_with_parser(sql).map_err(|error| error.to_string())
}
