//! Every case goes the online way too, with every table taken for a large one.

use crate::cases::{Case, Places, all, execute};
use crate::harness::{Known, Newcomers, differences, follow, major, said};
use crate::support::{Server, servers};
use futures_util::StreamExt;
use pleach_change::online::{Batches, Facts, Goal, How, goals};
use pleach_change::plan;
use pleach_schema::Tree;
use std::collections::{BTreeSet, HashMap};
use tokio_postgres::Client;

const AT_ONCE: usize = 2;

/// Takes everything away that a case has made: far cheaper than a database for each.
const WIPE: &str = "SET client_min_messages = error;
    DO $$DECLARE what text; BEGIN
        FOR what IN SELECT format('EVENT TRIGGER %I', evtname) FROM pg_event_trigger
            UNION ALL SELECT format('EXTENSION %I CASCADE', extname) FROM pg_extension WHERE extname <> 'plpgsql'
            UNION ALL SELECT format('SCHEMA %I CASCADE', nspname) FROM pg_namespace
                WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
            EXECUTE 'DROP ' || what;
        END LOOP;
        DELETE FROM pg_default_acl;
    END$$;
    CREATE SCHEMA public AUTHORIZATION pg_database_owner;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
    COMMENT ON SCHEMA public IS 'standard public schema';
    RESET ALL";

pub fn facts(version: u32) -> Facts {
    Facts {
        version: version * 10_000,
        sizes: HashMap::new(),
        large: 0,
        rewrites: None,
        unfilled: BTreeSet::new(),
        batches: Batches::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_online_way_ends_where_the_change_did() {
    let cases = all();
    let mut failed = Vec::new();
    let mut parts = 0;
    for server in servers() {
        let admin = server.connect("postgres").await;
        let version = major(&admin).await;
        let places = Places::default();
        let cases = cases.iter().filter(|case| case.since() <= version && case.is_wanted() && !case.commits());
        let results: Vec<_> = futures_util::stream::iter(cases)
            .map(async |case| (case, try_case(server, &places, version, case).await))
            .buffered(AT_ONCE)
            .collect()
            .await;
        for (case, result) in results {
            match result {
                Ok(count) => parts += count,
                Err(error) => failed.push(format!("{} on PostgreSQL {version}: {error}", case.name)),
            }
        }
    }
    assert!(failed.is_empty(), "{} failures\n\n{}", failed.len(), failed.join("\n\n"));
    assert!(std::env::var_os("CASE").is_some() || parts > 300, "only {parts} parts: the cases take no online way");
}

async fn try_case(server: &Server, places: &Places, version: u32, case: &Case) -> Result<usize, String> {
    let client = places.take(server).await;
    let count = go_online(&client, version, case).await?;
    for sql in ["ROLLBACK", "DISCARD ALL", WIPE] {
        client.batch_execute(sql).await.map_err(|error| format!("cannot be wiped away: {}", said(&error)))?;
    }
    places.give_back(client);
    Ok(count)
}

async fn go_online(client: &Client, version: u32, case: &Case) -> Result<usize, String> {
    let mut known = Known::default();
    execute(client, case.section("old")).await.map_err(|error| format!("old: {error}"))?;
    client.batch_execute("BEGIN").await.unwrap();
    let from = known.read(client, Newcomers::Carry(&Tree::default())).await;
    execute(client, case.section("change")).await.map_err(|error| format!("change: {error}"))?;
    let to = case.goal(&from, known.fork().read(client, Newcomers::Carry(&from)).await);
    client.batch_execute("ROLLBACK").await.unwrap();

    let goals = goals(&from, &to, &case.data(), &facts(version));
    let mut shown = String::new();
    let mut previous = from.clone();
    for (at, goal) in goals.iter().enumerate() {
        let plan = goal.plan(&previous).map_err(|error| format!("cannot plan: {error}"))?;
        shown.push_str(&format!("-- {} ({:?})\n{}", goal.title, goal.how, plan.sql()));
        let joins = goals.get(at + 1).is_some_and(|next| next.joined);
        run(client, goal, &plan, joins).await.map_err(|error| format!("{error}\nin\n{shown}"))?;
        previous = goal.tree.clone();
    }
    client.batch_execute("BEGIN").await.unwrap();
    let there = known.read(client, Newcomers::Expect(&previous)).await;
    if there != to {
        let rest = plan(&there, &to, &[]).map_err(|error| format!("cannot complete: {error}"))?;
        if rest.steps.is_empty() {
            return Err(format!("ended elsewhere:\n{}\nafter\n{shown}", differences(&there, &to)));
        }
        follow(client, &mut known, rest, &to).await.map_err(|error| format!("{error}\nafter\n{shown}"))?;
    }
    client.batch_execute("ROLLBACK").await.unwrap();
    Ok(goals.len())
}

pub async fn run(client: &Client, goal: &Goal, plan: &pleach_change::Plan, joins: bool) -> Result<(), String> {
    let fail = |sql: &str, error: tokio_postgres::Error| format!("{sql}\n    {}", said(&error));
    let begins = goal.how == How::Transaction && !goal.joined;
    let settings = "SET check_function_bodies = off; SET client_min_messages = warning";
    client.batch_execute(settings).await.unwrap();
    if begins {
        client.batch_execute("BEGIN").await.unwrap();
    }
    for step in &plan.steps {
        let path = if step.stage == pleach_change::Stage::Data { "DEFAULT" } else { "''" };
        client.batch_execute(&format!("SET search_path TO {path}")).await.unwrap();
        client.batch_execute(&step.sql).await.map_err(|error| fail(&step.sql, error))?;
    }
    if goal.how == How::Transaction && !joins {
        client.batch_execute("COMMIT").await.map_err(|error| fail("COMMIT", error))?;
    }
    client.batch_execute("RESET search_path; RESET check_function_bodies").await.unwrap();
    Ok(())
}
