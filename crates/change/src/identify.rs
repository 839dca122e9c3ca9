//! Who is who between two trees.

use pleach_schema::{Address, Entry, Kind, Lineage, Object, Tree};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The same tree with the lineages that `other` gives to the same addresses; objects that `other`
/// lacks keep theirs. This is how identity starts where there are no OIDs to trust.
pub fn identified_by_name(tree: &Tree, other: &Tree) -> Tree {
    let taken: HashSet<Lineage> =
        tree.beside(other).filter_map(|(_, mine, theirs)| mine.and(theirs).map(|theirs| theirs.lineage)).collect();
    let entries = tree.beside(other).filter_map(|(address, mine, theirs)| {
        let mine = mine?;
        let lineage = match theirs {
            Some(theirs) => theirs.lineage,
            // A lineage of ours that `other` gives to another name would be there twice: whoever
            // has it by name keeps it.
            None if taken.contains(&mine.lineage) => return None,
            None => mine.lineage,
        };
        Some((Arc::clone(address), Entry { lineage, object: mine.object.clone() }))
    });
    fitting(entries.collect())
}

/// Gives lineages to objects read from a database.
///
/// `known` says which lineage the catalog identity of each object has already; `before` is the
/// tree as it was last known; `fresh` makes new lineages. An object that is not known is new,
/// except that one which holds no data of its own keeps the lineage of the object of its kind and
/// name that is gone: dropped and created again, a view is still the same view.
///
/// Returns the tree and the lineages that were not in `known`, by address.
pub fn carry_lineages(
    found: Vec<(Address, Object, Option<Lineage>)>,
    before: &Tree,
    mut fresh: impl FnMut() -> Lineage,
) -> (Tree, HashMap<Address, Lineage>) {
    let mut used: HashSet<Lineage> = found.iter().filter_map(|(_, _, known)| *known).collect();
    let mut added = HashMap::new();
    let mut entries = Vec::with_capacity(found.len());
    for (address, object, known) in found {
        let lineage = known.unwrap_or_else(|| {
            let old = before.lineage(&address).filter(|old| !address.kind.holds_data() && !used.contains(old));
            let lineage = old.unwrap_or_else(&mut fresh);
            used.insert(lineage);
            added.insert(address.clone(), lineage);
            lineage
        });
        entries.push((Arc::new(address), Entry { lineage, object: Arc::new(object) }));
    }
    (fitting(entries), added)
}

/// `theirs` with the lineages of `ours` for what both sides added alike since `base`: the same
/// thing under the same name is one thing. A relation is the same when all of its parts are.
pub fn adopt_lineages(base: &Tree, ours: &Tree, theirs: &Tree) -> Tree {
    let is_new = |lineage: Lineage| base.address(lineage).is_none();
    let mut adopted: HashMap<Lineage, Lineage> = HashMap::new();
    for (address, entry, mine) in theirs.beside(ours) {
        let (Some(entry), Some(mine)) = (entry, mine) else { continue };
        if mine.lineage == entry.lineage || !is_new(entry.lineage) || !is_new(mine.lineage) {
            continue;
        }
        let whole_alike = address.kind.is_part() || parts(ours, address).eq(parts(theirs, address));
        // Something both sides put into a relation of their own is alike only with its relation.
        if mine.object == entry.object && whole_alike && parent_is_shared(ours, theirs, address) {
            adopted.insert(entry.lineage, mine.lineage);
        }
    }
    if adopted.is_empty() {
        return theirs.clone();
    }
    let entries = theirs.shared().map(|(address, entry)| {
        let lineage = adopted.get(&entry.lineage).copied().unwrap_or(entry.lineage);
        (Arc::clone(address), Entry { lineage, object: entry.object.clone() })
    });
    fitting(entries.collect())
}

/// A tree of these objects. They have one address and one lineage each; should two meet in one all
/// the same, the first one holds.
fn fitting(entries: Vec<(Arc<Address>, Entry)>) -> Tree {
    Tree::from_entries(entries.iter().cloned()).unwrap_or_else(|_| {
        let mut tree = Tree::default();
        for (address, entry) in entries {
            let _ = tree.insert(address, entry);
        }
        tree
    })
}

fn parent_is_shared(ours: &Tree, theirs: &Tree, address: &Address) -> bool {
    match (ours.parent(address), theirs.parent(address)) {
        (None, None) => true,
        (Some(mine), Some(their)) => {
            mine == their
                && (ours.lineage(&mine) == theirs.lineage(&their) || parts(ours, &mine).eq(parts(theirs, &their)))
        }
        _ => false,
    }
}

/// Addresses and contents of the columns or attributes of a relation or type.
fn parts<'a>(tree: &'a Tree, of: &Address) -> impl Iterator<Item = (&'a Address, &'a Object)> {
    let path = of.path.clone();
    let kinds: &[Kind] = if crate::merge::holds_parts(of.kind) { &[Kind::Column, Kind::Attribute] } else { &[] };
    kinds
        .iter()
        .copied()
        .flat_map(move |kind| tree.parts(&path, kind).map(|(address, entry)| (address, &*entry.object)))
        .collect::<Vec<_>>()
        .into_iter()
}
