//! Reading databases with lineages, running plans, and comparing where they end.

use crate::support::Server;
use pleach_change::{DataStep, Plan, Stage, diff, identified_by_name, plan};
use pleach_postgres::catalog::{self, CatalogId, ReadOptions};
use pleach_schema::{Lineage, Tree};
use std::collections::HashMap;
use std::fmt::Write;
use tokio_postgres::Client;
use uuid::Uuid;

/// Who is who in a database and its clones.
#[derive(Clone, Default)]
pub struct Known {
    lineages: HashMap<CatalogId, Lineage>,
    count: u128,
    way: u128,
}

/// Whose lineages objects get that are not known.
#[derive(Clone, Copy)]
pub enum Newcomers<'a> {
    /// New ones, except that what holds no data carries on what is gone under its name.
    Carry(&'a Tree),
    /// Those of a tree that the database is expected to equal.
    Expect(&'a Tree),
}

impl Known {
    /// The same, for another way that the same database goes: what is new there is another thing.
    pub fn fork(&self) -> Self {
        Self { way: self.way + 1, ..self.clone() }
    }

    /// What is who, the other way round.
    pub fn places(&self) -> HashMap<Lineage, CatalogId> {
        self.lineages.iter().map(|(id, lineage)| (*lineage, *id)).collect()
    }

    /// Reads the tree of a database; the connection must be in a transaction.
    pub async fn read(&mut self, client: &Client, newcomers: Newcomers<'_>) -> Tree {
        let options = ReadOptions { own_roles: vec!["tester".to_owned()] };
        let reading = catalog::read(client, &options).await.unwrap();
        let ids: HashMap<_, CatalogId> = reading.objects.iter().map(|f| (f.address.clone(), f.id)).collect();
        self.lineages.retain(|id, _| reading.objects.iter().any(|found| found.id == *id));
        let mut found = Vec::with_capacity(reading.objects.len());
        for one in reading.objects {
            let mut lineage = self.lineages.get(&one.id).copied();
            if let (None, Newcomers::Expect(tree)) = (lineage, newcomers) {
                lineage = tree.lineage(&one.address);
                self.lineages.extend(lineage.map(|lineage| (one.id, lineage)));
            }
            found.push((one.address, one.object, lineage));
        }
        let (Newcomers::Carry(before) | Newcomers::Expect(before)) = newcomers;
        let (tree, added) = pleach_change::carry_lineages(found, before, || {
            self.count += 1;
            Lineage(Uuid::from_u128((self.count << 96) + (self.way << 88) + 1))
        });
        self.lineages.extend(added.into_iter().map(|(address, lineage)| (ids[&address], lineage)));
        tree
    }
}

/// Runs a plan in the open transaction, as Pleach runs it.
///
/// # Errors
/// The statement and what PostgreSQL said.
pub async fn run(client: &Client, plan: &Plan) -> Result<(), String> {
    let settings = "SET LOCAL check_function_bodies = off; SET LOCAL client_min_messages = warning";
    client.batch_execute(settings).await.unwrap();
    for step in plan.steps.iter().filter(|step| !(plan.labels_first && step.label)) {
        let path = if step.stage == Stage::Data { "DEFAULT" } else { "''" };
        client.batch_execute(&format!("SET LOCAL search_path TO {path}")).await.unwrap();
        client.batch_execute(&step.sql).await.map_err(|error| format!("{}\n    {}", step.sql, said(&error)))?;
    }
    client.batch_execute("SET LOCAL search_path TO DEFAULT; SET LOCAL check_function_bodies = on").await.unwrap();
    Ok(())
}

/// Plans the way to a tree and goes it in the open transaction. Like Pleach's proofs it looks where
/// it ended and completes the plan from there, for PostgreSQL rewrites what stands on what changed.
///
/// # Errors
/// What went wrong, with the plan.
pub async fn go(
    client: &Client,
    known: &mut Known,
    from: &Tree,
    to: &Tree,
    data: &[DataStep],
) -> Result<(Vec<Plan>, Tree), String> {
    let first = plan(from, to, data).map_err(|error| format!("cannot plan: {error}"))?;
    follow(client, known, first, to).await
}

/// Goes a plan's way as [`go`] does.
///
/// # Errors
/// What went wrong, with the plan.
pub async fn follow(client: &Client, known: &mut Known, first: Plan, to: &Tree) -> Result<(Vec<Plan>, Tree), String> {
    let mut plans = vec![first];
    loop {
        let last = plans.last().unwrap();
        run(client, last).await.map_err(|error| format!("refused: {error}\nin the plan\n{}", show(&plans)))?;
        let tree = known.read(client, Newcomers::Expect(to)).await;
        if tree == *to {
            return Ok((plans, tree));
        }
        let rest = plan(&tree, to, &[]).map_err(|error| format!("cannot complete: {error}"))?;
        if plans.len() == 3 || rest.steps.is_empty() {
            return Err(format!("ended elsewhere:\n{}after the plan\n{}", differences(&tree, to), show(&plans)));
        }
        plans.push(rest);
    }
}

/// Plans as text for review.
pub fn show(plans: &[Plan]) -> String {
    let mut out = String::new();
    for (number, plan) in plans.iter().enumerate() {
        if number > 0 {
            out.push_str("-- then, having looked\n");
        }
        for step in &plan.steps {
            if let Some(destroys) = &step.destroys {
                writeln!(out, "-- destroys {destroys}").unwrap();
            }
            writeln!(out, "{}", step.statement()).unwrap();
        }
    }
    numbered(&out)
}

/// Temporary names by number: they are made from lineages, which differ from run to run.
fn numbered(sql: &str) -> String {
    const START: &str = "pleach_";
    let (mut out, mut rest) = (String::new(), sql);
    let mut seen: Vec<&str> = Vec::new();
    while let Some(at) = rest.find(START) {
        let start = at + START.len();
        let end = rest[start..].find(|c: char| !c.is_ascii_hexdigit()).map_or(rest.len(), |length| start + length);
        let name = &rest[start..end];
        if !seen.contains(&name) {
            seen.push(name);
        }
        let number = seen.iter().position(|known| *known == name).unwrap() + 1;
        out.push_str(&format!("{}{number}", &rest[..start]));
        rest = &rest[end..];
    }
    out + rest
}

/// In what two trees differ, for people.
pub fn differences(got: &Tree, expected: &Tree) -> String {
    let mut out = String::new();
    for change in diff(&identified_by_name(got, expected), expected).changes {
        let what = match (&change.from, &change.to) {
            (None, _) => "is missing",
            (_, None) => "is too many",
            _ => "differs",
        };
        writeln!(out, "  {} {what}", change.address().unwrap()).unwrap();
        for attr in &change.attributes {
            writeln!(out, "    {}: {:?} instead of {:?}", attr.attr, attr.from, attr.to).unwrap();
        }
    }
    if out.is_empty() {
        for ((a, x), (b, y)) in got.iter().zip(expected.iter()) {
            if a != b || x.object != y.object {
                writeln!(out, "  {a} {:?}\n  instead of {b} {:?}", x.object.attributes, y.object.attributes).unwrap();
                break;
            }
        }
    }
    out
}

/// What PostgreSQL said of an error, in a line.
pub fn said(error: &tokio_postgres::Error) -> String {
    let Some(error) = error.as_db_error() else { return error.to_string() };
    let more = [error.detail(), error.hint()].into_iter().flatten().map(|text| format!(" ({text})"));
    format!("{}: {}{}", error.code().code(), error.message(), more.collect::<String>())
}

/// Makes a database from another one as soon as nobody is connected to that.
pub async fn clone_of(server: &Server, admin: &Client, template: &str, name: &str) -> Client {
    for _ in 0..500 {
        match admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await {
            Ok(()) => return server.connect(name).await,
            // object_in_use
            Err(error) if error.code().is_some_and(|code| code.code() == "55006") => {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            Err(error) => panic!("{}", said(&error)),
        }
    }
    panic!("{template} stays in use")
}

/// The major version of a server.
pub async fn major(client: &Client) -> u32 {
    let row = client.query_one("SELECT current_setting('server_version_num')::int / 10000", &[]).await.unwrap();
    row.get::<_, i32>(0).unsigned_abs()
}
