//! Cutting a script into statements, COPY data and backslash lines, as psql does, while it is read.

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

use super::lexer::{Form, Lexer, Stop, Variable};
use super::meta::{Meta, Variables, takes_whole_line};
use super::parsed;
use super::place::Place;
use super::remark::{self, Remark, Spot};
use crate::{Class, Error, Result};

/// How much COPY data is handed on at a time.
const CHUNK: usize = 256 * 1024;

/// More substitutions than this in one line are a variable that holds itself.
const MOST_SUBSTITUTIONS: u32 = 1000;

/// A piece of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A statement to run.
    Statement(Statement),
    /// A `COPY … FROM stdin` statement; its rows follow: see [`Splitter::copy_chunk`].
    Copy(Statement),
    /// A backslash line.
    Meta(Meta),
    /// A comment for Pleach. One inside of a statement comes before that statement.
    Remark(Remark),
}

/// One statement without its semicolon, and without the comments before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The text, with psql's variables filled in.
    pub sql: String,
    /// Where its first word stands.
    pub place: Place,
}

/// Cuts a script while it is read.
///
/// A statement is held in memory, and so is the line that is being read; COPY data is not.
#[derive(Debug)]
pub struct Splitter<R> {
    input: R,
    name: Arc<str>,
    lexer: Lexer,
    /// The current line with its line break, and how far it is read.
    line: Vec<u8>,
    at: usize,
    line_place: Place,
    /// How many lines and bytes have been taken from the input.
    lines: u64,
    bytes: u64,
    /// What a substituted variable added to the current line.
    grown: i64,
    substitutions: u32,
    sql: Vec<u8>,
    start: Place,
    /// The line where the quote or comment that is open at a line's end was opened.
    opened: Place,
    openings: u64,
    /// Rows of a COPY stand next in the input.
    copying: bool,
    /// The line in which the last statement ended.
    ended: u64,
}

impl<R: BufRead> Splitter<R> {
    /// Cuts what `input` gives; `name` is what places in it are called.
    pub fn new(name: impl Into<Arc<str>>, input: R) -> Self {
        let name = name.into();
        let start = Place { file: name.clone(), line: 1, offset: 0 };
        Self {
            input,
            name,
            lexer: Lexer::new(),
            line: Vec::new(),
            at: 0,
            line_place: start.clone(),
            lines: 0,
            bytes: 0,
            grown: 0,
            substitutions: 0,
            sql: Vec::new(),
            opened: start.clone(),
            openings: 0,
            start,
            copying: false,
            ended: 0,
        }
    }

    /// The next piece, or nothing at the end of the script. Rows of a COPY that were not read are
    /// passed over.
    pub fn next(&mut self, variables: &Variables) -> Result<Option<Item>> {
        while self.copying {
            let mut rows = Vec::new();
            self.copy_chunk(&mut rows)?;
        }
        loop {
            if self.at >= self.line.len() && !self.read_line()? {
                return self.finish();
            }
            let from = self.at;
            let known = |name: &[u8]| std::str::from_utf8(name).is_ok_and(|name| variables.contains_key(name));
            let stop = self.lexer.scan(&self.line, &mut self.at, known);
            if stop == Stop::Begin {
                self.start = self.here();
                continue;
            }
            self.keep(from);
            match stop {
                Stop::Line => self.note_opening(),
                Stop::Begin => {}
                Stop::Variable(variable) => self.substitute(variable, variables)?,
                Stop::Remark(start) => {
                    if let Some(remark) = self.remark(start) {
                        return Ok(Some(Item::Remark(remark)));
                    }
                }
                Stop::Semicolon => {
                    self.at += 1;
                    self.ended = self.line_place.line;
                    if let Some(item) = self.statement()? {
                        return Ok(Some(item));
                    }
                }
                Stop::Backslash => {
                    if let Some(item) = self.backslash()? {
                        return Ok(Some(item));
                    }
                }
            }
        }
    }

