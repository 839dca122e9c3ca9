//! Projects on the scratch servers, and what tests do with them.

use crate::support::Server;
use pleach_core::connect::{Session, Target, connect};
use pleach_core::server::Environment;
use pleach_core::state::DataStep;
use pleach_core::{Context, InitOptions, MergeOptions, MergeOutcome, Merging, Project, Source};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A project on a scratch server that is removed with [`Bench::close`].
pub struct Bench {
    pub project: Project,
    target: Target,
    name: String,
    /// Gone with the project.
    folder: tempfile::TempDir,
}

/// Consent to everything: what most tests merge with.
pub fn consenting() -> MergeOptions {
    MergeOptions { allow_destructive: true, ..MergeOptions::default() }
}

/// What a test says of its surroundings.
pub fn context(actor: &str) -> Context {
    let environment = Environment::default();
    Context { environment, actor: actor.to_owned(), branch: None, progress: Arc::new(|_| {}), checkpoint: None }
}

impl Bench {
    /// Begins a project whose `main` is what this SQL makes.
    pub async fn new(server: &Server, base: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("p{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let client = server.connect("postgres").await;
        let socket: String =
            client.query_one("select current_setting('unix_socket_directories')", &[]).await.unwrap().get(0);
        let target = Target::socket(Path::new(&socket), 5432, "tester", "", "postgres");
        let folder = tempfile::Builder::new().prefix("pleach-merge-").tempdir().unwrap();
        let file = folder.path().join("base.sql");
        std::fs::write(&file, base).unwrap();
        let options = InitOptions {
            source: Source::Files(file),
            name: Some(name.clone()),
            server: Some(target.clone()),
            major: None,
        };
        for role in ["reader", "writer", "auditor"] {
            // Somebody else may be making it right now.
            let _ = client.batch_execute(&format!("create role {role}")).await;
        }
        let (project, _) = Project::init(folder.path(), &options, context("owner"))
            .await
            .unwrap_or_else(|error| panic!("{error}\n{base}"));
        Self { project, target, name, folder }
    }

    /// The project's folder, where others may open it as well.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A connection to a branch's database.
    pub async fn session(&self, branch: &str) -> Session {
        let target = self.project.branch_target(branch, false).await.unwrap();
        connect(&target, "test").await.unwrap()
    }

    /// Runs SQL on a branch.
    pub async fn sql(&self, branch: &str, sql: &str) {
        let session = self.session(branch).await;
        session.batch_execute(sql).await.unwrap_or_else(|error| {
            let said = error.as_db_error().map(ToString::to_string).unwrap_or_default();
            panic!("{error} {said}\n{sql}")
        });
        session.close().await;
    }

    /// The rows of a query as text: columns apart by ` | `, rows by line breaks.
    pub async fn rows(&self, branch: &str, sql: &str) -> String {
        use tokio_postgres::SimpleQueryMessage;
        let session = self.session(branch).await;
        let messages = session.simple_query(sql).await.unwrap_or_else(|error| {
            let said = error.as_db_error().map(ToString::to_string).unwrap_or_default();
            panic!("{error} {said}\n{sql}")
        });
        session.close().await;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                let cell = |at| row.get(at).unwrap_or("null").to_owned();
                Some((0..row.len()).map(cell).collect::<Vec<_>>().join(" | "))
            }
            _ => None,
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    /// Changes a branch, which is made unless it is there, and commits. On `main` as somebody
    /// would who has a superuser's rights, adopting what they did.
    pub async fn change(&mut self, branch: &str, sql: &str, data: &[&str]) {
        if self.project.branch(branch).await.is_err() {
            self.project.create_branch(branch, None).await.unwrap();
        }
        self.sql(branch, sql).await;
        let data = data.iter().enumerate().map(|(at, sql)| DataStep::new(format!("step {}", at + 1), *sql)).collect();
        let message = format!("Change {branch}");
        self.project
            .commit(branch, &message, data, branch == "main")
            .await
            .unwrap_or_else(|error| panic!("{error}\n{sql}"));
    }

    /// Merges and expects it to work.
    pub async fn merged(&mut self, source: &str, into: &str) -> Merging {
        match self.project.merge(source, into, &consenting()).await.unwrap() {
            MergeOutcome::Merged(merging) => *merging,
            other => panic!("{other:#?}"),
        }
    }

    /// What differs between a branch's live database and its head, in words; empty for nothing.
    pub async fn unclean(&self, branch: &str) -> String {
        let standing = self.project.standing(branch).await.unwrap();
        let list = standing.changes.changes.iter().filter_map(|change| change.address().map(ToString::to_string));
        list.collect::<Vec<_>>().join(", ")
    }

    /// What the project keeps that nothing refers to: operations under way, scratch databases,
    /// databases on the server that it does not know; empty for nothing.
    pub async fn left_over(&mut self) -> String {
        self.project.tend_pool().await.unwrap();
        let state = connect(&self.target.with_database("pleach"), "test").await.unwrap();
        let sql = format!(
            "select string_agg(what, ', ' order by what) from (
                select 'journal ' || kind from pleach.journal j join pleach.project p on p.id = j.project_id
                    where p.name = '{0}'
                union all
                select purpose || ' ' || d.name from pleach.database d join pleach.project p on p.id = d.project_id
                    where p.name = '{0}' and (purpose = 'scratch' or state <> 'ready')
                union all
                select 'unknown ' || datname from pg_database where datname like '{0}\\_%'
                    and datname not in (select name from pleach.database)
            ) as found(what)",
            self.name
        );
        let found: Option<String> = state.query_one(&sql, &[]).await.unwrap().get(0);
        found.unwrap_or_default()
    }

    /// Drops everything that the project has on the server.
    pub async fn close(self) {
        let admin = connect(&self.target, "test").await.unwrap();
        drop(self.project);
        let sql = format!("select datname from pg_database where datname like '{}\\_%'", self.name);
        for row in admin.query(&sql, &[]).await.unwrap() {
            let name: String = row.get(0);
            admin.batch_execute(&format!("drop database \"{name}\" with (force)")).await.unwrap();
        }
        admin.close().await;
    }
}
