use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output::plural;
use clap::{Args, Subcommand};
use serde_json::json;

/// Keep the warm pool
#[derive(Debug, Subcommand)]
pub enum Pool {
    Tend(Tend),
}

/// Fill the warm pool, and drop snapshots and clones that nothing needs
///
/// Other commands start this in the background when there is something to do.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach pool tend")]
pub struct Tend {}

impl Pool {
    pub async fn run(self, app: &App) -> Outcome {
        let Self::Tend(command) = self;
        command.run(app).await
    }
}

impl Tend {
    async fn run(self, app: &App) -> Outcome {
        // Out of reach of the terminal that started it; one typed by hand cannot and need not.
        let _ = nix::unistd::setsid();
        let made = app.project().await?.tend_pool().await?;
        app.ui.confirm(&json!({ "made": made }), |page| page.line(format!("Made {}", plural(made, "warm clone"))))?;
        Ok(Exit::Done)
    }
}
