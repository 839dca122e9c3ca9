//! Functions and procedures, and what aggregates share with them.

use super::draft::Draft;
use super::fields::{Fields, some_map};
use super::{CatalogId, class};
use crate::Result;
use pleach_schema::{Address, Attr, Kind, Object, Value, quote_literal};
use std::collections::BTreeMap;
use tokio_postgres::Row;

/// Adds routines; of aggregates all but what makes them aggregates.
pub(super) fn add(draft: &mut Draft, rows: &[Row]) -> Result<()> {
    for row in rows {
        let id = CatalogId::new(class::PROC, row.oid("oid")?);
        // The inside of another object: a range type's constructors.
        if draft.scope.is_member(id) || draft.inside.contains_key(&id) {
            continue;
        }
        let mut object = Object::default();
        object.set_some(Attr::Arguments, Some(row.text("arguments")?).filter(|arguments| !arguments.is_empty()));
        let kind = match row.letter("kind")? {
            'a' => Kind::Aggregate,
            'p' => Kind::Procedure,
            _ => Kind::Function,
        };
        if kind != Kind::Aggregate {
            describe_body(&mut object, row)?;
            describe_behaviour(&mut object, row)?;
        }
        let owner = row.text("owner")?;
        object.set_some(Attr::Owner, draft.scope.roles.owner(owner));
        object.set_some(
            Attr::Grants,
            draft.scope.roles.grants_unless_null(owner, row.field("acl")?, &row.texts("acl_default")?)?,
        );
        let schema = draft.scope.schema(row.oid("schema")?)?;
        let address = Address::routine(kind, schema, row.text("name")?, row.text("input_types")?);
        draft.add(id, address, object);
    }
    Ok(())
}

fn describe_body(object: &mut Object, row: &Row) -> Result<()> {
    object.set_some(Attr::Returns, row.maybe("returns")?);
    object.set(Attr::Language, row.text("language")?);
    match row.maybe("sql_body")? {
        Some(body) => object.set(Attr::SqlBody, body),
        None => object.set(Attr::Body, row.text("source")?),
    };
    object.set_some(Attr::Library, row.maybe("library")?);
    Ok(())
}

fn describe_behaviour(object: &mut Object, row: &Row) -> Result<()> {
    let volatility = match row.letter("volatility")? {
        'i' => Some("immutable"),
        's' => Some("stable"),
        _ => None,
    };
    object.set_some(Attr::Volatility, volatility);
    object.set_some(Attr::Parallel, parallel(row.letter("parallel")?));
    object.set_if(Attr::Strict, row.flag("strict")?);
    object.set_if(Attr::SecurityDefiner, row.flag("security_definer")?);
    object.set_if(Attr::Leakproof, row.flag("leakproof")?);
    object.set_if(Attr::Window, row.letter("kind")? == 'w');
    object.set_some(Attr::Cost, row.maybe("cost")?);
    object.set_some(Attr::Rows, row.maybe("rows")?);
    object.set_some(Attr::Support, row.maybe("support")?);
    let transforms = row.texts("transforms")?.into_iter().map(Value::from).collect::<Vec<_>>();
    object.set_some(Attr::Transforms, (!transforms.is_empty()).then_some(Value::List(transforms)));
    object.set_some(Attr::Configuration, some_map(configuration(&row.texts("configuration")?)));
    Ok(())
}

/// How freely a routine may run in parallel; absent for the default.
pub(super) fn parallel(letter: char) -> Option<&'static str> {
    match letter {
        's' => Some("safe"),
        'r' => Some("restricted"),
        _ => None,
    }
}

/// Settings of a routine, as `SET name TO …` wants them.
fn configuration(settings: &[&str]) -> BTreeMap<String, Value> {
    /// The settings that are lists of names, each of which is quoted on its own.
    const LISTS: [&str; 6] = [
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    ];
    let sql = |name: &str, value: &str| {
        if LISTS.contains(&name.to_ascii_lowercase().as_str()) {
            let names: Vec<String> = split_names(value).iter().map(|name| literal(name)).collect();
            names.join(", ")
        } else {
            literal(value)
        }
    };
    settings
        .iter()
        .filter_map(|setting| setting.split_once('='))
        .map(|(name, value)| (name.to_owned(), Value::from(sql(name, value))))
        .collect()
}

fn literal(text: &str) -> String {
    quote_literal(text).trim_start().to_owned()
}

/// Splits a list of names as PostgreSQL keeps it: comma-separated, quoted where they must be.
fn split_names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let mut name = String::new();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let (before, after) = quoted.split_once('"').unwrap_or((quoted, ""));
                name.push_str(before);
                match after.strip_prefix('"') {
                    Some(more) => {
                        name.push('"');
                        quoted = more;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
            rest = rest.split_once(',').map_or("", |(_, rest)| rest);
        } else {
            let (bare, after) = rest.split_once(',').unwrap_or((rest, ""));
            name.push_str(bare.trim_end());
            rest = after;
        }
        names.push(name);
        rest = rest.trim_start();
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_quoted_name_by_name() {
        let map = configuration(&[r#"search_path=public, "my ""app, or so""", pg_temp"#, "work_mem=64MB"]);
        assert_eq!(map["search_path"], Value::from(r#"'public', 'my "app, or so"', 'pg_temp'"#));
        assert_eq!(map["work_mem"], Value::from("'64MB'"));
    }

    #[test]
    fn an_empty_search_path_is_one_empty_name() {
        assert_eq!(configuration(&[r#"search_path="""#])["search_path"], Value::from("''"));
    }
}
