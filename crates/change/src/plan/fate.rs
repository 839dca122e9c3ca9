//! What happens to each object between two trees.

use super::bind::binds;
use super::table::{kept_parents, own_identity, parent_tables, parents_part};
use crate::{Change, Diff};
use pleach_schema::{Address, Attr, Kind, Lineage, Object, Tree, Value};
use std::collections::{HashMap, HashSet};

/// What happens to each object; what is in no set stays as it is, or is altered in place.
#[derive(Debug, Default)]
pub(super) struct Fates {
    /// In both trees, but must go and come back.
    pub recreated: HashSet<Lineage>,
    /// What must let go of something that goes before it goes: defaults of columns and domains,
    /// owned sequences, children of tables.
    pub detached: HashSet<Lineage>,
    /// Tables that are taken off a parent table, or their type, before anything else happens to them,
    /// each with the parents that it keeps: what happens to the others does not happen to it.
    pub loose: HashMap<Lineage, HashSet<Lineage>>,
    /// Columns whose values have to be written anew because their type is another, whatever its
    /// name.
    pub retyped: HashSet<Lineage>,
    /// Tables that are made anew and take their rows over, because only a new table can have their
    /// partition key or order of columns.
    pub moved: HashSet<Lineage>,
    /// The same, with the partitions that are made anew with them.
    pub anew: HashSet<Lineage>,
    /// Parts of relations that come after their relation and go before it, to break a circle.
    pub apart: HashSet<Lineage>,
    /// Only in the first tree.
    pub dropped: HashSet<Lineage>,
    /// Only in the second tree.
    pub created: HashSet<Lineage>,
    /// Objects by what they stand on, in the first tree.
    pub dependants: HashMap<Address, Vec<Address>>,
}

impl Fates {
    /// Whether an object of the first tree goes (for good, or to come back).
    pub fn goes(&self, lineage: Lineage) -> bool {
        self.dropped.contains(&lineage) || self.recreated.contains(&lineage)
    }

    /// The parts of parent tables with which an inherited part of this tree changes, is renamed,
    /// comes and goes.
    pub fn leading_parts(&self, tree: &Tree, part: &Address) -> Vec<Address> {
        let mut parts = parents_part(tree, part);
        if self.is_loose(tree, part) {
            parts.retain(|theirs| tree.parent(theirs).is_some_and(|parent| !self.is_loose_from(tree, part, &parent)));
        }
        parts
    }

    /// Whether a part is of a table that is taken off a parent table.
    pub fn is_loose(&self, tree: &Tree, part: &Address) -> bool {
        self.kept_by(tree, part).is_some()
    }

    /// Whether a part is of a table that is not on this parent all the time.
    pub fn is_loose_from(&self, tree: &Tree, part: &Address, parent: &Address) -> bool {
        let kept = self.kept_by(tree, part);
        kept.is_some_and(|kept| !tree.lineage(parent).is_some_and(|parent| kept.contains(&parent)))
    }

    /// What the table that a part is of keeps, if it is taken off something.
    fn kept_by(&self, tree: &Tree, part: &Address) -> Option<&HashSet<Lineage>> {
        tree.parent(part).and_then(|table| tree.lineage(&table)).and_then(|table| self.loose.get(&table))
    }

    /// Whether an object of the second tree comes (new, or back).
    pub fn comes(&self, lineage: Lineage) -> bool {
        self.created.contains(&lineage) || self.recreated.contains(&lineage)
    }
}

/// Decides what happens to each object.
pub(super) fn decide(from: &Tree, to: &Tree, diff: &Diff) -> Fates {
    let mut fates = Fates::default();
    for (address, entry) in from.iter() {
        for support in &entry.object.derived.references {
            fates.dependants.entry(support.clone()).or_default().push(address.clone());
        }
    }
    fates.loose =
        diff.changes.iter().filter_map(|change| Some((change.lineage, kept_by_loose(from, to, change)?))).collect();
    let mut judge = Judge { from, to, diff, fates, shaken: Vec::new() };
    for change in &diff.changes {
        judge.take(change);
    }
    judge.settle();
    let mut fates = judge.fates;
    super::circle::break_circles(from, to, &mut fates);
    super::moved::let_keys_go(from, &mut fates);
    fates
}

