//! Running a script unit by unit: each is committed whole or not at all, or settled by looking.

use super::checkpoint;
use super::history::Position;
use super::settle::{Settled, settle};
use crate::patience::{LOCK_TIMEOUT, Patience};
use crate::planner::tree_now;
use crate::project::Context;
use pleach_change::identified_by_name;
use pleach_postgres::connect::Session;
use pleach_postgres::script::{Piece, Sort, Unit, statement_summary};
use pleach_postgres::{Error, Result};
use pleach_schema::Tree;
use std::time::Duration;
use uuid::Uuid;

/// What a script runs on, and what is looked at on the way.
pub(super) struct Execution<'a> {
    pub session: &'a Session,
    pub context: &'a Context,
    /// How long it goes on trying to get a lock.
    pub lock_wait: Duration,
    /// Where it is written down how far it came.
    pub position: Option<&'a Position>,
    /// What must be there when it begins.
    pub before: Option<Expected<'a>>,
    /// What must be there when it ends: where the last statement is in a transaction, it commits
    /// only then.
    pub after: Option<Expected<'a>>,
}

/// A schema that a database must have.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    /// One of these.
    pub trees: &'a [&'a Tree],
    pub own_roles: &'a [String],
    /// The error for another one.
    pub otherwise: fn(got: &Tree, expected: &Tree) -> Error,
}

/// What running did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ran {
    pub statements: usize,
    pub retries: u32,
    /// The schema was compared before the last transaction committed.
    pub compared: bool,
}

/// What is looked at in one unit.
#[derive(Clone, Copy)]
struct Looks<'a> {
    before: Option<Expected<'a>>,
    after: Option<Expected<'a>>,
    /// It may have run before.
    again: bool,
    /// How many statements are done when it is.
    end: usize,
}

