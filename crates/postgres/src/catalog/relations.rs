//! Tables, views and materialized views.

use super::draft::Draft;
use super::fields::{Fields, options, some_map};
use super::{CatalogId, class};
use crate::Result;
use pleach_schema::{Address, Attr, Kind, Object};
use std::collections::HashMap;
use tokio_postgres::Row;

/// The relations that parts belong to, and who inherits from whom.
pub(super) struct Relations {
    by_oid: HashMap<u32, Relation>,
    names: HashMap<u32, String>,
    parents: HashMap<u32, Vec<u32>>,
}

/// What parts need to know of their relation.
pub(super) struct Relation {
    pub address: Address,
    pub owner: String,
    /// Whether the table said that an index of its own is its replica identity.
    pub identified_by_index: bool,
}

impl Relations {
    /// The relation with this OID, if it is in the tree.
    pub(super) fn get(&self, oid: u32) -> Option<&Relation> {
        self.by_oid.get(&oid)
    }

    /// The parents of a table or index, in order.
    pub(super) fn parents(&self, oid: u32) -> &[u32] {
        self.parents.get(&oid).map_or(&[], Vec::as_slice)
    }

    /// Adds composite types, which have attributes as tables have columns.
    pub(super) fn add_composites(&mut self, draft: &Draft, types: &[Row]) -> Result<()> {
        for row in types {
            let address = draft.address(CatalogId::new(class::TYPE, row.oid("oid")?));
            if let Some(address) = address.filter(|address| address.kind == Kind::Composite) {
                let owner = row.text("owner")?.to_owned();
                let relation = Relation { address: address.clone(), owner, identified_by_index: false };
                self.by_oid.insert(row.oid("relation")?, relation);
            }
        }
        Ok(())
    }
}

/// Adds relations, without their parts.
pub(super) fn add(draft: &mut Draft, rows: &[Row], inheritance: &[Row]) -> Result<Relations> {
    let mut relations = Relations {
        by_oid: HashMap::with_capacity(rows.len()),
        names: HashMap::with_capacity(rows.len()),
        parents: HashMap::new(),
    };
    for row in inheritance {
        relations.parents.entry(row.oid("child")?).or_default().push(row.oid("parent")?);
    }
    for row in rows {
        if kind(row)?.is_some() {
            relations.names.insert(row.oid("oid")?, draft.scope.name(row)?);
        }
    }
    for row in rows {
        let id = CatalogId::new(class::CLASS, row.oid("oid")?);
        if draft.scope.is_member(id) {
            continue;
        }
        match kind(row)? {
            Some(kind) => add_relation(draft, &mut relations, id, kind, row)?,
            None => {
                let sort = if row.letter("kind")? == 'f' { "foreign table" } else { "relation" };
                let name = draft.scope.name(row)?;
                draft.warn(sort, name);
            }
        }
    }
    Ok(relations)
}

fn kind(row: &Row) -> Result<Option<Kind>> {
    Ok(match row.letter("kind")? {
        'r' | 'p' => Some(Kind::Table),
        'v' => Some(Kind::View),
        'm' => Some(Kind::MaterializedView),
        _ => None,
    })
}

fn add_relation(draft: &mut Draft, relations: &mut Relations, id: CatalogId, kind: Kind, row: &Row) -> Result<()> {
    let mut object = Object::default();
    let address = draft.scope.address(kind, row)?;
    if kind == Kind::Table {
        describe_table(&mut object, row)?;
        describe_ancestry(draft, relations, &mut object, id.oid, row, &address)?;
    } else {
        object.set_some(Attr::Definition, row.maybe("definition")?.map(query_text));
    }
    describe_storage(&mut object, row)?;
    let owner = row.text("owner")?;
    object.set_some(Attr::Owner, draft.scope.roles.owner(owner));
    object.set_some(
        Attr::Grants,
        draft.scope.roles.grants_unless_null(owner, row.field("acl")?, &row.texts("acl_default")?)?,
    );
    let identified_by_index = row.letter("replica_identity")? == 'i';
    let relation = Relation { address: address.clone(), owner: owner.to_owned(), identified_by_index };
    relations.by_oid.insert(id.oid, relation);
    draft.add(id, address, object);
    Ok(())
}

fn describe_table(object: &mut Object, row: &Row) -> Result<()> {
    object.set_some(Attr::PartitionKey, row.maybe("partition_key")?);
    object.set_some(Attr::PartitionBound, row.maybe("partition_bound")?);
    object.set_some(Attr::OfType, row.maybe("of_type")?);
    let replica_identity = match row.letter("replica_identity")? {
        'f' => Some("full"),
        'n' => Some("nothing"),
        _ => None,
    };
    object.set_some(Attr::ReplicaIdentity, replica_identity);
    object.set_if(Attr::RowSecurity, row.flag("row_security")?);
    object.set_if(Attr::ForceRowSecurity, row.flag("force_row_security")?);
    Ok(())
}

fn describe_ancestry(
    draft: &mut Draft,
    relations: &Relations,
    object: &mut Object,
    oid: u32,
    row: &Row,
    address: &Address,
) -> Result<()> {
    let mut parents = Vec::new();
    for parent in relations.parents(oid) {
        match relations.names.get(parent) {
            Some(name) => parents.push(name.clone()),
            None => draft.warn("inheritance from a foreign table", address.sql()),
        }
    }
    if row.flag("is_partition")? {
        object.set_some(Attr::PartitionOf, parents.pop());
    } else if !parents.is_empty() {
        object.set(Attr::Inherits, parents);
    }
    Ok(())
}

fn describe_storage(object: &mut Object, row: &Row) -> Result<()> {
    if row.letter("persistence")? == 'u' {
        object.set(Attr::Persistence, "unlogged");
    }
    object.set_some(Attr::AccessMethod, row.maybe("access_method")?);
    object.set_some(Attr::Tablespace, row.maybe("tablespace")?);
    let mut all = options(&row.texts("options")?, "");
    all.extend(options(&row.texts("toast_options")?, "toast."));
    object.set_some(Attr::Options, some_map(all));
    Ok(())
}

/// A view's query without what surrounds it.
fn query_text(definition: &str) -> &str {
    let trimmed = definition.trim();
    trimmed.strip_suffix(';').unwrap_or(trimmed)
}
