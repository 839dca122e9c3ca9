//! What the verification finds.

use crate::fixture::{Fixture, new_commit, tree};
use crate::support::servers;
use pleach_core::state::{DataStep, NewCommit, commits, fsck, trees};
use pleach_schema::Hash;
use std::collections::BTreeSet;

#[tokio::test]
async fn fsck_finds_nothing_in_a_sound_state() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let one = f.commit("one", 30, &[]).await;
        let two = f.commit("two", 31, &[one]).await;
        f.branch("main", two).await;
        let mut stages = BTreeSet::new();
        let damages = fsck::verify_all(f.state.client(), |progress| {
            stages.insert(progress.stage);
            assert!(progress.done <= progress.total);
        })
        .await
        .unwrap();
        assert_eq!(damages, []);
        assert_eq!(stages, BTreeSet::from(["commits", "objects", "references"]));
    }
}

#[tokio::test]
async fn fsck_says_what_is_damaged_and_what_follows() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let db = f.state.client();
        let one = f.commit("one", 1, &[]).await;
        let two = f.commit("two", 2, &[one]).await;
        let three = f.commit("three", 2, &[two]).await;
        f.branch("main", three).await;
        let found = async || {
            let damages = fsck::verify_all(db, |_| ()).await.unwrap();
            damages.into_iter().map(|d| format!("{}: {}: {}", d.object, d.what, d.consequence)).collect::<Vec<_>>()
        };

        db.batch_execute("begin").await.unwrap();
        db.execute("update pleach.commit set message = 'forged' where hash = $1", &[&two.0.as_slice()]).await.unwrap();
        assert_eq!(
            found().await,
            [format!(
                "commit {two}: what it says does not have its hash: \
                 its author, message, parents, schema or data steps are not what was committed"
            )]
        );
        db.batch_execute("rollback; begin").await.unwrap();
        db.execute("update pleach.commit set generation = 7 where hash = $1", &[&three.0.as_slice()]).await.unwrap();
        assert_eq!(
            found().await,
            [format!(
                "commit {three}: it says it is of generation 7, and is of 3: \
                 merge bases and the order of the log may be wrong"
            )]
        );
        db.batch_execute("rollback; begin").await.unwrap();
        let root = commits::get_by_hash(db, f.project.id, two).await.unwrap().root;
        let damage = "update pleach.node set body = '\\x00' where hash = $1";
        db.execute(damage, &[&root.0.as_slice()]).await.unwrap();
        assert_eq!(
            found().await,
            [format!(
                "object {root}: a stored object is not what was stored: \
                 the schemas of commit {} and 1 later ones cannot be read",
                two.short()
            )]
        );
        db.batch_execute("rollback; begin").await.unwrap();
        let of_one = commits::get_by_hash(db, f.project.id, one).await.unwrap().root;
        let swap = "update pleach.commit set root = $1 where hash = $2";
        db.execute(swap, &[&of_one.0.as_slice(), &two.0.as_slice()]).await.unwrap();
        let swapped = found().await;
        assert_eq!(swapped.len(), 2);
        assert!(swapped[0].contains("does not have the content hash"), "{swapped:?}");
        db.batch_execute("rollback").await.unwrap();

        db.batch_execute("alter table pleach.branch drop constraint branch_database_fkey").await.unwrap();
        db.batch_execute("delete from pleach.database").await.unwrap();
        assert_eq!(
            found().await,
            ["branch main: its database is not registered: \
              the database is not cleaned up when the branch is deleted"]
        );
    }
}

#[tokio::test]
async fn fsck_misses_the_schema_that_a_data_step_was_written_for() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let db = f.state.client();
        let stored = trees::put_tree(db, &tree(1), None).await.unwrap();
        let step = |toward| DataStep { toward: Some(toward), ..DataStep::new("fill", "update t set a = 1") };
        let data_steps = vec![step(stored.root), step(Hash::of(b"gone"))];
        let new = NewCommit { data_steps, ..new_commit("one", stored.root, stored.content) };
        let commit = commits::insert(db, f.project.id, &new).await.unwrap();
        let damages = fsck::verify_all(db, |_| ()).await.unwrap();
        assert_eq!(damages.len(), 1);
        assert_eq!(damages[0].object, format!("commit {}", commit.hash));
    }
}
