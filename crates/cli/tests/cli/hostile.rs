//! What is empty, huge, wrong or meant to do harm is handled or refused, and nothing is lost.

use crate::servers::servers;
use crate::support::{Story, every_server};
use serde_json::{Value, json};
use std::fmt::Write;

const SCHEMA: &str = "CREATE TABLE users (id bigint PRIMARY KEY, email text);";

fn begun(server: &std::path::Path) -> Story {
    let story = Story::new(Some(server));
    story.file("schema.sql", SCHEMA);
    let (text, code) = story.quietly("pleach init --schema schema.sql");
    assert_eq!(code, Some(0), "{text}");
    story
}

/// Runs the program, and what it answered in JSON.
fn ask(story: &Story, arguments: &[&str]) -> (Value, Option<i32>) {
    let output = story.command(arguments).args(["--format", "json"]).output().unwrap();
    let text = output.stdout;
    let answer = serde_json::from_slice(&text).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&text)));
    (answer, output.status.code())
}

fn register(story: &Story, agent: &str, feature: &str, more: &[&str]) -> (Value, Option<i32>) {
    let mut arguments = vec!["coordinate", "register", "--agent-id", agent, "--feature-name", feature, "--no-branch"];
    arguments.extend(more);
    ask(story, &arguments)
}

fn refused(answer: (Value, Option<i32>), code: &str, exit: i32) {
    assert_eq!((&answer.0["error"]["code"], answer.1), (&json!(code), Some(exit)), "{:#}", answer.0);
    let error = &answer.0["error"];
    assert!(error["message"].is_string() && error["object"].is_string() && error["hint"].is_string(), "{error:#}");
}

#[test]
fn what_cannot_be_a_change_is_refused() {
    let story = begun(&every_server().pop().unwrap());
    let deep = format!("SELECT {}1{};", "(".repeat(200_000), ")".repeat(200_000));
    story.file("deep.sql", &deep);
    story.file("nothing.sql", " \n;;\t\n");
    story.file("comment.sql", &format!("-- {}\n", "x".repeat(10 << 20)));
    story.file("zero.sql", "SELECT 1;\0DROP TABLE users;");
    std::fs::write(story.folder().join("latin.sql"), b"COMMENT ON TABLE users IS '\xe9\xff';").unwrap();
    for (file, code, exit) in [
        ("nothing.sql", "no_changes", 2),
        ("comment.sql", "no_changes", 2),
        ("zero.sql", "bad_sql", 2),
        ("deep.sql", "bad_sql", 2),
        ("latin.sql", "file_unreadable", 2),
        ("ALTER TABLE users ADD", "bad_sql", 2),
        ("missing.sql", "bad_sql", 2),
        ("ALTER TABLE nowhere ADD a int", "change_refused", 5),
        ("COMMIT", "transaction_control", 2),
        ("DO $$ BEGIN COMMIT; END $$", "change_refused", 5),
        ("COPY users TO PROGRAM 'touch owned'", "outside_effects", 2),
        ("CREATE ROLE mine SUPERUSER", "outside_effects", 2),
        ("SET SESSION AUTHORIZATION pleach; DROP TABLE users", "outside_effects", 2),
        ("DO $$ BEGIN EXECUTE 'CREATE ROLE mine SUPERUSER'; END $$", "outside_effects", 2),
        // What reading does not see through, the role may not do.
        ("DO $$ BEGIN EXECUTE format('ALTER %s SET work_mem = 7', 'SYSTEM'); END $$", "change_refused", 5),
        ("DO $$ BEGIN EXECUTE format('COPY users TO %s %L', 'PROGRAM', 'touch owned'); END $$", "change_refused", 5),
        ("DO $$ BEGIN EXECUTE format('CREATE %s mine SUPERUSER', 'ROLE'); END $$", "change_refused", 5),
        ("DO $$ BEGIN EXECUTE format('COPY users FROM %L', '/etc/passwd'); END $$", "change_refused", 5),
        ("SELECT pg_read_file('/etc/passwd')", "outside_effects", 2),
    ] {
        refused(register(&story, "a", "b", &["--schema-changes", file]), code, exit);
    }
    for (agent, feature, more) in [
        ("", "f", &[] as &[&str]),
        (" ", "f", &[]),
        ("a", "", &[]),
        ("a\nb", "f", &[]),
        ("a\u{1b}]0;owned\u{7}", "f", &[]),
        ("a", &"f".repeat(201), &[]),
        ("a", "f", &["--metadata", "{"]),
        ("a", "f", &["--metadata", "7"]),
        ("a", "f", &["--estimated-hours=-1"]),
        ("a", "f", &["--estimated-hours", "NaN"]),
        ("a", "f", &["--agent-type", "\u{7f}"]),
    ] {
        let mut arguments = vec!["--schema-changes", "ALTER TABLE users ADD COLUMN a int"];
        arguments.extend(more);
        refused(register(&story, agent, feature, &arguments), "bad_intent", 2);
    }
    let change = ["--schema-changes", "ALTER TABLE users ADD COLUMN a int"];
    refused(register(&story, "a", "f", &[&change[..], &["--depends-on", "7"]].concat()), "unknown_intent", 3);
    assert_eq!(ask(&story, &["coordinate", "list-intents"]).0, json!([]));
    assert!(!story.folder().join("owned").exists());
}

