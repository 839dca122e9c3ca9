//! A private server in a project's `.pleach/` folder.

use super::account::Account;
use super::files::{self, cannot, make_folder, remove_file, remove_folder, write_private};
use super::layout::{self, Record, free_port, resolve};
use super::postmaster::{self, Found, Postmaster};
use super::{Binaries, Environment, create};
use crate::connect::{Session, Target, connect};
use crate::{Class, Error, Result};
use nix::fcntl::Flock;
use serde::Serialize;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The superuser of a private server.
pub(super) const SUPERUSER: &str = "pleach";

/// How long a start may take: recovery after a crash included.
const START_PATIENCE: Duration = Duration::from_secs(300);

/// How long a server that looks alive may refuse connections.
const CONNECT_PATIENCE: Duration = Duration::from_secs(20);

/// A private server in a project's `.pleach/` folder.
#[derive(Debug)]
pub struct Cluster {
    pub(super) home: PathBuf,
    pub(super) record: Record,
    pub(super) account: Account,
    password: Password,
}

/// How a private server is.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Whether it takes connections.
    pub running: bool,
    /// The process, if it runs.
    pub pid: Option<i32>,
    /// The full version of its programs: `18.4`; the major version if they are missing.
    pub version: String,
    /// The folder of its programs.
    pub binaries: PathBuf,
    /// The loopback port.
    pub port: u16,
    /// The folder of its Unix socket.
    pub socket_directory: PathBuf,
    /// The folder of its data.
    pub data_directory: PathBuf,
    /// What the data takes on the disk; blocks that clones share are counted once per clone.
    pub data_bytes: u64,
    /// The log of the server.
    pub log_file: PathBuf,
    /// The operating system user it runs as.
    pub os_user: String,
    /// Whether clones of databases share their blocks until they are changed.
    pub copy_on_write: bool,
}

/// A password that is not shown by `Debug`.
struct Password(String);

impl Cluster {
    /// Opens the server of a `.pleach/` folder, started or not; `None` if there is none.
    pub fn open(home: &Path) -> Result<Option<Self>> {
        let Some(record) = Record::read(home)? else { return Ok(None) };
        let home = fs::canonicalize(home).map_err(cannot("find", home))?;
        let password = layout::read_password(&home)?.ok_or_else(|| password_missing(&home))?;
        let account = Account::of_server(record.os_uid, &record.os_user)?;
        Ok(Some(Self { home, record, password: Password(password), account }))
    }

    /// Makes the server of a `.pleach/` folder with these programs; an existing one is opened.
    ///
    /// What a crash left half-made is made again. The server is not started.
    pub async fn create(home: &Path, binaries: &Binaries, environment: &Environment) -> Result<Self> {
        if let Some(cluster) = Self::open(home)? {
            return Ok(cluster);
        }
        let account = Account::for_new_server().await?;
        make_folder(home, if account.is_another() { 0o711 } else { 0o700 })?;
        let home = fs::canonicalize(home).map_err(cannot("find", home))?;
        let _lock = lock(&home).await?;
        if let Some(cluster) = Self::open(&home)? {
            return Ok(cluster);
        }
        account.check_can_run(&binaries.directory).await?;

        let password = match layout::read_password(&home)? {
            Some(password) => password,
            None if home.join("data").exists() => return Err(password_missing(&home)),
            None => {
                let password = create::password();
                write_private(&home.join("password"), &format!("{password}\n"))?;
                password
            }
        };
        let relative_base = layout::choose_base(&home, &account, &password).await?;
        let base = resolve(&home, &relative_base);
        let major = create::data(&base, binaries, &account, &password, environment).await?;
        let copy_on_write = create::can_clone(&base, binaries, &account).await;
        let socket = layout::choose_socket(&home, &relative_base, &account, environment)?;
        let record = Record {
            binaries: binaries.directory.clone(),
            major,
            base: relative_base,
            socket,
            port: free_port()?,
            os_user: account.name.clone(),
            os_uid: account.uid,
            copy_on_write,
        };
        record.write(&home)?;
        tracing::debug!(home = %home.display(), major, port = record.port, user = %account.name, "made a private server");
        Ok(Self { home, record, password: Password(password), account })
    }

    /// Opens or makes the server of a `.pleach/` folder, and starts it if it does not run.
    ///
    /// A server to be made is of the asked major version, or the first one found.
    pub async fn up(home: &Path, environment: &Environment, major: Option<u32>) -> Result<Self> {
        let mut cluster = match Self::open(home)? {
            Some(cluster) => cluster,
            None => Self::create(home, &Binaries::find(environment, major).await?, environment).await?,
        };
        cluster.start(environment).await?;
        Ok(cluster)
    }

