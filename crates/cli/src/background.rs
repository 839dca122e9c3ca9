//! Work that nobody should wait for: filling the warm pool, and stopping the scratch server.

use crate::app::App;
use crate::surroundings::{Background, background};
use pleach_core::Project;
use std::path::Path;
use std::process::{Command, Stdio};

/// Fills the warm pool after a command that used it up or moved `main`. What goes wrong here is
/// no failure of the command: the next one tries again.
pub async fn tend_pool(app: &App, project: &mut Project) {
    match background() {
        Background::Detached => detach(project.root()),
        Background::Foreground => {
            if let Err(error) = project.tend_pool().await {
                app.ui.warn(format!("the warm pool could not be filled: {error}"));
            }
        }
        Background::Skipped => {}
    }
}

/// Sees that a scratch server which was left running is stopped some time.
pub fn tend_scratch(app: &App) {
    if app.context.environment.keep_scratch && pleach_core::scratch_runs(&app.context.environment) {
        spawn(&["scratch", "tend"], &app.directory);
    }
}

/// Starts `pleach pool tend`.
fn detach(root: &Path) {
    spawn(&["pool", "tend"], root);
}

/// Starts this program with a command that leaves this session and outlives this process.
fn spawn(command: &[&str], folder: &Path) {
    let spawned = std::env::current_exe().and_then(|program| {
        Command::new(program)
            .args(command)
            .current_dir(folder)
            .env_remove("PLEACH_BRANCH")
            .env_remove("PLEACH_CRASH_AT")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    });
    if let Err(error) = spawned {
        tracing::warn!(%error, "cannot start what is done in the background");
    }
}
