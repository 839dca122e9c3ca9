//! The files of migrations, and what they hold.

use crate::migration::Manifest;
use pleach_postgres::import::{Migrations, Tool, compare_versions};
use pleach_postgres::script::{Script, Sort, Unit, Variables, units};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Hash;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};

/// A folder of migrations: `VERSION_NAME.up.sql`, with `.down.sql` and `.json` where they are there.
#[derive(Debug, Clone)]
pub struct MigrationFolder {
    pub(super) migrations: Vec<Migration>,
}

/// A migration as files.
#[derive(Debug, Clone)]
pub(super) struct Migration {
    pub version: String,
    pub name: String,
    pub up: File,
    pub down: Option<File>,
    manifest: Option<PathBuf>,
}

/// A file of statements.
#[derive(Debug, Clone)]
pub(super) struct File {
    path: PathBuf,
    text: String,
    pub checksum: Hash,
}

/// What a file holds, cut where it commits.
pub(super) struct Cut {
    pub units: Vec<Unit>,
    pub total: usize,
    /// The checksum of the first so many statements, for each number at which something commits.
    pub checksums: Vec<(usize, Hash)>,
}

impl MigrationFolder {
    /// Reads a folder, in the order of versions.
    ///
    /// # Errors
    /// When it cannot be read, holds no migration, or two of one version.
    pub fn read(folder: &Path) -> Result<Self> {
        let found = Migrations::find(folder, Some(Tool::GolangMigrate))?;
        let migrations = found.files.into_iter().map(|file| {
            let beside = |ending: &str| {
                let name = file.path.file_name()?.to_str()?.strip_suffix(".up.sql")?;
                Some(file.path.with_file_name(format!("{name}{ending}"))).filter(|path| path.is_file())
            };
            Ok(Migration {
                down: beside(".down.sql").map(|path| File::read(&path)).transpose()?,
                manifest: beside(".json"),
                up: File::read(&file.path)?,
                version: file.version,
                name: file.name,
            })
        });
        Ok(Self { migrations: migrations.collect::<Result<_>>()? })
    }

    pub(super) fn find(&self, version: &str) -> Option<&Migration> {
        self.migrations.iter().find(|migration| order(&migration.version, version).is_eq())
    }
}

/// The order of versions.
pub(super) fn order(a: &str, b: &str) -> Ordering {
    compare_versions(a, b)
}

impl Migration {
    /// What it is called in messages.
    pub fn called(&self) -> String {
        format!("migration {}_{}", self.version, self.name)
    }

    /// What is known of it, if Pleach wrote it.
    pub fn manifest(&self) -> Result<Option<Manifest>> {
        let Some(path) = &self.manifest else { return Ok(None) };
        let text = std::fs::read_to_string(path).map_err(|error| Error::unreadable(path, &error))?;
        Manifest::from_json(&text).map(Some).map_err(|error| error.on(path.display().to_string()))
    }
}

impl File {
    fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::unreadable(path, &error))?;
        Ok(Self { checksum: Hash::of(text.as_bytes()), path: path.to_owned(), text })
    }

    /// Its statements.
    ///
    /// # Errors
    /// What a script may not hold that can be gone on with.
    pub fn cut(&self) -> Result<Cut> {
        let units = units(&Script::text_of(&self.path, self.text.as_str()), &Variables::new())?;
        let pieces = || units.iter().flat_map(|unit| &unit.pieces);
        let nameless = |sort: &Sort| matches!(sort, Sort::BuildIndex { name, .. } if name.is_empty());
        if let Some(piece) = pieces().find(|piece| nameless(&piece.sort)) {
            let message = "an index that is built concurrently needs a name: cut off, it would not be found again";
            return Err(Error::new(Class::Input, "index_without_name", message)
                .on(piece.statement.place.to_string())
                .hint("write `CREATE INDEX CONCURRENTLY name ON …`"));
        }
        let (mut text, mut total, mut checksums) = (String::new(), 0, Vec::new());
        for unit in &units {
            text.push_str(unit.begin.as_deref().unwrap_or_default());
            for piece in &unit.pieces {
                text.push_str(&format!(
                    "\0{}\0{}",
                    piece.statement.sql,
                    Hash::of(piece.rows.as_deref().unwrap_or_default())
                ));
            }
            total += unit.pieces.len();
            // Each one goes over all before it.
            text = Hash::of(text.as_bytes()).to_string();
            checksums.extend(Hash::from_hex(&text).map(|hash| (total, hash)));
        }
        Ok(Cut { units, total, checksums })
    }
}
