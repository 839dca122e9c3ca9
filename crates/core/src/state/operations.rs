//! The operation log: what was done, by whom, and which branches it moved.

use super::sql::{get, rows};
use super::{Db, OperationId, ProjectId};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Hash;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use time::OffsetDateTime;
use tokio_postgres::Row;
use tokio_postgres::types::Json as AsJson;

/// What an operation did to a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefChange {
    /// The branch's name.
    pub branch: String,
    /// Where it stood before; `None` for one that the operation made.
    pub before: Option<Hash>,
    /// Where it stood after; `None` for one that the operation deleted.
    pub after: Option<Hash>,
}

/// An operation that is about to be logged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewOperation {
    /// Who did it.
    pub actor: String,
    /// What sort of operation, such as `commit` or `merge`.
    pub kind: String,
    /// What it did, in one line for people.
    pub summary: String,
    /// What else is worth knowing, or needed to undo it.
    pub details: Json,
    /// The branches it moved.
    pub refs: Vec<RefChange>,
    /// The operation that this one takes back.
    pub undoes: Option<OperationId>,
}

/// An operation that was done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Operation {
    /// Its number: later ones are higher.
    pub id: OperationId,
    /// When it was done.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who did it.
    pub actor: String,
    /// What sort of operation, such as `commit` or `merge`.
    pub kind: String,
    /// What it did, in one line for people.
    pub summary: String,
    /// What else is worth knowing, or needed to undo it.
    pub details: Json,
    /// The branches it moved.
    pub refs: Vec<RefChange>,
    /// The operation that this one takes back.
    pub undoes: Option<OperationId>,
}

const COLUMNS: &str = "id, at, actor, kind, summary, details, refs, undoes";

/// Logs an operation, in the transaction that does it.
///
/// # Errors
/// `already_undone` when it takes back what another one took back before.
pub async fn insert(db: &impl Db, project: ProjectId, new: &NewOperation) -> Result<OperationId> {
    let sql = "insert into pleach.operation (project_id, actor, kind, summary, details, refs, undoes)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict (undoes) do nothing returning id";
    let undoes = new.undoes.map(|id| id.0);
    let row = db
        .query_opt(sql, &[&project.0, &new.actor, &new.kind, &new.summary, &new.details, &AsJson(&new.refs), &undoes])
        .await?;
    match row {
        Some(row) => get(&row, "id"),
        None => Err(Error::new(Class::State, "already_undone", "the operation was undone already")
            .on(format!("operation {}", undoes.unwrap_or_default()))
            .hint("see `pleach op log`")),
    }
}

/// The operation of this number.
///
/// # Errors
/// `unknown_operation`.
pub async fn get_by_id(db: &impl Db, project: ProjectId, id: OperationId) -> Result<Operation> {
    let sql = format!("select {COLUMNS} from pleach.operation where project_id = $1 and id = $2");
    match db.query_opt(&sql, &[&project.0, &id.0]).await? {
        Some(row) => read(&row),
        None => Err(Error::new(Class::State, "unknown_operation", "there is no such operation")
            .on(format!("operation {id}"))
            .hint("see `pleach op log`")),
    }
}

/// The last operations of a project, newest first.
///
/// # Errors
/// When the state database cannot be read.
pub async fn list(db: &impl Db, project: ProjectId, limit: i64) -> Result<Vec<Operation>> {
    let sql = format!("select {COLUMNS} from pleach.operation where project_id = $1 order by id desc limit $2");
    rows(&db.query(&sql, &[&project.0, &limit]).await?, read)
}

/// Whether the branch of this name, which was there, was moved since then.
///
/// # Errors
/// When the state database cannot be read.
pub async fn have_moved(db: &impl Db, project: ProjectId, branch: &str, since: OffsetDateTime) -> Result<bool> {
    let sql = "select exists (
        select from pleach.operation o, jsonb_array_elements(o.refs) as moved
        where project_id = $1 and at >= $3 and moved ->> 'branch' = $2
            and moved ->> 'before' is not null and moved ->> 'after' is not null) as moved";
    get(&db.query_one(sql, &[&project.0, &branch, &since]).await?, "moved")
}

/// The operation that took this one back, if one did.
///
/// # Errors
/// When the state database cannot be read.
pub async fn undone_by(db: &impl Db, id: OperationId) -> Result<Option<OperationId>> {
    let row = db.query_opt("select id from pleach.operation where undoes = $1", &[&id.0]).await?;
    row.map(|row| get(&row, "id")).transpose()
}

/// The newest operation that stands: no undo itself, and not undone.
///
/// # Errors
/// When the state database cannot be read.
pub async fn latest_not_undone(db: &impl Db, project: ProjectId) -> Result<Option<Operation>> {
    let sql = format!(
        "select {COLUMNS} from pleach.operation o
         where project_id = $1 and undoes is null
           and not exists (select from pleach.operation u where u.undoes = o.id)
         order by id desc limit 1"
    );
    db.query_opt(&sql, &[&project.0]).await?.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Operation> {
    Ok(Operation {
        id: get(row, "id")?,
        at: get(row, "at")?,
        actor: get(row, "actor")?,
        kind: get(row, "kind")?,
        summary: get(row, "summary")?,
        details: get(row, "details")?,
        refs: get::<AsJson<Vec<RefChange>>>(row, "refs")?.0,
        undoes: get(row, "undoes")?,
    })
}
