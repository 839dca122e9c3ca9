//! Objects and their attributes in a few words.

use pleach_core::change::AttrChange;
use pleach_core::schema::{Address, Attr, Kind, Object, Value};

/// What an object is called where its relation has been named: `column email`, `table public.t`.
pub fn name(address: &Address) -> String {
    if address.kind.is_part() { format!("{} {}", address.kind, address.name_sql()) } else { address.to_string() }
}

/// What an object is made of, on one line; empty where its name says enough.
pub fn contents(address: &Address, object: &Object) -> String {
    let text = |attr| object.text(attr).unwrap_or_default();
    let words = match address.kind {
        Kind::Column | Kind::Attribute => column(object),
        Kind::Domain => column(object),
        Kind::Constraint => vec![text(Attr::Definition).to_owned()],
        Kind::Index => {
            let definition = text(Attr::Definition).trim_start_matches("USING btree ").to_owned();
            let unique = object.is(Attr::Unique).then(|| "unique".to_owned());
            unique.into_iter().chain([definition]).collect()
        }
        Kind::Enum => vec![object.get(Attr::Labels).map(bracketed).unwrap_or_default()],
        Kind::Range => vec![format!("of {}", text(Attr::Subtype))],
        Kind::Function | Kind::Aggregate => {
            object.text(Attr::Returns).map(|returns| format!("returns {returns}")).into_iter().collect()
        }
        Kind::Extension => object.text(Attr::Version).map(|version| format!("version {version}")).into_iter().collect(),
        Kind::Policy => vec![format!("for {}", object.text(Attr::Command).unwrap_or("all"))],
        Kind::EventTrigger => vec![format!("on {}", text(Attr::Event))],
        Kind::Table => object.text(Attr::PartitionOf).map(|of| format!("partition of {of}")).into_iter().collect(),
        _ => Vec::new(),
    };
    one_line(&words.join(" "))
}

fn column(object: &Object) -> Vec<String> {
    let mut words: Vec<String> = object.text(Attr::Type).map(str::to_owned).into_iter().collect();
    if object.is(Attr::NotNull) {
        words.push("not null".to_owned());
    }
    words.extend(object.text(Attr::Default).map(|default| format!("default {default}")));
    words.extend(object.text(Attr::Generated).map(|expression| format!("generated as ({expression})")));
    let identity = object.get(Attr::Identity).and_then(Value::as_map);
    let generation = identity.and_then(|identity| identity.get("generation")).and_then(Value::as_text);
    words.extend(generation.map(|generation| format!("generated {generation} as identity")));
    words
}

/// The difference of one attribute, in lines for people: usually one, more for a map.
pub fn attribute(change: &AttrChange) -> Vec<Difference> {
    let name = change.attr.as_str().replace('_', " ");
    match (&change.from, &change.to) {
        (from, to) if is_map(from) || is_map(to) => {
            let empty = std::collections::BTreeMap::new();
            let map = |value: &Option<Value>| value.as_ref().and_then(Value::as_map).unwrap_or(&empty).clone();
            let (from, to) = (map(from), map(to));
            let keys: std::collections::BTreeSet<&String> = from.keys().chain(to.keys()).collect();
            let differing = keys.into_iter().filter(|key| from.get(*key) != to.get(*key));
            differing.map(|key| difference(format!("{name} {key}"), from.get(key), to.get(key))).collect()
        }
        (from, to) => vec![difference(name, from.as_ref(), to.as_ref())],
    }
}

/// How a value differs.
pub enum Difference {
    /// Short enough for one line.
    Short(String),
    /// What differs, and the two texts, for a comparison line by line.
    Long(String, String, String),
}

/// Texts longer than this are compared line by line.
const SHORT: usize = 100;

fn difference(name: String, from: Option<&Value>, to: Option<&Value>) -> Difference {
    let yes = Value::Bool(true);
    match (from, to) {
        (None, Some(value)) if *value == yes => Difference::Short(format!("{name} added")),
        (Some(value), None) if *value == yes => Difference::Short(format!("{name} removed")),
        (from, to) => {
            let (from, to) = (from.map(bracketed), to.map(bracketed));
            let (a, b) = (from.clone().unwrap_or_default(), to.clone().unwrap_or_default());
            if a.contains('\n') || b.contains('\n') || a.len() + b.len() > SHORT {
                return Difference::Long(name, a, b);
            }
            Difference::Short(match (from, to) {
                (None, Some(to)) => format!("{name} {to} added"),
                (Some(from), None) => format!("{name} {from} removed"),
                _ => format!("{name} {a} → {b}"),
            })
        }
    }
}

fn is_map(value: &Option<Value>) -> bool {
    value.as_ref().is_some_and(|value| value.as_map().is_some())
}

fn bracketed(value: &Value) -> String {
    match value {
        Value::List(list) => {
            let items: Vec<String> = list.iter().map(ToString::to_string).collect();
            format!("({})", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// Texts longer than this are cut where there is one line for them.
const LINE: usize = 110;

/// A text on one line, cut where it is long.
pub fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
