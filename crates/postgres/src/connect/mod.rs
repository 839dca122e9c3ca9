//! Opening connections: the only place where that happens.
//!
//! A [`Target`] says where a database is and who asks; [`connect`] makes a [`Session`] of it.
//! Passwords live inside a target and are never shown by its `Debug` or `Display`.

mod conninfo;
mod session;
mod target;
mod tls;

pub use session::{Notice, Session, connect};
pub use target::{Target, TlsMode};
