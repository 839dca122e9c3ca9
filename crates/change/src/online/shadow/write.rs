//! What keeps a column and its shadow in step.

use super::super::edit;
use crate::plan::{cast, settings};
use pleach_schema::{Address, Attr, Kind, Object, Tree, Value, quote_ident, quote_literal};
use std::collections::BTreeMap;

/// What a shadow is called before the name of its column.
pub(crate) const COLUMN: &str = "pleach_new_";
/// What the function that keeps it in step is called before the names of table and column.
const FUNCTION: &str = "pleach_keep_";

/// From the old type of a column to the new one.
pub(super) struct Conversion<'a> {
    pub from: &'a Tree,
    pub to: &'a Tree,
    pub old: &'a str,
    pub new: &'a str,
}

impl Conversion<'_> {
    /// The expression that makes a value of the new type of one of the old type.
    pub fn of(&self, value: &str) -> String {
        cast(self.from, self.to, value, self.old, self.new)
    }

    /// The settings that it depends on.
    pub fn settings(&self) -> Vec<&'static str> {
        settings(self.from, self.to, self.old, self.new)
    }
}

/// The function that gives a row's shadow the value that its column has.
pub(super) fn function(
    column: &Address,
    shadow: &Address,
    conversion: &Conversion<'_>,
    taken: impl Fn(&Address) -> bool,
) -> (Address, Object) {
    let table = column.path.get(1).map_or("", String::as_str);
    let address = edit::numbered(
        |suffix| {
            let name = edit::name(&format!("{table}_{}", column.name()), FUNCTION, suffix);
            Address::routine(Kind::Function, column.schema().unwrap_or_default(), &name, "")
        },
        taken,
    );
    let (new, value) = (shadow.name_sql(), conversion.of(&format!("NEW.{}", column.name_sql())));
    let body = format!("\nBEGIN\n    NEW.{new} := {value};\n    RETURN NEW;\nEND\n");
    let path = BTreeMap::from([("search_path".to_owned(), Value::from("'pg_catalog', 'pg_temp'"))]);
    let mut object = Object::default();
    object.set(Attr::Returns, "trigger").set(Attr::Language, "plpgsql").set(Attr::Body, body);
    object.set(Attr::Configuration, Value::Map(path));
    (address, object)
}

/// The trigger that runs it for whatever is written, by replication too, after every other trigger
/// that may change the row.
pub(super) fn trigger(trees: [&Tree; 2], column: &Address, function: &Address) -> Option<(Address, Object)> {
    let table = Address::new(Kind::Table, column.relation().iter().cloned());
    let others = || {
        trees
            .into_iter()
            .flat_map(|tree| tree.parts(&table.path, Kind::Trigger))
            .filter(|(_, entry)| !entry.object.derived.references.iter().any(|of| of.name().starts_with(FUNCTION)))
    };
    let last = |name: &String| others().all(|(other, _)| other.name() < name.as_str());
    let name =
        ["zz_", "~~"].iter().map(|first| edit::name(column.name(), &format!("{first}{FUNCTION}"), "")).find(last)?;
    let address = table.part(Kind::Trigger, &name);
    let of = pleach_schema::qualified(function.path.iter().map(String::as_str));
    let mut object = Object::default();
    object.set(
        Attr::Definition,
        format!(
            "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION {of}()",
            quote_ident(&name),
            table.sql()
        ),
    );
    object.set(Attr::Enabled, "always");
    object.derived.references.insert(function.clone());
    Some((address, object))
}

/// Whether a column of a tree is a shadow: all it holds follows from another column.
pub(crate) fn is_shadow(tree: &Tree, column: &Address) -> bool {
    let sets = format!("NEW.{} := ", column.name_sql());
    let keeps = |of: &Address| {
        of.name().starts_with(FUNCTION)
            && tree.object(of).and_then(|of| of.text(Attr::Body)).is_some_and(|body| body.contains(&sets))
    };
    column.kind == Kind::Column
        && column.name().starts_with(COLUMN)
        && tree
            .parts(column.relation(), Kind::Trigger)
            .any(|(_, trigger)| trigger.object.derived.references.iter().any(keeps))
}

/// A statement that keeps others from drawing from a sequence until the end of the transaction. It
/// goes anyway, so what it caches does not matter.
pub(super) fn hold(sequence: &str) -> String {
    format!("ALTER SEQUENCE {sequence} CACHE 1")
}

/// A statement that writes down where a sequence stands, for the end of the same transaction.
pub(super) fn remember(key: &str, sequence: &str) -> String {
    format!(
        "SELECT pg_catalog.set_config({}, (SELECT last_value || ' ' || is_called FROM {sequence}), true)",
        quote_literal(key)
    )
}

/// A statement that lets a sequence go on where another one stood.
pub(super) fn go_on(key: &str, sequence: &str) -> String {
    let part = |number: u8| {
        format!("pg_catalog.split_part(pg_catalog.current_setting({}), ' ', {number})", quote_literal(key))
    };
    format!("SELECT pg_catalog.setval({}, {}::bigint, {}::boolean)", quote_literal(sequence), part(1), part(2))
}
