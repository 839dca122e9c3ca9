//! Whole sessions at a shell, compared with what a reader should see.
//!
//! Every story runs on every server there is. After a change that is meant, look at the new
//! transcripts with `cargo insta review`, or accept them with `INSTA_UPDATE=always`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answers;
mod branches;
mod coordinating;
mod crash;
mod help;
mod hostile;
mod linting;
mod merging;
mod migrating;
mod planning;
mod racing;
mod reference;
mod running;
// Some of it is for other tests.
#[allow(dead_code)]
#[path = "../../../core/tests/support/mod.rs"]
mod servers;
mod start;
mod support;
mod together;
