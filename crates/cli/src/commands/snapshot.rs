use crate::app::App;
use crate::background::tend_pool;
use crate::failure::{Exit, Outcome};
use crate::output::{clone_way, plural};
use clap::{Args, Subcommand};

/// Take live data anew as the source of clones
#[derive(Debug, Subcommand)]
pub enum Snapshot {
    Refresh(Refresh),
}

/// Take a branch's live data anew
///
/// Branches made later have this data. When nobody is connected to the branch its database is
/// copied as a template; otherwise it is dumped and restored from one consistent moment beside the
/// running work.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach snapshot refresh main")]
pub struct Refresh {
    /// The branch
    #[arg(default_value = "main")]
    branch: String,
}

impl Snapshot {
    pub async fn run(self, app: &App) -> Outcome {
        let Self::Refresh(command) = self;
        command.run(app).await
    }
}

impl Refresh {
    async fn run(self, app: &App) -> Outcome {
        let mut project = app.project().await?;
        let refreshed = project.refresh_snapshot(&self.branch).await?;
        app.ui.confirm(&refreshed, |page| {
            let how = match (&refreshed.clone_way, refreshed.rows) {
                (Some(way), _) => format!("as a template ({})", clone_way(way)),
                (None, Some(rows)) => format!("beside the running work ({} copied)", plural(rows, "row")),
                (None, None) => "beside the running work".to_owned(),
            };
            page.line(format!("Took the data of {} anew, {how}", refreshed.branch));
        })?;
        tend_pool(app, &mut project).await;
        Ok(Exit::Done)
    }
}
