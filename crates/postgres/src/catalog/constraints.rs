//! Constraints of tables and domains.

use super::draft::Draft;
use super::fields::{Fields, options, some_map};
use super::indexes::Parents;
use super::relations::Relations;
use super::{CatalogId, class};
use crate::Result;
use pleach_schema::{Attr, Kind, Object};
use tokio_postgres::Row;

/// Adds constraints, with what is said of the index behind them.
pub(super) fn add(draft: &mut Draft, relations: &Relations, parents: &Parents, rows: &[Row]) -> Result<()> {
    for row in rows {
        let relation = relations.get(row.oid("relation")?).map(|relation| &relation.address);
        let of = relation.or_else(|| draft.address(CatalogId::new(class::TYPE, row.oid("domain").ok()?)));
        let Some(address) = of.map(|of| row.text("name").map(|name| of.part(Kind::Constraint, name))).transpose()?
        else {
            continue;
        };
        let mut object = Object::default();
        object.set_some(Attr::ConstraintType, constraint_type(row.letter("type")?));
        let definition = row.text("definition")?;
        let checked = definition.strip_suffix(" NOT VALID");
        object.set(Attr::Definition, checked.unwrap_or(definition));
        object.set_if(Attr::NotValid, checked.is_some());
        object.set_if(Attr::Inherited, row.flag("inherited")?);
        object.set_some(Attr::Options, some_map(options(&row.texts("options")?, "")));
        object.set_some(Attr::Tablespace, row.maybe("tablespace")?);
        // The index of a foreign key is the other table's.
        let own_index = (row.letter("type")? != 'f').then(|| row.oid("index")).transpose()?;
        object.set_some(Attr::AttachedTo, own_index.and_then(|index| parents.get(index)));
        draft.add(CatalogId::new(class::CONSTRAINT, row.oid("oid")?), address, object);
    }
    Ok(())
}

fn constraint_type(letter: char) -> Option<&'static str> {
    match letter {
        'p' => Some("primary key"),
        'u' => Some("unique"),
        'c' => Some("check"),
        'f' => Some("foreign key"),
        'x' => Some("exclusion"),
        _ => None,
    }
}
