//! What makes an aggregate: its options, as `CREATE AGGREGATE` takes them.

use super::draft::Draft;
use super::fields::Fields;
use super::routines::parallel;
use super::{CatalogId, class};
use crate::Result;
use pleach_schema::{Attr, Value, quote_literal};
use std::collections::{BTreeMap, HashMap};
use tokio_postgres::Row;

/// Functions and types that stand in the options as the catalog writes them.
const NAMES: [(&str, &str); 11] = [
    ("SFUNC", "transition"),
    ("STYPE", "state_type"),
    ("FINALFUNC", "final"),
    ("COMBINEFUNC", "combine"),
    ("SERIALFUNC", "serialize"),
    ("DESERIALFUNC", "deserialize"),
    ("MSFUNC", "moving_transition"),
    ("MINVFUNC", "moving_inverse"),
    ("MSTYPE", "moving_state_type"),
    ("MFINALFUNC", "moving_final"),
    ("SORTOP", "sort_operator"),
];

/// Completes the aggregates among the routines.
pub(super) fn add_options(draft: &mut Draft, rows: &[Row], routines: &[Row]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut parallel_letters = HashMap::new();
    for row in routines {
        parallel_letters.insert(row.oid("oid")?, row.letter("parallel")?);
    }
    for row in rows {
        let oid = row.oid("oid")?;
        let Some(object) = draft.object_mut(CatalogId::new(class::PROC, oid)) else { continue };
        let mut options = options(row)?;
        let parallel = parallel_letters.get(&oid).and_then(|letter| parallel(*letter));
        if let Some(parallel) = parallel {
            options.insert("PARALLEL".to_owned(), Value::from(parallel.to_uppercase()));
        }
        object.set(Attr::Options, Value::Map(options));
    }
    Ok(())
}

fn options(row: &Row) -> Result<BTreeMap<String, Value>> {
    let mut options = BTreeMap::new();
    let mut set = |key: &str, value: Value| {
        options.insert(key.to_owned(), value);
    };
    for (key, field) in NAMES {
        if let Some(name) = row.maybe(field)? {
            set(key, Value::from(name));
        }
    }
    for (key, field) in [("SSPACE", "state_space"), ("MSSPACE", "moving_state_space")] {
        let space: i32 = row.field(field)?;
        if space != 0 {
            set(key, Value::from(space.to_string()));
        }
    }
    for (key, field) in [("INITCOND", "initial"), ("MINITCOND", "moving_initial")] {
        if let Some(value) = row.maybe(field)? {
            set(key, Value::from(quote_literal(value).trim_start()));
        }
    }
    for (key, field) in [("FINALFUNC_EXTRA", "final_extra"), ("MFINALFUNC_EXTRA", "moving_final_extra")] {
        if row.flag(field)? {
            set(key, Value::Bool(true));
        }
    }
    // An ordered-set aggregate's final function may sort its input in place.
    let kind = row.letter("kind")?;
    let usual = if kind == 'n' { 'r' } else { 'w' };
    for (key, field, function) in
        [("FINALFUNC_MODIFY", "final_modify", "final"), ("MFINALFUNC_MODIFY", "moving_final_modify", "moving_final")]
    {
        let letter = row.letter(field)?;
        if letter != usual && row.maybe(function)?.is_some() {
            set(key, Value::from(modification(letter)));
        }
    }
    if kind == 'h' {
        set("HYPOTHETICAL", Value::Bool(true));
    }
    Ok(options)
}

fn modification(letter: char) -> &'static str {
    match letter {
        's' => "SHAREABLE",
        'w' => "READ_WRITE",
        _ => "READ_ONLY",
    }
}
