//! Properties of plans over random schemas and random changes.

use crate::harness::{Known, Newcomers, follow, go};
use crate::random;
use crate::support::{Server, servers};
use pleach_change::{Part, part, plan};
use pleach_schema::Tree;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use tokio::runtime::Runtime;
use tokio_postgres::Client;

/// Cases for each server. The usual few are the same every time; more, for a night, are new ones.
fn runner(usual: u32) -> TestRunner {
    let wanted = std::env::var("PLEACH_PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = Config {
        cases: wanted.unwrap_or(usual),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    if wanted.is_some() {
        TestRunner::new(config)
    } else {
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
    }
}

/// A schema's seed, which of its statements are left out, and seeds of changes.
fn schema_and_changes() -> impl Strategy<Value = (u64, Vec<bool>, Vec<u64>)> {
    let kept = proptest::collection::vec(proptest::bool::weighted(0.999), 200);
    (any::<u64>().no_shrink(), kept, proptest::collection::vec(any::<u64>().no_shrink(), 1..12))
}

struct Story {
    client: Client,
    log: String,
}

impl Story {
    /// Runs a statement unless PostgreSQL refuses it.
    async fn attempt(&mut self, sql: &str) {
        self.client.batch_execute("SAVEPOINT attempt").await.unwrap();
        let end = match self.client.batch_execute(sql).await {
            Ok(()) => {
                self.log.push_str(&format!("{sql};\n"));
                "RELEASE attempt"
            }
            Err(_) => "ROLLBACK TO attempt",
        };
        self.client.batch_execute(end).await.unwrap();
    }

    async fn build(&mut self, seed: u64, kept: &[bool]) {
        self.client.batch_execute("BEGIN; SET LOCAL client_min_messages = error").await.unwrap();
        self.log = "-- old\n".to_owned();
        for (statement, kept) in random::schema(seed).iter().zip(kept) {
            if *kept {
                self.attempt(statement).await;
            }
        }
    }

    fn failed(&self, error: &str) -> TestCaseError {
        TestCaseError::fail(format!("{error}\nof\n{}", self.log))
    }

    /// Changes a database, plans from before to after, and back.
    async fn there_and_back(&mut self, changes: &[u64]) -> Result<(), TestCaseError> {
        let mut known = Known::default();
        let a = known.read(&self.client, Newcomers::Carry(&Tree::default())).await;
        self.client.batch_execute("SAVEPOINT before").await.unwrap();
        self.log.push_str("-- change\n");
        let mut known_b = known.fork();
        let mut b = a.clone();
        for seed in changes {
            for change in random::changes(*seed, &b, 1) {
                self.attempt(&change).await;
            }
            b = known_b.read(&self.client, Newcomers::Carry(&b)).await;
        }
        self.client.batch_execute("ROLLBACK TO before").await.unwrap();
        let there = go(&self.client, &mut known, &a, &b, &[]).await;
        let (_, b) = there.map_err(|error| self.failed(&error))?;
        let back = go(&self.client, &mut known, &b, &a, &[]).await;
        back.map_err(|error| self.failed(&format!("and back: {error}")))?;
        Ok(())
    }

    /// Writes a tree into an empty database, reads it, and takes it away again.
    async fn write_back(&mut self) -> Result<(), TestCaseError> {
        let tree = Known::default().read(&self.client, Newcomers::Carry(&Tree::default())).await;
        self.client.batch_execute("ROLLBACK; BEGIN").await.unwrap();
        let mut known = Known::default();
        let blank = known.read(&self.client, Newcomers::Expect(&tree)).await;
        let there = go(&self.client, &mut known, &blank, &tree, &[]).await;
        let (_, tree) = there.map_err(|error| self.failed(&error))?;
        let back = go(&self.client, &mut known, &tree, &blank, &[]).await;
        back.map_err(|error| self.failed(&format!("and back: {error}")))?;
        Ok(())
    }
}

impl Story {
    /// Plans for the part of the schema that changes have to do with, and goes that way twice: in the
    /// whole database, and in one that holds this part alone. Says how many objects were in it, of
    /// how many.
    async fn by_part(&mut self, changes: &[u64]) -> Result<(usize, usize), TestCaseError> {
        let mut known = Known::default();
        let a = known.read(&self.client, Newcomers::Carry(&Tree::default())).await;
        self.client.batch_execute("SAVEPOINT before").await.unwrap();
        self.log.push_str("-- change\n");
        let mut known_b = known.fork();
        let mut b = a.clone();
        for seed in changes.iter().take(2) {
            for change in random::changes(*seed, &b, 1) {
                self.attempt(&change).await;
            }
            b = known_b.read(&self.client, Newcomers::Carry(&b)).await;
        }
        self.client.batch_execute("ROLLBACK TO before").await.unwrap();
        let Part { from, to } = part(&a, &b, &[]);
        let planned = plan(&from, &to, &[]).map_err(|error| self.failed(&format!("cannot plan: {error}")))?;
        let there = follow(&self.client, &mut known, planned, &b).await;
        there.map_err(|error| self.failed(&format!("in the whole: {error}")))?;
        self.client.batch_execute("ROLLBACK; BEGIN").await.unwrap();
        let mut known = Known::default();
        let blank = known.read(&self.client, Newcomers::Expect(&from)).await;
        let made = go(&self.client, &mut known, &blank, &from, &[]).await;
        made.map_err(|error| self.failed(&format!("the part cannot be made: {error}")))?;
        let there = go(&self.client, &mut known, &from, &to, &[]).await;
        there.map_err(|error| self.failed(&format!("in the part: {error}")))?;
        Ok((from.len(), a.len()))
    }
}

fn story(runtime: &Runtime, server: &Server) -> Story {
    runtime.block_on(async {
        let client = server.connect(&server.database().await).await;
        let _ = client.batch_execute(&format!("CREATE ROLE {}", random::ROLE)).await;
        Story { client, log: String::new() }
    })
}

/// Runs a property on every server, each on a thread of its own.
fn on_every_server(property: impl Fn(&Runtime, &Server) -> Result<(), String> + Sync) {
    let failed: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = servers()
            .iter()
            .map(|server| {
                let property = &property;
                scope.spawn(move || {
                    let runtime = Runtime::new().unwrap();
                    property(&runtime, server).err().map(|error| format!("{}: {error}", server.bin.display()))
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

fn explain<T>(error: TestError<T>) -> String {
    match error {
        TestError::Fail(reason, _) => reason.message().to_owned(),
        TestError::Abort(reason) => reason.message().to_owned(),
    }
}

#[test]
fn what_was_read_of_a_random_schema_is_written_back() {
    on_every_server(|runtime, server| {
        let story = std::cell::RefCell::new(story(runtime, server));
        let property = |(seed, kept, _): (u64, Vec<bool>, Vec<u64>)| {
            runtime.block_on(async {
                let mut story = story.borrow_mut();
                story.build(seed, &kept).await;
                let result = story.write_back().await;
                story.client.batch_execute("ROLLBACK").await.unwrap();
                result
            })
        };
        runner(12).run(&schema_and_changes(), property).map_err(explain)
    });
}

#[test]
fn a_plan_for_random_changes_ends_where_they_did_and_leads_back() {
    on_every_server(|runtime, server| {
        let story = std::cell::RefCell::new(story(runtime, server));
        let property = |(seed, kept, changes): (u64, Vec<bool>, Vec<u64>)| {
            runtime.block_on(async {
                let mut story = story.borrow_mut();
                story.build(seed, &kept).await;
                let result = story.there_and_back(&changes).await;
                story.client.batch_execute("ROLLBACK").await.unwrap();
                result
            })
        };
        runner(12).run(&schema_and_changes(), property).map_err(explain)
    });
}

#[test]
fn a_plan_for_what_changes_have_to_do_with_holds_for_the_whole() {
    on_every_server(|runtime, server| {
        let story = std::cell::RefCell::new(story(runtime, server));
        let objects = std::cell::Cell::new((0, 0));
        let property = |(seed, kept, changes): (u64, Vec<bool>, Vec<u64>)| {
            runtime.block_on(async {
                let mut story = story.borrow_mut();
                story.build(seed, &kept).await;
                let result = story.by_part(&changes).await;
                story.client.batch_execute("ROLLBACK").await.unwrap();
                let (part, whole) = result?;
                objects.set((objects.get().0 + part, objects.get().1 + whole));
                Ok(())
            })
        };
        runner(12).run(&schema_and_changes(), property).map_err(explain)?;
        let (part, whole) = objects.get();
        assert!(part * 10 < whole * 9, "{part} of {whole} objects: nothing is left out");
        Ok(())
    });
}
