//! Planning the way between two databases, beside other planners, each as a process.

use crate::samples::{Samples, ratio, shown};
use crate::scene::{Scene, pg_dump};
use crate::{Report, failed, generate};
use pleach_core::Result;
use pleach_core::connect::{Session, Target, connect};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::Command;

const TIMES: &[&str] = &[
    "server",
    "schema",
    "proved",
    "proved, private server",
    "not proved",
    "migra",
    "pgmold",
    "migra : proved",
    "pgmold : proved",
    "migra : not proved",
    "pgmold : not proved",
];

const WORTH: &[&str] = &["server", "schema", "planner", "columns dropped", "its script ends"];

/// The programs that are compared, and how they are.
#[derive(Debug, Clone)]
pub struct Planners {
    /// Pleach.
    pub pleach: PathBuf,
    /// migra, where it is there.
    pub migra: Option<PathBuf>,
    /// pgmold, where it is there.
    pub pgmold: Option<PathBuf>,
    /// How long each may take.
    pub limit: Duration,
    /// Runs of each.
    pub runs: usize,
}

/// A planner, and how it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Planner {
    Proved,
    Private,
    NotProved,
    Migra,
    Pgmold,
}

const ALL: [Planner; 5] = [Planner::Proved, Planner::Private, Planner::NotProved, Planner::Migra, Planner::Pgmold];

/// How a run of a planner went.
enum Ran {
    /// It printed this.
    Ended(Duration, String),
    TooLong,
    Failed(String),
}

/// Two databases on one server, of which one is the other with one table in twenty changed.
struct Databases {
    before: Target,
    after: Target,
    admin: Session,
    /// The second schema as SQL, for planners that read files.
    file: PathBuf,
    /// Where the clients `psql` and `pg_dump` are.
    clients: PathBuf,
    bin: PathBuf,
    _folder: tempfile::TempDir,
}

/// Measures all planners on a generated schema.
pub async fn measure(report: &mut Report, bin: &Path, tables: usize, planners: &Planners) -> Result<()> {
    let scene = Scene::with_tables(bin, 0).await?;
    let databases = Databases::make(&scene, bin, tables).await?;
    let schema = format!("{tables} tables");
    let mut times: BTreeMap<Planner, Samples> = BTreeMap::new();
    let mut cells: BTreeMap<Planner, String> = BTreeMap::new();
    // The first round warms up the server, says what the scripts are worth, and is not counted.
    for round in 0..=planners.runs {
        for planner in ALL {
            if cells.contains_key(&planner) {
                continue;
            }
            let Some(command) = planner.command(&databases, planners) else {
                cells.insert(planner, "not there".to_owned());
                continue;
            };
            match run(command, planners.limit).await? {
                Ran::Ended(_, printed) if round == 0 => {
                    let script = planner.script(&printed)?;
                    let run = script.lines().filter(|line| !line.trim_start().starts_with("--"));
                    let dropped: usize = run.map(|line| line.to_lowercase().matches("drop column").count()).sum();
                    let ends = databases.judge(&script).await?;
                    let row = vec![scene.server.clone(), schema.clone(), planner.name(), dropped.to_string(), ends];
                    report.add("What the plans are worth", WORTH, row);
                }
                Ran::Ended(took, _) => times.entry(planner).or_default().push(took),
                Ran::TooLong => {
                    cells.insert(planner, format!("over {} s", planners.limit.as_secs()));
                }
                Ran::Failed(why) => {
                    cells.insert(planner, format!("fails: {why}"));
                }
            }
        }
    }
    let median = |planner: Planner| times.get(&planner).filter(|samples| samples.len() > 0).map(Samples::median);
    let cell = |planner| median(planner).map_or_else(|| cells.get(&planner).cloned().unwrap_or_default(), shown);
    let beside = |peer, mine| match (median(peer), median(mine)) {
        (Some(peer), Some(mine)) => ratio(peer, mine),
        _ => "–".to_owned(),
    };
    let mut row = vec![scene.server.clone(), schema];
    row.extend(ALL.map(cell));
    for mine in [Planner::Proved, Planner::NotProved] {
        row.extend([Planner::Migra, Planner::Pgmold].map(|peer| beside(peer, mine)));
    }
    report.add("Planning, 5 % changed", TIMES, row);
    databases.admin.close().await;
    scene.end().await
}

