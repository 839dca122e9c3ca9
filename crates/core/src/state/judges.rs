//! Judges: databases at a commit in which changes are tried and taken back.

use super::sql::{bytes, get, rows};
use super::{Db, ProjectId};
use pleach_postgres::Result;
use pleach_schema::Hash;

/// How often one is used before it is replaced: what is taken back leaves dead rows in catalogs.
const USES: i32 = 2_000;

/// Adds a database, registered and ready, that is at a commit.
///
/// # Errors
/// When the state database cannot be written.
pub async fn add(db: &impl Db, project: ProjectId, database: &str, commit: Hash) -> Result<()> {
    let sql = "insert into pleach.judge (database, project_id, commit) values ($1, $2, $3)";
    db.execute(sql, &[&database, &project.0, &bytes(&commit)]).await?;
    Ok(())
}

/// Those that are at a commit, and good for another use.
///
/// # Errors
/// When the state database cannot be read.
pub async fn at(db: &impl Db, project: ProjectId, commit: Hash) -> Result<Vec<String>> {
    let sql = "select database from pleach.judge where project_id = $1 and commit = $2 and uses < $3 order by database";
    rows(&db.query(sql, &[&project.0, &bytes(&commit), &USES]).await?, |row| get(row, "database"))
}

/// Counts a use.
///
/// # Errors
/// When the state database cannot be written.
pub async fn used(db: &impl Db, database: &str) -> Result<()> {
    db.execute("update pleach.judge set uses = uses + 1 where database = $1", &[&database]).await?;
    Ok(())
}

/// Those that nobody will use any more: they are at another commit, or worn.
///
/// # Errors
/// When the state database cannot be read.
pub async fn stale(db: &impl Db, project: ProjectId, commit: Hash) -> Result<Vec<String>> {
    let sql = "select database from pleach.judge
        where project_id = $1 and (commit <> $2 or uses >= $3) order by database";
    rows(&db.query(sql, &[&project.0, &bytes(&commit), &USES]).await?, |row| get(row, "database"))
}

/// Forgets one; its database stays registered until it is dropped.
///
/// # Errors
/// When the state database cannot be written.
pub async fn forget(db: &impl Db, database: &str) -> Result<()> {
    db.execute("delete from pleach.judge where database = $1", &[&database]).await?;
    Ok(())
}
