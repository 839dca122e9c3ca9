//! The journal: operations that touch the state database and another one, written down before they
//! begin, so that whoever comes next can finish or take back what was cut off.
//!
//! A row is there from before the first effect until the transaction that records the last one. Its
//! owner holds a session-level lock derived from its id; the server lets that lock go when the
//! owner's connection closes, so a row without a holder is an operation whose owner died.
//!
//! A connection can be lost while its process lives on. Such an owner can still change the other
//! database after a recoverer has judged it dead. So the marker that commits there with the change
//! should be a row with the journal's id as its primary key, and a recoverer that takes an operation
//! back should insert it first: the late owner's transaction then fails. [`JournalGuard::finish`]
//! refuses such an owner too.

use super::locks::{self, SessionLock};
use super::sql::{get, rows};
use super::{Db, ProjectId, State};
use pleach_postgres::{Class, Error, Result};
use serde::Serialize;
use serde_json::Value as Json;
use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;

/// An operation that has begun and is not finished.
#[derive(Debug, Clone, Serialize)]
pub struct Journal {
    /// Its identity, also that of the marker it leaves in the other database.
    pub id: Uuid,
    /// The project it works on; `None` while there is none yet.
    pub project: Option<ProjectId>,
    /// What sort of operation.
    pub kind: String,
    /// The plan, and how far it has come.
    pub payload: Json,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Who began it.
    pub actor: String,
}

/// An operation in the journal that this connection owns.
///
/// One that is dropped without having been finished is abandoned: the next process finds it, and
/// so does this one.
#[derive(Debug)]
#[must_use]
pub struct JournalGuard {
    /// What is written down.
    pub journal: Journal,
    lock: SessionLock,
}

const COLUMNS: &str = "id, project_id, kind, payload, created_at, actor";

/// Writes down an operation before its first effect, and owns it.
///
/// # Errors
/// When the state database cannot be written.
pub async fn begin(
    state: &State,
    project: Option<ProjectId>,
    kind: &str,
    payload: &Json,
    actor: &str,
) -> Result<JournalGuard> {
    let id = Uuid::new_v4();
    // Locked first, so that no one ever sees the row without its owner.
    let lock = locks::lock(state, key(id)).await?;
    let sql = format!(
        "insert into pleach.journal (id, project_id, kind, payload, actor)
         values ($1, $2, $3, $4, $5) returning {COLUMNS}"
    );
    let project = project.map(|project| project.0);
    let row = state.client.query_one(&sql, &[&id, &project, &kind, payload, &actor]).await?;
    Ok(JournalGuard { journal: read(&row)?, lock })
}

/// Takes over the operations of a project whose owners died, oldest first, with those that had no
/// project yet. Each is given to one caller only, who must finish it or take it back.
///
/// # Errors
/// When the state database cannot be read.
pub async fn abandoned(state: &State, project: Option<ProjectId>) -> Result<Vec<JournalGuard>> {
    let mut found = Vec::new();
    for Journal { id, .. } in list(&state.client, project).await? {
        let Some(lock) = locks::try_lock(state, key(id)).await? else { continue };
        // Whoever had the lock may have finished meanwhile, or be about to: waiting for the row
        // tells.
        let sql = format!("select {COLUMNS} from pleach.journal where id = $1 for update");
        match state.client.query_opt(&sql, &[&id]).await? {
            Some(row) => found.push(JournalGuard { journal: read(&row)?, lock }),
            None => lock.release(&state.client).await?,
        }
    }
    Ok(found)
}

/// Takes over an operation whose owner is dead, waiting for whoever has taken it over already;
/// `None` when that one has settled it.
///
/// # Errors
/// When the state database cannot be read.
pub async fn take_over(state: &State, id: Uuid) -> Result<Option<JournalGuard>> {
    let lock = locks::lock(state, key(id)).await?;
    match find(&state.client, id).await? {
        Some(journal) => Ok(Some(JournalGuard { journal, lock })),
        None => lock.release(&state.client).await.map(|()| None),
    }
}

