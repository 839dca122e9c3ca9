//! Copying data from one database into another, on whatever servers they are.
//!
//! Rows stream from one COPY into the other; no table is ever held in memory. The text format
//! is used because it means the same in every version and in every database: the binary one
//! has OIDs of types in it, which differ where the databases were not cloned from each other.

use crate::connect::Session;
use crate::{Error, Result};
use bytes::Bytes;
use futures_util::{SinkExt, TryStreamExt};
use pleach_schema::quote_ident;
use std::collections::HashMap;
use std::pin::pin;

/// Sequences asked for in one statement.
const SEQUENCES_AT_ONCE: usize = 200;

/// A table whose rows shall be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its qualified name as SQL.
    pub name: String,
    /// The names of its columns, without generated ones. None at all means all of them.
    pub columns: Vec<String>,
}

/// How much was copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Rows.
    pub rows: u64,
    /// Bytes on the way, in COPY's text format.
    pub bytes: u64,
}

/// Copies the rows of these tables in their order, and reports each table when it is done.
///
/// For one consistent state of all tables the source is in a REPEATABLE READ transaction; for
/// tables that refer to each other the destination is in `session_replication_role = replica`.
/// Both are the caller's business. Rows that row security would hide are an error, not left out.
pub async fn copy_data(
    source: &Session,
    destination: &Session,
    tables: &[Table],
    progress: impl FnMut(&Table, Copied),
) -> Result<Copied> {
    copy_sample(source, destination, tables, None, progress).await
}

/// As [`copy_data`], at most so many rows of each table: the first ones that come.
pub async fn copy_sample(
    source: &Session,
    destination: &Session,
    tables: &[Table],
    rows: Option<u64>,
    mut progress: impl FnMut(&Table, Copied),
) -> Result<Copied> {
    // What pg_dump sets, so that every value is read back as it was.
    source
        .batch_execute(
            "SET row_security = off; SET extra_float_digits = 3; SET datestyle = 'ISO'; SET intervalstyle = 'postgres'",
        )
        .await?;
    destination.batch_execute("SET datestyle = 'ISO'; SET intervalstyle = 'postgres'").await?;
    let mut total = Copied::default();
    for table in tables {
        let copied = copy_table(source, destination, table, rows).await?;
        progress(table, copied);
        total.rows += copied.rows;
        total.bytes += copied.bytes;
    }
    Ok(total)
}

/// Sets sequences of the destination to where those of the source are. Names are qualified SQL.
pub async fn copy_sequences(source: &Session, destination: &Session, names: &[String]) -> Result<()> {
    for names in names.chunks(SEQUENCES_AT_ONCE) {
        let reads: Vec<String> = names
            .iter()
            .enumerate()
            .map(|(i, name)| format!("SELECT {i}, last_value, is_called FROM {name}"))
            .collect();
        let rows = source.query(&reads.join(" UNION ALL "), &[]).await?;
        let states = rows.iter().map(|row| Ok((row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?))));
        let states: HashMap<i32, (i64, bool)> = states.collect::<Result<_>>()?;

        let states: Vec<(i64, bool)> = (0..).zip(names).filter_map(|(i, _)| states.get(&i).copied()).collect();
        let (values, called): (Vec<i64>, Vec<bool>) = states.into_iter().unzip();
        let sql = "SELECT count(pg_catalog.setval(name::regclass, value, called)) \
                   FROM unnest($1::text[], $2::int8[], $3::bool[]) AS s(name, value, called)";
        destination.query(sql, &[&names, &values, &called]).await?;
    }
    Ok(())
}

async fn copy_table(source: &Session, destination: &Session, table: &Table, limit: Option<u64>) -> Result<Copied> {
    let on_table = |error: tokio_postgres::Error| Error::from(error).on(table.name.clone());
    let names: Vec<_> = table.columns.iter().map(|name| quote_ident(name)).collect();
    let names = names.join(", ");
    let columns = if names.is_empty() { String::new() } else { format!(" ({names})") };
    let what = match limit {
        None => format!("{}{columns}", table.name),
        Some(limit) => {
            let names = if names.is_empty() { "*" } else { &names };
            format!("(SELECT {names} FROM ONLY {} LIMIT {limit})", table.name)
        }
    };
    tracing::debug!(table = table.name, "copying rows");
    let mut rows = pin!(source.copy_out(&format!("COPY {what} TO STDOUT")).await.map_err(on_table)?);
    let mut sink = pin!(
        destination.copy_in::<_, Bytes>(&format!("COPY {}{columns} FROM STDIN", table.name)).await.map_err(on_table)?
    );
    let mut bytes = 0;
    while let Some(chunk) = rows.try_next().await.map_err(on_table)? {
        bytes += chunk.len() as u64;
        if let Err(error) = sink.feed(chunk).await {
            // The destination gave up; why, it says at the end.
            return Err(on_table(sink.finish().await.err().unwrap_or(error)));
        }
    }
    let rows = sink.finish().await.map_err(on_table)?;
    Ok(Copied { rows, bytes })
}
