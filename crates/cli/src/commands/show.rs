use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output::{Page, ago, data_steps, diff, moment, proved, style};
use clap::Args;
use pleach_core::{Proof, Shown};

/// Show a commit: who, when, why, what it changes, and how its merge was proved
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach show
  pleach show main~1")]
pub struct Show {
    /// A branch, a commit, `main~2`; the current branch without it
    #[arg(value_name = "REV")]
    revision: Option<String>,
}

impl Show {
    pub async fn run(self, app: &App) -> Outcome {
        let project = app.project().await?;
        let revision = self.revision.unwrap_or_else(|| project.current_branch());
        let shown = project.show(&revision).await?;
        app.ui.answer(&shown, |page| print(page, &shown))?;
        Ok(Exit::Done)
    }
}

fn print(page: &mut Page, shown: &Shown) {
    let commit = &shown.entry.commit;
    let branches = match shown.entry.branches.as_slice() {
        [] => String::new(),
        names => format!(" ({})", style::paint(style::BRANCH, names.join(", "))),
    };
    page.line(format!("{}{branches}", style::paint(style::HASH, format!("commit {}", commit.hash))));
    if commit.parents.len() > 1 {
        let parents: Vec<String> = commit.parents.iter().map(|parent| parent.short()).collect();
        page.line(format!("Merge:   {}", parents.join(" ")));
    }
    page.line(format!("Author:  {}", commit.author));
    page.line(format!("Date:    {} ({})", moment(commit.at), ago(commit.at)));
    page.gap();
    page.indented(4, commit.message.trim());
    page.gap();
    diff(page, &shown.diff);
    data_steps(page, &commit.data_steps);
    if let Some(proof) = shown.proof.clone().and_then(|proof| serde_json::from_value::<Proof>(proof).ok()) {
        page.gap();
        page.line(proved(&proof));
    }
}
