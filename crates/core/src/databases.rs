//! Databases that Pleach makes: registered before they are created, forgotten after they are
//! dropped, so that none is ever left behind.
//!
//! A process that is killed leaves the server at work: `CREATE DATABASE` goes on without it. So
//! whoever makes or drops a database holds a lock on its name on the very connection that the
//! statement runs on, and who clears up after a dead process waits for what the server still does.

use crate::project::Project;
use crate::state::{self, JournalGuard, Purpose, locks};
use pleach_postgres::Result;
use pleach_postgres::database::{self, CloneOptions, CloneWay};

impl Project {
    /// A name for a new database: project, purpose or branch, and something unique, within the 63
    /// bytes that PostgreSQL keeps of a name.
    pub(crate) fn database_name(&self, what: &str) -> String {
        let slug = |text: &str| -> String {
            text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
        };
        let mut stem = format!("{}_{}", slug(&self.row.name), slug(what));
        stem.truncate(50);
        format!("{stem}_{}", &uuid::Uuid::new_v4().simple().to_string()[..10])
    }

    /// Clones a database. Until something refers to the clone it belongs to the journal entry and
    /// is dropped with it.
    pub(crate) async fn clone_database(
        &self,
        journal: &JournalGuard,
        template: &str,
        purpose: Purpose,
    ) -> Result<(String, CloneWay)> {
        let owner = self.secrets.owner.as_ref().map(|login| login.role.clone());
        let options = CloneOptions { owner, ..CloneOptions::default() };
        let name = self.register(journal, purpose).await?;
        let cloned = self.alone_with(&name, database::clone(&self.admin, template, &name, &options)).await;
        let way = match cloned {
            Ok(way) => way,
            Err(error) => {
                self.discard_database(&name).await?;
                return Err(error);
            }
        };
        self.checkpoint("database cloned");
        state::databases::set_ready(self.state.client(), &name).await?;
        Ok((name, way))
    }

    /// Makes a database with nothing in it, which belongs to the journal entry as a clone does.
    pub(crate) async fn create_database(&self, journal: &JournalGuard, purpose: Purpose) -> Result<String> {
        let name = self.register(journal, purpose).await?;
        self.alone_with(&name, database::create_empty(&self.admin, &name, self.own_role())).await?;
        self.checkpoint("database created");
        Ok(name)
    }

    async fn register(&self, journal: &JournalGuard, purpose: Purpose) -> Result<String> {
        let name = self.database_name(purpose.as_str());
        let id = Some(journal.journal.id);
        state::databases::register(self.state.client(), self.row.id, &name, purpose, id).await?;
        self.checkpoint("database registered");
        Ok(name)
    }

    /// Leaves a database that nobody needs any more to whoever tends the pool: a drop waits for a
    /// checkpoint, which is long where the disk is busy.
    pub(crate) async fn discard_database(&self, name: &str) -> Result<()> {
        state::databases::set_dropping(self.state.client(), name).await?;
        self.checkpoint("database discarded");
        Ok(())
    }

    /// Drops a database and forgets it; whoever is connected to it is disconnected.
    pub(crate) async fn drop_database(&self, name: &str) -> Result<()> {
        if state::databases::find(self.state.client(), name).await?.is_none() {
            return Ok(());
        }
        state::databases::set_dropping(self.state.client(), name).await?;
        self.checkpoint("database to be dropped");
        self.alone_with(name, database::drop(&self.admin, name, true)).await?;
        self.checkpoint("database dropped");
        state::databases::forget(self.state.client(), name).await
    }

    /// Drops what nothing refers to any more: databases that were discarded, whose drop was cut off,
    /// or whose operation is over. What another process is about to drop is left to it.
    pub(crate) async fn drop_orphans(&self) -> Result<()> {
        for name in state::databases::orphans(self.state.client(), self.row.id).await? {
            if self.try_alone_with(&name, database::drop(&self.admin, &name, true)).await?.is_some() {
                state::databases::forget(self.state.client(), &name).await?;
            }
        }
        Ok(())
    }

    /// Makes or drops a database when nobody else does, be it on behalf of a dead process.
    async fn alone_with<T>(&self, name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.admin.execute("SELECT pg_advisory_lock($1)", &[&name_key(name)]).await?;
        self.unlocking(name, work).await
    }

    async fn try_alone_with<T>(&self, name: &str, work: impl Future<Output = Result<T>>) -> Result<Option<T>> {
        let taken = self.admin.query_one("SELECT pg_try_advisory_lock($1)", &[&name_key(name)]).await?;
        if taken.try_get(0)? { self.unlocking(name, work).await.map(Some) } else { Ok(None) }
    }

    async fn unlocking<T>(&self, name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        let outcome = work.await;
        self.admin.execute("SELECT pg_advisory_unlock($1)", &[&name_key(name)]).await?;
        outcome
    }
}

fn name_key(database: &str) -> i64 {
    locks::key("database", database)
}
