//! Agents say what they are going to change, hear whom that collides with, and merge in order.

use crate::support::on_every_server;

#[test]
fn three_agents_and_one_schema() {
    on_every_server("coordinating", |story| {
        story.file("schema.sql", SCHEMA);
        story.quietly("PLEACH_NO_BACKGROUND=skip pleach init --schema schema.sql");
        // What is seen must not hang on how busy the machine is.
        story.quietly("sed -i.bak 's/^judge_milliseconds.*/judge_milliseconds = 60000/' .pleach/config.toml");
        story.type_in(
            "
            # Two of them touch the same table, and go together all the same.
            pleach coordinate register --agent-id claude-auth --feature-name oauth_support --schema-changes 'ALTER TABLE users ADD COLUMN oauth_provider text' --tables-affected users --risk-level medium
            pleach coordinate register --agent-id gpt-search --feature-name search_prefs --schema-changes 'ALTER TABLE users ADD COLUMN search_preferences jsonb'
            # One builds on what another is about to make, and one reads what another drops.
            pleach coordinate register --agent-id gpt-index --feature-name provider_index --schema-changes 'CREATE INDEX CONCURRENTLY users_provider ON users (oauth_provider)'
            pleach coordinate check --agent-id cleaner --feature-name tidy --schema-changes 'ALTER TABLE users DROP COLUMN email'
            pleach coordinate register --agent-id reporter --feature-name report --schema-changes 'CREATE VIEW mails AS SELECT email FROM users' --no-branch
            pleach coordinate check --agent-id cleaner --feature-name tidy --schema-changes 'ALTER TABLE users DROP COLUMN email'
            pleach coordinate check --agent-id cleaner --feature-name tidy --schema-changes 'ALTER TABLE users DROP COLUMN email' --static
            pleach coordinate list-intents
            pleach coordinate conflicts
            # What cannot be.
            pleach coordinate register --agent-id a --feature-name b --schema-changes 'ALTER TABLE users ADD COLUMN'
            pleach coordinate register --agent-id a --feature-name b --schema-changes 'ALTER TABLE nowhere ADD COLUMN c int'
            pleach coordinate register --agent-id a --feature-name b --schema-changes 'BEGIN; DROP TABLE users; COMMIT'
            pleach coordinate register --agent-id a --feature-name b --schema-changes \"COPY users FROM PROGRAM 'true'\"
            pleach coordinate register --agent-id a --feature-name b --schema-changes ''
            pleach coordinate register --agent-id a --feature-name b --schema-changes 'SELECT 1' --metadata '[1]'
            pleach coordinate complete --intent-id 1
            pleach coordinate status --intent-id 99
            pleach coordinate resolve --conflict-id 99 --notes 'no'
            # The work, more of it than was said.
            pleach coordinate start --intent-id 1
            pleach --branch agent/claude-auth-oauth_support sql -q -c 'ALTER TABLE users ADD COLUMN oauth_provider text; ALTER TABLE orders DROP COLUMN note'
            pleach --branch agent/claude-auth-oauth_support commit -m 'Providers'
            pleach coordinate status --intent-id 1
            pleach coordinate complete --intent-id 1
            pleach --branch agent/gpt-search-search_prefs sql -q -c 'ALTER TABLE users ADD COLUMN search_preferences jsonb'
            pleach --branch agent/gpt-search-search_prefs commit -q -m 'Preferences'
            pleach coordinate complete --intent-id 2
            # Review, by somebody else.
            pleach coordinate review always
            pleach coordinate merge-completed --no-migration
            pleach coordinate submit --intent-id 1
            pleach coordinate approve --intent-id 1
            pleach --actor bob coordinate approve --intent-id 1 --notes 'looked at it'
            pleach coordinate order
            pleach coordinate merge-completed --dry-run
            pleach coordinate review never
            pleach coordinate merge-completed --no-migration
            pleach coordinate list-intents --status-filter merged
            pleach coordinate abandon --intent-id 4 --reason 'no longer wanted'
            pleach coordinate stats | sed 's/20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]/[day]/'
            ",
        );
    });
}

#[test]
fn leases_and_partitions() {
    on_every_server("leases", |story| {
        story.file("schema.sql", SCHEMA);
        story.quietly("PLEACH_NO_BACKGROUND=skip pleach init --schema schema.sql");
        story.quietly("pleach branch create work");
        story.type_in(
            "
            pleach lock acquire users orders --agent-id claude --reason 'splits names' --quiet
            pleach lock acquire orders --agent-id gpt 2>&1 | sed 's/until [^ ]*/until then/'
            pleach lock list --format json | grep -c token
            pleach lock release users --agent-id gpt
            # Nobody else commits a change of it.
            pleach --branch work sql -q -c 'ALTER TABLE orders ADD paid boolean'
            pleach --branch work commit -m 'Paid' 2>&1 | sed 's/until [^ ]*/until then/'
            pleach lock release --agent-id claude
            pleach --branch work commit -q -m 'Paid'
            # Nor does who held it and lost it.
            pleach lock acquire users --agent-id tester --quiet
            pleach lock steal users --agent-id ops --reason 'an incident' --quiet
            pleach lock release --agent-id ops --quiet
            pleach --branch work --actor tester sql -q -c 'ALTER TABLE users ADD age int'
            pleach --branch work --actor tester commit -m 'Ages' 2>&1 | sed 's/at [0-9][^ ]*/at some time/'
            pleach lock acquire users --agent-id tester --ttl 0s
            pleach lock acquire 'a.b.c' --agent-id tester
            # What a sort of agent owns.
            pleach partition set auth-agent --tables 'users,oauth_*' --schemas auth
            pleach partition set shop-agent --tables orders
            pleach partition list
            pleach partition check auth-agent-1 --schema-changes 'ALTER TABLE users ADD a int; ALTER TABLE orders ADD b int'
            pleach coordinate register --agent-id auth-agent-1 --feature-name beyond --schema-changes 'ALTER TABLE orders ADD b int' --no-branch
            pleach partition remove nobody
            ",
        );
    });
}

const SCHEMA: &str = "\
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users, note text);
INSERT INTO users VALUES (1, 'ann@example.org', 'Ann');
";
