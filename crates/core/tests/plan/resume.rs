//! Plans of whole schemas, and going on where a script was cut off.

use crate::harness::said;
use crate::support::{Server, servers};
use pleach_core::connect::Target;
use pleach_core::server::Environment;
use pleach_core::{Context, PlanOptions, Planned, SchemaSource, plan_between};
use std::path::Path;
use std::sync::Arc;
use tokio_postgres::Client;

const NAMES: &str = "CREATE TABLE users (id bigint PRIMARY KEY, name text";

/// As a script leaves it that was killed while it filled in `token`, after an index on it failed.
async fn cut_off(client: &Client) {
    let sql = format!(
        "{NAMES});
        INSERT INTO users SELECT n, 'twin' FROM generate_series(1, 20000) n;
        ALTER TABLE users ADD token uuid;
        ALTER TABLE users ALTER token SET DEFAULT gen_random_uuid();
        CREATE SCHEMA pleach;
        CREATE TABLE pleach.backfill (job text PRIMARY KEY, page bigint NOT NULL, filled bigint NOT NULL);
        INSERT INTO pleach.backfill VALUES ('public.users.token', 40, 1)"
    );
    client.batch_execute(&sql).await.unwrap();
    let twins = client.batch_execute("CREATE UNIQUE INDEX CONCURRENTLY users_token ON users (name)").await;
    assert!(twins.is_err(), "the index is left invalid");
}

pub async fn target(client: &Client, database: &str) -> Target {
    let folder: String = client.query_one("SHOW unix_socket_directories", &[]).await.unwrap().get(0);
    Target::parse(&format!("host={folder} user=tester dbname={database}")).unwrap()
}

async fn plan(client: &Client, database: &str, to: &Path) -> Planned {
    let options = PlanOptions {
        from: SchemaSource::Url(Box::new(target(client, database).await)),
        to: SchemaSource::Files(to.to_owned()),
        scratch: Some(target(client, "postgres").await),
        offline: false,
        large: 0,
        renames: Vec::new(),
        prove: true,
        whole: false,
    };
    plan_between(&options, None, &context()).await.unwrap()
}

/// What a test says of its surroundings.
pub fn context() -> Context {
    let environment = Environment::default();
    let progress = Arc::new(|_: &str| {});
    Context { environment, actor: "tester".to_owned(), branch: None, progress, checkpoint: None }
}

async fn run(client: &Client, planned: &Planned) {
    for part in &planned.parts {
        if part.transaction {
            client.batch_execute("BEGIN").await.unwrap();
        }
        for step in &part.steps {
            client.batch_execute(&step.sql).await.unwrap_or_else(|error| panic!("{}\n{}", step.sql, said(&error)));
        }
        if part.transaction {
            client.batch_execute("COMMIT").await.unwrap();
        }
    }
}

async fn on(server: &Server, to: &Path) {
    let database = server.database().await;
    let client = server.connect(&database).await;
    cut_off(&client).await;
    let planned = plan(&client, &database, to).await;
    assert_eq!(planned.parts[0].steps[0].sql, "DROP INDEX CONCURRENTLY public.users_token");
    run(&client, &planned).await;
    let empty: i64 = client.query_one("SELECT count(*) FROM users WHERE token IS NULL", &[]).await.unwrap().get(0);
    assert_eq!(empty, 0, "every row has its value, those on pages that were said to be done too");
    let again = plan(&client, &database, to).await;
    assert_eq!(again.sql(), "", "nothing is left to do");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_goes_on_where_a_script_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("to.sql");
    let rest = "token uuid DEFAULT gen_random_uuid() NOT NULL); CREATE UNIQUE INDEX users_token ON users (token);";
    std::fs::write(&to, format!("{NAMES}, {rest}")).unwrap();
    for server in servers() {
        on(server, &to).await;
    }
}
