//! Migrations in the form of other tools: what is written, and that the tools themselves run it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../plan/harness.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod harness;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod support;

mod files;
mod fixture;
mod going_on;
mod imported;
mod real;
