//! Commits: immutable schema states with their history.

use super::history::Link;
use super::sql::{all_bytes, bytes, get, hash, hashes, rows};
use super::{Dag, Db, ProjectId};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Hash;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::HashMap;
use time::OffsetDateTime;
use tokio_postgres::Row;
use tokio_postgres::types::{Json, Type};

/// SQL that changes data, and belongs to a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataStep {
    /// What people call it: the file it came from, or a name they gave.
    pub name: String,
    /// The statements, as they were written.
    pub sql: String,
    /// The commit that it was first recorded with, where a merge or a revert carried it here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Hash>,
    /// The root node of the tree that it is run on the way to, where that is not the commit's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toward: Option<Hash>,
}

impl DataStep {
    /// A data step recorded with the commit that is about to be made.
    pub fn new(name: impl Into<String>, sql: impl Into<String>) -> Self {
        Self { name: name.into(), sql: sql.into(), origin: None, toward: None }
    }
}

/// A commit that is about to be made.
///
/// Its JSON, with the fields in this order, is what its hash is taken of.
#[derive(Debug, Clone, Serialize)]
pub struct NewCommit {
    /// The content hash of its tree.
    pub tree: Hash,
    /// The root node of its tree.
    pub root: Hash,
    /// The commits it is made from, the line of history it continues first.
    pub parents: Vec<Hash>,
    /// Who made it.
    pub author: String,
    /// Why it was made.
    pub message: String,
    /// When it was made; kept to the microsecond.
    #[serde(serialize_with = "microseconds")]
    pub at: OffsetDateTime,
    /// What it does to data, in order.
    pub data_steps: Vec<DataStep>,
}

/// An immutable schema state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Commit {
    /// Its name: the BLAKE3 hash of everything below but the generation.
    pub hash: Hash,
    /// The content hash of its tree: equal for equal schemas.
    pub tree: Hash,
    /// The root node of its tree in the store.
    pub root: Hash,
    /// The commits it was made from, the line of history it continues first.
    pub parents: Vec<Hash>,
    /// Who made it.
    pub author: String,
    /// Why it was made.
    pub message: String,
    /// When it was made, to the microsecond.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What it does to data, in order.
    pub data_steps: Vec<DataStep>,
    /// One more than the highest of its parents.
    pub generation: i64,
}

impl NewCommit {
    /// The hash that the commit will have. The order of parents and of data steps counts.
    pub fn hash(&self) -> Hash {
        let mut form = b"pleach commit 1\n".to_vec();
        // Strings, numbers and lists of them always have a JSON form, and memory takes any.
        let written = serde_json::to_writer(&mut form, self);
        debug_assert!(written.is_ok());
        Hash::of(&form)
    }
}

impl Commit {
    /// The hash that what it says should have; another than its own when it was tampered with.
    pub fn expected_hash(&self) -> Hash {
        let Self { tree, root, at, .. } = *self;
        let Self { parents, author, message, data_steps, .. } = self.clone();
        NewCommit { tree, root, parents, author, message, at, data_steps }.hash()
    }
}

const COLUMNS: &str = "hash, tree, root, parents, author, message, at, data_steps, generation";

/// Stores a commit; storing it again changes nothing.
///
/// # Errors
/// `unknown_parent` when a parent is not a commit of the project.
pub async fn insert(db: &impl Db, project: ProjectId, new: &NewCommit) -> Result<Commit> {
    let hash = new.hash();
    let sql = "insert into pleach.commit
            (project_id, hash, tree, root, parents, author, message, at, data_steps, generation)
        select $1, $2, $3, $4, $5::bytea[], $6, $7, $8, $9, 1 + coalesce(max(parent.generation), 0)
        from unnest($5::bytea[]) as named(hash)
        left join pleach.commit parent on parent.project_id = $1 and parent.hash = named.hash
        having count(named.hash) = count(parent.hash)
        on conflict do nothing";
    let at = to_the_microsecond(new.at);
    db.execute(
        sql,
        &[
            &project.0,
            &bytes(&hash),
            &bytes(&new.tree),
            &bytes(&new.root),
            &all_bytes(&new.parents),
            &new.author,
            &new.message,
            &at,
            &Json(&new.data_steps),
        ],
    )
    .await?;
    find(db, project, hash).await?.ok_or_else(|| {
        Error::new(Class::Internal, "unknown_parent", "a parent of the new commit is not in the history")
            .on(format!("commit {}", hash.short()))
            .hint("run `pleach fsck`")
    })
}

/// A commit, if there is one with this hash.
///
/// # Errors
/// When the state database cannot be read.
pub async fn find(db: &impl Db, project: ProjectId, hash: Hash) -> Result<Option<Commit>> {
    let sql = format!("select {COLUMNS} from pleach.commit where project_id = $1 and hash = $2");
    db.query_opt(&sql, &[&project.0, &bytes(&hash)]).await?.as_ref().map(read).transpose()
}

/// The commit that a branch stands at, if there is a branch of this name.
///
/// # Errors
/// When the state database cannot be read.
pub async fn head_of(db: &impl Db, project: ProjectId, branch: &str) -> Result<Option<Commit>> {
    let sql = format!(
        "select {COLUMNS} from pleach.commit
         where project_id = $1 and hash = (select head from pleach.branch where project_id = $1 and name = $2)"
    );
    let found = db.query_typed_opt(&sql, &[(&project.0, Type::INT8), (&branch, Type::TEXT)]).await?;
    found.as_ref().map(read).transpose()
}

/// The commit with this hash.
///
/// # Errors
/// `unknown_commit`.
pub async fn get_by_hash(db: &impl Db, project: ProjectId, hash: Hash) -> Result<Commit> {
    find(db, project, hash).await?.ok_or_else(|| unknown(&hash.to_string()))
}

