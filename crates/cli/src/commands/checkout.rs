use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output::style;
use clap::Args;
use serde_json::json;

/// Make a branch the current one of this folder
///
/// Commands work on the current branch unless `--branch` or `PLEACH_BRANCH` names another one;
/// agents that share a folder use those.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach checkout agent/claude-auth")]
pub struct Checkout {
    /// The branch
    name: String,
}

impl Checkout {
    pub async fn run(self, app: &App) -> Outcome {
        let branch = app.project().await?.checkout(&self.name).await?;
        app.ui.confirm(&json!({ "branch": branch.name, "head": branch.head }), |page| {
            let head = style::paint(style::HASH, branch.head.short());
            page.line(format!("On branch {} at {head}", style::paint(style::BRANCH, &branch.name)));
        })?;
        if let Some(other) = app.context.branch.as_deref().filter(|other| *other != self.name) {
            app.ui.warn(format!("PLEACH_BRANCH or --branch still says {other}, and goes before"));
        }
        Ok(Exit::Done)
    }
}
