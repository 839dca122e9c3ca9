use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output::{Page, data_steps, diff, plural, size, style};
use clap::Args;
use pleach_core::server::{self, Cluster};
use pleach_core::{BranchInfo, Class, Config, ConflictView, Error, FOLDER, Project, ServerKind, Standing, read_head};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Show the server, the current branch, and what is not committed
///
/// Also shows merges that wait for decisions. The server is not started: when it is down, that is
/// what is said.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach status")]
pub struct Status {}

/// How things stand.
#[derive(Serialize)]
struct View {
    project: String,
    root: PathBuf,
    server: ServerView,
    branch: String,
    /// The rest is known while the server runs.
    info: Option<BranchInfo>,
    standing: Option<Standing>,
    conflicts: Vec<ConflictView>,
}

/// A project's server.
#[derive(Serialize)]
pub struct ServerView {
    kind: ServerKind,
    running: bool,
    version: Option<String>,
    place: Option<String>,
    /// The details of a private server.
    private: Option<server::Status>,
    /// Why a server of the user's does not answer.
    problem: Option<String>,
}

impl Status {
    pub async fn run(self, app: &App) -> Outcome {
        let root = Config::find(&app.directory)?;
        let config = Config::read(&root)?;
        let view = match stopped(&root, &config).await? {
            Some(server) => View::without_server(app, root, config, server),
            None => match Project::open(&app.directory, app.context.clone()).await {
                Ok(project) => View::of(&project).await?,
                Err(error) if config.server == ServerKind::Url && error.class == Class::Unavailable => {
                    View::without_server(app, root, config, ServerView::unreachable(&error))
                }
                Err(error) => return Err(error.into()),
            },
        };
        if let Some(standing) = &view.standing {
            app.ui.warn_unmodelled(&standing.unmodelled);
        }
        app.ui.answer(&view, |page| view.print(page))?;
        Ok(Exit::Done)
    }
}

/// A private server that does not run.
async fn stopped(root: &Path, config: &Config) -> Outcome<Option<ServerView>> {
    if config.server == ServerKind::Url {
        return Ok(None);
    }
    let status = match Cluster::open(&root.join(FOLDER))? {
        Some(cluster) if cluster.is_running().await? => return Ok(None),
        Some(cluster) => Some(cluster.status().await?),
        None => None,
    };
    Ok(Some(ServerView {
        kind: ServerKind::Private,
        running: false,
        version: status.as_ref().map(|status| status.version.clone()),
        place: None,
        private: status,
        problem: None,
    }))
}

impl ServerView {
    /// The server of an open project.
    pub async fn of_open(project: &Project) -> Outcome<Self> {
        let private = match project.cluster() {
            Some(cluster) => Some(cluster.status().await?),
            None => None,
        };
        Ok(Self {
            kind: project.config().server,
            running: true,
            version: private.as_ref().map(|status| status.version.clone()),
            place: Some(project.target().place()),
            private,
            problem: None,
        })
    }

    fn unreachable(error: &Error) -> Self {
        let problem = Some(error.to_string());
        Self { kind: ServerKind::Url, running: false, version: None, place: None, private: None, problem }
    }
}

impl View {
    async fn of(project: &Project) -> Outcome<Self> {
        let branch = project.current_branch();
        Ok(Self {
            project: project.name().to_owned(),
            root: project.root().to_owned(),
            server: ServerView::of_open(project).await?,
            info: Some(project.branch_info(&branch).await?),
            standing: Some(project.standing(&branch).await?),
            conflicts: project.conflicts().await?,
            branch,
        })
    }

    fn without_server(app: &App, root: PathBuf, config: Config, server: ServerView) -> Self {
        let branch = app.context.branch.clone().unwrap_or_else(|| read_head(&root));
        Self { project: config.project, root, server, branch, info: None, standing: None, conflicts: Vec::new() }
    }

    fn print(&self, page: &mut Page) {
        print_server(page, &self.project, &self.server);
        let branch = style::paint(style::BRANCH, &self.branch);
        let Some(info) = &self.info else {
            page.line(format!("On branch {branch}"));
            return;
        };
        let head = style::paint(style::HASH, info.head.short());
        page.line(format!("On branch {branch} at {head}{}", distance(info)));
        if let Some(standing) = &self.standing {
            print_standing(page, standing);
        }
        self.print_merges(page);
    }

    fn print_merges(&self, page: &mut Page) {
        let mut merges: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for view in &self.conflicts {
            let open = usize::from(view.resolution.is_none());
            *merges.entry((&view.their_branch, &view.our_branch)).or_default() += open;
        }
        for ((source, target), open) in merges {
            page.gap();
            page.line(format!("The merge of {source} into {target} waits for {}", plural(open as u64, "decision")));
            page.line("See `pleach conflicts`; `pleach merge --continue` goes on, `--abort` gives up");
        }
    }
}

/// How far a branch is from `main`.
pub fn distance(info: &BranchInfo) -> String {
    match (info.ahead, info.behind) {
        _ if info.name == "main" => String::new(),
        (0, 0) => ", as main is".to_owned(),
        (ahead, 0) => format!(", {ahead} ahead of main"),
        (0, behind) => format!(", {behind} behind main"),
        (ahead, behind) => format!(", {ahead} ahead of main and {behind} behind"),
    }
}

fn print_standing(page: &mut Page, standing: &Standing) {
    if standing.changes.is_empty() && standing.data_steps.is_empty() {
        page.line("Nothing to commit");
        return;
    }
    page.gap();
    page.line("Not committed:");
    let mut changes = Page::default();
    diff(&mut changes, &standing.changes);
    data_steps(&mut changes, &standing.data_steps);
    page.indented(2, changes.text());
    page.gap();
    page.line(if standing.branch == "main" {
        "Somebody changed main outside of Pleach: undo that by hand, or `pleach commit --adopt -m MESSAGE`"
    } else {
        "Commit it with `pleach commit -m MESSAGE`"
    });
}

/// Prints a project's server.
pub fn print_server(page: &mut Page, project: &str, server: &ServerView) {
    let version = server.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
    let name = style::paint(style::NAME, project);
    match (server.kind, &server.private) {
        (ServerKind::Private, Some(status)) if server.running => {
            let (port, bytes) = (status.port, size(status.data_bytes));
            let clones = if status.copy_on_write { ", clones are copy-on-write" } else { "" };
            page.line(format!("Project {name}: PostgreSQL{version} runs on port {port}, {bytes}{clones}"));
        }
        (ServerKind::Private, _) => {
            page.line(format!("Project {name}: PostgreSQL{version} is stopped; start it with `pleach up`"));
        }
        (ServerKind::Url, _) => match (&server.place, &server.problem) {
            (_, Some(problem)) => page.line(format!("Project {name}: your server does not answer: {problem}")),
            (place, None) => {
                let place = place.as_deref().map(|place| format!(" at {place}")).unwrap_or_default();
                page.line(format!("Project {name}: your server{place} answers"));
            }
        },
    }
}
