//! How a statement is taken back once it is committed.

use pleach_change::{Plan, PlanError, Stage, Step, plan, statement};
use pleach_schema::{Address, Lineage, Tree};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// How a statement is taken back once it is committed, the statements after it first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// The statements, in order. There are none where it goes with what a statement before it is
    /// taken back.
    pub sql: Vec<String>,
    /// What nothing brings back, in words.
    pub loses: Option<String>,
}

impl Undo {
    /// Its statements on one line, long ones shortened; `None` where there are none.
    pub fn line(&self) -> Option<String> {
        let shown: Vec<String> = self.sql.iter().map(|sql| shortened(sql)).collect();
        (!shown.is_empty()).then(|| shown.join(" "))
    }
}

/// The first line of a statement.
fn shortened(sql: &str) -> String {
    let mut lines = sql.lines();
    let first = lines.next().unwrap_or_default();
    if lines.next().is_some() { format!("{first} …") } else { statement(first) }
}

/// The way back over a part of a plan.
pub(super) struct Back<'a> {
    /// Where the part begins.
    pub from: &'a Tree,
    to: &'a Tree,
    plan: Result<Plan, PlanError>,
}

impl<'a> Back<'a> {
    pub fn new(from: &'a Tree, to: &'a Tree, plan: Result<Plan, PlanError>) -> Self {
        Self { from, to, plan }
    }

    /// The way back over a plan that is one part.
    pub fn all(work: &super::Work<'a>) -> Self {
        Self::new(work.from, work.to, plan(work.to, work.from, &[]))
    }

    /// How each statement of the part is taken back: by the statements of the way back that are
    /// about the same object. What is about no object of the part belongs to its first statement.
    pub fn of<'s>(&self, steps: impl Iterator<Item = &'s Step>) -> Vec<Undo> {
        let steps: Vec<&Step> = steps.collect();
        let mut out: Vec<Undo> = steps.iter().map(|step| Undo { sql: Vec::new(), loses: self.loses(step) }).collect();
        let Ok(plan) = &self.plan else { return out };
        let mut mine: HashMap<Lineage, Vec<usize>> = HashMap::new();
        for (at, step) in steps.iter().enumerate() {
            self.who(step).into_iter().for_each(|who| mine.entry(who).or_default().push(at));
        }
        let mut theirs: HashMap<Option<Lineage>, Vec<&Step>> = HashMap::new();
        let mut order = Vec::new();
        for step in &plan.steps {
            let who = self.who(step);
            let steps = theirs.entry(who).or_default();
            order.extend(steps.is_empty().then_some(who));
            steps.push(step);
        }
        for who in order {
            let back = theirs.remove(&who).unwrap_or_default();
            let ahead = who.and_then(|who| mine.remove(&who)).unwrap_or_else(|| vec![0]);
            // As many as there are ahead: the last one is taken back first.
            let pairs = ahead.len() == back.len();
            for (nth, step) in back.iter().enumerate() {
                let at = if pairs { ahead.iter().rev().nth(nth) } else { ahead.first() };
                if let Some(undo) = at.and_then(|at| out.get_mut(*at)) {
                    undo.sql.push(step.sql.clone());
                }
            }
        }
        out
    }

    fn loses(&self, step: &Step) -> Option<String> {
        let rows = || (step.stage == Stage::Data && step.object.is_none()).then(|| "what it did to rows".to_owned());
        let stuck = || self.plan.as_ref().err().map(|error| format!("everything: there is no way back: {error}"));
        step.destroys.clone().or_else(rows).or_else(stuck)
    }

    /// The object that a statement is about.
    fn who(&self, step: &Step) -> Option<Lineage> {
        let of = |object: &Address| self.from.lineage(object).or_else(|| self.to.lineage(object));
        step.object.as_ref().and_then(of)
    }
}
