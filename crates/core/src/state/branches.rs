//! Branches: named lines of history, each with a live database.

use super::sql::{bytes, get, hash, rows};
use super::{BranchId, Db, ProjectId, names};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Hash;
use serde::Serialize;
use time::OffsetDateTime;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Branch {
    /// Its number.
    pub id: BranchId,
    /// Its name, unique in the project.
    pub name: String,
    /// The commit it stands at.
    pub head: Hash,
    /// Its live database.
    pub database: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Who made it.
    pub created_by: String,
    /// The revision it was made from, as it was written then.
    pub created_from: Option<String>,
    /// How old its data is: when the snapshot was taken that it is a copy of.
    #[serde(with = "time::serde::rfc3339")]
    pub data_taken_at: OffsetDateTime,
    /// How its database was cloned.
    pub clone_way: String,
}

/// A branch that is about to be made.
#[derive(Debug, Clone)]
pub struct NewBranch {
    /// Its name; see [`names::check_branch_name`].
    pub name: String,
    /// The commit it stands at.
    pub head: Hash,
    /// Its live database, which is registered already.
    pub database: String,
    /// Who makes it.
    pub created_by: String,
    /// The revision it is made from.
    pub created_from: Option<String>,
    /// How old its data is.
    pub data_taken_at: OffsetDateTime,
    /// How its database was cloned.
    pub clone_way: String,
}

const COLUMNS: &str = "id, name, head, database, created_at, created_by, created_from, data_taken_at, clone_way";

/// Makes a branch.
///
/// # Errors
/// `invalid_branch_name`, and `branch_exists` when the name is taken.
pub async fn insert(db: &impl Db, project: ProjectId, new: &NewBranch) -> Result<Branch> {
    names::check_branch_name(&new.name)?;
    let sql = format!(
        "insert into pleach.branch
            (project_id, name, head, database, created_by, created_from, data_taken_at, clone_way)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (project_id, name) do nothing
         returning {COLUMNS}"
    );
    let row = db
        .query_opt(
            &sql,
            &[
                &project.0,
                &new.name,
                &bytes(&new.head),
                &new.database,
                &new.created_by,
                &new.created_from,
                &new.data_taken_at,
                &new.clone_way,
            ],
        )
        .await?;
    match row {
        Some(row) => read(&row),
        None => Err(Error::new(Class::State, "branch_exists", "there is a branch of this name already")
            .on(format!("branch {}", new.name))
            .hint("choose another name, or delete that branch first")),
    }
}

/// The branch of this name, if there is one.
///
/// # Errors
/// When the state database cannot be read.
pub async fn find(db: &impl Db, project: ProjectId, name: &str) -> Result<Option<Branch>> {
    let sql = format!("select {COLUMNS} from pleach.branch where project_id = $1 and name = $2");
    db.query_opt(&sql, &[&project.0, &name]).await?.as_ref().map(read).transpose()
}

/// The branch of this name.
///
/// # Errors
/// `unknown_branch`, with the nearest name there is.
pub async fn get_named(db: &impl Db, project: ProjectId, name: &str) -> Result<Branch> {
    if let Some(branch) = find(db, project, name).await? {
        return Ok(branch);
    }
    let known = list(db, project).await?;
    Err(unknown(name, &known))
}

/// The branch of this name, locked against changes by others until the transaction ends.
///
/// # Errors
/// `unknown_branch`, with the nearest name there is.
pub async fn get_for_update(db: &impl Db, project: ProjectId, name: &str) -> Result<Branch> {
    let sql = format!("select {COLUMNS} from pleach.branch where project_id = $1 and name = $2 for update");
    match db.query_opt(&sql, &[&project.0, &name]).await? {
        Some(row) => read(&row),
        None => Err(unknown(name, &list(db, project).await?)),
    }
}

/// All branches of a project, by name.
///
/// # Errors
/// When the state database cannot be read.
pub async fn list(db: &impl Db, project: ProjectId) -> Result<Vec<Branch>> {
    let sql = format!("select {COLUMNS} from pleach.branch where project_id = $1 order by name");
    rows(&db.query(&sql, &[&project.0]).await?, read)
}

/// Moves a branch from the commit it is known to stand at to another.
///
/// # Errors
/// `branch_moved` when it stands elsewhere by now, or is gone.
pub async fn move_head(db: &impl Db, branch: &Branch, to: Hash) -> Result<()> {
    let moved = db
        .execute(
            "update pleach.branch set head = $3 where id = $1 and head = $2",
            &[&branch.id.0, &bytes(&branch.head), &bytes(&to)],
        )
        .await?;
    if moved == 1 { Ok(()) } else { Err(elsewhere(branch)) }
}

/// Gives a branch another database, with data of another age.
///
/// # Errors
/// `branch_moved` when the branch is gone.
pub async fn set_database(
    db: &impl Db,
    branch: &Branch,
    database: &str,
    data_taken_at: OffsetDateTime,
    clone_way: &str,
) -> Result<()> {
    let sql = "update pleach.branch set database = $2, data_taken_at = $3, clone_way = $4 where id = $1";
    let set = db.execute(sql, &[&branch.id.0, &database, &data_taken_at, &clone_way]).await?;
    if set == 1 { Ok(()) } else { Err(elsewhere(branch)) }
}

/// Deletes a branch. Its database stays registered until it is dropped.
///
/// # Errors
/// `branch_moved` when it stands elsewhere by now, or is gone.
pub async fn delete(db: &impl Db, branch: &Branch) -> Result<()> {
    let sql = "delete from pleach.branch where id = $1 and head = $2";
    let deleted = db.execute(sql, &[&branch.id.0, &bytes(&branch.head)]).await?;
    if deleted == 1 { Ok(()) } else { Err(elsewhere(branch)) }
}

/// The error for a branch that is not there.
pub(super) fn unknown(name: &str, known: &[Branch]) -> Error {
    let error = Error::new(Class::State, "unknown_branch", "there is no such branch").on(format!("branch {name}"));
    match names::nearest(name, known.iter().map(|branch| branch.name.as_str())) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint("see `pleach branch list`"),
    }
}

fn elsewhere(branch: &Branch) -> Error {
    Error::new(Class::State, "branch_moved", format!("the branch is no longer at {}", branch.head.short()))
        .on(format!("branch {}", branch.name))
        .hint("somebody else changed it meanwhile: look at it again and retry")
}

fn read(row: &Row) -> Result<Branch> {
    Ok(Branch {
        id: get(row, "id")?,
        name: get(row, "name")?,
        head: hash(row, "head")?,
        database: get(row, "database")?,
        created_at: get(row, "created_at")?,
        created_by: get(row, "created_by")?,
        created_from: get(row, "created_from")?,
        data_taken_at: get(row, "data_taken_at")?,
        clone_way: get(row, "clone_way")?,
    })
}

/// The data steps that wait for a branch's next commit.
///
/// # Errors
/// When the state database cannot be read.
pub async fn waiting(db: &impl Db, branch: &Branch) -> Result<Vec<super::DataStep>> {
    let row = db.query_one("select waiting from pleach.branch where id = $1", &[&branch.id.0]).await?;
    Ok(get::<Json<Vec<super::DataStep>>>(&row, "waiting")?.0)
}

/// Replaces the data steps that wait for a branch's next commit.
///
/// # Errors
/// When the state database cannot be written.
pub async fn set_waiting(db: &impl Db, branch: &Branch, steps: &[super::DataStep]) -> Result<()> {
    db.execute("update pleach.branch set waiting = $2 where id = $1", &[&branch.id.0, &Json(steps)]).await?;
    Ok(())
}
