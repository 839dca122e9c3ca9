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

#[test]
fn coordination_in_sql() {
    on_every_server("coordination_in_sql", |story| {
        story.file("schema.sql", SCHEMA);
        story.file("activity.sql", ACTIVITY);
        story.file("rate.sql", CONFLICT_RATE);
        story.file("agents.sql", AGENTS);
        story.file("lock.sql", LOCK);
        story.file("partitions.sql", PARTITIONS);
        story.quietly("pleach init --schema schema.sql");
        for (agent, feature, change) in [
            ("claude-auth", "oauth", "ALTER TABLE users ADD COLUMN oauth_provider TEXT"),
            ("cleaner", "tidy", "ALTER TABLE users DROP COLUMN email"),
            ("reporter", "mails", "CREATE VIEW mails AS SELECT email FROM users"),
        ] {
            let command = "pleach coordinate register --agent-id";
            story.quietly(&format!("{command} {agent} --feature-name {feature} --schema-changes '{change}'"));
        }
        story.quietly(
            "pleach --branch agent/claude-auth-oauth sql -c 'ALTER TABLE users ADD COLUMN oauth_provider TEXT'",
        );
        story.quietly("pleach --branch agent/claude-auth-oauth commit -m Providers");
        story.type_in(
            r#"
            # An agent says that its work is to be looked at; the rules are those of the commands.
            pleach sql --state -c "UPDATE pggit_agent_intents SET status = 'pending_review' WHERE branch_name = 'agent/claude-auth-oauth'"
            pleach sql --state -c "UPDATE pggit_agent_intents SET status = 'merged' WHERE id = 2"
            pleach sql --state -c "UPDATE pggit_agent_intents SET status = 'finished' WHERE id = 2"
            pleach sql --state -c "UPDATE pggit_agent_intents SET agent_id = 'me' WHERE id = 2"
            pleach coordinate history --intent-id 1
            # What is in whose way.
            pleach sql --state -c "SELECT id, branch_a, branch_b, branch_a_sql, branch_b_sql FROM pggit.conflicts WHERE resolved = false"
            pleach merge agent/claude-auth-oauth -q
            pleach sql --state -t activity.sql | sed -E 's/20[0-9-]{8} [0-9:.]*[+-][0-9:]+/[then]/g; s/[0-9]+\.[0-9]+$/[seconds]/'
            pleach sql --state -t rate.sql | sed -E 's/20[0-9-]{8}/[day]/'
            pleach sql --state agents.sql
            # Leases.
            pleach sql --state -t lock.sql | sed -E 's/\|.*\|/|…|/'
            sed 's/claude-123/gpt-7/' lock.sql | pleach sql --state
            pleach lock acquire users --agent-id gpt-7 2>&1 | sed 's/until [^ ]*/until then/'
            pleach sql --state -c "DELETE FROM pggit_table_locks WHERE agent_id = 'claude-123'"
            pleach lock acquire users --agent-id gpt-7 -q
            # Partitions.
            pleach sql --state partitions.sql
            pleach partition list
            # Nothing else is there for others.
            pleach sql --state -c 'SELECT count(*) FROM pleach.intent'
            pleach sql --state -c 'CREATE TABLE public.mine (id int)'
            pleach sql --state -c 'DELETE FROM pggit_merge_history'
            psql "$(pleach coordinate url)" -At -c 'SHOW pleach.actor'
            pleach psql --state -- -At -c 'SELECT count(*) FROM pggit_agent_intents'
            "#,
        );
    });
}

const ACTIVITY: &str = "\
SELECT
    agent_id,
    branch_name,
    intent,
    tables_affected,
    status,
    started_at,
    completed_at,
    EXTRACT(EPOCH FROM (COALESCE(completed_at, NOW()) - started_at)) as duration_seconds
FROM pggit_agent_intents
ORDER BY started_at DESC
LIMIT 20;
";

const CONFLICT_RATE: &str = "\
SELECT
    DATE(created_at) as date,
    COUNT(*) as total_merges,
    COUNT(*) FILTER (WHERE had_conflicts) as conflicts,
    ROUND(100.0 * COUNT(*) FILTER (WHERE had_conflicts) / COUNT(*), 2) as conflict_rate
FROM pggit_merge_history
GROUP BY DATE(created_at)
ORDER BY date DESC;
";

const AGENTS: &str = "\
SELECT
    agent_id,
    COUNT(*) as total_branches,
    COUNT(*) FILTER (WHERE status = 'merged') as successful,
    COUNT(*) FILTER (WHERE status = 'conflict') as conflicts
FROM pggit_agent_intents
GROUP BY agent_id
ORDER BY conflicts DESC;
";

const LOCK: &str = "\
INSERT INTO pggit_table_locks (agent_id, table_name, locked_at)
VALUES ('claude-123', 'users', NOW())
ON CONFLICT (table_name) DO NOTHING
RETURNING *;
";

const PARTITIONS: &str = "\
INSERT INTO pggit_agent_partitions VALUES
  ('auth-agent', ARRAY['users', 'sessions', 'oauth_tokens'], ARRAY['auth']),
  ('search-agent', ARRAY['search_index', 'search_logs'], ARRAY['search']),
  ('analytics-agent', ARRAY['events', 'metrics'], ARRAY['analytics']);
";

const SCHEMA: &str = "\
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users, note text);
INSERT INTO users VALUES (1, 'ann@example.org', 'Ann');
";