/// The parents that a table keeps, where it is taken off a parent or its type.
fn kept_by_loose(from: &Tree, to: &Tree, change: &Change) -> Option<HashSet<Lineage>> {
    let ((old, _), (new, _)) = (change.from.as_ref()?, change.to.as_ref()?);
    let changes = |attr: &Attr| change.attribute(*attr).is_some();
    let leaves = [Attr::PartitionOf, Attr::Inherits, Attr::OfType].iter().any(changes);
    leaves.then(|| kept_parents((from, old), (to, new)).into_iter().collect())
}

/// The partitions of a table.
pub(super) fn partitions(tree: &Tree, table: &Address) -> Vec<Address> {
    let name = table.sql();
    let is_of = |object: &Object| object.text(Attr::PartitionOf) == Some(&name);
    let tables = tree.iter().filter(|(address, entry)| address.kind == Kind::Table && is_of(&entry.object));
    tables.map(|(address, _)| address.clone()).collect()
}

/// How something that stays is in the way of what stands on it.
#[derive(Clone, Copy, PartialEq)]
enum Shake {
    /// It is dropped, perhaps to come back.
    Gone,
    /// It is a column whose type changes.
    Retyped,
}

struct Judge<'a> {
    from: &'a Tree,
    to: &'a Tree,
    diff: &'a Diff,
    fates: Fates,
    shaken: Vec<(Address, Shake)>,
}

