//! Definitions that are another one's in other words.

use pg_query::protobuf::{ScanToken, Token};

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

#[cfg(test)]
mod tests {
    use super::index_behind;

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
