//! The three-way merge of trees, per lineage and attribute.
//!
//! In three passes: each object by itself (`gather`, `object`), the schema as a whole
//! (`settle`: every name is held once, what something stands on is there), and the tree in one
//! side's words (`build`). A conflict never stops the merge: it goes on with our side, and the
//! conflict says so.
//!
//! What is the same in all three trees takes no part: it is found in one walk over the trees, and
//! the cost of a merge follows what differs.

mod build;
mod calm;
mod carry;
mod conflict;
mod explain;
mod gather;
mod object;
mod settle;
mod value;

use crate::naming::Naming;
use pleach_schema::{Address, Attr, Kind, Lineage, Object, Tree, Value};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

pub use carry::{in_merged_names, restated};
pub use conflict::{AttrConflict, Choice, Conflict, ConflictKind, Resolution, Ways};

/// The outcome of a merge.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The merged tree. Where there are open conflicts it has our side.
    pub tree: Tree,
    /// Conflicts without a choice.
    pub conflicts: Vec<Conflict>,
    /// Conflicts that a choice settled, with that choice.
    pub settled: Vec<(Conflict, Choice)>,
    /// What is written in the names of one side while the merged tree has others: PostgreSQL must
    /// write it again after the renames.
    pub stale: Vec<Stale>,
    /// Their tree with the lineages of ours for what both sides added alike.
    pub theirs: Tree,
}

/// A text in the names of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stale {
    /// Whose text.
    pub lineage: Lineage,
    /// The side that says it so.
    pub side: Side,
    /// Which attribute; `None` for the argument types in a routine's address.
    pub attr: Option<Attr>,
}

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The branch that is merged into.
    Ours,
    /// The branch that is merged.
    Theirs,
}

impl Side {
    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Side::Ours => Side::Theirs,
            Side::Theirs => Side::Ours,
        }
    }
}

/// Merges what `ours` and `theirs` did since `base`. `choices` settle conflicts by their key;
/// with `auto`, those that may be settled without a person are.
pub fn merge(base: &Tree, ours: &Tree, theirs: &Tree, choices: &BTreeMap<String, Choice>, auto: bool) -> Merged {
    let theirs = crate::adopt_lineages(base, ours, theirs);
    let mut merger = Merger::new(base, ours, &theirs, choices, auto);
    merger.run();
    let (tree, stale) = merger.build();
    let mut conflicts = std::mem::take(&mut merger.conflicts);
    conflicts.sort_by(|a, b| (&a.objects, a.kind, &a.key).cmp(&(&b.objects, b.kind, &b.key)));
    let settled = std::mem::take(&mut merger.settled);
    Merged { tree, conflicts, settled, stale, theirs }
}

/// What stands in a base for an attribute about which there was no agreement: no object has it.
const DISPUTED: &str = "\u{1}disputed";

/// The tree to take as the base of two histories that cross: both of their latest common states,
/// merged. What the two disagree about is in it as something that neither side has, so that a
/// later merge does not take either for unchanged.
pub fn merge_bases(below: &Tree, first: &Tree, other: &Tree) -> Tree {
    let other = crate::adopt_lineages(below, first, other);
    let choices = BTreeMap::new();
    let mut merger = Merger::new(below, first, &other, &choices, false);
    merger.run();
    let (mut tree, _) = merger.build();
    for (lineage, attr) in std::mem::take(&mut merger.disputed) {
        let Some(address) = tree.address(lineage).cloned() else { continue };
        let Some(mut entry) = tree.remove(&address) else { continue };
        let mut object = (*entry.object).clone();
        object.attributes.insert(attr, Value::Text(DISPUTED.to_owned()));
        entry.object = Arc::new(object);
        // Its own place, which was just freed.
        let _ = tree.insert(address, entry);
    }
    tree
}

/// The key under which a choice takes one side's version of a whole object, whatever the merge of
/// its attributes would give.
pub fn whole_object_key(lineage: Lineage) -> String {
    format!("object {lineage}")
}

/// What the merged tree will have of one lineage.
#[derive(Debug, Clone)]
struct Plot {
    /// Own name.
    name: String,
    /// Lineage of the parent relation, or of the schema, or none.
    holder: Option<Lineage>,
    /// An address with the right kind and arguments; its path is made again from `holder`.
    like: Address,
    attributes: BTreeMap<Attr, Said>,
    /// What it stands on.
    references: BTreeSet<Lineage>,
    /// The side whose derived facts to take.
    source: Side,
}

/// An attribute's value, and who says it so.
#[derive(Debug, Clone)]
struct Said {
    value: Value,
    by: By,
}

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// One side.
    One(Side),
    /// Both, each in its own names; the value is in ours.
    Both,
    /// Neither: it was put together from both, and names nothing.
    Mixed,
}

