//! Footprints and clashes held against an oracle that knows nothing of them: every pair of changes
//! in `footprint/pairs` is run in both orders on a server, and what is left is compared.
//!
//! A pair is two lines, `A: …` and `B: …`, and below them what the oracle said: `= commutes`. Where
//! versions say otherwise there is a line for each: `= 18: diverges`. `UPDATE=1 cargo test` writes
//! them anew, except `= dependency`, which is a pair that PostgreSQL accepts in either order and of
//! which one breaks a function of the other. `PAIR=text` runs those that have the text in them, and
//! shows their footprints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/corpus.rs"]
mod corpus;
mod support;

use corpus::{Pair, Topic, base as base_sql, folder, is_harmless, topics};
use futures_util::StreamExt;
use pleach_change::footprint::{Access, Clash, Footprint, Surroundings, clashes, footprint_in};
use pleach_postgres::catalog::{ReadOptions, read};
use pleach_schema::{Entry, Kind, Lineage, Tree};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::sync::Arc;
use support::{Cluster, clusters};
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

/// How many pairs the corpus has at least.
const PAIRS: usize = 600;
/// How many of a hundred harmless pairs may be taken for harmful.
const FALSE_ALARMS: usize = 15;

/// Each way begins in a transaction. Counters are not taken back with one, but for those that were
/// set anew in it.
const BEGIN: &str = "BEGIN; SET LOCAL search_path = public; ALTER SEQUENCE users_id_seq RESTART WITH 3;
    ALTER SEQUENCE orders_id_seq RESTART WITH 3; ALTER SEQUENCE ticket RESTART WITH 1";

/// What the oracle knows: what is left after changes, or what the server said.
struct Oracle {
    client: Client,
    state: Statement,
    alone: HashMap<String, Result<String, String>>,
}

impl Oracle {
    async fn new(client: Client) -> Self {
        let state = client.prepare(&std::fs::read_to_string(folder().join("state.sql")).unwrap()).await.unwrap();
        Self { client, state, alone: HashMap::new() }
    }

    async fn after(&self, changes: &[&str]) -> Result<String, String> {
        self.client.batch_execute(BEGIN).await.unwrap();
        let result = self.state_after(changes).await;
        self.client.batch_execute("ROLLBACK; RESET ALL").await.unwrap();
        result
    }

    async fn state_after(&self, changes: &[&str]) -> Result<String, String> {
        let said =
            |error: tokio_postgres::Error| error.as_db_error().map_or(error.to_string(), |e| e.message().to_owned());
        for change in changes {
            self.client.batch_execute(change).await.map_err(said)?;
        }
        self.client.batch_execute("SET LOCAL search_path = ''").await.unwrap();
        Ok(self.client.query_one(&self.state, &[]).await.map_err(said)?.get(0))
    }

    async fn after_alone(&mut self, change: &str) -> Result<String, String> {
        if let Some(known) = self.alone.get(change) {
            return known.clone();
        }
        let result = self.after(&[change]).await;
        self.alone.insert(change.to_owned(), result.clone());
        result
    }

    /// The verdict of a pair, from what the server does with it.
    async fn verdict(&mut self, pair: &Pair) -> &'static str {
        let (ab, ba) = (self.after(&[&pair.a, &pair.b]).await, self.after(&[&pair.b, &pair.a]).await);
        let alone = (self.after_alone(&pair.a).await, self.after_alone(&pair.b).await);
        let same = matches!(alone, (Ok(x), Ok(y)) if x == y);
        match (&ab, &ba) {
            (Ok(x), Ok(y)) if x != y => "diverges",
            _ if same => "identical",
            (Ok(_), Err(_)) => "order_required a",
            (Err(_), Ok(_)) => "order_required b",
            (Ok(_), Ok(_)) => "commutes",
            (Err(_), Err(_)) => "incompatible",
        }
    }
}

/// What reading the two changes says.
struct Static {
    a: Footprint,
    b: Footprint,
    keys_meet: bool,
    clashes: Vec<Clash>,
}

impl Static {
    fn of(around: &Surroundings, pair: &Pair) -> Self {
        let path = ["public".to_owned()];
        let [a, b] = [&pair.a, &pair.b].map(|sql| footprint_in(around, sql, &path).unwrap());
        let theirs = b.keys();
        let meets = |mine: &pleach_change::footprint::Key| {
            theirs.iter().any(|other| other.text == mine.text && (other.strong || mine.strong))
        };
        let keys_meet = a.keys().iter().any(meets);
        let clashes = clashes(&a, &b, around.tree());
        Self { a, b, keys_meet, clashes }
    }

    fn is_harmless(&self) -> bool {
        self.clashes.iter().all(|clash| clash.verdict.is_harmless())
    }

    fn show(&self) -> String {
        format!("  A\n{}  B\n{}  clashes\n{}", show(&self.a), show(&self.b), show_clashes(&self.clashes))
    }
}

