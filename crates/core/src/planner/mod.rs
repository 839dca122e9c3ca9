//! The way from any schema to any other: planned, run on a scratch database, and compared.
//!
//! It needs no project and changes neither side. No plan is shown that did not run and end where
//! it should, unless a look without proof is asked for.

mod hazard;
mod rename;
mod run;
mod scratch;
mod source;
mod sql;

use self::run::Watch;
use self::scratch::Scratch;
use crate::apply::{self, differences, used_new_label};
use crate::import::tree_of_reading;
use crate::project::{Context, Project};
use crate::prove::{millis, server_name, unplannable};
use pleach_change::online::{Batches, Facts, Goal, How, goals};
use pleach_change::{Plan, Stage, Step, identified_by_name, plan};
use pleach_postgres::catalog::{self, ReadOptions};
use pleach_postgres::connect::{Session, Target};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Address, Kind, Tree};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Instant;

pub use hazard::{Harm, Hazard};
pub use rename::Rename;
pub use run::{Lock, Scan, Seen};
pub use source::SchemaSource;
pub(crate) use sql::one_line;

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

/// A plan with what is known of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Planned {
    /// What is committed one by one.
    pub parts: Vec<PlannedPart>,
    /// Where it ran, and that it ended at the to side; `None` when that was left out.
    pub proof: Option<PlanProof>,
    /// What looks like something else than was planned.
    pub hazards: Vec<Hazard>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// How a plan was proved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlanProof {
    /// The server it ran on.
    pub server: String,
    /// How many objects were compared.
    pub objects: usize,
    /// How long it took, from the empty scratch database on.
    pub milliseconds: u64,
}

/// Statements that belong together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlannedPart {
    /// What it is for.
    pub title: String,
    /// Whether it is one transaction; else each statement stands alone.
    pub transaction: bool,
    /// How long a statement waits for a lock, in milliseconds; 0 is for ever.
    pub lock_timeout: u64,
    /// The statements, in order.
    pub steps: Vec<PlannedStep>,
}

/// One statement of a plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlannedStep {
    /// The statement, without a final semicolon.
    pub sql: String,
    /// The object it is about.
    pub object: Option<String>,
    /// What it destroys, in words.
    pub destroys: Option<String>,
    /// It works on rows: it runs with the database's usual search path, everything else with none.
    #[serde(default)]
    pub data: bool,
    /// What it was seen to do.
    #[serde(flatten)]
    pub seen: Seen,
    /// Why it can hurt.
    pub hazards: Vec<Hazard>,
}

/// How long a statement in a transaction waits for a lock: whoever comes behind it waits as long.
const LOCK_TIMEOUT: u64 = 2_000;

/// Plans the way from one schema to another.
///
/// # Errors
/// What is wrong with a source; `cannot_plan`, `step_refused`; `not_proven` when the plan ends
/// elsewhere: then none is shown.
pub async fn plan_between(options: &PlanOptions, project: Option<&Project>, context: &Context) -> Result<Planned> {
    let mut scratch = Scratch::open(options.scratch.as_ref(), context).await?;
    let planned = plan_on(&mut scratch, options, project, context).await;
    scratch.close().await?;
    planned
}

async fn plan_on(
    scratch: &mut Scratch,
    options: &PlanOptions,
    project: Option<&Project>,
    context: &Context,
) -> Result<Planned> {
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
    planned.parts.extend(clear(&from.broken));
    if short.steps.is_empty() && from.unfilled.is_empty() {
        return Ok(planned);
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
    let mut work = Work { from: &from.tree, to: &goal, facts, offline: options.offline, parts: Vec::new() };
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
    Ok(planned)
}

/// A plan in the making.
struct Work<'a> {
    from: &'a Tree,
    to: &'a Tree,
    facts: Facts,
    offline: bool,
    parts: Vec<PlannedPart>,
}

