//! Databases that Pleach makes: registered before they are created, forgotten after they are
//! dropped, so that none is ever left behind.

use crate::project::Project;
use crate::state::{self, JournalGuard, Purpose};
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
        let name = self.database_name(purpose.as_str());
        let id = Some(journal.journal.id);
        state::databases::register(self.state.client(), self.row.id, &name, purpose, id).await?;
        self.checkpoint("database registered");
        let owner = self.secrets.owner.as_ref().map(|login| login.role.clone());
        let options = CloneOptions { owner, ..CloneOptions::default() };
        let way = match database::clone(&self.admin, template, &name, &options).await {
            Ok(way) => way,
            Err(error) => {
                self.drop_database(&name).await?;
                return Err(error);
            }
        };
        self.checkpoint("database cloned");
        state::databases::set_ready(self.state.client(), &name).await?;
        Ok((name, way))
    }

    /// Drops a database and forgets it; whoever is connected to it is disconnected.
    pub(crate) async fn drop_database(&self, name: &str) -> Result<()> {
        if state::databases::find(self.state.client(), name).await?.is_none() {
            return Ok(());
        }
        state::databases::set_dropping(self.state.client(), name).await?;
        self.checkpoint("database to be dropped");
        database::drop(&self.admin, name, true).await?;
        self.checkpoint("database dropped");
        state::databases::forget(self.state.client(), name).await
    }
}
