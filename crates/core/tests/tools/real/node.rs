//! Tools from npm.

use super::{Bench, benches, run, tools};
use crate::fixture::Fixture;
use std::process::Command;

#[tokio::test]
async fn dbmate_runs_it() {
    for fixture in [Fixture::online().with_carriage_returns(), Fixture::short()] {
        for bench in benches("dbmate", &fixture, "db/migrations").await {
            let url = format!("postgres://tester@/{}?socket={}&sslmode=disable", bench.database, bench.host());
            let dbmate = |command: &str| {
                let mut dbmate = Command::new(tools("node").join("node_modules/.bin/dbmate"));
                run(dbmate.args(["--url", &url, "--no-dump-schema", command]).current_dir(bench.path()));
            };
            dbmate("migrate");
            bench.is_up(&["schema_migrations"]).await;
            (0..bench.count).for_each(|_| dbmate("rollback"));
            bench.is_down(&["schema_migrations"]).await;
        }
    }
}

/// Runs a script whose packages are those that were installed.
fn node(bench: &Bench, script: &str) {
    let file = bench.file("run.js", script);
    let mut node = Command::new("node");
    node.arg(file).env("NODE_PATH", tools("node").join("node_modules"));
    run(node.env("PGHOST", bench.host()).env("PGUSER", "tester").env("PGDATABASE", &bench.database));
}

#[tokio::test]
async fn knex_runs_it() {
    for fixture in [Fixture::online().with_carriage_returns(), Fixture::short()] {
        for bench in benches("knex", &fixture, "migrations").await {
            let migrate = |way: &str| {
                node(
                    &bench,
                    &format!(
                        "const knex = require('knex')({{ client: 'pg', connection: {{}}, migrations: {{ directory: \
                         __dirname + '/migrations' }} }});\nknex.migrate.{way}().finally(() => knex.destroy());\n"
                    ),
                );
            };
            migrate("latest");
            bench.is_up(&["knex_migrations"]).await;
            migrate("rollback");
            bench.is_down(&["knex_migrations"]).await;
            migrate("latest");
        }
    }
}

#[tokio::test]
async fn drizzle_runs_it() {
    for bench in benches("drizzle", &Fixture::short().with_carriage_returns(), "drizzle").await {
        node(
            &bench,
            "const { Pool } = require('pg');\nconst { drizzle } = require('drizzle-orm/node-postgres');\nconst { \
             migrate } = require('drizzle-orm/node-postgres/migrator');\nconst pool = new \
             Pool();\nmigrate(drizzle(pool), { migrationsFolder: __dirname + '/drizzle' }).finally(() => pool.end());\n",
        );
        bench.is_up(&["drizzle"]).await;
    }
}
