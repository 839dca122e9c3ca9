//! Snapshots: databases that no one connects to, kept as the source of clones for a commit.

use super::sql::{all_bytes, bytes, get, hash, rows};
use super::{Db, ProjectId, SnapshotId};
use pleach_postgres::Result;
use pleach_schema::Hash;
use serde::Serialize;
use time::OffsetDateTime;
use tokio_postgres::Row;

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Its number.
    pub id: SnapshotId,
    /// The commit whose schema it has.
    pub commit: Hash,
    /// Its database.
    pub database: String,
    /// How old its data is: when it was taken from a live database.
    #[serde(with = "time::serde::rfc3339")]
    pub taken_at: OffsetDateTime,
    /// How it was made.
    pub way: String,
}

/// A snapshot that is about to be recorded.
#[derive(Debug, Clone)]
pub struct NewSnapshot {
    /// The commit whose schema it has.
    pub commit: Hash,
    /// Its database, which is registered already.
    pub database: String,
    /// How old its data is.
    pub taken_at: OffsetDateTime,
    /// How it was made.
    pub way: String,
}

const COLUMNS: &str = "id, commit, database, taken_at, way";

/// Records a snapshot.
///
/// # Errors
/// When the state database cannot be written.
pub async fn insert(db: &impl Db, project: ProjectId, new: &NewSnapshot) -> Result<Snapshot> {
    let sql = format!(
        "insert into pleach.snapshot (project_id, commit, database, taken_at, way)
         values ($1, $2, $3, $4, $5) returning {COLUMNS}"
    );
    read(&db.query_one(&sql, &[&project.0, &bytes(&new.commit), &new.database, &new.taken_at, &new.way]).await?)
}

/// A snapshot, if there is one of this number.
///
/// # Errors
/// When the state database cannot be read.
pub async fn find(db: &impl Db, id: SnapshotId) -> Result<Option<Snapshot>> {
    let sql = format!("select {COLUMNS} from pleach.snapshot where id = $1");
    db.query_opt(&sql, &[&id.0]).await?.as_ref().map(read).transpose()
}

/// All snapshots of a project, retired ones as well, youngest data first.
///
/// # Errors
/// When the state database cannot be read.
pub async fn list(db: &impl Db, project: ProjectId) -> Result<Vec<Snapshot>> {
    let sql = format!("select {COLUMNS} from pleach.snapshot where project_id = $1 order by taken_at desc, id desc");
    rows(&db.query(&sql, &[&project.0]).await?, read)
}

/// The snapshot of a commit with the youngest data.
///
/// # Errors
/// When the state database cannot be read.
pub async fn latest(db: &impl Db, project: ProjectId, commit: Hash) -> Result<Option<Snapshot>> {
    nearest(db, project, &[commit]).await
}

/// The snapshot of the first of these commits that has one, with the youngest data: give them
/// nearest first, as [`super::Dag::nearest_first`] does, to get what a branch is best cloned from.
///
/// # Errors
/// When the state database cannot be read.
pub async fn nearest(db: &impl Db, project: ProjectId, commits: &[Hash]) -> Result<Option<Snapshot>> {
    let sql = "select s.id, s.commit, s.database, s.taken_at, s.way
        from unnest($2::bytea[]) with ordinality as wanted(hash, place)
        join pleach.snapshot s on s.project_id = $1 and s.commit = wanted.hash and not s.retired
        order by wanted.place, s.taken_at desc, s.id desc
        limit 1";
    db.query_opt(sql, &[&project.0, &all_bytes(commits)]).await?.as_ref().map(read).transpose()
}

/// Gives a snapshot to no new operation. Returns the moment after which none can have got it.
///
/// # Errors
/// When the state database cannot be written.
pub async fn retire(db: &impl Db, id: SnapshotId) -> Result<OffsetDateTime> {
    db.execute("update pleach.snapshot set retired = true where id = $1", &[&id.0]).await?;
    super::now(db).await
}

/// Deletes a snapshot; its database stays registered until it is dropped.
///
/// # Errors
/// PostgreSQL refuses while the warm pool has clones of it.
pub async fn delete(db: &impl Db, id: SnapshotId) -> Result<()> {
    db.execute("delete from pleach.snapshot where id = $1", &[&id.0]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<Snapshot> {
    Ok(Snapshot {
        id: get(row, "id")?,
        commit: hash(row, "commit")?,
        database: get(row, "database")?,
        taken_at: get(row, "taken_at")?,
        way: get(row, "way")?,
    })
}
