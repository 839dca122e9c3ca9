//! The locks that a statement takes: read in its own transaction, or from another connection while
//! it runs, where it cannot be in one.

use crate::planner::strength;
use pleach_postgres::Result;
use pleach_postgres::connect::Session;
use std::collections::BTreeMap;
use std::pin::pin;
use std::time::{Duration, Instant};

/// The strongest lock on each relation, by OID.
pub(super) type Locks = BTreeMap<u32, String>;

/// How often another connection looks at a statement that runs.
const PAUSE: Duration = Duration::from_millis(2);

/// Locks on relations of the database, those included that are gone by now.
const LOCKS: &str = "
    SELECT l.relation, l.mode FROM pg_catalog.pg_locks l
    WHERE l.locktype = 'relation' AND l.relation >= 16384
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())";

/// The locks that the session's open transaction has.
pub(super) async fn own(session: &Session) -> Result<Locks> {
    let sql = format!("{LOCKS} AND l.pid = pg_catalog.pg_backend_pid() AND l.granted");
    let mut locks = Locks::new();
    gather(session, &sql, &mut locks).await.map(|_| locks)
}

/// How a statement went that was looked at from another connection.
pub(super) struct Watched {
    pub outcome: Result<(), tokio_postgres::Error>,
    pub locks: Locks,
    /// How long it ran, without what it waited for those who looked.
    pub took: Duration,
}

/// Runs a statement that stands alone, and looks at its locks from another connection meanwhile.
///
/// It would be over before one could look, so it is made to wait: the other connection holds a
/// lock on every table as a writer would, which whoever builds or drops something `CONCURRENTLY`
/// waits for once its own locks are taken. Then it is let go.
pub(super) async fn watched(session: &Session, watcher: &Session, sql: &str) -> Result<Watched> {
    let pid: i32 = session.query_one("SELECT pg_catalog.pg_backend_pid()", &[]).await?.try_get(0)?;
    let of_pid = format!("{LOCKS} AND l.pid = {pid}");
    let mut held = hold(watcher, sql).await?;
    let mut locks = Locks::new();
    let started = Instant::now();
    let (mut waits_since, mut waited) = (None, Duration::ZERO);
    let mut run = pin!(session.batch_execute(sql));
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = &mut run => break outcome,
            () = tokio::time::sleep(PAUSE) => {}
        }
        let seen = gather(watcher, &of_pid, &mut locks).await?;
        let waits = held && is_waiting(watcher, pid).await?;
        if waits {
            waits_since.get_or_insert_with(Instant::now);
        }
        // What it holds by now is read; and nothing that hangs otherwise is to hang for us.
        if held && ((waits && seen) || started.elapsed() > Duration::from_secs(5)) {
            watcher.batch_execute("ROLLBACK").await?;
            held = false;
            waited = waits_since.map(|since| since.elapsed()).unwrap_or_default();
        }
    };
    let took = started.elapsed().saturating_sub(waited);
    if held {
        watcher.batch_execute("ROLLBACK").await?;
    }
    Ok(Watched { outcome, locks, took })
}

/// Holds a lock on every table, so that the statement waits. One that cannot be had is left.
async fn hold(watcher: &Session, sql: &str) -> Result<bool> {
    // VACUUM waits for no writer, but for another VACUUM.
    let word = sql.split_whitespace().next().unwrap_or_default();
    let mode = if word.eq_ignore_ascii_case("vacuum") { "SHARE UPDATE EXCLUSIVE" } else { "ROW EXCLUSIVE" };
    let tables = "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
                  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                  WHERE c.oid >= 16384 AND c.relkind = 'r' AND n.nspname NOT IN ('pleach', 'pg_toast')
                      AND n.nspname !~ '^pg_(temp|toast_temp)_' ORDER BY c.oid";
    let rows = watcher.query_typed(tables, &[]).await?;
    let names: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    if names.is_empty() {
        return Ok(false);
    }
    let lock = format!("BEGIN; LOCK TABLE {} IN {mode} MODE NOWAIT", names.join(", "));
    let held = watcher.batch_execute(&lock).await.is_ok();
    if !held {
        watcher.batch_execute("ROLLBACK").await?;
    }
    Ok(held)
}

async fn is_waiting(watcher: &Session, pid: i32) -> Result<bool> {
    let sql = format!("SELECT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE pid = {pid} AND NOT granted)");
    Ok(watcher.query_typed(&sql, &[]).await?.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default())
}

/// Adds the locks that a query finds; says whether there were any.
async fn gather(session: &Session, sql: &str, locks: &mut Locks) -> Result<bool> {
    let rows = session.query_typed(sql, &[]).await?;
    for row in &rows {
        let (oid, mode): (u32, String) = (row.try_get(0)?, row.try_get(1)?);
        raise(locks, oid, crate::planner::spoken(&mode));
    }
    Ok(!rows.is_empty())
}

/// Keeps the stronger one of two locks; says whether that is the new one.
pub(super) fn raise(locks: &mut Locks, oid: u32, mode: String) -> bool {
    let held = locks.entry(oid).or_default();
    let stronger = strength(&mode) > strength(held);
    if stronger {
        *held = mode;
    }
    stronger
}
