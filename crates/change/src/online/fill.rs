//! Filling rows in, batch by batch, each in a transaction of its own.

use super::{Goal, How, Scene, edit};
use crate::plan::{Stage, Step, parent_tables, step};
use pleach_schema::{Address, Attr, Kind, Object, Tree, quote_literal};
use std::time::Duration;

/// How rows are filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batches {
    /// Pages of the table (8 kB each) that one transaction goes through at most.
    pub pages: u64,
    /// How long it waits between two.
    pub pause: Duration,
    /// How far a replica may be behind before it waits for that.
    pub lag: Duration,
}

impl Default for Batches {
    fn default() -> Self {
        Self { pages: 256, pause: Duration::from_millis(20), lag: Duration::from_secs(10) }
    }
}

/// New columns whose default gives each row a value of its own: PostgreSQL would write the whole
/// table anew under a lock.
pub(super) struct Fill {
    new: Vec<Address>,
    /// Those that somebody began with before.
    begun: Vec<Address>,
    batches: Batches,
}

/// Whether a new column is added empty and filled afterwards.
pub(super) fn is_filled(scene: &Scene<'_>, column: &Address, object: &Object) -> bool {
    let plain = [Attr::Identity, Attr::Generated].iter().all(|attr| object.get(*attr).is_none());
    let new = scene.to.lineage(column).is_some_and(|lineage| scene.from.address(lineage).is_none());
    let ordinary = scene
        .large_table(column)
        .is_some_and(|table| !scene.to.is_of_partitioned(column) && parent_tables(scene.to, table).is_empty());
    new && plain && ordinary && object.get(Attr::Default).is_some() && scene.facts.rewrites(column)
}

impl Fill {
    pub fn new(scene: &Scene<'_>) -> Self {
        let columns = || scene.to.iter().filter(|(address, _)| address.kind == Kind::Column);
        let new = columns().filter(|(address, entry)| is_filled(scene, address, &entry.object));
        let unfilled = |column: &Address| scene.facts.unfilled.contains(&column.sql());
        let begun = columns().filter(|(_, entry)| scene.from.address(entry.lineage).is_some_and(unfilled));
        let of = |(address, _): (&Address, _)| address.clone();
        Self { new: new.map(of).collect(), begun: begun.map(of).collect(), batches: scene.facts.batches.clone() }
    }

    /// The tree in which the columns are there and have no default yet.
    pub fn without_defaults(&self, tree: &Tree) -> Option<Tree> {
        let mut tree = tree.clone();
        for column in &self.new {
            edit::change(&mut tree, column, |object| drop(object.attributes.remove(&Attr::Default)));
        }
        (!self.new.is_empty()).then_some(tree)
    }

    /// Writes down what is to be filled, in the transaction in which it begins to be missing.
    pub fn register(&self) -> Vec<Step> {
        self.new.iter().map(register).collect()
    }

    /// Gives the rows that were there before their values, and does what else there is to fill in.
    pub fn goal(&self, tree: &Tree, more: Vec<Step>) -> Option<Goal> {
        let mut goal = Goal::new("fill in what new columns hold", How::Alone, tree.clone());
        for column in self.new.iter().chain(&self.begun) {
            let name = column.name_sql();
            goal.before.push(fill(column, &format!("{name} = DEFAULT"), &format!("{name} IS NULL"), &self.batches));
        }
        goal.before.extend(more);
        (!goal.before.is_empty()).then_some(goal)
    }
}

/// Writes down that a column is to be filled in, in the transaction in which values begin to be missing.
pub(super) fn register(column: &Address) -> Step {
    let job = quote_literal(&column.sql());
    let sql = format!("{JOBS};\nINSERT INTO pleach.backfill VALUES ({job}, 0, 0) ON CONFLICT DO NOTHING");
    step(column, Stage::Data, sql)
}

