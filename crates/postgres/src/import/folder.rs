//! Listing the SQL files of a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::natural;
use crate::{Class, Error, Result};

/// A folder and the files in it, hidden ones left aside.
#[derive(Debug)]
pub(super) struct Folder {
    pub path: PathBuf,
    /// The SQL files, in the natural order of their relative paths.
    pub files: Vec<SqlFile>,
    /// How many other files there are, by extension.
    pub others: BTreeMap<String, usize>,
}

/// A file whose name ends in `.sql`.
#[derive(Debug, Clone)]
pub(super) struct SqlFile {
    pub path: PathBuf,
    /// Its path from the folder, with `/` between names.
    pub relative: String,
}

impl SqlFile {
    /// Its name without folders.
    pub fn name(&self) -> &str {
        self.relative.rsplit('/').next().unwrap_or(&self.relative)
    }

    /// Its name without folders and without `.sql`.
    pub fn stem(&self) -> &str {
        let name = self.name();
        &name[..name.len() - ".sql".len()]
    }

    /// Whether it lies in the folder itself, and not in one inside it.
    pub fn is_at_top(&self) -> bool {
        !self.relative.contains('/')
    }

    /// What it says.
    pub fn read(&self) -> Result<String> {
        let bytes = fs::read(&self.path).map_err(|error| Error::unreadable(&self.path, &error))?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Error::new(Class::Input, "file_not_utf8", "the file is not UTF-8 text")
                .on(self.path.display().to_string())
                .hint("convert it first, for example `iconv -f LATIN1 -t UTF-8` (or -f UTF-16)")
        })?;
        Ok(text)
    }
}

impl Folder {
    pub fn list(path: &Path) -> Result<Self> {
        let mut folder = Self { path: path.to_owned(), files: Vec::new(), others: BTreeMap::new() };
        folder.add(path, "")?;
        folder.files.sort_by(|a, b| natural::compare(&a.relative, &b.relative));
        Ok(folder)
    }

    fn add(&mut self, path: &Path, prefix: &str) -> Result<()> {
        for entry in fs::read_dir(path).map_err(|error| Error::unreadable(path, &error))? {
            let entry = entry.map_err(|error| Error::unreadable(path, &error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let relative = format!("{prefix}{name}");
            let kind = entry.file_type().map_err(|error| Error::unreadable(&entry.path(), &error))?;
            // A link to a folder is not followed: it may lead back here.
            if kind.is_dir() {
                self.add(&entry.path(), &format!("{relative}/"))?;
            } else if name.len() > 4 && name[name.len() - 4..].eq_ignore_ascii_case(".sql") {
                self.files.push(SqlFile { path: entry.path(), relative });
            } else if let Some((_, extension)) = name.rsplit_once('.') {
                *self.others.entry(extension.to_ascii_lowercase()).or_default() += 1;
            }
        }
        Ok(())
    }

    /// An error about there being no SQL file, which names what is there instead.
    pub fn without_sql(&self) -> Error {
        let code = ["py", "rb", "ts", "js", "go", "java", "php", "kt", "cs", "xml", "yaml", "yml"];
        let found = code.into_iter().find(|extension| self.others.contains_key(*extension));
        let empty = Error::new(Class::Input, "no_sql_files", "there is no .sql file in this folder")
            .on(self.path.display().to_string());
        match found {
            Some(extension) => empty.hint(format!(
                "its .{extension} files may be migrations in another language: run them with their own tool on an \
                 empty database, and import that with `--from URL`"
            )),
            None => empty.hint("name the folder that holds the .sql files"),
        }
    }
}

/// Whether a file takes changes back, by what it or its folder is called.
pub(super) fn takes_back(relative: &str) -> bool {
    let relative = relative.to_ascii_lowercase();
    let (folders, name) = relative.rsplit_once('/').unwrap_or(("", &relative));
    let words = ["down", "rollback", "revert", "undo"];
    let stem = name.trim_end_matches(".sql");
    let last = stem.rsplit(['.', '_', '-']).next().unwrap_or(stem);
    // `shut_down.sql` ends in the word too, but only a dot or a number before it makes it a sign.
    let marked = words.contains(&stem)
        || (words.contains(&last) && (stem.contains('.') || stem.starts_with(|char: char| char.is_ascii_digit())));
    marked || folders.split('/').any(|folder| words.contains(&folder))
}

#[cfg(test)]
mod tests {
    use super::takes_back;

    #[test]
    fn files_that_take_back_are_known_by_name() {
        for name in ["1_a.down.sql", "001_users_down.sql", "2024_x/down.sql", "rollback/1.sql", "3-x-rollback.sql"] {
            assert!(takes_back(name), "{name}");
        }
        for name in ["1_a.up.sql", "shut_down.sql", "downloads.sql", "2024_x/up.sql", "1_breakdown.sql"] {
            assert!(!takes_back(name), "{name}");
        }
    }
}
