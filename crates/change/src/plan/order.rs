//! The order of acts: a topological sort over the references of both trees.
//!
//! What an object stands on is there before it comes and stays until it is gone. Where that
//! leaves a choice, stages decide (clear, rename, expand, data, contract), then kinds, then names.
//! [`ties`](super::ties) says what must come before what, [`slots`](super::slots) keeps names
//! apart.

use super::Stage;
use super::fate::Fates;
use super::table::{folded, inlined, parent_tables};
use crate::Diff;
use pleach_schema::{Address, Attr, Kind, Lineage, Object, Tree};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

/// One thing to do.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub what: What,
    pub lineage: Lineage,
    /// For `Drop`, `Detach` and `Rename` as in the first tree, for the rest as in the second.
    pub address: Address,
    pub stage: Stage,
    /// The renames are done: names are those of the second tree.
    pub renamed: bool,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum What {
    Drop,
    /// Let go of what goes: a default, an ownership, a parent table.
    Detach,
    /// Take a temporary name, because the own one is needed while it is still held.
    Aside,
    /// Take the new name.
    Rename,
    Create,
    Alter,
    Data,
    /// Set what must not hold before the data steps ran.
    Tighten,
    /// Take off a partition whose bounds change: as late as can be, so that it goes along with its
    /// table until then.
    Loosen,
    /// Put the rows of a table into the one that takes its place.
    Move,
    /// Tie together what had to exist first: ownership, partitions, attached indexes.
    Finish,
}

/// Puts the acts of a plan in order.
pub(super) fn order(from: &Tree, to: &Tree, diff: &Diff, fates: &Fates, has_data: bool) -> Vec<Act> {
    let mut graph = Graph { from, to, fates, nodes: Vec::new(), index: HashMap::new(), barrier: 0 };
    graph.barrier = graph.add_node(None, Stage::Rename);
    graph.add_acts(diff, has_data);
    graph.tie_drops();
    graph.tie_renames();
    let attached = graph.attachments();
    graph.tie_creates(&attached);
    graph.tie_finishes(&attached);
    graph.tie_loosened();
    graph.tie_moves();
    graph.tie_names();
    if has_data {
        graph.tie_data();
    }
    graph.sort()
}

pub(super) struct Node {
    pub act: Option<Act>,
    pub stage: Stage,
    pub hard: BTreeSet<usize>,
    pub soft: BTreeSet<usize>,
}

pub(super) struct Graph<'a> {
    pub from: &'a Tree,
    pub to: &'a Tree,
    pub fates: &'a Fates,
    pub nodes: Vec<Node>,
    index: HashMap<(What, Lineage), usize>,
    /// Does nothing: what comes after it is written in the names of the second tree.
    pub barrier: usize,
}

