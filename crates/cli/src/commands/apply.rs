use crate::app::App;
use crate::ask::Renames;
use crate::commands::plan::{How, print, project_of, source};
use crate::failure::{Exit, Outcome};
use crate::output::{Page, plural, style};
use crate::{consent, input};
use clap::Args;
use pleach_core::{ApplyReport, Loss, Planned, Prepared, SchemaSource, Suspect};
use serde::Serialize;
use std::time::Duration;

/// Take a database to a schema: plan, show, ask, run, compare
///
/// Plans as `pleach plan` does, from the target's schema to SOURCE, and runs the plan on the target:
/// what can be in a transaction waits for locks only briefly and is tried again, so that nobody
/// queues behind it. If the target changed since it was planned from, nothing is run. At the end the
/// schema is read back and compared.
///
/// A run that was cut off, by whatever, is gone on with by running the command again.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach apply --to schema.sql --target env:STAGING
  pleach apply --to main --target env:PRODUCTION --yes --lock-wait 300
  pleach apply --to schema.sql --target env:STAGING --rename public.users.bio=biography")]
pub struct Apply {
    /// Where it ends: a URL, SQL files, a branch or commit
    #[arg(long, value_name = "SOURCE")]
    to: String,

    /// The database to change: a URL, `env:NAME`, or `-` for standard input
    #[arg(long, value_name = "URL")]
    target: String,

    #[command(flatten)]
    how: How,

    /// Run it without asking
    #[arg(long)]
    yes: bool,

    /// Consent to destroying rows or values
    #[arg(long)]
    allow_destructive: bool,

    /// How long to go on trying to get a lock that others hold
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    lock_wait: u64,
}

#[derive(Serialize)]
struct View<'a> {
    target: String,
    plan: &'a Planned,
    losses: &'a [Loss],
    applied: Option<ApplyReport>,
}

impl Apply {
    pub async fn run(self, app: &App) -> Outcome {
        let target = input::target(&self.target)?;
        let mut options = self.how.options(SchemaSource::Url(Box::new(target.clone())), source(&self.to)?)?;
        let project = project_of(app, &mut options).await?;
        let renames = Renames::new(&app.ui);
        let ask = |suspect: &Suspect| renames.ask(suspect);
        let prepared = Prepared::new(&target, options, project.as_ref(), &app.context, &ask).await?;
        let planned = &prepared.planned;
        let mut view = View { target: target.to_string(), plan: planned, losses: &prepared.losses, applied: None };
        if planned.parts.is_empty() {
            app.ui.confirm(&view, |page| page.line("Nothing to do: the target has this schema"))?;
            return Ok(Exit::Done);
        }
        if !app.ui.is_json() {
            app.ui.confirm(&view, |page| print(page, planned))?;
        }
        prepared.require_consent(self.allow_destructive)?;
        let steps: usize = planned.parts.iter().map(|part| part.steps.len()).sum();
        consent::require(app, self.yes, &format!("run {}", plural(steps as u64, "statement")), &view.target)?;
        let report = prepared.run(Duration::from_secs(self.lock_wait), &app.context).await?;
        view.applied = Some(report.clone());
        app.ui.confirm(&view, |page| told(page, &report, &view.target))?;
        Ok(Exit::Done)
    }
}

fn told(page: &mut Page, report: &ApplyReport, target: &str) {
    let objects = plural(report.objects as u64, "object");
    let retries = match report.retries {
        0 => String::new(),
        retries => format!(", after {} because of a lock", plural(u64::from(retries), "retry")),
    };
    let word = style::paint(style::ADDED, "Applied");
    page.line(format!("{word} to {target} in {} ms{retries}: {objects} equal", report.milliseconds));
}
