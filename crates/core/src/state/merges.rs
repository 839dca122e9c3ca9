//! Merges that are under way, and what became of the others.

use super::sql::{all_bytes, bytes, get, hash, hash_opt, hashes, rows, text_enum};
use super::{Db, MergeId, ProjectId};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Hash;
use serde::Serialize;
use serde_json::Value as Json;
use time::OffsetDateTime;
use tokio_postgres::Row;

text_enum! {
    /// How far a merge has come.
    MergeState {
        /// It waits for somebody to resolve conflicts.
        Open = "open",
        /// It is in the target's history.
        Merged = "merged",
        /// It was given up.
        Aborted = "aborted",
    }
}

/// A merge that is about to be recorded.
#[derive(Debug, Clone)]
pub struct NewMerge {
    /// The branch that is merged.
    pub source: String,
    /// The branch it goes into.
    pub target: String,
    /// Where the two last met; several after crosswise merges.
    pub base: Vec<Hash>,
    /// Where the target stood.
    pub ours: Hash,
    /// Where the source stood.
    pub theirs: Hash,
    /// Who merges.
    pub actor: String,
    /// Whether what may be settled without a person is.
    pub auto_resolve: bool,
}

/// A merge.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Merge {
    /// Its number.
    pub id: MergeId,
    /// The branch that is merged.
    pub source: String,
    /// The branch it goes into.
    pub target: String,
    /// Where the two last met; several after crosswise merges.
    pub base: Vec<Hash>,
    /// Where the target stood.
    pub ours: Hash,
    /// Where the source stood.
    pub theirs: Hash,
    /// How far it has come.
    pub state: MergeState,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was merged or aborted.
    #[serde(with = "time::serde::rfc3339::option")]
    pub closed_at: Option<OffsetDateTime>,
    /// Who merges.
    pub actor: String,
    /// Whether what may be settled without a person is.
    pub auto_resolve: bool,
    /// The commit it ended in.
    pub result: Option<Hash>,
    /// The record that it was replayed and ended at exactly the expected tree.
    pub proof: Option<Json>,
}

const COLUMNS: &str = "id, source, target, base, ours, theirs, state, created_at, closed_at, actor, auto_resolve, \
    result, proof";

/// Records a merge as open.
///
/// # Errors
/// `merge_open` while another merge into the target is.
pub async fn insert(db: &impl Db, project: ProjectId, new: &NewMerge) -> Result<Merge> {
    let sql = format!(
        "insert into pleach.merge (project_id, source, target, base, ours, theirs, actor, auto_resolve)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (project_id, target) where state = 'open' do nothing
         returning {COLUMNS}"
    );
    let row = db
        .query_opt(
            &sql,
            &[
                &project.0,
                &new.source,
                &new.target,
                &all_bytes(&new.base),
                &bytes(&new.ours),
                &bytes(&new.theirs),
                &new.actor,
                &new.auto_resolve,
            ],
        )
        .await?;
    match row {
        Some(row) => read(&row),
        None => Err(Error::new(Class::State, "merge_open", "another merge into this branch waits for resolutions")
            .on(format!("branch {}", new.target))
            .hint("see `pleach conflicts`, then `pleach merge --continue` or `pleach merge --abort`")),
    }
}

/// The merge of this number.
///
/// # Errors
/// `unknown_merge`.
pub async fn get_by_id(db: &impl Db, project: ProjectId, id: MergeId) -> Result<Merge> {
    let sql = format!("select {COLUMNS} from pleach.merge where project_id = $1 and id = $2");
    match db.query_opt(&sql, &[&project.0, &id.0]).await? {
        Some(row) => read(&row),
        None => Err(Error::new(Class::State, "unknown_merge", "there is no such merge").on(format!("merge {id}"))),
    }
}

