//! First pass: each object by itself. Who is there?

use super::{By, Choice, Found, Merger, Plot, Said, Side, holder, parts, references, whole_object_key};
use pleach_schema::{Address, Attr, Kind, Lineage};
use std::collections::{BTreeSet, HashMap};

/// What one side did to something that the other dropped.
#[derive(Debug, Clone)]
pub(super) struct Deed {
    pub lineage: Lineage,
    /// The attributes that changed.
    pub attributes: Vec<Attr>,
    /// It has another name or is elsewhere.
    pub renamed: bool,
    /// It was added.
    pub added: bool,
}

impl<'a> Merger<'a> {
    pub(super) fn gather(&mut self) {
        let felled = self.felled_relations();
        let (ours, theirs) = (self.ours, self.theirs);
        let mut left_out = Vec::new();
        for (address, entry) in ours.iter() {
            if !self.calm.contains(&entry.lineage) {
                let found = (Some((address, &entry.object)), theirs.find(entry.lineage));
                self.gather_one(entry.lineage, found.0, found.1, &felled, &mut left_out);
            }
        }
        for (address, entry) in theirs.iter() {
            if ours.address(entry.lineage).is_none() {
                self.gather_one(entry.lineage, None, Some((address, &entry.object)), &felled, &mut left_out);
            }
        }
        for (lineage, side) in left_out {
            self.give_up(lineage, side);
        }
    }

    fn gather_one(
        &mut self,
        lineage: Lineage,
        ours: Option<Found<'a>>,
        theirs: Option<Found<'a>>,
        felled: &HashMap<Lineage, bool>,
        left_out: &mut Vec<(Lineage, Side)>,
    ) {
        if let Some(side) = self.chosen_whole(lineage) {
            match (side, ours, theirs) {
                (Side::Ours, Some(found), _) | (Side::Theirs, _, Some(found)) => {
                    self.plots.insert(lineage, self.plot(side, found));
                }
                // What the chosen side has not goes, with what the other built on it.
                (_, Some(found), _) | (_, _, Some(found)) => {
                    self.plots.insert(lineage, self.plot(side.other(), found));
                    left_out.push((lineage, side.other()));
                }
                _ => {}
            }
            return;
        }
        let base = self.base.find(lineage);
        let plot = match (base, ours, theirs) {
            (_, Some(ours), Some(theirs)) => Some(self.both(lineage, base, ours, theirs)),
            (_, Some(found), None) | (_, None, Some(found)) => {
                let side = if ours.is_some() { Side::Ours } else { Side::Theirs };
                let keep = match (felled.get(&lineage), base) {
                    (Some(keep), _) => *keep,
                    (None, None) => true,
                    (None, Some(base)) => self.outlives(lineage, base, found, side),
                };
                keep.then(|| self.plot(side, found))
            }
            (_, None, None) => None,
        };
        if let Some(plot) = plot {
            self.plots.insert(lineage, plot);
        }
    }

    /// The side whose version of a whole object was chosen.
    fn chosen_whole(&self, lineage: Lineage) -> Option<Side> {
        match self.choices.get(&whole_object_key(lineage))? {
            Choice::Ours => Some(Side::Ours),
            Choice::Theirs => Some(Side::Theirs),
            Choice::Both => None,
        }
    }

    /// An object as one side has it.
    pub(super) fn plot(&self, side: Side, (address, object): Found<'_>) -> Plot {
        let tree = self.side(side);
        let said =
            |(attr, value): (&Attr, &pleach_schema::Value)| (*attr, Said { value: value.clone(), by: By::One(side) });
        Plot {
            name: address.name().to_owned(),
            holder: holder(tree, address),
            like: address.clone(),
            attributes: object.attributes.iter().map(said).collect(),
            references: references(tree, object),
            source: side,
        }
    }

