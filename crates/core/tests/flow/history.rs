//! Commits, data steps, revert, undo.

use crate::project::{Scratch, bins};
use pleach_core::state::DataStep;
use pleach_core::{Class, GenerateOptions, MergeOptions};

const USERS: &str = "CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
    INSERT INTO users (name) SELECT 'User ' || n FROM generate_series(1, 100) n;";

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_travels_with_its_commit() {
    for bin in bins() {
        let mut it = Scratch::from_sql(&bin, USERS).await;
        it.create_branch("agent/a", None).await.unwrap();
        it.sql(
            "agent/a",
            "ALTER TABLE users ADD COLUMN slug text;
             UPDATE users SET slug = lower(replace(name, ' ', '-'));
             ALTER TABLE users ALTER COLUMN slug SET NOT NULL;
             CREATE UNIQUE INDEX users_slug_idx ON users (slug)",
        )
        .await;
        let fill =
            DataStep::new("fill.sql", "UPDATE users SET slug = lower(replace(name, ' ', '-')) WHERE slug IS NULL");
        it.commit("agent/a", "Slugs", vec![fill], false).await.unwrap();
        // Rows that came to main after the branch was made.
        it.sql("main", "INSERT INTO users (name) VALUES ('Late Comer')").await;
        let merging = it.merged("agent/a").await;
        assert_eq!(merging.data_steps, 1);
        assert_eq!(it.value("main", "SELECT slug FROM users WHERE name = 'Late Comer'").await, "late-comer");
        let diff = it.diff(Some("main~1"), Some("main")).await.unwrap();
        assert_eq!(diff.data_steps.len(), 1, "the step is shown with the merge");

        let options = GenerateOptions { folder: it.root().join("migrations"), ..GenerateOptions::default() };
        let generated = it.generate_migration(&options).await.unwrap();
        let up = std::fs::read_to_string(&generated.up).unwrap();
        let (add, fill, tighten) = (
            up.find("ADD COLUMN slug").unwrap(),
            up.find("UPDATE users").unwrap(),
            up.find("VALIDATE CONSTRAINT").unwrap(),
        );
        assert!(add < fill && fill < tighten, "{up}");

        // A branch made from the old head is brought forward by the same plan.
        it.create_branch("agent/old", Some("main~1")).await.unwrap();
        let error = it.try_sql("agent/old", "SELECT slug FROM users").await.unwrap_err();
        assert_eq!(error.sqlstate(), Some("42703"));
        it.merge("main", "agent/old", &MergeOptions::default()).await.unwrap();
        assert_eq!(it.value("agent/old", "SELECT count(slug)::text FROM users").await, "100");
        assert!(it.fsck().await.unwrap().damages.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_can_be_taken_back() {
    let bin = &bins()[0];
    let mut it = Scratch::from_sql(bin, USERS).await;
    it.change("agent/a", "ALTER TABLE users RENAME COLUMN name TO full_name").await;
    it.change("agent/b", "CREATE TABLE tags (id int PRIMARY KEY, label text)").await;
    it.merged("agent/a").await;
    it.merged("agent/b").await;

    // Revert the first merge; the second stays, and no name is lost.
    let reverted = it.revert("main~1", "main", Vec::new(), false).await.unwrap();
    assert_eq!(reverted.diff.changes.len(), 1);
    assert_eq!(it.value("main", "SELECT name FROM users WHERE id = 7").await, "User 7");
    assert_eq!(it.value("main", "SELECT count(*)::text FROM tags").await, "0");

    // Undo the revert, then the merge of tags; with rows in it that needs consent.
    it.undo(false).await.unwrap();
    assert_eq!(it.value("main", "SELECT full_name FROM users WHERE id = 7").await, "User 7");
    it.sql("main", "INSERT INTO tags VALUES (1, 'kept')").await;
    let error = it.undo(false).await.unwrap_err();
    assert!(matches!(error.class, Class::State | Class::Unsafe), "{error:?}");

    let main = it.branch("main").await.unwrap().head;
    it.create_branch("agent/c", None).await.unwrap();
    it.undo(false).await.unwrap();
    assert!(it.branch("agent/c").await.is_err());
    it.delete_branch("agent/a", true).await.unwrap();
    it.undo(false).await.unwrap();
    assert_eq!(it.value("agent/a", "SELECT full_name FROM users WHERE id = 7").await, "User 7");
    assert_eq!(it.branch("main").await.unwrap().head, main);

    it.change("agent/a", "ALTER TABLE users ADD COLUMN age int").await;
    let head = it.branch("agent/a").await.unwrap().head;
    it.undo(false).await.unwrap();
    assert_eq!(it.standing("agent/a").await.unwrap().changes.changes.len(), 1);
    it.commit("agent/a", "Again", Vec::new(), false).await.unwrap();
    assert_ne!(it.branch("agent/a").await.unwrap().head, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn main_cannot_be_changed_but_by_merge() {
    let bin = &bins()[0];
    let mut it = Scratch::from_sql(bin, USERS).await;
    for sql in ["CREATE TABLE t (a int)", "ALTER TABLE users ADD COLUMN a int", "DROP TABLE users"] {
        let error = it.try_sql("main", sql).await.unwrap_err();
        assert_eq!(error.sqlstate(), Some("42501"), "{sql}: {error}");
    }
    it.sql("main", "UPDATE users SET name = upper(name)").await;
    let error = it.commit("main", "No", Vec::new(), false).await.unwrap_err();
    assert_eq!(error.code, "main_protected");
    let error = it.delete_branch("main", true).await.unwrap_err();
    assert_eq!(error.code, "main_protected");
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_data_needs_consent() {
    let bin = &bins()[0];
    let mut it = Scratch::from_sql(bin, USERS).await;
    it.change("agent/a", "ALTER TABLE users DROP COLUMN name").await;
    let error = it.merge("agent/a", "main", &MergeOptions::default()).await.unwrap_err();
    assert_eq!((error.class, error.code), (Class::Unsafe, "destructive"));
    assert!(error.message.contains("public.users.name"), "{error}");
    it.merged("agent/a").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_label_can_be_used_at_once() {
    for bin in bins() {
        let sql = "CREATE TYPE state AS ENUM ('open', 'done');
            CREATE TABLE task (id int PRIMARY KEY, state state NOT NULL DEFAULT 'open'); INSERT INTO task VALUES (1)";
        let mut it = Scratch::from_sql(&bin, sql).await;
        it.create_branch("agent/a", None).await.unwrap();
        it.sql("agent/a", "ALTER TYPE state ADD VALUE 'waiting' BEFORE 'done'").await;
        it.sql(
            "agent/a",
            "ALTER TABLE task ALTER COLUMN state SET DEFAULT 'waiting'; UPDATE task SET state = 'waiting'",
        )
        .await;
        let step = DataStep::new("wait", "UPDATE task SET state = 'waiting' WHERE state = 'open'");
        it.commit("agent/a", "Wait", vec![step], false).await.unwrap();
        it.merged("agent/a").await;
        assert_eq!(it.value("main", "SELECT state::text FROM task").await, "waiting");
        let options = GenerateOptions { folder: it.root().join("migrations"), ..GenerateOptions::default() };
        let generated = it.generate_migration(&options).await.unwrap();
        assert!(generated.notes.iter().any(|note| note.contains("labels")), "{:?}", generated.notes);
    }
}
