//! The model of a PostgreSQL schema: objects, their identity, their canonical form and content hash.
//!
//! Pure data. This crate may depend on nothing of Pleach, and will never do IO, read a clock or
//! draw a random number: the same input gives the same output, in the same order.
//!
//! A [`Tree`] maps an [`Address`] (what an object is called) to an [`Object`] (what it is made of)
//! and to a [`Lineage`] (who it is, whatever it is called). Contents are written in names, so two
//! servers that hold equal schemas hold equal trees; identity is kept beside the contents, so a
//! rename is known to be a rename.

mod address;
mod hash;
mod ident;
mod kind;
mod object;
pub mod readable;
mod tree;

pub use address::{Address, ParseAddressError, Slot};
pub use hash::Hash;
pub use ident::{is_keyword, qualified, quote_ident, quote_literal};
pub use kind::{Attr, Kind};
pub use object::{Attributes, Derived, Object, Value};
pub use tree::{Beside, Entry, Lineage, Tree, TreeError};
