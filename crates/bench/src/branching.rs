//! Making branches, beside `CREATE DATABASE … TEMPLATE` of the same database.

use crate::samples::{Samples, ratio, shown};
use crate::scene::Scene;
use crate::{Effort, Report};
use pleach_core::{Created, Result};
use pleach_schema::quote_ident;
use std::time::{Duration, Instant};

const COLUMNS: &[&str] = &[
    "server",
    "database",
    "size",
    "warm p50",
    "warm p95",
    "warm, longest",
    "cold",
    "createdb -T",
    "createdb : warm",
    "createdb : cold",
];

/// Rounds of: fill the pool, take all warm clones, make one branch more (a cold one), and copy
/// the same database with the statement that `createdb -T` sends.
pub async fn measure(report: &mut Report, scene: &mut Scene, effort: Effort) -> Result<()> {
    let admin = scene.admin().await?;
    let (mut warm, mut cold, mut plain) = (Samples::default(), Samples::default(), Samples::default());
    let mut size = String::new();
    let mut number = 0;
    while warm.len() < effort.warm_branches {
        scene.project.tend_pool().await?;
        let mut made: Vec<Created> = Vec::new();
        loop {
            number += 1;
            let created = scene.project.create_branch(&format!("branch-{number}"), None).await?;
            let took = Duration::from_micros(created.microseconds);
            let is_warm = created.warm;
            if is_warm {
                warm.push(took)
            } else {
                cold.push(took)
            }
            made.push(created);
            if !is_warm {
                break;
            }
        }
        if let Some(template) = made.last() {
            plain.push(copy(&admin, &template.database).await?);
            size = size_of(&admin, &template.database).await?;
        }
        for branch in made {
            scene.project.delete_branch(&branch.name, true).await?;
        }
    }
    admin.close().await;
    let row = vec![
        scene.server.clone(),
        scene.name.clone(),
        size,
        shown(warm.median()),
        shown(warm.at(95)),
        shown(warm.at(100)),
        shown(cold.median()),
        shown(plain.median()),
        ratio(plain.median(), warm.median()),
        ratio(plain.median(), cold.median()),
    ];
    report.add("Making a branch", COLUMNS, row);
    Ok(())
}

/// What `createdb -T` does, without the time to start that program.
async fn copy(admin: &pleach_core::connect::Session, template: &str) -> Result<Duration> {
    let started = Instant::now();
    admin.batch_execute(&format!("CREATE DATABASE bench_copy TEMPLATE {}", quote_ident(template))).await?;
    let took = started.elapsed();
    admin.batch_execute("DROP DATABASE bench_copy").await?;
    Ok(took)
}

async fn size_of(admin: &pleach_core::connect::Session, database: &str) -> Result<String> {
    let sql = "SELECT pg_catalog.pg_size_pretty(pg_catalog.pg_database_size($1::text::name))";
    Ok(admin.query_one(sql, &[&database]).await?.try_get(0)?)
}
