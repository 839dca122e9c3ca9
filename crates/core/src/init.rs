//! Beginning a project: a server, a state database, `main`, its snapshot, the first commit.

use crate::config::{self, Config, FOLDER, ServerKind};
use crate::identity::{self, Newcomers};
use crate::import::{Imported, Source};
use crate::project::{APPLICATION, Context, MAIN, Project, STATE_DATABASE};
use crate::roles::{self, Secrets};
use crate::state::{self, JournalGuard, NewBranch, NewCommit, NewOperation, NewSnapshot, Purpose, RefChange, State};
use pleach_postgres::connect::{Session, Target, connect};
use pleach_postgres::server::Cluster;
use pleach_postgres::{Class, Error, Result, database};
use pleach_schema::Tree;
use serde::Serialize;
use serde_json::json;
use std::path::Path;

/// How to begin a project.
#[derive(Debug, Clone)]
pub struct InitOptions {
    /// What `main` begins with.
    pub source: Source,
    /// The project's name; the folder's name without one.
    pub name: Option<String>,
    /// A server of the user's, instead of a private one.
    pub server: Option<Target>,
    /// The major version of a private server, if several are there.
    pub major: Option<u32>,
}

/// A project that was begun.
#[derive(Debug, Clone, Serialize)]
pub struct Initialised {
    /// Its name.
    pub project: String,
    /// The first commit.
    pub commit: state::Commit,
    /// How many objects `main` has, by kind.
    pub objects: std::collections::BTreeMap<String, usize>,
    /// What came in.
    pub imported: Imported,
    /// The server it lives on.
    pub server: String,
}

impl Project {
    /// Begins a project in a folder. When it fails, nothing of it stays behind.
    ///
    /// # Errors
    /// `project_exists`; and whatever is wrong with the source or the server.
    pub async fn init(root: &Path, options: &InitOptions, context: Context) -> Result<(Self, Initialised)> {
        let home = root.join(FOLDER);
        let was_there = home.exists();
        require_none(root)?;
        std::fs::create_dir_all(&home).map_err(|error| config::cannot("make", &home, &error))?;
        let _alone = alone(&home)?;
        require_none(root)?;
        let begun = Self::begin_project(root, options, context).await;
        match begun {
            Ok(begun) => Ok(begun),
            Err((error, cluster)) => {
                if !was_there {
                    if let Some(cluster) = cluster {
                        cluster.destroy().await?;
                    }
                    std::fs::remove_dir_all(&home).map_err(|error| config::cannot("remove", &home, &error))?;
                }
                Err(error)
            }
        }
    }

    async fn begin_project(
        root: &Path,
        options: &InitOptions,
        context: Context,
    ) -> Result<(Self, Initialised), (Error, Option<Cluster>)> {
        let mut project = match Self::open_server(root, options, context).await {
            Ok(project) => project,
            Err((error, cluster)) => return Err((error, cluster)),
        };
        match project.fill(options).await {
            Ok(initialised) => Ok((project, initialised)),
            Err(error) => {
                let taken_back = project.remove_project().await;
                let error = taken_back.err().unwrap_or(error);
                Err((error, project.cluster.take()))
            }
        }
    }

    /// The server, the state database and the project's row.
    async fn open_server(
        root: &Path,
        options: &InitOptions,
        context: Context,
    ) -> Result<Self, (Error, Option<Cluster>)> {
        let home = root.join(FOLDER);
        let (cluster, server) = match &options.server {
            Some(target) => (None, target.clone()),
            None => {
                (context.progress)("starting the project's own PostgreSQL");
                let cluster =
                    Cluster::up(&home, &context.environment, options.major).await.map_err(|error| (error, None))?;
                let target = cluster.target("postgres");
                (Some(cluster), target)
            }
        };
        match Self::open_state(root, options, context, cluster.as_ref(), &server).await {
            Ok(mut project) => {
                project.cluster = cluster;
                Ok(project)
            }
            Err(error) => Err((error, cluster)),
        }
    }

