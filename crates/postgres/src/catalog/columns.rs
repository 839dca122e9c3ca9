//! Columns of tables, what is said of columns of views, attributes of composite types.

use super::draft::Draft;
use super::fields::{Fields, options, some_map};
use super::relations::{Relation, Relations};
use super::{CatalogId, class};
use crate::Result;
use pleach_schema::{Attr, Kind, Object, Value, quote_ident};
use std::collections::{BTreeMap, HashMap};
use tokio_postgres::Row;

/// The types of columns, by catalog identity.
pub(super) type ColumnTypes = HashMap<CatalogId, ColumnType>;

/// What an index asks of a column.
pub(super) struct ColumnType {
    pub type_oid: u32,
    pub collation: u32,
}

/// Adds columns and attributes; rows come in the order of columns.
pub(super) fn add(draft: &mut Draft, relations: &Relations, rows: &[Row]) -> Result<ColumnTypes> {
    let mut types = ColumnTypes::with_capacity(rows.len());
    for row in rows {
        let oid = row.oid("relation")?;
        let Some(relation) = relations.get(oid) else { continue };
        let number: i16 = row.field("number")?;
        let id = CatalogId::column(oid, number.into());
        if let Some(default) = row.field::<Option<u32>>("default_oid")? {
            draft.inside.insert(CatalogId::new(class::ATTRDEF, default), id);
        }
        types.insert(id, ColumnType { type_oid: row.oid("type_oid")?, collation: row.oid("collation_oid")? });
        let mut object = Object::default();
        object.derived.position = Some(number);
        match relation.address.kind {
            Kind::Composite => {
                describe_type(&mut object, row)?;
                draft.add(id, relation.address.part(Kind::Attribute, row.text("name")?), object);
            }
            Kind::Table => {
                describe_type(&mut object, row)?;
                describe_contents(&mut object, row)?;
                describe_handling(draft, relation, &mut object, row)?;
                draft.add(id, relation.address.part(Kind::Column, row.text("name")?), object);
            }
            _ => add_view_column(draft, relation, id, object, row)?,
        }
    }
    Ok(types)
}

/// Adds what PostgreSQL 18 knows of a not-null constraint beyond that it is there.
pub(super) fn add_not_null_details(draft: &mut Draft, rows: &[Row]) -> Result<()> {
    for row in rows {
        let id = match row.field::<Option<i16>>("number")? {
            Some(number) => CatalogId::column(row.oid("relation")?, number.into()),
            None => CatalogId::new(class::TYPE, row.oid("domain")?),
        };
        let Some(object) = draft.object_mut(id) else { continue };
        // One that is not valid is called by its name to be validated.
        let told = |name: &&str| is_chosen(name) || row.flag("not_valid").unwrap_or_default();
        object.set_some(Attr::NotNullName, Some(row.text("name")?).filter(told));
        let said = [(row.flag("no_inherit")?, "no inherit"), (row.flag("not_valid")?, "not valid")];
        let said: Vec<&str> = said.into_iter().filter_map(|(is_so, text)| is_so.then_some(text)).collect();
        object.set_some(Attr::NotNullOptions, (!said.is_empty()).then(|| said.join(" ")));
    }
    Ok(())
}

/// Whether a not-null constraint's name is not one that PostgreSQL would have given it.
fn is_chosen(name: &str) -> bool {
    !name.trim_end_matches(|c: char| c.is_ascii_digit()).ends_with("_not_null")
}

fn add_view_column(draft: &mut Draft, relation: &Relation, id: CatalogId, mut object: Object, row: &Row) -> Result<()> {
    let name = row.text("name")?;
    let shown = format!("{} {}", quote_ident(name), row.text("type")?);
    if let Some(view) = draft.object_mut(id.whole()) {
        view.derived.columns.push(shown);
    }
    object.set_some(Attr::Default, row.maybe("expression")?);
    describe_handling(draft, relation, &mut object, row)?;
    if !object.attributes.is_empty() || draft.comments.contains_key(&id) {
        draft.add(id, relation.address.part(Kind::Column, name), object);
    }
    Ok(())
}

fn describe_type(object: &mut Object, row: &Row) -> Result<()> {
    object.set(Attr::Type, row.text("type")?);
    object.set_some(Attr::Collation, row.qualified("collation")?);
    Ok(())
}

fn describe_contents(object: &mut Object, row: &Row) -> Result<()> {
    object.set_if(Attr::NotNull, row.flag("not_null")?);
    object.set_if(Attr::Inherited, row.flag("inherited")?);
    let expression = row.maybe("expression")?;
    match row.letter("generated")? {
        's' => {
            object.set_some(Attr::Generated, expression);
        }
        'v' => {
            object.set_some(Attr::Generated, expression).set(Attr::GeneratedKind, "virtual");
        }
        _ => {
            object.set_some(Attr::Default, expression);
        }
    }
    let generation = match row.letter("identity")? {
        'a' => Some("always"),
        'd' => Some("by default"),
        _ => None,
    };
    let identity = generation.map(|text| BTreeMap::from([("generation".to_owned(), Value::from(text))]));
    object.set_some(Attr::Identity, identity.map(Value::Map));
    Ok(())
}

fn describe_handling(draft: &Draft, relation: &Relation, object: &mut Object, row: &Row) -> Result<()> {
    let storage = match row.letter("storage")? {
        'p' => Some("plain"),
        'e' => Some("external"),
        'x' => Some("extended"),
        'm' => Some("main"),
        _ => None,
    };
    let compression = match row.letter("compression")? {
        'p' => Some("pglz"),
        'l' => Some("lz4"),
        _ => None,
    };
    object.set_some(Attr::Storage, storage);
    object.set_some(Attr::Compression, compression);
    object.set_some(Attr::Statistics, row.field::<Option<i32>>("statistics")?.map(i64::from));
    object.set_some(Attr::Options, some_map(options(&row.texts("options")?, "")));
    let grants = draft.scope.roles.grants_unless_null(&relation.owner, row.field("acl")?, &[])?;
    object.set_some(Attr::Grants, grants);
    Ok(())
}
