//! Which columns get their new type in a shadow, and what has to wait for that.

use super::super::{Scene, is_constraint};
use crate::plan::parent_tables;
use pleach_schema::{Address, Attr, Entry, Kind, Lineage, Tree};
use std::collections::{BTreeMap, BTreeSet};

/// Columns of the second tree with what cannot be as it will be until they have their new type.
#[derive(Debug, Default)]
pub(in super::super) struct Judged {
    /// The columns.
    pub columns: BTreeSet<Address>,
    /// What stands on them in the second tree, and what stands on that.
    pub waiting: BTreeSet<Address>,
    /// Columns that are written anew with their table, and why.
    pub refused: BTreeMap<Address, String>,
}

/// Finds the columns, each with everything that waits for it: one for which something cannot wait
/// is left to be written anew, and what stands on that and on another one cannot wait either.
pub(in super::super) fn judge(scene: &Scene<'_>) -> Judged {
    let mut found: Vec<(Address, BTreeSet<Address>)> = Vec::new();
    let mut refused = BTreeMap::new();
    for (column, entry) in scene.to.iter().filter(|(address, entry)| is_asked_for(scene, address, entry)) {
        let waiting = standing_on(scene.to, column);
        let obstacles = waiting.iter().filter(|address| !can_wait(scene, column, address));
        // A relation says more than its own parts do.
        let obstacle = obstacles.min_by_key(|address| address.kind.is_part());
        let reason =
            obstacle.map(|address| format!("{address} stands on it")).or_else(|| obstacle_of(scene, column, entry));
        match reason {
            Some(reason) => drop(refused.insert(column.clone(), reason)),
            None => found.push((column.clone(), waiting)),
        }
    }
    loop {
        let mut judged = Judged::default();
        for (column, waiting) in &found {
            judged.columns.insert(column.clone());
            judged.waiting.extend(waiting.iter().cloned());
        }
        let all = found.len();
        found.retain(|(column, waiting)| {
            let carries = carries(scene, &judged, waiting);
            if !carries {
                refused.insert(column.clone(), "what stands on it cannot stay as it is meanwhile".to_owned());
            }
            carries
        });
        if found.len() == all {
            return Judged { refused, ..judged };
        }
    }
}

/// Whether a column gets another type, for which its large table would be written anew.
fn is_asked_for(scene: &Scene<'_>, column: &Address, entry: &Entry) -> bool {
    let retyped = scene.diff.get(entry.lineage).is_some_and(|change| change.attribute(Attr::Type).is_some());
    column.kind == Kind::Column && retyped && scene.large_table(column).is_some() && scene.facts.rewrites(column)
}

/// Why a column of the new type cannot be added beside a column.
fn obstacle_of(scene: &Scene<'_>, column: &Address, entry: &Entry) -> Option<String> {
    let (before, old) = scene.from.find(entry.lineage)?;
    let any = |attr: Attr| [old, &entry.object].iter().any(|object| object.get(attr).is_some());
    let ordinary = |tree: &Tree, part: &Address| tree.parent(part).is_some_and(|table| is_ordinary(tree, &table));
    let forced = |tree: &Tree, part: &Address| {
        tree.parent(part).and_then(|table| tree.object(&table)).is_some_and(|table| table.is(Attr::ForceRowSecurity))
    };
    let of_domain = entry.object.derived.references.iter().any(|support| support.kind == Kind::Domain);
    let (was, is) = (old.get(Attr::Identity).is_some(), entry.object.get(Attr::Identity).is_some());
    let lost = old.derived.references.iter().find(|r| !stays(scene, r) && !can_be_kept(scene, r));
    let reason = if any(Attr::Generated) {
        "its values are generated"
    } else if any(Attr::NotNullOptions) {
        "its NOT NULL is not that of every row"
    } else if !ordinary(scene.from, before) || !ordinary(scene.to, column) {
        "its table is of a type, partitioned, a partition, or inherits"
    } else if forced(scene.from, before) || forced(scene.to, column) {
        "row level security may hide rows from the table's owner"
    } else if of_domain {
        "a column of a domain cannot be added without writing the table anew"
    } else if was != is {
        "it becomes an identity column, or is one no longer"
    } else {
        return lost.map(|support| format!("{support}, on which it stands, changes"));
    };
    Some(reason.to_owned())
}

