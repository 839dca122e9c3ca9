//! What a project's folder says: `.pleach/config.toml` and `.pleach/HEAD`.

use pleach_postgres::{Class, Error, Result};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The name of the folder in which a project keeps what is its own.
pub const FOLDER: &str = ".pleach";

/// The settings of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The project's name in the state database.
    pub project: String,
    /// Whose server it uses.
    #[serde(default)]
    pub server: ServerKind,
    /// How many clones of `main` the warm pool holds.
    #[serde(default = "default_warm")]
    pub warm_clones: u64,
    /// How many seconds a proven plan waits in all for locks that others hold on a live database.
    #[serde(default = "default_lock_wait")]
    pub lock_wait_seconds: u64,
    /// How many milliseconds a registration runs pairs of intents before it answers; the rest is
    /// judged afterwards.
    #[serde(default = "default_judge")]
    pub judge_milliseconds: u64,
}

/// Whose server a project uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerKind {
    /// A private server in the project's folder.
    #[default]
    Private,
    /// The user's own; its URL is in `.pleach/url`, which only the owner can read.
    Url,
}

fn default_warm() -> u64 {
    3
}

fn default_lock_wait() -> u64 {
    30
}

fn default_judge() -> u64 {
    800
}

impl Config {
    /// The settings that a project begins with.
    pub fn new(project: String, server: ServerKind) -> Self {
        Self {
            project,
            server,
            warm_clones: default_warm(),
            lock_wait_seconds: default_lock_wait(),
            judge_milliseconds: default_judge(),
        }
    }

    /// The project folder at or above `start`: the first that has a `.pleach/config.toml`.
    ///
    /// # Errors
    /// `no_project` when there is none.
    pub fn find(start: &Path) -> Result<PathBuf> {
        let found = start.ancestors().find(|folder| folder.join(FOLDER).join("config.toml").is_file());
        found.map(Path::to_owned).ok_or_else(|| {
            Error::new(Class::State, "no_project", "there is no Pleach project here or in a folder above")
                .on(start.display().to_string())
                .hint("begin one with `pleach init`")
        })
    }

    /// Reads the settings of the project in this folder.
    pub fn read(root: &Path) -> Result<Self> {
        let path = root.join(FOLDER).join("config.toml");
        let text = fs::read_to_string(&path).map_err(|error| cannot("read", &path, &error))?;
        toml::from_str(&text).map_err(|error| {
            Error::new(Class::Input, "bad_config", error.message().to_owned())
                .on(path.display().to_string())
                .hint("see docs/reference.md for what the file may say")
        })
    }

    /// Writes the settings, whole or not at all.
    pub fn write(&self, root: &Path) -> Result<()> {
        let path = root.join(FOLDER).join("config.toml");
        let text = toml::to_string(self).map_err(|error| Error::new(Class::Internal, "internal", error.to_string()))?;
        write_whole(&path, text.as_bytes(), 0o644)
    }
}

/// The current branch of the project in this folder, `main` until something else was checked out.
pub fn read_head(root: &Path) -> String {
    let head = fs::read_to_string(root.join(FOLDER).join("HEAD")).unwrap_or_default();
    let head = head.trim();
    if head.is_empty() { "main".to_owned() } else { head.to_owned() }
}

/// Makes `branch` the current one of the project in this folder.
pub fn write_head(root: &Path, branch: &str) -> Result<()> {
    write_whole(&root.join(FOLDER).join("HEAD"), format!("{branch}\n").as_bytes(), 0o644)
}

/// Writes a file that is never seen half-written: beside it first, then over it.
pub fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let beside = beside(path);
    let write = || -> std::io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|error| cannot("write", path, &error))
}

/// Where the text of a file is gathered before it takes its place.
pub fn beside(path: &Path) -> PathBuf {
    path.with_extension(format!("new.{}", std::process::id()))
}

/// An error about a file.
pub fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::new(Class::Unavailable, "file_error", format!("cannot {what} the file: {error}"))
        .on(path.display().to_string())
        .hint("check that the path exists and that you may use it")
}
