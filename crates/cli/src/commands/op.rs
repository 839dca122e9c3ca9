use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output::{Align, Table, ago, style};
use clap::{Args, Subcommand};
use pleach_core::state::Operation;
use serde_json::json;

/// Look at what was done to the project
#[derive(Debug, Subcommand)]
pub enum Op {
    Log(Log),
}

/// Show operations, newest first: what was done, by whom, and what was undone
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach op log -n 5")]
pub struct Log {
    /// How many at most
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    limit: u32,
}

impl Op {
    pub async fn run(self, app: &App) -> Outcome {
        let Self::Log(command) = self;
        command.run(app).await
    }
}

impl Log {
    async fn run(self, app: &App) -> Outcome {
        let operations = app.project().await?.operations(i64::from(self.limit)).await?;
        app.ui.answer(&json!({ "operations": operations }), |page| {
            let mut table = Table::new([Align::Right, Align::Left, Align::Left, Align::Left]);
            for operation in &operations {
                table.row(row(operation, &operations));
            }
            table.lines().iter().for_each(|line| page.line(line));
        })?;
        Ok(Exit::Done)
    }
}

fn row(operation: &Operation, all: &[Operation]) -> [String; 4] {
    let undone = all.iter().any(|other| other.undoes == Some(operation.id));
    let summary = if undone { format!("{} (undone)", operation.summary) } else { operation.summary.clone() };
    let id = style::paint(style::HASH, operation.id);
    [id, style::paint(style::DIM, ago(operation.at)), operation.actor.clone(), summary]
}
