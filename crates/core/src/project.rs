//! An open project: its folder, its server, its state.

use crate::config::{self, Config, FOLDER, ServerKind};
use crate::coordinate::{Bench, HeadOfMain};
use crate::roles::Secrets;
use crate::state::{self, State};
use pleach_postgres::connect::{Session, Target, connect};
use pleach_postgres::server::{Cluster, Environment};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Hash, Tree};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How connections are seen in `pg_stat_activity`.
pub(crate) const APPLICATION: &str = "pleach";

/// The name of the state database.
pub(crate) const STATE_DATABASE: &str = "pleach";

/// Something that is told what happens.
pub type Told = Arc<dyn Fn(&str) + Send + Sync>;

/// What the surroundings say; filled by the door that was used.
#[derive(Clone)]
pub struct Context {
    /// What finding and running a server needs to know.
    pub environment: Environment,
    /// Who acts.
    pub actor: String,
    /// The branch that was asked for instead of the folder's current one.
    pub branch: Option<String>,
    /// Is told what is being done, for people who wait.
    pub progress: Told,
    /// Called with a name at every step of an operation that could be cut off, so that a test can
    /// cut it off there.
    pub checkpoint: Option<Told>,
}

/// An open project.
pub struct Project {
    pub(crate) root: PathBuf,
    pub(crate) config: Config,
    pub(crate) context: Context,
    pub(crate) cluster: Option<Cluster>,
    pub(crate) secrets: Secrets,
    /// The state database, as the role that Pleach itself uses.
    pub(crate) target: Target,
    /// For statements about databases, which cannot be in a transaction.
    pub(crate) admin: Session,
    pub(crate) state: State,
    pub(crate) row: state::Project,
    /// The head of `main` as changes are held against it, once that was asked for.
    pub(crate) surroundings: Option<HeadOfMain>,
    /// The connection over which changes were tried last.
    pub(crate) bench: Option<Bench>,
}

impl Project {
    /// Opens the project at or above a folder: starts its server if it does not run, brings its
    /// state up to date, and finishes or takes back what an earlier process left unfinished.
    pub async fn open(start: &Path, context: Context) -> Result<Self> {
        let root = Config::find(start)?;
        let config = Config::read(&root)?;
        let home = root.join(FOLDER);
        let secrets = Secrets::read(&home)?;
        let (cluster, target, admin) = match config.server {
            ServerKind::Private => {
                let mut cluster = match Cluster::open(&home)? {
                    Some(cluster) => cluster,
                    None => Cluster::up(&home, &context.environment, None).await?,
                };
                let admin = cluster.session(&context.environment, STATE_DATABASE, APPLICATION).await?;
                let target = cluster.target(STATE_DATABASE);
                (Some(cluster), target, admin)
            }
            ServerKind::Url => {
                let target = secrets.server(&home)?.with_database(STATE_DATABASE);
                let admin = connect(&target, APPLICATION).await?;
                (None, target, admin)
            }
        };
        let state = State::open(connect(&target, APPLICATION).await?.into_client()).await?;
        let row = state::projects::get_named(state.client(), &config.project).await?;
        let mut project = Self {
            root,
            config,
            context,
            cluster,
            secrets,
            target,
            admin,
            state,
            row,
            surroundings: None,
            bench: None,
        };
        project.recover().await?;
        Ok(project)
    }

    /// The folder that holds `.pleach/`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The project's name.
    pub fn name(&self) -> &str {
        &self.row.name
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The private server, if the project has one.
    pub fn cluster(&self) -> Option<&Cluster> {
        self.cluster.as_ref()
    }

    /// The state database's connection parameters.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The name of the current branch: what was asked for, or the folder's own.
    pub fn current_branch(&self) -> String {
        self.context.branch.clone().unwrap_or_else(|| config::read_head(&self.root))
    }

    /// The current branch.
    pub async fn current(&self) -> Result<state::Branch> {
        self.branch(&self.current_branch()).await
    }

    /// A branch by name.
    pub async fn branch(&self, name: &str) -> Result<state::Branch> {
        let found = state::branches::get_named(self.state.client(), self.row.id, name).await;
        found.map_err(|error| match self.context.branch {
            // Deleted by another process, or by one that was killed before it chose another.
            None if error.code == "unknown_branch" && name == config::read_head(&self.root) => {
                error.hint("this folder's current branch is gone: choose another, as with `pleach checkout main`")
            }
            _ => error,
        })
    }

    /// The commit that a revision names.
    pub async fn resolve(&self, revision: &str) -> Result<state::Commit> {
        let current = self.current_branch();
        let hash = state::revisions::resolve(self.state.client(), self.row.id, revision, Some(&current)).await?;
        self.commit_of(hash).await
    }

    pub(crate) async fn commit_of(&self, hash: Hash) -> Result<state::Commit> {
        state::commits::get_by_hash(self.state.client(), self.row.id, hash).await
    }

    /// The tree of a commit.
    pub async fn tree(&self, commit: &state::Commit) -> Result<Tree> {
        state::trees::get_tree(self.state.client(), commit.root).await
    }

    /// The trees of several commits. What they have in common is read once and shared by them.
    pub async fn trees<const N: usize>(&self, commits: [&state::Commit; N]) -> Result<[Tree; N]> {
        let roots = commits.map(|commit| commit.root);
        let mut trees = state::trees::get_trees(self.state.client(), &roots).await?.into_iter();
        Ok(std::array::from_fn(|_| trees.next().unwrap_or_default()))
    }

    pub(crate) async fn tree_at(&self, hash: Hash) -> Result<Tree> {
        self.tree(&self.commit_of(hash).await?).await
    }

    /// A connection to a database as the role that Pleach itself uses.
    pub(crate) async fn session(&self, database: &str) -> Result<Session> {
        connect(&self.target.with_database(database), APPLICATION).await
    }

    /// Tells who waits what is being done.
    pub(crate) fn progress(&self, what: impl AsRef<str>) {
        (self.context.progress)(what.as_ref());
    }

    /// Marks a place where a crash must do no harm.
    pub(crate) fn checkpoint(&self, name: &str) {
        if let Some(checkpoint) = &self.context.checkpoint {
            checkpoint(name);
        }
    }

    /// Whether a branch is the one that changes by merge only.
    pub(crate) fn is_main(&self, branch: &str) -> bool {
        branch == MAIN
    }
}

/// The branch that merges flow into.
pub(crate) const MAIN: &str = "main";

/// An error about something that must not be asked of `main`.
pub(crate) fn main_is_protected(what: &str) -> Error {
    Error::new(Class::State, "main_protected", format!("{what}: main changes by merge only"))
        .on("branch main")
        .hint("make the change on a branch (`pleach branch create NAME`), then `pleach merge NAME`")
}
