//! Merges over longer histories: to and fro, across, into other branches, with decisions between.

use crate::bench::{Bench, consenting};
use crate::support::servers;
use pleach_core::change::{Choice, ConflictKind, Resolution};
use pleach_core::state::DataStep;
use pleach_core::{ConflictView, MergeOptions, MergeOutcome};

const USERS: &str = "CREATE TABLE users (id int PRIMARY KEY, name text);
    INSERT INTO users VALUES (1, 'Ada'), (2, 'Bob');";

fn conflicts(outcome: MergeOutcome) -> Vec<ConflictView> {
    match outcome {
        MergeOutcome::Conflicts { conflicts, .. } => conflicts,
        other => panic!("{other:#?}"),
    }
}

#[tokio::test]
async fn data_steps_run_once_however_often_they_come_by() {
    for server in servers() {
        let mut it = Bench::new(server, &format!("{USERS} CREATE TABLE log (line text);")).await;
        let fill = "INSERT INTO log SELECT 'filled ' || name FROM users";
        it.change("a", &format!("ALTER TABLE users ADD COLUMN a int; {fill}"), &[fill]).await;
        it.merged("a", "main").await;
        it.change("b", "ALTER TABLE users ADD COLUMN b int", &[]).await;
        // To and fro: the step is on both by now.
        let back = it.merged("main", "a").await;
        assert_eq!(back.data_steps, 0);
        it.change("a", "ALTER TABLE users ADD COLUMN a2 int", &[]).await;
        let again = it.merged("a", "main").await;
        assert_eq!(again.data_steps, 0, "{}", again.sql);
        // Another branch takes it over from main, and gives nothing back.
        let over = it.merged("main", "b").await;
        assert_eq!(over.data_steps, 0, "b was made from a main that had run it");
        it.change("b", "ALTER TABLE users ADD COLUMN b2 int", &[]).await;
        it.merged("b", "main").await;
        assert_eq!(it.rows("main", "SELECT count(*) FROM log").await, "2");
        it.close().await;
    }
}

#[tokio::test]
async fn a_branch_that_began_earlier_takes_data_steps_over_from_main() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        it.project.create_branch("late", None).await.unwrap();
        let steps = "UPDATE users SET slug = lower(name)";
        let add = "ALTER TABLE users ADD COLUMN slug text; UPDATE users SET slug = lower(name);
            ALTER TABLE users ALTER COLUMN slug SET NOT NULL";
        it.change("early", add, &[steps]).await;
        it.merged("early", "main").await;
        it.change("late", "INSERT INTO users VALUES (3, 'Cyd'); ALTER TABLE users ADD COLUMN age int", &[]).await;
        let merging = it.merged("main", "late").await;
        assert_eq!(merging.data_steps, 1);
        assert_eq!(it.rows("late", "SELECT slug FROM users ORDER BY id").await, "ada\nbob\ncyd");
        // And main does not run it again.
        assert_eq!(it.merged("late", "main").await.data_steps, 0);
        it.close().await;
    }
}

#[tokio::test]
async fn merges_of_merges_carry_every_data_step_to_the_schema_it_was_written_for() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        it.project.create_branch("feature", None).await.unwrap();
        it.project.create_branch("part/one", Some("feature")).await.unwrap();
        it.project.create_branch("part/two", Some("feature")).await.unwrap();
        let one = "UPDATE users SET words = string_to_array(name, 'd')";
        it.change("part/one", &format!("ALTER TABLE users ADD COLUMN words text[]; {one}"), &[one]).await;
        let first = "UPDATE users SET first = words[1]";
        let add_first =
            format!("ALTER TABLE users ADD COLUMN first text; {first}; ALTER TABLE users DROP COLUMN words");
        it.change("part/one", &add_first, &[first]).await;
        let two = "UPDATE users SET size = length(name)";
        it.change("part/two", &format!("ALTER TABLE users ADD COLUMN size int; {two}"), &[two]).await;
        it.merged("part/one", "feature").await;
        it.merged("part/two", "feature").await;
        it.change("main", "ALTER TABLE users ADD COLUMN mine int DEFAULT 7", &[]).await;
        it.sql("main", "INSERT INTO users (id, name) VALUES (3, 'Edda')").await;
        let merging = it.merged("feature", "main").await;
        assert_eq!(merging.data_steps, 3, "{}", merging.sql);
        let rows = it.rows("main", "SELECT name, first, size, mine FROM users ORDER BY id").await;
        assert_eq!(rows, "Ada | A | 3 | 7\nBob | Bob | 3 | 7\nEdda | E | 4 | 7");
        // What was proved is what a branch begins with.
        it.project.create_branch("after", None).await.unwrap();
        assert_eq!(it.unclean("after").await, "");
        assert_eq!(it.rows("after", "SELECT count(size) FROM users").await, "2");
        it.close().await;
    }
}

