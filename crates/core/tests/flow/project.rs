//! A project in a temporary folder with a private server that goes with it.

use pleach_core::server::Environment;
use pleach_core::{Context, InitOptions, MergeOptions, MergeOutcome, Merging, Project, Source, connect};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A project that is removed when dropped.
pub struct Scratch {
    pub project: Project,
    pub folder: tempfile::TempDir,
}

/// Folders of server programs: those in `PLEACH_TEST_PG_BINS`, or every version installed.
pub fn bins() -> Vec<PathBuf> {
    if let Ok(bins) = std::env::var("PLEACH_TEST_PG_BINS") {
        return std::env::split_paths(&bins).collect();
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect())
        .unwrap_or_default();
    found.retain(|bin| bin.join("initdb").exists());
    assert!(!found.is_empty(), "no PostgreSQL server found; set PLEACH_TEST_PG_BINS");
    found
}

/// What a test says of its surroundings.
pub fn context(bin: &Path, actor: &str) -> Context {
    let environment = Environment {
        pg_bin: Some(bin.to_owned()),
        pg_options: Some("-c fsync=off -c synchronous_commit=off -c full_page_writes=off".to_owned()),
        path: std::env::var_os("PATH"),
        home: std::env::var_os("HOME").map(Into::into),
        data_home: None,
        runtime_directory: None,
        keep_scratch: false,
    };
    Context { environment, actor: actor.to_owned(), branch: None, progress: Arc::new(|_| {}), checkpoint: None }
}

impl Scratch {
    /// Begins a project from SQL.
    pub async fn from_sql(bin: &Path, sql: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("pleach-flow-").tempdir().unwrap();
        let file = folder.path().join("schema.sql");
        std::fs::write(&file, sql).unwrap();
        Self::from(bin, folder, Source::Files(file)).await
    }

    /// Begins a project from a source.
    pub async fn from(bin: &Path, folder: tempfile::TempDir, source: Source) -> Self {
        let options = InitOptions { source, name: Some("flow".into()), server: None, major: None };
        let (project, _) = Project::init(folder.path(), &options, context(bin, "tester")).await.unwrap();
        Self { project, folder }
    }

    /// Runs SQL on a branch as its user would.
    pub async fn sql(&self, branch: &str, sql: &str) {
        self.try_sql(branch, sql).await.unwrap_or_else(|error| panic!("{error}\n{sql}"));
    }

    pub async fn try_sql(&self, branch: &str, sql: &str) -> pleach_core::Result<()> {
        let target = self.project.branch_target(branch, false).await?;
        let session = connect::connect(&target, "test").await?;
        session.batch_execute(sql).await?;
        session.close().await;
        Ok(())
    }

    /// One value from a branch as text.
    pub async fn value(&self, branch: &str, sql: &str) -> String {
        let target = self.project.branch_target(branch, false).await.unwrap();
        let session = connect::connect(&target, "test").await.unwrap();
        session.query_one(sql, &[]).await.unwrap_or_else(|error| panic!("{error}\n{sql}")).get(0)
    }

    /// Makes a branch, changes it, commits.
    pub async fn change(&mut self, branch: &str, sql: &str) {
        if self.project.branch(branch).await.is_err() {
            self.project.create_branch(branch, None).await.unwrap();
        }
        self.sql(branch, sql).await;
        self.project.commit(branch, &format!("Change {branch}"), Vec::new(), false).await.unwrap();
    }

    /// Merges into main and expects it to work.
    pub async fn merged(&mut self, source: &str) -> Merging {
        let options = MergeOptions { allow_destructive: true, ..MergeOptions::default() };
        match self.project.merge(source, "main", &options).await.unwrap() {
            MergeOutcome::Merged(merging) => *merging,
            other => panic!("{other:#?}"),
        }
    }
}

impl Deref for Scratch {
    type Target = Project;

    fn deref(&self) -> &Project {
        &self.project
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut Project {
        &mut self.project
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The server is another process: stopped here, because nobody else will.
        let home = self.folder.path().join(".pleach");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    if let Ok(Some(cluster)) = pleach_core::server::Cluster::open(&home) {
                        let _ = cluster.destroy().await;
                    }
                });
            });
        });
    }
}
