//! Running the parts of a plan on a scratch database, and seeing what each statement does there.

use crate::apply::refused;
use crate::measure::Measured;
use futures_util::future::{join, join3};
use pleach_change::{Plan, Stage, Step};
use pleach_postgres::Result;
use pleach_postgres::connect::Session;
use pleach_postgres::script::cannot_run_in_transaction;
use pleach_schema::{Address, Kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio_postgres::Row;

/// A lock that a statement took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// The table or view, as SQL.
    pub relation: String,
    /// The mode: `ACCESS EXCLUSIVE`.
    pub mode: String,
}

/// What a statement did when it ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The strongest lock that it took on each relation, unless a statement before it in its
    /// transaction had it already; `None` where they could not be read, because they are gone before
    /// the statement is over.
    pub locks: Option<Vec<Lock>>,
    /// The tables that were written anew.
    pub rewrites: Vec<Address>,
    /// The tables whose rows were read from the first to the last.
    pub scans: Vec<Scan>,
    /// What was measured on a database with rows, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
}

/// A table whose rows were read from the first to the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// The table.
    pub table: Address,
    /// The strongest lock that the transaction had on it by then.
    pub under: String,
}

/// Locks of relations that users made and that were there before the transaction.
const LOCKS: &str = "
    SELECT n.nspname::text, c.relname::text, c.oid, c.relfilenode, l.mode,
           pg_catalog.pg_stat_get_xact_numscans(c.oid)
    FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_class c ON c.oid = l.relation
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted
      AND c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname NOT IN ('pleach', 'pg_toast')
    ORDER BY 1, 2, 3, 5";

/// Watches a session run statements.
pub(super) struct Watch<'a> {
    session: &'a Session,
    look: tokio_postgres::Statement,
    /// Storage of each relation that was there before the transaction, and how often it was read.
    before: BTreeMap<u32, (u32, i64)>,
    /// The strongest lock on each.
    held: BTreeMap<u32, String>,
    /// Whether the search path is that of statements that work on rows.
    data: Option<bool>,
}

impl<'a> Watch<'a> {
    /// Begins a transaction.
    pub async fn begin(session: &'a Session) -> Result<Self> {
        let sql = "SELECT c.oid, c.relfilenode, pg_catalog.pg_stat_get_xact_numscans(c.oid)
                   FROM pg_catalog.pg_class c
                   WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm')";
        let (begun, look, rows) =
            join3(session.batch_execute("BEGIN"), session.prepare(LOCKS), session.query_typed(sql, &[])).await;
        begun?;
        let before = |row: &Row| Ok((row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?)));
        let before = rows?.iter().map(before).collect::<Result<_>>()?;
        Ok(Self { session, look: look?, before, held: BTreeMap::new(), data: None })
    }

    /// Runs one statement and sees what it did.
    pub async fn run(&mut self, step: &Step) -> Result<Seen> {
        let data = step.stage == Stage::Data;
        let rows = if step.admin {
            self.data = None;
            statement(self.session, step).await?;
            self.session.query(&self.look, &[]).await
        } else {
            if self.data != Some(data) {
                self.session.batch_execute(search_path(data)).await?;
                self.data = Some(data);
            }
            // Both are sent before either is answered.
            let (ran, rows) = join(self.session.batch_execute(&step.sql), self.session.query(&self.look, &[])).await;
            ran.map_err(|error| refused(error, step))?;
            rows
        };
        let mut seen = Seen { locks: Some(Vec::new()), ..Seen::default() };
        let mut scanned = Vec::new();
        for row in rows? {
            let (oid, storage, scans): (u32, u32, i64) = (row.try_get(2)?, row.try_get(3)?, row.try_get(5)?);
            let Some(before) = self.before.get_mut(&oid) else { continue };
            let (schema, name, mode): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(4)?);
            let table = Address::new(Kind::Table, [schema, name]);
            let now = (storage, scans);
            let was = std::mem::replace(before, now);
            seen.rewrites.extend((was.0 != storage).then(|| table.clone()));
            let lock = Lock { relation: table.sql(), mode: spoken(&mode) };
            let held = self.held.entry(oid).or_default();
            if strength(&lock.mode) > strength(held) {
                held.clone_from(&lock.mode);
                let locks = seen.locks.get_or_insert_default();
                locks.retain(|weaker| weaker.relation != lock.relation);
                locks.push(lock);
            }
            if was.1 < scans {
                scanned.push((oid, table));
            }
        }
        // The strongest lock is known only now.
        let under =
            |(oid, table): (u32, Address)| Scan { under: self.held.get(&oid).cloned().unwrap_or_default(), table };
        seen.scans = scanned.into_iter().map(under).collect();
        Ok(seen)
    }
}

/// The statements of a plan as one message, which PostgreSQL runs whole or not at all.
pub(super) fn together(plan: &Plan) -> String {
    let mut text = String::new();
    let mut setting = None;
    for step in &plan.steps {
        let data = step.stage == Stage::Data;
        if setting != Some(data) {
            setting = Some(data);
            text.push_str(search_path(data));
        }
        // The line break ends a comment that may stand behind a statement.
        text.push_str(&step.sql);
        text.push_str("\n;\n");
    }
    text
}

/// Runs a statement that stands alone.
pub(super) async fn alone(session: &Session, step: &Step) -> Result<Seen> {
    // A batch commits by itself. What can be in a transaction can be watched.
    if step.stage == Stage::Data || cannot_run_in_transaction(&step.sql) {
        statement(session, step).await?;
        return Ok(Seen::default());
    }
    let mut watch = Watch::begin(session).await?;
    let seen = watch.run(step).await?;
    session.batch_execute("COMMIT").await?;
    Ok(seen)
}

async fn statement(session: &Session, step: &Step) -> Result<()> {
    session.batch_execute(search_path(step.stage == Stage::Data)).await?;
    let run = async || session.batch_execute(&step.sql).await.map_err(|error| refused(error, step));
    if !step.admin {
        return run().await;
    }
    // Who runs the rest may be somebody else.
    let row = session.query_one("SELECT pg_catalog.current_setting('role')", &[]).await?;
    let role: String = row.try_get(0)?;
    session.batch_execute("SET ROLE NONE").await?;
    run().await?;
    session.execute("SELECT pg_catalog.set_config('role', $1, false)", &[&role]).await?;
    Ok(())
}

/// Definitions are read with nothing on the search path, rows with the database's usual one.
fn search_path(data: bool) -> &'static str {
    if data { "SET search_path TO DEFAULT;\n" } else { "SET search_path TO '';\n" }
}

/// The lock modes of tables, each stronger than those before it, as the manual lists them.
const MODES: [&str; 8] = [
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
];

/// How strong a lock mode is beside others.
pub(crate) fn strength(mode: &str) -> Option<usize> {
    MODES.iter().position(|known| *known == mode)
}

/// `AccessExclusiveLock` in the words of the manual.
pub(crate) fn spoken(mode: &str) -> String {
    let mut out = String::new();
    for c in mode.trim_end_matches("Lock").chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn locks_are_called_as_in_the_manual() {
        assert_eq!(super::spoken("ShareUpdateExclusiveLock"), "SHARE UPDATE EXCLUSIVE");
    }
}
