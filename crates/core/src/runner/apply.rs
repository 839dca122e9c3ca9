//! Taking a database to a schema: planned, shown, run, and compared.

use super::execute::{Execution, Expected, tree_of};
use super::{checkpoint, guard, losses, open, own_roles};
use crate::apply::differences;
use crate::destroy::Loss;
use crate::planner::{Ask, PlanOptions, Planned, SchemaSource, way_between};
use crate::project::{Context, Project};
use crate::prove::millis;
use pleach_change::identified_by_name;
use pleach_postgres::connect::Target;
use pleach_postgres::script::{Script, Variables, units};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Tree;
use serde::Serialize;
use std::time::{Duration, Instant};

/// The plan for a database, to be shown before it is run.
pub struct Prepared {
    /// The plan.
    pub planned: Planned,
    /// What it destroys, as far as there is something to lose.
    pub losses: Vec<Loss>,
    target: Target,
    from: Tree,
    to: Tree,
}

/// How a plan went.
#[derive(Debug, Clone, Serialize)]
pub struct ApplyReport {
    /// How many statements ran.
    pub statements: usize,
    /// How often something had to be tried again because somebody held a lock.
    pub retries: u32,
    /// How many objects were read back and compared.
    pub objects: usize,
    /// Milliseconds that it took.
    pub milliseconds: u64,
}

impl Prepared {
    /// Plans the way from a database's schema to where `options` lead, asking about each thing that
    /// looks like a rename. Nothing is changed.
    ///
    /// # Errors
    /// As for planning.
    pub async fn new(
        target: &Target,
        options: PlanOptions,
        project: Option<&Project>,
        context: &Context,
        ask: Ask<'_>,
    ) -> Result<Self> {
        let options = PlanOptions { from: SchemaSource::Url(Box::new(target.clone())), ..options };
        let way = way_between(&options, project, context, ask).await?;
        let session = open(target, context).await?;
        let losses = losses::of_plan(&session, &way).await?;
        session.close().await;
        Ok(Self { planned: way.planned, losses, target: target.clone(), from: way.from, to: way.to })
    }

    /// Refuses to destroy data without consent.
    ///
    /// # Errors
    /// `destructive`, naming what would be lost.
    pub fn require_consent(&self, consent: bool) -> Result<()> {
        losses::require_consent(&self.losses, consent)
    }

    /// Runs the plan.
    ///
    /// # Errors
    /// `target_changed` when the schema is not that any more which was planned from; what PostgreSQL
    /// refuses; `lock_not_available`; `ended_elsewhere` when somebody changed the schema meanwhile.
    pub async fn run(&self, lock_wait: Duration, context: &Context) -> Result<ApplyReport> {
        let started = Instant::now();
        let session = open(&self.target, context).await?;
        guard::only_runner(&session, lock_wait, context).await?;
        let units = units(&Script::text("plan", self.planned.sql()), &Variables::new())?;
        let own_roles = own_roles(&self.target);
        let from = [&self.from];
        let execution = Execution {
            session: &session,
            context,
            lock_wait,
            position: None,
            before: Some(Expected { trees: &from, own_roles: &own_roles, otherwise: changed }),
            after: None,
        };
        checkpoint(context, "plan about to run");
        let ran = execution.run(&units, 0, false).await.map_err(go_on)?;
        (context.progress)("comparing");
        let there = tree_of(&session, &own_roles).await?;
        if there != self.to {
            return Err(elsewhere(&there, &self.to));
        }
        session.close().await;
        Ok(ApplyReport {
            statements: self.planned.parts.iter().map(|part| part.steps.len()).sum(),
            retries: ran.retries,
            objects: there.len(),
            milliseconds: millis(started),
        })
    }
}

fn changed(got: &Tree, expected: &Tree) -> Error {
    let differences = differences(got, expected);
    Error::new(Class::State, "target_changed", format!("the schema changed since it was planned from: {differences}"))
        .hint("nothing was changed: run the command again, which plans anew")
}

fn elsewhere(got: &Tree, expected: &Tree) -> Error {
    let differences = differences(&identified_by_name(got, expected), expected);
    Error::new(
        Class::State,
        "ended_elsewhere",
        format!("every statement ran, and the schema is another: {differences}"),
    )
    .hint("somebody else changed it meanwhile, or a trigger did: run the command again to see what is left to do")
}

/// What ran before an error stays; the next plan begins there.
fn go_on(error: Error) -> Error {
    if error.hint.is_some() || error.class != Class::Refused {
        return error;
    }
    error.hint("what was committed before it stays: run the command again, which plans from there")
}
