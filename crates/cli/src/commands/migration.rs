use crate::app::App;
use crate::background::tend_pool;
use crate::failure::{Exit, Outcome};
use crate::output::{Page, plural, style};
use clap::{Args, Subcommand};
use pleach_core::{GenerateOptions, Generated};
use std::path::{Path, PathBuf};

/// Write migrations
#[derive(Debug, Subcommand)]
pub enum Migration {
    Generate(Generate),
}

/// Write the migration from one revision to another, run up, down and up again first
///
/// Two files: `VERSION_NAME.up.sql`, the plan in the order that PostgreSQL accepts, with renames
/// as renames and data steps in their place, and `VERSION_NAME.down.sql`, the way back, with a
/// note wherever going back loses data. Both are run on a clone with data before they are written.
/// With `--tool` they have the form of another migration tool, and go on from what is in its folder.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach migration generate
  pleach migration generate --tool alembic
  pleach migration generate --from main~3 --to main -o db/migrations --name nicknames")]
pub struct Generate {
    /// Where it starts; without it where the last migration ended, or at the first commit
    #[arg(long, value_name = "REV")]
    from: Option<String>,

    /// Where it ends
    #[arg(long, value_name = "REV", default_value = "main")]
    to: String,

    /// Where to write it; without it where the tool's migrations usually are, `migrations` for plain
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// The tool that is to run it: plain, flyway, liquibase, golang-migrate, dbmate, goose, sqlx,
    /// refinery, sqitch, alembic, django, rails, prisma, drizzle, knex, confiture, or one of your
    /// own in `.pleach/tools`
    #[arg(long, value_name = "TOOL", default_value = "plain")]
    tool: String,

    /// What it is called; without it after the last commit's message
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

impl Migration {
    pub async fn run(self, app: &App) -> Outcome {
        let Self::Generate(command) = self;
        command.run(app).await
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
    let count = |steps: usize| plural(steps as u64, "statement");
    if generated.up.as_os_str().is_empty() {
        generated.files.iter().for_each(|file| page.indented(2, near(file)));
        page.line(format!("{} up, {} down", count(generated.up_steps), count(generated.down_steps)));
    } else {
        page.indented(2, format!("{} ({})", near(&generated.up), count(generated.up_steps)));
        page.indented(2, format!("{} ({})", near(&generated.down), count(generated.down_steps)));
    }
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
