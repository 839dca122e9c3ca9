//! Names: taking qualified ones apart, cutting them to size, and those PostgreSQL chooses itself.

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, RangeVar};

/// The longest name PostgreSQL keeps, in bytes.
const LONGEST: usize = 63;

/// The names of a list of strings, such as a qualified name.
pub(super) fn strings(nodes: &[Node]) -> Vec<&str> {
    nodes.iter().filter_map(string).collect()
}

/// The text of a string node.
pub(super) fn string(node: &Node) -> Option<&str> {
    match &node.node {
        Some(NodeEnum::String(string)) => Some(&string.sval),
        _ => None,
    }
}

/// The schema (empty where none is given) and the name of a list of strings.
pub(super) fn schema_and_name<'a>(names: &[&'a str]) -> (&'a str, &'a str) {
    match names {
        [name] => ("", name),
        [.., schema, name] => (schema, name),
        [] => ("", ""),
    }
}

/// The names of a dotted, quoted name as the tree writes it.
pub(super) fn parts(text: &str) -> Vec<String> {
    let mut names = vec![];
    let mut name = String::new();
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                name.push('"');
            }
            '"' => quoted = !quoted,
            '.' if !quoted => names.push(std::mem::take(&mut name)),
            c if quoted => name.push(c),
            c => name.extend(c.to_lowercase()),
        }
    }
    names.push(name);
    names
}

/// A name cut to what PostgreSQL keeps, at the border of a character.
pub(super) fn cut(name: &str) -> &str {
    clip(name, LONGEST)
}

fn clip(name: &str, bytes: usize) -> &str {
    if name.len() <= bytes {
        return name;
    }
    let end = (0..=bytes).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    &name[..end]
}

/// `first_second_label` as PostgreSQL makes it: of what is too long the longer name gives way.
pub(super) fn made(first: &str, second: &str, label: &str) -> String {
    let overhead = if label.is_empty() { 0 } else { label.len() + 1 } + usize::from(!second.is_empty());
    let room = LONGEST.saturating_sub(overhead);
    let (mut a, mut b) = (first.len(), second.len());
    while a + b > room {
        if a > b { a -= 1 } else { b -= 1 }
    }
    let mut name = clip(first, a).to_owned();
    for more in [clip(second, b), label] {
        if !more.is_empty() {
            name.push('_');
            name.push_str(more);
        }
    }
    name
}

/// The first of `first_second_label`, `…label1`, `…label2` that is free.
pub(super) fn choose(first: &str, second: &str, label: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut name = made(first, second, label);
    let mut number = 0_u32;
    while is_taken(&name) {
        number += 1;
        name = made(first, second, &format!("{label}{number}"));
    }
    name
}

/// What PostgreSQL puts between table and label for several columns.
pub(super) fn joined<'a>(columns: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for column in columns {
        if !out.is_empty() {
            out.push('_');
        }
        out.push_str(cut(column));
        if out.len() > LONGEST {
            break;
        }
    }
    out
}

/// Schema (empty where none is given) and name of a relation as it is written.
pub(super) fn of(relation: &RangeVar) -> (&str, &str) {
    (&relation.schemaname, &relation.relname)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_as_postgres_makes_them() {
        assert_eq!(made("users", "email", "key"), "users_email_key");
        assert_eq!(made("users", "", "pkey"), "users_pkey");
        let (long, other) = ("a".repeat(60), "b".repeat(40));
        let name = made(&long, &other, "idx");
        assert_eq!(name, format!("{}_{}_idx", "a".repeat(29), "b".repeat(29)));
        assert_eq!(name.len(), 63);
    }

    #[test]
    fn names_are_cut_between_characters() {
        assert_eq!(cut(&"é".repeat(40)), "é".repeat(31));
    }

    #[test]
    fn qualified_names_are_taken_apart() {
        assert_eq!(parts(r#"public."A.b""c".d"#), ["public", "A.b\"c", "d"]);
    }
}
