//! Several at work on one project at the same moment, each as a process of its own would be: with its
//! own connections, on its own thread.

use crate::bench::{Bench, consenting, context};
use crate::support::servers;
use pleach_core::{Context, Error, MergeOutcome, Project};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, spawn};

const USERS: &str = "CREATE TABLE users (id int PRIMARY KEY, name text);
    INSERT INTO users VALUES (1, 'Ada'), (2, 'Bob');";

/// Opens a project on a thread of its own and does something there.
fn elsewhere<T: Send + 'static>(
    folder: &Path,
    context: Context,
    work: impl AsyncFnOnce(&mut Project) -> T + Send + 'static,
) -> JoinHandle<T> {
    let folder = folder.to_owned();
    spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut project = Project::open(&folder, context).await.unwrap();
            work(&mut project).await
        })
    })
}

/// Somebody who stands still at a checkpoint until told to go on.
fn standing_still(actor: &str, place: &'static str) -> (Context, Receiver<()>, Sender<()>) {
    let (reached, is_reached) = channel();
    let (go, may_go) = channel();
    let may_go = Mutex::new(may_go);
    let checkpoint = move |name: &str| {
        if name == place {
            reached.send(()).unwrap();
            may_go.lock().unwrap().recv().unwrap();
        }
    };
    (Context { checkpoint: Some(Arc::new(checkpoint)), ..context(actor) }, is_reached, go)
}

/// Somebody who tells when a message about what is done has these words in it.
fn telling(actor: &str, words: &'static str, told: impl Fn() + Send + Sync + 'static) -> Context {
    let progress = move |message: &str| {
        if message.contains(words) {
            told();
        }
    };
    Context { progress: Arc::new(progress), ..context(actor) }
}

/// Merges a branch into `main`; two at once, the second beginning while the first is in the middle
/// of its landing and going on when it has to wait.
fn merge_both(folder: PathBuf, first: &'static str, second: &'static str) -> [Result<MergeOutcome, Error>; 2] {
    let (context, in_the_middle, go) = standing_still("ann", "landing written down");
    let merge =
        |source: &'static str| async move |project: &mut Project| project.merge(source, "main", &consenting()).await;
    let one = elsewhere(&folder, context, merge(first));
    in_the_middle.recv().unwrap();
    let go = Mutex::new(go);
    let waiting = telling("bob", "waiting for another process", move || go.lock().unwrap().send(()).unwrap());
    let two = elsewhere(&folder, waiting, merge(second));
    [one.join().unwrap(), two.join().unwrap()]
}

#[tokio::test]
async fn two_merges_at_once_go_one_after_the_other() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        it.change("a", "ALTER TABLE users ADD COLUMN a int", &[]).await;
        it.change("b", "ALTER TABLE users RENAME COLUMN name TO full_name", &[]).await;
        let [a, b] = merge_both(it.folder().to_owned(), "a", "b");
        let (Ok(MergeOutcome::Merged(a)), Ok(MergeOutcome::Merged(b))) = (a, b) else { panic!() };
        let (a, b) = (a.commit.unwrap(), b.commit.unwrap());
        assert_eq!(b.parents[0], a.hash, "the second is against what the first has made");
        assert_eq!(it.project.branch("main").await.unwrap().head, b.hash);
        assert_eq!(
            it.rows("main", "SELECT id, full_name, a FROM users ORDER BY 1").await,
            "1 | Ada | null\n2 | Bob | null"
        );
        assert_eq!(it.unclean("main").await, "");
        assert_eq!(it.left_over().await, "");
        it.close().await;
    }
}

#[tokio::test]
async fn two_merges_at_once_that_contradict_each_other() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        it.change("a", "ALTER TABLE users RENAME COLUMN name TO first_name", &[]).await;
        it.change("b", "ALTER TABLE users RENAME COLUMN name TO full_name", &[]).await;
        let [a, b] = merge_both(it.folder().to_owned(), "a", "b");
        let (Ok(MergeOutcome::Merged(a)), Ok(MergeOutcome::Conflicts { conflicts, .. })) = (a, b) else { panic!() };
        assert_eq!(conflicts.len(), 1);
        assert_eq!(conflicts[0].conflict.ours.as_deref().map(|ours| ours.contains("first_name")), Some(true));
        assert_eq!(it.project.branch("main").await.unwrap().head, a.commit.unwrap().hash);
        assert_eq!(it.unclean("main").await, "");
        it.project.abort_merge("main").await.unwrap();
        assert_eq!(it.left_over().await, "");
        it.close().await;
    }
}

