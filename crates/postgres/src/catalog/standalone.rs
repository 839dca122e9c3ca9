//! Extended statistics, event triggers, default privileges.

use super::draft::Draft;
use super::fields::{Fields, enabled};
use super::{CatalogId, class, stable};
use crate::Result;
use pleach_schema::{Address, Attr, Kind, Object, Value};
use tokio_postgres::Row;

/// Adds extended statistics.
pub(super) fn add_statistics(draft: &mut Draft, rows: &[Row]) -> Result<()> {
    for row in rows {
        let id = CatalogId::new(class::STATISTIC_EXT, row.oid("oid")?);
        if draft.scope.is_member(id) {
            continue;
        }
        let mut object = Object::default();
        object.set(Attr::Definition, stable::in_order_of_names(row.text("definition")?));
        object.set_some(Attr::Statistics, row.field::<Option<i32>>("target")?.map(i64::from));
        object.set_some(Attr::Owner, draft.scope.roles.owner(row.text("owner")?));
        let address = draft.scope.address(Kind::Statistics, row)?;
        draft.add(id, address, object);
    }
    Ok(())
}

/// Adds event triggers.
pub(super) fn add_event_triggers(draft: &mut Draft, rows: &[Row]) -> Result<()> {
    for row in rows {
        let id = CatalogId::new(class::EVENT_TRIGGER, row.oid("oid")?);
        if draft.scope.is_member(id) {
            continue;
        }
        let mut object = Object::default();
        object.set(Attr::Event, row.text("event")?);
        object.set(Attr::Function, row.text("function")?);
        let tags: Vec<Value> = row.texts("tags")?.into_iter().map(Value::from).collect();
        object.set_some(Attr::Tags, (!tags.is_empty()).then_some(Value::List(tags)));
        object.set_some(Attr::Enabled, enabled(row.letter("enabled")?));
        object.set_some(Attr::Owner, draft.scope.roles.owner(row.text("owner")?));
        draft.add(id, Address::new(Kind::EventTrigger, [row.text("name")?]), object);
    }
    Ok(())
}

/// Adds default privileges. What several of the project's own roles said of the same is one.
pub(super) fn add_default_privileges(draft: &mut Draft, rows: &[Row]) -> Result<()> {
    let mut seen: std::collections::HashMap<Address, CatalogId> = std::collections::HashMap::new();
    for row in rows {
        let id = CatalogId::new(class::DEFAULT_ACL, row.oid("oid")?);
        let role = row.text("role")?;
        let schema = match row.oid("schema")? {
            0 => "",
            oid => draft.scope.schema(oid)?,
        };
        let Some(what) = object_type(row.letter("type")?) else {
            draft.warn("default privileges on large objects", format!("for role {role}"));
            continue;
        };
        let roles = &draft.scope.roles;
        let foreign = roles.owner(role);
        let grants = roles.grants(role, foreign.is_none(), &row.texts("acl")?, &row.texts("acl_default")?)?;
        let Some(grants) = grants else { continue };
        let address = Address::new(Kind::DefaultPrivileges, [foreign.as_deref().unwrap_or(""), schema, what]);
        match seen.get(&address) {
            None => {
                seen.insert(address.clone(), id);
                let mut object = Object::default();
                object.set(Attr::Grants, grants);
                draft.add(id, address, object);
            }
            Some(&first) => {
                if let Some(Value::Map(known)) =
                    draft.object_mut(first).and_then(|object| object.attributes.get_mut(&Attr::Grants))
                {
                    merge(known, grants);
                }
            }
        }
    }
    Ok(())
}

fn object_type(letter: char) -> Option<&'static str> {
    match letter {
        'r' => Some("tables"),
        'S' => Some("sequences"),
        'f' => Some("functions"),
        'T' => Some("types"),
        'n' => Some("schemas"),
        _ => None,
    }
}

/// Adds grants to grants: each grantee keeps what either gives.
fn merge(known: &mut std::collections::BTreeMap<String, Value>, more: Value) {
    let Value::Map(more) = more else { return };
    for (grantee, privileges) in more {
        let mine = known.entry(grantee).or_insert_with(|| Value::List(Vec::new()));
        if let (Value::List(mine), Value::List(theirs)) = (mine, privileges) {
            mine.extend(theirs);
            mine.sort();
            mine.dedup();
        }
    }
}