fn show(footprint: &Footprint) -> String {
    let mut out = String::new();
    for touch in &footprint.touches {
        write!(out, "  {} {:?} {}", touch.statement, touch.access, touch.object).unwrap();
        if let Some(attribute) = touch.attribute.as_ref().filter(|_| touch.object.kind != Kind::Index) {
            write!(out, " [{attribute}]").unwrap();
        }
        let flags = [(touch.implied, "implied"), (touch.lenient, "lenient"), (touch.missing, "missing")];
        for (_, flag) in flags.iter().filter(|(is, _)| *is) {
            write!(out, " {flag}").unwrap();
        }
        out.push('\n');
    }
    for opaque in &footprint.opaque {
        let boundless = if opaque.boundless { ", and may touch anything" } else { "" };
        writeln!(out, "  {} opaque: {:?} {}{boundless}", opaque.statement, opaque.access, opaque.what).unwrap();
    }
    for forbidden in &footprint.forbidden {
        writeln!(out, "  {} forbidden: {}", forbidden.statement, forbidden.why).unwrap();
    }
    if footprint.standalone {
        out.push_str("  cannot be in a transaction\n");
    }
    out
}

fn show_clashes(clashes: &[Clash]) -> String {
    let show = |c: &Clash| format!("  {:?} {}\n    {}\n    {}\n", c.class, c.verdict, c.why, c.suggestion);
    clashes.iter().map(show).collect()
}

/// The base schema in a new database.
async fn base(cluster: &Cluster, database: &str) -> Client {
    let client = cluster.create(database).await;
    for role in ["reader", "writer"] {
        // Roles are the server's: another run may have left them.
        let _ = client.batch_execute(&format!("CREATE ROLE {role}")).await;
    }
    client.batch_execute(&base_sql()).await.unwrap();
    client
}

async fn tree_of(client: &mut Client) -> Tree {
    let transaction = client.transaction().await.unwrap();
    let options = ReadOptions { own_roles: vec!["postgres".to_owned()] };
    let mut tree = Tree::default();
    for (number, found) in (1..).zip(read(&transaction, &options).await.unwrap().objects) {
        let entry = Entry { lineage: Lineage(Uuid::from_u128(number)), object: Arc::new(found.object) };
        tree.insert(found.address, entry).unwrap();
    }
    tree
}

/// Every verdict of the oracle, by pair. Nobody must be connected to the database, for those who work
/// at once would get in each other's way: each has a copy.
async fn judged(cluster: &Cluster, pairs: &[Pair]) -> Vec<&'static str> {
    /// How many work at once.
    const AT_ONCE: usize = 2;
    let admin = cluster.connect("postgres").await;
    let share = pairs.len().div_ceil(AT_ONCE).max(1);
    let mut parts = vec![];
    for (number, pairs) in pairs.chunks(share).enumerate() {
        let name = format!("corpus_{number}");
        copy(&admin, &name).await;
        parts.push(async move {
            let mut oracle = Oracle::new(cluster.connect(&name).await).await;
            let mut verdicts = vec![];
            for pair in pairs {
                verdicts.push(oracle.verdict(pair).await);
            }
            verdicts
        });
    }
    futures_util::stream::iter(parts).buffered(AT_ONCE).concat().await
}

