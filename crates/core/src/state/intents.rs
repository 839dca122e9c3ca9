//! Intents: who is going to change what.

use super::sql::{bytes, get, hash, rows, ruled, text_enum};
use super::{Db, IntentId, ProjectId};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Hash;
use serde::Serialize;
use serde_json::Value as Json;
use time::OffsetDateTime;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

text_enum! {
    /// How far an intent has come.
    Status {
        /// It was declared.
        Registered = "registered",
        /// Its agent works on it.
        InProgress = "in_progress",
        /// Its agent is done.
        Completed = "completed",
        /// Somebody should look at it.
        PendingReview = "pending_review",
        /// Its merge ran into conflicts.
        Conflicted = "conflicted",
        /// It is in `main`.
        Merged = "merged",
        /// It was given up.
        Abandoned = "abandoned",
    }
}

text_enum! {
    /// How much a change can hurt, as its agent sees it.
    Risk {
        /// Little.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Much.
        High = "high",
    }
}

impl Status {
    /// Every status, in order.
    pub const ALL: [Self; 7] = [
        Self::Registered,
        Self::InProgress,
        Self::Completed,
        Self::PendingReview,
        Self::Conflicted,
        Self::Merged,
        Self::Abandoned,
    ];
}

/// An intent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Intent {
    /// Its number.
    pub id: IntentId,
    /// Whose it is.
    pub agent_id: String,
    /// What sort of agent that is, where one was given.
    pub agent_type: Option<String>,
    /// What it is for.
    pub feature_name: String,
    /// The branch it is worked on, if it has one.
    pub branch_name: Option<String>,
    /// The statements it is going to run.
    pub schema_changes: Vec<String>,
    /// The tables it touches, as declared and as found.
    pub tables_affected: Vec<String>,
    /// How much it can hurt.
    pub risk_level: Risk,
    /// How long it will take.
    pub estimated_hours: Option<f64>,
    /// What its agent wants to be kept with it.
    pub metadata: Json,
    /// How far it has come.
    pub status: Status,
    /// What it touches.
    pub footprint: Json,
    /// Whether that was found by running it.
    pub executed: bool,
    /// The commit of `main` it was found on.
    pub judged_on: Hash,
    /// Who registered it.
    pub registered_by: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub registered_at: OffsetDateTime,
    /// When work on it began.
    #[serde(with = "time::serde::rfc3339::option")]
    pub started_at: Option<OffsetDateTime>,
    /// When it was done.
    #[serde(with = "time::serde::rfc3339::option")]
    pub completed_at: Option<OffsetDateTime>,
    /// When it was merged or given up.
    #[serde(with = "time::serde::rfc3339::option")]
    pub closed_at: Option<OffsetDateTime>,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// When.
    #[serde(with = "time::serde::rfc3339::option")]
    pub approved_at: Option<OffsetDateTime>,
}

/// An intent that is about to be registered.
#[derive(Debug, Clone)]
pub struct NewIntent {
    /// Whose it is.
    pub agent_id: String,
    /// What sort of agent that is.
    pub agent_type: Option<String>,
    /// What it is for.
    pub feature_name: String,
    /// The branch it is worked on.
    pub branch_name: Option<String>,
    /// The statements.
    pub schema_changes: Vec<String>,
    /// The tables it touches.
    pub tables_affected: Vec<String>,
    /// How much it can hurt.
    pub risk_level: Risk,
    /// How long it will take.
    pub estimated_hours: Option<f64>,
    /// What is to be kept with it; an object.
    pub metadata: Json,
    /// What it touches.
    pub footprint: Json,
    /// Whether that was found by running it.
    pub executed: bool,
    /// The commit of `main` it was found on.
    pub judged_on: Hash,
    /// Who registers it.
    pub registered_by: String,
}

/// Which intents to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this status.
    pub status: Option<Status>,
    /// Only of this agent.
    pub agent: Option<String>,
    /// Only those that are not over.
    pub active: bool,
}

const COLUMNS: &str = "id, agent_id, agent_type, feature_name, branch_name, schema_changes, tables_affected,
    risk_level, estimated_hours, metadata, status, footprint, executed, judged_on, registered_by, registered_at,
    started_at, completed_at, closed_at, updated_at, approved_by, approved_at";