    async fn open_state(
        root: &Path,
        options: &InitOptions,
        context: Context,
        cluster: Option<&Cluster>,
        server: &Target,
    ) -> Result<Self> {
        let home = root.join(FOLDER);
        let name = project_name(root, options.name.as_deref())?;
        let first = connect(server, APPLICATION).await?;
        may_create_databases(&first).await?;
        if !database::exists(&first, STATE_DATABASE).await? {
            match database::create_empty(&first, STATE_DATABASE, None).await {
                Ok(()) => {}
                // Another project on this server is beginning at this moment.
                Err(error) if matches!(error.sqlstate(), Some("42P04" | "23505")) => {}
                Err(error) => return Err(error),
            }
        }
        let target = server.with_database(STATE_DATABASE);
        let admin = connect(&target, APPLICATION).await?;
        first.close().await;
        if cluster.is_some() {
            admin.batch_execute(&format!("REVOKE ALL ON DATABASE {STATE_DATABASE} FROM PUBLIC")).await?;
        }
        let mut state = State::open(connect(&target, APPLICATION).await?.into_client()).await?;
        let (secrets, kind) = match cluster {
            Some(cluster) => (roles::create(&admin, cluster, &name, &home).await?, ServerKind::Private),
            None => {
                Secrets::write_server(&home, server)?;
                (Secrets::default(), ServerKind::Url)
            }
        };
        let own_role = secrets.owner.as_ref().map_or(server.user(), |login| &login.role).to_owned();
        clear_half_made(&mut state, &admin, &name, cluster.is_some()).await?;
        let row = state::projects::create(state.client(), &name, &own_role, &json!({})).await?;
        let config = Config::new(name, kind);
        Ok(Self {
            root: root.to_owned(),
            config,
            context,
            cluster: None,
            secrets,
            target,
            admin,
            state,
            row,
            surroundings: None,
            bench: None,
        })
    }

    /// Imports into the first snapshot, clones `main` from it, and commits.
    async fn fill(&mut self, options: &InitOptions) -> Result<Initialised> {
        let journal = self.begin("init", &json!({ "project": self.row.name })).await?;
        let snapshot = self.empty_database(&journal, Purpose::Snapshot).await?;
        let mut imported = self.import(&snapshot, &options.source).await?;
        self.checkpoint("imported");
        self.settle_owners(&snapshot).await?;
        self.progress("reading the schema");
        let mut session = self.session(&snapshot).await?;
        let transaction = session.transaction().await?;
        let live = identity::read(&transaction, &self.own_roles(), Newcomers::Carry(&Tree::default())).await?;
        live.record(&transaction).await?;
        transaction.commit().await?;
        session.batch_execute("ANALYZE").await?;
        session.close().await;
        if imported.unmodelled.is_empty() {
            imported.unmodelled = live.unmodelled;
        }
        self.progress("cloning main");
        let (main, way) = self.clone_database(&journal, &snapshot, Purpose::Branch).await?;
        let commit = self.record_first(&journal, &snapshot, &main, way.as_str(), &live.tree).await?;
        self.config.write(&self.root)?;
        journal.release(self.state.client()).await?;
        let mut objects = std::collections::BTreeMap::new();
        for (address, _) in live.tree.iter() {
            *objects.entry(address.kind.to_string()).or_insert(0) += 1;
        }
        let server = crate::prove::server_name(self.admin.server_version());
        Ok(Initialised { project: self.row.name.clone(), commit, objects, imported, server })
    }

    async fn record_first(
        &mut self,
        journal: &JournalGuard,
        snapshot: &str,
        main: &str,
        way: &str,
        tree: &Tree,
    ) -> Result<state::Commit> {
        let now = state::now(self.state.client()).await?;
        let actor = self.context.actor.clone();
        let transaction = self.state.transaction().await?;
        let stored = state::trees::put_tree(&transaction, tree, None).await?;
        let new = NewCommit {
            tree: stored.content,
            root: stored.root,
            parents: Vec::new(),
            author: actor.clone(),
            message: "Import the schema".to_owned(),
            at: now,
            data_steps: Vec::new(),
        };
        let commit = state::commits::insert(&transaction, self.row.id, &new).await?;
        let branch = NewBranch {
            name: MAIN.to_owned(),
            head: commit.hash,
            database: main.to_owned(),
            created_by: actor.clone(),
            created_from: None,
            data_taken_at: now,
            clone_way: way.to_owned(),
        };
        state::branches::insert(&transaction, self.row.id, &branch).await?;
        let first =
            NewSnapshot { commit: commit.hash, database: snapshot.to_owned(), taken_at: now, way: "import".to_owned() };
        state::snapshots::insert(&transaction, self.row.id, &first).await?;
        let operation = NewOperation {
            actor,
            kind: "init".to_owned(),
            summary: "begin the project".to_owned(),
            details: json!({}),
            refs: vec![RefChange { branch: MAIN.to_owned(), before: None, after: Some(commit.hash) }],
            undoes: None,
        };
        state::operations::insert(&transaction, self.row.id, &operation).await?;
        journal.finish(&transaction).await?;
        transaction.commit().await?;
        self.checkpoint("project recorded");
        Ok(commit)
    }

