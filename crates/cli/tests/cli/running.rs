//! Changing a database of somebody's own: `apply`, and `migration apply`, `status`, `verify`, `rollback`.

use crate::servers::{Server, servers};
use crate::support::{Story, every_server};
use std::collections::HashSet;

/// Tells a story on every server there is, with an empty database in `$TARGET`.
fn with_target(name: Option<&str>, tell: impl Fn(&mut Story, &Server)) {
    for (bin, server) in every_server().iter().zip(servers()) {
        let mut story = Story::new(Some(bin));
        let target = database(server);
        // Who clears up scratch databases knows those of others by locks, which are of one database.
        story.set("SCRATCH", format!("{}/postgres", target.rsplit_once('/').unwrap().0));
        story.set("TARGET", target);
        story.set("PSQL", "psql -qAtX");
        tell(&mut story, server);
        if let Some(name) = name {
            story.compare(name);
        }
    }
}

/// The URL of a new, empty database.
fn database(server: &Server) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let name = server.database().await;
        let client = server.connect(&name).await;
        let row = client.query_one("SHOW unix_socket_directories", &[]).await.unwrap();
        format!("postgres://tester@{}/{name}", row.get::<_, String>(0).replace('/', "%2F"))
    })
}

/// Types a line that must succeed.
fn well(story: &Story, line: &str) -> String {
    let (text, code) = story.quietly(line);
    assert_eq!(code, Some(0), "{line}\n{text}");
    text
}

/// Types a line that must fail with a code, and says what it printed.
fn fails(story: &Story, line: &str, error: &str) -> String {
    let (text, code) = story.quietly(&format!("{line} --format json"));
    assert!(code != Some(0) && text.contains(&format!("\"code\":\"{error}\"")), "{line}\n{text}");
    text
}

#[test]
fn a_database_is_taken_to_a_schema() {
    with_target(Some("applying"), |story, _| {
        story.file("before.sql", BEFORE);
        story.file("after.sql", AFTER);
        well(story, "$PSQL $TARGET -f before.sql");
        story.type_in(
            "
            # Nobody is there to be asked.
            pleach apply --to after.sql --target env:TARGET
            # What holds rows is not destroyed without consent.
            pleach apply --to after.sql --target env:TARGET --yes --quiet
            pleach apply --to after.sql --target env:TARGET --yes --quiet --format json
            pleach apply --to after.sql --target env:TARGET --yes --allow-destructive --rename public.users.bio=biography
            pleach apply --to after.sql --target env:TARGET
            $PSQL $TARGET -c 'SELECT id, biography, token IS NOT NULL FROM users ORDER BY id LIMIT 2'
            # The short form, back again.
            pleach apply --to before.sql --target env:TARGET --yes --allow-destructive --offline --quiet
            pleach apply --to before.sql --target env:TARGET --yes --format json
            ",
        );
    });
}

#[test]
fn who_may_not_remember_what_ran_is_told_why() {
    for server in every_server() {
        let story = Story::new(Some(&server));
        story.file("before.sql", "CREATE TABLE users (id integer);");
        story.file("migrations/1_nick.up.sql", "ALTER TABLE users ADD COLUMN nick text;");
        well(&story, "PLEACH_NO_BACKGROUND=1 pleach init --schema before.sql && pleach branch create other");
        let (text, code) = story.quietly("T=$(pleach branch url other) pleach migration status --target env:T");
        assert_eq!(code, Some(5), "{text}");
        assert!(text.contains("is changed by `pleach merge` and not by migrations"), "{text}");
    }
}