/// Copies the database as soon as its last client is gone.
async fn copy(admin: &Client, name: &str) {
    for _ in 0..500 {
        if admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE corpus")).await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("corpus stays in use");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_conflict_is_found_and_few_are_made_up() {
    let topics = topics();
    let only = std::env::var("PAIR").ok();
    let pairs: Vec<Pair> = topics.iter().flat_map(|topic| topic.pairs.iter().cloned()).collect();
    assert!(only.is_some() || pairs.len() >= PAIRS, "only {} pairs", pairs.len());
    let mut said: BTreeMap<usize, BTreeMap<u32, &str>> = BTreeMap::new();
    let mut failed = vec![];
    for cluster in clusters() {
        let version = cluster.major;
        let mut client = base(&cluster, "corpus").await;
        let around = Surroundings::new(&tree_of(&mut client).await);
        drop(client);
        let verdicts = judged(&cluster, &pairs).await;
        let (mut harmful, mut found, mut harmless, mut alarms) = (0, 0, 0, vec![]);
        for (number, (pair, verdict)) in pairs.iter().zip(verdicts).enumerate() {
            said.entry(number).or_default().insert(version, verdict);
            let read = Static::of(&around, pair);
            let name = format!("{}\n  {}\n  PostgreSQL {version} says {verdict}", pair.a, pair.b);
            if only.is_some() {
                println!("{name}\n{}", read.show());
            }
            let is_dependency = pair.said.iter().any(|said| said == "dependency");
            if is_harmless(verdict) && !is_dependency {
                harmless += 1;
                if !read.is_harmless() {
                    alarms.push(name);
                }
                continue;
            }
            harmful += 1;
            if read.is_harmless() || !read.keys_meet {
                failed.push(format!("not found: {name}"));
            } else {
                found += 1;
            }
        }
        println!(
            "PostgreSQL {version}: {found} of {harmful} harmful pairs found; {} of {harmless} harmless ones taken for harmful:",
            alarms.len()
        );
        alarms.iter().for_each(|name| println!("  {name}"));
        if only.is_none() && alarms.len() * 100 > harmless * FALSE_ALARMS {
            failed.push(format!("{} false alarms among {harmless} harmless pairs", alarms.len()));
        }
    }
    if std::env::var_os("UPDATE").is_some() && only.is_none() {
        update(&topics, &said);
    } else {
        failed.extend(disagreements(&pairs, &said));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Pairs of which the file tells otherwise than the servers do.
fn disagreements(pairs: &[Pair], said: &BTreeMap<usize, BTreeMap<u32, &str>>) -> Vec<String> {
    let mut out = vec![];
    for (number, pair) in pairs.iter().enumerate().filter(|(_, pair)| pair.said != ["dependency"]) {
        for (version, verdict) in &said[&number] {
            if pair.said_on(*version) != Some(*verdict) {
                out.push(format!(
                    "{}\n  {}\n  PostgreSQL {version} says {verdict} (UPDATE=1 writes it)",
                    pair.a, pair.b
                ));
            }
        }
    }
    out
}

/// Writes what the servers said into the files.
fn update(topics: &[Topic], said: &BTreeMap<usize, BTreeMap<u32, &str>>) {
    let mut number = 0;
    for topic in topics {
        let mut blocks = vec![];
        for pair in &topic.pairs {
            let by_version = &said[&number];
            number += 1;
            let mut verdicts: Vec<&str> = by_version.values().copied().collect();
            verdicts.dedup();
            let lines: Vec<String> = match verdicts.as_slice() {
                _ if pair.said == ["dependency"] => vec!["= dependency".to_owned()],
                [one] => vec![format!("= {one}")],
                _ => by_version.iter().map(|(version, verdict)| format!("= {version}: {verdict}")).collect(),
            };
            blocks.push(format!("A: {}\nB: {}\n{}", pair.a, pair.b, lines.join("\n")));
        }
        std::fs::write(&topic.path, format!("{}\n", blocks.join("\n\n"))).unwrap();
    }
}

/// `footprint/cases.txt` shows what is read in a change, and what two changes mean for each other:
/// lines of SQL, and below them what must come out. `UPDATE=1 cargo test` writes it anew.
#[tokio::test(flavor = "multi_thread")]
async fn touches_and_clashes_are_as_written() {
    let path = folder().join("cases.txt");
    let text = std::fs::read_to_string(&path).unwrap();
    for cluster in clusters() {
        let mut client = base(&cluster, "cases").await;
        let around = Surroundings::new(&tree_of(&mut client).await);
        let mut out = vec![];
        for block in text.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
            let side = |start: &str| block.lines().find_map(|line| line.strip_prefix(start));
            let a = side("A: ").unwrap();
            let shown = match side("B: ") {
                None => format!("A: {a}\n{}", show(&footprint_in(&around, a, &["public".to_owned()]).unwrap())),
                Some(b) => {
                    let pair = Pair { a: a.to_owned(), b: b.to_owned(), said: vec![] };
                    format!("A: {a}\nB: {b}\n{}", show_clashes(&Static::of(&around, &pair).clashes))
                }
            };
            out.push(shown.trim_end().to_owned());
        }
        let out = format!("{}\n", out.join("\n\n"));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &out).unwrap();
        } else {
            assert!(out == text, "PostgreSQL {} gives (UPDATE=1 writes it):\n{out}", cluster.major);
        }
    }
}

#[test]
fn what_reaches_beyond_the_database_is_told() {
    let around = Surroundings::new(&Tree::default());
    let path = ["public".to_owned()];
    for sql in [
        "COPY t TO PROGRAM 'cat'",
        "COPY t FROM '/etc/passwd'",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpython3u AS 'pass'",
        "DO LANGUAGE plperlu $$ system('ls') $$",
        "SELECT dblink_exec('x', 'y')",
        "SELECT lo_import('/etc/passwd')",
        "LISTEN x",
        "NOTIFY x",
        "CREATE DATABASE d",
        "ALTER SYSTEM SET work_mem = '1GB'",
        "CREATE ROLE r",
        "GRANT a TO b",
        "ALTER ROLE r SUPERUSER",
        "SET ROLE r",
        "LOAD 'x'",
        "CREATE TABLESPACE s LOCATION '/x'",
        "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
        "DO $$ BEGIN PERFORM pg_read_file('x'); END $$",
    ] {
        let found = footprint_in(&around, sql, &path).unwrap();
        assert!(!found.forbidden.is_empty(), "{sql}");
    }
    let found = footprint_in(&around, "ALTER TABLE t ADD COLUMN x int", &path).unwrap();
    assert!(found.forbidden.is_empty());
    assert!(found.touches.iter().any(|touch| touch.missing && touch.access == Access::Lock));
}