impl Judge<'_> {
    /// Decides what a change means for the object itself.
    fn take(&mut self, change: &Change) {
        match (&change.from, &change.to) {
            (Some((address, _)), None) => {
                self.fates.dropped.insert(change.lineage);
                self.shaken.push((address.clone(), Shake::Gone));
            }
            (None, Some(_)) => {
                self.fates.created.insert(change.lineage);
            }
            (Some((address, _)), Some(_)) => {
                if has_other_key(self.diff, change) || self.has_other_order(change) {
                    self.fates.moved.insert(change.lineage);
                    self.make_anew(change.lineage, &address.clone());
                } else if needs_recreation(self.from, change) || self.is_torn_off(change) {
                    self.recreate(change.lineage, address);
                } else if retyped(change) {
                    self.fates.retyped.insert(change.lineage);
                    self.shaken.push((address.clone(), Shake::Retyped));
                } else if self.is_refused_in_place(change)
                    && let Some(whole) = self.from.parent(address)
                    && let Some(lineage) = self.from.lineage(&whole)
                {
                    self.recreate(lineage, &whole);
                }
            }
            (None, None) => {}
        }
    }

    /// Whether an index or constraint can no longer be attached to what it was attached to. With its
    /// whole table it comes off by itself.
    fn is_torn_off(&self, change: &Change) -> bool {
        let attached = change.attribute(Attr::AttachedTo).is_some_and(|changed| changed.from.is_some());
        attached && change.from.as_ref().is_some_and(|(address, _)| !self.fates.is_loose(self.from, address))
    }

    /// Whether this changes the type of an attribute of a composite type that columns have.
    fn is_refused_in_place(&self, change: &Change) -> bool {
        let Some((address, _)) = change.from.as_ref().filter(|(address, _)| address.kind == Kind::Attribute) else {
            return false;
        };
        let is_column = |dependant: &Address| dependant.kind == Kind::Column;
        let used = self.from.parent(address).is_some_and(|composite| {
            self.fates.dependants.get(&composite).is_some_and(|dependants| dependants.iter().any(is_column))
        });
        used && [Attr::Type, Attr::Collation].iter().any(|attr| change.attribute(*attr).is_some())
    }

    /// Whether a table becomes one of a type and would have its columns in another order than that.
    fn has_other_order(&self, change: &Change) -> bool {
        let (Some((before, _)), Some((after, now))) = (&change.from, &change.to) else { return false };
        if change.attribute(Attr::OfType).is_none() || now.get(Attr::OfType).is_none() {
            return false;
        }
        // The attributes of a type that stays are not in the order in which the second tree has them.
        let of_type = super::table::composite_of(self.to, after);
        if of_type.is_some_and(|of_type| self.is_reordered(&of_type)) {
            return true;
        }
        let wanted: Vec<Lineage> = self.to.columns(&after.path).iter().map(|(_, entry)| entry.lineage).collect();
        let old = self.from.columns(&before.path);
        let kept = old.iter().map(|(_, entry)| entry.lineage).filter(|lineage| wanted.contains(lineage));
        let kept: Vec<Lineage> = kept.collect();
        !wanted.starts_with(&kept)
    }

    /// Whether a composite type that stays will have its attributes in another order than in the
    /// second tree: new ones come last.
    fn is_reordered(&self, of_type: &Address) -> bool {
        let order = |tree: &Tree, path: &[String]| {
            let mut parts: Vec<_> = tree.parts(path, Kind::Attribute).collect();
            parts.sort_by_key(|(_, entry)| entry.object.derived.position);
            parts.into_iter().map(|(_, entry)| entry.lineage).collect::<Vec<_>>()
        };
        let Some(before) = self.to.lineage(of_type).and_then(|lineage| self.from.address(lineage)) else {
            return false;
        };
        let (old, new) = (order(self.from, &before.path), order(self.to, &of_type.path));
        let kept: Vec<Lineage> = old.into_iter().filter(|lineage| new.contains(lineage)).collect();
        !new.starts_with(&kept)
    }

    /// A table is made anew, with the partitions that it keeps: its rows go to where they belong now.
    fn make_anew(&mut self, lineage: Lineage, address: &Address) {
        if !self.fates.anew.insert(lineage) {
            return;
        }
        self.recreate(lineage, address);
        for partition in partitions(self.from, address) {
            let Some(below) = self.from.lineage(&partition) else { continue };
            let parents = self.to.address(below).map(|now| parent_tables(self.to, now));
            let stays = parents.iter().flatten().any(|parent| self.to.lineage(parent) == Some(lineage));
            if stays {
                self.make_anew(below, &partition);
            }
        }
    }

    fn recreate(&mut self, lineage: Lineage, address: &Address) {
        // What is only in the first tree goes anyway.
        if self.to.address(lineage).is_some() && self.fates.recreated.insert(lineage) {
            self.shaken.push((address.clone(), Shake::Gone));
        }
    }

    /// Decides what becomes of everything that stands on something which goes or changes.
    fn settle(&mut self) {
        while let Some((address, shake)) = self.shaken.pop() {
            if shake == Shake::Gone && !address.kind.is_part() {
                self.take_parts(&address);
            }
            for dependant in self.fates.dependants.get(&address).cloned().unwrap_or_default() {
                let Some(lineage) = self.from.lineage(&dependant) else { continue };
                let Some((now, object)) = self.to.find(lineage) else { continue };
                if self.fates.goes(lineage) {
                    continue;
                }
                let (now, object) = (now.clone(), object.clone());
                match shake {
                    Shake::Gone => self.lose(&dependant, lineage, &address, (&now, &object)),
                    Shake::Retyped if falls_with_type(&dependant, &object) => self.recreate(lineage, &dependant),
                    Shake::Retyped if self.key_between_retyped(&dependant) => self.recreate(lineage, &dependant),
                    Shake::Retyped => {}
                }
            }
            if shake == Shake::Retyped {
                self.reconsider_keys(&address);
            }
        }
    }

    /// The parts of a relation or type go and come with it.
    fn take_parts(&mut self, whole: &Address) {
        for kind in
            [Kind::Column, Kind::Attribute, Kind::Constraint, Kind::Index, Kind::Trigger, Kind::Rule, Kind::Policy]
        {
            let parts: Vec<_> =
                self.from.parts(&whole.path, kind).map(|(a, entry)| (a.clone(), entry.lineage)).collect();
            for (part, lineage) in parts.into_iter().filter(|(part, _)| self.from.parent(part).as_ref() == Some(whole))
            {
                self.recreate(lineage, &part);
            }
        }
    }

    /// Whether an object is to read a column whose type cannot change until `support` is gone, on
    /// which the object still stands.
    fn waits_for_type_behind(&self, support: &Address, now: &Object) -> bool {
        let behind = self.from.object(support).map(|support| &support.derived.references);
        now.derived.references.iter().filter_map(|column| self.to.lineage(column)).any(|column| {
            let before = self.from.address(column).filter(|_| self.fates.retyped.contains(&column));
            before.is_some_and(|before| behind.is_some_and(|behind| behind.contains(before)))
        })
    }

    /// Decides what becomes of an object that stood on `support`, which goes.
    fn lose(&mut self, dependant: &Address, lineage: Lineage, support: &Address, now: (&Address, &Object)) {
        let Some(before) = self.from.object(dependant) else { return };
        let still = self.still_stands_on(support, now.1);
        match dependant.kind {
            Kind::Column if before.get(Attr::Generated).is_some() && now.1.get(Attr::Generated).is_some() => {
                self.recreate(lineage, dependant);
            }
            Kind::Column if binds(self.from, before, Attr::Type, support) => {
                if self.fates.retyped.insert(lineage) {
                    self.shaken.push((dependant.clone(), Shake::Retyped));
                }
            }
            Kind::Domain if binds(self.from, before, Attr::Type, support) => self.recreate(lineage, dependant),
            Kind::Attribute => {
                if let Some(composite) = self.from.parent(dependant)
                    && let Some(lineage) = self.from.lineage(&composite)
                {
                    self.recreate(lineage, &composite);
                }
            }
            // Its own sequence may want the name of the one that goes, so that has to be gone by then.
            Kind::Column
                if own_identity(now.1.get(Attr::Identity)).is_some() && before.get(Attr::Default).is_some() =>
            {
                self.fates.detached.insert(lineage);
            }
            // It lets go by getting another default.
            Kind::Column | Kind::Domain if !still && self.has_other_default(lineage) => {}
            Kind::Column | Kind::Domain => {
                if before.get(Attr::Default).is_some() {
                    self.fates.detached.insert(lineage);
                }
            }
            Kind::Sequence | Kind::Table => {
                self.fates.detached.insert(lineage);
            }
            Kind::Schema | Kind::Extension | Kind::Composite | Kind::Enum | Kind::DefaultPrivileges => {}
            Kind::Index | Kind::Constraint
                if self
                    .from
                    .parent(support)
                    .is_some_and(|parent| self.fates.is_loose_from(self.from, dependant, &parent))
                    && parents_part(self.from, dependant).contains(support) => {}
            // It lets go by being changed in place.
            Kind::View | Kind::Function | Kind::Procedure | Kind::Policy
                if !still
                    && self.diff.get(lineage).is_some_and(|change| !change.attributes.is_empty())
                    && !self.waits_for_type_behind(support, now.1) => {}
            _ => self.recreate(lineage, dependant),
        }
    }

    fn has_other_default(&self, lineage: Lineage) -> bool {
        self.diff.get(lineage).is_some_and(|change| change.attribute(Attr::Default).is_some())
    }

    /// Whether an object of the second tree stands on something that has the place or the lineage
    /// of `support`.
    fn still_stands_on(&self, support: &Address, object: &Object) -> bool {
        let lineage = self.from.lineage(support);
        object.derived.references.iter().any(|r| r == support || self.to.lineage(r) == lineage)
    }

    /// Whether this is a foreign key with retyped columns on both sides, between which PostgreSQL
    /// would find types that do not compare.
    fn key_between_retyped(&self, address: &Address) -> bool {
        let Some(object) = self.from.object(address) else { return false };
        if !super::order::is_foreign_key(object) {
            return false;
        }
        let retyped = |r: &&Address| self.from.lineage(r).is_some_and(|lineage| self.fates.retyped.contains(&lineage));
        let ends: Vec<bool> =
            object.derived.references.iter().filter(retyped).map(|r| r.relation() == address.relation()).collect();
        ends.contains(&true) && ends.contains(&false) || ends.len() > 1
    }

    /// A column whose retyping was found out late may complete a foreign key's pair.
    fn reconsider_keys(&mut self, column: &Address) {
        for dependant in self.fates.dependants.get(column).cloned().unwrap_or_default() {
            if let Some(lineage) = self.from.lineage(&dependant).filter(|lineage| !self.fates.goes(*lineage))
                && self.key_between_retyped(&dependant)
            {
                self.recreate(lineage, &dependant);
            }
        }
    }
}

