//! Acceptance cases as text: a schema, a change of it, and the plan that must come out.
//!
//! Each file of `cases/` holds cases of one topic. A case begins with `-- case: NAME` and has the
//! sections `-- old`, `-- change` and `-- plan`, and where it needs them `-- since VERSION`,
//! `-- data` (a data step), `-- keeps` (a query that must answer after the plan as it does after
//! the change), `-- only there` (PostgreSQL has no way back) and `-- names` (objects are who they are by their names, as between two files).
//! `UPDATE=1 cargo test` writes the plans anew; `CASE=WORD` picks cases by their name or file.

use crate::harness::{Known, Newcomers, clone_of, follow, go, major, said, show};
use crate::support::{Server, servers};
use futures_util::StreamExt;
use pleach_change::{DataStep, Plan, identified_by_name, plan};
use pleach_schema::Tree;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tokio_postgres::{Client, SimpleQueryMessage};

/// How many cases are under way at once on one server.
const AT_ONCE: usize = 4;

/// Divides the statements of a section into transactions.
const COMMIT: &str = "\n-- commit\n";

/// Takes all rows away.
const NO_ROWS: &str = "DO $$DECLARE t text; BEGIN
    SET session_replication_role = replica;
    FOR t IN SELECT c.oid::regclass FROM pg_class c WHERE relkind IN ('r', 'p') AND oid >= 16384 LOOP
        EXECUTE 'TRUNCATE ' || t || ' CASCADE';
    END LOOP;
END$$; RESET session_replication_role";

#[derive(Clone, Default)]
pub struct Case {
    pub name: String,
    /// The file it is in, without its ending.
    file: String,
    /// The text of each section, without its heading.
    sections: BTreeMap<String, String>,
    /// The sections that come before the plan, with their headings, as they were written.
    written: String,
}

impl Case {
    pub fn section(&self, name: &str) -> &str {
        self.sections.get(name).map_or("", String::as_str)
    }

    pub fn since(&self) -> u32 {
        self.section("since").trim().parse().unwrap_or(0)
    }

    /// Whether it was asked for.
    pub fn is_wanted(&self) -> bool {
        std::env::var("CASE").map_or(true, |only| self.name.contains(&only) || self.file == only)
    }

    /// What it changes to, as the planner is told.
    pub fn goal(&self, from: &Tree, to: Tree) -> Tree {
        if self.sections.contains_key("names") { identified_by_name(&to, from) } else { to }
    }

    pub fn data(&self) -> Vec<DataStep> {
        let sql = Some(self.section("data")).filter(|sql| !sql.is_empty());
        sql.map(|sql| DataStep { name: "data".into(), sql: sql.into() }).into_iter().collect()
    }

    /// Whether it is made of several transactions.
    pub fn commits(&self) -> bool {
        self.sections.values().any(|text| text.contains(COMMIT))
    }

    pub fn expected(&self, version: u32) -> &str {
        self.sections.get(&format!("plan {version}")).map_or_else(|| self.section("plan"), String::as_str)
    }
}

/// Connections to empty databases that no case uses.
#[derive(Default)]
pub struct Places(Mutex<Vec<Client>>);

impl Places {
    pub async fn take(&self, server: &Server) -> Client {
        let free = self.0.lock().unwrap().pop();
        match free {
            Some(client) => client,
            None => server.connect(&server.database().await).await,
        }
    }

