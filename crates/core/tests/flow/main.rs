//! Whole stories through the library: private servers, real branches, proven merges.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod branches;
mod history;
mod pagila;
mod project;
mod sources;
