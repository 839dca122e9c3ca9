use crate::app::App;
use crate::background::tend_pool;
use crate::commands::status::distance;
use crate::failure::{Exit, Outcome};
use crate::output::{Align, Page, Table, ago, clone_way, first_line, plural, size, style};
use clap::{Args, Subcommand};
use pleach_core::{BranchInfo, Created};
use serde_json::json;

/// Make, list, show and delete branches, and get their URLs
#[derive(Debug, Subcommand)]
pub enum Branch {
    Create(Create),
    List(List),
    Show(Show),
    Delete(Delete),
    Url(Url),
}

/// Make a branch: a database of its own, with schema and data
///
/// With a clone ready in the warm pool that takes milliseconds, whatever the size of the database;
/// otherwise what PostgreSQL's own clone takes. A busy `main` is neither blocked nor disconnected:
/// clones are made from its snapshot, whose data is as old as `branch show` says.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach branch create agent/claude-auth
  pleach branch create hotfix --from main~2")]
pub struct Create {
    /// Its name, as in git: `agent/claude-auth`
    name: String,

    /// Begin at this revision: a branch, a commit, `main~2`
    #[arg(long, value_name = "REV", default_value = "main")]
    from: String,
}

/// List the branches
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach branch list")]
pub struct List {}

/// Show a branch: where it stands, how old its data is, what it costs on disk
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach branch show agent/claude-auth")]
pub struct Show {
    /// The branch; the current one without it
    name: Option<String>,
}

/// Delete a branch with its database
///
/// The space is given back. Refused while the branch has changes or commits that nothing else has,
/// unless forced. `pleach undo` makes the branch again from its last commit.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach branch delete agent/claude-auth")]
pub struct Delete {
    /// The branch
    name: String,

    /// Even if changes or commits are lost
    #[arg(long)]
    force: bool,
}

/// Print the URL of a branch's database, for any client
///
/// The URL holds a password: hand it over in an environment variable rather than as an argument.
/// The role in it may change the schema; in the URL of `main` it may only read and write rows,
/// because `main` changes by merge only.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  export DATABASE_URL=\"$(pleach branch url agent/claude-auth)\"
  pleach branch url --tcp        for clients that know no Unix sockets")]
pub struct Url {
    /// The branch; the current one without it
    name: Option<String>,

    /// Over the loopback port instead of the Unix socket
    #[arg(long)]
    tcp: bool,
}

impl Branch {
    pub async fn run(self, app: &App) -> Outcome {
        match self {
            Self::Create(command) => command.run(app).await,
            Self::List(command) => command.run(app).await,
            Self::Show(command) => command.run(app).await,
            Self::Delete(command) => command.run(app).await,
            Self::Url(command) => command.run(app).await,
        }
    }
}

impl Create {
    async fn run(self, app: &App) -> Outcome {
        let mut project = app.project().await?;
        let created = project.create_branch(&self.name, Some(&self.from)).await?;
        app.ui.confirm(&created, |page| print_created(page, &created))?;
        tend_pool(app, &mut project).await;
        Ok(Exit::Done)
    }
}

fn print_created(page: &mut Page, created: &Created) {
    let (name, head) = (style::paint(style::BRANCH, &created.name), style::paint(style::HASH, created.head.short()));
    let milliseconds = created.microseconds as f64 / 1000.0;
    let warm = if created.warm { "warm, " } else { "" };
    let way = clone_way(&created.clone_way);
    let age = ago(created.data_taken_at);
    page.line(format!("Created branch {name} at {head} in {milliseconds:.1} ms ({warm}{way}), data taken {age}"));
    page.line(format!("Next: `pleach checkout {0}`, or any client on `pleach branch url {0}`", created.name));
}

impl List {
    async fn run(self, app: &App) -> Outcome {
        let branches = app.project().await?.branches().await?;
        app.ui.answer(&json!({ "branches": branches }), |page| print_list(page, &branches))?;
        Ok(Exit::Done)
    }
}

fn print_list(page: &mut Page, branches: &[BranchInfo]) {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left, Align::Right, Align::Left, Align::Left]);
    for branch in branches {
        let name = if branch.current { style::paint(style::BRANCH, &branch.name) } else { branch.name.clone() };
        let apart = match (branch.ahead, branch.behind) {
            (0, 0) => String::new(),
            (ahead, 0) => format!("+{ahead}"),
            (0, behind) => format!("-{behind}"),
            (ahead, behind) => format!("+{ahead} -{behind}"),
        };
        table.row([
            format!("{} {name}", if branch.current { '*' } else { ' ' }),
            style::paint(style::HASH, branch.head.short()),
            apart,
            size(branch.bytes),
            format!("data {}", ago(branch.data_taken_at)),
            first_line(&branch.message).to_owned(),
        ]);
    }
    table.lines().iter().for_each(|line| page.line(line));
}

impl Show {
    async fn run(self, app: &App) -> Outcome {
        let project = app.project().await?;
        let name = self.name.unwrap_or_else(|| project.current_branch());
        let info = project.branch_info(&name).await?;
        app.ui.answer(&info, |page| print_info(page, &info))?;
        Ok(Exit::Done)
    }
}

fn print_info(page: &mut Page, info: &BranchInfo) {
    let current = if info.current { " (current)" } else { "" };
    page.line(format!("Branch {}{current}", style::paint(style::BRANCH, &info.name)));
    let head = style::paint(style::HASH, info.head.short());
    let from = info.created_from.as_deref().map(|from| format!(" from {from}")).unwrap_or_default();
    let mut table = Table::new([Align::Left; 2]);
    table.row(["head".to_owned(), format!("{head} {}{}", first_line(&info.message), distance(info))]);
    table.row(["made".to_owned(), format!("{} by {}{from}", ago(info.created_at), info.created_by)]);
    table.row(["data".to_owned(), format!("taken {}", ago(info.data_taken_at))]);
    table.row(["size".to_owned(), format!("{}, {}", size(info.bytes), clone_way(&info.clone_way))]);
    table.row(["database".to_owned(), format!("{}, {}", info.database, plural(info.connections as u64, "client"))]);
    table.lines().iter().for_each(|line| page.indented(2, line));
}

impl Delete {
    async fn run(self, app: &App) -> Outcome {
        let mut project = app.project().await?;
        let deleted = project.delete_branch(&self.name, self.force).await?;
        app.ui.confirm(&deleted, |page| {
            let (head, bytes) = (style::paint(style::HASH, deleted.head.short()), size(deleted.bytes));
            page.line(format!("Deleted branch {} (was {head}), {bytes} given back", deleted.name));
        })?;
        tend_pool(app, &mut project).await;
        Ok(Exit::Done)
    }
}

impl Url {
    async fn run(self, app: &App) -> Outcome {
        let project = app.project().await?;
        let name = self.name.unwrap_or_else(|| project.current_branch());
        let url = project.branch_target(&name, self.tcp).await?.url();
        app.ui.answer(&json!({ "branch": name, "url": url }), |page| page.line(&url))?;
        Ok(Exit::Done)
    }
}