/// Whether this cannot stay while a column it stands on changes its type. PostgreSQL rebuilds
/// indexes, constraints and statistics by itself.
fn falls_with_type(dependant: &Address, object: &Object) -> bool {
    match dependant.kind {
        Kind::View | Kind::MaterializedView | Kind::Rule | Kind::Policy | Kind::Trigger => true,
        Kind::Function | Kind::Procedure => true,
        Kind::Column => object.get(Attr::Generated).is_some(),
        _ => false,
    }
}

fn retyped(change: &Change) -> bool {
    let kind = change.address().map(|address| address.kind);
    kind == Some(Kind::Column)
        && (change.attribute(Attr::Type).is_some() || change.attribute(Attr::Collation).is_some())
}

/// Whether an altered object has to be dropped and created again.
fn needs_recreation(from: &Tree, change: &Change) -> bool {
    let (Some((address, old)), Some((_, new))) = (&change.from, &change.to) else { return false };
    let any = |attrs: &[Attr]| change.attributes.iter().any(|changed| attrs.contains(&changed.attr));
    match address.kind {
        Kind::Column => {
            let was = old.get(Attr::Generated).is_some();
            let is = new.get(Attr::Generated).is_some();
            let virtually = old.get(Attr::GeneratedKind).is_some();
            is && any(&[Attr::Generated, Attr::GeneratedKind])
                || was && is && any(&[Attr::Type, Attr::Collation])
                // The values of a virtual column are nowhere to be kept.
                || was && !is && virtually
        }
        Kind::Constraint => {
            any(&[Attr::ConstraintType, Attr::Tablespace])
                || any(&[Attr::Definition]) && super::adopt::deferral(change).is_none()
                || change.attribute(Attr::NotValid).is_some_and(|c| c.to.is_some())
        }
        Kind::Index => {
            any(&[Attr::Unique]) || any(&[Attr::Definition]) && super::adopt::storage_options(from, change).is_none()
        }
        Kind::View => !replaceable(change),
        Kind::MaterializedView => any(&[Attr::Definition]),
        Kind::Function | Kind::Procedure => {
            any(&[Attr::Returns, Attr::Window]) || any(&[Attr::Arguments]) && !super::adopt::only_adds_defaults(change)
        }
        Kind::Aggregate => any(&[Attr::Arguments, Attr::Options]),
        Kind::Trigger | Kind::Rule | Kind::Statistics => any(&[Attr::Definition]),
        Kind::Policy => {
            any(&[Attr::Command, Attr::Restrictive])
                || [Attr::Using, Attr::Check]
                    .iter()
                    .any(|attr| change.attribute(*attr).is_some_and(|changed| changed.to.is_none()))
        }
        Kind::EventTrigger => any(&[Attr::Event, Attr::Function, Attr::Tags]),
        Kind::Domain => any(&[Attr::Type, Attr::Collation]),
        Kind::Range => any(&[Attr::Subtype, Attr::SubtypeOpclass, Attr::SubtypeDiff, Attr::Canonical, Attr::Collation]),
        // PostgreSQL can neither remove a label nor move one.
        Kind::Enum => super::labels::edits(change).is_none(),
        _ => false,
    }
}