    /// Removes a project: its databases with all branches and their rows, its history, its folder
    /// `.pleach/`. With a server of the user's, only what is the project's own goes. Nothing brings
    /// it back. Returns the project's name.
    pub async fn destroy(start: &Path, context: Context) -> Result<String> {
        let root = Config::find(start)?;
        let home = root.join(FOLDER);
        let config = Config::read(&root)?;
        let file = home.join("config.toml");
        let checkpoint = |name: &str| context.checkpoint.as_ref().inspect(|checkpoint| checkpoint(name));
        match config.server {
            // The settings go first: what is cut off here is no project any more, and the next
            // `init` clears the rest away.
            ServerKind::Private => {
                std::fs::remove_file(&file).map_err(|error| config::cannot("remove", &file, &error))?;
                checkpoint("settings removed");
                if let Some(cluster) = Cluster::open(&home)? {
                    cluster.destroy().await?;
                }
                checkpoint("server removed");
            }
            ServerKind::Url => match Self::open(&root, context.clone()).await {
                Ok(mut project) => project.remove_project().await?,
                // What was cut off here once had come that far.
                Err(error) if error.code == "unknown_project" => {}
                Err(error) => return Err(error),
            },
        }
        std::fs::remove_dir_all(&home).map_err(|error| config::cannot("remove", &home, &error))?;
        Ok(config.project)
    }

    /// Takes a project back that could not be begun.
    async fn remove_project(&mut self) -> Result<()> {
        remove(&mut self.state, &self.admin, &self.row).await
    }
}

fn require_none(root: &Path) -> Result<()> {
    if !root.join(FOLDER).join("config.toml").exists() {
        return Ok(());
    }
    Err(Error::new(Class::State, "project_exists", "this folder has a project already")
        .on(root.display().to_string())
        .hint("use it, or begin another one in another folder"))
}

/// Sees to it that one process at a time begins a project in a folder.
fn alone(home: &Path) -> Result<std::fs::File> {
    let path = home.join("init.lock");
    let file = std::fs::File::create(&path).map_err(|error| config::cannot("make", &path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => Err(Error::new(Class::State, "project_being_made", "another process is beginning a project here")
            .on(home.display().to_string())
            .hint("wait until it is done")),
    }
}

/// Drops what a process left behind that was killed while it began or destroyed this project. On a
/// private server whatever is there was left behind: a whole project would have its settings.
async fn clear_half_made(state: &mut State, admin: &Session, name: &str, private: bool) -> Result<()> {
    if private {
        for row in state::projects::list(state.client()).await? {
            remove(state, admin, &row).await?;
        }
        return Ok(());
    }
    let Some(row) = state::projects::find(state.client(), name).await? else { return Ok(()) };
    let whole = state::branches::find(state.client(), row.id, MAIN).await?.is_some();
    let being_made = !whole && {
        let mine = state::journal::abandoned(state, Some(row.id)).await?;
        let taken = !mine.is_empty();
        for guard in mine {
            guard.release(state.client()).await?;
        }
        taken || state::journal::list(state.client(), Some(row.id)).await?.is_empty()
    };
    if !being_made {
        return Err(Error::new(Class::State, "project_exists", "the server has a project of this name already")
            .on(format!("project {name}"))
            .hint("choose another name with `--name`"));
    }
    remove(state, admin, &row).await
}

async fn remove(state: &mut State, admin: &Session, row: &state::Project) -> Result<()> {
    for database in state::databases::list(state.client(), row.id).await? {
        database::drop(admin, &database.name, true).await?;
    }
    let transaction = state.transaction().await?;
    // Everything else of the project goes with its row.
    for sql in [
        "delete from pleach.warm using pleach.database d where database = d.name and project_id = $1",
        "delete from pleach.branch where project_id = $1",
        "delete from pleach.snapshot where project_id = $1",
        "delete from pleach.database where project_id = $1",
        "delete from pleach.journal where project_id = $1",
    ] {
        transaction.execute(sql, &[&row.id.0]).await?;
    }
    state::projects::delete(&transaction, row.id).await?;
    Ok(transaction.commit().await?)
}

fn project_name(root: &Path, asked: Option<&str>) -> Result<String> {
    let folder = root.canonicalize().map_err(|error| config::cannot("find", root, &error))?;
    let folder = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = asked.map(str::to_owned).or(folder).unwrap_or_default();
    let slug: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).take(40).collect();
    let slug = slug.trim_matches('_').to_owned();
    if slug.is_empty() || asked.is_some_and(|asked| asked.len() > 40) {
        return Err(Error::new(Class::Input, "bad_project_name", "a project's name has 1 to 40 letters and digits")
            .on(name)
            .hint("choose one with `--name`"));
    }
    Ok(slug)
}

async fn may_create_databases(session: &Session) -> Result<()> {
    let sql = "SELECT rolcreatedb OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user";
    if session.query_one(sql, &[]).await?.try_get::<_, bool>(0)? {
        return Ok(());
    }
    Err(Error::new(Class::Unavailable, "may_not_create_databases", "the role may not create databases")
        .hint("ALTER ROLE … CREATEDB, or leave `--url` out for a private server"))
}
