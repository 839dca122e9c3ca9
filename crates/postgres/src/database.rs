//! The databases of a server: making, cloning, renaming and dropping them.
//!
//! Everything here runs over a session to some other database of the server, by a role that
//! may CREATE DATABASE. None of it can be part of a transaction.

use crate::connect::Session;
use crate::{Class, Error, Result, Said};
use pleach_schema::{quote_ident, quote_literal};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt;
use tokio_postgres::Row;

/// Templates up to this size are copied through the write-ahead log: copying files costs two
/// checkpoints, whatever the size.
const WAL_LOG_LIMIT: u64 = 64 << 20;

/// Copying a file means syncing it, which takes as long as this much through the log: 0.33 ms beside
/// 87 MB a second, measured on ext4 with 6,000 files of 67 MB in all.
const BYTES_FOR_A_FILE: u64 = 32 << 10;

/// How a clone was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CloneWay {
    /// Files share their blocks until one side changes them.
    CopyOnWrite,
    /// Files were copied, between two checkpoints.
    FileCopy,
    /// Blocks were copied through the write-ahead log.
    WalLog,
}

/// What a clone shall be like.
#[derive(Debug, Clone, Default)]
pub struct CloneOptions {
    /// The owner; without one, the role of the session.
    pub owner: Option<String>,
    /// Whether anybody may connect; a snapshot is closed so that it can always be cloned.
    pub closed: bool,
    /// The size of the template in bytes, if it is known; it is measured otherwise.
    pub template_bytes: Option<u64>,
    /// The way, if it shall not be chosen. Ignored on PostgreSQL 14, which has only one.
    pub way: Option<CloneWay>,
}

/// A database of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// Its number; never given to another one while the server lives.
    pub oid: u32,
    /// The role that owns it.
    pub owner: String,
    /// Whether anybody may connect.
    pub open: bool,
    /// Whether it is whole. Dropping one that was cut off leaves a ruin that can only be dropped.
    pub valid: bool,
}

/// What a database takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes on the disk. Blocks shared with other databases count as its own.
    pub bytes: u64,
    /// Clients connected to it.
    pub connections: usize,
}

/// Somebody connected to a database.
#[derive(Debug, Clone, Serialize)]
pub struct Connection {
    /// The process on the server.
    pub pid: i32,
    /// The role.
    pub user: Option<String>,
    /// What the client calls itself.
    pub application: Option<String>,
    /// What the connection does: `active`, `idle`, `idle in transaction`, …
    pub state: Option<String>,
}

/// Whether a database of this name is there.
pub async fn exists(session: &Session, name: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1::text)";
    Ok(session.query_one(sql, &[&name]).await?.try_get(0)?)
}

/// The database of this name, if it is there.
pub async fn find(session: &Session, name: &str) -> Result<Option<Database>> {
    let sql = "SELECT datname::text, oid, pg_catalog.pg_get_userbyid(datdba)::text, datallowconn, datconnlimit <> -2 \
               FROM pg_catalog.pg_database WHERE datname = $1::text";
    let database = |row: Row| {
        Ok(Database {
            name: row.try_get(0)?,
            oid: row.try_get(1)?,
            owner: row.try_get(2)?,
            open: row.try_get(3)?,
            valid: row.try_get(4)?,
        })
    };
    session.query_opt(sql, &[&name]).await?.map(database).transpose()
}

/// What a database takes on the disk, in bytes.
pub async fn size(session: &Session, name: &str) -> Result<u64> {
    let row = session
        .query_one("SELECT pg_catalog.pg_database_size($1::text::name)", &[&name])
        .await
        .map_err(|error| explain(&error, name))?;
    Ok(u64::try_from(row.try_get::<_, i64>(0)?).unwrap_or_default())
}

/// What databases take on the disk, and how many clients each has; those that are not there are
/// left out.
pub async fn usage(session: &Session, names: &[&str]) -> Result<HashMap<String, Usage>> {
    let sql = "SELECT datname::text, coalesce(pg_catalog.pg_database_size(oid), 0), \
                   (SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid \
                       AND a.backend_type = 'client backend' AND a.pid <> pg_catalog.pg_backend_pid()) \
               FROM pg_catalog.pg_database d WHERE datname = ANY ($1::text[])";
    let usage = |row: &Row| {
        let (bytes, connections): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
        Ok((row.try_get(0)?, Usage { bytes: bytes.unsigned_abs(), connections: connections.unsigned_abs() as usize }))
    };
    session.query(sql, &[&names]).await?.iter().map(usage).collect()
}

