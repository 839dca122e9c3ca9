//! Work that nobody should wait for: filling the warm pool.

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

/// Starts `pleach pool tend`, which leaves this session and outlives this process.
fn detach(root: &Path) {
    let spawned = std::env::current_exe().and_then(|program| {
        Command::new(program)
            .args(["pool", "tend"])
            .current_dir(root)
            .env_remove("PLEACH_BRANCH")
            .env_remove("PLEACH_CRASH_AT")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    });
    if let Err(error) = spawned {
        tracing::warn!(%error, "cannot start the filling of the warm pool");
    }
}
