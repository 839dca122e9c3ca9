//! What is read from a catalog, of every kind, on every version of the server there is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use pleach_postgres::catalog::{ReadOptions, Reading, read};
use pleach_schema::{Attr, Kind, Value};
use std::collections::BTreeSet;
use std::fmt::Write;
use support::{Cluster, clusters};
use tokio_postgres::Client;

async fn read_all(client: &mut Client) -> Reading {
    let transaction = client.transaction().await.unwrap();
    let options = ReadOptions { own_roles: vec!["postgres".to_owned()] };
    read(&transaction, &options).await.unwrap()
}

async fn load(cluster: &Cluster, database: &str, scripts: &[&str]) -> Client {
    let client = cluster.create(database).await;
    for script in scripts {
        let path = format!("{}/tests/schemas/{script}.sql", env!("CARGO_MANIFEST_DIR"));
        let sql = std::fs::read_to_string(&path).unwrap();
        client.batch_execute(&sql).await.unwrap_or_else(|error| panic!("{path} on {}: {error:?}", cluster.major));
    }
    client
}

/// The reading as text for people: one paragraph per object, in the order of addresses.
fn show(reading: &Reading) -> String {
    let mut out = String::new();
    let mut objects: Vec<_> = reading.objects.iter().collect();
    objects.sort_by(|a, b| a.address.cmp(&b.address));
    for found in objects {
        write!(out, "{}", found.address).unwrap();
        if let Some(position) = found.object.derived.position {
            write!(out, "  #{position}").unwrap();
        }
        out.push('\n');
        for (attr, value) in &found.object.attributes {
            show_attribute(&mut out, *attr, value);
        }
        for column in &found.object.derived.columns {
            writeln!(out, "    . {column}").unwrap();
        }
        for reference in &found.object.derived.references {
            writeln!(out, "    > {reference}").unwrap();
        }
    }
    for unmodelled in &reading.unmodelled {
        writeln!(out, "UNMODELLED {unmodelled}").unwrap();
    }
    out
}

fn show_attribute(out: &mut String, attr: Attr, value: &Value) {
    let text = value.to_string().replace('\n', "\n        ");
    writeln!(out, "    {attr}: {text}").unwrap();
}

/// Pagila's tables, views, materialized views, functions, aggregates and triggers.
const PAGILA: [usize; 6] = [22, 7, 1, 9, 1, 15];

/// Versions whose readings are kept as text; others must give the same up to how they write SQL.
fn is_kept(cluster: &Cluster) -> bool {
    [15, 18].contains(&cluster.major)
}

#[tokio::test]
async fn everything_is_read() {
    for cluster in clusters() {
        let mut scripts = vec!["roles", "everything"];
        scripts.extend((cluster.major >= 15).then_some("everything_15"));
        scripts.extend((cluster.major >= 18).then_some("everything_18"));
        let mut client = load(&cluster, "everything", &scripts).await;
        let reading = read_all(&mut client).await;
        assert_eq!(reading.unmodelled, []);
        assert_eq!(reading.version / 10_000, cluster.major);
        assert_unambiguous(&reading);
        client.batch_execute("SET ROLE app_reader").await.unwrap();
        assert_eq!(show(&read_all(&mut client).await), show(&reading), "for a role without privileges");
        assert_indexes_as_the_server_writes_them(&client, &reading).await;
        if is_kept(&cluster) {
            insta::assert_snapshot!(format!("everything_{}", cluster.major), show(&reading));
        }
    }
}

#[tokio::test]
async fn what_is_not_modelled_is_named() {
    for cluster in clusters() {
        let mut client = load(&cluster, "unmodelled", &["roles", "unmodelled"]).await;
        let reading = read_all(&mut client).await;
        assert_unambiguous(&reading);
        if is_kept(&cluster) {
            insta::assert_snapshot!(format!("unmodelled_{}", cluster.major), show(&reading));
        }
    }
}

#[tokio::test]
async fn tablespaces_are_read() {
    for cluster in clusters() {
        let admin = cluster.connect("postgres").await;
        admin.execute("SET allow_in_place_tablespaces = on", &[]).await.unwrap();
        admin.execute("CREATE TABLESPACE elsewhere LOCATION ''", &[]).await.unwrap();
        let mut client = load(&cluster, "places", &["places"]).await;
        let mut reading = read_all(&mut client).await;
        reading.objects.retain(|found| found.object.get(Attr::Tablespace).is_some());
        if is_kept(&cluster) {
            insta::assert_snapshot!(format!("places_{}", cluster.major), show(&reading));
        }
    }
}

#[tokio::test]
async fn pagila_is_read_whole() {
    // The sample database is not part of Pleach; its schema.sql is where this variable says.
    let Some(path) = std::env::var_os("PLEACH_TEST_PAGILA") else { return };
    let schema = std::fs::read_to_string(path).unwrap();
    for cluster in clusters() {
        let loader = cluster.create("pagila").await;
        loader.batch_execute(&schema).await.unwrap();
        let reading = read_all(&mut cluster.connect("pagila").await).await;
        assert_eq!(reading.unmodelled, []);
        assert_unambiguous(&reading);
        let count = |kind| reading.objects.iter().filter(|found| found.address.kind == kind).count();
        let counts = [Kind::Table, Kind::View, Kind::MaterializedView, Kind::Function, Kind::Aggregate, Kind::Trigger];
        assert_eq!(counts.map(count), PAGILA);
    }
}

