//! confiture's registry of intents, in a process that is asked line by line.

use crate::failed;
use crate::intents::{self, Declared};
use pleach_core::connect::{Target, connect};
use pleach_core::{Error, Result};
use serde_json::{Value as Json, json};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const SCRIPT: &str = include_str!("../peers/confiture_intents.py");

const DATABASE: &str = "bench_confiture";

/// The running process, with a database of its own on the server that is measured.
pub struct Confiture {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    target: Target,
    held: usize,
}

/// What it answered.
pub struct Answer {
    /// How long it took inside `register`.
    pub took: Duration,
    /// How many others, or pairs, it found in conflict.
    pub found: usize,
    /// How many it kept of those that were registered at once.
    pub kept: usize,
}

impl Confiture {
    /// Starts it with a Python in which confiture is installed.
    pub async fn start(python: &Path, server: &Target) -> Result<Self> {
        batch(server, &format!("CREATE DATABASE {DATABASE}")).await?;
        let target = server.with_database(DATABASE);
        let mut command = Command::new(python);
        command.args(["-c", SCRIPT, &target.url()]);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| lost(&error.to_string()))?;
        let (input, output) = (process.stdin.take(), process.stdout.take());
        let (Some(input), Some(output)) = (input, output) else { return Err(lost("it has no input or output")) };
        Ok(Self { process, input, output: BufReader::new(output).lines(), target, held: 0 })
    }

    /// Brings the number of its active intents up to what the project holds.
    pub async fn fill(&mut self, tables: usize, intents: usize) -> Result<()> {
        let new: Vec<Json> = (self.held..intents).map(|number| intents::standing(tables, number).json()).collect();
        self.held = self.held.max(intents);
        self.ask("fill", json!(new)).await?;
        // As for Pleach.
        batch(&self.target, "VACUUM ANALYZE").await
    }

    /// Registers an intent, and abandons it.
    pub async fn register(&mut self, intent: &Declared) -> Result<Answer> {
        self.ask("register", intent.json()).await
    }

    /// Registers intents at once, and abandons them.
    pub async fn race(&mut self, intents: &[Declared]) -> Result<Answer> {
        let all: Vec<Json> = intents.iter().map(Declared::json).collect();
        self.ask("race", json!(all)).await
    }

    /// Ends the process.
    pub async fn end(self) -> Result<()> {
        let Self { mut process, input, output, .. } = self;
        drop((input, output));
        process.wait().await.map_err(|error| lost(&error.to_string()))?;
        Ok(())
    }

    async fn ask(&mut self, what: &str, with: Json) -> Result<Answer> {
        let line = format!("{}\n", json!({ "do": what, "what": with }));
        self.input.write_all(line.as_bytes()).await.map_err(|error| lost(&error.to_string()))?;
        let answer = self.output.next_line().await.map_err(|error| lost(&error.to_string()))?;
        let answer = answer.ok_or_else(|| lost("it ended before its time"))?;
        let answer: Json = serde_json::from_str(&answer).map_err(|error| lost(&error.to_string()))?;
        let number = |field: &str| answer[field].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
        let took = Duration::from_secs_f64(answer["seconds"].as_f64().unwrap_or_default());
        Ok(Answer { took, found: number("found"), kept: number("kept") })
    }
}

async fn batch(target: &Target, sql: &str) -> Result<()> {
    let session = connect(target, "pleach-bench").await?;
    session.batch_execute(sql).await?;
    session.close().await;
    Ok(())
}

fn lost(why: &str) -> Error {
    failed("confiture", why)
}
