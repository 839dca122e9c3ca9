use super::apply::tell;
use super::place::{Place, Running};
use crate::app::App;
use crate::failure::{Exit, Outcome};
use clap::Args;
use pleach_core::Rollback as HowFar;

/// Take migrations back on a database, the last one first
///
/// Runs the files that go back, with the same care as going up. Where that destroys rows or values, it
/// needs consent. A way back that was cut off is gone on with by running the command again.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach migration rollback --target env:STAGING
  pleach migration rollback --target env:STAGING --to 20261124105753 --allow-destructive")]
pub struct Rollback {
    #[command(flatten)]
    place: Place,

    /// The version that stays the last one, 0 for none; without it one migration goes back
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,

    /// Consent to destroying rows or values
    #[arg(long)]
    allow_destructive: bool,

    #[command(flatten)]
    running: Running,
}

impl Rollback {
    pub async fn run(self, app: &App) -> Outcome {
        let folder = self.place.folder(app)?;
        let run = self.running.run(self.place.target()?, None, false);
        let how_far = HowFar { to: self.to, allow_destructive: self.allow_destructive };
        let ran = folder.roll_back(&run, &how_far, &app.context).await?;
        tell(app, &ran, ("take back", "Took back"), "Nothing to do: nothing newer is applied")?;
        Ok(Exit::Done)
    }
}