#[test]
fn migrations_are_run_and_taken_back() {
    with_target(Some("running"), |story, _| {
        story.file("migrations/1_users.up.sql", "CREATE TABLE users (id int PRIMARY KEY, name text);\n");
        story.file("migrations/1_users.down.sql", "DROP TABLE users;\n");
        story.file(
            "migrations/2_names.up.sql",
            "BEGIN;\nALTER TABLE users RENAME name TO full_name;\nCOMMIT;\nCREATE INDEX CONCURRENTLY users_name ON users (full_name);\n",
        );
        story.file(
            "migrations/2_names.down.sql",
            "DROP INDEX CONCURRENTLY users_name;\nALTER TABLE users RENAME full_name TO name;\n",
        );
        story.type_in(
            "
            pleach migration status --target env:TARGET
            pleach migration apply --target env:TARGET --dry-run
            pleach migration apply --target env:TARGET --to 1
            pleach migration apply --target env:TARGET
            # Twice changes nothing.
            pleach migration apply --target env:TARGET
            pleach migration status --target env:TARGET
            pleach migration verify --target env:TARGET
            # A file that ran is not edited.
            echo '-- better' >> migrations/2_names.up.sql
            pleach migration apply --target env:TARGET
            pleach migration verify --target env:TARGET
            sed -i '$d' migrations/2_names.up.sql
            # Somebody changes the schema by hand.
            $PSQL $TARGET -c 'ALTER TABLE users ADD nickname text'
            pleach migration verify --target env:TARGET
            pleach migration rollback --target env:TARGET
            pleach migration rollback --target env:TARGET --allow-drift
            $PSQL $TARGET -c \"INSERT INTO users VALUES (1, 'Ann')\"
            # What holds rows is not destroyed without consent.
            pleach migration rollback --target env:TARGET --to 0 --allow-drift
            pleach migration rollback --target env:TARGET --to 0 --allow-drift --allow-destructive
            pleach migration rollback --target env:TARGET
            pleach migration status --target env:TARGET --format json
            pleach migration apply --target env:TARGET --format json
            # One that came late.
            echo 'CREATE TABLE late ();' > migrations/01_first.up.sql
            pleach migration apply --target env:TARGET
            mv migrations/01_first.up.sql migrations/1.up.sql
            pleach migration apply --target env:TARGET
            rm migrations/1.up.sql migrations/2_*
            pleach migration verify --target env:TARGET
            pleach migration rollback --target env:TARGET
            ",
        );
    });
}

#[test]
fn what_pleach_wrote_ends_where_it_says() {
    with_target(None, |story, _| {
        story.file("schema.sql", BEFORE);
        well(story, "$PSQL $TARGET -f schema.sql");
        well(story, "pleach init --schema schema.sql && pleach branch create work");
        well(
            story,
            "pleach --branch work sql -c 'ALTER TABLE users RENAME bio TO biography; CREATE INDEX ON users (name)'",
        );
        well(story, "pleach --branch work commit -m Biographies && pleach merge work && pleach migration generate");
        well(story, "pleach migration apply --target env:TARGET --dry-run | grep 'RENAME COLUMN bio TO biography'");
        // Somebody was there before.
        well(story, "$PSQL $TARGET -c 'ALTER TABLE users DROP age'");
        let text = fails(story, "pleach migration apply --target env:TARGET", "drift");
        assert!(text.contains("column public.users.age (missing)"), "{text}");
        well(story, "$PSQL $TARGET -c 'ALTER TABLE users ADD age int'");
        well(story, "pleach migration apply --target env:TARGET");
        well(story, "pleach migration verify --target env:TARGET");
        well(story, "pleach migration rollback --target env:TARGET");
        well(story, "pleach migration apply --target env:TARGET | grep Applied");
        // A file that was edited before it ever ran ends elsewhere, and nothing of that is kept.
        well(story, "pleach --branch work sql -c 'CREATE TABLE new ()' && pleach --branch work commit -m New");
        well(story, "pleach merge work && pleach migration generate --name new");
        well(story, "sed -i 's/CREATE TABLE public.new ()/CREATE TABLE public.new (a int)/' migrations/*_new.up.sql");
        let text = fails(story, "pleach migration apply --target env:TARGET", "ended_elsewhere");
        assert!(text.contains("column public.new.a (too many)"), "{text}");
        assert_eq!(well(story, "$PSQL $TARGET -c \"SELECT to_regclass('new') IS NULL\""), "t\n");
        well(story, "pleach migration apply --target env:TARGET --allow-drift");
        well(story, "pleach migration verify --target env:TARGET");
    });
}

