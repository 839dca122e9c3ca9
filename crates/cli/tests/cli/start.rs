//! Beginning a project, looking at it, stopping it, and removing it.

use crate::support::on_every_server;

#[test]
fn a_project_from_beginning_to_end() {
    on_every_server("start", |story| {
        story.file("schema.sql", SCHEMA);
        story.file("bad/1_tables.sql", "CREATE TABLE users (id int PRIMARY KEY);\nCREATE TABEL orders (id int);\n");
        story.type_in(
            "
            pleach status
            # What fails leaves nothing behind.
            pleach init --schema bad
            pleach init --schema nowhere.sql
            pleach init --from env:PROD
            pleach init --from postgres://ann:secret@127.0.0.1:1/shop
            ls -A
            # What works.
            pleach init --schema schema.sql
            pleach init --empty
            pleach status
            pleach up
            cd / && pleach -C ~/shop --quiet up
            pleach down
            pleach down
            pleach status
            # The next command that needs the server starts it.
            pleach sql -c 'TABLE users'
            # Programs read JSON.
            pleach --format json sql -c 'SELECT id, name, NULL AS nothing FROM users'
            pleach --format json checkout nowhere
            pleach --format json chekout
            # What destroys asks first.
            pleach down --destroy
            pleach down --destroy --yes
            ls -A
            ",
        );
    });
}

const SCHEMA: &str = "\
CREATE TABLE users (
    id integer PRIMARY KEY,
    name text NOT NULL
);
INSERT INTO users VALUES (1, 'Ann'), (20, 'Bob');
CREATE VIEW names AS SELECT name FROM users;
ALTER TABLE users OWNER TO shop_keeper;
";
