use crate::app::App;
use crate::background::tend_pool;
use crate::failure::{Exit, Outcome};
use crate::input::data_steps as read_data_steps;
use crate::output::{Page, data_steps, diff, first_line, plural, style, tally};
use clap::Args;
use pleach_core::Committed;
use std::path::PathBuf;

/// Commit what a branch's database holds
///
/// The schema is read from the database itself, so it does not matter which client changed it. A
/// renamed table or column is known to be a rename.
///
/// SQL that changes rows (a backfill) is not found in a schema: name its files with `--data`. It
/// is recorded with the commit, not run, and travels with merge, revert and migration.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach commit -m 'Let users have nicknames'
  pleach commit -m 'Split names' --data backfill-names.sql
  pleach --branch main commit --adopt -m 'Index made by hand in an incident'")]
pub struct Commit {
    /// Why
    #[arg(short, long, value_name = "MESSAGE")]
    message: String,

    /// SQL that changes rows and belongs to this commit; may be given several times
    #[arg(long, value_name = "FILE")]
    data: Vec<PathBuf>,

    /// Record on `main` what somebody changed there outside of Pleach
    #[arg(long)]
    adopt: bool,
}

impl Commit {
    pub async fn run(self, app: &App) -> Outcome {
        let data = read_data_steps(&self.data)?;
        let mut project = app.project().await?;
        let branch = project.current_branch();
        let committed = project.commit(&branch, &self.message, data, self.adopt).await?;
        app.ui.warn_unmodelled(&committed.unmodelled);
        for beyond in &committed.beyond {
            app.ui.warn(format!("the intent of this branch did not say that it {beyond}"));
        }
        app.ui.confirm(&committed, |page| print(page, &committed))?;
        if self.adopt {
            tend_pool(app, &mut project).await;
        }
        Ok(Exit::Done)
    }
}

fn print(page: &mut Page, committed: &Committed) {
    let commit = &committed.commit;
    let (branch, hash) =
        (style::paint(style::BRANCH, &committed.branch), style::paint(style::HASH, commit.hash.short()));
    page.line(format!("[{branch} {hash}] {}", first_line(&commit.message)));
    diff(page, &committed.diff);
    data_steps(page, &commit.data_steps);
    let steps = match commit.data_steps.len() {
        0 => String::new(),
        count => format!(", {}", plural(count as u64, "data step")),
    };
    page.line(style::paint(style::DIM, format!("{}{steps}", tally(&committed.diff))));
}
