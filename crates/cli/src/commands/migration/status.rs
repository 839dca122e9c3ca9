use super::place::Place;
use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output::{Align, Page, Table, moment, style};
use clap::Args;
use pleach_core::MigrationStanding;
use serde::Serialize;

/// List where each migration stands on a database
///
/// A migration is `applied`, `pending`, `rolled_back`, `unfinished` (cut off: `apply` goes on with it),
/// `failed`, `edited` (applied, and its files are others now) or `missing` (applied, and its files are
/// not in the folder).
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pleach migration status --target env:PRODUCTION")]
pub struct Status {
    #[command(flatten)]
    place: Place,
}

#[derive(Serialize)]
struct View {
    migrations: Vec<MigrationStanding>,
}

impl Status {
    pub async fn run(self, app: &App) -> Outcome {
        let migrations = self.place.folder(app)?.status(&self.place.target()?, &app.context).await?;
        let view = View { migrations };
        app.ui.answer(&view, |page| print(page, &view.migrations))?;
        Ok(Exit::Done)
    }
}

fn print(page: &mut Page, migrations: &[MigrationStanding]) {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    for one in migrations {
        let style = match one.state {
            "applied" => style::ADDED,
            "pending" | "rolled_back" => style::WARNING,
            _ => style::DANGER,
        };
        let told = match (one.finished_at, &one.actor) {
            (Some(at), Some(actor)) => format!("{} by {actor}", moment(at)),
            (None, Some(actor)) => format!("{} of {} statements, by {actor}", one.done, one.total),
            _ => String::new(),
        };
        let name = format!("{}_{}", one.version, one.name);
        table.row([style::paint(style, one.state).to_string(), name, told]);
    }
    table.lines().iter().for_each(|line| page.line(line));
    for one in migrations {
        if let Some(problem) = &one.problem {
            page.line(format!("{}_{}: {problem}", one.version, one.name));
        }
    }
}
