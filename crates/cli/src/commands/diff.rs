use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output::{Page, data_steps, diff};
use clap::Args;
use pleach_core::DiffView;

/// Show what differs between two schemas
///
/// Without revisions: what the current branch's database has that is not committed. With one:
/// between it and that database. With two: between them. A renamed table or column is shown as a
/// rename, and one that was dropped and created again under its name as replaced.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach diff
  pleach diff main agent/claude-auth
  pleach diff main~1 main --sql")]
pub struct Diff {
    /// A branch, a commit, `main~2`
    from: Option<String>,

    /// A branch, a commit, `main~2`
    to: Option<String>,

    /// Print the SQL that takes the first to the second
    #[arg(long)]
    sql: bool,
}

impl Diff {
    pub async fn run(self, app: &App) -> Outcome {
        let project = app.project().await?;
        let view = project.diff(self.from.as_deref(), self.to.as_deref()).await?;
        app.ui.answer(&view, |page| match self.sql {
            true => view.sql.lines().for_each(|line| page.line(line)),
            false => print(page, &view),
        })?;
        Ok(Exit::Done)
    }
}

fn print(page: &mut Page, view: &DiffView) {
    if view.diff.is_empty() && view.data_steps.is_empty() {
        page.line(format!("{} and {} have the same schema", view.from, view.to));
    }
    diff(page, &view.diff);
    data_steps(page, &view.data_steps);
}
