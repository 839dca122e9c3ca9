//! Partitions: which tables and schemas a sort of agent owns.

use super::sql::get;
use super::{Db, ProjectId};
use pleach_postgres::Result;
use schemars::JsonSchema;
use serde::Serialize;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

/// What a sort of agent owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Partition {
    /// The sort of agent.
    pub agent_type: String,
    /// Its tables; `*` stands for anything.
    pub owned_tables: Vec<String>,
    /// Its schemas; `*` stands for anything.
    pub owned_schemas: Vec<String>,
}

/// What stands in front of the names of a project that is not the server's first.
const PREFIX: &str = "case when id = (select min(id) from pleach.project) then '' else name || ':' end";

async fn prefix(db: &impl Db, project: ProjectId) -> Result<String> {
    let sql = format!("select {PREFIX} as prefix from pleach.project where id = $1");
    get(&db.query_one(&sql, &[&project.0]).await?, "prefix")
}

/// All partitions of a project, by sort of agent.
///
/// # Errors
/// When the state database cannot be read.
pub async fn list(db: &impl Db, project: ProjectId) -> Result<Vec<Partition>> {
    let sql = format!(
        "select {PREFIX} as prefix, agent_type, coalesce(owned_tables, '{{}}') as owned_tables,
             coalesce(owned_schemas, '{{}}') as owned_schemas
         from pleach.project, public.pggit_agent_partitions where id = $1 order by agent_type"
    );
    let mut own = Vec::new();
    for row in db.query_typed(&sql, &[(&project.0, Type::INT8)]).await? {
        let (partition, prefix) = (read(&row)?, get::<String>(&row, "prefix")?);
        if let Some(agent_type) = partition.agent_type.strip_prefix(&prefix).filter(|name| !name.contains(':')) {
            own.push(Partition { agent_type: agent_type.to_owned(), ..partition });
        }
    }
    Ok(own)
}

/// Says what a sort of agent owns, in place of what was said before.
///
/// # Errors
/// When the state database cannot be written.
pub async fn set(db: &impl Db, project: ProjectId, partition: &Partition) -> Result<()> {
    let name = format!("{}{}", prefix(db, project).await?, partition.agent_type);
    let sql = "insert into public.pggit_agent_partitions values ($1, $2, $3)
        on conflict (agent_type) do update
        set owned_tables = excluded.owned_tables, owned_schemas = excluded.owned_schemas";
    db.execute(sql, &[&name, &partition.owned_tables, &partition.owned_schemas]).await?;
    Ok(())
}

/// Forgets what a sort of agent owns; whether anything was known.
///
/// # Errors
/// When the state database cannot be written.
pub async fn remove(db: &impl Db, project: ProjectId, agent_type: &str) -> Result<bool> {
    let name = format!("{}{agent_type}", prefix(db, project).await?);
    let removed = db.execute("delete from public.pggit_agent_partitions where agent_type = $1", &[&name]).await?;
    Ok(removed > 0)
}

fn read(row: &Row) -> Result<Partition> {
    Ok(Partition {
        agent_type: get(row, "agent_type")?,
        owned_tables: get(row, "owned_tables")?,
        owned_schemas: get(row, "owned_schemas")?,
    })
}
