//! The way to a tree that does not keep others waiting: through trees in between.
//!
//! An index is built beside the traffic, a constraint is there before it is checked, a column before
//! it is filled: what PostgreSQL can do without long locks it does in several steps, each of which
//! leaves a schema that is whole. So an online plan is a list of goals, trees from the first one to
//! the last, and what leads from one to the next is an ordinary plan. What has to be undone half-way
//! is an ordinary plan too, from where it stands back to the first tree.

mod constraints;
mod data;
pub(crate) mod edit;
mod fill;
mod indexes;
mod not_null;
mod shadow;
mod text;

use crate::plan::{Style, plan_as};
use crate::{DataStep, Diff, Plan, PlanError, Step};
use pleach_schema::{Address, Attr, Kind, Lineage, Object, Tree};
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(crate) use crate::plan::backed;
pub use fill::Batches;
pub(crate) use shadow::{BESIDE, is_shadow};
pub(crate) use text::index_behind;

/// What the choice of a way depends on besides the two trees.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The server's version, as 180004.
    pub version: u32,
    /// Bytes on disk, without indexes, of the tables of the first tree whose size is known.
    pub sizes: HashMap<Address, u64>,
    /// Tables from this many bytes on must not be locked for long; those of unknown size neither.
    pub large: u64,
    /// The columns of the second tree whose making or changing writes their table anew, as seen
    /// when it was tried; `None` when it was not.
    pub rewrites: Option<BTreeSet<Address>>,
    /// The columns of the first tree whose rows were being filled in when somebody stopped, as SQL.
    pub unfilled: BTreeSet<String>,
    /// How rows are filled in.
    pub batches: Batches,
}

impl Facts {
    /// Whether a table of the first tree is too large to be locked while its rows are read.
    pub fn is_large(&self, from: &Tree, table: &Address) -> bool {
        if from.object(table).is_some_and(|object| object.get(Attr::PartitionKey).is_some()) {
            let of = table.sql();
            let mut partitions = from.iter().filter(|(address, entry)| {
                address.kind == Kind::Table && entry.object.text(Attr::PartitionOf) == Some(&of)
            });
            return partitions.any(|(partition, _)| self.is_large(from, partition));
        }
        self.sizes.get(table).is_none_or(|bytes| *bytes >= self.large)
    }

    /// Takes columns whose type changes for such as can only be written anew.
    pub fn without_shadows(&mut self, from: &Tree, to: &Tree) {
        let column = |address: &&Address| address.kind == Kind::Column && self.rewrites(address);
        let new = |address: &Address| to.lineage(address).is_some_and(|lineage| from.address(lineage).is_none());
        let columns = to.iter().map(|(address, _)| address).filter(column);
        self.rewrites = Some(columns.filter(|address| new(address)).cloned().collect());
    }

    /// Whether making or changing a column writes its table anew, as far as is known.
    fn rewrites(&self, column: &Address) -> bool {
        self.rewrites.as_ref().is_none_or(|columns| columns.contains(column))
    }
}

/// How the statements of a goal run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// In one transaction.
    Transaction,
    /// Each on its own, outside of a transaction: they would keep locks for long or may not be in one.
    Alone,
}

/// A tree on the way, and how it is reached from the one before.
#[derive(Debug, Clone)]
pub struct Goal {
    /// What this part of the way is for, in a few words.
    pub title: &'static str,
    /// How its statements run.
    pub how: How,
    /// It belongs into the same transaction as the goal before.
    pub joined: bool,
    /// Where it ends.
    pub tree: Tree,
    style: Style,
    /// Indexes of the tree before that become constraints.
    adopted: Vec<Address>,
    data: Vec<DataStep>,
    before: Vec<Step>,
    after: Vec<Step>,
    /// The tree with the lineages that the plan goes by, where they are others: a column that takes
    /// the place of another one is that one only afterwards.
    planned: Option<Tree>,
    /// Columns whose values live on in a column that takes their place.
    moved: BTreeSet<Address>,
}

impl Goal {
    fn new(title: &'static str, how: How, tree: Tree) -> Self {
        let style = Style { concurrently: how == How::Alone, ..Style::default() };
        Self {
            title,
            how,
            joined: false,
            tree,
            style,
            adopted: Vec::new(),
            data: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            planned: None,
            moved: BTreeSet::new(),
        }
    }

    /// A goal that is reached in one transaction, the short way.
    pub fn direct(title: &'static str, tree: Tree, data: Vec<DataStep>) -> Self {
        Self { data, ..Self::new(title, How::Transaction, tree) }
    }

    /// The same goal, with statements that run before all that leads there.
    #[must_use]
    pub fn after(mut self, before: Vec<Step>) -> Self {
        self.before = before;
        self
    }

    /// The same goal in the same transaction as the goal before.
    #[must_use]
    pub fn joined(mut self) -> Self {
        self.joined = true;
        self
    }

    /// The statements that lead here.
    ///
    /// # Errors
    /// When an object must change in a way for which PostgreSQL has no statement.
    pub fn plan(&self, previous: &Tree) -> Result<Plan, PlanError> {
        let mut start = previous.clone();
        for index in &self.adopted {
            start.remove(index);
        }
        let end = self.planned.as_ref().unwrap_or(&self.tree);
        let mut plan = plan_as(&self.style, &start, end, &self.data)?;
        let moves = |step: &Step| step.object.as_ref().is_some_and(|object| self.moved.contains(object));
        for step in plan.steps.iter_mut().filter(|step| moves(step)) {
            step.destroys = None;
        }
        plan.steps.splice(0..0, self.before.iter().cloned());
        plan.steps.extend(self.after.iter().cloned());
        Ok(plan)
    }

