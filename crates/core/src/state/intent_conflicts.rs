//! Intents that are in each other's way.

use super::sql::{get, rows, text_enum};
use super::{ConflictId, Db, IntentId, ProjectId};
use pleach_postgres::{Class, Error, Result};
use serde::Serialize;
use serde_json::{Value as Json, json};
use time::OffsetDateTime;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

text_enum! {
    /// How bad it is.
    Severity {
        /// Both agents should know.
        Warning = "warning",
        /// They cannot both go on as they are.
        Error = "error",
    }
}

/// Two intents in each other's way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IntentConflict {
    /// Its number.
    pub id: ConflictId,
    /// The intent that was registered first.
    pub first: IntentId,
    /// The other one; `None` where an intent goes beyond what its sort of agent owns.
    pub second: Option<IntentId>,
    /// What tells it from the pair's other conflicts.
    pub key: String,
    /// What they collide on: `TABLE`, `COLUMN` …
    pub class: String,
    /// How bad it is.
    pub severity: Severity,
    /// How the two changes relate.
    pub verdict: String,
    /// Whether PostgreSQL said so; else it is what can be told without running them.
    pub verified: bool,
    /// The objects.
    pub objects: Vec<String>,
    /// Their attributes.
    pub attributes: Vec<String>,
    /// What is the matter, in one sentence.
    pub message: String,
    /// What this pair could do.
    pub suggestions: Vec<String>,
    /// What was seen.
    pub evidence: Json,
    /// When it was found.
    #[serde(with = "time::serde::rfc3339")]
    pub found_at: OffsetDateTime,
    /// When somebody dealt with it.
    #[serde(with = "time::serde::rfc3339::option")]
    pub reviewed_at: Option<OffsetDateTime>,
    /// Who.
    pub reviewed_by: Option<String>,
    /// What they agreed on.
    pub notes: Option<String>,
    /// When it was gone.
    #[serde(with = "time::serde::rfc3339::option")]
    pub closed_at: Option<OffsetDateTime>,
    /// Why.
    pub closed_why: Option<String>,
}

impl IntentConflict {
    /// Whether somebody still has to deal with it.
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none() && self.reviewed_at.is_none()
    }

    /// Whether it keeps its intents from being merged.
    pub fn blocks(&self) -> bool {
        let proved_harmless = self.verified && matches!(self.verdict.as_str(), "commutes" | "identical");
        let order_known = self.evidence.get("order_known").is_some();
        self.is_open() && !proved_harmless && !order_known
    }

    /// The other one of the pair, seen from an intent.
    pub fn other(&self, intent: IntentId) -> Option<IntentId> {
        if self.first == intent { self.second } else { Some(self.first) }
    }
}

/// A conflict as it was judged this time.
#[derive(Debug, Clone, PartialEq)]
pub struct NewIntentConflict {
    /// What tells it from the pair's other conflicts.
    pub key: String,
    /// What they collide on.
    pub class: String,
    /// How bad it is.
    pub severity: Severity,
    /// How the two changes relate.
    pub verdict: String,
    /// Whether PostgreSQL said so.
    pub verified: bool,
    /// The objects.
    pub objects: Vec<String>,
    /// Their attributes.
    pub attributes: Vec<String>,
    /// What is the matter.
    pub message: String,
    /// What this pair could do.
    pub suggestions: Vec<String>,
    /// What was seen.
    pub evidence: Json,
}

const COLUMNS: &str = "id, first, second, key, class, severity, verdict, verified, objects, attributes, message,
    suggestions, evidence, found_at, reviewed_at, reviewed_by, notes, closed_at, closed_why";

/// Records how a pair was judged this time: new conflicts, changed ones (which have to be dealt with
/// anew if they got worse), and closes those that are gone. Returns the pair's open ones.
///
/// # Errors
/// When the state database cannot be written.
pub async fn put(
    db: &impl Db,
    project: ProjectId,
    pair: (IntentId, Option<IntentId>),
    judged: &[NewIntentConflict],
    gone: &str,
) -> Result<Vec<IntentConflict>> {
    let (first, second) = (pair.0, pair.1.map(|id| id.0));
    for one in judged {
        db.execute_typed(
            "insert into pleach.intent_conflict as known (project_id, first, second, key, class, severity, verdict,
                verified, objects, attributes, message, suggestions, evidence)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             on conflict (first, coalesce(second, 0), key) do update set
                class = excluded.class, severity = excluded.severity, verdict = excluded.verdict,
                verified = excluded.verified, objects = excluded.objects, attributes = excluded.attributes,
                message = excluded.message, suggestions = excluded.suggestions, evidence = excluded.evidence,
                reviewed_at = case when known.severity = 'error' or excluded.severity = 'warning' then known.reviewed_at end,
                reviewed_by = case when known.severity = 'error' or excluded.severity = 'warning' then known.reviewed_by end,
                closed_at = null, closed_why = null",
            &[
                (&project.0, Type::INT8),
                (&first.0, Type::INT8),
                (&second, Type::INT8),
                (&one.key, Type::TEXT),
                (&one.class, Type::TEXT),
                (&one.severity.as_str(), Type::TEXT),
                (&one.verdict, Type::TEXT),
                (&one.verified, Type::BOOL),
                (&one.objects, Type::TEXT_ARRAY),
                (&one.attributes, Type::TEXT_ARRAY),
                (&one.message, Type::TEXT),
                (&one.suggestions, Type::TEXT_ARRAY),
                (&one.evidence, Type::JSONB),
            ],
        )
        .await?;
    }
    let keys: Vec<&str> = judged.iter().map(|one| one.key.as_str()).collect();
    let sql = "update pleach.intent_conflict set closed_at = clock_timestamp(), closed_why = $4
        where first = $1 and second is not distinct from $2 and closed_at is null and key <> all($3)";
    let pair: [(&(dyn ToSql + Sync), Type); 2] = [(&first.0, Type::INT8), (&second, Type::INT8)];
    let closed = [pair.as_slice(), &[(&keys, Type::TEXT_ARRAY), (&gone, Type::TEXT)]].concat();
    db.execute_typed(sql, &closed).await?;
    let sql = format!(
        "select {COLUMNS} from pleach.intent_conflict
         where first = $1 and second is not distinct from $2 and closed_at is null order by id"
    );
    rows(&db.query_typed(&sql, &pair).await?, read)
}

