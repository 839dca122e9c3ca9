//! Locks that last longer than a transaction, and are gone when their owner dies.
//!
//! They are session-level advisory locks of the state database: held by a connection, let go when
//! it closes for whatever reason.

use super::sql::get;
use super::{BranchId, Db, State};
use pleach_postgres::Result;
use pleach_schema::Hash;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A lock that this connection holds until it is released.
///
/// Release it with [`SessionLock::release`]. One that is merely dropped, as when an error cuts an
/// operation short, is let go when the connection takes its next lock, or closes.
#[derive(Debug)]
#[must_use]
pub struct SessionLock {
    key: i64,
    held: Arc<Held>,
    released: bool,
}

/// What the guards of one connection hold.
#[derive(Debug, Default)]
pub(super) struct Held(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    alive: HashMap<i64, u32>,
    /// Locks whose guards were dropped: the server still has them.
    dropped: Vec<i64>,
}

/// Waits until no one else works on a branch, and holds it.
///
/// # Errors
/// When the connection is lost.
pub async fn lock_branch(state: &State, branch: BranchId) -> Result<SessionLock> {
    lock(state, key("branch", &branch.to_string())).await
}

/// Holds a branch if no one else works on it.
///
/// # Errors
/// When the connection is lost.
pub async fn try_lock_branch(state: &State, branch: BranchId) -> Result<Option<SessionLock>> {
    try_lock(state, key("branch", &branch.to_string())).await
}

/// Waits until no one else works on a branch, and holds it until the transaction ends.
///
/// # Errors
/// When the connection is lost.
pub async fn lock_branch_in(transaction: &impl Db, branch: BranchId) -> Result<()> {
    let key = key("branch", &branch.to_string());
    transaction.execute("select pg_advisory_xact_lock($1)", &[&key]).await?;
    Ok(())
}

/// The number of the advisory lock for a thing.
pub(crate) fn key(kind: &str, name: &str) -> i64 {
    let Hash([a, b, c, d, e, f, g, h, ..]) = Hash::of(format!("pleach {kind} {name}").as_bytes());
    i64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// Waits for a lock.
pub(crate) async fn lock(state: &State, key: i64) -> Result<SessionLock> {
    release_dropped(state).await?;
    // The guard comes first: a caller that stops waiting leaves the server waiting, and the lock
    // it then gets is let go like any other whose guard was dropped.
    let guard = SessionLock::new(key, &state.locks);
    state.client.execute("select pg_advisory_lock($1)", &[&key]).await?;
    Ok(guard)
}

/// Takes a lock unless somebody holds it, be it this very connection.
pub(crate) async fn try_lock(state: &State, key: i64) -> Result<Option<SessionLock>> {
    release_dropped(state).await?;
    if state.locks.is_held(key) {
        return Ok(None);
    }
    let guard = SessionLock::new(key, &state.locks);
    let row = state.client.query_one("select pg_try_advisory_lock($1) as taken", &[&key]).await?;
    if get(&row, "taken")? {
        Ok(Some(guard))
    } else {
        guard.forget();
        Ok(None)
    }
}

impl SessionLock {
    /// Lets go. Whatever the lock protects should be committed by then.
    ///
    /// # Errors
    /// When the connection is lost, and the lock with it.
    pub async fn release(self, db: &impl Db) -> Result<()> {
        let key = self.key;
        db.execute("select pg_advisory_unlock($1)", &[&key]).await?;
        self.forget();
        Ok(())
    }

    fn new(key: i64, held: &Arc<Held>) -> Self {
        *held.counts().alive.entry(key).or_default() += 1;
        Self { key, held: Arc::clone(held), released: false }
    }

    fn forget(mut self) {
        self.released = true;
    }
}

impl Drop for SessionLock {
    fn drop(&mut self) {
        let mut counts = self.held.counts();
        if let Some(count) = counts.alive.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.alive.remove(&self.key);
            }
        }
        if !self.released {
            counts.dropped.push(self.key);
        }
    }
}

impl Held {
    fn is_held(&self, key: i64) -> bool {
        self.counts().alive.contains_key(&key)
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn release_dropped(state: &State) -> Result<()> {
    let dropped = std::mem::take(&mut state.locks.counts().dropped);
    for key in dropped {
        state.client.execute("select pg_advisory_unlock($1)", &[&key]).await?;
    }
    Ok(())
}
