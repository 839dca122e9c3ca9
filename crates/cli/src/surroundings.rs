//! The only place that reads the environment.

use nix::unistd::{User, geteuid};
use pleach_core::server::Environment;
use std::ffi::OsString;
use std::process::{Command, Stdio};
use tracing_subscriber::EnvFilter;

/// What happens to work that nobody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// A process of its own does it.
    Detached,
    /// It is done before the command ends.
    Foreground,
    /// It is left undone.
    Skipped,
}

/// What finding and running a server needs to know.
pub fn environment() -> Environment {
    Environment {
        pg_bin: filled("PLEACH_PG_BIN").map(Into::into),
        pg_options: filled("PLEACH_PG_OPTIONS").and_then(|options| options.into_string().ok()),
        path: filled("PATH"),
        home: filled("HOME").map(Into::into),
        data_home: filled("XDG_DATA_HOME").map(Into::into),
        runtime_directory: filled("XDG_RUNTIME_DIR").map(Into::into),
        keep_scratch: background() == Background::Detached,
    }
}

/// Who acts: who was named, or else git's user, or else the name of the account.
pub fn actor(named: Option<&str>) -> String {
    let named = named.map(str::to_owned).or_else(|| variable("GIT_AUTHOR_NAME"));
    let clean = |name: String| Some(name.trim().to_owned()).filter(|name| !name.is_empty());
    named.and_then(clean).or_else(|| git_user().and_then(clean)).unwrap_or_else(account)
}

/// A variable that is set, to text that is not empty.
pub fn variable(name: &str) -> Option<String> {
    filled(name).and_then(|value| value.into_string().ok())
}

/// What `PLEACH_NO_BACKGROUND` says.
pub fn background() -> Background {
    match variable("PLEACH_NO_BACKGROUND").as_deref() {
        None | Some("0") => Background::Detached,
        Some("skip") => Background::Skipped,
        Some(_) => Background::Foreground,
    }
}

/// Sends the log to standard error, as far as `PLEACH_LOG` asks for it.
pub fn log_to_stderr() {
    let Some(filter) = variable("PLEACH_LOG") else { return };
    let filter = EnvFilter::builder().parse_lossy(filter);
    // Only a second call in one process could fail.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

fn filled(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn git_user() -> Option<String> {
    let output = Command::new("git").args(["config", "user.name"]).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn account() -> String {
    let user = User::from_uid(geteuid()).ok().flatten();
    user.map_or_else(|| "unknown".to_owned(), |user| user.name)
}
