use crate::app::App;
use crate::background::tend_pool;
use crate::failure::{Exit, Outcome};
use crate::output::{self, Page, data_count, data_steps, diff, plural, style, tally};
use clap::Args;
use pleach_core::change::{Choice, Resolution};
use pleach_core::{MergeOptions, MergeOutcome, Merging, Project};

/// Merge a branch into main, proved first
///
/// The two sides are merged three ways, object by object and attribute by attribute. The result is
/// replayed on a scratch database; only when PostgreSQL ends at exactly the merged schema it is
/// applied to the live target, in one transaction. What is in the target's tables stays there.
///
/// Where both sides cannot be had the merge stays open (exit code 4): see `pleach conflicts`,
/// decide with `pleach resolve`, then `pleach merge --continue`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach merge agent/claude-auth
  pleach merge agent/claude-auth --dry-run
  pleach merge main --into agent/claude-auth     take over what main has
  pleach merge --continue")]
pub struct Merge {
    /// What to merge: a branch, or another revision
    #[arg(required_unless_present_any = ["continue", "abort"])]
    source: Option<String>,

    /// Where to merge it
    #[arg(long, value_name = "BRANCH", default_value = "main")]
    into: String,

    /// Settle what may be settled without a person: columns and indexes that both sides added
    #[arg(long)]
    auto_resolve: bool,

    /// Prove it, show it, change nothing
    #[arg(long)]
    dry_run: bool,

    /// Consent to destroying rows or values
    #[arg(long)]
    allow_destructive: bool,

    /// The merge commit's message
    #[arg(short, long, value_name = "MESSAGE")]
    message: Option<String>,

    /// Go on with the open merge, with the decisions made
    #[arg(long = "continue", conflicts_with_all = ["source", "abort"])]
    r#continue: bool,

    /// Give the open merge up
    #[arg(long, conflicts_with = "source")]
    abort: bool,
}

impl Merge {
    pub async fn run(self, app: &App) -> Outcome {
        let mut project = app.project().await?;
        if self.abort {
            return self.abort(app, &mut project).await;
        }
        let options = MergeOptions {
            auto_resolve: self.auto_resolve,
            dry_run: self.dry_run,
            allow_destructive: self.allow_destructive,
            message: self.message.clone(),
        };
        let outcome = match &self.source {
            Some(source) => project.merge(source, &self.into, &options).await?,
            None => project.continue_merge(&self.into, &options).await?,
        };
        let exit = match &outcome {
            MergeOutcome::Conflicts { .. } => Exit::Conflicts,
            _ => Exit::Done,
        };
        match &outcome {
            MergeOutcome::Merged(merging) if !self.dry_run => {
                app.ui.confirm(&outcome, |page| print_merged(page, merging))?;
            }
            outcome => app.ui.answer(outcome, |page| self.print(page, outcome))?,
        }
        if !matches!(outcome, MergeOutcome::UpToDate { .. }) {
            tend_pool(app, &mut project).await;
        }
        Ok(exit)
    }

    async fn abort(&self, app: &App, project: &mut Project) -> Outcome {
        let merge = project.abort_merge(&self.into).await?;
        app.ui.confirm(&merge, |page| {
            page.line(format!("Gave up the merge of {} into {}; nothing was changed", merge.source, merge.target));
        })?;
        Ok(Exit::Done)
    }

    fn print(&self, page: &mut Page, outcome: &MergeOutcome) {
        match outcome {
            MergeOutcome::UpToDate { head, uncommitted } => {
                let head = style::paint(style::HASH, head.short());
                page.line(format!("{} is up to date: it has everything already, at {head}", self.into));
                if *uncommitted {
                    page.line(
                        "The source has changes that are not committed; commit them first: `pleach commit -m MESSAGE`",
                    );
                }
            }
            MergeOutcome::Merged(merging) => print_merged(page, merging),
            MergeOutcome::Conflicts { merge, conflicts } => {
                let count = plural(conflicts.len() as u64, "conflict");
                page.line(style::paint(style::DANGER, format!("{count}; nothing was changed on {}", self.into)));
                output::conflicts(page, conflicts);
                if merge.is_none() {
                    page.gap();
                    page.line("This was a dry run: merge without `--dry-run` to decide");
                }
            }
        }
    }
}

fn print_merged(page: &mut Page, merging: &Merging) {
    let target = style::paint(style::BRANCH, &merging.target);
    match &merging.commit {
        Some(commit) => {
            let hash = style::paint(style::HASH, commit.hash.short());
            page.line(format!("Merged {} into {target}: {hash}", merging.source));
        }
        None => page.line(format!("{} would merge into {target}; nothing was changed", merging.source)),
    }
    diff(page, &merging.diff);
    if let Some(commit) = &merging.commit {
        data_steps(page, &commit.data_steps);
    }
    page.line(style::paint(style::DIM, format!("{}{}", tally(&merging.diff), data_count(merging.data_steps))));
    for (conflict, resolution) in &merging.settled {
        let way = match resolution {
            Resolution::Choice(Choice::Ours) => conflict.ways.ours.as_deref().unwrap_or("ours"),
            Resolution::Choice(Choice::Theirs) => conflict.ways.theirs.as_deref().unwrap_or("theirs"),
            Resolution::Choice(Choice::Both) => conflict.ways.both.as_deref().unwrap_or("both"),
            Resolution::Sql(_) => "SQL behind the merge",
        };
        page.line(format!("settled: {} → {way}", conflict.message));
    }
    output::losses(page, &merging.losses, merging.applied.is_some());
    page.line(output::proved(&merging.proof));
    if let Some(applied) = &merging.applied {
        page.line(output::applied(&merging.target, applied));
    }
}
