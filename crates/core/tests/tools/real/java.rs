//! Liquibase, which knows no sockets of Unix.

use super::{Bench, benches, run, tools};
use crate::fixture::Fixture;
use std::process::Command;
use tokio::net::{TcpListener, UnixStream};

/// A port that leads to the server.
async fn port(bench: &Bench) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let socket = bench.server.folder.join(".s.PGSQL.5432");
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut far = UnixStream::connect(&socket).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn liquibase_runs_it() {
    for fixture in [Fixture::online(), Fixture::short()] {
        for bench in benches("liquibase", &fixture, "").await {
            let url = format!("jdbc:postgresql://127.0.0.1:{}/{}", port(&bench).await, bench.database);
            let sql = std::fs::read_dir(bench.path()).unwrap().next().unwrap().unwrap().file_name();
            let sql = sql.into_string().unwrap();
            let program = tools("node").join("node_modules/liquibase/dist/liquibase/liquibase");
            let liquibase = |command: &[&str]| {
                let mut liquibase = Command::new("sh");
                liquibase.arg(&program).args(["--url", &url, "--username", "tester", "--password", "none"]);
                liquibase.args(["--changelog-file", &sql]).args(command);
                run(liquibase.current_dir(bench.path()));
            };
            let count = std::fs::read_to_string(bench.path().join(&sql)).unwrap().matches("\n--changeset").count();
            liquibase(&["update"]);
            bench.is_up(&["databasechangelog"]).await;
            liquibase(&["rollback-count", &count.to_string()]);
            bench.is_down(&["databasechangelog"]).await;
        }
    }
}
