//! What coordination says of pairs of changes, held against what they really do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../../postgres/tests/support/corpus.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod corpus;
#[path = "../support/random.rs"]
mod random;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod support;

mod agents;
mod anything;
mod pairs;
