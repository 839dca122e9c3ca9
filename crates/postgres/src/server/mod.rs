//! Servers of Pleach's own: finding or installing PostgreSQL, and running a private cluster.
//!
//! [`Binaries`] are a server's programs, found on the machine or fetched by [`install`]. A
//! [`Cluster`] is a private server in a project's `.pleach/` folder. Nothing here reads the
//! environment: what it has to say comes in as an [`Environment`].

mod account;
mod archive;
mod binaries;
mod cluster;
mod control;
mod create;
mod files;
mod install;
mod layout;
mod postmaster;

pub use binaries::{Binaries, Origin};
pub use cluster::{Cluster, Status};
pub use install::{Progress, install, install_from_file};

use std::ffi::OsString;
use std::path::PathBuf;

/// What the surroundings say; filled by the door that was used.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `PLEACH_PG_BIN`: the folder of the server's programs, instead of looking for one.
    pub pg_bin: Option<PathBuf>,
    /// `PLEACH_PG_OPTIONS`: options for the private server, such as `-c fsync=off`.
    pub pg_options: Option<String>,
    /// `PATH`.
    pub path: Option<OsString>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_DATA_HOME`.
    pub data_home: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime_directory: Option<PathBuf>,
    /// Whether a private server for scratch databases is left running for whoever comes next,
    /// because somebody tends it.
    pub keep_scratch: bool,
}

impl Environment {
    /// Where managed installs are kept.
    ///
    /// For root that is a folder of the system, because the server runs as another user, who
    /// may not look into root's home.
    pub fn managed_directory(&self) -> PathBuf {
        if nix::unistd::geteuid().is_root() {
            return PathBuf::from("/var/lib/pleach/postgres");
        }
        let data_home = self.data_home.clone().or_else(|| self.home.as_ref().map(|home| home.join(".local/share")));
        data_home.unwrap_or_else(|| PathBuf::from("/var/lib")).join("pleach/postgres")
    }

    /// Where the private server lives that plans are tried on outside of projects.
    pub fn scratch_folder(&self) -> PathBuf {
        self.managed_directory().with_file_name("scratch")
    }
}
