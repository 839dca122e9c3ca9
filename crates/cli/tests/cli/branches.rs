//! Branches, and committing on them.

use crate::support::on_every_server;

#[test]
fn a_day_on_a_branch() {
    on_every_server("branches", |story| {
        story.file("schema.sql", SCHEMA);
        story.file("backfill.sql", "-- Everybody has one.\nUPDATE users SET nickname = lower(full_name);\n");
        story.file("ddl.sql", "ALTER TABLE users DROP COLUMN email;\n");
        story.quietly("PLEACH_NO_BACKGROUND=1 pleach init --schema schema.sql");
        story.type_in(
            "
            pleach branch create agent/nick
            pleach branch create agent/nick
            pleach branch create 'no good'
            pleach branch create other --from nowhere
            pleach checkout agent/nik
            pleach checkout agent/nick
            pleach branch url
            pleach branch url main --tcp
            # Main changes by merge only.
            pleach --branch main sql -c 'ALTER TABLE users ADD x int'
            pleach --branch main commit -m 'No'
            pleach --branch main sql -c \"INSERT INTO users (id, name) VALUES (3, 'Cid') RETURNING id, name\"
            # A branch is a database of one's own, seen by nobody else.
            pleach sql -c 'SELECT * FORM users'
            pleach sql ddl.sql
            pleach sql -c 'ALTER TABLE users ADD nickname text; ALTER TABLE users RENAME name TO full_name'
            pleach sql -c 'ALTER TABLE users ALTER full_name TYPE varchar(80), ALTER full_name DROP NOT NULL'
            pleach sql -c 'CREATE INDEX ON users (nickname); CREATE TABLE tags (id int PRIMARY KEY, name text)'
            pleach sql -c 'DROP TABLE notes; CREATE TABLE notes (id int, body text); DROP VIEW names'
            pleach sql -c \"COMMENT ON TABLE users IS 'People'; ALTER TYPE mood ADD VALUE 'calm'\"
            pleach data add ddl.sql
            pleach data add backfill.sql
            pleach status
            pleach diff
            pleach diff --sql
            pleach commit -m ' '
            pleach commit -m 'Let users have nicknames'
            pleach commit -m 'Again'
            pleach status
            pleach log --graph
            pleach show
            pleach diff main agent/nick
            pleach --format json diff agent/nick agent/nick
            # What was done can be taken back.
            pleach undo
            pleach status
            pleach branch delete agent/nick
            pleach commit -m 'Nicknames for users'
            pleach branch list
            pleach branch show
            pleach branch delete agent/nick
            pleach branch delete agent/nick --force
            pleach branch list
            pleach undo
            pleach op log
            pleach --format json op log -n 1
            pleach log agent/nick -n 1
            pleach fsck
            ",
        );
        let (text, code) =
            story.quietly("pleach --branch agent/nick psql -- -Atc 'SELECT current_user, count(*) FROM tags'");
        match code {
            Some(0) => assert_eq!(text, "shop_owner|0\n"),
            // Not every server comes with it.
            code => assert!(code == Some(6) && text.contains("use `pleach sql`"), "{text}"),
        }
    });
}

const SCHEMA: &str = "\
CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL,
    email text
);
INSERT INTO users VALUES (1, 'Ann', 'ann@example.org'), (2, 'Bob', NULL);
CREATE TABLE notes (id integer);
CREATE VIEW names AS SELECT name FROM users;
CREATE TYPE mood AS ENUM ('happy', 'sad');
";
