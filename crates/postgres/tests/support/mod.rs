//! Scratch servers for tests: one of every version there is, started on first use.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, Weak};
use tokio_postgres::{Client, NoTls};

/// A server that stops when the last test that uses it ends.
pub struct Cluster {
    pub major: u32,
    pub bin: PathBuf,
    pub dir: tempfile::TempDir,
}

/// A server of every version there is: in the folders of `PLEACH_TEST_PG_BINS`, or where Debian
/// keeps them.
pub fn clusters() -> Vec<Arc<Cluster>> {
    static RUNNING: Mutex<Vec<(PathBuf, Weak<Cluster>)>> = Mutex::new(Vec::new());
    let mut running = RUNNING.lock().unwrap();
    let bins = binaries();
    assert!(!bins.is_empty(), "no PostgreSQL server found; name its bin folder in PLEACH_TEST_PG_BINS");
    let mut out = Vec::new();
    for bin in bins {
        let known = running.iter().find(|(path, _)| *path == bin).and_then(|(_, cluster)| cluster.upgrade());
        let cluster = known.unwrap_or_else(|| Arc::new(Cluster::start(&bin)));
        running.retain(|(path, _)| *path != bin);
        running.push((bin, Arc::downgrade(&cluster)));
        out.push(cluster);
    }
    out
}

fn binaries() -> Vec<PathBuf> {
    if let Some(bins) = std::env::var_os("PLEACH_TEST_PG_BINS") {
        return std::env::split_paths(&bins).collect();
    }
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut bins: Vec<_> = installed.map(|entry| entry.path().join("bin")).collect();
    bins.retain(|bin| bin.join("postgres").exists());
    bins.sort();
    bins
}

impl Cluster {
    fn start(bin: &Path) -> Self {
        let dir = tempfile::Builder::new().prefix("pleach-test-").tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let version = Command::new(bin.join("postgres")).arg("--version").output().unwrap().stdout;
        let version = String::from_utf8(version).unwrap();
        let number = version.rsplit(' ').find_map(|word| word.split('.').next()?.trim().parse().ok());
        let cluster = Self { major: number.unwrap(), bin: bin.to_owned(), dir };
        cluster
            .run("initdb", &["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "-D", "data"]);
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c fsync=off -c max_connections=50 \
             -c wal_level=logical",
            cluster.dir.path().display()
        );
        cluster.run("pg_ctl", &["start", "-w", "-s", "-D", "data", "-l", "log", "-o", &options]);
        cluster
    }

    /// Runs one of the server's programs in its folder, as somebody who is not root.
    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.bin.join(program));
        command.args(arguments).current_dir(self.dir.path()).stdout(Stdio::null());
        if nix::unistd::geteuid().is_root() {
            let user = ["postgres", "nobody"].into_iter().find_map(|name| nix::unistd::User::from_name(name).unwrap());
            let user = user.unwrap();
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        assert!(command.status().unwrap().success(), "{program} of {} failed", self.bin.display());
    }

    /// Connects as superuser.
    pub async fn connect(&self, database: &str) -> Client {
        let mut config = tokio_postgres::Config::new();
        config.host_path(self.dir.path()).user("postgres").dbname(database);
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Makes an empty database, and connects to it.
    pub async fn create(&self, database: &str) -> Client {
        let admin = self.connect("postgres").await;
        admin.batch_execute(&format!("CREATE DATABASE {database}")).await.unwrap();
        self.connect(database).await
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.run("pg_ctl", &["stop", "-s", "-m", "immediate", "-D", "data"]);
    }
}
