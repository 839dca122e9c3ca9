//! The text of a change, as PostgreSQL's parser reads it.

use super::ParseError;
use pg_query::protobuf::Token;
use pg_query::{Error, NodeEnum, ParserOptions};

/// A statement with its place in the text.
pub(super) struct Parsed {
    pub start: usize,
    pub end: usize,
    /// Nothing where it is nested too deeply to be taken apart.
    pub node: Option<NodeEnum>,
}

/// The statements of a text.
///
/// # Errors
/// When the text does not parse.
pub(super) fn statements(sql: &str) -> Result<Vec<Parsed>, ParseError> {
    match pg_query::parse(sql, ParserOptions::default()) {
        Ok(result) => Ok(result.protobuf.stmts.into_iter().map(|raw| placed(raw, sql)).collect()),
        Err(error) if is_too_deep(&error) => one_by_one(sql),
        Err(error) => Err(refused(sql, &error)),
    }
}

/// Whether a text is nested too deeply to be parsed, or for its parse tree to be taken apart.
pub(super) fn is_too_deep(error: &Error) -> bool {
    match error {
        Error::Decode(_) => true,
        Error::Parse(message) => message == "stack depth limit exceeded",
        _ => false,
    }
}

fn placed(raw: pg_query::protobuf::RawStmt, sql: &str) -> Parsed {
    let start = usize::try_from(raw.stmt_location).unwrap_or_default().min(sql.len());
    let length = usize::try_from(raw.stmt_len).unwrap_or_default();
    let end = if length == 0 { sql.len() } else { (start + length).min(sql.len()) };
    let start = start + blank(sql.get(start..end).unwrap_or_default());
    Parsed { start, end, node: raw.stmt.and_then(|stmt| stmt.node) }
}

/// How many bytes of white space the text begins with.
fn blank(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// A statement that is nested too deeply spoils only itself.
fn one_by_one(sql: &str) -> Result<Vec<Parsed>, ParseError> {
    let pieces = pg_query::split_with_scanner(sql).map_err(|error| refused(sql, &error))?;
    let mut statements = vec![];
    for piece in pieces {
        let at = piece.as_ptr() as usize - sql.as_ptr() as usize;
        match pg_query::parse(piece, ParserOptions::default()) {
            Ok(result) => statements.extend(result.protobuf.stmts.into_iter().map(|raw| {
                let parsed = placed(raw, piece);
                Parsed { start: parsed.start + at, end: parsed.end + at, node: parsed.node }
            })),
            Err(error) if is_too_deep(&error) => {
                statements.push(Parsed { start: at + blank(piece), end: at + piece.len(), node: None });
            }
            Err(error) => return Err(refused(sql, &error)),
        }
    }
    Ok(statements)
}

/// The parser's message, and the place of the word it names.
fn refused(sql: &str, error: &Error) -> ParseError {
    let message = match error {
        Error::Parse(message) => message.clone(),
        Error::Conversion(nul) => {
            return ParseError {
                message: "the text has a zero byte in it".to_owned(),
                position: Some(nul.nul_position()),
            };
        }
        Error::Split(message) | Error::Scan(message) => message.clone(),
        other => other.to_string(),
    };
    let position = place(sql, &message);
    ParseError { message, position }
}

/// Where in the text the parser stopped: the message names a word, and the first statement that
/// does not parse by itself is the one that has it.
fn place(sql: &str, message: &str) -> Option<usize> {
    if message.ends_with("at end of input") {
        return Some(sql.trim_end().len());
    }
    let word = message.split_once("at or near \"")?.1.strip_suffix('"')?;
    let pieces = pg_query::split_with_scanner(sql).ok()?;
    let is_refused = |piece: &&&str| matches!(pg_query::parse(piece, ParserOptions::default()), Err(Error::Parse(_)));
    // Beyond this, looking for the place would cost more than it is worth.
    const PIECES: usize = 1000;
    let piece = pieces.iter().take(PIECES).find(is_refused)?;
    let start = piece.as_ptr() as usize - sql.as_ptr() as usize;
    let tokens = pg_query::scan(piece).ok()?.tokens;
    let mut places = tokens.iter().filter_map(|token| {
        let (from, to) = (usize::try_from(token.start).ok()?, usize::try_from(token.end).ok()?);
        (piece.get(from..to) == Some(word)).then_some(start + from)
    });
    let first = places.next();
    if places.next().is_none() { first.or(Some(start)) } else { last_parsed(piece, word).map(|at| start + at) }
}

/// Of several equal words the one that the parser stopped at: what stands before it would go on.
fn last_parsed(piece: &str, word: &str) -> Option<usize> {
    let tokens = pg_query::scan(piece).ok()?.tokens;
    let ends = |text: &str| {
        let error = pg_query::parse(text, ParserOptions::default()).err();
        error.is_none_or(|error| error.to_string().ends_with("at end of input"))
    };
    tokens.iter().find_map(|token| {
        let (from, to) = (usize::try_from(token.start).ok()?, usize::try_from(token.end).ok()?);
        let stops = piece.get(from..to) == Some(word) && !ends(piece.get(..to)?);
        stops.then_some(from)
    })
}

/// The words of a piece of SQL that could be names, unquoted, and its string literals.
pub(super) fn words(sql: &str) -> (Vec<String>, Vec<String>) {
    let (mut names, mut literals) = (vec![], vec![]);
    let tokens = pg_query::scan(sql).map(|scanned| scanned.tokens).unwrap_or_default();
    for token in tokens {
        let (Ok(from), Ok(to)) = (usize::try_from(token.start), usize::try_from(token.end)) else { continue };
        let Some(text) = sql.get(from..to) else { continue };
        match token.token() {
            Token::Sconst => literals.push(text.trim_matches('\'').replace("''", "'")),
            _ if text.starts_with('"') => names.push(text.trim_matches('"').replace("\"\"", "\"")),
            _ if text.starts_with(|c: char| c.is_alphabetic() || c == '_') => names.push(text.to_lowercase()),
            _ => {}
        }
    }
    (names, literals)
}

/// A parse tree in a form to be compared: without the places of its words in the text.
pub(super) fn canonical(node: &impl std::fmt::Debug) -> String {
    const PLACES: [&str; 3] = ["location: ", "list_start: ", "list_end: "];
    let text = format!("{node:?}");
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        match PLACES.iter().find(|place| rest.starts_with(place.as_bytes())) {
            Some(place) => {
                at += place.len();
                at += bytes
                    .get(at..)
                    .unwrap_or_default()
                    .iter()
                    .take_while(|b| b.is_ascii_digit() || **b == b'-')
                    .count();
            }
            None => {
                out.extend(rest.first());
                at += 1;
            }
        }
    }
    pleach_schema::Hash::of(&out).short()
}
