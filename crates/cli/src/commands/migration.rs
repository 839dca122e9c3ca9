mod apply;
mod place;
mod rollback;
mod status;
mod verify;

use crate::app::App;
use crate::background::tend_pool;
use crate::failure::{Exit, Outcome};
use crate::output::{Page, plural, style};
use clap::{Args, Subcommand};
use pleach_core::{GenerateOptions, Generated};
use std::path::{Path, PathBuf};

/// Write migrations, and run them on databases
#[derive(Debug, Subcommand)]
pub enum Migration {
    Generate(Generate),
    Apply(apply::Apply),
    Status(status::Status),
    Verify(verify::Verify),
    Rollback(rollback::Rollback),
}

/// Write the migration from one revision to another, run up, down and up again first
///
/// Two files: `VERSION_NAME.up.sql`, the plan in the order that PostgreSQL accepts, with renames
/// as renames and data steps in their place, and `VERSION_NAME.down.sql`, the way back, with a
/// note wherever going back loses data. Both are run on a clone with data before they are written.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach migration generate
  pleach migration generate --from main~3 --to main -o db/migrations --name nicknames")]
pub struct Generate {
    /// Where it starts; without it where the last migration ended, or at the first commit
    #[arg(long, value_name = "REV")]
    from: Option<String>,

    /// Where it ends
    #[arg(long, value_name = "REV", default_value = "main")]
    to: String,

    /// Where to write it; `migrations` in the project's folder without it
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// What it is called; without it after the last commit's message
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

impl Migration {
    pub async fn run(self, app: &App) -> Outcome {
        match self {
            Self::Generate(command) => command.run(app).await,
            Self::Apply(command) => command.run(app).await,
            Self::Status(command) => command.run(app).await,
            Self::Verify(command) => command.run(app).await,
            Self::Rollback(command) => command.run(app).await,
        }
    }
}

impl Generate {
    async fn run(self, app: &App) -> Outcome {
        let mut project = app.project().await?;
        let options = GenerateOptions {
            from: self.from,
            to: Some(self.to),
            name: self.name,
            folder: self.output.unwrap_or_else(|| project.root().join("migrations")),
        };
        let generated = project.generate_migration(&options).await?;
        app.ui.confirm(&generated, |page| print(page, &generated, &app.directory))?;
        tend_pool(app, &mut project).await;
        Ok(Exit::Done)
    }
}

fn print(page: &mut Page, generated: &Generated, here: &Path) {
    let (from, to) = (generated.from.short(), generated.to.short());
    page.line(format!(
        "Wrote migration {} from {} to {}",
        style::paint(style::NAME, format!("{}_{}", generated.version, generated.name)),
        style::paint(style::HASH, from),
        style::paint(style::HASH, to)
    ));
    let near = |path: &Path| path.strip_prefix(here).unwrap_or(path).display().to_string();
    page.indented(2, format!("{} ({})", near(&generated.up), plural(generated.up_steps as u64, "statement")));
    page.indented(2, format!("{} ({})", near(&generated.down), plural(generated.down_steps as u64, "statement")));
    for note in &generated.notes {
        page.line(format!("{}: {note}", style::paint(style::WARNING, "note")));
    }
    let [up, down, again] = generated.milliseconds;
    let word = style::paint(style::ADDED, "proved");
    page.line(format!(
        "{word} on {}: up ({up} ms), down ({down} ms) and up again ({again} ms) on a clone with data",
        generated.server
    ));
}
