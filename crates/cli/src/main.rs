//! The `pleach` command line: arguments in, one call of the core, output for people or programs.
//!
//! May depend on `core` alone, and holds no rule of the product: whatever the command line can do,
//! another program can do through the core. [`cli`] has the arguments that every command takes,
//! [`commands`] one file per command, [`output`] what commands share in what they print, and
//! [`surroundings`] is the only place that reads the environment.

mod app;
mod ask;
mod background;
mod checkpoint;
mod cli;
mod commands;
mod consent;
mod failure;
mod input;
mod output;
mod surroundings;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::Cli::try_parse() {
        Ok(cli) => app::run(cli),
        Err(error) => output::usage(&error),
    }
}
