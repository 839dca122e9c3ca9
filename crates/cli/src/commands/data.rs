use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::input::data_step;
use crate::output::{data_steps, plural};
use clap::{Args, Subcommand};
use pleach_core::state::DataStep;
use serde_json::json;
use std::path::PathBuf;

/// Keep SQL that changes rows for the next commit
#[derive(Debug, Subcommand)]
pub enum Data {
    Add(Add),
    List(List),
}

/// Keep a file of SQL that changes rows for the branch's next commit
///
/// It is recorded, not run: run it on the branch with `pleach sql FILE`.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach data add backfill-names.sql")]
pub struct Add {
    /// The file; `-` is standard input
    file: PathBuf,
}

/// List the data steps that wait for the branch's next commit
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach data list")]
pub struct List {}

impl Data {
    pub async fn run(self, app: &App) -> Outcome {
        match self {
            Self::Add(command) => command.run(app).await,
            Self::List(command) => command.run(app).await,
        }
    }
}

impl Add {
    async fn run(self, app: &App) -> Outcome {
        let step = data_step(&self.file)?;
        let mut project = app.project().await?;
        let branch = project.current_branch();
        let waiting = project.add_data(&branch, step).await?;
        app.ui.confirm(&view(&branch, &waiting), |page| {
            data_steps(page, &waiting);
            page.line(format!("{} for the next commit on {branch}", plural(waiting.len() as u64, "data step")));
        })?;
        Ok(Exit::Done)
    }
}

impl List {
    async fn run(self, app: &App) -> Outcome {
        let project = app.project().await?;
        let standing = project.standing(&project.current_branch()).await?;
        app.ui.answer(&view(&standing.branch, &standing.data_steps), |page| {
            if standing.data_steps.is_empty() {
                page.line(format!("No data steps wait on {}; add one with `pleach data add FILE`", standing.branch));
            }
            data_steps(page, &standing.data_steps);
        })?;
        Ok(Exit::Done)
    }
}

fn view(branch: &str, waiting: &[DataStep]) -> serde_json::Value {
    json!({ "branch": branch, "data_steps": waiting })
}
