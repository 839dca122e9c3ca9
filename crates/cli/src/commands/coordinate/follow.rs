use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output::{Align, Page, Table, moment, style, visible};
use clap::Args;
use pleach_core::state::{Event, IntentId};
use std::io::Write;

/// Show everything that happened to an intent
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach coordinate history --intent-id 7")]
pub struct History {
    /// The intent
    #[arg(long, value_name = "ID")]
    intent_id: i64,
}

/// Show numbers: intents by status, merges by day, agents by conflicts
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach coordinate stats")]
pub struct Stats {}

/// Follow what happens, as it happens
///
/// One line for each event; with `--format json` one JSON object on each line. An event has a
/// position: who was away goes on with `--from` and the last position seen, and misses nothing.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach coordinate watch
  pleach coordinate watch --from 120 --format json")]
pub struct Watch {
    /// Begin after this position; 0 is the very beginning. Without it only what happens from now on
    #[arg(long, value_name = "POSITION")]
    from: Option<i64>,

    /// End after so many events
    #[arg(long, value_name = "COUNT")]
    count: Option<u64>,
}

/// Print the URL where coordination is seen from SQL, for any client
///
/// There are the views `pggit_agent_intents`, `pggit_merge_history` and `pggit.conflicts`, and the
/// tables `pggit_table_locks` and `pggit_agent_partitions`. What is done there is done by who asks
/// for the URL.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  psql \"$(pleach coordinate url)\" -c 'TABLE pggit_agent_intents'")]
pub struct Url {
    /// Over the loopback port instead of the Unix socket
    #[arg(long)]
    tcp: bool,
}

impl Url {
    pub async fn run(self, app: &App) -> Outcome {
        let url = app.project().await?.coordination_target(self.tcp).await?.url();
        app.ui.answer(&serde_json::json!({ "url": url }), |page| page.line(&url))?;
        Ok(Exit::Done)
    }
}

/// Print the JSON schema of what these commands answer
///
/// Under `$defs` is the answer of each command with `--format json`, by its name; `watch` prints
/// one such object on each line. Those of `pleach lock` and `pleach partition` are there too.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach coordinate schema > coordinate.schema.json")]
pub struct Schema {}

impl Schema {
    pub fn run(self, app: &App) -> Outcome {
        app.ui.text(&format!("{:#}\n", pleach_core::answers()))?;
        Ok(Exit::Done)
    }
}

impl History {
    pub async fn run(self, app: &App) -> Outcome {
        let events = app.project().await?.intent_history(IntentId(self.intent_id)).await?;
        app.ui.answer(&events, |page| events.iter().for_each(|event| page.line(line(event))))?;
        Ok(Exit::Done)
    }
}

/// An event in a line.
fn line(event: &Event) -> String {
    let position = style::paint(style::DIM, event.position);
    let reason = event.body.get("reason").and_then(|reason| reason.as_str());
    let reason = reason.map(|reason| format!(" ({reason})")).filter(|_| event.kind == "intent.moved");
    format!("{position} {} {}: {}{}", moment(event.at), event.actor, event.subject, reason.unwrap_or_default())
}

impl Watch {
    pub async fn run(self, app: &App) -> Outcome {
        let project = app.project().await?;
        let mut left = self.count;
        if left == Some(0) {
            return Ok(Exit::Done);
        }
        let json = app.ui.is_json();
        project
            .watch_events(self.from, |event| {
                let text = if json {
                    serde_json::to_string(&event).unwrap_or_default()
                } else {
                    visible(&line(&event)).into_owned()
                };
                let mut out = anstream::stdout().lock();
                // A reader that is gone has seen enough.
                if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
                    return false;
                }
                left = left.map(|left| left - 1);
                left != Some(0)
            })
            .await?;
        Ok(Exit::Done)
    }
}

impl Stats {
    pub async fn run(self, app: &App) -> Outcome {
        let stats = app.project().await?.coordination_stats().await?;
        app.ui.answer(&stats, |page| print(page, &stats))?;
        Ok(Exit::Done)
    }
}

fn print(page: &mut Page, stats: &pleach_core::Stats) {
    let head = |page: &mut Page, text: &str| {
        page.gap();
        page.line(style::paint(style::NAME, text));
    };
    head(page, "Intents");
    let most = stats.intents.iter().map(|row| row.count).max().unwrap_or_default();
    let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
    for row in &stats.intents {
        table.row([row.status.clone(), row.count.to_string(), bar(row.count, most)]);
    }
    table.lines().iter().for_each(|line| page.indented(2, line));
    if !stats.merges.is_empty() {
        head(page, "Merges by day");
        let most = stats.merges.iter().map(|row| row.total_merges).max().unwrap_or_default();
        let mut table = Table::new([Align::Left, Align::Right, Align::Left, Align::Left]);
        for row in &stats.merges {
            let rate = 100 * row.conflicts / row.total_merges.max(1);
            let conflicts = format!("{} with conflicts ({rate} %)", row.conflicts);
            table.row([row.date.clone(), row.total_merges.to_string(), bar(row.total_merges, most), conflicts]);
        }
        table.lines().iter().for_each(|line| page.indented(2, line));
    }
    if !stats.agents.is_empty() {
        head(page, "Agents by conflicts");
        let most = stats.agents.iter().map(|row| row.conflicts).max().unwrap_or_default();
        let mut table = Table::new([Align::Left, Align::Right, Align::Left, Align::Left]);
        for row in &stats.agents {
            let work = format!("{} merged of {}", row.merged, row.intents);
            table.row([row.agent_id.clone(), row.conflicts.to_string(), bar(row.conflicts, most), work]);
        }
        table.lines().iter().for_each(|line| page.indented(2, line));
    }
}

/// A bar of at most twenty characters.
fn bar(count: i64, most: i64) -> String {
    let length = if most > 0 { (20 * count + most - 1) / most } else { 0 };
    "▇".repeat(usize::try_from(length).unwrap_or_default())
}
