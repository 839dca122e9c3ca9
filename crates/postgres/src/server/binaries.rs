//! Finding a server's programs.

use super::Environment;
use crate::{Class, Error, Result};
use serde::Serialize;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

/// The majors of PostgreSQL that Pleach knows.
const SUPPORTED: std::ops::RangeInclusive<u32> = 14..=18;

/// The programs without which there is no server.
const NEEDED: [&str; 3] = ["initdb", "postgres", "pg_ctl"];

/// Folders that hold one folder per version, and where in it the programs are.
const VERSIONED: &[(&str, &str, &str)] = &[
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ("/Library/PostgreSQL", "", "bin"),
    ("/opt/local/lib", "postgresql", "bin"),
    ("/usr/libexec", "postgresql", ""),
];

/// Folders that hold the programs themselves.
const SINGLE: &[&str] = &["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"];

/// A server's programs: `initdb`, `postgres` and `pg_ctl` of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Binaries {
    /// The folder they are in.
    pub directory: PathBuf,
    /// The major version: 18.
    pub major: u32,
    /// The full version: `18.4`.
    pub version: String,
    /// How they were found.
    pub origin: Origin,
}

/// How a server's programs were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The caller named the folder.
    Given,
    /// On the `PATH`, or where the `pg_config` there says.
    Path,
    /// In one of the usual places.
    System,
    /// Installed by Pleach.
    Managed,
}

impl Binaries {
    /// The first server found, of the asked major version if there is one.
    ///
    /// The order: the folder the environment names; `pg_config` and `PATH`; the usual places,
    /// newest first; managed installs, newest first.
    pub async fn find(environment: &Environment, major: Option<u32>) -> Result<Self> {
        if let Some(directory) = &environment.pg_bin {
            return Self::given(directory, major).await;
        }
        let mut others = Vec::new();
        for (directory, origin) in candidates(environment).await {
            match Self::inspect(&directory, origin).await {
                Ok(found) if found.is_supported() && major.is_none_or(|major| major == found.major) => {
                    return Ok(found);
                }
                Ok(other) => others.push(format!("{} in {}", other.version, directory.display())),
                Err(_) => {}
            }
        }
        let wanted = major.map_or_else(|| "PostgreSQL".to_owned(), |major| format!("PostgreSQL {major}"));
        let mut message = format!("no {wanted} server was found on this machine");
        if !others.is_empty() {
            message = format!("{message}, only {}", others.join(", "));
        }
        Err(Error::new(Class::Unavailable, "server_missing", message).hint(install_hint(major)))
    }

    /// Every server found, in the order in which [`Binaries::find`] prefers them.
    pub async fn all(environment: &Environment) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        let given = environment.pg_bin.iter().map(|directory| (directory.clone(), Origin::Given));
        for (directory, origin) in given.chain(candidates(environment).await) {
            if let Ok(binaries) = Self::inspect(&directory, origin).await
                && binaries.is_supported()
                && found.iter().all(|earlier| earlier.directory != binaries.directory)
            {
                found.push(binaries);
            }
        }
        found
    }

    /// The server in this folder (or in its `bin`), whatever else is on the machine.
    pub async fn at(directory: &Path) -> Result<Self> {
        Self::given(directory, None).await
    }

    /// The path of one of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub(super) async fn inspect(directory: &Path, origin: Origin) -> Result<Self> {
        for name in NEEDED {
            if !directory.join(name).is_file() {
                return Err(Error::new(Class::Unavailable, "server_missing", format!("there is no program {name}"))
                    .on(directory.display().to_string())
                    .hint(install_hint(None)));
            }
        }
        let said = output(Command::new(directory.join("postgres")).arg("--version")).await;
        let said = said.map_err(|why| {
            Error::new(Class::Unavailable, "server_unusable", format!("the program postgres does not run: {why}"))
                .on(directory.display().to_string())
                .hint("it may be built for another machine; install a server with `pleach pg install 18`")
        })?;
        // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
        let version = said.split_whitespace().nth(2).unwrap_or_default().to_owned();
        let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
        let major = digits.parse().unwrap_or_default();
        Ok(Self { directory: directory.to_owned(), major, version, origin })
    }

    async fn given(directory: &Path, major: Option<u32>) -> Result<Self> {
        let bin = directory.join("bin");
        let directory = if bin.join("postgres").is_file() { &bin } else { directory };
        let found = Self::inspect(directory, Origin::Given).await?;
        if !found.is_supported() {
            return Err(Error::new(
                Class::Unavailable,
                "unsupported_version",
                format!(
                    "the server there is PostgreSQL {}; Pleach works with {} to {}",
                    found.version,
                    SUPPORTED.start(),
                    SUPPORTED.end()
                ),
            )
            .on(directory.display().to_string())
            .hint(install_hint(None)));
        }
        match major {
            Some(major) if major != found.major => Err(Error::new(
                Class::Unavailable,
                "server_missing",
                format!("the server there is PostgreSQL {}, not {major}", found.version),
            )
            .on(directory.display().to_string())
            .hint("name another folder with PLEACH_PG_BIN, or none to have one found")),
            _ => Ok(found),
        }
    }

    fn is_supported(&self) -> bool {
        SUPPORTED.contains(&self.major)
    }
}

