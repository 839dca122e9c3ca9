//! Many processes race for leases, registrations and statuses, and some of them are killed at any
//! moment. What happened is then read from the history, and from what each process was told.

use crate::support::{Story, every_server};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How many work at once, and how often each does something.
const PROCESSES: u64 = 32;
const ROUNDS: usize = 6;
/// How many of a hundred are killed, within this time of their start.
const KILLED: u32 = 25;
const KILLED_WITHIN: u64 = 400;

const SCHEMA: &str =
    "CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE c (id int); CREATE TABLE s (id int);";
/// Tables of which leases are raced for; those of `s` are stolen, too.
const TABLES: [&str; 3] = ["a", "b", "c"];

/// A lease as its holder knows of it: it was told to have it by `from`, and gave it back or could
/// not have had it any more at `to`.
struct Held {
    table: String,
    agent: String,
    from: OffsetDateTime,
    to: OffsetDateTime,
}

/// What the processes were told.
#[derive(Default)]
struct Told {
    held: Vec<Held>,
    /// The numbers of intents that were registered, so they said.
    registered: BTreeSet<i64>,
    killed: usize,
    done: usize,
}

#[test]
fn nobody_holds_what_another_holds_and_no_collision_goes_unnoticed() {
    for (number, server) in (0..).zip(every_server()) {
        let mut story = Story::new(Some(&server));
        // So many pairs are there that running them all is not the point.
        story.set("PLEACH_NO_BACKGROUND", "1");
        story.file("schema.sql", SCHEMA);
        well(&story, "pleach init --schema schema.sql");
        well(&story, "sed -i.bak 's/^judge_milliseconds.*/judge_milliseconds = 50/' .pleach/config.toml");
        let told = Mutex::new(Told::default());
        std::thread::scope(|scope| {
            for agent in 0..PROCESSES {
                let (story, told) = (&story, &told);
                scope.spawn(move || {
                    let mut random = StdRng::seed_from_u64(number * PROCESSES + agent);
                    for round in 0..ROUNDS {
                        act(story, told, &mut random, &format!("agent{agent}"), round);
                    }
                });
            }
        });
        let told = told.into_inner().unwrap();
        assert!(told.killed > 20 && told.done > 60, "{} were killed, {} did their work", told.killed, told.done);
        println!(
            "{} killed, {} done, {} leases held, {} registered",
            told.killed,
            told.done,
            told.held.len(),
            told.registered.len()
        );
        assert!(!told.held.is_empty() && !told.registered.is_empty());
        let check = well(&story, "pleach fsck --format json");
        assert!(check.contains("\"damages\":[]"), "{check}");
        let events = events(&story);
        leases_never_overlap(&events);
        holders_never_overlapped(&told.held);
        moves_follow_each_other(&events);
        every_collision_is_known(&story, &events, &told.registered);
    }
}

/// One of the things that an agent does.
fn act(story: &Story, told: &Mutex<Told>, random: &mut StdRng, agent: &str, round: usize) {
    let table = TABLES[random.random_range(0..TABLES.len())];
    match random.random_range(0..10) {
        0..4 => hold(story, told, random, agent),
        4..8 => {
            let (column, feature) = (random.random_range(0..4), format!("{agent}-{round}"));
            let change = format!("ALTER TABLE {table} ADD COLUMN c{column} int");
            let mut arguments = vec!["coordinate", "register", "--agent-id", agent, "--feature-name", &feature];
            arguments.extend(["--schema-changes", &change, "--format", "json"]);
            arguments.extend(if random.random_bool(0.2) { None } else { Some("--no-branch") });
            arguments.extend(random.random_bool(0.5).then_some("--static"));
            if let Some(answer) = run(story, told, random, &arguments) {
                told.lock().unwrap().registered.insert(answer["id"].as_i64().unwrap());
            }
        }
        8 => {
            let intent = random.random_range(1..40).to_string();
            let moves = ["start", "complete", "submit", "abandon"];
            let to = moves[random.random_range(0..moves.len())];
            let mut arguments = vec!["coordinate", to, "--intent-id", &intent];
            arguments.extend((to == "abandon").then_some(["--reason", "enough"]).into_iter().flatten());
            run(story, told, random, &arguments);
        }
        _ => {
            run(story, told, random, &["lock", "steal", "s", "--agent-id", agent, "--ttl", "2s", "--reason", "mine"]);
        }
    }
}

