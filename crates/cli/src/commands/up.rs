use crate::app::App;
use crate::commands::status::{ServerView, print_server};
use crate::failure::{Exit, Outcome};
use clap::Args;
use serde::Serialize;

/// Start the project's server
///
/// Every command that needs the server starts it; this one does nothing else. What a killed server
/// left behind is cleared away, and what a killed command left unfinished is finished or taken
/// back. With a server of yours it checks that the server answers.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach up")]
pub struct Up {}

#[derive(Serialize)]
struct View {
    project: String,
    server: ServerView,
}

impl Up {
    pub async fn run(self, app: &App) -> Outcome {
        let project = app.project().await?;
        let server = ServerView::of_open(&project).await?;
        let view = View { project: project.name().to_owned(), server };
        app.ui.confirm(&view, |page| print_server(page, &view.project, &view.server))?;
        Ok(Exit::Done)
    }
}
