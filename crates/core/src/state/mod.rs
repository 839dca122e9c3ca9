//! The state database: what Pleach knows about projects, in a database called `pleach`.
//!
//! One file per concern, each with its typed rows and the statements that read and write them.
//! The functions take any [`Db`], a connection or a transaction, so that a use case combines
//! several of them in one transaction; only what takes a session-level lock ([`locks`],
//! [`journal`]) needs the [`State`] itself. Concurrency is settled here, by row locks, advisory
//! locks and unique constraints, never in a process's memory.
//!
//! Session-level locks live as long as the connection: a pooler in transaction mode between
//! Pleach and its state database would break them.

pub mod branches;
pub mod commits;
pub mod conflicts;
pub mod databases;
pub mod events;
pub mod fsck;
pub mod history;
pub mod intent_conflicts;
pub mod intents;
pub mod journal;
pub mod judges;
pub mod leases;
pub mod locks;
pub mod merges;
mod migrate;
pub mod names;
mod nodes;
pub mod operations;
pub mod partitions;
pub mod projects;
pub mod revisions;
pub mod snapshots;
mod sql;
pub mod trees;
pub mod warm;

use pleach_postgres::Result;
use std::sync::Arc;
use time::OffsetDateTime;
use tokio_postgres::{Client, GenericClient, Transaction};

pub use branches::{Branch, NewBranch};
pub use commits::{Commit, DataStep, NewCommit};
pub use conflicts::{Conflict, NewConflict};
pub use databases::{Database, DatabaseState, Purpose};
pub use events::Event;
pub use history::Dag;
pub use intent_conflicts::{Collision, IntentConflict, Severity};
pub use intents::{Intent, NewIntent, Risk, Status};
pub use journal::{Journal, JournalGuard};
pub use leases::Lease;
pub use locks::SessionLock;
pub use merges::{Merge, MergeState, NewMerge};
pub use operations::{NewOperation, Operation, RefChange};
pub use partitions::Partition;
pub use projects::Project;
pub use snapshots::{NewSnapshot, Snapshot};
pub use sql::{BranchId, ConflictId, IntentId, MergeId, OperationId, ProjectId, SnapshotId};
pub use trees::StoredTree;

/// A connection to the state database, or a transaction on one.
pub trait Db: GenericClient + Sync {}

impl<T: GenericClient + Sync> Db for T {}

/// An open state database whose tables are those that this version knows.
pub struct State {
    client: Client,
    locks: Arc<locks::Held>,
}

impl State {
    /// Makes the tables, or brings them up to date, on a connection to the state database.
    ///
    /// # Errors
    /// `state_too_new` when a newer Pleach has been here.
    pub async fn open(mut client: Client) -> Result<Self> {
        prepare_session(&client).await?;
        migrate::migrate(&mut client).await?;
        Ok(Self { client, locks: Arc::default() })
    }

    /// The connection, for statements that stand alone.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Begins a transaction; it is rolled back unless committed.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn transaction(&mut self) -> Result<Transaction<'_>> {
        Ok(self.client.transaction().await?)
    }
}

/// The time by the clock of the state database, the one clock that all processes share.
///
/// # Errors
/// When the connection is lost.
pub async fn now(db: &impl Db) -> Result<OffsetDateTime> {
    sql::get(&db.query_one("select clock_timestamp() as now", &[]).await?, "now")
}

/// Makes a session behave the same whatever a role or a database has as its defaults. What is
/// settled by compare-and-set and unique constraints relies on each statement seeing what was
/// committed before it, and those that wait for a lock may wait for long.
async fn prepare_session(client: &Client) -> Result<()> {
    client
        .batch_execute(
            "set default_transaction_isolation = 'read committed'; set default_transaction_read_only = off;
             set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0",
        )
        .await?;
    // Lets the server notice a killed process while its last statement still runs, so that its
    // locks go soon. Not every platform can; then they go when the statement ends.
    let _ = client.batch_execute("set client_connection_check_interval = '1s'").await;
    Ok(())
}
