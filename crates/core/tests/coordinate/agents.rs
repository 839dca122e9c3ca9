//! Two agents that declare their changes, and what they are told.

use crate::corpus::is_harmless;
use crate::support::Server;
use pleach_core::connect::Target;
use pleach_core::server::Environment;
use pleach_core::state::{IntentId, Risk, Status};
use pleach_core::{ConflictInfo, Context, Declaration, InitOptions, Project, Registered, Source};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio_postgres::Client;

/// A project on a server of its user, a superuser: nothing is refused for want of privileges.
pub struct Agents {
    pub project: Project,
    /// A connection to `main`.
    pub main: Client,
    name: String,
    _folder: tempfile::TempDir,
}

/// What the two were told.
#[derive(Default)]
pub struct Told {
    /// What PostgreSQL said to a change that was refused: that it does not run on `main`.
    pub refused: Option<String>,
    /// Whether one was found to build on the other.
    pub order_known: bool,
    pub conflicts: Vec<ConflictInfo>,
}

impl Told {
    /// Whether something keeps them from being merged as they are, whoever comes first.
    pub fn is_warned(&self) -> bool {
        self.refused.is_some() || self.order_known || self.conflicts.iter().any(|it| it.blocks)
    }

    /// Whether it is said that they do not go together, proved or not.
    pub fn is_harmful(&self) -> bool {
        self.refused.is_some() || self.conflicts.iter().any(|it| !is_harmless(&it.verdict))
    }

    /// For people.
    pub fn show(&self) -> String {
        let conflict = |it: &ConflictInfo| {
            let flags = [(it.verified, "verified"), (it.blocks, "blocks")];
            let flags: Vec<_> = flags.into_iter().filter(|(is, _)| *is).map(|(_, flag)| flag).collect();
            format!("\n    {} {}: {}", it.verdict, flags.join(" "), it.message)
        };
        let refused = self.refused.iter().map(|said| format!("\n    refused: {said}"));
        let known = self.order_known.then(|| "\n    builds on it".to_owned());
        refused.chain(known).chain(self.conflicts.iter().map(conflict)).collect()
    }
}

impl Agents {
    /// A project whose `main` is what this SQL makes.
    pub async fn new(server: &Server, base: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("agents{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = tempfile::Builder::new().prefix("pleach-coordinate-").tempdir().unwrap();
        let file = folder.path().join("base.sql");
        std::fs::write(&file, base).unwrap();
        let options = InitOptions {
            source: Source::Files(file),
            name: Some(name.clone()),
            server: Some(Target::socket(&server.folder, 5432, "tester", "", "postgres")),
            major: None,
        };
        let environment = Environment::default();
        let context =
            Context { environment, actor: "tester".into(), branch: None, progress: Arc::new(|_| {}), checkpoint: None };
        let (project, _) = Project::init(folder.path(), &options, context.clone()).await.unwrap();
        drop(project);
        // Nothing is left undecided because the machine is slow.
        let config = folder.path().join(".pleach/config.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        let line = |line: &str| {
            if line.starts_with("judge_milliseconds") { "judge_milliseconds = 600000".into() } else { line.to_owned() }
        };
        std::fs::write(&config, text.lines().map(line).collect::<Vec<_>>().join("\n")).unwrap();
        let project = Project::open(folder.path(), context).await.unwrap();
        let database = project.branch("main").await.unwrap().database;
        Self { main: server.connect(&database).await, project, name, _folder: folder }
    }

    /// Whether PostgreSQL takes a change on `main` by itself.
    pub async fn runs_alone(&self, sql: &str) -> bool {
        self.main.batch_execute("BEGIN").await.unwrap();
        let taken = self.main.batch_execute(sql).await.is_ok();
        self.main.batch_execute("ROLLBACK").await.unwrap();
        taken
    }

    /// Has one agent register the first change and another one the second, tells what came of it,
    /// and takes both back. Where the first is refused because it builds on the second, they come
    /// the other way. What is refused must be a change that does not run on `main` by itself.
    pub async fn declare(&mut self, a: &str, b: &str, execute: bool) -> Told {
        let (first, second) = match self.register("ann", a, execute).await {
            Ok(first) => (first, ("bob", b)),
            Err(_) => match self.register("bob", b, execute).await {
                Ok(first) => (first, ("ann", a)),
                Err(refused) => return Told { refused: Some(refused), ..Told::default() },
            },
        };
        let told = match self.register(second.0, second.1, execute).await {
            Ok(second) => {
                self.abandon(second.intent.id).await;
                let order_known = second.intent.depends_on.contains(&first.intent.id);
                Told { refused: None, order_known, conflicts: second.conflicts }
            }
            Err(refused) => Told { refused: Some(refused), ..Told::default() },
        };
        self.abandon(first.intent.id).await;
        told
    }

    async fn register(&mut self, agent: &str, sql: &str, execute: bool) -> Result<Registered, String> {
        let declaration = declaration(agent, sql, execute);
        match self.project.register_intent(&declaration).await {
            Ok(registered) => {
                // A superuser runs nothing that reading does not see through.
                assert!(registered.intent.executed == execute || !registered.opaque.is_empty(), "{sql}");
                Ok(registered)
            }
            Err(error) => {
                assert_eq!(error.code, "change_refused", "{error}\n{sql}");
                assert!(!self.runs_alone(sql).await, "{error}\n{sql}");
                Err(error.postgres.map(|said| said.message).unwrap_or_default())
            }
        }
    }

    async fn abandon(&mut self, id: IntentId) {
        self.project.move_intent(id, Status::Abandoned, None).await.unwrap();
    }

    /// Drops everything that the project has on the server.
    pub async fn close(self, server: &Server) {
        let admin = server.connect("postgres").await;
        let pattern = format!("{}\\_%", self.name);
        drop((self.project, self.main));
        for row in admin.query("SELECT datname FROM pg_database WHERE datname LIKE $1", &[&pattern]).await.unwrap() {
            let name: String = row.get(0);
            admin.batch_execute(&format!("DROP DATABASE \"{name}\" WITH (FORCE)")).await.unwrap();
        }
    }
}

fn declaration(agent: &str, sql: &str, execute: bool) -> Declaration {
    Declaration {
        agent_id: agent.into(),
        agent_type: None,
        feature_name: format!("{agent}s feature"),
        schema_changes: sql.into(),
        tables_affected: Vec::new(),
        risk_level: Risk::Low,
        estimated_hours: None,
        metadata: json!({}),
        depends_on: Vec::new(),
        branch: Some(None),
        execute,
    }
}