/// Takes leases of some tables, holds them for a moment, and gives them back, unless it is killed.
fn hold(story: &Story, told: &Mutex<Told>, random: &mut StdRng, agent: &str) {
    let (first, second) = (random.random_range(0..TABLES.len()), random.random_range(0..TABLES.len()));
    // In any order: several tables at once are no reason to wait for each other for ever.
    let mut arguments = vec!["lock", "acquire", TABLES[first]];
    arguments.extend((first != second).then_some(TABLES[second]));
    let ttl = format!("{}s", random.random_range(1..4));
    arguments.extend(["--agent-id", agent, "--ttl", &ttl, "--format", "json"]);
    if random.random_bool(0.5) {
        arguments.extend(["--wait", "2s"]);
    }
    let Some(answer) = run(story, told, random, &arguments) else { return };
    let from = OffsetDateTime::now_utc();
    if random.random_bool(0.3) {
        run(story, told, random, &["lock", "renew", "--agent-id", agent, "--ttl", "2s"]);
    }
    std::thread::sleep(Duration::from_millis(random.random_range(0..200)));
    let gives_back = OffsetDateTime::now_utc();
    let mut told_now = told.lock().unwrap();
    for lease in answer.as_array().unwrap() {
        let expires = moment(&lease["expires_at"]);
        let table = lease["table_name"].as_str().unwrap().to_owned();
        told_now.held.push(Held { table, agent: agent.to_owned(), from, to: expires.min(gives_back) });
    }
    drop(told_now);
    run(story, told, random, &["lock", "release", "--agent-id", agent]);
}

