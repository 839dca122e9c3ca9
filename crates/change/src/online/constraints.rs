//! Foreign keys and checks: there first, `NOT VALID`, and then checked while others go on.

use super::{Goal, How, Scene, edit, is_constraint};
use crate::plan::parents_part;
use pleach_schema::{Address, Attr, Kind, Object, Tree};
use std::collections::BTreeSet;

/// The constraints that are checked in a step of their own, by their address in the second tree.
pub(super) struct Constraints {
    checked_later: BTreeSet<Address>,
    /// Those that could be.
    loosable: BTreeSet<Address>,
}

impl Constraints {
    pub fn new(scene: &Scene<'_>) -> Self {
        let (mut checked_later, mut loosable) = (BTreeSet::new(), BTreeSet::new());
        let of_kind = |object: &Object| is_constraint(object, &["check", "foreign key"]);
        for (address, entry) in scene.to.iter().filter(|(_, entry)| of_kind(&entry.object)) {
            let Some(root) = root(scene.to, address) else { continue };
            let comes = scene.to.lineage(&root).is_some_and(|lineage| is_new(scene, lineage));
            if can_wait(scene, &root, &entry.object) {
                loosable.insert(address.clone());
                if comes {
                    checked_later.insert(address.clone());
                }
            }
        }
        Self { checked_later, loosable }
    }

    /// Leaves the check of rows out.
    pub fn loosen(&self, tree: &mut Tree) {
        for address in &self.checked_later {
            self.loosen_one(tree, address);
        }
    }

    /// Leaves the check of rows out of one, if that is what is done with it.
    pub fn loosen_one(&self, tree: &mut Tree, address: &Address) {
        if self.checked_later.contains(address) {
            leave_unchecked(tree, address);
        }
    }

    /// Leaves the check of rows out of a foreign key that is made again because its key is another.
    pub fn loosen_rebuilt(&self, tree: &mut Tree, address: &Address) {
        if self.loosable.contains(address) {
            leave_unchecked(tree, address);
        }
    }

    /// Checks what is there and is to be checked.
    pub fn validate(&self, tree: &mut Tree, end: &Tree) -> Goal {
        for (address, _) in end.iter().filter(|(address, _)| address.kind == Kind::Constraint) {
            let waits = tree.object(address).is_some_and(|object| object.is(Attr::NotValid));
            if waits && end.object(address).is_some_and(|object| !object.is(Attr::NotValid)) {
                edit::change(tree, address, |object| drop(object.attributes.remove(&Attr::NotValid)));
            }
        }
        Goal::new("check the rows that were there before", How::Alone, tree.clone())
    }
}

fn leave_unchecked(tree: &mut Tree, constraint: &Address) {
    edit::change(tree, constraint, |object| {
        object.set(Attr::NotValid, true);
    });
}

/// Whether a constraint is made: it is new, or another one than before.
pub(super) fn is_new(scene: &Scene<'_>, lineage: pleach_schema::Lineage) -> bool {
    scene.diff.get(lineage).is_some_and(|change| {
        change.from.is_none()
            || change.attribute(Attr::Definition).is_some()
            || change.attribute(Attr::NotValid).is_some_and(|changed| changed.to.is_none())
    })
}

/// The part of the topmost table that an inherited part follows; itself, if it follows none; `None`
/// where it follows several.
pub(super) fn root(tree: &Tree, part: &Address) -> Option<Address> {
    let mut at = part.clone();
    loop {
        match parents_part(tree, &at).as_slice() {
            [] => return Some(at),
            [parent] => at = parent.clone(),
            _ => return None,
        }
    }
}

fn can_wait(scene: &Scene<'_>, root: &Address, object: &Object) -> bool {
    if scene.large_table(root).is_none() {
        return false;
    }
    let partitioned = scene.to.is_of_partitioned(root);
    let key = is_constraint(object, &["foreign key"]);
    let enforced = !object.text(Attr::Definition).is_some_and(|definition| definition.contains("NOT ENFORCED"));
    // Before PostgreSQL 18 a foreign key of a partitioned table cannot be unchecked.
    enforced && !object.is(Attr::NotValid) && !(key && partitioned && scene.facts.version < 180_000)
}
