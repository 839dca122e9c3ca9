//! Folders whose files are numbered, one file for every direction: golang-migrate and sqlx.

use std::collections::BTreeSet;

use super::folder::{Folder, SqlFile};
use super::migrations::{Found, MigrationFile, no_version_twice, without_up};
use super::natural;
use crate::Result;
use crate::script::{Script, Wrap};

/// Which way the file goes, by its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
    /// It does not say: sqlx takes it as going forward.
    Simple,
}

/// Reads `1_name.up.sql` by number. A file with several statements is sent as one query, which is a
/// transaction.
pub(super) fn golang_migrate(folder: &Folder) -> Result<Found> {
    read(folder, |way| way == Way::Up, |_| Ok(Wrap::WholeIfAllowed))
}

/// Reads `1_name.sql` and `1_name.up.sql` by number, each in a transaction unless its first line
/// says otherwise.
pub(super) fn sqlx(folder: &Folder) -> Result<Found> {
    let wrap = |file: &SqlFile| Ok(if says_no_transaction(&file.read()?) { Wrap::AsWritten } else { Wrap::Whole });
    read(folder, |way| way != Way::Down, wrap)
}

/// Whether a file begins with sqlx's mark against a transaction.
pub(super) fn says_no_transaction(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').starts_with("-- no-transaction")
}

/// Whether the name is a number and a name, and says no direction.
pub(super) fn is_simple(name: &str) -> bool {
    name.strip_suffix(".sql").and_then(parse).is_some_and(|(_, _, way)| way == Way::Simple)
}

fn read(folder: &Folder, is_up: impl Fn(Way) -> bool, wrap: impl Fn(&SqlFile) -> Result<Wrap>) -> Result<Found> {
    let mut found = Found::default();
    let mut downs = Vec::new();
    for file in &folder.files {
        match parse(file.stem()).filter(|_| file.is_at_top()) {
            Some((version, name, way)) if is_up(way) => found.files.push(MigrationFile {
                version: version.to_owned(),
                name: name.to_owned(),
                path: file.path.clone(),
                script: Script::file(&file.path).wrapped(wrap(file)?),
            }),
            Some((version, _, Way::Down)) => downs.push((version, file)),
            _ => found.leave(file, "its name is not that of a migration"),
        }
    }
    found.files.sort_by(|a, b| natural::numbers(&a.version, &b.version));
    no_version_twice(&found.files, |version| natural::significant(version).to_owned())?;
    let ups: BTreeSet<&str> = found.files.iter().map(|file| natural::significant(&file.version)).collect();
    if let Some((_, file)) = downs.iter().find(|(version, _)| !ups.contains(natural::significant(version))) {
        let up = file.name().replace(".down.sql", ".up.sql");
        return Err(without_up(&file.path, &up, "put the file back, or remove its down file"));
    }
    Ok(found)
}

/// The version, the name and the direction of `1_name.up`.
fn parse(stem: &str) -> Option<(&str, &str, Way)> {
    let (version, rest) = natural::leading_number(stem);
    let rest = rest.strip_prefix('_').filter(|_| !version.is_empty())?;
    Some(match rest.rsplit_once('.') {
        Some((name, "up")) => (version, name, Way::Up),
        Some((name, "down")) => (version, name, Way::Down),
        _ => (version, rest, Way::Simple),
    })
}
