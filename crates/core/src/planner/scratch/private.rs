//! The private server for scratch databases: one for each version, for all projects of an account.
//!
//! Starting and stopping it takes longer than most plans, so it may be left running for whoever
//! comes next. Then somebody tends it: drops what was made on it, and stops it when nobody has used
//! it for a while. Whoever dies leaves nothing that the next one does not see: the locks on files
//! go with their process.

use super::clear;
use crate::config::cannot;
use crate::project::{APPLICATION, Context};
use pleach_postgres::Result;
use pleach_postgres::connect::{Target, connect};
use pleach_postgres::server::{Binaries, Cluster, Environment};
use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What is lost in a crash was only tried, and nothing lives long enough to be vacuumed.
const CARELESS: &str = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off \
    -c max_wal_size=2GB -c checkpoint_timeout=1h";

/// How often whoever tends servers looks.
const LOOK: Duration = Duration::from_secs(1);

/// A private server in use.
pub(super) struct Private {
    cluster: Cluster,
    /// Locked while the server is used; changed when somebody is done.
    using: File,
}

impl Private {
    /// Starts the server, or finds it running.
    pub async fn up(context: &Context) -> Result<Self> {
        let binaries = Binaries::find(&context.environment, None).await?;
        let home = context.environment.scratch_folder().join(binaries.major.to_string());
        std::fs::create_dir_all(&home).map_err(|error| cannot("make", &home, &error))?;
        let using = in_use(&home)?;
        using.lock_shared().map_err(|error| cannot("lock", &home, &error))?;
        (context.progress)("starting a PostgreSQL to try the plan on");
        let mut environment = context.environment.clone();
        let given = environment.pg_options.take().unwrap_or_default();
        environment.pg_options = Some(format!("{CARELESS} {given}").trim_end().to_owned());
        let cluster = Cluster::up(&home, &environment, Some(binaries.major)).await?;
        Ok(Self { cluster, using })
    }

    pub fn target(&self) -> Target {
        self.cluster.target("postgres")
    }

    /// Stops the server, unless somebody else uses it.
    pub async fn leave(mut self) -> Result<()> {
        // Whoever cannot have it alone is not the last one.
        if self.using.unlock().is_ok() && self.using.try_lock().is_ok() {
            self.cluster.stop().await?;
        }
        Ok(())
    }

    /// Leaves the server to whoever tends it.
    pub fn keep(self) -> Result<()> {
        let changed = self.using.set_modified(SystemTime::now());
        changed.map_err(|error| cannot("write", &self.cluster.data_directory(), &error))
    }
}

/// Whether a private server for scratch databases runs that nobody tends.
pub fn scratch_runs(environment: &Environment) -> bool {
    let folder = environment.scratch_folder();
    let runs = |home: &PathBuf| {
        let cluster = Cluster::open(home).ok().flatten();
        cluster.is_some_and(|cluster| cluster.data_directory().join("postmaster.pid").exists())
    };
    homes(&folder).iter().any(runs) && matches!(tending(&folder), Ok(Some(_)))
}

/// Tends the private servers for scratch databases until none runs: drops what is left on them, and
/// stops those that nobody has used for so long. Returns at once if somebody else does it.
///
/// # Errors
/// When a server cannot be looked at or stopped.
pub async fn tend_scratch(environment: &Environment, idle: Duration) -> Result<()> {
    let folder = environment.scratch_folder();
    let Some(_tending) = tending(&folder)? else { return Ok(()) };
    let mut cleared: HashMap<PathBuf, SystemTime> = HashMap::new();
    loop {
        let mut running = false;
        for home in homes(&folder) {
            let Some(mut cluster) = Cluster::open(&home)? else { continue };
            if !cluster.is_running().await? {
                continue;
            }
            let using = in_use(&home)?;
            let used = using.metadata().and_then(|metadata| metadata.modified());
            let used = used.map_err(|error| cannot("read", &home, &error))?;
            if cleared.get(&home) != Some(&used) {
                let admin = connect(&cluster.target("postgres"), APPLICATION).await?;
                let living = clear(&admin).await?;
                admin.close().await;
                if living == 0 {
                    cleared.insert(home.clone(), used);
                }
            }
            let rested = used.elapsed().unwrap_or_default() >= idle;
            if rested && is_free(&using, &home)? {
                cluster.stop().await?;
            } else {
                running = true;
            }
        }
        if !running {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Stops the private servers for scratch databases that nobody uses; returns how many.
///
/// # Errors
/// When one does not stop.
pub async fn stop_scratch(environment: &Environment) -> Result<u64> {
    let mut stopped = 0;
    for home in homes(&environment.scratch_folder()) {
        let Some(mut cluster) = Cluster::open(&home)? else { continue };
        let using = in_use(&home)?;
        if is_free(&using, &home)? {
            stopped += u64::from(cluster.stop().await?);
        }
    }
    Ok(stopped)
}

/// The folders of the servers, one for each version.
fn homes(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut homes: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    homes.sort();
    homes
}

/// The file that is locked while a server is used.
fn in_use(home: &Path) -> Result<File> {
    open(&home.join("using.lock"))
}

/// The right to tend the servers, unless somebody else has it.
fn tending(folder: &Path) -> Result<Option<File>> {
    let file = open(&folder.join("tending.lock"))?;
    Ok(is_free(&file, folder)?.then_some(file))
}

fn open(path: &Path) -> Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    options.open(path).map_err(|error| cannot("open", path, &error))
}

/// Takes a lock for this process alone, if nobody has it.
fn is_free(file: &File, path: &Path) -> Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(cannot("lock", path, &error)),
    }
}