impl Work<'_> {
    /// Plans without running anything.
    fn look(&mut self, short: Plan) -> Result<()> {
        if self.offline {
            self.keep("change everything at once", How::Transaction, unseen(short));
            return Ok(());
        }
        for (title, how, plans) in parts(self.from, &goals(self.from, self.to, &[], &self.facts))? {
            self.keep(title, how, plans.into_iter().flat_map(unseen).collect());
        }
        Ok(())
    }

    /// Runs the plan from a copy of the from side, and compares where it ends.
    async fn prove(&mut self, scratch: &mut Scratch, short: &Plan) -> Result<()> {
        let name = scratch.database().await?;
        let mut session = scratch.session(&name).await?;
        let own_roles = scratch.own_roles().await?;
        session.batch_execute("SET check_function_bodies = off; SET client_min_messages = warning").await?;
        self.build(&mut session, &own_roles).await?;
        if self.offline {
            let seen = transaction(&session, std::slice::from_ref(short)).await?;
            self.keep_all("change everything at once", How::Transaction, seen);
        } else {
            self.facts.rewrites = self.rewrites(&session, short).await?;
            let goals = goals(self.from, self.to, &[], &self.facts);
            self.go(&session, &goals).await?;
        }
        // PostgreSQL writes anew what stands on what was changed.
        for round in 0..3 {
            let there = tree_of(&mut session, &own_roles, self.to).await?;
            if there == *self.to {
                session.close().await;
                return Ok(());
            }
            let rest = plan(&there, self.to, &[]).map_err(unplannable)?;
            if rest.steps.is_empty() || round == 2 {
                return Err(not_proven(&there, self.to, "the plan ended elsewhere than at the to side"));
            }
            let seen = transaction(&session, &[rest]).await?;
            self.keep_all("settle what PostgreSQL wrote anew", How::Transaction, seen);
        }
        Ok(())
    }

    /// Makes the from side in an empty database.
    async fn build(&self, session: &mut Session, own_roles: &[String]) -> Result<()> {
        let blank = tree_of(session, own_roles, self.from).await?;
        let whole = plan(&blank, self.from, &[]).map_err(unplannable)?;
        let transaction = session.transaction().await?;
        apply::run(&transaction, &whole, None).await.map_err(|error| {
            error.hint("the from side cannot be made on the scratch server; name another one with `--scratch URL`")
        })?;
        transaction.commit().await?;
        let there = tree_of(session, own_roles, self.from).await?;
        if there != *self.from {
            return Err(not_proven(&there, self.from, "the copy of the from side differs from it"));
        }
        Ok(())
    }

    /// The columns whose making or changing writes their table anew: tried, and taken back.
    async fn rewrites(&self, session: &Session, short: &Plan) -> Result<Option<BTreeSet<Address>>> {
        let of_column = |step: &Step| step.object.as_ref().is_some_and(|object| object.kind == Kind::Column);
        if !short.steps.iter().any(of_column) {
            return Ok(Some(BTreeSet::new()));
        }
        let mut watch = Watch::begin(session).await?;
        let mut found = BTreeSet::new();
        for step in &short.steps {
            match watch.run(step).await {
                Ok(seen) if !seen.rewrites.is_empty() => found.extend(step.object.clone()),
                Ok(_) => {}
                Err(error) => {
                    session.batch_execute("ROLLBACK").await?;
                    // A new label cannot be used yet, so the rest was not seen.
                    return if used_new_label(&error) { Ok(None) } else { Err(error) };
                }
            }
        }
        session.batch_execute("ROLLBACK").await?;
        Ok(Some(found))
    }

    /// Goes from goal to goal.
    async fn go(&mut self, session: &Session, goals: &[Goal]) -> Result<()> {
        for (title, how, plans) in parts(self.from, goals)? {
            let seen = match how {
                How::Transaction => transaction(session, &plans).await?,
                How::Alone => {
                    let mut seen = Vec::new();
                    for step in plans.into_iter().flat_map(|plan| plan.steps) {
                        let did = run::alone(session, &step).await?;
                        seen.push((step, did));
                    }
                    vec![seen]
                }
            };
            self.keep_all(title, how, seen);
        }
        Ok(())
    }

    /// Keeps the parts of a goal: all but the last one are statements that had to go ahead.
    fn keep_all(&mut self, title: &'static str, how: How, mut seen: Vec<Vec<(Step, Seen)>>) {
        let last = seen.pop().unwrap_or_default();
        for ahead in seen {
            self.keep("add labels that the rest uses", How::Alone, ahead);
        }
        self.keep(title, how, last);
    }

    fn keep(&mut self, title: &'static str, how: How, steps: Vec<(Step, Seen)>) {
        if steps.is_empty() {
            return;
        }
        let steps = steps.into_iter().map(|(step, seen)| PlannedStep {
            hazards: hazard::of(self.from, &self.facts, &step, &seen),
            object: step.object.as_ref().map(ToString::to_string),
            data: step.stage == Stage::Data,
            sql: step.sql,
            destroys: step.destroys,
            seen,
        });
        let steps = steps.collect();
        let transaction = how == How::Transaction;
        let lock_timeout = if transaction { LOCK_TIMEOUT } else { 0 };
        self.parts.push(PlannedPart { title: title.to_owned(), transaction, lock_timeout, steps });
    }
}

