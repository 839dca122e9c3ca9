use super::list::print_intent;
use crate::app::App;
use crate::failure::{Exit, Outcome};
use clap::Args;
use pleach_core::IntentInfo;
use pleach_core::state::{ConflictId, IntentId, Status};

/// Write down how a conflict was dealt with
///
/// It blocks nothing any more. If it gets worse later, because an intent or `main` changes, it has
/// to be dealt with again.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  pleach coordinate resolve --conflict-id 1 --notes 'auth first, then search'")]
pub struct Resolve {
    /// The conflict
    #[arg(long, value_name = "ID")]
    conflict_id: i64,

    /// What was agreed on
    #[arg(long, value_name = "TEXT")]
    notes: String,
}

/// Begin to work on an intent
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach coordinate start --intent-id 7")]
pub struct Start {
    #[command(flatten)]
    pub to: Move,
}

/// Be done with an intent
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach coordinate complete --intent-id 7")]
pub struct Complete {
    #[command(flatten)]
    pub to: Move,
}

/// Ask for a review of an intent
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach coordinate submit --intent-id 7")]
pub struct Submit {
    #[command(flatten)]
    pub to: Move,
}

/// Say that an intent is in `main`
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach coordinate mark-merged --intent-id 7")]
pub struct MarkMerged {
    #[command(flatten)]
    pub to: Move,
}

/// Which intent, and why.
#[derive(Debug, Args)]
pub struct Move {
    /// The intent
    #[arg(long, value_name = "ID")]
    intent_id: i64,

    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Move {
    /// Moves it to a status.
    pub async fn run(self, app: &App, status: Status) -> Outcome {
        move_to(app, self.intent_id, status, self.reason.as_deref()).await
    }
}

/// Approve an intent that waits for review; its author cannot
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach --actor bob coordinate approve --intent-id 7 --notes 'looked at it'")]
pub struct Approve {
    /// The intent
    #[arg(long, value_name = "ID")]
    intent_id: i64,

    /// What was looked at
    #[arg(long, value_name = "TEXT")]
    notes: Option<String>,
}

/// Send an intent that waits for review back to its agent
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach coordinate reject --intent-id 7 --reason 'needs an index'")]
pub struct Reject {
    /// The intent
    #[arg(long, value_name = "ID")]
    intent_id: i64,

    /// What is wrong
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Give an intent up
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach coordinate abandon --intent-id 7 --reason 'no longer wanted'")]
pub struct Abandon {
    /// The intent
    #[arg(long, value_name = "ID")]
    intent_id: i64,

    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

async fn move_to(app: &App, id: i64, status: Status, reason: Option<&str>) -> Outcome {
    let intent = app.project().await?.move_intent(IntentId(id), status, reason).await?;
    show(app, &intent)
}

fn show(app: &App, intent: &IntentInfo) -> Outcome {
    app.ui.confirm(intent, |page| print_intent(page, intent))?;
    Ok(Exit::Done)
}

impl Approve {
    pub async fn run(self, app: &App) -> Outcome {
        let mut project = app.project().await?;
        let intent = project.approve_intent(IntentId(self.intent_id), self.notes.as_deref()).await?;
        show(app, &intent)
    }
}

impl Reject {
    pub async fn run(self, app: &App) -> Outcome {
        let mut project = app.project().await?;
        let intent = project.reject_intent(IntentId(self.intent_id), &self.reason).await?;
        show(app, &intent)
    }
}

impl Abandon {
    pub async fn run(self, app: &App) -> Outcome {
        move_to(app, self.intent_id, Status::Abandoned, Some(&self.reason)).await
    }
}

impl Resolve {
    pub async fn run(self, app: &App) -> Outcome {
        let mut project = app.project().await?;
        let conflict = project.resolve_intent_conflict(ConflictId(self.conflict_id), &self.notes).await?;
        app.ui.confirm(&conflict, |page| {
            page.line(format!("Conflict {} ({}) is dealt with: {}", conflict.id, conflict.conflict_type, self.notes));
        })?;
        Ok(Exit::Done)
    }
}

/// Show or set which intents must be approved before they are merged
///
/// `never`, `high` (those of high risk), `medium` (and higher), or `always`. An approval is by
/// somebody else than the agent and whoever registered the intent; a merge without it is refused.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach coordinate review high")]
pub struct Review {
    /// From which risk on
    #[arg(value_name = "LEVEL", value_parser = ["never", "high", "medium", "always"])]
    level: Option<String>,
}

impl Review {
    pub async fn run(self, app: &App) -> Outcome {
        let mut project = app.project().await?;
        if let Some(level) = &self.level {
            project.set_review(level).await?;
        }
        let review = project.review().to_owned();
        app.ui.answer(&serde_json::json!({ "review": review }), |page| page.line(&review))?;
        Ok(Exit::Done)
    }
}
