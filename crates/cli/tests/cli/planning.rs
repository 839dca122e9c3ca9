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
fn a_measured_rewrite_says_why_it_is_one() {
    for server in every_server() {
        let story = Story::new(Some(&server));
        let schema = "CREATE TABLE users (id integer, name text);
            CREATE MATERIALIZED VIEW names AS SELECT id, name FROM users;
            CREATE INDEX names_id ON names (id);\n";
        story.file("before.sql", &format!("{schema}INSERT INTO users SELECT n, 'x' FROM generate_series(1, 100) n;\n"));
        story.file("after.sql", &schema.replace("id integer", "id bigint"));
        for measure in ["", "--measure"] {
            let plan = format!("pleach plan --from before.sql --to after.sql --large 0 --format human {measure}");
            let (text, code) = story.quietly(&plan);
            assert_eq!(code, Some(0), "{text}");
            let why = "not in a column beside, because materialized view public.names stands on it";
            assert!(text.contains(why), "{text}");
        }
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

#[test]
fn renames_that_are_declared() {
    on_every_server("planning_renames", |story| {
        story.file("before.sql", BEFORE);
        story.file("people.sql", PEOPLE);
        story.file("swapped.sql", SWAPPED);
        story.file(
            "told.sql",
            "\
-- pleach: renamed from users
CREATE TABLE people (
    id bigint PRIMARY KEY,
    name text,
    biography text, -- pleach: renamed from bio
    -- pleach: renamed from age
    years integer
);
-- pleach: renamed from public.orders
CREATE TABLE sales (id bigint PRIMARY KEY, user_id bigint, amount numeric);
CREATE INDEX sales_user ON sales (user_id); -- pleach: renamed from orders_user
",
        );
        story.file("wrong.sql", "CREATE TABLE users (\n    code bigint -- pleach: renamed from key\n);");
        story.file("lost.sql", "CREATE TABLE users (id bigint);\n-- pleach: renamed from key\n");
        story.file("unclear.sql", "-- pleach: was called users\nCREATE TABLE people (id bigint);");
        story.type_in(
            "
            # A table and its columns at once, in any order and either way of writing it.
            pleach plan --from before.sql --to people.sql --offline --rename public.users.bio=biography --rename public.users=people
            pleach plan --from before.sql --to people.sql --offline --rename public.users=people --rename public.users.bio=public.people.biography
            # Two that swap their names.
            pleach plan --from before.sql --to swapped.sql --offline --rename public.users=orders --rename public.orders=users
            # Comments in the file say the same.
            pleach plan --from before.sql --to told.sql --offline
            # When it is done they have no effect.
            pleach plan --from told.sql --to told.sql
            # What can go wrong.
            pleach plan --from before.sql --to wrong.sql
            pleach plan --from before.sql --to lost.sql
            pleach plan --from before.sql --to unclear.sql
            ",
        );
    });
}

#[test]
fn renames_that_are_asked_about() {
    on_every_server("planning_asked", |story| {
        story.file("before.sql", BEFORE);
        story.file("people.sql", PEOPLE);
        let asked = |story: &mut Story, answers: &str, said: &[&str]| {
            let plan = "pleach plan --from before.sql --to people.sql --offline > plan.sql";
            let line = format!("printf '{answers}' | script -qec '{plan}' /dev/null");
            let (text, code) = story.quietly(&line);
            assert_eq!(code, Some(0), "{text}");
            for said in said {
                assert!(text.contains(said), "{said} is not in\n{text}");
            }
        };
        let question = "table public.users is gone, and table public.people is new and much like it";
        story.say("Whoever says yes to the table is asked about its column.");
        let of_column = "column public.users.bio is gone, and column public.people.biography is new and just like it";
        asked(story, "y\\ny\\n", &[question, of_column]);
        story.sh("cat plan.sql");
        story.say("No is the answer that is taken for granted.");
        asked(story, "\\n", &[question]);
        story.sh("cat plan.sql");
    });
}

const PEOPLE: &str = "\
CREATE TABLE people (id bigint PRIMARY KEY, name text, biography text, age integer);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, amount numeric);
CREATE INDEX orders_user ON orders (user_id);
";

const SWAPPED: &str = "\
CREATE TABLE orders (id bigint PRIMARY KEY, name text, bio text, age integer);
CREATE TABLE users (id bigint PRIMARY KEY, user_id bigint, amount numeric);
CREATE INDEX orders_user ON users (user_id);
";

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