struct Merger<'a> {
    base: &'a Tree,
    ours: &'a Tree,
    theirs: &'a Tree,
    ours_naming: Naming<'a>,
    theirs_naming: Naming<'a>,
    between: Naming<'a>,
    choices: &'a BTreeMap<String, Choice>,
    auto: bool,
    /// What is the same in all three trees and stands on the same.
    calm: HashSet<Lineage>,
    plots: BTreeMap<Lineage, Plot>,
    /// Relations and types of which it was decided that they go, whatever stands on them.
    felled: HashSet<Lineage>,
    conflicts: Vec<Conflict>,
    settled: Vec<(Conflict, Choice)>,
    disputed: Vec<(Lineage, Attr)>,
}

type Found<'t> = (&'t Address, &'t Arc<Object>);

impl<'a> Merger<'a> {
    fn new(
        base: &'a Tree,
        ours: &'a Tree,
        theirs: &'a Tree,
        choices: &'a BTreeMap<String, Choice>,
        auto: bool,
    ) -> Self {
        Self {
            base,
            ours,
            theirs,
            ours_naming: Naming::new(base, ours),
            theirs_naming: Naming::new(base, theirs),
            between: Naming::new(ours, theirs),
            choices,
            auto,
            calm: calm::calm(base, ours, theirs),
            plots: BTreeMap::new(),
            felled: HashSet::new(),
            conflicts: Vec::new(),
            settled: Vec::new(),
            disputed: Vec::new(),
        }
    }

    fn run(&mut self) {
        self.gather();
        self.settle();
    }

    fn side(&self, side: Side) -> &'a Tree {
        match side {
            Side::Ours => self.ours,
            Side::Theirs => self.theirs,
        }
    }

    fn naming(&self, side: Side) -> &Naming<'a> {
        match side {
            Side::Ours => &self.ours_naming,
            Side::Theirs => &self.theirs_naming,
        }
    }

    /// Whether the merged tree has it, as far as is known yet.
    fn is_there(&self, lineage: Lineage) -> bool {
        self.calm.contains(&lineage) || self.plots.contains_key(&lineage)
    }

    /// Notes a conflict, or the choice that settles it. Returns what to go on with.
    fn raise(&mut self, conflict: Conflict) -> Choice {
        let known = |have: &Conflict| have.key == conflict.key;
        if let Some((_, choice)) = self.settled.iter().find(|(have, _)| known(have)) {
            return *choice;
        }
        let auto = conflict.auto.filter(|_| self.auto);
        match self.choices.get(&conflict.key).copied().or(auto) {
            Some(choice) => {
                self.settled.push((conflict, choice));
                choice
            }
            None => {
                if !self.conflicts.iter().any(known) {
                    self.conflicts.push(conflict);
                }
                Choice::Ours
            }
        }
    }

    /// The merged address of a lineage: own name behind the merged path of its holder.
    fn address(&self, lineage: Lineage) -> Option<Address> {
        let Some(plot) = self.plots.get(&lineage) else {
            return self.base.address(lineage).filter(|_| self.calm.contains(&lineage)).cloned();
        };
        let mut path = match plot.holder {
            Some(holder) => self.address(holder)?.path,
            None => plot.like.path[..plot.like.path.len().saturating_sub(1)].to_vec(),
        };
        path.push(plot.name.clone());
        Some(plot.like.with_path(path))
    }
}

/// The lineage of what an object lives in: its relation or type, or its schema.
fn holder(tree: &Tree, address: &Address) -> Option<Lineage> {
    match tree.parent(address) {
        Some(parent) => tree.lineage(&parent),
        None if address.kind == Kind::Schema => None,
        None => address.schema().and_then(|schema| tree.lineage(&Address::new(Kind::Schema, [schema]))),
    }
}

/// What an object stands on, besides its holder.
fn references(tree: &Tree, object: &Object) -> BTreeSet<Lineage> {
    object.derived.references.iter().filter_map(|address| tree.lineage(address)).collect()
}

/// Whether objects of this kind have parts.
pub(crate) fn holds_parts(kind: Kind) -> bool {
    matches!(kind, Kind::Table | Kind::View | Kind::MaterializedView | Kind::Domain | Kind::Composite)
}

/// The kinds of objects that are part of others.
const PARTS: [Kind; 7] =
    [Kind::Column, Kind::Attribute, Kind::Constraint, Kind::Index, Kind::Trigger, Kind::Rule, Kind::Policy];

/// The parts of a relation or type.
fn parts<'t>(tree: &'t Tree, of: &Address) -> Vec<(&'t Address, Lineage)> {
    if !holds_parts(of.kind) {
        return Vec::new();
    }
    let parts = PARTS.into_iter().flat_map(|kind| tree.parts(&of.path, kind));
    parts.map(|(address, entry)| (address, entry.lineage)).collect()
}
