//! Scratch PostgreSQL servers for tests: one per version, shared by the tests of a binary, gone
//! when the binary ends, however it ends.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, Config, NoTls};

/// A running server.
pub struct Server {
    /// The folder of its programs, which tells versions apart.
    pub bin: PathBuf,
    /// Where its socket is.
    pub folder: PathBuf,
    databases: AtomicU32,
    // Its standard input is a pipe from this process: when that closes, the server is stopped.
    _watcher: Child,
}

/// One server for each folder in `PLEACH_TEST_PG_BINS`, or for each version that is installed.
pub fn servers() -> &'static [Server] {
    static SERVERS: OnceLock<Vec<Server>> = OnceLock::new();
    SERVERS.get_or_init(|| bins().into_iter().map(Server::start).collect())
}

impl Server {
    /// Makes an empty database and names it.
    pub async fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let admin = self.connect("postgres").await;
        admin.batch_execute(&format!("create database {name}")).await.unwrap();
        name
    }

    /// Connects to a database.
    pub async fn connect(&self, database: &str) -> Client {
        self.try_connect(database).await.unwrap()
    }

    async fn try_connect(&self, database: &str) -> Result<Client, tokio_postgres::Error> {
        let mut config = Config::new();
        config.host_path(&self.folder).user("tester").dbname(database);
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    fn start(bin: PathBuf) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("pleach-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        if let Some(postgres) = unprivileged() {
            std::os::unix::fs::chown(&folder, Some(postgres), Some(postgres)).unwrap();
        }
        let data = folder.join("data");
        let initdb = run_as_server(&bin.join("initdb"))
            .args(["--username=tester", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(initdb.status.success(), "initdb: {}", String::from_utf8_lossy(&initdb.stderr));
        let mut postgres = run_as_server(&bin.join("postgres"));
        postgres.args(["-c", "fsync=off", "-c", "listen_addresses=", "-c", "max_connections=100"]);
        postgres.arg("-k").arg(&folder).arg("-D").arg(&data);
        let watcher = spawn_watched(&postgres, &folder);
        let server = Self { bin, folder, databases: AtomicU32::new(0), _watcher: watcher };
        server.wait_until_ready();
        server
    }

    fn wait_until_ready(&self) {
        let socket = self.folder.join(".s.PGSQL.5432");
        let until = Instant::now() + Duration::from_secs(60);
        let status = self.folder.join("data/postmaster.pid");
        let ready = || std::fs::read_to_string(&status).is_ok_and(|text| text.contains("ready"));
        while !(socket.exists() && ready()) {
            let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < until, "the server does not start: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Starts a command under a shell that stops it, and deletes the folder, as soon as this process
/// is gone.
fn spawn_watched(command: &Command, folder: &Path) -> Child {
    let script = r#"folder=$1; shift
"$@" </dev/null >"$folder/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT $server 2>/dev/null
wait $server
rm -rf "$folder""#;
    let mut watcher = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(folder)
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    watcher.stdin.as_mut().unwrap().flush().unwrap();
    watcher
}

/// A command that runs as an unprivileged user where this process is root: PostgreSQL insists.
fn run_as_server(program: &Path) -> Command {
    let Some(user) = unprivileged() else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={user}"), format!("--regid={user}"), "--clear-groups".to_owned()]).arg(program);
    command.current_dir("/");
    command
}

/// The user and group for the server where this process is root.
fn unprivileged() -> Option<u32> {
    static USER: OnceLock<Option<u32>> = OnceLock::new();
    *USER.get_or_init(|| {
        let number = |arguments: &[&str]| {
            let output = Command::new("id").args(arguments).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse().ok()
        };
        (number(&["-u"]) == Some(0)).then(|| number(&["-u", "postgres"]).unwrap_or(65534))
    })
}

fn bins() -> Vec<PathBuf> {
    if let Some(bins) = std::env::var_os("PLEACH_TEST_PG_BINS") {
        return std::env::split_paths(&bins).collect();
    }
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut bins: Vec<PathBuf> =
        installed.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists()).collect();
    bins.sort();
    assert!(!bins.is_empty(), "no PostgreSQL server found: install one, or set PLEACH_TEST_PG_BINS");
    bins
}
