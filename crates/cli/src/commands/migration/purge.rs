use crate::app::App;
use crate::failure::{Exit, Outcome};
use crate::output::{Align, Table, ago, plural, size, style};
use crate::{consent, input};
use clap::Args;
use pleach_core::{KeptAside, kept_aside, purge};
use serde::Serialize;
use std::time::Duration;

/// Drop for good what migrations kept aside
///
/// A migration does not destroy what holds rows: it moves a table into the schema `pleach`, and gives
/// a column a name that nobody uses, so that going back brings them back with what they hold. This
/// drops them, once their migrations are finished. Lists them first, and asks. Nothing brings them
/// back then.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach migration purge --target env:PRODUCTION --list
  pleach migration purge --target env:PRODUCTION --older-than 30d --yes")]
pub struct Purge {
    /// The database: a URL, `env:NAME`, or `-` for standard input
    #[arg(long, value_name = "URL")]
    target: String,

    /// Only what has been kept for so long: 12h, 30d, 6w
    #[arg(long, value_name = "AGE", default_value = "0d", value_parser = age)]
    older_than: Duration,

    /// Only list what is kept
    #[arg(long)]
    list: bool,

    /// Drop it without asking
    #[arg(long, conflicts_with = "list")]
    yes: bool,

    /// How long to go on trying to get a lock that others hold
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    lock_wait: u64,
}

#[derive(Serialize)]
struct View {
    kept: Vec<KeptAside>,
    dropped: bool,
}

impl Purge {
    pub async fn run(self, app: &App) -> Outcome {
        let target = input::target(&self.target)?;
        let kept = kept_aside(&target, self.older_than, &app.context).await?;
        let mut view = View { kept, dropped: false };
        if self.list || view.kept.is_empty() {
            app.ui.answer(&view, |page| list(&view.kept).iter().for_each(|line| page.line(line)))?;
            return Ok(Exit::Done);
        }
        if !app.ui.is_json() {
            app.ui.confirm(&view, |page| list(&view.kept).iter().for_each(|line| page.line(line)))?;
        }
        let what = format!("destroy {} for good", plural(view.kept.len() as u64, "object"));
        consent::require(app, self.yes, &what, &target.to_string())?;
        purge(&target, &view.kept, Duration::from_secs(self.lock_wait), &app.context).await?;
        view.dropped = true;
        app.ui.confirm(&view, |page| page.line(format!("Dropped {}", plural(view.kept.len() as u64, "object"))))?;
        Ok(Exit::Done)
    }
}

fn list(kept: &[KeptAside]) -> Vec<String> {
    if kept.is_empty() {
        return vec!["Nothing is kept aside".to_owned()];
    }
    let mut table = Table::new([Align::Left, Align::Left, Align::Right, Align::Left, Align::Left]);
    for one in kept {
        let name = style::paint(style::NAME, format!("{} {}", one.kind, one.object));
        let bytes = one.bytes.map(size).unwrap_or_default();
        table.row([name, format!("as {}", one.kept), bytes, ago(one.at), one.migration.clone()]);
    }
    table.lines()
}

/// An age: a number and `h`, `d` or `w`.
fn age(text: &str) -> Result<Duration, String> {
    let wrong = || "write a number and h, d or w".to_owned();
    let hours = [("h", 1), ("d", 24), ("w", 24 * 7)];
    let (number, hours) =
        hours.iter().find_map(|(unit, hours)| Some((text.strip_suffix(unit)?, hours))).ok_or_else(wrong)?;
    let number: u64 = number.trim().parse().map_err(|_| wrong())?;
    let seconds = number.checked_mul(hours * 3600).filter(|seconds| i64::try_from(*seconds).is_ok());
    seconds.map(Duration::from_secs).ok_or_else(|| "that is too long".to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_age_has_a_unit() {
        assert_eq!(super::age("2d"), Ok(std::time::Duration::from_secs(172_800)));
        for wrong in ["", "d", "2", "-1d", "2 years", "99999999999999999999w"] {
            assert!(super::age(wrong).is_err(), "{wrong}");
        }
    }
}
