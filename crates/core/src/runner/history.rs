//! What a database remembers of the migrations that ran on it: the table `pleach.migration`.

use pleach_postgres::connect::Session;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Address, Entry as TreeEntry, Hash, Tree};
use serde::Serialize;
use time::OffsetDateTime;
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

/// Where a migration stands in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It began to go up, and has not ended.
    Applying,
    /// It went up.
    Applied,
    /// It began to go back, and has not ended.
    RollingBack,
    /// It went back.
    RolledBack,
}

/// What is remembered of a migration.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub version: String,
    pub name: String,
    pub state: State,
    /// The files' checksums when it began to go up.
    pub up: Hash,
    pub down: Option<Hash>,
    /// How many statements of the file that runs are done.
    pub done: usize,
    /// Of how many.
    pub total: usize,
    /// The checksum of those that are done.
    pub done_checksum: Option<Hash>,
    pub actor: String,
    pub finished_at: Option<OffsetDateTime>,
    pub milliseconds: Option<u64>,
    /// The content hash of the schema when it ended.
    pub tree: Option<Hash>,
    /// Why it stopped.
    pub problem: Option<String>,
    /// That schema, where no file holds it and nothing ran since.
    pub schema: Option<Tree>,
}

/// A run of a migration's file, as it is written down at its beginning.
pub(super) struct Beginning<'a> {
    pub version: &'a str,
    pub name: &'a str,
    pub state: State,
    pub up: Hash,
    pub down: Option<Hash>,
    pub total: usize,
    pub actor: &'a str,
    pub runner: Uuid,
}

/// Where it is written down how far a file came.
pub(super) struct Position {
    pub version: String,
    /// Who runs it: nobody else writes it down meanwhile.
    pub runner: Uuid,
    /// The checksum of the first so many statements, for each number at which something commits.
    pub checksums: Vec<(usize, Hash)>,
}

const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS pleach.migration (
        version text PRIMARY KEY,
        name text NOT NULL,
        state text NOT NULL,
        up_checksum text NOT NULL,
        down_checksum text,
        done int NOT NULL DEFAULT 0,
        total int NOT NULL,
        done_checksum text,
        actor text NOT NULL,
        runner uuid NOT NULL,
        started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
        finished_at timestamptz,
        milliseconds bigint,
        tree text,
        schema text,
        problem text
    )";

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::RollingBack => "rolling_back",
            Self::RolledBack => "rolled_back",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Applying, Self::Applied, Self::RollingBack, Self::RolledBack].into_iter().find(|s| s.as_str() == text)
    }
}

/// Makes the table, unless it is there.
pub(super) async fn prepare(session: &Session) -> Result<()> {
    if is_there(session).await? {
        return Ok(());
    }
    // Whoever may not make schemas may still use one that is there.
    let row = session.query_one("SELECT pg_catalog.to_regnamespace('pleach') IS NULL", &[]).await?;
    if row.try_get(0)? {
        session.batch_execute("CREATE SCHEMA IF NOT EXISTS pleach").await.map_err(kept_out)?;
    }
    session.batch_execute(TABLE).await.map_err(kept_out)
}

/// What is remembered, in no particular order; nothing where nothing ever ran.
pub(super) async fn read(session: &Session) -> Result<Vec<Entry>> {
    if !is_there(session).await? {
        return Ok(Vec::new());
    }
    let sql = "SELECT version, name, state, up_checksum, down_checksum, done, total, done_checksum, actor,
                      finished_at, milliseconds, tree, problem, schema
               FROM pleach.migration";
    session.query(sql, &[]).await?.iter().map(entry).collect()
}

async fn is_there(session: &Session) -> Result<bool> {
    let sql = "SELECT pg_catalog.to_regclass('pleach.migration') IS NOT NULL";
    let row = session.query_one(sql, &[]).await.map_err(kept_out)?;
    Ok(row.try_get(0)?)
}

/// Says what to do where a role may not use the schema in which this is remembered.
fn kept_out(error: tokio_postgres::Error) -> Error {
    let error = Error::from(error);
    if error.postgres.as_ref().is_none_or(|said| said.sqlstate != "42501") {
        return error;
    }
    error.hint(
        "what ran is remembered in the schema `pleach`: grant the role CREATE on the database, or CREATE and USAGE on \
         that schema where it is; a branch of a project is changed by `pleach merge` and not by migrations",
    )
}

fn entry(row: &Row) -> Result<Entry> {
    let hash = |at: usize| -> Result<Option<Hash>> {
        let text: Option<String> = row.try_get(at)?;
        text.map(|text| Hash::from_hex(&text).ok_or_else(|| damaged(&text))).transpose()
    };
    let state: String = row.try_get(2)?;
    let (done, total): (i32, i32) = (row.try_get(5)?, row.try_get(6)?);
    Ok(Entry {
        version: row.try_get(0)?,
        name: row.try_get(1)?,
        state: State::parse(&state).ok_or_else(|| damaged(&state))?,
        up: hash(3)?.ok_or_else(|| damaged("no checksum"))?,
        down: hash(4)?,
        done: usize::try_from(done).unwrap_or_default(),
        total: usize::try_from(total).unwrap_or_default(),
        done_checksum: hash(7)?,
        actor: row.try_get(8)?,
        finished_at: row.try_get(9)?,
        milliseconds: row.try_get::<_, Option<i64>>(10)?.and_then(|ms| u64::try_from(ms).ok()),
        tree: hash(11)?,
        problem: row.try_get(12)?,
        schema: row.try_get::<_, Option<&str>>(13)?.map(tree).transpose()?,
    })
}

