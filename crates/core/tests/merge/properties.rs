//! What holds of all merges, tried on random schemas and random changes.
//!
//! `SEEDS=100..120` tries others than the usual ones; `SEED=7` tries one and tells what happens.

use crate::bench::{Bench, consenting};
use crate::random;
use crate::support::{Server, servers};
use pleach_core::change::{Merged, merge};
use pleach_core::schema::{Kind, Lineage, Tree};
use pleach_core::{Class, MergeOutcome};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

fn seeds() -> Range<u64> {
    let number = |text: &str| text.trim().parse::<u64>().unwrap();
    if let Ok(seed) = std::env::var("SEED") {
        return number(&seed)..number(&seed) + 1;
    }
    match std::env::var("SEEDS") {
        Ok(seeds) => {
            let (from, to) = seeds.split_once("..").unwrap();
            number(from)..number(to)
        }
        Err(_) => 1..13,
    }
}

#[test]
fn random_merges() {
    let seeds = seeds();
    let next = AtomicU64::new(seeds.start);
    let (merged, conflicting) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < seeds.end) {
                    for server in servers() {
                        let both = runtime.block_on(try_seed(server, seed));
                        if both { &merged } else { &conflicting }.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    eprintln!("{} merged, {} conflicting", merged.into_inner(), conflicting.into_inner());
}

/// Two branches with random changes, merged in both orders. Returns whether that worked out.
async fn try_seed(server: &Server, seed: u64) -> bool {
    let mut it = Bench::new(server, "").await;
    run_all(&it, "main", &random::schema(seed)).await;
    fill(&it).await;
    let adopted = it.project.commit("main", "Base", Vec::new(), true).await;
    assert!(adopted.is_ok(), "seed {seed}: {adopted:?}");
    let base = head(&it, "main").await;
    for (branch, salt) in [("a", 1_000_003), ("b", 2_000_003)] {
        it.project.create_branch(branch, None).await.unwrap();
        let changes = random::changes(seed.wrapping_mul(31).wrapping_add(salt), &base, 3);
        run_all(&it, branch, &changes).await;
        match it.project.commit(branch, "Change", Vec::new(), false).await {
            Err(error) if error.code != "nothing_to_commit" => panic!("seed {seed}: {error}"),
            _ => {}
        }
    }
    let (a, b) = (head(&it, "a").await, head(&it, "b").await);
    unchanged_sides(seed, &base, &a, &b);
    for into in ["x", "y"] {
        it.project.create_branch(into, None).await.unwrap();
    }
    let rows = counts(&it, "x").await;
    let one = both_into(&mut it, seed, "x", ["a", "b"]).await;
    let other = both_into(&mut it, seed, "y", ["b", "a"]).await;
    let worked = match (one, other) {
        (Some(one), Some(other)) => {
            assert_eq!(one, other, "seed {seed}: the order of merges makes a difference");
            let kept = counts(&it, "x").await;
            for (lineage, before) in rows {
                let after = kept.get(&lineage);
                assert!(after.is_none_or(|after| *after == before), "seed {seed}: rows of {lineage:?} were lost");
            }
            true
        }
        (None, None) => false,
        (one, _) => {
            let (does, does_not) = if one.is_some() { ("a, b", "b, a") } else { ("b, a", "a, b") };
            panic!("seed {seed}: merging {does} works, {does_not} does not")
        }
    };
    assert_eq!(it.left_over().await, "", "seed {seed}");
    it.close().await;
    worked
}

/// Runs what PostgreSQL accepts of some statements.
async fn run_all(it: &Bench, branch: &str, statements: &[String]) {
    let session = it.session(branch).await;
    for sql in statements {
        let wrapped = format!("BEGIN; {sql}; COMMIT");
        if let Err(error) = session.batch_execute(&wrapped).await {
            session.batch_execute("ROLLBACK").await.unwrap();
            if std::env::var_os("SEED").is_some() {
                eprintln!("{branch} refuses: {sql}\n  {:?}", error.as_db_error().map(|e| e.message()));
            }
        } else if std::env::var_os("SEED").is_some() {
            eprintln!("{branch}: {sql}");
        }
    }
    session.close().await;
}

/// Puts a row into each table that takes one.
async fn fill(it: &Bench) {
    let session = it.session("main").await;
    let sql = "select oid::regclass::text from pg_class where relkind in ('r', 'p') and oid > 16384
        and relnamespace <> 'pg_catalog'::regnamespace and relnamespace <> 'information_schema'::regnamespace
        and relnamespace::regnamespace::text <> 'pleach' order by 1";
    for row in session.query(sql, &[]).await.unwrap() {
        let table: String = row.get(0);
        // Where a value is needed, there is none.
        let _ = session.batch_execute(&format!("INSERT INTO {table} DEFAULT VALUES")).await;
    }
    session.close().await;
}

async fn head(it: &Bench, branch: &str) -> Tree {
    let head = it.project.resolve(branch).await.unwrap();
    it.project.tree(&head).await.unwrap()
}

/// How many rows each table has.
async fn counts(it: &Bench, branch: &str) -> BTreeMap<Lineage, String> {
    let mut out = BTreeMap::new();
    for (address, entry) in head(it, branch).await.iter().filter(|(address, _)| address.kind == Kind::Table) {
        let count = it.rows(branch, &format!("SELECT count(*) FROM {}", address.sql())).await;
        out.insert(entry.lineage, count);
    }
    out
}

/// Merges two branches into a third; the hash of the tree it ends at, or `None` for conflicts.
async fn both_into(it: &mut Bench, seed: u64, into: &str, sources: [&str; 2]) -> Option<String> {
    for source in sources {
        match it.project.merge(source, into, &consenting()).await {
            Ok(MergeOutcome::Merged(merging)) => {
                assert_eq!(merging.proof.expected, merging.proof.found, "seed {seed}");
                assert_eq!(it.unclean(into).await, "", "seed {seed}: what was proved is what is there");
            }
            Ok(MergeOutcome::UpToDate { .. }) => {}
            Ok(MergeOutcome::Conflicts { conflicts, .. }) => {
                if std::env::var_os("SEED").is_some() {
                    conflicts.iter().for_each(|view| eprintln!("{source} into {into}: {}", view.conflict.message));
                }
                it.project.abort_merge(into).await.unwrap();
                return None;
            }
            Err(error) => {
                assert_ne!(error.class, Class::Internal, "seed {seed}, {source} into {into}: {error}");
                panic!("seed {seed}, {source} into {into}: {error}");
            }
        }
    }
    Some(head(it, into).await.hash().to_string())
}

/// Merging with a side that did nothing is the other side; with the same side, that side.
fn unchanged_sides(seed: u64, base: &Tree, a: &Tree, b: &Tree) {
    let merge = |base: &Tree, ours: &Tree, theirs: &Tree| merge(base, ours, theirs, &BTreeMap::new(), false);
    let is = |merged: Merged, expected: &Tree, what: &str| {
        assert_eq!(merged.conflicts, [], "seed {seed}: {what}");
        assert_eq!(merged.stale, [], "seed {seed}: {what}");
        let differences = pleach_core::change::diff(&merged.tree, expected);
        assert!(merged.tree == *expected && differences.is_empty(), "seed {seed}: {what}: {differences:?}");
        for (address, entry) in expected.iter() {
            assert_eq!(merged.tree.lineage(address), Some(entry.lineage), "seed {seed}: {what}: {address}");
        }
    };
    for side in [a, b] {
        is(merge(base, side, base), side, "theirs did nothing");
        is(merge(base, base, side), side, "ours did nothing");
        is(merge(base, side, side), side, "both are the same");
    }
    // The same conflicts, whichever side is called ours.
    let kinds = |merged: Merged| {
        let mut kinds: Vec<_> =
            merged.conflicts.into_iter().map(|conflict| (conflict.kind, conflict.objects)).collect();
        kinds.iter_mut().for_each(|(_, objects)| objects.sort());
        kinds.sort();
        kinds.into_iter().map(|(kind, _)| kind).collect::<Vec<_>>()
    };
    let (one, other) = (kinds(merge(base, a, b)), kinds(merge(base, b, a)));
    assert_eq!(one.is_empty(), other.is_empty(), "seed {seed}: {one:?} one way and {other:?} the other");
}
