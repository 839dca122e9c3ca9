//! Measuring: statements run on a database with rows, and what each of them did is read from
//! PostgreSQL's own books: locks, storage, counters, log.
//!
//! Nothing is looked up in a table of what statements usually do. What cannot be read in a
//! statement's own transaction is read from another connection while it runs.

mod census;
mod estimate;
mod ground;
mod locks;
mod meter;
mod words;

pub(crate) use self::estimate::Sizes;
pub(crate) use self::ground::{Bytes, Ground, target_sizes};
pub(crate) use self::meter::{Did, Meter};
pub use self::words::pretty_size;

use crate::planner::scratch::Scratch;
use crate::planner::{Harm, Hazard, Planned, PlannedPart, PlannedStep, SchemaSource};
use crate::project::{Context, Project};
use pleach_postgres::connect::Target;
use pleach_postgres::script::cannot_run_in_transaction;
use pleach_postgres::{Class, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a statement did, measured on a database with rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// How long it took.
    pub microseconds: u64,
    /// Bytes of write-ahead log that the server wrote meanwhile.
    pub wal_bytes: u64,
    /// The tables whose rows it read or wrote.
    pub tables: Vec<Touched>,
    /// The indexes that were written anew, as SQL.
    pub index_rewrites: Vec<String>,
    /// How long it takes where the tables have the size of the target's.
    pub estimate: Option<Estimate>,
}

/// A table whose rows a statement read or wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// The table, as SQL.
    pub relation: String,
    /// Rows that were read.
    pub rows_read: u64,
    /// Rows that were inserted, updated or deleted.
    pub rows_written: u64,
    /// Bytes that were read from the first to the last.
    pub bytes_read: u64,
    /// Bytes that the table and its indexes got anew.
    pub bytes_written: u64,
}

/// What was measured, scaled to tables of another size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Bytes of the tables there.
    pub table_bytes: u64,
    /// About how long it takes there.
    pub milliseconds: u64,
    /// About how much log it writes there.
    pub wal_bytes: u64,
}

/// Where a plan is measured.
#[derive(Debug, Clone)]
pub struct MeasureOptions {
    /// Where the plan starts: its rows come from there.
    pub from: SchemaSource,
    /// Where scratch databases are made; without one on a private server.
    pub scratch: Option<Target>,
    /// The database whose tables' sizes times are scaled to; without one the from side, where that
    /// is a database.
    pub target: Option<Target>,
    /// How many rows of a table are copied from a database; 0 is all of them.
    pub sample: u64,
    /// Tables from this many bytes on must not be locked for long.
    pub large: u64,
}

/// Runs a plan on a database that has the rows of the from side, and writes down at each statement
/// what it did there.
///
/// # Errors
/// `step_refused` when the rows do not allow a statement.
pub async fn measure_plan(
    planned: &mut Planned,
    options: &MeasureOptions,
    project: Option<&mut Project>,
    context: &Context,
) -> Result<()> {
    if planned.parts.is_empty() {
        return Ok(());
    }
    let known = target_sizes(options.target.as_ref()).await?;
    if let (SchemaSource::Revision(revision), Some(project)) = (&options.from, project) {
        let commit = project.resolve(revision).await?;
        let journal = project.begin("measure", &json!({ "commit": commit.hash })).await?;
        let outcome = async {
            let ground = project.ground(&journal, &commit).await?;
            let outcome = on(planned, &ground, known, options.large).await;
            let name = ground.close().await;
            project.discard_database(&name).await?;
            outcome
        };
        return match outcome.await {
            Ok(()) => journal.release(project.state.client()).await,
            Err(error) => Err(project.give_up(journal, error).await),
        };
    }
    let scratch = Scratch::new(options.scratch.as_ref(), context);
    let outcome = async {
        let ground = Ground::on_scratch(&scratch, Some(&options.from), options.sample, context).await?;
        (context.progress)("measuring it on a database with rows");
        let outcome = on(planned, &ground, known, options.large).await;
        ground.close().await;
        outcome
    };
    let outcome = outcome.await;
    scratch.close().await?;
    outcome
}

async fn on(planned: &mut Planned, ground: &Ground, known: Option<Bytes>, large: u64) -> Result<()> {
    planned.notes.extend(ground.notes.iter().cloned());
    planned.notes.push(format!("measured on {}", ground.what));
    let session = &ground.session;
    session.batch_execute("SET check_function_bodies = off; SET client_min_messages = warning").await?;
    let sizes = Sizes { known: known.or_else(|| ground.sizes.clone()), large };
    let mut meter = Meter::new(session, &ground.watcher, sizes).await?;
    for part in &mut planned.parts {
        measure_part(part, ground, &mut meter).await?;
    }
    Ok(())
}

async fn measure_part(part: &mut PlannedPart, ground: &Ground, meter: &mut Meter<'_>) -> Result<()> {
    let session = &ground.session;
    if part.transaction {
        session.batch_execute("BEGIN").await?;
        meter.began().await?;
    }
    for step in &mut part.steps {
        let path = if step.data { "DEFAULT" } else { "''" };
        session.batch_execute(&format!("SET search_path TO {path}")).await?;
        let alone = !part.transaction && (step.data || cannot_run_in_transaction(&step.sql));
        let did = if alone {
            meter.alone(&step.sql).await?
        } else {
            if !part.transaction {
                session.batch_execute("BEGIN").await?;
                meter.began().await?;
            }
            let did = meter.inside(session.batch_execute(&step.sql)).await?;
            if !part.transaction && did.is_ok() {
                session.batch_execute("COMMIT").await?;
            }
            did
        };
        keep(step, did.map_err(|error| refused(error, step, ground))?);
    }
    if part.transaction {
        session.batch_execute("COMMIT").await.map_err(Error::from).map_err(|error| error.on(part.title.clone()))?;
    }
    Ok(())
}

/// Writes down what a statement did. What it destroys or renames, the plan knows better, and why
/// something is written anew.
fn keep(step: &mut PlannedStep, did: Did) {
    let by_plan = |code: Harm| matches!(code, Harm::DataLoss | Harm::OldNameFails | Harm::UndeclaredRename);
    let (mut hazards, expected): (Vec<Hazard>, Vec<Hazard>) =
        std::mem::take(&mut step.hazards).into_iter().partition(|hazard| by_plan(hazard.code));
    hazards.extend(did.hazards.into_iter().filter(|hazard| !by_plan(hazard.code)).map(|seen| {
        let rewrite = seen.code == Harm::TableRewrite;
        let same = |hazard: &&Hazard| rewrite && hazard.code == seen.code && hazard.object == seen.object;
        expected.iter().find(same).cloned().unwrap_or(seen)
    }));
    step.hazards = hazards;
    step.seen = did.seen;
}

fn refused(error: tokio_postgres::Error, step: &PlannedStep, ground: &Ground) -> Error {
    let mut out = Error::from(error);
    if out.class == Class::Refused {
        out.code = "step_refused";
        out.message = format!("PostgreSQL refused `{}`", step.sql.lines().next().unwrap_or_default());
        out.hint = Some(if ground.is_sample && out.sqlstate() == Some("23503") {
            "only some rows were copied, and what they refer to may have been left out: measure with `--sample 0`"
                .to_owned()
        } else {
            "the rows do not allow it: put them right first, or change the plan's goal".to_owned()
        });
    }
    out.on(step.object.clone().unwrap_or_else(|| "a data step".to_owned()))
}
