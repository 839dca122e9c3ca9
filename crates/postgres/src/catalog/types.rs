//! Enums, domains, ranges and composite types.

use super::draft::Draft;
use super::fields::Fields;
use super::{CatalogId, class};
use crate::Result;
use pleach_schema::{Attr, Kind, Object, Value};
use tokio_postgres::Row;

/// Adds types; domains without their constraints, composite types without their attributes.
pub(super) fn add(draft: &mut Draft, rows: &[Row]) -> Result<()> {
    for row in rows {
        let id = CatalogId::new(class::TYPE, row.oid("oid")?);
        if draft.scope.is_member(id) {
            continue;
        }
        let mut object = Object::default();
        let kind = match row.letter("kind")? {
            'e' => {
                let labels = row.texts("labels")?.into_iter().map(Value::from).collect();
                object.set(Attr::Labels, Value::List(labels));
                Kind::Enum
            }
            'd' => {
                describe_domain(&mut object, row)?;
                Kind::Domain
            }
            'r' => {
                describe_range(&mut object, row)?;
                Kind::Range
            }
            _ => Kind::Composite,
        };
        let owner = row.text("owner")?;
        object.set_some(Attr::Owner, draft.scope.roles.owner(owner));
        object.set_some(
            Attr::Grants,
            draft.scope.roles.grants_unless_null(owner, row.field("acl")?, &row.texts("acl_default")?)?,
        );
        let address = draft.scope.address(kind, row)?;
        draft.add(id, address, object);
    }
    Ok(())
}

fn describe_domain(object: &mut Object, row: &Row) -> Result<()> {
    object.set_some(Attr::Type, row.maybe("base")?);
    object.set_some(Attr::Collation, row.qualified("collation")?);
    object.set_if(Attr::NotNull, row.flag("not_null")?);
    object.set_some(Attr::Default, row.maybe("default")?);
    Ok(())
}

fn describe_range(object: &mut Object, row: &Row) -> Result<()> {
    object.set_some(Attr::Subtype, row.maybe("base")?);
    object.set_some(Attr::SubtypeOpclass, row.qualified("opclass")?);
    object.set_some(Attr::Collation, row.qualified("collation")?);
    object.set_some(Attr::Canonical, row.maybe("canonical")?);
    object.set_some(Attr::SubtypeDiff, row.maybe("subtype_diff")?);
    object.set_some(Attr::Multirange, row.qualified("multirange")?);
    Ok(())
}
