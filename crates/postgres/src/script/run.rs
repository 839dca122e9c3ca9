//! Running a script on a connection.

use std::io::Read;
use std::path::Path;
use std::pin::pin;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio_postgres::{Client, CopyInSink};

use super::classify::{Transaction, goes_together, transaction};
use super::fit::Fit;
use super::meta::Variables;
use super::parsed::{Parsed, only_handles_rows};
use super::place::{Note, Place};
use super::reader::{Reader, Script, Step, Wrap, open_file};
use super::refusal::{self, Refused};
use super::split::Statement;
use super::summary::statement_summary;
use super::survey::survey;
use crate::{Class, Error, Result};

/// How much of a file is sent at a time.
const CHUNK: usize = 256 * 1024;

/// How many statements, and about how many bytes of them, are sent together.
const TOGETHER: usize = 64;
const TOGETHER_BYTES: usize = 256 * 1024;

/// What running a script did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ran {
    /// How many statements ran, COPY included.
    pub statements: u64,
    /// How many rows came in by COPY.
    pub rows_copied: u64,
    /// What was left out, and why.
    pub notes: Vec<Note>,
}

impl Ran {
    /// Adds what another script did.
    pub fn absorb(&mut self, other: Self) {
        self.statements += other.statements;
        self.rows_copied += other.rows_copied;
        self.notes.extend(other.notes);
    }
}

/// How far a script is, told after every statement and every piece of COPY data.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// The statement that ran last, or whose rows are being copied.
    pub statement: &'a Statement,
    /// How many statements have ended.
    pub statements: u64,
    /// How many bytes of the script have been read; [`Script::size`] says of how many.
    pub bytes: u64,
}

