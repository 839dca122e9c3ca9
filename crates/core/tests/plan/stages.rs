//! Online plans as text, stage by stage: what they are, that each stage is the tree it says it is,
//! and that it can be left for where it began with nothing lost.
//!
//! The files of `stages/` are written as those of `cases/`, and have another section: `-- writes`
//! is what a client does between the stages. At each stage the ordinary plan goes back to the first
//! tree, where `-- keeps` must answer as before, and from there the change is made as it is written:
//! so must `-- keeps` answer at the end of the online way.

use crate::cases::{Case, answer, execute, parse, update};
use crate::harness::{Known, Newcomers, differences, major, run as run_plan, said};
use crate::online::{facts, run};
use crate::support::{Server, servers};
use pleach_change::online::{Facts, Goal, goals};
use pleach_change::{DataStep, diff, identified_by_name, plan};
use pleach_schema::{Address, Attr, Kind, Tree};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tokio_postgres::Client;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan/stages");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn every_stage_of_an_online_plan_can_be_left() {
    let only = std::env::var("CASE").unwrap_or_default();
    let read = |path: PathBuf| {
        let (preface, cases) = parse(&path);
        (path, preface, cases)
    };
    let parsed: Vec<(PathBuf, String, Vec<Case>)> = files().into_iter().map(read).collect();
    let mut plans: BTreeMap<String, BTreeMap<u32, String>> = BTreeMap::new();
    let mut failed = Vec::new();
    for server in servers() {
        let version = major(&server.connect("postgres").await).await;
        let cases = parsed.iter().flat_map(|(_, _, cases)| cases);
        for case in cases.filter(|case| case.since() <= version && case.name.contains(&only)) {
            match try_case(server, version, case).await {
                Ok(plan) => drop(plans.entry(case.name.clone()).or_default().insert(version, plan)),
                Err(error) => failed.push(format!("{} on PostgreSQL {version}: {error}", case.name)),
            }
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        parsed.iter().for_each(|(path, preface, cases)| update(path, preface, cases, &plans));
    } else {
        for case in parsed.iter().flat_map(|(_, _, cases)| cases) {
            for (version, plan) in plans.get(&case.name).into_iter().flatten() {
                if plan.trim() != case.expected(*version).trim() {
                    let name = &case.name;
                    failed
                        .push(format!("{name} on PostgreSQL {version} has another plan (UPDATE=1 writes it):\n{plan}"));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} failures\n\n{}", failed.len(), failed.join("\n\n"));
}

type Rows = Vec<Vec<Option<String>>>;

async fn try_case(server: &Server, version: u32, case: &Case) -> Result<String, String> {
    let client = server.connect(&server.database().await).await;
    let mut known = Known::default();
    execute(&client, case.section("old")).await.map_err(|error| format!("old: {error}"))?;
    client.batch_execute("BEGIN").await.unwrap();
    let from = known.read(&client, Newcomers::Carry(&Tree::default())).await;
    execute(&client, case.section("change")).await.map_err(|error| format!("change: {error}"))?;
    let to = known.fork().read(&client, Newcomers::Carry(&from)).await;
    client.batch_execute("ROLLBACK").await.unwrap();

    let goals = goals(&from, &to, &case.data(), &facts(version));
    let mut shown = String::new();
    let mut previous = from.clone();
    let mut expected = changed(&client, case).await?;
    let mut lost = false;
    for (at, goal) in goals.iter().enumerate() {
        let plan = goal.plan(&previous).map_err(|error| format!("cannot plan: {error}"))?;
        shown.push_str(&format!("-- goal: {} ({:?})\n{}", goal.title, goal.how, plan.sql()));
        if let Some(loss) =
            plan.destructive().find(|step| step.destroys.as_ref().is_some_and(|what| what.contains("pleach")))
        {
            return Err(format!("{} is said to be lost", loss.destroys.clone().unwrap_or_default()));
        }
        let joins = goals.get(at + 1).is_some_and(|next| next.joined);
        run(&client, goal, &plan, joins).await.map_err(|error| format!("{error}\nin\n{shown}"))?;
        previous = goal.tree.clone();
        if joins {
            continue;
        }
        let last = at + 1 == goals.len();
        goes_on(&goals, at, &to, version, case).map_err(|error| format!("{error}\nafter\n{shown}"))?;
        if last {
            let got = answer(&client, case.section("keeps")).await?;
            if got != expected {
                return Err(format!("keeps {got:?} instead of {expected:?} after\n{shown}"));
            }
        } else {
            execute(&client, case.section("writes"))
                .await
                .map_err(|error| format!("writes: {error}\nafter\n{shown}"))?;
        }
        // What was dropped does not come back.
        lost |= plan.destructive().next().is_some();
        if lost {
            continue;
        }
        let left = leave(&client, &known, case, &previous, &from, last).await;
        expected = left.map_err(|error| format!("{error}\nafter\n{shown}"))?;
    }
    if previous != to {
        return Err(format!("ended elsewhere:\n{}", differences(&previous, &to)));
    }
    Ok(shown)
}

/// Planning again where a plan was cut off goes on with what is there.
fn goes_on(goals: &[Goal], at: usize, to: &Tree, version: u32, case: &Case) -> Result<(), String> {
    let sql = |goals: &[Goal], from: &Tree| -> Result<String, String> {
        let (mut out, mut previous) = (String::new(), from.clone());
        for goal in goals {
            out.push_str(&goal.plan(&previous).map_err(|error| error.to_string())?.sql());
            previous = goal.tree.clone();
        }
        // Statistics are gathered once more.
        Ok(out.lines().filter(|line| !line.starts_with("ANALYZE")).map(|line| format!("{line}\n")).collect())
    };
    let mut facts = facts(version);
    let filled = goals[..=at].iter().any(|goal| goal.title.starts_with("fill in"));
    let unfilled = goals[at].tree.iter().map(|(address, _)| address).filter(|address| address.kind == Kind::Column);
    let unfilled = unfilled.filter(|address| address.name().starts_with("pleach_new_") && !filled);
    facts.unfilled = unfilled.map(Address::sql).collect();
    let there = &goals[at].tree;
    let written = goals[..=at].iter().any(|goal| goal.title == "change data");
    let data = if written { Vec::new() } else { case.data() };
    // Nobody knows but by its name who is who.
    let again = sql(&goals_from(there, &identified_by_name(to, there), &data, &facts), there)?;
    let rest = sql(&goals[at + 1..], there)?;
    if again == rest { Ok(()) } else { Err(format!("planned again, it goes on with\n{again}instead of\n{rest}")) }
}

fn goals_from(from: &Tree, to: &Tree, data: &[DataStep], facts: &Facts) -> Vec<Goal> {
    goals(from, to, data, facts)
}

/// How the query answers when the change is made as it is written.
async fn changed(client: &Client, case: &Case) -> Result<Rows, String> {
    client.batch_execute("BEGIN").await.unwrap();
    execute(client, case.section("change")).await.map_err(|error| format!("change: {error}"))?;
    let rows = answer(client, case.section("keeps")).await?;
    client.batch_execute("ROLLBACK").await.unwrap();
    Ok(rows)
}

/// Whether a stage is what it should be. What stays as it was in the first tree may be written in
/// the names of that, and a function may have settings that are those of the session.
fn is_alike(there: &Tree, at: &Tree, from: &Tree) -> bool {
    let there = identified_by_name(there, at);
    let since = diff(from, &there);
    diff(at, &there).changes.iter().all(|change| {
        let attributes = &change.attributes;
        let both = change.from.is_some() && change.to.is_some();
        let settings = attributes.iter().all(|changed| changed.attr == Attr::Configuration);
        both && (settings || since.get(change.lineage).is_none_or(|change| change.attributes.is_empty()))
    })
}

/// Looks whether a stage is what it should be, leaves it for the first tree, and makes the change
/// from there: what is then is the answer. All of it is taken back.
async fn leave(
    client: &Client,
    known: &Known,
    case: &Case,
    at: &Tree,
    from: &Tree,
    last: bool,
) -> Result<Rows, String> {
    client.batch_execute("BEGIN").await.unwrap();
    let there = known.fork().read(client, Newcomers::Expect(at)).await;
    if !is_alike(&there, at, from) {
        return Err(format!("the stage is another one:\n{}", differences(&there, at)));
    }
    let before = answer(client, case.section("keeps")).await?;
    let back = plan(at, from, &[]).map_err(|error| format!("cannot plan back: {error}"))?;
    if let Some(loss) =
        back.destructive().find(|step| step.destroys.as_ref().is_some_and(|what| what.contains("pleach")))
    {
        return Err(format!("going back, {} is said to be lost", loss.destroys.clone().unwrap_or_default()));
    }
    run_plan(client, &back).await.map_err(|error| format!("back: {error}\nin\n{}", back.sql()))?;
    let there = known.fork().read(client, Newcomers::Expect(from)).await;
    let rest = plan(&there, from, &[]).map_err(|error| format!("cannot plan back: {error}"))?;
    run_plan(client, &rest).await.map_err(|error| format!("back: {error}\nin\n{}", rest.sql()))?;
    let there = known.fork().read(client, Newcomers::Expect(from)).await;
    if there != *from {
        return Err(format!("back elsewhere:\n{}in\n{}", differences(&there, from), back.sql()));
    }
    let after = answer(client, case.section("keeps")).await?;
    if before != after && !last {
        return Err(format!("back, it keeps {after:?} instead of {before:?}\nin\n{}", back.sql()));
    }
    execute(client, case.section("change")).await.map_err(|error| format!("change: {error}"))?;
    let rows = answer(client, case.section("keeps")).await?;
    client.batch_execute("ROLLBACK").await.map_err(|error| said(&error))?;
    Ok(rows)
}
