//! Filling rows in, batch by batch, each in a transaction of its own.

use super::{Goal, How, Scene, edit};
use crate::plan::{Stage, Step, parent_tables, step};
use pleach_schema::{Address, Attr, Kind, Object, Tree, quote_literal};
use std::time::Duration;

/// How rows are filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batches {
    /// Pages of the table (8 kB each) that one transaction goes through.
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
        let jobs = self.new.iter().map(|column| {
            let job = quote_literal(&column.sql());
            let sql = format!("{JOBS};\nINSERT INTO pleach.backfill VALUES ({job}, 0, 0) ON CONFLICT DO NOTHING");
            step(column, Stage::Data, sql)
        });
        jobs.collect()
    }

    /// Gives the rows that were there before their values.
    pub fn goal(&self, tree: &Tree) -> Option<Goal> {
        let mut goal = Goal::new("fill in what new columns hold by default", How::Alone, tree.clone());
        for column in self.new.iter().chain(&self.begun) {
            let (table, name) = (column.relation_sql(), column.name_sql());
            let set = format!("{name} = DEFAULT");
            let sql = fill_sql(&column.sql(), &table, &set, &format!("{name} IS NULL"), &self.batches);
            goal.before.push(step(column, Stage::Data, sql));
        }
        (!goal.before.is_empty()).then_some(goal)
    }
}

/// What is kept of work that can be cut off.
const JOBS: &str = "CREATE SCHEMA IF NOT EXISTS pleach;
CREATE TABLE IF NOT EXISTS pleach.backfill (job text PRIMARY KEY, page bigint NOT NULL, filled bigint NOT NULL)";

/// A statement that goes through a table by its pages and changes the rows for which `condition`
/// holds, which must no longer hold for what was changed. It commits after every batch, keeps how
/// far it came in `pleach.backfill`, goes on there when it is run again, and goes over the table
/// until nothing is left: a row that moves while it works is met on the next round.
fn fill_sql(job: &str, table: &str, set: &str, condition: &str, batches: &Batches) -> String {
    let (job, name) = (quote_literal(job), quote_literal(table));
    let (pages, pause, lag) = (batches.pages, batches.pause.as_secs_f64(), batches.lag.as_secs());
    let jobs = JOBS.replace('\n', "\n    ");
    // The variables' names must not be those of columns.
    format!(
        "DO $pleach$
DECLARE
    pleach_page bigint;
    pleach_filled bigint;
    pleach_rows bigint;
BEGIN
    {jobs};
    INSERT INTO pleach.backfill VALUES ({job}, 0, 0) ON CONFLICT DO NOTHING;
    COMMIT;
    LOOP
        SELECT page, filled INTO pleach_page, pleach_filled FROM pleach.backfill WHERE job = {job};
        IF pleach_page >= pg_relation_size({name}::regclass) / current_setting('block_size')::bigint THEN
            EXIT WHEN pleach_filled = 0;
            UPDATE pleach.backfill SET page = 0, filled = 0 WHERE job = {job};
            COMMIT;
            CONTINUE;
        END IF;
        UPDATE {table} SET {set}
        WHERE ctid >= format('(%s,0)', pleach_page)::tid AND ctid < format('(%s,0)', pleach_page + {pages})::tid
            AND {condition};
        GET DIAGNOSTICS pleach_rows = ROW_COUNT;
        UPDATE pleach.backfill SET page = pleach_page + {pages}, filled = pleach_filled + pleach_rows WHERE job = {job};
        COMMIT;
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
