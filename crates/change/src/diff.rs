//! What differs between two trees, object by object and attribute by attribute.

use crate::naming::Naming;
use pleach_schema::readable::Readable;
use pleach_schema::{Address, Attr, Kind, Lineage, Object, Tree, Value};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use std::collections::HashSet;
use std::sync::Arc;

/// What differs between two trees, in the order of addresses.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Diff {
    /// Every object that is new, gone, renamed or altered.
    pub changes: Vec<Change>,
}

/// One object's difference. At least one of `from` and `to` is there.
#[derive(Debug, Clone)]
pub struct Change {
    /// Who it is.
    pub lineage: Lineage,
    /// What it was; `None` for what was added.
    pub from: Option<(Address, Arc<Object>)>,
    /// What it is; `None` for what was dropped.
    pub to: Option<(Address, Arc<Object>)>,
    /// The attributes that differ, for an object that is in both.
    pub attributes: Vec<AttrChange>,
    /// Its own name is another.
    pub renamed: bool,
    /// It is in another schema.
    pub moved: bool,
    /// Another object of its name and kind was dropped or added in the same diff: this one looks
    /// the same and is not.
    pub replaced: bool,
}

/// One attribute's difference; `None` stands for the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttrChange {
    /// Which attribute.
    pub attr: Attr,
    /// What it was.
    pub from: Option<Value>,
    /// What it is.
    pub to: Option<Value>,
}

/// An object where it was found.
type Found<'t> = (&'t Address, &'t Arc<Object>);

impl Diff {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The change of one lineage.
    pub fn get(&self, lineage: Lineage) -> Option<&Change> {
        self.changes.iter().find(|change| change.lineage == lineage)
    }
}

impl Serialize for Change {
    /// What programs read: `change` is `added`, `dropped` or `altered`; `from` and `to` are what
    /// the object is called on each side; what it is made of is there for added and dropped ones.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let readable = |side: &Option<(Address, Arc<Object>)>| side.as_ref().map(|(a, _)| Readable::from(a));
        let change = match (&self.from, &self.to) {
            (None, _) => "added",
            (_, None) => "dropped",
            _ => "altered",
        };
        let whole = match (&self.from, &self.to) {
            (None, Some((_, object))) | (Some((_, object)), None) => Some(&object.attributes),
            _ => None,
        };
        let mut out = serializer.serialize_struct("Change", 9)?;
        out.serialize_field("change", change)?;
        out.serialize_field("kind", &self.address().map(|address| address.kind))?;
        out.serialize_field("from", &readable(&self.from))?;
        out.serialize_field("to", &readable(&self.to))?;
        out.serialize_field("renamed", &self.renamed)?;
        out.serialize_field("moved", &self.moved)?;
        out.serialize_field("replaced", &self.replaced)?;
        out.serialize_field("attributes", &self.attributes)?;
        out.serialize_field("object", &whole)?;
        out.end()
    }
}

impl Change {
    /// What the object is called: its new name, or its last one.
    pub fn address(&self) -> Option<&Address> {
        self.to.as_ref().or(self.from.as_ref()).map(|(address, _)| address)
    }

    /// The change of one attribute.
    pub fn attribute(&self, attr: Attr) -> Option<&AttrChange> {
        self.attributes.iter().find(|change| change.attr == attr)
    }
}

/// What must change for `from` to become `to`. Objects are the same when their lineages are;
/// definitions that only follow a rename are not differences.
pub fn diff(from: &Tree, to: &Tree) -> Diff {
    let pairs: Vec<_> = from.beside(to).collect();
    let naming = Naming::of_pairs(from, to, pairs.iter().copied());
    let shaken = shaken_schemas(from, to);
    let mut changes = Vec::new();
    for (address, was, is) in pairs {
        if let Some(was) = was {
            let here = is.filter(|is| is.lineage == was.lineage).map(|is| (&**address, &is.object));
            let stays = here.is_some_and(|(_, now)| {
                was.object == *now
                    && !naming.touches(&was.object)
                    && !address.schema().is_some_and(|schema| shaken.contains(schema))
            });
            if stays {
                continue;
            }
            let old = (&**address, &was.object);
            match here.or_else(|| to.find(was.lineage)) {
                Some(new) => changes.extend(altered(&naming, (from, to), was.lineage, old, new)),
                None => changes.push(one_sided(was.lineage, Some(old), None, to, address)),
            }
        }
        if let Some(is) = is.filter(|is| was.is_none_or(|was| was.lineage != is.lineage))
            && from.address(is.lineage).is_none()
        {
            changes.push(one_sided(is.lineage, None, Some((&**address, &is.object)), from, address));
        }
    }
    changes.sort_by(|a, b| a.address().cmp(&b.address()).then(a.to.is_some().cmp(&b.to.is_some())));
    Diff { changes }
}

/// The names of schemas that are not the same schema in both trees.
fn shaken_schemas<'a>(from: &'a Tree, to: &'a Tree) -> HashSet<&'a str> {
    let schemas = from.parts(&[], Kind::Schema).chain(to.parts(&[], Kind::Schema)).map(|(address, _)| address);
    schemas.filter(|address| from.lineage(address) != to.lineage(address)).map(Address::name).collect()
}

/// What differs in an object of both trees, if anything does.
fn altered(
    naming: &Naming<'_>,
    trees: (&Tree, &Tree),
    lineage: Lineage,
    from: Found<'_>,
    to: Found<'_>,
) -> Option<Change> {
    let attributes = attributes(naming, from, to);
    let renamed = from.0.name() != to.0.name();
    let moved = !from.0.kind.is_part()
        && from.0.kind != Kind::Schema
        && from.0.schema().map(|schema| schema_lineage(trees.0, schema))
            != to.0.schema().map(|schema| schema_lineage(trees.1, schema));
    (renamed || moved || !attributes.is_empty()).then(|| Change {
        lineage,
        from: Some(owned(from)),
        to: Some(owned(to)),
        attributes,
        renamed,
        moved,
        replaced: false,
    })
}

fn owned((address, object): Found<'_>) -> (Address, Arc<Object>) {
    (address.clone(), object.clone())
}

fn schema_lineage<'a>(tree: &Tree, schema: &'a str) -> Result<Lineage, &'a str> {
    tree.lineage(&Address::new(Kind::Schema, [schema])).ok_or(schema)
}

fn one_sided(
    lineage: Lineage,
    from: Option<Found<'_>>,
    to: Option<Found<'_>>,
    other: &Tree,
    address: &Address,
) -> Change {
    let replaced = address.kind.holds_data() && other.get(address).is_some();
    Change {
        lineage,
        from: from.map(owned),
        to: to.map(owned),
        attributes: Vec::new(),
        renamed: false,
        moved: false,
        replaced,
    }
}

fn attributes(naming: &Naming<'_>, a: Found<'_>, b: Found<'_>) -> Vec<AttrChange> {
    let names = a.1.attributes.keys().chain(b.1.attributes.keys().filter(|attr| a.1.get(**attr).is_none()));
    let mut out: Vec<AttrChange> = names
        .filter_map(|&attr| {
            let (from, to) = (a.1.get(attr), b.1.get(attr));
            let same = match (from, to) {
                (Some(from), Some(to)) => naming.same_value((a.0, a.1, from), (b.0, b.1, to)),
                (from, to) => from == to,
            };
            (!same).then(|| AttrChange { attr, from: from.cloned(), to: to.cloned() })
        })
        .collect();
    out.sort_by_key(|change| change.attr);
    out
}
