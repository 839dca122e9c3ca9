//! Trees in the store.

use crate::fixture::{Fixture, everything, tree, with_one_change};
use crate::support::servers;
use pleach_core::state::{fsck, trees};
use pleach_schema::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[tokio::test]
async fn trees_come_back_as_they_went_in() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let db = f.state.client();
        for tables in [0, 1, 3, 120] {
            let tree = tree(tables);
            let stored = trees::put_tree(db, &tree, None).await.unwrap();
            assert_eq!(stored.content, tree.hash());
            assert_eq!(everything(&trees::get_tree(db, stored.root).await.unwrap()), everything(&tree));
        }
    }
}

#[tokio::test]
async fn what_did_not_change_is_not_stored_again() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let db = f.state.client();
        let before = tree(300);
        let first = trees::put_tree(db, &before, None).await.unwrap();
        assert_eq!(trees::put_tree(db, &before, Some(first.root)).await.unwrap().stored, 0);
        let after = with_one_change(&before);
        let second = trees::put_tree(db, &after, Some(first.root)).await.unwrap();
        assert_eq!(second.stored, 3, "a group, a bucket and the root");
        assert_eq!(everything(&trees::get_tree(db, second.root).await.unwrap()), everything(&after));
        // Whatever way led there, equal trees have equal roots.
        assert_eq!(trees::put_tree(db, &after, None).await.unwrap().root, second.root);
        // Another number of tables may mean another number of buckets.
        let larger = trees::put_tree(db, &tree(1_000), Some(second.root)).await.unwrap();
        assert_eq!(everything(&trees::get_tree(db, larger.root).await.unwrap()), everything(&tree(1_000)));
        let smaller = trees::put_tree(db, &tree(2), Some(larger.root)).await.unwrap();
        assert_eq!(trees::get_tree(db, smaller.root).await.unwrap(), tree(2));
    }
}

#[tokio::test]
async fn versions_of_a_tree_share_what_they_have_in_common() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let db = f.state.client();
        let before = tree(40);
        let after = with_one_change(&before);
        let mut roots = Vec::new();
        for tree in [&before, &after, &before] {
            roots.push(trees::put_tree(db, tree, roots.last().copied()).await.unwrap().root);
        }
        let read = trees::get_trees(db, &roots).await.unwrap();
        assert_eq!(read.iter().map(everything).collect::<Vec<_>>(), [&before, &after, &before].map(everything));
        let shared = read[0].iter().zip(read[1].iter()).filter(|((_, a), (_, b))| Arc::ptr_eq(&a.object, &b.object));
        assert_eq!(shared.count(), before.iter().filter(|(a, _)| a.relation()[1..] != ["table_00001"]).count());
        assert!(trees::get_trees(db, &[]).await.unwrap().is_empty());
        // A server of ours must be able to run these on any of its threads.
        let (state, root) = (f.another().await, roots[0]);
        let elsewhere = tokio::spawn(async move { trees::get_tree(state.client(), root).await.unwrap().len() });
        assert_eq!(elsewhere.await.unwrap(), before.len());
    }
}

#[tokio::test]
async fn damaged_and_missing_nodes_are_named() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let db = f.state.client();
        let stored = trees::put_tree(db, &tree(2), None).await.unwrap();
        let group = "where substr(body, 1, 1) = 'G'";
        let sql = format!(
            "update pleach.node set body = body || '!' {group} and hash = (select min(hash::text)::bytea from pleach.node {group}) returning hash"
        );
        let row = db.query_one(&sql, &[]).await.unwrap();
        let hash = Hash(row.get::<_, Vec<u8>>(0).try_into().unwrap());
        let error = trees::get_tree(db, stored.root).await.unwrap_err();
        assert_eq!((error.code, error.object), ("object_damaged", Some(format!("object {hash}"))));
        db.execute("delete from pleach.node where hash = $1", &[&hash.0.as_slice()]).await.unwrap();
        let error = trees::get_tree(db, stored.root).await.unwrap_err();
        assert_eq!((error.code, error.object), ("object_missing", Some(format!("object {hash}"))));
    }
}

/// Prints how long trees take. Run with `--ignored --nocapture`, optimized.
#[tokio::test]
#[ignore = "a measurement"]
async fn measure_trees() {
    for server in servers() {
        for tables in [1_000, 5_000] {
            let f = Fixture::new(server).await;
            let db = f.state.client();
            let before = tree(tables);
            let from = Instant::now();
            let first = trees::put_tree(db, &before, None).await.unwrap();
            let put = from.elapsed();
            let get = best_of(5, async || drop(trees::get_tree(db, first.root).await.unwrap())).await;
            let hash = best_of(5, async || assert_eq!(before.hash(), first.content)).await;
            let same = best_of(5, async || {
                trees::put_tree(db, &before, Some(first.root)).await.unwrap();
            })
            .await;
            let changed = with_one_change(&before);
            let from = Instant::now();
            let second = trees::put_tree(db, &changed, Some(first.root)).await.unwrap();
            let commit = from.elapsed();
            assert_eq!(second.stored, 3);
            let roots = [first.root, second.root, first.root];
            let three = best_of(5, async || drop(trees::get_trees(db, &roots).await.unwrap())).await;
            let from = Instant::now();
            assert_eq!(fsck::verify_all(db, |_| ()).await.unwrap(), []);
            println!(
                "{} tables ({} objects) on {}: put {put:?}, get {get:?}, get three versions {three:?}, hash {hash:?}, \
                 put unchanged {same:?}, put with one table changed {commit:?}, fsck {:?}",
                tables,
                before.len(),
                server.bin.display(),
                from.elapsed(),
            );
        }
    }
}

async fn best_of(times: usize, mut run: impl AsyncFnMut()) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..times {
        let from = Instant::now();
        run().await;
        best = best.min(from.elapsed());
    }
    best
}
