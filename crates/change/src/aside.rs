//! What going from one tree to another would destroy, kept where nobody meets it.
//!
//! A table that is dropped is moved into the schema [`SCHEMA`], a column gets a name that begins with
//! [`COLUMN_PREFIX`]; both keep their lineage and what they hold. What would still act on others goes:
//! foreign keys, triggers, policies, rules. What Pleach keeps is not part of a schema, so these trees
//! are only trees on the way: the schema that is read is the one without them.

mod pick;
mod record;

pub use record::{Refill, TABLE};

use crate::plan::{backed, index_name, renamed_inside};
use pleach_schema::{Address, Attr, Entry, Kind, Lineage, Object, Slot, Tree, Value, qualified, quote_ident};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The schema that tables are kept in.
pub const SCHEMA: &str = "pleach";

/// What the names of columns begin with that are kept in their tables.
pub const COLUMN_PREFIX: &str = "pleach_dropped_";

/// What is kept on a way, and what it is called meanwhile.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    objects: BTreeMap<Lineage, Keeping>,
    /// The schemas that kept objects were in.
    schemas: BTreeMap<String, Entry>,
}

/// Where what is kept stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Where it was, unless something else has its name.
    There,
    /// In its schema, under the name it is kept under.
    Renamed,
    /// Out of everybody's way.
    Aside,
}

/// One object that is kept.
#[derive(Debug, Clone)]
struct Keeping {
    was: Address,
    /// What it is called while it is kept.
    name: String,
    /// What it is part of.
    holder: Option<Lineage>,
    /// What it is made of while it is kept, in the names of before.
    object: Object,
    references: Vec<Lineage>,
    /// Attributes that are names of other objects which are kept.
    ties: Vec<(Attr, Vec<Lineage>)>,
    /// What the sequence inside an identity column is called while it is kept.
    sequence: Option<String>,
    /// It is kept for its own sake, and not for something that stands on it or that it is part of.
    root: bool,
}

impl Kept {
    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Whether this is kept.
    pub fn has(&self, lineage: Lineage) -> bool {
        self.objects.contains_key(&lineage)
    }

    /// Whether this is kept for its own sake, and does not follow something else that is.
    pub fn stands_alone(&self, lineage: Lineage) -> bool {
        self.objects.get(&lineage).is_some_and(Keeping::stands_alone)
    }

    /// Whether more is kept than before.
    pub fn is_more_than(&self, before: &Self) -> bool {
        self.objects.keys().any(|lineage| !before.has(*lineage))
    }

    /// The tree `end` with what is kept. What was kept `before` is aside wherever the rest is.
    pub fn tree(&self, end: &Tree, place: Place, before: &Self) -> Tree {
        let held: HashSet<Slot> = match place {
            Place::There => end.iter().flat_map(|(address, entry)| address.slots(backed(&entry.object))).collect(),
            _ => HashSet::new(),
        };
        let mut at: HashMap<Lineage, Address> = HashMap::new();
        for parts in [false, true] {
            for (lineage, kept) in self.objects.iter().filter(|(_, kept)| kept.was.kind.is_part() == parts) {
                let place = if before.has(*lineage) { Place::Aside } else { place };
                let otherwise = if place == Place::There { Place::Renamed } else { place };
                let address = self.address(kept, place, end, &at).filter(|address| {
                    place != Place::There || address.slots(backed(&kept.object)).iter().all(|slot| !held.contains(slot))
                });
                let address = address.or_else(|| self.address(kept, otherwise, end, &at));
                at.extend(address.map(|address| (*lineage, address)));
            }
        }
        let mut tree = end.clone();
        for (lineage, address) in &at {
            let Some(kept) = self.objects.get(lineage) else { continue };
            if let Some(schema) = address.schema().filter(|schema| *schema != SCHEMA)
                && let Some(entry) = self.schemas.get(schema)
            {
                // It goes when the last of them has left it.
                let _ = tree.insert(Address::new(Kind::Schema, [schema]), entry.clone());
            }
            let object = Arc::new(self.object(kept, address, end, &at));
            let _ = tree.insert(address.clone(), Entry { lineage: *lineage, object });
        }
        tree
    }

    /// What is kept for its own sake: what it was called, and what it is called in a tree. Partitions
    /// and inherited columns go with what they follow.
    pub fn list(&self, tree: &Tree) -> Vec<(Address, Address)> {
        let roots = self.objects.iter().filter(|(_, kept)| kept.stands_alone());
        let mut list: Vec<_> =
            roots.filter_map(|(lineage, kept)| Some((kept.was.clone(), tree.address(*lineage)?.clone()))).collect();
        list.sort();
        list
    }