impl Planner {
    fn name(self) -> String {
        match self {
            Self::Proved => "Pleach",
            Self::Private => "Pleach, private server",
            Self::NotProved => "Pleach, not proved",
            Self::Migra => "migra",
            Self::Pgmold => "pgmold",
        }
        .to_owned()
    }

    /// The command that plans; `None` if the program is not there.
    fn command(self, databases: &Databases, planners: &Planners) -> Option<Command> {
        let program = match self {
            Self::Migra => planners.migra.as_ref()?,
            Self::Pgmold => planners.pgmold.as_ref()?,
            _ => &planners.pleach,
        };
        let mut command = Command::new(program);
        let (before, after) = (databases.before.url(), databases.after.url());
        match self {
            Self::Migra => {
                command.args(["--unsafe", &before, &after]);
            }
            Self::Pgmold => {
                command.args(["plan", "--json", "--target-schemas", "shop", "--database", &before]);
                command.arg("--schema").arg(format!("sql:{}", databases.file.display()));
            }
            _ => {
                command.args(["plan", "--from", "env:BENCH_BEFORE", "--to", "env:BENCH_AFTER"]);
                command.env("BENCH_BEFORE", &before).env("BENCH_AFTER", after);
                match self {
                    Self::Proved => command.args(["--scratch", "env:BENCH_BEFORE"]),
                    Self::NotProved => command.arg("--no-prove"),
                    _ => command.env("PLEACH_PG_BIN", &databases.bin),
                };
            }
        }
        Some(command)
    }

    /// The script in what a planner printed.
    fn script(self, printed: &str) -> Result<String> {
        if self != Self::Pgmold {
            return Ok(printed.to_owned());
        }
        let plan: serde_json::Value =
            serde_json::from_str(printed).map_err(|error| failed("pgmold", &error.to_string()))?;
        let statements = plan["statements"].as_array().map(Vec::as_slice).unwrap_or_default();
        let statements = statements.iter().filter_map(serde_json::Value::as_str);
        Ok(statements.map(|statement| format!("{};\n", statement.trim_end_matches(';'))).collect())
    }
}

impl Databases {
    async fn make(scene: &Scene, bin: &Path, tables: usize) -> Result<Self> {
        let cluster = scene.project.cluster().ok_or_else(|| failed("the project", "it has no server of its own"))?;
        let admin = connect(&cluster.tcp_target("postgres"), "pleach-bench").await?;
        let (before, after) = (cluster.tcp_target("bench_before"), cluster.tcp_target("bench_after"));
        admin.batch_execute("CREATE DATABASE bench_before").await?;
        fill(&before, &generate::schema(tables)).await?;
        admin.batch_execute("CREATE DATABASE bench_after TEMPLATE bench_before").await?;
        fill(&after, &generate::change_many(tables, 0)).await?;
        let dump = pg_dump(&scene.server).await.ok_or_else(|| failed("pg_dump", "there is none for this server"))?;
        let clients = dump.parent().unwrap_or(Path::new(".")).to_owned();
        let cannot = |error: std::io::Error| failed("a file", &error.to_string());
        let folder = tempfile::tempdir().map_err(cannot)?;
        let databases = Self {
            before,
            after,
            admin,
            file: folder.path().join("after.sql"),
            clients,
            bin: bin.to_owned(),
            _folder: folder,
        };
        let schema = databases.dump(&databases.after).await?;
        std::fs::write(&databases.file, for_pgmold(&schema)).map_err(cannot)?;
        Ok(databases)
    }

