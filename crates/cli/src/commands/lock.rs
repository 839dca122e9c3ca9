use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::input::duration;
use crate::output::{Align, Page, Table, moment, style};
use clap::{Args, Subcommand};
use pleach_core::LockRequest;
use pleach_core::state::Lease;
use std::time::Duration;

/// Hold tables, so that nobody else commits or merges changes of them
#[derive(Debug, Subcommand)]
pub enum Lock {
    Acquire(Acquire),
    Release(Release),
    Renew(Renew),
    List(List),
    Steal(Steal),
}

/// Hold tables for a while: all of them, or none
///
/// A lease ends by itself, by the database's clock. Whoever held a table and lost it cannot commit
/// or merge changes of it before holding it again.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach lock acquire users orders --agent-id claude-auth --ttl 1h
  pleach lock acquire users --agent-id gpt-search --wait 10m")]
pub struct Acquire {
    /// The tables
    #[arg(required = true, value_name = "TABLE")]
    tables: Vec<String>,

    /// Who holds them; without it who acts
    #[arg(long, value_name = "AGENT")]
    agent_id: Option<String>,

    /// For how long
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = duration)]
    ttl: Duration,

    /// Why, for others to read
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Wait for others: so long, or without a time until they are free
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "365d", value_parser = duration)]
    wait: Option<Duration>,
}

/// Give tables back: those that are named, or all
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach lock release users --agent-id claude-auth")]
pub struct Release {
    /// The tables; all that the agent holds without any
    #[arg(value_name = "TABLE")]
    tables: Vec<String>,

    /// Whose they are; without it of who acts
    #[arg(long, value_name = "AGENT")]
    agent_id: Option<String>,
}

/// Hold tables for another while: those that are named, or all
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach lock renew --agent-id claude-auth --ttl 1h")]
pub struct Renew {
    /// The tables; all that the agent holds without any
    #[arg(value_name = "TABLE")]
    tables: Vec<String>,

    /// Whose they are; without it of who acts
    #[arg(long, value_name = "AGENT")]
    agent_id: Option<String>,

    /// For how long, from now on
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = duration)]
    ttl: Duration,
}

/// List the tables that are held
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach lock list")]
pub struct List {}

/// Take tables away from whoever holds them
///
/// It is written down with the reason. Whoever held them cannot commit or merge changes of them any
/// more.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach lock steal users --agent-id ops --reason 'its holder is gone'")]
pub struct Steal {
    /// The tables
    #[arg(required = true, value_name = "TABLE")]
    tables: Vec<String>,

    /// Who takes them; without it who acts
    #[arg(long, value_name = "AGENT")]
    agent_id: Option<String>,

    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// For how long
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = duration)]
    ttl: Duration,
}

impl Lock {
    pub async fn run(self, app: &App) -> Outcome {
        let mut project = app.project().await?;
        let agent = |given: Option<String>| given.unwrap_or_else(|| app.context.actor.clone());
        match self {
            Self::Acquire(Acquire { tables, agent_id, ttl, reason, wait }) => {
                let request = LockRequest { agent_id: agent(agent_id), tables, ttl, reason, wait };
                told(app, "holds", &project.acquire_locks(&request).await?)
            }
            Self::Steal(Steal { tables, agent_id, reason, ttl }) => {
                let reason = Some(reason);
                let request = LockRequest { agent_id: agent(agent_id), tables, ttl, reason, wait: None };
                told(app, "holds", &project.steal_locks(&request).await?)
            }
            Self::Renew(Renew { tables, agent_id, ttl }) => {
                told(app, "holds", &project.renew_locks(&agent(agent_id), &tables, ttl).await?)
            }
            Self::Release(Release { tables, agent_id }) => {
                told(app, "gave back", &project.release_locks(&agent(agent_id), &tables).await?)
            }
            Self::List(List {}) => {
                let leases = project.locks().await?;
                app.ui.answer(&leases, |page| print(page, &leases))?;
                Ok(Exit::Done)
            }
        }
    }
}

fn told(app: &App, verb: &str, leases: &[Lease]) -> Outcome {
    app.ui.confirm(leases, |page| {
        for lease in leases {
            let until = if verb == "holds" { format!(" until {}", moment(lease.expires_at)) } else { String::new() };
            let table = style::paint(style::NAME, &lease.table_name);
            page.line(format!("{} {verb} {table}{until} (token {})", lease.agent_id, lease.token));
        }
        if leases.is_empty() {
            page.line("No table was held.");
        }
    })?;
    Ok(Exit::Done)
}

fn print(page: &mut Page, leases: &[Lease]) {
    if leases.is_empty() {
        page.line("No table is held.");
    }
    let mut table = Table::new([Align::Left; 5]);
    for lease in leases {
        table.row([
            style::paint(style::NAME, &lease.table_name),
            lease.agent_id.clone(),
            format!("until {}", moment(lease.expires_at)),
            format!("token {}", lease.token),
            lease.reason.clone().unwrap_or_default(),
        ]);
    }
    table.lines().iter().for_each(|line| page.line(line));
}
