//! Running a plan on a scratch database before it is shown, and comparing where it ends.

use super::Seen;
use super::run::{self, Watch};
use super::scratch::Scratch;
use super::undo::Back;
use super::work::{Act, Work, parts};
use crate::apply::{self, differences, used_new_label};
use crate::import::{roles_named, tree_of_reading};
use crate::prove::unplannable;
use pleach_change::online::{Goal, How, goals, written_anew};
use pleach_change::{Plan, Step, identified_by_name, plan};
use pleach_postgres::catalog::{self, ReadOptions};
use pleach_postgres::connect::Session;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Address, Kind, Tree};
use std::collections::BTreeSet;

impl Work<'_> {
    /// Runs the plan from a copy of the from side, and compares where it ends.
    pub(super) async fn prove(&mut self, scratch: &Scratch<'_>, short: &Plan) -> Result<()> {
        scratch.make_roles(&roles_named(self.from).into_iter().chain(roles_named(self.to)).collect()).await?;
        let own_roles = scratch.own_roles().await?;
        let mut session = self.start_over(scratch, &own_roles).await?;
        if self.offline {
            let seen = transaction(&session, std::slice::from_ref(short)).await?;
            self.keep_all("change everything at once", How::Transaction, seen, &Back::all(self));
        } else {
            self.facts.rewrites = self.rewrites(&session, short).await?;
            self.reasons = written_anew(self.from, self.to, &self.facts);
            let ways = goals(self.from, self.to, &[], &self.facts);
            match self.go(&session, &ways).await {
                Err(error) if error.code == "step_refused" && ways.iter().any(Goal::adds_shadows) => {
                    session.close().await;
                    session = self.start_over(scratch, &own_roles).await?;
                    self.refuse_shadows(&ways, &error);
                    let ways = goals(self.from, self.to, &[], &self.facts);
                    self.go(&session, &ways).await?;
                }
                went => went?,
            }
        }
        // PostgreSQL writes anew what stands on what was changed.
        for round in 0..3 {
            let there = tree_of(&mut session, &own_roles, self.to).await?;
            if there == *self.to {
                session.close().await;
                return Ok(());
            }
            let rest = plan(&there, self.to, &[]).map_err(unplannable)?;
            if rest.steps.is_empty() || round == 2 {
                return Err(not_proven(&there, self.to, "the plan ended elsewhere than at the to side"));
            }
            let seen = transaction(&session, &[rest]).await?;
            let back = Back::new(&there, self.to, plan(self.to, &there, &[]));
            self.keep_all("settle what PostgreSQL wrote anew", How::Transaction, seen, &back);
        }
        Ok(())
    }

    /// Takes the columns for such as are written anew, because PostgreSQL refused the other way.
    fn refuse_shadows(&mut self, ways: &[Goal], error: &Error) {
        self.facts.without_shadows(self.from, self.to);
        let said = error.postgres.as_ref().map_or_else(String::new, |said| format!(": {}", said.message));
        let columns = ways.iter().flat_map(Goal::moved).cloned();
        self.reasons
            .extend(columns.map(|column| (column, format!("PostgreSQL refused a step of the other way{said}"))));
    }

    /// Another database with the from side, where nothing of the plan ran yet.
    async fn start_over(&mut self, scratch: &Scratch<'_>, own_roles: &[String]) -> Result<Session> {
        self.parts.clear();
        self.acts.clear();
        let name = scratch.database().await?;
        let mut session = scratch.session(&name).await?;
        session.batch_execute("SET check_function_bodies = off; SET client_min_messages = warning").await?;
        self.build(&mut session, own_roles).await?;
        Ok(session)
    }

    /// Makes the from side in an empty database.
    async fn build(&self, session: &mut Session, own_roles: &[String]) -> Result<()> {
        let blank = tree_of(session, own_roles, self.from).await?;
        let whole = plan(&blank, self.from, &[]).map_err(unplannable)?;
        if session.batch_execute(&run::together(&whole)).await.is_err() {
            // It did nothing. One by one they tell which one PostgreSQL refuses.
            let transaction = session.transaction().await?;
            apply::run(&transaction, &whole, None).await.map_err(|error| {
                error.hint("the from side cannot be made on the scratch server; name another one with `--scratch URL`")
            })?;
            transaction.commit().await?;
        }
        let there = tree_of(session, own_roles, self.from).await?;
        if there != *self.from {
            return Err(not_proven(&there, self.from, "the copy of the from side differs from it"));
        }
        Ok(())
    }

    /// The columns whose making or changing writes their table anew: tried, and taken back.
    pub(crate) async fn rewrites(&self, session: &Session, short: &Plan) -> Result<Option<BTreeSet<Address>>> {
        let of_column = |step: &Step| step.object.as_ref().is_some_and(|object| object.kind == Kind::Column);
        if !short.steps.iter().any(of_column) {
            return Ok(Some(BTreeSet::new()));
        }
        let mut watch = Watch::begin(session).await?;
        // Where it is always UTC, times get a zone without being written anew.
        session.batch_execute("SET LOCAL TIME ZONE INTERVAL '+05:45' HOUR TO MINUTE").await?;
        let mut found = BTreeSet::new();
        for step in &short.steps {
            match watch.run(step).await {
                Ok(seen) if !seen.rewrites.is_empty() => found.extend(step.object.clone()),
                Ok(_) => {}
                Err(error) => {
                    session.batch_execute("ROLLBACK").await?;
                    // A new label cannot be used yet, so the rest was not seen.
                    return if used_new_label(&error) { Ok(None) } else { Err(error) };
                }
            }
        }
        session.batch_execute("ROLLBACK").await?;
        Ok(Some(found))
    }

    /// Goes from goal to goal.
    pub(crate) async fn go(&mut self, session: &Session, goals: &[Goal]) -> Result<()> {
        for part in parts(self.from, goals)? {
            let seen = match part.how {
                How::Transaction => transaction(session, &part.plans).await?,
                How::Alone => {
                    let mut seen = Vec::new();
                    for step in part.plans.into_iter().flat_map(|plan| plan.steps) {
                        let did = run::alone(session, &step).await?;
                        seen.push((step, did));
                    }
                    vec![seen]
                }
            };
            self.acts.extend(acts(part.how, &seen));
            self.keep_all(part.title, part.how, seen, &part.back);
        }
        Ok(())
    }
}

