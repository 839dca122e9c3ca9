//! The state database on real servers: what is written is read back, what must be unique is, and
//! many processes at once are as safe as one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod databases;
mod fixture;
mod fsck;
mod history;
mod merges;
mod opening;
mod ownership;
#[path = "../support/mod.rs"]
mod support;
mod trees;
