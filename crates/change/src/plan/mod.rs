//! Plans: the ordered statements that take a database from one tree to another.
//!
//! A plan is made in three moves. `fate` decides what happens to each object: kept, altered,
//! dropped, created, or dropped and created again because something it stands on changes.
//! `order` puts the acts in an order that PostgreSQL accepts, from the references of both trees.
//! The writers (`create`, `alter`, `remove`, `grants`) turn acts into SQL.

mod adopt;
mod alter;
mod bind;
mod cast;
mod circle;
mod create;
mod fate;
mod grants;
mod labels;
mod moved;
mod order;
mod phrase;
mod ranges;
mod remove;
mod sequence;
mod slots;
mod table;
mod ties;

use pleach_schema::{Address, Lineage, Tree};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

pub(crate) use adopt::adoptable;
pub(crate) use bind::{binds, renamed_inside};
pub(crate) use cast::{cast, settings};
pub(crate) use order::{backed, needs_filling, waits_for_data};
pub use phrase::{index_name, phrase};
pub(crate) use table::{options_clause, parent_tables, parents_part};

/// SQL that changes data and belongs to a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataStep {
    /// A short name for people, as the file it came from.
    pub name: String,
    /// The statements.
    pub sql: String,
}

/// Ordered statements that take a database from one tree to another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The statements, in order.
    pub steps: Vec<Step>,
    /// New enum labels are used in the same plan: they have to be committed ahead of the rest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub labels_first: bool,
}

/// One statement of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The statement, without a final semicolon. A data step may hold several statements.
    pub sql: String,
    /// The object it is about; `None` for data steps.
    pub object: Option<Address>,
    /// Where in the plan it belongs.
    pub stage: Stage,
    /// What it destroys that no later step brings back, in words; `None` if nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destroys: Option<String>,
    /// Needs the server's administrator rather than the project's own role.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub admin: bool,
    /// Adds a label to an enum type, which nothing may use before that is committed. It does no
    /// harm when it runs ahead of the rest, or twice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub label: bool,
}

/// Where in a plan a step belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Takes out of the way what cannot stay: dependants of changed objects, freed names.
    Clear,
    /// Renames and moves.
    Rename,
    /// Adds and widens; what was valid stays valid.
    Expand,
    /// Changes data.
    Data,
    /// Tightens and drops.
    Contract,
}

/// A difference that no statement can make in place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{object}: {reason}")]
pub struct PlanError {
    /// The object.
    pub object: Address,
    /// Why not.
    pub reason: String,
}

impl Plan {
    /// The plan as a script for psql: statements that end in semicolons.
    pub fn sql(&self) -> String {
        let mut out = String::new();
        for step in &self.steps {
            out.push_str(&step.statement());
            out.push('\n');
        }
        out
    }

    /// The steps that destroy something.
    pub fn destructive(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.destroys.is_some())
    }
}

impl Step {
    /// The statement with its final semicolon.
    pub fn statement(&self) -> String {
        statement(&self.sql)
    }
}

/// SQL with its final semicolon.
pub fn statement(sql: &str) -> String {
    let sql = sql.trim_end();
    // A comment would swallow what is written behind it.
    match sql.lines().next_back() {
        Some(line) if line.contains("--") => format!("{sql}\n;"),
        _ if sql.ends_with(';') => sql.to_owned(),
        _ => format!("{sql};"),
    }
}

/// Makes the plan that takes a database from `from` to `to`, with `data` run between what must be
/// there before and what may only happen after.
///
/// # Errors
/// When an object must change in a way for which PostgreSQL has no statement.
pub fn plan(from: &Tree, to: &Tree, data: &[DataStep]) -> Result<Plan, PlanError> {
    plan_as(&Style::default(), from, to, data)
}