#[test]
fn a_statement_that_fails_is_mended_and_gone_on_with() {
    with_target(None, |story, _| {
        story.file(
            "m/1_a.up.sql",
            "CREATE TABLE a (n int);\nINSERT INTO a VALUES (1), (1);\nCREATE UNIQUE INDEX CONCURRENTLY a_n ON a (n);\n",
        );
        let text = fails(story, "pleach migration apply --target env:TARGET --dir m", "sql_failed");
        assert!(text.contains("1_a.up.sql:3"), "{text}");
        let status = "pleach migration status --target env:TARGET --dir m";
        assert!(well(story, status).contains("failed  1_a  2 of 3 statements, by ann"), "{}", well(story, status));
        fails(story, "pleach migration rollback --target env:TARGET --dir m", "migration_unfinished");
        // What has run stays as it is; what has not may be mended.
        let (good, bad) = ("INSERT INTO a VALUES (1), (1)", "INSERT INTO a VALUES (2)");
        well(story, &format!("cp m/1_a.up.sql keep && sed -i 's/{good}/{bad}/' m/1_a.up.sql"));
        fails(story, "pleach migration apply --target env:TARGET --dir m", "migration_edited");
        well(story, "sed 's/CREATE UNIQUE/DELETE FROM a;\\n&/' keep > m/1_a.up.sql");
        let text = well(story, "pleach migration apply --target env:TARGET --dir m");
        assert!(text.contains("going on behind statement 2"), "{text}");
        assert_eq!(
            well(story, "$PSQL $TARGET -c 'SELECT indisvalid FROM pg_index WHERE indrelid = $$a$$::regclass'"),
            "t\n"
        );
        well(story, "pleach migration verify --target env:TARGET --dir m");
        // An index that could not be found again is refused before anything runs.
        story.file("m/2_b.up.sql", "CREATE TABLE b ();\nCREATE INDEX CONCURRENTLY ON a (n);\n");
        fails(story, "pleach migration apply --target env:TARGET --dir m", "index_without_name");
        story.file("m/2_b.up.sql", "BEGIN;\nCREATE TABLE b ();\nROLLBACK;\n");
        fails(story, "pleach migration apply --target env:TARGET --dir m", "transaction_not_plain");
    });
}

#[test]
fn what_is_kept_aside_is_listed_and_dropped_for_good() {
    with_target(Some("purging"), |story, _| {
        story.file("schema.sql", BEFORE);
        well(story, "$PSQL $TARGET -f schema.sql && $PSQL $TARGET -c 'ANALYZE users'");
        well(story, "pleach init --schema schema.sql && pleach branch create work");
        well(story, "pleach --branch work sql -c 'DROP TABLE orders; ALTER TABLE users DROP bio'");
        well(story, "pleach --branch work commit -m Less && pleach merge work --allow-destructive");
        well(story, "pleach migration generate --name less");
        let bios = "$PSQL $TARGET -c 'SELECT count(bio) FROM users'";
        let before = well(story, bios);
        well(story, "pleach migration apply --target env:TARGET");
        // What is brought back is not destroyed: nobody has to consent.
        well(story, "pleach migration rollback --target env:TARGET");
        assert_eq!(well(story, bios), before);
        well(story, "pleach migration apply --target env:TARGET");
        story.type_in(
            "
            pleach migration purge --target env:TARGET --list | tr -s ' '
            pleach migration purge --target env:TARGET --older-than 1d --yes
            pleach migration purge --target env:TARGET > listed
            pleach migration purge --target env:TARGET --yes --quiet
            pleach migration purge --target env:TARGET --list
            $PSQL $TARGET -c \"SELECT count(*) FROM pg_class WHERE relnamespace = 'pleach'::regnamespace AND relname ~ 'order'\"
            $PSQL $TARGET -c \"SELECT count(*) FROM pg_attribute WHERE attname ~ '^pleach_dropped' AND NOT attisdropped\"
            # Then there is no way back.
            pleach migration rollback --target env:TARGET
            pleach migration verify --target env:TARGET
            ",
        );
    });
}

