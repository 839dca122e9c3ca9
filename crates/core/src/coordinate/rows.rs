//! What changes leave in tables and sequences, to be compared.

use super::survey::table_of;
use pleach_change::footprint::{Access, Footprint};
use pleach_postgres::Result;
use pleach_schema::{Kind, quote_literal};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use tokio_postgres::Client;

/// Rows of tables up to this size are compared.
const COMPARED_BYTES: i64 = 8 << 20;

/// What is compared where changes end, besides the tables that they are seen to write.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// Tables that they write, or may write, as SQL.
    tables: BTreeSet<String>,
    /// Sequences that they advance, besides those of the tables.
    sequences: BTreeSet<String>,
    /// Whether they may advance any sequence.
    any: bool,
    /// Whether rows are of interest, or nothing needs to be compared.
    rows: bool,
}

impl Compared {
    /// What two changes write.
    pub fn of(one: &Footprint, other: &Footprint) -> Self {
        Self { rows: true, ..Self::written(&[one, other]) }
    }

    /// Nothing, but what a change writes is taken back.
    pub fn nothing_of(change: &Footprint) -> Self {
        Self::written(&[change])
    }

    /// These tables as well.
    pub fn and(mut self, tables: impl IntoIterator<Item = String>) -> Self {
        self.tables.extend(tables);
        self
    }

    fn written(changes: &[&Footprint]) -> Self {
        let mut compared = Self::default();
        for footprint in changes {
            compared.any |= footprint.opaque.iter().any(|opaque| opaque.boundless);
            for touch in &footprint.touches {
                if touch.object.kind == Kind::Sequence {
                    compared.sequences.insert(touch.object.sql());
                } else if touch.access == Access::Write {
                    compared.tables.extend(table_of(&touch.object).map(|table| table.sql()));
                }
            }
        }
        compared
    }
}

/// Sees to it that sequences can be taken back, and names them. PostgreSQL does not take back what
/// it gave out, so that a second run would get other numbers; but it takes back a restart, with all
/// that was given out since.
pub(super) async fn rewind(client: &Client, compared: &Compared) -> Result<Vec<String>> {
    if compared.tables.is_empty() && compared.sequences.is_empty() && !compared.any {
        return Ok(Vec::new());
    }
    let names = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>();
    let sql = "SELECT s.oid::pg_catalog.regclass::text FROM pg_catalog.pg_class s
        JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
        WHERE s.relkind = 'S' AND n.nspname <> 'pleach' AND ($1
            OR s.oid = ANY (SELECT pg_catalog.to_regclass(name) FROM pg_catalog.unnest($2::text[]) name)
            OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = s.oid AND d.deptype IN ('a', 'i')
                AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                AND d.refobjid = ANY (SELECT pg_catalog.to_regclass(name) FROM pg_catalog.unnest($3::text[]) name)))";
    let found = client.query(sql, &[&compared.any, &names(&compared.sequences), &names(&compared.tables)]).await?;
    let sequences: Vec<String> = found.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let mut restart = String::new();
    for (sequence, value) in values(client, &sequences).await? {
        let Some(value) = value else { continue };
        let literal = quote_literal(&sequence);
        let set = format!("ALTER SEQUENCE {sequence} RESTART; SELECT pg_catalog.setval({literal}, {value});");
        let _ = write!(restart, "{set}");
    }
    client.batch_execute(&restart).await?;
    Ok(sequences)
}

/// Where sequences stand: the last value, and whether it was given out. Those that are gone are
/// left out.
pub(super) async fn values(client: &Client, sequences: &[String]) -> Result<BTreeMap<String, Option<String>>> {
    let mut values = BTreeMap::new();
    if sequences.is_empty() {
        return Ok(values);
    }
    let sql = "SELECT name FROM pg_catalog.unnest($1::text[]) name WHERE pg_catalog.to_regclass(name) IS NOT NULL";
    for row in client.query(sql, &[&sequences]).await? {
        let name: String = row.try_get(0)?;
        let sql = format!("SELECT last_value || ', ' || is_called FROM {name}");
        values.insert(name, client.query_one(&sql, &[]).await?.try_get(0)?);
    }
    Ok(values)
}

/// Checksums of the rows of these tables, and of all that were written in this transaction.
pub(super) async fn checksums(client: &Client, compared: &Compared) -> Result<BTreeMap<String, Option<String>>> {
    let mut sums = BTreeMap::new();
    if !compared.rows {
        return Ok(sums);
    }
    let names: Vec<&String> = compared.tables.iter().collect();
    // The order of columns is no difference: they are told by name.
    let sql = "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.pg_table_size(c.oid),
            (SELECT pg_catalog.string_agg(pg_catalog.format('t.%I', a.attname), ', ' ORDER BY a.attname)
             FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'm') AND (
            c.oid = ANY (SELECT pg_catalog.to_regclass(name) FROM pg_catalog.unnest($1::text[]) name)
            OR c.oid IN (SELECT relid FROM pg_catalog.pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0)
                AND n.nspname <> 'pleach' AND c.relpersistence <> 't')";
    for row in client.query(sql, &[&names]).await? {
        let (name, bytes, columns): (String, i64, Option<String>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let sum = if bytes <= COMPARED_BYTES {
            let sql = format!(
                "SELECT pg_catalog.md5(coalesce(pg_catalog.string_agg(r, E'\\n' ORDER BY r), ''))
                 FROM (SELECT ROW({})::text AS r FROM {name} t) rows",
                columns.unwrap_or_default()
            );
            Some(client.query_one(&sql, &[]).await?.try_get(0)?)
        } else {
            None
        };
        sums.insert(name, sum);
    }
    Ok(sums)
}