/// Registers an intent.
///
/// # Errors
/// `branch_has_intent` when another active intent is worked on the branch.
pub async fn insert(db: &impl Db, project: ProjectId, new: &NewIntent) -> Result<Intent> {
    let sql = format!(
        "insert into pleach.intent (project_id, agent_id, agent_type, feature_name, branch_name, schema_changes,
            tables_affected, risk_level, estimated_hours, metadata, footprint, executed, judged_on, registered_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict (project_id, branch_name) where closed_at is null do nothing
         returning {COLUMNS}"
    );
    let row = db
        .query_typed_opt(
            &sql,
            &[
                (&project.0, Type::INT8),
                (&new.agent_id, Type::TEXT),
                (&new.agent_type, Type::TEXT),
                (&new.feature_name, Type::TEXT),
                (&new.branch_name, Type::TEXT),
                (&new.schema_changes, Type::TEXT_ARRAY),
                (&new.tables_affected, Type::TEXT_ARRAY),
                (&new.risk_level.as_str(), Type::TEXT),
                (&new.estimated_hours, Type::FLOAT8),
                (&new.metadata, Type::JSONB),
                (&new.footprint, Type::JSONB),
                (&new.executed, Type::BOOL),
                (&bytes(&new.judged_on), Type::BYTEA),
                (&new.registered_by, Type::TEXT),
            ],
        )
        .await?;
    match row {
        Some(row) => read(&row),
        None => Err(Error::new(Class::State, "branch_has_intent", "another active intent is worked on this branch")
            .on(format!("branch {}", new.branch_name.as_deref().unwrap_or_default()))
            .hint("one branch, one intent at a time: register without it, and get a branch of its own")),
    }
}

/// Replaces what an intent touches, and how that was found.
///
/// # Errors
/// When the state database cannot be written.
pub async fn set_footprint(
    db: &impl Db,
    intent: IntentId,
    footprint: &Json,
    tables: &[String],
    executed: bool,
    judged_on: Hash,
) -> Result<()> {
    let sql = "update pleach.intent
        set footprint = $2, tables_affected = $3, executed = $4, judged_on = $5, updated_at = clock_timestamp()
        where id = $1";
    db.execute(sql, &[&intent.0, footprint, &tables, &executed, &bytes(&judged_on)]).await?;
    Ok(())
}

/// Replaces the statements of an intent.
///
/// # Errors
/// When the state database cannot be written.
pub async fn set_statements(db: &impl Db, intent: IntentId, statements: &[String]) -> Result<()> {
    db.execute("update pleach.intent set schema_changes = $2 where id = $1", &[&intent.0, &statements]).await?;
    Ok(())
}

/// The intent of this number.
///
/// # Errors
/// `unknown_intent`.
pub async fn get_by_id(db: &impl Db, project: ProjectId, id: IntentId) -> Result<Intent> {
    let sql = format!("select {COLUMNS} from pleach.intent where project_id = $1 and id = $2");
    match db.query_opt(&sql, &[&project.0, &id.0]).await? {
        Some(row) => read(&row),
        None => Err(Error::new(Class::State, "unknown_intent", "there is no such intent")
            .on(format!("intent {id}"))
            .hint("see `pleach coordinate list-intents`")),
    }
}

/// The intents of these numbers, by number.
///
/// # Errors
/// When the state database cannot be read.
pub async fn many(db: &impl Db, project: ProjectId, ids: &[IntentId]) -> Result<Vec<Intent>> {
    let sql = format!("select {COLUMNS} from pleach.intent where project_id = $1 and id = any($2) order by id");
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    rows(&db.query_typed(&sql, &[(&project.0, Type::INT8), (&ids, Type::INT8_ARRAY)]).await?, read)
}

/// The active intent that is worked on a branch.
///
/// # Errors
/// When the state database cannot be read.
pub async fn of_branch(db: &impl Db, project: ProjectId, branch: &str) -> Result<Option<Intent>> {
    let sql =
        format!("select {COLUMNS} from pleach.intent where project_id = $1 and branch_name = $2 and closed_at is null");
    let found = db.query_typed_opt(&sql, &[(&project.0, Type::INT8), (&branch, Type::TEXT)]).await?;
    found.as_ref().map(read).transpose()
}

/// The other active intents for a feature.
///
/// # Errors
/// When the state database cannot be read.
pub async fn of_feature(db: &impl Db, project: ProjectId, feature: &str) -> Result<Vec<Intent>> {
    let sql = format!(
        "select {COLUMNS} from pleach.intent
         where project_id = $1 and feature_name = $2 and closed_at is null order by id"
    );
    rows(&db.query_typed(&sql, &[(&project.0, Type::INT8), (&feature, Type::TEXT)]).await?, read)
}

