//! Schemas as applications have them: from nothing to them, from them to nothing, and to what they
//! are a year later, knowing who is who or by names alone.

use crate::harness::{Known, Newcomers, clone_of, go, said};
use crate::support::{Server, servers};
use pleach_change::identified_by_name;
use pleach_schema::{Kind, Tree};
use tokio_postgres::Client;

const SHOP: &str = include_str!("schemas/shop.sql");
const CHANGES: &str = include_str!("schemas/shop_changes.sql");

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_comes_changes_and_goes() {
    for server in servers() {
        let name = server.bin.display();
        there_and_back(server).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

async fn there_and_back(server: &Server) -> Result<(), String> {
    let admin = server.connect("postgres").await;
    let database = server.database().await;
    let mut known = Known::default();
    let old = {
        let client = server.connect(&database).await;
        run(&client, SHOP).await?;
        read(&client, &mut known, Newcomers::Carry(&Tree::default())).await
    };
    let tables = old.iter().filter(|(address, _)| address.kind == Kind::Table).count();
    assert!(tables >= 60, "only {tables} tables");
    let changed = clone_of(server, &admin, &database, &format!("{database}_changed")).await;
    run(&changed, CHANGES).await?;
    let new = read(&changed, &mut known.fork(), Newcomers::Carry(&old)).await;

    let client = server.connect(&database).await;
    // What uses a new label can only come when that is committed.
    run(&client, "ALTER TYPE sales.order_state ADD VALUE IF NOT EXISTS 'packed' BEFORE 'sent'").await?;
    let start = read(&client, &mut known, Newcomers::Expect(&old)).await;
    leads(&client, &known, &start, &new, "who is who").await?;
    leads(&client, &known, &start, &identified_by_name(&new, &start), "names").await?;
    let empty = server.connect(&server.database().await).await;
    let mut blank = Known::default();
    let nothing = read(&empty, &mut blank, Newcomers::Expect(&new)).await;
    leads(&empty, &blank, &nothing, &new, "nothing").await
}

/// Goes to a tree and back again, and takes it all back.
async fn leads(client: &Client, known: &Known, from: &Tree, to: &Tree, what: &str) -> Result<(), String> {
    let mut known = known.clone();
    client.batch_execute("BEGIN").await.map_err(|error| said(&error))?;
    let (_, there) = go(client, &mut known, from, to, &[]).await.map_err(|error| format!("by {what}: {error}"))?;
    go(client, &mut known, &there, from, &[]).await.map_err(|error| format!("by {what}, back: {error}"))?;
    client.batch_execute("ROLLBACK").await.map_err(|error| said(&error))
}

async fn run(client: &Client, sql: &str) -> Result<(), String> {
    client.batch_execute("SET client_min_messages = error").await.map_err(|error| said(&error))?;
    client
        .batch_execute(sql)
        .await
        .map_err(|error| format!("{} {:?}", said(&error), error.as_db_error().and_then(|e| e.position())))?;
    client.batch_execute("RESET ALL").await.map_err(|error| said(&error))
}

async fn read(client: &Client, known: &mut Known, newcomers: Newcomers<'_>) -> Tree {
    client.batch_execute("BEGIN").await.unwrap();
    let tree = known.read(client, newcomers).await;
    client.batch_execute("ROLLBACK").await.unwrap();
    tree
}
