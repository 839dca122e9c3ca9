//! Leases of tables: taken all or none, kept by the database's clock.

use super::survey::table_of;
use crate::project::Project;
use crate::state::leases::{self, Claim, Lease};
use pleach_change::Diff;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Address, Kind};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// What is kept at least of a lease while something is done under it.
const GRACE: Duration = Duration::from_secs(300);

/// The longest that a lease lasts: who needs it for longer renews it.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What an agent wants to hold.
#[derive(Debug, Clone)]
pub struct LockRequest {
    /// Who.
    pub agent_id: String,
    /// Which tables: all of them or none.
    pub tables: Vec<String>,
    /// For how long.
    pub ttl: Duration,
    /// Why, for others to read.
    pub reason: Option<String>,
    /// How long to wait for others; not at all without it.
    pub wait: Option<Duration>,
}

impl Project {
    /// Takes all of the tables, or none. Those that the agent holds already are kept for longer.
    ///
    /// # Errors
    /// `table_locked` with who holds it, `bad_table_name`, `bad_ttl`.
    pub async fn acquire_locks(&mut self, request: &LockRequest) -> Result<Vec<Lease>> {
        check(request)?;
        let (project, actor) = (self.row.id, self.context.actor.clone());
        let names = leases::names(self.state.client(), project, &request.tables).await?;
        let begun = Instant::now();
        let mut pause = Duration::from_millis(50);
        loop {
            let transaction = self.state.transaction().await?;
            let reason = request.reason.as_deref();
            let taken =
                leases::acquire(&transaction, project, &request.agent_id, &names, request.ttl, reason, &actor).await;
            match taken {
                Ok(taken) => {
                    transaction.commit().await?;
                    return Ok(taken);
                }
                Err(error) => {
                    transaction.rollback().await?;
                    let waits = request.wait.is_some_and(|wait| begun.elapsed() + pause < wait);
                    if error.code != "table_locked" || !waits {
                        return Err(error);
                    }
                    self.progress(format!("waiting: {error}"));
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// Gives tables back: those that are named, or all that the agent holds.
    ///
    /// # Errors
    /// `not_held` where a named one is not the agent's.
    pub async fn release_locks(&mut self, agent: &str, tables: &[String]) -> Result<Vec<Lease>> {
        let (project, actor) = (self.row.id, self.context.actor.clone());
        let names = leases::names(self.state.client(), project, tables).await?;
        let named = (!tables.is_empty()).then_some(names.as_slice());
        let transaction = self.state.transaction().await?;
        let released = leases::release(&transaction, project, agent, named, &actor).await?;
        all_of(&names, &released, agent)?;
        transaction.commit().await?;
        Ok(released)
    }

    /// Keeps tables for another while: those that are named, or all that the agent holds.
    ///
    /// # Errors
    /// `not_held` where a named one is not the agent's any more.
    pub async fn renew_locks(&mut self, agent: &str, tables: &[String], ttl: Duration) -> Result<Vec<Lease>> {
        check_ttl(ttl)?;
        let (project, actor) = (self.row.id, self.context.actor.clone());
        let names = leases::names(self.state.client(), project, tables).await?;
        let named = (!tables.is_empty()).then_some(names.as_slice());
        let transaction = self.state.transaction().await?;
        let renewed = leases::renew(&transaction, project, agent, named, ttl, &actor).await?;
        all_of(&names, &renewed, agent)?;
        transaction.commit().await?;
        Ok(renewed)
    }

    /// Takes tables from whoever holds them. It is written down, with the reason.
    ///
    /// # Errors
    /// `bad_table_name`, `empty_reason`.
    pub async fn steal_locks(&mut self, request: &LockRequest) -> Result<Vec<Lease>> {
        check(request)?;
        let Some(reason) = request.reason.as_deref().filter(|reason| !reason.trim().is_empty()) else {
            return Err(Error::new(Class::Input, "empty_reason", "taking a table from somebody needs a reason")
                .hint("as with `--reason 'its holder is gone'`"));
        };
        let (project, actor) = (self.row.id, self.context.actor.clone());
        let names = leases::names(self.state.client(), project, &request.tables).await?;
        let transaction = self.state.transaction().await?;
        let taken =
            leases::steal(&transaction, project, &request.agent_id, &names, request.ttl, reason, &actor).await?;
        transaction.commit().await?;
        Ok(taken)
    }

    /// The tables that are held.
    ///
    /// # Errors
    /// When the state database cannot be read.
    pub async fn locks(&self) -> Result<Vec<Lease>> {
        leases::list(self.state.client(), self.row.id).await
    }

    /// Refuses a change of tables that somebody else holds, or that these agents held and lost.
    /// What they hold does not run out while they go on.
    ///
    /// # Errors
    /// `table_locked`, `lease_lost`.
    pub(crate) async fn require_leases(&mut self, agents: &[String], diff: &Diff) -> Result<()> {
        let tables: BTreeSet<String> = diff
            .changes
            .iter()
            .flat_map(|change| [&change.from, &change.to])
            .flatten()
            .filter_map(|(address, _)| leased(address))
            .map(|table| table.sql())
            .collect();
        let tables: Vec<String> = tables.into_iter().collect();
        if tables.is_empty() {
            return Ok(());
        }
        let project = self.row.id;
        let transaction = self.state.transaction().await?;
        let names = leases::names(&transaction, project, &tables).await?;
        let claims = leases::claims(&transaction, project, agents, &names, GRACE).await?;
        transaction.commit().await?;
        for claim in claims {
            match claim {
                Claim::Held(_) => {}
                Claim::Other(lease) => return Err(leases::locked(&lease)),
                Claim::Lost { table_name, at, stolen } => return Err(lost(&table_name, at, stolen)),
            }
        }
        Ok(())
    }
}

fn lost(table: &str, at: time::OffsetDateTime, stolen: bool) -> Error {
    let at = at.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
    let what = if stolen { "was taken away" } else { "ran out" };
    Error::new(Class::State, "lease_lost", format!("the lease of the table {what} at {at}"))
        .on(format!("table {table}"))
        .hint("somebody else may have changed it since: acquire it again (`pleach lock acquire`), look, and go on")
}

/// The table that a lease of covers an object. Attributes are of types.
fn leased(address: &Address) -> Option<Address> {
    table_of(address)
        .filter(|table| address.kind == Kind::Table || address.kind != Kind::Attribute && table.path.len() == 2)
}

fn all_of(names: &[String], got: &[Lease], agent: &str) -> Result<()> {
    match names.iter().find(|name| got.iter().all(|lease| lease.table_name != **name)) {
        None => Ok(()),
        Some(name) => Err(Error::new(Class::State, "not_held", format!("{agent} does not hold the table"))
            .on(format!("table {name}"))
            .hint("its lease ran out or was given back: see `pleach lock list`")),
    }
}

fn check(request: &LockRequest) -> Result<()> {
    if request.agent_id.trim().is_empty() {
        return Err(Error::new(Class::Input, "bad_intent", "a lock needs to say whose it is").on("--agent-id"));
    }
    check_ttl(request.ttl)
}

fn check_ttl(ttl: Duration) -> Result<()> {
    if ttl.is_zero() || ttl > LONGEST {
        return Err(Error::new(Class::Input, "bad_ttl", "a lease lasts from a second to 24 hours")
            .on(format!("{} seconds", ttl.as_secs()))
            .hint("take a shorter one and renew it: `pleach lock renew`"));
    }
    Ok(())
}
