//! What takes no part in a merge.

use pleach_schema::{Address, Entry, Kind, Lineage, Tree};
use std::cmp::Ordering;
use std::collections::HashSet;

/// The objects that are the same in all three trees: same lineage, name, contents, and standing on
/// the same.
pub(super) fn calm(base: &Tree, ours: &Tree, theirs: &Tree) -> HashSet<Lineage> {
    let mut candidates = Vec::with_capacity(base.len());
    let mut shaken: HashSet<&Address> = HashSet::new();
    let (mut in_ours, mut in_theirs) = (ours.iter().peekable(), theirs.iter().peekable());
    for (address, entry) in base.iter() {
        while in_ours.peek().is_some_and(|(other, _)| (*other).cmp(address) == Ordering::Less) {
            in_ours.next();
        }
        while in_theirs.peek().is_some_and(|(other, _)| (*other).cmp(address) == Ordering::Less) {
            in_theirs.next();
        }
        let here = |found: &(&Address, &Entry)| found.0 == address && found.1.lineage == entry.lineage;
        let our = in_ours.peek().filter(|found| here(found)).map(|found| found.1);
        let their = in_theirs.peek().filter(|found| here(found)).map(|found| found.1);
        let (Some(our), Some(their)) = (our, their) else {
            shaken.insert(address);
            continue;
        };
        let equal = |other: &Entry| {
            std::sync::Arc::ptr_eq(&entry.object, &other.object)
                || (entry.object == other.object && entry.object.derived.references == other.object.derived.references)
        };
        if equal(our) && equal(their) {
            candidates.push((address, entry));
        }
    }
    let stands = |address: &Address, entry: &Entry| {
        !entry.object.derived.references.iter().any(|reference| shaken.contains(reference))
            && !base.parent(address).is_some_and(|parent| shaken.contains(&parent))
            && !schema_of(address).is_some_and(|schema| shaken.contains(&schema))
    };
    let all = shaken.is_empty();
    candidates
        .into_iter()
        .filter(|(address, entry)| all || stands(address, entry))
        .map(|(_, entry)| entry.lineage)
        .collect()
}

fn schema_of(address: &Address) -> Option<Address> {
    (address.kind != Kind::Schema).then(|| address.schema().map(|schema| Address::new(Kind::Schema, [schema])))?
}
