//! Plans, judged by real servers: they run, and end at exactly the tree they should.
// The one task of a test holds the story it writes.
#![allow(clippy::await_holding_refcell_ref)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/random.rs"]
mod random;
#[path = "../support/mod.rs"]
mod support;

mod cases;
mod harness;
mod locks;
mod online;
mod pairs;
mod part;
mod properties;
mod real;
mod resume;
mod stages;
mod traffic;
mod write_back;
