use crate::app::App;
use crate::ask::Renames;
use crate::cli::Format;
use crate::failure::{Exit, Outcome};
use crate::input;
use crate::output::{Page, plural, style};
use clap::Args;
use pleach_core::{
    Config, Hazard, MeasureOptions, Measured, PlanOptions, Planned, Project, Rename, SchemaSource, Suspect,
    measure_plan, plan_asking,
};
use std::path::Path;

/// Plan the way from any schema to any other
///
/// A side is a database URL (`env:NAME` reads it from a variable, `-` from standard input), an SQL
/// file or a folder of them, or a branch or commit of the project. Neither side is changed, and no
/// project is needed. The plan is run on a scratch database before it is shown; if it does not end
/// at the second schema, it is not shown. Prints SQL for psql, and nothing when the schemas are the
/// same; with `--format human` the plan with the locks it took and its hazards.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Large tables are changed without keeping readers and writers waiting: indexes are built
CONCURRENTLY, constraints are added NOT VALID and then validated, columns are filled in batches.
A table of a database is large from --large on; one of a file or a branch has no size that is
known, and is taken for large.

With --measure the plan also runs on a copy that has rows: a branch's own, those of the SQL files,
or the first ones of each table of a database. Locks, rewrites, rows, bytes, log and time are what
was seen there.

Examples:
  pleach plan --from env:PRODUCTION --to schema.sql
  pleach plan --from old.sql --to new.sql --rename public.users.bio=biography
  pleach plan --from env:PRODUCTION --to main --format human
  pleach plan --from main --to agent/names --measure --target env:PRODUCTION")]
pub struct Plan {
    /// Where it starts: a URL, SQL files, a branch or commit
    #[arg(long, value_name = "SOURCE")]
    from: String,

    /// Where it ends: a URL, SQL files, a branch or commit
    #[arg(long, value_name = "SOURCE")]
    to: String,

    #[command(flatten)]
    how: How,

    /// Run it on a copy with the rows of the first side too, and show what each statement did there
    #[arg(long, conflicts_with = "no_prove")]
    measure: bool,

    /// The database whose tables' sizes measured times are scaled to
    #[arg(long, value_name = "URL", requires = "measure")]
    target: Option<String>,

    /// How many rows of each table are copied from a database to measure on; 0 is all of them
    #[arg(long, value_name = "ROWS", requires = "measure", default_value_t = 100_000)]
    sample: u64,
}

/// How a plan is made.
#[derive(Debug, Args)]
pub struct How {
    /// What is renamed, and is not to be dropped and made anew: public.users.bio=biography
    #[arg(long, value_name = "OLD=NEW")]
    rename: Vec<Rename>,

    /// The short form, in one transaction: for small or idle databases
    #[arg(long)]
    offline: bool,

    /// Tables from this size on are changed without long locks
    #[arg(long, value_name = "SIZE", default_value = "8MB", value_parser = bytes)]
    large: u64,

    /// A server to try the plan on, instead of a private one
    #[arg(long, value_name = "URL")]
    scratch: Option<String>,

    /// Only look: show the plan without running it first
    #[arg(long)]
    no_prove: bool,

    /// Run the plan with everything there is, and not only with what it has to do with
    #[arg(long, conflicts_with = "no_prove")]
    prove_all: bool,
}

impl Plan {
    pub async fn run(self, app: &App) -> Outcome {
        let mut options = self.how.options(source(&self.from)?, source(&self.to)?)?;
        let mut project = project_of(app, &mut options).await?;
        let renames = Renames::new(&app.ui);
        let ask = |suspect: &Suspect| renames.ask(suspect);
        let mut planned = plan_asking(&options, project.as_ref(), &app.context, &ask).await?;
        if self.measure {
            let measure = MeasureOptions {
                from: options.from,
                scratch: options.scratch,
                target: self.target.as_deref().map(input::target).transpose()?,
                sample: self.sample,
                large: options.large,
            };
            measure_plan(&mut planned, &measure, project.as_mut(), &app.context).await?;
        }
        app.ui.answer(&planned, |page| match app.ui.format() {
            Some(Format::Human) => print(page, &planned),
            _ => planned.sql().lines().for_each(|line| page.line(line)),
        })?;
        Ok(Exit::Done)
    }
}

