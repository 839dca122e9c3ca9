//! A plan as it is shown, kept and run: parts that are committed one by one.

use super::{Hazard, Seen, Undo};
use serde::{Deserialize, Serialize};

/// A plan with what is known of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Planned {
    /// What is committed one by one.
    pub parts: Vec<PlannedPart>,
    /// Where it ran, and that it ended at the to side; `None` when that was left out.
    pub proof: Option<PlanProof>,
    /// What looks like something else than was planned.
    pub hazards: Vec<Hazard>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// How a plan was proved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlanProof {
    /// The server it ran on.
    pub server: String,
    /// How many objects were compared.
    pub objects: usize,
    /// How many objects the plan has nothing to do with: they were not made for it.
    #[serde(default, skip_serializing_if = "is_none")]
    pub untouched: usize,
    /// How long it took, from the empty scratch database on.
    pub milliseconds: u64,
}

/// Statements that belong together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlannedPart {
    /// What it is for.
    pub title: String,
    /// Whether it is one transaction; else each statement stands alone.
    pub transaction: bool,
    /// How long a statement waits for a lock, in milliseconds; 0 is for ever.
    pub lock_timeout: u64,
    /// The statements, in order.
    pub steps: Vec<PlannedStep>,
}

/// One statement of a plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlannedStep {
    /// The statement, without a final semicolon.
    pub sql: String,
    /// The object it is about.
    pub object: Option<String>,
    /// What it destroys, in words.
    pub destroys: Option<String>,
    /// It works on rows: it runs with the database's usual search path, everything else with none.
    #[serde(default)]
    pub data: bool,
    /// How long it may run, in milliseconds, where others wait for it; 0 is for ever.
    #[serde(default)]
    pub statement_timeout: u64,
    /// How it is taken back once it is committed.
    #[serde(default)]
    pub undo: Undo,
    /// What it was seen to do.
    #[serde(flatten)]
    pub seen: Seen,
    /// Why it can hurt.
    pub hazards: Vec<Hazard>,
}

fn is_none(count: &usize) -> bool {
    *count == 0
}