impl Graph<'_> {
    fn add_node(&mut self, act: Option<Act>, stage: Stage) -> usize {
        self.nodes.push(Node { act, stage, hard: BTreeSet::new(), soft: BTreeSet::new() });
        self.nodes.len() - 1
    }

    /// Adds an act, once.
    pub fn add(&mut self, what: What, lineage: Lineage, address: &Address, stage: Stage) -> usize {
        if let Some(there) = self.find(what, lineage) {
            return there;
        }
        // Privileges for what is created later must not fall on what the plan creates.
        let last = address.kind == Kind::DefaultPrivileges && stage == Stage::Expand;
        let stage = if last { Stage::Contract } else { stage };
        let act = Act { what, lineage, address: address.clone(), stage, renamed: false };
        let node = self.add_node(Some(act), stage);
        self.index.insert((what, lineage), node);
        node
    }

    pub fn find(&self, what: What, lineage: Lineage) -> Option<usize> {
        self.index.get(&(what, lineage)).copied()
    }

    /// `first` happens before `then`.
    pub fn tie(&mut self, first: usize, then: usize) {
        if first != then {
            self.nodes[then].hard.insert(first);
        }
    }

    /// The acts that are there so far.
    pub fn acts(&self) -> Vec<(usize, Act)> {
        self.nodes.iter().enumerate().filter_map(|(at, node)| Some((at, node.act.clone()?))).collect()
    }

    fn add_acts(&mut self, diff: &Diff, has_data: bool) {
        let (from, to, fates) = (self.from, self.to, self.fates);
        for lineage in fates.dropped.iter().chain(&fates.recreated) {
            if let Some(address) = from.address(*lineage).filter(|address| self.goes_with(address).is_none()) {
                let late = has_data && fates.dropped.contains(lineage) && waits_for_data(address.kind);
                self.add(What::Drop, *lineage, address, if late { Stage::Contract } else { Stage::Clear });
            }
        }
        for lineage in fates.created.iter().chain(&fates.recreated) {
            let Some((address, object)) = to.find(*lineage) else { continue };
            if !folded(to, fates, address) && !inlined(to, fates, address) && !self.is_left_behind(address, object) {
                let late = has_data && comes_after_data(to, fates, address, object);
                self.add(What::Create, *lineage, address, if late { Stage::Contract } else { Stage::Expand });
                if has_data && needs_filling(address, object) {
                    self.add(What::Tighten, *lineage, address, Stage::Contract);
                }
            }
            if object.attributes.keys().any(|attr| finishes(*attr)) {
                self.add(What::Finish, *lineage, address, Stage::Expand);
            }
        }
        for lineage in &fates.detached {
            if let Some(address) = from.address(*lineage) {
                self.add(What::Detach, *lineage, address, Stage::Clear);
            }
            // What let go takes hold again, also where it reads the same as before.
            if let Some(address) = to.address(*lineage) {
                let ties = matches!(address.kind, Kind::Table | Kind::Sequence);
                self.add(if ties { What::Finish } else { What::Alter }, *lineage, address, Stage::Expand);
            }
        }
        for lineage in &fates.moved {
            let (Some((old, was)), Some(new)) = (from.find(*lineage), to.address(*lineage)) else { continue };
            self.add(What::Move, *lineage, new, Stage::Expand);
            // Its place in the table above is for the one that takes its place.
            if was.get(Attr::PartitionOf).is_some() {
                self.add(What::Detach, *lineage, old, Stage::Clear);
            }
        }
        for lineage in &fates.retyped {
            let table = |column: &Address| to.parent(column).and_then(|table| to.lineage(&table));
            let is_new = |column: &Address| table(column).is_some_and(|table| fates.comes(table));
            if let Some(address) = to.address(*lineage).filter(|column| !is_new(column)) {
                self.add(What::Alter, *lineage, address, Stage::Expand);
            }
        }
        for change in &diff.changes {
            self.add_change(change, has_data);
        }
        if has_data {
            let nowhere = Address::new(Kind::Schema, [""]);
            self.add(What::Data, Lineage::NIL, &nowhere, Stage::Data);
        }
    }

    /// Whether this is a foreign key that a partition keeps of its table's when it is taken off.
    fn is_left_behind(&self, address: &Address, object: &Object) -> bool {
        if !is_foreign_key(object) || !self.fates.is_loose(self.to, address) {
            return false;
        }
        let table = self.to.parent(address).and_then(|table| self.to.lineage(&table));
        let targets = |tree: &Tree, key: &Object| -> BTreeSet<Option<Lineage>> {
            let tables = key.derived.references.iter().filter(|reference| reference.kind == Kind::Table);
            tables.map(|table| tree.lineage(table)).collect()
        };
        let mut of = table.and_then(|table| self.from.address(table)).cloned();
        while let Some(parent) = of.and_then(|table| parent_tables(self.from, &table).into_iter().next()) {
            let key = parent.part(Kind::Constraint, address.name());
            if !self.keeping_key(&key).is_empty() {
                return false;
            }
            let key = self.from.object(&key);
            if key.is_some_and(|key| targets(self.from, key) == targets(self.to, object)) {
                return true;
            }
            of = Some(parent);
        }
        false
    }

    /// The acts for an object that is in both trees and stays.
    fn add_change(&mut self, change: &crate::Change, has_data: bool) {
        let (Some((old, was)), Some((new, is))) = (&change.from, &change.to) else { return };
        let comes_whole = |part: &Address| {
            let parent = self.to.parent(part).filter(|parent| parent.kind != Kind::Table);
            parent.and_then(|parent| self.to.lineage(&parent)).is_some_and(|lineage| self.fates.comes(lineage))
        };
        if self.fates.goes(change.lineage) || comes_whole(new) {
            return;
        }
        if (change.renamed || change.moved) && !self.is_renamed_with_parent(old, new) {
            self.add(What::Rename, change.lineage, old, Stage::Rename);
        }
        let tightened = change.attribute(Attr::NotNull).is_some_and(|c| c.to.is_some());
        if has_data && tightened && new.kind == Kind::Column {
            self.add(What::Tighten, change.lineage, new, Stage::Contract);
        }
        if change.attributes.iter().any(|changed| !(tightened && has_data && changed.attr == Attr::NotNull)) {
            self.add(What::Alter, change.lineage, new, Stage::Expand);
        }
        let changed = |attr: &Attr| change.attribute(*attr).is_some();
        if is.attributes.keys().any(|attr| finishes(*attr) && changed(attr)) {
            self.add(What::Finish, change.lineage, new, Stage::Expand);
        }
        let bound_only = changed(&Attr::PartitionBound) && !self.fates.loose.contains_key(&change.lineage);
        if bound_only && was.get(Attr::PartitionBound).is_some() {
            self.add(What::Loosen, change.lineage, new, Stage::Expand);
        }
        if was.attributes.keys().any(|attr| lets_go(new.kind, *attr) && changed(attr)) {
            self.add(What::Detach, change.lineage, old, Stage::Clear);
        }
    }

    /// Whether this is an inherited part that takes its new name with the parent table's.
    fn is_renamed_with_parent(&self, old: &Address, new: &Address) -> bool {
        self.fates.leading_parts(self.from, old).iter().any(|parent| {
            let now = self.from.lineage(parent).and_then(|lineage| self.to.address(lineage));
            parent.name() == old.name() && now.is_some_and(|now| now.name() == new.name())
        })
    }

    /// The going object that takes this one with it when PostgreSQL drops it.
    fn goes_with(&self, address: &Address) -> Option<Address> {
        let goes = |address: &Address| self.from.lineage(address).is_some_and(|lineage| self.fates.goes(lineage));
        let lineage = self.from.lineage(address)?;
        if !self.keeping_key(address).is_empty() {
            return None;
        }
        if let Some(parent) = self.from.parent(address).filter(&goes) {
            return Some(parent).filter(|_| !self.fates.apart.contains(&lineage));
        }
        let object = self.from.object(address)?;
        let references = &object.derived.references;
        match object.text(Attr::ConstraintType) {
            // A foreign key goes with the columns that it is on, and not with those that it refers to.
            Some("foreign key") if self.is_on_itself(address, object) => return None,
            // The columns of its WHERE do not take it along; its table's does.
            Some("exclusion") => return self.fates.leading_parts(self.from, address).into_iter().find(goes),
            _ => {}
        }
        // A generated column goes before those that it is made of.
        let made = |r: &&Address| self.from.object(r).is_none_or(|r| r.get(Attr::Generated).is_none());
        match address.kind {
            Kind::Index | Kind::Constraint => {
                let column = |r: &&Address| r.kind == Kind::Column && r.relation() == address.relation() && goes(r);
                let own = references.iter().filter(column).min_by_key(made).cloned();
                own.or_else(|| self.fates.leading_parts(self.from, address).into_iter().find(goes))
            }
            Kind::Statistics => references.iter().filter(|r| goes(r)).min_by_key(made).cloned(),
            Kind::Sequence if self.fates.detached.contains(&lineage) => None,
            Kind::Sequence => {
                let owner = self.from.object(address)?.text(Attr::OwnedBy)?;
                references.iter().find(|r| r.kind == Kind::Column && r.sql() == owner && goes(r)).cloned()
            }
            Kind::Column => self.fates.leading_parts(self.from, address).into_iter().find(goes),
            _ => None,
        }
    }

    /// Whether a foreign key refers to the table that it is on, or to a partition of it.
    fn is_on_itself(&self, key: &Address, object: &Object) -> bool {
        let own = Address::new(Kind::Table, key.relation().iter().cloned());
        let partitioned = self.from.is_of_partitioned(key);
        let family = if partitioned { super::moved::with_partitions(self.from, &own) } else { vec![own] };
        let mut near = object.derived.references.iter().filter(|r| matches!(r.kind, Kind::Table | Kind::Column));
        near.all(|r| family.iter().any(|table| table.path == r.relation()))
    }

    /// For a foreign key of a partitioned table to a table or a key that goes: the partitions that
    /// are taken off. They would keep it.
    pub fn keeping_key(&self, key: &Address) -> Vec<Address> {
        let object = self.from.object(key).filter(|object| is_foreign_key(object));
        let Some(object) = object.filter(|_| self.from.is_of_partitioned(key)) else { return Vec::new() };
        let goes = |r: &&Address| self.from.lineage(r).is_some_and(|lineage| self.fates.goes(lineage));
        let other = |r: &&Address| {
            matches!(r.kind, Kind::Table | Kind::Constraint | Kind::Index) && r.relation() != key.relation()
        };
        if !object.derived.references.iter().filter(other).any(|r| goes(&r)) {
            return Vec::new();
        }
        let own = Address::new(Kind::Table, key.relation().iter().cloned());
        let leaves = |lineage: &Lineage| self.fates.loose.contains_key(lineage) || self.fates.moved.contains(lineage);
        let loose = |table: &Address| *table != own && self.from.lineage(table).is_some_and(|l| leaves(&l));
        let table = own.clone();
        super::moved::with_partitions(self.from, &table).into_iter().filter(loose).collect()
    }

    /// The node that makes an object of the first tree go away.
    pub fn drop_node(&self, address: &Address) -> Option<usize> {
        let mut address = address.clone();
        for _ in 0..8 {
            let lineage = self.from.lineage(&address).filter(|lineage| self.fates.goes(*lineage))?;
            if let Some(node) = self.find(What::Drop, lineage) {
                return Some(node);
            }
            address = self.goes_with(&address)?;
        }
        None
    }

    /// The node after which an object of the second tree is there.
    pub fn create_node(&self, address: &Address) -> Option<usize> {
        let lineage = self.to.lineage(address)?;
        self.find(What::Create, lineage).or_else(|| {
            let comes = self.fates.comes(lineage);
            let parent = self.to.parent(address).filter(|_| comes)?;
            // An inherited part of a table that was there comes with the parent table's.
            let of_parent = self.find(What::Create, self.to.lineage(&parent)?);
            let leading = self.fates.leading_parts(self.to, address);
            of_parent.or_else(|| leading.iter().find_map(|part| self.create_node(part)))
        })
    }

    /// New columns come in the order in which the second tree has them.
    fn place(&self, act: &Act) -> Option<i16> {
        let is_new = act.what == What::Create && matches!(act.address.kind, Kind::Column | Kind::Attribute);
        self.to.object(&act.address).filter(|_| is_new).and_then(|object| object.derived.position)
    }

    fn sort(self) -> Vec<Act> {
        let mut waiting: Vec<usize> = self.nodes.iter().map(|node| node.hard.union(&node.soft).count()).collect();
        let mut after: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (at, node) in self.nodes.iter().enumerate() {
            for before in node.hard.union(&node.soft) {
                after[*before].push(at);
            }
        }
        let key = |(at, node): (usize, &'_ Node)| {
            let of = |a: &Act| {
                let (relation, name) = (a.address.relation().to_vec(), a.address.path.last().cloned());
                (a.address.kind, relation, self.place(a), name, a.what)
            };
            (node.stage, node.act.as_ref().map(of), at)
        };
        let keys: Vec<_> = self.nodes.iter().enumerate().map(key).collect();
        let mut ready: BinaryHeap<Reverse<(_, usize)>> =
            (0..self.nodes.len()).filter(|at| waiting[*at] == 0).map(|at| Reverse((&keys[at], at))).collect();
        let mut done = vec![false; self.nodes.len()];
        let mut acts = Vec::new();
        let mut renamed = false;
        loop {
            let at = match ready.pop() {
                Some(Reverse((_, at))) => at,
                // A circle: first forget the ties that are only a matter of taste, then take
                // whatever comes first. PostgreSQL has the last word on the result.
                None => {
                    let left = (0..self.nodes.len()).filter(|at| !done[*at]);
                    let hard_left = |at: &usize| self.nodes[*at].hard.iter().any(|before| !done[*before]);
                    match left.min_by_key(|at| (hard_left(at), &keys[*at])) {
                        Some(at) => at,
                        None => break,
                    }
                }
            };
            if done[at] {
                continue;
            }
            done[at] = true;
            renamed |= at == self.barrier;
            if let Some(mut act) = self.nodes[at].act.clone() {
                act.renamed = renamed;
                act.stage = self.nodes[at].stage;
                acts.push(act);
            }
            for next in &after[at] {
                waiting[*next] = waiting[*next].saturating_sub(1);
                if waiting[*next] == 0 {
                    ready.push(Reverse((&keys[*next], *next)));
                }
            }
        }
        acts
    }
}

