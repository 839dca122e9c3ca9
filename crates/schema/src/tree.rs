//! A whole schema.

use crate::{Address, Attr, Hash, Kind, Object};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

/// The identity of an object through renames, moves and copies of the database it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lineage(pub Uuid);

impl Lineage {
    /// The lineage of nothing.
    pub const NIL: Self = Self(Uuid::nil());
}

impl fmt::Display for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.simple())
    }
}

/// One object of a tree: who it is and what it is made of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// Who it is.
    #[serde(rename = "l")]
    pub lineage: Lineage,
    /// What it is made of.
    #[serde(rename = "o")]
    pub object: Arc<Object>,
}

/// An address, with what one tree has there and what another one has.
pub type Beside<'a> = (&'a Arc<Address>, Option<&'a Entry>, Option<&'a Entry>);

/// What cannot be in a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Two objects with one address.
    #[error("two objects are called {0}")]
    SameAddress(Address),
    /// Two objects with one lineage.
    #[error("{0} and {1} have the same lineage")]
    SameLineage(Address, Address),
}

/// A whole schema: every object under its address, in the order of addresses.
///
/// Cloning costs nothing: what is in it is shared until one of the clones changes.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    contents: Arc<Contents>,
}

#[derive(Debug, Clone, Default)]
struct Contents {
    objects: BTreeMap<Arc<Address>, Entry>,
    names: HashMap<Lineage, Arc<Address>>,
    /// The content hash, once somebody has asked for it.
    hash: OnceLock<Hash>,
}

