use crate::app::App;
use crate::failure::Outcome;
use crate::input;
use clap::Args;
use pleach_core::connect::Target;
use pleach_core::{Config, MigrationFolder, Run};
use std::path::PathBuf;
use std::time::Duration;

/// Which migrations, and on which database.
#[derive(Debug, Args)]
pub struct Place {
    /// The database: a URL, `env:NAME`, or `-` for standard input
    #[arg(long, value_name = "URL")]
    target: String,

    /// The folder of migrations; `migrations` in the project's folder, or here, without it
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// How migrations are run.
#[derive(Debug, Args)]
pub struct Running {
    /// Only show what would run
    #[arg(long)]
    dry_run: bool,

    /// Go on although the schema is another than the migrations were made for
    #[arg(long)]
    allow_drift: bool,

    /// How long to go on trying to get a lock that others hold
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    lock_wait: u64,
}

impl Place {
    pub fn target(&self) -> Outcome<Target> {
        input::target(&self.target)
    }

    pub fn folder(&self, app: &App) -> Outcome<MigrationFolder> {
        let folder = self.dir.clone().unwrap_or_else(|| match Config::find(&app.directory) {
            Ok(root) => root.join("migrations"),
            Err(_) => PathBuf::from("migrations"),
        });
        Ok(MigrationFolder::read(&folder)?)
    }
}

impl Running {
    pub fn run(&self, target: Target, to: Option<String>, out_of_order: bool) -> Run {
        let lock_wait = Duration::from_secs(self.lock_wait);
        Run { target, lock_wait, dry_run: self.dry_run, allow_drift: self.allow_drift, to, out_of_order }
    }
}
