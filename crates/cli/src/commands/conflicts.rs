use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output;
use clap::Args;
use serde_json::json;

/// List the conflicts of open merges, with the ways out of each
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach conflicts")]
pub struct Conflicts {}

impl Conflicts {
    pub async fn run(self, app: &App) -> Outcome {
        let conflicts = app.project().await?.conflicts().await?;
        app.ui.answer(&json!({ "conflicts": conflicts }), |page| {
            if conflicts.is_empty() {
                page.line("No merge waits for decisions");
            }
            output::conflicts(page, &conflicts);
        })?;
        Ok(Exit::Done)
    }
}
