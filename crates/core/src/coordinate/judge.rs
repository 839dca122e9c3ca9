//! Judges: where changes are tried, each in a transaction that is taken back.

use super::rows::{self, Compared};
use crate::identity::{self, Newcomers};
use crate::project::{APPLICATION, Project};
use crate::state::{self, Commit, Purpose, SessionLock, locks};
use pleach_postgres::connect::{Session, connect};
use pleach_postgres::script;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Tree, quote_ident};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_postgres::Client;

/// How many there are of a commit at most.
const MOST: usize = 4;

/// How long a statement of a change may run here, and wait for a lock.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// A database at a commit, held by this process.
pub(super) struct Judge {
    database: String,
    session: Session,
    lock: SessionLock,
    own_roles: Vec<String>,
}

/// Where changes ended.
pub(super) struct Ended {
    /// The schema.
    pub tree: Tree,
    /// A checksum of the rows of each table that was written, or was to be compared, and the value
    /// of each sequence; `None` where that is too large.
    pub rows: BTreeMap<String, Option<String>>,
}

/// A statement that PostgreSQL refused.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    /// Which of the changes it was in, from 0.
    pub change: usize,
    /// Which of its statements, from 0.
    pub statement: usize,
    /// What it was, and what PostgreSQL said.
    pub error: Error,
}

impl Project {
    /// A judge at a commit: one that is free, or a new one, or the next one that gets free.
    pub(super) async fn judge(&mut self, commit: &Commit) -> Result<Judge> {
        let known = state::judges::at(self.state.client(), self.row.id, commit.hash).await?;
        for database in &known {
            if let Some(lock) = locks::try_lock(&self.state, locks::key("judge", database)).await? {
                return self.open_judge(database.clone(), lock).await;
            }
        }
        match known.first().filter(|_| known.len() >= MOST) {
            Some(database) => {
                let lock = locks::lock(&self.state, locks::key("judge", database)).await?;
                self.open_judge(database.clone(), lock).await
            }
            None => self.new_judge(commit).await,
        }
    }

    async fn new_judge(&mut self, commit: &Commit) -> Result<Judge> {
        self.progress("making a database to try changes in");
        let journal = self.begin("judge", &json!({ "commit": commit.hash })).await?;
        let project = self.row.id;
        let made = async {
            let snapshot = self.ensure_snapshot(&journal, commit).await?;
            let (database, _) = self.scratch_of(&journal, &snapshot).await?;
            self.let_read_lineages(&database).await?;
            let lock = locks::lock(&self.state, locks::key("judge", &database)).await?;
            let transaction = self.state.transaction().await?;
            state::databases::set_purpose(&transaction, &database, Purpose::Judge).await?;
            state::judges::add(&transaction, project, &database, commit.hash).await?;
            journal.finish(&transaction).await?;
            transaction.commit().await?;
            Ok((database, lock))
        }
        .await;
        match made {
            Ok((database, lock)) => {
                journal.release(self.state.client()).await?;
                self.open_judge(database, lock).await
            }
            Err(error) => Err(self.give_up(journal, error).await),
        }
    }

    /// Who tries changes has to tell what a rename is.
    async fn let_read_lineages(&self, database: &str) -> Result<()> {
        let Some(own) = self.own_role() else { return Ok(()) };
        let role = quote_ident(own);
        let session = self.session(database).await?;
        let grant = format!("GRANT USAGE ON SCHEMA pleach TO {role}; GRANT SELECT ON pleach.identity TO {role}");
        session.batch_execute(&grant).await?;
        session.close().await;
        Ok(())
    }

    async fn open_judge(&mut self, database: String, lock: SessionLock) -> Result<Judge> {
        state::judges::used(self.state.client(), &database).await?;
        // As the role that agents have on their branches: what that may not do is refused here too.
        let target = self.target.with_database(&database);
        let target = match &self.secrets.owner {
            Some(login) => target.with_role(&login.role, &login.password),
            None => target,
        };
        let session = connect(&target, APPLICATION).await?;
        let limit = STATEMENT_TIMEOUT.as_millis();
        let limits = format!("SET statement_timeout = '{limit}ms'; SET lock_timeout = '{limit}ms'");
        session.batch_execute(&format!("{limits}; SET client_min_messages = error")).await?;
        Ok(Judge { database, session, lock, own_roles: self.own_roles() })
    }

    /// Drops judges that nobody will use any more.
    pub(crate) async fn dismiss_judges(&mut self, head: pleach_schema::Hash) -> Result<()> {
        for database in state::judges::stale(self.state.client(), self.row.id, head).await? {
            let Some(lock) = locks::try_lock(&self.state, locks::key("judge", &database)).await? else { continue };
            let transaction = self.state.transaction().await?;
            state::judges::forget(&transaction, &database).await?;
            state::databases::set_dropping(&transaction, &database).await?;
            transaction.commit().await?;
            lock.release(self.state.client()).await?;
            self.drop_database(&database).await?;
        }
        Ok(())
    }
}

impl Judge {
    /// Lets others have it.
    pub async fn release(self, project: &Project) -> Result<()> {
        self.session.close().await;
        tracing::debug!(database = self.database, "the judge is free");
        self.lock.release(project.state.client()).await
    }

    /// Runs changes one after the other, says where they end, and takes them back.
    pub async fn run(
        &mut self,
        changes: &[&[String]],
        newcomers: Newcomers<'_>,
        compared: &Compared,
    ) -> Result<Result<Ended, Refused>> {
        self.session.batch_execute("BEGIN").await?;
        let outcome = self.run_inside(changes, newcomers, compared).await;
        self.session.batch_execute("ROLLBACK").await?;
        outcome
    }

    async fn run_inside(
        &self,
        changes: &[&[String]],
        newcomers: Newcomers<'_>,
        compared: &Compared,
    ) -> Result<Result<Ended, Refused>> {
        let sequences = rows::rewind(&self.session, compared).await?;
        for (change, statements) in changes.iter().enumerate() {
            self.session.batch_execute("SET LOCAL search_path TO DEFAULT").await?;
            for (number, statement) in statements.iter().enumerate() {
                let sql = in_transaction(statement)?;
                if let Err(error) = self.session.batch_execute(&sql).await {
                    let error = Error::from(error);
                    if error.class != Class::Refused {
                        return Err(error);
                    }
                    return Ok(Err(Refused { change, statement: number, error }));
                }
            }
        }
        // What was put off to the end of a transaction is part of the change.
        if let Err(error) = self.session.batch_execute("SET CONSTRAINTS ALL IMMEDIATE").await {
            let change = changes.len().saturating_sub(1);
            return Ok(Err(Refused { change, statement: 0, error: error.into() }));
        }
        let client: &Client = &self.session;
        client.batch_execute("SET LOCAL search_path TO DEFAULT").await?;
        let live = identity::read(client, &self.own_roles, newcomers).await?;
        let mut rows = rows::checksums(client, compared).await?;
        rows.extend(rows::values(client, &sequences).await?);
        Ok(Ok(Ended { rows, tree: live.tree }))
    }
}

/// A statement in the form that can be tried and taken back.
fn in_transaction(statement: &str) -> Result<String> {
    script::in_transaction(statement).ok_or_else(|| {
        Error::new(Class::Input, "not_in_transaction", "the statement cannot be tried and taken back")
            .on(statement.lines().next().unwrap_or_default())
            .hint("leave it out of the schema changes: it changes no schema, or not this database's")
    })
}
