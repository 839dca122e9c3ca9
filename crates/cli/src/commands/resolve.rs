use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::input::read_text;
use crate::output;
use clap::{ArgGroup, Args};
use pleach_core::change::{Choice, Resolution};
use std::path::PathBuf;

/// Decide a conflict of an open merge
///
/// The decision is kept, and can be made again, until `pleach merge --continue` proves it with the
/// rest. SQL of your own runs after the merge with our side's choice; the schema that it ends at
/// is the merged one.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("way").required(true).args(["ours", "theirs", "both", "sql"])))]
#[command(after_long_help = "\
Examples:
  pleach resolve 1 --theirs
  echo 'ALTER TABLE users ALTER name TYPE text' | pleach resolve 1 --sql -")]
pub struct Resolve {
    /// The conflict's number, from `pleach conflicts`
    id: i64,

    /// As the branch has it that is merged into
    #[arg(long)]
    ours: bool,

    /// As the branch has it that is merged
    #[arg(long)]
    theirs: bool,

    /// Keep both; theirs takes another name
    #[arg(long)]
    both: bool,

    /// With SQL of your own; `-` is standard input
    #[arg(long, value_name = "FILE")]
    sql: Option<PathBuf>,
}

impl Resolve {
    pub async fn run(self, app: &App) -> Outcome {
        let resolution = match &self.sql {
            Some(file) => Resolution::Sql(read_text(file)?),
            None if self.ours => Resolution::Choice(Choice::Ours),
            None if self.theirs => Resolution::Choice(Choice::Theirs),
            None => Resolution::Choice(Choice::Both),
        };
        let mut project = app.project().await?;
        let view = project.resolve_conflict(self.id, resolution).await?;
        let all = project.conflicts().await?;
        let open = all.iter().filter(|other| other.our_branch == view.our_branch && other.resolution.is_none()).count();
        app.ui.confirm(&view, |page| {
            output::decision(page, &view);
            let into = if view.our_branch == "main" { String::new() } else { format!(" --into {}", view.our_branch) };
            page.line(match open {
                0 => format!("Every conflict has a decision; go on with `pleach merge --continue{into}`"),
                open => format!("{} left; see `pleach conflicts`", output::plural(open as u64, "conflict")),
            });
        })?;
        Ok(Exit::Done)
    }
}
