//! Waiting for locks that others hold: briefly, then again, so that nobody queues behind for long.

use crate::project::Told;
use pleach_postgres::{Class, Error, Result};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long one attempt waits for a lock before it lets go and tries again: whoever comes behind
/// a waiting statement waits as long.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// How long somebody goes on trying.
pub(crate) struct Patience<'a> {
    limit: Duration,
    begun: Instant,
    retries: u32,
    seed: Uuid,
    told: &'a Told,
}

impl<'a> Patience<'a> {
    /// Patience for so long in all. The jitter of the pauses comes from a random id.
    pub fn new(limit: Duration, seed: Uuid, told: &'a Told) -> Self {
        Self { limit, begun: Instant::now(), retries: 0, seed, told }
    }

    /// How often it was tried again.
    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// Waits before the next attempt, if the last one failed because of somebody's lock.
    ///
    /// # Errors
    /// The error itself where it is another one; `lock_not_available` when patience is over.
    pub async fn bear(&mut self, error: Error) -> Result<()> {
        if !is_lock_trouble(&error) {
            return Err(error);
        }
        let pause = pause(self.retries, self.seed);
        if self.begun.elapsed() + pause >= self.limit {
            let message = format!("another session held a lock for {} seconds", self.begun.elapsed().as_secs());
            let hint = "nothing was changed: end the session that holds the lock, or try again when it is done";
            return Err(Error {
                class: Class::Unavailable,
                code: "lock_not_available",
                message,
                hint: Some(hint.to_owned()),
                ..error
            });
        }
        (self.told)("waiting for a lock that another session holds");
        tokio::time::sleep(pause).await;
        self.retries += 1;
        Ok(())
    }
}

fn is_lock_trouble(error: &Error) -> bool {
    // lock_not_available, deadlock_detected, serialization_failure
    matches!(error.sqlstate(), Some("55P03" | "40P01" | "40001")) || error.code == "lock_not_available"
}

/// A growing pause with jitter, so that two who collide do not collide again.
fn pause(attempt: u32, seed: Uuid) -> Duration {
    let jitter = seed.as_bytes().get(attempt as usize % 16).copied().unwrap_or_default();
    Duration::from_millis((100 << attempt.min(4)) + u64::from(jitter))
}
