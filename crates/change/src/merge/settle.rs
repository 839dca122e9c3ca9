//! Second pass: the merged schema stands by itself. Every name is held once, and what an object
//! stands on is there.

use super::conflict::Choice;
use super::{Merger, Side, holder, parts};
use pleach_schema::{Address, Attr, Kind, Lineage, Slot};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How often names and dependencies are gone through. A decision about one can only upset the
/// other when it brings something back, and what is back stays.
const ROUNDS: usize = 8;

impl Merger<'_> {
    pub(super) fn settle(&mut self) {
        for _ in 0..ROUNDS {
            let names = self.settle_names();
            let supports = self.settle_dependencies();
            if !names && !supports {
                return;
            }
        }
        // Decisions that undo each other: nothing may be lost to that.
        for (address, mine, their) in self.clashes() {
            let conflict = self.name_conflict(&address, mine, their);
            self.conflicts.push(conflict);
            self.rename_free(their, &address);
        }
    }

    /// Two objects that want one name: of one kind and both new (add/add), or otherwise (name
    /// taken). Returns whether there were any.
    fn settle_names(&mut self) -> bool {
        let mut any = false;
        for (address, mine, their) in self.clashes() {
            // An earlier one may have taken it out, or given it another name.
            let still = |lineage: Lineage| self.address(lineage);
            if still(mine).is_none()
                || still(their).as_ref() != Some(&address) && still(mine).as_ref() != Some(&address)
            {
                continue;
            }
            any = true;
            if let Some(stays) = [mine, their].into_iter().find(|l| self.replacement(*l).is_some()) {
                // What was replaced stays, by a decision of its own: the replacement is not needed.
                let (replacement, side) = if stays == mine { (their, Side::Theirs) } else { (mine, Side::Ours) };
                self.give_up(replacement, side);
                continue;
            }
            let conflict = self.name_conflict(&address, mine, their);
            match self.raise(conflict) {
                Choice::Ours => self.yield_name(their, Side::Theirs),
                Choice::Theirs => self.yield_name(mine, Side::Ours),
                Choice::Both => self.rename_free(their, &address),
            }
        }
        any
    }

    /// The pairs that want one name, ours first, whole relations before their parts: parts of a
    /// relation that is left out are left out with it.
    fn clashes(&self) -> Vec<(Address, Lineage, Lineage)> {
        let mut order: Vec<(bool, Option<Side>, Address, Lineage)> = self
            .plots
            .keys()
            .filter_map(|lineage| {
                let address = self.address(*lineage)?;
                Some((address.kind.is_part(), self.named_by(*lineage, &address), address, *lineage))
            })
            .collect();
        order.sort();
        let mut held: HashMap<Slot, (Lineage, Option<Side>)> = HashMap::new();
        let mut clashes = Vec::new();
        let mut whole: BTreeSet<Lineage> = BTreeSet::new();
        for (_, side, address, lineage) in order {
            let slots = address.slots(self.is_backed(lineage));
            match slots.iter().find_map(|slot| held.get(slot).copied()) {
                Some((other, _)) => {
                    let of_clashing =
                        |l: Lineage| self.plots.get(&l).and_then(|p| p.holder).is_some_and(|h| whole.contains(&h));
                    if of_clashing(lineage) || of_clashing(other) {
                        continue;
                    }
                    whole.extend([lineage, other]);
                    let (mine, their) = if side == Some(Side::Ours) { (lineage, other) } else { (other, lineage) };
                    clashes.push((address, mine, their));
                }
                None => held.extend(slots.into_iter().map(|slot| (slot, (lineage, side)))),
            }
        }
        clashes
    }

    /// The side that an object has its name from; `None` for one that it had before, or has from
    /// both.
    fn named_by(&self, lineage: Lineage, address: &Address) -> Option<Side> {
        let is = |tree: &pleach_schema::Tree| tree.address(lineage).is_some_and(|had| had.path == address.path);
        match (is(self.base), is(self.ours), is(self.theirs)) {
            (false, true, false) => Some(Side::Ours),
            (false, false, true) => Some(Side::Theirs),
            _ => None,
        }
    }

    /// What the side that dropped an object has in its place, under its name.
    pub(super) fn replacement(&self, lineage: Lineage) -> Option<&Address> {
        let address = self.base.address(lineage)?;
        let dropped_by = [self.ours, self.theirs].into_iter().find(|tree| tree.address(lineage).is_none())?;
        dropped_by.get(address).map(|_| address)
    }

    fn is_backed(&self, lineage: Lineage) -> bool {
        let said = self.plots.get(&lineage).and_then(|plot| plot.attributes.get(&Attr::ConstraintType));
        said.is_some_and(|said| matches!(said.value.as_text(), Some("primary key" | "unique" | "exclusion")))
    }

    /// A name that nothing has on either side: `name_2`, `name_3`, …, within 63 bytes.
    pub(super) fn free_name(&self, lineage: Lineage, address: &Address) -> String {
        let relation = address.relation();
        let in_trees: BTreeSet<&str> = [self.ours, self.theirs]
            .into_iter()
            .flat_map(|tree| tree.iter())
            .filter(|(other, _)| match address.kind {
                Kind::Column | Kind::Attribute => other.kind == address.kind && other.relation() == relation,
                _ => other.schema() == address.schema(),
            })
            .map(|(other, _)| other.name())
            .collect();
        let mut number = 2;
        loop {
            let suffix = format!("_{number}");
            let mut cut = address.name().len().min(63 - suffix.len());
            while !address.name().is_char_boundary(cut) {
                cut -= 1;
            }
            let name = format!("{}{suffix}", &address.name()[..cut]);
            let planned = self.plots.iter().any(|(other, plot)| *other != lineage && plot.name == name);
            if !planned && !in_trees.contains(name.as_str()) {
                return name;
            }
            number += 1;
        }
    }

    fn rename_free(&mut self, lineage: Lineage, address: &Address) {
        let name = self.free_name(lineage, address);
        if let Some(plot) = self.plots.get_mut(&lineage) {
            plot.name = name;
        }
    }

    /// Makes an object give up the name it has from a side: what that side added goes, everything
    /// else is called as before.
    fn yield_name(&mut self, lineage: Lineage, side: Side) {
        let other = self.side(side.other());
        if self.base.address(lineage).is_none() && other.address(lineage).is_none() {
            self.give_up(lineage, side);
            return;
        }
        let Some(now) = self.address(lineage) else { return };
        let before = [other, self.base].into_iter().find_map(|tree| {
            let address = tree.address(lineage).filter(|address| address.path != now.path)?;
            Some((address.name().to_owned(), holder(tree, address)))
        });
        match (before, self.plots.get_mut(&lineage)) {
            (Some((name, holder)), Some(plot)) => {
                plot.name = name;
                plot.holder = holder;
            }
            _ => self.rename_free(lineage, &now),
        }
    }

    /// Leaves out what a side made of an object, and what it built on that: where the other side
    /// has the object too, its version holds; where not, the object goes.
    pub(super) fn give_up(&mut self, lineage: Lineage, side: Side) {
        let mut todo = vec![lineage];
        while let Some(lineage) = todo.pop() {
            if self.plots.remove(&lineage).is_none() {
                continue;
            }
            if let Some(found) = self.side(side.other()).find(lineage) {
                let plot = self.plot(side.other(), found);
                self.plots.insert(lineage, plot);
                continue;
            }
            let stands_on = |plot: &super::Plot| plot.holder == Some(lineage) || plot.references.contains(&lineage);
            todo.extend(self.plots.iter().filter(|(_, plot)| stands_on(plot)).map(|(lineage, _)| *lineage));
        }
    }

    /// Brings an object back as one side has it, with its parts and what it stands on.
    fn restore(&mut self, lineage: Lineage, side: Side) {
        let tree = self.side(side);
        let mut todo = vec![lineage];
        while let Some(lineage) = todo.pop() {
            if self.is_there(lineage) {
                continue;
            }
            let Some(found) = tree.find(lineage) else { continue };
            let plot = self.plot(side, found);
            todo.extend(plot.references.iter().chain(&plot.holder).copied());
            self.plots.insert(lineage, plot);
            todo.extend(parts(tree, found.0).into_iter().map(|(_, part)| part));
        }
    }

    /// What one side dropped and the other still builds on. Returns whether there was any.
    fn settle_dependencies(&mut self) -> bool {
        let mut any = false;
        // Each round settles one missing object for good: it is back, or nothing that stands on
        // it is left.
        for _ in 0..=self.base.len() + self.plots.len() {
            let Some((lineage, gone, builders)) = self.missing() else { return any };
            any = true;
            self.settle_dependency(lineage, &gone, &builders);
        }
        any
    }

    /// The first object that is gone and that others stand on: relations before parts.
    fn missing(&self) -> Option<(Lineage, Address, Vec<Lineage>)> {
        let mut missing: BTreeMap<Lineage, Vec<Lineage>> = BTreeMap::new();
        for (lineage, plot) in &self.plots {
            for support in plot.references.iter().chain(&plot.holder) {
                if !self.is_there(*support) {
                    missing.entry(*support).or_default().push(*lineage);
                }
            }
        }
        let address = |lineage: Lineage| {
            [self.base, self.ours, self.theirs].into_iter().find_map(|tree| tree.address(lineage)).cloned()
        };
        let (_, gone, lineage) = missing
            .keys()
            .filter_map(|lineage| address(*lineage).map(|gone| (gone.kind.is_part(), gone, *lineage)))
            .min()?;
        let mut builders = missing.remove(&lineage).unwrap_or_default();
        builders.sort_by_key(|builder| address(*builder));
        Some((lineage, gone, builders))
    }

    fn settle_dependency(&mut self, lineage: Lineage, gone: &Address, builders: &[Lineage]) {
        let dropped_by = if self.ours.address(lineage).is_none() { Side::Ours } else { Side::Theirs };
        let built_by = dropped_by.other();
        let stays = if self.felled.contains(&lineage) {
            // It was decided already that it goes, with what stands on it.
            false
        } else {
            match self.raise(self.dependency(lineage, gone, builders, dropped_by)) {
                Choice::Ours => built_by == Side::Ours,
                Choice::Theirs => built_by == Side::Theirs,
                Choice::Both => true,
            }
        };
        if stays {
            self.restore(lineage, built_by);
        }
        if !self.is_there(lineage) {
            builders.iter().for_each(|builder| self.give_up(*builder, built_by));
            // What both have of it stands on what is not there any more.
            for builder in builders {
                let stuck = self.plots.get(builder).is_some_and(|plot| plot.references.contains(&lineage));
                if stuck {
                    self.plots.remove(builder);
                }
            }
        }
    }
}