    fn address(&self, kept: &Keeping, place: Place, end: &Tree, at: &HashMap<Lineage, Address>) -> Option<Address> {
        let name = if place == Place::There { kept.was.name() } else { &kept.name };
        if let Some(holder) = kept.holder {
            let holder = at.get(&holder).or_else(|| end.address(holder))?;
            return Some(holder.part(kept.was.kind, name));
        }
        let before = kept.was.schema()?;
        let renamed = self.schemas.get(before).and_then(|schema| end.address(schema.lineage));
        let schema = if place == Place::Aside { SCHEMA } else { renamed.map_or(before, Address::name) };
        Some(Address::new(kept.was.kind, [schema, name]))
    }

    /// An object in the names of the tree that it is in.
    fn object(&self, kept: &Keeping, now: &Address, end: &Tree, at: &HashMap<Lineage, Address>) -> Object {
        let find = |lineage: &Lineage| at.get(lineage).or_else(|| end.address(*lineage));
        let mut object = kept.object.clone();
        object.derived.references = kept.references.iter().filter_map(find).cloned().collect();
        for (attr, lineages) in &kept.ties {
            let named: Vec<&Address> = lineages.iter().filter_map(find).collect();
            object.attributes.remove(attr);
            object.set_some(*attr, tied(*attr, &named));
        }
        for other in &kept.references {
            let (Some(before), Some(now)) = (self.objects.get(other), at.get(other)) else { continue };
            for attr in [Attr::Type, Attr::Default] {
                if let Some(text) = object.text(attr).filter(|_| before.was != *now) {
                    let text = renamed_inside(text, &before.was.sql(), &now.sql());
                    object.set(attr, text);
                }
            }
        }
        if let (Some(sequence), Some(Value::Map(identity))) = (&kept.sequence, object.get(Attr::Identity))
            && now.relation() != kept.was.relation()
        {
            let mut identity = identity.clone();
            let schema = now.schema().unwrap_or_default();
            identity.insert("sequence".to_owned(), Value::Text(qualified([schema, sequence])));
            object.set(Attr::Identity, Value::Map(identity));
        }
        object
    }
}

impl Keeping {
    /// Whether it is kept for its own sake, and does not follow something else that is.
    fn stands_alone(&self) -> bool {
        let is_partition = self.ties.iter().any(|(attr, of)| *attr == Attr::PartitionOf && !of.is_empty());
        self.root && !is_partition && !self.object.is(Attr::Inherited)
    }
}

/// An attribute that names these objects; `None` when it names none.
fn tied(attr: Attr, named: &[&Address]) -> Option<Value> {
    let first = named.first()?;
    Some(match attr {
        Attr::Inherits => Value::List(named.iter().map(|parent| Value::Text(parent.sql())).collect()),
        Attr::AttachedTo => Value::Text(index_name(first)),
        Attr::ReplicaIdentity => Value::Text(format!("index {}", quote_ident(first.name()))),
        Attr::ClusteredOn => Value::Text(first.name().to_owned()),
        _ => Value::Text(first.sql()),
    })
}

/// Names that are given out once.
struct Names<'a> {
    stamp: &'a str,
    /// By what they were made from.
    columns: BTreeMap<String, String>,
    used: BTreeSet<String>,
}

impl<'a> Names<'a> {
    fn new(stamp: &'a str, before: &Kept) -> Self {
        let kept = before.objects.values();
        let used = kept.flat_map(|kept| kept.sequence.iter().chain([&kept.name]).cloned()).collect();
        Self { stamp, columns: BTreeMap::new(), used }
    }

    /// A name for something in the schema of what is kept.
    fn in_schema(&mut self, stem: &str) -> String {
        let stamp = self.stamp;
        self.free(|number| crate::online::edit::name(stem, "", &format!("_{stamp}{number}")))
    }

    /// A name for a column. Copies in child tables are called as the one of the parent table.
    fn of_column(&mut self, stem: &str) -> String {
        if let Some(name) = self.columns.get(stem) {
            return name.clone();
        }
        let stamp = self.stamp;
        let name = self.free(|number| crate::online::edit::name(stem, &format!("{COLUMN_PREFIX}{stamp}{number}_"), ""));
        self.columns.insert(stem.to_owned(), name.clone());
        name
    }

    fn free(&mut self, make: impl Fn(&str) -> String) -> String {
        let mut number = 1_u32;
        loop {
            let suffix = if number == 1 { String::new() } else { format!("_{number}") };
            let name = make(&suffix);
            if self.used.insert(name.clone()) {
                return name;
            }
            number += 1;
        }
    }
}
