//! A column's type changed beside the traffic: a column of the new type, its shadow, is kept in step
//! by a trigger and filled in, gets the indexes and constraints of the old one, and takes its place.
//!
//! Until then the old column is the one that counts, so every tree up to the swap can be left again
//! for the first one without losing anything.

mod judge;
mod write;

use super::constraints::Constraints;
use super::indexes::carried;
use super::{Goal, How, Scene, edit, fill, is_constraint, text};
use crate::plan::{Stage, Step, options_clause, step};
pub(super) use judge::judge;
use judge::{Judged, can_be_kept};
use pleach_schema::{Address, Attr, Entry, Hash, Kind, Lineage, Object, Tree, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) use write::{COLUMN as BESIDE, is_shadow};

/// The columns that get their new type in a shadow, and what has to do with them.
#[derive(Default)]
pub(super) struct Shadows {
    columns: Vec<Shadow>,
    /// Indexes and constraints that are made on shadows and then take the place of others.
    parts: Vec<Beside>,
    /// Unique and primary keys on shadows.
    keys: Vec<Key>,
    /// What is as it was in the first tree until the swap, by its address in the second one.
    waiting: BTreeSet<Address>,
    /// What goes, and is kept until the swap because old columns stand on it.
    kept: Vec<(Address, Entry)>,
}

struct Shadow {
    /// The column in the second tree.
    end: Address,
    /// The column as it is until the swap.
    old: Entry,
    /// The shadow, and what keeps it in step.
    made: [(Address, Entry); 3],
    /// The settings on which its values depend.
    settings: Vec<&'static str>,
    /// How its value follows from the old column's.
    value: String,
    /// Somebody began with it before.
    began: bool,
    /// Rows are to be filled in.
    to_fill: bool,
    /// The constraint that asks of the shadow that it is not null.
    not_null: Option<Address>,
}

struct Beside {
    /// Its address in the second tree.
    end: Address,
    /// Itself, on shadows, under the name that it has until the swap.
    made: (Address, Entry),
}

struct Key {
    /// Its address in the second tree.
    end: Address,
    /// The index that it takes over.
    index: (Address, Entry),
}

impl Shadow {
    fn column(&self) -> &Address {
        &self.made[0].0
    }
}

impl Shadows {
    pub fn new(scene: &Scene<'_>) -> Self {
        let Judged { columns, waiting, .. } = judge(scene);
        let mut out = Self { waiting, ..Self::default() };
        for column in &columns {
            out.add_column(scene, column);
        }
        for address in out.waiting.clone() {
            let before = scene.to.lineage(&address).and_then(|lineage| scene.from.find(lineage));
            before.into_iter().for_each(|(_, object)| out.keep(scene, object));
        }
        let parts: Vec<Address> = out.waiting.iter().filter(|address| address.kind.is_part()).cloned().collect();
        for part in &parts {
            out.add_part(scene, part);
        }
        out
    }

