//! Folders whose files hold both directions, told apart by marks in comments: dbmate and goose.

use super::folder::{Folder, SqlFile};
use super::migrations::{Found, MigrationFile, find_placeholder, no_version_twice, placeholder, without_up};
use super::natural;
use crate::script::{Script, Wrap};
use crate::{Class, Error, Result};

/// What a line says about the lines that follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Up,
    Down,
    NoTransaction,
    Substitute(bool),
}

/// The part of a file that goes forward.
struct Forward {
    /// The file with everything else blanked, so that lines and bytes keep their places.
    text: String,
    /// Whether it runs in a transaction.
    transaction: bool,
}

/// Whether the line begins dbmate's part that goes forward.
pub(super) fn is_dbmate_up(line: &str) -> bool {
    dbmate_marks(line).contains(&Mark::Up)
}

/// Whether the line begins goose's part that goes forward.
pub(super) fn is_goose_up(line: &str) -> bool {
    goose_marks(line).contains(&Mark::Up)
}

/// Reads dbmate's files in the order of their names.
pub(super) fn dbmate(folder: &Folder) -> Result<Found> {
    let mut found =
        read(folder, dbmate_marks, "`-- migrate:up` part", "write `-- migrate:up` above what goes forward")?;
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Reads goose's files by number.
pub(super) fn goose(folder: &Folder) -> Result<Found> {
    if folder.others.contains_key("go") && has_go_migrations(folder) {
        return Err(Error::new(Class::Input, "migration_not_sql", "some of the migrations are written in Go")
            .on(folder.path.display().to_string())
            .hint("migrate an empty database with your program, and import that with `--from URL`"));
    }
    read(folder, goose_marks, "`-- +goose Up` part", "write `-- +goose Up` above what goes forward")
}

fn read(folder: &Folder, marks: fn(&str) -> Vec<Mark>, up: &str, hint: &str) -> Result<Found> {
    let mut found = Found::default();
    for file in &folder.files {
        let (version, rest) = natural::leading_number(file.stem());
        if version.is_empty() || !file.is_at_top() {
            found.leave(file, "its name is not that of a migration");
            continue;
        }
        let forward = forward(file, marks)?.ok_or_else(|| without_up(&file.path, up, hint))?;
        let wrap = if forward.transaction { Wrap::Whole } else { Wrap::AsWritten };
        found.files.push(MigrationFile {
            version: version.to_owned(),
            name: rest.trim_start_matches(['_', '-']).to_owned(),
            path: file.path.clone(),
            script: Script::text_of(&file.path, forward.text).wrapped(wrap),
        });
    }
    found.files.sort_by(|a, b| natural::numbers(&a.version, &b.version));
    no_version_twice(&found.files, |version| natural::significant(version).to_owned())?;
    Ok(found)
}

/// The part of a file that goes forward, if it has one.
fn forward(file: &SqlFile, marks: fn(&str) -> Vec<Mark>) -> Result<Option<Forward>> {
    let text = file.read()?;
    let mut forward = Forward { text: String::with_capacity(text.len()), transaction: true };
    let (mut inside, mut seen, mut substitute) = (false, false, false);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        for mark in marks(line) {
            match mark {
                Mark::Up => (inside, seen) = (true, true),
                Mark::Down => inside = false,
                // goose has it above the parts, for both; dbmate beside the mark of one.
                Mark::NoTransaction if inside || !seen => forward.transaction = false,
                Mark::NoTransaction => {}
                Mark::Substitute(on) => substitute = on,
            }
        }
        if inside {
            if let Some((_, name)) = find_placeholder([line]).filter(|_| substitute) {
                return Err(placeholder(&file.path, index + 1, name));
            }
            forward.text.push_str(line);
        } else {
            forward.text.extend(line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        }
    }
    Ok(seen.then_some(forward))
}

/// `-- migrate:up transaction:false`.
fn dbmate_marks(line: &str) -> Vec<Mark> {
    let Some(mark) = comment(line).and_then(|text| text.strip_prefix("migrate:")) else { return Vec::new() };
    let mut words = mark.split_whitespace();
    let mut marks = match words.next() {
        Some("up") => vec![Mark::Up],
        Some("down") => vec![Mark::Down],
        _ => return Vec::new(),
    };
    if words.any(|option| option == "transaction:false") && marks == [Mark::Up] {
        marks.push(Mark::NoTransaction);
    }
    marks
}

/// `-- +goose Up`, `-- +goose NO TRANSACTION`, `-- +goose ENVSUB ON`. The marks around statements
/// say nothing new: a statement's end is known without them.
fn goose_marks(line: &str) -> Vec<Mark> {
    let Some(mark) = comment(line).and_then(|text| text.strip_prefix("+goose")) else { return Vec::new() };
    let words: Vec<String> = mark.split_whitespace().map(str::to_ascii_lowercase).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["up"] => vec![Mark::Up],
        ["down"] => vec![Mark::Down],
        ["no", "transaction"] => vec![Mark::NoTransaction],
        ["envsub", "on"] => vec![Mark::Substitute(true)],
        ["envsub", "off"] => vec![Mark::Substitute(false)],
        _ => Vec::new(),
    }
}

fn comment(line: &str) -> Option<&str> {
    Some(line.trim_start_matches('\u{feff}').trim().strip_prefix("--")?.trim_start())
}

/// Whether a Go file is numbered like a migration.
fn has_go_migrations(folder: &Folder) -> bool {
    std::fs::read_dir(&folder.path).into_iter().flatten().flatten().any(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let (number, rest) = natural::leading_number(&name);
        !number.is_empty() && rest.starts_with('_') && rest.ends_with(".go") && !rest.ends_with("_test.go")
    })
}
