use crate::app::App;
use crate::background::tend_pool;
use crate::failure::{Exit, Outcome};
use clap::Args;

/// Take back the last operation that was not taken back yet
///
/// A commit becomes uncommitted again; a merge or revert is taken back on the live database as
/// well, proved, by a commit of its own; a deleted branch is made again from its last commit; a
/// new branch is deleted.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  pleach op log
  pleach undo")]
pub struct Undo {
    /// Consent to destroying rows or values
    #[arg(long)]
    allow_destructive: bool,
}

impl Undo {
    pub async fn run(self, app: &App) -> Outcome {
        let mut project = app.project().await?;
        let undone = project.undo(self.allow_destructive).await?;
        app.ui.confirm(&undone, |page| {
            page.line(format!("Undone: {}", undone.operation.summary));
            undone.notes.iter().for_each(|note| page.indented(2, note));
        })?;
        tend_pool(app, &mut project).await;
        Ok(Exit::Done)
    }
}