#[test]
fn a_plan_is_taken_back_statement_by_statement() {
    with_target(None, |story, _| {
        story.file("before.sql", BEFORE);
        story.file("after.sql", AFTER);
        well(story, "$PSQL $TARGET -f before.sql");
        for options in ["--large 0", "--offline"] {
            let options =
                format!("--rename public.users.bio=biography {options} --scratch env:SCRATCH --target env:TARGET");
            let text = well(story, &format!("pleach apply --to after.sql --yes --format json {options}"));
            let view: serde_json::Value = serde_json::from_str(&text).unwrap();
            let list = |value: &serde_json::Value, name: &str| value[name].as_array().unwrap().clone();
            let mut script = String::from("SET search_path TO '';\n");
            let mut undone = 0;
            for step in list(&view["plan"], "parts").iter().flat_map(|part| list(part, "steps")).rev() {
                for sql in list(&step["undo"], "sql") {
                    script.push_str(&format!("{};\n", sql.as_str().unwrap()));
                    undone += 1;
                }
            }
            assert!(undone > 5, "{text}");
            story.file("undo.sql", &script);
            well(story, "$PSQL $TARGET -v ON_ERROR_STOP=1 -f undo.sql");
            let left = well(story, "pleach plan --from env:TARGET --to before.sql --scratch env:SCRATCH");
            assert_eq!(left, "", "after\n{script}");
        }
    });
}

/// Everything that is settled in its own way when it was cut off.
const UP: &str = "\
SET search_path TO '';
BEGIN;
SET LOCAL lock_timeout = '1s';
CREATE TYPE public.mood AS ENUM ('sad');
CREATE TABLE public.parts (id int NOT NULL, mood public.mood) PARTITION BY RANGE (id);
CREATE TABLE public.part (id int NOT NULL, mood public.mood);
ALTER TABLE public.parts ATTACH PARTITION public.part FOR VALUES FROM (0) TO (1000000);
INSERT INTO public.parts SELECT generate_series(1, 5000);
COMMIT;
ALTER TYPE public.mood ADD VALUE 'glad';
RESET search_path;
COPY part FROM stdin;
5001\t\\N
\\.
SET search_path TO '';
CREATE INDEX CONCURRENTLY part_id ON public.part (id);
CREATE INDEX CONCURRENTLY part_mood ON public.part (mood);
DROP INDEX CONCURRENTLY public.part_mood;
DO $$ BEGIN ALTER TABLE public.part ADD CONSTRAINT positive CHECK (id > 0) NOT VALID; END $$;
ALTER TABLE public.part VALIDATE CONSTRAINT positive;
DO $$ BEGIN
    CREATE SCHEMA IF NOT EXISTS pleach;
    CREATE TABLE IF NOT EXISTS pleach.progress (n int);
    COMMIT;
    WHILE (SELECT count(*) FROM pleach.progress) < 3 LOOP
        UPDATE public.part SET mood = 'glad' WHERE id % 3 = (SELECT count(*) FROM pleach.progress);
        INSERT INTO pleach.progress VALUES (1);
        COMMIT;
    END LOOP;
END $$;
ALTER TABLE public.parts DETACH PARTITION public.part CONCURRENTLY;
VACUUM public.part;
RESET search_path;
";

const DOWN: &str = "\
BEGIN;
DROP TABLE parts;
DROP TABLE part;
DROP TYPE mood;
DROP TABLE pleach.progress;
COMMIT;
";

