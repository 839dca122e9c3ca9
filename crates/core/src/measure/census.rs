//! What there is in a database at a moment: relations with their storage, columns and counters.

use pleach_postgres::Result;
use pleach_postgres::connect::Session;
use pleach_schema::{qualified, quote_ident};
use std::collections::BTreeMap;
use tokio_postgres::Row;

/// What there is in a database at a moment, by OID.
pub(super) type Census = BTreeMap<u32, Relation>;

/// A relation at a moment.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    pub schema: String,
    pub bare_name: String,
    pub kind: i8,
    /// The file that holds it; another one when it was written anew.
    pub storage: u32,
    /// The table, for an index.
    pub table: Option<u32>,
    /// Bytes of rows, long values included.
    pub bytes: u64,
    /// Its columns by number.
    pub columns: BTreeMap<i16, String>,
    pub counters: Counters,
}

/// How often and in how many rows a table was touched.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counters {
    pub scans: i64,
    pub read: i64,
    pub inserted: i64,
    pub updated: i64,
    pub deleted: i64,
}

impl Relation {
    /// What it is, in a word.
    pub fn word(&self) -> &'static str {
        match self.kind as u8 {
            b'v' => "view",
            b'm' => "materialized view",
            _ => "table",
        }
    }

    /// One of its columns as SQL: `public.users.bio`.
    pub fn column(&self, name: &str) -> String {
        format!("{}.{}", self.name(), quote_ident(name))
    }

    /// Its name as SQL.
    pub fn name(&self) -> String {
        qualified([self.schema.as_str(), self.bare_name.as_str()])
    }

    /// Whether it holds rows of its own.
    pub fn has_rows(&self) -> bool {
        self.is_table() && self.bytes > 0
    }

    /// A table, a partitioned one, or a materialized view.
    pub fn is_table(&self) -> bool {
        matches!(self.kind as u8, b'r' | b'p' | b'm')
    }

    pub fn is_index(&self) -> bool {
        matches!(self.kind as u8, b'i' | b'I')
    }
}

impl Counters {
    /// What came since `before`. A counter that was set back counts from there.
    pub fn since(self, before: Self) -> Self {
        let since = |now: i64, before: i64| if now >= before { now - before } else { now };
        Self {
            scans: since(self.scans, before.scans),
            read: since(self.read, before.read),
            inserted: since(self.inserted, before.inserted),
            updated: since(self.updated, before.updated),
            deleted: since(self.deleted, before.deleted),
        }
    }
}

/// Where counters are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// What the open transaction did.
    Transaction,
    /// What all transactions did that are over.
    Ever,
}

/// Looks what there is. What Pleach keeps in the database is no part of it.
pub(super) async fn take(session: &Session, count: Count) -> Result<Census> {
    let of = match count {
        Count::Transaction => "pg_catalog.pg_stat_get_xact_",
        Count::Ever => "pg_catalog.pg_stat_get_",
    };
    let sql = format!(
        "SELECT c.oid, n.nspname::text, c.relname::text, c.relkind, pg_catalog.pg_relation_filenode(c.oid),
                i.indrelid,
                coalesce(pg_catalog.pg_relation_size(c.oid), 0)
                    + coalesce(pg_catalog.pg_relation_size(nullif(c.reltoastrelid, 0)), 0),
                {of}numscans(c.oid), {of}tuples_returned(c.oid) + {of}tuples_fetched(c.oid),
                {of}tuples_inserted(c.oid), {of}tuples_updated(c.oid), {of}tuples_deleted(c.oid),
                ARRAY(SELECT a.attnum FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                          AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY a.attnum),
                ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                          AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY a.attnum)
         FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
         WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'i', 'I')
             AND n.nspname NOT IN ('pleach', 'pg_toast') AND n.nspname !~ '^pg_(temp|toast_temp)_'"
    );
    let rows = session.query_typed(&sql, &[]).await?;
    rows.iter().map(relation).collect()
}

fn relation(row: &Row) -> Result<(u32, Relation)> {
    let (schema, name): (String, String) = (row.try_get(1)?, row.try_get(2)?);
    let (numbers, names): (Vec<i16>, Vec<String>) = (row.try_get(12)?, row.try_get(13)?);
    let relation = Relation {
        schema,
        bare_name: name,
        kind: row.try_get(3)?,
        storage: row.try_get::<_, Option<u32>>(4)?.unwrap_or_default(),
        table: row.try_get(5)?,
        bytes: row.try_get::<_, i64>(6)?.unsigned_abs(),
        columns: numbers.into_iter().zip(names).collect(),
        counters: Counters {
            scans: row.try_get(7)?,
            read: row.try_get(8)?,
            inserted: row.try_get(9)?,
            updated: row.try_get(10)?,
            deleted: row.try_get(11)?,
        },
    };
    Ok((row.try_get(0)?, relation))
}
