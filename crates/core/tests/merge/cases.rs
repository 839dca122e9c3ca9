//! Runs the cases in `cases/`. `UPDATE=1` writes what came out into them.

use crate::bench::{Bench, consenting};
use crate::fixture::{Case, Change, File};
use crate::support::{Server, servers};
use pleach_core::change::{Choice, Conflict, Resolution};
use pleach_core::{ConflictView, MergeOptions, MergeOutcome, Merging};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many cases run at a time.
const AT_A_TIME: usize = 4;

#[test]
fn cases_end_as_written() {
    let only = std::env::var("CASE").ok();
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = String::new();
    for file in File::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/merge/cases")) {
        let mut outcomes: Vec<BTreeMap<Option<u32>, String>> = vec![BTreeMap::new(); file.cases.len()];
        for server in servers() {
            let version = major(server);
            for ((case, outcome), known) in
                file.cases.iter().zip(run_all(server, &file, only.as_deref())).zip(&mut outcomes)
            {
                let outcome = outcome.unwrap_or_else(|| case.expected(version).to_owned());
                if outcome.trim() != case.expected(version) {
                    let place = format!("{} on {}", file.path.display(), server.bin.display());
                    let expected = case.expected(version);
                    writeln!(wrong, "== {place}: {}\n{outcome}\n-- instead of\n{expected}\n", case.title).unwrap();
                }
                if known.get(&None) != Some(&outcome) {
                    known.insert(Some(version).filter(|_| !known.is_empty()), outcome);
                }
            }
        }
        if update {
            file.update(&outcomes);
        }
    }
    assert!(wrong.is_empty() || update, "{wrong}\nUPDATE=1 writes the outcomes into the cases");
}

fn major(server: &Server) -> u32 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = server.connect("postgres").await;
        let row = client.query_one("select current_setting('server_version_num')", &[]).await.unwrap();
        row.get::<_, String>(0).parse::<u32>().unwrap() / 10_000
    })
}

/// Runs the cases of a file, each in a project of its own; `None` for one that was not asked for.
fn run_all(server: &Server, file: &File, only: Option<&str>) -> Vec<Option<String>> {
    let next = AtomicUsize::new(0);
    let outcomes: Vec<Mutex<Option<String>>> = file.cases.iter().map(|_| Mutex::default()).collect();
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                while let Some((case, outcome)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    file.cases.get(at).zip(outcomes.get(at))
                } {
                    let skipped = only.is_some_and(|only| !case.title.contains(only));
                    if !skipped {
                        *outcome.lock().unwrap() = Some(runtime.block_on(run(server, case)));
                    }
                }
            });
        }
    });
    outcomes.into_iter().map(|outcome| outcome.into_inner().unwrap()).collect()
}

/// Runs a case and tells what came out.
async fn run(server: &Server, case: &Case) -> String {
    let mut bench = Bench::new(server, &case.base).await;
    bench.project.create_branch("theirs", None).await.unwrap();
    for (branch, changes) in [("theirs", &case.theirs), ("main", &case.ours)] {
        for Change { sql, data } in changes {
            let data: Vec<&str> = data.iter().map(String::as_str).collect();
            bench.change(branch, sql, &data).await;
        }
    }
    if !case.rows.is_empty() {
        bench.sql("main", &case.rows).await;
    }
    let mut out = String::new();
    let has = |word: &str| case.options.iter().any(|option| option == word);
    let options = MergeOptions {
        auto_resolve: has("auto"),
        dry_run: has("dry-run"),
        allow_destructive: !has("no-consent"),
        ..consenting()
    };
    let mut resolutions = case.resolutions.iter();
    let mut outcome = bench.project.merge("theirs", "main", &options).await;
    loop {
        match outcome {
            Err(error) => {
                let hint = error.hint.as_deref().unwrap_or_default();
                writeln!(out, "error {}: {}\n  hint: {hint}", error.code, error.message).unwrap();
                break;
            }
            Ok(MergeOutcome::UpToDate { .. }) => {
                writeln!(out, "up to date").unwrap();
                break;
            }
            Ok(MergeOutcome::Merged(merging)) => {
                merged(&mut bench, case, &merging, &mut out).await;
                break;
            }
            Ok(MergeOutcome::Conflicts { conflicts, .. }) => {
                conflicts.iter().for_each(|view| show(&view.conflict, &mut out));
                let mut settled = false;
                for ConflictView { id, conflict, .. } in conflicts {
                    let Some((way, sql)) = resolutions.next() else { break };
                    settled = true;
                    writeln!(out, "resolved by {way}: {}", conflict.message).unwrap();
                    if let Err(error) = bench.project.resolve_conflict(id.unwrap(), resolution(way, sql)).await {
                        writeln!(out, "error {}: {}", error.code, error.message).unwrap();
                    }
                }
                if !settled {
                    break;
                }
                outcome = bench.project.continue_merge("main", &options).await;
            }
        }
    }
    let drifted = bench.unclean("main").await;
    assert_eq!(drifted, "", "main is not at its head after: {}\n{out}", case.title);
    bench.close().await;
    without_lineages(&out)
}

