//! Leases of tables: who may change which, until when, by the database's clock.

use super::sql::{get, rows, ruled};
use super::{Db, ProjectId};
use crate::shape::Moment;
use pleach_postgres::{Class, Error, Result};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;
use time::OffsetDateTime;
use tokio_postgres::Row;

/// A table that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Lease {
    /// The table, as SQL writes it.
    pub table_name: String,
    /// Who holds it.
    pub agent_id: String,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "Moment")]
    pub locked_at: OffsetDateTime,
    /// Until when, unless it is renewed.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "Moment")]
    pub expires_at: OffsetDateTime,
    /// Its fencing token: each later lease has a higher one.
    pub token: i64,
    /// Why.
    pub reason: Option<String>,
}

/// A lease that has a say in what an agent does to a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The agent holds it.
    Held(Lease),
    /// Somebody else holds it.
    Other(Lease),
    /// The agent had it, and it ended without being given back: it ran out, or was taken away.
    Lost {
        /// The table.
        table_name: String,
        /// When it ended.
        at: OffsetDateTime,
        /// It was taken away.
        stolen: bool,
    },
}

const COLUMNS: &str = "table_name, agent_id, locked_at, expires_at, token, reason";

/// Tells the triggers who acts, until the transaction ends.
async fn act_as(transaction: &impl Db, actor: &str) -> Result<()> {
    transaction.execute("select set_config('pleach.actor', $1, true)", &[&actor]).await?;
    Ok(())
}

/// The names under which tables are leased, sorted, each once.
///
/// # Errors
/// `bad_table_name`.
pub async fn names(db: &impl Db, project: ProjectId, tables: &[String]) -> Result<Vec<String>> {
    let sql = "select distinct pleach.lock_name($1, name) as name from unnest($2::text[]) as name order by 1";
    rows(&db.query(sql, &[&project.0, &tables]).await.map_err(ruled)?, |row| get(row, "name"))
}

/// Takes all of these tables, or none and says who has the first that is taken. Tables that the
/// agent holds already are renewed. Names come from [`names`]: everybody takes them in the same
/// order, so nobody waits in a circle.
///
/// # Errors
/// `table_locked`.
pub async fn acquire(
    transaction: &impl Db,
    project: ProjectId,
    agent: &str,
    names: &[String],
    ttl: Duration,
    reason: Option<&str>,
    actor: &str,
) -> Result<Vec<Lease>> {
    act_as(transaction, actor).await?;
    let seconds = ttl.as_secs_f64();
    let mut leases = Vec::new();
    for name in names {
        let sql = format!(
            "insert into public.pggit_table_locks as held (table_name, agent_id, expires_at, reason, project_id)
             values ($1, $2, clock_timestamp() + make_interval(secs => $3), $4, $5)
             on conflict (table_name) do update
                set expires_at = clock_timestamp() + make_interval(secs => $3),
                    reason = coalesce(excluded.reason, held.reason)
                where held.agent_id = excluded.agent_id
             returning {COLUMNS}"
        );
        // The name in front of a later project's table is put there by the trigger.
        let bare = name.rsplit_once(':').map_or(name.as_str(), |(_, bare)| bare);
        let row = transaction.query_opt(&sql, &[&bare, &agent, &seconds, &reason, &project.0]).await.map_err(ruled)?;
        match row {
            Some(row) => leases.push(read(&row)?),
            None => return Err(taken(transaction, name).await?),
        }
    }
    Ok(leases)
}

async fn taken(db: &impl Db, name: &str) -> Result<Error> {
    let sql = format!("select {COLUMNS} from public.pggit_table_locks where table_name = $1");
    let holder = db.query_opt(&sql, &[&name]).await?.as_ref().map(read).transpose()?;
    Ok(holder.map_or_else(
        || Error::new(Class::State, "table_locked", "another agent holds the table").on(format!("table {name}")),
        |lease| locked(&lease),
    ))
}

/// The error for a table that somebody else holds.
pub fn locked(lease: &Lease) -> Error {
    let until = lease.expires_at.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
    let why = lease.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    Error::new(Class::State, "table_locked", format!("{} holds the table until {until}{why}", lease.agent_id))
        .on(format!("table {}", lease.table_name))
        .hint("wait for it (`pleach lock acquire --wait`), ask its holder, or take it with `pleach lock steal`")
}

/// Gives tables back: those that are named, or all of an agent's.
///
/// # Errors
/// When the state database cannot be written.
pub async fn release(
    transaction: &impl Db,
    project: ProjectId,
    agent: &str,
    names: Option<&[String]>,
    actor: &str,
) -> Result<Vec<Lease>> {
    act_as(transaction, actor).await?;
    let sql = format!(
        "delete from public.pggit_table_locks
         where project_id = $1 and agent_id = $2 and ($3::text[] is null or table_name = any($3))
         returning {COLUMNS}"
    );
    rows(&transaction.query(&sql, &[&project.0, &agent, &names]).await?, read)
}

