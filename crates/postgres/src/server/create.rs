//! Making the data directory of a private server.

use super::account::Account;
use super::cluster::SUPERUSER;
use super::files::{cannot, make_folder, remove_folder, sync_folder, write_private};
use super::{Binaries, Environment};
use crate::{Class, Error, Result};
use rand::Rng;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;

/// Makes the data directory and returns the major version of its data. It appears under its name
/// only when it is whole, so one that is there can be taken as it is.
pub(super) async fn data(
    base: &Path,
    binaries: &Binaries,
    account: &Account,
    password: &str,
    environment: &Environment,
) -> Result<u32> {
    let data = base.join("data");
    if let Ok(version) = fs::read_to_string(data.join("PG_VERSION")) {
        return Ok(version.trim().parse().unwrap_or(binaries.major));
    }
    sweep(base).await?;
    let staging = base.join(format!("new-{:08x}", rand::random::<u32>()));
    make_folder(&staging, 0o700)?;
    account.give(&staging)?;
    let password_file = staging.join("password");
    write_private(&password_file, &format!("{password}\n"))?;
    account.give(&password_file)?;

    let no_sync = environment.pg_options.as_deref().is_some_and(|options| options.contains("fsync=off"));
    let mut said = String::new();
    let mut made = false;
    for locale in ["C.UTF-8", "C"] {
        let mut command = account.command(&binaries.program("initdb"), &staging);
        command.args(["--pgdata=data", "--pwfile=password", "--auth=scram-sha-256", "--encoding=UTF8"]);
        command.args(["--username", SUPERUSER, "--no-instructions", &format!("--locale={locale}")]);
        if no_sync {
            command.arg("--no-sync");
        }
        command.kill_on_drop(true);
        let output = command.output().await.map_err(cannot("run", &binaries.directory))?;
        said = String::from_utf8_lossy(&output.stderr).into_owned();
        made = output.status.success();
        if made || !said.contains("locale") {
            break;
        }
    }
    if !made {
        remove_folder(&staging).await?;
        let why = said.lines().find(|line| line.contains("error:") || line.contains("FATAL:")).unwrap_or(said.trim());
        return Err(Error::new(Class::Unavailable, "server_create_failed", format!("initdb failed: {why}"))
            .on(base.display().to_string())
            .hint("check the room on the disk and the server's programs"));
    }
    include_settings(&staging.join("data/postgresql.conf"), account)?;
    fs::rename(staging.join("data"), &data).map_err(cannot("rename", &staging))?;
    sync_folder(base)?;
    remove_folder(&staging).await?;
    Ok(binaries.major)
}

/// Adds our settings to the server's own file.
fn include_settings(path: &Path, account: &Account) -> Result<()> {
    let text = fs::read_to_string(path).map_err(cannot("read", path))?;
    write_private(path, &(text + "\ninclude_if_exists = 'pleach.conf'\n"))?;
    account.give(path)
}

/// Removes what a crash left of data directories that were being made or removed.
async fn sweep(base: &Path) -> Result<()> {
    for entry in fs::read_dir(base).map_err(cannot("read", base))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("new-") || name.starts_with("old-") {
            remove_folder(&entry.path()).await?;
        }
    }
    Ok(())
}

/// Whether a clone of a database can share its blocks: the server must know how to, and the
/// file system must do it. Both are found out by trying.
pub(super) async fn can_clone(base: &Path, binaries: &Binaries, account: &Account) -> bool {
    let (from, to) = (base.join(".clone-source"), base.join(".clone-copy"));
    let share = if cfg!(target_os = "macos") { "-c" } else { "--reflink=always" };
    let mut command = Command::new("cp");
    command.arg(share).arg(&from).arg(&to).stdout(Stdio::null()).stderr(Stdio::null());
    let shared = fs::write(&from, [7; 65_536]).is_ok() && command.status().await.is_ok_and(|status| status.success());
    for path in [&from, &to] {
        // A leftover of this try is harmless.
        let _ = fs::remove_file(path);
    }
    if !shared || binaries.major < 18 {
        return false;
    }
    let mut command = account.command(&binaries.program("postgres"), base);
    command.args(["-D", "data", "-c", "file_copy_method=clone", "-C", "file_copy_method"]);
    command.output().await.is_ok_and(|output| output.status.success())
}

/// A password that nobody guesses.
pub(super) fn password() -> String {
    rand::rng().sample_iter(rand::distr::Alphanumeric).take(40).map(char::from).collect()
}
