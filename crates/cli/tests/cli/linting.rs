//! Linting migrations that people wrote.

use crate::support::{Story, every_server, on_every_server};
use serde_json::Value;

#[test]
fn what_statements_do_to_tables_with_rows() {
    on_every_server("linting", |story| {
        story.file("schema.sql", SCHEMA);
        story.file("hazards.sql", HAZARDS);
        story.file("fine.sql", "ALTER TABLE users ADD COLUMN IF NOT EXISTS nickname text;\n");
        story.type_in(
            "
            pleach lint fine.sql --on schema.sql --exclude require-timeout-settings
            # Squawk's matters of taste are left out here.
            pleach lint hazards.sql --on schema.sql --exclude prefer-robust-stmts,require-timeout-settings
            # A rule is a note where PostgreSQL was seen to do otherwise.
            echo 'ALTER TABLE users ALTER COLUMN name TYPE text;' | pleach lint - --on schema.sql --exclude prefer-robust-stmts,require-timeout-settings
            # What PostgreSQL refuses is found at its place, and so is what is not SQL.
            echo 'SELECT 1; ALTER TABLE users ADD COLUMN a text, ADD COLUMN name text;' | pleach lint - --on schema.sql --exclude prefer-robust-stmts,require-timeout-settings --stdin-filepath new.sql
            echo 'CRATE TABLE t ();' | pleach lint -
            echo \"SELECT 'a\" | pleach lint -
            # Without a schema there is nothing that a migration could apply to.
            echo 'DROP TABLE users;' | pleach lint - --exclude prefer-robust-stmts
            # What cannot be linted.
            pleach lint
            pleach lint nowhere.sql
            printf 'SELECT 1;\\n\\377' > binary.sql; pleach lint binary.sql
            pleach lint fine.sql --exclude no-such-rule
            pleach lint fine.sql --on main
            pleach status --format sarif
            ",
        );
    });
}

#[test]
fn what_is_known_and_meant() {
    on_every_server("linting_ignored", |story| {
        story.file("schema.sql", SCHEMA);
        story.file("m/1.sql", IGNORED);
        story.file("m/2.sql", "ALTER TABLE users DROP COLUMN age;\n");
        story.file(
            ".squawk.toml",
            "excluded_rules = [\"require-timeout-settings\", \"prefer-robust-stmts\"]\nexcluded_paths = [\"m/2.sql\"]\n",
        );
        story.type_in(
            "
            pleach lint m/1.sql m/2.sql --on schema.sql
            # What is said here replaces what the file says.
            pleach lint m/2.sql --on schema.sql --exclude-path nothing --exclude data_loss
            # Rules know the version, and whether files run in one transaction.
            echo \"ALTER TABLE users ADD COLUMN b text DEFAULT 'x';\" | pleach lint - --on schema.sql --pg-version 10
            echo 'CREATE INDEX CONCURRENTLY users_age ON users (age);' | pleach lint - --on schema.sql --assume-in-transaction
            echo 'no_such_key = 1' > other.toml; echo 'pg_version = \"x\"' >> other.toml; pleach lint m/1.sql --config other.toml
            ",
        );
    });
}

#[test]
fn for_programs() {
    on_every_server("linting_formats", |story| {
        story.file("schema.sql", SCHEMA);
        story.file("drop.sql", "-- ü\nDROP TABLE orders; DROP TABLE nothing;\n");
        story.type_in(
            "
            pleach lint drop.sql --on schema.sql --exclude prefer-robust-stmts,require-timeout-settings --format json
            pleach lint drop.sql --on schema.sql --exclude prefer-robust-stmts,require-timeout-settings --format github
            pleach lint drop.sql --on schema.sql --exclude prefer-robust-stmts,require-timeout-settings --format sarif
            ",
        );
    });
}