    /// Relations and types that one side dropped and the other changed, in themselves or in a
    /// part: one decision for the whole. Maps the relation and each of its parts to whether it
    /// stays.
    fn felled_relations(&mut self) -> HashMap<Lineage, bool> {
        let mut out = HashMap::new();
        let base = self.base;
        for (address, entry) in base.iter().filter(|(address, _)| !address.kind.is_part()) {
            if self.calm.contains(&entry.lineage) || self.chosen_whole(entry.lineage).is_some() {
                continue;
            }
            let side = match (self.ours.address(entry.lineage), self.theirs.address(entry.lineage)) {
                (Some(_), None) => Side::Ours,
                (None, Some(_)) => Side::Theirs,
                _ => continue,
            };
            let Some(kept) = self.side(side).address(entry.lineage) else { continue };
            let parts_now = parts(self.side(side), kept);
            if parts_now.is_empty() {
                continue;
            }
            let own = std::iter::once(entry.lineage).chain(parts_now.iter().map(|(_, lineage)| *lineage));
            let deeds: Vec<Deed> = own.clone().filter_map(|lineage| self.deed(lineage, side)).collect();
            // What was only added stands on the relation: see the dependencies.
            if !deeds.iter().any(|deed| !deed.added) {
                continue;
            }
            let choice = self.raise(self.edit_delete(entry.lineage, address, side, &deeds));
            let keep = stays(choice, side);
            if !keep {
                self.felled.insert(entry.lineage);
            }
            out.extend(own.map(|lineage| (lineage, keep)));
        }
        out
    }

    /// Whether an object that one side dropped stays, because the other changed it, or what it is on.
    fn outlives(&mut self, lineage: Lineage, base: Found<'a>, kept: Found<'a>, side: Side) -> bool {
        let Some(deed) = self.deed(lineage, side) else { return self.stays_with_its_column(base, side) };
        debug_assert!(!deed.added && self.side(side).address(lineage) == Some(kept.0));
        for attr in &deed.attributes {
            self.disputed.push((lineage, *attr));
        }
        let choice = self.raise(self.edit_delete(lineage, base.0, side, &[deed]));
        stays(choice, side)
    }

    /// Whether a constraint or an index went with a column of its table that stays after all.
    fn stays_with_its_column(&mut self, (address, object): Found<'a>, side: Side) -> bool {
        if !matches!(address.kind, Kind::Constraint | Kind::Index | Kind::Statistics) {
            return false;
        }
        let (base, dropped_by) = (self.base, self.side(side.other()));
        let columns = object.derived.references.iter().filter(|column| column.kind == Kind::Column);
        let gone = columns.filter_map(|column| Some((column, base.lineage(column)?)));
        let gone: Vec<_> = gone.filter(|(_, lineage)| dropped_by.address(*lineage).is_none()).collect();
        gone.into_iter().any(|(column, lineage)| {
            let Some(deed) = self.deed(lineage, side) else { return false };
            stays(self.raise(self.edit_delete(lineage, column, side, &[deed])), side)
        })
    }

    /// What a side did to an object since the base; `None` for nothing.
    fn deed(&self, lineage: Lineage, side: Side) -> Option<Deed> {
        let kept = self.side(side).find(lineage)?;
        let Some(base) = self.base.find(lineage) else {
            return Some(Deed { lineage, attributes: Vec::new(), renamed: false, added: true });
        };
        let naming = self.naming(side);
        let attrs: BTreeSet<Attr> = base.1.attributes.keys().chain(kept.1.attributes.keys()).copied().collect();
        let attributes: Vec<Attr> = attrs
            .into_iter()
            .filter(|attr| match (base.1.get(*attr), kept.1.get(*attr)) {
                (Some(x), Some(y)) => !naming.same_value((base.0, base.1, x), (kept.0, kept.1, y)),
                (x, y) => x != y,
            })
            .collect();
        let renamed = self.is_elsewhere(base.0, kept.0, side);
        (renamed || !attributes.is_empty()).then_some(Deed { lineage, attributes, renamed, added: false })
    }

    /// Whether an object has another name of its own, or another holder.
    fn is_elsewhere(&self, base: &Address, now: &Address, side: Side) -> bool {
        base.name() != now.name() || holder(self.base, base) != holder(self.side(side), now)
    }
}

/// Whether what `side` changed and the other dropped stays by this choice.
fn stays(choice: Choice, side: Side) -> bool {
    match choice {
        Choice::Ours => side == Side::Ours,
        Choice::Theirs => side == Side::Theirs,
        Choice::Both => true,
    }
}
