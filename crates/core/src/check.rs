//! Checking everything: the store, and the live databases against it.

use crate::project::Project;
use crate::state::{self, Database, DatabaseState, fsck::Damage};
use pleach_postgres::{Result, database};
use serde::Serialize;

/// What a check found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Check {
    /// Pieces of the store that were read and hashed again.
    pub objects: u64,
    /// Commits that were read and hashed again.
    pub commits: u64,
    /// Databases that were looked at.
    pub databases: u64,
    /// What is damaged.
    pub damages: Vec<Damage>,
}

impl Project {
    /// Reads everything again, checks every hash, and looks whether every database is there.
    pub async fn fsck(&self) -> Result<Check> {
        let mut check = Check::default();
        let (mut objects, mut commits) = (0, 0);
        check.damages = state::fsck::verify_all(self.state.client(), |at| {
            match at.stage {
                "objects" => objects = at.done,
                "commits" => commits = at.done,
                _ => {}
            }
            self.progress(format!("{}: {} of {}", at.stage, at.done, at.total));
        })
        .await?;
        (check.objects, check.commits) = (objects, commits);
        for registered in state::databases::list(self.state.client(), self.row.id).await? {
            check.databases += 1;
            check.damages.extend(self.verify_database(registered).await?);
        }
        Ok(check)
    }

    /// Looks whether a database is on the server. One that is being made or dropped may or may not
    /// be, and while we look it may come to that, or get another name.
    async fn verify_database(&self, registered: Database) -> Result<Option<Damage>> {
        let there = database::find(&self.admin, &registered.name).await?;
        let now = state::databases::find(self.state.client(), &registered.name).await?;
        let is_ready = |database: &Database| database.state == DatabaseState::Ready;
        if !(is_ready(&registered) && now.as_ref().is_some_and(is_ready)) {
            return Ok(None);
        }
        let (what, consequence) = match there {
            Some(database) if database.valid => return Ok(None),
            Some(_) => ("it is the ruin of a drop that was cut off".to_owned(), "nobody can connect to it any more"),
            None => (
                format!("it is registered as a {} and not on the server", registered.purpose.as_str()),
                "its rows are lost; its schema is in the commits",
            ),
        };
        let object = format!("database {}", registered.name);
        Ok(Some(Damage { object, what, consequence: consequence.to_owned() }))
    }
}
