//! Telling whose folder it is: by its layout, by marks in its files, by their names, in this order.

use std::fs;
use std::path::Path;

use super::folder::Folder;
use super::migrations::Tool;
use super::{flyway, marked, natural, numbered, prisma};
use crate::{Class, Error, Result};

/// What speaks for a tool.
struct Sign {
    tool: Tool,
    what: &'static str,
    /// How many files show it.
    files: usize,
}

/// The tool with the strongest sign, the sign, and notes about weaker ones.
pub(super) fn tool(folder: &Folder) -> Result<(Tool, String, Vec<String>)> {
    if folder.path.join("sqitch.plan").exists() {
        return Err(Error::new(
            Class::Input,
            "migrations_unrecognised",
            "this is a folder of Sqitch, whose order is in its plan",
        )
        .on(folder.path.display().to_string())
        .hint("deploy it to an empty database with sqitch, and import that with `--from URL`"));
    }
    let mut signs = signs(folder)?.into_iter().filter(|sign| sign.files > 0);
    let Some(strongest) = signs.next() else {
        return Ok((Tool::Plain, "the files show no sign of a tool".to_owned(), Vec::new()));
    };
    let said = format!("{} ({} of {} files)", strongest.what, strongest.files, folder.files.len());
    // A weaker sign in the same files is no doubt: dbmate's names are also sqlx's.
    let notes = signs
        .filter(|sign| strongest.files < folder.files.len() && sign.tool != strongest.tool)
        .map(|sign| format!("{} of {} files look like {}: {}", sign.files, folder.files.len(), sign.tool, sign.what))
        .collect();
    Ok((strongest.tool, said, notes))
}

/// Every sign, the strongest first.
fn signs(folder: &Folder) -> Result<Vec<Sign>> {
    let (mut goose, mut dbmate, mut no_transaction) = (0, 0, 0);
    for file in &folder.files {
        let text = file.read()?;
        goose += usize::from(text.lines().any(marked::is_goose_up));
        dbmate += usize::from(text.lines().any(marked::is_dbmate_up));
        no_transaction += usize::from(numbered::says_no_transaction(&text));
    }
    let count = |is: &dyn Fn(&str) -> bool| folder.files.iter().filter(|file| is(file.name())).count();
    let flyway = count(&|name| flyway::is_versioned(name));
    let ups = count(&|name| name.ends_with(".up.sql") && !natural::leading_number(name).0.is_empty());
    let simple = count(&numbered::is_simple);
    let rust = uses_sqlx(&folder.path);
    let sqlx = if rust || no_transaction > 0 { simple + ups } else { 0 };
    Ok(vec![
        Sign { tool: Tool::Prisma, what: "folders with migration.sql", files: prisma::count(folder) },
        Sign { tool: Tool::Goose, what: "`-- +goose Up` in the files", files: goose },
        Sign { tool: Tool::Dbmate, what: "`-- migrate:up` in the files", files: dbmate },
        Sign { tool: Tool::Flyway, what: "names like V1__name.sql", files: flyway },
        Sign {
            tool: Tool::Sqlx,
            what: "numbered names in a Rust project that uses sqlx",
            files: if rust { sqlx } else { 0 },
        },
        Sign { tool: Tool::Sqlx, what: "`-- no-transaction` in the files", files: if rust { 0 } else { sqlx } },
        Sign { tool: Tool::GolangMigrate, what: "names like 1_name.up.sql", files: ups },
    ])
}

/// Whether the nearest Cargo.toml around the migrations names sqlx: its names alone are also those
/// of other tools.
fn uses_sqlx(folder: &Path) -> bool {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let manifest = folder.ancestors().take(4).find_map(|folder| fs::read_to_string(folder.join("Cargo.toml")).ok());
    manifest.is_some_and(|manifest| manifest.contains("sqlx"))
}
