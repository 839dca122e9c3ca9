use crate::app::App;
use crate::failure::{Exit, Failure, Outcome};
use crate::input::{read_stdin, read_text};
use crate::output::{Page, aligned, plural};
use clap::Args;
use pleach_core::connect::{Notice, connect};
use pleach_core::{Class, Error};
use serde::Serialize;
use std::path::PathBuf;
use tokio_postgres::SimpleQueryMessage;

/// Run SQL on a branch's database
///
/// From `-c`, a file, or standard input. Several statements run in one transaction unless they
/// have their own. On `main` rows can be read and written; its schema changes by merge only.
///
/// With `--format json` values are what PostgreSQL writes for them, as text, or null.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  pleach sql -c 'ALTER TABLE users ADD nickname text'
  pleach sql change.sql
  echo 'TABLE users' | pleach --branch main sql --format json
  pleach sql --state -c 'TABLE pggit_agent_intents'")]
pub struct Sql {
    /// The statements
    #[arg(short, long, value_name = "SQL", conflicts_with = "file")]
    command: Option<String>,

    /// On the state database, where coordination is seen: `pggit_agent_intents`,
    /// `pggit_table_locks`, `pggit_agent_partitions`, `pggit_merge_history`, `pggit.conflicts`
    #[arg(long)]
    state: bool,

    /// Print nothing but rows, their values separated by `|`, as `psql -At` does
    #[arg(short, long)]
    tuples_only: bool,

    /// A file of statements; `-`, or nothing at all, is standard input
    file: Option<PathBuf>,
}

/// What the statements gave.
#[derive(Default, Serialize)]
struct View {
    /// The branch; `None` for the state database.
    branch: Option<String>,
    results: Vec<StatementResult>,
    notices: Vec<Notice>,
}

/// What one statement gave.
#[derive(Default, Serialize)]
struct StatementResult {
    /// The names of its columns; `None` for one that gives no rows.
    columns: Option<Vec<String>>,
    /// Its rows, each with a text or null for every column.
    rows: Vec<Vec<Option<String>>>,
    /// Rows given or changed.
    count: u64,
}

impl Sql {
    pub async fn run(self, app: &App) -> Outcome {
        let (place, sql) = match (&self.command, &self.file) {
            (Some(sql), _) => (String::new(), sql.clone()),
            (None, Some(file)) => (file.display().to_string(), read_text(file)?),
            (None, None) => ("stdin".to_owned(), read_stdin()?),
        };
        let mut project = app.project().await?;
        let (branch, target) = if self.state {
            (None, project.coordination_target(false).await?)
        } else {
            let branch = project.current_branch();
            let target = project.branch_target(&branch, false).await?;
            (Some(branch), target)
        };
        let session = connect(&target, "pleach sql").await?;
        let outcome = session.simple_query(&sql).await;
        let notices = session.take_notices();
        for notice in &notices {
            app.ui.aside_for_people(&format!("{}: {}", notice.severity, notice.said.message));
        }
        let messages = outcome.map_err(|error| explain(error, branch.as_deref(), &place, &sql))?;
        let view = View { branch, results: results(messages), notices };
        app.ui.answer(&view, |page| {
            view.results.iter().for_each(|result| result.print(page, self.tuples_only, app.ui.is_quiet()))
        })?;
        Ok(Exit::Done)
    }
}

fn results(messages: Vec<SimpleQueryMessage>) -> Vec<StatementResult> {
    let mut results = Vec::new();
    let mut current = StatementResult::default();
    for message in messages {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                current.columns = Some(columns.iter().map(|column| column.name().to_owned()).collect());
            }
            SimpleQueryMessage::Row(row) => {
                current.rows.push((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect());
            }
            SimpleQueryMessage::CommandComplete(count) => {
                current.count = count;
                results.push(std::mem::take(&mut current));
            }
            _ => {}
        }
    }
    results
}

impl StatementResult {
    fn print(&self, page: &mut Page, tuples_only: bool, quiet: bool) {
        if tuples_only {
            for row in &self.rows {
                let values: Vec<&str> = row.iter().map(|value| value.as_deref().unwrap_or_default()).collect();
                page.line(values.join("|"));
            }
            return;
        }
        match &self.columns {
            Some(columns) => {
                page.gap();
                aligned(page, columns, &self.rows);
                page.line(format!("({})", plural(self.rows.len() as u64, "row")));
            }
            None if quiet => {}
            None if self.count > 0 => page.line(format!("done, {}", plural(self.count, "row"))),
            None => page.line("done"),
        }
    }
}

fn explain(error: tokio_postgres::Error, branch: Option<&str>, place: &str, sql: &str) -> Failure {
    if error.as_db_error().is_none() && error.to_string().contains("unexpected message") {
        return Error::new(Class::Input, "copy_unsupported", "COPY from or to the client needs a client with files")
            .hint("use `pleach psql`, which can")
            .into();
    }
    let mut failure = Failure::from(error);
    let said = failure.error.postgres.as_ref();
    let position = said.and_then(|said| said.position).and_then(|position| usize::try_from(position).ok());
    let lacks_privilege = said.is_some_and(|said| said.sqlstate == "42501");
    if let Some((line, excerpt)) = position.and_then(|position| point_at(sql, position)) {
        let at = if place.is_empty() { format!("line {line}") } else { format!("{place}:{line}") };
        failure.error.object = Some(at);
        failure.excerpt = Some(excerpt.into());
    } else if !place.is_empty() {
        failure.error.object = Some(place.to_owned());
    }
    if branch == Some("main") && lacks_privilege {
        failure.error.hint = Some(
            "main's schema changes by merge only: make the change on a branch (`pleach branch create NAME`)".into(),
        );
    }
    failure
}

/// How much of a line is shown around the place.
const AROUND: usize = 70;

/// The line that a position (in characters, from 1) is on, and the line with a caret under it.
fn point_at(sql: &str, position: usize) -> Option<(usize, String)> {
    let before: String = sql.chars().take(position.checked_sub(1)?).collect();
    let number = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count();
    let line: Vec<char> = sql.lines().nth(number - 1)?.chars().collect();
    let begin = column.saturating_sub(AROUND);
    let shown: String = line.iter().skip(begin).take(2 * AROUND).map(|c| if *c == '\t' { ' ' } else { *c }).collect();
    let label = format!("LINE {number}: ");
    let caret = " ".repeat(label.len() + column - begin);
    Some((number, format!("{label}{shown}\n{caret}^")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_points_at_the_place() {
        assert_eq!(
            point_at("SELECT 1;\nSELECT * FORM x", 20).unwrap(),
            (2, "LINE 2: SELECT * FORM x\n                 ^".into())
        );
        assert_eq!(point_at("é x", 3).unwrap().1, "LINE 1: é x\n          ^");
        assert_eq!(point_at("x", 0), None);
    }
}
