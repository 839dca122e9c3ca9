//! Texts that PostgreSQL would write otherwise the second time.
//!
//! `x IN ('a', 'b')` on a `varchar` is kept as a cast of a whole array and written as
//! `(ARRAY['a'::character varying, …])::text[]`. Reading that, PostgreSQL casts each element and
//! writes `ARRAY[('a'::character varying)::text, …]` ever after. The second form is the one that
//! lasts, so it is the one that counts.

use pleach_schema::{Attr, Object, Value};

const ATTRS: [Attr; 7] =
    [Attr::Definition, Attr::Default, Attr::Generated, Attr::Using, Attr::Check, Attr::SqlBody, Attr::Arguments];

const START: &str = "(ARRAY[";

/// Puts the texts of an object into the form that lasts.
pub(super) fn settle(object: &mut Object) {
    for attr in ATTRS {
        if let Some(Value::Text(text)) = object.attributes.get_mut(&attr)
            && text.contains(START)
        {
            *text = lasting(text);
        }
    }
}

/// A `CREATE STATISTICS` with its columns in the order of their names, for PostgreSQL keeps them in
/// the order of the table's columns, which is not told. Expressions stay behind, as they came.
pub(super) fn in_order_of_names(definition: &str) -> String {
    let sorted = || {
        let start = outside(definition, " ON ")? + " ON ".len();
        let end = start + outside(&definition[start..], " FROM ")?;
        let mut columns = split(&definition[start..end]);
        columns.sort_by_key(|column| (column.contains('(').then_some(()), (!column.contains('(')).then_some(*column)));
        Some(format!("{}{}{}", &definition[..start], columns.join(", "), &definition[end..]))
    };
    sorted().unwrap_or_else(|| definition.to_owned())
}

/// Where some words first stand outside of quotes and brackets.
fn outside(sql: &str, words: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0);
    while let Some(rest) = sql.get(at..).filter(|rest| !rest.is_empty()) {
        match rest.chars().next()? {
            _ if depth == 0 && rest.starts_with(words) => return Some(at),
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        at += word(rest);
    }
    None
}

/// Casts elements instead of arrays, everywhere in an SQL text.
fn lasting(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut at = 0;
    while let Some(rest) = sql.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(START)
            && let Some((array, length)) = cast_array(rest)
        {
            out.push_str(&array);
            at += length;
        } else {
            let length = word(rest);
            out.push_str(&rest[..length]);
            at += length;
        }
    }
    out
}

/// The lasting form of a cast array at the start of a text, and the length of the one there.
fn cast_array(sql: &str) -> Option<(String, usize)> {
    let inside = sql.get(START.len()..)?;
    let end = closing(inside, ']')?;
    let after = inside.get(end..)?.strip_prefix("])::")?;
    let type_length = closing(after, '[')?;
    let element = &after[..type_length];
    let rest = after.get(type_length..)?.strip_prefix("[]")?;
    let elements: Vec<String> =
        split(&inside[..end]).iter().map(|one| format!("({})::{element}", lasting(one))).collect();
    Some((format!("ARRAY[{}]", elements.join(", ")), sql.len() - rest.len()))
}

/// Where a character stands outside of quotes and brackets that open before it.
fn closing(sql: &str, wanted: char) -> Option<usize> {
    let (mut at, mut depth) = (0, 0);
    while let Some(rest) = sql.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next()?;
        match first {
            _ if depth == 0 && first == wanted => return Some(at),
            '(' | '[' => depth += 1,
            ')' | ']' if depth == 0 => return None,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        at += word(rest);
    }
    None
}

/// The elements of an array, by the commas between them.
fn split(sql: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = sql;
    while let Some(comma) = closing(rest, ',') {
        out.push(rest[..comma].trim());
        rest = &rest[comma + 1..];
    }
    out.push(rest.trim());
    out
}

/// The length of what stands at the start: something quoted as a whole, else one character.
fn word(sql: &str) -> usize {
    let first = sql.chars().next().unwrap_or_default();
    if first == '\'' || first == '"' {
        // Two quotes are one inside, which reads the same as two quoted texts side by side.
        return sql[1..].find(first).map_or(sql.len(), |end| end + 2);
    }
    first.len_utf8().max(1)
}

#[cfg(test)]
mod tests {
    use super::{in_order_of_names, lasting};

    #[test]
    fn arrays_are_cast_element_by_element() {
        assert_eq!(
            lasting("((x)::text = ANY ((ARRAY['a]'::character varying, 'it''s, b'::character varying])::text[]))"),
            "((x)::text = ANY (ARRAY[('a]'::character varying)::text, ('it''s, b'::character varying)::text]))"
        );
        assert_eq!(
            lasting("(ARRAY[1, f(2, 3)])::numeric(10,2)[] "),
            "ARRAY[(1)::numeric(10,2), (f(2, 3))::numeric(10,2)] "
        );
        assert_eq!(lasting(r#"(ARRAY[1])::"My[]".t[]"#), r#"ARRAY[(1)::"My[]".t]"#);
    }

    #[test]
    fn columns_of_statistics_are_sorted() {
        assert_eq!(
            in_order_of_names(r#"CREATE STATISTICS s." ON " (mcv) ON b, " FROM ", a, lower(b) FROM s.t"#),
            r#"CREATE STATISTICS s." ON " (mcv) ON " FROM ", a, b, lower(b) FROM s.t"#
        );
    }

    #[test]
    fn everything_else_stays() {
        for sql in ["'(ARRAY[1])::text[]'", "(ARRAY[1])::text", "(ARRAY[1]", "\"(ARRAY[1])::text[]\"", "ARRAY[1]"] {
            assert_eq!(lasting(sql), sql);
        }
    }
}
