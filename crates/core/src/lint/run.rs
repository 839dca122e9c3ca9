//! Running files statement by statement, each measured.

use super::config::Rules;
use super::finding::{Finding, Level, LintedStatement};
use super::input::File;
use super::rules::{self, Heard};
use super::text::Lines;
use super::voices::{self, Ran};
use crate::measure::{Bytes, Did, Ground, Meter, Sizes};
use pleach_postgres::script::{Place, Role, Statement, Stepped, Steps, Variables, statement_summary};
use pleach_postgres::{Class, Error, Result, Said};
use squawk_linter::Version;
use std::str::FromStr;

/// The settings that every file begins with.
const SETTINGS: &str = "RESET SESSION AUTHORIZATION; RESET ALL; SET client_min_messages = warning; \
    SET max_parallel_maintenance_workers = 0; SET max_parallel_workers_per_gather = 0; \
    SET idle_in_transaction_session_timeout = 0";

/// Files that run one after the other.
pub(super) struct Run<'a> {
    ground: &'a Ground,
    meter: Meter<'a>,
    rules: &'a Rules,
    version: Version,
    /// The role that runs the files.
    settings: Option<String>,
    findings: Vec<Finding>,
    statements: Vec<LintedStatement>,
    notes: Vec<String>,
}

/// A statement that PostgreSQL refused.
struct Refused {
    said: Option<Said>,
    /// Where, when that is not in the statement.
    place: Option<Place>,
    error: Error,
}

/// What is known of a file while it runs.
struct Reading<'a> {
    file: &'a File,
    lines: Lines<'a>,
    ran: Vec<Ran>,
    refused: Option<Finding>,
}

impl<'a> Run<'a> {
    pub async fn new(
        ground: &'a Ground,
        rules: &'a Rules,
        known: Option<Bytes>,
        large: u64,
        settings: Option<String>,
    ) -> Result<Self> {
        let sizes = Sizes { known: known.or_else(|| ground.sizes.clone()), large };
        let meter = Meter::new(&ground.session, &ground.watcher, sizes).await?;
        let number = ground.session.server_version();
        let version =
            rules.pg_version.or_else(|| Version::from_str(&format!("{}.{}", number / 10_000, number % 10_000)).ok());
        let version = version.unwrap_or_default();
        Ok(Self {
            ground,
            meter,
            rules,
            version,
            settings,
            findings: Vec::new(),
            statements: Vec::new(),
            notes: Vec::new(),
        })
    }

    /// What was found.
    pub fn end(self) -> (Vec<Finding>, Vec<LintedStatement>, Vec<String>) {
        (self.findings, self.statements, self.notes)
    }

    /// Runs one file. What was there before it is in use by now.
    pub async fn file(&mut self, file: &File) -> Result<()> {
        self.ground.session.batch_execute(SETTINGS).await?;
        if let Some(settings) = &self.settings {
            self.ground.session.batch_execute(settings).await?;
        }
        self.meter.used_from_here_on();
        let wrapped = file.is_wrapped(self.rules.assume_in_transaction)?;
        let mut reading = Reading { file, lines: Lines::new(&file.text), ran: Vec::new(), refused: None };
        let mut steps = Steps::open(&file.script, &Variables::new())?;
        self.statements_of(&mut reading, &mut steps, wrapped).await?;
        self.notes.extend(steps.take_notes().iter().map(ToString::to_string));
        if self.rules.leaves_out(&file.name) {
            if let Some(refused) = reading.refused {
                self.notes.push(format!("{}:{}: {}", refused.file, refused.line, refused.message));
            }
            return Ok(());
        }
        let heard = rules::hear(&file.name, &file.text, self.rules, self.version, wrapped);
        let Heard { voices, ignores, note } = heard;
        self.notes.extend(note);
        let mut findings = voices::joined(&file.name, &reading.lines, &reading.ran, voices, &ignores, self.rules);
        findings.extend(reading.refused);
        findings.sort_by_key(|finding| (finding.line, finding.column));
        self.findings.extend(findings);
        for ran in reading.ran {
            let (line, column) = reading.lines.place(ran.from);
            self.statements.push(LintedStatement {
                file: ran.file,
                line,
                column,
                statement: ran.summary,
                seen: ran.did.seen,
                hazards: ran.did.hazards,
            });
        }
        Ok(())
    }

    /// Runs the statements of a file until one of them is refused.
    async fn statements_of(&mut self, reading: &mut Reading<'_>, steps: &mut Steps, wrapped: bool) -> Result<()> {
        let session = &self.ground.session;
        let mut inside = wrapped;
        if wrapped {
            session.batch_execute("BEGIN").await?;
            self.meter.began().await?;
        }
        let mut last = None;
        loop {
            let piece = match steps.next(session).await {
                Ok(Some(piece)) => piece,
                Ok(None) => break,
                Err(error) if error.class == Class::Input => {
                    reading.refused = Some(reading.unreadable(&error));
                    break;
                }
                Err(error) => return Err(error),
            };
            let outcome = self.statement(steps, &piece, &mut inside).await?;
            last = Some(piece.statement.clone());
            match outcome {
                Ok(None) => {}
                Ok(Some(did)) => reading.ran.push(reading.ran(&piece.statement, did)),
                Err(refused) => {
                    reading.refused = Some(reading.refusal(&piece.statement, refused, self.ground.is_empty()));
                    break;
                }
            }
        }
        if !inside {
            return Ok(());
        }
        if reading.refused.is_none() && wrapped {
            if let Err(error) = session.batch_execute("COMMIT").await
                && let Some(last) = &last
            {
                reading.refused = Some(reading.refusal(last, Refused::of(error), self.ground.is_empty()));
            }
            return self.meter.look_again().await;
        }
        if reading.refused.is_none() {
            self.notes
                .push(format!("{}: begins a transaction and does not end it: it was rolled back", reading.file.name));
        }
        session.batch_execute("ROLLBACK").await?;
        self.meter.look_again().await
    }