/// Holds tables on for another while: those that are named, or all that the agent holds. One whose
/// lease ran out is not among them.
///
/// # Errors
/// When the state database cannot be written.
pub async fn renew(
    transaction: &impl Db,
    project: ProjectId,
    agent: &str,
    names: Option<&[String]>,
    ttl: Duration,
    actor: &str,
) -> Result<Vec<Lease>> {
    act_as(transaction, actor).await?;
    let sql = format!(
        "update public.pggit_table_locks set expires_at = clock_timestamp() + make_interval(secs => $4)
         where table_name in (
             select table_name from public.pggit_table_locks
             where project_id = $1 and agent_id = $2 and ($3::text[] is null or table_name = any($3))
                 and expires_at > clock_timestamp()
             order by table_name for update)
         returning {COLUMNS}"
    );
    rows(&transaction.query(&sql, &[&project.0, &agent, &names, &ttl.as_secs_f64()]).await?, read)
}

/// Takes a table away from whoever holds it, or takes it if nobody does.
///
/// # Errors
/// When the state database cannot be written.
pub async fn steal(
    transaction: &impl Db,
    project: ProjectId,
    agent: &str,
    names: &[String],
    ttl: Duration,
    reason: &str,
    actor: &str,
) -> Result<Vec<Lease>> {
    act_as(transaction, actor).await?;
    let sql = "update public.pggit_table_locks
        set agent_id = $2, reason = $3, expires_at = clock_timestamp() + make_interval(secs => $4)
        where table_name = any($1) and agent_id <> $2 and expires_at > clock_timestamp()";
    transaction.execute(sql, &[&names, &agent, &reason, &ttl.as_secs_f64()]).await?;
    acquire(transaction, project, agent, names, ttl, Some(reason), actor).await
}

/// The tables that are held.
///
/// # Errors
/// When the state database cannot be read.
pub async fn list(db: &impl Db, project: ProjectId) -> Result<Vec<Lease>> {
    let sql = format!(
        "select {COLUMNS} from public.pggit_table_locks
         where project_id = $1 and expires_at > clock_timestamp() order by table_name"
    );
    rows(&db.query(&sql, &[&project.0]).await?, read)
}

/// The leases that have a say in what an agent does to these tables. Those that it holds are kept
/// for at least `grace` from now, so that they do not run out while they are acted upon.
///
/// # Errors
/// When the state database cannot be written.
pub async fn claims(
    transaction: &impl Db,
    project: ProjectId,
    agents: &[String],
    names: &[String],
    grace: Duration,
) -> Result<Vec<Claim>> {
    let sql = format!(
        "select {COLUMNS} from public.pggit_table_locks
         where table_name = any($1) and expires_at > clock_timestamp() order by table_name for update"
    );
    let held = rows(&transaction.query(&sql, &[&names]).await?, read)?;
    let mut claims = Vec::new();
    for lease in held {
        if agents.contains(&lease.agent_id) {
            let sql = "update public.pggit_table_locks
                set expires_at = clock_timestamp() + make_interval(secs => $2)
                where table_name = $1 and expires_at < clock_timestamp() + make_interval(secs => $2)";
            transaction.execute(sql, &[&lease.table_name, &grace.as_secs_f64()]).await?;
            claims.push(Claim::Held(lease));
        } else {
            claims.push(Claim::Other(lease));
        }
    }
    // The agent's last lease of a table, where it is not held any more and was not given back.
    let sql = "select distinct on (l.table_name) l.table_name, coalesce(l.ended_at, l.expires_at) as at,
            coalesce(l.ended = 'stolen', false) as stolen, coalesce(l.ended = 'released', false) as released
        from pleach.lease l
        where l.project_id = $1 and l.agent_id = any($2) and l.table_name = any($3)
        order by l.table_name, l.token desc";
    for row in transaction.query(sql, &[&project.0, &agents, &names]).await? {
        let table_name: String = get(&row, "table_name")?;
        let known = claims.iter().any(|claim| match claim {
            Claim::Held(lease) | Claim::Other(lease) => lease.table_name == table_name,
            Claim::Lost { .. } => false,
        });
        if !known && !get::<bool>(&row, "released")? {
            claims.push(Claim::Lost { table_name, at: get(&row, "at")?, stolen: get(&row, "stolen")? });
        }
    }
    Ok(claims)
}

fn read(row: &Row) -> Result<Lease> {
    Ok(Lease {
        table_name: get(row, "table_name")?,
        agent_id: get(row, "agent_id")?,
        locked_at: get(row, "locked_at")?,
        expires_at: get(row, "expires_at")?,
        token: get(row, "token")?,
        reason: get(row, "reason")?,
    })
}