    /// Starts the server if it does not run; returns whether it had to be started.
    ///
    /// Any number of processes may call this at once. It waits until the server takes
    /// connections, and clears away what a killed server left behind.
    pub async fn start(&mut self, environment: &Environment) -> Result<bool> {
        if self.is_running().await? {
            return Ok(false);
        }
        let _lock = lock(&self.home).await?;
        self.reload()?;
        let began = Instant::now();
        let mut launched = false;
        while began.elapsed() < START_PATIENCE {
            match postmaster::look(&self.data_directory())? {
                Found::Alive(Postmaster { ready: true, .. }) if self.answers().await => return Ok(launched),
                Found::Alive(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                found => {
                    if matches!(found, Found::Misleading) {
                        self.clear_lock_files()?;
                    }
                    launched = true;
                    self.launch(environment, began).await?;
                }
            }
        }
        Err(Error::new(
            Class::Unavailable,
            "server_start_failed",
            "the project's server has not become ready for minutes",
        )
        .on(self.log_file().display().to_string())
        .hint("read the end of its log; it may be recovering a large database"))
    }

    /// Connects to a database of the server as the superuser, starting the server if it does
    /// not run, or was killed a moment ago.
    pub async fn session(
        &mut self,
        environment: &Environment,
        database: &str,
        application_name: &str,
    ) -> Result<Session> {
        let began = Instant::now();
        loop {
            match connect(&self.target(database), application_name).await {
                Err(error) if error.code == "server_unreachable" && began.elapsed() < CONNECT_PATIENCE => {
                    if !self.start(environment).await? {
                        // Another process started it, or is just stopping it.
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
                outcome => return outcome,
            }
        }
    }

    /// Stops the server, closing its connections; returns whether it ran.
    pub async fn stop(&mut self) -> Result<bool> {
        let _lock = lock(&self.home).await?;
        self.reload()?;
        self.halt("fast").await
    }

    /// Stops the server and removes it with all its databases.
    pub async fn destroy(mut self) -> Result<()> {
        let _lock = lock(&self.home).await?;
        self.reload()?;
        self.halt("immediate").await?;
        // In this order a crash leaves either the whole server, or nothing that looks like one.
        remove_file(&self.home.join("server.json"))?;
        let doomed = self.base().join(format!("old-{:08x}", rand::random::<u32>()));
        if self.data_directory().exists() {
            fs::rename(self.data_directory(), &doomed).map_err(cannot("rename", &doomed))?;
        }
        remove_file(&self.home.join("password"))?;
        remove_folder(&doomed).await?;
        remove_folder(&self.socket_directory()).await?;
        for name in ["server.log", "server.log.1"] {
            remove_file(&self.base().join(name))?;
        }
        if self.record.base.is_absolute() { remove_folder(&self.base()).await } else { Ok(()) }
    }

    /// Whether the server takes connections.
    pub async fn is_running(&self) -> Result<bool> {
        let found = postmaster::look(&self.data_directory())?;
        Ok(matches!(found, Found::Alive(Postmaster { ready: true, .. })) && self.answers().await)
    }

    /// How the server is, and what it takes on the disk.
    pub async fn status(&self) -> Result<Status> {
        let running = self.is_running().await?;
        let postmaster = match postmaster::look(&self.data_directory())? {
            Found::Alive(postmaster) => Some(postmaster),
            Found::Nothing | Found::Misleading => None,
        };
        let version = match Binaries::at(&self.record.binaries).await {
            Ok(binaries) => binaries.version,
            Err(_) => self.record.major.to_string(),
        };
        Ok(Status {
            running,
            pid: postmaster.map(|postmaster| postmaster.pid),
            version,
            binaries: self.record.binaries.clone(),
            port: self.record.port,
            socket_directory: self.socket_directory(),
            data_directory: self.data_directory(),
            data_bytes: files::disk_usage(&self.data_directory()).await,
            log_file: self.log_file(),
            os_user: self.record.os_user.clone(),
            copy_on_write: self.record.copy_on_write,
        })
    }

    /// A database of the server over its Unix socket, as the superuser.
    pub fn target(&self, database: &str) -> Target {
        Target::socket(&self.socket_directory(), self.record.port, SUPERUSER, &self.password.0, database)
    }

    /// A database of the server over its loopback port, as the superuser: for clients that
    /// know no sockets.
    pub fn tcp_target(&self, database: &str) -> Target {
        Target::tcp("127.0.0.1", self.record.port, SUPERUSER, &self.password.0, database)
    }

    /// The major version of the server.
    pub fn major(&self) -> u32 {
        self.record.major
    }

    /// Whether clones of databases share their blocks until they are changed.
    pub fn copy_on_write(&self) -> bool {
        self.record.copy_on_write
    }

    /// The folder of the data.
    pub fn data_directory(&self) -> PathBuf {
        self.base().join("data")
    }

    /// The folder of the Unix socket.
    pub fn socket_directory(&self) -> PathBuf {
        resolve(&self.home, &self.record.socket)
    }

    /// The log of the server.
    pub fn log_file(&self) -> PathBuf {
        self.base().join("server.log")
    }

    /// The file of the Unix socket.
    pub(super) fn socket_file(&self) -> PathBuf {
        self.socket_directory().join(format!(".s.PGSQL.{}", self.record.port))
    }

    async fn answers(&self) -> bool {
        postmaster::answers(&self.socket_file()).await
    }

    pub(super) fn base(&self) -> PathBuf {
        resolve(&self.home, &self.record.base)
    }

    /// Reads the record anew under the lock: another process may have changed the port, or
    /// removed the server.
    fn reload(&mut self) -> Result<()> {
        self.record = Record::read(&self.home)?.ok_or_else(|| {
            Error::new(Class::State, "server_removed", "the project's server was removed in the meantime")
                .on(self.home.display().to_string())
                .hint("make it again with `pleach up`")
        })?;
        Ok(())
    }
}

fn password_missing(home: &Path) -> Error {
    Error::new(Class::State, "password_missing", "the file with the password of the project's server is gone")
        .on(home.join("password").display().to_string())
        .hint("put it back from a copy; or move `data` and `server.json` away to begin with an empty server")
}

async fn lock(home: &Path) -> Result<Flock<File>> {
    files::lock(&home.join("server.lock")).await
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}
