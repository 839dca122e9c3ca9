//! Backslash commands: what an import does for psql's own commands.

use std::collections::BTreeMap;

use super::place::Place;
use crate::{Class, Error, Result};

/// psql's variables by name, as `\set` and `psql --set` make them.
pub type Variables = BTreeMap<String, String>;

/// A backslash line as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// The command without its backslash.
    pub name: String,
    /// The rest of the line, untouched.
    pub arguments: String,
    /// Where the backslash stands.
    pub place: Place,
}

/// What a backslash line means for an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// It concerns what psql shows: nothing to do.
    Ignore,
    /// It names another database to go on in.
    Connect(Option<String>),
    /// Another file is to be read here.
    Include { path: String, relative: bool },
    /// A variable gets a value.
    Set { name: String, value: String },
    /// A variable is forgotten.
    Unset(String),
    /// Rows come from a file of the client, or follow in the script.
    Copy { sql: String, from: CopyFrom },
    /// Nothing behind this is read.
    Quit,
    /// It would write something somewhere; an import only reads.
    Skip(&'static str),
}

/// Where the rows of a `\copy` come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CopyFrom {
    /// From the lines that follow.
    Script,
    /// From a file.
    File(String),
}

/// Commands that take the whole line, backslashes and all.
pub(super) fn takes_whole_line(name: &str) -> bool {
    matches!(name, "copy" | "!" | "h" | "help" | "ef" | "ev" | "sf" | "sv" | "sf+" | "sv+")
}

impl Meta {
    /// What this line means, with psql's variables filled in.
    pub(super) fn command(&self, variables: &Variables) -> Result<Command> {
        let words = || arguments(self, variables);
        Ok(match self.name.as_str() {
            "connect" | "c" => Command::Connect(words()?.into_iter().next().filter(|name| name != "-")),
            "i" | "include" => self.include(&words()?, false)?,
            "ir" | "include_relative" => self.include(&words()?, true)?,
            "set" => {
                let mut words = words()?.into_iter();
                match words.next() {
                    Some(name) => Command::Set { name, value: words.collect() },
                    None => Command::Ignore,
                }
            }
            "unset" => words()?.into_iter().next().map_or(Command::Ignore, Command::Unset),
            "encoding" => self.encoding(&words()?)?,
            "copy" => self.copy()?,
            "q" | "quit" => Command::Quit,
            "o" | "out" => Command::Skip("its output is not kept"),
            // Shown on a terminal, or guards of a psql session: they change nothing in the database.
            "restrict" | "unrestrict" | "echo" | "qecho" | "warn" | "timing" | "pset" | "x" | "a" | "t" | "H" | "C"
            | "f" | "T" | "p" | "print" | "conninfo" | "errverbose" | "copyright" | "l" | "z" | "l+" | "sf" | "sv"
            | "sf+" | "sv+" | "h" | "help" | "?" | "s" => Command::Ignore,
            describe if describe.starts_with('d') && describe.len() <= 5 => Command::Ignore,
            _ => return Err(self.unsupported()),
        })
    }

    fn include(&self, words: &[String], relative: bool) -> Result<Command> {
        let path = words.first().map(|word| word.trim_end_matches(';')).filter(|path| !path.is_empty());
        let path = path.ok_or_else(|| {
            Error::new(Class::Input, "psql_command_incomplete", format!("`\\{}` names no file", self.name))
                .on(self.place.to_string())
        })?;
        Ok(Command::Include { path: path.to_owned(), relative })
    }

    fn encoding(&self, words: &[String]) -> Result<Command> {
        match words.first() {
            Some(name) if !is_utf8(name) => Err(encoding_unsupported(name, &self.place)),
            _ => Ok(Command::Ignore),
        }
    }

    /// `\copy what from source options` as `COPY what FROM STDIN options`.
    fn copy(&self) -> Result<Command> {
        let text = self.arguments.trim().trim_end_matches(';').trim_end();
        let incomplete = || {
            Error::new(Class::Input, "psql_command_incomplete", "`\\copy` says neither `from` a file nor `to` one")
                .on(self.place.to_string())
                .hint("write `\\copy table from 'file' …`")
        };
        let (at, direction) = direction(text).ok_or_else(incomplete)?;
        if direction == "to" {
            return Ok(Command::Skip("an import writes no files"));
        }
        let what = text[..at].trim();
        let rest = text[at + direction.len()..].trim_start();
        let (source, options) = copy_source(rest);
        let from = match source {
            Source::Quoted(path) => CopyFrom::File(path),
            Source::Bare(word) if word.eq_ignore_ascii_case("stdin") => CopyFrom::Script,
            Source::Bare(word) if word.eq_ignore_ascii_case("program") || word.eq_ignore_ascii_case("pstdin") => {
                return Err(self.unsupported());
            }
            Source::Bare("") => return Err(incomplete()),
            Source::Bare(word) => CopyFrom::File(word.to_owned()),
        };
        Ok(Command::Copy { sql: format!("COPY {what} FROM STDIN {options}").trim_end().to_owned(), from })
    }

    fn unsupported(&self) -> Error {
        let line = format!("\\{} {}", self.name, self.arguments.trim());
        Error::new(
            Class::Input,
            "psql_command_unsupported",
            format!("`{}` is a psql command that an import cannot follow", line.trim_end()),
        )
        .on(self.place.to_string())
        .hint("remove the line, or run the file with psql into a database of its own and import that one with `--from`")
    }
}