    /// Whether it adds columns beside those whose type changes.
    pub fn adds_shadows(&self) -> bool {
        self.tree.iter().any(|(address, _)| is_shadow(&self.tree, address))
    }

    /// The columns whose values were copied to another column, which is called like them from here
    /// on: another one in PostgreSQL's catalog, and nothing is lost.
    pub fn moved(&self) -> &BTreeSet<Address> {
        &self.moved
    }

    /// The statements that lead back from here.
    ///
    /// # Errors
    /// As [`Goal::plan`].
    pub fn plan_back(&self, previous: &Tree) -> Result<Plan, PlanError> {
        plan_as(
            &Style { adopts: BTreeMap::new(), ..self.style.clone() },
            self.planned.as_ref().unwrap_or(&self.tree),
            previous,
            &[],
        )
    }

    /// Whether nothing is to be done.
    fn is_idle(&self, previous: &Tree) -> bool {
        let stays =
            self.tree == *previous && self.tree.iter().all(|(a, entry)| previous.lineage(a) == Some(entry.lineage));
        stays && self.data.is_empty() && self.before.is_empty() && self.after.is_empty()
    }
}

/// What goals are made from.
struct Scene<'a> {
    from: &'a Tree,
    to: &'a Tree,
    diff: Diff,
    facts: &'a Facts,
    /// Large tables that are in both trees: lineage, and what they are called in the second one.
    tables: BTreeMap<Lineage, Address>,
}

impl<'a> Scene<'a> {
    fn new(from: &'a Tree, to: &'a Tree, facts: &'a Facts) -> Self {
        let mut tables = BTreeMap::new();
        for (address, entry) in from.iter().filter(|(address, _)| address.kind == Kind::Table) {
            if let Some(now) = to.address(entry.lineage)
                && facts.is_large(from, address)
            {
                tables.insert(entry.lineage, now.clone());
            }
        }
        Self { from, to, diff: crate::diff(from, to), facts, tables }
    }

    /// The large table that a part of the second tree belongs to.
    fn large_table(&self, part: &Address) -> Option<&Address> {
        self.tables.get(&self.to.lineage(&self.to.parent(part)?)?)
    }
}

/// The columns of large tables whose type can only change by writing the table anew, and why.
pub fn written_anew(from: &Tree, to: &Tree, facts: &Facts) -> BTreeMap<Address, String> {
    shadow::judge(&Scene::new(from, to, facts)).refused
}

/// The trees between two, in order, the last of which is the second one. What takes no long, and
/// what touches no large table, is done in one transaction.
pub fn goals(from: &Tree, to: &Tree, data: &[DataStep], facts: &Facts) -> Vec<Goal> {
    let scene = Scene::new(from, to, facts);
    // Data steps are written for columns that have their new types.
    let shadows = if data.is_empty() { shadow::Shadows::new(&scene) } else { shadow::Shadows::default() };
    // The end, with lineages of their own for what is built beside what it takes the place of.
    let mut end = to.clone();
    let constraints = constraints::Constraints::new(&scene);
    let not_null = not_null::NotNull::new(&scene, &shadows);
    let fill = fill::Fill::new(&scene);
    let indexes = indexes::Indexes::new(&scene, &not_null, &shadows, &mut end);

    // Everything that takes no long.
    let mut tree = end.clone();
    constraints.loosen(&mut tree);
    not_null.loosen(from, &mut tree);
    indexes.put_off(&scene, &mut tree);
    shadows.put_off(&scene, &mut tree);
    let mut goals = Vec::new();
    let main = |tree: &Tree| Goal::new("change what needs no long lock", How::Transaction, tree.clone());
    let wide = if data.is_empty() { tree.clone() } else { data::widened(&scene, &tree) };
    match fill.without_defaults(&wide) {
        Some(bare) => {
            goals.push(main(&bare));
            goals.push(Goal { before: fill.register(), ..main(&wide).joined() });
        }
        None => goals.push(main(&wide)),
    }
    if !data.is_empty() {
        goals.extend(fill.goal(&wide, Vec::new()));
        let change = Goal::new("change data", How::Transaction, wide);
        goals.push(Goal { data: data.to_vec(), ..change });
        goals.push(Goal::new("tighten and drop", How::Transaction, tree.clone()));
    }
    goals.push(shadows.add(&mut tree));
    let left = if data.is_empty() { fill.goal(&tree, shadows.fill(&facts.batches)) } else { None };
    goals.extend(left);

    // Then what takes long, beside the traffic, and what comes of it.
    shadows.build(&mut tree);
    goals.push(indexes.build(&mut tree, &end));
    goals.push(shadows.analyze(&tree));
    goals.push(indexes.swap(&mut tree, &end, &constraints));
    shadows.ask(&mut tree);
    goals.push(not_null.ask(&mut tree, &end));
    not_null.validate(&mut tree, &end);
    shadows.validate(&mut tree, &end);
    goals.push(constraints.validate(&mut tree, &end));
    goals.extend(not_null.tighten(&mut tree, &end));
    goals.push(indexes.adopt_rest(&mut tree, &end, &constraints));
    goals.push(constraints.validate(&mut tree, &end));
    if let Some(swap) = shadows.swap(&scene, &mut tree, &end, &constraints) {
        goals.push(swap);
        goals.push(constraints.validate(&mut tree, &end));
    }
    goals.extend(indexes.finish(&end));

    let mut busy: Vec<Goal> = Vec::with_capacity(goals.len());
    for goal in goals {
        if !goal.is_idle(busy.last().map_or(from, |goal| &goal.tree)) {
            busy.push(goal);
        }
    }
    busy
}

/// Whether an object is a constraint of one of these types.
fn is_constraint(object: &Object, types: &[&str]) -> bool {
    object.text(Attr::ConstraintType).is_some_and(|is| types.contains(&is))
}
