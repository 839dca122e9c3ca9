//! The table of locks in `docs/planner.md` is what the strategies were seen to take.

use crate::cases::execute;
use crate::harness::major;
use crate::support::servers;
use crate::traffic::{SCHEMA, STRATEGIES, plan};
use pleach_core::PlannedPart;
use std::path::Path;

const BEGIN: &str = "<!-- locks: begin -->\n";
const END: &str = "<!-- locks: end -->";

/// The locks of a part, strongest first, each with the tables it is on.
fn locks(part: &PlannedPart) -> String {
    const MODES: [&str; 8] = [
        "ACCESS EXCLUSIVE",
        "EXCLUSIVE",
        "SHARE ROW EXCLUSIVE",
        "SHARE",
        "SHARE UPDATE EXCLUSIVE",
        "ROW EXCLUSIVE",
        "ROW SHARE",
        "ACCESS SHARE",
    ];
    let seen = part.steps.iter().filter_map(|step| step.seen.locks.as_ref()).flatten();
    let seen: Vec<_> = seen.map(|lock| (lock.mode.as_str(), lock.relation.trim_start_matches("public."))).collect();
    let of = |mode: &str| {
        let mut tables: Vec<&str> = seen.iter().filter(|(held, _)| *held == mode).map(|(_, table)| *table).collect();
        tables.sort_unstable();
        tables.dedup();
        (!tables.is_empty()).then(|| format!("`{mode}` on {}", tables.join(", ")))
    };
    let list: Vec<String> = MODES.into_iter().filter_map(of).collect();
    match (list.is_empty(), part.steps.iter().any(|step| step.seen.locks.is_none())) {
        (false, _) => list.join(", "),
        (true, true) => "not seen".to_owned(),
        (true, false) => "none on tables".to_owned(),
    }
}

async fn measured() -> Option<String> {
    let mut table = String::from("| What changes | Part | Locks on tables |\n|---|---|---|\n");
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("to.sql");
    for server in servers() {
        let admin = server.connect("postgres").await;
        if major(&admin).await < 18 {
            continue;
        }
        let database = server.database().await;
        let client = server.connect(&database).await;
        execute(&client, SCHEMA).await.unwrap();
        for strategy in &STRATEGIES {
            std::fs::write(&to, format!("{SCHEMA}{}", strategy.change)).unwrap();
            let planned = plan(&client, &database, &to, false, 0).await;
            for (number, part) in planned.parts.iter().enumerate() {
                let name = if number == 0 { strategy.name } else { "" };
                table.push_str(&format!("| {name} | {} | {} |\n", part.title, locks(part)));
            }
        }
        return Some(table);
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_locks_are_those_that_were_seen() {
    let Some(table) = measured().await else { return };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/planner.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert_eq!(written, table, "the table in docs/planner.md is another one (UPDATE=1 writes it)");
    }
}
