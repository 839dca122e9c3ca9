//! What an object is called.

use crate::{Kind, quote_ident};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The full name of an object: its kind, its path of names, and for routines the types of its
/// input arguments.
///
/// The path goes from the outside in: `[schema]`, `[schema, table]`, `[schema, table, column]`.
/// Extensions and event triggers have a path of one. Default privileges have
/// `[role, schema, object type]`, with an empty schema for all schemas and an empty role for the
/// project's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// What sort of thing it is.
    pub kind: Kind,
    /// Names from the outside in, unquoted.
    pub path: Vec<String>,
    /// For routines: qualified input argument types, comma-separated. `None` for everything else.
    pub arguments: Option<String>,
}

/// A place that only one object can hold: two objects with the same slot cannot coexist.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    space: &'static str,
    path: Vec<String>,
    arguments: Option<String>,
}

impl Address {
    /// An address of a kind that has no argument types.
    pub fn new<S: Into<String>>(kind: Kind, path: impl IntoIterator<Item = S>) -> Self {
        Self { kind, path: path.into_iter().map(Into::into).collect(), arguments: None }
    }

    /// The address of a function, procedure or aggregate.
    pub fn routine(kind: Kind, schema: &str, name: &str, arguments: &str) -> Self {
        Self { kind, path: vec![schema.to_owned(), name.to_owned()], arguments: Some(arguments.to_owned()) }
    }

    /// The object's own name: the last one of the path.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// The name of the schema it is in, where it is in one.
    pub fn schema(&self) -> Option<&str> {
        match self.kind {
            Kind::Extension | Kind::EventTrigger | Kind::DefaultPrivileges => None,
            _ => self.path.first().map(String::as_str),
        }
    }

    /// Names of the relation or type that this object is part of, or its own for one that is not.
    pub fn relation(&self) -> &[String] {
        if self.kind.is_part() { &self.path[..self.path.len().saturating_sub(1)] } else { &self.path }
    }

    /// The same object under another path, from the outside in.
    #[must_use]
    pub fn with_path(&self, path: Vec<String>) -> Self {
        Self { kind: self.kind, path, arguments: self.arguments.clone() }
    }

    /// The address of a part (column, constraint, …) of this relation or type.
    pub fn part(&self, kind: Kind, name: &str) -> Self {
        let mut path = self.path.clone();
        path.push(name.to_owned());
        Self { kind, path, arguments: None }
    }

    /// The path as SQL: `public."Order"`. For routines with argument types: `public.f(integer)`.
    pub fn sql(&self) -> String {
        let mut out = crate::qualified(self.path.iter().map(String::as_str));
        if let Some(arguments) = &self.arguments {
            out.push('(');
            out.push_str(arguments);
            out.push(')');
        }
        out
    }

    /// The path of the relation or type it is part of, as SQL.
    pub fn relation_sql(&self) -> String {
        crate::qualified(self.relation().iter().map(String::as_str))
    }

    /// The object's own name as SQL.
    pub fn name_sql(&self) -> std::borrow::Cow<'_, str> {
        quote_ident(self.name())
    }

    /// The places this object holds. Relations also hold a type's name, as in PostgreSQL; an
    /// index and an index-backed constraint hold a relation's name in the table's schema.
    pub fn slots(&self, backed_by_index: bool) -> Vec<Slot> {
        let slot = |space, path: &[String]| Slot { space, path: path.to_vec(), arguments: self.arguments.clone() };
        let schema_level = |spaces: &[&'static str]| {
            let path = [self.path.first().cloned().unwrap_or_default(), self.name().to_owned()];
            spaces.iter().map(|s| slot(s, &path)).collect::<Vec<_>>()
        };
        match self.kind {
            Kind::Table | Kind::View | Kind::MaterializedView | Kind::Composite => schema_level(&["relation", "type"]),
            // A sequence has no type of its own, but cannot come where a type has its name.
            Kind::Sequence => schema_level(&["relation", "type"]),
            Kind::Index => schema_level(&["relation"]),
            Kind::Enum | Kind::Domain | Kind::Range => schema_level(&["type"]),
            Kind::Constraint => {
                let mut slots = vec![slot("constraint", &self.path)];
                if backed_by_index {
                    slots.extend(schema_level(&["relation"]));
                }
                slots
            }
            Kind::Function | Kind::Procedure | Kind::Aggregate => vec![slot("routine", &self.path)],
            Kind::Column | Kind::Attribute => vec![slot("column", &self.path)],
            kind => vec![slot(kind.as_str(), &self.path)],
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, self.path.as_slice()) {
            (Kind::DefaultPrivileges, [role, schema, what]) => {
                write!(f, "default privileges on {what}")?;
                if !schema.is_empty() {
                    write!(f, " in schema {}", quote_ident(schema))?;
                }
                if !role.is_empty() {
                    write!(f, " for role {}", quote_ident(role))?;
                }
                Ok(())
            }
            _ => write!(f, "{} {}", self.kind, self.sql()),
        }
    }
}

/// Text that is not the stored form of an address.
#[derive(Debug, thiserror::Error)]
#[error("not the address of an object: {0}")]
pub struct ParseAddressError(String);

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.arguments {
            None => (self.kind, &self.path).serialize(serializer),
            Some(arguments) => (self.kind, &self.path, arguments).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(AddressVisitor)
    }
}

struct AddressVisitor;

impl<'de> Visitor<'de> for AddressVisitor {
    type Value = Address;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a kind, a path, and for a routine its argument types")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Address, A::Error> {
        let kind: Kind = parts.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let path: Vec<String> = parts.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
        let arguments: Option<String> = parts.next_element()?;
        if path.is_empty() || kind.is_routine() != arguments.is_some() {
            return Err(A::Error::custom(ParseAddressError(format!("{kind} {path:?}"))));
        }
        Ok(Address { kind, path, arguments })
    }
}