    pub fn give_back(&self, client: Client) {
        self.0.lock().unwrap().push(client);
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan/cases");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Takes a file apart into what comes before the first case, and the cases.
pub fn parse(path: &Path) -> (String, Vec<Case>) {
    let text = std::fs::read_to_string(path).unwrap();
    let file = path.file_stem().unwrap().to_string_lossy().into_owned();
    let mut preface = String::new();
    let mut cases: Vec<Case> = Vec::new();
    let mut section = String::new();
    for line in text.lines() {
        let heading = line.strip_prefix("-- ").unwrap_or_default();
        let word = heading.split([' ', ':']).next().unwrap_or_default();
        if let Some(name) = heading.strip_prefix("case: ") {
            cases.push(Case { name: name.to_owned(), file: file.clone(), ..Case::default() });
            section.clear();
            continue;
        }
        let Some(case) = cases.last_mut() else {
            preface.push_str(&format!("{line}\n"));
            continue;
        };
        let is_heading =
            matches!(word, "since" | "names" | "only" | "old" | "change" | "writes" | "data" | "keeps" | "plan");
        if is_heading {
            section = if word == "since" { "since".to_owned() } else { heading.to_owned() };
            let rest = heading.strip_prefix("since ").unwrap_or_default();
            case.sections.insert(section.clone(), rest.to_owned());
        } else {
            case.sections.entry(section.clone()).or_default().push_str(&format!("{line}\n"));
        }
        if !section.starts_with("plan") {
            case.written.push_str(&format!("{line}\n"));
        }
    }
    (preface, cases)
}

/// Every case.
pub fn all() -> Vec<Case> {
    files().iter().flat_map(|path| parse(path).1).collect()
}

/// What every case ends with, as a name and the statements that make it, for a version.
pub fn ends(version: u32) -> Vec<(String, String)> {
    let cases = all().into_iter().filter(|case| case.since() <= version && !case.section("change").contains(COMMIT));
    cases.map(|case| (case.name.clone(), format!("{}{}", case.section("old"), case.section("change")))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_are_as_written_and_end_where_the_change_did() {
    let parsed: Vec<(PathBuf, String, Vec<Case>)> = files()
        .into_iter()
        .map(|path| {
            let (preface, cases) = parse(&path);
            (path, preface, cases)
        })
        .collect();
    let mut plans: BTreeMap<String, BTreeMap<u32, String>> = BTreeMap::new();
    let mut failed = Vec::new();
    for server in servers() {
        let admin = server.connect("postgres").await;
        let version = major(&admin).await;
        let places = Places::default();
        let cases = parsed.iter().flat_map(|(_, _, cases)| cases);
        let cases: Vec<&Case> = cases.filter(|case| case.since() <= version && case.is_wanted()).collect();
        let results: Vec<_> = futures_util::stream::iter(cases)
            .map(async |case| (case, try_case(server, &admin, &places, case).await))
            .buffered(AT_ONCE)
            .collect()
            .await;
        for (case, result) in results {
            match result {
                Ok(plan) => {
                    let before = plans.entry(case.name.clone()).or_default().insert(version, plan);
                    assert!(before.is_none(), "two cases are called {}", case.name);
                }
                Err(error) => failed.push(format!("{} on PostgreSQL {version}: {error}", case.name)),
            }
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        parsed.iter().for_each(|(path, preface, cases)| update(path, preface, cases, &plans));
    } else {
        let cases = parsed.iter().flat_map(|(_, _, cases)| cases);
        for case in cases.filter(|case| plans.contains_key(&case.name)) {
            for (version, plan) in &plans[&case.name] {
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

/// Writes the plans into a file; those of versions apart where they differ.
pub fn update(path: &Path, preface: &str, cases: &[Case], plans: &BTreeMap<String, BTreeMap<u32, String>>) {
    let mut out = preface.trim_end().to_owned();
    if !out.is_empty() {
        out.push_str("\n\n");
    }
    for case in cases {
        out.push_str(&format!("-- case: {}\n{}\n", case.name, case.written.trim_end()));
        let mut found = plans.get(&case.name).cloned().unwrap_or_default();
        if found.is_empty() {
            let kept = case.sections.iter().filter(|(section, _)| section.starts_with("plan"));
            kept.for_each(|(section, text)| out.push_str(&format!("-- {section}\n{}\n", text.trim_end())));
        }
        if found.values().collect::<BTreeSet<_>>().len() == 1
            && let Some((_, plan)) = found.pop_first()
        {
            out.push_str(&format!("-- plan\n{}\n", plan.trim_end()));
            found.clear();
        }
        for (version, plan) in found {
            out.push_str(&format!("-- plan {version}\n{}\n", plan.trim_end()));
        }
        out.push('\n');
    }
    std::fs::write(path, format!("{}\n", out.trim_end())).unwrap();
}

/// Makes the old schema, changes it, takes the old one there by plan, and back.
async fn try_case(server: &Server, admin: &Client, place: &Places, case: &Case) -> Result<String, String> {
    if case.commits() {
        return try_on_clones(server, admin, case).await;
    }
    let client = place.take(server).await;
    client.batch_execute("BEGIN").await.unwrap();
    let result = try_in_transaction(&client, case).await;
    client.batch_execute("ROLLBACK; RESET ALL").await.unwrap();
    place.give_back(client);
    result
}

/// Makes the change, takes it back, and goes there by plan, all in one transaction.
async fn try_in_transaction(client: &Client, case: &Case) -> Result<String, String> {
    let mut known = Known::default();
    execute(client, case.section("old")).await.map_err(|error| format!("old: {error}"))?;
    let a = known.read(client, Newcomers::Carry(&Tree::default())).await;
    client.batch_execute("SAVEPOINT before").await.unwrap();
    execute(client, case.section("change")).await.map_err(|error| format!("change: {error}"))?;
    let b = case.goal(&a, known.fork().read(client, Newcomers::Carry(&a)).await);
    let expected = answer(client, case.section("keeps")).await?;
    client.batch_execute("ROLLBACK TO before").await.unwrap();
    let (plans, there) = go(client, &mut known, &a, &b, &case.data()).await?;
    let got = answer(client, case.section("keeps")).await?;
    if expected != got {
        return Err(format!("keeps {got:?} instead of {expected:?} after\n{}", show(&plans)));
    }
    if case.sections.contains_key("only there") {
        return Ok(show(&plans));
    }
    // The way back may lead where rows of this schema cannot go.
    client.batch_execute(NO_ROWS).await.map_err(|error| said(&error))?;
    go(client, &mut known, &there, &a, &[]).await.map_err(|error| format!("and back: {error}"))?;
    Ok(show(&plans))
}

/// As in life: the change is made on a clone, and everything is committed in between.
async fn try_on_clones(server: &Server, admin: &Client, case: &Case) -> Result<String, String> {
    let old = server.database().await;
    let mut known = Known::default();
    let a = {
        let client = server.connect(&old).await;
        execute(&client, case.section("old")).await.map_err(|error| format!("old: {error}"))?;
        client.batch_execute("BEGIN").await.unwrap();
        known.read(&client, Newcomers::Carry(&Tree::default())).await
    };
    let changed = clone_of(server, admin, &old, &format!("{old}_changed")).await;
    execute(&changed, case.section("change")).await.map_err(|error| format!("change: {error}"))?;
    changed.batch_execute("BEGIN").await.unwrap();
    let b = known.fork().read(&changed, Newcomers::Carry(&a)).await;
    let client = server.connect(&old).await;
    let first = plan(&a, &b, &case.data()).map_err(|error| format!("cannot plan: {error}"))?;
    let (plans, there) = commit_plan(&client, &mut known, first, &b).await?;
    let (expected, got) =
        (answer(&changed, case.section("keeps")).await?, answer(&client, case.section("keeps")).await?);
    if expected != got {
        return Err(format!("keeps {got:?} instead of {expected:?} after\n{}", show(&plans)));
    }
    client.batch_execute(NO_ROWS).await.map_err(|error| said(&error))?;
    let back = plan(&there, &a, &[]).map_err(|error| format!("and back: cannot plan: {error}"))?;
    commit_plan(&client, &mut known, back, &a).await.map_err(|error| format!("and back: {error}"))?;
    Ok(show(&plans))
}

/// Runs a plan in a transaction; enum labels that it adds and uses are committed before.
async fn commit_plan(client: &Client, known: &mut Known, plan: Plan, to: &Tree) -> Result<(Vec<Plan>, Tree), String> {
    client.batch_execute("BEGIN").await.unwrap();
    let mut before = known.clone();
    let mut result = follow(client, known, plan.clone(), to).await;
    // unsafe_new_enum_value_usage
    if result.as_ref().is_err_and(|error| error.contains("55P04")) {
        client.batch_execute("ROLLBACK").await.unwrap();
        for step in plan.steps.iter().filter(|step| step.label) {
            client.batch_execute(&step.sql).await.map_err(|error| said(&error))?;
        }
        client.batch_execute("BEGIN").await.unwrap();
        std::mem::swap(known, &mut before);
        result = follow(client, known, Plan { labels_first: true, ..plan }, to).await;
    }
    let result = result?;
    client.batch_execute("COMMIT").await.unwrap();
    Ok(result)
}

/// Runs the parts of a section, which lines of `-- commit` divide, each in a transaction.
pub async fn execute(client: &Client, sql: &str) -> Result<(), String> {
    client.batch_execute("SET client_min_messages = error").await.unwrap();
    for part in sql.split(COMMIT) {
        client.batch_execute(part).await.map_err(|error| said(&error))?;
    }
    Ok(())
}

pub async fn answer(client: &Client, query: &str) -> Result<Vec<Vec<Option<String>>>, String> {
    let messages = client.simple_query(query).await.map_err(|error| format!("{query}: {}", said(&error)))?;
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect::<Vec<_>>())
        }
        _ => None,
    });
    Ok(rows.collect())
}