    fn add_column(&mut self, scene: &Scene<'_>, end: &Address) {
        let Some(entry) = scene.to.get(end) else { return };
        let Some((_, old)) = scene.from.find(entry.lineage) else { return };
        let old = Entry { lineage: entry.lineage, object: Arc::clone(old) };
        let types = old.object.text(Attr::Type).zip(entry.object.text(Attr::Type));
        let Some((old_type, new_type)) = types else { return };
        let taken = |address: &Address| scene.to.get(address).is_some() || self.is_made(address);
        let address = edit::free_part(&[scene.to], end.relation(), Kind::Column, end.name(), write::COLUMN);
        let conversion = write::Conversion { from: scene.from, to: scene.to, old: old_type, new: new_type };
        let (function, body) = write::function(end, &address, &conversion, taken);
        let Some((trigger, fires)) = write::trigger([scene.from, scene.to], end, &function) else { return };
        let made = |address: Address, object: Object, purpose: &str| {
            let entry = edit::on_the_way(scene.from, &address, object, edit::lineage(entry.lineage, purpose));
            (address, entry)
        };
        let not_null = entry.object.is(Attr::NotNull).then(|| not_null_of(scene, &address, &entry.object));
        let mut object = Object::default();
        for attr in [Attr::Type, Attr::Collation, Attr::Storage, Attr::Compression, Attr::Statistics, Attr::Options] {
            object.set_some(attr, entry.object.get(attr).cloned());
        }
        let types = entry.object.derived.references.iter().filter(|support| is_type(support)).cloned();
        object.derived.references = types.collect();
        let column = made(address.clone(), object, "shadow");
        let began = scene.from.lineage(&address) == Some(column.1.lineage);
        self.keep(scene, &old.object);
        let index = |address: &Address, entry: &Entry| {
            let gone = address.kind == Kind::Index && scene.to.address(entry.lineage).is_none();
            gone && entry.object.derived.references.iter().any(|on| scene.from.lineage(on) == Some(old.lineage))
        };
        let indexes = scene.from.iter().filter(|(address, entry)| index(address, entry));
        let indexes = indexes.map(|(address, _)| carried(scene, address));
        self.kept.extend(indexes.filter(|(address, _)| edit::is_free(scene.to, address)));
        self.columns.push(Shadow {
            value: conversion.of(&end.name_sql()),
            settings: conversion.settings(),
            made: [column, made(function, body, "keeps in step"), made(trigger, fires, "keeps in step, always")],
            began,
            to_fill: !began || scene.facts.unfilled.contains(&address.sql()),
            end: end.clone(),
            old,
            not_null,
        });
    }

    /// Keeps what an object of the first tree stands on and what would go.
    fn keep(&mut self, scene: &Scene<'_>, object: &Object) {
        let kept = object.derived.references.iter().filter(|support| can_be_kept(scene, support));
        self.kept.extend(kept.filter_map(|support| Some((support.clone(), scene.from.get(support)?.clone()))));
    }

    /// Whether something on the way has this address already.
    fn is_made(&self, address: &Address) -> bool {
        self.columns.iter().flat_map(|shadow| &shadow.made).any(|(made, _)| made == address)
    }

