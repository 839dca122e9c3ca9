use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output::{Align, Table};
use clap::{Args, Subcommand};
use pleach_core::server::{Binaries, Progress, install};
use serde_json::json;
use std::sync::Arc;

/// Find and install PostgreSQL servers
#[derive(Debug, Subcommand)]
pub enum Pg {
    Install(Install),
    List(List),
}

/// Fetch a managed server build
///
/// Works where nobody can be root. The build comes from the npm registry, through `npm`, and is
/// checked against the hash that the registry gives before it is unpacked. Projects begun
/// afterwards find it where the machine has no other server, or with `pleach init --pg MAJOR`.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach pg install 18")]
pub struct Install {
    /// A major version (`18`), or more of one (`18.4`)
    #[arg(value_name = "VERSION", default_value = "18")]
    version: String,
}

/// List the servers that can be used, the preferred one first
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach pg list")]
pub struct List {}

impl Pg {
    pub async fn run(self, app: &App) -> Outcome {
        match self {
            Self::Install(command) => command.run(app).await,
            Self::List(command) => command.run(app).await,
        }
    }
}

impl Install {
    async fn run(self, app: &App) -> Outcome {
        let say = Arc::clone(&app.context.progress);
        let progress = move |progress| match progress {
            Progress::Resolving => say("asking the registry for versions"),
            Progress::Downloading(version) => say(&format!("downloading PostgreSQL {version}")),
            Progress::Unpacking => say("checking and unpacking"),
        };
        let installed = install(&self.version, &app.context.environment.managed_directory(), &progress).await?;
        app.ui.confirm(&installed, |page| {
            page.line(format!("PostgreSQL {} is installed in {}", installed.version, installed.directory.display()));
        })?;
        Ok(Exit::Done)
    }
}

impl List {
    async fn run(self, app: &App) -> Outcome {
        let found = Binaries::all(&app.context.environment).await;
        app.ui.answer(&json!({ "servers": found }), |page| {
            if found.is_empty() {
                page.line("No PostgreSQL server was found; fetch one with `pleach pg install 18`");
            }
            let mut table = Table::new([Align::Left; 3]);
            for server in &found {
                let origin = serde_json::to_value(server.origin).unwrap_or_default();
                let origin = origin.as_str().unwrap_or_default();
                table.row([server.version.as_str(), origin, &server.directory.display().to_string()]);
            }
            table.lines().iter().for_each(|line| page.line(line));
        })?;
        Ok(Exit::Done)
    }
}
