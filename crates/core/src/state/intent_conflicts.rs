//! Intents that are in each other's way.

use super::sql::{get, rows, text_enum};
use super::{ConflictId, Db, IntentId, ProjectId};
use pleach_postgres::{Class, Error, Result};
use serde::Serialize;
use serde_json::Value as Json;
use time::OffsetDateTime;
use tokio_postgres::Row;
use tokio_postgres::types::{Json as AsJson, ToSql, Type};

text_enum! {
    /// How bad it is.
    Severity {
        /// Both agents should know.
        Warning = "warning",
        /// They cannot both go on as they are.
        Error = "error",
    }
}

/// How two changes are in each other's way, as it was judged this time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Collision {
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
}

/// Two intents in each other's way.
#[derive(Debug, Clone, PartialEq)]
pub struct IntentConflict {
    /// Its number.
    pub id: ConflictId,
    /// The intent that was registered first.
    pub first: IntentId,
    /// The other one; `None` where an intent goes beyond what its sort of agent owns.
    pub second: Option<IntentId>,
    /// How they are in each other's way.
    pub collision: Collision,
    /// When it was found.
    pub found_at: OffsetDateTime,
    /// When somebody dealt with it.
    pub reviewed_at: Option<OffsetDateTime>,
    /// Who.
    pub reviewed_by: Option<String>,
    /// What they agreed on.
    pub notes: Option<String>,
    /// When it was gone.
    pub closed_at: Option<OffsetDateTime>,
    /// Why.
    pub closed_why: Option<String>,
}

impl Collision {
    /// Whether the two go together in any order, as far as is known. A merge proves it once more.
    pub fn is_harmless(&self) -> bool {
        matches!(self.verdict.as_str(), "commutes" | "identical")
    }
}

impl IntentConflict {
    /// Whether somebody still has to deal with it.
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none() && self.reviewed_at.is_none()
    }

    /// Whether it keeps its intents from being merged.
    pub fn blocks(&self) -> bool {
        let order_known = self.collision.evidence.get("order_known").is_some();
        self.is_open() && !self.collision.is_harmless() && !order_known
    }

    /// The other one of the pair, seen from an intent.
    pub fn other(&self, intent: IntentId) -> Option<IntentId> {
        if self.first == intent { self.second } else { Some(self.first) }
    }
}

const COLUMNS: &str = "id, first, second, key, class, severity, verdict, verified, objects, attributes, message,
    suggestions, evidence, found_at, reviewed_at, reviewed_by, notes, closed_at, closed_why";

/// A collision as it is handed to the database.
#[derive(Debug, Serialize)]
struct Judged<'a> {
    first: i64,
    second: Option<i64>,
    #[serde(flatten)]
    collision: &'a Collision,
}

/// A pair of intents, the one that was registered first before the other, and how it was judged.
#[derive(Debug)]
pub struct JudgedPair {
    /// The one that was registered first.
    pub first: IntentId,
    /// The other one; `None` where an intent goes beyond what its sort of agent owns.
    pub second: Option<IntentId>,
    /// How they are in each other's way.
    pub collisions: Vec<Collision>,
}

text_enum! {
    /// What came of judging a pair.
    Outcome {
        /// A conflict that was not there, or was closed.
        Found = "conflict.found",
        /// One whose verdict changed, or that PostgreSQL has spoken on now.
        Judged = "conflict.judged",
        /// One that is there no more.
        Closed = "conflict.closed",
    }
}

