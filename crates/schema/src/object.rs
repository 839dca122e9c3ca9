//! What an object is made of.

use crate::{Address, Attr};
use serde::de::{self, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The value of an attribute. Maps and lists have no defaults inside: what is there was said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text; names inside are qualified and quoted as SQL.
    Text(String),
    /// Ordered values.
    List(Vec<Value>),
    /// Named values, merged name by name.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        if let Value::List(list) = self { Some(list) } else { None }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Value>> {
        if let Value::Map(map) = self { Some(map) } else { None }
    }
}

impl<'de> Deserialize<'de> for Value {
    /// Takes what is there for what it is: unlike a derived implementation, which would try one
    /// sort of value after the other.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("yes or no, a whole number, a text, a list or a map")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value).map(Value::Int).map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::with_capacity(list.size_hint().unwrap_or_default());
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = BTreeMap::new();
        while let Some((name, value)) = map.next_entry()? {
            values.insert(name, value);
        }
        Ok(Value::Map(values))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}

impl From<Vec<String>> for Value {
    fn from(value: Vec<String>) -> Self {
        Value::List(value.into_iter().map(Value::Text).collect())
    }
}

impl fmt::Display for Value {
    /// One line for people: texts bare, lists and maps in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(value) => write!(f, "{value}"),
            Value::Text(value) => f.write_str(value),
            Value::List(values) => {
                f.write_str("[")?;
                for (i, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Value::Map(values) => {
                f.write_str("{")?;
                for (i, (name, value)) in values.iter().enumerate() {
                    write!(f, "{}{name}: {value}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
        }
    }
}

/// Attributes by name; what is absent has its default.
pub type Attributes = BTreeMap<Attr, Value>;

/// An object's contents: its attributes, and what follows from them.
///
/// Two objects are equal when their attributes are: [`Derived`] facts are kept for planning and
/// display, and are neither compared nor hashed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Object {
    /// What was said of the object.
    #[serde(rename = "a", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: Attributes,
    /// What PostgreSQL made of it.
    #[serde(rename = "d", default, skip_serializing_if = "Derived::is_empty")]
    pub derived: Derived,
}

/// What follows from an object's attributes and surroundings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Derived {
    /// The objects it cannot exist without, besides its schema and the relation it is part of:
    /// from `pg_depend`, in the tree's own objects. What an extension provides is a reference to
    /// the extension.
    #[serde(rename = "r", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub references: BTreeSet<Address>,
    /// For columns and attributes: the place among their siblings. Kept for display.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i16>,
    /// For views and materialized views: each output column as `name type`, in order.
    #[serde(rename = "c", default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

impl Derived {
    fn is_empty(&self) -> bool {
        self.references.is_empty() && self.position.is_none() && self.columns.is_empty()
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.attributes == other.attributes
    }
}

impl Eq for Object {}

impl Object {
    /// An attribute's value, unless it has its default.
    pub fn get(&self, attr: Attr) -> Option<&Value> {
        self.attributes.get(&attr)
    }

    /// A text attribute, or `None` when it has its default.
    pub fn text(&self, attr: Attr) -> Option<&str> {
        self.get(attr).and_then(Value::as_text)
    }

    /// Whether a yes-or-no attribute is set.
    pub fn is(&self, attr: Attr) -> bool {
        self.get(attr) == Some(&Value::Bool(true))
    }

    /// Sets an attribute.
    pub fn set(&mut self, attr: Attr, value: impl Into<Value>) -> &mut Self {
        self.attributes.insert(attr, value.into());
        self
    }

    /// Sets an attribute unless the value is absent.
    pub fn set_some(&mut self, attr: Attr, value: Option<impl Into<Value>>) -> &mut Self {
        if let Some(value) = value {
            self.attributes.insert(attr, value.into());
        }
        self
    }

    /// Takes NOT NULL off, with what is said of it.
    pub fn set_nullable(&mut self) -> &mut Self {
        for attr in [Attr::NotNull, Attr::NotNullName, Attr::NotNullOptions] {
            self.attributes.remove(&attr);
        }
        self
    }

    /// Sets a yes-or-no attribute when it is yes.
    pub fn set_if(&mut self, attr: Attr, value: bool) -> &mut Self {
        if value {
            self.attributes.insert(attr, Value::Bool(true));
        }
        self
    }
}