#[tokio::test]
async fn main_merged_into_the_branch_first_loses_nothing_of_main() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        let fill = "UPDATE users SET size = length(name)";
        it.change("b", &format!("ALTER TABLE users ADD COLUMN size int; {fill}"), &[fill]).await;
        it.change("main", "ALTER TABLE users ADD COLUMN mine text; UPDATE users SET mine = 'kept'", &[]).await;
        it.merged("main", "b").await;
        it.change("b", "ALTER TABLE users ADD COLUMN more int", &[]).await;
        // The step was recorded before main's column came: on the way it stays nevertheless.
        let merging = it.merged("b", "main").await;
        assert!(!merging.sql.contains("DROP"), "{}", merging.sql);
        assert_eq!(it.rows("main", "SELECT mine, size FROM users").await, "kept | 3\nkept | 3");
        it.close().await;
    }
}

#[tokio::test]
async fn histories_that_cross() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        it.change("a", "ALTER TABLE users ADD COLUMN a int", &[]).await;
        it.change("b", "ALTER TABLE users RENAME COLUMN name TO full_name", &[]).await;
        // Each takes the other's state of before: two bases from now on.
        it.project.create_branch("a1", Some("a")).await.unwrap();
        it.project.create_branch("b1", Some("b")).await.unwrap();
        it.merged("b1", "a").await;
        it.merged("a1", "b").await;
        it.change("a", "ALTER TABLE users ADD COLUMN a2 int; CREATE INDEX ON users (full_name)", &[]).await;
        it.change("b", "ALTER TABLE users DROP COLUMN a; ALTER TABLE users ADD COLUMN b2 int", &[]).await;
        it.merged("a", "main").await;
        let merging = it.merged("b", "main").await;
        assert!(merging.settled.is_empty());
        let columns = "SELECT string_agg(attname, ' ' ORDER BY attname) FROM pg_attribute
            WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped";
        assert_eq!(it.rows("main", columns).await, "a2 b2 full_name id");
        it.close().await;
    }
}

#[tokio::test]
async fn a_conflict_that_both_settled_otherwise_is_one_again() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        it.change("a", "ALTER TABLE users ALTER COLUMN name SET DEFAULT 'a'", &[]).await;
        it.change("b", "ALTER TABLE users ALTER COLUMN name SET DEFAULT 'b'", &[]).await;
        it.project.create_branch("a1", Some("a")).await.unwrap();
        it.project.create_branch("b1", Some("b")).await.unwrap();
        for (source, into) in [("b1", "a"), ("a1", "b")] {
            let found = conflicts(it.project.merge(source, into, &consenting()).await.unwrap());
            it.project.resolve_conflict(found[0].id.unwrap(), Resolution::Choice(Choice::Ours)).await.unwrap();
            let merged = it.project.continue_merge(into, &consenting()).await.unwrap();
            assert!(matches!(merged, MergeOutcome::Merged(_)), "{merged:#?}");
        }
        // `a` says 'a' and `b` says 'b', and neither is what it was before.
        let found = conflicts(it.project.merge("b", "a", &consenting()).await.unwrap());
        assert_eq!(found[0].conflict.kind, ConflictKind::EditEdit);
        it.close().await;
    }
}

#[tokio::test]
async fn the_target_moves_between_a_conflict_and_its_decision() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        it.change("a", "ALTER TABLE users ALTER COLUMN name TYPE varchar(10)", &[]).await;
        it.change("b", "ALTER TABLE users ADD COLUMN b int", &[]).await;
        it.change("main", "ALTER TABLE users ALTER COLUMN name TYPE varchar(20)", &[]).await;
        let found = conflicts(it.project.merge("a", "main", &consenting()).await.unwrap());
        assert_eq!((found[0].our_branch.as_str(), found[0].their_branch.as_str()), ("main", "a"));
        assert_eq!(found[0].our_actors, ["owner"]);
        // Nobody merges into main meanwhile but by a dry run, and an admin changes it.
        let error = it.project.merge("b", "main", &consenting()).await.unwrap_err();
        assert_eq!(error.code, "merge_open");
        let dry = MergeOptions { dry_run: true, ..consenting() };
        assert!(matches!(it.project.merge("b", "main", &dry).await.unwrap(), MergeOutcome::Merged(_)));
        it.change("main", "ALTER TABLE users ADD COLUMN mine int", &[]).await;
        let error = it.project.continue_merge("main", &consenting()).await.unwrap_err();
        assert_eq!(error.code, "conflicts_open");
        it.project.resolve_conflict(found[0].id.unwrap(), Resolution::Choice(Choice::Theirs)).await.unwrap();
        let merged = it.project.continue_merge("main", &consenting()).await.unwrap();
        let MergeOutcome::Merged(merging) = merged else { panic!("{merged:#?}") };
        assert_eq!(merging.sql.lines().count(), 1, "{}", merging.sql);
        assert_eq!(it.rows("main", "SELECT name, mine FROM users WHERE id = 1").await, "Ada | null");
        assert!(it.project.conflicts().await.unwrap().is_empty());
        let shown = it.project.show("main").await.unwrap();
        assert_eq!(shown.proof.unwrap()["found"], serde_json::json!(merging.proof.found));
        it.close().await;
    }
}

