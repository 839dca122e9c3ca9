//! Small bridges between PostgreSQL's values and ours.

use pleach_postgres::{Class, Error, Result};
use pleach_schema::Hash;
use serde::Serialize;
use std::error::Error as StdError;
use std::fmt;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type, accepts};

/// Declares numbers that name rows, one type per table so that they are never mixed up.
macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident,)*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
        #[derive(schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }

        impl<'a> FromSql<'a> for $name {
            fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
                i64::from_sql(ty, raw).map(Self)
            }

            accepts!(INT8);
        }
    )* };
}

ids! {
    /// The number of a project.
    ProjectId,
    /// The number of a branch; a branch deleted and made again has another.
    BranchId,
    /// The number of a snapshot.
    SnapshotId,
    /// The number of an operation, shown to people.
    OperationId,
    /// The number of a merge.
    MergeId,
    /// The number of a conflict, shown to people: of a merge, or between intents.
    ConflictId,
    /// The number of an intent, shown to people.
    IntentId,
}

/// Declares an enum whose variants are stored as text.
macro_rules! text_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// The stable text form.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.pad(self.as_str()) }
        }

        impl<'a> tokio_postgres::types::FromSql<'a> for $name {
            fn from_sql(
                ty: &tokio_postgres::types::Type,
                raw: &'a [u8],
            ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
                match <&str>::from_sql(ty, raw)? {
                    $($text => Ok($name::$variant),)*
                    other => Err(format!("not one of the known values: {other}").into()),
                }
            }

            tokio_postgres::types::accepts!(TEXT);
        }
    };
}
pub(super) use text_enum;

/// A hash as it is stored, in a `bytea`.
pub(super) struct Stored(pub Hash);

impl<'a> FromSql<'a> for Stored {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(Hash(raw.try_into().map_err(|_| "a hash has 32 bytes")?)))
    }

    accepts!(BYTEA);
}

/// A column of a row, by name.
pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T> {
    row.try_get(column).map_err(|error| {
        Error::new(Class::Internal, "state_damaged", error.to_string())
            .on(format!("column {column} of the state database"))
            .hint("run `pleach fsck`")
    })
}

/// A hash from a column.
pub(super) fn hash(row: &Row, column: &str) -> Result<Hash> {
    get::<Stored>(row, column).map(|stored| stored.0)
}

/// A hash from a column that may be null.
pub(super) fn hash_opt(row: &Row, column: &str) -> Result<Option<Hash>> {
    Ok(get::<Option<Stored>>(row, column)?.map(|stored| stored.0))
}

/// The hashes in an array column.
pub(super) fn hashes(row: &Row, column: &str) -> Result<Vec<Hash>> {
    Ok(get::<Vec<Stored>>(row, column)?.into_iter().map(|stored| stored.0).collect())
}

/// A hash as a parameter.
pub(super) fn bytes(hash: &Hash) -> &[u8] {
    &hash.0
}

/// Hashes as one parameter.
pub(super) fn all_bytes<'a>(hashes: impl IntoIterator<Item = &'a Hash>) -> Vec<&'a [u8]> {
    hashes.into_iter().map(bytes).collect()
}

/// One typed value out of each row.
pub(super) fn rows<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T>) -> Result<Vec<T>> {
    rows.iter().map(read).collect()
}

/// The error for a statement that a rule of the state database may refuse: those have an SQLSTATE
/// of class PL, and say on what and what to do.
pub(super) fn ruled(error: tokio_postgres::Error) -> Error {
    let refusal = error.as_db_error().and_then(|said| {
        let (class, code) = match said.code().code() {
            "PL001" => (Class::State, "unknown_intent"),
            "PL002" => (Class::Input, "unknown_status"),
            "PL003" => (Class::State, "intent_move_refused"),
            "PL004" => (Class::State, "approval_missing"),
            "PL005" => (Class::State, "own_approval"),
            "PL006" => (Class::Input, "bad_table_name"),
            _ => return None,
        };
        let refused = Error::new(class, code, said.message());
        Some(Error { object: said.detail().map(str::to_owned), hint: said.hint().map(str::to_owned), ..refused })
    });
    refusal.unwrap_or_else(|| error.into())
}
