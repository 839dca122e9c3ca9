//! Sequences: on their own, owned by a column, or the inside of an identity column.

use super::draft::Draft;
use super::fields::Fields;
use super::references::{Dependency, Strength};
use super::{CatalogId, class};
use crate::Result;
use pleach_schema::{Attr, Kind, Object, Value};
use std::collections::HashMap;
use tokio_postgres::Row;

/// Adds sequences; what is said of an identity column's sequence goes to the column.
pub(super) fn add(draft: &mut Draft, dependencies: &[Dependency], rows: &[Row]) -> Result<()> {
    let mut owners: HashMap<CatalogId, CatalogId> = HashMap::with_capacity(rows.len());
    for dependency in dependencies {
        if dependency.strength == Strength::Follows && dependency.from.class == class::CLASS && dependency.to.sub > 0 {
            owners.insert(dependency.from, dependency.to);
        }
    }
    for row in rows {
        let id = CatalogId::new(class::CLASS, row.oid("oid")?);
        if draft.scope.is_member(id) {
            continue;
        }
        match draft.inside.get(&id) {
            Some(&column) => describe_identity(draft, column, row)?,
            None => add_sequence(draft, id, owners.get(&id).copied(), row)?,
        }
    }
    Ok(())
}

fn add_sequence(draft: &mut Draft, id: CatalogId, owned_by: Option<CatalogId>, row: &Row) -> Result<()> {
    let mut object = Object::default();
    let data_type = row.text("type")?;
    if data_type != "bigint" {
        object.set(Attr::Type, data_type);
    }
    object.attributes.extend(options(row)?);
    if row.letter("persistence")? == 'u' {
        object.set(Attr::Persistence, "unlogged");
    }
    object.set_some(Attr::OwnedBy, owned_by.and_then(|column| draft.address(column)).map(|column| column.sql()));
    let owner = row.text("owner")?;
    object.set_some(Attr::Owner, draft.scope.roles.owner(owner));
    object.set_some(Attr::Grants, grants(draft, row)?);
    let address = draft.scope.address(Kind::Sequence, row)?;
    draft.add(id, address, object);
    Ok(())
}

fn describe_identity(draft: &mut Draft, column: CatalogId, row: &Row) -> Result<()> {
    let name = draft.scope.name(row)?;
    if grants(draft, row)?.is_some() {
        draft.warn("privileges on an identity column's sequence", name.clone());
    }
    let Some(object) = draft.object_mut(column) else { return Ok(()) };
    if let Some(Value::Map(identity)) = object.attributes.get_mut(&Attr::Identity) {
        identity.insert("sequence".to_owned(), Value::from(name));
        identity.extend(options(row)?.into_iter().map(|(attr, value)| (attr.as_str().to_owned(), value)));
    }
    Ok(())
}

fn grants(draft: &Draft, row: &Row) -> Result<Option<Value>> {
    draft.scope.roles.grants_unless_null(row.text("owner")?, row.field("acl")?, &row.texts("acl_default")?)
}

/// The options that differ from what the type and the direction would give.
fn options(row: &Row) -> Result<Vec<(Attr, Value)>> {
    let (type_minimum, type_maximum) = match row.text("type")? {
        "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
        "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let number = |name: &str| row.field::<i64>(name);
    let (increment, minimum, maximum) = (number("increment")?, number("minimum")?, number("maximum")?);
    let (usual_minimum, usual_maximum) = if increment > 0 { (1, type_maximum) } else { (type_minimum, -1) };
    let usual_start = if increment > 0 { minimum } else { maximum };
    let numbers = [
        (Attr::Start, number("start")?, usual_start),
        (Attr::Increment, increment, 1),
        (Attr::Minimum, minimum, usual_minimum),
        (Attr::Maximum, maximum, usual_maximum),
        (Attr::Cache, number("cache")?, 1),
    ];
    let mut out: Vec<(Attr, Value)> = numbers
        .into_iter()
        .filter_map(|(attr, actual, usual)| (actual != usual).then_some((attr, Value::Int(actual))))
        .collect();
    if row.flag("cycle")? {
        out.push((Attr::Cycle, Value::Bool(true)));
    }
    Ok(out)
}
