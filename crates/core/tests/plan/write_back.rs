//! Schemas that are read, written back into an empty database and read again: the same tree.

use crate::harness::{Known, Newcomers, go, major};
use crate::support::{Server, servers};
use pleach_schema::Tree;
use std::path::{Path, PathBuf};

/// A schema as the scripts that make it.
struct Schema {
    name: &'static str,
    since: u32,
    scripts: Vec<PathBuf>,
}

fn schemas() -> Vec<Schema> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let everything = |names: &[&str]| {
        names.iter().map(|name| crates.join(format!("postgres/tests/schemas/{name}.sql"))).collect::<Vec<_>>()
    };
    let mut schemas = vec![
        Schema { name: "everything", since: 14, scripts: everything(&["roles", "everything"]) },
        Schema { name: "everything_15", since: 15, scripts: everything(&["roles", "everything", "everything_15"]) },
        Schema {
            name: "everything_18",
            since: 18,
            scripts: everything(&["roles", "everything", "everything_15", "everything_18"]),
        },
    ];
    // The sample database is not part of Pleach; its schema.sql is where this variable says.
    let pagila = std::env::var_os("PLEACH_TEST_PAGILA").map(PathBuf::from);
    let pagila = pagila.unwrap_or_else(|| crates.join("../../shared/pagila/schema.sql"));
    if pagila.exists() {
        schemas.push(Schema { name: "pagila", since: 14, scripts: vec![pagila] });
    }
    schemas
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_is_written_back() {
    let mut failed = Vec::new();
    for server in servers() {
        let version = major(&server.connect("postgres").await).await;
        for schema in schemas() {
            if version >= schema.since
                && let Err(error) = write_back(server, &schema).await
            {
                failed.push(format!("{} on PostgreSQL {version}: {error}", schema.name));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_case_ends_with_is_written_back() {
    let mut failed = Vec::new();
    for server in servers() {
        let admin = server.connect("postgres").await;
        let version = major(&admin).await;
        for role in ["plan_reader", "plan_owner"] {
            let _ = admin.batch_execute(&format!("CREATE ROLE {role}")).await;
        }
        let client = server.connect(&server.database().await).await;
        for (name, sql) in crate::cases::ends(version) {
            client.batch_execute("RESET ALL; BEGIN; SET LOCAL client_min_messages = error").await.unwrap();
            client.batch_execute(&sql).await.unwrap();
            let tree = Known::default().read(&client, Newcomers::Carry(&Tree::default())).await;
            client.batch_execute("ROLLBACK; BEGIN").await.unwrap();
            let mut known = Known::default();
            let blank = known.read(&client, Newcomers::Expect(&tree)).await;
            if let Err(error) = go(&client, &mut known, &blank, &tree, &[]).await {
                failed.push(format!("{name} on PostgreSQL {version}: {error}"));
            }
            client.batch_execute("ROLLBACK").await.unwrap();
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

async fn write_back(server: &Server, schema: &Schema) -> Result<(), String> {
    let admin = server.connect("postgres").await;
    // The schemas name the usual administrator.
    let _ = admin.batch_execute("CREATE ROLE postgres SUPERUSER").await;
    let source = server.connect(&server.database().await).await;
    for script in &schema.scripts {
        let sql = std::fs::read_to_string(script).unwrap();
        source.batch_execute(&sql).await.map_err(|error| format!("{}: {error:?}", script.display()))?;
    }
    source.batch_execute("RESET ALL; BEGIN").await.unwrap();
    let mut known = Known::default();
    let tree = known.read(&source, Newcomers::Carry(&Tree::default())).await;
    let copy = server.connect(&server.database().await).await;
    copy.batch_execute("BEGIN").await.unwrap();
    let mut known = Known::default();
    let blank = known.read(&copy, Newcomers::Expect(&tree)).await;
    go(&copy, &mut known, &blank, &tree, &[]).await?;
    copy.batch_execute("COMMIT").await.unwrap();
    // And back to nothing, in the order in which it can go.
    copy.batch_execute("BEGIN").await.unwrap();
    go(&copy, &mut known, &tree, &blank, &[]).await.map_err(|error| format!("and back: {error}"))?;
    Ok(())
}
