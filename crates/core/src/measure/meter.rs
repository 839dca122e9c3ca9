//! Running statements on a database with rows, and measuring what each of them does.

use super::census::{self, Census, Count, Relation};
use super::estimate::{self, Sizes};
use super::locks::{self, Locks};
use super::{Measured, Touched};
use crate::planner::hazard::{self, Hazard};
use crate::planner::{Lock, Scan, Seen};
use pleach_postgres::Result;
use pleach_postgres::connect::Session;
use pleach_schema::{Address, Kind};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Measures what statements do in one database.
pub(crate) struct Meter<'a> {
    session: &'a Session,
    /// Looks from another connection at what cannot be looked at from its own.
    watcher: &'a Session,
    /// What was there at first, as it was called then: nobody uses what came later.
    origin: BTreeMap<u32, String>,
    sizes: Sizes,
    /// What is there now.
    now: Census,
    /// What was there when the transaction began, and the strongest locks that it has.
    there: BTreeSet<u32>,
    held: Locks,
    /// The server writes no log for what one transaction makes and fills.
    minimal_log: bool,
}

/// What a statement did.
#[derive(Debug, Clone)]
pub(crate) struct Did {
    pub seen: Seen,
    pub hazards: Vec<Hazard>,
    /// The relations that it locked.
    pub relations: Vec<Locked>,
}

/// A relation that a statement locked.
#[derive(Debug, Clone)]
pub(crate) struct Locked {
    pub name: String,
    /// It was made by a statement before.
    pub is_new: bool,
    /// It held no rows.
    pub is_empty: bool,
}

/// What was taken down about a run.
struct Run {
    locks: Option<Locks>,
    took: Duration,
    log_bytes: u64,
}

impl<'a> Meter<'a> {
    /// Begins with what is there.
    pub async fn new(session: &'a Session, watcher: &'a Session, sizes: Sizes) -> Result<Self> {
        let now = census::take(session, Count::Transaction).await?;
        let origin = now.iter().map(|(oid, relation)| (*oid, relation.name())).collect();
        let level = session.query_typed("SELECT pg_catalog.current_setting('wal_level')", &[]).await?;
        let level: Option<String> = level.first().map(|row| row.try_get(0)).transpose()?;
        let minimal_log = level.as_deref() == Some("minimal");
        let there = now.keys().copied().collect();
        Ok(Self { session, watcher, origin, sizes, now, there, held: Locks::new(), minimal_log })
    }

    /// What is there by now is in use: what a statement does to it concerns others.
    pub fn used_from_here_on(&mut self) {
        for (oid, relation) in &self.now {
            self.origin.entry(*oid).or_insert_with(|| relation.name());
        }
    }

