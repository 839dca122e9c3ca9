//! From any random schema to any other: names are all that they have in common.
//!
//! `SEEDS=100..1100` tries others than the usual few; what fails is cut down to the statements that
//! it takes, and told when all have been tried.

use crate::harness::{Known, Newcomers, follow, go};
use crate::random;
use crate::support::{Server, servers};
use pleach_change::identified_by_name;
use pleach_postgres::catalog::CatalogId;
use pleach_schema::{Address, Attr, Kind, Lineage, Tree};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio_postgres::Client;

/// How many pairs are under way at once on one server.
const AT_ONCE: usize = 2;
/// How often a pair that fails is tried again with fewer statements.
const CUTS: usize = 300;

/// The statements of the two schemas.
type Pair = [Vec<String>; 2];

fn seeds() -> Range<u64> {
    let number = |text: &str| text.trim().parse::<u64>().unwrap();
    match std::env::var("SEEDS") {
        Ok(seeds) => match seeds.split_once("..") {
            Some((from, to)) => number(from)..number(to),
            None => number(&seeds)..number(&seeds) + 1,
        },
        Err(_) => 1..13,
    }
}

#[test]
fn a_plan_leads_from_any_random_schema_to_any_other() {
    let seeds = seeds();
    let (passed, failed) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for server in servers() {
            let next = std::sync::Arc::new(AtomicU64::new(seeds.start));
            for _ in 0..AT_ONCE {
                let (seeds, next, passed, failed) = (&seeds, next.clone(), &passed, &failed);
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    let client = runtime.block_on(place(server));
                    while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < seeds.end) {
                        match runtime.block_on(try_seed(&client, seed)) {
                            Ok(()) => {
                                let so_far = passed.fetch_add(2, Ordering::Relaxed) + 2;
                                if so_far % 100 == 0 {
                                    eprintln!("{so_far} pairs of schemas so far");
                                }
                            }
                            Err(error) => {
                                let error = format!("seed {seed} on {}: {error}", server.bin.display());
                                eprintln!("{error}\n");
                                failed.lock().unwrap().push(error);
                            }
                        }
                    }
                });
            }
        }
    });
    let (passed, failed) = (passed.into_inner(), failed.into_inner().unwrap());
    eprintln!("{passed} pairs of schemas passed");
    assert!(failed.is_empty(), "{} failures\n\n{}", failed.len(), failed.join("\n\n"));
}

async fn place(server: &Server) -> Client {
    let client = server.connect(&server.database().await).await;
    let _ = client.batch_execute(&format!("CREATE ROLE {}", random::ROLE)).await;
    client
}

async fn try_seed(client: &Client, seed: u64) -> Result<(), String> {
    let pair = [random::schema(seed.wrapping_mul(2)), random::schema(seed.wrapping_mul(2) + 1)];
    match there_and_back(client, &pair).await {
        Ok(()) => Ok(()),
        Err(error) => Err(cut_down(client, pair, error).await),
    }
}

/// The same failure with as few statements as can be found.
async fn cut_down(client: &Client, mut pair: Pair, mut error: String) -> String {
    let class = |error: &str| error.chars().take(16).collect::<String>();
    let mut tries = 0;
    let mut size = pair.iter().map(Vec::len).max().unwrap_or_default().div_ceil(2);
    while size > 0 && tries < CUTS {
        for side in 0..2 {
            let mut at = 0;
            while at < pair[side].len() && tries < CUTS {
                let mut fewer = pair.clone();
                fewer[side].drain(at..(at + size).min(fewer[side].len()));
                tries += 1;
                match there_and_back(client, &fewer).await {
                    Err(same) if class(&same) == class(&error) => (pair, error) = (fewer, same),
                    _ => at += size,
                }
            }
        }
        size /= 2;
    }
    let [from, to] = pair.map(|statements| statements.iter().map(|sql| format!("{sql};\n")).collect::<String>());
    format!("{error}\n-- from\n{from}-- to\n{to}")
}

/// Plans from one schema to the other, by names, and back again, and goes both ways.
async fn there_and_back(client: &Client, pair: &Pair) -> Result<(), String> {
    client.batch_execute("BEGIN; SET LOCAL client_min_messages = error; SAVEPOINT nothing").await.unwrap();
    let result = in_transaction(client, pair).await;
    client.batch_execute("ROLLBACK").await.unwrap();
    result
}

async fn in_transaction(client: &Client, [from, to]: &Pair) -> Result<(), String> {
    let mut known = Known::default();
    build(client, to).await;
    let goal = known.fork().read(client, Newcomers::Carry(&Tree::default())).await;
    client.batch_execute("ROLLBACK TO nothing").await.unwrap();
    build(client, from).await;
    let start = known.read(client, Newcomers::Carry(&Tree::default())).await;
    let goal = identified_by_name(&goal, &start);
    let before = known.places();
    let (plans, goal) = go(client, &mut known, &start, &goal, &[]).await?;
    keeps(&start, &goal, &before, &known.places())
        .map_err(|lost| format!("{lost}\n{}", crate::harness::show(&plans)))?;
    let before = known.places();
    let back = pleach_change::plan(&goal, &start, &[]).map_err(|error| format!("back: cannot plan: {error}"))?;
    let (plans, start) = follow(client, &mut known, back, &start).await.map_err(|error| format!("back: {error}"))?;
    keeps(&goal, &start, &before, &known.places())
        .map_err(|lost| format!("back: {lost}\n{}", crate::harness::show(&plans)))
}

/// Runs what PostgreSQL takes of some statements.
async fn build(client: &Client, statements: &[String]) {
    for sql in statements {
        client.batch_execute("SAVEPOINT attempt").await.unwrap();
        let end = if client.batch_execute(sql).await.is_ok() { "RELEASE attempt" } else { "ROLLBACK TO attempt" };
        client.batch_execute(end).await.unwrap();
    }
}

/// Tables and columns that are in both trees are where they were: what they hold was never dropped.
fn keeps(
    from: &Tree,
    to: &Tree,
    before: &HashMap<Lineage, CatalogId>,
    after: &HashMap<Lineage, CatalogId>,
) -> Result<(), String> {
    for (address, entry) in from.iter().filter(|(address, _)| matches!(address.kind, Kind::Table | Kind::Column)) {
        let Some((_, now)) = to.find(entry.lineage) else { continue };
        let of_table = from.parent(address).is_none_or(|holder| holder.kind == Kind::Table);
        // What is worked out from other columns may be worked out anew.
        let stored = [&entry.object, now].iter().all(|object| object.get(Attr::Generated).is_none());
        let table = from.parent(address).unwrap_or_else(|| address.clone());
        if of_table && stored && !is_anew(from, to, &table) && before.get(&entry.lineage) != after.get(&entry.lineage) {
            return Err(format!("what {address} held is lost"));
        }
    }
    Ok(())
}

/// Whether a table has another partition key or type, or is part of one that has: its rows move.
fn is_anew(from: &Tree, to: &Tree, table: &Address) -> bool {
    let Some((before, now)) = from.get(table).and_then(|entry| Some((&entry.object, to.find(entry.lineage)?.1))) else {
        return false;
    };
    let parent = before.text(Attr::PartitionOf).and_then(|parent| from.iter().find(|(a, _)| a.sql() == parent));
    [Attr::PartitionKey, Attr::OfType].iter().any(|attr| before.get(*attr) != now.get(*attr))
        || parent.is_some_and(|(parent, _)| is_anew(from, to, parent))
}
