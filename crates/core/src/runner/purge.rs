//! Dropping for good what migrations kept aside.

use super::execute::Execution;
use super::history::{self, State};
use super::{guard, open};
use crate::project::Context;
use pleach_postgres::Result;
use pleach_postgres::connect::{Session, Target};
use pleach_postgres::script::{Script, Variables, units};
use pleach_schema::{qualified, quote_ident, quote_literal};
use serde::Serialize;
use std::time::Duration;
use time::OffsetDateTime;

/// A table or column that a migration kept aside instead of dropping it.
#[derive(Debug, Clone, Serialize)]
pub struct KeptAside {
    /// What it is called while it is kept, as SQL.
    pub kept: String,
    /// `table` or `column`.
    pub kind: String,
    /// What it was called, as SQL.
    pub object: String,
    /// The migration that kept it.
    pub migration: String,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Bytes on disk: of a table with its indexes, of a column as PostgreSQL estimates it; null where
    /// it is not known.
    pub bytes: Option<u64>,
    /// What drops it; `None` where somebody did that already.
    #[serde(skip)]
    drop: Option<String>,
}

/// What is kept, with the time since. A column goes by its own name, which no other one has: its table
/// may be called otherwise by now.
const KEPT: &str = "
    SELECT d.kept, d.kind, d.object, d.migration, d.at, pg_catalog.parse_ident(d.kept)
    FROM pleach.dropped d
    WHERE d.at <= pg_catalog.now() - pg_catalog.make_interval(secs => $1)
    ORDER BY d.at, d.kept";

const TABLE: &str = "
    SELECT n.nspname::text, c.relname::text, pg_catalog.pg_total_relation_size(c.oid)::int8
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = $1 AND n.nspname = 'pleach' AND c.relkind IN ('r', 'p')";

const COLUMN: &str = "
    SELECT n.nspname::text, c.relname::text,
           (c.reltuples * (1 - s.null_frac) * s.avg_width)::int8
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
    WHERE a.attname = $1 AND NOT a.attisdropped AND a.attinhcount = 0 AND c.relkind IN ('r', 'p')
    ORDER BY 1, 2 LIMIT 1";

/// What migrations that are finished have kept aside for at least so long, the oldest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn kept_aside(target: &Target, older_than: Duration, context: &Context) -> Result<Vec<KeptAside>> {
    let session = open(target, context).await?;
    let row = session.query_one("SELECT pg_catalog.to_regclass('pleach.dropped') IS NULL", &[]).await?;
    if row.try_get(0)? {
        return Ok(Vec::new());
    }
    let under_way = |state: State| matches!(state, State::Applying | State::RollingBack);
    let entries = history::read(&session).await?;
    let unfinished: Vec<String> =
        entries.into_iter().filter(|entry| under_way(entry.state)).map(|entry| entry.version).collect();
    let mut kept = Vec::new();
    for row in session.query(KEPT, &[&older_than.as_secs_f64()]).await? {
        let (migration, names): (String, Vec<String>) = (row.try_get(3)?, row.try_get(5)?);
        let version = migration.split('_').next().unwrap_or_default();
        if unfinished.iter().any(|unfinished| unfinished == version) {
            continue;
        }
        let kind: String = row.try_get(1)?;
        let (drop, bytes) = found(&session, &kind, names.last().map_or("", String::as_str)).await?.unzip();
        let bytes = bytes.flatten();
        let (object, at) = (row.try_get(2)?, row.try_get(4)?);
        kept.push(KeptAside { kept: row.try_get(0)?, kind, object, migration, at, bytes, drop });
    }
    session.close().await;
    Ok(kept)
}

/// The statement that drops what is kept under a name, and its size; nothing where it is gone.
async fn found(session: &Session, kind: &str, name: &str) -> Result<Option<(String, Option<u64>)>> {
    let is_column = kind == "column";
    let Some(row) = session.query_opt(if is_column { COLUMN } else { TABLE }, &[&name]).await? else { return Ok(None) };
    let (schema, table): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    let table = qualified([schema.as_str(), table.as_str()]);
    let sql = match is_column {
        true => format!("ALTER TABLE {table} DROP COLUMN {}", quote_ident(name)),
        false => format!("DROP TABLE {table}"),
    };
    let bytes = row.try_get::<_, Option<i64>>(2)?.and_then(|bytes| u64::try_from(bytes).ok());
    Ok(Some((sql, bytes)))
}

/// Drops for good what is kept, one after the other. Nothing brings it back.
///
/// # Errors
/// What PostgreSQL refuses; `lock_not_available`; `another_runner`.
pub async fn purge(target: &Target, kept: &[KeptAside], lock_wait: Duration, context: &Context) -> Result<()> {
    let session = open(target, context).await?;
    guard::only_runner(&session, lock_wait, context).await?;
    let each = kept.iter().map(|kept| {
        let drop = kept.drop.iter().map(|sql| format!("{sql};\n")).collect::<String>();
        format!("BEGIN;\n{drop}DELETE FROM pleach.dropped WHERE kept = {};\nCOMMIT;\n", quote_literal(&kept.kept))
    });
    let units = units(&Script::text("purge", each.collect::<String>()), &Variables::new())?;
    let execution = Execution { session: &session, context, lock_wait, position: None, before: None, after: None };
    execution.run(&units, 0, false).await?;
    session.close().await;
    Ok(())
}
