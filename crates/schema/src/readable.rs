//! Addresses as people and programs read them in JSON, in place of the compact stored form:
//! `{"kind": "column", "name": "public.users.email", "path": ["public", "users", "email"]}`.

use crate::{Address, Kind};
use serde::{Deserialize, Serialize};

/// An address with its fields named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readable {
    /// What sort of thing it is.
    pub kind: Kind,
    /// The path as SQL.
    #[serde(default)]
    pub name: String,
    /// Names from the outside in, unquoted.
    pub path: Vec<String>,
    /// For routines: the types of the input arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<String>,
}

impl From<&Address> for Readable {
    fn from(address: &Address) -> Self {
        let Address { kind, path, arguments } = address.clone();
        Self { kind, name: address.sql(), path, arguments }
    }
}

impl From<Readable> for Address {
    fn from(readable: Readable) -> Self {
        Self { kind: readable.kind, path: readable.path, arguments: readable.arguments }
    }
}

/// For `#[serde(with = "…")]` on one address.
pub mod one {
    use super::{Address, Readable};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes the readable form.
    pub fn serialize<S: Serializer>(address: &Address, serializer: S) -> Result<S::Ok, S::Error> {
        Readable::from(address).serialize(serializer)
    }

    /// Reads the readable form.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
        Readable::deserialize(deserializer).map(Into::into)
    }
}

/// For `#[serde(with = "…")]` on a list of addresses.
pub mod many {
    use super::{Address, Readable};
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the readable forms.
    pub fn serialize<S: Serializer>(addresses: &[Address], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(addresses.iter().map(Readable::from))
    }

    /// Reads the readable forms.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Address>, D::Error> {
        Ok(Vec::<Readable>::deserialize(deserializer)?.into_iter().map(Into::into).collect())
    }
}
