//! Bringing the tables of the state database up to date.

use super::sql::get;
use pleach_postgres::{Class, Error, Result};
use tokio_postgres::{Client, GenericClient};

/// Every version of the tables, oldest first: the one at index 0 is version 1. Never edited once
/// released, only added to.
const MIGRATIONS: &[(&str, &str)] = &[
    ("state", include_str!("migrations/0001_state.sql")),
    ("waiting_data", include_str!("migrations/0002_waiting_data.sql")),
    ("clone_ways", include_str!("migrations/0003_clone_ways.sql")),
    ("retired_snapshots", include_str!("migrations/0004_retired_snapshots.sql")),
    ("coordination", include_str!("migrations/0005_coordination.sql")),
];

/// The advisory lock under which one process at a time migrates: "pleach" in ASCII.
const LOCK: i64 = 0x706c_6561_6368;

/// Applies what is missing, in one transaction, while every other process waits.
pub(super) async fn migrate(client: &mut Client) -> Result<()> {
    let newest = MIGRATIONS.len() as i32;
    if applied(client).await? == Some(newest) {
        return Ok(());
    }
    let tx = client.transaction().await?;
    tx.execute("select pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let applied = match applied(&tx).await? {
        Some(version) => version,
        None => {
            make_version_table(&tx).await?;
            0
        }
    };
    if applied > newest {
        return Err(too_new(applied, newest));
    }
    for (version, (name, statements)) in (1..).zip(MIGRATIONS).skip(applied as usize) {
        tracing::info!(version, name, "migrating the state database");
        tx.batch_execute(statements).await?;
        tx.execute("insert into pleach.migration (version, name) values ($1, $2)", &[&version, name]).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The version of the tables, or `None` where there are none yet.
async fn applied(db: &impl GenericClient) -> Result<Option<i32>> {
    // Read from the catalog itself: to_regclass() may answer from a cache that is older than the
    // lock we hold.
    let sql = "select 1 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'pleach' and c.relname = 'migration'";
    let there = db.query_opt(sql, &[]).await?.is_some();
    if !there {
        return Ok(None);
    }
    let row = db.query_one("select coalesce(max(version), 0) as version from pleach.migration", &[]).await?;
    get(&row, "version").map(Some)
}

async fn make_version_table(db: &impl GenericClient) -> Result<()> {
    let there = db.query_opt("select 1 from pg_catalog.pg_namespace where nspname = 'pleach'", &[]).await?.is_some();
    if !there {
        db.batch_execute("create schema pleach").await?;
    }
    db.batch_execute(
        "create table pleach.migration (
            version     integer primary key,
            name        text not null,
            applied_at  timestamptz not null default clock_timestamp()
        )",
    )
    .await?;
    Ok(())
}

fn too_new(applied: i32, newest: i32) -> Error {
    Error::new(
        Class::State,
        "state_too_new",
        format!(
            "the state database is at version {applied}, and this version of Pleach knows it up to version {newest}"
        ),
    )
    .on("database pleach")
    .hint("use the version of Pleach that last worked on this project, or a newer one")
}
