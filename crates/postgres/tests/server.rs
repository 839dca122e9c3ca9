//! Private servers, connections, databases and copies, on every server this machine has.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pleach_postgres::connect::{Session, Target, connect};
use pleach_postgres::copy::{Copied, Table, copy_data, copy_sequences};
use pleach_postgres::database::{self, CloneOptions, CloneWay};
use pleach_postgres::server::{Binaries, Cluster, Environment, install_from_file};
use pleach_postgres::{Class, Error};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A project folder whose server is ended with the test, however the test ends.
struct Project {
    folder: TempDir,
    environment: Environment,
}

impl Project {
    fn new(binaries: &Binaries) -> Self {
        let folder = tempfile::Builder::new().prefix("pleach-test-").tempdir().unwrap();
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let environment = Environment {
            pg_bin: Some(binaries.directory.clone()),
            pg_options: Some("-c fsync=off".into()),
            ..Environment::default()
        };
        Self { folder, environment }
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join(".pleach")
    }

    async fn up(&self) -> Cluster {
        Cluster::up(&self.home(), &self.environment, None).await.unwrap()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        end_server(&self.home());
    }
}

fn end_server(home: &Path) {
    let Ok(Some(cluster)) = Cluster::open(home) else { return };
    if let Some(pid) = postmaster(&cluster) {
        kill(pid, "QUIT");
    }
    let base = cluster.data_directory().parent().unwrap().to_owned();
    if !base.starts_with(home) {
        fs::remove_dir_all(base).ok();
    }
}

fn postmaster(cluster: &Cluster) -> Option<i32> {
    let text = fs::read_to_string(cluster.data_directory().join("postmaster.pid")).ok()?;
    text.lines().next()?.parse().ok()
}

fn kill(pid: i32, signal: &str) {
    std::process::Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).status().unwrap();
}

/// The servers to test on: those of `PLEACH_TEST_PG_BINS`, or all that are found.
async fn servers() -> Vec<Binaries> {
    let mut servers = Vec::new();
    if let Some(folders) = std::env::var_os("PLEACH_TEST_PG_BINS") {
        for folder in std::env::split_paths(&folders) {
            servers.push(Binaries::at(&folder).await.unwrap());
        }
        return servers;
    }
    let environment = Environment {
        path: std::env::var_os("PATH"),
        home: std::env::var_os("HOME").map(PathBuf::from),
        data_home: std::env::var_os("XDG_DATA_HOME").map(PathBuf::from),
        ..Environment::default()
    };
    for found in Binaries::all(&environment).await {
        if servers.iter().all(|server: &Binaries| server.major != found.major) {
            servers.push(found);
        }
    }
    assert!(!servers.is_empty(), "no PostgreSQL server on this machine");
    servers
}

async fn session(cluster: &Cluster, database: &str) -> Session {
    connect(&cluster.target(database), "test").await.unwrap()
}

async fn text(session: &Session, sql: &str) -> String {
    session.query_one(sql, &[]).await.unwrap().get(0)
}

fn code<T>(result: Result<T, Error>) -> (&'static str, Error) {
    match result {
        Ok(_) => panic!("it went well"),
        Err(error) => (error.code, error),
    }
}

#[tokio::test]
async fn a_server_is_made_stopped_started_and_removed() {
    for binaries in servers().await {
        let project = Project::new(&binaries);
        assert!(Cluster::open(&project.home()).unwrap().is_none());
        let mut cluster = project.up().await;
        assert_eq!(cluster.major(), binaries.major);

        let password = project.home().join("password");
        assert_eq!(fs::metadata(&password).unwrap().mode() & 0o777, 0o600);
        let data = fs::metadata(cluster.data_directory()).unwrap();
        assert_eq!((data.mode() & 0o777, data.uid() == 0), (0o700, false));
        assert!(!format!("{cluster:?}").contains(fs::read_to_string(&password).unwrap().trim()));

        let over_socket = session(&cluster, "postgres").await;
        over_socket.batch_execute("CREATE TABLE kept AS SELECT 7 AS x").await.unwrap();
        assert_eq!(over_socket.major(), binaries.major);
        let over_tcp = connect(&Target::parse(&cluster.tcp_target("postgres").url()).unwrap(), "test").await.unwrap();
        assert_eq!(text(&over_tcp, "SELECT current_setting('autovacuum_naptime')").await, "5min");
        assert_eq!(text(&over_tcp, "SELECT datcollate FROM pg_database WHERE datname = 'template0'").await, "C.UTF-8");
        let over_url = connect(&Target::parse(&cluster.target("postgres").url()).unwrap(), "test").await.unwrap();
        assert_eq!(text(&over_url, "SHOW fsync").await, "off");

        let status = cluster.status().await.unwrap();
        assert!(status.running && status.pid.is_some() && status.data_bytes > 1 << 20, "{status:?}");
        assert_eq!(status.version, binaries.version);
        assert!(!cluster.start(&project.environment).await.unwrap(), "it runs already");

        assert!(cluster.stop().await.unwrap());
        assert!(!cluster.stop().await.unwrap());
        assert!(!cluster.status().await.unwrap().running);
        let (unreachable, error) = code(connect(&cluster.target("postgres"), "test").await);
        assert_eq!((unreachable, error.class), ("server_unreachable", Class::Unavailable));

        let again = project.up().await;
        assert_eq!(again.status().await.unwrap().port, status.port);
        assert_eq!(text(&session(&again, "postgres").await, "SELECT x::text FROM kept").await, "7");

        let data = again.data_directory();
        again.destroy().await.unwrap();
        assert!(!data.exists() && !password.exists());
        assert!(Cluster::open(&project.home()).unwrap().is_none());
    }
}

