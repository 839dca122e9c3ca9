//! A folder of migrations, read the way the tool that wrote it reads it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::folder::{Folder, SqlFile, takes_back};
use super::{detect, flyway, marked, numbered, prisma};
use crate::script::{Script, Wrap};
use crate::{Class, Error, Result};

/// A tool whose folders of SQL migrations can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tool {
    /// Flyway: `V1__name.sql`, `R__name.sql`, `B1__name.sql`.
    Flyway,
    /// golang-migrate: `1_name.up.sql`.
    GolangMigrate,
    /// dbmate: `1_name.sql` with `-- migrate:up`.
    Dbmate,
    /// goose: `1_name.sql` with `-- +goose Up`.
    Goose,
    /// sqlx: `1_name.sql` or `1_name.up.sql`.
    Sqlx,
    /// Prisma: `1_name/migration.sql`.
    Prisma,
    /// No tool: every SQL file in the natural order of the names.
    Plain,
}

/// The migrations of a folder, in the order in which their tool applies them.
#[derive(Debug, Clone)]
pub struct Migrations {
    /// Whose folder it is.
    pub tool: Tool,
    /// How that was seen.
    pub sign: String,
    /// The migrations.
    pub files: Vec<MigrationFile>,
    /// What was left aside or could have been read otherwise.
    pub notes: Vec<String>,
}

/// One migration: the part of a file that goes forward.
#[derive(Debug, Clone)]
pub struct MigrationFile {
    /// Its version as it is written, empty for one that has none.
    pub version: String,
    /// Its name without version and ending.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// What runs: it keeps the line numbers of the file, and the transaction the tool would make.
    pub script: Script,
}

/// What the reader of one tool finds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub files: Vec<MigrationFile>,
    pub notes: Vec<String>,
}

impl Tool {
    /// Every tool there is.
    pub const ALL: [Self; 7] =
        [Self::Flyway, Self::GolangMigrate, Self::Dbmate, Self::Goose, Self::Sqlx, Self::Prisma, Self::Plain];

    /// Its name on the command line and in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flyway => "flyway",
            Self::GolangMigrate => "golang-migrate",
            Self::Dbmate => "dbmate",
            Self::Goose => "goose",
            Self::Sqlx => "sqlx",
            Self::Prisma => "prisma",
            Self::Plain => "plain",
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Tool {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.into_iter().map(Self::name).collect();
            Error::new(Class::Input, "migration_tool_unknown", format!("`{name}` is no migration tool known here"))
                .hint(format!("one of: {}", names.join(", ")))
        })
    }
}

impl Migrations {
    /// Reads a folder as `tool` would, or as the tool whose folder it looks like.
    pub fn find(path: &Path, tool: Option<Tool>) -> Result<Self> {
        if !path.metadata().map_err(|error| Error::unreadable(path, &error))?.is_dir() {
            return Err(Error::new(
                Class::Input,
                "migrations_no_folder",
                "migrations are read from a folder, and this is a file",
            )
            .on(path.display().to_string())
            .hint("name the folder, or import the file with `--schema`"));
        }
        let folder = Folder::list(path)?;
        if folder.files.is_empty() {
            return Err(folder.without_sql());
        }
        let (tool, sign, mut notes) = match tool {
            Some(tool) => (tool, "as asked".to_owned(), Vec::new()),
            None => detect::tool(&folder)?,
        };
        let found = match tool {
            Tool::Flyway => flyway::read(&folder),
            Tool::GolangMigrate => numbered::golang_migrate(&folder),
            Tool::Sqlx => numbered::sqlx(&folder),
            Tool::Dbmate => marked::dbmate(&folder),
            Tool::Goose => marked::goose(&folder),
            Tool::Prisma => prisma::read(&folder),
            Tool::Plain => Ok(plain(&folder)),
        }?;
        notes.extend(found.notes);
        if found.files.is_empty() {
            return Err(Error::new(Class::Input, "migrations_none", format!("no file here is a migration of {tool}"))
                .on(path.display().to_string())
                .hint("name another tool, or `plain` to run every SQL file in the order of the names"));
        }
        Ok(Self { tool, sign, files: found.files, notes })
    }
}

impl Found {
    /// Notes a file that the tool would not run.
    pub fn leave(&mut self, file: &SqlFile, reason: &str) {
        self.notes.push(format!("{} was left aside: {reason}", file.relative));
    }
}

/// Every SQL file that goes forward, as psql would run it.
fn plain(folder: &Folder) -> Found {
    let mut found = Found::default();
    for file in &folder.files {
        if takes_back(&file.relative) {
            found.leave(file, "by its name it takes changes back");
            continue;
        }
        found.files.push(MigrationFile {
            version: String::new(),
            name: file.relative[..file.relative.len() - ".sql".len()].to_owned(),
            path: file.path.clone(),
            script: Script::file(&file.path).wrapped(Wrap::AsWritten),
        });
    }
    found
}

/// Refuses two migrations of one version; `key` makes versions comparable.
pub(super) fn no_version_twice(files: &[MigrationFile], key: impl Fn(&str) -> String) -> Result<()> {
    let mut seen: BTreeMap<String, &Path> = BTreeMap::new();
    for file in files.iter().filter(|file| !file.version.is_empty()) {
        if let Some(other) = seen.insert(key(&file.version), &file.path) {
            let message = format!("version {} is there twice: also in {}", file.version, other.display());
            return Err(Error::new(Class::Input, "migration_version_twice", message)
                .on(file.path.display().to_string())
                .hint("give one of the two another version, in the order in which they must run"));
        }
    }
    Ok(())
}

/// An error about a migration that has no part that goes forward.
pub(super) fn without_up(path: &Path, missing: &str, hint: &str) -> Error {
    Error::new(Class::Input, "migration_without_up", format!("the migration has no {missing}"))
        .on(path.display().to_string())
        .hint(hint)
}

/// An error about a placeholder whose value only the tool knows.
pub(super) fn placeholder(path: &Path, line: usize, name: &str) -> Error {
    let message = format!("the placeholder ${{{name}}} has a value that only the tool's configuration knows");
    Error::new(Class::Input, "migration_placeholder", message)
        .on(format!("{}:{line}", path.display()))
        .hint("write its value into a copy of the folder, or migrate an empty database with the tool and import that with `--from URL`")
}

/// The first `${name}` in lines of text, with the index of its line.
pub(super) fn find_placeholder<'a>(lines: impl IntoIterator<Item = &'a str>) -> Option<(usize, &'a str)> {
    lines.into_iter().enumerate().find_map(|(index, line)| {
        let (_, from) = line.split_once("${")?;
        let (name, _) = from.split_once('}')?;
        Some((index, name))
    })
}