impl Execution<'_> {
    /// Runs the units behind the first `done` statements. With `again` the first of them may have
    /// run before, as a whole or in part.
    pub async fn run(&self, units: &[Unit], done: usize, again: bool) -> Result<Ran> {
        let works = |unit: &Unit| unit.pieces.iter().any(|piece| piece.sort != Sort::Setting);
        let last = units.iter().rposition(works);
        let total: usize = units.iter().map(|unit| unit.pieces.len()).sum();
        let (mut ran, mut end) = (Ran::default(), 0);
        let (mut before, mut again) = (self.before, again);
        for (number, unit) in units.iter().enumerate() {
            end += unit.pieces.len();
            if end <= done || !works(unit) {
                for piece in unit.settings() {
                    self.piece(piece).await?;
                }
                continue;
            }
            if let Some(piece) = unit.pieces.iter().find(|piece| piece.sort != Sort::Setting) {
                let what = statement_summary(&piece.statement.sql);
                (self.context.progress)(&format!("{} of {total}: {what}", end - unit.pieces.len() + 1));
            }
            let after = self.after.filter(|_| Some(number) == last);
            let looks = Looks { before: before.take(), after, again: std::mem::take(&mut again), end };
            let (retries, compared) = self.unit(unit, looks).await?;
            ran.statements += unit.pieces.len();
            ran.retries += retries;
            ran.compared |= compared;
        }
        Ok(ran)
    }

    /// Runs a unit, again and again while somebody holds a lock.
    async fn unit(&self, unit: &Unit, mut looks: Looks<'_>) -> Result<(u32, bool)> {
        let mut patience = Patience::new(self.lock_wait, Uuid::new_v4(), &self.context.progress);
        loop {
            let tried = if unit.is_transaction() {
                self.transaction(unit, looks).await.map(|()| looks.after.is_some())
            } else {
                self.alone(unit, looks).await
            };
            match tried {
                Ok(compared) => return Ok((patience.retries(), compared)),
                Err(error) => patience.bear(error).await.map_err(|error| self.stays(error))?,
            }
            looks.again = true;
        }
    }

    /// What was committed before stays, and is not done again.
    fn stays(&self, error: Error) -> Error {
        if error.code != "lock_not_available" {
            return error;
        }
        error.hint(
            "what ran before stays: end the session that holds the lock, or run the command again when it is done",
        )
    }

    async fn transaction(&self, unit: &Unit, looks: Looks<'_>) -> Result<()> {
        let ran = self.in_transaction(unit, looks).await;
        if ran.is_err() {
            // The error that came first is the one to tell.
            self.session.batch_execute("ROLLBACK").await.ok();
        }
        match ran {
            Ok(()) => Ok(()),
            Err(Stopped::At(piece, error)) => Err(piece.explain(self.session, error).await),
            Err(Stopped::Else(error)) => Err(error),
        }
    }

    async fn in_transaction<'u>(&self, unit: &'u Unit, looks: Looks<'_>) -> Result<(), Stopped<'u>> {
        self.session.batch_execute(unit.begin.as_deref().unwrap_or("BEGIN")).await?;
        let row = self.session.query_one("SELECT pg_catalog.current_setting('lock_timeout')", &[]).await?;
        if row.try_get::<_, String>(0)? == "0" {
            let timeout = LOCK_TIMEOUT.min(self.lock_wait).as_millis().max(1);
            self.session.batch_execute(&format!("SET LOCAL lock_timeout = '{timeout}ms'")).await?;
        }
        self.look(looks.before).await?;
        for piece in &unit.pieces {
            checkpoint(self.context, "statement about to run");
            piece.run(self.session).await.map_err(|error| Stopped::At(piece, error))?;
        }
        self.look(looks.after).await?;
        checkpoint(self.context, "transaction about to end");
        if let Some(position) = self.position {
            position.write(&**self.session, looks.end).await?;
        }
        self.session.batch_execute("COMMIT").await?;
        checkpoint(self.context, "transaction committed");
        Ok(())
    }

    /// Runs a statement that cannot be in a transaction, or might not. Says whether the schema was
    /// compared.
    async fn alone(&self, unit: &Unit, looks: Looks<'_>) -> Result<bool> {
        let Some(piece) = unit.pieces.first() else { return Ok(false) };
        if piece.sort == Sort::Program {
            match self.transaction(unit, looks).await {
                // It ends transactions itself, which it cannot inside of one: it did nothing yet.
                Err(error) if error.sqlstate() == Some("2D000") => {}
                ran => return ran.map(|()| looks.after.is_some()),
            }
        }
        self.look_alone(looks.before).await?;
        checkpoint(self.context, "statement about to run");
        match settle(self.session, &piece.sort, looks.again).await? {
            Settled::Run => self.piece(piece).await?,
            Settled::Instead(sql) => self.session.batch_execute(&sql).await?,
            Settled::Done => {}
        }
        checkpoint(self.context, "statement ran");
        if let Some(position) = self.position {
            self.session.batch_execute("BEGIN").await?;
            position.write(&**self.session, looks.end).await?;
            self.session.batch_execute("COMMIT").await?;
            checkpoint(self.context, "position written");
        }
        Ok(false)
    }

    async fn piece(&self, piece: &Piece) -> Result<()> {
        match piece.run(self.session).await {
            Ok(()) => Ok(()),
            Err(error) => Err(piece.explain(self.session, error).await),
        }
    }

    /// Compares the schema that the open transaction sees.
    async fn look(&self, expected: Option<Expected<'_>>) -> Result<()> {
        let Some(expected) = expected else { return Ok(()) };
        expected.compare(&tree_now(&**self.session, expected.own_roles).await?)
    }

    /// Compares the schema in a transaction of its own.
    pub async fn look_alone(&self, expected: Option<Expected<'_>>) -> Result<()> {
        let Some(expected) = expected else { return Ok(()) };
        expected.compare(&tree_of(self.session, expected.own_roles).await?)
    }
}

/// What a database holds at one moment.
pub(super) async fn tree_of(session: &Session, own_roles: &[String]) -> Result<Tree> {
    session.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let tree = tree_now(&**session, own_roles).await;
    session.batch_execute("ROLLBACK").await?;
    tree
}

impl Expected<'_> {
    fn compare(&self, got: &Tree) -> Result<()> {
        let Some(first) = self.trees.first() else { return Ok(()) };
        if self.trees.contains(&got) {
            return Ok(());
        }
        Err((self.otherwise)(&identified_by_name(got, first), first))
    }
}

/// Why a transaction stopped. What a refusal means is found out when it was rolled back.
enum Stopped<'u> {
    At(&'u Piece, tokio_postgres::Error),
    Else(Error),
}

impl From<Error> for Stopped<'_> {
    fn from(error: Error) -> Self {
        Self::Else(error)
    }
}

impl From<tokio_postgres::Error> for Stopped<'_> {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Else(error.into())
    }
}
