//! Three-way merges, judged by PostgreSQL: cases as text, histories, concurrency, properties.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bench;
mod cases;
mod concurrency;
mod fixture;
mod histories;
mod properties;
#[path = "../support/random.rs"]
mod random;
#[path = "../support/mod.rs"]
#[allow(dead_code)]
mod support;
