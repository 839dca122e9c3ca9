//! Third pass: the tree, each object in the words of a side.

use super::object::names_things;
use super::{By, Merger, Plot, Said, Side, Stale, parts};
use crate::naming::mentions;
use crate::plan::parents_part;
use pleach_schema::{Address, Attr, Attributes, Derived, Entry, Kind, Lineage, Object, Tree, Value};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Makes an inherited part the table's own: one side let go of the parent that it came from.
fn own(tree: &mut Tree, address: &Address) {
    let Some(mut entry) = tree.remove(address) else { return };
    let mut object = (*entry.object).clone();
    object.attributes.remove(&Attr::Inherited);
    entry.object = Arc::new(object);
    let inserted = tree.insert(address.clone(), entry);
    debug_assert!(inserted.is_ok(), "{inserted:?}");
}

/// Names that one side uses and the merged tree does not, by the object that has them.
type Outdated = HashMap<Lineage, Vec<String>>;

impl Merger<'_> {
    /// The merged tree, and what in it is written in the names of one side only.
    pub(super) fn build(&self) -> (Tree, Vec<Stale>) {
        let mut addresses: HashMap<Lineage, Address> =
            self.plots.keys().filter_map(|lineage| Some((*lineage, self.address(*lineage)?))).collect();
        let ours = outdated(self.ours, &addresses);
        let theirs = outdated(self.theirs, &addresses);
        let mut stale = self.word_arguments(&mut addresses, &ours, &theirs);
        let mut tree = self.calm_tree();
        for (lineage, plot) in &self.plots {
            let Some(address) = addresses.get(lineage) else { continue };
            let old_names =
                |side: Side| self.old_names(*lineage, plot, side, if side == Side::Ours { &ours } else { &theirs });
            let (our_old, their_old) = (old_names(Side::Ours), old_names(Side::Theirs));
            let mut attributes = Attributes::new();
            for (attr, said) in &plot.attributes {
                let (value, outdated_side) = self.worded(*lineage, *attr, said, &our_old, &their_old);
                attributes.insert(*attr, value);
                stale.extend(outdated_side.map(|side| Stale { lineage: *lineage, side, attr: Some(*attr) }));
            }
            let source = self.side(plot.source).find(*lineage).map(|(_, object)| &object.derived);
            let reference = |lineage: &Lineage| addresses.get(lineage).or_else(|| self.base.address(*lineage)).cloned();
            let derived = Derived {
                references: plot.references.iter().filter_map(reference).collect(),
                position: source.and_then(|derived| derived.position),
                columns: source.map(|derived| derived.columns.clone()).unwrap_or_default(),
            };
            let entry = Entry { lineage: *lineage, object: Arc::new(Object { attributes, derived }) };
            // Two of one address are a conflict that `settle` has made and settled.
            let inserted = tree.insert(address.clone(), entry);
            debug_assert!(inserted.is_ok(), "{inserted:?}");
        }
        let disowned: Vec<Address> = tree
            .iter()
            .filter(|(address, entry)| entry.object.is(Attr::Inherited) && parents_part(&tree, address).is_empty())
            .map(|(address, _)| address.clone())
            .collect();
        disowned.iter().for_each(|address| own(&mut tree, address));
        stale.sort();
        (tree, stale)
    }

    /// Argument types of routines in the names of a side that has the merged ones. Those of which
    /// neither side has them are stale.
    fn word_arguments(
        &self,
        addresses: &mut HashMap<Lineage, Address>,
        ours: &Outdated,
        theirs: &Outdated,
    ) -> Vec<Stale> {
        let mut stale = Vec::new();
        for (lineage, plot) in self.plots.iter().filter(|(_, plot)| plot.like.arguments.is_some()) {
            let is_right = |side: Side| {
                let old = self.old_names(*lineage, plot, side, if side == Side::Ours { ours } else { theirs });
                let arguments = self.side(side).address(*lineage)?.arguments.clone()?;
                (!mentions(&Value::Text(arguments.clone()), &borrowed(&old))).then_some(arguments)
            };
            match is_right(plot.source).or_else(|| is_right(plot.source.other())) {
                Some(arguments) => {
                    if let Some(address) = addresses.get_mut(lineage) {
                        address.arguments = Some(arguments);
                    }
                }
                None => stale.push(Stale { lineage: *lineage, side: plot.source, attr: None }),
            }
        }
        stale
    }

    fn calm_tree(&self) -> Tree {
        let mut tree = Tree::default();
        for (address, entry) in self.base.iter().filter(|(_, entry)| self.calm.contains(&entry.lineage)) {
            // Addresses and lineages of a tree.
            let _ = tree.insert(address.clone(), entry.clone());
        }
        tree
    }

    /// The names that a side's text of this object may use and that are no longer right.
    fn old_names(&self, lineage: Lineage, plot: &Plot, side: Side, outdated: &Outdated) -> BTreeSet<String> {
        if outdated.is_empty() {
            return BTreeSet::new();
        }
        let mut near: Vec<Lineage> = plot.references.iter().chain(&plot.holder).copied().collect();
        near.push(lineage);
        let tree = self.side(side);
        if let Some((address, object)) = tree.find(lineage) {
            near.extend(object.derived.references.iter().filter_map(|reference| tree.lineage(reference)));
            // A table names its own indexes, as replica identity and to cluster on.
            if address.kind == Kind::Table {
                near.extend(parts(tree, address).into_iter().map(|(_, part)| part));
            }
        }
        near.iter().filter_map(|lineage| outdated.get(lineage)).flatten().cloned().collect()
    }

    /// An attribute in the words of the side whose names are the merged ones; otherwise also the
    /// side whose words it has.
    fn worded(
        &self,
        lineage: Lineage,
        attr: Attr,
        said: &Said,
        our_old: &BTreeSet<String>,
        their_old: &BTreeSet<String>,
    ) -> (Value, Option<Side>) {
        let is_old = |side: Side, value: &Value| {
            let old = if side == Side::Ours { our_old } else { their_old };
            !old.is_empty() && names_things(attr) && mentions(value, &borrowed(old))
        };
        match said.by {
            By::Mixed => (said.value.clone(), None),
            By::One(side) => (said.value.clone(), is_old(side, &said.value).then_some(side)),
            By::Both if !is_old(Side::Ours, &said.value) => (said.value.clone(), None),
            By::Both => match self.theirs.find(lineage).and_then(|(_, object)| object.get(attr)) {
                Some(theirs) if !is_old(Side::Theirs, theirs) => (theirs.clone(), None),
                _ => (said.value.clone(), Some(Side::Ours)),
            },
        }
    }
}

fn borrowed(names: &BTreeSet<String>) -> BTreeSet<&str> {
    names.iter().map(String::as_str).collect()
}

/// The names in a side's addresses that the merged tree has otherwise.
fn outdated(side: &Tree, addresses: &HashMap<Lineage, Address>) -> Outdated {
    let mut out = Outdated::new();
    for (lineage, merged) in addresses {
        let Some(address) = side.address(*lineage).filter(|address| address.path != merged.path) else { continue };
        let differing = address.path.iter().zip(&merged.path).filter(|(old, new)| old != new);
        out.insert(*lineage, differing.map(|(old, _)| old.clone()).collect());
    }
    out
}
