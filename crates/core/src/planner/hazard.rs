//! Why a statement can hurt, from what it was seen to do.

use super::run::Seen;
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
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DataLoss => "data_loss",
            Self::TableRewrite => "table_rewrite",
            Self::FullScan => "full_scan",
            Self::OldNameFails => "old_name_fails",
            Self::UndeclaredRename => "undeclared_rename",
        })
    }
}

/// The hazards of a statement.
pub(super) fn of(
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
        let reason = step.object.as_ref().and_then(|column| reasons.get(column));
        let why = reason.map(|why| format!("; not in a column beside, because {why}")).unwrap_or_default();
        let message = format!("is written anew as a whole, and nobody reads or writes it meanwhile{why}");
        out.push(Hazard { code: Harm::TableRewrite, object: table.to_string(), message });
    }
    for scan in seen.scans.iter().filter(|scan| large(&&scan.table) && !seen.rewrites.contains(&scan.table)) {
        if let Some(blocked) = blocked_by(&scan.under) {
            let who = if blocked == Blocked::All { "nobody reads or writes it" } else { "nobody writes it" };
            let message = format!("is read from the first row to the last, and {who} meanwhile");
            out.push(Hazard { code: Harm::FullScan, object: scan.table.to_string(), message });
        }
    }
    // What is only there on the way has no name that anybody knows.
    let known = |a: &&Address| from.get(a).is_some();
    let renamed = step.object.as_ref().filter(known);
    let named = renamed.is_some_and(|a| matches!(a.kind, Kind::Table | Kind::Column | Kind::View));
    if step.stage == Stage::Rename && named {
        let message = "is called otherwise from here on: statements with the old name fail".to_owned();
        out.push(Hazard { code: Harm::OldNameFails, object, message });
    }
    out
}

/// Two objects that look like a rename nobody declared.
pub(super) fn unsaid(old: &Address, new: &Address) -> Hazard {
    let message = format!(
        "is dropped and {new} is made just like it: if that is a rename, say so with `--rename {}={}`",
        old.sql(),
        new.name_sql()
    );
    Hazard { code: Harm::UndeclaredRename, object: old.to_string(), message }
}

/// Whom a lock keeps waiting.
#[derive(PartialEq, Eq)]
enum Blocked {
    Writers,
    All,
}

/// Whom a lock mode keeps waiting, as the manual's table of conflicting locks has it.
fn blocked_by(mode: &str) -> Option<Blocked> {
    match mode {
        "SHARE" | "SHARE ROW EXCLUSIVE" | "EXCLUSIVE" => Some(Blocked::Writers),
        "ACCESS EXCLUSIVE" => Some(Blocked::All),
        _ => None,
    }
}