/// The open merge into a branch, if there is one.
///
/// # Errors
/// When the state database cannot be read.
pub async fn open_into(db: &impl Db, project: ProjectId, target: &str) -> Result<Option<Merge>> {
    let sql = format!("select {COLUMNS} from pleach.merge where project_id = $1 and target = $2 and state = 'open'");
    db.query_opt(&sql, &[&project.0, &target]).await?.as_ref().map(read).transpose()
}

/// The open merges of a project, oldest first.
///
/// # Errors
/// When the state database cannot be read.
pub async fn open(db: &impl Db, project: ProjectId) -> Result<Vec<Merge>> {
    let sql = format!("select {COLUMNS} from pleach.merge where project_id = $1 and state = 'open' order by id");
    rows(&db.query(&sql, &[&project.0]).await?, read)
}

/// The last merges of a project, newest first.
///
/// # Errors
/// When the state database cannot be read.
pub async fn list(db: &impl Db, project: ProjectId, limit: i64) -> Result<Vec<Merge>> {
    let sql = format!("select {COLUMNS} from pleach.merge where project_id = $1 order by id desc limit $2");
    rows(&db.query(&sql, &[&project.0, &limit]).await?, read)
}

/// The merge that ended in this commit, if one did.
///
/// # Errors
/// When the state database cannot be read.
pub async fn of_result(db: &impl Db, project: ProjectId, commit: Hash) -> Result<Option<Merge>> {
    let sql =
        format!("select {COLUMNS} from pleach.merge where project_id = $1 and result = $2 order by id desc limit 1");
    db.query_opt(&sql, &[&project.0, &bytes(&commit)]).await?.as_ref().map(read).transpose()
}

/// Takes an open merge up again from where its branches stand by now.
///
/// # Errors
/// `merge_closed` when it is no longer open.
pub async fn rebase(db: &impl Db, merge: &Merge, base: &[Hash], ours: Hash, theirs: Hash) -> Result<()> {
    let sql = "update pleach.merge set base = $2, ours = $3, theirs = $4 where id = $1 and state = 'open'";
    let changed = db.execute(sql, &[&merge.id.0, &all_bytes(base), &bytes(&ours), &bytes(&theirs)]).await?;
    still_open(merge, changed)
}

/// Closes a merge that ended in a commit.
///
/// # Errors
/// `merge_closed` when it is no longer open.
pub async fn finish(db: &impl Db, merge: &Merge, result: Hash, proof: &Json) -> Result<()> {
    let sql = "update pleach.merge set state = 'merged', closed_at = clock_timestamp(), result = $2, proof = $3
        where id = $1 and state = 'open'";
    let changed = db.execute(sql, &[&merge.id.0, &bytes(&result), proof]).await?;
    still_open(merge, changed)
}

/// Gives a merge up.
///
/// # Errors
/// `merge_closed` when it is no longer open.
pub async fn abort(db: &impl Db, merge: &Merge) -> Result<()> {
    let sql =
        "update pleach.merge set state = 'aborted', closed_at = clock_timestamp() where id = $1 and state = 'open'";
    let changed = db.execute(sql, &[&merge.id.0]).await?;
    still_open(merge, changed)
}

fn still_open(merge: &Merge, changed: u64) -> Result<()> {
    if changed == 1 {
        return Ok(());
    }
    Err(Error::new(Class::State, "merge_closed", "the merge is no longer open")
        .on(format!("merge of {} into {}", merge.source, merge.target))
        .hint("somebody else finished or aborted it: see `pleach log`"))
}

fn read(row: &Row) -> Result<Merge> {
    Ok(Merge {
        id: get(row, "id")?,
        source: get(row, "source")?,
        target: get(row, "target")?,
        base: hashes(row, "base")?,
        ours: hash(row, "ours")?,
        theirs: hash(row, "theirs")?,
        state: get(row, "state")?,
        created_at: get(row, "created_at")?,
        closed_at: get(row, "closed_at")?,
        actor: get(row, "actor")?,
        auto_resolve: get(row, "auto_resolve")?,
        result: hash_opt(row, "result")?,
        proof: get(row, "proof")?,
    })
}
