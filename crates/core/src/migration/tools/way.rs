//! One direction of a migration as what a tool runs at a time.

use super::Draft;
use crate::planner::{PlannedPart, PlannedStep, one_line};
use pleach_postgres::script::cannot_run_in_transaction;
use serde::Serialize;

/// One direction, as templates see it.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Way {
    /// Lines that say what it is.
    pub heading: Vec<String>,
    /// What runs, in order.
    pub units: Vec<Unit>,
    /// Whether it is one transaction, and nothing else.
    pub single: bool,
    /// Whether it destroys anything.
    pub destroys: bool,
    /// Everything in it that somebody wrote and the tool will read.
    pub text: String,
}

/// A transaction, or a statement that stands alone.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Unit {
    /// What it is for.
    pub title: String,
    /// Whether it is a transaction.
    pub transaction: bool,
    /// Whether it may not be one.
    pub alone: bool,
    /// Its statements, in order.
    pub statements: Vec<Statement>,
    /// Whether it destroys anything.
    pub destroys: bool,
}

/// One statement.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Statement {
    /// The statement, without a final semicolon.
    pub sql: String,
    /// The statement with its final semicolon.
    pub whole: String,
    /// What there is to know of it, in lines.
    pub comments: Vec<String>,
}

impl Statement {
    fn new(sql: &str, comments: Vec<String>) -> Self {
        let sql = sql.trim().trim_end_matches(';').trim_end();
        Self { sql: sql.to_owned(), whole: pleach_change::statement(sql), comments }
    }
}

impl Way {
    /// The way up.
    pub fn up(draft: &Draft<'_>) -> Self {
        let ends = [draft.from.short(), draft.to.short()];
        Self::of(draft, "up", &ends, draft.up, draft.up_notes)
    }

    /// The way back.
    pub fn down(draft: &Draft<'_>) -> Self {
        let ends = [draft.to.short(), draft.from.short()];
        Self::of(draft, "down", &ends, draft.down, draft.down_notes)
    }

    fn of(draft: &Draft<'_>, way: &str, ends: &[String; 2], parts: &[PlannedPart], notes: &[String]) -> Self {
        let mut heading = vec![
            format!("Migration {}, {way}", draft.name),
            format!("From {} to {}", ends[0], ends[1]),
            format!("Run up, down and up again on a clone with data, on {}", draft.server),
        ];
        heading.extend(notes.iter().map(|note| format!("NOTE: {}", one_line(note))));
        Self::from_units(heading, parts.iter().flat_map(units).collect())
    }

    pub fn from_units(heading: Vec<String>, units: Vec<Unit>) -> Self {
        let single = matches!(units.as_slice(), [] | [Unit { transaction: true, .. }]);
        let destroys = units.iter().any(|unit| unit.destroys);
        let mut way = Self { heading, units, single, destroys, text: String::new() };
        way.text = way.texts().collect::<Vec<_>>().join("\n");
        way
    }

    /// The same as one transaction, if nothing in it has to be committed by itself.
    pub fn merged(self) -> Result<Self, Unit> {
        let mut units = self.units.into_iter();
        let Some(mut first) = units.next() else { return Ok(Self::from_units(self.heading, Vec::new())) };
        if !first.transaction {
            return Err(first);
        }
        for unit in units {
            if !unit.transaction {
                return Err(unit);
            }
            first.destroys |= unit.destroys;
            first.statements.extend(unit.statements);
        }
        Ok(Self::from_units(self.heading, vec![first]))
    }

    /// The same with a transaction around everything, if that may be.
    pub fn in_transactions(mut self) -> Result<Self, Unit> {
        for unit in &mut self.units {
            if unit.alone {
                return Err(unit.clone());
            }
            unit.transaction = true;
        }
        Ok(Self::from_units(self.heading, self.units))
    }

    /// Everything that somebody wrote and a tool will read.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let statements = self.units.iter().flat_map(|unit| &unit.statements);
        let said = statements.flat_map(|statement| statement.comments.iter().chain([&statement.sql]));
        let titles = self.units.iter().map(|unit| &unit.title);
        self.heading.iter().chain(titles).chain(said).map(String::as_str)
    }
}

/// A part as units: a transaction, or each statement on its own.
fn units(part: &PlannedPart) -> Vec<Unit> {
    let unit = |transaction, alone, statements, destroys| Unit {
        title: one_line(&part.title),
        transaction,
        alone,
        statements,
        destroys,
    };
    if part.transaction {
        let destroys = part.steps.iter().any(|step| step.destroys.is_some());
        return vec![unit(true, false, in_transaction(part, &part.steps), destroys)];
    }
    let lone = |step: &PlannedStep| {
        let statements = statements(step);
        let destroys = step.destroys.is_some();
        // Several statements in one step were one transaction when they ran.
        if statements.len() > 1 {
            return unit(true, false, in_transaction(part, std::slice::from_ref(step)), destroys);
        }
        // A batch commits by itself.
        let alone = step.data || cannot_run_in_transaction(&step.sql);
        unit(false, alone, statements, destroys)
    };
    part.steps.iter().map(lone).collect()
}

/// The statements of a transaction with the settings they need: no search path for what names
/// everything in full, the usual one for what people wrote, and for the tool after it.
fn in_transaction(part: &PlannedPart, steps: &[PlannedStep]) -> Vec<Statement> {
    let setting = |sql: &str| Statement::new(sql, Vec::new());
    let mut out = Vec::new();
    if part.lock_timeout > 0 {
        out.push(setting(&format!("SET LOCAL lock_timeout = '{}ms'", part.lock_timeout)));
    }
    let mut path_is_usual = true;
    if steps.iter().any(|step| !step.data) {
        out.push(setting("SET LOCAL check_function_bodies = off"));
    }
    for step in steps {
        if step.data != path_is_usual {
            let path = if step.data { "DEFAULT" } else { "''" };
            out.push(setting(&format!("SET LOCAL search_path TO {path}")));
            path_is_usual = step.data;
        }
        out.extend(statements(step));
    }
    if !path_is_usual {
        out.push(setting("SET LOCAL search_path TO DEFAULT"));
    }
    out
}

/// The statements of a step. What PostgreSQL's parser does not know is passed on whole.
fn statements(step: &PlannedStep) -> Vec<Statement> {
    let mut comments = step.comments();
    let split = pleach_change::statements(&step.sql).unwrap_or_else(|_| vec![step.sql.as_str()]);
    split.into_iter().map(|sql| Statement::new(sql, std::mem::take(&mut comments))).collect()
}