async fn candidates(environment: &Environment) -> Vec<(PathBuf, Origin)> {
    let on_path: Vec<PathBuf> = environment.path.iter().flat_map(std::env::split_paths).collect();
    let mut found = Vec::new();
    if let Some(program) = on_path.iter().map(|folder| folder.join("pg_config")).find(|program| program.is_file())
        && let Ok(directory) = output(Command::new(program).arg("--bindir")).await
    {
        found.push((PathBuf::from(directory.trim()), Origin::Path));
    }
    found.extend(on_path.into_iter().map(|folder| (folder, Origin::Path)));
    for (parent, prefix, inner) in VERSIONED {
        found.extend(newest_first(Path::new(parent), prefix).map(|folder| (folder.join(inner), Origin::System)));
    }
    found.extend(SINGLE.iter().map(|folder| (PathBuf::from(folder), Origin::System)));
    let managed =
        newest_first(&environment.managed_directory(), "").map(|folder| (folder.join("bin"), Origin::Managed));
    found.extend(managed);
    // One server may be reached by several ways; the first one counts.
    let mut seen = HashSet::new();
    found.retain(|(directory, _)| {
        NEEDED.iter().all(|name| directory.join(name).is_file())
            && directory.join("postgres").canonicalize().is_ok_and(|program| seen.insert(program))
    });
    found
}

/// Folders whose name goes on after the prefix as a version, or ends there; newest first.
fn newest_first(parent: &Path, prefix: &str) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let mut versions: Vec<(Vec<u32>, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let rest = name.strip_prefix(prefix)?.trim_start_matches('@');
            let starts_like_a_version = rest.starts_with(|c: char| c.is_ascii_digit());
            (starts_like_a_version || (rest.is_empty() && !prefix.is_empty()))
                .then(|| (super::install::version_key(rest), entry.path()))
        })
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, path)| path)
}

/// What a program prints, or why it does not.
async fn output(command: &mut Command) -> Result<String, String> {
    command.env("LC_ALL", "C").stdin(Stdio::null());
    let output = command.output().await.map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

fn install_hint(major: Option<u32>) -> String {
    let major = major.filter(|major| SUPPORTED.contains(major)).unwrap_or(*SUPPORTED.end());
    let package = match std::env::consts::OS {
        "macos" => format!("`brew install postgresql@{major}`"),
        _ => "`apt-get install postgresql` (or your system's package)".to_owned(),
    };
    format!(
        "install one with `pleach pg install {major}`, which needs npm but not root, or with {package}; or name its folder with PLEACH_PG_BIN"
    )
}
