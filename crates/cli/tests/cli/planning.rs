//! Plans from any schema to any other, without a project.

use crate::support::on_every_server;

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
        // Times are scaled to the tables of another database.
        story.quietly("PLEACH_NO_BACKGROUND=1 pleach init --schema before.sql && pleach branch create big");
        story.quietly("pleach --branch big sql -c \"INSERT INTO users SELECT n, 'n', 'x', 1 FROM generate_series(3001, 90000) n\"");
        story.quietly("pleach branch url big > url");
        story.type_in(
            "
            pleach plan --from before.sql --to after.sql --rename public.users.bio=biography --measure --target - --offline < url
            echo 'CREATE TABLE users (id bigint PRIMARY KEY, name text, bio text, age bigint);' > wide.sql
            sed 1d before.sql | grep -v INSERT >> wide.sql
            pleach plan --from - --to wide.sql --measure --sample 100 --offline < url
            ",
        );
    });
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
