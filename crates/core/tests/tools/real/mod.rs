//! The tools themselves run what is written for them: up reaches the new schema, down the old one.

mod java;
mod node;
mod python;
mod ruby;
mod rust;
mod sqitch;

use crate::fixture::{Fixture, OLD, write};
use crate::harness::{Known, Newcomers, differences};
use crate::support::{Server, servers};
use pleach_core::schema::Tree;
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio_postgres::Client;

/// A database with the old schema, and a folder with the migration.
pub struct Bench {
    pub server: &'static Server,
    pub database: String,
    pub folder: tempfile::TempDir,
    /// How many versions the migration has there.
    pub count: usize,
    client: Client,
    before: Tree,
    after: Tree,
}

/// One for each server.
pub async fn benches(tool: &str, fixture: &Fixture, folder: &str) -> Vec<Bench> {
    let mut out = Vec::new();
    for server in servers() {
        out.push(Bench::new(server, tool, fixture, folder).await);
    }
    out
}

impl Bench {
    async fn new(server: &'static Server, tool: &str, fixture: &Fixture, folder: &str) -> Self {
        let (before, after) = expected(server, fixture).await;
        let database = server.database().await;
        let client = server.connect(&database).await;
        client.batch_execute(OLD).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let rendered = fixture.render(tool, &directory.path().join(folder)).unwrap();
        write(&rendered);
        Self { server, database, folder: directory, count: rendered.versions.len(), client, before, after }
    }

    /// The folder of everything.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the server's socket is.
    pub fn host(&self) -> String {
        self.server.folder.display().to_string()
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Holds where the database has the new schema, but for what the tool keeps for itself.
    pub async fn is_up(&self, own: &[&str]) {
        compare(&self.client, &self.after, own).await;
        let sql = "SELECT count(*) FILTER (WHERE nickname = lower(name) || ':x') FROM people";
        let filled: i64 = self.client.query_one(sql, &[]).await.unwrap().get(0);
        let notes = self.client.query("SELECT said FROM notes ORDER BY said", &[]).await.unwrap();
        let notes: Vec<String> = notes.iter().map(|row| row.get(0)).collect();
        assert_eq!((filled, notes), (25, vec![":x ? % ${y}".to_owned(), "a; b".to_owned()]));
    }

    /// Holds where the database has the old schema.
    pub async fn is_down(&self, own: &[&str]) {
        compare(&self.client, &self.before, own).await;
    }
}

/// The schemas before and after, as PostgreSQL makes them from the parts themselves.
pub async fn expected(server: &Server, fixture: &Fixture) -> (Tree, Tree) {
    let client = server.connect(&server.database().await).await;
    client.batch_execute(OLD).await.unwrap();
    let before = tree(&client).await;
    for part in &fixture.up {
        let around = if part.transaction { ["BEGIN", "COMMIT"] } else { ["", ""] };
        client.batch_execute(around[0]).await.unwrap();
        for step in &part.steps {
            client.batch_execute(&step.sql).await.unwrap();
        }
        client.batch_execute(around[1]).await.unwrap();
    }
    let after = tree(&client).await;
    (before, after)
}

async fn tree(client: &Client) -> Tree {
    client.batch_execute("BEGIN").await.unwrap();
    let tree = Known::default().read(client, Newcomers::Carry(&Tree::default())).await;
    client.batch_execute("ROLLBACK").await.unwrap();
    tree
}

/// Compares a database with a schema, leaving out what is called after the tool.
pub async fn compare(client: &Client, expected: &Tree, own: &[&str]) {
    let differences = differences(&tree(client).await, expected);
    let ours = |line: &&str| !own.iter().any(|name| line.contains(name) && line.ends_with("is too many"));
    let differences: Vec<&str> = differences.lines().filter(ours).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Where `./x tools` puts the tools.
pub fn tools(name: &str) -> PathBuf {
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools");
    let path = std::env::var_os("PLEACH_TEST_TOOLS").map_or_else(usual, PathBuf::from).join(name);
    assert!(path.exists(), "{} is not there: `./x tools` installs the tools that this test runs", path.display());
    path
}

/// Runs a command that must not fail.
pub fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}: `./x tools` installs the tools that this test runs");
    });
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{command:?}: {}\n{}\n{}", output.status, said[0], said[1]);
}
