//! The part of a schema that a change can have to do with.
//!
//! What PostgreSQL answers to a statement depends on the objects that the statement names, on what
//! they stand on, on what depends on them, and on whether names are free. So a plan is made for, and
//! tried on, the part of both trees that is closed in this sense; what is outside of it is the same
//! on both sides, and no statement of the plan can reach it.

use crate::merge::holds_parts;
use crate::plan::parent_tables;
use pleach_schema::{Address, Attr, Kind, Lineage, Object, Tree};
use std::collections::{HashMap, HashSet};

/// What two trees differ in, with everything that has to do with it.
#[derive(Debug, Clone)]
pub struct Part {
    /// What is in it of the first tree.
    pub from: Tree,
    /// What is in it of the second tree.
    pub to: Tree,
}

/// How an object has to do with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    /// Something stands on it; it only has to be there.
    Support,
    /// It changes, or has to give way to something that changes.
    Touched,
}

/// The part of two trees that a plan between them has to do with. `also` is touched besides what
/// differs.
pub fn part(from: &Tree, to: &Tree, also: &[Address]) -> Part {
    let mut closure = Closure::new(from, to);
    let changed = crate::diff(from, to).changes.into_iter().map(|change| change.lineage);
    let also = also.iter().filter_map(|address| from.lineage(address));
    for lineage in changed.chain(also) {
        closure.change(lineage);
    }
    for (address, entry) in from.iter().chain(to.iter()) {
        match address.kind {
            // They have a say in every change.
            Kind::EventTrigger | Kind::DefaultPrivileges => closure.take(entry.lineage, Role::Support),
            // Every database begins with it.
            Kind::Schema if address.name() == "public" => closure.take(entry.lineage, Role::Support),
            // Plans choose names like these, and look which are free.
            _ if address.name().starts_with("pleach_") => closure.change(entry.lineage),
            _ => {}
        }
    }
    closure.settle();
    while closure.take_namesakes() {
        closure.settle();
    }
    let roles = closure.roles;
    let of = |tree: &Tree| {
        let entries = tree.shared().filter(|(_, entry)| roles.contains_key(&entry.lineage));
        let entries = entries.map(|(address, entry)| (address.clone(), entry.clone()));
        // Objects of a tree have an address and a lineage of their own each.
        Tree::from_entries(entries).unwrap_or_else(|_| tree.clone())
    };
    Part { from: of(from), to: of(to) }
}

/// Who needs whom, in both trees.
struct Closure<'a> {
    trees: [&'a Tree; 2],
    /// Objects by what they stand on, in either tree.
    dependants: HashMap<&'a Address, Vec<Lineage>>,
    roles: HashMap<Lineage, Role>,
    waiting: Vec<(Lineage, Role)>,
}

impl<'a> Closure<'a> {
    fn new(from: &'a Tree, to: &'a Tree) -> Self {
        let mut dependants: HashMap<&Address, Vec<Lineage>> = HashMap::new();
        for (_, was, is) in from.beside(to) {
            // What is the same object on both sides says the same twice.
            let same = was.zip(is).is_some_and(|(was, is)| {
                was.lineage == is.lineage && was.object.derived.references == is.object.derived.references
            });
            for entry in was.into_iter().chain(is.filter(|_| !same)) {
                for support in &entry.object.derived.references {
                    dependants.entry(support).or_default().push(entry.lineage);
                }
            }
        }
        Self { trees: [from, to], dependants, roles: HashMap::new(), waiting: Vec::new() }
    }

    /// Takes an object that changes. With a part of a relation the whole relation does.
    fn change(&mut self, lineage: Lineage) {
        self.take(lineage, Role::Touched);
        for tree in self.trees {
            let whole = tree.address(lineage).and_then(|address| tree.parent(address));
            if let Some(whole) = whole.and_then(|whole| tree.lineage(&whole)) {
                self.take(whole, Role::Touched);
            }
        }
    }

    fn take(&mut self, lineage: Lineage, role: Role) {
        if self.roles.get(&lineage).is_none_or(|known| *known < role) {
            self.roles.insert(lineage, role);
            self.waiting.push((lineage, role));
        }
    }

    /// Takes everything that has to do with what was taken.
    fn settle(&mut self) {
        while let Some((lineage, role)) = self.waiting.pop() {
            for tree in self.trees {
                if let Some((address, object)) = tree.find(lineage) {
                    self.take_supports(tree, address, object);
                    if role == Role::Touched {
                        self.take_dependants(tree, address);
                    }
                }
            }
            if role == Role::Touched {
                self.take_contents(lineage);
            }
        }
    }

