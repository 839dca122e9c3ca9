//! Branches and where their data comes from.

use crate::project::{Scratch, bins};
use pleach_core::connect;

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_taken_anew_beside_running_work() {
    for bin in bins() {
        let sql = "CREATE TYPE mood AS ENUM ('glad', 'sad');
            CREATE TABLE a (id int PRIMARY KEY, b_id int, m mood);
            CREATE TABLE b (id serial PRIMARY KEY, a_id int REFERENCES a, double int GENERATED ALWAYS AS (id * 2) STORED);
            ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b;
            INSERT INTO a VALUES (1, NULL, 'glad'); INSERT INTO b (a_id) VALUES (1); UPDATE a SET b_id = 1;
            CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM a;";
        let mut it = Scratch::from_sql(&bin, sql).await;
        it.sql("main", "INSERT INTO a VALUES (2, 1, 'sad')").await;
        let idle = it.refresh_snapshot("main").await.unwrap();
        assert_eq!(idle.way, "template");
        it.create_branch("agent/idle", None).await.unwrap();
        assert_eq!(it.value("agent/idle", "SELECT count(*)::text FROM a").await, "2");

        let busy = connect::connect(&it.branch_target("main", false).await.unwrap(), "busy").await.unwrap();
        busy.batch_execute("BEGIN; INSERT INTO a VALUES (3, 1, 'sad')").await.unwrap();
        let taken = it.refresh_snapshot("main").await.unwrap();
        assert_eq!(taken.way, "restore");
        // main is neither blocked nor disconnected in order to branch from it.
        it.create_branch("agent/busy", None).await.unwrap();
        busy.batch_execute("COMMIT").await.unwrap();
        assert_eq!(it.value("agent/busy", "SELECT count(*)::text FROM a").await, "2", "what was committed, no more");
        it.sql("agent/busy", "INSERT INTO b (a_id) VALUES (1)").await;
        assert_eq!(it.value("agent/busy", "SELECT string_agg(double::text, ',' ORDER BY id) FROM b").await, "2,4");
        it.change("agent/busy", "ALTER TABLE a RENAME TO alpha").await;
        let merging = it.merged("agent/busy").await;
        assert_eq!(merging.sql.trim(), "ALTER TABLE public.a RENAME TO alpha;");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_branches_side_by_side() {
    let bin = &bins()[0];
    let mut it = Scratch::from_sql(bin, "CREATE TABLE t (id int PRIMARY KEY)").await;
    let count = 200;
    for number in 0..count {
        it.create_branch(&format!("agent/{number}"), None).await.unwrap();
    }
    it.sql("agent/7", "INSERT INTO t VALUES (7)").await;
    assert_eq!(it.value("agent/8", "SELECT count(*)::text FROM t").await, "0");
    let info = it.branch_info("agent/7").await.unwrap();
    assert!(info.bytes > 0 && info.name == "agent/7");
    assert_eq!(it.branches().await.unwrap().len(), count + 1);
    for number in 0..count {
        it.delete_branch(&format!("agent/{number}"), true).await.unwrap();
    }
    assert_eq!(it.branches().await.unwrap().len(), 1);
    assert!(it.fsck().await.unwrap().damages.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_names_are_told_apart() {
    let bin = &bins()[0];
    let mut it = Scratch::from_sql(bin, "CREATE TABLE t (id int PRIMARY KEY)").await;
    for name in ["", "a b", "-a", "a..b", "a/", "x.lock"] {
        assert_eq!(it.create_branch(name, None).await.unwrap_err().code, "invalid_branch_name", "{name:?}");
    }
    it.create_branch("agent/one", None).await.unwrap();
    assert_eq!(it.create_branch("agent/one", None).await.unwrap_err().code, "branch_exists");
    let error = it.create_branch("agent/two", Some("agent/on")).await.unwrap_err();
    assert!(error.hint.unwrap_or_default().contains("agent/one"));
    it.create_branch("agent/three", Some("agent/one")).await.unwrap();
}
