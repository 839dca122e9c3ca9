//! Who owns what is under way: the journal and the locks on branches.

use crate::fixture::Fixture;
use crate::support::servers;
use futures_util::future::join_all;
use pleach_core::state::{self, State, journal, locks};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

#[tokio::test]
async fn the_journal_tells_the_living_from_the_dead() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let project = Some(f.project.id);
        let mut owner = f.another().await;
        let plan = json!({"step": 1});
        let guard = journal::begin(&owner, project, "merge", &plan, "ann").await.unwrap();
        assert!(journal::abandoned(&f.state, project).await.unwrap().is_empty(), "its owner lives");
        assert!(journal::abandoned(&owner, project).await.unwrap().is_empty(), "it is its own");
        assert_eq!(journal::list(f.state.client(), project).await.unwrap().len(), 1);

        // Finished but not committed is not finished.
        guard.update(owner.client(), &json!({"step": 2})).await.unwrap();
        let tx = owner.transaction().await.unwrap();
        guard.finish(&tx).await.unwrap();
        tx.rollback().await.unwrap();
        drop(owner);

        let taken = take_over(&f.state, project).await;
        assert_eq!((taken.journal.kind.as_str(), &taken.journal.payload), ("merge", &json!({"step": 2})));
        let other = f.another().await;
        assert!(journal::abandoned(&other, project).await.unwrap().is_empty(), "it is taken over");
        taken.finish(f.state.client()).await.unwrap();
        taken.release(f.state.client()).await.unwrap();
        assert!(journal::abandoned(&other, project).await.unwrap().is_empty());
        assert!(journal::list(other.client(), project).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_operation_that_was_dropped_is_found_by_its_own_process() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let guard = journal::begin(&f.state, None, "init", &json!({}), "ann").await.unwrap();
        let id = guard.journal.id;
        drop(guard);
        let found = journal::abandoned(&f.state, Some(f.project.id)).await.unwrap();
        assert_eq!(found.iter().map(|guard| guard.journal.id).collect::<Vec<_>>(), [id]);
        let other = f.another().await;
        assert!(journal::abandoned(&other, None).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn two_recoverers_never_get_the_same_operation() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let project = Some(f.project.id);
        let owner = f.another().await;
        let mut begun = BTreeSet::new();
        for _ in 0..10 {
            let guard = journal::begin(&owner, project, "merge", &json!({}), "ann").await.unwrap();
            begun.insert(guard.journal.id);
            std::mem::forget(guard);
        }
        drop(owner);
        let recovering = (0..8).map(|_| async {
            let state = f.another().await;
            let mut recovered = Vec::new();
            for _ in 0..20 {
                for guard in journal::abandoned(&state, project).await.unwrap() {
                    recovered.push(guard.journal.id);
                    guard.finish(state.client()).await.unwrap();
                    guard.release(state.client()).await.unwrap();
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            recovered
        });
        let recovered: Vec<Uuid> = join_all(recovering).await.into_iter().flatten().collect();
        assert_eq!(recovered.len(), 10);
        assert_eq!(recovered.into_iter().collect::<BTreeSet<_>>(), begun);
    }
}

#[tokio::test]
async fn an_owner_who_was_taken_for_dead_cannot_finish() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let project = Some(f.project.id);
        let owner = f.another().await;
        let guard = journal::begin(&owner, project, "merge", &json!({}), "ann").await.unwrap();
        // As if the connection had been lost and the process lived on with a new one.
        let killed = "select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()";
        f.state.client().execute(killed, &[]).await.unwrap();
        let taken = take_over(&f.state, project).await;
        taken.finish(f.state.client()).await.unwrap();
        let late = f.another().await;
        assert_eq!(guard.finish(late.client()).await.unwrap_err().code, "journal_lost");
        taken.release(f.state.client()).await.unwrap();
    }
}

/// Waits until the server has noticed that the owner is gone.
async fn take_over(state: &State, project: Option<state::ProjectId>) -> journal::JournalGuard {
    for _ in 0..200 {
        if let Some(guard) = journal::abandoned(state, project).await.unwrap().pop() {
            return guard;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the operation is not given up");
}

#[tokio::test]
async fn a_branch_is_worked_on_by_one_at_a_time() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let head = f.commit("one", 1, &[]).await;
        let branch = f.branch("main", head).await.id;
        let other = f.another().await;
        let lock = locks::lock_branch(&f.state, branch).await.unwrap();
        assert!(locks::try_lock_branch(&other, branch).await.unwrap().is_none());
        let waiting = tokio::time::timeout(Duration::from_millis(100), locks::lock_branch(&other, branch));
        assert!(waiting.await.is_err(), "the second one waits");
        lock.release(f.state.client()).await.unwrap();
        // The one that gave up waiting gets the lock all the same, and lets it go.
        locks::lock_branch(&other, branch).await.unwrap().release(other.client()).await.unwrap();

        drop(locks::lock_branch(&f.state, branch).await.unwrap());
        let again = locks::try_lock_branch(&f.state, branch).await.unwrap().expect("dropped is released");
        drop(again);
        let (database, server) = (f.database.clone(), f.server);
        drop(f);
        let last = State::open(server.connect(&database).await).await.unwrap();
        locks::lock_branch(&last, branch).await.unwrap().release(last.client()).await.unwrap();
    }
}
