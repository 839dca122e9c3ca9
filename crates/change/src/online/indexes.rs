//! Indexes of large tables, and the keys that stand on them: built and replaced beside the traffic.
//!
//! The old one serves until the new one does.

use super::constraints::{Constraints, is_new};
use super::not_null::NotNull;
use super::shadow::Shadows;
use super::{Goal, How, Scene, edit, is_constraint, text};
use crate::plan::options_clause;
use pleach_schema::{Address, Attr, Entry, Kind, Object, Tree};
use std::sync::Arc;

/// What is built beside the traffic.
#[derive(Default)]
pub(super) struct Indexes {
    /// New indexes, by their address in the second tree.
    new: Vec<Address>,
    /// Indexes that take the place of others.
    changed: Vec<Changed>,
    /// Unique and primary keys.
    keys: Vec<Key>,
    /// Indexes that go.
    dropped: Vec<(Address, Entry)>,
    /// Indexes of the first tree that somebody built on this way before.
    begun: Vec<(Address, Entry)>,
}

struct Changed {
    /// The old one under the name it keeps until the new one is there.
    old: (Address, Entry),
    /// What the old one is called then.
    aside: Address,
    /// The new one until then.
    beside: Address,
    /// The new one's address in the second tree.
    end: Address,
}

struct Key {
    /// Its address in the second tree.
    end: Address,
    /// The index that it takes over.
    index: (Address, Entry),
    /// The key whose place it takes, and what that was called in the first tree.
    old: Option<(Address, Entry)>,
    /// Its columns have to become not null first.
    waits: bool,
}

impl Indexes {
    pub fn new(scene: &Scene<'_>, not_null: &NotNull, shadows: &Shadows, end: &mut Tree) -> Self {
        let mut out = Self::default();
        for (address, entry) in scene.to.iter().filter(|(address, _)| scene.large_table(address).is_some()) {
            if scene.to.is_of_partitioned(address) || shadows.takes(address) {
                continue;
            }
            match address.kind {
                Kind::Index => out.take_index(scene, address, entry, end),
                Kind::Constraint if is_constraint(&entry.object, &["unique", "primary key"]) => {
                    out.take_key(scene, not_null, address, entry, end);
                }
                _ => {}
            }
        }
        for (address, entry) in scene.from.iter().filter(|(address, _)| address.kind == Kind::Index) {
            let goes = scene.to.address(entry.lineage).is_none()
                && !entry.object.is(Attr::Unique)
                && !shadows.began(scene.from, address)
                && !out.begun.iter().any(|(begun, _)| begun == address);
            out.dropped.extend(Some(address).filter(|_| goes).and_then(|address| kept(scene, address)));
        }
        out
    }

    fn take_index(&mut self, scene: &Scene<'_>, address: &Address, entry: &Entry, end: &mut Tree) {
        let Some(before) = scene.from.find(entry.lineage).map(|(old, object)| (old.clone(), object.clone())) else {
            return self.new.push(address.clone());
        };
        let change = scene.diff.get(entry.lineage);
        let differs =
            change.is_some_and(|c| [Attr::Definition, Attr::Unique].iter().any(|attr| c.attribute(*attr).is_some()));
        let attached = entry.object.get(Attr::AttachedTo).is_some() || before.1.get(Attr::AttachedTo).is_some();
        if !differs || attached {
            return;
        }
        if let Some(old) = kept(scene, &before.0) {
            let free = |trees: &[&Tree], prefix| {
                edit::free_part(trees, address.relation(), Kind::Index, address.name(), prefix)
            };
            let beside = free(&[scene.to], "pleach_new_");
            let fresh = edit::lineage(entry.lineage, "built beside");
            let made = edit::on_the_way(scene.from, &beside, (*entry.object).clone(), fresh);
            self.note(scene, &beside, &made);
            self.changed.push(Changed {
                old,
                aside: free(&[scene.from, scene.to], "pleach_old_"),
                beside,
                end: address.clone(),
            });
            edit::relineage(end, entry.lineage, made.lineage);
        }
    }