    /// A transaction has begun. Counters still hold what transactions before it did.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn began(&mut self) -> Result<()> {
        self.look_again().await?;
        self.held.clear();
        self.there = self.now.keys().copied().collect();
        Ok(())
    }

    /// Something was taken back.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn look_again(&mut self) -> Result<()> {
        self.now = census::take(self.session, Count::Transaction).await?;
        Ok(())
    }

    /// Measures one statement in the open transaction. What PostgreSQL said when it refused stands
    /// behind the outer result.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn inside<T, E>(&mut self, statement: impl Future<Output = Result<T, E>>) -> Result<Result<Did, E>> {
        let log = log_position(self.session).await?;
        let started = Instant::now();
        if let Err(error) = statement.await {
            return Ok(Err(error));
        }
        let took = started.elapsed();
        let log_bytes = log_position(self.session).await?.saturating_sub(log);
        let locks = Some(locks::own(self.session).await?);
        let after = census::take(self.session, Count::Transaction).await?;
        Ok(Ok(self.did(after, Run { locks, took, log_bytes })))
    }

    /// Measures one statement that is not in a transaction.
    ///
    /// # Errors
    /// When a connection is lost.
    pub async fn alone(&mut self, sql: &str) -> Result<Result<Did, tokio_postgres::Error>> {
        self.held.clear();
        flush(self.session).await?;
        self.now = census::take(self.session, Count::Ever).await?;
        self.there = self.now.keys().copied().collect();
        let log = log_position(self.session).await?;
        let watched = locks::watched(self.session, self.watcher, sql).await?;
        let log_bytes = log_position(self.session).await?.saturating_sub(log);
        if let Err(error) = watched.outcome {
            return Ok(Err(error));
        }
        flush(self.session).await?;
        let after = census::take(self.session, Count::Ever).await?;
        let locks = Some(watched.locks).filter(|locks| !locks.is_empty());
        Ok(Ok(self.did(after, Run { locks, took: watched.took, log_bytes })))
    }

    /// Compares what was there with what is there.
    fn did(&mut self, after: Census, run: Run) -> Did {
        let before = std::mem::replace(&mut self.now, after);
        let mut seen = Seen { locks: run.locks.as_ref().map(|_| Vec::new()), ..Seen::default() };
        let mut relations = Vec::new();
        for (oid, mode) in run.locks.into_iter().flatten() {
            let Some(relation) = before.get(&oid).filter(|relation| !relation.is_index()) else { continue };
            if self.there.contains(&oid) && locks::raise(&mut self.held, oid, mode.clone()) {
                let lock = Lock { relation: relation.name(), mode };
                seen.locks.get_or_insert_default().push(lock);
            }
            let is_new = !self.origin.contains_key(&oid);
            relations.push(Locked { name: relation.name(), is_new, is_empty: !relation.has_rows() });
        }
        let changes = Changes::between(&before, &self.now);
        seen.rewrites = changes.rewritten.iter().filter_map(|oid| before.get(oid)).map(address).collect();
        for (oid, relation) in &before {
            let Some(now) = self.now.get(oid).filter(|now| now.is_table()) else { continue };
            if self.there.contains(oid) && now.counters.since(relation.counters).scans > 0 {
                let under = self.held.get(oid).cloned().unwrap_or_default();
                seen.scans.push(Scan { table: address(relation), under });
            }
        }
        let mut measured = self.measured(&before, &changes, run.took, run.log_bytes);
        measured.estimate = self.estimate(&before, &changes, &measured);
        let hazards = self.hazards(&before, &changes, &seen, &measured);
        seen.measured = Some(measured);
        Did { seen, hazards, relations }
    }

    fn measured(&self, before: &Census, changes: &Changes, took: Duration, log_bytes: u64) -> Measured {
        let mut tables: BTreeMap<u32, Touched> = BTreeMap::new();
        let mut new_storage = 0;
        for (oid, now) in self.now.iter().filter(|(_, now)| now.is_table()) {
            let was = before.get(oid);
            let counts = now.counters.since(was.map(|was| was.counters).unwrap_or_default());
            let was_bytes = was.map_or(0, |was| was.bytes);
            let rewritten = changes.rewritten.contains(oid) || was.is_none();
            let touched = Touched {
                relation: was.unwrap_or(now).name(),
                rows_read: counts.read.unsigned_abs(),
                rows_written: (counts.inserted + counts.updated + counts.deleted).unsigned_abs(),
                bytes_read: if counts.scans > 0 { was_bytes } else { 0 },
                bytes_written: if rewritten { now.bytes } else { now.bytes.saturating_sub(was_bytes) },
            };
            new_storage += if rewritten { now.bytes } else { 0 };
            tables.insert(*oid, touched);
        }
        for (index, now) in
            changes.built.iter().chain(&changes.reindexed).filter_map(|oid| Some((oid, self.now.get(oid)?)))
        {
            new_storage += now.bytes;
            if let Some(touched) = now.table.and_then(|table| tables.get_mut(&table)) {
                touched.bytes_written += now.bytes;
            }
            tracing::trace!(index, bytes = now.bytes, "index written");
        }
        let index_rewrites = changes.reindexed.iter().filter_map(|oid| before.get(oid)).map(Relation::name).collect();
        tables.retain(|_, touched| {
            touched.rows_read + touched.rows_written + touched.bytes_read + touched.bytes_written > 0
        });
        Measured {
            microseconds: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            wal_bytes: log_bytes + if self.minimal_log { new_storage } else { 0 },
            tables: tables.into_values().collect(),
            index_rewrites,
            estimate: None,
        }
    }

    fn estimate(&self, before: &Census, changes: &Changes, measured: &Measured) -> Option<super::Estimate> {
        let sorts = |oid: &u32| {
            let of = |index: &u32| self.now.get(index).and_then(|index| index.table) == Some(*oid);
            changes.built.iter().chain(&changes.reindexed).any(of)
        };
        let mut here_and_there = Vec::new();
        let mut sorted = false;
        for (oid, was) in before.iter().filter(|(oid, _)| self.origin.contains_key(*oid)) {
            let named = was.name();
            let touched = measured.tables.iter().any(|touched| touched.relation == named);
            if !(touched || sorts(oid)) {
                continue;
            }
            sorted |= sorts(oid);
            here_and_there.push((was.bytes, self.sizes.there(self.origin.get(oid)?)?));
        }
        estimate::scaled(measured, &here_and_there, sorted)
    }

    fn hazards(&self, before: &Census, changes: &Changes, seen: &Seen, measured: &Measured) -> Vec<Hazard> {
        let mut out = Vec::new();
        let old = |oid: &u32| self.origin.contains_key(oid);
        let large = |oid: &u32| self.origin.get(oid).is_some_and(|name| self.sizes.is_large(name));
        let of = |oids: &BTreeSet<u32>| -> Vec<&Relation> {
            oids.iter().filter(|oid| large(oid)).filter_map(|oid| before.get(oid)).collect()
        };
        for (oid, was) in before.iter().filter(|(oid, was)| old(oid) && was.has_rows()) {
            out.extend(losses(was, self.now.get(oid)));
        }
        out.extend(of(&changes.rewritten).into_iter().map(|table| hazard::rewritten(&table.name())));
        for scan in &seen.scans {
            let found = before.iter().find(|(_, was)| address(was) == scan.table).map(|(oid, _)| oid);
            // An emptied table has nothing to read, and whoever writes an index anew reads its table.
            let told = |oid: &u32| {
                let reindexed = |index: &u32| before.get(index).and_then(|index| index.table) == Some(*oid);
                is_emptied(before.get(oid), self.now.get(oid))
                    || changes.rewritten.contains(oid)
                    || changes.reindexed.iter().any(reindexed)
            };
            if found.is_some_and(|oid| large(oid) && !told(oid)) {
                out.extend(hazard::scanned(&scan.table.sql(), &scan.under));
            }
        }
        for oid in &changes.reindexed {
            let Some(index) = before.get(oid) else { continue };
            let Some(table) = index.table.filter(|table| large(table) && !changes.rewritten.contains(table)) else {
                continue;
            };
            out.extend(self.held.get(&table).and_then(|under| hazard::index_rewritten(&index.name(), under)));
        }
        for (oid, was) in before.iter().filter(|(oid, was)| old(oid) && !was.is_index()) {
            out.extend(self.now.get(oid).map(|now| renames(was, now)).into_iter().flatten());
        }
        out.extend(self.long(before, measured));
        out
    }

    /// What takes long while others wait, and what writes much log.
    fn long(&self, before: &Census, measured: &Measured) -> Vec<Hazard> {
        let (milliseconds, log_bytes) = match &measured.estimate {
            Some(estimate) => (estimate.milliseconds, estimate.wal_bytes),
            // What touches no rows takes no longer where there are more of them.
            None if measured.tables.is_empty() => return Vec::new(),
            None => (measured.microseconds / 1000, measured.wal_bytes),
        };
        let blocking = self.held.iter().filter(|(oid, _)| self.origin.contains_key(oid));
        let named = blocking.filter_map(|(oid, mode)| Some((before.get(oid)?.name(), mode)));
        let mut out: Vec<Hazard> =
            named.filter_map(|(table, mode)| hazard::long_lock(&table, mode, milliseconds)).collect();
        let written = measured.tables.iter().max_by_key(|touched| touched.bytes_written);
        out.extend(written.and_then(|table| hazard::much_wal(&table.relation, log_bytes)));
        out
    }
}

