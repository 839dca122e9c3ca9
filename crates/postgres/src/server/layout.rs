//! Where a private server keeps its things, and the file that says so.
//!
//! In `.pleach/`: `server.json` (this record), `password`, `server.lock`. Beside them, or in
//! `/var/lib/pleach/…` where the server's user may not enter the project: `data/`, `run/` (the
//! socket), `server.log`.

use super::Environment;
use super::account::Account;
use super::files::{cannot, make_folder, set_mode, write_private};
use crate::{Class, Error, Result};
use nix::unistd::geteuid;
use rand::Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Where root's servers live when they may not live in the project.
const SYSTEM_FOLDER: &str = "/var/lib/pleach";

/// Ports to choose from: below those that systems hand out to outgoing connections.
const PORTS: std::ops::Range<u16> = 21_000..32_000;

/// The longest path of a socket that the system takes.
const MAX_SOCKET_PATH: usize = if cfg!(target_os = "macos") { 103 } else { 107 };

/// The file in `.pleach/` that describes the server. It is written last, so where it is, there
/// is a whole cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    /// The folder of the server's programs.
    pub binaries: PathBuf,
    /// The major version of the data.
    pub major: u32,
    /// The folder of data and log; relative to `.pleach/` where it is in there, so that a
    /// project can be moved.
    pub base: PathBuf,
    /// The folder of the socket; relative like the base.
    pub socket: PathBuf,
    /// The loopback port, which is also in the name of the socket.
    pub port: u16,
    /// The operating system user the server runs as.
    pub os_user: String,
    /// The number of that user.
    pub os_uid: u32,
    /// Whether clones of databases share their blocks until they are changed.
    pub copy_on_write: bool,
}

impl Record {
    /// Reads the record of a `.pleach/` folder, if there is a server.
    pub fn read(home: &Path) -> Result<Option<Self>> {
        let path = home.join("server.json");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Err(not_the_owner(&path)),
            Err(error) => return Err(cannot("read", &path)(error)),
        };
        serde_json::from_str(&text).map(Some).map_err(|error| {
            Error::new(
                Class::Internal,
                "server_record_damaged",
                format!("the description of the server is damaged: {error}"),
            )
            .on(path.display().to_string())
            .hint("remove the file and run `pleach up`: the data is found again")
        })
    }

    /// Writes the record, all of it or nothing.
    pub fn write(&self, home: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::new(Class::Internal, "internal", error.to_string()))?;
        write_private(&home.join("server.json"), &(text + "\n"))
    }
}

/// The password in a `.pleach/` folder, if there is one.
pub(super) fn read_password(home: &Path) -> Result<Option<String>> {
    let path = home.join("password");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim_end().to_owned()).filter(|password| !password.is_empty())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(not_the_owner(&path)),
        Err(error) => Err(cannot("read", &path)(error)),
    }
}

/// Chooses and makes the folder for data and log: the project's own one if the server's user
/// may enter it.
pub(super) async fn choose_base(home: &Path, account: &Account, password: &str) -> Result<PathBuf> {
    if !account.is_another() {
        return Ok(PathBuf::from("."));
    }
    let mode = fs::metadata(home).map_err(cannot("look at", home))?.mode();
    set_mode(home, (mode & 0o7777) | 0o011)?;
    if account.can_enter(home).await {
        return Ok(PathBuf::from("."));
    }
    // The password keeps a project that is made again in the same place away from old data.
    let system = Path::new(SYSTEM_FOLDER);
    let base = system.join(short_hash(&[home.as_os_str().as_encoded_bytes(), password.as_bytes()]));
    make_folder(system, 0o755)?;
    make_folder(&base, 0o711)?;
    write_private(&base.join("project"), &format!("{}\n", home.display()))?;
    if account.can_enter(&base).await {
        return Ok(base);
    }
    Err(Error::new(
        Class::Unavailable,
        "no_server_folder",
        format!("the server's user {} may enter neither the project nor {SYSTEM_FOLDER}", account.name),
    )
    .on(home.display().to_string())
    .hint(format!("give the user a way in (`chmod o+x` on {SYSTEM_FOLDER} and its parents)")))
}

/// Chooses and makes the folder for the socket: `run` in the base, or a short one where the
/// path of the socket would be too long.
pub(super) fn choose_socket(home: &Path, base: &Path, account: &Account, environment: &Environment) -> Result<PathBuf> {
    let in_base = base.join("run");
    if fits(&resolve(home, &in_base)) {
        prepare_socket(&resolve(home, &in_base), account)?;
        return Ok(in_base);
    }
    let name = format!("pleach-{}", short_hash(&[home.as_os_str().as_encoded_bytes()]));
    let runtime = environment.runtime_directory.clone().filter(|_| !geteuid().is_root());
    let tries = [String::new(), format!("-{}", rand::random::<u32>())];
    for parent in runtime.into_iter().chain([PathBuf::from("/tmp")]) {
        for suffix in &tries {
            let folder = parent.join(format!("{name}{suffix}"));
            if fits(&folder) && prepare_socket(&folder, account).is_ok() {
                return Ok(folder);
            }
        }
    }
    Err(Error::new(
        Class::Unavailable,
        "no_socket_folder",
        "the path of the project is too long for a socket, and no short folder can be made",
    )
    .on(home.display().to_string())
    .hint("make /tmp writable, or move the project to a shorter path"))
}

/// Makes the folder of a socket, or checks that an existing one is nobody else's: who owns the
/// folder could put a server of their own there.
fn prepare_socket(folder: &Path, account: &Account) -> Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {
            set_mode(folder, 0o700)?;
            return account.give(folder);
        }
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(cannot("make the folder", folder)(error)),
        Err(_) => {}
    }
    let found = fs::symlink_metadata(folder).map_err(cannot("look at", folder))?;
    if found.is_dir() && found.uid() == geteuid().as_raw() && found.mode() & 0o077 == 0 {
        // Made by us, and a crash came before it was given away.
        return account.give(folder);
    }
    if found.is_dir() && found.uid() == account.uid && found.mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(Error::new(Class::Unavailable, "socket_folder_taken", "the folder for the socket belongs to somebody else")
        .on(folder.display().to_string())
        .hint(format!("remove it, or give it to {} with mode 0700", account.name)))
}

/// A folder of the record: relative ones are in `.pleach/`.
pub(super) fn resolve(home: &Path, folder: &Path) -> PathBuf {
    home.join(folder).components().collect()
}

/// A loopback port that nobody listens on.
pub(super) fn free_port() -> Result<u16> {
    let mut random = rand::rng();
    let mut ports = (0..500).map(|_| random.random_range(PORTS));
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).ok_or_else(|| {
        Error::new(Class::Unavailable, "no_port", format!("no free port between {} and {}", PORTS.start, PORTS.end))
            .hint("end what listens on them")
    })
}

fn fits(folder: &Path) -> bool {
    folder.as_os_str().len() + "/.s.PGSQL.65535".len() <= MAX_SOCKET_PATH
}

fn short_hash(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
        hasher.update([0]);
    }
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn not_the_owner(path: &Path) -> Error {
    Error::new(Class::State, "not_the_owner", "the project's server belongs to another user")
        .on(path.display().to_string())
        .hint("run Pleach as that user or as root, or use a server of your own with `pleach init --url`")
}
