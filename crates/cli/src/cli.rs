//! What can be typed: the options that every command takes, and the commands.

use crate::commands::Command;
use clap::builder::Styles;
use clap::builder::styling::{AnsiColor, Effects};
use clap::{Args, Parser, ValueEnum};
use std::path::PathBuf;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().effects(Effects::BOLD))
    .usage(AnsiColor::Yellow.on_default().effects(Effects::BOLD))
    .literal(AnsiColor::Green.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

/// Branches, proven merges and safe migrations for PostgreSQL schemas.
///
/// A branch is a real database with schema and data, made in milliseconds. A merge is believed
/// when PostgreSQL has replayed it on a scratch database and ended at exactly the merged schema;
/// only then it is applied, in one transaction. Renames stay renames, and data is never lost to a
/// drop and an add.
#[derive(Debug, Parser)]
#[command(name = "pleach", version, styles = STYLES, arg_required_else_help = true, after_long_help = EXAMPLE)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLE: &str = "\
Example:
  pleach init --schema schema.sql        begin a project: main, with this schema
  pleach branch create agent/nickname    a database of one's own
  pleach checkout agent/nickname
  pleach sql -c 'ALTER TABLE users ADD nickname text'
  pleach commit -m 'Let users have nicknames'
  pleach merge agent/nickname            proved on a scratch database, then applied to main
  pleach migration generate              the files that production needs

Exit codes: 0 done, 1 lint or fsck found something, 2 wrong input, 3 does not fit the state, 4 conflict, 5 refused by PostgreSQL,
6 unavailable, 7 unsafe without consent, 70 a defect. docs/reference.md has all of it.";

/// Options that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Run as if started in this folder
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,

    /// Work on this branch instead of the current one
    #[arg(long, value_name = "NAME", global = true, env = "PLEACH_BRANCH", hide_env_values = true)]
    pub branch: Option<String>,

    /// Who acts; without it git's user.name, or the name of the account
    #[arg(long, value_name = "NAME", global = true, env = "PLEACH_ACTOR", hide_env_values = true)]
    pub actor: Option<String>,

    /// Print for people (human), or one JSON object for programs (json); plans also for psql (sql), and lint for CI (sarif, github)
    #[arg(long, value_name = "FORMAT", global = true, value_enum)]
    #[arg(hide_possible_values = true)]
    pub format: Option<Format>,

    /// Use colour always, never, or on terminals (auto); NO_COLOR is obeyed
    #[arg(long, value_name = "WHEN", global = true, value_enum, default_value_t = Color::Auto)]
    #[arg(hide_possible_values = true)]
    pub color: Color,

    /// Print only what was asked for: no confirmations, warnings or progress
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// Whom output is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people.
    Human,
    /// One JSON object.
    Json,
    /// A script for psql.
    Sql,
    /// What linting found, as SARIF 2.1.0.
    Sarif,
    /// What linting found, as annotations of a GitHub workflow.
    Github,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
