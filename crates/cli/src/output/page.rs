//! Text for people, line by line.

use std::borrow::Cow;
use std::fmt::Display;

/// Text for people, line by line.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// Adds a line.
    pub fn line(&mut self, line: impl Display) {
        self.indented(0, line);
    }

    /// Adds text with every line of it indented.
    pub fn indented(&mut self, by: usize, text: impl Display) {
        let text = text.to_string();
        if text.is_empty() {
            self.text.push('\n');
        }
        for line in text.lines() {
            if !line.is_empty() {
                self.text.extend(std::iter::repeat_n(' ', by));
            }
            self.text.push_str(&visible(line));
            self.text.push('\n');
        }
    }

    /// Adds an empty line, except at the top and after another one.
    pub fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// All of it.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A line in which what would move the cursor, hide text or speak to the terminal is written out:
/// names and notes come from anybody. Colours stay.
pub fn visible(line: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if line.chars().all(is_plain) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(character) = rest.chars().next() {
        let length = colour(rest).unwrap_or(character.len_utf8());
        let (this, after) = rest.split_at(length);
        if length > character.len_utf8() || is_plain(character) || character == '\t' {
            out.push_str(this);
        } else {
            out.extend(character.escape_unicode());
        }
        rest = after;
    }
    Cow::Owned(out)
}

/// The length of the sequence that changes colours and begins here.
fn colour(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    parameters[end..].starts_with('m').then_some(2 + end + 1)
}

/// The first of many things, and how many more there are.
pub fn shortened(things: &[String]) -> String {
    /// How many are told.
    const TOLD: usize = 20;
    match things.split_at_checked(TOLD) {
        Some((told, more)) if !more.is_empty() => format!("{} and {} more", told.join(", "), more.len()),
        _ => things.join(", "),
    }
}

/// `1 row`, `2 rows`.
pub fn plural(count: impl TryInto<u64>, noun: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    let ending = match noun {
        _ if count == 1 => "",
        noun if noun.ends_with("ch") || noun.ends_with('x') || noun.ends_with('s') => "es",
        noun if noun.ends_with("cy") || noun.ends_with("ty") || noun.ends_with("ry") => {
            return format!("{count} {}ies", &noun[..noun.len() - 1]);
        }
        _ => "s",
    };
    format!("{count} {noun}{ending}")
}

/// The first line of a text that says something.
pub fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default()
}
