//! Migrations out of a project: online, short, and what becomes of what is dropped.

use crate::support::on_every_server;

#[test]
fn what_is_dropped_is_kept_aside() {
    on_every_server("migrating", |story| {
        story.file("schema.sql", SCHEMA);
        story.file("nicks.sql", "UPDATE users SET nick = left(name, 1);\n");
        story.quietly("PLEACH_NO_BACKGROUND=1 pleach init --schema schema.sql");
        story.quietly("pleach branch create work");
        story.quietly("pleach --branch work sql -c \"ALTER TABLE users ADD nick text; UPDATE users SET nick = 'x'\"");
        story.quietly("pleach --branch work sql -c 'ALTER TABLE users DROP name'");
        story.quietly("pleach --branch work sql -c 'DROP TABLE notes; CREATE INDEX ON users (nick)'");
        story.quietly("pleach --branch work commit -m 'Nicks' --data nicks.sql");
        story.quietly("pleach merge work --allow-destructive");
        story.type_in(
            "
            pleach migration generate --name nicks
            cat migrations/*_nicks.up.sql
            cat migrations/*_nicks.down.sql
            # The short form, which destroys.
            pleach migration generate --from main~1 --name short --offline --drop-now
            cat migrations/*_short.up.sql
            cat migrations/*_short.down.sql
            # What can go wrong.
            pleach migration generate
            pleach migration generate --from main~1 --large much
            pleach migration generate --from main~1 --target env:NOWHERE
            ",
        );
    });
}

const SCHEMA: &str = "\
CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL);
INSERT INTO users VALUES (1, 'Ann'), (2, 'Bob');
CREATE TABLE notes (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id integer REFERENCES users, note text);
INSERT INTO notes (user_id, note) VALUES (1, 'hi');
";
