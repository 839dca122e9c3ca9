//! Measures Pleach on generated schemas, beside PostgreSQL's own tools on the same server in the
//! same run.
//!
//! It uses the core as a door would, and the crates below it to measure their parts alone. It
//! writes tables for people to read and judges nothing; `docs/benchmarks.md` holds the last run.

mod branching;
mod comparing;
mod coordinating;
mod generate;
mod intents;
mod machine;
mod merging;
mod peer;
mod planning;
mod reading;
mod report;
mod samples;
mod scene;

use clap::{Parser, ValueEnum};
use coordinating::Registering;
use planning::Planners;
use pleach_core::{Class, Error, Result};
use report::Report;
use scene::Scene;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Measures Pleach on generated schemas, beside PostgreSQL's own tools.
///
/// Servers are those in the folders of PLEACH_TEST_PG_BINS, or every version installed.
#[derive(Debug, Parser)]
#[command(name = "pleach-bench")]
struct Arguments {
    /// What is measured.
    #[arg(value_enum, default_value = "all")]
    what: What,
    /// Sizes of the generated schemas, in tables: 100, 1000 and 5000 without it; for coordination 1000,
    /// and 100 for what depends on the size.
    #[arg(long, value_delimiter = ',')]
    tables: Vec<usize>,
    /// Numbers of active intents among which others are registered, in ascending order.
    #[arg(long, value_delimiter = ',', default_value = "100,1000,3000,10000,100000")]
    intents: Vec<usize>,
    /// Fewer runs, and no database full of rows.
    #[arg(long)]
    quick: bool,
    /// A file whose part between the two marks is replaced by the results.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// The program `pleach` whose plans are measured; without it the one beside this program.
    #[arg(long, value_name = "FILE")]
    pleach: Option<PathBuf>,
    /// The program `migra`, to measure plans beside it.
    #[arg(long, value_name = "FILE")]
    migra: Option<PathBuf>,
    /// The program `pgmold`, to measure plans beside it.
    #[arg(long, value_name = "FILE")]
    pgmold: Option<PathBuf>,
    /// A Python in which confiture is installed, to measure registrations beside it.
    #[arg(long, value_name = "FILE")]
    confiture: Option<PathBuf>,
    /// How many seconds a planner may take.
    #[arg(long, default_value = "120")]
    limit: u64,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Reading, branching, merging, comparing.
    All,
    /// Plans of whole schemas, beside other planners.
    Plan,
    /// Registering intents, beside confiture.
    Coordinate,
}

impl What {
    /// The sizes of schemas that it is measured on if nothing else is said.
    const fn tables(self) -> &'static [usize] {
        match self {
            Self::All | Self::Plan => &[100, 1000, 5000],
            Self::Coordinate => &[1000, 100],
        }
    }

    /// Between which marks its results stand.
    const fn mark(self) -> &'static str {
        match self {
            Self::All => "results",
            Self::Plan => "plans",
            Self::Coordinate => "coordination",
        }
    }
}

/// How often things are done.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Runs of what is measured on each schema.
    runs: usize,
    /// Branches taken from the warm pool.
    warm_branches: usize,
    /// Rows of about a kilobyte in the database that is there for its size.
    rows: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    let effort = if arguments.quick {
        Effort { runs: 3, warm_branches: 6, rows: 0 }
    } else {
        Effort { runs: 7, warm_branches: 21, rows: 700_000 }
    };
    let mut report = Report::default();
    let tables: &[usize] = if arguments.tables.is_empty() { arguments.what.tables() } else { &arguments.tables };
    let (planners, registering) = (planners(arguments), registering(arguments, tables));
    for bin in &scene::server_programs() {
        match arguments.what {
            What::All => measure_schemas(&mut report, bin, tables, effort).await?,
            What::Plan => {
                for tables in tables {
                    planning::measure(&mut report, bin, *tables, &planners).await?;
                }
            }
            What::Coordinate => coordinating::measure(&mut report, bin, &registering).await?,
        }
    }
    let runs = match arguments.what {
        What::All => effort.runs,
        What::Plan => planners.runs,
        What::Coordinate => registering.runs,
    };
    let text = report.markdown(&machine::describe(), runs);
    println!("{text}");
    match &arguments.markdown {
        Some(path) => report::write_into(path, arguments.what.mark(), &text),
        None => Ok(()),
    }
}

async fn measure_schemas(report: &mut Report, bin: &Path, tables: &[usize], effort: Effort) -> Result<()> {
    for tables in tables {
        let mut scene = Scene::with_tables(bin, *tables).await?;
        reading::measure(report, &scene, effort).await?;
        branching::measure(report, &mut scene, effort).await?;
        merging::measure(report, &mut scene, effort).await?;
        scene.end().await?;
    }
    if effort.rows > 0 {
        let mut scene = Scene::with_rows(bin, effort.rows).await?;
        branching::measure(report, &mut scene, effort).await?;
        scene.end().await?;
    }
    Ok(())
}

fn planners(arguments: &Arguments) -> Planners {
    let beside = || Some(std::env::current_exe().ok()?.with_file_name("pleach"));
    Planners {
        pleach: arguments.pleach.clone().or_else(beside).unwrap_or_else(|| "pleach".into()),
        migra: arguments.migra.clone(),
        pgmold: arguments.pgmold.clone(),
        limit: std::time::Duration::from_secs(arguments.limit),
        runs: if arguments.quick { 3 } else { 7 },
    }
}

fn registering(arguments: &Arguments, tables: &[usize]) -> Registering {
    Registering {
        tables: tables.to_vec(),
        intents: arguments.intents.clone(),
        confiture: arguments.confiture.clone(),
        runs: if arguments.quick { 9 } else { 41 },
    }
}

/// The error for what is wrong with the measuring itself.
fn failed(what: &str, why: &str) -> Error {
    Error::new(Class::Unavailable, "bench_failed", format!("{what}: {why}"))
}
