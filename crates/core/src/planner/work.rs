//! Plans in the making: what leads from goal to goal, as the parts that are shown.

use super::hazard::{self, Harm, Hazard};
use super::undo::Back;
use super::{PlannedPart, PlannedStep, Seen, Undo};
use crate::prove::unplannable;
use pleach_change::online::{Facts, Goal, How, goals};
use pleach_change::{Plan, Stage, Step};
use pleach_postgres::Result;
use pleach_schema::{Address, Kind, Tree};
use std::collections::BTreeMap;

/// How long a statement in a transaction waits for a lock: whoever comes behind it waits as long. It
/// is shorter than PostgreSQL's `deadlock_timeout` (a second), so that where a plan and a client wait
/// for each other it is the plan that lets go.
const LOCK_TIMEOUT: u64 = 500;

/// How long a statement may run that was seen to be short: others wait for the locks that it has.
const STATEMENT_TIMEOUT: u64 = 10_000;

/// A plan in the making.
pub(crate) struct Work<'a> {
    pub from: &'a Tree,
    pub to: &'a Tree,
    pub facts: Facts,
    pub offline: bool,
    pub parts: Vec<PlannedPart>,
    /// What ran.
    pub acts: Vec<Act>,
    /// Why columns are written anew with their tables.
    pub reasons: BTreeMap<Address, String>,
}

/// Statements that ran, each with whether it ran in one transaction with the others.
pub(crate) type Act = (How, Vec<Step>);

impl<'a> Work<'a> {
    /// A plan with nothing in it yet.
    pub fn new(from: &'a Tree, to: &'a Tree, facts: Facts, offline: bool) -> Self {
        Self { from, to, facts, offline, parts: Vec::new(), acts: Vec::new(), reasons: BTreeMap::new() }
    }

    /// Plans without running anything.
    pub fn look(&mut self, short: Plan) -> Result<()> {
        if self.offline {
            self.keep_all("change everything at once", How::Transaction, vec![unseen(short)], &Back::all(self));
            return Ok(());
        }
        for part in parts(self.from, &goals(self.from, self.to, &[], &self.facts))? {
            let steps = part.plans.into_iter().flat_map(unseen).collect();
            self.keep_all(part.title, part.how, vec![steps], &part.back);
        }
        Ok(())
    }

    /// Keeps the parts of a goal: all but the last one are statements that had to go ahead.
    pub(super) fn keep_all(
        &mut self,
        title: &'static str,
        how: How,
        mut seen: Vec<Vec<(Step, Seen)>>,
        back: &Back<'_>,
    ) {
        let mut undo = back.of(seen.iter().flatten().map(|(step, _)| step)).into_iter();
        let last = seen.pop().unwrap_or_default();
        for ahead in seen {
            self.keep("add labels that the rest uses", How::Alone, ahead, &mut undo);
        }
        self.keep(title, how, last, &mut undo);
    }

    fn keep(&mut self, title: &'static str, how: How, steps: Vec<(Step, Seen)>, undo: &mut impl Iterator<Item = Undo>) {
        if steps.is_empty() {
            return;
        }
        let steps = steps.into_iter().zip(undo).map(|((step, seen), undo)| {
            let hazards = hazard::of(self.from, &self.facts, &self.reasons, &step, &seen);
            PlannedStep {
                object: step.object.as_ref().map(ToString::to_string),
                data: step.stage == Stage::Data,
                statement_timeout: self.statement_timeout(how, &step, &seen, &hazards),
                undo,
                sql: step.sql,
                destroys: step.destroys,
                seen,
                hazards,
            }
        });
        let steps = steps.collect();
        let transaction = how == How::Transaction;
        let lock_timeout = if transaction { LOCK_TIMEOUT } else { 0 };
        self.parts.push(PlannedPart { title: title.to_owned(), transaction, lock_timeout, steps });
    }

    /// How long a statement may run. What was not seen to be short takes what it takes.
    fn statement_timeout(&self, how: How, step: &Step, seen: &Seen, hazards: &[Hazard]) -> u64 {
        let by_size = |hazard: &Hazard| matches!(hazard.code, Harm::TableRewrite | Harm::FullScan);
        let by_rows = step.stage == Stage::Data
            || step.object.as_ref().is_some_and(|object| object.kind == Kind::MaterializedView);
        let short = how == How::Transaction && !self.offline && seen.locks.is_some();
        if short && !by_rows && !hazards.iter().any(by_size) { STATEMENT_TIMEOUT } else { 0 }
    }
}

/// What runs as one: a goal and those that join it.
pub(super) struct Part<'a> {
    /// What it is for.
    pub title: &'static str,
    pub how: How,
    pub plans: Vec<Plan>,
    pub back: Back<'a>,
}

/// What leads from goal to goal.
pub(super) fn parts<'a>(from: &'a Tree, goals: &'a [Goal]) -> Result<Vec<Part<'a>>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut previous = from;
    for goal in goals {
        let plan = goal.plan(previous).map_err(unplannable)?;
        match parts.last_mut().filter(|_| goal.joined) {
            Some(part) => {
                part.plans.push(plan);
                part.back = Back::new(part.back.from, &goal.tree, goal.plan_back(part.back.from));
            }
            None => {
                let back = Back::new(previous, &goal.tree, goal.plan_back(previous));
                parts.push(Part { title: goal.title, how: goal.how, plans: vec![plan], back });
            }
        }
        previous = &goal.tree;
    }
    Ok(parts)
}

/// Drops indexes whose building was cut off. The scratch database has none to try it on.
pub(super) fn clear(broken: &[Address]) -> Option<PlannedPart> {
    let steps = broken.iter().map(|index| PlannedStep {
        sql: format!("DROP INDEX CONCURRENTLY {}", pleach_change::index_name(index)),
        object: Some(index.to_string()),
        destroys: None,
        data: false,
        statement_timeout: 0,
        undo: Undo::default(),
        seen: Seen::default(),
        hazards: Vec::new(),
    });
    let steps: Vec<PlannedStep> = steps.collect();
    let title = "clear away indexes whose building was cut off".to_owned();
    (!steps.is_empty()).then_some(PlannedPart { title, transaction: false, lock_timeout: 0, steps })
}

fn unseen(plan: Plan) -> Vec<(Step, Seen)> {
    plan.steps.into_iter().map(|step| (step, Seen::default())).collect()
}