/// The hashes that begin with these hex digits, at most `limit` of them, in order.
///
/// # Errors
/// When the state database cannot be read.
pub async fn with_prefix(db: &impl Db, project: ProjectId, prefix: &str, limit: i64) -> Result<Vec<Hash>> {
    let padded = |filler: &str| {
        let mut digits = prefix.to_ascii_lowercase();
        digits.extend(std::iter::repeat_n(filler, 64usize.saturating_sub(prefix.len())));
        Hash::from_hex(&digits)
    };
    let (Some(low), Some(high)) = (padded("0"), padded("f")) else { return Ok(Vec::new()) };
    let sql = "select hash from pleach.commit where project_id = $1 and hash between $2 and $3 order by hash limit $4";
    rows(&db.query(sql, &[&project.0, &bytes(&low), &bytes(&high), &limit]).await?, hash_of)
}

/// The parents of a commit, in order.
///
/// # Errors
/// `unknown_commit`.
pub async fn parents(db: &impl Db, project: ProjectId, commit: Hash) -> Result<Vec<Hash>> {
    let sql = "select parents from pleach.commit where project_id = $1 and hash = $2";
    match db.query_opt(sql, &[&project.0, &bytes(&commit)]).await? {
        Some(row) => hashes(&row, "parents"),
        None => Err(unknown(&commit.to_string())),
    }
}

/// These commits and everything they come from.
///
/// # Errors
/// `unknown_commit`, and `history_damaged` when an ancestor is gone.
pub async fn ancestors(db: &impl Db, project: ProjectId, of: &[Hash]) -> Result<Dag> {
    let sql = "with recursive reached(hash) as (
            select unnest($2::bytea[])
            union
            select parent
            from reached
            join pleach.commit c on c.project_id = $1 and c.hash = reached.hash
            cross join unnest(c.parents) as parent
        )
        select reached.hash, c.parents, c.generation, c.at
        from reached left join pleach.commit c on c.project_id = $1 and c.hash = reached.hash";
    let mut dag = Dag::default();
    for row in db.query(sql, &[&project.0, &all_bytes(of)]).await? {
        let hash = hash_of(&row)?;
        let Some(generation) = get(&row, "generation")? else {
            return Err(if of.contains(&hash) { unknown(&hash.to_string()) } else { damaged(hash) });
        };
        dag.insert(hash, Link { parents: hashes(&row, "parents")?, generation, at: get(&row, "at")? });
    }
    Ok(dag)
}

/// The commit and what it comes from, in the order of a log.
///
/// # Errors
/// As for [`ancestors`].
pub async fn log(db: &impl Db, project: ProjectId, from: Hash, limit: usize) -> Result<Vec<Commit>> {
    let order = ancestors(db, project, &[from]).await?.latest_first(from, limit);
    many(db, project, &order).await
}

/// These commits, in this order.
///
/// # Errors
/// `unknown_commit` when one is not there.
pub async fn many(db: &impl Db, project: ProjectId, wanted: &[Hash]) -> Result<Vec<Commit>> {
    let sql = format!("select {COLUMNS} from pleach.commit where project_id = $1 and hash = any($2)");
    let found = rows(&db.query(&sql, &[&project.0, &all_bytes(wanted)]).await?, read)?;
    let found: HashMap<Hash, Commit> = found.into_iter().map(|commit| (commit.hash, commit)).collect();
    wanted.iter().map(|hash| found.get(hash).cloned().ok_or_else(|| unknown(&hash.to_string()))).collect()
}

/// The best common ancestors of two commits; see [`Dag::merge_bases`].
///
/// # Errors
/// As for [`ancestors`].
pub async fn merge_bases(db: &impl Db, project: ProjectId, a: Hash, b: Hash) -> Result<Vec<Hash>> {
    Ok(ancestors(db, project, &[a, b]).await?.merge_bases(a, b))
}

/// Whether `ancestor` is `commit` or something it comes from.
///
/// # Errors
/// As for [`ancestors`].
pub async fn is_ancestor(db: &impl Db, project: ProjectId, ancestor: Hash, commit: Hash) -> Result<bool> {
    Ok(ancestors(db, project, &[commit]).await?.is_ancestor(ancestor, commit))
}

/// The error for a commit that is not there.
pub(super) fn unknown(name: &str) -> Error {
    Error::new(Class::State, "unknown_commit", "there is no such commit")
        .on(format!("commit {name}"))
        .hint("see `pleach log`")
}

pub(super) fn read(row: &Row) -> Result<Commit> {
    Ok(Commit {
        hash: hash_of(row)?,
        tree: hash(row, "tree")?,
        root: hash(row, "root")?,
        parents: hashes(row, "parents")?,
        author: get(row, "author")?,
        message: get(row, "message")?,
        at: get(row, "at")?,
        data_steps: get::<Json<Vec<DataStep>>>(row, "data_steps")?.0,
        generation: get(row, "generation")?,
    })
}

fn hash_of(row: &Row) -> Result<Hash> {
    hash(row, "hash")
}

fn damaged(hash: Hash) -> Error {
    Error::new(Class::Internal, "history_damaged", "a commit that others were made from is gone")
        .on(format!("commit {hash}"))
        .hint("the state database is damaged: run `pleach fsck` to see what it affects, and restore from a backup")
}

fn microseconds<S: Serializer>(at: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(at.unix_timestamp() * 1_000_000 + i64::from(at.microsecond()))
}

fn to_the_microsecond(at: OffsetDateTime) -> OffsetDateTime {
    at - time::Duration::nanoseconds(i64::from(at.nanosecond() % 1_000))
}
