use crate::app::App;
use crate::failure::Outcome;
use clap::Args;
use pleach_core::server::{Binaries, Environment};
use pleach_core::{Class, Error};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// Open psql on a branch's database
///
/// Everything behind `--` goes to psql. The password is handed over in the environment, never as
/// an argument.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach psql
  pleach psql -- -c '\\d users'
  pleach --branch main psql -- --csv -c 'TABLE users'
  pleach psql --state -- -c 'TABLE pggit_agent_intents'")]
pub struct Psql {
    /// On the state database, where coordination is seen from SQL
    #[arg(long)]
    state: bool,

    /// Arguments of psql
    #[arg(last = true, value_name = "ARGS")]
    arguments: Vec<String>,
}

impl Psql {
    pub async fn run(self, app: &App) -> Outcome {
        let mut project = app.project().await?;
        let (name, target) = if self.state {
            ("coordination".to_owned(), project.coordination_target(false).await?)
        } else {
            let branch = project.current_branch();
            let target = project.branch_target(&branch, false).await?;
            (branch, target)
        };
        drop(project);
        let program = find(&app.context.environment).await?;
        let mut command = Command::new(&program);
        command.envs(target.psql_environment());
        if self.arguments.is_empty() {
            // The database's name says little; what psql's own settings say goes before.
            let prompt = format!("{}%R%x%# ", name.replace('%', "%%"));
            command.arg(format!("--variable=PROMPT1={prompt}")).arg(format!("--variable=PROMPT2={prompt}"));
        }
        // Replaces this process; what comes back is why it could not.
        let error = command.args(&self.arguments).exec();
        Err(missing(format!("psql does not run: {error}")).on(program.display().to_string()).into())
    }
}

/// psql on the `PATH`, or beside one of the servers that there are.
async fn find(environment: &Environment) -> Outcome<PathBuf> {
    let on_path = environment.path.iter().flat_map(std::env::split_paths).map(|folder| folder.join("psql"));
    if let Some(found) = on_path.into_iter().find(|program| program.is_file()) {
        return Ok(found);
    }
    let servers = Binaries::all(environment).await;
    let beside = servers.into_iter().map(|server| server.program("psql")).find(|program| program.is_file());
    beside.ok_or_else(|| missing("psql is not on the PATH and not beside a server".to_owned()).into())
}

fn missing(message: String) -> Error {
    Error::new(Class::Unavailable, "psql_missing", message)
        .hint("use `pleach sql`, which needs no psql, or install it (`apt-get install postgresql-client`)")
}
