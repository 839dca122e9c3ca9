//! Conflicts of merges, and how they were resolved.

use super::sql::{get, rows};
use super::{ConflictId, Db, Merge, MergeId, ProjectId};
use pleach_postgres::{Class, Error, Result};
use serde::Serialize;
use serde_json::Value as Json;
use time::OffsetDateTime;
use tokio_postgres::Row;

/// A conflict that a merge ran into.
#[derive(Debug, Clone)]
pub struct NewConflict {
    /// What tells it from the merge's other conflicts, the same whenever the merge is tried.
    pub key: String,
    /// What sort of conflict.
    pub kind: String,
    /// The objects, the attributes, both sides.
    pub body: Json,
}

/// A conflict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Conflict {
    /// Its number.
    pub id: ConflictId,
    /// The merge it belongs to.
    pub merge: MergeId,
    /// What tells it from the merge's other conflicts.
    pub key: String,
    /// What sort of conflict.
    pub kind: String,
    /// The objects, the attributes, both sides.
    pub body: Json,
    /// How it was resolved, if it was.
    pub resolution: Option<Json>,
    /// When it was resolved.
    #[serde(with = "time::serde::rfc3339::option")]
    pub resolved_at: Option<OffsetDateTime>,
    /// Who resolved it.
    pub resolved_by: Option<String>,
}

const COLUMNS: &str = "id, merge_id, key, kind, body, resolution, resolved_at, resolved_by";

/// Records what a merge ran into this time, and gives all its conflicts.
///
/// A conflict that was there keeps its number, and its resolution while it says the same; one that
/// is not in the way any more goes, unless it is resolved.
///
/// # Errors
/// When the state database cannot be written.
pub async fn put(db: &impl Db, merge: &Merge, conflicts: &[NewConflict]) -> Result<Vec<Conflict>> {
    let keys: Vec<&str> = conflicts.iter().map(|conflict| conflict.key.as_str()).collect();
    let kinds: Vec<&str> = conflicts.iter().map(|conflict| conflict.kind.as_str()).collect();
    let bodies: Vec<&Json> = conflicts.iter().map(|conflict| &conflict.body).collect();
    db.execute(
        "delete from pleach.conflict where merge_id = $1 and resolution is null and key <> all($2)",
        &[&merge.id.0, &keys],
    )
    .await?;
    db.execute(
        "insert into pleach.conflict as known (merge_id, key, kind, body)
         select $1, key, kind, body
         from unnest($2::text[], $3::text[], $4::jsonb[]) with ordinality as new(key, kind, body, place)
         order by place
         on conflict (merge_id, key) do update set
            kind = excluded.kind,
            body = excluded.body,
            resolution = case when known.body = excluded.body then known.resolution end,
            resolved_at = case when known.body = excluded.body then known.resolved_at end,
            resolved_by = case when known.body = excluded.body then known.resolved_by end",
        &[&merge.id.0, &keys, &kinds, &bodies],
    )
    .await?;
    list(db, merge.id).await
}

/// The conflicts of a merge, by number.
///
/// # Errors
/// When the state database cannot be read.
pub async fn list(db: &impl Db, merge: MergeId) -> Result<Vec<Conflict>> {
    let sql = format!("select {COLUMNS} from pleach.conflict where merge_id = $1 order by id");
    rows(&db.query(&sql, &[&merge.0]).await?, read)
}

/// The conflict of this number.
///
/// # Errors
/// `unknown_conflict`.
pub async fn get_by_id(db: &impl Db, project: ProjectId, id: ConflictId) -> Result<Conflict> {
    let sql = "select c.id, c.merge_id, c.key, c.kind, c.body, c.resolution, c.resolved_at, c.resolved_by
        from pleach.conflict c join pleach.merge m on m.id = c.merge_id
        where m.project_id = $1 and c.id = $2";
    match db.query_opt(sql, &[&project.0, &id.0]).await? {
        Some(row) => read(&row),
        None => Err(unknown(id)),
    }
}

/// Resolves a conflict of an open merge, or resolves it anew.
///
/// # Errors
/// `unknown_conflict`, and `merge_closed` when its merge is over.
pub async fn resolve(
    db: &impl Db,
    project: ProjectId,
    id: ConflictId,
    resolution: &Json,
    actor: &str,
) -> Result<Conflict> {
    let sql = "with merge as (
            select m.id from pleach.merge m join pleach.conflict c on c.merge_id = m.id
            where m.project_id = $1 and c.id = $2 and m.state = 'open' for share of m
        )
        update pleach.conflict c set resolution = $3, resolved_at = clock_timestamp(), resolved_by = $4
        from merge where c.merge_id = merge.id and c.id = $2
        returning c.id, c.merge_id, c.key, c.kind, c.body, c.resolution, c.resolved_at, c.resolved_by";
    match db.query_opt(sql, &[&project.0, &id.0, resolution, &actor]).await? {
        Some(row) => read(&row),
        None => {
            get_by_id(db, project, id).await?;
            Err(Error::new(Class::State, "merge_closed", "the conflict's merge is no longer open")
                .on(format!("conflict {id}"))
                .hint("see `pleach conflicts`"))
        }
    }
}

fn unknown(id: ConflictId) -> Error {
    Error::new(Class::State, "unknown_conflict", "there is no such conflict")
        .on(format!("conflict {id}"))
        .hint("see `pleach conflicts`")
}

fn read(row: &Row) -> Result<Conflict> {
    Ok(Conflict {
        id: get(row, "id")?,
        merge: get(row, "merge_id")?,
        key: get(row, "key")?,
        kind: get(row, "kind")?,
        body: get(row, "body")?,
        resolution: get(row, "resolution")?,
        resolved_at: get(row, "resolved_at")?,
        resolved_by: get(row, "resolved_by")?,
    })
}
