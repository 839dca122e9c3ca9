//! The corpus of pairs of changes, whose truth an oracle told that knows nothing of Pleach
//! (`crates/postgres/tests/footprint`), taken through coordination as agents would: one registers,
//! then the other one, and hears of the first or not.
//!
//! `PAIR=text` takes those that have the text in them, and shows what was said.

use crate::project::{Scratch, bins};
use futures_util::StreamExt;
use pleach_core::state::{IntentId, Risk, Status};
use pleach_core::{Class, Declaration, Registered};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How many projects work at once.
const AT_ONCE: usize = 2;
/// How many of a hundred harmless pairs may be held up where they were run, and where they were read.
const FALSE_ALARMS: [usize; 2] = [2, 15];
/// How many pairs there are at most that the role of branches may not do.
const FORBIDDEN: usize = 6;
/// How many pairs there are at least.
const PAIRS: usize = 600;

/// Two changes of the base schema, and what the oracle said of them.
struct Pair {
    a: String,
    b: String,
    said: Vec<String>,
}

impl Pair {
    /// The truth on this version: `commutes`, `order_required b` …
    fn truth(&self, major: u32) -> &str {
        let own = format!("{major}: ");
        let of_version = self.said.iter().find_map(|line| line.strip_prefix(&own));
        of_version.or_else(|| self.said.iter().find(|line| !line.contains(": ")).map(String::as_str)).expect(&self.a)
    }
}

/// What came of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Heard {
    /// Nothing that holds anybody up.
    Harmless,
    /// A conflict that waits to be resolved.
    Conflict,
    /// That one builds on the other, and goes after it.
    Order,
    /// What PostgreSQL says of a change that works in neither order.
    Refused,
    /// That the role of the agents' branches may not do it.
    Forbidden,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../postgres/tests/footprint")
}

fn pairs() -> Vec<Pair> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder().join("pairs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let only = std::env::var("PAIR").unwrap_or_default();
    let mut pairs = vec![];
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        for block in text.split("\n\n").map(str::trim).filter(|block| !block.is_empty() && block.contains(&only)) {
            let line = |start: &str| block.lines().find_map(|line| line.strip_prefix(start)).unwrap().to_owned();
            let said = block.lines().filter_map(|line| line.strip_prefix("= ")).map(str::to_owned).collect();
            pairs.push(Pair { a: line("A: "), b: line("B: "), said });
        }
    }
    assert!(!only.is_empty() || pairs.len() >= PAIRS, "only {} pairs", pairs.len());
    pairs
}

async fn begin(bin: &Path) -> Scratch {
    let base = std::fs::read_to_string(folder().join("base.sql")).unwrap();
    // Whose things are in a project can be given things by its agents.
    let roles = "CREATE ROLE reader; CREATE ROLE writer;";
    let owners = "CREATE SCHEMA of_reader AUTHORIZATION reader; CREATE SCHEMA of_writer AUTHORIZATION writer;
        GRANT CREATE ON SCHEMA public, app, spare TO reader, writer;";
    let mut it = Scratch::from_sql(bin, &format!("{roles}\n{base}\n{owners}")).await;
    // What is seen must not hang on how busy the machine is.
    let config = it.folder.path().join(".pleach/config.toml");
    let text =
        std::fs::read_to_string(&config).unwrap().replace("judge_milliseconds = 800", "judge_milliseconds = 600000");
    std::fs::write(&config, text).unwrap();
    it.project = pleach_core::Project::open(it.folder.path(), crate::project::context(bin, "tester")).await.unwrap();
    it
}

fn refusal(error: &pleach_core::Error, sql: &str) -> (Heard, String) {
    assert_eq!(error.class, Class::Refused, "{error}\n{sql}");
    let lacks_privilege = error.postgres.as_ref().is_some_and(|said| said.sqlstate == "42501");
    (if lacks_privilege { Heard::Forbidden } else { Heard::Refused }, error.to_string())
}

async fn register(it: &mut Scratch, agent: &str, sql: &str, execute: bool) -> pleach_core::Result<Registered> {
    let declaration = Declaration {
        agent_id: agent.to_owned(),
        agent_type: None,
        feature_name: format!("feature of {agent}"),
        schema_changes: sql.to_owned(),
        tables_affected: vec![],
        risk_level: Risk::Low,
        estimated_hours: None,
        metadata: json!({}),
        depends_on: vec![],
        branch: Some(None),
        execute,
    };
    it.register_intent(&declaration).await
}

