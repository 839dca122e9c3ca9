//! Starting and stopping a private server.

use super::cluster::Cluster;
use super::files::{cannot, remove_file, write_private};
use super::layout::{self, free_port};
use super::postmaster::{self, Found};
use super::{Binaries, Environment};
use crate::{Class, Error, Result};
use nix::sys::signal::Signal;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

/// How long what a killed server left behind may end by itself, and then when asked to.
const ORPHAN_PATIENCE: Duration = Duration::from_secs(2);

/// Everything here is done under the lock.
impl Cluster {
    /// Tries to start the server once. A failure that passes is waited out, or its cause removed;
    /// the caller looks again. Any other failure is an error.
    pub(super) async fn launch(&mut self, environment: &Environment, began: Instant) -> Result<()> {
        self.find_binaries(environment).await?;
        self.prepare(environment)?;
        let log = self.log_file();
        let log_length = fs::metadata(&log).map_or(0, |metadata| metadata.len());

        let mut command = self.pg_ctl();
        command.args(["start", "--silent", "--wait", "--timeout=60", "--log=server.log"]);
        if let Some(options) = environment.pg_options.as_deref().filter(|options| !options.trim().is_empty()) {
            command.arg(format!("--options={options}"));
        }
        tracing::debug!(binaries = %self.record.binaries.display(), port = self.record.port, "starting the server");
        let output = command.output().await.map_err(cannot("run", &self.record.binaries))?;
        if output.status.success() {
            return Ok(());
        }
        if matches!(postmaster::look(&self.data_directory())?, Found::Alive(_)) {
            return Ok(());
        }
        let said = log_since(&log, log_length);
        if said.contains("Address already in use") || said.contains("could not create any TCP/IP sockets") {
            self.record.port = free_port()?;
            return self.record.write(&self.home);
        }
        if said.contains("pre-existing shared memory block") || said.contains("lock file \"postmaster.pid\"") {
            match began.elapsed() {
                early if early < ORPHAN_PATIENCE => {}
                late if late < ORPHAN_PATIENCE * 3 => postmaster::end_orphans(&self.data_directory(), Signal::SIGQUIT),
                late if late < ORPHAN_PATIENCE * 10 => postmaster::end_orphans(&self.data_directory(), Signal::SIGKILL),
                _ => return Err(self.start_failed(&said, &output)),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            return Ok(());
        }
        Err(self.start_failed(&said, &output))
    }

    /// Removes the files by which PostgreSQL would believe that a dead server lives.
    pub(super) fn clear_lock_files(&self) -> Result<()> {
        let socket = self.socket_file();
        remove_file(&socket)?;
        remove_file(&socket.with_extension(format!("{}.lock", self.record.port)))?;
        remove_file(&self.data_directory().join("postmaster.pid"))
    }

    /// The programs may have gone, as packages are upgraded; others of the same major will do.
    async fn find_binaries(&mut self, environment: &Environment) -> Result<()> {
        let recorded = self.record.binaries.join("pg_ctl");
        if environment.pg_bin.is_none() && recorded.is_file() {
            return Ok(());
        }
        let found = match Binaries::find(environment, Some(self.record.major)).await {
            // The programs a cluster was made with are as good as those named for new ones.
            Err(_) if recorded.is_file() => return Ok(()),
            found => found?,
        };
        if found.directory != self.record.binaries {
            self.account.check_can_run(&found.directory).await?;
            self.record.binaries = found.directory;
            self.record.write(&self.home)?;
        }
        Ok(())
    }

    /// Makes sure of port, socket folder, log and settings.
    fn prepare(&mut self, environment: &Environment) -> Result<()> {
        let before = (self.record.port, self.record.socket.clone());
        if TcpListener::bind(("127.0.0.1", self.record.port)).is_err() {
            self.record.port = free_port()?;
        }
        // A project that was moved may need, or no longer need, a short folder.
        self.record.socket = layout::choose_socket(&self.home, &self.record.base, &self.account, environment)?;
        if before != (self.record.port, self.record.socket.clone()) {
            self.record.write(&self.home)?;
        }

        let log = self.log_file();
        if fs::metadata(&log).is_ok_and(|metadata| metadata.len() > 8 << 20) {
            fs::rename(&log, log.with_extension("log.1")).map_err(cannot("rename", &log))?;
        }
        if !log.exists() {
            write_private(&log, "")?;
            self.account.give(&log)?;
        }
        let settings = self.data_directory().join("pleach.conf");
        write_private(&settings, &self.settings())?;
        self.account.give(&settings)
    }

    /// The settings of the server. One with many small databases, on a machine that has other
    /// things to do.
    fn settings(&self) -> String {
        let project = self.home.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let clone = if self.record.copy_on_write { "file_copy_method = clone\n" } else { "" };
        format!(
            "# Written by Pleach at every start; settings of your own belong in postgresql.conf,\n\
             # after the line that includes this file.\n\
             cluster_name = {name}\n\
             listen_addresses = '127.0.0.1'\n\
             port = {port}\n\
             unix_socket_directories = {socket}\n\
             unix_socket_permissions = 0700\n\
             max_connections = 400\n\
             max_locks_per_transaction = 256\n\
             autovacuum_naptime = 5min\n\
             wal_level = minimal\n\
             max_wal_senders = 0\n\
             max_wal_size = 512MB\n\
             jit = off\n\
             logging_collector = off\n\
             log_destination = stderr\n\
             log_min_messages = log\n\
             log_checkpoints = off\n\
             log_line_prefix = '%m [%p] '\n\
             {clone}",
            name = setting(&format!("pleach {}", project.chars().take(40).collect::<String>())),
            port = self.record.port,
            socket = setting(&format!("\"{}\"", self.socket_directory().display().to_string().replace('"', "\"\""))),
        )
    }

    /// Stops the server in this mode; if it does not stop, without mercy.
    pub(super) async fn halt(&self, mode: &str) -> Result<bool> {
        if !matches!(postmaster::look(&self.data_directory())?, Found::Alive(_)) {
            return Ok(false);
        }
        for mode in [mode, "immediate"] {
            tracing::debug!(mode, "stopping the server");
            let mut command = self.pg_ctl();
            command.args(["stop", "--silent", "--wait", "--timeout=60", &format!("--mode={mode}")]);
            command.output().await.map_err(cannot("run", &self.record.binaries))?;
            if !matches!(postmaster::look(&self.data_directory())?, Found::Alive(_)) {
                return Ok(true);
            }
        }
        Err(Error::new(Class::Unavailable, "server_stop_failed", "the project's server does not stop")
            .on(self.log_file().display().to_string())
            .hint("read the end of its log"))
    }

    /// `pg_ctl` on the data. The folder is given relatively: `pg_ctl` starts the server through a
    /// shell, which would read the `$` and the quotes of a full path.
    fn pg_ctl(&self) -> tokio::process::Command {
        let mut command = self.account.command(&self.record.binaries.join("pg_ctl"), &self.base());
        command.arg("--pgdata=data");
        command
    }

    fn start_failed(&self, said: &str, output: &Output) -> Error {
        let last = said.lines().rev().find(|line| line.contains("FATAL:") || line.contains("PANIC:"));
        let why = last.map_or_else(|| first_line(&output.stderr), |line| line.to_owned());
        Error::new(Class::Unavailable, "server_start_failed", format!("the project's server does not start: {why}"))
            .on(self.log_file().display().to_string())
            .hint("the log says more; `pleach up` tries again")
    }
}

/// What the server logged since its log had this length.
fn log_since(log: &Path, length: u64) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let start = usize::try_from(length).unwrap_or_default().min(bytes.len());
    String::from_utf8_lossy(&bytes[start..]).into_owned()
}

fn first_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).lines().next().unwrap_or("it does not say why").to_owned()
}

/// A value in a settings file.
fn setting(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
}
