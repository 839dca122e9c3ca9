//! The way from any schema to any other: planned, run on a scratch database, and compared.
//!
//! It needs no project and changes neither side. No plan is shown that did not run and end where
//! it should, unless a look without proof is asked for.

pub(crate) mod hazard;
mod planned;
mod prove;
mod rename;
mod run;
pub(crate) mod scratch;
pub(crate) mod source;
mod sql;
mod suspect;
mod undo;
mod work;

use self::scratch::Scratch;
use crate::project::{Context, Project};
use crate::prove::{millis, server_name, unplannable};
use pleach_change::online::{Batches, Facts};
use pleach_change::{Part, identified_by_name, part, plan};
use pleach_postgres::Result;
use pleach_postgres::connect::Target;
use pleach_schema::{Kind, Tree};
use std::collections::BTreeSet;
use std::time::Instant;

pub use hazard::{Harm, Hazard};
pub use planned::{PlanProof, Planned, PlannedPart, PlannedStep};
pub(crate) use prove::again;
pub use rename::Rename;
pub use run::{Lock, Scan, Seen};
pub(crate) use run::{spoken, strength};
pub use scratch::{scratch_runs, stop_scratch, tend_scratch};
pub use source::SchemaSource;
pub(crate) use source::{Side, database, tree_now};
pub(crate) use sql::{note, one_line, statements};
pub use suspect::Suspect;
pub use undo::Undo;
pub(crate) use work::{Act, Work};

/// What to plan, and how.
#[derive(Debug, Clone)]
pub struct PlanOptions {
    /// Where it starts.
    pub from: SchemaSource,
    /// Where it ends.
    pub to: SchemaSource,
    /// Where scratch databases are made; without one on a private server.
    pub scratch: Option<Target>,
    /// The short form, in one transaction, for small or idle databases.
    pub offline: bool,
    /// Tables from this many bytes on are changed without long locks.
    pub large: u64,
    /// Renames that are declared.
    pub renames: Vec<Rename>,
    /// Whether the plan is run before it is shown.
    pub prove: bool,
    /// Whether it is run with everything there is, and not only with what it has to do with.
    pub whole: bool,
}

/// Schemas up to this many objects are made as a whole: choosing a part would gain nothing.
const SMALL: usize = 300;

/// Plans the way from one schema to another.
///
/// # Errors
/// What is wrong with a source; `cannot_plan`, `step_refused`; `not_proven` when the plan ends
/// elsewhere: then none is shown.
pub async fn plan_between(options: &PlanOptions, project: Option<&Project>, context: &Context) -> Result<Planned> {
    plan_asking(options, project, context, &|_| false).await
}

/// A plan, with where it leads from and to.
pub(crate) struct Way {
    pub planned: Planned,
    pub from: Tree,
    pub to: Tree,
}

/// Says whether something that looks like a rename is one.
pub type Ask<'a> = &'a (dyn Fn(&Suspect) -> bool + Sync);

/// As [`plan_between`], asking about each thing that looks like a rename nobody declared whether it
/// is one.
///
/// # Errors
/// Those of [`plan_between`].
pub async fn plan_asking(
    options: &PlanOptions,
    project: Option<&Project>,
    context: &Context,
    ask: Ask<'_>,
) -> Result<Planned> {
    Ok(way_between(options, project, context, ask).await?.planned)
}

/// As [`plan_asking`], with both schemas.
pub(crate) async fn way_between(
    options: &PlanOptions,
    project: Option<&Project>,
    context: &Context,
    ask: Ask<'_>,
) -> Result<Way> {
    let scratch = Scratch::new(options.scratch.as_ref(), context);
    let way = plan_on(&scratch, options, project, context, ask).await;
    let closed = scratch.close().await;
    let way = way?;
    closed?;
    Ok(way)
}

