//! What a change touches: told from its text, and by running it.

use super::HeadOfMain;
use super::judge::{Ended, Judge};
use super::rows::Compared;
use crate::identity::Newcomers;
use crate::project::{MAIN, Project};
use crate::state::Commit;
use pleach_change::footprint::{Access, Footprint, ParseError, Surroundings, Touch, footprint_in};
use pleach_change::{Change, diff};
use pleach_postgres::script;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Address, Hash, Kind, Tree};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// What a change was found to touch, as it is kept with an intent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Survey {
    /// What it touches.
    pub footprint: Footprint,
    /// What it was seen to change when it ran; without this it did not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Seen>,
}

/// What a change was seen to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Seen {
    /// The content hash of the schema it ends at.
    pub tree: Hash,
    /// The objects it was seen to change, as SQL with their kind.
    pub changed: Vec<String>,
}

/// The search path that a database has without anything else said.
fn search_path() -> Vec<String> {
    vec!["public".to_owned()]
}

impl Project {
    /// The head of `main`.
    pub(super) async fn main_head(&self) -> Result<Commit> {
        self.commit_of(self.branch(MAIN).await?.head).await
    }

    /// The head of `main`, made ready; kept until `main` moves.
    pub(super) async fn surroundings(&mut self, head: &Commit) -> Result<Arc<Surroundings>> {
        if let Some(known) = self.surroundings.as_ref().filter(|known| known.commit == head.hash) {
            return Ok(Arc::clone(&known.around));
        }
        let around = Arc::new(Surroundings::new(&self.tree(head).await?));
        self.surroundings = Some(HeadOfMain { commit: head.hash, around: Arc::clone(&around) });
        Ok(around)
    }
}

/// Reads what a change touches from its text, and divides it into statements.
///
/// # Errors
/// `bad_sql`, `no_changes`, `outside_effects`, `transaction_control`.
pub(super) fn read(around: &Surroundings, sql: &str) -> Result<(Footprint, Vec<String>)> {
    let footprint = footprint_in(around, sql, &search_path()).map_err(|error| bad_sql(sql, &error))?;
    if footprint.statements.is_empty() {
        return Err(Error::new(Class::Input, "no_changes", "there is no statement in it")
            .on("the schema changes")
            .hint("say in SQL what you are going to run"));
    }
    if let Some(forbidden) = footprint.forbidden.first() {
        return Err(Error::new(Class::Input, "outside_effects", format!("the statement {}", forbidden.why))
            .on(format!("statement {}", forbidden.statement + 1))
            .hint("what reaches beyond the database cannot be tried and taken back: do it outside of the change"));
    }
    let statements: Vec<String> = footprint
        .statements
        .iter()
        .map(|statement| sql.get(statement.start..statement.end).unwrap_or_default().trim().to_owned())
        .collect();
    if let Some(at) = statements.iter().position(|statement| script::is_transaction_control(statement)) {
        return Err(Error::new(Class::Input, "transaction_control", "the change begins or ends a transaction")
            .on(format!("statement {}", at + 1))
            .hint("leave BEGIN, COMMIT and the like out: a change is tried as one transaction"));
    }
    Ok((footprint, statements))
}

fn bad_sql(sql: &str, error: &ParseError) -> Error {
    let at = error.position.map(|at| sql.get(..at).unwrap_or(sql)).map(|before| {
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("line {}, column {column}", before.matches('\n').count() + 1)
    });
    Error::new(Class::Input, "bad_sql", format!("the schema changes do not parse: {}", error.message))
        .on(at.unwrap_or_else(|| "the schema changes".to_owned()))
        .hint("correct the SQL and try again")
}

/// The table that an object is, or is part of.
pub(super) fn table_of(object: &Address) -> Option<Address> {
    match object.kind {
        Kind::Table => Some(object.clone()),
        kind if kind.is_part() => Some(Address::new(Kind::Table, object.relation().to_vec())),
        _ => None,
    }
}

/// The tables that a change touches, as people write them: without the schema `public`.
pub(super) fn tables(footprint: &Footprint, tree: &Tree) -> Vec<String> {
    let named: HashSet<&Address> = footprint.touches.iter().map(|touch| &touch.object).collect();
    let touched = footprint.touches.iter().filter(|touch| touch.access != Access::Read);
    let tables: BTreeSet<Address> = touched
        .filter_map(|touch| table_of(&touch.object))
        .filter(|table| tree.get(table).is_some() || named.contains(table))
        .collect();
    tables.iter().map(said).collect()
}

/// A table as people write it.
pub(super) fn said(table: &Address) -> String {
    let sql = table.sql();
    sql.strip_prefix("public.").map_or(sql.clone(), str::to_owned)
}

/// Runs a change on a judge, and adds to its footprint what it was seen to change besides.
pub(super) async fn run(
    judge: &mut Judge,
    before: &[&[String]],
    statements: &[String],
    head: &Tree,
    footprint: &mut Footprint,
) -> Result<Result<Seen, super::judge::Refused>> {
    let compared = Compared::nothing_of(footprint);
    let start = match before {
        [] => None,
        before => match judge.run(before, Newcomers::Carry(head), &compared).await? {
            Ok(ended) => Some(ended.tree),
            Err(refused) => return Ok(Err(refused)),
        },
    };
    let changes: Vec<&[String]> = before.iter().copied().chain([statements]).collect();
    // What those before make is the same thing each time.
    let newcomers = start.as_ref().map_or(Newcomers::Carry(head), Newcomers::Expect);
    let ended = match judge.run(&changes, newcomers, &compared).await? {
        Ok(ended) => ended,
        Err(refused) => return Ok(Err(refused)),
    };
    Ok(Ok(see(start.as_ref().unwrap_or(head), &ended, footprint)))
}

fn see(start: &Tree, ended: &Ended, footprint: &mut Footprint) -> Seen {
    let mut changed = BTreeSet::new();
    for change in diff(start, &ended.tree).changes {
        changed.extend(change.address().map(ToString::to_string));
        for touch in touches(&change) {
            let known = footprint.touches.iter().any(|known| covers(known, &touch));
            if !known {
                footprint.touches.push(touch);
            }
        }
    }
    Seen { tree: ended.tree.hash(), changed: changed.into_iter().collect() }
}

/// Whether a touch says as much as another one of the same object.
pub(super) fn covers(known: &Touch, seen: &Touch) -> bool {
    let strong = !matches!(known.access, Access::Read | Access::Lock);
    known.object == seen.object
        && strong
        && (known.access == seen.access || known.access != Access::Write)
        && (known.attribute.is_none() || known.attribute == seen.attribute || seen.attribute.is_none())
}

/// What a difference between trees says of an object.
pub(super) fn touches(change: &Change) -> Vec<Touch> {
    let touch = |object: &Address, attribute: Option<String>, access: Access| Touch {
        object: object.clone(),
        attribute,
        access,
        statement: 0,
        implied: true,
        lenient: false,
        missing: false,
        value: None,
    };
    match (&change.from, &change.to) {
        (None, Some((object, _))) => vec![touch(object, None, Access::Create)],
        (Some((object, _)), None) => vec![touch(object, None, Access::Drop)],
        (Some((old, _)), Some((new, _))) => {
            let mut out = Vec::new();
            if old != new {
                out.extend([touch(old, None, Access::Rename), touch(new, None, Access::Create)]);
            }
            let attributes = change.attributes.iter();
            out.extend(attributes.map(|changed| touch(old, Some(changed.attr.to_string()), Access::Alter)));
            out
        }
        (None, None) => Vec::new(),
    }
}
