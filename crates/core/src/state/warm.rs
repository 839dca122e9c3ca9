//! The warm pool: clones of snapshots made ahead of time, each given out once.

use super::sql::{get, rows};
use super::{Db, SnapshotId};
use pleach_postgres::Result;

/// A clone that was taken out of the pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its database.
    pub database: String,
    /// How it was made.
    pub way: String,
}

/// Puts a clone, registered and ready, into the pool.
///
/// # Errors
/// When the state database cannot be written.
pub async fn add(db: &impl Db, database: &str, snapshot: SnapshotId, way: &str) -> Result<()> {
    let sql = "insert into pleach.warm (database, snapshot_id, way) values ($1, $2, $3)";
    db.execute(sql, &[&database, &snapshot.0, &way]).await?;
    Ok(())
}

/// Takes a clone of a snapshot out of the pool, the oldest first: no two callers get the same one,
/// and none waits for another. If the transaction is rolled back, the clone is in the pool again.
///
/// # Errors
/// When the state database cannot be written.
pub async fn claim(db: &impl Db, snapshot: SnapshotId) -> Result<Option<Claimed>> {
    let sql = "with free as materialized (
            select database from pleach.warm where snapshot_id = $1
            order by made_at, database limit 1 for update skip locked
        )
        delete from pleach.warm using free where warm.database = free.database returning warm.database, warm.way";
    let claimed = |row| Ok(Claimed { database: get(&row, "database")?, way: get(&row, "way")? });
    db.query_opt(sql, &[&snapshot.0]).await?.map(claimed).transpose()
}

/// How many clones of a snapshot are in the pool.
///
/// # Errors
/// When the state database cannot be read.
pub async fn count(db: &impl Db, snapshot: SnapshotId) -> Result<u64> {
    let row = db.query_one("select count(*) as count from pleach.warm where snapshot_id = $1", &[&snapshot.0]).await?;
    Ok(get::<i64>(&row, "count")?.unsigned_abs())
}

/// The clones of a snapshot in the pool, oldest first.
///
/// # Errors
/// When the state database cannot be read.
pub async fn list(db: &impl Db, snapshot: SnapshotId) -> Result<Vec<String>> {
    let sql = "select database from pleach.warm where snapshot_id = $1 order by made_at, database";
    rows(&db.query(sql, &[&snapshot.0]).await?, |row| get(row, "database"))
}