/// Runs a command, and kills some. What it answers, if it did what it was asked for.
fn run(story: &Story, told: &Mutex<Told>, random: &mut StdRng, arguments: &[&str]) -> Option<Value> {
    let is_killed = random.random_ratio(KILLED, 100);
    let after = Duration::from_millis(random.random_range(0..KILLED_WITHIN));
    let mut command = story.command(arguments);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if is_killed {
        std::thread::sleep(after);
        child.kill().unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let mut told = told.lock().unwrap();
    match output.status.code() {
        Some(0) => {
            told.done += 1;
            Some(serde_json::from_slice(&output.stdout).unwrap_or_default())
        }
        None => {
            told.killed += 1;
            None
        }
        // Refused: somebody else has it, or the intent is not there or somewhere else.
        Some(3 | 4) => None,
        Some(code) => panic!("{arguments:?} ended with {code}: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// Replays the history of each table: nobody gets what somebody has, and later leases have higher
/// tokens.
fn leases_never_overlap(events: &[Value]) {
    struct Lease {
        token: i64,
        expires: OffsetDateTime,
    }
    let mut now: BTreeMap<&str, Lease> = BTreeMap::new();
    let mut highest: BTreeMap<&str, i64> = BTreeMap::new();
    let mut acquired = 0;
    for event in events.iter().filter(|event| kind(event).starts_with("lock.")) {
        let body = &event["body"];
        let (table, token) = (body["table"].as_str().unwrap(), body["token"].as_i64().unwrap());
        match kind(event) {
            "lock.acquired" => {
                acquired += 1;
                assert!(!now.contains_key(table), "{table} was given while somebody had it: {event}");
                let before = highest.insert(table, token);
                assert!(before.is_none_or(|before| before < token), "a lower token than before: {event}");
                now.insert(table, Lease { token, expires: moment(&body["expires_at"]) });
            }
            "lock.renewed" => {
                let lease = now.get_mut(table).unwrap_or_else(|| panic!("renewed what nobody had: {event}"));
                assert_eq!(lease.token, token, "{event}");
                assert!(moment(&event["at"]) < lease.expires, "renewed after it had run out: {event}");
                lease.expires = moment(&body["expires_at"]);
            }
            over => {
                let lease = now.remove(table).unwrap_or_else(|| panic!("ended what nobody had: {event}"));
                assert_eq!(lease.token, token, "{event}");
                let ran_out = lease.expires <= moment(&event["at"]);
                assert_eq!(over == "lock.expired", ran_out, "{event}");
            }
        }
    }
    println!("{acquired} leases");
    assert!(acquired > 10, "only {acquired} leases");
}

/// No two were told to have one table at one time.
fn holders_never_overlapped(held: &[Held]) {
    for (number, one) in held.iter().enumerate() {
        for other in held[..number].iter().filter(|other| other.table == one.table && other.agent != one.agent) {
            let apart = one.to <= other.from || other.to <= one.from;
            assert!(apart, "{} and {} both had {} at {}", one.agent, other.agent, one.table, one.from);
        }
    }
}

/// Each status comes from the one before.
fn moves_follow_each_other(events: &[Value]) {
    let mut status: BTreeMap<i64, &str> = BTreeMap::new();
    let mut moved = 0;
    for event in events {
        let intent = event["intent_id"].as_i64();
        match kind(event) {
            "intent.registered" => assert!(status.insert(intent.unwrap(), "registered").is_none(), "{event}"),
            "intent.moved" => {
                let (before, after) = (event["body"]["before"].as_str(), event["body"]["after"].as_str());
                let known = status.insert(intent.unwrap(), after.unwrap());
                assert_eq!(known, before, "{event}");
                moved += 1;
            }
            _ => {}
        }
    }
    assert!(moved > 0);
}

/// Whoever came second was told of the first, for every two that were there at one time.
fn every_collision_is_known(story: &Story, events: &[Value], acknowledged: &BTreeSet<i64>) {
    let intents = json(story, "pleach coordinate list-intents --format json");
    let conflicts = json(story, "pleach coordinate conflicts --all --format json");
    let mut known: BTreeMap<(i64, i64), BTreeSet<&str>> = BTreeMap::new();
    for conflict in conflicts.as_array().unwrap() {
        let of = |side: &str| conflict[side]["intent_id"].as_i64().unwrap_or_default();
        let classes = known.entry((of("intent_a"), of("intent_b"))).or_default();
        classes.insert(conflict["conflict_type"].as_str().unwrap());
    }
    let registered: BTreeMap<i64, OffsetDateTime> = events
        .iter()
        .filter(|event| kind(event) == "intent.registered")
        .map(|event| (event["intent_id"].as_i64().unwrap(), moment(&event["at"])))
        .collect();
    let intents = intents.as_array().unwrap();
    for id in acknowledged {
        assert!(intents.iter().any(|intent| intent["id"] == *id), "intent {id} was registered, and is gone");
    }
    let mut pairs = 0;
    for second in intents {
        let id = second["id"].as_i64().unwrap();
        if second["closed_at"].is_null() && !second["branch_name"].is_null() {
            well(story, &format!("pleach branch show {}", second["branch_name"].as_str().unwrap()));
        }
        for first in intents.iter().filter(|first| first["id"].as_i64().unwrap() < id) {
            let closed = first["closed_at"].as_str().map(|_| moment(&first["closed_at"]));
            let together = closed.is_none_or(|closed| closed > registered[&id]);
            if !together || first["tables_affected"] != second["tables_affected"] {
                continue;
            }
            pairs += 1;
            let pair = (first["id"].as_i64().unwrap(), id);
            let class = if first["schema_changes"] == second["schema_changes"] { "COLUMN" } else { "TABLE" };
            let told = known.get(&pair).is_some_and(|classes| classes.contains(class));
            assert!(told, "nobody was told that {first} and {second} collide");
        }
    }
    println!("{pairs} pairs that collide");
    assert!(pairs > 20, "only {pairs} pairs");
}

#[test]
fn sixteen_register_at_once_and_every_pair_is_known() {
    for server in every_server() {
        let story = Story::new(Some(&server));
        story.file("schema.sql", SCHEMA);
        well(&story, "pleach init --schema schema.sql");
        let register = "for i in $(seq 16); do
              pleach coordinate register --agent-id agent$i --feature-name f$i \\
                --schema-changes 'ALTER TABLE a ADD COLUMN same int' --format json > out$i & pids=\"$pids $!\"
            done; for pid in $pids; do wait $pid || exit 1; done";
        well(&story, register);
        let intents = json(&story, "pleach coordinate list-intents --format json");
        assert_eq!(intents.as_array().unwrap().len(), 16);
        for intent in intents.as_array().unwrap() {
            well(&story, &format!("pleach branch show {}", intent["branch_name"].as_str().unwrap()));
            assert_eq!(intent["conflicts_with"].as_array().unwrap().len(), 15, "{intent}");
        }
        let conflicts = json(&story, "pleach coordinate conflicts --all --format json");
        let of = |conflict: &Value, side: &str| conflict[side]["intent_id"].as_i64().unwrap();
        let columns = conflicts.as_array().unwrap().iter().filter(|conflict| conflict["conflict_type"] == "COLUMN");
        let pairs: BTreeSet<(i64, i64)> =
            columns.map(|conflict| (of(conflict, "intent_a"), of(conflict, "intent_b"))).collect();
        assert_eq!(pairs.len(), 16 * 15 / 2);
    }
}

/// Everything that happened.
fn events(story: &Story) -> Vec<Value> {
    let mut watching = story.command(&["coordinate", "watch", "--from", "0", "--format", "json"]);
    let mut watching = watching.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    // The last one, known by its table.
    well(story, "pleach lock acquire the_end --agent-id nobody");
    let mut events = vec![];
    for line in std::io::BufReader::new(watching.stdout.take().unwrap()).lines() {
        let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if event["body"]["table"] == "public.the_end" {
            break;
        }
        events.push(event);
    }
    watching.kill().unwrap();
    watching.wait().unwrap();
    events
}

fn kind(event: &Value) -> &str {
    event["kind"].as_str().unwrap()
}

fn moment(value: &Value) -> OffsetDateTime {
    OffsetDateTime::parse(value.as_str().unwrap(), &Rfc3339).unwrap()
}

fn json(story: &Story, line: &str) -> Value {
    let text = well(story, line);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{line}: {error}\n{text}"))
}

/// Types a line that must succeed.
fn well(story: &Story, line: &str) -> String {
    let (text, code) = story.quietly(line);
    assert_eq!(code, Some(0), "{line}\n{text}");
    text
}
