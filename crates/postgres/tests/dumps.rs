//! The corpus of pairs held against psql and pg_dump alone: each pair is run in both orders on
//! copies of the base database, each change in a transaction of its own, and the dumps are compared.
//!
//! A server whose build has no pg_dump cannot be asked this way: the managed builds of PostgreSQL 18
//! have none. At least one can, or the test fails.
//!
//! `footprint/dumps.txt` has the pairs of which a dump tells something else than the corpus, with the
//! reason. `PAIR=text` shows what is found for those that have the text in them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/corpus.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod corpus;
#[path = "support/dump.rs"]
mod dump;
#[allow(dead_code, reason = "other tests use the rest of it")]
mod support;

use corpus::{Pair, folder, topics};
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{Cluster, clusters};

/// How many work at once, each in a database of its own: they wait for checkpoints most of the time.
const AT_ONCE: usize = 8;

/// A server and its programs, with what is known already.
struct Oracle<'a> {
    cluster: &'a Cluster,
    alone: Mutex<HashMap<String, Option<String>>>,
}

impl Oracle<'_> {
    fn program(&self, program: &str, database: &str) -> Command {
        let mut command = Command::new(self.cluster.bin.join(program));
        command.env("PGHOST", self.cluster.dir.path()).env("PGUSER", "postgres").env("PGDATABASE", database);
        command.env("PGOPTIONS", "-c client_min_messages=error");
        command
    }

    /// Runs SQL in one transaction, and where PostgreSQL does not have it in one, without. Says
    /// whether it was accepted.
    fn psql(&self, database: &str, sql: &str) -> bool {
        let run = |one: &[&str]| {
            let mut psql = self.program("psql", database);
            psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"]).args(one);
            let mut psql = psql.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            psql.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
            psql.wait_with_output().unwrap()
        };
        let mut output = run(&["-1"]);
        if String::from_utf8_lossy(&output.stderr).contains("cannot run inside a transaction block") {
            output = run(&[]);
        }
        output.status.success()
    }

    fn dump(&self, database: &str) -> String {
        let output = self.program("pg_dump", database).output().unwrap();
        assert!(output.status.success(), "pg_dump: {}", String::from_utf8_lossy(&output.stderr));
        dump::normalised(&String::from_utf8(output.stdout).unwrap())
    }

    /// What is left of changes, one after the other; nothing where one was refused.
    fn after(&self, database: &str, changes: &[&str]) -> Option<String> {
        let anew = format!("DROP DATABASE IF EXISTS {database};\nCREATE DATABASE {database} TEMPLATE corpus;");
        let mut psql = self.program("psql", "postgres");
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1"]);
        anew.lines().for_each(|line| {
            psql.args(["-c", line]);
        });
        assert!(psql.status().unwrap().success(), "{anew}");
        changes.iter().all(|change| self.psql(database, change)).then(|| self.dump(database))
    }

    fn after_alone(&self, database: &str, change: &str) -> Option<String> {
        let known = self.alone.lock().unwrap().get(change).cloned();
        known.unwrap_or_else(|| {
            let left = self.after(database, &[change]);
            self.alone.lock().unwrap().insert(change.to_owned(), left.clone());
            left
        })
    }

    fn verdict(&self, database: &str, pair: &Pair) -> &'static str {
        let (a, b) = (pair.a.as_str(), pair.b.as_str());
        let (ab, ba) = (self.after(database, &[a, b]), self.after(database, &[b, a]));
        let same = || {
            let (a, b) = (self.after_alone(database, a), self.after_alone(database, b));
            a.is_some() && a == b
        };
        match (&ab, &ba) {
            (Some(one), Some(other)) if one != other => "diverges",
            _ if same() => "identical",
            (Some(_), None) => "order_required a",
            (None, Some(_)) => "order_required b",
            (Some(_), Some(_)) => "commutes",
            (None, None) => "incompatible",
        }
    }

    /// The verdicts of all pairs.
    fn verdicts(&self, pairs: &[Pair]) -> BTreeMap<usize, &'static str> {
        let (next, verdicts) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
        std::thread::scope(|scope| {
            for worker in 0..AT_ONCE {
                let (next, verdicts) = (&next, &verdicts);
                scope.spawn(move || {
                    let database = format!("copy_{worker}");
                    while let (number, Some(pair)) = take(next, pairs) {
                        let verdict = self.verdict(&database, pair);
                        verdicts.lock().unwrap().insert(number, verdict);
                    }
                });
            }
        });
        verdicts.into_inner().unwrap()
    }
}

fn take<'a>(next: &AtomicUsize, pairs: &'a [Pair]) -> (usize, Option<&'a Pair>) {
    let number = next.fetch_add(1, Ordering::Relaxed);
    (number, pairs.get(number))
}

#[test]
fn dumps_tell_the_same_of_every_pair() {
    let pairs: Vec<Pair> = topics().into_iter().flat_map(|topic| topic.pairs).collect();
    let known = std::fs::read_to_string(folder().join("dumps.txt")).unwrap();
    let known = known.split("\n\n").map(str::trim).filter(|block| !block.is_empty() && !block.starts_with('#'));
    let known: Vec<&str> = known.collect();
    let only = std::env::var_os("PAIR").is_some();
    let (mut servers, mut failed) = (0, vec![]);
    for cluster in clusters().iter().filter(|cluster| cluster.bin.join("pg_dump").exists()) {
        servers += 1;
        let oracle = Oracle { cluster, alone: Mutex::default() };
        let base = format!("CREATE ROLE reader; CREATE ROLE writer;\n{}", corpus::base());
        assert!(oracle.psql("postgres", "CREATE DATABASE corpus"));
        assert!(oracle.psql("corpus", &base));
        let (mut agree, mut differ) = (0, vec![]);
        for (number, verdict) in oracle.verdicts(&pairs) {
            let pair = &pairs[number];
            if only {
                println!("A: {}\nB: {}\n= {verdict}\n", pair.a, pair.b);
            }
            // That a function broke shows in no dump.
            let said = pair.said_on(cluster.major).filter(|said| *said != "dependency");
            if said.is_none_or(|said| said == verdict) {
                agree += 1;
            } else {
                differ.push(format!("A: {}\nB: {}\n= {verdict}\n", pair.a, pair.b));
            }
        }
        println!("PostgreSQL {}: {agree} pairs as written, {} otherwise", cluster.major, differ.len());
        let listed = |found: &&String| known.iter().any(|block| block.starts_with(found.as_str()));
        failed.extend(differ.iter().filter(|found| !listed(found)).map(|found| format!("not listed:\n{found}")));
        let is_found = |block: &&&str| differ.iter().any(|found| block.starts_with(found.as_str()));
        if !only {
            failed.extend(
                known.iter().filter(|block| !is_found(block)).map(|block| format!("listed for nothing:\n{block}")),
            );
        }
    }
    assert!(servers > 0, "no server has pg_dump: name a folder that has it in PLEACH_TEST_PG_BINS");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