/// Who is connected to a database, this session not counted.
pub async fn connections(session: &Session, name: &str) -> Result<Vec<Connection>> {
    let sql = "SELECT pid, usename::text, application_name, state FROM pg_catalog.pg_stat_activity \
               WHERE datname = $1::text AND backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid() \
               ORDER BY backend_start, pid";
    let rows = session.query(sql, &[&name]).await?;
    let connections = rows.iter().map(|row| {
        Ok(Connection {
            pid: row.try_get(0)?,
            user: row.try_get(1)?,
            application: row.try_get(2)?,
            state: row.try_get(3)?,
        })
    });
    connections.collect()
}

/// Makes a database with nothing in it, not even what the server's owner put into `template1`.
pub async fn create_empty(session: &Session, name: &str, owner: Option<&str>) -> Result<()> {
    let mut sql = format!("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", quote_ident(name));
    if let Some(owner) = owner {
        sql.push_str(&format!(" OWNER {}", quote_ident(owner)));
    }
    match run(session, &sql, name).await {
        // The locale of the server may not go with UTF-8.
        Err(error) if error.sqlstate() == Some("22023") => run(session, &format!("{sql} LOCALE 'C'"), name).await,
        outcome => outcome,
    }
}

/// Clones a database; it keeps every OID, so the clone knows who is who. Says how it was done.
///
/// Nobody may be connected to the template: the error `template_in_use` says who is.
pub async fn clone(session: &Session, template: &str, name: &str, options: &CloneOptions) -> Result<CloneWay> {
    let way = choose_way(session, template, options).await?;
    let mut sql = format!("CREATE DATABASE {} TEMPLATE {}", quote_ident(name), quote_ident(template));
    if session.major() >= 15 {
        sql.push_str(if way == CloneWay::WalLog { " STRATEGY WAL_LOG" } else { " STRATEGY FILE_COPY" });
    }
    if let Some(owner) = &options.owner {
        sql.push_str(&format!(" OWNER {}", quote_ident(owner)));
    }
    if options.closed {
        sql.push_str(" ALLOW_CONNECTIONS false");
    }
    match run(session, &sql, name).await {
        Err(error) if error.sqlstate() == Some("55006") => Err(template_in_use(session, template, error).await),
        Err(error) if error.sqlstate() == Some("3D000") => Err(Error { object: Some(template.to_owned()), ..error }),
        outcome => outcome.map(|()| way),
    }
}

/// Gives a database another name. Nobody may be connected to it.
pub async fn rename(session: &Session, from: &str, to: &str) -> Result<()> {
    run(session, &format!("ALTER DATABASE {} RENAME TO {}", quote_ident(from), quote_ident(to)), from).await
}

/// Removes a database if it is there; returns whether it was. With `force`, who is connected to
/// it is disconnected; without, that is an error.
pub async fn drop(session: &Session, name: &str, force: bool) -> Result<bool> {
    let force = if force { " WITH (FORCE)" } else { "" };
    match run(session, &format!("DROP DATABASE {}{force}", quote_ident(name)), name).await {
        Ok(()) => Ok(true),
        Err(error) if error.sqlstate() == Some("3D000") => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens a database to connections, or closes it. Who is connected stays connected.
pub async fn set_allow_connections(session: &Session, name: &str, allow: bool) -> Result<()> {
    run(session, &format!("ALTER DATABASE {} ALLOW_CONNECTIONS {allow}", quote_ident(name)), name).await
}

/// Gives a database another owner.
pub async fn set_owner(session: &Session, name: &str, owner: &str) -> Result<()> {
    run(session, &format!("ALTER DATABASE {} OWNER TO {}", quote_ident(name), quote_ident(owner)), name).await
}

/// Writes a remark on a database, or removes it.
pub async fn set_comment(session: &Session, name: &str, comment: Option<&str>) -> Result<()> {
    let comment = comment.map_or_else(|| "NULL".to_owned(), quote_literal);
    run(session, &format!("COMMENT ON DATABASE {} IS {comment}", quote_ident(name)), name).await
}

/// Disconnects everybody else from a database; returns how many that were.
pub async fn disconnect(session: &Session, name: &str) -> Result<u64> {
    let sql = "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
               WHERE datname = $1::text AND backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()";
    let rows = session.query(sql, &[&name]).await.map_err(|error| explain(&error, name))?;
    Ok(rows.len() as u64)
}

impl CloneWay {
    /// The way in the words of the JSON output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CopyOnWrite => "copy_on_write",
            Self::FileCopy => "file_copy",
            Self::WalLog => "wal_log",
        }
    }
}

