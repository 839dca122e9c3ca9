use super::place::Place;
use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output::{plural, style};
use clap::Args;

/// Say whether a database is as its migrations left it
///
/// Compares the files with those that ran, and the schema with what the last migration left, object by
/// object. Changes nothing. Ends with exit code 1 when something differs.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach migration verify --target env:PRODUCTION")]
pub struct Verify {
    #[command(flatten)]
    place: Place,
}

impl Verify {
    pub async fn run(self, app: &App) -> Outcome {
        let checked = self.place.folder(app)?.verify(&self.place.target()?, &app.context).await?;
        app.ui.answer(&checked, |page| {
            let migrations = plural(checked.migrations as u64, "migration");
            page.line(format!("Compared {migrations} and {}", plural(checked.objects as u64, "object")));
            for finding in &checked.findings {
                let code = style::paint(style::DANGER, finding.code);
                page.line(format!("{code} {}: {}", finding.object, finding.message));
            }
            if checked.findings.is_empty() {
                page.line("Everything is as it should be");
            }
        })?;
        Ok(if checked.findings.is_empty() { Exit::Done } else { Exit::Damaged })
    }
}