/// Whether a table is partitioned otherwise than before, or was not, or is no longer: something
/// that no statement changes. A key that only follows the renames of its columns is the same.
fn has_other_key(diff: &Diff, change: &Change) -> bool {
    let (Some((table, _)), Some(key)) = (&change.from, change.attribute(Attr::PartitionKey)) else { return false };
    let renamed = diff.changes.iter().filter_map(|column| {
        let ((old, _), (new, _)) = (column.from.as_ref()?, column.to.as_ref()?);
        let of_table = old.kind == Kind::Column && old.relation() == table.path;
        (of_table && column.renamed).then(|| (old.name().to_owned(), new.name().to_owned()))
    });
    let renamed: Vec<(String, String)> = renamed.collect();
    match (&key.from, &key.to) {
        (Some(from), Some(to)) => !crate::naming::same_modulo(&renamed, from, to),
        _ => true,
    }
}

/// `CREATE OR REPLACE VIEW` keeps the columns there were, which may be renamed before, and may add
/// some at the end.
fn replaceable(change: &Change) -> bool {
    let (Some((_, old)), Some((_, new))) = (&change.from, &change.to) else { return false };
    if change.attribute(Attr::Definition).is_none() {
        return true;
    }
    let (old, new) = (&old.derived.columns, &new.derived.columns);
    let starts = !old.is_empty() && new.len() >= old.len() && new.starts_with(old);
    starts || super::adopt::renamed_columns(change).is_some()
}

/// The texts of a list; none for what is absent.
pub(super) fn texts(value: Option<&Value>) -> Vec<&str> {
    value.and_then(Value::as_list).map(|list| list.iter().filter_map(Value::as_text).collect()).unwrap_or_default()
}