impl fmt::Display for CloneWay {
    /// The way in words for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CopyOnWrite => "copy-on-write clone",
            Self::FileCopy => "file copy",
            Self::WalLog => "block copy",
        })
    }
}

async fn choose_way(session: &Session, template: &str, options: &CloneOptions) -> Result<CloneWay> {
    if session.major() < 15 {
        return Ok(CloneWay::FileCopy);
    }
    if let Some(way) = options.way {
        return Ok(way);
    }
    if session.major() >= 18 && clones_files(session).await? {
        return Ok(CloneWay::CopyOnWrite);
    }
    let bytes = match options.template_bytes {
        Some(bytes) => bytes,
        None => size(session, template).await?,
    };
    if bytes <= WAL_LOG_LIMIT || bytes <= files(session, template).await? * BYTES_FOR_A_FILE {
        return Ok(CloneWay::WalLog);
    }
    Ok(CloneWay::FileCopy)
}

/// How many files a database has in the server's main folder, as far as the role may know.
async fn files(session: &Session, name: &str) -> Result<u64> {
    let sql = "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_ls_dir(text, boolean, boolean)', 'execute')";
    if !session.query_one(sql, &[]).await?.try_get::<_, bool>(0)? {
        return Ok(0);
    }
    let sql = "SELECT count(*) FROM pg_catalog.pg_database, pg_catalog.pg_ls_dir('base/' || oid, true, false) \
               WHERE datname = $1::text";
    let count: i64 = session.query_one(sql, &[&name]).await?.try_get(0)?;
    Ok(count.unsigned_abs())
}

/// Whether the server is set to clone files; it is for whoever sets it to know that the file
/// system can.
async fn clones_files(session: &Session) -> Result<bool> {
    let row = session.query_one("SELECT pg_catalog.current_setting('file_copy_method', true) = 'clone'", &[]).await?;
    Ok(row.try_get::<_, Option<bool>>(0)?.unwrap_or(false))
}

async fn run(session: &Session, sql: &str, name: &str) -> Result<()> {
    tracing::debug!(sql, "changing databases");
    session.batch_execute(sql).await.map_err(|error| explain(&error, name))
}

async fn template_in_use(session: &Session, template: &str, error: Error) -> Error {
    let users = connections(session, template).await.unwrap_or_default();
    let names: Vec<String> =
        users.iter().filter_map(|user| user.application.clone()).filter(|name| !name.is_empty()).collect();
    let hint = if names.is_empty() {
        "close the connections to it and try again".to_owned()
    } else {
        format!("close the connections to it ({}) and try again", names.join(", "))
    };
    Error::new(Class::State, "template_in_use", "a database can be cloned only while nobody is connected to it")
        .on(template)
        .hint(hint)
        .said(error.postgres.map(|said| *said))
}

/// Says what a refusal means for this database.
fn explain(error: &tokio_postgres::Error, name: &str) -> Error {
    let Some(said) = Said::from_error(error) else {
        return Error::new(Class::Unavailable, "connection_lost", format!("the connection was lost: {error}"))
            .on(name)
            .hint("check that the server is running (`pleach status`) and try again");
    };
    let (class, code, message, hint) = match said.sqlstate.as_str() {
        "42P04" => (Class::State, "database_exists", "there is a database of this name already", "choose another name"),
        "3D000" => (
            Class::State,
            "database_missing",
            "there is no such database",
            "list those that are there with `pleach branch list`",
        ),
        "55006" => (
            Class::State,
            "database_in_use",
            "somebody is connected to the database",
            "close the connections to it and try again",
        ),
        "42501" => (
            Class::Unavailable,
            "permission_denied",
            "the role may not do this with databases",
            "use a role that may CREATE DATABASE, and that owns the databases it clones",
        ),
        "53100" => (
            Class::Unavailable,
            "disk_full",
            "the disk of the server is full",
            "delete branches that are no longer needed",
        ),
        _ => (Class::Refused, "postgres_refused", "PostgreSQL refused a statement", "see what PostgreSQL said"),
    };
    Error::new(class, code, message).on(name).hint(hint).said(Some(said))
}
