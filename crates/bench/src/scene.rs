//! A project in a temporary folder with a private server that is as safe as any: it syncs.

use crate::{generate, intents};
use pleach_core::connect::{Session, Target, connect};
use pleach_core::server::Environment;
use pleach_core::{Context, InitOptions, Project, Result, Source};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A project to measure.
pub struct Scene {
    /// The project.
    pub project: Project,
    /// What its schema is called in the report.
    pub name: String,
    /// How many tables were generated.
    pub tables: usize,
    /// `15.18`.
    pub server: String,
    bin: PathBuf,
    _folder: tempfile::TempDir,
}

impl Scene {
    /// A project with a generated schema.
    pub async fn with_tables(bin: &Path, tables: usize) -> Result<Self> {
        Self::begin(bin, format!("{tables} tables"), tables, &generate::schema(tables)).await
    }

    /// A project with a small schema and many rows.
    pub async fn with_rows(bin: &Path, rows: usize) -> Result<Self> {
        Self::begin(bin, "rows".to_owned(), 0, &generate::rows(rows)).await
    }

    /// A project with a generated schema to declare changes of.
    pub async fn for_intents(bin: &Path, tables: usize) -> Result<Self> {
        Self::begin(bin, format!("{tables} tables"), tables, &intents::schema(tables)).await
    }

    async fn begin(bin: &Path, name: String, tables: usize, sql: &str) -> Result<Self> {
        eprintln!("\n{name} on the server in {}", bin.display());
        let folder = tempfile::Builder::new().prefix("pleach-bench-").tempdir().map_err(no_folder)?;
        let file = folder.path().join("schema.sql");
        std::fs::write(&file, sql).map_err(no_folder)?;
        let options =
            InitOptions { source: Source::Files(file), name: Some("bench".into()), server: None, major: None };
        let (project, begun) = Project::init(folder.path(), &options, context(bin)).await?;
        let server = begun.server.trim_start_matches("PostgreSQL ").to_owned();
        Ok(Self { project, name, tables, server, bin: bin.to_owned(), _folder: folder })
    }

    /// The project once more, as another process would open it.
    pub async fn open_again(&self) -> Result<Project> {
        Project::open(self.project.root(), context(&self.bin)).await
    }

    /// Lets the server catch up with what was written, as it would by itself in a minute.
    pub async fn settle(&self) -> Result<()> {
        let admin = self.admin().await?;
        admin.batch_execute("VACUUM ANALYZE").await?;
        admin.batch_execute("CHECKPOINT").await?;
        admin.close().await;
        Ok(())
    }

    /// A branch's database, as the role that Pleach itself uses.
    pub async fn target(&self, branch: &str) -> Result<Target> {
        let branch = self.project.branch(branch).await?;
        Ok(self.project.target().with_database(&branch.database))
    }

    /// A connection to the state database, for statements about databases.
    pub async fn admin(&self) -> Result<Session> {
        connect(self.project.target(), "pleach-bench").await
    }

    /// Runs SQL on a branch as its user would.
    pub async fn sql(&self, branch: &str, sql: &str) -> Result<()> {
        let session = connect(&self.project.branch_target(branch, false).await?, "pleach-bench").await?;
        session.batch_execute(sql).await?;
        session.close().await;
        Ok(())
    }

    /// Removes the project and its server.
    pub async fn end(self) -> Result<()> {
        let Self { project, _folder: folder, .. } = self;
        let home = project.root().join(".pleach");
        drop(project);
        if let Some(cluster) = pleach_core::server::Cluster::open(&home)? {
            cluster.destroy().await?;
        }
        folder.close().map_err(no_folder)
    }
}

/// Folders of server programs: those in `PLEACH_TEST_PG_BINS`, or every version installed.
pub fn server_programs() -> Vec<PathBuf> {
    if let Ok(bins) = std::env::var("PLEACH_TEST_PG_BINS") {
        return std::env::split_paths(&bins).collect();
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect())
        .unwrap_or_default();
    found.retain(|bin| bin.join("initdb").exists());
    found.sort();
    found
}

/// The `pg_dump` of the lowest version that can dump a server of this one, if there is any.
pub async fn pg_dump(server: &str) -> Option<PathBuf> {
    let major: u32 = server.split('.').next()?.parse().ok()?;
    let mut found = Vec::new();
    let path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders = server_programs().into_iter().chain(installed.map(|entry| entry.path().join("bin")));
    for folder in folders.chain(path.into_iter().flatten()) {
        let program = folder.join("pg_dump");
        let Ok(output) = tokio::process::Command::new(&program).arg("--version").output().await else { continue };
        let version = String::from_utf8_lossy(&output.stdout);
        let number = version.split_whitespace().nth(2).and_then(|text| text.split('.').next()?.parse::<u32>().ok());
        found.extend(number.filter(|number| *number >= major).map(|number| (number, program)));
    }
    found.into_iter().min().map(|(_, program)| program)
}

fn context(bin: &Path) -> Context {
    let environment = Environment {
        pg_bin: Some(bin.to_owned()),
        pg_options: None,
        path: std::env::var_os("PATH"),
        home: std::env::var_os("HOME").map(Into::into),
        data_home: None,
        runtime_directory: None,
        keep_scratch: false,
    };
    Context { environment, actor: "bench".into(), branch: None, progress: Arc::new(|_| {}), checkpoint: None }
}

fn no_folder(error: std::io::Error) -> pleach_core::Error {
    pleach_core::Error::new(pleach_core::Class::Unavailable, "file_error", error.to_string())
        .hint("check the room in the folder for temporary files")
}