/// What runs as one, with what it is for: a goal and those that join it, each with its plan.
fn parts(from: &Tree, goals: &[Goal]) -> Result<Vec<(&'static str, How, Vec<Plan>)>> {
    let mut parts: Vec<(_, _, Vec<Plan>)> = Vec::new();
    let mut previous = from;
    for goal in goals {
        let plan = goal.plan(previous).map_err(unplannable)?;
        previous = &goal.tree;
        match parts.last_mut().filter(|_| goal.joined) {
            Some((_, _, plans)) => plans.push(plan),
            None => parts.push((goal.title, goal.how, vec![plan])),
        }
    }
    Ok(parts)
}

/// Drops indexes whose building was cut off. The scratch database has none to try it on.
fn clear(broken: &[Address]) -> Option<PlannedPart> {
    let steps = broken.iter().map(|index| PlannedStep {
        sql: format!("DROP INDEX CONCURRENTLY {}", pleach_change::index_name(index)),
        object: Some(index.to_string()),
        destroys: None,
        data: false,
        seen: Seen::default(),
        hazards: Vec::new(),
    });
    let steps: Vec<PlannedStep> = steps.collect();
    let title = "clear away indexes whose building was cut off".to_owned();
    (!steps.is_empty()).then_some(PlannedPart { title, transaction: false, lock_timeout: 0, steps })
}

fn unseen(plan: Plan) -> Vec<(Step, Seen)> {
    plan.steps.into_iter().map(|step| (step, Seen::default())).collect()
}

/// Runs plans in one transaction. Enum labels that they use themselves go ahead, in a part before.
async fn transaction(session: &Session, plans: &[Plan]) -> Result<Vec<Vec<(Step, Seen)>>> {
    let steps = || plans.iter().flat_map(|plan| &plan.steps);
    match in_transaction(session, steps()).await {
        Ok(seen) => Ok(vec![seen]),
        Err(error) if used_new_label(&error) => {
            session.batch_execute("ROLLBACK").await?;
            let mut ahead = Vec::new();
            for step in steps().filter(|step| step.label) {
                ahead.push((step.clone(), run::alone(session, step).await?));
            }
            Ok(vec![ahead, in_transaction(session, steps().filter(|step| !step.label)).await?])
        }
        Err(error) => Err(error),
    }
}

async fn in_transaction(session: &Session, steps: impl Iterator<Item = &Step>) -> Result<Vec<(Step, Seen)>> {
    let mut watch = Watch::begin(session).await?;
    let mut seen = Vec::new();
    for step in steps {
        seen.push((step.clone(), watch.run(step).await?));
    }
    session.batch_execute("COMMIT").await?;
    Ok(seen)
}

/// What a scratch database holds, called as a tree calls it.
async fn tree_of(session: &mut Session, own_roles: &[String], like: &Tree) -> Result<Tree> {
    let transaction = session.transaction().await?;
    let reading = catalog::read(&transaction, &ReadOptions { own_roles: own_roles.to_vec() }).await?;
    transaction.rollback().await?;
    Ok(identified_by_name(&tree_of_reading(reading)?, like))
}

fn not_proven(got: &Tree, expected: &Tree, what: &str) -> Error {
    let differences = differences(got, expected);
    Error::new(Class::Internal, "not_proven", format!("{what}: {differences}"))
        .hint("no plan is shown; this is a defect in Pleach worth reporting with both schemas")
}