/// Is told how far a script is.
pub type OnProgress<'a> = &'a mut (dyn FnMut(Progress<'_>) + Send);

/// Runs a script, and stops at the first statement that PostgreSQL refuses.
///
/// The connection should be the script's own: settings the script makes stay, and after an error it
/// may be closed. The transaction that was open is then rolled back; what ran before it in
/// transactions of its own stays.
pub async fn run(client: &Client, script: &Script, variables: &Variables, progress: OnProgress<'_>) -> Result<Ran> {
    let wrapped = match script.wrap {
        Wrap::AsWritten => false,
        Wrap::Whole => true,
        Wrap::WholeIfAllowed => {
            // One statement may end transactions itself.
            let survey = survey([script], variables)?;
            survey.statements > 1 && survey.refused_in_transaction.is_none()
        }
    };
    let mut runner = Runner {
        client,
        reader: Reader::open(script, variables)?,
        progress,
        ran: Ran::default(),
        waiting: Vec::new(),
        waiting_bytes: 0,
        transaction: None,
        fit: Fit::default(),
    };
    let outcome = runner.script(script, wrapped).await;
    if outcome.is_err() && runner.transaction.is_some() {
        // The error that came first is the one to tell.
        client.batch_execute("ROLLBACK").await.ok();
    }
    match outcome {
        Ok(()) => Ok(runner.ran),
        Err(Stopped::Refused(refused)) => Err(refusal::explain(client, refused).await),
        Err(Stopped::Else(error)) => Err(error),
    }
}

/// Why a script stopped: a refusal is explained once the transaction is rolled back, because the
/// explanation asks the server.
enum Stopped {
    Refused(Refused),
    Else(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Else(error)
    }
}

struct Runner<'a> {
    client: &'a Client,
    reader: Reader,
    progress: OnProgress<'a>,
    ran: Ran,
    /// Statements that have not been sent yet: they go together.
    waiting: Vec<Statement>,
    waiting_bytes: usize,
    /// Where the transaction that is open was begun.
    transaction: Option<Place>,
    fit: Fit,
}

impl Runner<'_> {
    async fn script(&mut self, script: &Script, wrapped: bool) -> Result<(), Stopped> {
        let start = Place { file: script.name().into(), line: 1, offset: 0 };
        if wrapped {
            self.execute(&Statement { sql: "BEGIN".to_owned(), place: start.clone() }).await?;
            self.transaction = Some(start.clone());
        }
        loop {
            match self.reader.next() {
                Ok(Some(Step::Statement(statement))) => self.statement(statement).await?,
                Ok(Some(Step::Copy(statement))) => self.copy(&statement).await?,
                Ok(Some(Step::CopyFile(statement, path))) => self.copy_file(&statement, &path).await?,
                Ok(Some(Step::Note(note))) => self.ran.notes.push(note),
                Ok(Some(Step::Remark(_))) => {}
                Ok(None) => break self.send_waiting().await?,
                Err(error) => {
                    self.send_waiting().await?;
                    return Err(error.into());
                }
            }
        }
        match &self.transaction {
            Some(_) if wrapped => {
                self.execute(&Statement { sql: "COMMIT".to_owned(), place: start }).await?;
                self.transaction = None;
                Ok(())
            }
            Some(begun) => Err(Error::new(
                Class::Input,
                "transaction_left_open",
                "the script begins a transaction and does not end it",
            )
            .on(begun.to_string())
            .hint("add COMMIT at the end")
            .into()),
            None => Ok(()),
        }
    }

    async fn statement(&mut self, statement: Statement) -> Result<(), Stopped> {
        if only_handles_rows(&statement.sql) {
            return self.wait(statement).await;
        }
        let parsed = Parsed::of(&statement.sql);
        if parsed.as_ref().and_then(Parsed::single).is_some_and(goes_together) {
            return self.wait(statement).await;
        }
        self.send_waiting().await?;
        if let Some(parsed) = &parsed {
            self.reader.observe(parsed, &statement.place)?;
            if let Some(node) = parsed.single()
                && let Some(reason) = self.fit.left_out(self.client, node).await?
            {
                let text = format!("{} was left out: {reason}", statement_summary(&statement.sql));
                self.ran.notes.push(Note { place: statement.place.clone(), text });
                return Ok(());
            }
        }
        self.execute(&statement).await?;
        for change in parsed.iter().flat_map(Parsed::statements).filter_map(transaction) {
            match change {
                Transaction::Begins => {
                    self.transaction.get_or_insert_with(|| statement.place.clone());
                }
                Transaction::Ends { chain: true } => {}
                Transaction::Ends { chain: false } => self.transaction = None,
            }
        }
        self.done(&statement);
        Ok(())
    }

    /// Keeps a statement until there are enough of them to be worth a message.
    async fn wait(&mut self, statement: Statement) -> Result<(), Stopped> {
        self.waiting_bytes += statement.sql.len();
        self.waiting.push(statement);
        let enough = self.waiting.len() >= TOGETHER || self.waiting_bytes >= TOGETHER_BYTES;
        if enough { self.send_waiting().await } else { Ok(()) }
    }

    /// Sends the statements that wait, in one message, which PostgreSQL runs whole or not at all.
    /// If it refuses, they are sent one by one, which tells the one that fails from those that are
    /// to stay.
    async fn send_waiting(&mut self) -> Result<(), Stopped> {
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        let together = waiting.len() > 1 && self.execute_together(&waiting).await?;
        for statement in &waiting {
            if !together {
                self.execute(statement).await?;
            }
            self.done(statement);
        }
        Ok(())
    }

    /// Whether the statements succeeded together; if not, none of them did anything.
    async fn execute_together(&self, statements: &[Statement]) -> Result<bool> {
        // The line break ends a comment that may stand behind a statement.
        let mut text: String = statements.iter().flat_map(|statement| [statement.sql.as_str(), "\n;"]).collect();
        if self.transaction.is_some() {
            text = format!("SAVEPOINT pleach_together;{text}RELEASE SAVEPOINT pleach_together");
        }
        match self.client.batch_execute(&text).await {
            Ok(()) => Ok(true),
            Err(error) if error.as_db_error().is_none() => Err(error.into()),
            Err(_) => {
                if self.transaction.is_some() {
                    self.client.batch_execute("ROLLBACK TO SAVEPOINT pleach_together").await?;
                }
                Ok(false)
            }
        }
    }

    async fn execute(&self, statement: &Statement) -> Result<(), Stopped> {
        let refused = |error| Stopped::Refused(Refused { error, statement: statement.clone(), rows: None });
        self.client.batch_execute(&statement.sql).await.map_err(refused)
    }

    /// Sends the rows that follow in the script.
    async fn copy(&mut self, statement: &Statement) -> Result<(), Stopped> {
        self.send_waiting().await?;
        let rows_at = Place { line: self.reader.copy_line(), ..statement.place.clone() };
        let mut sink = pin!(self.begin_copy(statement).await?);
        let mut rows = Vec::new();
        while self.reader.copy_chunk(&mut rows)? {
            sink.send(Bytes::from(std::mem::take(&mut rows))).await.map_err(Error::from)?;
            self.tell(statement);
        }
        let copied = sink.finish().await;
        self.end_copy(statement, rows_at, copied)
    }

    /// Sends the rows of a file.
    async fn copy_file(&mut self, statement: &Statement, path: &Path) -> Result<(), Stopped> {
        self.send_waiting().await?;
        let unreadable =
            |error: std::io::Error| Error::unreadable(path, &error).hint(format!("{} names it", statement.place));
        let mut file = open_file(path).map_err(|error| error.hint(format!("{} names it", statement.place)))?;
        let rows_at = Place { file: path.display().to_string().into(), line: 1, offset: 0 };
        let mut sink = pin!(self.begin_copy(statement).await?);
        loop {
            let mut rows = Vec::with_capacity(CHUNK);
            file.by_ref().take(CHUNK as u64).read_to_end(&mut rows).map_err(unreadable)?;
            if rows.is_empty() {
                break;
            }
            sink.send(Bytes::from(rows)).await.map_err(Error::from)?;
            self.tell(statement);
        }
        let copied = sink.finish().await;
        self.end_copy(statement, rows_at, copied)
    }

    async fn begin_copy(&self, statement: &Statement) -> Result<CopyInSink<Bytes>, Stopped> {
        let refused = |error| Stopped::Refused(Refused { error, statement: statement.clone(), rows: None });
        self.client.copy_in(&statement.sql).await.map_err(refused)
    }

    fn end_copy(
        &mut self,
        statement: &Statement,
        rows: Place,
        copied: Result<u64, tokio_postgres::Error>,
    ) -> Result<(), Stopped> {
        let refused = |error| Stopped::Refused(Refused { error, statement: statement.clone(), rows: Some(rows) });
        self.ran.rows_copied += copied.map_err(refused)?;
        self.done(statement);
        Ok(())
    }

    fn done(&mut self, statement: &Statement) {
        self.ran.statements += 1;
        self.tell(statement);
    }

    fn tell(&mut self, statement: &Statement) {
        (self.progress)(Progress { statement, statements: self.ran.statements, bytes: self.reader.bytes() });
    }
}
