use crate::app::App;
use crate::background::tend_pool;
use crate::failure::{Exit, Outcome};
use crate::output::{Page, style};
use clap::Args;
use pleach_core::{GenerateOptions, Pipeline};
use std::path::PathBuf;

/// Tables from this size on are changed without long locks.
const LARGE: u64 = 8 << 20;

/// Show an order in which all completed intents can be merged
///
/// What an intent builds on goes first, and so does what was found to work in one order only. Where
/// that goes round in a circle, the circle is shown.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach coordinate order")]
pub struct Order {}

/// Merge what is completed, in order
///
/// Leaves what has conflicts that nobody dealt with, and what still has to be approved, and says
/// why. What was merged is marked so, its branch is deleted, and one migration is written of all of
/// it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach coordinate merge-completed --dry-run
  pleach coordinate merge-completed -o db/migrations --name agent_changes")]
pub struct MergeCompleted {
    /// Prove each merge and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Where to write the migration; `migrations` in the project's folder without it
    #[arg(short, long, visible_alias = "dir", value_name = "DIR")]
    output: Option<PathBuf>,

    /// What the migration is called
    #[arg(long, value_name = "NAME", default_value = "agent_changes")]
    name: String,

    /// Write no migration
    #[arg(long)]
    no_migration: bool,
}

impl Order {
    pub async fn run(self, app: &App) -> Outcome {
        let order = app.project().await?.merge_order().await?;
        app.ui.answer(&order, |page| {
            for (number, step) in order.order.iter().enumerate() {
                let name = style::paint(style::NAME, &step.feature_name);
                let after: Vec<String> = step.after.iter().map(ToString::to_string).collect();
                let after = if after.is_empty() { String::new() } else { format!(", after {}", after.join(", ")) };
                page.line(format!("{}. intent {} {name} by {}{after}", number + 1, step.intent_id, step.agent_id));
            }
            if order.order.is_empty() && order.cycle.is_empty() {
                page.line("No intent is completed.");
            }
            if !order.cycle.is_empty() {
                let names: Vec<String> = order.cycle.iter().map(|step| format!("intent {}", step.intent_id)).collect();
                page.line(format!(
                    "{} each has to be merged after another one: {}",
                    style::paint(style::WARNING, "circle:"),
                    names.join(", ")
                ));
            }
        })?;
        Ok(Exit::Done)
    }
}

impl MergeCompleted {
    pub async fn run(self, app: &App) -> Outcome {
        let mut project = app.project().await?;
        let folder = self.output.unwrap_or_else(|| project.root().join("migrations"));
        let options = GenerateOptions { name: Some(self.name), folder, large: LARGE, ..GenerateOptions::default() };
        let migration = (!self.no_migration).then_some(&options);
        let done = project.merge_completed(self.dry_run, migration).await?;
        app.ui.answer(&done, |page| print(page, &done, self.dry_run))?;
        tend_pool(app, &mut project).await;
        Ok(Exit::Done)
    }
}

fn print(page: &mut Page, done: &Pipeline, dry_run: bool) {
    let word = if dry_run { "Would merge" } else { "Merged" };
    for merged in &done.merged {
        let branch = style::paint(style::BRANCH, &merged.branch_name);
        page.line(format!("{} intent {} ({branch})", style::paint(style::ADDED, word), merged.intent_id));
    }
    for skipped in &done.skipped {
        page.line(format!("{} intent {}: {}", style::paint(style::WARNING, "Left"), skipped.intent_id, skipped.why));
    }
    if done.merged.is_empty() && done.skipped.is_empty() {
        page.line("No intent is completed.");
    }
    if let Some(migration) = &done.migration {
        page.line(format!("Wrote migration {}_{}", migration.version, migration.name));
    }
}
