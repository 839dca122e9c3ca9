//! Text for people, line by line.

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
            self.text.push_str(line);
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
