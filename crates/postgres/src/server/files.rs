//! Small steps on the file system, with errors that name the path.

use crate::{Class, Error, Result};
use nix::fcntl::{Flock, FlockArg};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long one process waits for another that starts or stops the same server.
const LOCK_PATIENCE: Duration = Duration::from_secs(180);

/// A failure of the file system: what could not be done to which path.
pub(super) fn cannot<'a>(what: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> Error + 'a {
    move |error| {
        let hint = match error.kind() {
            io::ErrorKind::PermissionDenied => "check who owns it and who may write there",
            io::ErrorKind::StorageFull => "make room on the disk",
            _ => "check the path and the disk",
        };
        Error::new(Class::Unavailable, "file_failed", format!("cannot {what}: {error}"))
            .on(path.display().to_string())
            .hint(hint)
    }
}

/// Makes a folder and its parents; an existing one is left as it is.
pub(super) fn make_folder(path: &Path, mode: u32) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o755).create(path).map_err(cannot("make the folder", path))?;
    set_mode(path, mode)
}

/// Sets the permissions of a file or a folder, whatever the umask.
pub(super) fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(cannot("set permissions", path))
}

/// Writes a file that only its owner can read, all of it or nothing.
pub(super) fn write_private(path: &Path, content: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder).map_err(cannot("write", path))?;
    file.write_all(content.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(cannot("write", path))?;
    file.persist(path).map_err(|error| cannot("write", path)(error.error))?;
    sync_folder(folder)
}

/// Makes renames in a folder survive a crash of the machine.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|file| file.sync_all()).map_err(cannot("write", folder))
}

/// Waits for the lock on a file; it is released with the value, or with the process.
pub(super) async fn lock(path: &Path) -> Result<Flock<File>> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).mode(0o600);
    let mut file = options.open(path).map_err(cannot("open the lock", path))?;
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err((file, nix::errno::Errno::EWOULDBLOCK)) if Instant::now() < deadline => file,
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => {
                return Err(Error::new(
                    Class::State,
                    "server_busy",
                    "another process has been starting or stopping the server for minutes",
                )
                .on(path.display().to_string())
                .hint("see what it does, or end it, and try again"));
            }
            Err((_, errno)) => return Err(cannot("lock", path)(errno.into())),
        };
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Removes a file; it may be missing.
pub(super) fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes a folder with all that is in it; it may be missing.
pub(super) async fn remove_folder(path: &Path) -> Result<()> {
    let owned = path.to_owned();
    let outcome = tokio::task::spawn_blocking(move || fs::remove_dir_all(owned)).await;
    match outcome.unwrap_or_else(|panic| Err(io::Error::other(panic))) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot("remove", path)(error)),
        _ => Ok(()),
    }
}

/// What a folder takes on the disk, in bytes. Files that vanish meanwhile are not counted.
pub(super) async fn disk_usage(path: &Path) -> u64 {
    fn walk(folder: &Path) -> u64 {
        let Ok(entries) = fs::read_dir(folder) else { return 0 };
        let sizes = entries.flatten().map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => walk(&entry.path()),
            Ok(metadata) => metadata.blocks() * 512,
            Err(_) => 0,
        });
        sizes.sum()
    }
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || walk(&path)).await.unwrap_or_default()
}
