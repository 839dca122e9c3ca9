//! Judges: where changes are tried, each in a transaction that is taken back.

use crate::identity::{self, Newcomers};
use crate::project::{APPLICATION, Project};
use crate::state::{self, Commit, Purpose, SessionLock, locks};
use pleach_postgres::catalog::Statements;
use pleach_postgres::connect::{Session, connect};
use pleach_postgres::script;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Address, Tree, quote_ident};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_postgres::Client;

/// How many there are of a commit at most.
const MOST: usize = 4;

/// How long a statement of a change may run here, and wait for a lock.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// Rows of tables up to this size are compared.
const COMPARED_BYTES: i64 = 8 << 20;

/// A database at a commit, held by this process.
pub(super) struct Judge {
    bench: Bench,
    lock: SessionLock,
    own_roles: Vec<String>,
}

/// A connection to a judge's database. It is kept when the judge is free again: to connect, and to
/// have the server plan anew how its catalogs are read, takes longer than many a trial.
pub(crate) struct Bench {
    database: String,
    session: Session,
    statements: Statements,
    /// Where the sequences stood when they were first put back.
    counters: Option<Counters>,
}

/// Sequences: their names, their values, and whether those were given out.
type Counters = (Vec<String>, Vec<i64>, Vec<bool>);

/// Where changes ended.
pub(super) struct Ended {
    /// The schema.
    pub tree: Tree,
    /// A checksum of the contents of each table, materialized view and sequence that was to be
    /// compared; `None` where that is too large.
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
        let mut known = state::judges::at(self.state.client(), self.row.id, commit.hash).await?;
        // The one that this process is connected to comes first.
        let own = self.bench.as_ref().map(|bench| bench.database.clone());
        known.sort_by_key(|database| Some(database) != own.as_ref());
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
        let kept = self.bench.take().filter(|bench| bench.database == database && !bench.session.is_closed());
        let bench = match kept {
            Some(bench) => bench,
            None => self.connect_bench(database).await?,
        };
        Ok(Judge { bench, lock, own_roles: self.own_roles() })
    }

    async fn connect_bench(&self, database: String) -> Result<Bench> {
        // As the role that agents have on their branches: what that may not do is refused here too.
        let target = self.target.with_database(&database);
        let target = match &self.secrets.owner {
            Some(login) => target.with_role(&login.role, &login.password),
            None => target,
        };
        let session = connect(&target, APPLICATION).await?;
        let limit = STATEMENT_TIMEOUT.as_millis();
        let limits = format!("SET statement_timeout = '{limit}ms'; SET lock_timeout = '{limit}ms'");
        let settings = "SET client_min_messages = error; SET plan_cache_mode = force_generic_plan";
        session.batch_execute(&format!("{limits}; {settings}")).await?;
        Ok(Bench { database, session, statements: Statements::default(), counters: None })
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

impl Bench {
    /// Puts back what a transaction that is taken back leaves in a session; whether nothing is left
    /// of it.
    async fn is_as_new(&self) -> bool {
        let left = "SELECT EXISTS (SELECT FROM pg_catalog.pg_prepared_statements WHERE from_sql),
            pg_catalog.pg_advisory_unlock_all()";
        let left = async { self.session.query_typed_one(left, &[]).await?.try_get::<_, bool>(0) };
        self.session.batch_execute("DISCARD SEQUENCES; DISCARD TEMP").await.is_ok() && matches!(left.await, Ok(false))
    }
}

impl Judge {
    /// Lets others have it.
    pub async fn release(self, project: &mut Project) -> Result<()> {
        let Self { bench, lock, .. } = self;
        tracing::debug!(database = bench.database, "the judge is free");
        if bench.is_as_new().await {
            project.bench = Some(bench);
        } else {
            bench.session.close().await;
        }
        lock.release(project.state.client()).await
    }

    /// Runs changes one after the other, says where they end, and takes them back.
    pub async fn run(
        &mut self,
        changes: &[&[String]],
        newcomers: Newcomers<'_>,
        compared: &[Address],
    ) -> Result<Result<Ended, Refused>> {
        self.bench.session.batch_execute("BEGIN").await?;
        if !compared.is_empty() {
            self.set_counters().await?;
        }
        let outcome = self.run_inside(changes, newcomers, compared).await;
        self.bench.session.batch_execute("ROLLBACK").await?;
        outcome
    }

    /// Puts the sequences back: what they gave out is not taken back with a transaction, and would be
    /// seen in the rows of whoever comes second.
    async fn set_counters(&mut self) -> Result<()> {
        let (names, values, used) = match &mut self.bench.counters {
            Some(known) => known,
            unknown => unknown.insert(counters(&self.bench.session).await?),
        };
        let sql = "SELECT pg_catalog.setval(name::pg_catalog.regclass, value, used)
            FROM unnest($1::text[], $2::bigint[], $3::boolean[]) AS counter(name, value, used)";
        self.bench.session.execute(sql, &[names, values, used]).await?;
        Ok(())
    }

    async fn run_inside(
        &self,
        changes: &[&[String]],
        newcomers: Newcomers<'_>,
        compared: &[Address],
    ) -> Result<Result<Ended, Refused>> {
        for (change, statements) in changes.iter().enumerate() {
            self.bench.session.batch_execute("SET LOCAL search_path TO DEFAULT").await?;
            for (number, statement) in statements.iter().enumerate() {
                let sql = in_transaction(statement)?;
                if let Err(error) = self.bench.session.batch_execute(&sql).await {
                    let error = Error::from(error);
                    if error.class != Class::Refused {
                        return Err(error);
                    }
                    return Ok(Err(Refused { change, statement: number, error }));
                }
            }
        }
        // What was put off to the end of a transaction is part of the change.
        if let Err(error) = self.bench.session.batch_execute("SET CONSTRAINTS ALL IMMEDIATE").await {
            let change = changes.len().saturating_sub(1);
            return Ok(Err(Refused { change, statement: 0, error: error.into() }));
        }
        let client: &Client = &self.bench.session;
        client.batch_execute("SET LOCAL search_path TO DEFAULT").await?;
        let live = identity::read_often(client, &self.own_roles, newcomers, &self.bench.statements).await?;
        Ok(Ok(Ended { rows: self.rows(client, compared).await?, tree: live.tree }))
    }

    async fn rows(&self, client: &Client, compared: &[Address]) -> Result<BTreeMap<String, Option<String>>> {
        // By the names of columns: their order is no part of a schema.
        let there = "SELECT pg_catalog.pg_table_size(c.oid), coalesce((
                SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attname)
                FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                    AND (c.relkind <> 'S' OR a.attname <> 'log_cnt')), '')
            FROM pg_catalog.pg_class c
            WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind IN ('r', 'p', 'f', 'm', 'S') AND c.relispopulated
                AND pg_catalog.has_table_privilege(c.oid, 'SELECT')";
        let mut sums = BTreeMap::new();
        for object in compared {
            let name = object.sql();
            let Some(row) = client.query_opt(there, &[&name]).await? else { continue };
            let (bytes, columns): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
            let sum = if bytes <= COMPARED_BYTES {
                let sql = format!(
                    "SELECT pg_catalog.md5(coalesce(pg_catalog.string_agg(r, E'\\n' ORDER BY r), ''))
                     FROM (SELECT ROW({columns})::text AS r FROM {name}) rows"
                );
                Some(client.query_one(&sql, &[]).await?.try_get(0)?)
            } else {
                None
            };
            sums.insert(name, sum);
        }
        Ok(sums)
    }
}

/// The sequences that may be set, and where they stand.
async fn counters(client: &Client) -> Result<Counters> {
    let sql = "SELECT format('%I.%I', schemaname, sequencename) AS name, coalesce(last_value, start_value) AS value,
            last_value IS NOT NULL AS used
        FROM pg_catalog.pg_sequences
        WHERE has_sequence_privilege(format('%I.%I', schemaname, sequencename), 'UPDATE')";
    let mut counters = (Vec::new(), Vec::new(), Vec::new());
    for row in client.query(sql, &[]).await? {
        counters.0.push(row.try_get("name")?);
        counters.1.push(row.try_get("value")?);
        counters.2.push(row.try_get("used")?);
    }
    Ok(counters)
}

/// A statement in the form that can be tried and taken back.
fn in_transaction(statement: &str) -> Result<String> {
    script::in_transaction(statement).ok_or_else(|| {
        Error::new(Class::Input, "not_in_transaction", "the statement cannot be tried and taken back")
            .on(statement.lines().next().unwrap_or_default())
            .hint("leave it out of the schema changes: it changes no schema, or not this database's")
    })
}