    fn take_key(&mut self, scene: &Scene<'_>, not_null: &NotNull, address: &Address, entry: &Entry, end: &mut Tree) {
        let attached = entry.object.get(Attr::AttachedTo).is_some();
        // An index that is there already is taken over by the rest of the plan.
        let served = crate::plan::adoptable(scene.from, scene.to, address).is_some();
        if !is_new(scene, entry.lineage) || attached || served {
            return;
        }
        let definition = entry.object.text(Attr::Definition).unwrap_or_default();
        let options = options_clause(&entry.object);
        let Some(definition) = text::index_behind(definition, &options) else { return };
        let before = scene.from.address(entry.lineage);
        let old = before.and_then(|before| kept(scene, before));
        if before.is_some() && old.is_none() {
            return;
        }
        let index = edit::free_part(&[scene.to], address.relation(), Kind::Index, address.name(), "pleach_new_");
        let mut object = Object::default();
        object.set(Attr::Definition, definition).set(Attr::Unique, true);
        object.set_some(Attr::Tablespace, entry.object.get(Attr::Tablespace).cloned());
        object.derived.references.clone_from(&entry.object.derived.references);
        let fresh = edit::lineage(entry.lineage, "index");
        let made = edit::on_the_way(scene.from, &index, object, fresh);
        self.note(scene, &index, &made);
        let primary = is_constraint(&entry.object, &["primary key"]);
        let waits = primary && entry.object.derived.references.iter().any(|column| not_null.waits(column));
        self.keys.push(Key { end: address.clone(), index: (index, made), old, waits });
        edit::relineage(end, entry.lineage, edit::lineage(entry.lineage, "on an index built beside"));
    }

    /// Keeps an index that somebody built on this way before.
    fn note(&mut self, scene: &Scene<'_>, index: &Address, made: &Entry) {
        if scene.from.lineage(index) == Some(made.lineage) {
            self.begun.push((index.clone(), made.clone()));
        }
    }

    /// Takes what is built beside the traffic out of a tree, and leaves what was there before in.
    pub fn put_off(&self, scene: &Scene<'_>, tree: &mut Tree) {
        let mut gone: Vec<Address> = self.built().cloned().collect();
        let mut waiting = Vec::new();
        while let Some(address) = gone.pop() {
            let Some(entry) = tree.remove(&address) else { continue };
            let stands_on = |entry: &Entry| entry.object.derived.references.contains(&address);
            gone.extend(tree.iter().filter(|(_, entry)| stands_on(entry)).map(|(address, _)| address.clone()));
            // What was there before and waits stays as it was.
            if let Some((before, _)) =
                scene.from.find(entry.lineage).filter(|_| !self.built().any(|built| *built == address))
            {
                waiting.push(carried(scene, before));
            }
        }
        for (address, entry) in self.old().chain(&self.begun) {
            edit::put(tree, address.clone(), entry.clone());
        }
        // Unless what it stands on goes: then it comes with what it will stand on.
        for (address, entry) in waiting {
            if entry.object.derived.references.iter().all(|support| tree.get(support).is_some()) {
                edit::put(tree, address, entry);
            }
        }
        for (table, now) in &scene.tables {
            for attr in [Attr::ReplicaIdentity, Attr::ClusteredOn] {
                let before = scene.from.find(*table).and_then(|(_, object)| object.get(attr)).cloned();
                if scene.to.object(now).and_then(|object| object.get(attr)) != before.as_ref() {
                    edit::change(tree, now, |object| {
                        object.attributes.remove(&attr);
                        object.set_some(attr, before);
                    });
                }
            }
        }
    }

    /// What is built, by its address in the second tree.
    fn built(&self) -> impl Iterator<Item = &Address> {
        let keys = self.keys.iter().map(|key| &key.end);
        self.new.iter().chain(self.changed.iter().map(|changed| &changed.end)).chain(keys)
    }

    /// What stays until it is no longer needed.
    fn old(&self) -> impl Iterator<Item = &(Address, Entry)> {
        let keys = self.keys.iter().filter_map(|key| key.old.as_ref());
        self.changed.iter().map(|changed| &changed.old).chain(keys).chain(&self.dropped)
    }

    /// Builds what is new, under a name of its own where the old one still serves.
    pub fn build(&self, tree: &mut Tree, end: &Tree) -> Goal {
        let at_once = self.new.iter().map(|address| (address, address));
        for (address, at) in at_once.chain(self.changed.iter().map(|changed| (&changed.end, &changed.beside))) {
            if let Some(entry) = end.get(address) {
                edit::put(tree, at.clone(), entry.clone());
            }
        }
        for key in &self.keys {
            edit::put(tree, key.index.0.clone(), key.index.1.clone());
        }
        Goal::new("build indexes while others read and write", How::Alone, tree.clone())
    }

    /// Lets the new ones serve in place of the old ones.
    pub fn swap(&self, tree: &mut Tree, end: &Tree, constraints: &Constraints) -> Goal {
        for changed in &self.changed {
            if let Some(old) = tree.remove(&changed.old.0) {
                edit::put(tree, changed.aside.clone(), old);
            }
            if let Some(new) = tree.remove(&changed.beside) {
                edit::put(tree, changed.end.clone(), new);
            }
        }
        let mut goal = Goal::new("put them to use", How::Transaction, tree.clone());
        self.adopt(&mut goal, end, constraints, |key| !key.waits);
        tree.clone_from(&goal.tree);
        goal
    }

