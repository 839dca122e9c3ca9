//! What happened, for whoever follows it.

use super::sql::{get, rows};
use super::{Db, IntentId, ProjectId};
use crate::shape::Moment;
use pleach_postgres::Result;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;
use time::OffsetDateTime;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

/// The channel on which a new event is announced, with the project's number.
pub const CHANNEL: &str = "pleach_event";

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Event {
    /// Where it stands in the order of events; later ones are higher.
    pub position: i64,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "Moment")]
    pub at: OffsetDateTime,
    /// Who did it.
    pub actor: String,
    /// What sort of event: `intent.registered`, `conflict.found`, `lock.stolen` …
    pub kind: String,
    /// The intent it is about.
    pub intent_id: Option<IntentId>,
    /// What happened, in a line for people.
    pub subject: String,
    /// What else there is to know.
    pub body: Json,
}

const COLUMNS: &str = "position, at, actor, kind, intent_id, subject, body";

/// Writes down what happened, in the transaction that does it.
///
/// # Errors
/// When the state database cannot be written.
pub async fn insert(
    db: &impl Db,
    project: ProjectId,
    actor: &str,
    kind: &str,
    intent: Option<IntentId>,
    subject: &str,
    body: &Json,
) -> Result<()> {
    let new = NewEvent { kind, intent, subject: subject.to_owned(), body: body.clone() };
    insert_all(db, project, actor, &[new]).await
}

/// Something that is about to be written down.
#[derive(Debug, Clone)]
pub struct NewEvent<'a> {
    /// What sort of event.
    pub kind: &'a str,
    /// The intent it is about.
    pub intent: Option<IntentId>,
    /// What happened, in a line for people.
    pub subject: String,
    /// What else there is to know.
    pub body: Json,
}

/// Writes down several things that happened, in this order.
///
/// # Errors
/// When the state database cannot be written.
pub async fn insert_all(db: &impl Db, project: ProjectId, actor: &str, events: &[NewEvent<'_>]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let sql = "insert into pleach.event (project_id, actor, kind, intent_id, subject, body)
        select $1, $2, kind, intent_id, subject, body
        from unnest($3::text[], $4::bigint[], $5::text[], $6::jsonb[]) with ordinality
            as new(kind, intent_id, subject, body, place)
        order by place";
    let kinds: Vec<&str> = events.iter().map(|event| event.kind).collect();
    let intents: Vec<Option<i64>> = events.iter().map(|event| event.intent.map(|id| id.0)).collect();
    let subjects: Vec<&str> = events.iter().map(|event| event.subject.as_str()).collect();
    let bodies: Vec<&Json> = events.iter().map(|event| &event.body).collect();
    db.execute_typed(
        sql,
        &[
            (&project.0, Type::INT8),
            (&actor, Type::TEXT),
            (&kinds, Type::TEXT_ARRAY),
            (&intents, Type::INT8_ARRAY),
            (&subjects, Type::TEXT_ARRAY),
            (&bodies, Type::JSONB_ARRAY),
        ],
    )
    .await?;
    Ok(())
}

/// The events after a position, oldest first. One whose transaction is over is left out while
/// another one runs that may still write an earlier one: so whoever goes on from the last position
/// misses none.
///
/// # Errors
/// When the state database cannot be read.
pub async fn after(db: &impl Db, project: ProjectId, position: i64, limit: i64) -> Result<Vec<Event>> {
    let sql = format!(
        "select {COLUMNS} from pleach.event
         where project_id = $1 and position > $2 and xid < pg_snapshot_xmin(pg_current_snapshot())
         order by position limit $3"
    );
    rows(&db.query(&sql, &[&project.0, &position, &limit]).await?, read)
}

/// The position of the last event that can be read.
///
/// # Errors
/// When the state database cannot be read.
pub async fn last(db: &impl Db, project: ProjectId) -> Result<i64> {
    let sql = "select coalesce(max(position), 0) as last from pleach.event
        where project_id = $1 and xid < pg_snapshot_xmin(pg_current_snapshot())";
    get(&db.query_one(sql, &[&project.0]).await?, "last")
}

/// Everything that happened to an intent, oldest first.
///
/// # Errors
/// When the state database cannot be read.
pub async fn of_intent(db: &impl Db, project: ProjectId, intent: IntentId) -> Result<Vec<Event>> {
    let sql = format!("select {COLUMNS} from pleach.event where project_id = $1 and intent_id = $2 order by position");
    rows(&db.query(&sql, &[&project.0, &intent.0]).await?, read)
}

fn read(row: &Row) -> Result<Event> {
    Ok(Event {
        position: get(row, "position")?,
        at: get(row, "at")?,
        actor: get(row, "actor")?,
        kind: get(row, "kind")?,
        intent_id: get(row, "intent_id")?,
        subject: get(row, "subject")?,
        body: get(row, "body")?,
    })
}