#[tokio::test]
async fn identity_outlives_a_rename_and_a_clone() {
    for cluster in clusters() {
        let mut client = load(&cluster, "renamed", &["roles", "everything"]).await;
        let ids = |reading: &Reading| reading.objects.iter().map(|found| found.id).collect::<BTreeSet<_>>();
        let before = read_all(&mut client).await;
        client
            .batch_execute(
                "ALTER TABLE shop.customers RENAME TO clients; ALTER TABLE shop.clients RENAME name TO title;
                 ALTER TABLE shop.base SET SCHEMA public; ALTER SCHEMA shop RENAME TO store",
            )
            .await
            .unwrap();
        let after = read_all(&mut client).await;
        assert_eq!(ids(&before), ids(&after));
        let title = after.objects.iter().find(|found| found.address.path == ["store", "clients", "title"]).unwrap();
        let name = before.objects.iter().find(|found| found.id == title.id).unwrap();
        assert_eq!(name.address.path, ["shop", "customers", "name"]);

        drop(client);
        let admin = cluster.connect("postgres").await;
        admin
            .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'renamed'", &[])
            .await
            .unwrap();
        admin.execute("CREATE DATABASE cloned TEMPLATE renamed", &[]).await.unwrap();
        let cloned = read_all(&mut cluster.connect("cloned").await).await;
        assert_eq!(show(&after), show(&cloned));
        assert_eq!(ids(&after), ids(&cloned));
    }
}

#[tokio::test]
async fn ones_own_uncommitted_changes_are_seen_and_settings_put_back() {
    for cluster in clusters() {
        let mut client = cluster.create("settings").await;
        client.batch_execute("SET search_path TO public, pg_catalog; SET DateStyle TO 'German'").await.unwrap();
        let transaction = client.transaction().await.unwrap();
        transaction.batch_execute("CREATE TABLE fresh (a date DEFAULT '2024-02-01')").await.unwrap();
        let reading = read(&transaction, &ReadOptions::default()).await.unwrap();
        let column = reading.objects.iter().find(|found| found.address.kind == Kind::Column).unwrap();
        assert_eq!(column.object.text(Attr::Default), Some("'2024-02-01'::date"));
        for (setting, value) in [("search_path", "public, pg_catalog"), ("DateStyle", "German, DMY")] {
            let row = transaction.query_one(&format!("SHOW {setting}"), &[]).await.unwrap();
            assert_eq!(row.get::<_, &str>(0), value);
        }
        transaction.commit().await.unwrap();
    }
}

#[tokio::test]
async fn outside_a_transaction_nothing_is_read() {
    for cluster in clusters() {
        let client = cluster.create("outside").await;
        let error = read(&client, &ReadOptions::default()).await.unwrap_err();
        assert_eq!(error.code, "no_transaction");
        let row = client.query_one("SHOW search_path", &[]).await.unwrap();
        assert_eq!(row.get::<_, &str>(0), "\"$user\", public");
    }
}

#[tokio::test]
async fn roles_of_the_project_are_one_and_others_are_named() {
    for cluster in clusters() {
        let mut client = load(&cluster, "owners", &["roles"]).await;
        client
            .batch_execute(
                "CREATE TABLE ours (a integer); ALTER TABLE ours OWNER TO app_owner;
                 GRANT SELECT ON ours TO app_reader; GRANT INSERT ON ours TO \"ünï\";
                 CREATE TABLE theirs (a integer); GRANT SELECT ON theirs TO app_owner, app_reader",
            )
            .await
            .unwrap();
        let transaction = client.transaction().await.unwrap();
        let options = ReadOptions { own_roles: vec!["app_owner".to_owned(), "app_reader".to_owned()] };
        let reading = read(&transaction, &options).await.unwrap();
        let said = |name: &str| {
            let found = reading.objects.iter().find(|found| found.address.path == ["public", name]).unwrap();
            let grants = found.object.get(Attr::Grants).map(Value::to_string);
            (found.object.text(Attr::Owner).map(str::to_owned), grants.unwrap_or_default())
        };
        assert_eq!(said("ours"), (None, "{ünï: [INSERT]}".to_owned()));
        let theirs = "{app_owner: [SELECT], app_reader: [SELECT]}".to_owned();
        assert_eq!(said("theirs"), (Some("postgres".to_owned()), theirs));
    }
}

/// No two objects share an address or a catalog identity, and every reference has an object.
fn assert_unambiguous(reading: &Reading) {
    let addresses: BTreeSet<_> = reading.objects.iter().map(|found| &found.address).collect();
    let ids: BTreeSet<_> = reading.objects.iter().map(|found| found.id).collect();
    assert_eq!((addresses.len(), ids.len()), (reading.objects.len(), reading.objects.len()));
    for found in &reading.objects {
        assert!(!found.object.derived.references.contains(&found.address), "{} needs itself", found.address);
        for reference in &found.object.derived.references {
            assert!(addresses.contains(reference), "{} needs {reference}, which is not there", found.address);
        }
    }
}

/// Indexes that are written without asking the server are written in its words.
async fn assert_indexes_as_the_server_writes_them(client: &Client, reading: &Reading) {
    client.batch_execute("SET search_path TO ''").await.unwrap();
    for found in reading.objects.iter().filter(|found| found.address.kind == Kind::Index) {
        let row = client.query_one("SELECT pg_get_indexdef($1)", &[&found.id.oid]).await.unwrap();
        let definition = found.object.text(Attr::Definition).unwrap();
        let whole = row.get::<_, String>(0);
        assert!(whole.ends_with(&format!(" {definition}")), "{}: {definition}, not {whole}", found.address);
        assert!(definition.starts_with("USING "), "{definition}");
    }
}
