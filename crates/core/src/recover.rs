//! Finishing or taking back what an earlier process left unfinished.

use crate::merge::land::Landing;
use crate::migration::files::Writing;
use crate::project::Project;
use crate::state::{self, DatabaseState, JournalGuard};
use pleach_postgres::Result;
use pleach_postgres::database;

impl Project {
    /// Looks for operations whose owner died, and finishes each or takes it back. Called whenever
    /// a project is opened.
    pub(crate) async fn recover(&mut self) -> Result<()> {
        for journal in state::journal::abandoned(&self.state, Some(self.row.id)).await? {
            if journal.journal.project.is_none() {
                journal.release(self.state.client()).await?;
                continue;
            }
            tracing::info!(
                kind = journal.journal.kind,
                actor = journal.journal.actor,
                "recovering an unfinished operation"
            );
            if let Some(landing) = part::<Landing>(&journal, "landing")
                && self.live_is_changed(&journal, &landing).await?
            {
                self.record_landing(&journal, &landing).await?;
            } else if let Some(writing) = part::<Writing>(&journal, "writing") {
                self.settle_files(&journal, &writing).await?;
            }
            self.take_back(journal).await?;
        }
        self.finish_drops().await
    }

    /// Whether the plan of a landing was committed on the live database: its marker is there.
    ///
    /// The transaction of a killed process may still be about to end, so the question is asked by
    /// writing the same marker, as a fence: that waits for the transaction to end, and one that
    /// comes later cannot write it any more.
    async fn live_is_changed(&self, journal: &JournalGuard, landing: &Landing) -> Result<bool> {
        let session = self.session(&landing.database).await?;
        let sql = "INSERT INTO pleach.marker (operation, fence) VALUES ($1, true)
                   ON CONFLICT (operation) DO UPDATE SET fence = marker.fence RETURNING fence";
        let fence: bool = session.query_one(sql, &[&journal.journal.id]).await?.try_get(0)?;
        session.close().await;
        Ok(!fence)
    }

    /// Takes an operation back: drops what it made that nothing refers to, and crosses it out.
    pub(crate) async fn take_back(&mut self, journal: JournalGuard) -> Result<()> {
        let databases = state::databases::of_journal(self.state.client(), journal.journal.id).await?;
        for database in databases {
            if !self.is_referred_to(&database.name).await? {
                self.drop_database(&database.name).await?;
            }
        }
        let transaction = self.state.transaction().await?;
        let finished = journal.finish(&transaction).await;
        transaction.commit().await?;
        // One that was finished before something later failed has no row any more.
        if let Err(error) = finished {
            tracing::debug!(%error, "the operation was crossed out already");
        }
        journal.release(self.state.client()).await
    }

    async fn is_referred_to(&self, database: &str) -> Result<bool> {
        let sql = "select exists (select from pleach.branch where database = $1)
            or exists (select from pleach.snapshot where database = $1)
            or exists (select from pleach.warm where database = $1)";
        Ok(self.state.client().query_one(sql, &[&database]).await?.try_get(0)?)
    }

    /// Drops the databases whose drop was decided and cut off.
    async fn finish_drops(&self) -> Result<()> {
        for database in state::databases::list(self.state.client(), self.row.id).await? {
            if database.state == DatabaseState::Dropping {
                database::drop(&self.admin, &database.name, true).await?;
                state::databases::forget(self.state.client(), &database.name).await?;
            }
        }
        Ok(())
    }
}

/// How far an operation had come, by its own account.
fn part<T: serde::de::DeserializeOwned>(journal: &JournalGuard, name: &str) -> Option<T> {
    serde_json::from_value(journal.journal.payload.get(name)?.clone()).ok()
}
