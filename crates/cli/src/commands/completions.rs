use crate::cli::Cli;
use crate::failure::{Exit, Outcome};
use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};
use std::io::{ErrorKind, Write};

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach completions bash > ~/.local/share/bash-completion/completions/pleach
  pleach completions zsh > ~/.zfunc/_pleach
  pleach completions fish > ~/.config/fish/completions/pleach.fish")]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> Outcome {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "pleach", &mut script);
        match std::io::stdout().write_all(&script) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(crate::app::internal(format!("cannot write to standard output: {error}")))
            }
            _ => Ok(Exit::Done),
        }
    }
}