fn tree(text: &str) -> Result<Tree> {
    let entries: Vec<(Address, TreeEntry)> = serde_json::from_str(text).map_err(|error| damaged(&error.to_string()))?;
    Tree::from_entries(entries).map_err(|error| damaged(&error.to_string()))
}

fn text(tree: &Tree) -> Result<String> {
    let entries: Vec<_> = tree.iter().collect();
    serde_json::to_string(&entries).map_err(|error| Error::new(Class::Internal, "internal", error.to_string()))
}

fn damaged(what: &str) -> Error {
    Error::new(Class::Internal, "history_unreadable", format!("a row holds what it cannot hold: {what}"))
        .on("table pleach.migration")
        .hint("somebody changed the table by hand, or a newer version of Pleach wrote it")
}

/// Writes down that a file begins to run.
pub(super) async fn begin(session: &Session, it: &Beginning<'_>) -> Result<()> {
    let sql = "INSERT INTO pleach.migration
                   (version, name, state, up_checksum, down_checksum, total, actor, runner)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT (version) DO UPDATE SET
                   name = excluded.name, state = excluded.state, up_checksum = excluded.up_checksum,
                   down_checksum = excluded.down_checksum, total = excluded.total, actor = excluded.actor,
                   runner = excluded.runner, started_at = pg_catalog.clock_timestamp(), done = 0, done_checksum = NULL,
                   finished_at = NULL, milliseconds = NULL, problem = NULL";
    let (up, down) = (it.up.to_string(), it.down.map(|hash| hash.to_string()));
    let total = i32::try_from(it.total).unwrap_or(i32::MAX);
    session
        .execute(sql, &[&it.version, &it.name, &it.state.as_str(), &up, &down, &total, &it.actor, &it.runner])
        .await?;
    Ok(())
}

/// Writes down that a file is gone on with. What stands behind what was done may be another text.
pub(super) async fn go_on(session: &Session, it: &Beginning<'_>) -> Result<()> {
    let sql = "UPDATE pleach.migration
               SET up_checksum = $2, down_checksum = $3, total = $4, actor = $5, runner = $6, problem = NULL
               WHERE version = $1";
    let (up, down) = (it.up.to_string(), it.down.map(|hash| hash.to_string()));
    let total = i32::try_from(it.total).unwrap_or(i32::MAX);
    session.execute(sql, &[&it.version, &up, &down, &total, &it.actor, &it.runner]).await?;
    Ok(())
}

/// Writes down that a file ran to its end, and what it left: the schema itself where no file holds it.
pub(super) async fn finish(
    session: &Session,
    position: &Position,
    state: State,
    milliseconds: u64,
    (left, in_file): (&Tree, bool),
) -> Result<()> {
    let sql = "UPDATE pleach.migration
               SET state = $3, done = total, finished_at = pg_catalog.clock_timestamp(), milliseconds = $4, tree = $5,
                   schema = $6, problem = NULL
               WHERE version = $1 AND runner = $2";
    let milliseconds = i64::try_from(milliseconds).unwrap_or(i64::MAX);
    let (hash, schema) = (left.hash().to_string(), (!in_file).then(|| text(left)).transpose()?);
    let (version, runner) = (&position.version, &position.runner);
    let rows = session.execute(sql, &[version, runner, &state.as_str(), &milliseconds, &hash, &schema]).await?;
    position.held(rows)?;
    let sql = "UPDATE pleach.migration SET schema = NULL WHERE version <> $1 AND schema IS NOT NULL";
    session.execute(sql, &[version]).await?;
    Ok(())
}

/// What ran last, and so left the schema as it is: up or back.
pub(super) fn last(entries: &[Entry]) -> Option<&Entry> {
    entries.iter().filter(|entry| entry.finished_at.is_some()).max_by_key(|entry| entry.finished_at)
}

/// Writes down why a file stopped.
pub(super) async fn fail(session: &Session, position: &Position, error: &Error) -> Result<()> {
    let sql = "UPDATE pleach.migration SET problem = $3 WHERE version = $1 AND runner = $2";
    session.execute(sql, &[&position.version, &position.runner, &error.to_string()]).await?;
    Ok(())
}

impl Position {
    /// Writes down, in the open transaction, that so many statements are done.
    pub async fn write(&self, client: &impl GenericClient, done: usize) -> Result<()> {
        // The script may have become somebody who may not.
        client.batch_execute("SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL ROLE NONE").await?;
        let sql = "UPDATE pleach.migration SET done = $3, done_checksum = $4 WHERE version = $1 AND runner = $2";
        let checksum = self.checksums.iter().find(|(at, _)| *at == done).map(|(_, hash)| hash.to_string());
        let number = i32::try_from(done).unwrap_or(i32::MAX);
        self.held(client.execute(sql, &[&self.version, &self.runner, &number, &checksum]).await?)
    }

    fn held(&self, rows: u64) -> Result<()> {
        if rows == 1 {
            return Ok(());
        }
        Err(Error::new(Class::State, "migration_taken_over", "another runner goes on with it, or its record is gone")
            .on(format!("migration {}", self.version))
            .hint("see who works on the database, then run the command again"))
    }
}
