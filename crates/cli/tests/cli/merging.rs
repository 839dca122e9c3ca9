//! Merging, conflicts, reverting, and the migration out.

use crate::support::on_every_server;

#[test]
fn two_agents_and_one_schema() {
    on_every_server("merging", |story| {
        story.file("schema.sql", SCHEMA);
        story.file("backfill.sql", "UPDATE users SET nickname = lower(full_name);\n");
        story.file("wider.sql", "ALTER TABLE orders ALTER COLUMN total TYPE numeric(20,4);\n");
        story.quietly("PLEACH_NO_BACKGROUND=1 pleach init --schema schema.sql");
        story.type_in(
            "
            # Two agents change different things.
            pleach branch create agent/ann
            pleach branch create agent/bob
            pleach --branch agent/ann sql -c 'ALTER TABLE users RENAME name TO full_name; ALTER TABLE users ADD nickname text'
            pleach --branch agent/ann commit -m 'Nicknames' --data backfill.sql
            pleach --branch agent/bob --actor bob sql -c 'ALTER TABLE users ADD age int; CREATE VIEW named AS SELECT o.id, u.name FROM users u JOIN orders o ON o.user_id = u.id'
            pleach --branch agent/bob --actor bob commit -m 'Ages'
            pleach merge agent/ann --dry-run
            pleach merge agent/ann
            pleach merge agent/ann
            pleach merge agent/bob
            pleach sql -c 'SELECT id, full_name, nickname, age FROM users ORDER BY id; TABLE named'
            pleach log --graph
            # Two agents change the same thing.
            pleach branch create agent/cid
            pleach branch create agent/dee
            pleach --branch agent/cid --actor cid sql -c 'ALTER TABLE orders ALTER total TYPE numeric(12,2); CREATE INDEX by_total ON orders (total)'
            pleach --branch agent/cid --actor cid commit -m 'Larger totals'
            pleach --branch agent/dee --actor dee sql -c 'ALTER TABLE orders ALTER total TYPE bigint; CREATE INDEX by_total ON orders (user_id)'
            pleach --branch agent/dee --actor dee commit -m 'Totals in cents'
            pleach --quiet merge agent/cid
            pleach merge agent/dee --dry-run
            pleach merge agent/dee
            pleach merge agent/dee
            pleach status
            pleach merge --continue
            pleach resolve 1 --both
            pleach resolve 99 --ours
            pleach resolve 1 --sql wider.sql
            pleach resolve 2 --both
            pleach conflicts
            pleach merge --continue
            pleach conflicts
            pleach show
            # What would destroy rows needs consent.
            pleach branch create agent/eve
            pleach --branch agent/eve sql -c 'ALTER TABLE users DROP COLUMN nickname'
            pleach --branch agent/eve commit -m 'No nicknames'
            pleach merge agent/eve
            pleach merge agent/eve --allow-destructive -m 'Nicknames were a bad idea'
            # Taking back.
            pleach revert main
            pleach undo --allow-destructive
            pleach op log -n 3
            # What PostgreSQL refuses is a conflict too, and giving up changes nothing.
            pleach branch create agent/fay
            pleach --branch agent/fay sql -c 'DELETE FROM users WHERE id = 2; ALTER TABLE users ADD UNIQUE (full_name)'
            pleach --branch agent/fay commit -m 'Names are unique'
            pleach merge agent/fay
            pleach merge --abort
            pleach merge --abort
            # The way to production.
            pleach migration generate --name users
            cat migrations/*_users.up.sql
            cat migrations/*_users.down.sql
            pleach snapshot refresh
            pleach fsck
            ",
        );
    });
}

const SCHEMA: &str = "\
CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL);
INSERT INTO users VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Bob');
CREATE TABLE orders (id integer PRIMARY KEY, user_id integer REFERENCES users, total numeric(8,2));
";
