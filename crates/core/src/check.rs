//! Checking everything: the store, and the live databases against it.

use crate::project::Project;
use crate::state::{self, fsck::Damage};
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
        let there = database::list(&self.admin, "").await?;
        for registered in state::databases::list(self.state.client(), self.row.id).await? {
            check.databases += 1;
            match there.iter().find(|database| database.name == registered.name) {
                Some(database) if database.valid => {}
                Some(_) => check.damages.push(Damage {
                    object: format!("database {}", registered.name),
                    what: "it is the ruin of a drop that was cut off".to_owned(),
                    consequence: "nobody can connect to it; the next command removes it".to_owned(),
                }),
                None => check.damages.push(Damage {
                    object: format!("database {}", registered.name),
                    what: format!("it is registered as a {} and not on the server", registered.purpose.as_str()),
                    consequence: "its rows are lost; its schema is in the commits".to_owned(),
                }),
            }
        }
        Ok(check)
    }
}