#[test]
fn migrations_end_well_wherever_the_runner_is_killed() {
    with_target(None, |story, server| {
        story.file("migrations/1_all.up.sql", UP);
        story.file("migrations/1_all.down.sql", DOWN);
        let up = "pleach migration apply --target env:TARGET";
        let down = "pleach migration rollback --target env:TARGET --to 0 --allow-destructive";
        for (command, undo) in [(up, down), (down, up)] {
            if command == down {
                story.set("TARGET", database(server));
                well(story, up);
            }
            let places = places(story, command);
            assert!(places.len() > 3, "{places:?}");
            well(story, undo);
            for place in places {
                let (text, code) = story.quietly(&format!("PLEACH_CRASH_AT='{place}' {command}"));
                assert!(matches!(code, None | Some(137)), "not killed at {place} but ended with {code:?}:\n{text}");
                well(story, command);
                let verified = well(story, "pleach migration verify --target env:TARGET");
                assert!(verified.contains("as it should be"), "killed at {place}: {verified}");
                if command == up {
                    let rows = well(story, "$PSQL $TARGET -c \"SELECT count(*) FROM part WHERE mood = 'glad'\"");
                    assert_eq!(rows, "5001\n", "killed at {place}");
                    let left = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
                    assert_eq!(well(story, &format!("$PSQL $TARGET -c '{left}'")), "0\n", "killed at {place}");
                }
                well(story, undo);
            }
        }
    });
}

/// Every place that a command comes to, each time that it does.
fn places(story: &Story, command: &str) -> Vec<String> {
    well(story, &format!("rm -f places; PLEACH_CRASH_AT=list:$PWD/places {command}"));
    let listed = std::fs::read_to_string(story.folder().join("places")).unwrap();
    let mut times = std::collections::HashMap::new();
    let place = |name: &str| {
        let time = times.entry(name.to_owned()).and_modify(|time| *time += 1).or_insert(1);
        format!("{name}:{time}")
    };
    let places: Vec<String> = listed.lines().map(place).collect();
    assert_eq!(places.iter().collect::<HashSet<_>>().len(), places.len());
    places
}

#[test]
fn a_plan_is_gone_on_with_wherever_it_is_killed() {
    with_target(None, |story, _| {
        story.file("before.sql", BEFORE);
        story.file("after.sql", AFTER);
        well(story, "$PSQL $TARGET -f before.sql");
        let plan = "--yes --allow-destructive --large 0 --scratch env:SCRATCH --target env:TARGET";
        let (there, back) =
            (format!("pleach apply --to after.sql {plan}"), format!("pleach apply --to before.sql {plan}"));
        let places = places(story, &there);
        // Enough of them to come to each sort of part, at its beginning, inside and at its end.
        for place in places.iter().step_by(3) {
            well(story, &back);
            let (text, code) = story.quietly(&format!("PLEACH_CRASH_AT='{place}' {there}"));
            assert!(matches!(code, None | Some(137)), "not killed at {place} but ended with {code:?}:\n{text}");
            well(story, &there);
            let again = well(story, &there);
            assert!(again.contains("Nothing to do"), "killed at {place}: {again}");
        }
    });
}

#[test]
fn one_runner_works_at_a_time() {
    with_target(None, |story, _| {
        story.file("m/1_slow.up.sql", "CREATE TABLE a ();\nSELECT pg_sleep(3);\nCREATE TABLE b ();\n");
        // Whoever waits long enough finds everything done.
        let both =
            "for i in 1 2 3; do pleach migration apply --target env:TARGET --dir m > out$i & done; wait; cat out?";
        let text = well(story, both);
        assert_eq!((text.matches("Applied").count(), text.matches("Nothing to do").count()), (1, 2), "{text}");
        // Whoever does not is told who it is.
        story.file("m/2_slow.up.sql", "CREATE TABLE c ();\nDO $$ BEGIN PERFORM pg_sleep(4); END $$;\n");
        let text = well(
            story,
            "pleach migration apply --target env:TARGET --dir m > out & sleep 1.5
             pleach --actor bob migration apply --target env:TARGET --dir m --lock-wait 1; echo code $?; wait",
        );
        assert!(text.contains("another runner works on it: pleach (ann) as tester"), "{text}");
        assert!(text.contains("code 3"), "{text}");
        well(story, "pleach migration verify --target env:TARGET --dir m");
    });
}