    /// Reads the next rows of the COPY statement just given into `rows` (emptied first); false when
    /// there are no more.
    pub fn copy_chunk(&mut self, rows: &mut Vec<u8>) -> Result<bool> {
        rows.clear();
        while self.copying && rows.len() < CHUNK {
            let start = rows.len();
            if self.take_line(rows)? == 0 {
                return Err(Error::new(Class::Input, "copy_unterminated", "the rows of a COPY have no end")
                    .on(self.start.to_string())
                    .hint("the file may be cut off; rows end with a line that holds only `\\.`"));
            }
            if matches!(&rows[start..], b"\\." | b"\\.\n" | b"\\.\r\n") {
                rows.truncate(start);
                self.copying = false;
            }
        }
        Ok(!rows.is_empty())
    }

    /// The rows of the COPY that follow come from elsewhere after all, or belong to a `\copy`.
    pub(super) fn set_copying(&mut self, copying: bool) {
        self.copying = copying;
    }

    /// Follows `SET standard_conforming_strings`.
    pub(super) fn set_standard_strings(&mut self, on: bool) {
        self.lexer.set_standard_strings(on);
    }

    /// The number of the next line to be taken from the input.
    pub(super) fn next_line(&self) -> u64 {
        self.lines + 1
    }

    /// How many bytes have been read.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What is left in the middle of a statement at the end of the file is a statement too.
    fn finish(&mut self) -> Result<Option<Item>> {
        if let Some(open) = self.lexer.open() {
            return Err(Error::new(Class::Input, "sql_unterminated", format!("a {open} is not closed"))
                .on(self.opened.to_string())
                .hint("it was opened in this line; everything behind it was taken as part of it"));
        }
        self.statement()
    }

    /// Ends the statement that has been gathered, if there is one.
    fn statement(&mut self) -> Result<Option<Item>> {
        self.lexer.reset();
        let mut sql = std::mem::take(&mut self.sql);
        sql.truncate(sql.trim_ascii_end().len());
        if sql.is_empty() {
            return Ok(None);
        }
        let invalid = std::str::from_utf8(&sql).map_or_else(|error| Some(error.valid_up_to()), |sql| sql.find('\0'));
        if let Some(at) = invalid {
            let line = self.start.line + sql[..at].iter().filter(|&&b| b == b'\n').count() as u64;
            return Err(not_text(&Place { line, ..self.start.clone() }));
        }
        let sql = String::from_utf8_lossy(&sql).into_owned();
        self.copying = parsed::copies_from_stdin(&sql);
        let statement = Statement { sql, place: self.start.clone() };
        Ok(Some(if self.copying { Item::Copy(statement) } else { Item::Statement(statement) }))
    }

    /// The comment for Pleach between `start` and the cursor.
    fn remark(&self, start: usize) -> Option<Remark> {
        let comment = std::str::from_utf8(self.line.get(start..self.at)?).ok()?;
        let spot = if self.lexer.begun() {
            // It has been kept with the statement's text.
            let offset = self.sql.len().checked_sub(comment.len())?;
            let before = self.sql[..offset].rsplit(|&b| b == b'\n').next().unwrap_or_default();
            Spot::Inside { offset, alone: before.trim_ascii().is_empty() }
        } else if self.ended == self.line_place.line {
            Spot::Behind
        } else {
            Spot::Before
        };
        Some(Remark { text: remark::text(comment), place: self.here(), spot })
    }

    /// Handles the backslash at the cursor.
    fn backslash(&mut self) -> Result<Option<Item>> {
        let place = self.here();
        let rest = &self.line[self.at + 1..];
        if rest.first() == Some(&b';') {
            if self.lexer.begun() {
                self.sql.push(b';');
            }
            self.at += 2;
            self.lexer.separate();
            return Ok(None);
        }
        let length = rest.iter().take_while(|&&b| !b.is_ascii_whitespace() && b != b'\\').count();
        let name = String::from_utf8(rest[..length].to_vec()).map_err(|_| self.not_utf8())?;
        let arguments = &rest[length..];
        let length = if takes_whole_line(&name) { arguments.len() } else { arguments_end(arguments) };
        let text = String::from_utf8(arguments[..length].to_vec()).map_err(|_| self.not_utf8())?;
        self.at += 1 + name.len() + length;
        if self.line[self.at..].starts_with(b"\\\\") {
            self.at += 2;
        }
        match name.as_str() {
            // The separator of commands, on its own.
            "" => Ok(None),
            "g" | "gx" => self.statement(),
            "r" | "reset" => {
                self.lexer.reset();
                self.sql.clear();
                Ok(None)
            }
            _ => Ok(Some(Item::Meta(Meta { name, arguments: text.trim().to_owned(), place }))),
        }
    }

