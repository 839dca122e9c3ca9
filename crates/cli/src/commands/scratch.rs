use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output::plural;
use clap::{Args, Subcommand};
use serde_json::json;
use std::time::Duration;

/// Keep the private server on which plans are tried
#[derive(Debug, Subcommand)]
pub enum Scratch {
    Tend(Tend),
    Stop(Stop),
}

/// Stop the private server for scratch databases when nobody has used it for a while
///
/// Other commands start this in the background when they leave the server running.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach scratch tend")]
pub struct Tend {
    /// How many seconds the server is kept for whoever comes next
    #[arg(long, value_name = "SECONDS", default_value = "300")]
    idle: u64,
}

/// Stop the private server for scratch databases, unless somebody uses it
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach scratch stop")]
pub struct Stop {}

impl Scratch {
    pub async fn run(self, app: &App) -> Outcome {
        match self {
            Self::Tend(command) => command.run(app).await,
            Self::Stop(command) => command.run(app).await,
        }
    }
}

impl Tend {
    async fn run(self, app: &App) -> Outcome {
        // Out of reach of the terminal that started it; one typed by hand cannot and need not.
        let _ = nix::unistd::setsid();
        // The folder it was started in may be removed meanwhile.
        let _ = std::env::set_current_dir("/");
        pleach_core::tend_scratch(&app.context.environment, Duration::from_secs(self.idle)).await?;
        Ok(Exit::Done)
    }
}

impl Stop {
    async fn run(self, app: &App) -> Outcome {
        let stopped = pleach_core::stop_scratch(&app.context.environment).await?;
        let said = json!({ "stopped": stopped });
        app.ui.confirm(&said, |page| page.line(format!("Stopped {}", plural(stopped, "server"))))?;
        Ok(Exit::Done)
    }
}