/// Records how pairs were judged this time: new conflicts, and changed ones, which have to be dealt
/// with anew if they got worse. With `gone`, the others of each pair are closed for this reason; but
/// those of timing are not of a judgement, and stay. Returns the conflicts of which something is to
/// be told.
///
/// # Errors
/// When the state database cannot be written.
pub async fn put(
    db: &impl Db,
    project: ProjectId,
    pairs: &[JudgedPair],
    gone: Option<&str>,
) -> Result<Vec<(Outcome, IntentConflict)>> {
    let ids = |pair: &JudgedPair| (pair.first.0, pair.second.map(|id| id.0));
    let judged: Vec<Judged<'_>> = pairs
        .iter()
        .flat_map(|pair| {
            let (first, second) = ids(pair);
            pair.collisions.iter().map(move |collision| Judged { first, second, collision })
        })
        .collect();
    let (first, second): (Vec<i64>, Vec<Option<i64>>) = pairs.iter().map(ids).unzip();
    // Not as an upsert: that would use up a number for each conflict that is there already.
    let sql = format!(
        "with pair as (
            select * from unnest($2::bigint[], $3::bigint[]) as pair(first, second)
        ), judged as materialized (
            select * from rows from (jsonb_to_recordset($4) as (first bigint, second bigint, key text, class text,
                severity text, verdict text, verified boolean, objects text[], attributes text[], message text,
                suggestions text[], evidence jsonb)) with ordinality
        ), known as materialized (
            select it.* from pleach.intent_conflict it join pair on pair.first = it.first
                and coalesce(pair.second, 0) = coalesce(it.second, 0)
        ), both_ways as materialized (
            select known.id, known.severity as old_severity, known.verdict as old_verdict,
                known.verified as old_verified, known.closed_at as old_closed_at,
                known.reviewed_at as old_reviewed_at, known.reviewed_by as old_reviewed_by, judged.*
            from known join judged on judged.first = known.first
                and coalesce(judged.second, 0) = coalesce(known.second, 0) and judged.key = known.key
        ), closed as (
            update pleach.intent_conflict it set closed_at = clock_timestamp(), closed_why = $5::text
            from known where it.id = known.id and $5::text is not null and known.closed_at is null
                and known.class <> 'TIMING' and not exists (select from both_ways where both_ways.id = known.id)
            returning it.*
        ), changed as (
            update pleach.intent_conflict it set
                class = now.class, severity = now.severity, verdict = now.verdict, verified = now.verified,
                objects = now.objects, attributes = now.attributes, message = now.message,
                suggestions = now.suggestions, evidence = now.evidence, closed_at = null, closed_why = null,
                reviewed_at = case when old_severity = 'error' or now.severity = 'warning' then old_reviewed_at end,
                reviewed_by = case when old_severity = 'error' or now.severity = 'warning' then old_reviewed_by end
            from both_ways now where it.id = now.id
            returning it.*, case when old_closed_at is not null then 'conflict.found'
                when (old_verdict, old_verified) <> (now.verdict, now.verified) then 'conflict.judged' end as outcome
        ), added as (
            insert into pleach.intent_conflict (project_id, first, second, key, class, severity, verdict, verified,
                objects, attributes, message, suggestions, evidence)
            select $1, first, second, key, class, severity, verdict, verified, objects, attributes, message,
                suggestions, evidence
            from judged where not exists (select from both_ways where both_ways.ordinality = judged.ordinality)
            order by ordinality
            returning *
        )
        select outcome, {COLUMNS} from changed where outcome is not null
        union all select 'conflict.found', {COLUMNS} from added
        union all select 'conflict.closed', {COLUMNS} from closed
        order by id"
    );
    let given: [(&(dyn ToSql + Sync), Type); 5] = [
        (&project.0, Type::INT8),
        (&first, Type::INT8_ARRAY),
        (&second, Type::INT8_ARRAY),
        (&AsJson(judged), Type::JSONB),
        (&gone, Type::TEXT),
    ];
    rows(&db.query_typed(&sql, &given).await?, |row| Ok((get(row, "outcome")?, read(row)?)))
}

/// Records conflicts of pairs that have none yet.
///
/// # Errors
/// When the state database cannot be written.
pub async fn insert_all(
    db: &impl Db,
    project: ProjectId,
    new: &[(IntentId, Option<IntentId>, Collision)],
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
    let given: Vec<Judged<'_>> = new
        .iter()
        .map(|(first, second, collision)| Judged { first: first.0, second: second.map(|id| id.0), collision })
        .collect();
    rows(&db.query_typed(&sql, &[(&project.0, Type::INT8), (&AsJson(given), Type::JSONB)]).await?, read)
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
        collision: Collision {
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
        },
        found_at: get(row, "found_at")?,
        reviewed_at: get(row, "reviewed_at")?,
        reviewed_by: get(row, "reviewed_by")?,
        notes: get(row, "notes")?,
        closed_at: get(row, "closed_at")?,
        closed_why: get(row, "closed_why")?,
    })
}