/// What became of the storage of tables and indexes.
struct Changes {
    /// Tables written anew. One that is empty now and was not before was emptied.
    rewritten: BTreeSet<u32>,
    /// Indexes written anew.
    reindexed: BTreeSet<u32>,
    /// Indexes of tables that were there.
    built: BTreeSet<u32>,
}

impl Changes {
    fn between(before: &Census, after: &Census) -> Self {
        let mut changes = Self { rewritten: BTreeSet::new(), reindexed: BTreeSet::new(), built: BTreeSet::new() };
        let emptied = |oid: &u32| is_emptied(before.get(oid), after.get(oid));
        for (oid, now) in after {
            match before.get(oid) {
                Some(was) if was.storage == now.storage || now.storage == 0 => {}
                Some(_) if now.is_index() && !now.table.as_ref().is_some_and(emptied) => {
                    changes.reindexed.insert(*oid);
                }
                Some(_) if now.is_table() && !emptied(oid) => {
                    changes.rewritten.insert(*oid);
                }
                None if now.is_index() && now.table.is_some_and(|table| before.contains_key(&table)) => {
                    changes.built.insert(*oid);
                }
                _ => {}
            }
        }
        changes
    }
}

fn is_emptied(was: Option<&Relation>, now: Option<&Relation>) -> bool {
    was.zip(now).is_some_and(|(was, now)| was.storage != now.storage && was.bytes > 0 && now.bytes == 0)
}

