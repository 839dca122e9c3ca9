//! Who needs whom: `pg_depend`, told in the objects of the tree.

use super::draft::Draft;
use super::{CatalogId, class};
use crate::{Class, Error, Result};
use pleach_schema::{Address, Kind};
use tokio_postgres::Row;

/// One row of `pg_depend`.
pub(super) struct Dependency {
    pub from: CatalogId,
    pub to: CatalogId,
    pub strength: Strength,
}

/// How one object hangs on another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    /// It cannot exist without it.
    Needs,
    /// It goes when the other goes.
    Follows,
    /// It is the inside of the other.
    Inside,
    /// `DEPENDS ON EXTENSION`.
    Marked,
}

/// Takes the rows apart, by place and not by name: this is the longest list of all.
pub(super) fn parse(rows: &[Row]) -> Result<Vec<Dependency>> {
    let id = |row: &Row, first: usize| -> Result<CatalogId, tokio_postgres::Error> {
        Ok(CatalogId { class: row.try_get(first)?, oid: row.try_get(first + 1)?, sub: row.try_get(first + 2)? })
    };
    let parse_row = |row: &Row| -> Result<Dependency, tokio_postgres::Error> {
        let strength = match u8::try_from(row.try_get::<_, i8>(6)?).unwrap_or_default() {
            b'i' => Strength::Inside,
            b'x' => Strength::Marked,
            b'n' => Strength::Needs,
            _ => Strength::Follows,
        };
        Ok(Dependency { from: id(row, 0)?, to: id(row, 3)?, strength })
    };
    let parsed: Result<Vec<_>, _> = rows.iter().map(parse_row).collect();
    parsed.map_err(|error| Error::new(Class::Internal, "catalog_row", error.to_string()))
}

/// Gives every object its references.
pub(super) fn resolve(draft: &mut Draft, dependencies: &[Dependency]) {
    for dependency in dependencies {
        let Some(from) = user(draft, dependency.from) else { continue };
        if dependency.strength == Strength::Marked {
            let name = draft.at(from).address.to_string();
            draft.warn("dependence on an extension", name);
            continue;
        }
        let Some(to) = used(draft, dependency.to) else { continue };
        refer(draft, from, to);
        // Whoever needs a column needs its relation, also where the column is an object.
        if dependency.to.sub != 0
            && let Some(relation) = used(draft, dependency.to.whole())
        {
            refer(draft, from, relation);
        }
    }
}

fn refer(draft: &mut Draft, from: usize, to: usize) {
    if from != to && !goes_without_saying(&draft.at(from).address, &draft.at(to).address) {
        let address = draft.at(to).address.clone();
        draft.at_mut(from).object.derived.references.insert(address);
    }
}

/// The object that speaks through this catalog row, if it is in the tree.
fn user(draft: &Draft, id: CatalogId) -> Option<usize> {
    if id.class != class::EXTENSION && draft.scope.is_member(id) { None } else { used(draft, id) }
}

/// The object that a catalog row is, or is the inside of.
fn used(draft: &Draft, id: CatalogId) -> Option<usize> {
    /// Longer than any chain there is: multirange's array, multirange, range.
    const DEPTH: usize = 8;
    let mut id = id;
    for _ in 0..DEPTH {
        if let Some(place) = draft.place(id) {
            return Some(place);
        }
        id = if let Some(extension) = draft.scope.extension(id) {
            extension
        } else if let Some(&outer) = draft.inside.get(&id) {
            outer
        } else if id.sub != 0 {
            id.whole()
        } else {
            return None;
        };
    }
    None
}

/// Whether it is plain from the addresses alone that the two belong together: a part and the
/// relation it is part of, an object and its schema.
fn goes_without_saying(from: &Address, to: &Address) -> bool {
    if to.kind == Kind::Schema {
        return from.schema() == Some(to.name());
    }
    let is_part_of = |part: &Address, whole: &Address| {
        part.kind.is_part() && holds_parts(whole.kind) && part.relation() == whole.path.as_slice()
    };
    is_part_of(from, to) || is_part_of(to, from)
}

fn holds_parts(kind: Kind) -> bool {
    matches!(kind, Kind::Table | Kind::View | Kind::MaterializedView | Kind::Domain | Kind::Composite)
}