/// A file in another encoding than UTF-8 cannot be sent as it is.
pub(super) fn encoding_unsupported(encoding: &str, place: &Place) -> Error {
    Error::new(Class::Input, "encoding_unsupported", format!("the file says that it is written in {encoding}"))
        .on(place.to_string())
        .hint(format!("convert it first: `iconv -f {encoding} -t UTF-8`, and change or remove this line"))
}

/// Whether a client encoding is one in which UTF-8 text means what it says.
pub(super) fn is_utf8(encoding: &str) -> bool {
    matches!(encoding.to_ascii_lowercase().replace(['-', '_'], "").as_str(), "utf8" | "unicode" | "sqlascii")
}

enum Source<'a> {
    Quoted(String),
    Bare(&'a str),
}

/// The word `from` or `to` of a `\copy`, outside quotes and parentheses, and where it stands.
fn direction(text: &str) -> Option<(usize, &str)> {
    let (mut depth, mut quote, mut word) = (0_i32, None, None);
    for (at, byte) in text.bytes().chain([b' ']).enumerate() {
        let in_word = byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if in_word && depth == 0 => {
                word.get_or_insert(at);
            }
            None => {
                if let Some(found) = word.take().map(|start| (start, &text[start..at]))
                    && (found.1.eq_ignore_ascii_case("from") || found.1.eq_ignore_ascii_case("to"))
                {
                    return Some((found.0, if found.1.len() == 2 { "to" } else { "from" }));
                }
                match byte {
                    b'\'' | b'"' => quote = Some(byte),
                    b'(' => depth += 1,
                    b')' => depth -= 1,
                    _ => {}
                }
            }
        }
    }
    None
}

/// The file behind `from`, and the options behind it.
fn copy_source(text: &str) -> (Source<'_>, &str) {
    let Some(quoted) = text.strip_prefix('\'') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (Source::Bare(&text[..end]), text[end..].trim_start());
    };
    let mut path = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        if char != '\'' {
            path.push(char);
        } else if chars.next_if(|next| next.1 == '\'').is_some() {
            path.push('\'');
        } else {
            return (Source::Quoted(path), quoted[at + 1..].trim_start());
        }
    }
    (Source::Quoted(path), "")
}

/// Cuts the arguments of a command as psql does: at blanks, with quotes, escapes and variables.
fn arguments(meta: &Meta, variables: &Variables) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = meta.arguments.trim_start();
    while !rest.is_empty() {
        let (word, tail) = argument(meta, rest, variables)?;
        words.push(word);
        rest = tail.trim_start();
    }
    Ok(words)
}

fn argument<'a>(meta: &Meta, text: &'a str, variables: &Variables) -> Result<(String, &'a str)> {
    let mut word = String::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next().filter(|char| !char.is_whitespace()) {
        rest = &rest[char.len_utf8()..];
        match char {
            '\'' => rest = single_quoted(rest, &mut word).ok_or_else(|| unterminated(meta))?,
            '"' => {
                let end = rest.find('"').ok_or_else(|| unterminated(meta))?;
                word.push_str(&rest[..end]);
                rest = &rest[end + 1..];
            }
            '`' => return Err(meta.unsupported()),
            ':' => match interpolated(rest, variables) {
                Some((value, tail)) => {
                    word.push_str(&value);
                    rest = tail;
                }
                None => word.push(':'),
            },
            other => word.push(other),
        }
    }
    Ok((word, rest))
}

fn unterminated(meta: &Meta) -> Error {
    Error::new(Class::Input, "sql_unterminated", format!("a quote in the arguments of `\\{}` is not closed", meta.name))
        .on(meta.place.to_string())
}

/// Reads a single-quoted argument with C-like escapes into `word`; gives what follows it.
fn single_quoted<'a>(text: &'a str, word: &mut String) -> Option<&'a str> {
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\'' if chars.as_str().starts_with('\'') => {
                chars.next();
                word.push('\'');
            }
            '\'' => return Some(chars.as_str()),
            '\\' => match chars.next()? {
                'n' => word.push('\n'),
                't' => word.push('\t'),
                'r' => word.push('\r'),
                'b' => word.push('\u{8}'),
                'f' => word.push('\u{c}'),
                other => word.push(other),
            },
            other => word.push(other),
        }
    }
    None
}

/// The value of the variable whose name stands here (behind its colon), and what follows it.
fn interpolated<'a>(text: &'a str, variables: &Variables) -> Option<(String, &'a str)> {
    let quote = text.chars().next().filter(|char| matches!(char, '\'' | '"'));
    let name_on = &text[quote.map_or(0, char::len_utf8)..];
    let end = name_on.find(|char: char| char.is_ascii() && !char.is_ascii_alphanumeric() && char != '_');
    let (name, tail) = name_on.split_at(end.unwrap_or(name_on.len()));
    let value = variables.get(name)?;
    match quote {
        None => Some((value.clone(), tail)),
        Some('"') => Some((pleach_schema::quote_ident(value).into_owned(), tail.strip_prefix('"')?)),
        Some(_) => Some((pleach_schema::quote_literal(value), tail.strip_prefix('\'')?)),
    }
}