/// A text without the lineages in temporary names, which are others each time.
fn without_lineages(text: &str) -> String {
    let mut parts = text.split("pleach_");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        write!(out, "pleach_{}", part.trim_start_matches(|c: char| c.is_ascii_hexdigit())).unwrap();
    }
    out
}

fn resolution(way: &str, sql: &str) -> Resolution {
    match way {
        "ours" => Resolution::Choice(Choice::Ours),
        "theirs" => Resolution::Choice(Choice::Theirs),
        "both" => Resolution::Choice(Choice::Both),
        "sql" => Resolution::Sql(sql.to_owned()),
        other => panic!("no way `{other}`"),
    }
}

async fn merged(bench: &mut Bench, case: &Case, merging: &Merging, out: &mut String) {
    writeln!(out, "merged").unwrap();
    for (conflict, resolution) in &merging.settled {
        match resolution {
            Resolution::Choice(choice) if case.resolutions.is_empty() => {
                writeln!(out, "settled by {choice:?}: {}", conflict.message).unwrap();
            }
            Resolution::Choice(_) => {}
            Resolution::Sql(_) => writeln!(out, "settled by SQL: {}", conflict.message).unwrap(),
        }
    }
    for loss in &merging.losses {
        writeln!(out, "destroys {}", loss.what).unwrap();
    }
    out.push_str(&merging.sql);
    for query in &case.checks {
        writeln!(out, "-- {}\n{}", query.replace('\n', " "), bench.rows("main", query).await).unwrap();
    }
    assert_eq!(merging.proof.expected, merging.proof.found, "{}", case.title);
    if merging.commit.is_some() {
        let again = bench.project.merge("theirs", "main", &consenting()).await.unwrap();
        assert!(matches!(again, MergeOutcome::UpToDate { .. }), "{}: {again:?}", case.title);
    }
}

fn show(conflict: &Conflict, out: &mut String) {
    writeln!(out, "{}: {}", conflict.kind.as_str(), conflict.message).unwrap();
    let objects: Vec<String> = conflict.objects.iter().map(ToString::to_string).collect();
    writeln!(out, "  objects: {}", objects.join(", ")).unwrap();
    for clash in &conflict.attributes {
        let name = clash.attr.map_or("name".to_owned(), |attr| attr.to_string());
        let said = |value: &Option<pleach_core::schema::Value>| {
            value.as_ref().map_or("nothing".to_owned(), |value| value.to_string().replace('\n', " "))
        };
        let (base, ours, theirs) = (said(&clash.base), said(&clash.ours), said(&clash.theirs));
        writeln!(out, "  {name}: was {base}; ours {ours}; theirs {theirs}").unwrap();
    }
    let indented = |text: &str| text.replace('\n', "\n    ");
    for (whose, text) in [("ours", &conflict.ours), ("theirs", &conflict.theirs)] {
        if let Some(text) = text {
            writeln!(out, "  {whose} has {}", indented(text)).unwrap();
        }
    }
    let ways = &conflict.ways;
    for (way, what) in [("ours", &ways.ours), ("theirs", &ways.theirs), ("both", &ways.both), ("sql", &ways.sql)] {
        if let Some(what) = what {
            writeln!(out, "  {way}: {what}").unwrap();
        }
    }
    if let Some(auto) = conflict.auto {
        writeln!(out, "  settles itself by {auto:?} with --auto-resolve").unwrap();
    }
    if let Some(said) = &conflict.postgres {
        writeln!(out, "  PostgreSQL: {said}").unwrap();
    }
}