#[test]
fn sarif_has_what_the_standard_asks_for() {
    let story = Story::new(every_server().first().map(|server| server.as_path()));
    story.file("schema.sql", SCHEMA);
    story.file("my migrations/hazards.sql", HAZARDS);
    let (text, code) = story.quietly("pleach lint 'my migrations/hazards.sql' --on schema.sql --format sarif");
    assert_eq!(code, Some(1));
    let log: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&log["version"], log["runs"].as_array().unwrap().len()), (&Value::from("2.1.0"), 1));
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(run["tool"]["driver"]["name"], "pleach");
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 5, "{} results", results.len());
    for result in results {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "my%20migrations/hazards.sql");
        let at = |name: &str| place["region"][name].as_u64().unwrap();
        assert!(at("startLine") >= 1 && at("startColumn") >= 1);
        assert!((at("startLine"), at("startColumn")) <= (at("endLine"), at("endColumn")), "{place}");
    }
}

#[test]
fn inside_a_project() {
    on_every_server("linting_project", |story| {
        story.file("schema.sql", SCHEMA);
        story.file("rename.sql", "ALTER TABLE users RENAME COLUMN name TO full_name;\n");
        story.quietly("PLEACH_NO_BACKGROUND=1 pleach init --schema schema.sql");
        story.quietly("pleach branch create work");
        story.quietly("pleach --branch work sql -c 'ALTER TABLE users DROP COLUMN age, ADD COLUMN born date'");
        story.file("born.sql", "UPDATE users SET born = '2000-01-01';\n");
        story.quietly("pleach --branch work commit -m 'Born' --data born.sql");
        story.type_in(
            "
            # On a clone of main, with its rows.
            pleach lint rename.sql --exclude prefer-robust-stmts,require-timeout-settings
            # What a branch changed.
            pleach lint --branch work --exclude prefer-robust-stmts,require-timeout-settings
            pleach plan --from main --to work --measure --offline --format human
            # Nothing of it stays.
            pleach status
            ",
        );
    });
}

#[test]
fn nothing_that_is_deep_or_odd_takes_it_down() {
    let story = Story::new(every_server().first().map(|server| server.as_path()));
    story.file("deep.sql", &format!("SELECT {}1{};\n", "(".repeat(4_000), ")".repeat(4_000)));
    story.file("odd.sql", "\u{feff}SELECT 1;;;\n\\set x 'y\n\\echo :x\nCOPY t FROM stdin;\n");
    story.file("empty.sql", "");
    for file in ["deep.sql", "odd.sql", "empty.sql"] {
        let (text, code) = story.quietly(&format!("pleach lint {file}"));
        assert!(matches!(code, Some(0 | 1)) && !text.contains("panicked"), "{file}: {code:?}\n{text}");
    }
}

const SCHEMA: &str = "\
CREATE TABLE users (id bigint PRIMARY KEY, name varchar(50) NOT NULL, age bigint);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
INSERT INTO users SELECT n, 'name ' || n, n % 90 FROM generate_series(1, 1000) n;
INSERT INTO orders SELECT n, n FROM generate_series(1, 1000) n;
";

const HAZARDS: &str = "\
ALTER TABLE users ALTER COLUMN age TYPE numeric;
ALTER TABLE users ALTER COLUMN age SET NOT NULL;
CREATE INDEX users_name ON users (name);
CREATE INDEX CONCURRENTLY users_age ON users (age);
REINDEX INDEX users_age;
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE users RENAME COLUMN name TO full_name;
ALTER TABLE users DROP COLUMN age;
DELETE FROM orders WHERE id < 3;
TRUNCATE orders;
CREATE TABLE fresh (id bigint PRIMARY KEY);
CREATE INDEX fresh_id ON fresh (id);
DROP TABLE orders;
";

const IGNORED: &str = "\
-- squawk-ignore changing-column-type
ALTER TABLE users ALTER COLUMN age TYPE numeric;
-- pleach-ignore full_scan
CREATE INDEX users_name ON users (name);
BEGIN;
SAVEPOINT a;
ALTER TABLE users RENAME COLUMN name TO full_name;
ROLLBACK TO SAVEPOINT a;
-- squawk-ignore renaming-column
ALTER TABLE users RENAME COLUMN name TO called;
COMMIT;
";
