//! Tables that are made anew, because only a new table can have their partition key, or the order of
//! columns that their type asks for.
//!
//! The old one steps aside, the new one is made with its partitions, the rows are put where they
//! belong now, and the old one goes.

use super::fate::{Fates, partitions};
use super::order::{Graph, What, is_foreign_key};
use super::remove::{aside_name, rename_own};
use super::table::{own_identity, parent_tables};
use super::{Stage, Step, Writer, step};
use pleach_schema::{Address, Attr, Kind, Lineage, Object, Tree, Value, quote_ident, quote_literal};

/// A table that waits for its rows to move lets go of the tables it refers to that go: they need not
/// wait along with it.
pub(super) fn let_keys_go(from: &Tree, fates: &mut Fates) {
    let mut keys = Vec::new();
    for table in fates.moved.iter().filter_map(|lineage| from.address(*lineage)) {
        let goes = |r: &Address| {
            let another = r.kind == Kind::Table && r.path != table.path;
            another && from.lineage(r).is_some_and(|lineage| fates.goes(lineage))
        };
        let of_gone = from.parts(&table.path, Kind::Constraint).filter(|(_, key)| {
            is_foreign_key(&key.object)
                && !key.object.is(Attr::Inherited)
                && key.object.derived.references.iter().any(goes)
        });
        keys.extend(of_gone.map(|(_, key)| key.lineage));
    }
    fates.apart.extend(keys);
}

impl Graph<'_> {
    /// Rows move when the new table and its partitions are there, before the old one goes, and
    /// before anything watches or judges the new one.
    pub fn tie_moves(&mut self) {
        for (at, act) in self.acts().into_iter().filter(|(_, act)| act.what == What::Move) {
            for table in with_partitions(self.to, &act.address) {
                let attached = self.to.lineage(&table).and_then(|lineage| self.find(What::Finish, lineage));
                let attached = attached.filter(|_| table != act.address);
                for first in self.create_node(&table).into_iter().chain(attached) {
                    self.tie(first, at);
                }
                for later in self.watchers(&table) {
                    self.tie(at, later);
                }
            }
            let Some(old) = self.from.address(act.lineage).cloned() else { continue };
            for table in with_partitions(self.from, &old) {
                if let Some(later) = self.drop_node(&table) {
                    self.tie(at, later);
                }
            }
        }
    }

    /// The acts that make what would act on rows which are put into a table, or look at them.
    fn watchers(&self, table: &Address) -> Vec<usize> {
        let kinds = [Kind::Trigger, Kind::Rule, Kind::Policy, Kind::Constraint];
        let parts = kinds.iter().flat_map(|kind| self.to.parts(&table.path, *kind));
        let watches = |address: &Address, object: &Object| address.kind != Kind::Constraint || is_foreign_key(object);
        let watchers = parts.filter(|(address, entry)| watches(address, &entry.object));
        watchers.filter_map(|(_, entry)| self.find(What::Create, entry.lineage)).collect()
    }
}