/// The address of an object of the first tree once everything around it has its new name; its own
/// name stays.
pub(super) fn renamed_around(from: &Tree, to: &Tree, address: &Address) -> Address {
    let mut path = match from.parent(address) {
        Some(parent) => match from.lineage(&parent).and_then(|lineage| to.address(lineage)) {
            Some(new) => new.path.clone(),
            None => renamed_around(from, to, &parent).path,
        },
        None => address.path[..address.path.len().saturating_sub(1)].to_vec(),
    };
    if let ([schema], false) = (path.as_slice(), address.kind.is_part()) {
        let old = from.lineage(&Address::new(Kind::Schema, [schema.clone()]));
        if let Some(new) = old.and_then(|lineage| to.address(lineage)) {
            path.clone_from(&new.path);
        }
    }
    path.push(address.name().to_owned());
    address.with_path(path)
}

/// Whether an object holds a relation's name through the index behind it.
pub(crate) fn backed(object: &Object) -> bool {
    matches!(object.text(Attr::ConstraintType), Some("primary key" | "unique" | "exclusion"))
}

/// Whether this is a foreign key.
pub(super) fn is_foreign_key(object: &Object) -> bool {
    object.text(Attr::ConstraintType) == Some("foreign key")
}

/// Whether an attribute ties its object to another one, and so comes when both are there.
pub(super) fn finishes(attr: Attr) -> bool {
    matches!(
        attr,
        Attr::OwnedBy
            | Attr::OfType
            | Attr::Inherits
            | Attr::PartitionOf
            | Attr::PartitionBound
            | Attr::AttachedTo
            | Attr::ReplicaIdentity
            | Attr::ClusteredOn
    )
}

