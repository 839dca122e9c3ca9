//! Why a statement can hurt, from what it was seen to do.

use super::run::Seen;
use super::suspect::Suspect;
use pleach_change::online::Facts;
use pleach_change::{Stage, Step};
use pleach_schema::{Address, Kind, Tree};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Why a statement can hurt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hazard {
    /// What sort of harm it is.
    pub code: Harm,
    /// What is hurt.
    pub object: String,
    /// What happens, for people.
    pub message: String,
}

/// What sort of harm a statement can do. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Harm {
    /// It destroys what nothing brings back.
    DataLoss,
    /// A large table is written anew under a lock.
    TableRewrite,
    /// A large table is read as a whole under a lock that keeps others waiting.
    FullScan,
    /// Something is called otherwise.
    OldNameFails,
    /// What is dropped and made looks like a rename.
    UndeclaredRename,
    /// An index of a large table is written anew under a lock that keeps others waiting.
    IndexRewrite,
    /// It takes long under a lock that keeps others waiting.
    LongLock,
    /// It writes so much log that replicas fall behind.
    MuchWal,
}

impl Harm {
    /// Every sort of harm.
    pub const ALL: [Self; 8] = [
        Self::DataLoss,
        Self::TableRewrite,
        Self::IndexRewrite,
        Self::FullScan,
        Self::LongLock,
        Self::MuchWal,
        Self::OldNameFails,
        Self::UndeclaredRename,
    ];
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DataLoss => "data_loss",
            Self::TableRewrite => "table_rewrite",
            Self::FullScan => "full_scan",
            Self::OldNameFails => "old_name_fails",
            Self::UndeclaredRename => "undeclared_rename",
            Self::IndexRewrite => "index_rewrite",
            Self::LongLock => "long_lock",
            Self::MuchWal => "much_wal",
        })
    }
}

/// The hazards of a statement.
pub(crate) fn of(
    from: &Tree,
    facts: &Facts,
    reasons: &BTreeMap<Address, String>,
    step: &Step,
    seen: &Seen,
) -> Vec<Hazard> {
    let mut out = Vec::new();
    let object = step.object.as_ref().map(ToString::to_string).unwrap_or_default();
    if let Some(destroys) = &step.destroys {
        out.push(Hazard { code: Harm::DataLoss, object: object.clone(), message: format!("destroys {destroys}") });
    }
    let large = |table: &&Address| from.get(table).is_none() || facts.is_large(from, table);
    for table in seen.rewrites.iter().filter(large) {
        let mut hazard = rewritten(&table.sql());
        if let Some(why) = step.object.as_ref().and_then(|column| reasons.get(column)) {
            hazard.message.push_str(&format!("; not in a column beside, because {why}"));
        }
        out.push(hazard);
    }
    for scan in seen.scans.iter().filter(|scan| large(&&scan.table) && !seen.rewrites.contains(&scan.table)) {
        out.extend(scanned(&scan.table.sql(), &scan.under));
    }
    // What is only there on the way has no name that anybody knows.
    let known = |a: &&Address| from.get(a).is_some();
    let named =
        step.object.as_ref().filter(known).is_some_and(|a| matches!(a.kind, Kind::Table | Kind::Column | Kind::View));
    if step.stage == Stage::Rename && named {
        out.push(renamed(&object));
    }
    out
}

/// A statement that takes as long as this keeps others waiting for too long.
const LONG_MILLISECONDS: u64 = 1_000;

/// A statement that writes as much log as this is more than replicas take in at once.
const MUCH_LOG: u64 = 256 << 20;

/// A table, as SQL, that is written anew.
pub(crate) fn rewritten(table: &str) -> Hazard {
    let message = "is written anew as a whole, and nobody reads or writes it meanwhile".to_owned();
    Hazard { code: Harm::TableRewrite, object: format!("table {table}"), message }
}

/// A table, as SQL, that is read under a lock, where that keeps anybody waiting.
pub(crate) fn scanned(table: &str, under: &str) -> Option<Hazard> {
    let message = format!("is read from the first row to the last, and {} meanwhile", nobody(under)?);
    Some(Hazard { code: Harm::FullScan, object: format!("table {table}"), message })
}

/// An index, as SQL, that is written anew while its table is locked, where that keeps anybody waiting.
pub(crate) fn index_rewritten(index: &str, under: &str) -> Option<Hazard> {
    let message = format!("is written anew as a whole; of its table, {} meanwhile", nobody(under)?);
    Some(Hazard { code: Harm::IndexRewrite, object: format!("index {index}"), message })
}

/// A table, as SQL, that is locked for long, where that keeps anybody waiting.
pub(crate) fn long_lock(table: &str, under: &str, milliseconds: u64) -> Option<Hazard> {
    let who = nobody(under).filter(|_| milliseconds >= LONG_MILLISECONDS)?;
    let message = format!("is locked for about {} s, and {who} meanwhile", milliseconds.div_ceil(1_000));
    Some(Hazard { code: Harm::LongLock, object: format!("table {table}"), message })
}

/// What writes much log, most of it about a table.
pub(crate) fn much_wal(table: &str, bytes: u64) -> Option<Hazard> {
    let message = format!("about {} MB of log are written, which replicas have to take in", bytes >> 20);
    (bytes >= MUCH_LOG).then(|| Hazard { code: Harm::MuchWal, object: format!("table {table}"), message })
}

/// Something, as SQL, whose rows or values are gone.
pub(crate) fn lost(what: &str, how: &str) -> Hazard {
    Hazard { code: Harm::DataLoss, object: what.to_owned(), message: format!("{how}, and nothing brings them back") }
}

/// Something that gets another name.
pub(crate) fn renamed(object: &str) -> Hazard {
    let message = "is called otherwise from here on: statements with the old name fail".to_owned();
    Hazard { code: Harm::OldNameFails, object: object.to_owned(), message }
}

/// Two objects that look like a rename nobody declared.
pub(crate) fn unsaid(suspect: &Suspect) -> Hazard {
    let Suspect { old, new, same } = suspect;
    let like = if *same { "just like it" } else { "much like it" };
    let stays = old.path[..old.path.len() - 1] == new.path[..new.path.len() - 1];
    let name =
        if stays { new.name_sql().into_owned() } else { pleach_schema::qualified(new.path.iter().map(String::as_str)) };
    let sql = pleach_schema::qualified(old.path.iter().map(String::as_str));
    let message =
        format!("is dropped and {new} is made {like}: if that is a rename, say so with `--rename {sql}={name}`");
    Hazard { code: Harm::UndeclaredRename, object: old.to_string(), message }
}

/// Whom a lock mode keeps waiting, as the manual's table of conflicting locks has it.
fn nobody(mode: &str) -> Option<&'static str> {
    match mode {
        "SHARE" | "SHARE ROW EXCLUSIVE" | "EXCLUSIVE" => Some("nobody writes it"),
        "ACCESS EXCLUSIVE" => Some("nobody reads or writes it"),
        _ => None,
    }
}