/// The intents of a project, by number.
///
/// # Errors
/// When the state database cannot be read.
pub async fn list(db: &impl Db, project: ProjectId, filter: &Filter) -> Result<Vec<Intent>> {
    let sql = format!(
        "select {COLUMNS} from pleach.intent
         where project_id = $1 and ($2::text is null or status = $2) and ($3::text is null or agent_id = $3)
             and (not $4 or closed_at is null)
         order by id"
    );
    let status = filter.status.map(Status::as_str);
    rows(&db.query(&sql, &[&project.0, &status, &filter.agent, &filter.active]).await?, read)
}

/// Whether any intent is active.
///
/// # Errors
/// When the state database cannot be read.
pub async fn any_active(db: &impl Db, project: ProjectId) -> Result<bool> {
    let sql = "select exists (select from pleach.intent where project_id = $1 and closed_at is null) as there";
    get(&db.query_one(sql, &[&project.0]).await?, "there")
}

/// The commits that active intents were judged on.
///
/// # Errors
/// When the state database cannot be read.
pub async fn bases(db: &impl Db, project: ProjectId) -> Result<Vec<Hash>> {
    let sql = "select distinct judged_on from pleach.intent where project_id = $1 and closed_at is null order by 1";
    rows(&db.query(sql, &[&project.0]).await?, |row| hash(row, "judged_on"))
}

/// The active intents that were judged on a commit.
///
/// # Errors
/// When the state database cannot be read.
pub async fn judged_on(db: &impl Db, project: ProjectId, commit: Hash) -> Result<Vec<IntentId>> {
    let sql = "select id from pleach.intent
        where project_id = $1 and closed_at is null and judged_on = $2 order by id";
    rows(&db.query(sql, &[&project.0, &bytes(&commit)]).await?, |row| get(row, "id"))
}

/// Writes down that intents hold on a commit as they did before.
///
/// # Errors
/// When the state database cannot be written.
pub async fn set_judged_on(db: &impl Db, intents: &[IntentId], commit: Hash) -> Result<()> {
    let ids: Vec<i64> = intents.iter().map(|id| id.0).collect();
    db.execute("update pleach.intent set judged_on = $2 where id = any($1)", &[&ids, &bytes(&commit)]).await?;
    Ok(())
}

/// Moves an intent to another status.
///
/// # Errors
/// `intent_move_refused`, with the moves that are allowed; `approval_missing`.
pub async fn move_to(db: &impl Db, intent: IntentId, status: Status, actor: &str, reason: Option<&str>) -> Result<()> {
    let sql = "select pleach.move_intent($1, $2, $3, $4)";
    db.execute(sql, &[&intent.0, &status.as_str(), &actor, &reason]).await.map_err(ruled)?;
    Ok(())
}

/// Approves an intent that waits for review.
///
/// # Errors
/// `own_approval`, `intent_move_refused`.
pub async fn approve(db: &impl Db, intent: IntentId, actor: &str, note: Option<&str>) -> Result<()> {
    let sql = "select pleach.approve_intent($1, $2, $3)";
    db.execute(sql, &[&intent.0, &actor, &note]).await.map_err(ruled)?;
    Ok(())
}

/// Whether an intent has to be approved before it is merged.
///
/// # Errors
/// When the state database cannot be read.
pub async fn needs_approval(db: &impl Db, intent: IntentId) -> Result<bool> {
    let sql = "select pleach.needs_approval(i) as needs from pleach.intent i where id = $1";
    get(&db.query_one(sql, &[&intent.0]).await?, "needs")
}

/// Lets one process at a time add intents and look for what they collide with, until the
/// transaction ends: whoever comes second sees the first one's.
///
/// # Errors
/// When the connection is lost.
pub async fn one_at_a_time(transaction: &impl Db, project: ProjectId) -> Result<()> {
    let key = super::locks::key("intents", &project.to_string());
    transaction.execute_typed("select pg_advisory_xact_lock($1)", &[(&key, Type::INT8)]).await?;
    Ok(())
}

/// Replaces the keys under which an intent is found.
///
/// # Errors
/// When the state database cannot be written.
pub async fn set_keys(db: &impl Db, project: ProjectId, intent: IntentId, keys: &[(String, bool)]) -> Result<()> {
    db.execute_typed("delete from pleach.intent_key where intent_id = $1", &[(&intent.0, Type::INT8)]).await?;
    add_keys(db, project, intent, keys).await
}