    /// Makes an index, check or key on shadows, where that can be done before the swap.
    fn add_part(&mut self, scene: &Scene<'_>, end: &Address) {
        let Some(entry) = scene.to.get(end) else { return };
        let (object, references) = (&entry.object, &entry.object.derived.references);
        let on: Vec<&Shadow> = self.columns.iter().filter(|shadow| references.contains(&shadow.end)).collect();
        let (mine, theirs): (Vec<&Shadow>, Vec<&Shadow>) =
            on.into_iter().partition(|on| on.end.relation() == end.relation());
        let part = if end.kind == Kind::Index { text::Part::Index } else { text::Part::Constraint };
        let refers = is_constraint(object, &["foreign key"]);
        // What refers to a key that waits is made with it.
        let late = !theirs.is_empty() || references.iter().any(|support| refers && self.waiting.contains(support));
        if mine.is_empty() || late || !matches!(end.kind, Kind::Index | Kind::Constraint) {
            return;
        }
        let written = object.text(Attr::Definition).unwrap_or_default().to_owned();
        let definition = mine.iter().try_fold(written, |text: String, on: &&Shadow| {
            text::on_column(part, &text, on.end.name(), on.column().name())
        });
        let Some(definition) = definition else { return };
        let now = |support: &Address| {
            let shadow = mine.iter().find(|on| on.end == *support);
            shadow.map_or(support, |shadow| shadow.column()).clone()
        };
        let references: BTreeSet<Address> = references.iter().map(now).collect();
        let lineage = edit::lineage(entry.lineage, "on a shadow");
        let free = |kind| edit::free_part(&[scene.to], end.relation(), kind, end.name(), "pleach_new_");
        if is_constraint(object, &["unique", "primary key"]) {
            let Some(definition) = text::index_behind(&definition, &options_clause(object)) else { return };
            let mut index = Object::default();
            index.set(Attr::Definition, definition).set(Attr::Unique, true);
            index.set_some(Attr::Tablespace, object.get(Attr::Tablespace).cloned());
            index.derived.references = references;
            let address = free(Kind::Index);
            let index = edit::on_the_way(scene.from, &address, index, lineage);
            self.keys.push(Key { end: end.clone(), index: (address, index) });
            return;
        }
        let mut made = (**object).clone();
        made.set(Attr::Definition, definition);
        made.attributes.remove(&Attr::Comment);
        if end.kind == Kind::Constraint {
            made.set(Attr::NotValid, true);
        }
        made.derived.references = references;
        let address = free(end.kind);
        let made = edit::on_the_way(scene.from, &address, made, lineage);
        self.parts.push(Beside { end: end.clone(), made: (address, made) });
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Whether an object of the second tree is made, or gets its new type, at the swap.
    pub fn takes(&self, address: &Address) -> bool {
        self.waiting.contains(address) || self.columns.iter().any(|shadow| shadow.end == *address)
    }

    /// The shadows that must not be null: the shadow, its lineage, and the constraint that asks it first.
    pub fn not_null(&self) -> impl Iterator<Item = (&Address, Lineage, &Address)> {
        self.columns.iter().filter_map(|shadow| {
            let (address, entry) = &shadow.made[0];
            let is_so = entry.object.is(Attr::NotNull) && entry.object.get(Attr::NotNullOptions).is_none();
            Some((address, entry.lineage, shadow.not_null.as_ref().filter(|_| !is_so)?))
        })
    }

    /// Whether an object of the first tree is something on the way that somebody began with.
    pub fn began(&self, from: &Tree, address: &Address) -> bool {
        let lineage = from.lineage(address);
        self.all_made().any(|(made, entry)| made == address && Some(entry.lineage) == lineage)
    }

    fn all_made(&self) -> impl Iterator<Item = &(Address, Entry)> {
        let parts = self.parts.iter().map(|beside| &beside.made);
        let keys = self.keys.iter().map(|key| &key.index);
        self.columns.iter().flat_map(|shadow| &shadow.made).chain(parts).chain(keys)
    }

    /// Leaves everything as it was that waits for the swap, and what somebody made before on its way.
    pub fn put_off(&self, scene: &Scene<'_>, tree: &mut Tree) {
        for address in &self.waiting {
            tree.remove(address);
        }
        for shadow in &self.columns {
            tree.remove(&shadow.end);
            edit::put(tree, shadow.end.clone(), shadow.old.clone());
        }
        for (address, entry) in &self.kept {
            edit::put(tree, address.clone(), entry.clone());
        }
        for address in &self.waiting {
            let before = scene.to.lineage(address).and_then(|lineage| scene.from.address(lineage));
            if let Some((address, entry)) = before.map(|before| carried(scene, before)) {
                edit::put(tree, address, entry);
            }
        }
        for (address, entry) in self.all_made().filter(|(address, _)| self.began(scene.from, address)) {
            edit::put(tree, address.clone(), entry.clone());
        }
    }

    /// Adds the shadows, which from now on are in step for every row that is written.
    pub fn add(&self, tree: &mut Tree) -> Goal {
        let mut before = Vec::new();
        let mut after = Vec::new();
        for shadow in &self.columns {
            for (address, entry) in &shadow.made {
                edit::put(tree, address.clone(), entry.clone());
            }
            // One that is there was written down, and made with its settings.
            if shadow.began {
                continue;
            }
            before.push(fill::register(shadow.column()));
            let [_, (function, _), _] = &shadow.made;
            after.extend(shadow.settings.iter().map(|setting| {
                let sql = format!("ALTER FUNCTION {} SET \"{setting}\" FROM CURRENT", function.sql());
                step(function, Stage::Expand, sql)
            }));
        }
        let begun = self.columns.iter().filter(|shadow| !shadow.began);
        let tables: BTreeSet<Address> = begun.filter_map(|shadow| tree.parent(shadow.column())).collect();
        if tables.len() > 1 {
            before.splice(0..0, lock_all(&tables));
        }
        let goal = Goal::new("add columns of the new types beside the old ones", How::Transaction, tree.clone());
        Goal { before, after, ..goal }
    }

    /// The statements that fill the shadows in.
    pub fn fill(&self, batches: &super::Batches) -> Vec<Step> {
        let to_fill = self.columns.iter().filter(|shadow| shadow.to_fill);
        to_fill
            .map(|shadow| {
                let (column, name) = (shadow.column(), shadow.column().name_sql());
                // Rows with nothing in them are no nulls.
                let missing = format!("{name} IS NOT DISTINCT FROM NULL AND ({}) IS DISTINCT FROM NULL", shadow.value);
                fill::fill(column, &format!("{name} = {}", shadow.value), &missing, batches)
            })
            .collect()
    }

    /// Puts what is built beside the traffic into a tree.
    pub fn build(&self, tree: &mut Tree) {
        let indexes = self.parts.iter().map(|beside| &beside.made).filter(|(address, _)| address.kind == Kind::Index);
        for (address, entry) in indexes.chain(self.keys.iter().map(|key| &key.index)) {
            edit::put(tree, address.clone(), entry.clone());
        }
    }

    /// Lets PostgreSQL know what is in the shadows, as it knows it of the columns.
    pub fn analyze(&self, tree: &Tree) -> Goal {
        let mut tables: BTreeMap<String, (&Shadow, Vec<String>)> = BTreeMap::new();
        for shadow in &self.columns {
            let of = tables.entry(shadow.end.relation_sql()).or_insert_with(|| (shadow, Vec::new()));
            of.1.push(shadow.column().name_sql().into_owned());
        }
        let mut goal = Goal::new("gather statistics on the new columns", How::Alone, tree.clone());
        goal.before = tables
            .into_iter()
            .map(|(table, (shadow, columns))| {
                step(shadow.column(), Stage::Expand, format!("ANALYZE {table} ({})", columns.join(", ")))
            })
            .collect();
        goal
    }

    /// Asks of new rows what the constraints on the shadows will ask of all.
    pub fn ask(&self, tree: &mut Tree) {
        for (address, entry) in self.constraints() {
            edit::put(tree, address.clone(), entry.clone());
        }
    }

    fn constraints(&self) -> impl Iterator<Item = &(Address, Entry)> {
        self.parts.iter().map(|beside| &beside.made).filter(|(address, _)| address.kind == Kind::Constraint)
    }

    /// Checks the rows that were there before.
    pub fn validate(&self, tree: &mut Tree, end: &Tree) {
        for beside in self.parts.iter().filter(|beside| beside.made.0.kind == Kind::Constraint) {
            if end.object(&beside.end).is_some_and(|end| !end.is(Attr::NotValid)) {
                edit::change(tree, &beside.made.0, |object| drop(object.attributes.remove(&Attr::NotValid)));
            }
        }
    }

    /// Lets the shadows take the place of the columns.
    ///
    /// The plan drops the old column and renames the shadow, so for the plan they are two; from then
    /// on the shadow is the column.
    pub fn swap(&self, scene: &Scene<'_>, tree: &mut Tree, end: &Tree, constraints: &Constraints) -> Option<Goal> {
        if self.is_empty() {
            return None;
        }
        let mut goal = Goal::new("let the new columns take the place of the old ones", How::Transaction, tree.clone());
        let mut planned = tree.clone();
        for (address, _) in self.all_made().chain(&self.kept) {
            planned.remove(address);
        }
        for address in self.waiting.iter().chain(self.columns.iter().map(|shadow| &shadow.end)) {
            // What waited may have been called otherwise.
            let there = end.lineage(address).and_then(|lineage| planned.address(lineage)).cloned();
            there.map(|there| planned.remove(&there));
        }
        let mut heirs: BTreeMap<Address, Lineage> = BTreeMap::new();
        heirs.extend(self.columns.iter().map(|shadow| (shadow.end.clone(), shadow.made[0].1.lineage)));
        heirs.extend(self.parts.iter().map(|beside| (beside.end.clone(), beside.made.1.lineage)));
        heirs.extend(self.keys.iter().map(|key| (key.end.clone(), edit::lineage(key.index.1.lineage, "key"))));
        let columns = self.columns.iter().map(|shadow| &shadow.end);
        for address in columns.chain(&self.waiting) {
            let Some(entry) = end.get(address) else { continue };
            let lineage = heirs.get(address).copied().unwrap_or(entry.lineage);
            edit::put(&mut planned, address.clone(), Entry { lineage, object: Arc::clone(&entry.object) });
            if !self.parts.iter().any(|beside| beside.end == *address) {
                constraints.loosen_rebuilt(&mut planned, address);
            }
        }
        tree.clone_from(&planned);
        for (address, lineage) in &heirs {
            if let Some(of) = end.lineage(address) {
                edit::relineage(tree, *lineage, of);
            }
        }
        for key in &self.keys {
            goal.adopted.push(key.index.0.clone());
            goal.style.adopts.insert(key.end.clone(), key.index.0.name().to_owned());
        }
        goal.before.extend(self.lock(&goal.tree));
        for shadow in &self.columns {
            self.hand_over(scene, shadow, &mut goal);
            goal.moved.insert(shadow.end.clone());
        }
        goal.tree = tree.clone();
        goal.planned = Some(planned);
        Some(goal)
    }

    /// Takes all locks before anything is read.
    fn lock(&self, tree: &Tree) -> Option<Step> {
        let keys = self.waiting.iter().filter(|address| address.kind == Kind::Constraint);
        let columns = self.columns.iter().map(|shadow| &shadow.end);
        let tables: BTreeSet<Address> = columns.chain(keys).filter_map(|part| tree.parent(part)).collect();
        lock_all(&tables)
    }

    /// What the old column has besides values: where its identity stands, and a constraint's name.
    fn hand_over(&self, scene: &Scene<'_>, shadow: &Shadow, goal: &mut Goal) {
        let sequence = |object: &Object| {
            let identity = object.get(Attr::Identity).and_then(Value::as_map)?;
            identity.get("sequence").and_then(Value::as_text).map(str::to_owned)
        };
        let new = scene.to.object(&shadow.end);
        if let Some((old, new)) = sequence(&shadow.old.object).zip(new.and_then(sequence)) {
            let of = Hash::of(shadow.end.sql().as_bytes()).to_string();
            let key = format!("pleach.at_{}", of.get(..16).unwrap_or_default());
            goal.before.push(step(&shadow.end, Stage::Clear, write::hold(&old)));
            goal.before.push(step(&shadow.end, Stage::Clear, write::remember(&key, &old)));
            goal.after.push(step(&shadow.end, Stage::Contract, write::go_on(&key, &new)));
        }
        let native = scene.facts.version >= 180_000;
        if let Some(name) = shadow.not_null.as_ref().filter(|_| native)
            && new.is_some_and(|new| new.get(Attr::NotNullName).is_none())
        {
            let table = shadow.end.relation_sql();
            let usual = not_null_name(&shadow.end);
            let sql = format!(
                "ALTER TABLE {table} RENAME CONSTRAINT {} TO {}",
                name.name_sql(),
                pleach_schema::quote_ident(&usual)
            );
            goal.after.push(step(&shadow.end, Stage::Contract, sql));
        }
    }
}

/// Whether this is a type.
fn is_type(address: &Address) -> bool {
    matches!(address.kind, Kind::Enum | Kind::Domain | Kind::Range | Kind::Composite | Kind::Extension)
}

/// The constraint that asks of a shadow that it is not null.
fn not_null_of(scene: &Scene<'_>, shadow: &Address, end: &Object) -> Address {
    let native = scene.facts.version >= 180_000;
    let table = Address::new(Kind::Table, shadow.relation().iter().cloned());
    match end.text(Attr::NotNullName) {
        Some(chosen) if native => table.part(Kind::Constraint, &edit::name(chosen, "pleach_new_", "")),
        None if native => table.part(Kind::Constraint, &not_null_name(shadow)),
        _ => edit::free_part(&[scene.to], shadow.relation(), Kind::Constraint, shadow.name(), "pleach_not_null_"),
    }
}

/// What PostgreSQL calls the not-null constraint of a column.
fn not_null_name(column: &Address) -> String {
    let table = column.path.get(1).map_or("", String::as_str);
    edit::name(&format!("{table}_{}", column.name()), "", "_not_null")
}

/// Takes the locks of several tables at once: what the statements after it do is quick, so that nobody
/// who waits for one of them holds another for as long as it takes PostgreSQL to look for deadlocks.
fn lock_all(tables: &BTreeSet<Address>) -> Option<Step> {
    let names: Vec<String> = tables.iter().map(Address::sql).collect();
    let sql = format!("LOCK TABLE ONLY {} IN ACCESS EXCLUSIVE MODE", names.join(", ONLY "));
    tables.first().map(|table| step(table, Stage::Clear, sql))
}
