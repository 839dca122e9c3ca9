//! What migrations in Python say about their order: as much of the language as that takes.

use std::iter::Peekable;
use std::str::Chars;

/// A piece of Python.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A name, a keyword or a number; whether nothing stands before it on its line.
    Word(String, bool),
    Text(String),
    Sign(char),
    /// The end of a line that is not inside brackets.
    End,
}

/// A revision of Alembic and those it comes after.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Revision {
    pub id: String,
    pub after: Vec<String>,
}

/// The revision in a file of Alembic, if it is one.
pub(super) fn revision(source: &str) -> Option<Revision> {
    let tokens = tokens(source);
    let texts = |name: &str| -> Option<Vec<String>> {
        let value = assigned(&tokens, name)?;
        let text = |token: &Token| if let Token::Text(text) = token { Some(text.clone()) } else { None };
        Some(value.iter().filter_map(text).collect())
    };
    let id = texts("revision")?.into_iter().next()?;
    Some(Revision { id, after: texts("down_revision").unwrap_or_default() })
}

/// The migrations, as app and name, that one of Django says it depends on.
pub(super) fn dependencies(source: &str) -> Vec<(String, String)> {
    let tokens = tokens(source);
    let named = |token: &Token| matches!(token, Token::Word(word, _) if word == "dependencies");
    let Some(start) = tokens.iter().position(named) else { return Vec::new() };
    let list = tokens.iter().skip(start).take_while(|token| **token != Token::End);
    let list: Vec<&Token> = list.collect();
    let pair = |window: &[&Token]| match window {
        [Token::Sign('('), Token::Text(app), Token::Sign(','), Token::Text(name)] => Some((app.clone(), name.clone())),
        _ => None,
    };
    list.windows(4).filter_map(pair).collect()
}

/// What a name is set to at the top of a module.
fn assigned<'a>(tokens: &'a [Token], name: &str) -> Option<&'a [Token]> {
    let start = tokens.iter().position(|token| matches!(token, Token::Word(word, true) if word == name))?;
    let line = tokens.get(start..)?;
    let line = line.split(|token| *token == Token::End).next()?;
    let equals = line.iter().position(|token| *token == Token::Sign('='))?;
    line.get(equals + 1..)
}

fn tokens(source: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut rest = source.trim_start_matches('\u{feff}').chars().peekable();
    let (mut depth, mut fresh) = (0_usize, true);
    while let Some(&c) = rest.peek() {
        match c {
            '#' => while rest.next_if(|c| *c != '\n').is_some() {},
            '\'' | '"' => {
                let raw = raw_prefix(&mut out);
                out.push(Token::Text(text(&mut rest, raw)));
            }
            '\n' => {
                rest.next();
                if depth == 0 {
                    out.push(Token::End);
                    fresh = true;
                }
                continue;
            }
            '\\' => {
                rest.next();
                rest.next_if_eq(&'\r');
                rest.next_if_eq(&'\n');
            }
            c if c.is_whitespace() => {
                rest.next();
            }
            c if c.is_alphanumeric() || c == '_' => {
                let mut word = String::new();
                while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    word.push(c);
                }
                out.push(Token::Word(word, fresh));
            }
            c => {
                rest.next();
                match c {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                out.push(Token::Sign(c));
            }
        }
        fresh = false;
    }
    out
}

/// Takes back the letters that a string begins with; whether backslashes are themselves in it.
fn raw_prefix(tokens: &mut Vec<Token>) -> bool {
    let is_prefix = |word: &str| word.len() <= 2 && word.bytes().all(|byte| b"rRbBuUfF".contains(&byte));
    match tokens.last() {
        Some(Token::Word(word, _)) if is_prefix(word) => {
            let raw = word.contains(['r', 'R']);
            tokens.pop();
            raw
        }
        _ => false,
    }
}

/// Reads a string from its first quote on.
fn text(rest: &mut Peekable<Chars<'_>>, raw: bool) -> String {
    let Some(quote) = rest.next() else { return String::new() };
    let mut out = String::new();
    let long = rest.next_if_eq(&quote).is_some() && {
        if rest.next_if_eq(&quote).is_none() {
            return out;
        }
        true
    };
    let mut quotes = 0;
    while let Some(c) = rest.next() {
        if c == quote {
            quotes += 1;
            if !long || quotes == 3 {
                break;
            }
            continue;
        }
        out.extend(std::iter::repeat_n(quote, quotes));
        quotes = 0;
        match c {
            '\\' if raw => {
                out.push(c);
                out.extend(rest.next());
            }
            // Names of revisions hold none; what matters is where the string ends.
            '\\' => out.extend(rest.next()),
            '\n' if !long => break,
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_read_as_people_write_it() {
        let source = r#"
"""Add a "thing".

revision = 'not this'
"""
from typing import Union  # revision = "nor this"
def upgrade():
    revision = "nor that"
revision: str = 'b2'
down_revision: Union[str, None] = (
    "a1",  # one
    r'a0',
)
"#;
        let expected = Revision { id: "b2".to_owned(), after: vec!["a1".to_owned(), "a0".to_owned()] };
        assert_eq!(revision(source), Some(expected));
        let first = Revision { id: "a".to_owned(), after: Vec::new() };
        assert_eq!(revision("revision='a'\ndown_revision=None\n"), Some(first));
        assert_eq!(revision("import this"), None);
    }

    #[test]
    fn dependencies_are_pairs() {
        let source = "class Migration(migrations.Migration):\n    dependencies = [\n        ('shop', '0001_initial'),\n        \
                      migrations.swappable_dependency(settings.AUTH_USER_MODEL),\n        (\"auth\", \"0012_x\")]\n    \
                      operations = [('a', 'b')]\n";
        let pair = |app: &str, name: &str| (app.to_owned(), name.to_owned());
        assert_eq!(dependencies(source), [pair("shop", "0001_initial"), pair("auth", "0012_x")]);
    }
}