/// What two agents hear of each other.
async fn heard(it: &mut Scratch, pair: &Pair, execute: bool) -> (Heard, String) {
    let mut registered: Vec<IntentId> = vec![];
    let outcome = async {
        // Whoever builds on the other comes second, as agents do that are refused at first.
        let (mut second, mut who) = (&pair.b, "b");
        match register(it, "a", &pair.a, execute).await {
            Ok(first) => registered.push(first.intent.id),
            Err(error) => {
                let refused = refusal(&error, &pair.a);
                match register(it, "b", &pair.b, execute).await {
                    Ok(first) if refused.0 == Heard::Refused => registered.push(first.intent.id),
                    Ok(first) => {
                        registered.push(first.intent.id);
                        return refused;
                    }
                    Err(_) => return refused,
                }
                (second, who) = (&pair.a, "a");
            }
        }
        let last = match register(it, who, second, execute).await {
            Ok(last) => last,
            Err(error) => return refusal(&error, second),
        };
        registered.push(last.intent.id);
        assert_eq!(last.intent.executed, execute);
        let unverified = last.conflicts.iter().filter(|conflict| !conflict.verified).count();
        assert!(execute || unverified == last.conflicts.len(), "nothing was run, and something is verified");
        let told: Vec<String> = last
            .conflicts
            .iter()
            .map(|it| {
                format!("    {} {} blocks: {} verified: {}", it.conflict_type, it.verdict, it.blocks, it.verified)
            })
            .collect();
        let told = told.join("\n");
        if last.conflicts.iter().any(|conflict| conflict.blocks) {
            return (Heard::Conflict, told);
        }
        let follows = !last.intent.depends_on.is_empty();
        (if follows { Heard::Order } else { Heard::Harmless }, told)
    }
    .await;
    for id in registered {
        it.move_intent(id, Status::Abandoned, None).await.unwrap();
    }
    outcome
}

/// Whether agents heard what is true.
fn is_told(truth: &str, heard: Heard) -> bool {
    match truth {
        "order_required a" | "order_required b" => matches!(heard, Heard::Conflict | Heard::Order),
        // One that works in neither order may well fail alone.
        "incompatible" => matches!(heard, Heard::Conflict | Heard::Refused),
        _ => heard == Heard::Conflict,
    }
}

async fn all_are_told(execute: bool) {
    let pairs = pairs();
    let shows = std::env::var_os("PAIR").is_some();
    let mut failed = vec![];
    for bin in bins() {
        let share = pairs.len().div_ceil(AT_ONCE).max(1);
        let bin = &bin;
        let work = pairs.chunks(share).map(|pairs| async move {
            let mut it = begin(bin).await;
            let mut heard_of = vec![];
            for pair in pairs {
                heard_of.push(heard(&mut it, pair, execute).await);
            }
            let major = it.value("main", "SELECT current_setting('server_version_num')").await;
            (major.parse::<u32>().unwrap() / 10_000, heard_of)
        });
        let parts: Vec<(u32, Vec<(Heard, String)>)> =
            futures_util::stream::iter(work.collect::<Vec<_>>()).buffered(AT_ONCE).collect().await;
        let major = parts[0].0;
        let mut counts: BTreeMap<(bool, bool), usize> = BTreeMap::new();
        let (mut alarms, mut forbidden) = (vec![], vec![]);
        for (pair, (heard, told)) in pairs.iter().zip(parts.into_iter().flat_map(|(_, heard)| heard)) {
            let truth = pair.truth(major);
            let name =
                format!("{}\n  {}\n  PostgreSQL {major}: {truth}, and they heard {heard:?}\n{told}", pair.a, pair.b);
            if shows {
                println!("{name}");
            }
            if heard == Heard::Forbidden {
                forbidden.push(name);
                continue;
            }
            let is_harmful = !matches!(truth, "commutes" | "identical");
            let is_right = if is_harmful { is_told(truth, heard) } else { heard == Heard::Harmless };
            *counts.entry((is_harmful, is_right)).or_default() += 1;
            match (is_harmful, is_right) {
                (true, false) => failed.push(format!("not told: {name}")),
                (false, false) => alarms.push(name),
                _ => {}
            }
        }
        let count = |key| counts.get(&key).copied().unwrap_or_default();
        let (harmful, harmless) = (count((true, true)) + count((true, false)), count((false, true)) + alarms.len());
        println!(
            "PostgreSQL {major}, {}: {} of {harmful} harmful pairs told, {} of {harmless} harmless ones held up",
            if execute { "run" } else { "read" },
            count((true, true)),
            alarms.len()
        );
        alarms.iter().for_each(|name| println!("  {name}"));
        println!("  and {} that only a superuser may do", forbidden.len());
        if forbidden.len() > FORBIDDEN {
            failed.push(format!("{} pairs were not tried: {}", forbidden.len(), forbidden.join("\n")));
        }
        if alarms.len() * 100 > harmless * FALSE_ALARMS[usize::from(!execute)] {
            failed.push(format!("{} false alarms among {harmless} harmless pairs", alarms.len()));
        }
    }
    assert!(failed.is_empty(), "{} failures\n{}", failed.len(), failed.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_pair_of_the_corpus_is_told_when_run() {
    all_are_told(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_pair_of_the_corpus_is_told_when_read() {
    all_are_told(false).await;
}