impl Writer<'_> {
    /// Puts the rows of a table into the one that takes its place, and its counters too.
    pub(super) fn move_rows(&self, new: &Address, lineage: Lineage, steps: &mut Vec<Step>) {
        let Some((old, was)) = self.from.find(lineage) else { return };
        let (mut into, mut values, mut counters) = (Vec::new(), Vec::new(), Vec::new());
        let mut overriding = "";
        for (column, entry) in self.to.columns(&new.path) {
            let before = self.from.find(entry.lineage).filter(|(before, _)| before.relation() == old.path);
            let Some((before, object)) = before.filter(|_| entry.object.get(Attr::Generated).is_none()) else {
                continue;
            };
            into.push(column.name_sql().into_owned());
            values.push(self.value(&before.name_sql(), object, &entry.object));
            if let Some(identity) = own_identity(entry.object.get(Attr::Identity)) {
                overriding = " OVERRIDING SYSTEM VALUE";
                counters.extend(self.counter(before, object, identity.get("sequence").and_then(Value::as_text)));
            }
        }
        let only = if was.get(Attr::PartitionKey).is_some() { "" } else { "ONLY " };
        if into.is_empty() {
            return;
        }
        let list = into.join(", ");
        let sql = format!(
            "INSERT INTO {} ({list}){overriding} SELECT {} FROM {only}{}",
            new.sql(),
            values.join(", "),
            self.set_aside(old).sql()
        );
        steps.push(step(new, Stage::Expand, sql));
        steps.extend(counters.into_iter().map(|sql| step(new, Stage::Expand, sql)));
    }

    /// A column's value as one of its new type.
    fn value(&self, name: &str, old: &Object, new: &Object) -> String {
        let type_of = |object: &Object| object.text(Attr::Type).unwrap_or("text").to_owned();
        let replaced =
            |r: &Address| self.from.lineage(r).is_some_and(|lineage| self.fates.goes(lineage)) && !r.kind.is_part();
        let (was, is) = (type_of(old), type_of(new));
        if was == is && !old.derived.references.iter().any(replaced) {
            return name.to_owned();
        }
        super::cast::cast(self.from, self.to, name, &was, &is)
    }

    /// Sets the counter of an identity column to where it was.
    fn counter(&self, column: &Address, before: &Object, now: Option<&str>) -> Option<String> {
        let old = own_identity(before.get(Attr::Identity))?.get("sequence").and_then(Value::as_text)?;
        let table = self.from.parent(column)?;
        let stepped_aside = self.from.lineage(&table).is_some_and(|lineage| self.aside.contains(&lineage));
        let old = if stepped_aside { self.identity_aside(column)?.1 } else { old.to_owned() };
        Some(format!("SELECT pg_catalog.setval({}, last_value, is_called) FROM {old}", quote_literal(now?)))
    }

    /// Gives temporary names to the sequences inside the identity columns of a table.
    pub(super) fn identities_aside(&self, table: &Address) -> Vec<Step> {
        let columns = self.from.parts(&table.path, Kind::Column);
        let renamed = columns.filter_map(|(column, _)| self.identity_aside(column));
        renamed.map(|(sql, _)| step(table, Stage::Rename, sql)).collect()
    }

    /// The statement that sets the sequence of an identity column aside, and the name it has then.
    fn identity_aside(&self, column: &Address) -> Option<(String, String)> {
        let entry = self.from.get(column)?;
        let name = own_identity(entry.object.get(Attr::Identity))?.get("sequence").and_then(Value::as_text)?;
        let schema = quote_ident(self.around(column).schema()?).into_owned();
        let own = super::phrase::own_name(name);
        let aside = quote_ident(&aside_name(entry.lineage)).into_owned();
        Some((format!("ALTER SEQUENCE {schema}.{own} RENAME TO {aside}"), format!("{schema}.{aside}")))
    }

    /// What a table is called when it has stepped aside, if it has.
    fn set_aside(&self, old: &Address) -> Address {
        let at = self.around(old);
        let lineage = self.from.lineage(old).filter(|lineage| self.aside.contains(lineage));
        lineage.map_or(at.clone(), |lineage| rename_own(&at, &aside_name(lineage)))
    }

    /// The values that a table which is made anew does not take along.
    pub(super) fn left_behind(&self, old: &Address) -> Option<String> {
        let columns = self.from.columns(&old.path);
        if columns.iter().all(|(_, entry)| self.fates.dropped.contains(&entry.lineage)) {
            return Some(format!("all rows of {}", old.sql()));
        }
        let lost = columns.iter().filter(|(_, entry)| self.fates.dropped.contains(&entry.lineage));
        let lost: Vec<String> = lost.map(|(column, _)| column.sql()).collect();
        (!lost.is_empty()).then(|| format!("all values of {}", lost.join(", ")))
    }

    /// Whether a partition goes whose rows move with its table's.
    pub(super) fn rows_move(&self, old: &Address) -> bool {
        let loose = self.from.lineage(old).is_some_and(|lineage| self.fates.loose.contains_key(&lineage));
        old.kind == Kind::Table
            && !loose
            && parent_tables(self.from, old).iter().any(|parent| {
                let is_partition = self.from.object(old).is_some_and(|table| table.get(Attr::PartitionOf).is_some());
                let moves = self.from.lineage(parent).is_some_and(|lineage| self.fates.moved.contains(&lineage));
                is_partition && (moves || self.rows_move(parent))
            })
    }
}

/// A table and the partitions below it.
pub(super) fn with_partitions(tree: &Tree, table: &Address) -> Vec<Address> {
    let mut all = vec![table.clone()];
    let mut at = 0;
    while let Some(next) = all.get(at).cloned() {
        all.extend(partitions(tree, &next));
        at += 1;
    }
    all
}
