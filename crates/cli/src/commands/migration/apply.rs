use super::place::{Place, Running};
use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output::{Page, plural, style};
use clap::Args;
use pleach_core::{Migrated, MigrationsRun};

/// Run the migrations that did not run yet on a database
///
/// In the order of versions, one runner at a time. How far it came is kept in the table
/// `pleach.migration` of the database: a run that was cut off, by whatever, is gone on with by running
/// the command again. Before and after each migration the schema is compared with what the migration
/// was made for. Locks are waited for only briefly and tried for again, so that nobody queues behind.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach migration apply --target env:STAGING --dry-run
  pleach migration apply --target env:PRODUCTION --dir db/migrations --lock-wait 300")]
pub struct Apply {
    #[command(flatten)]
    place: Place,

    /// The last version to run
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,

    /// Run migrations that are older than one that ran
    #[arg(long)]
    out_of_order: bool,

    #[command(flatten)]
    running: Running,
}

impl Apply {
    pub async fn run(self, app: &App) -> Outcome {
        let folder = self.place.folder(app)?;
        let run = self.running.run(self.place.target()?, self.to, self.out_of_order);
        let ran = folder.apply(&run, &app.context).await?;
        tell(app, &ran, ("apply", "Applied"), "Nothing to do: every migration is applied")?;
        Ok(Exit::Done)
    }
}

/// Says what was run, or would be.
pub fn tell(app: &App, ran: &MigrationsRun, (verb, past): (&str, &str), nothing: &str) -> Outcome<()> {
    let print = |page: &mut Page| {
        if ran.migrations.is_empty() {
            page.line(nothing);
        }
        for one in &ran.migrations {
            page.line(line(one, ran.dry_run, verb, past));
            one.sql.iter().flat_map(|sql| sql.lines()).for_each(|line| page.indented(2, line));
        }
    };
    // What was asked for is what would run.
    if ran.dry_run { app.ui.answer(ran, print) } else { app.ui.confirm(ran, print) }
}

fn line(one: &Migrated, dry_run: bool, verb: &str, past: &str) -> String {
    let name = style::paint(style::NAME, format!("{}_{}", one.version, one.name));
    let statements = plural(one.statements as u64, "statement");
    let from = match one.done_before {
        0 => String::new(),
        done => format!(", going on behind statement {done}"),
    };
    if dry_run {
        return format!("Would {verb} {name}: {statements}{from}");
    }
    let retries = match one.retries {
        0 => String::new(),
        retries => format!(", after {} because of a lock", plural(u64::from(retries), "retry")),
    };
    format!("{} {name}: {statements} in {} ms{from}{retries}", style::paint(style::ADDED, past), one.milliseconds)
}