#[tokio::test]
async fn a_merge_is_given_up_and_begun_again() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        it.change("a", "ALTER TABLE users ADD COLUMN score int", &[]).await;
        it.change("main", "ALTER TABLE users ADD COLUMN score text", &[]).await;
        let head = it.project.branch("main").await.unwrap().head;
        let found = conflicts(it.project.merge("a", "main", &consenting()).await.unwrap());
        assert_eq!(found[0].conflict.auto, Some(Choice::Both));
        let error = it.project.resolve_conflict(found[0].id.unwrap() + 100, Resolution::Choice(Choice::Ours)).await;
        assert_eq!(error.unwrap_err().code, "unknown_conflict");
        it.project.abort_merge("main").await.unwrap();
        assert_eq!(it.project.abort_merge("main").await.unwrap_err().code, "no_merge");
        assert_eq!(it.project.branch("main").await.unwrap().head, head);
        let auto = MergeOptions { auto_resolve: true, ..consenting() };
        let merged = it.project.merge("a", "main", &auto).await.unwrap();
        assert!(matches!(merged, MergeOutcome::Merged(_)), "{merged:#?}");
        assert_eq!(it.left_over().await, "");
        it.close().await;
    }
}

#[tokio::test]
async fn what_was_merged_by_another_way_needs_no_decision_any_more() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        it.change("a", "ALTER TABLE users ALTER COLUMN name SET DEFAULT 'a'", &[]).await;
        it.change("b", "ALTER TABLE users ALTER COLUMN name SET DEFAULT 'b'", &[]).await;
        it.change("other", "ALTER TABLE users ADD COLUMN other int", &[]).await;
        it.project.create_branch("b1", Some("b")).await.unwrap();
        conflicts(it.project.merge("a", "b", &consenting()).await.unwrap());
        // b1 settles it and is merged into b while that merge waits: only by giving it up.
        let found = conflicts(it.project.merge("a", "b1", &consenting()).await.unwrap());
        it.project.resolve_conflict(found[0].id.unwrap(), Resolution::Choice(Choice::Ours)).await.unwrap();
        it.project.continue_merge("b1", &consenting()).await.unwrap();
        it.project.abort_merge("b").await.unwrap();
        it.merged("b1", "b").await;
        let outcome = it.project.merge("a", "b", &consenting()).await.unwrap();
        assert!(matches!(outcome, MergeOutcome::UpToDate { uncommitted: false, .. }), "{outcome:#?}");
        it.close().await;
    }
}

#[tokio::test]
async fn other_branches_are_targets_too() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        it.change("agent/x", "ALTER TABLE users ADD COLUMN x int; UPDATE users SET x = id", &[]).await;
        it.change("agent/y", "ALTER TABLE users ADD COLUMN y int", &[]).await;
        it.merged("agent/y", "agent/x").await;
        assert_eq!(it.rows("agent/x", "SELECT x, y FROM users WHERE id = 2").await, "2 | null");
        assert_eq!(it.project.merge("main", "main", &consenting()).await.unwrap_err().code, "merge_with_itself");
        // Changes that are not committed are neither overwritten nor merged.
        it.sql("agent/x", "ALTER TABLE users ADD COLUMN loose int").await;
        it.change("agent/y", "ALTER TABLE users ADD COLUMN y2 int", &[]).await;
        let error = it.project.merge("agent/y", "agent/x", &consenting()).await.unwrap_err();
        assert_eq!(error.code, "uncommitted_changes");
        assert!(error.message.contains("public.users.loose"), "{error}");
        it.sql("agent/x", "ALTER TABLE users DROP COLUMN loose").await;
        it.merged("agent/y", "agent/x").await;
        assert_eq!(it.left_over().await, "");
        it.close().await;
    }
}

