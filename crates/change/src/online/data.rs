//! Data steps: after what they may need is there, before what would judge or destroy what they
//! write, and in a transaction of their own, so that nobody waits for them behind a lock on a table.

use super::indexes::carried;
use super::{Scene, edit, is_constraint};
use crate::plan::{needs_filling, waits_for_data};
use pleach_schema::{Address, Attr, Entry, Kind, Tree};

/// A tree with everything that `tree` adds, in which what goes is still there, and what judges the
/// rows of tables that were there before is not.
pub(super) fn widened(scene: &Scene<'_>, tree: &Tree) -> Tree {
    let mut wide = tree.clone();
    let judges: Vec<Address> =
        tree.iter().filter(|(address, entry)| judges(scene, tree, address, entry)).map(|(a, _)| a.clone()).collect();
    judges.into_iter().for_each(|address| remove(scene, &mut wide, address));
    for (address, entry) in tree.iter().filter(|(address, _)| address.kind == Kind::Column) {
        let before = scene.from.find(entry.lineage).map(|(_, before)| before);
        let of_before = tree.parent(address).is_some_and(|table| is_before(scene, tree, &table));
        let waits = match before {
            Some(before) => entry.object.is(Attr::NotNull) && !before.is(Attr::NotNull),
            None => of_before && needs_filling(address, &entry.object),
        };
        if waits {
            edit::change(&mut wide, address, |object| {
                object.set_nullable();
            });
        }
    }
    for (address, entry) in scene.from.iter() {
        let parent = scene.from.parent(address);
        let with_whole = parent.as_ref().is_some_and(|whole| goes(scene, whole));
        if tree.address(entry.lineage).is_none() && (waits_for_data(address.kind) && is_kept(address) || with_whole) {
            let (address, entry) = carried(scene, address);
            let whole = !address.kind.is_part() || wide.parent(&address).is_some();
            if whole && edit::is_free(&wide, &address) {
                edit::put(&mut wide, address, entry);
            }
        }
    }
    wide
}

/// Whether an object of the first tree is not in the second one.
fn goes(scene: &Scene<'_>, address: &Address) -> bool {
    is_kept(address) && scene.from.lineage(address).is_some_and(|lineage| scene.to.address(lineage).is_none())
}

/// Whether what goes is of a kind from which data steps take what they write. A view could stand on
/// what changes.
fn is_kept(address: &Address) -> bool {
    use Kind::{Attribute, Column, Composite, Domain, Enum, Range, Sequence, Table};
    matches!(address.kind, Table | Column | Sequence | Enum | Domain | Range | Composite | Attribute)
}

/// Whether a table was there before.
fn is_before(scene: &Scene<'_>, tree: &Tree, table: &Address) -> bool {
    tree.lineage(table).is_some_and(|lineage| scene.from.address(lineage).is_some())
}

/// Whether a new or changed object would judge or watch what data steps do.
fn judges(scene: &Scene<'_>, tree: &Tree, address: &Address, entry: &Entry) -> bool {
    let changed = match scene.from.find(entry.lineage) {
        Some((_, before)) => before.get(Attr::Definition) != entry.object.get(Attr::Definition),
        None => true,
    };
    let of_before = tree.parent(address).is_some_and(|table| is_before(scene, tree, &table));
    changed
        && match address.kind {
            Kind::Trigger | Kind::MaterializedView => true,
            Kind::Constraint => of_before || is_constraint(&entry.object, &["foreign key"]),
            Kind::Index => of_before && entry.object.is(Attr::Unique),
            _ => false,
        }
}

/// Takes out an object, its parts and what stands on it.
fn remove(scene: &Scene<'_>, tree: &mut Tree, address: Address) {
    let mut gone = vec![address];
    while let Some(address) = gone.pop() {
        if tree.remove(&address).is_none() {
            continue;
        }
        let stands_on = |other: &Address, entry: &Entry| {
            entry.object.derived.references.contains(&address)
                || other.kind.is_part() && address.kind == Kind::MaterializedView && other.relation() == address.path
        };
        // A table keeps its columns: what they stand on is no judge.
        let near = tree.iter().filter(|(other, entry)| stands_on(other, entry) && !holds_rows(scene, other));
        gone.extend(near.map(|(other, _)| other.clone()));
    }
}

fn holds_rows(scene: &Scene<'_>, address: &Address) -> bool {
    let of_table = scene.to.parent(address).is_some_and(|parent| parent.kind == Kind::Table);
    address.kind == Kind::Table || address.kind == Kind::Column && of_table
}