#[test]
fn what_is_huge_is_handled() {
    let story = begun(&every_server().pop().unwrap());
    let mut many = String::new();
    for number in 0..10_000 {
        writeln!(many, "CREATE TABLE t{number} (id int PRIMARY KEY, v text);").unwrap();
    }
    story.file("many.sql", &many);
    story.file("long.sql", &format!("INSERT INTO users VALUES (1, '{}');", "x".repeat(10 << 20)));
    let (read, code) = register(&story, "a", "many", &["--schema-changes", "many.sql", "--static"]);
    assert_eq!(code, Some(0), "{read:#}");
    assert_eq!(read["tables_affected"].as_array().unwrap().len(), 10_000);
    // Found among all of them.
    let (one, _) = register(&story, "b", "one", &["--schema-changes", "CREATE TABLE t7777 (id int)", "--static"]);
    assert_eq!(one["conflicts"][0]["affected_objects"], json!(["t7777"]));
    let (text, code) = story.quietly("pleach coordinate status --intent-id 1");
    assert!(code == Some(0) && text.contains("t1014 and 9980 more"), "{}", &text[..2000.min(text.len())]);
    let (long, code) = register(&story, "c", "long", &["--schema-changes", "long.sql"]);
    assert_eq!(code, Some(0), "{}", long["error"]);
    assert_eq!(long["executed"], true);
    assert!(long["schema_changes"][0].as_str().unwrap().len() > 10 << 20);
    // And nothing of it is left on main.
    let (text, _) = story.quietly("pleach --branch main sql -t -c 'SELECT count(*) FROM users'");
    assert_eq!(text.trim(), "0");
}

