use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output::{Align, Page, Table, ago, first_line, intent_conflicts, plural, shortened, style};
use clap::Args;
use pleach_core::IntentInfo;
use pleach_core::state::intents::Filter;
use pleach_core::state::{IntentId, Status as State};

/// List intents
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach coordinate list-intents
  pleach coordinate list-intents --status-filter in_progress --agent-filter claude-auth")]
pub struct ListIntents {
    /// Only those of this status
    #[arg(long, value_name = "STATUS", value_parser = status)]
    status_filter: Option<State>,

    /// Only those of this agent
    #[arg(long, value_name = "AGENT")]
    agent_filter: Option<String>,

    /// Only those that are neither merged nor abandoned
    #[arg(long)]
    active: bool,
}

/// Show an intent
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach coordinate status --intent-id 7")]
pub struct Status {
    /// The intent
    #[arg(long, value_name = "ID")]
    intent_id: i64,
}

/// List conflicts between intents
///
/// Those that somebody has to deal with. One that PostgreSQL proved to be harmless, and one that was
/// resolved or is over, is listed with `--all`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach coordinate conflicts
  pleach coordinate conflicts --intent-id 7 --all")]
pub struct Conflicts {
    /// Only those of this intent
    #[arg(long, value_name = "ID")]
    intent_id: Option<i64>,

    /// Also those that block nothing
    #[arg(long)]
    all: bool,
}

/// A status by its name.
pub fn status(text: &str) -> Result<State, String> {
    let all = State::ALL;
    all.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|status| status.as_str()).collect();
        format!("one of {}", names.join(", "))
    })
}

impl ListIntents {
    pub async fn run(self, app: &App) -> Outcome {
        let filter = Filter { status: self.status_filter, agent: self.agent_filter, active: self.active };
        let intents = app.project().await?.intents(&filter).await?;
        app.ui.answer(&intents, |page| print_list(page, &intents))?;
        Ok(Exit::Done)
    }
}

fn print_list(page: &mut Page, intents: &[IntentInfo]) {
    if intents.is_empty() {
        page.line("No intents. Register one with `pleach coordinate register`.");
        return;
    }
    let mut table = Table::new([Align::Right, Align::Left, Align::Left, Align::Left, Align::Left, Align::Left]);
    for intent in intents {
        let conflicts = match intent.open_conflicts {
            0 => String::new(),
            count => style::paint(style::WARNING, plural(count as u64, "conflict")),
        };
        table.row([
            intent.id.to_string(),
            style::paint(style::NAME, &intent.feature_name),
            intent.agent_id.clone(),
            intent.status.to_string(),
            shortened(&intent.tables_affected),
            conflicts,
        ]);
    }
    table.lines().iter().for_each(|line| page.line(line));
}

impl Status {
    pub async fn run(self, app: &App) -> Outcome {
        let intent = app.project().await?.intent_info(IntentId(self.intent_id)).await?;
        app.ui.answer(&intent, |page| print_intent(page, &intent))?;
        Ok(Exit::Done)
    }
}

/// Prints an intent.
pub fn print_intent(page: &mut Page, intent: &IntentInfo) {
    let name = style::paint(style::NAME, format!("Intent {}", intent.id));
    page.line(format!("{name}: {} by {}, {}", intent.feature_name, intent.agent_id, intent.status));
    let mut table = Table::new([Align::Left; 2]);
    let list = |ids: &[IntentId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            table.row([name.to_owned(), value]);
        }
    };
    row("branch", intent.branch_name.clone().unwrap_or_default());
    row("touches", shortened(&intent.tables_affected));
    row("risk", intent.risk_level.to_string());
    row("builds on", list(&intent.depends_on));
    row("collides with", list(&intent.conflicts_with));
    row("registered", format!("{} by {}", ago(intent.created_at), intent.registered_by));
    row("started", intent.started_at.map(ago).unwrap_or_default());
    row("completed", intent.completed_at.map(ago).unwrap_or_default());
    row("approved", intent.approved_by.as_ref().map(|by| format!("by {by}")).unwrap_or_default());
    row("closed", intent.closed_at.map(ago).unwrap_or_default());
    table.lines().iter().for_each(|line| page.indented(2, line));
    for statement in &intent.schema_changes {
        page.indented(4, first_line(statement));
    }
}

impl Conflicts {
    pub async fn run(self, app: &App) -> Outcome {
        let project = app.project().await?;
        let intent = self.intent_id.map(IntentId);
        let mut conflicts = project.conflicts_of(intent).await?;
        let before = conflicts.len();
        if !self.all {
            conflicts.retain(|conflict| conflict.blocks);
        }
        let hidden = before - conflicts.len();
        app.ui.answer(&conflicts, |page| {
            intent_conflicts(page, &conflicts, intent);
            if conflicts.is_empty() {
                page.line("No conflict waits for anybody.");
            }
            if hidden > 0 {
                page.gap();
                page.line(format!("{} more, harmless or dealt with: `--all` shows them", hidden));
            }
        })?;
        Ok(Exit::Done)
    }
}