/// As [`plan`], written another way.
pub(crate) fn plan_as(style: &Style, from: &Tree, to: &Tree, data: &[DataStep]) -> Result<Plan, PlanError> {
    let adopted = adopt::adopt(from, to, style);
    let (from, style) = adopted.as_ref().map_or((from, style), |(from, style)| (from, style));
    let mut diff = crate::diff(from, to);
    bind::add_rebound(from, to, &mut diff);
    if diff.is_empty() && data.is_empty() {
        return Ok(Plan::default());
    }
    let fates = fate::decide(from, to, &diff);
    let acts = order::order(from, to, &diff, &fates, !data.is_empty());
    let stepped_aside = |act: &order::Act| act.what == order::What::Aside;
    let aside = acts.iter().filter(|act| stepped_aside(act)).map(|act| act.lineage).collect();
    let writer = Writer { from, to, diff: &diff, fates: &fates, has_data: !data.is_empty(), aside, style };
    let mut steps = Vec::new();
    for act in acts {
        writer.write(&act, data, &mut steps)?;
    }
    Ok(Plan { steps, labels_first: false })
}

/// One object of a tree as the statements that would make it, with the parts written inside it.
/// For people to read.
pub fn definition(tree: &Tree, address: &Address) -> String {
    let nothing = Tree::default();
    let own = tree.iter().filter(|(other, _)| *other == address || other.path.starts_with(&address.path));
    let created = own.map(|(_, entry)| entry.lineage).collect();
    let fates = fate::Fates { created, ..fate::Fates::default() };
    let (diff, style) = (crate::Diff::default(), Style::default());
    let aside = HashSet::new();
    let writer = Writer { from: &nothing, to: tree, diff: &diff, fates: &fates, has_data: false, aside, style: &style };
    let mut steps = Vec::new();
    // Only a change of an object can be beyond a statement, never making one.
    let _ = writer.create(address, Stage::Expand, &mut steps);
    Plan { steps, labels_first: false }.sql().trim_end().to_owned()
}

/// How statements are written that PostgreSQL has two ways for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// Outside of a transaction: indexes are built and dropped and partitions taken off without
    /// keeping writers out.
    pub concurrently: bool,
    /// Constraints that take an index of their table over, by its name, instead of building one.
    pub adopts: BTreeMap<Address, String>,
}

/// What the writers of statements look at.
struct Writer<'a> {
    from: &'a Tree,
    to: &'a Tree,
    diff: &'a crate::Diff,
    fates: &'a fate::Fates,
    has_data: bool,
    /// Objects that took a temporary name first.
    aside: HashSet<Lineage>,
    style: &'a Style,
}

impl Writer<'_> {
    fn write(&self, act: &order::Act, data: &[DataStep], steps: &mut Vec<Step>) -> Result<(), PlanError> {
        use order::What;
        match &act.what {
            What::Data => steps.extend(data.iter().map(|step| Step {
                sql: step.sql.clone(),
                object: None,
                stage: Stage::Data,
                destroys: None,
                admin: false,
                label: false,
            })),
            What::Drop => steps.extend(self.drop(&act.address, act.renamed)),
            What::Detach => self.detach(&act.address, act.lineage, steps),
            What::Aside => steps.extend(self.step_aside(&act.address, act.lineage)),
            What::Rename => steps.extend(self.rename(&act.address, act.lineage)),
            What::Create => self.create(&act.address, act.stage, steps)?,
            What::Alter => self.alter(act.lineage, act.stage, steps)?,
            What::Tighten => self.tighten(&act.address, steps),
            What::Loosen => self.loosen(&act.address, steps),
            What::Move => self.move_rows(&act.address, act.lineage, steps),
            What::Finish => self.finish(&act.address, steps),
        }
        Ok(())
    }
}

/// A step that destroys nothing.
pub(crate) fn step(object: &Address, stage: Stage, sql: impl Into<String>) -> Step {
    Step { sql: sql.into(), object: Some(object.clone()), stage, destroys: None, admin: false, label: false }
}