/// Adds to the keys under which an intent is found.
///
/// # Errors
/// When the state database cannot be written.
pub async fn add_keys(db: &impl Db, project: ProjectId, intent: IntentId, keys: &[(String, bool)]) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let (texts, strong) = columns(keys);
    let sql = "insert into pleach.intent_key (project_id, key, strong, intent_id)
        select $1, key, strong, $2 from unnest($3::text[], $4::boolean[]) as new(key, strong)
        on conflict do nothing";
    let types = (Type::TEXT_ARRAY, Type::BOOL_ARRAY);
    db.execute_typed(sql, &[(&project.0, Type::INT8), (&intent.0, Type::INT8), (&texts, types.0), (&strong, types.1)])
        .await?;
    Ok(())
}

/// The active intents that have a key in common with these, one of the two being strong. Its cost
/// follows the number of matches, not that of the intents.
///
/// # Errors
/// When the state database cannot be read.
pub async fn touching(db: &impl Db, project: ProjectId, keys: &[(String, bool)]) -> Result<Vec<IntentId>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    // Everybody has some of the same weak keys: two questions, so that the index tells weak from
    // strong and none of those is looked at.
    let sql = "select k.intent_id from unnest($2::text[]) as mine(key)
            join pleach.intent_key k on k.project_id = $1 and k.key = mine.key and k.strong
        union
        select k.intent_id from unnest($3::text[]) as mine(key)
            join pleach.intent_key k on k.project_id = $1 and k.key = mine.key and not k.strong
        order by 1";
    let all: Vec<&str> = keys.iter().map(|(key, _)| key.as_str()).collect();
    let strong: Vec<&str> = keys.iter().filter(|(_, strong)| *strong).map(|(key, _)| key.as_str()).collect();
    let given: [(&(dyn ToSql + Sync), Type); 3] =
        [(&project.0, Type::INT8), (&all, Type::TEXT_ARRAY), (&strong, Type::TEXT_ARRAY)];
    rows(&db.query_typed(sql, &given).await?, |row| get(row, "intent_id"))
}

fn columns(keys: &[(String, bool)]) -> (Vec<&str>, Vec<bool>) {
    keys.iter().map(|(key, strong)| (key.as_str(), *strong)).unzip()
}

/// Writes down that an intent builds on others.
///
/// # Errors
/// When the state database cannot be written.
pub async fn depend(db: &impl Db, intent: IntentId, needs: &[IntentId], declared: bool) -> Result<()> {
    if needs.is_empty() {
        return Ok(());
    }
    let needs: Vec<i64> = needs.iter().map(|id| id.0).collect();
    let sql = "insert into pleach.intent_dependency (intent_id, needs, declared)
        select $1, needs, $3 from unnest($2::bigint[]) as needs on conflict do nothing";
    db.execute(sql, &[&intent.0, &needs, &declared]).await?;
    Ok(())
}

/// Pairs of an intent and one that it builds on, for these intents.
///
/// # Errors
/// When the state database cannot be read.
pub async fn dependencies(db: &impl Db, intents: &[IntentId]) -> Result<Vec<(IntentId, IntentId)>> {
    let ids: Vec<i64> = intents.iter().map(|id| id.0).collect();
    let sql = "select intent_id, needs from pleach.intent_dependency where intent_id = any($1) order by 1, 2";
    let found = db.query_typed(sql, &[(&ids, Type::INT8_ARRAY)]).await?;
    rows(&found, |row| Ok((get(row, "intent_id")?, get(row, "needs")?)))
}

fn read(row: &Row) -> Result<Intent> {
    Ok(Intent {
        id: get(row, "id")?,
        agent_id: get(row, "agent_id")?,
        agent_type: get(row, "agent_type")?,
        feature_name: get(row, "feature_name")?,
        branch_name: get(row, "branch_name")?,
        schema_changes: get(row, "schema_changes")?,
        tables_affected: get(row, "tables_affected")?,
        risk_level: get(row, "risk_level")?,
        estimated_hours: get(row, "estimated_hours")?,
        metadata: get(row, "metadata")?,
        status: get(row, "status")?,
        footprint: get(row, "footprint")?,
        executed: get(row, "executed")?,
        judged_on: hash(row, "judged_on")?,
        registered_by: get(row, "registered_by")?,
        registered_at: get(row, "registered_at")?,
        started_at: get(row, "started_at")?,
        completed_at: get(row, "completed_at")?,
        closed_at: get(row, "closed_at")?,
        updated_at: get(row, "updated_at")?,
        approved_by: get(row, "approved_by")?,
        approved_at: get(row, "approved_at")?,
    })
}
