//! Where statements end: PostgreSQL's lexical rules, as far as psql needs them to cut a file.
//!
//! The lexer is fed line by line and keeps only its state between lines, so what it costs does not
//! depend on the size of a file. No token of SQL that matters here spans a line break: quotes,
//! dollar quotes and block comments do, and those are states.

use super::remark::is_remark;

/// Why [`Lexer::scan`] stopped, always with the cursor on the byte it speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The line is used up.
    Line,
    /// Here the first token of a statement begins.
    Begin,
    /// Here a semicolon ends the statement.
    Semicolon,
    /// Here a backslash begins a command for psql.
    Backslash,
    /// Here stands a psql variable that is set.
    Variable(Variable),
    /// A comment for Pleach ends here, which began there.
    Remark(usize),
}

/// A psql variable in SQL text: `:name`, `:'name'`, `:"name"` or `:{?name}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Variable {
    /// How its value is written into the statement.
    pub form: Form,
    /// Where its name begins in the line.
    pub name: usize,
    /// Where its name ends.
    pub name_end: usize,
    /// Where it ends, closing quote included.
    pub end: usize,
}

/// How the value of a psql variable is written into the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Plain,
    /// As a string literal.
    Literal,
    /// As an identifier.
    Identifier,
    /// As TRUE or FALSE: whether it is set at all.
    IsSet,
}

/// The state between two bytes of a script.
#[derive(Debug, Clone)]
pub(super) struct Lexer {
    mode: Mode,
    /// Whether a token of the current statement has been seen.
    begun: bool,
    parens: u32,
    routine: Routine,
    after_escapes: AfterEscapes,
    /// Whether backslashes in ordinary strings are ordinary characters.
    standard_strings: bool,
    /// How many quotes and comments have been opened.
    openings: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Mode {
    Plain,
    Quoted { delimiter: u8, escapes: bool },
    Dollar(Vec<u8>),
    Comment(u32),
}

/// Whether an `E''` string just closed: a string that continues it after a line break has escapes too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum AfterEscapes {
    #[default]
    No,
    SameLine,
    NextLine,
}

/// How far the words of a statement agree with `CREATE [OR REPLACE] {FUNCTION | PROCEDURE} …
/// BEGIN ATOMIC … END`, the one statement with semicolons in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Routine {
    Start,
    Create,
    CreateOr,
    CreateOrReplace,
    Head,
    Begin,
    Body { depth: u32 },
    No,
}

impl Lexer {
    pub fn new() -> Self {
        Self {
            mode: Mode::Plain,
            begun: false,
            parens: 0,
            routine: Routine::Start,
            after_escapes: AfterEscapes::No,
            standard_strings: true,
            openings: 0,
        }
    }

    /// Follows `SET standard_conforming_strings`.
    pub fn set_standard_strings(&mut self, on: bool) {
        self.standard_strings = on;
    }

    /// Forgets the statement so far: the next token begins a new one.
    pub fn reset(&mut self) {
        *self = Self { standard_strings: self.standard_strings, openings: self.openings, ..Self::new() };
    }

    /// Whether a token of the current statement has been seen.
    pub fn begun(&self) -> bool {
        self.begun
    }

    /// Goes on behind an escaped semicolon (`\;`), which separates statements sent as one.
    pub fn separate(&mut self) {
        self.parens = 0;
        self.routine = Routine::Start;
    }

    /// How many quotes and comments have been opened so far.
    pub fn openings(&self) -> u64 {
        self.openings
    }

