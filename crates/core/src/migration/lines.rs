//! JSON in which each object of a schema has a line of its own, so that version control shows what
//! differs between two migrations and keeps what does not once.

use pleach_postgres::{Class, Error, Result};
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};
use std::io::{self, Write};

/// What is deeper inside stands in one line.
const DEPTH: usize = 3;

/// A value as JSON in lines, with a line break at the end.
pub(super) fn to_lines(value: &impl Serialize) -> Result<String> {
    let mut out = Vec::new();
    let lines = Lines { pretty: PrettyFormatter::new(), depth: 0 };
    let broken = |error: &dyn std::fmt::Display| Error::new(Class::Internal, "internal", error.to_string());
    value.serialize(&mut Serializer::with_formatter(&mut out, lines)).map_err(|error| broken(&error))?;
    out.push(b'\n');
    String::from_utf8(out).map_err(|error| broken(&error))
}

struct Lines<'a> {
    pretty: PrettyFormatter<'a>,
    depth: usize,
}

/// Hands a call on to the one that writes at this depth.
macro_rules! at_depth {
    ($self:ident.$call:ident($($argument:expr),*)) => {
        if $self.depth <= DEPTH { $self.pretty.$call($($argument),*) } else { CompactFormatter.$call($($argument),*) }
    };
}

impl Formatter for Lines<'_> {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth += 1;
        at_depth!(self.begin_array(out))
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        let ended = at_depth!(self.end_array(out));
        self.depth -= 1;
        ended
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        at_depth!(self.begin_array_value(out, first))
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        at_depth!(self.end_array_value(out))
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth += 1;
        at_depth!(self.begin_object(out))
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        let ended = at_depth!(self.end_object(out));
        self.depth -= 1;
        ended
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        at_depth!(self.begin_object_key(out, first))
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        at_depth!(self.begin_object_value(out))
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        at_depth!(self.end_object_value(out))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::to_lines;
    use serde_json::{Value, json};

    #[test]
    fn what_is_deep_inside_stands_in_one_line() {
        let value = json!({ "after": { "with": [["a", { "b": [1, 2] }], [], {}] }, "name": "it", "none": [] });
        let text = to_lines(&value).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert!(text.contains("\n      [\"a\",{\"b\":[1,2]}],\n      [],\n      {}\n    ]"), "{text}");
    }
}
