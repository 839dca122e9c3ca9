//! Reading the catalogs, beside `pg_dump --schema-only` of the same database.

use crate::samples::{Samples, ratio, shown};
use crate::scene::{Scene, pg_dump};
use crate::{Effort, Report};
use pleach_core::connect::{Target, connect};
use pleach_core::{Class, Error, Result};
use pleach_postgres::catalog::{self, ReadOptions};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;
use tokio::process::Command;

const COLUMNS: &[&str] =
    &["server", "schema", "objects", "read, with connecting", "read again", "pg_dump", "pg_dump : read", "per table"];

/// Both with a process of the server's that has just been started, whose caches are empty; and
/// once more over a connection that has read before, as a proof does.
pub async fn measure(report: &mut Report, scene: &Scene, effort: Effort) -> Result<()> {
    let target = scene.target("main").await?;
    let dumper = pg_dump(&scene.server).await;
    let (mut first, mut again, mut dump) = (Samples::default(), Samples::default(), Samples::default());
    let mut objects = 0;
    // The first round warms up the server's shared memory and is not counted.
    for round in 0..=effort.runs {
        let (connected, repeated, found) = read_twice(&target).await?;
        let dumped = match &dumper {
            Some(program) => Some(dump_schema(program, &target).await?),
            None => None,
        };
        if round > 0 {
            first.push(connected);
            again.push(repeated);
            dumped.into_iter().for_each(|duration| dump.push(duration));
        }
        objects = found;
    }
    let missing = || "no pg_dump for it".to_owned();
    let row = vec![
        scene.server.clone(),
        scene.name.clone(),
        objects.to_string(),
        shown(first.median()),
        shown(again.median()),
        if dump.len() > 0 { shown(dump.median()) } else { missing() },
        if dump.len() > 0 { ratio(dump.median(), first.median()) } else { "–".to_owned() },
        format!("{:.0} µs", first.median().as_secs_f64() * 1e6 / scene.tables.max(1) as f64),
    ];
    report.add("Reading the catalog", COLUMNS, row);
    Ok(())
}

async fn read_twice(target: &Target) -> Result<(std::time::Duration, std::time::Duration, usize)> {
    let started = Instant::now();
    let mut session = connect(target, "pleach-bench").await?;
    let options = ReadOptions { own_roles: vec![target.user().to_owned()] };
    let transaction = session.transaction().await?;
    let found = catalog::read(&transaction, &options).await?.objects.len();
    let connected = started.elapsed();
    let started = Instant::now();
    catalog::read(&transaction, &options).await?;
    let repeated = started.elapsed();
    transaction.commit().await?;
    session.close().await;
    Ok((connected, repeated, found))
}

async fn dump_schema(program: &Path, target: &Target) -> Result<std::time::Duration> {
    let mut command = Command::new(program);
    command.args(["--schema-only", "--file=/dev/null"]).envs(target.psql_environment()).stdin(Stdio::null());
    let started = Instant::now();
    let output = command.output().await;
    let took = started.elapsed();
    match output {
        Ok(output) if output.status.success() => Ok(took),
        Ok(output) => Err(failed(String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(failed(&error.to_string())),
    }
}

fn failed(why: &str) -> Error {
    Error::new(Class::Unavailable, "pg_dump_failed", format!("pg_dump failed: {why}"))
}
