//! What coordination answers in JSON is as its schema says, for every command.

use crate::support::{Story, every_server};
use serde_json::{Value, json};
use std::path::Path;

#[test]
fn answers_are_as_their_schema_says() {
    let schema = documented();
    for server in every_server() {
        let story = Story::new(Some(&server));
        story.file(
            "schema.sql",
            "CREATE TABLE users (id bigint PRIMARY KEY, email text);
             CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users, note text);",
        );
        story.quietly("pleach init --schema schema.sql");
        let mut asked: Vec<String> = vec![];
        let mut ask = |name: &str, arguments: &str| {
            let is_own = name.starts_with("lock") || name.starts_with("partition");
            let command = if is_own { name.to_owned() } else { format!("coordinate {name}") };
            let (text, code) = story.quietly(&format!("pleach {command} {arguments} --format json"));
            assert!(code == Some(0) || name == "partition check" && code == Some(4), "{command}\n{text}");
            for line in text.lines() {
                let answer: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{command}\n{line}"));
                hold(&schema, name, &answer);
            }
            asked.push(name.to_owned());
            serde_json::from_str::<Value>(text.lines().next().unwrap()).unwrap()
        };
        let change = |agent: &str, feature: &str, sql: &str| {
            format!("--agent-id {agent} --feature-name {feature} --schema-changes '{sql}'")
        };
        let first = change("auth", "oauth", "ALTER TABLE users ADD COLUMN provider text");
        let first = ask("register", &format!("{first} --estimated-hours 1.5 --metadata '{{\"ticket\": 7}}'"));
        assert_eq!(first["metadata"], json!({ "ticket": 7 }));
        ask("register", &change("cleaner", "tidy", "ALTER TABLE users DROP COLUMN email"));
        let third = ask("register", &change("reporter", "mails", "CREATE VIEW mails AS SELECT email FROM users"));
        // What scripts read of these.
        assert_eq!(third["id"], 3);
        assert_eq!(third["conflicts"][0]["severity"], "error");
        assert_eq!(third["conflicts"][0]["affected_objects"][0], "column public.users.email");
        assert!(third["conflicts"][0]["resolution_suggestions"][0].is_string());
        ask("check", &change("other", "more", "ALTER TABLE users ADD COLUMN age int"));
        let listed = ask("list-intents", "--status-filter registered");
        assert_eq!(listed.as_array().unwrap().len(), 3);
        assert_eq!(ask("status", "--intent-id 1")["branch_name"], "agent/auth-oauth");
        let conflicts = ask("conflicts", "--intent-id 3");
        assert_eq!(conflicts.as_array().unwrap().len(), 1);
        assert_eq!(conflicts[0]["conflict_type"], "DEPENDENCY");
        let id = &conflicts[0]["id"];
        assert_eq!(ask("resolve", &format!("--conflict-id {id} --notes 'the view goes first'"))["reviewed"], true);
        assert_eq!(ask("conflicts", "--intent-id 3"), json!([]));
        ask("review", "always");
        for (name, intent) in
            [("start", 1), ("submit", 1), ("reject", 1), ("submit", 1), ("approve", 1), ("start", 2), ("complete", 2)]
        {
            let reason = if name == "reject" { "--reason 'not yet'" } else { "" };
            let who = if name == "approve" { "--actor bob" } else { "" };
            ask(name, &format!("--intent-id {intent} {reason} {who}"));
        }
        ask("review", "never");
        assert_eq!(ask("order", "")["order"].as_array().unwrap().len(), 2);
        ask("merge-completed", "--dry-run");
        story.quietly("pleach --branch agent/auth-oauth sql -c 'ALTER TABLE users ADD COLUMN provider text'");
        let (text, code) = story.quietly("pleach --branch agent/auth-oauth commit -m Providers");
        assert_eq!(code, Some(0), "{text}");
        let merged = ask("merge-completed", "");
        assert_eq!(merged["merged"][0]["intent_id"], 1, "{merged}");
        assert!(merged["migration"]["version"].is_string(), "{merged}");
        ask("mark-merged", "--intent-id 2");
        ask("abandon", "--intent-id 3 --reason 'no longer wanted'");
        ask("stats", "");
        ask("url", "");
        let history = ask("history", "--intent-id 1");
        let events = history.as_array().unwrap().len();
        ask("watch", &format!("--from 0 --count {events}"));
        for name in ["lock acquire", "lock renew", "lock steal", "lock list", "lock release"] {
            let tables = if name == "lock list" { "" } else { "users orders --agent-id auth" };
            let reason = if name == "lock steal" { "--reason 'an incident'" } else { "" };
            ask(name, &format!("{tables} {reason}"));
        }
        ask("partition set", "auth --tables 'users,oauth_*' --schemas auth");
        ask("partition list", "");
        ask("partition check", "auth-1 --schema-changes 'ALTER TABLE orders ADD COLUMN b int'");
        ask("partition remove", "auth");
        let untold: Vec<&String> = commands(&schema).filter(|name| !asked.contains(name)).collect();
        assert!(untold.is_empty(), "no answer was held to {untold:?}");
    }
}

/// The names under which the schema has answers of commands: types begin with a capital.
fn commands(schema: &Value) -> impl Iterator<Item = &String> {
    schema["$defs"].as_object().unwrap().keys().filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
}

/// Fails where an answer is not as the schema says, or has a member of which the schema says nothing.
fn hold(schema: &Value, command: &str, answer: &Value) {
    let pointer = command.replace('~', "~0").replace('/', "~1").replace(' ', "%20");
    let mut closed = schema.clone();
    close(&mut closed);
    closed["$ref"] = json!(format!("#/$defs/{pointer}"));
    let validator = jsonschema::options().should_validate_formats(true).build(&closed).unwrap();
    let wrong: Vec<String> =
        validator.iter_errors(answer).map(|error| format!("{}: {error}", error.instance_path)).collect();
    assert!(wrong.is_empty(), "{command} answers otherwise than its schema says:\n{}\n{answer:#}", wrong.join("\n"));
}

/// Lets every object that says what its members are have no others.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") && members.get("type").is_some_and(|of| of == "object") {
                members.insert("unevaluatedProperties".to_owned(), json!(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// The schema in `docs/schemas`, which is what the program prints. `UPDATE=1` writes it anew.
fn documented() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas/coordinate.json");
    let (printed, code) = Story::new(None).quietly("pleach coordinate schema");
    assert_eq!(code, Some(0), "{printed}");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &printed).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == printed,
        "docs/schemas/coordinate.json is not what `pleach coordinate schema` prints (UPDATE=1)"
    );
    serde_json::from_str(&written).unwrap()
}
