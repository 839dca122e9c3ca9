//! A tree made ready to be asked by name.

use super::Touch;
use super::names;
use pleach_schema::{Address, Attr, Entry, Kind, Object, Tree, Value};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex};

/// Objects by schema and name.
type ByName<T> = HashMap<String, HashMap<String, T>>;

/// A tree with the lookups that footprints need: made once for a tree, and kept for many changes.
pub struct Surroundings {
    tree: Tree,
    relations: ByName<Arc<Address>>,
    types: ByName<Arc<Address>>,
    routines: ByName<Vec<Arc<Address>>>,
    constraints: HashMap<String, HashSet<String>>,
    types_as_written: HashMap<String, Arc<Address>>,
    dependents: HashMap<Arc<Address>, Vec<Arc<Address>>>,
    children: HashMap<Vec<String>, Vec<Arc<Address>>>,
    extensions: Vec<Address>,
    /// What the bodies of routines touch, once it was asked for.
    pub(super) bodies: Mutex<Bodies>,
}

/// What a routine's body touches, by routine and search path.
pub(super) type Bodies = HashMap<(Address, Vec<String>), Arc<BodyUse>>;

/// What calling a routine touches.
#[derive(Debug, Clone, Default)]
pub(super) struct BodyUse {
    pub touches: Vec<Touch>,
    pub opaque: Vec<super::Opaque>,
    /// Columns of the row that fired a trigger: `NEW.email`; `*` for all of them.
    pub row_fields: Vec<String>,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Surroundings of {} objects", self.tree.len())
    }
}

impl Surroundings {
    /// Makes a tree ready. The tree is shared, not copied.
    pub fn new(tree: &Tree) -> Self {
        let mut around = Self {
            tree: tree.clone(),
            relations: HashMap::new(),
            types: HashMap::new(),
            routines: HashMap::new(),
            constraints: HashMap::new(),
            types_as_written: HashMap::new(),
            dependents: HashMap::new(),
            children: HashMap::new(),
            extensions: vec![],
            bodies: Mutex::default(),
        };
        for (address, entry) in tree.shared() {
            around.add(address, entry);
        }
        around
    }

    fn add(&mut self, address: &Arc<Address>, entry: &Entry) {
        let object = &*entry.object;
        let name = address.name();
        match address.kind {
            Kind::Table => {
                add_name(&mut self.relations, address);
                let parents = object.get(Attr::Inherits).and_then(Value::as_list).unwrap_or_default().iter();
                let parents = parents.chain(object.get(Attr::PartitionOf)).filter_map(Value::as_text);
                for parent in parents {
                    self.children.entry(names::parts(parent)).or_default().push(Arc::clone(address));
                }
            }
            Kind::View | Kind::MaterializedView | Kind::Sequence | Kind::Composite | Kind::Index => {
                add_name(&mut self.relations, address);
            }
            Kind::Column => self.add_identity(address, object),
            // It brings its language and nothing else.
            Kind::Extension if name != "plpgsql" => self.extensions.push(Address::clone(address)),
            Kind::Constraint => {
                let schema = address.schema().unwrap_or_default();
                self.constraints.entry(schema.to_owned()).or_default().insert(name.to_owned());
                if is_backed(object) {
                    let index = Address { kind: Kind::Index, ..Address::clone(address) };
                    add_name(&mut self.relations, &Arc::new(index));
                }
            }
            Kind::Enum | Kind::Domain | Kind::Range => add_name(&mut self.types, address),
            kind if kind.is_routine() => {
                let schema = address.schema().unwrap_or_default();
                let of_schema = self.routines.entry(schema.to_owned()).or_default();
                of_schema.entry(name.to_owned()).or_default().push(Arc::clone(address));
            }
            _ => {}
        }
        if matches!(address.kind, Kind::Enum | Kind::Domain | Kind::Range | Kind::Composite | Kind::Table) {
            self.types_as_written.insert(address.sql(), Arc::clone(address));
        }
        if let Some(multirange) = object.get(Attr::Multirange).and_then(Value::as_text) {
            let names = names::parts(multirange);
            if let [schema, name] = names.as_slice() {
                self.types.entry(schema.clone()).or_default().insert(name.clone(), Arc::clone(address));
            }
        }
        for reference in &object.derived.references {
            // Shared with nobody, but only what is referenced has an entry.
            self.dependents.entry(Arc::new(reference.clone())).or_default().push(Arc::clone(address));
        }
    }

    /// The sequence inside an identity column, which is no object of the tree.
    fn add_identity(&mut self, column: &Arc<Address>, object: &Object) {
        let identity = object.get(Attr::Identity).and_then(Value::as_map);
        let Some(sequence) = identity.and_then(|map| map.get("sequence")).and_then(Value::as_text) else { return };
        let mut path = names::parts(sequence);
        if path.len() == 1
            && let Some(schema) = column.schema()
        {
            path.insert(0, schema.to_owned());
        }
        add_name(&mut self.relations, &Arc::new(Address::new(Kind::Sequence, path)));
    }

    /// The tree that these are the surroundings of.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The relation of this name, be it a table, view, sequence, index or composite type.
    pub(super) fn relation(&self, schema: &str, name: &str) -> Option<&Address> {
        self.relations.get(schema)?.get(name).map(|address| &**address)
    }

    /// The type of this name, other than the row type of a relation.
    pub(super) fn of_type(&self, schema: &str, name: &str) -> Option<&Address> {
        self.types.get(schema)?.get(name).map(|address| &**address)
    }

    /// The user's type that a column is of, from the type as the tree writes it.
    pub(super) fn written_type(&self, text: &str) -> Option<&Address> {
        let text = text.trim_end_matches("[]");
        self.types_as_written.get(text).map(|address| &**address)
    }

    /// The routines of this name.
    pub(super) fn routines(&self, schema: &str, name: &str) -> &[Arc<Address>] {
        self.routines.get(schema).and_then(|names| names.get(name)).map_or(&[], Vec::as_slice)
    }

    /// Whether a constraint of the schema has this name.
    pub(super) fn has_constraint(&self, schema: &str, name: &str) -> bool {
        self.constraints.get(schema).is_some_and(|names| names.contains(name))
    }

    /// The installed extensions, except for PL/pgSQL.
    pub(super) fn extensions(&self) -> &[Address] {
        &self.extensions
    }

    /// What refers to an object.
    pub(super) fn dependents(&self, address: &Address) -> impl Iterator<Item = &Address> {
        self.dependents.get(address).into_iter().flatten().map(|address| &**address)
    }

    /// Partitions and children of a table, not those of its children.
    pub(super) fn children(&self, table: &[String]) -> impl Iterator<Item = &Address> {
        self.children.get(table).into_iter().flatten().map(|address| &**address)
    }

    /// Whether the schema is there.
    pub(super) fn has_schema(&self, name: &str) -> bool {
        self.tree.object(&Address::new(Kind::Schema, [name])).is_some()
    }
}

fn add_name(names: &mut ByName<Arc<Address>>, address: &Arc<Address>) {
    let schema = address.schema().unwrap_or_default();
    if let Some(names) = names.get_mut(schema) {
        names.insert(address.name().to_owned(), Arc::clone(address));
    } else {
        let first = HashMap::from([(address.name().to_owned(), Arc::clone(address))]);
        names.insert(schema.to_owned(), first);
    }
}

/// Whether a constraint has an index of its name.
pub(super) fn is_backed(constraint: &Object) -> bool {
    let kind = constraint.get(Attr::ConstraintType).and_then(Value::as_text);
    matches!(kind, Some("primary key" | "unique" | "exclusion"))
}
