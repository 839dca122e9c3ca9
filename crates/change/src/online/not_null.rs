//! `NOT NULL` on columns of large tables: asked of new rows first, then checked while others go on.
//!
//! Since PostgreSQL 18 a not-null constraint can itself be `NOT VALID`. Before, a check constraint
//! stands in for it: once that is valid, `SET NOT NULL` believes it and reads no rows.

use super::constraints::root;
use super::shadow::Shadows;
use super::{Goal, How, Scene, edit};
use crate::plan::parent_tables;
use pleach_schema::{Address, Attr, Entry, Kind, Lineage, Object, Tree};
use std::sync::Arc;

/// The columns that get their NOT NULL step by step, by their address in the second tree.
pub(super) struct NotNull {
    columns: Vec<Column>,
}

struct Column {
    address: Address,
    /// The constraint that asks first.
    constraint: Address,
    /// That constraint, where it is a check.
    check: Entry,
    /// What the first tree says of it, where somebody began with it before.
    begun: Option<Arc<Object>>,
    /// It is a not-null constraint; else a check.
    native: bool,
    /// The column is the shadow of one that is not null.
    shadow: bool,
}

impl NotNull {
    pub fn new(scene: &Scene<'_>, shadows: &Shadows) -> Self {
        let mut columns: Vec<Column> = Vec::new();
        let not_null = scene.to.iter().filter(|(a, entry)| a.kind == Kind::Column && entry.object.is(Attr::NotNull));
        let rooted = not_null.filter_map(|(address, entry)| Some((address, entry, root(scene.to, address)?)));
        let mut tightened: Vec<_> =
            rooted.filter(|(_, _, top)| is_tightened(scene, top) && !shadows.takes(top)).collect();
        // A copy is called as the topmost one.
        tightened.sort_by_key(|(address, _, top)| *address != top);
        for (address, entry, top) in tightened {
            let inherited = top != *address;
            let lonely = !inherited && !has_children(scene.to, address);
            let native = scene.facts.version >= 180_000 && lonely;
            let constraint = match columns.iter().find(|column| column.address == top) {
                Some(parents) => address_of_copy(address, &parents.constraint),
                None if native => {
                    let table = address.path.get(1).map_or("", String::as_str);
                    let stem = format!("{table}_{}", address.name());
                    let mut path = address.relation().to_vec();
                    path.push(edit::name(&stem, "", "_not_null"));
                    Address::new(Kind::Constraint, path)
                }
                None => edit::free_part(
                    &[scene.to],
                    address.relation(),
                    Kind::Constraint,
                    address.name(),
                    "pleach_not_null_",
                ),
            };
            let check = check(scene, address, entry.lineage, &constraint, inherited);
            let begun =
                scene.from.find(entry.lineage).map(|(_, before)| before).filter(|before| before.is(Attr::NotNull));
            let begun = begun.cloned();
            columns.push(Column { address: address.clone(), constraint, check, begun, native, shadow: false });
        }
        for (address, of, constraint) in shadows.not_null() {
            let check = check(scene, address, of, constraint, false);
            let (address, constraint) = (address.clone(), constraint.clone());
            let native = scene.facts.version >= 180_000;
            columns.push(Column { address, constraint, check, begun: None, native, shadow: true });
        }
        Self { columns }
    }

    /// Whether a column is nullable until [`NotNull::tighten`].
    pub fn waits(&self, column: &Address) -> bool {
        self.columns.iter().any(|waiting| waiting.address == *column)
    }

    /// Leaves NOT NULL out, except what somebody asked before.
    pub fn loosen(&self, from: &Tree, tree: &mut Tree) {
        for column in &self.columns {
            edit::change(tree, &column.address, |object| {
                object.set_nullable();
                for attr in [Attr::NotNull, Attr::NotNullName, Attr::NotNullOptions] {
                    object.set_some(attr, column.begun.as_ref().and_then(|begun| begun.get(attr)).cloned());
                }
            });
            if !column.native && from.lineage(&column.constraint) == Some(column.check.lineage) {
                edit::put(tree, column.constraint.clone(), column.check.clone());
            }
        }
    }