/// The statement that fills a column in.
pub(super) fn fill(column: &Address, set: &str, missing: &str, batches: &Batches) -> Step {
    let sql = fill_sql(&column.sql(), &column.relation_sql(), set, missing, batches);
    step(column, Stage::Data, sql)
}

/// What is kept of work that can be cut off.
const JOBS: &str = "CREATE SCHEMA IF NOT EXISTS pleach;
CREATE TABLE IF NOT EXISTS pleach.backfill (job text PRIMARY KEY, page bigint NOT NULL, filled bigint NOT NULL)";

/// A statement that goes through a table by its pages and changes the rows for which `condition`
/// holds, which must no longer hold for what was changed. It commits after every batch, keeps how
/// far it came in `pleach.backfill`, and goes on there when it is run again.
///
/// Batches are made as large as a tenth of a second lets them be, for whoever wants one of their rows
/// waits until the batch is over. It waits for nobody itself: rows that somebody else holds are left for the next round, and there are
/// rounds until nothing is left. Where the role may, the table's own triggers and rules do not fire,
/// as they would not if PostgreSQL wrote the table anew. A policy that hides rows is an error.
fn fill_sql(job: &str, table: &str, set: &str, condition: &str, batches: &Batches) -> String {
    let (job, name) = (quote_literal(job), quote_literal(table));
    let (pages, pause, lag) = (batches.pages, batches.pause.as_secs_f64(), batches.lag.as_secs());
    let jobs = JOBS.replace('\n', "\n    ");
    // The variables' names must not be those of columns.
    format!(
        "DO $pleach$
DECLARE
    pleach_page bigint;
    pleach_pages bigint := 8;
    pleach_rows bigint;
    pleach_begun timestamptz;
    pleach_role text := 'replica';
BEGIN
    {jobs};
    INSERT INTO pleach.backfill VALUES ({job}, 0, 0) ON CONFLICT DO NOTHING;
    BEGIN
        PERFORM set_config('session_replication_role', pleach_role, true);
    EXCEPTION WHEN insufficient_privilege THEN
        pleach_role := current_setting('session_replication_role');
    END;
    COMMIT;
    LOOP
        PERFORM set_config('row_security', 'off', true);
        IF current_setting('session_replication_role') <> pleach_role THEN
            PERFORM set_config('session_replication_role', pleach_role, true);
        END IF;
        SELECT page INTO pleach_page FROM pleach.backfill WHERE job = {job};
        IF pleach_page >= pg_relation_size({name}::regclass) / current_setting('block_size')::bigint THEN
            EXIT WHEN NOT EXISTS (SELECT FROM {table} WHERE {condition});
            pleach_page := 0;
        END IF;
        pleach_begun := clock_timestamp();
        UPDATE {table} SET {set} WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM {table}
            WHERE ctid >= format('(%s,0)', pleach_page)::tid AND ctid < format('(%s,0)', pleach_page + pleach_pages)::tid
                AND {condition}
            FOR NO KEY UPDATE SKIP LOCKED));
        GET DIAGNOSTICS pleach_rows = ROW_COUNT;
        UPDATE pleach.backfill SET page = pleach_page + pleach_pages, filled = filled + pleach_rows WHERE job = {job};
        COMMIT;
        pleach_pages := CASE
            WHEN clock_timestamp() - pleach_begun < interval '50 ms' THEN least(2 * pleach_pages, {pages})
            WHEN clock_timestamp() - pleach_begun > interval '150 ms' THEN greatest(pleach_pages / 2, 1)
            ELSE pleach_pages END;
        PERFORM pg_sleep({pause});
        WHILE (SELECT max(replay_lag) FROM pg_stat_replication) > make_interval(secs => {lag}) LOOP
            COMMIT;
            PERFORM pg_sleep(1);
        END LOOP;
    END LOOP;
    DELETE FROM pleach.backfill WHERE job = {job};
    COMMIT;
END
$pleach$"
    )
}
