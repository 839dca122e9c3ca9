use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output::{Graph, Page, ago, first_line, plural, style};
use clap::Args;
use pleach_core::LogEntry;
use serde_json::json;

/// Show commits, newest first
///
/// Of all branches, or those that a revision has in its history.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach log --graph
  pleach log main -n 5")]
pub struct Log {
    /// A branch, a commit, `main~2`
    #[arg(value_name = "REV")]
    revision: Option<String>,

    /// Draw who comes from whom
    #[arg(long)]
    graph: bool,

    /// How many at most
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

impl Log {
    pub async fn run(self, app: &App) -> Outcome {
        let commits = app.project().await?.log(self.revision.as_deref(), self.limit).await?;
        app.ui.answer(&json!({ "commits": commits }), |page| {
            if self.graph {
                print_graph(page, &commits);
            } else {
                commits.iter().for_each(|entry| page.line(line(entry)));
            }
        })?;
        Ok(Exit::Done)
    }
}

fn print_graph(page: &mut Page, commits: &[LogEntry]) {
    let mut graph = Graph::default();
    for entry in commits {
        let drawn = graph.draw(entry.commit.hash, &entry.commit.parents);
        page.line(format!("{}  {}", drawn.dot, line(entry)));
        drawn.links.iter().for_each(|link| page.line(link));
    }
    if graph.goes_on() {
        page.line("~");
    }
}

/// A commit on one line.
fn line(entry: &LogEntry) -> String {
    let commit = &entry.commit;
    let hash = style::paint(style::HASH, commit.hash.short());
    let branches = match entry.branches.as_slice() {
        [] => String::new(),
        names => format!(" ({})", style::paint(style::BRANCH, names.join(", "))),
    };
    let steps = match commit.data_steps.len() {
        0 => String::new(),
        count => format!(" [{}]", plural(count as u64, "data step")),
    };
    let about = style::paint(style::DIM, format!("{}, {}", commit.author, ago(commit.at)));
    format!("{hash}{branches} {}{steps} {about}", first_line(&commit.message))
}
