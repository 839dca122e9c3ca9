//! Quoting: the one place where a name or a string becomes SQL text.

use std::borrow::Cow;

/// The keywords that cannot stand unquoted as the name of every kind of object: those that
/// PostgreSQL 18's `pg_get_keywords()` calls reserved, reserved (can be function or type) or
/// unreserved (cannot be function or type name). Sorted, for binary search.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization",
    "between", "bigint", "binary", "bit", "boolean", "both", "case", "cast", "char", "character",
    "check", "coalesce", "collate", "collation", "column", "concurrently", "constraint", "create",
    "cross", "current_catalog", "current_date", "current_role", "current_schema", "current_time",
    "current_timestamp", "current_user", "dec", "decimal", "default", "deferrable", "desc",
    "distinct", "do", "else", "end", "except", "exists", "extract", "false", "fetch", "float",
    "for", "foreign", "freeze", "from", "full", "grant", "greatest", "group", "grouping", "having",
    "ilike", "in", "initially", "inner", "inout", "int", "integer", "intersect", "interval",
    "into", "is", "isnull", "join", "json", "json_array", "json_arrayagg", "json_exists",
    "json_object", "json_objectagg", "json_query", "json_scalar", "json_serialize", "json_table",
    "json_value", "lateral", "leading", "least", "left", "like", "limit", "localtime",
    "localtimestamp", "merge_action", "national", "natural", "nchar", "none", "normalize", "not",
    "notnull", "null", "nullif", "numeric", "offset", "on", "only", "or", "order", "out", "outer",
    "overlaps", "overlay", "placing", "position", "precision", "primary", "real", "references",
    "returning", "right", "row", "select", "session_user", "setof", "similar", "smallint", "some",
    "substring", "symmetric", "system_user", "table", "tablesample", "then", "time", "timestamp",
    "to", "trailing", "treat", "trim", "true", "union", "unique", "user", "using", "values",
    "varchar", "variadic", "verbose", "when", "where", "window", "with", "xmlattributes",
    "xmlconcat", "xmlelement", "xmlexists", "xmlforest", "xmlnamespaces", "xmlparse", "xmlpi",
    "xmlroot", "xmlserialize", "xmltable",
];

/// Whether `word` (in lower case) is a keyword that must be quoted to serve as a name.
pub fn is_keyword(word: &str) -> bool {
    KEYWORDS.binary_search(&word).is_ok()
}

/// Writes `name` as an SQL identifier, quoted only where it must be, as `quote_ident()` does.
///
/// ```
/// assert_eq!(pleach_schema::quote_ident("users"), "users");
/// assert_eq!(pleach_schema::quote_ident("Order"), "\"Order\"");
/// assert_eq!(pleach_schema::quote_ident("a\"b"), "\"a\"\"b\"");
/// assert_eq!(pleach_schema::quote_ident("user"), "\"user\"");
/// ```
pub fn quote_ident(name: &str) -> Cow<'_, str> {
    let mut bytes = name.bytes();
    let plain = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_')
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !is_keyword(name);
    if plain { Cow::Borrowed(name) } else { Cow::Owned(format!("\"{}\"", name.replace('"', "\"\""))) }
}

/// Writes names as one dotted, quoted identifier: `public."Order"`.
pub fn qualified<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for part in parts {
        if !out.is_empty() {
            out.push('.');
        }
        out.push_str(&quote_ident(part));
    }
    out
}

/// Writes `text` as an SQL string literal that means the same whatever
/// `standard_conforming_strings` says, as `quote_literal()` does.
///
/// ```
/// assert_eq!(pleach_schema::quote_literal("it's"), "'it''s'");
/// assert_eq!(pleach_schema::quote_literal(r"a\b"), r" E'a\\b'");
/// ```
pub fn quote_literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') { format!(" E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_sorted_for_the_search() {
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn unusual_names_are_quoted() {
        for (name, sql) in
            [("", "\"\""), ("1a", "\"1a\""), ("a b", "\"a b\""), ("bıgınt", "\"bıgınt\""), ("_x9", "_x9")]
        {
            assert_eq!(quote_ident(name), sql);
        }
        assert_eq!(qualified(["public", "a.b"]), "public.\"a.b\"");
    }
}