#[test]
fn names_and_notes_are_only_text() {
    let harm = "x'); DROP TABLE pleach.intent; --";
    for server in every_server() {
        let story = begun(&server);
        let change = ["--schema-changes", "ALTER TABLE users ADD COLUMN a int"];
        let metadata = json!({ "k\"'": "'; DROP SCHEMA pleach CASCADE; --\u{1b}[2J" }).to_string();
        let (first, code) = register(&story, harm, harm, &[&change[..], &["--metadata", &metadata]].concat());
        assert_eq!(code, Some(0), "{first:#}");
        assert_eq!((&first["agent_id"], &first["feature_name"]), (&json!(harm), &json!(harm)));
        assert_eq!(first["metadata"].to_string(), metadata);
        let odd = "\"odd\"\".name\" $1 %s \\ ü";
        let (second, code) = ask(
            &story,
            &[
                "coordinate",
                "register",
                "--agent-id",
                odd,
                "--feature-name",
                "../../etc",
                "--schema-changes",
                "ALTER TABLE users ADD COLUMN a text",
                "--tables-affected",
                "users\"; DROP TABLE users",
            ],
        );
        assert_eq!(code, Some(0), "{second:#}");
        let branch = second["branch_name"].as_str().unwrap();
        assert!(branch.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte)), "{branch}");
        let conflict = second["conflicts"][0]["id"].to_string();
        let notes = "'; DELETE FROM pleach.intent_conflict; -- \u{1b}]0;owned\u{7}\u{202e}";
        let (resolved, code) = ask(&story, &["coordinate", "resolve", "--conflict-id", &conflict, "--notes", notes]);
        assert_eq!(code, Some(0), "{resolved:#}");
        assert_eq!(resolved["resolution_notes"], notes);
        // The terminal is not spoken to by what others wrote.
        let (text, _) = story.quietly("pleach coordinate conflicts --all; pleach coordinate history --intent-id 1");
        assert!(text.contains("DELETE FROM pleach.intent_conflict") && !text.contains(['\u{1b}', '\u{7}', '\u{202e}']));
        let (text, code) = story.quietly(&format!("pleach coordinate list-intents --agent-filter \"{harm}\""));
        assert!(code == Some(0) && text.contains("DROP TABLE"), "{text}");
        for (arguments, code) in [
            (&["lock", "acquire", "a b", "--agent-id", "me"] as &[&str], "bad_table_name"),
            (&["lock", "acquire", "users\"; DROP TABLE users", "--agent-id", "me"], "bad_table_name"),
            (&["lock", "acquire", "users", "--agent-id", ""], "bad_intent"),
            (&["lock", "steal", "users", "--agent-id", "me", "--reason", " "], "empty_reason"),
            (&["partition", "set", "a:b", "--tables", "users"], "bad_partition"),
            (&["coordinate", "resolve", "--conflict-id", "1", "--notes", " "], "empty_notes"),
        ] {
            assert_eq!(ask(&story, arguments).0["error"]["code"], code, "{arguments:?}");
        }
        let (held, code) = ask(&story, &["lock", "acquire", "\"odd\"\".t\"", "--agent-id", harm, "--reason", harm]);
        assert_eq!((code, &held[0]["table_name"]), (Some(0), &json!("public.\"odd\"\".t\"")));
        assert_eq!(ask(&story, &["coordinate", "list-intents"]).0.as_array().unwrap().len(), 2);
        let (check, code) = story.quietly("pleach fsck");
        assert_eq!(code, Some(0), "{check}");
    }
}

/// On somebody's own server the branches belong to whoever connects, who may be a superuser: what
/// reading does not see through is not run there.
#[test]
fn a_superuser_is_not_led_astray() {
    for (bin, server) in every_server().iter().zip(servers()) {
        let mut story = Story::new(Some(bin));
        story.set("SERVER", format!("host={} user=tester dbname=postgres", server.folder.display()));
        story.file("schema.sql", SCHEMA);
        let (text, code) = story.quietly("pleach init --url env:SERVER --schema schema.sql");
        assert_eq!(code, Some(0), "{text}");
        let owned = story.folder().join("owned");
        let sql = format!(
            "DO $$ BEGIN EXECUTE format('COPY users TO %s %L', 'PROGRAM', 'touch {}'); END $$",
            owned.display()
        );
        let (answer, code) = register(&story, "a", "b", &["--schema-changes", &sql]);
        assert_eq!((code, &answer["executed"]), (Some(0), &json!(false)), "{answer:#}");
        let (seen_through, _) = register(&story, "a", "b", &["--schema-changes", "ALTER TABLE users ADD COLUMN a int"]);
        assert_eq!(seen_through["executed"], true, "{seen_through:#}");
        assert!(!owned.exists());
    }
}
