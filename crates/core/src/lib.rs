//! The product: projects, branches, commits, merges and migrations over the state database.
//!
//! Every use case is here once; doors (the command line today) turn input into these calls and
//! results into output, and hold no rule of their own. Only this crate reads and writes the state
//! database. It never prints, never reads the environment and never asks: what the surroundings
//! have to say comes in as a [`Context`].

mod apply;
mod branch;
mod check;
mod commit;
mod config;
mod coordinate;
mod databases;
mod destroy;
mod history;
mod identity;
mod import;
mod init;
mod lint;
mod measure;
mod merge;
mod migration;
mod patience;
mod planner;
mod pool;
mod project;
mod prove;
mod recover;
mod revert;
mod roles;
mod runner;
mod shape;
pub mod state;
mod undo;

pub use apply::Outcome as Applied;
pub use branch::{BranchInfo, Created, Deleted};
pub use check::Check;
pub use commit::{Committed, Standing};
pub use config::{Config, FOLDER, ServerKind, read_head};
pub use coordinate::{
    ConflictInfo, Declaration, IntentCheck, IntentInfo, LockRequest, Merged, Order, Outside, PartitionStanding,
    Pipeline, Registered, Skipped, Stats, answers,
};
pub use destroy::Loss;
pub use history::{DiffView, LogEntry, Shown};
pub use import::{Imported, Source};
pub use init::{InitOptions, Initialised};
pub use lint::{Finding, Level, LintInput, LintOptions, Linted, LintedStatement, RuleOptions, lint};
pub use measure::{Estimate, MeasureOptions, Measured, Touched, measure_plan, pretty_size};
pub use merge::{ConflictView, MergeOptions, MergeOutcome, Merging};
pub use migration::tools::{Draft, MigrationTool, Rendered, RenderedFile};
pub use migration::{Aside, GenerateOptions, Generated, Manifest, MigrationProof, Notes, Revision};
pub use planner::{
    Harm, Hazard, Lock, PlanOptions, PlanProof, Planned, PlannedPart, PlannedStep, Rename, Scan, SchemaSource, Seen,
    Suspect, Undo, plan_asking, plan_between, scratch_runs, stop_scratch, tend_scratch,
};
pub use pool::Refreshed;
pub use project::{Context, Project, Told};
pub use prove::Proof;
pub use revert::Reverted;
pub use runner::{
    ApplyReport, Checked, Deviation, KeptAside, Migrated, MigrationFolder, MigrationState, MigrationsRun, Prepared,
    Rollback, Run, Standing as MigrationStanding, kept_aside, purge,
};
pub use undo::Undone;

pub use pleach_change as change;
pub use pleach_postgres::{Class, Error, Result, Said, catalog::Unmodelled, connect, server};
pub use pleach_schema as schema;
