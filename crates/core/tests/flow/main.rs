//! Whole stories through the library: private servers, real branches, proven merges.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod branches;
mod history;
mod migrations;
mod pagila;
mod project;
mod sources;