async fn plan_on(
    scratch: &Scratch<'_>,
    options: &PlanOptions,
    project: Option<&Project>,
    context: &Context,
    ask: Ask<'_>,
) -> Result<Way> {
    (context.progress)("reading both schemas");
    let owners: Vec<String> = [options.from.user(), options.to.user()].into_iter().flatten().collect();
    let (from, to) = tokio::try_join!(
        source::load(&options.from, Side::From, scratch, &owners, project),
        source::load(&options.to, Side::To, scratch, &owners, project),
    )?;
    let known = from.known && to.known;
    let goal = if known { to.tree } else { identified_by_name(&to.tree, &from.tree) };
    let mut notes = from.notes.into_iter().chain(to.notes).collect();
    let goal = rename::declare(&from.tree, goal, &options.renames, &to.renamed, &mut notes)?;
    let broken = Vec::from_iter(work::clear(&from.broken));
    let mut planned = Planned { parts: broken, proof: None, hazards: Vec::new(), notes };
    let mut whole = Part { from: from.tree, to: goal };
    let mut part = touched(&whole, &from.unfilled, options.whole);
    if !known {
        let mut asked: Vec<Suspect> = Vec::new();
        let mut suspects = suspect::suspects(&part.from, &part.to);
        suspects.reverse();
        while let Some(suspect) = suspects.pop() {
            if asked.contains(&suspect) {
                continue;
            }
            if ask(&suspect) {
                whole.to = rename::carry(&whole.from, &whole.to, &suspect.old, &suspect.new)?;
                part = touched(&whole, &from.unfilled, options.whole);
                // With a table its columns can be told apart.
                suspects = suspect::suspects(&part.from, &part.to);
                suspects.reverse();
            } else {
                planned.hazards.push(hazard::unsaid(&suspect));
            }
            asked.push(suspect);
        }
    }
    let short = plan(&part.from, &part.to, &[]).map_err(unplannable)?;
    if short.steps.is_empty() && from.unfilled.is_empty() {
        return Ok(Way { planned, from: whole.from, to: whole.to });
    }
    if options.offline && !from.unfilled.is_empty() {
        planned.notes.push("rows are still to be filled in: that is done by a plan without `--offline`".to_owned());
    }
    let facts = Facts {
        version: match from.version {
            Some(version) => version,
            None => scratch.version().await?,
        },
        sizes: from.sizes,
        large: options.large,
        rewrites: None,
        unfilled: from.unfilled,
        batches: Batches::default(),
    };
    let mut work = Work::new(&part.from, &part.to, facts.clone(), options.offline);
    if options.prove {
        (context.progress)("running it on a scratch database");
        let started = Instant::now();
        if let Err(error) = work.prove(scratch, &short).await {
            if part.from.len() == whole.from.len() && part.to.len() == whole.to.len() {
                return Err(error);
            }
            // What is not in the part may have a say after all, as what a function's text names.
            tracing::debug!(%error, "the plan is made and tried with the whole schemas");
            let short = plan(&whole.from, &whole.to, &[]).map_err(unplannable)?;
            work = Work::new(&whole.from, &whole.to, facts, options.offline);
            work.prove(scratch, &short).await?;
        }
        let objects = work.to.len();
        planned.proof = Some(PlanProof {
            server: server_name(scratch.version().await?),
            objects,
            untouched: whole.to.len() - objects,
            milliseconds: millis(started),
        });
    } else {
        work.look(short)?;
    }
    planned.parts.extend(work.parts);
    Ok(Way { planned, from: whole.from, to: whole.to })
}

/// The part of both schemas that a plan has to do with, where it is worth while to look for it.
fn touched(whole: &Part, unfilled: &BTreeSet<String>, all: bool) -> Part {
    if all || whole.from.len().max(whole.to.len()) <= SMALL {
        return whole.clone();
    }
    let mut also = Vec::new();
    if !unfilled.is_empty() {
        let columns = whole.from.iter().map(|(address, _)| address).filter(|address| address.kind == Kind::Column);
        also.extend(columns.filter(|column| unfilled.contains(&column.sql())).cloned());
    }
    part(&whole.from, &whole.to, &also)
}
