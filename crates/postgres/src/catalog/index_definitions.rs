//! How indexes are written.
//!
//! To write an index the server opens its table, which for thousands of tables is most of what
//! reading the catalogs costs. The usual index, a B-tree on plain columns, is written here instead,
//! in the same words; for anything else the server is asked.

use super::asker::Asker;
use super::columns::ColumnTypes;
use super::draft::Draft;
use super::fields::Fields;
use super::{CatalogId, class};
use crate::Result;
use pleach_schema::quote_ident;
use std::collections::HashMap;
use tokio_postgres::{GenericClient, Row};

const TEXT: u32 = 25;
const VARCHAR: u32 = 1043;
/// The first OID that users' own objects can have.
const FIRST_OF_USERS: u32 = 16384;

/// The definitions of indexes, from `USING` on.
pub(super) async fn read(
    asker: &Asker<'_, impl GenericClient>,
    draft: &Draft,
    columns: &ColumnTypes,
    indexes: &[Row],
    operator_classes: &[Row],
) -> Result<HashMap<u32, String>> {
    let mut classes = HashMap::with_capacity(operator_classes.len());
    for row in operator_classes {
        classes.insert(row.oid("type")?, row.oid("oid")?);
    }
    let mut definitions = HashMap::with_capacity(indexes.len());
    let mut unusual = Vec::new();
    for row in indexes {
        let oid = row.oid("oid")?;
        let is_told_elsewhere = row.field::<Option<u32>>("constraint_oid")?.is_some();
        let table = CatalogId::new(class::CLASS, row.oid("relation")?);
        if is_told_elsewhere || draft.place(table).is_none() {
            continue;
        }
        let plain = if row.flag("plain")? { write_plain(draft, columns, &classes, row)? } else { None };
        match plain {
            Some(definition) => {
                definitions.insert(oid, definition);
            }
            None => unusual.push(oid),
        }
    }
    if !unusual.is_empty() {
        for row in asker.query(include_str!("sql/index_definitions.sql"), Some(&unusual)).await? {
            definitions.insert(row.oid("oid")?, row.text("definition")?.to_owned());
        }
    }
    Ok(definitions)
}

/// Writes a B-tree on plain columns, unless one of them has an operator class or a collation that
/// must be named.
fn write_plain(draft: &Draft, columns: &ColumnTypes, classes: &HashMap<u32, u32>, row: &Row) -> Result<Option<String>> {
    let relation = row.oid("relation")?;
    let numbers: Vec<i16> = row.field("columns")?;
    let used_classes: Vec<u32> = row.field("classes")?;
    let collations: Vec<u32> = row.field("collations")?;
    let orders: Vec<i16> = row.field("orders")?;
    let mut list = Vec::with_capacity(numbers.len());
    for (((number, class), collation), order) in numbers.into_iter().zip(used_classes).zip(collations).zip(orders) {
        let id = CatalogId::column(relation, number.into());
        let (Some(address), Some(column)) = (draft.address(id), columns.get(&id)) else { return Ok(None) };
        let usual = classes.get(&column.type_oid).or_else(|| classes.get(&TEXT).filter(|_| column.type_oid == VARCHAR));
        if usual != Some(&class) || class >= FIRST_OF_USERS || collation != column.collation {
            return Ok(None);
        }
        list.push(format!("{}{}", quote_ident(address.name()), order_sql(order)));
    }
    Ok(Some(format!("USING btree ({})", list.join(", "))))
}

/// The order of a key column: bit 0 is descending, bit 1 is nulls first.
fn order_sql(order: i16) -> &'static str {
    match order & 3 {
        0 => "",
        1 => " DESC NULLS LAST",
        2 => " NULLS FIRST",
        _ => " DESC",
    }
}
