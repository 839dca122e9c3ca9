//! What to say when PostgreSQL refuses a statement of a script: where, what, and what to do.

use pg_query::NodeEnum;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::parsed::Parsed;
use super::place::Place;
use super::roles::roles_named;
use super::split::Statement;
use super::summary::statement_summary;
use crate::{Class, Error, Said};

/// A statement that failed.
pub(super) struct Refused {
    /// What came back.
    pub error: tokio_postgres::Error,
    /// The statement.
    pub statement: Statement,
    /// Where the rows of a COPY begin, if it was they that failed.
    pub rows: Option<Place>,
}

/// Names the file and line, the statement, what PostgreSQL said, and what to do about it.
///
/// Asks the server what it lacks, so no failed transaction may be open.
pub(super) async fn explain(client: &Client, refused: Refused) -> Error {
    let Refused { error, statement, rows } = refused;
    let Some(said) = Said::from_error(&error) else {
        return Error::from(error).on(statement.place.to_string());
    };
    let place = match (&rows, row(&error)) {
        (Some(rows), Some(row)) => Place { line: rows.line + row - 1, ..rows.clone() },
        (Some(rows), None) => rows.clone(),
        _ => Place {
            line: statement.place.line + lines_before(&statement.sql, said.position),
            ..statement.place.clone()
        },
    };
    let hint = hint(client, &statement.sql, &said).await;
    let failed = Error::new(Class::Refused, "sql_failed", format!("{} failed", statement_summary(&statement.sql)))
        .on(place.to_string())
        .said(Some(said));
    match hint {
        Some(hint) => failed.hint(hint),
        None => failed,
    }
}

/// How many line breaks stand before a position, which counts characters from 1.
fn lines_before(sql: &str, position: Option<u32>) -> u64 {
    let before = position.map_or(0, |position| position.saturating_sub(1) as usize);
    sql.chars().take(before).filter(|char| *char == '\n').count() as u64
}

/// Which row of a COPY failed: its context says `COPY t, line 3, column a`.
fn row(error: &tokio_postgres::Error) -> Option<u64> {
    let context = error.as_db_error()?.where_()?;
    let (_, from_line) = context.rsplit_once(", line ")?;
    let digits = from_line.bytes().take_while(u8::is_ascii_digit).count();
    from_line[..digits].parse().ok().filter(|row| *row > 0)
}

async fn hint(client: &Client, sql: &str, said: &Said) -> Option<String> {
    let parsed = Parsed::of(sql);
    if let Some(NodeEnum::CreateExtensionStmt(create)) = parsed.as_ref().and_then(Parsed::single)
        && [SqlState::FEATURE_NOT_SUPPORTED.code(), SqlState::UNDEFINED_FILE.code()].contains(&said.sqlstate.as_str())
    {
        return Some(missing_extension(client, &create.extname).await);
    }
    if said.sqlstate == SqlState::UNDEFINED_OBJECT.code() {
        let missing = missing_roles(client, sql).await;
        if let Some(role) = missing.first() {
            return Some(format!(
                "the server lacks the role: `CREATE ROLE {} NOLOGIN`",
                pleach_schema::quote_ident(role)
            ));
        }
    }
    if said.sqlstate == SqlState::SYNTAX_ERROR.code() {
        return Some(syntax(client, parsed.is_some()).await);
    }
    let asks_rows = |node: &NodeEnum| {
        matches!(node, NodeEnum::AlterTableStmt(_) | NodeEnum::AlterDomainStmt(_) | NodeEnum::IndexStmt(_))
    };
    if is_contradiction(&said.sqlstate) && parsed.as_ref().and_then(Parsed::single).is_some_and(asks_rows) {
        return Some("the rows that are there do not meet it: mend or fill them first, then run this again".into());
    }
    by_state(&said.sqlstate).map(str::to_owned)
}

/// Whether rows did not meet a constraint.
fn is_contradiction(sqlstate: &str) -> bool {
    matches!(sqlstate, "23502" | "23503" | "23505" | "23514" | "23P01")
}

/// What to do, as far as the SQLSTATE alone says it.
fn by_state(sqlstate: &str) -> Option<&'static str> {
    Some(match sqlstate {
        "42P01" => "nothing before this line makes that relation: check the order of the files, and the search_path",
        "3F000" => "nothing before this line makes that schema: add CREATE SCHEMA, or check the order of the files",
        "42704" | "42883" => {
            "nothing before this line makes it: check the order of the files, and whether an extension that has it is created first"
        }
        "42703" => "check the order of the files: the column may be added later",
        "3D000" => "leave databases out: an import fills one that is there already",
        "42P07" | "42710" | "42723" | "42P06" | "42701" => {
            "it is there already: two files may make the same thing, or the file may hold a schema twice"
        }
        "42501" => "connect as a role that may do this, or leave the statement out",
        "25001" => {
            "it cannot run inside a transaction: give it a file of its own, or mark that file as the migration tool wants it"
        }
        "55P04" => {
            "a new enum value can be used only after the transaction that added it: put its use in the next file"
        }
        "53200" => "raise max_locks_per_transaction on the server, or do not run the whole file in one transaction",
        "0A000" => "this server cannot do it: check its version, and what the hosting allows",
        "22P02" | "22P04" | "22P05" | "22007" | "22008" => {
            "the row does not fit its columns: check that the file is whole and the columns are in its order"
        }
        state if is_contradiction(state) => {
            "the rows contradict each other or are there already: check that each file is loaded once, and in order"
        }
        "57014" => "it took longer than statement_timeout allows: raise it for the role or the database",
        _ => return None,
    })
}

async fn missing_extension(client: &Client, name: &str) -> String {
    let version = client
        .query_one("SELECT pg_catalog.current_setting('server_version_num')::int / 10000", &[])
        .await
        .map_or_else(|_| "<version>".to_owned(), |row| row.get::<_, i32>(0).to_string());
    let package = match name {
        "postgis" | "postgis_raster" | "postgis_topology" | "postgis_sfcgal" => {
            format!("postgresql-{version}-postgis-3")
        }
        "vector" => format!("postgresql-{version}-pgvector"),
        "pg_cron" => format!("postgresql-{version}-cron"),
        "plpython3u" | "plperl" | "pltcl" => {
            format!("postgresql-{}-{version}", name.trim_end_matches('u'))
        }
        _ => format!("postgresql-{version}-{}", name.trim_start_matches("pg_").replace('_', "-")),
    };
    format!(
        "the server does not have the extension {name}: install its package on the server (with apt it is often \
         called {package}), or leave the statement out; `SELECT name FROM pg_available_extensions` lists what is there"
    )
}

async fn missing_roles(client: &Client, sql: &str) -> Vec<String> {
    let named: Vec<String> = roles_named([sql]).into_iter().collect();
    let missing = "SELECT name FROM pg_catalog.unnest($1::text[]) name \
                   WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name) ORDER BY name";
    let rows = client.query(missing, &[&named]).await.unwrap_or_default();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn syntax(client: &Client, newer: bool) -> String {
    let version = client
        .query_one("SELECT pg_catalog.current_setting('server_version')", &[])
        .await
        .map_or_else(|_| String::new(), |row| row.get::<_, String>(0));
    if newer {
        format!(
            "PostgreSQL 18 would accept it and the server is PostgreSQL {version}: the file may be written for a newer version"
        )
    } else {
        "correct the statement; a semicolon may be missing before it".to_owned()
    }
}