    /// Asks it of what is written from now on.
    pub fn ask(&self, tree: &mut Tree, end: &Tree) -> Goal {
        for column in &self.columns {
            if column.native {
                edit::change(tree, &column.address, |object| {
                    if object.is(Attr::NotNull) {
                        return;
                    }
                    let chosen = end.object(&column.address).and_then(|end| end.text(Attr::NotNullName));
                    object.set(Attr::NotNull, true);
                    object.set(Attr::NotNullOptions, "not valid");
                    object.set(Attr::NotNullName, chosen.unwrap_or(column.constraint.name()).to_owned());
                });
            } else {
                edit::put(tree, column.constraint.clone(), column.check.clone());
            }
        }
        Goal::new("ask of new rows that columns are not null", How::Transaction, tree.clone())
    }

    /// Makes what was asked a property of the column, in two goals of one transaction.
    pub fn tighten(&self, tree: &mut Tree, end: &Tree) -> Vec<Goal> {
        if self.columns.is_empty() {
            return Vec::new();
        }
        for column in self.columns.iter().filter(|column| !column.native && column.shadow) {
            edit::change(tree, &column.address, |object| {
                object.set(Attr::NotNull, true);
            });
        }
        for column in &self.columns {
            let Some(end) = end.object(&column.address) else { continue };
            edit::change(tree, &column.address, |object| {
                object.set_nullable();
                for attr in [Attr::NotNull, Attr::NotNullName, Attr::NotNullOptions] {
                    object.set_some(attr, end.get(attr).cloned());
                }
            });
        }
        let set = Goal::new("make them not null", How::Transaction, tree.clone());
        for column in self.columns.iter().filter(|column| !column.native) {
            tree.remove(&column.constraint);
        }
        vec![set, Goal::new("make them not null", How::Transaction, tree.clone()).joined()]
    }

    /// Checks the rows that were there before, in the tree that [`NotNull::ask`] left.
    pub fn validate(&self, tree: &mut Tree, end: &Tree) {
        for column in &self.columns {
            if column.native {
                let end = end.object(&column.address);
                edit::change(tree, &column.address, |object| {
                    object.attributes.remove(&Attr::NotNullOptions);
                    // A name that PostgreSQL would have given is not told.
                    let usual = column.constraint.name().ends_with("_not_null");
                    if end.is_none_or(|end| end.get(Attr::NotNullName).is_none()) && usual {
                        object.attributes.remove(&Attr::NotNullName);
                    }
                });
            } else {
                edit::change(tree, &column.constraint, |object| drop(object.attributes.remove(&Attr::NotValid)));
            }
        }
    }
}

/// Whether a column of a large table is not null from now on, and rows are there that nobody has
/// checked: it is there already, or gets its values later.
fn is_tightened(scene: &Scene<'_>, column: &Address) -> bool {
    let Some(entry) = scene.to.get(column).filter(|_| scene.large_table(column).is_some()) else { return false };
    if !entry.object.is(Attr::NotNull) || entry.object.get(Attr::NotNullOptions).is_some() {
        return false;
    }
    match scene.from.find(entry.lineage) {
        Some((_, before)) => {
            let unchecked = before.text(Attr::NotNullOptions) == Some("not valid");
            !before.is(Attr::NotNull)
                || unchecked && scene.to.is_of_partitioned(column) == has_children(scene.to, column)
        }
        None => {
            let empty = [Attr::Default, Attr::Identity, Attr::Generated].iter().all(|a| entry.object.get(*a).is_none());
            empty || super::fill::is_filled(scene, column, &entry.object)
        }
    }
}

/// The check that stands in for NOT NULL, as the first tree has it if somebody began with it before.
fn check(scene: &Scene<'_>, column: &Address, of: Lineage, constraint: &Address, inherited: bool) -> Entry {
    let mut object = Object::default();
    object.set(Attr::ConstraintType, "check");
    object.set(Attr::Definition, format!("CHECK (({} IS NOT NULL))", column.name_sql()));
    object.set(Attr::NotValid, true);
    object.set_if(Attr::Inherited, inherited);
    object.derived.references.insert(column.clone());
    edit::on_the_way(scene.from, constraint, object, edit::lineage(of, "not null"))
}

fn has_children(tree: &Tree, column: &Address) -> bool {
    let Some(table) = tree.parent(column) else { return false };
    let mut tables = tree.iter().filter(|(address, _)| address.kind == Kind::Table);
    tables.any(|(other, _)| parent_tables(tree, other).contains(&table))
}

fn address_of_copy(column: &Address, constraint: &Address) -> Address {
    let mut path = column.relation().to_vec();
    path.push(constraint.name().to_owned());
    Address::new(Kind::Constraint, path)
}
