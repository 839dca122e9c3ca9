//! Plain SQL scripts as psql and pg_dump know them: cut into statements while they are read, looked
//! through for what they need, and run.
//!
//! A script is never read by pattern: [`Splitter`] follows psql's lexical rules, and what a statement
//! is and names comes from PostgreSQL's own parser ([`Parsed`]). What that parser does not know
//! (another version's grammar) is left for the server to judge.

mod classify;
mod concurrently;
mod destroys;
mod fit;
mod lexer;
mod meta;
mod parsed;
mod place;
mod reader;
mod refusal;
mod remark;
mod roles;
mod run;
mod split;
mod steps;
mod summary;
mod survey;
#[cfg(test)]
#[allow(clippy::expect_used, clippy::panic)]
mod tests;
mod units;

pub use classify::{cannot_run_in_transaction, is_data_change, is_schema_change, is_transaction_control};
pub use concurrently::in_transaction;
pub use destroys::{Destroyed, destroys};
pub use meta::{Meta, Variables};
pub use parsed::Parsed;
pub use place::{Note, Place};
pub use reader::{Script, Wrap};
pub use remark::{Remark, Renamed, Spot};
pub use roles::{Roles, roles_named};
pub use run::{OnProgress, Progress, Ran, run};
pub use split::{Item, Splitter, Statement};
pub use steps::{Role, Stepped, Steps};
pub use summary::statement_summary;
pub use survey::{Survey, survey};
pub use units::{Piece, Sort, Unit, units};
