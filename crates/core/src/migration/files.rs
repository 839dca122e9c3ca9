//! The files of a migration: all of them or none.

use super::tools::RenderedFile;
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
    /// Folders that are made for them.
    #[serde(default)]
    folders: Vec<PathBuf>,
    operation: NewOperation,
}

/// A file that may be there, in part or as a whole.
#[derive(Debug, Serialize, Deserialize)]
struct Pending {
    path: PathBuf,
    /// Where its text is gathered first.
    beside: PathBuf,
    hash: Hash,
    /// What it said before, if it was there.
    #[serde(default)]
    before: Option<String>,
}

impl Project {
    /// Writes files that are not there yet, and records the operation when all of them are.
    pub(super) async fn write_files(
        &mut self,
        journal: &JournalGuard,
        files: &[(PathBuf, String)],
        operation: NewOperation,
    ) -> Result<()> {
        let file =
            |(path, text): &(PathBuf, String)| RenderedFile { path: path.clone(), text: text.clone(), before: None };
        let files: Vec<RenderedFile> = files.iter().map(file).collect();
        self.change_files(journal, &files, operation).await
    }

    /// Writes files, and records the operation when all of them are. Where it fails, the journal
    /// says what [`Project::settle_files`] has to take back.
    pub(super) async fn change_files(
        &mut self,
        journal: &JournalGuard,
        files: &[RenderedFile],
        operation: NewOperation,
    ) -> Result<()> {
        let mut writing = Writing { files: Vec::new(), folders: Vec::new(), operation };
        for file in files {
            file.is_as_expected()?;
            let path = std::path::absolute(&file.path).map_err(|error| cannot("find", &file.path, &error))?;
            let missing = path.ancestors().skip(1).take_while(|folder| !folder.exists()).map(Path::to_owned);
            writing.folders.extend(missing);
            let (hash, before) = (Hash::of(file.text.as_bytes()), file.before.clone());
            writing.files.push(Pending { beside: beside(&path), hash, before, path });
        }
        journal.update(self.state.client(), &json!({ "writing": writing })).await?;
        for (pending, file) in writing.files.iter().zip(files) {
            let folder = pending.path.parent().unwrap_or(&pending.path);
            std::fs::create_dir_all(folder).map_err(|error| cannot("make", folder, &error))?;
            write_whole(&pending.path, file.text.as_bytes(), 0o644)?;
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

    /// Takes back what was written; a file with another text is somebody else's and stays.
    fn take_back(&self) -> Result<()> {
        for file in &self.files {
            if file.beside.exists() {
                remove(&file.beside)?;
            }
            match &file.before {
                _ if !file.is_whole() => {}
                Some(before) => write_whole(&file.path, before.as_bytes(), 0o644)?,
                None => remove(&file.path)?,
            }
        }
        for folder in &self.folders {
            // One with somebody else's files in it stays.
            let _ = std::fs::remove_dir(folder);
        }
        Ok(())
    }
}

impl Pending {
    fn is_whole(&self) -> bool {
        std::fs::read(&self.path).is_ok_and(|bytes| Hash::of(&bytes) == self.hash)
    }
}

impl RenderedFile {
    /// Whether nobody made or changed the file since it was looked at.
    fn is_as_expected(&self) -> Result<()> {
        let Some(before) = &self.before else {
            return if self.path.exists() { Err(exists(&self.path)) } else { Ok(()) };
        };
        let now = std::fs::read(&self.path).map_err(|error| cannot("read", &self.path, &error))?;
        if now == before.as_bytes() {
            return Ok(());
        }
        Err(Error::new(Class::State, "file_changed", "the file was changed while the migration was made")
            .on(self.path.display().to_string())
            .hint("run the command again"))
    }
}

/// An error about a file that is in the way.
pub(super) fn exists(path: &Path) -> Error {
    Error::new(Class::State, "file_exists", "the file is there already and was left as it is")
        .on(path.display().to_string())
        .hint("choose another name (`--name`) or folder (`-o`)")
}

fn remove(path: &Path) -> Result<()> {
    std::fs::remove_file(path).map_err(|error| cannot("remove", path, &error))
}
