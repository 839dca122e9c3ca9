use crate::app::App;
use crate::background::tend_pool;
use crate::failure::{Exit, Outcome};
use crate::input::read_text;
use crate::output::{Page, intent_conflicts, plural, shortened, style};
use clap::{Args, ValueEnum};
use pleach_core::state::{IntentId, Risk};
use pleach_core::{Class, Declaration, Error, IntentCheck, Registered};
use std::path::Path;

/// Say what you are going to change
///
/// What the statements touch is found by reading and by running them on a scratch database at the
/// head of `main`, in a transaction that is taken back. Every active intent that touches the same
/// is tried with them in both orders. The intent gets a branch of its own.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach coordinate register --agent-id claude-auth --feature-name oauth2 \\
      --schema-changes 'ALTER TABLE users ADD COLUMN oauth_provider text'
  pleach coordinate register --agent-id gpt-search --feature-name search --schema-changes search.sql")]
pub struct Register {
    #[command(flatten)]
    change: Change,

    /// Make no branch for it
    #[arg(long, conflicts_with = "on_branch")]
    no_branch: bool,

    /// It is worked on this branch, which is there already
    #[arg(long, value_name = "NAME")]
    on_branch: Option<String>,
}

/// Ask whom a change would collide with, and keep nothing
///
/// The same as `register`, without the intent and its branch.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  pleach coordinate check --agent-id claude-auth --feature-name oauth2 \\
      --schema-changes 'ALTER TABLE users ADD COLUMN oauth_provider text'")]
pub struct Check {
    #[command(flatten)]
    change: Change,
}

#[derive(Debug, Args)]
struct Change {
    /// Whose it is
    #[arg(long, value_name = "AGENT")]
    agent_id: String,

    /// What it is for
    #[arg(long, value_name = "NAME")]
    feature_name: String,

    /// The statements, or a file that holds them; `-` is standard input
    #[arg(long, value_name = "SQL|FILE")]
    schema_changes: Vec<String>,

    /// Tables that it touches besides those that are found
    #[arg(long, value_name = "TABLE", value_delimiter = ',')]
    tables_affected: Vec<String>,

    /// How much it can hurt
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = Level::Medium)]
    risk_level: Level,

    /// How long it will take
    #[arg(long, value_name = "HOURS")]
    estimated_hours: Option<f64>,

    /// What is to be kept with it, as a JSON object
    #[arg(long, value_name = "JSON")]
    metadata: Option<String>,

    /// An intent that it builds on; may be given several times
    #[arg(long, value_name = "ID")]
    depends_on: Vec<i64>,

    /// What sort of agent it is, for `pleach partition`; else the sort that its name begins with
    #[arg(long, value_name = "TYPE")]
    agent_type: Option<String>,

    /// Only read the statements, and run nothing: faster, and nothing is verified
    #[arg(long = "static")]
    only_read: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    Low,
    Medium,
    High,
}

impl Change {
    fn declaration(self, branch: Option<Option<String>>) -> Outcome<Declaration> {
        if self.schema_changes.is_empty() {
            return Err(Error::new(Class::Input, "no_changes", "an intent needs its statements")
                .on("--schema-changes")
                .hint("say in SQL what you are going to run, or name a file that holds it")
                .into());
        }
        let mut sql = String::new();
        for given in &self.schema_changes {
            let text = if given == "-" || is_file(given) { read_text(Path::new(given))? } else { given.clone() };
            sql.push_str(&text);
            if !text.trim_end().ends_with(';') {
                sql.push(';');
            }
            sql.push('\n');
        }
        let metadata = self.metadata.as_deref().unwrap_or("{}");
        let metadata = serde_json::from_str(metadata).map_err(|error| {
            Error::new(Class::Input, "bad_intent", format!("the metadata is no JSON: {error}"))
                .on("--metadata")
                .hint("write it as {\"key\": \"value\"}")
        })?;
        Ok(Declaration {
            agent_id: self.agent_id,
            agent_type: self.agent_type,
            feature_name: self.feature_name,
            schema_changes: sql,
            tables_affected: self.tables_affected,
            risk_level: match self.risk_level {
                Level::Low => Risk::Low,
                Level::Medium => Risk::Medium,
                Level::High => Risk::High,
            },
            estimated_hours: self.estimated_hours,
            metadata,
            depends_on: self.depends_on.into_iter().map(IntentId).collect(),
            branch,
            execute: !self.only_read,
        })
    }
}

/// A file's name has no line breaks and is there.
fn is_file(given: &str) -> bool {
    !given.contains('\n') && given.len() < 4096 && Path::new(given).is_file()
}

impl Register {
    pub async fn run(self, app: &App) -> Outcome {
        let branch = match (self.no_branch, self.on_branch) {
            (true, _) => Some(None),
            (false, Some(name)) => Some(Some(name)),
            (false, None) => None,
        };
        let declaration = self.change.declaration(branch)?;
        let mut project = app.project().await?;
        let registered = project.register_intent(&declaration).await?;
        app.ui.answer(&registered, |page| print_registered(page, &registered))?;
        tend_pool(app, &mut project).await;
        Ok(Exit::Done)
    }
}

fn print_registered(page: &mut Page, registered: &Registered) {
    let intent = &registered.intent;
    let name = style::paint(style::NAME, format!("intent {}", intent.id));
    page.line(format!("Registered {name}: {} is going to work on {}", intent.agent_id, intent.feature_name));
    if !intent.tables_affected.is_empty() {
        page.indented(2, format!("touches {}", shortened(&intent.tables_affected)));
    }
    for needed in &intent.depends_on {
        page.indented(2, format!("builds on intent {needed}"));
    }
    if !intent.executed {
        page.indented(2, "only read, not run: nothing is verified");
    }
    for opaque in &registered.opaque {
        page.indented(2, format!("cannot be seen through by reading: {opaque}"));
    }
    intent_conflicts(page, &registered.conflicts, Some(intent.id));
    if registered.conflicts.is_empty() {
        page.line("It collides with nobody.");
    }
    if let Some(branch) = &intent.branch_name {
        page.gap();
        page.line(format!("Next: `pleach coordinate start --intent-id {}`, and work on branch {branch}", intent.id));
    }
}

impl Check {
    pub async fn run(self, app: &App) -> Outcome {
        let declaration = self.change.declaration(Some(None))?;
        let mut project = app.project().await?;
        let checked = project.check_intent(&declaration).await?;
        app.ui.answer(&checked, |page| print_checked(page, &checked))?;
        Ok(Exit::Done)
    }
}

fn print_checked(page: &mut Page, checked: &IntentCheck) {
    if !checked.tables_affected.is_empty() {
        page.line(format!("It touches {}.", shortened(&checked.tables_affected)));
    }
    for needed in &checked.depends_on {
        page.line(format!("It builds on intent {needed}."));
    }
    if !checked.executed {
        page.line("Only read, not run: nothing is verified.");
    }
    for opaque in &checked.opaque {
        page.line(format!("Cannot be seen through by reading: {opaque}"));
    }
    intent_conflicts(page, &checked.conflicts, None);
    match checked.conflicts.len() {
        0 => page.line("It collides with nobody."),
        count => {
            page.gap();
            page.line(format!("{}; nothing was registered", plural(count as u64, "conflict")));
        }
    }
}