#[test]
fn locks_of_others_are_waited_for_briefly_and_again() {
    with_target(None, |story, _| {
        story.file("before.sql", "CREATE TABLE t (id int);");
        story.file("after.sql", "CREATE TABLE t (id int, a int);");
        story.file("m/1_t.up.sql", "ALTER TABLE t ADD b int;\n");
        well(story, "$PSQL $TARGET -f before.sql");
        // Somebody takes a lock while the runner stands still, and keeps it for so long.
        let holding = |seconds: &str, place: &str, command: &str| {
            let hold = format!("BEGIN; LOCK t IN ACCESS SHARE MODE; SELECT pg_sleep({seconds}); COMMIT");
            format!(
                "PLEACH_CRASH_AT='stop:{place}' {command} > out & pid=$!
                 until grep -q ') [TZ] ' /proc/$pid/stat; do sleep 0.02; done
                 $PSQL $TARGET -c '{hold}' & sleep 1; kill -CONT $pid; wait $pid; code=$?; wait; cat out; exit $code"
            )
        };
        // Somebody reads for long: it is tried again, and others are not kept waiting meanwhile.
        let apply = "pleach apply --to after.sql --target env:TARGET --scratch env:SCRATCH --yes --format json";
        let text = well(story, &holding("6", "plan about to run", apply));
        assert!(!text.contains("\"retries\":0"), "{text}");
        let migrate = "pleach migration apply --target env:TARGET --dir m --format json";
        let text = well(story, &holding("6", "migration recorded", migrate));
        assert!(!text.contains("\"retries\":0"), "{text}");
        // For too long: nothing is changed.
        story.file("m/2_t.up.sql", "ALTER TABLE t ADD c int;\n");
        let impatient = format!("{migrate} --lock-wait 2");
        let (text, code) = story.quietly(&holding("10", "migration recorded", &impatient));
        assert!(code == Some(6) && text.contains("\"code\":\"lock_not_available\""), "{code:?} {text}");
        let columns = "SELECT count(*) FROM pg_attribute WHERE attrelid = $$t$$::regclass AND attnum > 0";
        assert_eq!(well(story, &format!("$PSQL $TARGET -c '{columns}'")), "3\n");
        well(story, "pleach migration apply --target env:TARGET --dir m");
    });
}

#[test]
fn a_target_that_changed_since_it_was_planned_from_is_left_alone() {
    with_target(None, |story, _| {
        story.file("after.sql", "CREATE TABLE t (id int);");
        // It stands still before the first statement while somebody else changes the schema.
        let text = well(
            story,
            "PLEACH_CRASH_AT='stop:plan about to run' pleach apply --to after.sql --target env:TARGET --scratch env:SCRATCH \
                 --yes --format json > out & pid=$!
             until grep -q ') [TZ] ' /proc/$pid/stat; do sleep 0.02; done
             $PSQL $TARGET -c 'CREATE TABLE other ()'; kill -CONT $pid; wait $pid; echo code $?; cat out",
        );
        assert!(text.contains("code 3") && text.contains("\"code\":\"target_changed\""), "{text}");
        assert!(text.contains("table public.other (too many)"), "{text}");
        assert_eq!(well(story, "$PSQL $TARGET -c \"SELECT to_regclass('t') IS NULL\""), "t\n");
    });
}

const BEFORE: &str = "\
CREATE TABLE users (id bigint PRIMARY KEY, name text, bio text, age integer);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, amount numeric);
CREATE INDEX orders_user ON orders (user_id);
INSERT INTO users SELECT n, 'name ' || n, 'bio ' || n, n % 90 + 1 FROM generate_series(1, 2000) n;
INSERT INTO orders SELECT n, n % 2000 + 1, n FROM generate_series(1, 2000) n;
";

const AFTER: &str = "\
CREATE TABLE users (id bigint PRIMARY KEY, name text, biography text, age integer CHECK (age > 0),
    token uuid DEFAULT gen_random_uuid() NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users, amount numeric);
CREATE INDEX orders_user ON orders (user_id, amount);
CREATE UNIQUE INDEX users_token ON users (token);
";
