//! Names: free before they are taken.

use super::Stage;
use super::circle::components;
use super::order::{Graph, What, backed, renamed_around};
use pleach_schema::{Address, Attr, Kind, Lineage, Object, Slot};
use std::collections::{HashMap, HashSet};

/// Somebody takes a name that somebody else gives up.
struct Handover {
    /// Who has the name.
    owner: Lineage,
    /// The act by which it gives the name up.
    giving: usize,
    /// The act that takes it.
    taking: usize,
}

impl Graph<'_> {
    /// Who takes a name waits for who has it. Where that closes a circle (two tables swap their
    /// names; a type gives way to one of its name, and columns still have it), who has the name
    /// steps aside first.
    pub fn tie_names(&mut self) {
        let handovers = self.handovers();
        let mut edges: Vec<HashSet<usize>> = vec![HashSet::new(); self.nodes.len()];
        for (at, node) in self.nodes.iter().enumerate() {
            for before in &node.hard {
                edges[*before].insert(at);
            }
        }
        for handover in &handovers {
            edges[handover.giving].insert(handover.taking);
        }
        let circle = components(&edges);
        for handover in handovers {
            let Handover { owner, giving, taking } = handover;
            if circle[giving] != circle[taking] {
                self.tie(giving, taking);
            } else if let Some(address) =
                self.from.address(owner).filter(|address| can_step_aside(address.kind)).cloned()
            {
                let aside = self.add(What::Aside, owner, &address, Stage::Rename);
                self.tie(aside, taking);
                self.tie(aside, giving);
                self.tie(aside, self.barrier);
                let is_drop = self.nodes[giving].act.as_ref().is_some_and(|act| act.what == What::Drop);
                if is_drop {
                    self.tie(self.barrier, giving);
                }
            } else {
                self.tie(giving, taking);
            }
        }
        for (node, act) in self.acts() {
            if matches!(act.what, What::Aside | What::Rename) {
                self.tie_around(node, &act);
            }
        }
    }

    fn handovers(&self) -> Vec<Handover> {
        let mut givers: HashMap<Slot, (Lineage, usize)> = HashMap::new();
        let going = self.fates.dropped.union(&self.fates.recreated).filter_map(|lineage| {
            let node = self.drop_node(self.from.address(*lineage)?)?;
            Some((*lineage, node))
        });
        let mut moving: Vec<(Lineage, usize)> = Vec::new();
        for (node, act) in self.acts() {
            if act.what == What::Rename {
                moving.push((act.lineage, node));
            }
        }
        for (lineage, node) in going.chain(moving.iter().copied()) {
            let Some((address, object)) = self.from.find(lineage) else { continue };
            // Within a relation that goes, names need not be free.
            let inside = self.from.parent(address).and_then(|whole| self.from.lineage(&whole));
            let goes_along = inside.is_some_and(|whole| self.fates.goes(whole));
            let skipped = if goes_along { slots_inside(address.kind) } else { 0 };
            for slot in slots(&renamed_around(self.from, self.to, address), object).into_iter().skip(skipped) {
                givers.insert(slot, (lineage, node));
            }
        }
        let coming = self.fates.created.union(&self.fates.recreated).filter_map(|lineage| {
            let node = self.create_node(self.to.address(*lineage)?)?;
            Some((*lineage, node))
        });
        let mut takers: Vec<(usize, Lineage)> =
            moving.iter().copied().chain(coming).map(|(lineage, node)| (node, lineage)).collect();
        takers.sort();
        let mut out = Vec::new();
        for (taking, lineage) in takers {
            let Some((address, object)) = self.to.find(lineage) else { continue };
            for slot in slots(address, object) {
                let from_other = |(_, giving): &&(Lineage, usize)| *giving != taking;
                if let Some((owner, giving)) = givers.get(&slot).filter(from_other) {
                    out.push(Handover { owner: *owner, giving: *giving, taking });
                }
            }
        }
        out
    }
}

/// How many of the places an object holds, from the first one on, are inside of its relation.
fn slots_inside(kind: Kind) -> usize {
    match kind {
        Kind::Index => 0,
        Kind::Constraint => 1,
        kind if kind.is_part() => usize::MAX,
        _ => 0,
    }
}

/// The places an object holds, among them that of its table's only primary key.
fn slots(address: &Address, object: &Object) -> Vec<Slot> {
    let mut slots = address.slots(backed(object));
    if object.text(Attr::ConstraintType) == Some("primary key") {
        let only = Address::new(Kind::Constraint, address.relation().iter().map(String::as_str).chain([""]));
        slots.extend(only.slots(false));
    }
    slots
}

/// Whether an object of this kind can have a temporary name for a while.
fn can_step_aside(kind: Kind) -> bool {
    !matches!(kind, Kind::Extension | Kind::DefaultPrivileges)
}
