//! Triggers and rewrite rules.

use super::draft::Draft;
use super::fields::{Fields, enabled};
use super::relations::Relations;
use super::{CatalogId, class};
use crate::Result;
use pleach_schema::{Attr, Kind, Object};
use tokio_postgres::Row;

/// Adds triggers.
pub(super) fn add(draft: &mut Draft, relations: &Relations, rows: &[Row]) -> Result<()> {
    add_all(draft, relations, rows, class::TRIGGER, Kind::Trigger)
}

/// Adds rewrite rules.
pub(super) fn add_rules(draft: &mut Draft, relations: &Relations, rows: &[Row]) -> Result<()> {
    add_all(draft, relations, rows, class::REWRITE, Kind::Rule)
}

fn add_all(draft: &mut Draft, relations: &Relations, rows: &[Row], class: u32, kind: Kind) -> Result<()> {
    for row in rows {
        let Some(relation) = relations.get(row.oid("relation")?) else { continue };
        let definition = row.text("definition")?.trim();
        let mut object = Object::default();
        object.set(Attr::Definition, definition.strip_suffix(';').unwrap_or(definition));
        object.set_some(Attr::Enabled, enabled(row.letter("enabled")?));
        let address = relation.address.part(kind, row.text("name")?);
        draft.add(CatalogId::new(class, row.oid("oid")?), address, object);
    }
    Ok(())
}
