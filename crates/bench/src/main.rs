//! Measures Pleach on generated schemas, beside PostgreSQL's own tools on the same server in the
//! same run.
//!
//! It uses the core as a door would, and the crates below it to measure their parts alone. It
//! writes tables for people to read and judges nothing; `docs/benchmarks.md` holds the last run.

mod branching;
mod comparing;
mod generate;
mod machine;
mod merging;
mod reading;
mod report;
mod samples;
mod scene;

use clap::Parser;
use pleach_core::Result;
use report::Report;
use scene::Scene;
use std::path::PathBuf;
use std::process::ExitCode;

/// Measures Pleach on generated schemas, beside PostgreSQL's own tools.
///
/// Servers are those in the folders of PLEACH_TEST_PG_BINS, or every version installed.
#[derive(Debug, Parser)]
#[command(name = "pleach-bench")]
struct Arguments {
    /// Sizes of the generated schemas, in tables.
    #[arg(long, value_delimiter = ',', default_value = "100,1000,5000")]
    tables: Vec<usize>,
    /// Fewer runs, and no database full of rows.
    #[arg(long)]
    quick: bool,
    /// A file whose part between the two marks is replaced by the results.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
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
    let bins = scene::server_programs();
    for bin in &bins {
        for tables in &arguments.tables {
            measure_schema(&mut report, bin, *tables, effort).await?;
        }
        if effort.rows > 0 {
            let mut scene = Scene::with_rows(bin, effort.rows).await?;
            branching::measure(&mut report, &mut scene, effort).await?;
            scene.end().await?;
        }
    }
    let text = report.markdown(&machine::describe(), effort.runs);
    println!("{text}");
    match &arguments.markdown {
        Some(path) => report::write_into(path, &text),
        None => Ok(()),
    }
}

async fn measure_schema(report: &mut Report, bin: &std::path::Path, tables: usize, effort: Effort) -> Result<()> {
    let mut scene = Scene::with_tables(bin, tables).await?;
    reading::measure(report, &scene, effort).await?;
    branching::measure(report, &mut scene, effort).await?;
    merging::measure(report, &mut scene, effort).await?;
    scene.end().await
}
