//! One run of the program: what the surroundings say, where output goes, and the command.

use crate::cli::{Cli, Format, Global};
use crate::commands::Command;
use crate::failure::{Failure, Outcome, code};
use crate::output::{Spinner, Ui};
use crate::{background, checkpoint, surroundings};
use pleach_core::{Class, Context, Error, Project};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// What every command works with.
pub struct App {
    /// Where output goes.
    pub ui: Ui,
    /// What the core is told of the surroundings.
    pub context: Context,
    /// Where the command was started.
    pub directory: PathBuf,
}

/// Runs a command to its exit code.
pub fn run(cli: Cli) -> ExitCode {
    surroundings::log_to_stderr();
    let spinner = Arc::new(Spinner::new(&cli.global));
    let ui = Ui::new(&cli.global, Arc::clone(&spinner));
    let outcome = App::new(&cli.global, ui.clone(), spinner).and_then(|app| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| internal(format!("cannot start the runtime: {error}")))?;
        check_format(app.ui.format(), &cli.command)?;
        let tends = matches!(cli.command, Command::Scratch(_));
        let outcome = runtime.block_on(cli.command.run(&app));
        if !tends {
            background::tend_scratch(&app);
        }
        outcome
    });
    match outcome {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(failure) => {
            ui.fail(&failure);
            ExitCode::from(code(failure.error.class))
        }
    }
}

impl App {
    fn new(global: &Global, ui: Ui, spinner: Arc<Spinner>) -> Outcome<Self> {
        if let Some(directory) = &global.directory {
            std::env::set_current_dir(directory).map_err(|error| {
                Error::new(Class::Input, "bad_folder", format!("cannot work there: {error}"))
                    .on(directory.display().to_string())
                    .hint("name a folder that exists with `-C`")
            })?;
        }
        let directory = std::env::current_dir().map_err(|error| {
            Error::new(Class::Unavailable, "bad_folder", format!("the current folder cannot be found: {error}"))
                .hint("change to a folder that exists")
        })?;
        let context = Context {
            environment: surroundings::environment(),
            actor: surroundings::actor(global.actor.as_deref()),
            branch: global.branch.clone().filter(|branch| !branch.is_empty()),
            progress: Arc::new(move |what| spinner.say(what)),
            checkpoint: checkpoint::from_environment()?,
        };
        Ok(Self { ui, context, directory })
    }

    /// Opens the project at or above the current folder.
    pub async fn project(&self) -> Outcome<Project> {
        Ok(Project::open(&self.directory, self.context.clone()).await?)
    }
}

/// Refuses a form of output that the command has not.
fn check_format(format: Option<Format>, command: &Command) -> Outcome<()> {
    let (message, hint) = match (format, command) {
        (Some(Format::Sql), command) if !matches!(command, Command::Plan(_)) => {
            ("only plans are printed as SQL", "leave `--format sql` out; `pleach diff --sql` shows a difference as SQL")
        }
        (Some(Format::Sarif | Format::Github), command) if !matches!(command, Command::Lint(_)) => (
            "only what linting finds is printed as SARIF or for GitHub",
            "leave `--format` out, or take `--format json`",
        ),
        _ => return Ok(()),
    };
    Err(Error::new(Class::Input, "usage", message).hint(hint).into())
}

/// The failure for what should not happen.
pub fn internal(message: String) -> Failure {
    Error::new(Class::Internal, "internal", message).into()
}
