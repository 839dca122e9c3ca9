//! Reading and writing connection strings as libpq does: URLs and `key=value` lists.

use crate::{Class, Error, Result};

/// Parameters in the order they were given; a later one replaces an earlier one of its name.
pub(super) type Parameters = Vec<(String, String)>;

/// Reads either form. Errors never repeat the text: it may hold a password.
pub(super) fn parse(text: &str) -> Result<Parameters> {
    let text = text.trim();
    let url = ["postgres://", "postgresql://"].into_iter().find_map(|scheme| text.strip_prefix(scheme));
    match url {
        Some(rest) => from_url(rest),
        None if text.contains("://") => Err(invalid("the URL does not begin with postgres://")),
        None => from_keywords(text),
    }
}

/// Writes parameters as `key='value'`, so that any value survives.
pub(super) fn to_keywords<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (key, value) in parameters {
        out.push_str(key);
        out.push_str("='");
        out.push_str(&value.replace('\\', "\\\\").replace('\'', "\\'"));
        out.push_str("' ");
    }
    out
}

/// Percent-encodes everything but the characters that are plain in every part of a URL.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// What is wrong with a connection string.
pub(super) fn invalid(why: &str) -> Error {
    Error::new(Class::Input, "connection_string_invalid", format!("the connection string cannot be used: {why}"))
        .hint("write it as postgres://user:password@host:5432/database, special characters as %XX")
}

fn from_url(rest: &str) -> Result<Parameters> {
    let (before_query, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = before_query.split_once('/').unwrap_or((before_query, ""));
    let (credentials, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));

    let mut parameters = Parameters::new();
    for (key, value) in [("user", user), ("password", password), ("dbname", database)] {
        if !value.is_empty() {
            parameters.push((key.to_owned(), decode(value)?));
        }
    }
    if !hosts.is_empty() {
        let places = hosts.split(',').map(split_port).collect::<Result<Vec<_>>>()?;
        let (names, ports): (Vec<_>, Vec<_>) = places.into_iter().unzip();
        parameters.push(("host".to_owned(), names.join(",")));
        if ports.iter().any(|port| !port.is_empty()) {
            parameters.push(("port".to_owned(), ports.join(",")));
        }
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(|| invalid("a parameter after `?` has no value"))?;
        parameters.push((decode(key)?, decode(value)?));
    }
    Ok(parameters)
}

/// `host`, `host:5432`, `[::1]:5432` or an encoded socket directory, as host and port.
fn split_port(place: &str) -> Result<(String, String)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(inner) => {
            let (host, rest) = inner.split_once(']').ok_or_else(|| invalid("`[` without `]` in the host"))?;
            (host, rest.strip_prefix(':').unwrap_or(rest))
        }
        None => place.split_once(':').unwrap_or((place, "")),
    };
    Ok((decode(host)?, decode(port)?))
}

fn decode(text: &str) -> Result<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        match (digit(), digit()) {
            (Some(high), Some(low)) => out.push(high << 4 | low),
            _ => return Err(invalid("`%` is not followed by two hexadecimal digits; a literal % is written %25")),
        }
    }
    String::from_utf8(out).map_err(|_| invalid("it is not UTF-8"))
}

fn from_keywords(text: &str) -> Result<Parameters> {
    let mut parameters = Parameters::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or_else(|| invalid("a keyword has no `=`"))?;
        let (value, after) = keyword_value(after.trim_start())?;
        parameters.push((key.trim().to_owned(), value));
        rest = after.trim_start();
    }
    Ok(parameters)
}

/// One value, quoted or plain, with backslash escapes; and what follows it.
fn keyword_value(text: &str) -> Result<(String, &str)> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut chars = text.char_indices().skip(usize::from(quoted));
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            c if !quoted && c.is_whitespace() => return Ok((value, &text[at..])),
            c => value.push(c),
        }
    }
    if quoted { Err(invalid("a quoted value does not end")) } else { Ok((value, "")) }
}
