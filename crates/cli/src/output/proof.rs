//! Proofs and what came of them.

use super::{Page, plural, style};
use pleach_core::{Applied, Loss, Proof};

/// That something was proved, on one line.
pub fn proved(proof: &Proof) -> String {
    let statements = plural(proof.steps as u64, "statement");
    let objects = plural(proof.objects as u64, "object");
    let (clone, run, read) = (proof.clone_ms, proof.run_ms, proof.read_ms);
    let word = style::paint(style::ADDED, "proved");
    format!(
        "{word} on {}: {statements} replayed, {objects} equal ({clone} ms clone, {run} ms run, {read} ms read)",
        proof.server
    )
}

/// That a plan was applied, on one line.
pub fn applied(branch: &str, outcome: &Applied) -> String {
    let statements = plural(outcome.steps as u64, "statement");
    let retries = match outcome.retries {
        0 => String::new(),
        retries => format!(", after {} because of a lock", plural(retries, "retry")),
    };
    let word = style::paint(style::ADDED, "applied");
    format!("{word} to {branch} in one transaction: {statements} in {} ms{retries}", outcome.milliseconds)
}

/// What was, or would be, destroyed.
pub fn losses(page: &mut Page, losses: &[Loss], done: bool) {
    for loss in losses {
        let what = if done { "destroyed, with consent" } else { "would destroy" };
        page.line(format!("{}: {}", style::paint(style::DANGER, what), loss.what));
    }
}

/// `, 2 data steps`, or nothing.
pub fn data_count(count: usize) -> String {
    if count == 0 { String::new() } else { format!(", {}", plural(count as u64, "data step")) }
}