    /// Puts the value of a variable where its name stands, and reads on at its first character.
    fn substitute(&mut self, variable: Variable, variables: &Variables) -> Result<()> {
        self.substitutions += 1;
        let name =
            String::from_utf8(self.line[variable.name..variable.name_end].to_vec()).map_err(|_| self.not_utf8())?;
        if self.substitutions > MOST_SUBSTITUTIONS {
            return Err(Error::new(
                Class::Input,
                "psql_variable_recursive",
                format!("the variable `:{name}` holds itself"),
            )
            .on(self.here().to_string()));
        }
        let value = variables.get(&name);
        let text = match variable.form {
            Form::IsSet => if value.is_some() { "TRUE" } else { "FALSE" }.to_owned(),
            Form::Plain => value.cloned().unwrap_or_default(),
            Form::Literal => value.map(|value| pleach_schema::quote_literal(value)).unwrap_or_default(),
            Form::Identifier => value.map(|value| pleach_schema::quote_ident(value).into_owned()).unwrap_or_default(),
        };
        self.grown += text.len() as i64 - (variable.end - self.at) as i64;
        self.line.splice(self.at..variable.end, text.into_bytes());
        Ok(())
    }

    /// Adds what was just read to the statement, if one has begun.
    fn keep(&mut self, from: usize) {
        if self.lexer.begun() {
            self.sql.extend_from_slice(&self.line[from..self.at]);
        }
    }

    /// Remembers where what is still open at the end of this line was opened.
    fn note_opening(&mut self) {
        if self.lexer.open().is_some() && self.lexer.openings() != self.openings {
            self.opened = self.line_place.clone();
        }
        self.openings = self.lexer.openings();
    }

    fn here(&self) -> Place {
        let offset = (self.line_place.offset as i64 + self.at as i64 - self.grown).max(0) as u64;
        Place { offset, ..self.line_place.clone() }
    }

    fn read_line(&mut self) -> Result<bool> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        self.line_place = Place { file: self.name.clone(), line: self.lines + 1, offset: self.bytes };
        let taken = self.take_line(&mut line);
        self.line = line;
        self.at = 0;
        self.grown = 0;
        self.substitutions = 0;
        let taken = taken?;
        if self.lines == 1 {
            self.first_line()?;
        }
        Ok(taken > 0)
    }

    /// Takes off a byte order mark, and knows what is not SQL text at all by its first bytes.
    fn first_line(&mut self) -> Result<()> {
        if self.line.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        } else if self.line.starts_with(b"PGDMP") {
            return Err(Error::new(Class::Input, "not_plain_sql", "this is a dump in pg_dump's custom format")
                .on(self.line_place.file.to_string())
                .hint("make SQL of it first: `pg_restore -f schema.sql FILE`"));
        } else if self.line.starts_with(b"\xff\xfe") || self.line.starts_with(b"\xfe\xff") {
            return Err(not_text(&self.line_place));
        }
        Ok(())
    }

    fn take_line(&mut self, into: &mut Vec<u8>) -> Result<usize> {
        let taken = self.input.read_until(b'\n', into).map_err(|error| {
            let place = format!("{}:{}", self.name, self.lines + 1);
            Error::unreadable(Path::new(&place), &error)
        })?;
        self.lines += u64::from(taken > 0);
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn not_utf8(&self) -> Error {
        not_text(&self.here())
    }
}

pub(super) fn not_text(place: &Place) -> Error {
    Error::new(Class::Input, "file_not_utf8", "the file is not UTF-8 text")
        .on(place.to_string())
        .hint("convert it first, for example `iconv -f LATIN1 -t UTF-8` (or -f UTF-16)")
}

/// Where the arguments of a backslash command end: at the line's end, or at a backslash outside
/// quotes, which begins the next command.
fn arguments_end(text: &[u8]) -> usize {
    let mut quote = None;
    let mut at = 0;
    while at < text.len() {
        match (quote, text[at]) {
            (None, b'\\') => return at,
            (None, byte @ (b'\'' | b'"' | b'`')) => quote = Some(byte),
            (Some(b'\''), b'\\') => at += 1,
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
        at += 1;
    }
    text.len()
}