    /// Makes the keys whose columns had to become not null, and what refers to any of them.
    pub fn adopt_rest(&self, tree: &mut Tree, end: &Tree, constraints: &Constraints) -> Goal {
        let mut goal = Goal::new("make keys of them", How::Transaction, tree.clone());
        self.adopt(&mut goal, end, constraints, |key| key.waits);
        for (address, entry) in end.iter().filter(|(_, entry)| is_constraint(&entry.object, &["foreign key"])) {
            let refers = |key: &Key| entry.object.derived.references.contains(&key.end);
            if self.keys.iter().any(refers) && edit::put(&mut goal.tree, address.clone(), entry.clone()) {
                constraints.loosen_one(&mut goal.tree, address);
            }
        }
        tree.clone_from(&goal.tree);
        goal
    }

    fn adopt(&self, goal: &mut Goal, end: &Tree, constraints: &Constraints, which: impl Fn(&Key) -> bool) {
        for key in self.keys.iter().filter(|key| which(key)) {
            goal.tree.remove(&key.index.0);
            if let Some((old, _)) = &key.old {
                goal.tree.remove(old);
                rebuild_dependants(&mut goal.tree, end, old, constraints);
            }
            if let Some(entry) = end.get(&key.end) {
                edit::put(&mut goal.tree, key.end.clone(), entry.clone());
            }
            goal.adopted.push(key.index.0.clone());
            goal.style.adopts.insert(key.end.clone(), key.index.0.name().to_owned());
        }
    }

    /// What had to wait for all of this, and the end of what no longer serves.
    pub fn finish(&self, end: &Tree) -> [Goal; 2] {
        let mut tree = end.clone();
        for changed in &self.changed {
            edit::put(&mut tree, changed.aside.clone(), changed.old.1.clone());
        }
        for (address, entry) in &self.dropped {
            edit::put(&mut tree, address.clone(), entry.clone());
        }
        let rest = Goal::new("change what waited for them", How::Transaction, tree);
        [rest, Goal::new("drop indexes that no longer serve", How::Alone, end.clone())]
    }
}

/// What stood on a key that goes is made again with the new one, as it is in the end.
fn rebuild_dependants(tree: &mut Tree, end: &Tree, key: &Address, constraints: &Constraints) {
    let dependants = tree.iter().filter(|(_, entry)| entry.object.derived.references.contains(key));
    for address in dependants.map(|(address, _)| address.clone()).collect::<Vec<_>>() {
        let Some(entry) = tree.remove(&address) else { continue };
        if let Some((now, object)) = end.find(entry.lineage) {
            let entry = Entry { lineage: entry.lineage, object: object.clone() };
            edit::put(tree, now.clone(), entry);
            constraints.loosen_rebuilt(tree, now);
        }
    }
}

/// An object of the first tree as it is called while the second tree's names hold.
pub(super) fn carried(scene: &Scene<'_>, before: &Address) -> (Address, Entry) {
    let now = |address: &Address| scene.from.lineage(address).and_then(|lineage| scene.to.address(lineage));
    let mut address = before.clone();
    if let Some(relation) = scene.from.parent(before).as_ref().and_then(now) {
        address = relation.part(before.kind, before.name());
    }
    let mut object = scene.from.object(before).cloned().unwrap_or_default();
    let references = object.derived.references.iter();
    object.derived.references = references.map(|reference| now(reference).unwrap_or(reference).clone()).collect();
    let lineage = scene.from.lineage(before).unwrap_or(pleach_schema::Lineage::NIL);
    (address, Entry { lineage, object: Arc::new(object) })
}

/// An index or key of a large table that can stay while the rest changes: what it stands on stays
/// as it is, and nothing else wants its name.
fn kept(scene: &Scene<'_>, before: &Address) -> Option<(Address, Entry)> {
    let table = scene.from.lineage(&scene.from.parent(before)?)?;
    scene.tables.get(&table)?;
    let object = scene.from.object(before)?;
    let stays = |support: &Address| {
        let Some(lineage) = scene.from.lineage(support) else { return false };
        let retyped = scene.diff.get(lineage).is_some_and(|change| change.attribute(Attr::Type).is_some());
        scene.to.address(lineage).is_some() && !retyped
    };
    if scene.from.is_of_partitioned(before)
        || object.get(Attr::AttachedTo).is_some()
        || !object.derived.references.iter().all(stays)
    {
        return None;
    }
    let (address, entry) = carried(scene, before);
    let free = match scene.to.get(&address) {
        Some(other) => other.lineage == entry.lineage,
        None => edit::is_free(scene.to, &address),
    };
    free.then_some((address, entry))
}
