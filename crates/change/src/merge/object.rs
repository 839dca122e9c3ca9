//! An object that both sides have, attribute by attribute.

use super::conflict::AttrConflict;
use super::{By, Choice, DISPUTED, Found, Merger, Plot, Said, Side, holder, references, value};
use crate::naming::Naming;
use pleach_schema::{Attr, Lineage, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl<'a> Merger<'a> {
    pub(super) fn both(
        &mut self,
        lineage: Lineage,
        base: Option<Found<'a>>,
        ours: Found<'a>,
        theirs: Found<'a>,
    ) -> Plot {
        let mut plot = self.plot(Side::Ours, ours);
        if ours.0 == theirs.0 && Arc::ptr_eq(ours.1, theirs.1) {
            plot.attributes.values_mut().for_each(|said| said.by = By::Both);
            return plot;
        }
        let mut clashes = Vec::new();
        let mut values = BTreeMap::new();
        let attrs: BTreeSet<Attr> = ours.1.attributes.keys().chain(theirs.1.attributes.keys()).copied().collect();
        for attr in attrs {
            match self.attribute(attr, base, ours, theirs) {
                Ok(said) => values.extend(said.map(|said| (attr, said))),
                Err(clash) => clashes.push(clash),
            }
        }
        if let Some(base) = base {
            self.place(&mut plot, base, ours, theirs, &mut clashes);
        }
        plot.references = self.merged_references(base, ours, theirs);
        if !clashes.is_empty() {
            self.disputed.extend(clashes.iter().filter_map(|clash| Some((lineage, clash.attr?))));
            let choice = self.raise(self.edit_edit(lineage, ours.0, clashes.clone()));
            let side = if choice == Choice::Theirs { Side::Theirs } else { Side::Ours };
            let found = if side == Side::Theirs { theirs } else { ours };
            self.take_side(&mut plot, &mut values, &clashes, side, found);
        }
        let says = |side: Side| values.values().all(|said| matches!(said.by, By::Both) || said.by == By::One(side));
        if says(Side::Theirs) && !says(Side::Ours) {
            plot.source = Side::Theirs;
            plot.like = theirs.0.clone();
        }
        plot.attributes = values;
        plot
    }

    /// What an object is called and where it lives.
    fn place(
        &self,
        plot: &mut Plot,
        base: Found<'_>,
        ours: Found<'_>,
        theirs: Found<'_>,
        clashes: &mut Vec<AttrConflict>,
    ) {
        match three_way(base.0.name(), ours.0.name(), theirs.0.name()) {
            Some(merged) => merged.clone_into(&mut plot.name),
            None => clashes.push(name_clash(base.0.name(), ours.0.name(), theirs.0.name())),
        }
        let was = holder(self.base, base.0);
        match three_way(was, plot.holder, holder(self.theirs, theirs.0)) {
            Some(merged) => plot.holder = merged,
            None => clashes.push(name_clash(&base.0.sql(), &ours.0.sql(), &theirs.0.sql())),
        }
    }

    /// Settles clashes by a side.
    fn take_side(
        &self,
        plot: &mut Plot,
        values: &mut BTreeMap<Attr, Said>,
        clashes: &[AttrConflict],
        side: Side,
        found: Found<'_>,
    ) {
        for clash in clashes {
            match clash.attr {
                Some(attr) => {
                    values.remove(&attr);
                    let said = |value: &Value| Said { value: value.clone(), by: By::One(side) };
                    values.extend(found.1.get(attr).map(|value| (attr, said(value))));
                }
                None => {
                    found.0.name().clone_into(&mut plot.name);
                    plot.holder = holder(self.side(side), found.0);
                }
            }
        }
        if clashes.iter().any(|clash| clash.attr.is_some_and(names_things)) {
            plot.references = references(self.side(side), found.1);
        }
    }

    /// One attribute, with who says it so.
    fn attribute(
        &self,
        attr: Attr,
        base: Option<Found<'_>>,
        ours: Found<'_>,
        theirs: Found<'_>,
    ) -> Result<Option<Said>, AttrConflict> {
        let (o, t) = (ours.1.get(attr), theirs.1.get(attr));
        let same = |naming: &Naming<'_>, a: Found<'_>, b: Found<'_>| match (a.1.get(attr), b.1.get(attr)) {
            (Some(x), Some(y)) => naming.same_value((a.0, a.1, x), (b.0, b.1, y)),
            (x, y) => x == y,
        };
        let said = |value: Option<&Value>, by: By| value.map(|value| Said { value: value.clone(), by });
        if same(&self.between, ours, theirs) {
            return Ok(said(o, By::Both));
        }
        if let Some(base) = base {
            if same(&self.ours_naming, base, ours) {
                return Ok(said(t, By::One(Side::Theirs)));
            }
            if same(&self.theirs_naming, base, theirs) {
                return Ok(said(o, By::One(Side::Ours)));
            }
        }
        let b = base.and_then(|base| base.1.get(attr));
        match value::merge_inside(attr, b, o, t) {
            Some(merged) => Ok(said(merged.as_ref(), By::Mixed)),
            None => {
                let base = b.filter(|base| base.as_text() != Some(DISPUTED)).cloned();
                Err(AttrConflict { attr: Some(attr), base, ours: o.cloned(), theirs: t.cloned() })
            }
        }
    }

    /// What both still stand on, and what either came to stand on.
    fn merged_references(&self, base: Option<Found<'_>>, ours: Found<'_>, theirs: Found<'_>) -> BTreeSet<Lineage> {
        let (o, t) = (references(self.ours, ours.1), references(self.theirs, theirs.1));
        let b = base.map(|base| references(self.base, base.1)).unwrap_or_default();
        o.union(&t).filter(|l| o.contains(l) && t.contains(l) || !b.contains(l)).copied().collect()
    }
}

/// Whether an attribute's text can name other objects. Bodies in strings do not follow renames.
pub(super) fn names_things(attr: Attr) -> bool {
    !matches!(
        attr,
        Attr::Comment | Attr::Owner | Attr::Grants | Attr::Body | Attr::Labels | Attr::Language | Attr::Version
    )
}

fn three_way<T: PartialEq>(base: T, ours: T, theirs: T) -> Option<T> {
    if ours == theirs || base == theirs {
        Some(ours)
    } else if base == ours {
        Some(theirs)
    } else {
        None
    }
}

fn name_clash(base: &str, ours: &str, theirs: &str) -> AttrConflict {
    AttrConflict { attr: None, base: Some(base.into()), ours: Some(ours.into()), theirs: Some(theirs.into()) }
}
