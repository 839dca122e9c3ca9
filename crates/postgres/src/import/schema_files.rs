//! A schema in one SQL file, or in a folder of them.

use std::path::Path;

use super::folder::{Folder, takes_back};
use crate::script::Script;
use crate::{Class, Error, Result};

/// The SQL files of a schema, in the order in which they run.
#[derive(Debug, Clone)]
pub struct SchemaFiles {
    /// The files as scripts.
    pub scripts: Vec<Script>,
    /// What was left aside, and why.
    pub notes: Vec<String>,
}

impl SchemaFiles {
    /// Reads a path: a file stands for itself, a folder for all its `*.sql` files in the natural
    /// order of their paths. Hidden files are not looked at; files that take changes back are left
    /// aside with a note.
    pub fn find(path: &Path) -> Result<Self> {
        let metadata = path.metadata().map_err(|error| Error::unreadable(path, &error))?;
        if !metadata.is_dir() {
            return Ok(Self { scripts: vec![Script::file(path)], notes: Vec::new() });
        }
        if path.join("toc.dat").exists() {
            return Err(Error::new(Class::Input, "not_plain_sql", "this is a dump in pg_dump's directory format")
                .on(path.display().to_string())
                .hint("make SQL of it first: `pg_restore -f schema.sql FOLDER`"));
        }
        let folder = Folder::list(path)?;
        let mut found = Self { scripts: Vec::new(), notes: Vec::new() };
        for file in &folder.files {
            if takes_back(&file.relative) {
                found.notes.push(format!("{} was left aside: by its name it takes changes back", file.relative));
            } else {
                found.scripts.push(Script::file(&file.path));
            }
        }
        if found.scripts.is_empty() { Err(folder.without_sql()) } else { Ok(found) }
    }
}
