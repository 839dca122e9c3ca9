//! Definitions through renames: what PostgreSQL has to write again, and what comes of it.
//!
//! A text is stale when it is in the names of one side and the merged tree has others. Nobody
//! rewrites it here: a database of that side takes the merged names, and PostgreSQL carries them
//! into everything it has parsed.

use super::{Merged, Side, holder};
use pleach_schema::{Address, Attr, Entry, Kind, Lineage, Object, Slot, Tree};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// One side's tree in the merged names: nothing is added, dropped or altered, and what the merged
/// tree has not keeps its name, unless something else has it now.
pub fn in_merged_names(side: &Tree, merged: &Tree) -> Tree {
    let mut namer = Namer { side, merged, names: HashMap::new(), aside: HashSet::new() };
    let mut taken: HashSet<Slot> = HashSet::new();
    let (stay, go): (Vec<_>, Vec<_>) = side.iter().partition(|(_, entry)| merged.address(entry.lineage).is_some());
    for (address, entry) in stay {
        taken.extend(namer.name(entry.lineage, address).slots(is_backed(&entry.object)));
    }
    for (address, entry) in go {
        let here = namer.name(entry.lineage, address);
        let slots = here.slots(is_backed(&entry.object));
        if slots.iter().any(|slot| taken.contains(slot)) {
            namer.aside.insert(entry.lineage);
            namer.names.clear();
        } else {
            taken.extend(slots);
        }
    }
    let mut out = Tree::default();
    for (address, entry) in side.iter() {
        let name = namer.name(entry.lineage, address);
        let mut object = (*entry.object).clone();
        let references = std::mem::take(&mut object.derived.references);
        object.derived.references = references
            .into_iter()
            .map(|reference| match side.lineage(&reference) {
                Some(lineage) => namer.name(lineage, &reference),
                None => reference,
            })
            .collect();
        // Names were made to differ.
        let _ = out.insert(name, Entry { lineage: entry.lineage, object: Arc::new(object) });
    }
    for (address, entry) in merged.iter().filter(|(address, _)| address.kind == Kind::Schema) {
        if out.address(entry.lineage).is_none() && out.get(address).is_none() {
            let bare = Entry { lineage: entry.lineage, object: Arc::new(Object::default()) };
            let _ = out.insert(address.clone(), bare);
        }
    }
    out
}

struct Namer<'a> {
    side: &'a Tree,
    merged: &'a Tree,
    names: HashMap<Lineage, Address>,
    /// What has to make room.
    aside: HashSet<Lineage>,
}

impl Namer<'_> {
    fn name(&mut self, lineage: Lineage, address: &Address) -> Address {
        if let Some(name) = self.names.get(&lineage) {
            return name.clone();
        }
        let name = match self.merged.address(lineage) {
            Some(merged) => address.with_path(merged.path.clone()),
            None => {
                let outer = holder(self.side, address);
                let outer = outer.and_then(|outer| Some((outer, self.side.address(outer)?.clone())));
                let mut path = match outer {
                    Some((outer, at)) => self.name(outer, &at).path,
                    None => address.path[..address.path.len().saturating_sub(1)].to_vec(),
                };
                path.push(match self.aside.contains(&lineage) {
                    true => format!("pleach_{}", &lineage.to_string()[..12]),
                    false => address.name().to_owned(),
                });
                address.with_path(path)
            }
        };
        self.names.insert(lineage, name.clone());
        name
    }
}

/// A text as a database has it by now: which attribute (`None`: the address), and the object.
type Restatement<'t> = (Option<Attr>, &'t Address, &'t Object);

/// The merged tree with its stale texts as a database of their side has them by now.
pub fn restated(merged: &Merged, ours: Option<&Tree>, theirs: Option<&Tree>) -> Tree {
    let mut texts: HashMap<Lineage, Vec<Restatement<'_>>> = HashMap::new();
    for stale in &merged.stale {
        let side = if stale.side == Side::Ours { ours } else { theirs };
        if let Some((address, object)) = side.and_then(|side| side.find(stale.lineage)) {
            texts.entry(stale.lineage).or_default().push((stale.attr, address, object));
        }
    }
    let mut renamed: HashMap<&Address, Address> = HashMap::new();
    for (lineage, restated) in &texts {
        let arguments = restated.iter().find(|(attr, _, _)| attr.is_none()).map(|(_, address, _)| *address);
        if let (Some(arguments), Some(address)) = (arguments, merged.tree.address(*lineage)) {
            renamed.insert(address, Address { arguments: arguments.arguments.clone(), ..address.clone() });
        }
    }
    let mut out = Tree::default();
    for (address, entry) in merged.tree.iter() {
        let name = renamed.get(address).unwrap_or(address).clone();
        let mut entry = entry.clone();
        let moved = entry.object.derived.references.iter().any(|reference| renamed.contains_key(reference));
        let texts = texts.get(&entry.lineage).map(Vec::as_slice).unwrap_or_default();
        if moved || !texts.is_empty() {
            let mut object = (*entry.object).clone();
            let references = std::mem::take(&mut object.derived.references);
            object.derived.references = references.into_iter().map(|r| renamed.get(&r).cloned().unwrap_or(r)).collect();
            for (attr, _, said) in texts {
                let Some(attr) = attr else { continue };
                object.attributes.remove(attr);
                object.attributes.extend(said.get(*attr).map(|value| (*attr, value.clone())));
            }
            entry.object = Arc::new(object);
        }
        // Addresses and lineages are those of a tree already.
        let _ = out.insert(name, entry);
    }
    out
}

fn is_backed(object: &Object) -> bool {
    matches!(object.text(Attr::ConstraintType), Some("primary key" | "unique" | "exclusion"))
}
