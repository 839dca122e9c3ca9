//! Running a plan on a database, in one transaction.

use crate::identity::{self, Live, Newcomers};
use crate::patience::{LOCK_TIMEOUT, Patience};
use crate::project::Project;
use pleach_change::{Plan, Stage, Step};
use pleach_postgres::connect::Session;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Tree, quote_ident};
use serde::Serialize;
use std::time::{Duration, Instant};
use tokio_postgres::{GenericClient, Transaction};
use uuid::Uuid;

/// How a plan went on a live database.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Outcome {
    /// How many statements ran.
    pub steps: usize,
    /// How often it had to start anew because somebody held a lock.
    pub retries: u32,
    /// Milliseconds that the successful transaction took.
    pub milliseconds: u64,
}

/// Commits the new enum labels of a plan that uses them itself. A label that is there is left.
pub(crate) async fn run_labels(session: &Session, plan: &Plan) -> Result<()> {
    for step in plan.steps.iter().filter(|step| plan.labels_first && step.label) {
        session.batch_execute(&step.sql).await.map_err(|error| refused(error, step))?;
    }
    Ok(())
}

/// Runs the steps of a plan in the caller's transaction, except labels that go ahead.
///
/// Steps run as `own` where there is such a role, except those that need the server's
/// administrator. Definitions are read with nothing on the search path, data steps with the
/// database's usual one.
///
/// # Errors
/// `step_refused`, with the object and the statement.
pub(crate) async fn run(client: &impl GenericClient, plan: &Plan, own: Option<&str>) -> Result<()> {
    client.batch_execute("SET LOCAL check_function_bodies = off; SET LOCAL client_min_messages = warning").await?;
    let mut setting = None;
    for step in plan.steps.iter().filter(|step| !(plan.labels_first && step.label)) {
        let data = step.stage == Stage::Data;
        if setting != Some((data, step.admin)) {
            setting = Some((data, step.admin));
            let path = if data { "DEFAULT" } else { "''" };
            let role = own.filter(|_| !step.admin).map_or("NONE".to_owned(), |own| quote_ident(own).into_owned());
            client.batch_execute(&format!("SET LOCAL search_path TO {path}; SET LOCAL ROLE {role}")).await?;
        }
        client.batch_execute(&step.sql).await.map_err(|error| refused(error, step))?;
    }
    client.batch_execute("SET LOCAL search_path TO DEFAULT; SET LOCAL ROLE NONE").await?;
    Ok(())
}

/// The error for a step that did not run.
pub(crate) fn refused(error: tokio_postgres::Error, step: &Step) -> Error {
    let (what, message) = refusal(step);
    let mut out = Error::from(error);
    if out.class == Class::Refused {
        out.code = "step_refused";
        out.message = message;
    }
    out.on(what)
}

/// Object and message of the error for a step that PostgreSQL refuses.
pub(crate) fn refusal(step: &Step) -> (String, String) {
    let what = step.object.as_ref().map_or("a data step".to_owned(), ToString::to_string);
    let first_line = step.sql.lines().next().unwrap_or_default();
    (what, format!("PostgreSQL refused `{first_line}`"))
}

impl Project {
    /// Runs a plan on a live database and checks that it ends at `expected`, writing lineages and
    /// the operation's marker in the same transaction. Who holds a lock is waited for only
    /// briefly, so that nobody queues behind the plan; then it is tried again.
    pub(crate) async fn apply_live(
        &self,
        session: &mut Session,
        plan: &Plan,
        expected: &Tree,
        operation: Uuid,
    ) -> Result<Outcome> {
        let limit = Duration::from_secs(self.config.lock_wait_seconds);
        let told = self.context.progress.clone();
        let mut patience = Patience::new(limit, operation, &told);
        loop {
            let started = Instant::now();
            match self.apply_once(session, plan, expected, operation).await {
                Ok(()) => {
                    return Ok(Outcome {
                        steps: plan.steps.len(),
                        retries: patience.retries(),
                        milliseconds: started.elapsed().as_millis() as u64,
                    });
                }
                Err(error) => patience.bear(error).await?,
            }
        }
    }

    async fn apply_once(&self, session: &mut Session, plan: &Plan, expected: &Tree, operation: Uuid) -> Result<()> {
        run_labels(session, plan).await?;
        if plan.labels_first {
            self.checkpoint("labels committed");
        }
        let transaction = session.transaction().await?;
        let patience = LOCK_TIMEOUT.min(Duration::from_secs(self.config.lock_wait_seconds.max(1)));
        transaction.batch_execute(&format!("SET LOCAL lock_timeout = '{}ms'", patience.as_millis())).await?;
        run(&transaction, plan, self.own_role()).await?;
        self.checkpoint("plan ran on the live database");
        let live = self.read_expecting(&transaction, expected).await?;
        if live.tree != *expected {
            return Err(self.ended_elsewhere(&live.tree, expected));
        }
        live.record(&transaction).await?;
        transaction.execute("INSERT INTO pleach.marker (operation) VALUES ($1)", &[&operation]).await?;
        self.checkpoint("marker written");
        transaction.commit().await?;
        Ok(())
    }

    pub(crate) async fn read_expecting(&self, transaction: &Transaction<'_>, expected: &Tree) -> Result<Live> {
        identity::read(transaction, &self.own_roles(), Newcomers::Expect(expected)).await
    }

    /// The role that plans run as, where it is not the session's own.
    pub(crate) fn own_role(&self) -> Option<&str> {
        self.secrets.owner.as_ref().map(|login| login.role.as_str())
    }

    /// The roles whose ownership goes without saying.
    pub(crate) fn own_roles(&self) -> Vec<String> {
        let mut roles = vec![self.row.own_role.clone()];
        if self.cluster.is_some() {
            roles.extend([crate::roles::ADMIN.to_owned(), crate::roles::IMPORTER.to_owned()]);
        }
        roles
    }

    /// The error for a plan that ran and did not end where it should.
    pub(crate) fn ended_elsewhere(&self, got: &Tree, expected: &Tree) -> Error {
        let differences = differences(got, expected);
        Error::new(Class::Internal, "not_proven", format!("the plan ended elsewhere than expected: {differences}"))
            .hint("nothing was changed; this is a defect in Pleach worth reporting with the schema")
    }
}

/// The objects in which two trees differ, in a line.
pub(crate) fn differences(got: &Tree, expected: &Tree) -> String {
    let diff = pleach_change::diff(&pleach_change::identified_by_name(got, expected), expected);
    let list: Vec<String> = diff
        .changes
        .iter()
        .take(8)
        .filter_map(|change| {
            let attrs: Vec<String> = change.attributes.iter().map(|changed| changed.attr.to_string()).collect();
            let how = match (&change.from, &change.to) {
                (None, _) => "missing".to_owned(),
                (_, None) => "too many".to_owned(),
                _ => attrs.join(" and "),
            };
            Some(format!("{} ({how})", change.address()?))
        })
        .collect();
    let more = diff.changes.len().saturating_sub(list.len());
    format!("{}{}", list.join(", "), if more > 0 { format!(" and {more} more") } else { String::new() })
}

/// Whether a plan used an enum label that it adds itself.
pub(crate) fn used_new_label(error: &Error) -> bool {
    error.sqlstate() == Some("55P04")
}