    /// What is still open, in words, when the file must not end here.
    pub fn open(&self) -> Option<&'static str> {
        match &self.mode {
            Mode::Plain => None,
            Mode::Quoted { delimiter: b'"', .. } => Some("quoted identifier"),
            Mode::Quoted { .. } => Some("quoted string"),
            Mode::Dollar(_) => Some("dollar-quoted string"),
            Mode::Comment(_) => Some("comment"),
        }
    }

    /// Reads on from `at` until something happens that is for the caller to handle.
    ///
    /// `known` says which psql variables are set: the others are left as they stand, because array
    /// slices and JSON paths look the same.
    pub fn scan(&mut self, line: &[u8], at: &mut usize, known: impl Fn(&[u8]) -> bool) -> Stop {
        while *at < line.len() {
            match &mut self.mode {
                Mode::Plain => {
                    if let Some(stop) = self.plain(line, at, &known) {
                        return stop;
                    }
                }
                Mode::Quoted { delimiter, escapes } => {
                    if quoted(line, at, *delimiter, *escapes) {
                        self.after_escapes = if *escapes { AfterEscapes::SameLine } else { AfterEscapes::No };
                        self.mode = Mode::Plain;
                    }
                }
                Mode::Dollar(tag) => match find(&line[*at..], tag) {
                    Some(found) => {
                        *at += found + tag.len();
                        self.mode = Mode::Plain;
                    }
                    None => *at = line.len(),
                },
                Mode::Comment(depth) => {
                    comment(line, at, depth);
                    if *depth == 0 {
                        self.mode = Mode::Plain;
                    }
                }
            }
        }
        Stop::Line
    }

    /// One token outside quotes and comments.
    fn plain(&mut self, line: &[u8], at: &mut usize, known: impl Fn(&[u8]) -> bool) -> Option<Stop> {
        let next = line.get(*at + 1).copied();
        match line[*at] {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => {
                if self.after_escapes == AfterEscapes::SameLine && matches!(line[*at], b'\n' | b'\r') {
                    self.after_escapes = AfterEscapes::NextLine;
                }
                *at += 1;
                return None;
            }
            b'-' if next == Some(b'-') => {
                let start = *at;
                let end = line[start..].iter().position(|&b| b == b'\n' || b == b'\r');
                *at = end.map_or(line.len(), |end| start + end);
                return is_remark(&line[start..*at]).then_some(Stop::Remark(start));
            }
            b'/' if next == Some(b'*') => {
                *at += 2;
                self.after_escapes = AfterEscapes::No;
                self.enter(Mode::Comment(1));
                return None;
            }
            b'\\' => return Some(Stop::Backslash),
            b';' if self.parens == 0 && !matches!(self.routine, Routine::Body { .. }) => return Some(Stop::Semicolon),
            b':' => {
                if let Some(variable) = variable(line, *at)
                    && (variable.form == Form::IsSet || known(&line[variable.name..variable.name_end]))
                {
                    return Some(Stop::Variable(variable));
                }
            }
            _ => {}
        }
        if !self.begun {
            self.begun = true;
            return Some(Stop::Begin);
        }
        self.token(line, at);
        None
    }

    fn token(&mut self, line: &[u8], at: &mut usize) {
        let continues_escapes = std::mem::take(&mut self.after_escapes) == AfterEscapes::NextLine;
        let begin_before = self.routine == Routine::Begin;
        match line[*at] {
            b'\'' => {
                *at += 1;
                let escapes = continues_escapes || !self.standard_strings;
                self.enter(Mode::Quoted { delimiter: b'\'', escapes });
            }
            b'"' => {
                *at += 1;
                self.enter(Mode::Quoted { delimiter: b'"', escapes: false });
            }
            b'$' => match dollar_tag(&line[*at..]) {
                Some(tag) => {
                    *at += tag.len();
                    self.enter(Mode::Dollar(tag.to_vec()));
                }
                None => *at += 1,
            },
            b'(' => {
                *at += 1;
                self.parens += 1;
            }
            b')' => {
                *at += 1;
                self.parens = self.parens.saturating_sub(1);
            }
            b':' if matches!(line.get(*at + 1), Some(b':' | b'=')) => *at += 2,
            first if is_word_start(first) => {
                let start = *at;
                *at += line[start..].iter().take_while(|&&b| is_word(b)).count();
                let word = &line[start..*at];
                if matches!(word, b"e" | b"E") && line.get(*at) == Some(&b'\'') {
                    *at += 1;
                    self.enter(Mode::Quoted { delimiter: b'\'', escapes: true });
                } else {
                    self.word(word);
                    return;
                }
            }
            _ => *at += 1,
        }
        // BEGIN counts only with ATOMIC right behind it.
        if begin_before {
            self.routine = Routine::Head;
        }
    }

    fn enter(&mut self, mode: Mode) {
        self.mode = mode;
        self.openings += 1;
    }

    fn word(&mut self, word: &[u8]) {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
        let nested = self.parens > 0;
        self.routine = match self.routine {
            Routine::Start if is("create") => Routine::Create,
            Routine::Create if is("or") => Routine::CreateOr,
            Routine::CreateOr if is("replace") => Routine::CreateOrReplace,
            Routine::Create | Routine::CreateOrReplace if is("function") || is("procedure") => Routine::Head,
            Routine::Head | Routine::Begin if nested => Routine::Head,
            Routine::Begin if is("atomic") => Routine::Body { depth: 1 },
            Routine::Head | Routine::Begin if is("begin") => Routine::Begin,
            Routine::Head | Routine::Begin => Routine::Head,
            Routine::Body { depth } if nested => Routine::Body { depth },
            Routine::Body { depth } if is("case") => Routine::Body { depth: depth + 1 },
            Routine::Body { depth: 1 } if is("end") => Routine::No,
            Routine::Body { depth } if is("end") => Routine::Body { depth: depth - 1 },
            Routine::Body { depth } => Routine::Body { depth },
            _ => Routine::No,
        };
    }
}

