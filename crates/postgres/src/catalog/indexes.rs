//! Indexes that are not the inside of a constraint.

use super::draft::Draft;
use super::fields::Fields;
use super::relations::Relations;
use super::scope::Scope;
use super::{CatalogId, class};
use crate::Result;
use pleach_schema::{Attr, Kind, Object, Value, quote_ident};
use std::collections::{BTreeMap, HashMap};
use tokio_postgres::Row;

/// The partitioned index that each attached index, also behind a constraint, belongs to.
pub(super) struct Parents {
    names: HashMap<u32, String>,
}

impl Parents {
    pub(super) fn of(scope: &Scope, relations: &Relations, rows: &[Row]) -> Result<Self> {
        let mut all = HashMap::with_capacity(rows.len());
        for row in rows {
            all.insert(row.oid("oid")?, scope.name(row)?);
        }
        let parent = |oid: &u32| relations.parents(*oid).first().and_then(|parent| all.get(parent));
        let names = all.keys().filter_map(|oid| Some((*oid, parent(oid)?.clone()))).collect();
        Ok(Self { names })
    }

    /// The qualified name of an index's parent.
    pub(super) fn get(&self, index: u32) -> Option<&str> {
        self.names.get(&index).map(String::as_str)
    }
}

/// Adds indexes, and says of tables which one they are clustered on or identified by.
pub(super) fn add(
    draft: &mut Draft,
    relations: &Relations,
    parents: &Parents,
    definitions: &HashMap<u32, String>,
    rows: &[Row],
) -> Result<()> {
    for row in rows {
        let Some(relation) = relations.get(row.oid("relation")?) else { continue };
        let name = row.text("name")?;
        if let Some(table) = draft.object_mut(CatalogId::new(class::CLASS, row.oid("relation")?)) {
            if row.flag("clustered")? {
                table.set(Attr::ClusteredOn, name);
            }
            if row.flag("replica_identity")? && relation.identified_by_index {
                table.set(Attr::ReplicaIdentity, format!("index {}", quote_ident(name)));
            }
        }
        if row.field::<Option<u32>>("constraint_oid")?.is_none() {
            let id = CatalogId::new(class::CLASS, row.oid("oid")?);
            let mut object = Object::default();
            object.set_some(Attr::Definition, definitions.get(&id.oid).cloned());
            object.set_if(Attr::Unique, row.flag("unique")?);
            object.set_if(Attr::Invalid, row.flag("invalid")?);
            object.set_some(Attr::Tablespace, row.maybe("tablespace")?);
            object.set_some(Attr::AttachedTo, parents.get(id.oid));
            draft.add(id, relation.address.part(Kind::Index, name), object);
        }
    }
    Ok(())
}

/// Adds the statistics targets of expressions in indexes.
pub(super) fn add_statistics(draft: &mut Draft, rows: &[Row]) -> Result<()> {
    for row in rows {
        let index = CatalogId::new(class::CLASS, row.oid("index")?);
        let Some(object) = draft.object_mut(index) else { continue };
        let map = object.attributes.entry(Attr::Statistics).or_insert_with(|| Value::Map(BTreeMap::new()));
        if let Value::Map(map) = map {
            let target = Value::Int(row.field::<i32>("target")?.into());
            map.insert(row.field::<i16>("number")?.to_string(), target);
        }
    }
    Ok(())
}
