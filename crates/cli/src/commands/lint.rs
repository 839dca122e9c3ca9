use crate::app::App;
use crate::cli::Format;
use crate::commands::plan::{bytes, source};
use crate::failure::{Exit, Outcome};
use crate::input;
use crate::output::{annotations, linted, sarif};
use clap::Args;
use pleach_core::{Class, Config, Error, LintInput, LintOptions, Project, RuleOptions, SchemaSource, lint};
use std::path::PathBuf;

/// Find out what migrations do before they do it
///
/// Every statement runs on a database with rows, and is measured there: locks, tables and indexes
/// written anew, full scans, rows lost, time. The rules of squawk are applied too; where a rule and
/// a measurement say the same it is one finding, and where the measurement says otherwise it is only
/// a note. Inside a project the migrations run on a clone of main; elsewhere on what `--on` names,
/// or else on an empty database. Exit code 1 says that something was found.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Files run in the order in which they are given, folders as the tool whose migrations they hold runs
them. Each file is its own migration: what an earlier one made is in use by then.

Rules of squawk are suppressed as squawk does it: -- squawk-ignore RULE in the line before, or
-- squawk-ignore-file RULE; hazards with -- pleach-ignore HAZARD and -- pleach-ignore-file HAZARD.
A .squawk.toml in this folder or above is read; what is said here replaces what it says.

Examples:
  pleach lint migrations/0042_names.sql
  pleach lint migrations --on env:STAGING --target env:PRODUCTION
  pleach lint new.sql --on schema.sql --format sarif > lint.sarif
  pleach lint --branch agent/names")]
pub struct Lint {
    /// Files and folders of migrations, in their order; `-` is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// What the migrations apply to: a URL, SQL files, a branch or commit
    #[arg(long, value_name = "SOURCE")]
    on: Option<String>,

    /// Whose migrations the folders hold, where that is not recognised
    #[arg(long, value_name = "TOOL")]
    tool: Option<String>,

    /// Rules and hazards that do not apply
    #[arg(short, long, value_name = "RULE", value_delimiter = ',')]
    exclude: Option<Vec<String>>,

    /// Rules that apply although they do not by themselves
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    include: Option<Vec<String>>,

    /// Files that run and about which nothing is said: a path or pattern
    #[arg(long, value_name = "PATTERN")]
    exclude_path: Option<Vec<String>>,

    /// The version of PostgreSQL that the rules think of; without it the server's
    #[arg(long, value_name = "VERSION")]
    pg_version: Option<String>,

    /// Run each file in one transaction, as many tools do
    #[arg(long)]
    assume_in_transaction: bool,

    /// Run each file as it is written, whatever .squawk.toml says
    #[arg(long, conflicts_with = "assume_in_transaction")]
    no_assume_in_transaction: bool,

    /// The file to read instead of .squawk.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// What standard input is called in findings
    #[arg(long, value_name = "PATH", default_value = "stdin")]
    stdin_filepath: String,

    /// The database whose tables' sizes decide what is large, and to which times are scaled
    #[arg(long, value_name = "URL")]
    target: Option<String>,

    /// Tables from this size on must not be locked for long
    #[arg(long, value_name = "SIZE", default_value = "8MB", value_parser = bytes)]
    large: u64,

    /// How many rows of each table are copied from a database of --on; 0 is all of them
    #[arg(long, value_name = "ROWS", default_value_t = 100_000)]
    sample: u64,

    /// A server to run them on, instead of a private one
    #[arg(long, value_name = "URL")]
    scratch: Option<String>,
}

impl Lint {
    pub async fn run(self, app: &App) -> Outcome {
        let branch = app.context.branch.clone().filter(|_| self.files.is_empty());
        if self.files.is_empty() && branch.is_none() {
            return Err(Error::new(Class::Input, "bad_arguments", "there is nothing to lint")
                .hint("name files or folders, or a branch with `--branch`")
                .into());
        }
        if branch.is_some() && self.on.is_some() {
            return Err(Error::new(Class::Input, "bad_arguments", "a branch is linted on what it began from")
                .hint("leave out `--branch` or `--on`")
                .into());
        }
        let options = self.options(branch)?;
        let is_elsewhere = |on: &SchemaSource| !matches!(on, SchemaSource::Revision(_));
        let mut project: Option<Project> = None;
        if Config::find(&app.directory).is_ok() && !options.on.as_ref().is_some_and(is_elsewhere) {
            project = Some(app.project().await?);
        }
        let found = lint(&options, project.as_mut(), &app.directory, &app.context).await?;
        match app.ui.format() {
            Some(Format::Sarif) => app.ui.text(&sarif(&found)?)?,
            Some(Format::Github) => app.ui.text(&annotations(&found))?,
            _ => app.ui.answer(&found, |page| linted(page, &found))?,
        }
        Ok(if found.is_clean() { Exit::Done } else { Exit::Findings })
    }

    fn options(self, branch: Option<String>) -> Outcome<LintOptions> {
        let mut inputs = Vec::new();
        for file in self.files {
            inputs.push(if file.as_os_str() == "-" {
                LintInput::Text { name: self.stdin_filepath.clone(), text: input::read_stdin()? }
            } else {
                LintInput::Path(file)
            });
        }
        let assume =
            (self.assume_in_transaction || self.no_assume_in_transaction).then_some(self.assume_in_transaction);
        Ok(LintOptions {
            inputs,
            branch,
            on: self.on.as_deref().map(source).transpose()?,
            tool: self.tool,
            scratch: self.scratch.as_deref().map(input::target).transpose()?,
            target: self.target.as_deref().map(input::target).transpose()?,
            sample: self.sample,
            large: self.large,
            rules: RuleOptions {
                config: self.config,
                exclude: self.exclude,
                include: self.include,
                exclude_paths: self.exclude_path,
                pg_version: self.pg_version,
                assume_in_transaction: assume,
            },
        })
    }
}
