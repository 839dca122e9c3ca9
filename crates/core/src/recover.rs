//! Finishing or taking back what was cut off: by a crash, or by an error.

use crate::coordinate::Closing;
use crate::merge::land::Landing;
use crate::migration::files::Writing;
use crate::project::Project;
use crate::state::{self, Branch, IntentId, JournalGuard, SessionLock};
use pleach_postgres::{Class, Error, Result};
use serde::de::DeserializeOwned;

impl Project {
    /// Looks for operations whose owner died, and finishes each or takes it back. Called whenever
    /// a project is opened.
    pub(crate) async fn recover(&mut self) -> Result<()> {
        for journal in state::journal::abandoned(&self.state, Some(self.row.id)).await? {
            self.settle(journal).await?;
        }
        Ok(())
    }

    /// Holds a branch, when nobody else works on it any more, and reads it anew. Whoever had it may
    /// have moved it, or died with a change half recorded: then that is settled first.
    pub(crate) async fn hold_branch(&mut self, name: &str) -> Result<(SessionLock, Branch)> {
        loop {
            let branch = self.branch(name).await?;
            let lock = match state::locks::try_lock_branch(&self.state, branch.id).await? {
                Some(lock) => lock,
                None => {
                    self.progress(format!("waiting for another process that works on {name}"));
                    state::locks::lock_branch(&self.state, branch.id).await?
                }
            };
            for journal in state::journal::list(self.state.client(), Some(self.row.id)).await? {
                let landing: Option<Landing> = part(&journal.payload, "landing")?;
                // Its owner held the branch, and so is dead. Somebody else may be settling it.
                if landing.is_some_and(|landing| landing.branch == name)
                    && let Some(journal) = state::journal::take_over(&self.state, journal.id).await?
                {
                    self.settle(journal).await?;
                }
            }
            let again = self.branch(name).await?;
            if again.id == branch.id {
                return Ok((lock, again));
            }
            // Deleted, and made again.
            lock.release(self.state.client()).await?;
        }
    }

    /// Settles an operation that failed; returns why it did. What cannot be settled now, because
    /// the server is gone, is left to the next command.
    pub(crate) async fn give_up(&mut self, journal: JournalGuard, error: Error) -> Error {
        if let Err(trouble) = self.settle(journal).await {
            tracing::warn!(%trouble, "the next command will clear up");
        }
        error
    }

    /// Finishes an operation whose effect is there already, and takes any other back: discards
    /// what it made that nothing refers to, and crosses it out.
    async fn settle(&mut self, journal: JournalGuard) -> Result<()> {
        let written = state::journal::find(self.state.client(), journal.journal.id).await?;
        if let Some(written) = written.filter(|written| written.project.is_some()) {
            tracing::info!(kind = written.kind, actor = written.actor, "settling an unfinished operation");
            if let Some(landing) = part::<Landing>(&written.payload, "landing")? {
                self.settle_landing(&journal, &landing).await?;
            } else if let Some(writing) = part::<Writing>(&written.payload, "writing")? {
                self.settle_files(&journal, &writing).await?;
            } else if let Some(intent) = part::<IntentId>(&written.payload, "registering")? {
                self.settle_registration(intent, &written.actor).await?;
            } else if let Some(closing) = part::<Closing>(&written.payload, "closing")? {
                // Boxed, because deleting a branch may have to settle what failed, too.
                Box::pin(self.close_merged(&closing, &written.actor)).await?;
            }
            for database in state::databases::of_journal(self.state.client(), written.id).await? {
                self.discard_database(&database).await?;
            }
            state::journal::cross_out(self.state.client(), written.id).await?;
        }
        journal.release(self.state.client()).await
    }

    async fn settle_landing(&mut self, journal: &JournalGuard, landing: &Landing) -> Result<()> {
        if self.live_is_changed(journal, landing).await? {
            self.record_landing(journal, landing).await?;
        } else if landing.labels_first {
            self.keep_labels(landing).await?;
        }
        Ok(())
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
}

/// How far an operation had come, by its own account.
fn part<T: DeserializeOwned>(payload: &serde_json::Value, name: &str) -> Result<Option<T>> {
    let part = payload.get(name).cloned().map(serde_json::from_value).transpose();
    part.map_err(|error| damaged_state(&error))
}

/// The error for something in the state database that is not what was written there.
pub(crate) fn damaged_state(error: &serde_json::Error) -> Error {
    Error::new(Class::Internal, "damaged_state", format!("the state database holds something unreadable: {error}"))
        .hint("run `pleach fsck`")
}
