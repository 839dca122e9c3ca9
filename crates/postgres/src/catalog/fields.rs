//! Taking the rows of catalogs apart.

use super::{CatalogId, class};
use crate::{Class, Error, Result};
use pleach_schema::{Value, qualified};
use std::collections::BTreeMap;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

/// A query without the lines marked `-- since N` for a version of the server after this one.
pub(super) fn for_version(sql: &str, version: u32) -> String {
    let is_known = |line: &&str| {
        let since = line.rsplit_once("-- since ").and_then(|(_, major)| major.trim().parse::<u32>().ok());
        since.is_none_or(|major| version / 10_000 >= major)
    };
    sql.lines().filter(is_known).collect::<Vec<_>>().join("\n")
}

/// Reads fields of a row by name.
pub(super) trait Fields {
    /// A field of any type.
    fn field<'a, T: FromSql<'a>>(&'a self, name: &str) -> Result<T>;

    /// A text that is always there.
    fn text(&self, name: &str) -> Result<&str> {
        self.field(name)
    }

    /// A text that may be absent.
    fn maybe(&self, name: &str) -> Result<Option<&str>> {
        self.field(name)
    }

    /// Texts, none where the field is null.
    fn texts(&self, name: &str) -> Result<Vec<&str>> {
        Ok(self.field::<Option<Vec<&str>>>(name)?.unwrap_or_default())
    }

    /// An OID.
    fn oid(&self, name: &str) -> Result<u32> {
        self.field(name)
    }

    /// Yes or no.
    fn flag(&self, name: &str) -> Result<bool> {
        self.field(name)
    }

    /// A `"char"`; the zero byte and null are a space.
    fn letter(&self, name: &str) -> Result<char> {
        Ok(match self.field::<Option<i8>>(name)? {
            Some(byte) if byte > 0 => char::from(byte.unsigned_abs()),
            _ => ' ',
        })
    }

    /// A name and its schema from the fields `name_schema` and `name`, qualified.
    fn qualified(&self, name: &str) -> Result<Option<String>> {
        let Some(own) = self.maybe(name)? else { return Ok(None) };
        Ok(Some(qualified([self.text(&format!("{name}_schema"))?, own])))
    }
}

impl Fields for Row {
    fn field<'a, T: FromSql<'a>>(&'a self, name: &str) -> Result<T> {
        self.try_get(name).map_err(|error| {
            Error::new(Class::Internal, "catalog_row", format!("a catalog's answer could not be read: {error}"))
                .hint("this server may be of a version that is not supported yet (14 to 18 are)")
        })
    }
}

/// Storage parameters and the like, `{fillfactor=70}`, as a map; absent when there are none.
pub(super) fn options(settings: &[&str], prefix: &str) -> BTreeMap<String, Value> {
    settings
        .iter()
        .map(|setting| {
            let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
            (format!("{prefix}{name}"), Value::from(value))
        })
        .collect()
}

/// A map as a value; absent when it is empty.
pub(super) fn some_map(map: BTreeMap<String, Value>) -> Option<Value> {
    (!map.is_empty()).then_some(Value::Map(map))
}

/// How triggers, rules and event triggers say when they fire; absent for the usual.
pub(super) fn enabled(letter: char) -> Option<&'static str> {
    match letter {
        'D' => Some("disabled"),
        'R' => Some("replica"),
        'A' => Some("always"),
        _ => None,
    }
}

impl CatalogId {
    pub(super) const fn new(class: u32, oid: u32) -> Self {
        Self { class, oid, sub: 0 }
    }

    pub(super) const fn column(relation: u32, number: i32) -> Self {
        Self { class: class::CLASS, oid: relation, sub: number }
    }

    /// The object as a whole, of which this may be a column.
    pub(super) const fn whole(self) -> Self {
        Self::new(self.class, self.oid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_servers_are_not_asked_what_they_do_not_know() {
        let sql = "SELECT 1\n  AND new -- since 15\nFROM old";
        assert_eq!(for_version(sql, 140_012), "SELECT 1\nFROM old");
        assert_eq!(for_version(sql, 150_000), sql);
    }

    #[test]
    fn options_keep_what_follows_the_first_equals_sign() {
        let map = options(&["fillfactor=70", "a=b=c"], "toast.");
        assert_eq!(map["toast.fillfactor"], Value::from("70"));
        assert_eq!(map["toast.a"], Value::from("b=c"));
    }
}