#[tokio::test]
async fn drift_on_main_stops_merges_until_it_is_adopted() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        it.change("a", "ALTER TABLE users ADD COLUMN a int", &[]).await;
        it.sql("main", "CREATE INDEX by_hand ON users (name); ALTER TABLE users ADD COLUMN hand int DEFAULT 5").await;
        let error = it.project.merge("a", "main", &consenting()).await.unwrap_err();
        assert_eq!(error.code, "drift");
        assert!(error.message.contains("by_hand") && error.message.contains("public.users.hand"), "{error}");
        assert_eq!(it.project.commit("main", "By hand", vec![], false).await.unwrap_err().code, "main_protected");
        it.project.commit("main", "By hand", vec![], true).await.unwrap();
        it.merged("a", "main").await;
        assert_eq!(it.rows("main", "SELECT a, hand FROM users WHERE id = 1").await, "null | 5");
        // Drift that is the very change of the branch.
        it.change("b", "ALTER TABLE users ADD COLUMN b int", &[]).await;
        it.sql("main", "ALTER TABLE users ADD COLUMN b int").await;
        assert_eq!(it.project.merge("b", "main", &consenting()).await.unwrap_err().code, "drift");
        it.project.commit("main", "By hand again", vec![], true).await.unwrap();
        it.merged("b", "main").await;
        assert_eq!(it.left_over().await, "");
        it.close().await;
    }
}

#[tokio::test]
async fn dry_runs_leave_nothing_behind() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        it.change("a", "ALTER TABLE users ADD COLUMN a int", &[]).await;
        let dry = MergeOptions { dry_run: true, ..MergeOptions::default() };
        let outcome = it.project.merge("a", "main", &dry).await.unwrap();
        let MergeOutcome::Merged(merging) = outcome else { panic!("{outcome:#?}") };
        assert!(merging.commit.is_none() && merging.applied.is_none());
        it.change("main", "ALTER TABLE users ADD COLUMN a text", &[]).await;
        let found = conflicts(it.project.merge("a", "main", &dry).await.unwrap());
        assert!(found[0].id.is_none() && it.project.conflicts().await.unwrap().is_empty());
        assert_eq!(it.left_over().await, "");
        it.close().await;
    }
}

#[tokio::test]
async fn a_commit_is_taken_back_across_later_renames() {
    for server in servers() {
        let mut it = Bench::new(server, &format!("{USERS} CREATE VIEW old_names AS SELECT name FROM users;")).await;
        let drop = "DROP VIEW old_names; ALTER TABLE users ADD COLUMN note text;
            CREATE INDEX users_note ON users (note, name)";
        it.change("a", drop, &[]).await;
        it.merged("a", "main").await;
        let change = "ALTER TABLE users RENAME COLUMN name TO full_name; ALTER TABLE users RENAME TO people;
            CREATE VIEW loud AS SELECT upper(full_name) AS loud FROM people";
        it.change("b", change, &[]).await;
        it.merged("b", "main").await;
        let reverted = it.project.revert("main~1", "main", Vec::new(), true).await.unwrap();
        assert_eq!(reverted.branch, "main");
        assert_eq!(it.rows("main", "SELECT name FROM old_names ORDER BY 1").await, "Ada\nBob");
        assert_eq!(it.rows("main", "SELECT * FROM people ORDER BY 1").await, "1 | Ada\n2 | Bob");
        // And the renames themselves, with the view that was made in their names.
        it.project.revert("main~1", "main", Vec::new(), true).await.unwrap();
        assert_eq!(it.rows("main", "SELECT name FROM old_names ORDER BY 1").await, "Ada\nBob");
        assert_eq!(it.rows("main", "SELECT id, name FROM users ORDER BY 1").await, "1 | Ada\n2 | Bob");
        assert_eq!(it.unclean("main").await, "");
        assert_eq!(it.left_over().await, "");
        it.close().await;
    }
}

#[tokio::test]
async fn rows_are_taken_back_only_by_sql() {
    for server in servers() {
        let mut it = Bench::new(server, USERS).await;
        it.change("a", "UPDATE users SET name = upper(name)", &["UPDATE users SET name = upper(name)"]).await;
        it.merged("a", "main").await;
        let error = it.project.revert("main", "main", Vec::new(), false).await.unwrap_err();
        assert_eq!(error.code, "nothing_to_revert", "{error}");
        let back = vec![DataStep::new("back", "UPDATE users SET name = initcap(name)")];
        it.project.revert("main", "main", back, false).await.unwrap();
        assert_eq!(it.rows("main", "SELECT name FROM users ORDER BY id").await, "Ada\nBob");
        it.close().await;
    }
}
