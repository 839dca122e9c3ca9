//! SQL inside the languages that migrations are written in.

/// SQL as a string of Python, on as many lines as it has.
pub(super) fn python(text: &str) -> String {
    if !text.contains('\n') {
        return format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\r', "\\r"));
    }
    let mut out = String::from("\"\"\"");
    let mut rest = text.chars().peekable();
    // A quote ends the string with two others beside it.
    let mut beside = true;
    while let Some(c) = rest.next() {
        match c {
            '\\' => out.push_str("\\\\"),
            // Python would read a line break for it.
            '\r' => out.push_str("\\r"),
            '"' if beside || rest.peek().is_none() => out.push_str("\\\""),
            c => out.push(c),
        }
        beside = c == '"';
    }
    out + "\"\"\""
}

/// SQL as a template literal of JavaScript.
pub(super) fn javascript(text: &str) -> String {
    let mut out = String::from("`");
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => out.push_str("\\\\"),
            '`' => out.push_str("\\`"),
            '$' if rest.peek() == Some(&'{') => out.push_str("\\$"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out + "`"
}

/// SQL as a string of Ruby: a document in place where it can be one, which escapes nothing.
pub(super) fn ruby(text: &str) -> String {
    // A document would lose carriage returns.
    if text.contains('\r') || !text.contains('\n') {
        let mut out = String::from("\"");
        for c in text.chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '"' => out.push_str("\\\""),
                '#' => out.push_str("\\#"),
                '\r' => out.push_str("\\r"),
                '\n' => out.push_str("\\n"),
                c => out.push(c),
            }
        }
        return out + "\"";
    }
    let mut end = "SQL".to_owned();
    while text.lines().any(|line| line.trim() == end) {
        end.push('_');
    }
    format!("<<-'{end}'\n{text}\n{end}")
}

/// Text in which SQLAlchemy's `text()` finds no parameters: `:name` is one there, and `\:` a colon.
pub(super) fn sqlalchemy(text: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c == ':' {
            let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let ends = !rest[word..].starts_with(':');
            let parameter = word > 0 && before != Some(':') && !before.is_some_and(|c: char| c.is_ascii_alphanumeric());
            // A backslash ahead would be taken for the escape of this colon.
            if ends && (before == Some('\\') || parameter) {
                out.push('\\');
            }
        }
        out.push(c);
        before = Some(c);
    }
    out
}

/// Text in which knex finds no bindings; `None` where a backslash ahead of a question mark leaves
/// no way to write it.
pub(super) fn knex(text: &str) -> Option<String> {
    (!text.contains("\\?")).then(|| text.replace('?', "\\?"))
}

/// The name of a class.
pub(super) fn camel(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let capital = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect();
    words.map(|word| -> String { capital(word) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_reads_back_what_was_written() {
        assert_eq!(python(r#"a "b" \c"#), r#""a \"b\" \\c""#);
        assert_eq!(python("a\n\"b\" \\c"), "\"\"\"a\n\"b\" \\\\c\"\"\"");
        assert_eq!(python("\"\"\n"), "\"\"\"\\\"\\\"\n\"\"\"");
        assert_eq!(python("\nx\"\"\""), "\"\"\"\nx\"\\\"\\\"\"\"\"");
        assert_eq!(python("\nx\""), "\"\"\"\nx\\\"\"\"\"");
    }

    #[test]
    fn javascript_reads_back_what_was_written() {
        assert_eq!(javascript("a `b` ${c} $1 \\n\r"), "`a \\`b\\` \\${c} $1 \\\\n\\r`");
    }

    #[test]
    fn the_end_of_a_document_is_not_in_it() {
        assert_eq!(ruby("a\nSQL\nb"), "<<-'SQL_'\na\nSQL\nb\nSQL_");
        assert_eq!(ruby("it's \"#{a}\""), r##""it's \"\#{a}\"""##);
        assert_eq!(ruby("a\r\n#{b}"), r##""a\r\n\#{b}""##);
    }

    #[test]
    fn only_what_sqlalchemy_would_take_is_escaped() {
        assert_eq!(sqlalchemy("x::text ':y' a[1:2] '\\:z' :a::b"), "x::text '\\:y' a[1:2] '\\\\:z' :a::b");
    }

    #[test]
    fn classes_begin_with_capitals() {
        assert_eq!(camel("add_2_users"), "Add2Users");
    }
}
