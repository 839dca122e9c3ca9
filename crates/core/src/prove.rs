//! Proofs: a plan is believed when it ran on a scratch database and ended at exactly the tree it
//! should.

use crate::apply::{self, differences};
use crate::identity::{Live, Newcomers, read};
use crate::project::Project;
use crate::state::{self, JournalGuard, Purpose, Snapshot};
use pleach_change::{DataStep, Plan, PlanError, plan};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Address, Hash, Tree};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// The record that a plan was replayed and ended at exactly the expected tree.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Proof {
    /// The content hash that the plan had to end at.
    pub expected: Hash,
    /// The content hash that was read back.
    pub found: Hash,
    /// How many statements ran.
    pub steps: usize,
    /// How many objects were read back and compared.
    pub objects: usize,
    /// The server that judged.
    pub server: String,
    /// How old the data was that the plan ran on.
    #[serde(with = "time::serde::rfc3339")]
    pub data_taken_at: time::OffsetDateTime,
    /// Milliseconds to get the scratch database.
    pub clone_ms: u64,
    /// Milliseconds to run the plan.
    pub run_ms: u64,
    /// Milliseconds to read the catalog back and compare.
    pub read_ms: u64,
}

/// One stretch of a way from tree to tree: where it leads, and the data steps on it.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    pub tree: Tree,
    pub data: Vec<DataStep>,
}

/// A plan that was proved, with the scratch database that is now at its end.
pub(crate) struct Proved {
    pub plan: Plan,
    pub proof: Proof,
    pub scratch: String,
    /// What the scratch database holds, with lineages.
    pub tree: Tree,
    pub way: String,
}

/// Makes the plan for a way of several legs.
pub(crate) fn plan_way(from: &Tree, legs: &[Leg]) -> Result<Plan> {
    let mut whole = Plan::default();
    let mut at = from;
    for leg in legs {
        whole.steps.extend(plan(at, &leg.tree, &leg.data).map_err(unplannable)?.steps);
        at = &leg.tree;
    }
    Ok(whole)
}

pub(crate) fn unplannable(error: PlanError) -> Error {
    Error::new(Class::Conflict, "cannot_plan", error.reason)
        .on(error.object.to_string())
        .hint("make the change in steps that PostgreSQL has statements for, or resolve it with SQL")
}

/// Why a plan was not proved.
pub(crate) enum Unproved {
    /// It ran and ended elsewhere: at this tree.
    Elsewhere(Box<Tree>, Error),
    /// It could not be made, or did not run.
    Stuck(Error),
}

impl From<Error> for Unproved {
    fn from(error: Error) -> Self {
        Self::Stuck(error)
    }
}

impl From<tokio_postgres::Error> for Unproved {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Stuck(error.into())
    }
}

impl From<Unproved> for Error {
    fn from(unproved: Unproved) -> Self {
        match unproved {
            Unproved::Elsewhere(_, error) | Unproved::Stuck(error) => error,
        }
    }
}

impl Project {
    /// Takes a clone of a snapshot: a warm one, or a new one. Says how it was made.
    pub(crate) async fn scratch_of(&mut self, journal: &JournalGuard, snapshot: &Snapshot) -> Result<(String, String)> {
        let transaction = self.state.transaction().await?;
        if let Some(clone) = state::warm::claim(&transaction, snapshot.id).await? {
            state::databases::adopt(&transaction, &clone.database, Purpose::Scratch, journal.journal.id).await?;
            transaction.commit().await?;
            return Ok((clone.database, clone.way));
        }
        transaction.rollback().await?;
        let (name, way) = self.clone_database(journal, &snapshot.database, Purpose::Scratch).await?;
        Ok((name, way.as_str().to_owned()))
    }

    /// Replays a plan on a clone of a snapshot that is at `from`, and compares where it ends with
    /// the last leg's tree. If PostgreSQL ends somewhere near (it rewrites an expression of
    /// something that the plan changed), the plan is completed from there and replayed.
    pub(crate) async fn prove(
        &mut self,
        journal: &JournalGuard,
        snapshot: &Snapshot,
        from: &Tree,
        legs: &[Leg],
    ) -> Result<Proved> {
        Ok(self.try_to_prove(journal, snapshot, from, legs).await?)
    }