impl How {
    /// What to plan, and how.
    pub fn options(self, from: SchemaSource, to: SchemaSource) -> Outcome<PlanOptions> {
        Ok(PlanOptions {
            from,
            to,
            scratch: self.scratch.as_deref().map(input::target).transpose()?,
            offline: self.offline,
            large: self.large,
            renames: self.rename,
            prove: !self.no_prove,
            whole: self.prove_all,
        })
    }
}

/// The project whose branch or commit is named, if one is. Its server then serves as the scratch
/// server, unless another one is named: it is there already.
pub async fn project_of(app: &App, options: &mut PlanOptions) -> Outcome<Option<Project>> {
    let of_project = |source: &SchemaSource| matches!(source, SchemaSource::Revision(_));
    let names_one = of_project(&options.from) || of_project(&options.to);
    if !names_one || Config::find(&app.directory).is_err() {
        return Ok(None);
    }
    let project = app.project().await?;
    options.scratch.get_or_insert_with(|| project.target().clone());
    Ok(Some(project))
}

/// A URL has its scheme, a file is there, and everything else is a branch or commit.
pub fn source(text: &str) -> Outcome<SchemaSource> {
    let is_url = text == "-" || text.starts_with("env:") || text.contains("://") || text.contains('=');
    Ok(if Path::new(text).exists() {
        SchemaSource::Files(text.into())
    } else if is_url {
        SchemaSource::Url(Box::new(input::target(text)?))
    } else {
        SchemaSource::Revision(text.to_owned())
    })
}

/// A size as PostgreSQL writes it: `8MB`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match text[digits.len()..].trim() {
        "" | "B" => 1,
        "kB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        "TB" => 1_u64 << 40,
        _ => return Err("write a number and kB, MB, GB or TB".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| "write a number and kB, MB, GB or TB".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| "that is too large".to_owned())
}

/// The plan for people.
pub fn print(page: &mut Page, planned: &Planned) {
    planned.notes.iter().for_each(|note| page.line(format!("note: {note}")));
    planned.hazards.iter().for_each(|hazard| page.line(shown(hazard)));
    if planned.parts.is_empty() {
        page.line("The schemas are the same.");
        return;
    }
    for (number, part) in planned.parts.iter().enumerate() {
        let title = style::paint(style::NAME, format!("Part {}: {}", number + 1, part.title));
        page.line(format!("{title}, {}", part.how()));
        for step in &part.steps {
            step.sql.lines().for_each(|line| page.indented(2, line));
            for lock in step.seen.locks.iter().flatten() {
                page.indented(6, format!("{} on {}", lock.mode, lock.relation));
            }
            for line in step.seen.measured.iter().flat_map(Measured::words) {
                page.indented(6, line);
            }
            step.hazards.iter().for_each(|hazard| page.indented(6, shown(hazard)));
            step.undo.line().iter().for_each(|undo| page.indented(6, format!("undo: {undo}")));
        }
        page.line("");
    }
    let steps: u64 = planned.parts.iter().map(|part| part.steps.len() as u64).sum();
    let steps = plural(steps, "statement");
    match &planned.proof {
        Some(proof) => page.line(format!(
            "Ran {steps} on {} in {} ms: it ends at the second schema, {}{}.",
            proof.server,
            proof.milliseconds,
            plural(proof.objects as u64, "object"),
            match proof.untouched {
                0 => String::new(),
                untouched => format!("; it has nothing to do with {untouched} more"),
            }
        )),
        None => page.line(format!("{steps}, not run: whether they end at the second schema is not known.")),
    }
}

pub(super) fn shown(hazard: &Hazard) -> String {
    format!("{} {}: {}", style::paint(style::WARNING, hazard.code), hazard.object, hazard.message)
}
