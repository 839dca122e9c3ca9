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
mod undo;
mod work;

use self::scratch::Scratch;
use crate::project::{Context, Project};
use crate::prove::{millis, server_name, unplannable};
use pleach_change::online::{Batches, Facts};
use pleach_change::{identified_by_name, plan};
use pleach_postgres::Result;
use pleach_postgres::connect::Target;
use pleach_schema::Tree;
use std::time::Instant;

pub use hazard::{Harm, Hazard};
pub use planned::{PlanProof, Planned, PlannedPart, PlannedStep};
pub(crate) use prove::again;
pub use rename::Rename;
pub use run::{Lock, Scan, Seen};
pub(crate) use run::{spoken, strength};
pub use source::SchemaSource;
pub(crate) use source::{database, tree_now};
pub(crate) use sql::{note, one_line, statements};
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
}

/// Plans the way from one schema to another.
///
/// # Errors
/// What is wrong with a source; `cannot_plan`, `step_refused`; `not_proven` when the plan ends
/// elsewhere: then none is shown.
pub async fn plan_between(options: &PlanOptions, project: Option<&Project>, context: &Context) -> Result<Planned> {
    Ok(way_between(options, project, context).await?.planned)
}

/// A plan, with where it leads from and to.
pub(crate) struct Way {
    pub planned: Planned,
    pub from: Tree,
    pub to: Tree,
}

/// As [`plan_between`], with both schemas.
pub(crate) async fn way_between(options: &PlanOptions, project: Option<&Project>, context: &Context) -> Result<Way> {
    let mut scratch = Scratch::open(options.scratch.as_ref(), context).await?;
    let way = plan_on(&mut scratch, options, project, context).await;
    scratch.close().await?;
    way
}

async fn plan_on(
    scratch: &mut Scratch,
    options: &PlanOptions,
    project: Option<&Project>,
    context: &Context,
) -> Result<Way> {
    (context.progress)("reading both schemas");
    let owners: Vec<String> = [options.from.user(), options.to.user()].into_iter().flatten().collect();
    let from = source::load(&options.from, scratch, &owners, project).await?;
    let to = source::load(&options.to, scratch, &owners, project).await?;
    let mut goal = if from.known && to.known { to.tree } else { identified_by_name(&to.tree, &from.tree) };
    for rename in &options.renames {
        goal = rename::declare(&from.tree, goal, rename)?;
    }
    let notes = from.notes.into_iter().chain(to.notes).collect();
    let short = plan(&from.tree, &goal, &[]).map_err(unplannable)?;
    let mut planned = Planned { parts: Vec::new(), proof: None, hazards: Vec::new(), notes };
    planned.parts.extend(work::clear(&from.broken));
    if short.steps.is_empty() && from.unfilled.is_empty() {
        return Ok(Way { planned, from: from.tree, to: goal });
    }
    if options.offline && !from.unfilled.is_empty() {
        planned.notes.push("rows are still to be filled in: that is done by a plan without `--offline`".to_owned());
    }
    if !(from.known && to.known) {
        planned.hazards.extend(rename::suspects(&from.tree, &goal).iter().map(|(old, new)| hazard::unsaid(old, new)));
    }
    let facts = Facts {
        version: from.version.unwrap_or(scratch.version()),
        sizes: from.sizes,
        large: options.large,
        rewrites: None,
        unfilled: from.unfilled,
        batches: Batches::default(),
    };
    let mut work = Work::new(&from.tree, &goal, facts, options.offline);
    if options.prove {
        (context.progress)("running it on a scratch database");
        source::make_roles(scratch, &from.tree).await?;
        source::make_roles(scratch, &goal).await?;
        let started = Instant::now();
        work.prove(scratch, &short).await?;
        let server = server_name(scratch.version());
        planned.proof = Some(PlanProof { server, objects: goal.len(), milliseconds: millis(started) });
    } else {
        work.look(short)?;
    }
    planned.parts.extend(work.parts);
    Ok(Way { planned, from: from.tree, to: goal })
}