/// Reads to the end of a quoted string or identifier; says whether it ended.
fn quoted(line: &[u8], at: &mut usize, delimiter: u8, escapes: bool) -> bool {
    while let Some(&byte) = line.get(*at) {
        if byte == b'\\' && escapes {
            *at = (*at + 2).min(line.len());
        } else if byte != delimiter {
            *at += 1;
        } else if line.get(*at + 1) == Some(&delimiter) {
            *at += 2;
        } else {
            *at += 1;
            return true;
        }
    }
    false
}

/// Reads to the end of a block comment, which may hold others.
fn comment(line: &[u8], at: &mut usize, depth: &mut u32) {
    while *at < line.len() && *depth > 0 {
        match (line[*at], line.get(*at + 1)) {
            (b'/', Some(b'*')) => {
                *depth += 1;
                *at += 2;
            }
            (b'*', Some(b'/')) => {
                *depth -= 1;
                *at += 2;
            }
            _ => *at += 1,
        }
    }
}

/// The opening of a dollar quote (`$$`, `$tag$`) at the start of `text`, if it is one.
fn dollar_tag(text: &[u8]) -> Option<&[u8]> {
    let tag = text.get(1..)?;
    let length = tag.iter().take_while(|&&b| is_word(b) && b != b'$').count();
    let opens = tag.get(length) == Some(&b'$') && tag.first().is_some_and(|&b| b == b'$' || is_word_start(b));
    opens.then(|| &text[..length + 2])
}

/// The psql variable whose colon is at `at`, if it looks like one.
fn variable(line: &[u8], at: usize) -> Option<Variable> {
    let (form, opening, closing): (_, usize, &[u8]) = match (line.get(at + 1)?, line.get(at + 2)) {
        (b'\'', _) => (Form::Literal, 1, b"'"),
        (b'"', _) => (Form::Identifier, 1, b"\""),
        (b'{', Some(b'?')) => (Form::IsSet, 2, b"}"),
        _ => (Form::Plain, 0, b""),
    };
    // `::` is a cast, and its second colon is no variable either.
    if at > 0 && line[at - 1] == b':' {
        return None;
    }
    let name = at + 1 + opening;
    let name_end = name + line[name..].iter().take_while(|&&b| is_word(b) && b != b'$').count();
    let closed = line[name_end..].starts_with(closing);
    (closed && name_end > name).then_some(Variable { form, name, name_end, end: name_end + closing.len() })
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_word(byte: u8) -> bool {
    is_word_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
