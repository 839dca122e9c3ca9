//! Definitions that are another one's in other words.

use pg_query::protobuf::{ScanToken, Token};
use pleach_schema::quote_ident;
use serde_json::Value;
use std::collections::BTreeSet;

/// The definition of the index that a unique or primary key constraint stands on, from `USING` on;
/// `None` where there is no such index to be built ahead.
pub(crate) fn index_behind(definition: &str, options: &str) -> Option<String> {
    let tokens = pg_query::scan(definition).ok()?.tokens;
    if tokens.iter().any(|token| token.token() == Token::Without) {
        return None; // WITHOUT OVERLAPS
    }
    let columns = bracket(definition, &tokens, 0)?;
    let mut out = format!("USING btree {}", columns);
    let include = tokens.iter().position(|token| token.token() == Token::Include);
    if let Some(at) = include {
        out.push_str(&format!(" INCLUDE {}", bracket(definition, &tokens, at)?));
    }
    if tokens.first()?.token() == Token::Unique && tokens.get(1)?.token() == Token::NullsP {
        out.push_str(" NULLS NOT DISTINCT");
    }
    out.push_str(options);
    Some(out)
}

/// The first bracketed list after a token.
fn bracket<'a>(text: &'a str, tokens: &[ScanToken], after: usize) -> Option<&'a str> {
    let mut depth = 0;
    let mut start = None;
    for token in tokens.iter().skip(after) {
        match token.token() {
            Token::Ascii40 => {
                depth += 1;
                start.get_or_insert(token.start as usize);
            }
            Token::Ascii41 => {
                depth -= 1;
                if depth == 0 {
                    return text.get(start?..token.end as usize);
                }
            }
            _ => {}
        }
    }
    None
}

/// What a definition belongs to: it is read as the end of a statement that begins like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// An index, from `USING` on.
    Index,
    /// A constraint, what follows its name.
    Constraint,
}

/// A definition of the same on another column of its table: `CHECK (c > 0)` as `CHECK (d > 0)`.
/// `None` where the definition is not understood.
pub(super) fn on_column(part: Part, definition: &str, column: &str, other: &str) -> Option<String> {
    let head = match part {
        Part::Index => "CREATE INDEX i ON t ",
        Part::Constraint => "ALTER TABLE t ADD CONSTRAINT i ",
    };
    let statement = format!("{head}{definition}");
    let tokens = pg_query::scan(&statement).ok()?.tokens;
    let parsed = pg_query::parse(&statement, pg_query::ParserOptions::default()).ok()?;
    let parsed = serde_json::to_value(parsed.protobuf).ok()?;
    let mut places = BTreeSet::new();
    mentions(&parsed, column, &mut places);
    listed(&statement, &tokens, head.len(), part, column, &mut places);
    let mut out = String::new();
    let mut done = head.len();
    for token in tokens.iter().filter(|token| places.contains(&(token.start as usize))) {
        out.push_str(statement.get(done..token.start as usize)?);
        out.push_str(&quote_ident(other));
        done = token.end as usize;
    }
    out.push_str(statement.get(done..)?);
    Some(out)
}

/// Where expressions in a parsed statement name a column of their table.
fn mentions(parsed: &Value, column: &str, places: &mut BTreeSet<usize>) {
    match parsed {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("ColumnRef") {
                let first = reference.pointer("/fields/0/node/String/sval").and_then(Value::as_str);
                let place = reference.get("location").and_then(Value::as_u64).and_then(|at| usize::try_from(at).ok());
                places.extend(place.filter(|_| first == Some(column)));
            }
            fields.values().for_each(|value| mentions(value, column, places));
        }
        Value::Array(values) => values.iter().for_each(|value| mentions(value, column, places)),
        _ => {}
    }
}

/// Where a column stands in the lists of a definition that are no expressions: the columns of an
/// index, of a key, of the referring side of a foreign key.
fn listed(text: &str, tokens: &[ScanToken], from: usize, part: Part, column: &str, places: &mut BTreeSet<usize>) {
    if part == Part::Constraint
        && tokens.iter().find(|token| token.start as usize >= from).is_none_or(|token| token.token() == Token::Check)
    {
        return;
    }
    let is_column = |token: &ScanToken| {
        let word = text.get(token.start as usize..token.end as usize).unwrap_or_default();
        let inner = word.strip_prefix('"').and_then(|word| word.strip_suffix('"'));
        inner.map_or_else(|| word == column, |inner| inner.replace("\"\"", "\"") == column)
    };
    let (mut depth, mut theirs) = (0_u32, false);
    let own = tokens.iter().enumerate().filter(|(_, token)| token.start as usize >= from);
    for (at, token) in own {
        match token.token() {
            Token::Ascii40 => depth += 1,
            Token::Ascii41 => {
                depth = depth.saturating_sub(1);
                theirs &= depth > 0;
            }
            // The list that follows is of the other table; one after `SET NULL` is of this one.
            Token::References => theirs = true,
            // Options and predicates have no such lists.
            Token::With | Token::Where => return,
            _ => {
                let starts = at > 0 && matches!(tokens[at - 1].token(), Token::Ascii40 | Token::Ascii44);
                let calls = tokens.get(at + 1).is_some_and(|next| next.token() == Token::Ascii40);
                if depth == 1 && !theirs && starts && !calls && is_column(token) {
                    places.insert(token.start as usize);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, index_behind, on_column};

    #[test]
    fn a_definition_is_written_for_another_column() {
        let index = |definition| on_column(Part::Index, definition, "year", "pleach_new_year");
        assert_eq!(
            index("USING btree (year DESC, lower(year), (EXTRACT(year FROM (year)::date)), a) INCLUDE (year) WHERE (year > 1)").as_deref(),
            Some(
                "USING btree (pleach_new_year DESC, lower(pleach_new_year), \
                 (EXTRACT(year FROM (pleach_new_year)::date)), a) INCLUDE (pleach_new_year) WHERE (pleach_new_year > 1)"
            )
        );
        let key = |definition| on_column(Part::Constraint, definition, "c", "The new");
        assert_eq!(
            key("FOREIGN KEY (c, d) REFERENCES public.other(c, d) ON DELETE SET NULL (c)").as_deref(),
            Some("FOREIGN KEY (\"The new\", d) REFERENCES public.other(c, d) ON DELETE SET NULL (\"The new\")")
        );
        assert_eq!(
            key("CHECK (((c > 0) OR (d = 'c'::text)))").as_deref(),
            Some("CHECK (((\"The new\" > 0) OR (d = 'c'::text)))")
        );
        assert_eq!(key("UNIQUE (c) INCLUDE (d)").as_deref(), Some("UNIQUE (\"The new\") INCLUDE (d)"));
    }

    #[test]
    fn the_index_behind_a_key_has_its_columns_and_what_it_includes() {
        assert_eq!(index_behind("PRIMARY KEY (id)", "").as_deref(), Some("USING btree (id)"));
        assert_eq!(
            index_behind("UNIQUE NULLS NOT DISTINCT (a, \"b)\") INCLUDE (c) DEFERRABLE", " WITH (fillfactor = '70')")
                .as_deref(),
            Some("USING btree (a, \"b)\") INCLUDE (c) NULLS NOT DISTINCT WITH (fillfactor = '70')")
        );
        assert_eq!(index_behind("PRIMARY KEY (id, during WITHOUT OVERLAPS)", ""), None);
    }
}
