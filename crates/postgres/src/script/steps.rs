//! Going through a script one statement at a time, for who wants to see what each of them does.

use std::pin::pin;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio_postgres::Client;

use super::classify::{self, Transaction};
use super::fit::Fit;
use super::meta::Variables;
use super::parsed::Parsed;
use super::place::{Note, Place};
use super::reader::{Reader, Script, Step};
use super::split::Statement;
use super::summary::statement_summary;
use crate::Result;

/// A statement of a script that is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stepped {
    /// The statement.
    pub statement: Statement,
    /// What it is to the transaction around it.
    pub role: Role,
}

/// What a statement is to the transaction around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It begins one.
    Begins,
    /// It ends one, and with `chain` the next begins.
    Ends {
        /// Whether another begins at once.
        chain: bool,
    },
    /// It is refused in a transaction.
    Alone,
    /// Rows follow it in the script: see [`Steps::copy`].
    Copy,
    /// It sets or shows what concerns the session alone.
    Session,
    /// It may do anything, be it COMMIT: a DO block or a CALL.
    Anything,
    /// It runs in a transaction or on its own.
    Plain,
}

/// Goes through a script one statement at a time. Whoever does that runs the statements.
///
/// What [`run`](super::run) would leave out is left out here too, and noted.
pub struct Steps {
    reader: Reader,
    fit: Fit,
    notes: Vec<Note>,
}

impl Steps {
    /// Opens a script.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn open(script: &Script, variables: &Variables) -> Result<Self> {
        Ok(Self { reader: Reader::open(script, variables)?, fit: Fit::default(), notes: Vec::new() })
    }

    /// The next statement that is to run on `client`, or nothing at the end.
    ///
    /// # Errors
    /// What is wrong with the text of the script, with file and line.
    pub async fn next(&mut self, client: &Client) -> Result<Option<Stepped>> {
        while let Some(step) = self.reader.next()? {
            match step {
                Step::Note(note) => self.notes.push(note),
                Step::Remark(_) => {}
                Step::Copy(statement) => return Ok(Some(Stepped { statement, role: Role::Copy })),
                Step::CopyFile(statement, path) => {
                    let text = format!("the rows of {} were left out", path.display());
                    self.notes.push(Note { place: statement.place, text });
                }
                Step::Statement(statement) => {
                    let parsed = Parsed::of(&statement.sql);
                    if let Some(parsed) = &parsed {
                        self.reader.observe(parsed, &statement.place)?;
                        if let Some(node) = parsed.single()
                            && let Some(reason) = self.fit.left_out(client, node).await?
                        {
                            let text = format!("{} was left out: {reason}", statement_summary(&statement.sql));
                            self.notes.push(Note { place: statement.place, text });
                            continue;
                        }
                    }
                    let role = parsed.as_ref().map_or(Role::Plain, role);
                    return Ok(Some(Stepped { statement, role }));
                }
            }
        }
        Ok(None)
    }

    /// Runs the COPY that was just given, with its rows. What PostgreSQL says of them stands behind
    /// the outer result, with the place where the rows begin.
    ///
    /// # Errors
    /// What is wrong with the text of the script.
    pub async fn copy(
        &mut self,
        client: &Client,
        statement: &Statement,
    ) -> Result<Result<u64, (tokio_postgres::Error, Place)>> {
        let rows_at = Place { line: self.reader.copy_line(), ..statement.place.clone() };
        let sink = match client.copy_in::<_, Bytes>(&statement.sql).await {
            Ok(sink) => sink,
            Err(error) => return Ok(Err((error, statement.place.clone()))),
        };
        let mut sink = pin!(sink);
        let mut rows = Vec::new();
        while self.reader.copy_chunk(&mut rows)? {
            if let Err(error) = sink.send(Bytes::from(std::mem::take(&mut rows))).await {
                return Ok(Err((error, rows_at)));
            }
        }
        Ok(sink.finish().await.map_err(|error| (error, rows_at)))
    }

    /// What was left out so far, and why.
    pub fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }
}

fn role(parsed: &Parsed) -> Role {
    if parsed.cannot_run_in_transaction() {
        return Role::Alone;
    }
    if parsed.may_do_anything() {
        return Role::Anything;
    }
    if parsed.concerns_session() {
        return Role::Session;
    }
    match parsed.single().and_then(classify::transaction) {
        Some(Transaction::Begins) => Role::Begins,
        Some(Transaction::Ends { chain }) => Role::Ends { chain },
        None => Role::Plain,
    }
}
