//! Everything that talks to a PostgreSQL server: private servers, connections, reading catalogs,
//! databases and their clones, running scripts and plans, copying data.
//!
//! May depend on `schema` and `change`. Only this crate opens connections to branch and target
//! databases; it knows nothing of projects, commits or branches.

pub mod catalog;
pub mod connect;
pub mod copy;
pub mod database;
pub mod import;
pub mod script;
pub mod server;

mod error;

pub use error::{Class, Error, Result, Said};
