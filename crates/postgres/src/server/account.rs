//! The operating system user that a server runs as.
//!
//! PostgreSQL refuses to run as root, so root gives its server an unprivileged user. Everybody
//! else's server runs as themselves.

use super::files::cannot;
use crate::{Class, Error, Result};
use nix::unistd::{Gid, Uid, User, chown, geteuid};
use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;

/// Users that packages of PostgreSQL make for the server.
const PACKAGED: &[&str] = &["postgres", "_postgres"];

/// The user made for the server where no package made one.
const OWN: &str = "pleach";

/// Variables that would change what the server's programs do.
const UNWANTED: &[&str] = &[
    "PGDATA",
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGUSER",
    "PGDATABASE",
    "PGPASSWORD",
    "PGPASSFILE",
    "PGSERVICE",
    "PGOPTIONS",
    "PGDATESTYLE",
    "PGTZ",
    "PGCLIENTENCODING",
    "LC_ALL",
    "LANGUAGE",
];

/// The operating system user that a server runs as.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub name: String,
    pub uid: u32,
    gid: u32,
    /// Whether it is another user than the one who runs this process.
    switch: bool,
}

impl Account {
    /// The user for a new server: ourselves, or an unprivileged user if we are root.
    pub async fn for_new_server() -> Result<Self> {
        if !geteuid().is_root() {
            return Self::find(geteuid().as_raw());
        }
        for name in PACKAGED.iter().chain([&OWN]) {
            if let Some(account) = Self::named(name)? {
                return Ok(account);
            }
        }
        make_own_user().await;
        for name in [OWN, "nobody"] {
            if let Some(account) = Self::named(name)? {
                return Ok(account);
            }
        }
        Err(Error::new(
            Class::Unavailable,
            "no_server_user",
            "PostgreSQL refuses to run as root, and there is no other user for it",
        )
        .hint("make one with `useradd --system pleach`, or run Pleach as an ordinary user"))
    }

    /// The user of an existing server; it must be ourselves unless we are root.
    pub fn of_server(uid: u32, name: &str) -> Result<Self> {
        let me = geteuid();
        if me.is_root() || me.as_raw() == uid {
            return Self::find(uid);
        }
        Err(Error::new(Class::State, "not_the_owner", format!("the project's server belongs to the user {name}"))
            .hint(format!("run Pleach as {name} or as root, or use a server of your own with `pleach init --url`")))
    }

    /// A program to be run as this user, in a folder the user may enter.
    pub fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for variable in UNWANTED {
            command.env_remove(variable);
        }
        command.env("LC_ALL", "C");
        if self.switch {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Gives a file or a folder to this user.
    pub fn give(&self, path: &Path) -> Result<()> {
        if !self.switch {
            return Ok(());
        }
        chown(path, Some(Uid::from_raw(self.uid)), Some(Gid::from_raw(self.gid)))
            .map_err(|errno| cannot("give to the server's user", path)(errno.into()))
    }

    /// Whether this user may pass all parents of a folder; decided by doing it.
    pub async fn can_enter(&self, folder: &Path) -> bool {
        let mut command = self.command(Path::new("/bin/sh"), folder);
        command.args(["-c", ":"]).status().await.is_ok_and(|status| status.success())
    }

    /// Fails unless this user can run the server's programs, which root may keep for itself.
    pub async fn check_can_run(&self, directory: &Path) -> Result<()> {
        let mut command = self.command(&directory.join("postgres"), Path::new("/"));
        if !self.switch || command.arg("--version").output().await.is_ok_and(|output| output.status.success()) {
            return Ok(());
        }
        Err(Error::new(
            Class::Unavailable,
            "server_unusable",
            format!("the user {} may not run the server's programs", self.name),
        )
        .on(directory.display().to_string())
        .hint(
            "root's server runs as that user; install one for everybody (`pleach pg install 18`), or open the folder",
        ))
    }

    /// Whether the server runs as another user than the one who asks for it.
    pub fn is_another(&self) -> bool {
        self.switch
    }

    fn named(name: &str) -> Result<Option<Self>> {
        Ok(User::from_name(name).map_err(|errno| unknown_user(name, errno))?.map(Self::from))
    }

    fn find(uid: u32) -> Result<Self> {
        let user = User::from_uid(Uid::from_raw(uid)).map_err(|errno| unknown_user(&uid.to_string(), errno))?;
        // A container may run under a number that has no name.
        Ok(user.map_or_else(
            || Self { name: uid.to_string(), uid, gid: uid, switch: geteuid().as_raw() != uid },
            Self::from,
        ))
    }
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw(), switch: geteuid() != user.uid }
    }
}

/// Tries the two ways of making a system user; whether one worked is seen by looking.
async fn make_own_user() {
    let ways: [(&str, &[&str]); 2] = [
        ("useradd", &["--system", "--user-group", "--no-create-home", "--shell", "/bin/false", OWN]),
        ("adduser", &["-S", "-D", "-H", "-s", "/bin/false", OWN]),
    ];
    for (program, arguments) in ways {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if command.status().await.is_ok_and(|status| status.success()) {
            return;
        }
    }
}

fn unknown_user(name: &str, errno: nix::errno::Errno) -> Error {
    Error::new(Class::Unavailable, "no_server_user", format!("cannot look up the user {name}: {errno}"))
}
