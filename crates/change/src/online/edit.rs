//! Trees in between: changing one object of a tree, and names and lineages for what only exists
//! on the way.

use pleach_schema::{Address, Entry, Hash, Kind, Lineage, Object, Tree};
use std::sync::Arc;
use uuid::Uuid;

/// PostgreSQL keeps this many bytes of a name.
const NAME_BYTES: usize = 63;

/// Changes the object at an address, where there is one.
pub(super) fn change(tree: &mut Tree, address: &Address, how: impl FnOnce(&mut Object)) {
    let Some(mut entry) = tree.remove(address) else { return };
    how(Arc::make_mut(&mut entry.object));
    put(tree, address.clone(), entry);
}

/// Puts an object in, unless its address or its lineage is taken.
pub(super) fn put(tree: &mut Tree, address: Address, entry: Entry) -> bool {
    tree.insert(address, entry).is_ok()
}

/// Gives an object that only exists on the way a lineage: always the same one for the same
/// purpose, so that the same input gives the same plan.
pub(super) fn lineage(of: Lineage, purpose: &str) -> Lineage {
    let hash = Hash::of(format!("{of} {purpose}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.0[..16]);
    Lineage(Uuid::from_bytes(bytes))
}

/// Gives the object of one lineage another one.
pub(super) fn relineage(tree: &mut Tree, from: Lineage, to: Lineage) {
    let Some(address) = tree.address(from).cloned() else { return };
    let Some(entry) = tree.remove(&address) else { return };
    put(tree, address, Entry { lineage: to, ..entry });
}

/// A name made from another one, within what PostgreSQL keeps.
pub(crate) fn name(stem: &str, prefix: &str, suffix: &str) -> String {
    let room = NAME_BYTES.saturating_sub(prefix.len() + suffix.len());
    let mut stem = stem;
    if stem.len() > room {
        let mut end = room;
        while !stem.is_char_boundary(end) {
            end -= 1;
        }
        stem = &stem[..end];
    }
    format!("{prefix}{stem}{suffix}")
}

/// An index or a check of a relation under a name that nothing in either tree has.
pub(super) fn free_part(trees: [&Tree; 2], relation: &[String], kind: Kind, stem: &str, prefix: &str) -> Address {
    let mut number = 0_u32;
    loop {
        let suffix = if number == 0 { String::new() } else { format!("_{number}") };
        let mut path = relation.to_vec();
        path.push(name(stem, prefix, &suffix));
        let address = Address::new(kind, path);
        if trees.iter().all(|tree| is_free(tree, &address)) {
            return address;
        }
        number += 1;
    }
}

/// Whether nothing in a tree holds one of the places that this index or check would.
pub(super) fn is_free(tree: &Tree, address: &Address) -> bool {
    let slots = address.slots(false);
    let near = tree.iter().filter(|(other, _)| other.name() == address.name());
    let mut held = near.flat_map(|(other, entry)| other.slots(super::backed(&entry.object)));
    !held.any(|slot| slots.contains(&slot))
}