/// An operation that is not finished, with what was last written down of it.
///
/// # Errors
/// When the state database cannot be read.
pub async fn find(db: &impl Db, id: Uuid) -> Result<Option<Journal>> {
    let sql = format!("select {COLUMNS} from pleach.journal where id = $1");
    db.query_opt(&sql, &[&id]).await?.as_ref().map(read).transpose()
}

/// Whether an operation of a project is not finished that began before this moment.
///
/// # Errors
/// When the state database cannot be read.
pub async fn any_from_before(db: &impl Db, project: ProjectId, moment: OffsetDateTime) -> Result<bool> {
    let sql = "select exists (select from pleach.journal where project_id = $1 and created_at <= $2) as any";
    get(&db.query_one(sql, &[&project.0, &moment]).await?, "any")
}

/// Crosses out an operation that was settled; one that is crossed out already is no error.
///
/// # Errors
/// When the state database cannot be written.
pub async fn cross_out(db: &impl Db, id: Uuid) -> Result<()> {
    db.execute("delete from pleach.journal where id = $1", &[&id]).await?;
    Ok(())
}

/// The operations of a project that are not finished, oldest first, with those that had no project
/// yet; their owners may well be at work.
///
/// # Errors
/// When the state database cannot be read.
pub async fn list(db: &impl Db, project: Option<ProjectId>) -> Result<Vec<Journal>> {
    let sql = format!(
        "select {COLUMNS} from pleach.journal where project_id is null or project_id = $1 order by created_at, id"
    );
    rows(&db.query(&sql, &[&project.map(|project| project.0)]).await?, read)
}

impl JournalGuard {
    /// Writes down how far the operation has come.
    ///
    /// # Errors
    /// `journal_lost` when another process took the operation over.
    pub async fn update(&self, db: &impl Db, payload: &Json) -> Result<()> {
        let sql = "update pleach.journal set payload = $2 where id = $1";
        self.still_ours(db.execute(sql, &[&self.journal.id, payload]).await?)
    }

    /// Gives the operation the project that it has made.
    ///
    /// # Errors
    /// `journal_lost` when another process took the operation over.
    pub async fn set_project(&mut self, db: &impl Db, project: ProjectId) -> Result<()> {
        let sql = "update pleach.journal set project_id = $2 where id = $1";
        let updated = db.execute(sql, &[&self.journal.id, &project.0]).await?;
        self.still_ours(updated)?;
        self.journal.project = Some(project);
        Ok(())
    }

    /// Crosses the operation out, in the transaction that records its last effect. Release the
    /// guard when that is committed; until then the operation stays owned.
    ///
    /// # Errors
    /// `journal_lost` when another process took the operation over: nothing may be committed then.
    pub async fn finish(&self, transaction: &impl Db) -> Result<()> {
        let deleted = transaction.execute("delete from pleach.journal where id = $1", &[&self.journal.id]).await?;
        self.still_ours(deleted)
    }

    /// Gives up ownership: of a finished operation, or of one that is left to others.
    ///
    /// # Errors
    /// When the connection is lost, and the ownership with it.
    pub async fn release(self, db: &impl Db) -> Result<()> {
        self.lock.release(db).await
    }

    fn still_ours(&self, changed: u64) -> Result<()> {
        if changed == 1 {
            return Ok(());
        }
        Err(Error::new(Class::State, "journal_lost", "another process has taken this operation over")
            .on(format!("{} {}", self.journal.kind, self.journal.id))
            .hint("it was finished or taken back: look at the result and try again"))
    }
}

fn key(id: Uuid) -> i64 {
    locks::key("journal", &id.to_string())
}

fn read(row: &Row) -> Result<Journal> {
    Ok(Journal {
        id: get(row, "id")?,
        project: get(row, "project_id")?,
        kind: get(row, "kind")?,
        payload: get(row, "payload")?,
        created_at: get(row, "created_at")?,
        actor: get(row, "actor")?,
    })
}
