//! Prisma's folders: one for every migration, with `migration.sql` in it.

use std::fs;

use super::folder::{Folder, SqlFile};
use super::migrations::{Found, MigrationFile, without_up};
use crate::script::{Script, Wrap};
use crate::{Error, Result};

/// How many migrations of Prisma there are.
pub(super) fn count(folder: &Folder) -> usize {
    folder.files.iter().filter(|file| folder_of(file).is_some()).count()
}

/// Reads the folders in the order of their names, which begin with a timestamp.
pub(super) fn read(folder: &Folder) -> Result<Found> {
    let mut found = Found::default();
    for file in &folder.files {
        match folder_of(file) {
            Some(name) => {
                let (version, name) = name.split_once('_').unwrap_or((name, name));
                found.files.push(MigrationFile {
                    version: version.to_owned(),
                    name: name.to_owned(),
                    path: file.path.clone(),
                    // Prisma sends the file as one query, which is a transaction where it may be.
                    script: Script::file(&file.path).wrapped(Wrap::WholeIfAllowed),
                });
            }
            None => found.leave(file, "it is not the migration.sql of a migration"),
        }
    }
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    for entry in fs::read_dir(&folder.path).map_err(|error| Error::unreadable(&folder.path, &error))?.flatten() {
        let numbered = entry.file_name().to_string_lossy().starts_with(|char: char| char.is_ascii_digit());
        if numbered && entry.path().is_dir() && !entry.path().join("migration.sql").exists() {
            let hint = "remove the folder, or put the file back from the history of the repository";
            return Err(without_up(&entry.path(), "migration.sql", hint));
        }
    }
    Ok(found)
}

/// The name of the folder of a `migration.sql` right inside the migrations.
fn folder_of(file: &SqlFile) -> Option<&str> {
    let folder = file.relative.strip_suffix("/migration.sql")?;
    (!folder.contains('/')).then_some(folder)
}
