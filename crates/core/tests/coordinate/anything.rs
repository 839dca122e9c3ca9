//! Random pairs of changes of random schemas: no two that do not go together are kept quiet about.
//!
//! `PLEACH_PROPTEST_CASES` says how many schemas there are for each server, each with several pairs;
//! `PLEACH_SEED` with which one to begin.

use crate::agents::Agents;
use crate::corpus::folder;
use crate::random;
use crate::support::{Server, servers};
use pleach_core::schema::Tree;
use std::fmt::Write;
use tokio::runtime::Runtime;
use tokio_postgres::{Client, Statement};

/// Schemas for each server.
const USUAL: u64 = 4;
/// Pairs for each schema.
const PAIRS: usize = 10;
/// Changes that are tried to find them.
const CHANGES: u64 = 60;

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[test]
fn no_random_pair_that_does_harm_is_kept_quiet_about() {
    let failed: Vec<String> = std::thread::scope(|scope| {
        let work = |server| move || Runtime::new().unwrap().block_on(hold(server));
        let threads: Vec<_> = servers().iter().map(|server| scope.spawn(work(server))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

async fn hold(server: &Server) -> Vec<String> {
    let client = server.connect("postgres").await;
    let _ = client.batch_execute(&format!("CREATE ROLE {}", random::ROLE)).await;
    let (mut failed, mut harmful, mut harmless, mut alarms) = (vec![], 0, 0, [0, 0]);
    let first = number("PLEACH_SEED", 1);
    for seed in first..first + number("PLEACH_PROPTEST_CASES", USUAL) {
        let base = accepted(server, &random::schema(seed)).await;
        let mut agents = Agents::new(server, &base).await;
        for (a, b) in pairs(&agents, seed).await {
            let is_harmless = go_together(&agents.main, &a, &b).await;
            let told = [agents.declare(&a, &b, true).await, agents.declare(&a, &b, false).await];
            let warned = [told[0].is_warned(), told[1].is_harmful()];
            if is_harmless {
                harmless += 1;
                (0..2).for_each(|way| alarms[way] += usize::from(warned[way]));
                continue;
            }
            harmful += 1;
            for (way, told) in
                ["having run them", "having read them"].iter().zip(&told).zip(warned).filter(|it| !it.1).map(|it| it.0)
            {
                failed.push(format!(
                    "{}: seed {seed}, {way}:\n  {a}\n  {b}\nthey were told{}",
                    server.bin.display(),
                    told.show()
                ));
            }
        }
        agents.close(server).await;
    }
    println!(
        "{}: {harmful} harmful pairs; of {harmless} harmless ones {} taken for harmful having run them, {} having read them",
        server.bin.display(),
        alarms[0],
        alarms[1]
    );
    assert!(harmful > 0 && harmless > 0, "all pairs are of one sort");
    failed
}

/// Those of these statements, one after the other, that PostgreSQL accepts.
async fn accepted(server: &Server, statements: &[String]) -> String {
    let client = server.connect(&server.database().await).await;
    let mut accepted = String::new();
    client.batch_execute("SET client_min_messages = error").await.unwrap();
    for statement in statements {
        if client.batch_execute(statement).await.is_ok() {
            writeln!(accepted, "{statement};").unwrap();
        }
    }
    accepted
}

/// Random pairs of changes that each run on `main` by themselves, rather of those that have a word
/// in common: others seldom meet.
async fn pairs(agents: &Agents, seed: u64) -> Vec<(String, String)> {
    let tree: Tree = agents.project.tree(&agents.project.resolve("main").await.unwrap()).await.unwrap();
    let mut changes: Vec<String> = vec![];
    for number in 0..CHANGES {
        for change in random::changes(seed * 1_000 + number, &tree, 1) {
            if !changes.contains(&change) && agents.runs_alone(&change).await {
                changes.push(change);
            }
        }
    }
    let words = |sql: &str| -> Vec<String> {
        sql.split_whitespace().filter(|word| word.contains('.')).map(str::to_owned).collect()
    };
    let mut pairs = vec![];
    for (number, a) in changes.iter().enumerate() {
        let near = |b: &&String| words(b).iter().any(|word| words(a).contains(word));
        let b = changes[number + 1..].iter().find(near);
        pairs.extend(b.map(|b| (a.clone(), b.clone())));
    }
    pairs.truncate(PAIRS);
    pairs
}

/// Whether both orders end alike, or each change makes the other one needless.
async fn go_together(main: &Client, a: &str, b: &str) -> bool {
    let state = main.prepare(&std::fs::read_to_string(folder().join("state.sql")).unwrap()).await.unwrap();
    let (ab, ba) = (after(main, &state, &[a, b]).await, after(main, &state, &[b, a]).await);
    match (ab, ba) {
        (Some(one), Some(other)) => one == other,
        _ => {
            let alone = after(main, &state, &[a]).await;
            alone.is_some() && alone == after(main, &state, &[b]).await
        }
    }
}

async fn after(main: &Client, state: &Statement, changes: &[&str]) -> Option<String> {
    main.batch_execute("BEGIN; SET LOCAL client_min_messages = error").await.unwrap();
    let mut found = None;
    if main.batch_execute(&changes.join(";\n")).await.is_ok() {
        main.batch_execute("SET LOCAL search_path = ''").await.unwrap();
        found = Some(main.query_one(state, &[]).await.unwrap().get(0));
    }
    main.batch_execute("ROLLBACK").await.unwrap();
    found
}
