//! What a migration cannot bring back, and says.

use super::Notes;
use crate::prove::Leg;
use pleach_change::aside::Kept;
use pleach_change::diff;
use pleach_schema::{Address, Attr, Entry, Kind, Tree, Value};
use std::sync::Arc;

/// `from` as the way back can reach it: a column that must not be null and lacks values comes back
/// without its NOT NULL; a label that an enum type got stays.
pub(super) fn reachable_back(from: &Tree, to: &Tree) -> Tree {
    let mut out = Tree::default();
    for (address, entry) in from.iter() {
        let mut entry = entry.clone();
        let mut object = (*entry.object).clone();
        if is_unfillable(from, to, address, &entry) {
            object.set_nullable();
            entry.object = Arc::new(object);
        } else if let Some(labels) = labels_that_stay(to, &entry) {
            object.attributes.insert(Attr::Labels, labels);
            entry.object = Arc::new(object);
        }
        // A tree's own addresses and lineages.
        let _ = out.insert(address.clone(), entry);
    }
    out
}

/// The labels an enum type has after going up, if there are more of them than before.
fn labels_that_stay(to: &Tree, before: &Entry) -> Option<Value> {
    let (_, after) = to.find(before.lineage)?;
    let (old, new) = (before.object.get(Attr::Labels)?.as_list()?, after.get(Attr::Labels)?.as_list()?);
    (new.len() > old.len()).then(|| Value::List(new.to_vec()))
}

fn is_unfillable(from: &Tree, to: &Tree, address: &Address, entry: &Entry) -> bool {
    let object = &entry.object;
    let table_stays = from
        .parent(address)
        .filter(|table| table.kind == Kind::Table)
        .and_then(|table| from.lineage(&table))
        .is_some_and(|table| to.address(table).is_some());
    let in_key = from.parts(address.relation(), Kind::Constraint).any(|(_, key)| {
        key.object.text(Attr::ConstraintType) == Some("primary key") && key.object.derived.references.contains(address)
    });
    address.kind == Kind::Column
        && table_stays
        && !in_key
        && object.is(Attr::NotNull)
        && to.address(entry.lineage).is_none()
        && [Attr::Default, Attr::Identity, Attr::Generated].iter().all(|attr| object.get(*attr).is_none())
}

/// What going up or back loses or leaves. What is kept is called so in `aside`.
pub(super) fn notes(from: &Tree, to: &Tree, legs: &[Leg], kept: &Kept, aside: &Tree) -> Notes {
    let (mut up, mut down) = (Vec::new(), Vec::new());
    for change in diff(from, to).changes {
        let what = |address: &Address| match address.kind {
            Kind::Table => Some(format!("the rows of {}", address.sql())),
            Kind::Column => Some(format!("the values of {}", address.sql())),
            _ => None,
        };
        match (&change.from, &change.to) {
            (Some((address, _)), None) if part_of_going(from, to, address) => {}
            (Some((address, _)), None) => {
                let (Some(what), Some(entry)) = (what(address), from.get(address)) else { continue };
                if kept.has(entry.lineage) && !kept.stands_alone(entry.lineage) {
                    continue;
                }
                if let Some(now) = aside.address(entry.lineage).filter(|_| kept.has(entry.lineage)) {
                    up.push(format!("keeps {what} in {}, until `pleach migration purge`", now.sql()));
                    down.push(format!("brings back {what} as they were{}", in_between(from, to, address, entry)));
                    continue;
                }
                up.push(format!("loses {what}"));
                let left_off = is_unfillable(from, to, address, entry);
                let left_off =
                    if left_off { "; it comes back empty and without NOT NULL: fill it, then set that" } else { "" };
                down.push(format!("does not bring back {what}, which going up dropped{left_off}"));
            }
            (None, Some((address, _))) if part_of_going(to, from, address) => {}
            (None, Some((address, _))) => down.extend(what(address).map(|what| format!("loses {what}"))),
            (Some((address, _)), Some(_)) => {
                let stay = from.get(address).is_some_and(|before| labels_that_stay(to, before).is_some());
                if stay {
                    down.push(format!("leaves the new labels of {}: PostgreSQL cannot remove them", address.sql()));
                }
            }
            _ => {}
        }
    }
    let data: usize = legs.iter().map(|leg| leg.data.len()).sum();
    if data > 0 {
        down.push(format!("does not undo what {data} data step{} did to rows", if data == 1 { "" } else { "s" }));
    }
    Notes { up, down }
}

/// Whether going up destroys what a table or column holds.
pub(super) fn loses(from: &Tree, to: &Tree, kept: &Kept) -> bool {
    let mut gone = from.iter().filter(|(_, entry)| to.address(entry.lineage).is_none() && !kept.has(entry.lineage));
    gone.any(|(address, _)| matches!(address.kind, Kind::Table | Kind::Column))
}

/// What becomes of rows that are written while a column is kept aside.
fn in_between(from: &Tree, to: &Tree, address: &Address, entry: &Entry) -> &'static str {
    let object = &entry.object;
    let sequence = |reference: &Address| reference.kind == Kind::Sequence;
    let numbered = object.get(Attr::Identity).is_some() || object.derived.references.iter().any(sequence);
    match address.kind {
        Kind::Column if is_unfillable(from, to, address, entry) => {
            "; rows that came in between have no value, so it comes back without NOT NULL: fill it, then set that"
        }
        Kind::Column if object.is(Attr::NotNull) && numbered => "; rows that came in between get the next numbers",
        Kind::Column if object.is(Attr::NotNull) && object.get(Attr::Default).is_some() => {
            "; rows that came in between get its default"
        }
        Kind::Column if object.is(Attr::NotNull) => "; with rows that came in between it cannot be brought back",
        Kind::Column => "; rows that came in between have none",
        _ => "",
    }
}

/// Whether an object is part of something that goes as a whole.
fn part_of_going(from: &Tree, to: &Tree, address: &Address) -> bool {
    let parent = from.parent(address).and_then(|parent| from.lineage(&parent));
    parent.is_some_and(|parent| to.address(parent).is_none())
}