    /// As [`Project::prove`], telling where else a plan ended.
    pub(crate) async fn try_to_prove(
        &mut self,
        journal: &JournalGuard,
        snapshot: &Snapshot,
        from: &Tree,
        legs: &[Leg],
    ) -> Result<Proved, Unproved> {
        let expected = legs.last().map_or(from, |leg| &leg.tree).clone();
        let plan = plan_way(from, legs)?;
        let started = Instant::now();
        let (scratch, way) = self.scratch_of(journal, snapshot).await?;
        let clone_ms = millis(started);
        let mut replayed = self.replay(&scratch, plan.clone(), &expected).await;
        if matches!(&replayed, Err(Unproved::Stuck(error)) if apply::used_new_label(error)) {
            let plan = Plan { labels_first: true, ..plan };
            replayed = self.replay(&scratch, plan, &expected).await;
        }
        match replayed {
            Ok((plan, live, run_ms, read_ms)) => {
                let server = server_name(self.admin.server_version());
                // The two trees were compared and are equal, and so are their hashes.
                let found = live.tree.hash();
                let proof = Proof {
                    expected: found,
                    found,
                    steps: plan.steps.len(),
                    objects: live.tree.len(),
                    server,
                    data_taken_at: snapshot.taken_at,
                    clone_ms,
                    run_ms,
                    read_ms,
                };
                Ok(Proved { plan, proof, scratch, tree: live.tree, way })
            }
            Err(error) => {
                self.discard_database(&scratch).await?;
                Err(error)
            }
        }
    }

    async fn replay(&self, scratch: &str, mut plan: Plan, expected: &Tree) -> Result<(Plan, Live, u64, u64), Unproved> {
        let mut session = self.session(scratch).await?;
        let mut rest = plan.clone();
        let (mut run_ms, mut read_ms) = (0, 0);
        apply::run_labels(&session, &plan).await?;
        let transaction = session.transaction().await?;
        for round in 0..3 {
            let started = Instant::now();
            apply::run(&transaction, &rest, self.own_role()).await?;
            run_ms += millis(started);
            let started = Instant::now();
            let live = read(&transaction, &self.own_roles(), Newcomers::Expect(expected)).await?;
            read_ms += millis(started);
            if let Some(address) = live.made_anew() {
                return Err(loses(address).into());
            }
            if live.tree == *expected {
                live.record(&transaction).await?;
                self.checkpoint("proof about to be committed");
                transaction.commit().await?;
                session.close().await;
                return Ok((plan, live, run_ms, read_ms));
            }
            tracing::debug!(round, differences = differences(&live.tree, expected), "the plan is to be completed");
            if round == 2 {
                let error = self.ended_elsewhere(&live.tree, expected);
                return Err(Unproved::Elsewhere(Box::new(live.tree), error));
            }
            live.record(&transaction).await?;
            rest = pleach_change::plan(&live.tree, expected, &[]).map_err(unplannable)?;
            if rest.steps.is_empty() {
                let error = self.ended_elsewhere(&live.tree, expected);
                return Err(Unproved::Elsewhere(Box::new(live.tree), error));
            }
            plan.steps.extend(rest.steps.iter().cloned());
        }
        Err(Error::new(Class::Internal, "internal", "the rounds of a proof ended without an outcome").into())
    }
}

/// The error for a plan that would drop a table or column and make it again.
fn loses(address: &Address) -> Error {
    Error::new(Class::Internal, "not_proven", "the plan makes it anew, and what it holds would be lost")
        .on(address.to_string())
        .hint("nothing was changed; this is a defect in Pleach worth reporting with the schema")
}

/// `PostgreSQL 18.4` from 180004.
pub(crate) fn server_name(version: u32) -> String {
    format!("PostgreSQL {}.{}", version / 10_000, version % 10_000)
}

pub(crate) fn millis(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}
