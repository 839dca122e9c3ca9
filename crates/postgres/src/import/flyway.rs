//! Flyway's folders: versions in order, then the repeatable ones.

use std::cmp::Ordering;
use std::fs;
use std::path::Path;

use super::folder::{Folder, SqlFile};
use super::migrations::{Found, MigrationFile, find_placeholder, no_version_twice, placeholder};
use super::natural;
use crate::script::{Script, Wrap};
use crate::{Class, Error, Result};

/// What the prefix of a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    Versioned,
    Baseline,
    Undo,
    Repeatable,
}

/// Whether the name is one of Flyway's versioned or baseline migrations.
pub(super) fn is_versioned(name: &str) -> bool {
    matches!(parse(name), Some((Prefix::Versioned | Prefix::Baseline, ..)))
}

/// Reads the folder and those inside it: the newest baseline, the versions after it, then the
/// repeatable migrations by their description.
pub(super) fn read(folder: &Folder) -> Result<Found> {
    if folder.others.contains_key("java") {
        return Err(Error::new(Class::Input, "migration_not_sql", "some of the migrations are written in Java")
            .on(folder.path.display().to_string())
            .hint("migrate an empty database with flyway, and import that with `--from URL`"));
    }
    let mut found = Found::default();
    let (mut versioned, mut baselines, mut repeatable) = (Vec::new(), Vec::new(), Vec::new());
    for file in &folder.files {
        match parse(file.name()) {
            Some((Prefix::Undo, ..)) => found.leave(file, "an undo migration takes changes back"),
            Some((prefix, version, name)) => {
                let into = match prefix {
                    Prefix::Versioned => &mut versioned,
                    Prefix::Baseline => &mut baselines,
                    Prefix::Undo | Prefix::Repeatable => &mut repeatable,
                };
                into.push(migration(file, version, name)?);
            }
            None => found.leave(file, "its name is not one of Flyway's migrations"),
        }
    }
    for list in [&mut versioned, &mut baselines] {
        list.sort_by(|a, b| compare(&a.version, &b.version));
        no_version_twice(list, |version| parts(version).join("."))?;
    }
    repeatable.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(baseline) = baselines.pop() {
        let (after, before): (Vec<_>, Vec<_>) =
            versioned.into_iter().partition(|file| compare(&file.version, &baseline.version).is_gt());
        if !before.is_empty() || !baselines.is_empty() {
            let left = before.len() + baselines.len();
            found
                .notes
                .push(format!("{left} older migrations were left aside: baseline {} holds them", baseline.version));
        }
        found.files.push(baseline);
        versioned = after;
    }
    found.files.extend(versioned);
    found.files.extend(repeatable);
    Ok(found)
}

fn migration(file: &SqlFile, version: String, name: String) -> Result<MigrationFile> {
    let settings = Settings::beside(&file.path);
    if settings.placeholders {
        let text = file.read()?;
        if let Some((index, name)) = find_placeholder(text.lines()) {
            return Err(placeholder(&file.path, index + 1, name));
        }
    }
    let wrap = if settings.transaction { Wrap::WholeIfAllowed } else { Wrap::AsWritten };
    Ok(MigrationFile { version, name, path: file.path.clone(), script: Script::file(&file.path).wrapped(wrap) })
}

/// What `V1__name.sql.conf` says about `V1__name.sql`.
struct Settings {
    transaction: bool,
    placeholders: bool,
}

impl Settings {
    fn beside(path: &Path) -> Self {
        let mut file = path.as_os_str().to_owned();
        file.push(".conf");
        let text = fs::read_to_string(file).unwrap_or_default();
        let says_no = |key: &str| {
            text.lines().any(|line| {
                line.split_once('=')
                    .is_some_and(|(name, value)| name.trim() == key && value.trim().eq_ignore_ascii_case("false"))
            })
        };
        Self { transaction: !says_no("executeInTransaction"), placeholders: !says_no("placeholderReplacement") }
    }
}

/// The prefix, version and description of a name such as `V1_2__add_users.sql`.
fn parse(name: &str) -> Option<(Prefix, String, String)> {
    let stem = name.strip_suffix(".sql")?;
    let (head, description) = stem.split_once("__")?;
    let description = description.replace('_', " ");
    if head == "R" {
        return Some((Prefix::Repeatable, String::new(), description));
    }
    let prefix = match head.chars().next()? {
        'V' => Prefix::Versioned,
        'B' => Prefix::Baseline,
        'U' => Prefix::Undo,
        _ => return None,
    };
    let version = &head[1..];
    let numbers = version.split(['.', '_']).all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    numbers.then(|| (prefix, version.replace('_', "."), description))
}

/// The numbers of a version without the zeros that mean nothing: 1.0 is 1, 01 is 1.
fn parts(version: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = version.split('.').map(natural::significant).collect();
    while parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    parts
}

fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (parts(a), parts(b));
    let differing = a.iter().zip(&b).map(|(a, b)| natural::numbers(a, b)).find(|order| order.is_ne());
    differing.unwrap_or_else(|| a.len().cmp(&b.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_their_numbers() {
        let mut versions = ["10", "2.10", "2.9", "1.0", "2", "20240101.1", "0.1"];
        versions.sort_by(|a, b| compare(a, b));
        assert_eq!(versions, ["0.1", "1.0", "2", "2.9", "2.10", "10", "20240101.1"]);
        assert!(compare("1.0", "01").is_eq());
    }

    #[test]
    fn names_are_flyways_or_not() {
        assert_eq!(parse("V1_2__add_x.sql"), Some((Prefix::Versioned, "1.2".to_owned(), "add x".to_owned())));
        assert_eq!(parse("R__views.sql"), Some((Prefix::Repeatable, String::new(), "views".to_owned())));
        for name in ["V__x.sql", "V1_x.sql", "Views__x.sql", "afterMigrate.sql", "V1.__x.sql", "v1__x.sql"] {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
