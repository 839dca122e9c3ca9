//! From a column's old type to its new one.

use pleach_schema::{Address, Attr, Kind, Tree};

/// The types among which PostgreSQL has a cast from each to each.
const FAMILIES: &[&[&str]] = &[
    &["smallint", "integer", "bigint", "numeric", "real", "double precision"],
    &["smallint", "integer", "bigint", "oid"],
    &["integer", "boolean"],
    &["integer", "bigint", "bit"],
    &["bit", "bit varying"],
    &["date", "timestamp without time zone", "timestamp with time zone"],
    &["time without time zone", "time with time zone"],
    &["time without time zone", "interval"],
    &["json", "jsonb"],
    &["inet", "cidr"],
    &["numeric", "money"],
    &["integer", "bigint", "money"],
];

/// Casts of one direction only.
const ONE_WAY: &[(&str, &str)] = &[
    ("timestamp without time zone", "time without time zone"),
    ("timestamp with time zone", "time without time zone"),
    ("timestamp with time zone", "time with time zone"),
    ("jsonb", "boolean"),
    ("jsonb", "numeric"),
    ("jsonb", "smallint"),
    ("jsonb", "integer"),
    ("jsonb", "bigint"),
    ("jsonb", "real"),
    ("jsonb", "double precision"),
];

/// The expression that makes a column's values values of its new type: by PostgreSQL's own cast
/// where there is one, else through their text.
pub(crate) fn cast(from: &Tree, to: &Tree, column: &str, old: &str, new: &str) -> String {
    let (a, b) = (base(from, old), base(to, new));
    if has_cast(&a, &b) { format!("{column}::{new}") } else { format!("{column}::text::{new}") }
}

/// The settings of a session that the cast between two types depends on.
pub(crate) fn settings(from: &Tree, to: &Tree, old: &str, new: &str) -> Vec<&'static str> {
    let of = |name: &str| match name.trim_end_matches("[]") {
        "timestamp with time zone" | "time with time zone" => &["TimeZone", "DateStyle"][..],
        "timestamp without time zone" | "time without time zone" | "date" => &["DateStyle"],
        "interval" => &["IntervalStyle"],
        "real" | "double precision" => &["extra_float_digits"],
        "bytea" => &["bytea_output"],
        "money" => &["lc_monetary"],
        _ => &[],
    };
    let (a, b) = (base(from, old), base(to, new));
    let mut found: Vec<&'static str> = of(&a).iter().chain(of(&b)).copied().collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn has_cast(a: &str, b: &str) -> bool {
    let is_text = |name: &str| matches!(name, "text" | "character varying" | "character" | "name");
    match (a.strip_suffix("[]"), b.strip_suffix("[]")) {
        (Some(a), Some(b)) => has_cast(a, b),
        (None, None) => {
            let user = |name: &str| name.contains('.');
            is_text(a) || is_text(b)
                // The old type of this name may be another one than the new.
                || a == b && !user(a)
                || FAMILIES.iter().any(|family| family.contains(&a) && family.contains(&b))
                || ONE_WAY.contains(&(a, b))
        }
        _ => is_text(a) || is_text(b),
    }
}

/// A type without modifiers; a domain's underlying type.
fn base(tree: &Tree, name: &str) -> String {
    let array = if name.ends_with("[]") { "[]" } else { "" };
    let bare = name.trim_end_matches("[]");
    let domain = tree
        .iter()
        .skip_while(|(address, _)| address.kind < Kind::Domain)
        .take_while(|(address, _)| address.kind == Kind::Domain)
        .find(|(address, _): &(&Address, _)| address.sql() == bare);
    if let Some(of) = domain.and_then(|(_, entry)| entry.object.text(Attr::Type)).filter(|_| array.is_empty()) {
        return base(tree, of);
    }
    format!("{}{array}", without_modifiers(bare))
}

/// `timestamp(3) without time zone` without its `(3)`.
fn without_modifiers(name: &str) -> String {
    match (name.find('('), name.rfind(')')) {
        (Some(start), Some(end)) if !name.starts_with('"') && start < end => {
            format!("{}{}", &name[..start], &name[end + 1..])
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn using(old: &str, new: &str) -> String {
        cast(&Tree::default(), &Tree::default(), "c", old, new)
    }

    #[test]
    fn known_casts_are_used() {
        assert_eq!(using("integer", "numeric(10,2)"), "c::numeric(10,2)");
        assert_eq!(using("character varying(20)", "date"), "c::date");
        assert_eq!(using("timestamp(3) without time zone", "date"), "c::date");
        assert_eq!(using("integer[]", "bigint[]"), "c::bigint[]");
    }

    #[test]
    fn the_rest_goes_through_text() {
        assert_eq!(using("integer", "uuid"), "c::text::uuid");
        assert_eq!(using("public.mood", "public.feeling"), "c::text::public.feeling");
        assert_eq!(using("public.mood", "public.mood"), "c::text::public.mood");
        assert_eq!(using("public.mood[]", "public.feeling[]"), "c::text::public.feeling[]");
    }
}
