//! Conflicts in words.

use super::conflict::{AttrConflict, Choice, Conflict, ConflictKind, Ways};
use super::gather::Deed;
use super::{DISPUTED, Merger, Side};
use crate::plan::definition;
use pleach_schema::{Address, Attr, Kind, Lineage, Tree, Value};
use std::collections::BTreeSet;

/// What SQL can do about a conflict between the sides.
const WITH_SQL: &str = "run your own SQL behind the merge with our side, and prove the result";

impl Merger<'_> {
    pub(super) fn edit_edit(&self, lineage: Lineage, address: &Address, attributes: Vec<AttrConflict>) -> Conflict {
        let names = |clash: &AttrConflict| clash.attr.map_or("name".to_owned(), attr_words);
        let list: Vec<String> = attributes.iter().map(names).collect();
        let said = |pick: fn(&AttrConflict) -> &Option<Value>, whose: &str| {
            let each = attributes.iter().map(|clash| {
                let name = names(clash);
                match pick(clash) {
                    None => format!("no {name}"),
                    Some(value) => match short(value) {
                        Some(value) => format!("{name} {value}"),
                        None => format!("{whose} {name}"),
                    },
                }
            });
            join(&each.collect::<Vec<_>>())
        };
        let was = self.base.address(lineage).unwrap_or(address);
        Conflict {
            key: format!("edit/edit {lineage}"),
            kind: ConflictKind::EditEdit,
            objects: vec![address.clone()],
            message: both_changed(&list, was),
            ours: self.shown(Side::Ours, lineage),
            theirs: self.shown(Side::Theirs, lineage),
            ways: Ways {
                ours: Some(said(|clash| &clash.ours, "our")),
                theirs: Some(said(|clash| &clash.theirs, "their")),
                both: None,
                sql: Some(WITH_SQL.to_owned()),
            },
            attributes,
            auto: None,
            postgres: None,
        }
    }

    /// `side` did these deeds to an object and its parts; the other dropped it.
    pub(super) fn edit_delete(&self, lineage: Lineage, was: &Address, side: Side, deeds: &[Deed]) -> Conflict {
        let tree = self.side(side);
        let kept = tree.address(lineage).unwrap_or(was);
        let mut objects = vec![kept.clone()];
        objects.extend(deeds.iter().filter_map(|deed| tree.address(deed.lineage)).cloned());
        let mut seen = BTreeSet::new();
        objects.retain(|object| seen.insert(object.clone()));
        let own = deeds.iter().filter(|deed| deed.lineage == lineage).flat_map(|deed| &deed.attributes);
        let attributes = own.map(|attr| {
            let value = |tree: &Tree| tree.find(lineage).and_then(|(_, object)| object.get(*attr).cloned());
            let (ours, theirs) = match side {
                Side::Ours => (value(self.ours), None),
                Side::Theirs => (None, value(self.theirs)),
            };
            let base = value(self.base).filter(|base| base.as_text() != Some(DISPUTED));
            AttrConflict { attr: Some(*attr), base, ours, theirs }
        });
        let (who, other) = whose(side);
        let done = join(&deeds.iter().map(|deed| self.deed_words(deed, lineage, side)).collect::<Vec<_>>());
        let built = self.built_on(side, kept);
        let with = if built.is_empty() { String::new() } else { format!(", and leave out {}", join(&built)) };
        let replaced = self.replacement(lineage).is_some();
        let gone = if replaced { "replaced" } else { "dropped" };
        let keep = Some(format!("keep {kept} as it was changed"));
        let drop = match replaced {
            true => Some(format!("take {other} side's new {} for it{with}", was.kind)),
            false => Some(format!("drop {was}{with}")),
        };
        let (ours, theirs) = if side == Side::Ours { (keep, drop) } else { (drop, keep) };
        Conflict {
            key: format!("edit/delete {lineage}"),
            kind: ConflictKind::EditDelete,
            objects,
            attributes: attributes.collect(),
            message: format!("{other} side {gone} {was}; {who} side changed it: {done}"),
            ours: self.shown(Side::Ours, lineage),
            theirs: self.shown(Side::Theirs, lineage),
            ways: Ways { ours, theirs, both: None, sql: Some(WITH_SQL.to_owned()) },
            auto: None,
            postgres: None,
        }
    }

    fn deed_words(&self, deed: &Deed, of: Lineage, side: Side) -> String {
        let (Some(now), was) = (self.side(side).address(deed.lineage), self.base.address(deed.lineage)) else {
            return String::new();
        };
        let it = if deed.lineage == of { String::new() } else { format!(" of {} {}", now.kind, now.name_sql()) };
        if deed.added {
            return format!("new {} {}", now.kind, now.name_sql());
        }
        let mut done = Vec::new();
        if let Some(was) = was.filter(|_| deed.renamed) {
            let what = if deed.lineage == of { String::new() } else { format!("{} {} ", was.kind, was.name_sql()) };
            let same_place = was.path.len() == now.path.len() && was.schema() == now.schema();
            let to = if same_place { now.name_sql().into_owned() } else { now.sql() };
            done.push(format!("{what}renamed to {to}"));
        }
        if !deed.attributes.is_empty() {
            let list: Vec<String> = deed.attributes.iter().map(|attr| attr_words(*attr)).collect();
            done.push(format!("{}{it}", join(&list)));
        }
        join(&done)
    }

    /// What a side added on an object and its parts, besides parts of its own.
    fn built_on(&self, side: Side, on: &Address) -> Vec<String> {
        let is_of = |other: &Address| other == on || other.kind.is_part() && other.relation() == on.path.as_slice();
        let tree = self.side(side);
        tree.iter()
            .filter(|(address, entry)| {
                self.base.address(entry.lineage).is_none()
                    && !is_of(address)
                    && entry.object.derived.references.iter().any(is_of)
            })
            .map(|(address, _)| address.to_string())
            .collect()
    }

    pub(super) fn name_conflict(&self, address: &Address, mine: Lineage, their: Lineage) -> Conflict {
        let (ours, theirs) = (self.ours.address(mine), self.theirs.address(their));
        let both_new = self.base.address(mine).is_none() && self.base.address(their).is_none();
        let one_kind = ours.map(|a| a.kind) == theirs.map(|a| a.kind);
        let kind = if both_new && one_kind { ConflictKind::AddAdd } else { ConflictKind::NameTaken };
        let keeps_both = kind == ConflictKind::AddAdd && matches!(address.kind, Kind::Column | Kind::Index);
        let now = |lineage: Lineage, own: Option<&Address>| own.cloned().or_else(|| self.address(lineage));
        let mut objects: Vec<Address> = now(mine, ours).into_iter().chain(now(their, theirs)).collect();
        objects.dedup();
        let how = |lineage: Lineage, is: Option<&Address>| match (self.base.address(lineage), is) {
            (Some(was), Some(is)) if was == is => format!("keeps {is}"),
            (Some(was), Some(is)) => format!("renamed {was} to {}", is.name_sql()),
            (None, Some(is)) => format!("added {is}"),
            (Some(was), None) => format!("kept {was}"),
            (None, None) => String::new(),
        };
        let message = match kind {
            ConflictKind::AddAdd => format!("both sides added {address}, differently"),
            _ => format!("two objects want one name: our side {}, their side {}", how(mine, ours), how(their, theirs)),
        };
        let way = |keep: &str, loser: Lineage, side: Side| {
            let whose = whose(side).0;
            let other = self.side(side.other());
            let before = self.base.address(loser).or_else(|| other.address(loser));
            let now = self.side(side).address(loser).or(before).unwrap_or(address);
            let free = || pleach_schema::quote_ident(&self.free_name(loser, address)).into_owned();
            match before {
                Some(was) if was.path != address.path => {
                    format!("{keep}; {whose} {} stays {}", now.kind, was.name_sql())
                }
                Some(_) => format!("{keep}; {whose} {} becomes {}", now.kind, free()),
                None => {
                    let mut left_out = vec![format!("{whose} {}", now.kind)];
                    left_out.extend(self.built_on(side, now));
                    let verb = if left_out.len() == 1 { "is" } else { "are" };
                    format!("{keep}; {} {verb} left out", join(&left_out))
                }
            }
        };
        let both = format!("keep both; theirs becomes {}", pleach_schema::quote_ident(&self.free_name(their, address)));
        Conflict {
            key: format!("name {} {mine} {their}", address.kind),
            kind,
            objects,
            attributes: self.differences(mine, their),
            message,
            ours: self.shown(Side::Ours, mine),
            theirs: self.shown(Side::Theirs, their),
            ways: Ways {
                ours: Some(way("keep ours", their, Side::Theirs)),
                theirs: Some(way("take theirs", mine, Side::Ours)),
                both: keeps_both.then_some(both),
                sql: Some(WITH_SQL.to_owned()),
            },
            auto: keeps_both.then_some(Choice::Both),
            postgres: None,
        }
    }

    /// The attributes in which two objects of one kind differ.
    fn differences(&self, mine: Lineage, their: Lineage) -> Vec<AttrConflict> {
        let (Some((a, ours)), Some((b, theirs))) = (self.ours.find(mine), self.theirs.find(their)) else {
            return Vec::new();
        };
        if a.kind != b.kind {
            return Vec::new();
        }
        let attrs: BTreeSet<Attr> = ours.attributes.keys().chain(theirs.attributes.keys()).copied().collect();
        let clash = |attr: Attr| AttrConflict {
            attr: Some(attr),
            base: None,
            ours: ours.get(attr).cloned(),
            theirs: theirs.get(attr).cloned(),
        };
        attrs.into_iter().filter(|attr| ours.get(*attr) != theirs.get(*attr)).map(clash).collect()
    }

    pub(super) fn dependency(
        &self,
        lineage: Lineage,
        gone: &Address,
        builders: &[Lineage],
        dropped_by: Side,
    ) -> Conflict {
        let built_by = dropped_by.other();
        let (tree, dropping) = (self.side(built_by), self.side(dropped_by));
        let built: Vec<Address> = builders.iter().filter_map(|builder| tree.address(*builder)).cloned().collect();
        let list = join(&built.iter().map(ToString::to_string).collect::<Vec<_>>());
        let (who, other) = whose(dropped_by);
        let left_out = builders.iter().filter_map(|builder| {
            let address = tree.address(*builder)?;
            let there = dropping.address(*builder).is_some();
            Some(if there { format!("{other} change of {address}") } else { address.to_string() })
        });
        let left_out = join(&left_out.collect::<Vec<_>>());
        let replaced = self.replacement(lineage).is_some();
        let did = if replaced { "replaced" } else { "dropped" };
        let drop = match replaced {
            true => Some(format!("take {who} side's new {} for it, and leave out {left_out}", gone.kind)),
            false => Some(format!("drop {gone}, and leave out {left_out}")),
        };
        let keep = Some(format!("keep {gone}"));
        let (ours, theirs) = if dropped_by == Side::Ours { (drop, keep) } else { (keep, drop) };
        let shown: Vec<String> = builders.iter().filter_map(|builder| self.shown(built_by, *builder)).collect();
        let shown = (!shown.is_empty()).then(|| shown.join("\n"));
        Conflict {
            key: format!("dependency {lineage}"),
            kind: ConflictKind::Dependency,
            objects: std::iter::once(gone.clone()).chain(built).collect(),
            attributes: Vec::new(),
            message: format!("{who} side {did} {gone}; {other} side builds on it: {list}"),
            ours: if dropped_by == Side::Ours { None } else { shown.clone() },
            theirs: if dropped_by == Side::Ours { shown } else { None },
            ways: Ways { ours, theirs, both: None, sql: Some(WITH_SQL.to_owned()) },
            auto: None,
            postgres: None,
        }
    }

    fn shown(&self, side: Side, lineage: Lineage) -> Option<String> {
        let tree = self.side(side);
        tree.address(lineage).map(|address| definition(tree, address))
    }
}

/// Whose deed, and whose not.
fn whose(side: Side) -> (&'static str, &'static str) {
    match side {
        Side::Ours => ("our", "their"),
        Side::Theirs => ("their", "our"),
    }
}

/// `both sides renamed X and changed its type and default`.
fn both_changed(list: &[String], what: &Address) -> String {
    let (name, rest): (Vec<&String>, Vec<&String>) = list.iter().partition(|name| *name == "name");
    let rest = join(&rest.into_iter().cloned().collect::<Vec<_>>());
    match (name.is_empty(), rest.is_empty()) {
        (true, _) => format!("both sides changed the {rest} of {what}"),
        (false, true) => format!("both sides renamed {what}"),
        (false, false) => format!("both sides renamed {what} and changed its {rest}"),
    }
}

/// An attribute in words.
fn attr_words(attr: Attr) -> String {
    attr.as_str().replace('_', " ")
}

/// A value that fits into a sentence.
fn short(value: &Value) -> Option<String> {
    const WIDTH: usize = 60;
    let text = value.to_string();
    (!text.contains('\n') && text.chars().count() <= WIDTH).then_some(text)
}

/// `a`, `a and b`, `a, b and c`.
fn join(list: &[String]) -> String {
    match list {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