    /// Runs one statement. What only concerns the session or the transaction is not measured.
    async fn statement(
        &mut self,
        steps: &mut Steps,
        piece: &Stepped,
        inside: &mut bool,
    ) -> Result<Result<Option<Did>, Refused>> {
        let session = &self.ground.session;
        let sql = &piece.statement.sql;
        match piece.role {
            Role::Session | Role::Begins | Role::Ends { .. } => {
                if let Err(error) = session.batch_execute(sql).await {
                    return Ok(Err(Refused::of(error)));
                }
                match piece.role {
                    Role::Begins if !*inside => self.meter.began().await?,
                    Role::Ends { .. } => self.meter.look_again().await?,
                    // It may have gone back to a savepoint.
                    _ if *inside => self.meter.look_again().await?,
                    _ => {}
                }
                *inside = match piece.role {
                    Role::Begins => true,
                    Role::Ends { chain } => chain,
                    _ => *inside,
                };
                return Ok(Ok(None));
            }
            Role::Alone | Role::Anything if !*inside => {
                return Ok(self.meter.alone(sql).await?.map(Some).map_err(Refused::of));
            }
            _ => {}
        }
        if !*inside {
            session.batch_execute("BEGIN").await?;
            self.meter.began().await?;
        }
        let did = if piece.role == Role::Copy {
            let rows = async {
                match steps.copy(session, &piece.statement).await {
                    Ok(copied) => copied.map_err(|(error, place)| Refused { place: Some(place), ..Refused::of(error) }),
                    Err(error) => Err(Refused { said: None, place: None, error }),
                }
            };
            self.meter.inside(rows).await?
        } else {
            self.meter.inside(async { session.batch_execute(sql).await.map_err(Refused::of) }).await?
        };
        if *inside {
            return Ok(did.map(Some));
        }
        let done = match did {
            Ok(did) => session.batch_execute("COMMIT").await.map(|()| Some(did)).map_err(Refused::of),
            Err(refused) => {
                session.batch_execute("ROLLBACK").await?;
                Err(refused)
            }
        };
        if done.is_err() {
            self.meter.look_again().await?;
        }
        Ok(done)
    }
}

impl Refused {
    fn of(error: tokio_postgres::Error) -> Self {
        Self { said: Said::from_error(&error), place: None, error: error.into() }
    }
}

impl Reading<'_> {
    fn ran(&self, statement: &Statement, did: Did) -> Ran {
        let from = statement.place.offset as usize;
        Ran {
            file: statement.place.file.to_string(),
            from,
            to: from + statement.sql.len(),
            is_here: *statement.place.file == *self.file.name,
            line: statement.place.line as usize,
            summary: statement_summary(&statement.sql),
            did,
        }
    }

    /// The finding for a statement that PostgreSQL refused, at the character that it names.
    fn refusal(&self, statement: &Statement, refused: Refused, on_nothing: bool) -> Finding {
        let is_here = *statement.place.file == *self.file.name;
        let from = statement.place.offset as usize;
        let position = refused.said.as_ref().and_then(|said| said.position).unwrap_or(1) as usize;
        let within = statement.sql.char_indices().nth(position.saturating_sub(1)).map_or(0, |(byte, _)| byte);
        let (mut line, mut column) = self.lines.place(from + within);
        let (mut end_line, mut end_column) = self.lines.place(from + statement.sql.len());
        if let Some(place) = refused.place.as_ref().or_else(|| (!is_here).then_some(&statement.place)) {
            (line, column) = (place.line as usize, 1);
            (end_line, end_column) = (line, 1);
        }
        let said = refused.said;
        let why = said.as_ref().map_or_else(|| refused.error.to_string(), |said| said.message.clone());
        let missing =
            said.as_ref().is_some_and(|said| matches!(said.sqlstate.as_str(), "42P01" | "3F000" | "42703" | "42704"));
        let help = if missing && on_nothing {
            Some("it ran on an empty database: name the schema that the migrations apply to with `--on`".to_owned())
        } else {
            said.as_ref().and_then(|said| said.hint.clone()).or(refused.error.hint)
        };
        let what = statement_summary(&statement.sql);
        Finding {
            rule: "refused".to_owned(),
            also: Vec::new(),
            level: Level::Error,
            file: statement.place.file.to_string(),
            line,
            column,
            end_line,
            end_column,
            message: format!("{what}: PostgreSQL refuses it: {why}; what stands behind it in the file was not run"),
            measured: None,
            help,
            postgres: said,
        }
    }

    /// The finding for a text that cannot be divided into statements.
    fn unreadable(&self, error: &Error) -> Finding {
        let object = error.object.clone().unwrap_or_else(|| self.file.name.clone());
        let parts = object.rsplit_once(':').and_then(|(file, line)| Some((file.to_owned(), line.parse().ok()?)));
        let (file, line) = parts.unwrap_or((object, 1));
        Finding {
            rule: error.code.to_owned(),
            also: Vec::new(),
            level: Level::Error,
            file,
            line,
            column: 1,
            end_line: line,
            end_column: 1,
            message: error.message.clone(),
            measured: None,
            help: error.hint.clone(),
            postgres: None,
        }
    }
}
