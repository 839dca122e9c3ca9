mod apply;
mod place;
mod purge;
mod rollback;
mod status;
mod verify;

use super::plan::{bytes, shown};
use crate::app::App;
use crate::background::tend_pool;
use crate::failure::{Exit, Outcome};
use crate::input;
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
    Purge(purge::Purge),
}

/// Write the migration from one revision to another, run up, down and up again first
///
/// Three files: `VERSION_NAME.up.sql`, the plan in the order that PostgreSQL accepts, with renames
/// as renames and data steps in their place, `VERSION_NAME.down.sql`, the way back, with a note
/// wherever going back loses data, and `VERSION_NAME.json`, what is known of both. Up and down are
/// run on a clone with data before they are written.
/// With `--tool` they have the form of another migration tool, and go on from what is in its folder.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Large tables are changed without keeping readers and writers waiting, as `pleach plan` does it. How
large tables are is read from --target; without it all are taken for large.

What would be dropped with rows or values in it is kept aside: a table moves into the schema pleach,
a column is renamed, and the way back brings both back with what they hold. `pleach migration purge`
drops them for good.

Examples:
  pleach migration generate
  pleach migration generate --tool alembic
  pleach migration generate --target env:PRODUCTION
  pleach migration generate --from main~3 --to main -o db/migrations --name nicknames --offline")]
pub struct Generate {
    /// Where it starts; without it where the last migration ended, or at the first commit
    #[arg(long, value_name = "REV")]
    from: Option<String>,

    /// Where it ends
    #[arg(long, value_name = "REV", default_value = "main")]
    to: String,

    /// Where to write it; without it where the tool's migrations usually are, `migrations` for plain
    #[arg(short, long, visible_alias = "dir", value_name = "DIR")]
    output: Option<PathBuf>,

    /// The tool that is to run it: plain, flyway, liquibase, golang-migrate, dbmate, goose, sqlx,
    /// refinery, sqitch, alembic, django, rails, prisma, drizzle, knex, confiture, or one of your
    /// own in `.pleach/tools`
    #[arg(long, value_name = "TOOL", default_value = "plain")]
    tool: String,

    /// What it is called; without it after the last commit's message
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// The database it is for: read for the size of its tables, and not changed
    #[arg(long, value_name = "URL")]
    target: Option<String>,

    /// Tables from this size on are changed without long locks
    #[arg(long, value_name = "SIZE", default_value = "8MB", value_parser = bytes)]
    large: u64,

    /// The short form, in one transaction: for small or idle databases
    #[arg(long)]
    offline: bool,

    /// Drop tables and columns at once, with what they hold, instead of keeping them aside
    #[arg(long)]
    drop_now: bool,
}

impl Migration {
    pub async fn run(self, app: &App) -> Outcome {
        match self {
            Self::Generate(command) => command.run(app).await,
            Self::Apply(command) => command.run(app).await,
            Self::Status(command) => command.run(app).await,
            Self::Verify(command) => command.run(app).await,
            Self::Rollback(command) => command.run(app).await,
            Self::Purge(command) => command.run(app).await,
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
            folder: self.output.map_or_else(|| project.migrations_folder(Some(&self.tool)), Ok)?,
            tool: Some(self.tool),
            offline: self.offline,
            large: self.large,
            target: self.target.as_deref().map(input::target).transpose()?,
            drop_now: self.drop_now,
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
    let size = |steps: usize, parts: usize| {
        format!("{} in {}", plural(steps as u64, "statement"), plural(parts as u64, "part"))
    };
    let (up_size, down_size) =
        (size(generated.up_steps, generated.up_parts), size(generated.down_steps, generated.down_parts));
    if generated.up.as_os_str().is_empty() {
        generated.files.iter().for_each(|file| page.indented(2, near(file)));
        page.line(format!("{up_size} up, {down_size} down"));
    } else {
        page.indented(2, format!("{} ({up_size})", near(&generated.up)));
        page.indented(2, format!("{} ({down_size})", near(&generated.down)));
        page.indented(2, near(&generated.manifest));
    }
    for note in &generated.notes {
        page.line(format!("{}: {note}", style::paint(style::WARNING, "note")));
    }
    generated.hazards.iter().for_each(|hazard| page.line(shown(hazard)));
    let word = style::paint(style::ADDED, "proved");
    let ran = match generated.milliseconds.as_slice() {
        [up, down, again] => format!("up ({up} ms), down ({down} ms) and up again ({again} ms)"),
        [up, down] => format!("up ({up} ms) and down ({down} ms)"),
        _ => String::new(),
    };
    page.line(format!("{word} on {}: {ran} on a clone with data", generated.server));
}