    /// Runs a script on a copy of the first database, and compares what pg_dump says of it with what
    /// it says of the second one, whatever the order of columns.
    async fn judge(&self, script: &str) -> Result<String> {
        let copy = self.before.with_database("bench_judged");
        self.admin.batch_execute("CREATE DATABASE bench_judged TEMPLATE bench_before").await?;
        let path = self.file.with_file_name("plan.sql");
        std::fs::write(&path, script).map_err(|error| failed("a file", &error.to_string()))?;
        let mut psql = Command::new(self.clients.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file"]).arg(&path);
        psql.envs(copy.psql_environment());
        let said = match run(psql, Duration::from_secs(600)).await? {
            Ran::Ended(..) => {
                let (got, wanted) = (lines(&self.dump(&copy).await?), lines(&self.dump(&self.after).await?));
                match got.symmetric_difference(&wanted).count() {
                    0 => "at the second schema".to_owned(),
                    lines => format!("elsewhere: {lines} lines of pg_dump differ"),
                }
            }
            Ran::Failed(why) => {
                let said = why.split_once("ERROR:").map_or(why.as_str(), |(_, said)| said.trim());
                format!("in an error: {said}")
            }
            Ran::TooLong => "not within ten minutes".to_owned(),
        };
        self.admin.batch_execute("DROP DATABASE bench_judged WITH (FORCE)").await?;
        Ok(said)
    }

    async fn dump(&self, target: &Target) -> Result<String> {
        let mut command = Command::new(self.clients.join("pg_dump"));
        command.args(["--schema-only", "--no-owner"]).envs(target.psql_environment());
        match run(command, Duration::from_secs(600)).await? {
            Ran::Ended(_, text) => Ok(text),
            Ran::Failed(why) => Err(failed("pg_dump", &why)),
            Ran::TooLong => Err(failed("pg_dump", "it does not end")),
        }
    }
}

/// A dump in words that pgmold reads: it knows no identity that is added to a column, and not every
/// name of a type. pg_dump's commands for psql alone are no SQL.
fn for_pgmold(dump: &str) -> String {
    let mut sql = String::with_capacity(dump.len());
    let mut inside = false;
    for line in dump.lines().filter(|line| !line.starts_with('\\')) {
        inside |= line.contains(" ADD GENERATED ALWAYS AS IDENTITY (");
        if !inside {
            sql.push_str(line);
            sql.push('\n');
        }
        inside &= line != ");";
    }
    sql.replace("    id bigint NOT NULL", "    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL")
        .replace("character varying(", "varchar(")
        .replace("timestamp with time zone", "timestamptz")
}

/// The lines of a dump as a set: columns may stand in another order.
fn lines(dump: &str) -> std::collections::BTreeSet<String> {
    let lines = dump.lines().filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
    lines.map(|line| line.trim_end_matches(',').to_owned()).collect()
}

async fn fill(target: &Target, sql: &str) -> Result<()> {
    let session = connect(target, "pleach-bench").await?;
    session.batch_execute(sql).await?;
    session.batch_execute("ANALYZE").await?;
    session.close().await;
    Ok(())
}

/// Runs a program to its end, or to the end of our patience.
async fn run(mut command: Command, limit: Duration) -> Result<Ran> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    let started = Instant::now();
    let Ok(output) = tokio::time::timeout(limit, command.output()).await else { return Ok(Ran::TooLong) };
    let took = started.elapsed();
    let output = output.map_err(|error| failed(&name, &error.to_string()))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    // Some say with their exit code that there is a difference.
    let ended = output.status.success() || output.status.code() == Some(2) && !printed.trim().is_empty();
    Ok(if ended {
        Ran::Ended(took, printed)
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        let tells = |line: &&str| !line.starts_with(' ') && (line.contains("ERROR") || line.contains("rror:"));
        let why = said.lines().rev().find(tells);
        Ran::Failed(why.or(said.lines().last()).unwrap_or("it does not say why").trim().replace('|', "/"))
    })
}
