//! Sequences, on their own and inside identity columns.

use super::create::sequence_options;
use super::phrase::own_name;
use super::{Stage, Step, step};
use pleach_schema::{Address, Attr, Object, Value, quote_ident, quote_literal};
use std::collections::BTreeMap;

/// The attributes that `ALTER SEQUENCE` takes together.
pub(super) const OPTIONS: [Attr; 7] =
    [Attr::Type, Attr::Start, Attr::Increment, Attr::Minimum, Attr::Maximum, Attr::Cache, Attr::Cycle];

/// `ALTER SEQUENCE` with the options that change, and those whose usual value changes with them.
pub(super) fn alter(address: &Address, before: Option<&Object>, object: &Object) -> String {
    let same = |attr: Attr| before.is_some_and(|before| before.get(attr) == object.get(attr));
    let turned = before.is_none_or(|before| descends(before) != descends(object));
    let moved = turned || !same(if descends(object) { Attr::Maximum } else { Attr::Minimum });
    let changes = |attr: Attr| match attr {
        Attr::Minimum | Attr::Maximum => turned || !same(attr),
        Attr::Start => moved || !same(attr),
        attr => !same(attr),
    };
    let mut sql = format!("ALTER SEQUENCE {}", address.sql());
    if object.get(Attr::Type).is_none() && changes(Attr::Type) {
        sql.push_str(" AS bigint");
    }
    for (attr, default) in [
        (Attr::Minimum, " NO MINVALUE"),
        (Attr::Maximum, " NO MAXVALUE"),
        (Attr::Increment, " INCREMENT BY 1"),
        (Attr::Cache, " CACHE 1"),
        (Attr::Cycle, " NO CYCLE"),
    ] {
        if object.get(attr).is_none() && changes(attr) {
            sql.push_str(default);
        }
    }
    if object.get(Attr::Start).is_none() && changes(Attr::Start) {
        let down = descends(object);
        let usual = if down { Attr::Maximum } else { Attr::Minimum };
        let start = object.get(usual).map_or(if down { "-1".to_owned() } else { "1".to_owned() }, ToString::to_string);
        sql.push_str(&format!(" START WITH {start}"));
    }
    let mut said = object.clone();
    said.attributes.retain(|attr, _| changes(*attr));
    sql.push_str(&sequence_options(&said));
    sql
}

/// Lets a new counter go on after the values that its column has.
pub(super) fn go_on(sequence: &str, column: &Address, options: &BTreeMap<String, Value>) -> Option<String> {
    let number = |key: &str| match options.get(key) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    };
    let (last, beyond, start) = match number("increment") {
        Some(step) if step < 0 => ("min", "<=", number("start").unwrap_or(-1)),
        _ => ("max", ">=", number("start").or(number("minimum")).unwrap_or(1)),
    };
    let name = column.name_sql();
    Some(format!(
        "SELECT pg_catalog.setval({}, {last}({name})) FROM {} HAVING {last}({name}) {beyond} {start}",
        quote_literal(sequence),
        column.relation_sql()
    ))
}

/// Moves a sequence's position to where its new bounds have it, if it is not there. PostgreSQL
/// refuses bounds that the position is not within.
pub(super) fn keep_within(address: &Address, old: &Object, new: &Object, stage: Stage) -> Option<Step> {
    let ((old_min, old_max), (min, max)) = (bounds(old), bounds(new));
    if min <= old_min && max >= old_max {
        return None;
    }
    let name = address.sql();
    let sql = if min > old_max || max < old_min {
        let (lowest, highest) = (min.min(old_min), max.max(old_max));
        let start = if descends(new) { max } else { min };
        format!("ALTER SEQUENCE {name} MINVALUE {lowest} MAXVALUE {highest} RESTART WITH {start}")
    } else {
        let place = quote_literal(&name);
        format!(
            "SELECT pg_catalog.setval({place}, LEAST(GREATEST(last_value, {min}), {max}), \
             is_called AND last_value BETWEEN {min} AND {max}) FROM {name}"
        )
    };
    Some(step(address, stage, sql))
}

fn descends(sequence: &Object) -> bool {
    matches!(sequence.get(Attr::Increment), Some(Value::Int(step)) if *step < 0)
}

/// The lowest and the highest value of a sequence.
fn bounds(sequence: &Object) -> (i64, i64) {
    let (type_min, type_max) = match sequence.text(Attr::Type) {
        Some("smallint") => (i64::from(i16::MIN), i64::from(i16::MAX)),
        Some("integer") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let usual = if descends(sequence) { (type_min, -1) } else { (1, type_max) };
    let number = |attr: Attr, usual: i64| match sequence.get(attr) {
        Some(Value::Int(number)) => *number,
        _ => usual,
    };
    (number(Attr::Minimum, usual.0), number(Attr::Maximum, usual.1))
}

/// From one column's identity to another.
pub(super) fn identity_changes(
    column: &Address,
    alter: &str,
    from: &BTreeMap<String, Value>,
    to: &BTreeMap<String, Value>,
) -> Vec<String> {
    let mut out = Vec::new();
    let differs = |key: &str| from.get(key) != to.get(key);
    if differs("sequence")
        && let (Some(old), Some(new)) =
            (from.get("sequence").and_then(Value::as_text), to.get("sequence").and_then(Value::as_text))
    {
        // It has moved along with its table, if that moved.
        let (schema, old, new) = (quote_ident(column.schema().unwrap_or_default()), own_name(old), own_name(new));
        if old != new {
            out.push(format!("ALTER SEQUENCE {schema}.{old} RENAME TO {new}"));
        }
    }
    let mut set = Vec::new();
    if differs("generation") {
        let generation = to.get("generation").and_then(Value::as_text).unwrap_or("by default").to_uppercase();
        set.push(format!("SET GENERATED {generation}"));
    }
    for (key, word, default) in [
        ("increment", "INCREMENT BY", "INCREMENT BY 1"),
        ("minimum", "MINVALUE", "NO MINVALUE"),
        ("maximum", "MAXVALUE", "NO MAXVALUE"),
        ("start", "START WITH", "START WITH 1"),
        ("cache", "CACHE", "CACHE 1"),
    ] {
        if differs(key) {
            set.push(match to.get(key) {
                Some(value) => format!("SET {word} {value}"),
                None => format!("SET {default}"),
            });
        }
    }
    if differs("cycle") {
        set.push(if to.contains_key("cycle") { "SET CYCLE" } else { "SET NO CYCLE" }.to_owned());
    }
    if !set.is_empty() {
        out.push(format!("{alter} {}", set.join(" ")));
    }
    out
}
