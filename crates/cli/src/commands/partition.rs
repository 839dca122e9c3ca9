use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::input::read_text;
use crate::output::{Align, Table, style};
use clap::{Args, Subcommand};
use pleach_core::state::Partition as Owned;
use serde_json::json;
use std::path::Path;

/// Say which tables and schemas a sort of agent owns
#[derive(Debug, Subcommand)]
pub enum Partition {
    Set(Set),
    List(List),
    Check(Check),
    Remove(Remove),
}

/// Say what a sort of agent owns, in place of what was said before
///
/// `*` stands for anything. A table without a schema is one of `public`. What an agent changes
/// outside of its own is an OWNERSHIP conflict, and a commit of it is refused until that is
/// resolved; within its own nobody else can be in its way.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  pleach partition set auth-agent --tables users,sessions,'oauth_*' --schemas auth")]
pub struct Set {
    /// The sort of agent: agents whose names begin with it, or that register with `--agent-type`
    #[arg(value_name = "AGENT_TYPE")]
    agent_type: String,

    /// Its tables
    #[arg(long, value_name = "TABLE", value_delimiter = ',')]
    tables: Vec<String>,

    /// Its schemas
    #[arg(long, value_name = "SCHEMA", value_delimiter = ',')]
    schemas: Vec<String>,
}

/// List what each sort of agent owns
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach partition list")]
pub struct List {}

/// Ask what of a change lies outside of what an agent owns
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  pleach partition check auth-agent-1 --schema-changes 'ALTER TABLE events ADD user_id bigint'")]
pub struct Check {
    /// The agent
    #[arg(value_name = "AGENT")]
    agent: String,

    /// The statements, or a file that holds them; `-` is standard input
    #[arg(long, value_name = "SQL|FILE")]
    schema_changes: String,
}

/// Forget what a sort of agent owns
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach partition remove auth-agent")]
pub struct Remove {
    /// The sort of agent
    #[arg(value_name = "AGENT_TYPE")]
    agent_type: String,
}

impl Partition {
    pub async fn run(self, app: &App) -> Outcome {
        let mut project = app.project().await?;
        match self {
            Self::Set(Set { agent_type, tables, schemas }) => {
                let owned = Owned { agent_type, owned_tables: tables, owned_schemas: schemas };
                project.set_partition(&owned).await?;
                app.ui.confirm(&owned, |page| page.line(format!("{} owns {}", owned.agent_type, what(&owned))))?;
            }
            Self::List(List {}) => {
                let all = project.partitions().await?;
                app.ui.answer(&all, |page| {
                    if all.is_empty() {
                        page.line("No partition. Make one with `pleach partition set`.");
                    }
                    let mut table = Table::new([Align::Left; 2]);
                    for owned in &all {
                        table.row([style::paint(style::NAME, &owned.agent_type), what(owned)]);
                    }
                    table.lines().iter().for_each(|line| page.line(line));
                })?;
            }
            Self::Check(Check { agent, schema_changes }) => {
                let is_file = schema_changes == "-" || Path::new(&schema_changes).is_file();
                let sql = if is_file { read_text(Path::new(&schema_changes))? } else { schema_changes };
                let checked = project.check_partition(&agent, &sql).await?;
                app.ui.answer(&checked, |page| {
                    for one in &checked.outside {
                        let owner = one.owner.as_ref().map_or("nobody".to_owned(), Clone::clone);
                        page.line(format!("{} belongs to {owner}", one.object));
                    }
                    if checked.outside.is_empty() {
                        page.line("All of it is its own, or nobody's.");
                    }
                })?;
                return Ok(if checked.outside.is_empty() { Exit::Done } else { Exit::Conflicts });
            }
            Self::Remove(Remove { agent_type }) => {
                project.remove_partition(&agent_type).await?;
                app.ui.confirm(&json!({ "agent_type": agent_type }), |page| {
                    page.line(format!("{agent_type} owns nothing any more"));
                })?;
            }
        }
        Ok(Exit::Done)
    }
}

fn what(owned: &Owned) -> String {
    let part = |word: &str, names: &[String]| match names {
        [] => None,
        names => Some(format!("{word} {}", names.join(", "))),
    };
    let parts = [part("tables", &owned.owned_tables), part("schemas", &owned.owned_schemas)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join("; ") }
}
