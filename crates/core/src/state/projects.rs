//! Projects: one logical schema each under Pleach's care.

use super::sql::{get, rows};
use super::{Db, ProjectId, names};
use pleach_postgres::{Class, Error, Result};
use serde::Serialize;
use serde_json::Value as Json;
use time::OffsetDateTime;
use tokio_postgres::Row;

/// A project.
#[derive(Debug, Clone, Serialize)]
pub struct Project {
    /// Its number.
    pub id: ProjectId,
    /// Its name, unique in the state database.
    pub name: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// The role that owns its databases and what is in them unless said otherwise.
    pub own_role: String,
    /// What its people have chosen; an object.
    pub settings: Json,
}

const COLUMNS: &str = "id, name, created_at, own_role, settings";

/// Makes a project.
///
/// # Errors
/// `project_exists` when the name is taken.
pub async fn create(db: &impl Db, name: &str, own_role: &str, settings: &Json) -> Result<Project> {
    let sql = format!(
        "insert into pleach.project (name, own_role, settings) values ($1, $2, $3)
         on conflict (name) do nothing returning {COLUMNS}"
    );
    match db.query_opt(&sql, &[&name, &own_role, settings]).await? {
        Some(row) => read(&row),
        None => Err(Error::new(Class::State, "project_exists", "there is a project of this name already")
            .on(format!("project {name}"))
            .hint("choose another name, or work on the project that is there")),
    }
}

/// The project of this name, if there is one.
///
/// # Errors
/// When the state database cannot be read.
pub async fn find(db: &impl Db, name: &str) -> Result<Option<Project>> {
    let sql = format!("select {COLUMNS} from pleach.project where name = $1");
    db.query_opt(&sql, &[&name]).await?.as_ref().map(read).transpose()
}

/// The project of this name.
///
/// # Errors
/// `unknown_project`, with the nearest name there is.
pub async fn get_named(db: &impl Db, name: &str) -> Result<Project> {
    if let Some(project) = find(db, name).await? {
        return Ok(project);
    }
    let known = list(db).await?;
    let error = Error::new(Class::State, "unknown_project", "there is no such project").on(format!("project {name}"));
    Err(match names::nearest(name, known.iter().map(|project| project.name.as_str())) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint("make it with `pleach init`"),
    })
}

/// All projects, by name.
///
/// # Errors
/// When the state database cannot be read.
pub async fn list(db: &impl Db) -> Result<Vec<Project>> {
    let sql = format!("select {COLUMNS} from pleach.project order by name");
    rows(&db.query(&sql, &[]).await?, read)
}

/// Replaces a project's settings.
///
/// # Errors
/// When the state database cannot be written.
pub async fn set_settings(db: &impl Db, project: ProjectId, settings: &Json) -> Result<()> {
    db.execute("update pleach.project set settings = $2 where id = $1", &[&project.0, settings]).await?;
    Ok(())
}

/// Deletes a project with its history, branches and log.
///
/// # Errors
/// `project_has_databases` while a database of it is registered: those go first.
pub async fn delete(db: &impl Db, project: ProjectId) -> Result<()> {
    let left: i64 = get(
        &db.query_one("select count(*) as left from pleach.database where project_id = $1", &[&project.0]).await?,
        "left",
    )?;
    if left > 0 {
        return Err(Error::new(
            Class::State,
            "project_has_databases",
            format!("{left} databases of the project are still registered"),
        )
        .on(format!("project {project}"))
        .hint("drop them first"));
    }
    db.execute("delete from pleach.project where id = $1", &[&project.0]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<Project> {
    Ok(Project {
        id: get(row, "id")?,
        name: get(row, "name")?,
        created_at: get(row, "created_at")?,
        own_role: get(row, "own_role")?,
        settings: get(row, "settings")?,
    })
}
