use crate::app::App;
use crate::failure::{Exit, Outcome};
use clap::Args;
use pleach_core::server::Cluster;
use pleach_core::{Class, Config, Error, FOLDER, Project, ServerKind};
use serde::Serialize;
use std::io::{BufRead, IsTerminal};
use std::path::Path;

/// Stop the project's server
///
/// Clients are disconnected; nothing is lost, and the next command starts the server again. A
/// server of yours is left alone.
///
/// With `--destroy` the whole project goes: its databases with all branches and their rows, its
/// history, and the folder `.pleach/`. Nothing brings it back.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  pleach down\n  pleach down --destroy --yes")]
pub struct Down {
    /// Remove the project with all its branches, their rows and its history
    #[arg(long)]
    destroy: bool,

    /// Consent to that without being asked
    #[arg(long, requires = "destroy")]
    yes: bool,
}

#[derive(Serialize)]
struct View {
    project: String,
    stopped: bool,
    destroyed: bool,
}

impl Down {
    pub async fn run(self, app: &App) -> Outcome {
        let root = Config::find(&app.directory)?;
        let config = Config::read(&root)?;
        if self.destroy {
            return self.destroy(app, &root, &config).await;
        }
        let stopped = match config.server {
            ServerKind::Private => match Cluster::open(&root.join(FOLDER))? {
                Some(mut cluster) => cluster.stop().await?,
                None => false,
            },
            ServerKind::Url => false,
        };
        let view = View { project: config.project, stopped, destroyed: false };
        app.ui.confirm(&view, |page| {
            page.line(match (config.server, stopped) {
                (ServerKind::Url, _) => "The project uses a server of yours, which is left alone",
                (ServerKind::Private, true) => "Stopped the server; `pleach up` or any command starts it again",
                (ServerKind::Private, false) => "The server was not running",
            });
        })?;
        Ok(Exit::Done)
    }

    async fn destroy(self, app: &App, root: &Path, config: &Config) -> Outcome {
        if !self.yes {
            ask(app, &config.project)?;
        }
        Project::destroy(root, app.context.clone()).await?;
        let view = View { project: config.project.clone(), stopped: true, destroyed: true };
        app.ui.confirm(&view, |page| page.line(format!("Destroyed project {}", config.project)))?;
        Ok(Exit::Done)
    }
}

/// Asks whoever is at the terminal to type the project's name.
fn ask(app: &App, project: &str) -> Outcome<()> {
    let refused = || {
        Error::new(Class::Unsafe, "consent_needed", "this would destroy the project with all its branches and rows")
            .on(project.to_owned())
            .hint("if that is meant, say so: `pleach down --destroy --yes`")
    };
    if !std::io::stdin().is_terminal() || app.ui.is_json() {
        return Err(refused().into());
    }
    app.ui.aside_for_people(&format!("This destroys project {project}: all branches, their rows, its history."));
    app.ui.aside_for_people("Type its name to go on:");
    let mut typed = String::new();
    let read = std::io::stdin().lock().read_line(&mut typed);
    if read.is_err() || typed.trim() != project {
        return Err(refused().into());
    }
    Ok(())
}
