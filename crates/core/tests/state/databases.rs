//! The registry of databases, snapshots and the warm pool.

use crate::fixture::{Fixture, new_branch};
use crate::support::servers;
use futures_util::future::join_all;
use pleach_core::state::{self, NewSnapshot, Purpose, branches, commits, databases, journal, snapshots, warm};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use time::OffsetDateTime;

#[tokio::test]
async fn no_warm_clone_is_given_twice() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let (db, project) = (f.state.client(), f.project.id);
        let head = f.commit("one", 1, &[]).await;
        f.register("snapshot", Purpose::Snapshot).await;
        let new = NewSnapshot {
            commit: head,
            database: "snapshot".into(),
            taken_at: OffsetDateTime::UNIX_EPOCH,
            way: "template".into(),
        };
        let snapshot = snapshots::insert(db, project, &new).await.unwrap();
        for number in 0..40 {
            f.register(&format!("warm {number}"), Purpose::Warm).await;
            warm::add(db, &format!("warm {number}"), snapshot.id, "wal_log").await.unwrap();
        }
        assert_eq!(warm::count(db, snapshot.id).await.unwrap(), 40);
        assert_eq!(warm::list(db, snapshot.id).await.unwrap()[0], "warm 0");
        let claiming = (0..16).map(|number| {
            let f = &f;
            async move {
                let mut state = f.another().await;
                let mut claimed = Vec::new();
                // Every fourth caller rolls back, and its clones must be there for others.
                let rolls_back = number % 4 == 0;
                for _ in 0..4 {
                    let tx = state.transaction().await.unwrap();
                    if let Some(warm::Claimed { database: name, .. }) = warm::claim(&tx, snapshot.id).await.unwrap() {
                        let branch = format!("branch {number} {name}");
                        databases::rename(&tx, &name, &branch, Purpose::Branch).await.unwrap();
                        claimed.push(name);
                    }
                    if rolls_back { tx.rollback().await.unwrap() } else { tx.commit().await.unwrap() }
                }
                if rolls_back { Vec::new() } else { claimed }
            }
        });
        let mut claimed: Vec<String> = join_all(claiming).await.into_iter().flatten().collect();
        while let Some(warm::Claimed { database: name, .. }) = warm::claim(db, snapshot.id).await.unwrap() {
            claimed.push(name);
        }
        assert_eq!(claimed.len(), 40);
        assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 40);
        assert!(warm::claim(db, snapshot.id).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_branch_is_made_from_a_warm_clone_in_one_transaction() {
    for server in servers() {
        let mut f = Fixture::new(server).await;
        let project = f.project.id;
        let head = f.commit("one", 1, &[]).await;
        let clone = server.database().await;
        f.register("snapshot", Purpose::Snapshot).await;
        f.register(&clone, Purpose::Warm).await;
        let db = f.state.client();
        databases::set_ready(db, &clone).await.unwrap();
        let taken_at = state::now(db).await.unwrap();
        let new = NewSnapshot { commit: head, database: "snapshot".into(), taken_at, way: "template".into() };
        let snapshot = snapshots::insert(db, project, &new).await.unwrap();
        warm::add(db, &clone, snapshot.id, "wal_log").await.unwrap();

        let name = format!("{clone}_branch");
        let from = Instant::now();
        let tx = f.state.transaction().await.unwrap();
        let claimed = warm::claim(&tx, snapshot.id).await.unwrap().unwrap().database;
        tx.batch_execute(&format!("alter database {claimed} rename to {name}")).await.unwrap();
        databases::rename(&tx, &claimed, &name, Purpose::Branch).await.unwrap();
        let branch = branches::insert(&tx, project, &new_branch("agent/x", head, &name)).await.unwrap();
        tx.commit().await.unwrap();
        println!("{}: branch from a warm clone in {:?}", server.bin.display(), from.elapsed());

        let registered = databases::find(f.state.client(), &name).await.unwrap().unwrap();
        assert_eq!((registered.purpose, registered.state), (Purpose::Branch, state::DatabaseState::Ready));
        assert_eq!(branch.database, name);
        server.connect(&name).await;
    }
}

#[tokio::test]
async fn the_nearest_ancestor_with_a_snapshot_is_found() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let (db, project) = (f.state.client(), f.project.id);
        let one = f.commit("one", 1, &[]).await;
        let two = f.commit("two", 1, &[one]).await;
        let three = f.commit("three", 1, &[two]).await;
        for (name, commit, age) in [("a", one, 3), ("b", two, 1), ("c", two, 2)] {
            f.register(name, Purpose::Snapshot).await;
            let taken_at = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(age);
            let new = NewSnapshot { commit, database: name.into(), taken_at, way: "template".into() };
            snapshots::insert(db, project, &new).await.unwrap();
        }
        let order = commits::ancestors(db, project, &[three]).await.unwrap().nearest_first(three);
        let nearest = snapshots::nearest(db, project, &order).await.unwrap().unwrap();
        assert_eq!(nearest.database, "c", "the nearer commit, and of its snapshots the younger");
        assert_eq!(snapshots::latest(db, project, one).await.unwrap().unwrap().database, "a");
        assert!(snapshots::latest(db, project, three).await.unwrap().is_none());
        assert_eq!(snapshots::list(db, project).await.unwrap().len(), 3);
        snapshots::delete(db, nearest.id).await.unwrap();
        assert!(snapshots::find(db, nearest.id).await.unwrap().is_none());
        assert_eq!(snapshots::nearest(db, project, &order).await.unwrap().unwrap().database, "b");
    }
}

#[tokio::test]
async fn databases_remember_who_is_making_them() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let (db, project) = (f.state.client(), f.project.id);
        let guard = journal::begin(&f.state, Some(project), "branch", &json!({}), "ann").await.unwrap();
        let id = guard.journal.id;
        databases::register(db, project, "x", Purpose::Branch, Some(id)).await.unwrap();
        let again = databases::register(db, project, "x", Purpose::Branch, None).await;
        assert_eq!(again.unwrap_err().code, "database_exists");
        assert_eq!(databases::of_journal(db, id).await.unwrap(), ["x"]);
        guard.finish(db).await.unwrap();
        guard.release(db).await.unwrap();
        let database = databases::find(db, "x").await.unwrap().unwrap();
        assert_eq!((database.state, database.journal), (state::DatabaseState::Making, None));
        databases::set_purpose(db, "x", Purpose::Snapshot).await.unwrap();
        databases::set_dropping(db, "x").await.unwrap();
        let listed = databases::list(db, project).await.unwrap();
        assert_eq!((listed[0].state, listed[0].purpose), (state::DatabaseState::Dropping, Purpose::Snapshot));
        databases::forget(db, "x").await.unwrap();
        assert_eq!(databases::set_ready(db, "x").await.unwrap_err().code, "unknown_database");
    }
}
