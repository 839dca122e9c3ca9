//! Plans from any schema to any other, without a project.

use crate::support::{Story, every_server, on_every_server};

#[test]
fn from_one_file_to_another() {
    on_every_server("planning", |story| {
        story.file("before.sql", BEFORE);
        story.file("after.sql", AFTER);
        story.type_in(
            "
            # Nothing to do is nothing at all.
            pleach plan --from before.sql --to before.sql
            pleach plan --from before.sql --to before.sql --format human
            # What looks like a rename is not guessed.
            pleach plan --from before.sql --to after.sql --offline --format human
            pleach plan --from before.sql --to after.sql --rename public.users.bio=biography
            pleach plan --from before.sql --to after.sql --rename public.users.bio=biography --no-prove --offline
            # What can go wrong.
            pleach plan --from before.sql --to main
            pleach plan --from before.sql --to after.sql --rename public.users.bio=life
            pleach plan --from before.sql --to after.sql --rename bio
            pleach plan --from before.sql --to after.sql --large much
            pleach plan --from env:NOWHERE --to after.sql
            pleach status --format sql
            ",
        );
    });
}

#[test]
fn measured_on_rows() {
    on_every_server("planning_measured", |story| {
        let rows = "INSERT INTO users SELECT n, 'name ' || n, repeat('x', 50), n FROM generate_series(1, 3000) n;\n";
        story.file("before.sql", &format!("{BEFORE}{rows}"));
        story.file("after.sql", AFTER);
        story.type_in(
            "
            pleach plan --from before.sql --to after.sql --rename public.users.bio=biography --measure
            pleach plan --from before.sql --to after.sql --rename public.users.bio=biography --measure --offline --format human
            pleach plan --from before.sql --to before.sql --measure
            pleach plan --from before.sql --to after.sql --measure --no-prove
            ",
        );
    });
}

#[test]
fn times_are_scaled_to_the_tables_of_a_database() {
    for server in every_server() {
        let story = Story::new(Some(&server));
        let rows = "INSERT INTO users SELECT n, 'name ' || n, repeat('x', 50), n FROM generate_series(1, 3000) n;\n";
        story.file("before.sql", &format!("{BEFORE}{rows}"));
        story.file("after.sql", &BEFORE.replace("age integer", "age bigint"));
        story.quietly("PLEACH_NO_BACKGROUND=1 pleach init --schema before.sql && pleach branch create big");
        let more = "INSERT INTO users SELECT n, 'n', 'x', 1 FROM generate_series(3001, 300000) n;
            INSERT INTO orders SELECT n, n FROM generate_series(1, 300000) n";
        story.quietly(&format!("pleach --branch big sql -c \"{more}\""));
        story.quietly("pleach branch url big > url");
        let plan = "pleach plan --to after.sql --offline --measure --format json";
        let step = |line: &str| {
            let (text, code) = story.quietly(line);
            assert_eq!(code, Some(0), "{text}");
            let planned: serde_json::Value = serde_json::from_str(&text).unwrap();
            planned["parts"][0]["steps"][0]["measured"].clone()
        };
        let here = step(&format!("{plan} --from before.sql"));
        assert!(here["estimate"].is_null(), "{here}");
        let scaled = step(&format!("{plan} --from before.sql --target - < url"));
        let (table, log) = (&scaled["estimate"]["table_bytes"], &scaled["estimate"]["wal_bytes"]);
        assert!(table.as_u64().unwrap() > 8 << 20, "{scaled}");
        assert!(log.as_u64().unwrap() > 20 * scaled["wal_bytes"].as_u64().unwrap(), "{scaled}");
        // Of a database as many rows are copied as are asked for, and it is what times are scaled to.
        let rows = |measured: &serde_json::Value| measured["tables"][0]["rows_read"].as_u64().unwrap();
        let sampled = step(&format!("{plan} --from - --sample 5000 < url"));
        assert_eq!(rows(&sampled), 2 * 5_000, "read by the rewrite, and for its index: {sampled}");
        assert_eq!(&sampled["estimate"]["table_bytes"], table);
        let whole = step(&format!("{plan} --from - --sample 0 < url"));
        assert_eq!(rows(&whole), 2 * 300_000, "{whole}");
    }
}

#[test]
fn a_sample_keeps_what_refers_to_each_other() {
    for server in every_server() {
        let story = Story::new(Some(&server));
        let schema = "CREATE TABLE users (id bigint PRIMARY KEY, best bigint REFERENCES users);
            CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users);\n";
        let rows = "INSERT INTO users SELECT n, NULL FROM generate_series(1, 2000) n;
            UPDATE users SET best = 2001 - id; INSERT INTO orders SELECT n, 2001 - n FROM generate_series(1, 2000) n;\n";
        story.file("before.sql", &format!("{schema}{rows}"));
        story.file(
            "after.sql",
            &schema.replace("user_id bigint REFERENCES users", "user_id bigint REFERENCES users, n int"),
        );
        story.quietly("PLEACH_NO_BACKGROUND=1 pleach init --schema before.sql && pleach branch create copy");
        story.quietly("pleach branch url copy > url");
        let (text, code) = story.quietly("pleach plan --from - --to after.sql --measure --sample 1500 < url");
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains("only the first 1500 rows were copied of"), "{text}");
    }
}

#[test]
fn between_a_database_and_branches() {
    on_every_server("planning_branches", |story| {
        story.file("before.sql", BEFORE);
        story.quietly("PLEACH_NO_BACKGROUND=1 pleach init --schema before.sql");
        story.quietly("pleach branch create work");
        story.quietly(
            "pleach --branch work sql -c 'ALTER TABLE users RENAME bio TO biography; CREATE INDEX ON users (name)'",
        );
        story.quietly("pleach --branch work commit -m 'Biographies'");
        story.type_in(
            "
            # Between branches a rename is known.
            pleach plan --from main --to work
            pleach branch url work > url
            pleach plan --from main --to - --rename public.users.bio=biography --offline < url
            # The script does what it says, and then there is nothing left to do.
            pleach branch create other --quiet
            pleach plan --from other --to work > plan.sql
            pleach --branch other psql -- -qf plan.sql
            pleach branch url other > url
            pleach plan --from - --to work < url
            ",
        );
    });
}

const BEFORE: &str = "\
CREATE TABLE users (id bigint PRIMARY KEY, name text, bio text, age integer);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, amount numeric);
CREATE INDEX orders_user ON orders (user_id);
";

const AFTER: &str = "\
CREATE TABLE users (id bigint PRIMARY KEY, name text, biography text, age integer CHECK (age > 0),
    token uuid DEFAULT gen_random_uuid());
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users, amount numeric);
CREATE INDEX orders_user ON orders (user_id, amount);
CREATE UNIQUE INDEX users_token ON users (token);
";
