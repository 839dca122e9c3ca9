//! The registry of databases that Pleach made.
//!
//! A row is committed before `CREATE DATABASE` runs and goes only after `DROP DATABASE` has
//! succeeded, so whatever is cut off in between is found again.

use super::sql::{get, rows, text_enum};
use super::{Db, ProjectId};
use pleach_postgres::{Class, Error, Result};
use serde::Serialize;
use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;

text_enum! {
    /// What a database is for.
    Purpose {
        /// The live database of a branch.
        Branch = "branch",
        /// The source of clones for a commit; no one connects to it.
        Snapshot = "snapshot",
        /// A clone made ahead of time.
        Warm = "warm",
        /// A place to try something, dropped after it.
        Scratch = "scratch",
        /// A place to try intents, each in a transaction that is taken back.
        Judge = "judge",
    }
}

text_enum! {
    /// How far a database has come.
    DatabaseState {
        /// It is about to be created, or is being filled; it may not exist.
        Making = "making",
        /// It is there and whole.
        Ready = "ready",
        /// It is about to be dropped; it may be gone already.
        Dropping = "dropping",
    }
}

/// A database that Pleach made.
#[derive(Debug, Clone, Serialize)]
pub struct Database {
    /// Its name on the server.
    pub name: String,
    /// The project it belongs to.
    pub project: ProjectId,
    /// What it is for.
    pub purpose: Purpose,
    /// How far it has come.
    pub state: DatabaseState,
    /// When it was registered.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// The operation that is making it, while that is under way.
    pub journal: Option<Uuid>,
}

const COLUMNS: &str = "name, project_id, purpose, state, created_at, journal";

/// Nothing refers to the database `d`.
const UNUSED: &str = "not exists (select from pleach.branch where database = d.name)
    and not exists (select from pleach.snapshot where database = d.name)
    and not exists (select from pleach.warm where database = d.name)
    and not exists (select from pleach.judge where database = d.name)";

/// Registers a database that is about to be created.
///
/// # Errors
/// `database_exists` when the name is registered already.
pub async fn register(
    db: &impl Db,
    project: ProjectId,
    name: &str,
    purpose: Purpose,
    journal: Option<Uuid>,
) -> Result<()> {
    let sql = "insert into pleach.database (name, project_id, purpose, state, journal)
        values ($1, $2, $3, 'making', $4) on conflict (name) do nothing";
    let registered = db.execute(sql, &[&name, &project.0, &purpose.as_str(), &journal]).await?;
    if registered == 1 {
        return Ok(());
    }
    Err(Error::new(Class::State, "database_exists", "a database of this name is registered already")
        .on(format!("database {name}"))
        .hint("see `pleach status`"))
}

/// Says that a database is there and whole.
///
/// # Errors
/// `unknown_database`.
pub async fn set_ready(db: &impl Db, name: &str) -> Result<()> {
    set_state(db, name, DatabaseState::Ready).await
}

/// Says that a database is about to be dropped.
///
/// # Errors
/// `unknown_database`.
pub async fn set_dropping(db: &impl Db, name: &str) -> Result<()> {
    set_state(db, name, DatabaseState::Dropping).await
}

/// Follows `ALTER DATABASE … RENAME` in the registry and gives the database another purpose; what
/// refers to the database follows. Belongs into the transaction of that statement.
///
/// # Errors
/// `unknown_database`.
pub async fn rename(db: &impl Db, from: &str, to: &str, purpose: Purpose) -> Result<()> {
    let sql = "update pleach.database set name = $2, purpose = $3 where name = $1";
    one(db.execute(sql, &[&from, &to, &purpose.as_str()]).await?, from)
}

/// Gives a database another purpose, as when what proved a merge becomes a snapshot.
///
/// # Errors
/// `unknown_database`.
pub async fn set_purpose(db: &impl Db, name: &str, purpose: Purpose) -> Result<()> {
    let sql = "update pleach.database set purpose = $2 where name = $1";
    one(db.execute(sql, &[&name, &purpose.as_str()]).await?, name)
}

/// Forgets a database that has been dropped; one that is not registered is no error.
///
/// # Errors
/// PostgreSQL refuses while a branch, a snapshot or the warm pool uses it.
pub async fn forget(db: &impl Db, name: &str) -> Result<()> {
    db.execute("delete from pleach.database where name = $1", &[&name]).await?;
    Ok(())
}

/// A database, if it is registered.
///
/// # Errors
/// When the state database cannot be read.
pub async fn find(db: &impl Db, name: &str) -> Result<Option<Database>> {
    let sql = format!("select {COLUMNS} from pleach.database where name = $1");
    db.query_opt(&sql, &[&name]).await?.as_ref().map(read).transpose()
}

/// All databases of a project, by name.
///
/// # Errors
/// When the state database cannot be read.
pub async fn list(db: &impl Db, project: ProjectId) -> Result<Vec<Database>> {
    let sql = format!("select {COLUMNS} from pleach.database where project_id = $1 order by name");
    rows(&db.query(&sql, &[&project.0]).await?, read)
}

/// The databases of a project that nothing will ever refer to again, by name: they are about to be
/// dropped, or no operation is at work on them and nothing uses them.
///
/// # Errors
/// When the state database cannot be read.
pub async fn orphans(db: &impl Db, project: ProjectId) -> Result<Vec<String>> {
    let sql = format!(
        "select name from pleach.database d
         where project_id = $1 and (state = 'dropping' or journal is null) and {UNUSED} order by name"
    );
    rows(&db.query(&sql, &[&project.0]).await?, |row| get(row, "name"))
}

/// The databases that an operation registered and nothing refers to yet, by name.
///
/// # Errors
/// When the state database cannot be read.
pub async fn of_journal(db: &impl Db, journal: Uuid) -> Result<Vec<String>> {
    let sql = format!("select name from pleach.database d where journal = $1 and {UNUSED} order by name");
    rows(&db.query(&sql, &[&journal]).await?, |row| get(row, "name"))
}

async fn set_state(db: &impl Db, name: &str, state: DatabaseState) -> Result<()> {
    let sql = "update pleach.database set state = $2 where name = $1";
    one(db.execute(sql, &[&name, &state.as_str()]).await?, name)
}

fn one(changed: u64, name: &str) -> Result<()> {
    if changed == 1 {
        return Ok(());
    }
    Err(Error::new(Class::Internal, "unknown_database", "the database is not registered")
        .on(format!("database {name}"))
        .hint("run `pleach fsck`"))
}

fn read(row: &Row) -> Result<Database> {
    Ok(Database {
        name: get(row, "name")?,
        project: get(row, "project_id")?,
        purpose: get(row, "purpose")?,
        state: get(row, "state")?,
        created_at: get(row, "created_at")?,
        journal: get(row, "journal")?,
    })
}

/// Gives a clone from the warm pool to an operation, which drops it if it is cut off. Belongs into
/// the transaction that claims the clone.
///
/// # Errors
/// `unknown_database`.
pub async fn adopt(db: &impl Db, name: &str, purpose: Purpose, journal: Uuid) -> Result<()> {
    let sql = "update pleach.database set purpose = $2, journal = $3 where name = $1";
    one(db.execute(sql, &[&name, &purpose.as_str(), &journal]).await?, name)
}