/// What ran, one after the other: all but the last are statements that had to go ahead.
fn acts(how: How, seen: &[Vec<(Step, Seen)>]) -> Vec<Act> {
    let last = seen.len().saturating_sub(1);
    let steps = |steps: &Vec<(Step, Seen)>| steps.iter().map(|(step, _)| step.clone()).collect();
    seen.iter().enumerate().map(|(at, of)| (if at == last { how } else { How::Alone }, steps(of))).collect()
}

/// Runs what ran before once more, in another place.
pub(crate) async fn again(session: &Session, acts: &[Act]) -> Result<()> {
    for (how, steps) in acts {
        match how {
            How::Transaction => drop(in_transaction(session, steps.iter()).await?),
            How::Alone => {
                for step in steps {
                    run::alone(session, step).await?;
                }
            }
        }
    }
    Ok(())
}

/// Runs plans in one transaction. Enum labels that they use themselves go ahead, in a part before.
async fn transaction(session: &Session, plans: &[Plan]) -> Result<Vec<Vec<(Step, Seen)>>> {
    let steps = || plans.iter().flat_map(|plan| &plan.steps);
    match in_transaction(session, steps()).await {
        Ok(seen) => Ok(vec![seen]),
        Err(error) if used_new_label(&error) => {
            session.batch_execute("ROLLBACK").await?;
            let mut ahead = Vec::new();
            for step in steps().filter(|step| step.label) {
                ahead.push((step.clone(), run::alone(session, step).await?));
            }
            Ok(vec![ahead, in_transaction(session, steps().filter(|step| !step.label)).await?])
        }
        Err(error) => Err(error),
    }
}

async fn in_transaction(session: &Session, steps: impl Iterator<Item = &Step>) -> Result<Vec<(Step, Seen)>> {
    let mut watch = Watch::begin(session).await?;
    let mut seen = Vec::new();
    for step in steps {
        seen.push((step.clone(), watch.run(step).await?));
    }
    session.batch_execute("COMMIT").await?;
    Ok(seen)
}

/// What a scratch database holds, called as a tree calls it.
async fn tree_of(session: &mut Session, own_roles: &[String], like: &Tree) -> Result<Tree> {
    let transaction = session.transaction().await?;
    let reading = catalog::read(&transaction, &ReadOptions { own_roles: own_roles.to_vec() }).await?;
    transaction.rollback().await?;
    Ok(identified_by_name(&tree_of_reading(reading)?, like))
}

fn not_proven(got: &Tree, expected: &Tree, what: &str) -> Error {
    let differences = differences(got, expected);
    Error::new(Class::Internal, "not_proven", format!("{what}: {differences}"))
        .hint("no plan is shown; this is a defect in Pleach worth reporting with both schemas")
}
