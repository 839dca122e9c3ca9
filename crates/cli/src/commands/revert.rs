use crate::app::App;
use crate::background::tend_pool;
use crate::failure::{Exit, Outcome};
use crate::input::data_steps;
use crate::output::{self, Page, diff, first_line, plural, style};
use clap::Args;
use pleach_core::Reverted;
use std::path::PathBuf;

/// Take a commit back with a new one
///
/// What the commit changed becomes as it was before; what came later stays. It happens on the
/// current branch, `main` included, proved and applied as a merge is. What the commit's data steps
/// did to rows stays, unless `--data` takes it back.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach revert main~1
  pleach revert 4f2a9c01bd --data unsplit-names.sql --allow-destructive")]
pub struct Revert {
    /// The commit: a unique beginning of its hash, `main~2`, a branch
    #[arg(value_name = "REV")]
    revision: String,

    /// SQL that takes back what the commit's data steps did; may be given several times
    #[arg(long, value_name = "FILE")]
    data: Vec<PathBuf>,

    /// Consent to destroying rows or values
    #[arg(long)]
    allow_destructive: bool,
}

impl Revert {
    pub async fn run(self, app: &App) -> Outcome {
        let data = data_steps(&self.data)?;
        let mut project = app.project().await?;
        let branch = project.current_branch();
        let reverted = project.revert(&self.revision, &branch, data, self.allow_destructive).await?;
        app.ui.confirm(&reverted, |page| print(page, &reverted))?;
        tend_pool(app, &mut project).await;
        Ok(Exit::Done)
    }
}

fn print(page: &mut Page, reverted: &Reverted) {
    let hash = style::paint(style::HASH, reverted.commit.hash.short());
    let branch = style::paint(style::BRANCH, &reverted.branch);
    page.line(format!("[{branch} {hash}] {}", first_line(&reverted.commit.message)));
    diff(page, &reverted.diff);
    output::losses(page, &reverted.losses, true);
    if reverted.data_steps_left > 0 {
        page.line(format!(
            "note: what {} of the commit did to rows stays",
            plural(reverted.data_steps_left as u64, "data step")
        ));
    }
    page.line(output::proved(&reverted.proof));
    page.line(output::applied(&reverted.branch, &reverted.applied));
}
