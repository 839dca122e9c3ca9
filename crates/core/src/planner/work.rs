//! Plans in the making: what leads from goal to goal, as the parts that are shown.

use super::hazard;
use super::{PlannedPart, PlannedStep, Seen};
use crate::prove::unplannable;
use pleach_change::online::{Facts, Goal, How, goals};
use pleach_change::{Plan, Stage, Step};
use pleach_postgres::Result;
use pleach_schema::{Address, Tree};
use std::collections::BTreeMap;

/// How long a statement in a transaction waits for a lock: whoever comes behind it waits as long.
const LOCK_TIMEOUT: u64 = 2_000;

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
            self.keep("change everything at once", How::Transaction, unseen(short));
            return Ok(());
        }
        for (title, how, plans) in parts(self.from, &goals(self.from, self.to, &[], &self.facts))? {
            self.keep(title, how, plans.into_iter().flat_map(unseen).collect());
        }
        Ok(())
    }

    /// Keeps the parts of a goal: all but the last one are statements that had to go ahead.
    pub(super) fn keep_all(&mut self, title: &'static str, how: How, mut seen: Vec<Vec<(Step, Seen)>>) {
        let last = seen.pop().unwrap_or_default();
        for ahead in seen {
            self.keep("add labels that the rest uses", How::Alone, ahead);
        }
        self.keep(title, how, last);
    }

    pub(super) fn keep(&mut self, title: &'static str, how: How, steps: Vec<(Step, Seen)>) {
        if steps.is_empty() {
            return;
        }
        let steps = steps.into_iter().map(|(step, seen)| PlannedStep {
            hazards: hazard::of(self.from, &self.facts, &self.reasons, &step, &seen),
            object: step.object.as_ref().map(ToString::to_string),
            data: step.stage == Stage::Data,
            sql: step.sql,
            destroys: step.destroys,
            seen,
        });
        let steps = steps.collect();
        let transaction = how == How::Transaction;
        let lock_timeout = if transaction { LOCK_TIMEOUT } else { 0 };
        self.parts.push(PlannedPart { title: title.to_owned(), transaction, lock_timeout, steps });
    }
}

/// What runs as one, with what it is for: a goal and those that join it, each with its plan.
pub(super) fn parts(from: &Tree, goals: &[Goal]) -> Result<Vec<(&'static str, How, Vec<Plan>)>> {
    let mut parts: Vec<(_, _, Vec<Plan>)> = Vec::new();
    let mut previous = from;
    for goal in goals {
        let plan = goal.plan(previous).map_err(unplannable)?;
        previous = &goal.tree;
        match parts.last_mut().filter(|_| goal.joined) {
            Some((_, _, plans)) => plans.push(plan),
            None => parts.push((goal.title, goal.how, vec![plan])),
        }
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