impl Tree {
    /// A tree of these objects. Addresses that are shared already stay shared.
    ///
    /// # Errors
    /// When two of them share an address or a lineage.
    pub fn from_entries<A>(entries: impl IntoIterator<Item = (A, Entry)>) -> Result<Self, TreeError>
    where
        A: Into<Arc<Address>>,
    {
        let mut entries: Vec<(Arc<Address>, Entry)> = entries.into_iter().map(|(a, entry)| (a.into(), entry)).collect();
        // In order, they make a map in one go instead of one search each.
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        if let Some(twins) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(TreeError::SameAddress(Address::clone(&twins[0].0)));
        }
        let mut names = HashMap::with_capacity(entries.len());
        for (address, entry) in &entries {
            if let Some(other) = names.insert(entry.lineage, Arc::clone(address)) {
                return Err(TreeError::SameLineage(Address::clone(&other), Address::clone(address)));
            }
        }
        let objects = entries.into_iter().collect();
        Ok(Self { contents: Arc::new(Contents { objects, names, hash: OnceLock::new() }) })
    }

    /// Adds an object.
    ///
    /// # Errors
    /// When the address or the lineage is taken; the tree is then as before.
    pub fn insert(&mut self, address: impl Into<Arc<Address>>, entry: Entry) -> Result<(), TreeError> {
        let address = address.into();
        if self.contents.objects.contains_key(&address) {
            return Err(TreeError::SameAddress(Address::clone(&address)));
        }
        if let Some(other) = self.contents.names.get(&entry.lineage) {
            return Err(TreeError::SameLineage(Address::clone(other), Address::clone(&address)));
        }
        let contents = self.contents_mut();
        contents.names.insert(entry.lineage, Arc::clone(&address));
        contents.objects.insert(address, entry);
        Ok(())
    }

    /// Takes an object out, if it is there. Its parts stay; see [`Tree::parts`].
    pub fn remove(&mut self, address: &Address) -> Option<Entry> {
        self.get(address)?;
        let contents = self.contents_mut();
        let entry = contents.objects.remove(address)?;
        contents.names.remove(&entry.lineage);
        Some(entry)
    }

    /// What is in the tree, for this one alone, to be changed.
    fn contents_mut(&mut self) -> &mut Contents {
        let contents = Arc::make_mut(&mut self.contents);
        contents.hash.take();
        contents
    }

    /// The entry at an address.
    pub fn get(&self, address: &Address) -> Option<&Entry> {
        self.contents.objects.get(address)
    }

    /// The object at an address.
    pub fn object(&self, address: &Address) -> Option<&Object> {
        self.contents.objects.get(address).map(|entry| &*entry.object)
    }

    /// What the object of this lineage is called here.
    pub fn address(&self, lineage: Lineage) -> Option<&Address> {
        self.contents.names.get(&lineage).map(|address| &**address)
    }

    /// Address and object of a lineage.
    pub fn find(&self, lineage: Lineage) -> Option<(&Address, &Arc<Object>)> {
        let address = self.contents.names.get(&lineage)?;
        self.contents.objects.get(address).map(|entry| (&**address, &entry.object))
    }

    /// The lineage of the object at an address.
    pub fn lineage(&self, address: &Address) -> Option<Lineage> {
        self.contents.objects.get(address).map(|entry| entry.lineage)
    }

    /// All objects, in the order of addresses.
    pub fn iter(&self) -> impl Iterator<Item = (&Address, &Entry)> {
        self.contents.objects.iter().map(|(address, entry)| (&**address, entry))
    }

    /// All objects with addresses that can be shared, in the order of addresses.
    pub fn shared(&self) -> impl Iterator<Item = (&Arc<Address>, &Entry)> {
        self.contents.objects.iter()
    }

    /// Both trees side by side, in the order of addresses: each address that one of them has, with
    /// what this tree and what the other one has there. Far cheaper than looking each one up.
    pub fn beside<'a>(&'a self, other: &'a Tree) -> impl Iterator<Item = Beside<'a>> {
        let (mut mine, mut theirs) =
            (self.contents.objects.iter().peekable(), other.contents.objects.iter().peekable());
        std::iter::from_fn(move || {
            let order = match (mine.peek(), theirs.peek()) {
                (Some((a, _)), Some((b, _))) if Arc::ptr_eq(a, b) => Ordering::Equal,
                (Some((a, _)), Some((b, _))) => a.cmp(b),
                (Some(_), None) => Ordering::Less,
                (None, _) => Ordering::Greater,
            };
            match order {
                Ordering::Less => mine.next().map(|(address, entry)| (address, Some(entry), None)),
                Ordering::Greater => theirs.next().map(|(address, entry)| (address, None, Some(entry))),
                Ordering::Equal => {
                    mine.next().zip(theirs.next()).map(|((address, a), (_, b))| (address, Some(a), Some(b)))
                }
            }
        })
    }

    /// The number of objects.
    pub fn len(&self) -> usize {
        self.contents.objects.len()
    }

    /// Whether there are no objects.
    pub fn is_empty(&self) -> bool {
        self.contents.objects.is_empty()
    }

    /// The parts of one kind of a relation or type, in the order of names.
    pub fn parts<'a>(&'a self, of: &[String], kind: Kind) -> impl Iterator<Item = (&'a Address, &'a Entry)> + use<'a> {
        let of = of.to_vec();
        self.contents
            .objects
            .range::<Address, _>(Address::new(kind, of.iter().cloned())..)
            .map(|(address, entry)| (&**address, entry))
            .take_while(move |(address, _)| address.kind == kind && address.path.starts_with(&of))
    }

    /// The columns of a relation in the order that PostgreSQL shows them.
    pub fn columns<'a>(&'a self, of: &[String]) -> Vec<(&'a Address, &'a Entry)> {
        let mut columns: Vec<_> = self.parts(of, Kind::Column).collect();
        columns.sort_by_key(|(_, entry)| entry.object.derived.position);
        columns
    }

    /// The address of the relation or type that an object is part of.
    pub fn parent(&self, part: &Address) -> Option<Address> {
        const HOLDERS: [Kind; 5] = [Kind::Table, Kind::View, Kind::MaterializedView, Kind::Domain, Kind::Composite];
        if !part.kind.is_part() {
            return None;
        }
        let mut holder = Address::new(Kind::Table, part.relation().iter().cloned());
        for kind in HOLDERS {
            holder.kind = kind;
            if self.contents.objects.contains_key(&holder) {
                return Some(holder);
            }
        }
        None
    }

    /// Whether a part is of a partitioned table.
    pub fn is_of_partitioned(&self, part: &Address) -> bool {
        let table = self.parent(part).and_then(|table| self.object(&table));
        table.is_some_and(|table| table.get(Attr::PartitionKey).is_some())
    }

    /// The objects an object stands on: its references, its parent, its schema.
    pub fn supports(&self, address: &Address) -> Vec<Address> {
        let mut out: Vec<Address> =
            self.object(address).map(|object| object.derived.references.iter().cloned().collect()).unwrap_or_default();
        match self.parent(address) {
            Some(parent) => out.push(parent),
            None if address.kind != Kind::Schema => {
                out.extend(address.schema().map(|schema| Address::new(Kind::Schema, [schema])));
            }
            None => {}
        }
        out
    }

    /// The content hash: equal for equal schemas, whoever the objects are and wherever they live.
    pub fn hash(&self) -> Hash {
        *self.contents.hash.get_or_init(|| self.content_hash())
    }

    fn content_hash(&self) -> Hash {
        // A hash of much at once is quicker than one of many lines.
        const ENOUGH: usize = 1 << 16;
        let mut hasher = blake3::Hasher::new();
        let mut lines = Vec::with_capacity(ENOUGH + (ENOUGH >> 2));
        for (address, entry) in self.contents.objects.iter() {
            let start = lines.len();
            lines.extend_from_slice(&[0; size_of::<u64>()]);
            // Writing to memory does not fail, and the model has nothing that JSON has not.
            let _ = serde_json::to_writer(&mut lines, &(address, &entry.object.attributes));
            let length = (lines.len() - start - size_of::<u64>()) as u64;
            lines[start..start + size_of::<u64>()].copy_from_slice(&length.to_le_bytes());
            if lines.len() >= ENOUGH {
                hasher.update(&lines);
                lines.clear();
            }
        }
        hasher.update(&lines);
        Hash(*hasher.finalize().as_bytes())
    }

    /// The objects by the relation, type or other top-level object they belong to, which is how
    /// they are stored: what did not change in a relation is stored once.
    pub fn groups(&self) -> BTreeMap<String, Vec<(&Address, &Entry)>> {
        let mut by_name: HashMap<(Option<Kind>, &[String]), Vec<_>> = HashMap::new();
        for (address, entry) in self.iter() {
            let name = match address.kind {
                Kind::Schema | Kind::Extension | Kind::EventTrigger | Kind::DefaultPrivileges => {
                    (Some(address.kind), [].as_slice())
                }
                _ => (None, address.relation()),
            };
            by_name.entry(name).or_default().push((address, entry));
        }
        let key = |(kind, path): (Option<Kind>, &[String])| match kind {
            Some(kind) => kind.to_string(),
            None => crate::qualified(path.iter().map(String::as_str)),
        };
        let mut groups: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for (name, entries) in by_name {
            groups.entry(key(name)).or_default().extend(entries);
        }
        groups
    }
}

impl PartialEq for Tree {
    /// Equal contents under equal names; lineages may differ.
    fn eq(&self, other: &Self) -> bool {
        let (mine, theirs) = (&self.contents.objects, &other.contents.objects);
        Arc::ptr_eq(&self.contents, &other.contents)
            || (mine.len() == theirs.len()
                && mine.iter().zip(theirs).all(|((a, x), (b, y))| a == b && x.object == y.object))
    }
}

impl Eq for Tree {}