/// The rows and values that a table held and holds no more.
fn losses(was: &Relation, now: Option<&Relation>) -> Vec<Hazard> {
    let Some(now) = now else {
        return vec![hazard::lost(&format!("table {}", was.name()), "is dropped with all its rows")];
    };
    if is_emptied(Some(was), Some(now)) {
        return vec![hazard::lost(&format!("table {}", was.name()), "loses all its rows")];
    }
    let gone = was.columns.iter().filter(|(number, _)| !now.columns.contains_key(number));
    let mut out: Vec<Hazard> =
        gone.map(|(_, name)| hazard::lost(&format!("column {}", was.column(name)), "loses all its values")).collect();
    let deleted = now.counters.since(was.counters).deleted;
    if deleted > 0 {
        let rows = if deleted == 1 { "1 row".to_owned() } else { format!("{deleted} rows") };
        out.push(hazard::lost(&format!("table {}", was.name()), &format!("loses {rows}")));
    }
    out
}

/// What is called otherwise.
fn renames(was: &Relation, now: &Relation) -> Vec<Hazard> {
    let mut out = Vec::new();
    if was.name() != now.name() {
        out.push(hazard::renamed(&format!("{} {}", was.word(), was.name())));
    }
    for (number, name) in &was.columns {
        if now.columns.get(number).is_some_and(|other| other != name) {
            out.push(hazard::renamed(&format!("column {}", was.column(name))));
        }
    }
    out
}

fn address(relation: &Relation) -> Address {
    Address::new(Kind::Table, [relation.schema.clone(), relation.bare_name.clone()])
}

/// How far the server's log is written, in bytes.
async fn log_position(session: &Session) -> Result<u64> {
    let sql = "SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')::int8";
    let rows = session.query_typed(sql, &[]).await?;
    let position: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?;
    Ok(position.unwrap_or_default().unsigned_abs())
}

/// Has the counters of transactions that are over written down now, and not in a second.
async fn flush(session: &Session) -> Result<()> {
    if session.major() >= 15 {
        session.batch_execute("SELECT pg_catalog.pg_stat_force_next_flush()").await?;
        session.batch_execute("SELECT pg_catalog.pg_stat_clear_snapshot()").await?;
    }
    Ok(())
}