/// Whether a table has no part in a family of tables.
fn is_ordinary(tree: &Tree, table: &Address) -> bool {
    let Some(object) = tree.object(table) else { return false };
    let alone = [Attr::PartitionKey, Attr::OfType].iter().all(|attr| object.get(*attr).is_none());
    let mut tables = tree.iter().filter(|(address, _)| address.kind == Kind::Table);
    alone
        && parent_tables(tree, table).is_empty()
        && !tables.any(|(other, _)| parent_tables(tree, other).contains(table))
}

/// Whether what something of the first tree stands on is there all the time, and the same.
fn stays(scene: &Scene<'_>, support: &Address) -> bool {
    let Some(lineage) = scene.from.lineage(support).filter(|lineage| scene.to.address(*lineage).is_some()) else {
        return false;
    };
    let harmless = [Attr::Comment, Attr::Grants, Attr::Owner, Attr::OwnedBy, Attr::Default, Attr::NotNull];
    let change = scene.diff.get(lineage);
    change.is_none_or(|change| change.attributes.iter().all(|changed| harmless.contains(&changed.attr)))
        || support.kind == Kind::Sequence
}

/// Whether what goes can be kept for a while: it has no parts, and nothing else wants its name.
pub(super) fn can_be_kept(scene: &Scene<'_>, support: &Address) -> bool {
    let gone = scene.from.lineage(support).is_some_and(|lineage| scene.to.address(lineage).is_none());
    let schema = support.schema().map(|schema| Address::new(Kind::Schema, [schema]));
    let there = schema.is_some_and(|schema| scene.from.lineage(&schema) == scene.to.lineage(&schema));
    gone && there
        && matches!(support.kind, Kind::Enum | Kind::Range | Kind::Function)
        && super::super::edit::is_free(scene.to, support)
}

/// What stands on something, and on that. A sequence that is owned stays what it is.
fn standing_on(tree: &Tree, column: &Address) -> BTreeSet<Address> {
    let mut found = BTreeSet::new();
    let mut left = vec![column.clone()];
    while let Some(support) = left.pop() {
        let stands = |entry: &Entry| entry.object.derived.references.contains(&support);
        let mut next: Vec<Address> =
            tree.iter().filter(|(_, entry)| stands(entry)).map(|(address, _)| address.clone()).collect();
        if matches!(support.kind, Kind::View | Kind::MaterializedView) {
            let inside =
                tree.iter().filter(|(address, _)| address.kind.is_part() && address.relation() == support.path);
            next.extend(inside.map(|(address, _)| address.clone()));
        }
        for address in next {
            if found.insert(address.clone()) && address.kind != Kind::Sequence {
                left.push(address);
            }
        }
    }
    found.remove(column);
    found
}

/// Whether something that stands on a column can stay as it was until the column has its new type,
/// and be made then without reading the table.
fn can_wait(scene: &Scene<'_>, column: &Address, address: &Address) -> bool {
    let Some(object) = scene.to.object(address) else { return false };
    let here = address.relation() == column.relation();
    match address.kind {
        Kind::View | Kind::Rule | Kind::Policy | Kind::Trigger | Kind::Function | Kind::Procedure => true,
        Kind::Statistics | Kind::Sequence => true,
        Kind::Column => scene.to.parent(address).is_some_and(|holder| holder.kind == Kind::View),
        Kind::Index => here,
        Kind::Constraint if is_constraint(object, &["foreign key"]) => true,
        Kind::Constraint => here && is_constraint(object, &["check", "unique", "primary key"]),
        _ => false,
    }
}

/// Whether all that waits can be as it was in the first tree: what it stood on there is there all
/// the time, or waits too.
fn carries(scene: &Scene<'_>, judged: &Judged, waiting: &BTreeSet<Address>) -> bool {
    let waits = |lineage: Lineage| {
        scene.to.address(lineage).is_some_and(|a| judged.columns.contains(a) || judged.waiting.contains(a))
    };
    let lineages = waiting.iter().filter_map(|address| scene.to.lineage(address));
    let mut before = lineages.filter_map(|lineage| scene.from.find(lineage));
    before.all(|(_, object)| {
        object.derived.references.iter().all(|support| {
            let lineage = scene.from.lineage(support);
            lineage.is_some_and(waits) || stays(scene, support) || can_be_kept(scene, support)
        })
    })
}