/// Records conflicts of pairs that have none yet.
///
/// # Errors
/// When the state database cannot be written.
pub async fn insert_all(
    db: &impl Db,
    project: ProjectId,
    new: &[(IntentId, Option<IntentId>, NewIntentConflict)],
) -> Result<Vec<IntentConflict>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "insert into pleach.intent_conflict (project_id, first, second, key, class, severity, verdict, verified,
            objects, attributes, message, suggestions, evidence)
         select $1, first, second, key, class, severity, verdict, verified, objects, attributes, message,
            suggestions, evidence
         from jsonb_populate_recordset(null::pleach.intent_conflict, $2)
         returning {COLUMNS}"
    );
    let given = new.iter().map(|(first, second, one)| {
        json!({ "first": first, "second": second, "key": one.key, "class": one.class, "severity": one.severity,
            "verdict": one.verdict, "verified": one.verified, "objects": one.objects,
            "attributes": one.attributes, "message": one.message, "suggestions": one.suggestions,
            "evidence": one.evidence })
    });
    let given = Json::Array(given.collect());
    rows(&db.query_typed(&sql, &[(&project.0, Type::INT8), (&given, Type::JSONB)]).await?, read)
}

/// The conflicts of a project, or of one intent, by number.
///
/// # Errors
/// When the state database cannot be read.
pub async fn list(db: &impl Db, project: ProjectId, of: Option<IntentId>) -> Result<Vec<IntentConflict>> {
    let (project, of) = (project.0, of.map(|id| id.0));
    let mut sql = format!("select {COLUMNS} from pleach.intent_conflict where project_id = $1");
    let mut given: Vec<(&(dyn ToSql + Sync), Type)> = vec![(&project, Type::INT8)];
    if of.is_some() {
        sql.push_str(" and $2 in (first, second)");
        given.push((&of, Type::INT8));
    }
    sql.push_str(" order by id");
    rows(&db.query_typed(&sql, &given).await?, read)
}

/// The pairs that PostgreSQL has not judged yet, whose intents are both active.
///
/// # Errors
/// When the state database cannot be read.
pub async fn unverified(db: &impl Db, project: ProjectId, limit: i64) -> Result<Vec<(IntentId, IntentId)>> {
    let sql = "select distinct c.first, c.second from pleach.intent_conflict c
        join pleach.intent a on a.id = c.first and a.closed_at is null and a.executed
        join pleach.intent b on b.id = c.second and b.closed_at is null and b.executed
        where c.project_id = $1 and c.closed_at is null and not c.verified and c.verdict <> 'unsettled'
        order by 1, 2 limit $2";
    rows(&db.query(sql, &[&project.0, &limit]).await?, |row| Ok((get(row, "first")?, get(row, "second")?)))
}

/// Writes down that somebody dealt with a conflict.
///
/// # Errors
/// `unknown_conflict`, `conflict_closed`.
pub async fn review(
    db: &impl Db,
    project: ProjectId,
    id: ConflictId,
    actor: &str,
    notes: &str,
) -> Result<IntentConflict> {
    let sql = format!(
        "update pleach.intent_conflict set reviewed_at = clock_timestamp(), reviewed_by = $3, notes = $4
         where project_id = $1 and id = $2 and closed_at is null returning {COLUMNS}"
    );
    if let Some(row) = db.query_opt(&sql, &[&project.0, &id.0, &actor, &notes]).await? {
        return read(&row);
    }
    let sql = "select closed_why from pleach.intent_conflict where project_id = $1 and id = $2";
    Err(match db.query_opt(sql, &[&project.0, &id.0]).await? {
        Some(row) => Error::new(Class::State, "conflict_closed", "the conflict is over")
            .on(format!("conflict {id}"))
            .hint(get::<Option<String>>(&row, "closed_why")?.unwrap_or_default()),
        None => Error::new(Class::State, "unknown_conflict", "there is no such conflict between intents")
            .on(format!("conflict {id}"))
            .hint("see `pleach coordinate conflicts`; conflicts of merges are in `pleach conflicts`"),
    })
}

fn read(row: &Row) -> Result<IntentConflict> {
    Ok(IntentConflict {
        id: get(row, "id")?,
        first: get(row, "first")?,
        second: get(row, "second")?,
        key: get(row, "key")?,
        class: get(row, "class")?,
        severity: get(row, "severity")?,
        verdict: get(row, "verdict")?,
        verified: get(row, "verified")?,
        objects: get(row, "objects")?,
        attributes: get(row, "attributes")?,
        message: get(row, "message")?,
        suggestions: get(row, "suggestions")?,
        evidence: get(row, "evidence")?,
        found_at: get(row, "found_at")?,
        reviewed_at: get(row, "reviewed_at")?,
        reviewed_by: get(row, "reviewed_by")?,
        notes: get(row, "notes")?,
        closed_at: get(row, "closed_at")?,
        closed_why: get(row, "closed_why")?,
    })
}