/// Whether an attribute has to be let go of before anything else, where it changes.
fn lets_go(kind: Kind, attr: Attr) -> bool {
    match kind {
        Kind::Sequence => attr == Attr::OwnedBy,
        Kind::Table => {
            matches!(attr, Attr::OfType | Attr::Inherits | Attr::PartitionOf)
        }
        Kind::Column => attr == Attr::Identity,
        _ => false,
    }
}

/// Whether data steps may still read from a dropped object of this kind.
pub(crate) fn waits_for_data(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Index
            | Kind::Constraint
            | Kind::Trigger
            | Kind::Rule
            | Kind::Policy
            | Kind::Statistics
            | Kind::EventTrigger
    )
}

/// Whether a new object would judge or watch the data steps if it came before them.
fn comes_after_data(to: &Tree, fates: &Fates, address: &Address, object: &Object) -> bool {
    let new_table =
        to.parent(address).and_then(|table| to.lineage(&table)).is_some_and(|table| fates.created.contains(&table));
    match address.kind {
        Kind::Trigger | Kind::MaterializedView => true,
        Kind::Constraint => !new_table || is_foreign_key(object),
        Kind::Index => object.is(Attr::Unique) && !new_table,
        _ => false,
    }
}

/// Whether a new column of an existing table can only be filled by a data step.
pub(crate) fn needs_filling(address: &Address, object: &Object) -> bool {
    address.kind == Kind::Column
        && object.is(Attr::NotNull)
        && [Attr::Default, Attr::Identity, Attr::Generated].iter().all(|attr| object.get(*attr).is_none())
}
