//! What is written for a tool whose folders Pleach imports is read back as that tool's; the ways
//! back of those that are not run here by themselves run as their tools would run them.

use crate::fixture::Fixture;
use crate::real::{Bench, benches};
use pleach_postgres::import::{Migrations, Tool};
use pleach_postgres::script::{Script, Variables, Wrap, run};
use std::path::PathBuf;

async fn up(bench: &Bench, tool: Tool) {
    let found = Migrations::find(&bench.path().join("x"), None).unwrap();
    assert_eq!(found.tool, tool, "{}", found.sign);
    assert_eq!(found.files.len(), bench.count);
    for file in &found.files {
        bench.script(&file.script).await;
    }
    bench.is_up(&[]).await;
}

/// The files that lead back, the last one first.
fn back(bench: &Bench, is_one: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![bench.path().join("x")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if is_one(path.file_name().unwrap().to_str().unwrap()) {
                files.push(path);
            }
        }
    }
    files.sort();
    files.reverse();
    assert_eq!(files.len(), bench.count);
    files
}

impl Bench {
    async fn script(&self, script: &Script) {
        let client = self.server.connect(&self.database).await;
        run(&client, script, &Variables::new(), &mut |_| {})
            .await
            .unwrap_or_else(|error| panic!("{error}: {script:?}"));
    }

    /// Sends a file as one query.
    async fn query(&self, file: &PathBuf) {
        let client = self.server.connect(&self.database).await;
        let text = std::fs::read_to_string(file).unwrap();
        client.batch_execute(&text).await.unwrap_or_else(|error| panic!("{error:?}: {}", file.display()));
    }
}

fn fixtures() -> [Fixture; 2] {
    [Fixture::online(), Fixture::short()]
}

#[tokio::test]
async fn those_that_send_files_as_queries() {
    for (name, tool) in [("golang-migrate", Tool::GolangMigrate), ("prisma", Tool::Prisma), ("sqlx", Tool::Sqlx)] {
        for fixture in fixtures() {
            // sqlx's names alone are golang-migrate's too.
            let tool = if fixture.up.len() == 1 && tool == Tool::Sqlx { Tool::GolangMigrate } else { tool };
            for bench in benches(name, &fixture, "x").await {
                up(&bench, tool).await;
                for file in back(&bench, |name| name.ends_with("down.sql")) {
                    if name == "sqlx" && !std::fs::read_to_string(&file).unwrap().starts_with("-- no-transaction") {
                        bench.script(&Script::file(file).wrapped(Wrap::Whole)).await;
                    } else {
                        bench.query(&file).await;
                    }
                }
                bench.is_down(&[]).await;
            }
            // And up, as the tool does it.
            if name != "sqlx" {
                for bench in benches(name, &fixture, "x").await {
                    let mut files = back(&bench, |name| name.ends_with(".up.sql") || name == "migration.sql");
                    files.reverse();
                    for file in files {
                        bench.query(&file).await;
                    }
                    bench.is_up(&[]).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn flyway() {
    for fixture in fixtures() {
        for bench in benches("flyway", &fixture, "x").await {
            up(&bench, Tool::Flyway).await;
            for file in back(&bench, |name| name.starts_with('U') && name.ends_with(".sql")) {
                let conf = std::fs::read_to_string(format!("{}.conf", file.display())).unwrap_or_default();
                let alone = conf.contains("executeInTransaction=false");
                bench.script(&Script::file(file).wrapped(if alone { Wrap::AsWritten } else { Wrap::Whole })).await;
            }
            bench.is_down(&[]).await;
        }
    }
}

#[tokio::test]
async fn goose_and_dbmate() {
    for (name, tool, down) in [("goose", Tool::Goose, "-- +goose Down"), ("dbmate", Tool::Dbmate, "-- migrate:down")] {
        for fixture in fixtures() {
            for bench in benches(name, &fixture, "x").await {
                up(&bench, tool).await;
                for file in back(&bench, |name| name.ends_with(".sql")) {
                    let text = std::fs::read_to_string(&file).unwrap();
                    let (head, back) = text.split_once(down).unwrap();
                    let alone = head.contains("NO TRANSACTION") || back.starts_with(" transaction:false");
                    let wrap = if alone { Wrap::AsWritten } else { Wrap::Whole };
                    bench.script(&Script::text("down", format!("--{back}")).wrapped(wrap)).await;
                }
                bench.is_down(&[]).await;
            }
        }
    }
}
