//! Row security policies.

use super::draft::Draft;
use super::fields::Fields;
use super::relations::Relations;
use super::{CatalogId, class};
use crate::Result;
use pleach_schema::{Attr, Kind, Object};
use std::collections::BTreeSet;
use tokio_postgres::Row;

/// Adds policies.
pub(super) fn add(draft: &mut Draft, relations: &Relations, rows: &[Row]) -> Result<()> {
    for row in rows {
        let Some(relation) = relations.get(row.oid("relation")?) else { continue };
        let mut object = Object::default();
        let command = match row.letter("command")? {
            'r' => Some("select"),
            'a' => Some("insert"),
            'w' => Some("update"),
            'd' => Some("delete"),
            _ => None,
        };
        object.set_some(Attr::Command, command);
        object.set_if(Attr::Restrictive, row.flag("restrictive")?);
        let roles: BTreeSet<String> =
            row.texts("roles")?.into_iter().map(|role| draft.scope.roles.name(role)).collect();
        object.set_some(Attr::Roles, (!roles.is_empty()).then(|| roles.into_iter().collect::<Vec<_>>()));
        object.set_some(Attr::Using, row.maybe("visible")?);
        object.set_some(Attr::Check, row.maybe("allowed")?);
        let address = relation.address.part(Kind::Policy, row.text("name")?);
        draft.add(CatalogId::new(class::POLICY, row.oid("oid")?), address, object);
    }
    Ok(())
}