#[tokio::test]
async fn a_merge_waits_for_a_lock_without_standing_in_the_way() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        it.change("a", "ALTER TABLE users ADD COLUMN a int", &[]).await;
        let reader = it.session("main").await;
        reader.batch_execute("BEGIN; SELECT FROM users").await.unwrap();
        let (waits, is_waiting) = channel();
        let waiting = telling("ann", "waiting for a lock", move || {
            // Nobody listens any more from the second time on.
            let _ = waits.send(());
        });
        let merge = elsewhere(it.folder(), waiting, async |project| project.merge("a", "main", &consenting()).await);
        tokio::task::spawn_blocking(move || is_waiting.recv().unwrap()).await.unwrap();
        // It has let go meanwhile: others come through.
        it.sql("main", "SET lock_timeout = '10s'; INSERT INTO users VALUES (3, 'Cyd')").await;
        reader.batch_execute("COMMIT").await.unwrap();
        let Ok(MergeOutcome::Merged(merging)) = merge.join().unwrap() else { panic!() };
        assert!(merging.applied.unwrap().retries > 0);
        assert_eq!(it.rows("main", "SELECT count(a), count(*) FROM users").await, "0 | 3");
        assert_eq!(it.left_over().await, "");
        it.close().await;
    }
}

#[tokio::test]
async fn a_merge_gives_up_when_a_lock_is_held_for_too_long() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        it.change("a", "ALTER TABLE users ADD COLUMN a int", &[]).await;
        let settings = it.folder().join(".pleach/config.toml");
        let patient = std::fs::read_to_string(&settings).unwrap();
        let hasty: Vec<&str> = patient.lines().filter(|line| !line.starts_with("lock_wait_seconds")).collect();
        std::fs::write(&settings, format!("lock_wait_seconds = 1\n{}\n", hasty.join("\n"))).unwrap();
        let reader = it.session("main").await;
        reader.batch_execute("BEGIN; SELECT FROM users").await.unwrap();
        let merge =
            elsewhere(it.folder(), context("ann"), async |project| project.merge("a", "main", &consenting()).await);
        let error = tokio::task::spawn_blocking(move || merge.join().unwrap()).await.unwrap().unwrap_err();
        assert_eq!(error.code, "lock_not_available", "{error}");
        assert_eq!(it.unclean("main").await, "");
        assert_eq!(it.left_over().await, "");
        // Whoever held the lock was not disturbed.
        reader.batch_execute("COMMIT").await.unwrap();
        it.merged("a", "main").await;
        it.close().await;
    }
}

#[tokio::test]
async fn rows_that_are_written_during_a_merge_stay() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        let change = "ALTER TABLE users ADD COLUMN age int DEFAULT 7; CREATE INDEX ON users (name);
            ALTER TABLE users ALTER COLUMN name SET DEFAULT 'nobody'";
        it.change("a", change, &[]).await;
        let writer = it.session("main").await;
        let done = Arc::new(AtomicBool::new(false));
        let is_done = Arc::clone(&done);
        let writing = tokio::spawn(async move {
            let mut id = 10;
            while !is_done.load(Ordering::Relaxed) {
                writer.execute("INSERT INTO users (id, name) VALUES ($1, 'new')", &[&id]).await.unwrap();
                id += 1;
            }
            id - 10
        });
        let merge =
            elsewhere(it.folder(), context("ann"), async |project| project.merge("a", "main", &consenting()).await);
        let merged = tokio::task::spawn_blocking(move || merge.join().unwrap()).await.unwrap();
        assert!(matches!(merged, Ok(MergeOutcome::Merged(_))), "{merged:?}");
        done.store(true, Ordering::Relaxed);
        let written: i32 = writing.await.unwrap();
        assert!(written > 0);
        let rows = format!("{} | {}", written + 2, written + 2);
        assert_eq!(it.rows("main", "SELECT count(*), count(age) FROM users").await, rows);
        it.close().await;
    }
}

#[tokio::test]
async fn of_two_commits_at_once_the_second_finds_nothing_left() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        it.project.create_branch("a", None).await.unwrap();
        it.sql("a", "ALTER TABLE users ADD COLUMN a int").await;
        let (context, in_the_middle, go) = standing_still("ann", "lineages written");
        let commit = || async |project: &mut Project| project.commit("a", "The change", Vec::new(), false).await;
        let one = elsewhere(it.folder(), context, commit());
        in_the_middle.recv().unwrap();
        let go = Mutex::new(go);
        let waiting = telling("bob", "waiting for another process", move || go.lock().unwrap().send(()).unwrap());
        let two = elsewhere(it.folder(), waiting, commit());
        let first = one.join().unwrap().unwrap();
        assert_eq!(two.join().unwrap().unwrap_err().code, "nothing_to_commit");
        assert_eq!(it.project.branch("a").await.unwrap().head, first.commit.hash);
        it.close().await;
    }
}
