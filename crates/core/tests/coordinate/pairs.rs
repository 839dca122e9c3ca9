//! The corpus of pairs, declared by two agents: every conflict is told, and few that are none.
//!
//! A harmful pair counts as found where something keeps the two from being merged as they are: a
//! conflict that blocks, the order that is known because one builds on the other, or that one was
//! refused. The last only counts where PostgreSQL refuses that change on `main` by itself, which is
//! looked up without Pleach.

use crate::agents::{Agents, Told};
use crate::corpus::{Pair, base, is_harmless, topics};
use crate::support::{Server, servers};
use std::fmt::Write;
use tokio::runtime::Runtime;

/// How many of a hundred harmless pairs may be taken for harmful, having run them.
const ALARMS: usize = 2;
/// How many, without.
const ALARMS_UNVERIFIED: usize = 15;

/// What came of a way to find conflicts.
#[derive(Default)]
struct Score {
    harmful: usize,
    found: usize,
    harmless: usize,
    alarms: Vec<String>,
    failed: Vec<String>,
}

impl Score {
    fn show(&self, what: &str, version: u32) -> String {
        let Self { harmful, found, harmless, alarms, .. } = self;
        let mut out = format!(
            "PostgreSQL {version}, {what}: {found} of {harmful} harmful pairs found; {} of {harmless} harmless ones taken for harmful\n",
            alarms.len()
        );
        alarms.iter().for_each(|alarm| writeln!(out, "  {alarm}").unwrap());
        out
    }

    fn count(&mut self, pair: &Pair, verdict: &str, told: &Told, is_found: bool) {
        let text =
            || format!("{}\n  {}\n  PostgreSQL says {verdict}, and they were told{}", pair.a, pair.b, told.show());
        if is_harmless(verdict) {
            self.harmless += 1;
            if is_found {
                self.alarms.push(text());
            }
        } else {
            self.harmful += 1;
            self.found += usize::from(is_found);
            if !is_found {
                self.failed.push(format!("not found: {}", text()));
            }
        }
    }
}

#[test]
fn agents_are_told_of_every_conflict_and_of_few_that_are_none() {
    let (only, failed) = (std::env::var_os("PAIR").is_some(), on_every_server());
    assert!(failed.is_empty() || only, "{}", failed.join("\n"));
}

/// Runs the corpus on every server, each on a thread of its own; returns what went wrong.
fn on_every_server() -> Vec<String> {
    std::thread::scope(|scope| {
        let work = |server| move || Runtime::new().unwrap().block_on(hold(server));
        let threads: Vec<_> = servers().iter().map(|server| scope.spawn(work(server))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

async fn hold(server: &Server) -> Vec<String> {
    let client = server.connect("postgres").await;
    for role in ["reader", "writer"] {
        client.batch_execute(&format!("CREATE ROLE {role}")).await.unwrap();
    }
    let version: String = client.query_one("SHOW server_version_num", &[]).await.unwrap().get(0);
    let version = version.parse::<u32>().unwrap() / 10_000;
    let mut agents = Agents::new(server, &base()).await;
    let (mut run, mut read) = (Score::default(), Score::default());
    for pair in topics().into_iter().flat_map(|topic| topic.pairs) {
        let verdict = pair.said_on(version).unwrap();
        let told = agents.declare(&pair.a, &pair.b, true).await;
        run.count(&pair, verdict, &told, told.is_warned());
        let told = agents.declare(&pair.a, &pair.b, false).await;
        read.count(&pair, verdict, &told, told.is_harmful());
        if told.conflicts.iter().any(|conflict| conflict.verified) {
            read.failed.push(format!("said to be verified: {}\n{}{}", pair.a, pair.b, told.show()));
        }
    }
    agents.close(server).await;
    println!("{}{}", run.show("having run them", version), read.show("having read them", version));
    for (score, most) in [(&mut run, ALARMS), (&mut read, ALARMS_UNVERIFIED)] {
        if score.alarms.len() * 100 > score.harmless * most {
            score.failed.push(format!("{} false alarms among {} harmless pairs", score.alarms.len(), score.harmless));
        }
    }
    run.failed.append(&mut read.failed);
    run.failed
}
