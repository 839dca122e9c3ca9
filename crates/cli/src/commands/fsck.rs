use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output::{plural, style};
use clap::Args;

/// Read everything again and say what is damaged
///
/// Every stored object and commit is hashed again, every reference followed, every database looked
/// for. Ends with exit code 1 when something is damaged.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach fsck")]
pub struct Fsck {}

impl Fsck {
    pub async fn run(self, app: &App) -> Outcome {
        let check = app.project().await?.fsck().await?;
        app.ui.answer(&check, |page| {
            let read =
                [plural(check.objects, "object"), plural(check.commits, "commit"), plural(check.databases, "database")];
            page.line(format!("Read {}", read.join(", ")));
            for damage in &check.damages {
                page.line(format!("{} {}: {}", style::paint(style::DANGER, "damaged"), damage.object, damage.what));
                page.indented(2, &damage.consequence);
            }
            if check.damages.is_empty() {
                page.line("Nothing is damaged");
            }
        })?;
        Ok(if check.damages.is_empty() { Exit::Done } else { Exit::Damaged })
    }
}
