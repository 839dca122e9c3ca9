//! Whether a server runs in a data directory, as its `postmaster.pid` and the system say.

use super::files::cannot;
use crate::Result;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// A living server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Postmaster {
    pub pid: i32,
    pub ready: bool,
}

/// What was found about a data directory.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found {
    /// A server runs in it.
    Alive(Postmaster),
    /// No server runs in it.
    Nothing,
    /// No server runs in it, but its `postmaster.pid` names a process that is something else by
    /// now, or a dead one that nobody has buried; PostgreSQL would take it for the server.
    Misleading,
}

/// Looks whether a server runs in a data directory.
pub(super) fn look(data: &Path) -> Result<Found> {
    let path = data.join("postmaster.pid");
    let content = match fs::read_to_string(&path) {
        Ok(content) => content,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(cannot("read", &path)(error)),
    };
    let mut lines = content.lines();
    let Some(pid) = lines.next().and_then(|line| line.trim().parse::<i32>().ok()).filter(|pid| *pid > 0) else {
        // A server writes the file right after it made it, unless it was killed in between.
        return Ok(if is_older(&path, Duration::from_secs(2)) { Found::Misleading } else { Found::Nothing });
    };
    // Without a signal, kill only asks whether the process exists.
    match kill(Pid::from_raw(pid), None) {
        // A process of another user cannot be the server of this directory.
        Err(Errno::ESRCH | Errno::EPERM) => Ok(Found::Nothing),
        _ if !works_in(pid, data) => Ok(Found::Misleading),
        _ => {
            let ready = lines.nth(6).is_some_and(|status| status.trim() == "ready");
            Ok(Found::Alive(Postmaster { pid, ready }))
        }
    }
}

/// Whether a server answers on this socket. A server that is being killed still has its files,
/// and the system still takes connections for it; only an answer tells.
pub(super) async fn answers(socket: &Path) -> bool {
    // The request for encryption is the shortest question there is, answered before any login.
    const QUESTION: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
    let ask = async {
        let mut stream = UnixStream::connect(socket).await?;
        stream.write_all(&QUESTION).await?;
        stream.read_u8().await
    };
    matches!(tokio::time::timeout(Duration::from_secs(5), ask).await, Ok(Ok(_)))
}

/// Ends what a killed server left running in its data directory: a busy backend notices the
/// death of its postmaster only at its next pause, and no server can start before.
pub(super) fn end_orphans(data: &Path, signal: Signal) {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()) {
        if has_folder(pid, data) == Some(true) && is_postgres(pid) {
            tracing::debug!(pid, %signal, "ending a process that outlived its server");
            // It may have ended by itself in the meantime.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

/// Whether a process is a living one with this current folder, as every server process is.
/// Where the system does not tell, the process is believed to be one.
fn works_in(pid: i32, data: &Path) -> bool {
    match has_folder(pid, data) {
        Some(answer) => answer,
        // A dead process that nobody waited for has no folder any more.
        None => !Path::new("/proc/self/stat").exists() || !is_dead(pid),
    }
}

fn is_older(path: &Path, age: Duration) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|elapsed| elapsed > age))
}

fn has_folder(pid: i32, data: &Path) -> Option<bool> {
    let theirs = fs::metadata(format!("/proc/{pid}/cwd")).ok()?;
    let ours = fs::metadata(data).ok()?;
    Some(theirs.dev() == ours.dev() && theirs.ino() == ours.ino())
}

fn is_dead(pid: i32) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        // "123 (postgres) Z 1 …": the name may hold anything, also parentheses.
        Ok(stat) => {
            stat.rsplit(')').next().is_some_and(|rest| matches!(rest.trim_start().chars().next(), Some('Z' | 'X')))
        }
        Err(_) => true,
    }
}

fn is_postgres(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_end().starts_with("postgres"))
}
