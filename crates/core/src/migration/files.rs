//! The files of a migration: all of them or none.

use crate::config::{beside, cannot, write_whole};
use crate::project::Project;
use crate::state::{JournalGuard, NewOperation, operations};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Hash;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};

/// What is kept in the journal while files are written, so that any process can finish it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Writing {
    files: Vec<Pending>,
    operation: NewOperation,
}

/// A file that may be there, in part or as a whole.
#[derive(Debug, Serialize, Deserialize)]
struct Pending {
    path: PathBuf,
    /// Where its text is gathered first.
    beside: PathBuf,
    hash: Hash,
}

impl Project {
    /// Writes files that are not there yet, and records the operation when all of them are. Where it
    /// fails, the journal says what [`Project::settle_files`] has to take back.
    pub(super) async fn write_files(
        &mut self,
        journal: &JournalGuard,
        files: &[(PathBuf, String)],
        operation: NewOperation,
    ) -> Result<()> {
        let mut writing = Writing { files: Vec::new(), operation };
        for (path, text) in files {
            if path.exists() {
                return Err(Error::new(Class::State, "file_exists", "the file is there already and was left as it is")
                    .on(path.display().to_string())
                    .hint("choose another name (`--name`) or folder (`-o`)"));
            }
            let path = std::path::absolute(path).map_err(|error| cannot("find", path, &error))?;
            writing.files.push(Pending { beside: beside(&path), hash: Hash::of(text.as_bytes()), path });
        }
        journal.update(self.state.client(), &json!({ "writing": writing })).await?;
        for (pending, (_, text)) in writing.files.iter().zip(files) {
            write_whole(&pending.path, text.as_bytes(), 0o644)?;
            self.checkpoint("migration file written");
        }
        self.record_files(journal, &writing).await
    }

    /// Finishes or takes back what a killed process was writing.
    pub(crate) async fn settle_files(&mut self, journal: &JournalGuard, writing: &Writing) -> Result<()> {
        if writing.is_done() { self.record_files(journal, writing).await } else { writing.take_back() }
    }

    async fn record_files(&mut self, journal: &JournalGuard, writing: &Writing) -> Result<()> {
        let project = self.row.id;
        let transaction = self.state.transaction().await?;
        operations::insert(&transaction, project, &writing.operation).await?;
        journal.finish(&transaction).await?;
        Ok(transaction.commit().await?)
    }
}

impl Writing {
    fn is_done(&self) -> bool {
        self.files.iter().all(Pending::is_whole)
    }

    /// Removes what was written; a file with another text is somebody else's and stays.
    fn take_back(&self) -> Result<()> {
        for file in &self.files {
            if file.beside.exists() {
                remove(&file.beside)?;
            }
            if file.is_whole() {
                remove(&file.path)?;
            }
        }
        Ok(())
    }
}

impl Pending {
    fn is_whole(&self) -> bool {
        std::fs::read(&self.path).is_ok_and(|bytes| Hash::of(&bytes) == self.hash)
    }
}

fn remove(path: &Path) -> Result<()> {
    std::fs::remove_file(path).map_err(|error| cannot("remove", path, &error))
}