#[tokio::test]
async fn a_killed_server_starts_again_though_a_backend_is_busy() {
    for binaries in servers().await {
        let project = Project::new(&binaries);
        let mut cluster = project.up().await;
        let busy = session(&cluster, "postgres").await;
        busy.batch_execute("CREATE TABLE kept AS SELECT 7 AS x").await.unwrap();
        let pid = postmaster(&cluster).unwrap();
        // A backend that does not pause does not notice that its postmaster is gone.
        let loops = tokio::spawn(async move {
            busy.batch_execute("DO $$ DECLARE i bigint := 0; BEGIN LOOP i := i + 1; END LOOP; END $$").await
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        kill(pid, "KILL");
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(cluster.start(&project.environment).await.unwrap());
        assert_ne!(postmaster(&cluster).unwrap(), pid);
        assert_eq!(text(&session(&cluster, "postgres").await, "SELECT x::text FROM kept").await, "7");
        assert!(loops.await.unwrap().is_err());
    }
}

#[tokio::test]
async fn many_start_it_at_once_and_there_is_one() {
    for binaries in servers().await {
        let project = Project::new(&binaries);
        for round in 0..2 {
            let ups = (0..6).map(|_| {
                let (home, environment) = (project.home(), project.environment.clone());
                tokio::spawn(async move {
                    let mut cluster = Cluster::up(&home, &environment, None).await.unwrap();
                    cluster.session(&environment, "postgres", "test").await.unwrap();
                    cluster
                })
            });
            let mut pids = Vec::new();
            for up in ups.collect::<Vec<_>>() {
                let mut cluster = up.await.unwrap();
                cluster.session(&project.environment, "postgres", "test").await.unwrap();
                pids.push(postmaster(&cluster).unwrap());
            }
            pids.dedup();
            assert_eq!(pids.len(), 1, "round {round}");
            kill(pids[0], "KILL");
            // The next round meets a server that is dying, and then one that is dead.
        }
    }
}

#[tokio::test]
async fn a_half_made_server_is_made_again() {
    let binaries = servers().await.remove(0);
    let project = Project::new(&binaries);
    // Cut off in initdb.
    fs::create_dir_all(project.home().join("new-1234/data")).unwrap();
    fs::write(project.home().join("new-1234/data/PG_VERSION"), "15").unwrap();
    let cluster = project.up().await;
    session(&cluster, "postgres").await.batch_execute("CREATE DATABASE kept").await.unwrap();
    assert!(!project.home().join("new-1234").exists());
    // Cut off before the record was written.
    fs::remove_file(project.home().join("server.json")).unwrap();
    kill(postmaster(&cluster).unwrap(), "KILL");
    let cluster = project.up().await;
    assert!(database::exists(&session(&cluster, "postgres").await, "kept").await.unwrap());
}

#[tokio::test]
async fn a_stale_pid_file_that_names_another_process_does_not_matter() {
    let binaries = servers().await.remove(0);
    let project = Project::new(&binaries);
    let mut cluster = project.up().await;
    cluster.stop().await.unwrap();
    let file = cluster.data_directory().join("postmaster.pid");
    fs::write(&file, format!("{}\n{}\n", std::process::id(), cluster.data_directory().display())).unwrap();
    let data = fs::metadata(cluster.data_directory()).unwrap();
    std::os::unix::fs::chown(&file, Some(data.uid()), Some(data.gid())).unwrap();
    assert!(cluster.start(&project.environment).await.unwrap());
    session(&cluster, "postgres").await;
}

#[tokio::test]
async fn a_taken_port_is_changed() {
    let binaries = servers().await.remove(0);
    let project = Project::new(&binaries);
    let mut cluster = project.up().await;
    cluster.stop().await.unwrap();
    let port = cluster.status().await.unwrap().port;
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    cluster.start(&project.environment).await.unwrap();
    assert_ne!(cluster.status().await.unwrap().port, port);
    session(&project.up().await, "postgres").await;
}

#[tokio::test]
async fn long_and_odd_paths_and_private_parents_are_no_trouble() {
    let binaries = servers().await.remove(0);
    let project = Project::new(&binaries);
    for (name, mode) in [("it's \"$HOME\" `x` \\ é, 1", 0o755), (&*"long/".repeat(20), 0o755), ("private", 0o700)] {
        let home = project.folder.path().join(name).join(".pleach");
        fs::create_dir_all(&home).unwrap();
        fs::set_permissions(home.parent().unwrap(), PermissionsExt::from_mode(mode)).unwrap();
        let cluster = Cluster::up(&home, &project.environment, None).await.unwrap();
        session(&cluster, "postgres").await;
        let socket = cluster.socket_directory();
        let found = fs::metadata(&socket).unwrap();
        assert_eq!(found.mode() & 0o777, 0o700, "{name}");
        cluster.destroy().await.unwrap();
        assert!(!socket.exists(), "{name}");
    }
}

#[tokio::test]
async fn failures_to_connect_say_what_to_do() {
    for binaries in servers().await {
        let project = Project::new(&binaries);
        let cluster = project.up().await;
        let good = cluster.target("postgres");
        session(&cluster, "postgres")
            .await
            .batch_execute("CREATE DATABASE closed ALLOW_CONNECTIONS false")
            .await
            .unwrap();
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = format!("postgres://a@127.0.0.1:{}/d?connect_timeout=1", silent.local_addr().unwrap().port());
        for (target, expected) in [
            (good.with_role("pleach", "wrong-secret"), "authentication_failed"),
            (good.with_role("nobody", "wrong-secret"), "authentication_failed"),
            (good.with_database("none"), "database_missing"),
            (good.with_database("closed"), "database_closed"),
            (Target::tcp("127.0.0.1", 1, "a", "wrong-secret", "d"), "server_unreachable"),
            (Target::parse(&silent).unwrap(), "server_unreachable"),
            (
                Target::parse(&format!("{}?sslmode=require", cluster.tcp_target("postgres").url())).unwrap(),
                "tls_failed",
            ),
        ] {
            let began = Instant::now();
            let (code, error) = code(connect(&target, "test").await);
            assert_eq!(code, expected, "{error}");
            assert!(error.hint.is_some() && error.object.is_some(), "{error:?}");
            assert!(!format!("{error:?}").contains("wrong-secret"), "{error:?}");
            assert!(began.elapsed() < Duration::from_secs(5));
        }
    }
}

#[tokio::test]
async fn notices_are_kept() {
    let binaries = servers().await.remove(0);
    let project = Project::new(&binaries);
    let session = session(&project.up().await, "postgres").await;
    session.batch_execute("DO $$ BEGIN RAISE WARNING 'look %', 1; END $$").await.unwrap();
    let notices = session.take_notices();
    assert_eq!((notices[0].severity.as_str(), notices[0].said.message.as_str()), ("WARNING", "look 1"));
    assert!(session.take_notices().is_empty());
}

#[tokio::test]
async fn databases_are_made_cloned_renamed_and_dropped() {
    for binaries in servers().await {
        let project = Project::new(&binaries);
        let cluster = project.up().await;
        let admin = session(&cluster, "postgres").await;
        database::create_empty(&admin, "agent/a \"b\"", None).await.unwrap();
        assert_eq!(code(database::create_empty(&admin, "agent/a \"b\"", None).await).0, "database_exists");
        admin.batch_execute("CREATE ROLE ann").await.unwrap();

        let inside = session(&cluster, "agent/a \"b\"").await;
        inside.batch_execute("CREATE TABLE t (x int); INSERT INTO t VALUES (7)").await.unwrap();
        let oid = text(&inside, "SELECT 't'::regclass::oid::text").await;
        assert_eq!(database::connections(&admin, "agent/a \"b\"").await.unwrap().len(), 1);
        let (in_use, error) = code(database::clone(&admin, "agent/a \"b\"", "agent/c", &CloneOptions::default()).await);
        assert_eq!(in_use, "template_in_use");
        assert!(error.hint.unwrap().contains("(test)"));
        assert_eq!(code(database::rename(&admin, "agent/a \"b\"", "x").await).0, "database_in_use");
        assert_eq!(code(database::drop(&admin, "agent/a \"b\"", false).await).0, "database_in_use");
        inside.close().await;

        database::rename(&admin, "agent/a \"b\"", "agent/b").await.unwrap();
        let options = CloneOptions { owner: Some("ann".into()), closed: true, ..CloneOptions::default() };
        let way = database::clone(&admin, "agent/b", "agent/c", &options).await.unwrap();
        let expected = match binaries.major {
            14 => CloneWay::FileCopy,
            18 if cluster.copy_on_write() => CloneWay::CopyOnWrite,
            _ => CloneWay::WalLog,
        };
        assert_eq!(way, expected);
        for (name, owner, open) in [("agent/b", "pleach", true), ("agent/c", "ann", false)] {
            let found = database::find(&admin, name).await.unwrap().unwrap();
            assert_eq!((found.name.as_str(), found.owner.as_str(), found.open, found.valid), (name, owner, open, true));
        }
        assert_eq!(database::find(&admin, "agent/a").await.unwrap(), None);

        database::set_allow_connections(&admin, "agent/c", true).await.unwrap();
        let copy = session(&cluster, "agent/c").await;
        assert_eq!(text(&copy, "SELECT 't'::regclass::oid::text || ' ' || x FROM t").await, format!("{oid} 7"));
        assert!(database::size(&admin, "agent/c").await.unwrap() > 1 << 20);
        if binaries.major >= 15 {
            let options = CloneOptions { way: Some(CloneWay::FileCopy), ..CloneOptions::default() };
            database::clone(&admin, "agent/b", "agent/d", &options).await.unwrap();
        }
        assert!(database::drop(&admin, "agent/c", true).await.unwrap());
        assert!(!database::drop(&admin, "agent/c", true).await.unwrap());
        assert!(!database::exists(&admin, "agent/c").await.unwrap());
        let missing = database::clone(&admin, "agent/c", "agent/e", &CloneOptions::default()).await;
        assert_eq!(code(missing).0, "database_missing");
    }
}

#[tokio::test]
async fn data_is_copied_between_servers_of_different_versions() {
    let servers = servers().await;
    let (oldest, newest) =
        (servers.iter().min_by_key(|s| s.major).unwrap(), servers.iter().max_by_key(|s| s.major).unwrap());
    let (from, to) = (Project::new(oldest), Project::new(newest));
    let schema = "CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE TABLE \"Order\" (id int GENERATED ALWAYS AS IDENTITY, note text, moods mood[], at timestamptz,
            f float8, span interval, raw bytea, double int GENERATED ALWAYS AS (id * 2) STORED);
        CREATE TABLE nothing ();
        CREATE SEQUENCE fresh; CREATE SEQUENCE used;";
    let source = session(&from.up().await, "postgres").await;
    source.batch_execute(schema).await.unwrap();
    source
        .batch_execute(
            "INSERT INTO \"Order\" (note, moods, at, f, span, raw)
             SELECT CASE WHEN i % 3 = 0 THEN NULL ELSE E'a\\tb\\n\\\\' || i END, ARRAY['ok', 'sad']::mood[],
                    '2024-01-01 12:00:00.123456+00'::timestamptz + i * interval '1 s', i / 3.0::float8,
                    i * interval '1 month 3 s', decode('00ff5c', 'hex')
             FROM generate_series(1, 20000) i;
             INSERT INTO nothing SELECT FROM generate_series(1, 3);
             SELECT nextval('used'), nextval('used'); ALTER DATABASE postgres SET datestyle = 'SQL, DMY'",
        )
        .await
        .unwrap();
    // Types get other numbers here, which a binary copy would stumble on.
    let destination = session(&to.up().await, "postgres").await;
    destination.batch_execute("CREATE TYPE other AS ENUM ('x')").await.unwrap();
    destination.batch_execute(schema).await.unwrap();

    let columns = ["id", "note", "moods", "at", "f", "span", "raw"].map(str::to_owned).to_vec();
    let tables = [
        Table { name: "public.\"Order\"".into(), columns },
        Table { name: "public.nothing".into(), columns: Vec::new() },
    ];
    let mut seen = Vec::new();
    let total = copy_data(&source, &destination, &tables, |table, copied| seen.push((table.name.clone(), copied.rows)));
    let Copied { rows, bytes } = total.await.unwrap();
    assert_eq!((rows, bytes > 1 << 20), (20_003, true));
    assert_eq!(seen[1], ("public.nothing".into(), 3));
    copy_sequences(&source, &destination, &["public.used".into(), "public.fresh".into()]).await.unwrap();

    let digest = "SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM \"Order\" t";
    source.batch_execute("SET datestyle = 'ISO'").await.unwrap();
    assert_eq!(text(&source, digest).await, text(&destination, digest).await);
    assert_eq!(text(&destination, "SELECT nextval('used') || ' ' || nextval('fresh')").await, "3 1");

    // What the destination refuses is told with the table.
    destination.batch_execute("ALTER TABLE \"Order\" ADD CHECK (id < 10) NOT VALID").await.unwrap();
    let (code, error) = code(copy_data(&source, &destination, &tables, |_, _| {}).await);
    assert_eq!(
        (code, error.sqlstate(), error.object.as_deref()),
        ("postgres_refused", Some("23514"), Some("public.\"Order\""))
    );
    assert_eq!(text(&destination, "SELECT count(*)::text FROM \"Order\"").await, "20000");
}

#[tokio::test]
async fn an_archive_is_installed_only_if_it_is_what_the_registry_says() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let managed = folder.path().join("managed");
    let script = "#!/bin/sh\necho 'postgres (PostgreSQL) 17.2'\n";
    let links = r#"[{"source":"native/lib/libx.so.1","target":"native/lib/deep/libx.so"}]"#;
    let good = archive(
        folder.path(),
        &[
            ("package/native/bin/postgres", script, 0o644),
            ("package/native/bin/initdb", script, 0o755),
            ("package/native/bin/pg_ctl", script, 0o755),
            ("package/native/lib/libx.so.1", "x", 0o644),
            ("package/native/pg-symlinks.json", links, 0o644),
            ("package/README.md", "not needed", 0o644),
        ],
    );
    let (mismatch, _) = code(install_from_file(&good.0, "sha512-AAAA", "17.2.0", &managed).await);
    assert_eq!(mismatch, "integrity_mismatch");
    assert_eq!(code(install_from_file(&good.0, "sha1-AAAA", "17.2.0", &managed).await).0, "archive_unusable");
    assert_eq!(fs::read_dir(&managed).unwrap().count(), 0, "nothing half-made stays");

    let installed = install_from_file(&good.0, &good.1, "17.2.0", &managed).await.unwrap();
    assert_eq!((installed.major, installed.version.as_str()), (17, "17.2"));
    assert_eq!(fs::read_to_string(managed.join("17.2.0/lib/deep/libx.so")).unwrap(), "x");
    assert_eq!(fs::read_dir(&managed).unwrap().count(), 1);
    install_from_file(&good.0, &good.1, "17.2.0", &managed).await.unwrap();

    for name in ["package/native/../../escaped", "/tmp/pleach-escaped"] {
        let bad = archive(folder.path(), &[(name, "x", 0o644)]);
        assert_eq!(code(install_from_file(&bad.0, &bad.1, "1", &managed).await).0, "archive_unsafe", "{name}");
    }
    assert!(!folder.path().join("escaped").exists() && !Path::new("/tmp/pleach-escaped").exists());
    let links = r#"[{"source":"native/../../etc","target":"native/lib"}]"#;
    let bad = archive(folder.path(), &[("package/native/pg-symlinks.json", links, 0o644)]);
    assert_eq!(code(install_from_file(&bad.0, &bad.1, "1", &managed).await).0, "archive_unsafe");
}

/// A small archive and its integrity text.
fn archive(folder: &Path, files: &[(&str, &str, u32)]) -> (PathBuf, String) {
    use base64::Engine;
    use sha2::Digest;
    let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (name, content, mode) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(*mode);
        // Past the library, which refuses to write a path that climbs.
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, content.as_bytes()).unwrap();
    }
    let bytes = builder.into_inner().unwrap().finish().unwrap();
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha512::digest(&bytes));
    let path = folder.join(format!("{}.tgz", files.len()));
    fs::write(&path, bytes).unwrap();
    (path, format!("sha512-{hash}"))
}