    /// Takes what an object cannot be made without.
    fn take_supports(&mut self, tree: &Tree, address: &Address, object: &Object) {
        let mut supports = tree.supports(address);
        if let (Kind::DefaultPrivileges, Some(schema)) = (address.kind, address.path.get(1)) {
            supports.push(Address::new(Kind::Schema, [schema]));
        }
        if holds_parts(address.kind) {
            let inside = |kind| tree.parts(&address.path, kind).map(|(part, _)| part.clone());
            supports.extend(inside(Kind::Column).chain(inside(Kind::Attribute)));
            if address.kind == Kind::Domain {
                supports.extend(inside(Kind::Constraint));
            }
        }
        // The indexes that a table names among its settings.
        let named = [Attr::ReplicaIdentity, Attr::ClusteredOn].into_iter().any(|attr| object.get(attr).is_some());
        if named {
            for kind in [Kind::Index, Kind::Constraint] {
                supports.extend(tree.parts(&address.path, kind).map(|(part, _)| part.clone()));
            }
        }
        for support in supports {
            if let Some(lineage) = tree.lineage(&support) {
                self.take(lineage, Role::Support);
            }
        }
    }

    /// Takes what may have to give way when an object changes.
    fn take_dependants(&mut self, tree: &Tree, address: &Address) {
        for lineage in self.dependants.get(address).cloned().unwrap_or_default() {
            self.take(lineage, Role::Touched);
        }
        let mut along = Vec::new();
        if address.kind.is_part() {
            // A column's type is part of its relation's row type, which others may use.
            if matches!(address.kind, Kind::Column | Kind::Attribute) {
                along.extend(tree.parent(address));
            }
        } else if holds_parts(address.kind) {
            for kind in Kind::ALL.iter().filter(|kind| kind.is_part()) {
                along.extend(tree.parts(&address.path, *kind).map(|(part, _)| part.clone()));
            }
            if address.kind == Kind::Table {
                // Children are dependants; so this takes the whole family.
                along.extend(parent_tables(tree, address));
            }
        }
        for other in along {
            if let Some(lineage) = tree.lineage(&other) {
                self.take(lineage, Role::Touched);
            }
        }
    }

    /// Takes what is in a schema that is called otherwise.
    fn take_contents(&mut self, lineage: Lineage) {
        let [from, to] = self.trees;
        let (was, is) = (from.address(lineage), to.address(lineage));
        if was == is {
            return;
        }
        for (tree, schema) in [(from, was), (to, is)] {
            let Some(schema) = schema.filter(|schema| schema.kind == Kind::Schema) else { continue };
            for (_, entry) in tree.iter().filter(|(other, _)| other.schema() == Some(schema.name())) {
                self.take(entry.lineage, Role::Touched);
            }
        }
    }

    /// Takes columns whose not-null constraints PostgreSQL would call as it would those of columns
    /// that are touched, and constraints that are called so: it gives the second one another name.
    fn take_namesakes(&mut self) -> bool {
        let mut names: HashSet<(&str, String)> = HashSet::new();
        for tree in self.trees {
            for (address, entry) in tree.iter().filter(|(address, _)| address.kind == Kind::Column) {
                if self.roles.get(&entry.lineage) == Some(&Role::Touched) {
                    names.extend(not_null(address));
                }
            }
        }
        let mut found = Vec::new();
        for tree in self.trees {
            for (address, entry) in tree.iter() {
                let name = match address.kind {
                    Kind::Column => not_null(address),
                    Kind::Constraint => address.schema().map(|schema| (schema, address.name().to_owned())),
                    _ => None,
                };
                if name.is_some_and(|name| names.contains(&name))
                    && self.roles.get(&entry.lineage) != Some(&Role::Touched)
                {
                    found.push(entry.lineage);
                }
            }
        }
        found.iter().for_each(|lineage| self.change(*lineage));
        !found.is_empty()
    }
}

/// Schema and name that PostgreSQL gives to the not-null constraint of a column.
fn not_null(column: &Address) -> Option<(&str, String)> {
    const SUFFIX: &str = "_not_null";
    /// What PostgreSQL keeps of a name, without the suffix and the underscore between the two.
    const ROOM: usize = 63 - SUFFIX.len() - 1;
    let [schema, table, column] = column.path.as_slice() else { return None };
    let (mut a, mut b) = (table.len(), column.len());
    while a + b > ROOM {
        if a > b { a -= 1 } else { b -= 1 }
    }
    Some((schema, format!("{}_{}{SUFFIX}", clip(table, a), clip(column, b))))
}

/// As much of a text as fits into so many bytes.
fn clip(text: &str, length: usize) -> &str {
    let fits = (0..=length).rev().find_map(|end| text.get(..end));
    fits.unwrap_or_default()
}
