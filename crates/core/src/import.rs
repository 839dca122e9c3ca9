//! Where a project's schema and data come from.

use crate::apply;
use crate::identity::{self, Newcomers};
use crate::project::Project;
use crate::prove::unplannable;
use crate::roles::{self, IMPORTER};
use crate::state::{self, JournalGuard, Purpose};
use pleach_change::{DataStep, Plan, Stage, identified_by_name, plan};
use pleach_postgres::catalog::{ReadOptions, Reading, Unmodelled};
use pleach_postgres::connect::{Session, Target, connect};
use pleach_postgres::copy::{Table, copy_data, copy_sequences};
use pleach_postgres::import::{Migrations, SchemaFiles};
use pleach_postgres::script::{self, Script, Variables};
use pleach_postgres::{Class, Error, Result, catalog};
use pleach_schema::{Attr, Entry, Kind, Lineage, Tree, Value, quote_ident};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_postgres::IsolationLevel;

/// What a project begins with.
#[derive(Debug, Clone)]
pub enum Source {
    /// Another database.
    Url {
        /// Where it is.
        target: Box<Target>,
        /// Leave its rows out.
        schema_only: bool,
    },
    /// A file or a folder of plain SQL.
    Files(PathBuf),
    /// A folder of another tool's migrations.
    Migrations {
        /// The folder.
        folder: PathBuf,
        /// The tool, where it shall not be recognised.
        tool: Option<String>,
    },
    /// Nothing.
    Empty,
}

/// What came in.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Imported {
    /// Statements that ran.
    pub statements: u64,
    /// Rows that were copied.
    pub rows: u64,
    /// Roles that the schema names and the server lacked: made, without login.
    pub roles_made: Vec<String>,
    /// The tool whose migrations were applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// What was left out, and why.
    pub notes: Vec<String>,
    /// What is there and Pleach has no model of.
    pub unmodelled: Vec<Unmodelled>,
}

/// A database made from another one's schema and rows.
pub(crate) struct Restored {
    pub name: String,
    pub rows: u64,
}

impl Project {
    /// Fills a new, empty database from a source.
    pub(crate) async fn import(&mut self, name: &str, source: &Source) -> Result<Imported> {
        let mut session = self.session(name).await?;
        let imported = match source {
            Source::Empty => Ok(Imported::default()),
            Source::Files(path) => {
                let files = SchemaFiles::find(path)?;
                let notes = files.notes.clone();
                self.run_scripts(&session, files.scripts, notes, None).await
            }
            Source::Migrations { folder, tool } => {
                let migrations = Migrations::find(folder, tool.as_deref().map(str::parse).transpose()?)?;
                let (notes, tool) = (migrations.notes, migrations.tool.name().to_owned());
                let scripts = migrations.files.into_iter().map(|file| file.script).collect();
                self.run_scripts(&session, scripts, notes, Some(tool)).await
            }
            Source::Url { target, schema_only } => self.import_url(&mut session, target, *schema_only).await,
        };
        session.close().await;
        imported
    }

    async fn run_scripts(
        &mut self,
        session: &Session,
        scripts: Vec<Script>,
        notes: Vec<String>,
        tool: Option<String>,
    ) -> Result<Imported> {
        let variables = Variables::new();
        let survey = script::survey(&scripts, &variables)?;
        let roles_made = roles::make_missing(&self.admin, &survey.roles.needed()).await?;
        if self.cluster.is_some() {
            session.batch_execute(&format!("SET SESSION AUTHORIZATION {}", quote_ident(IMPORTER))).await?;
        }
        let mut imported = Imported { roles_made, tool, ..Imported::default() };
        imported.notes.extend(notes);
        for one in &scripts {
            let context = &self.context;
            let name = one.name().to_owned();
            let total = one.size().max(1);
            let mut told = 0;
            let mut progress = |at: script::Progress<'_>| {
                let percent = (at.bytes * 100 / total).min(100);
                if percent >= told + 5 {
                    told = percent;
                    (context.progress)(&format!("{name}: {percent} %"));
                }
            };
            let ran = script::run(session, one, &variables, &mut progress).await?;
            imported.statements += ran.statements;
            imported.rows += ran.rows_copied;
            imported.notes.extend(ran.notes.iter().map(ToString::to_string));
        }
        Ok(imported)
    }

    async fn import_url(&mut self, session: &mut Session, target: &Target, schema_only: bool) -> Result<Imported> {
        let mut source = connect(target, crate::project::APPLICATION).await?;
        if source.server_version() / 10_000 > session.server_version() / 10_000 {
            self.progress("the source is a newer version of PostgreSQL than the project's server");
        }
        let own = vec![target.user().to_owned()];
        let transaction =
            source.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
        let reading = catalog::read(&transaction, &ReadOptions { own_roles: own }).await?;
        transaction.rollback().await?;
        let unmodelled = reading.unmodelled.clone();
        let tree = tree_of_reading(reading)?;
        let roles_made = roles::make_missing(&self.admin, &roles_named(&tree)).await?;
        if let Some(own) = self.own_role() {
            roles::join_owners(&self.admin, own, &owners(&tree)).await?;
        }
        let from = if schema_only { None } else { Some(&mut source) };
        let (statements, rows) = self.restore(session, &tree, from).await?;
        let live = identity::read_once(session, &self.own_roles(), Newcomers::Expect(&tree)).await?;
        let mut notes = Vec::new();
        if live.tree != tree {
            notes.push(format!("differs from the source: {}", apply::differences(&live.tree, &tree)));
        }
        Ok(Imported { statements, rows, roles_made, tool: None, notes, unmodelled })
    }

    /// Makes a database with a tree's schema and the rows of a live database, beside whatever runs
    /// there: from one consistent moment.
    pub(crate) async fn restore_from(
        &mut self,
        journal: &JournalGuard,
        source: &mut Session,
        tree: &Tree,
    ) -> Result<Restored> {
        let name = self.empty_database(journal, Purpose::Snapshot).await?;
        let mut session = self.session(&name).await?;
        let (_, rows) = self.restore(&mut session, tree, Some(source)).await?;
        let transaction = session.transaction().await?;
        let live = self.read_expecting(&transaction, tree).await?;
        if live.tree != *tree {
            return Err(self.ended_elsewhere(&live.tree, tree));
        }
        live.record(&transaction).await?;
        transaction.commit().await?;
        session.close().await;
        Ok(Restored { name, rows })
    }

    /// A new database with nothing in it but Pleach's own tables.
    pub(crate) async fn empty_database(&self, journal: &JournalGuard, purpose: Purpose) -> Result<String> {
        let name = self.create_database(journal, purpose).await?;
        let session = self.session(&name).await?;
        identity::prepare(&*session).await?;
        session.close().await;
        state::databases::set_ready(self.state.client(), &name).await?;
        Ok(name)
    }

    /// Makes a tree's schema in an empty database, with the rows of a source in between: what
    /// watches or judges rows comes after them. Returns statements and rows.
    async fn restore(&self, session: &mut Session, tree: &Tree, source: Option<&mut Session>) -> Result<(u64, u64)> {
        let blank = identity::read_once(session, &self.own_roles(), Newcomers::Carry(&Tree::default())).await?;
        let blank = identified_by_name(&blank.tree, tree);
        let here = DataStep { name: "rows".into(), sql: String::new() };
        let whole = plan(&blank, tree, &[here]).map_err(unplannable)?;
        let at = whole.steps.iter().position(|step| step.stage == Stage::Data).unwrap_or(whole.steps.len());
        let (before, after) = whole.steps.split_at(at);
        let after = after.get(1..).unwrap_or_default();
        self.run_steps(session, before).await?;
        let mut rows = 0;
        if let Some(source) = source {
            rows = self.copy_rows(session, source, tree).await?;
        }
        self.run_steps(session, after).await?;
        Ok(((before.len() + after.len()) as u64, rows))
    }

    async fn run_steps(&self, session: &mut Session, steps: &[pleach_change::Step]) -> Result<()> {
        let transaction = session.transaction().await?;
        let plan = Plan { steps: steps.to_vec(), labels_first: false };
        apply::run(&transaction, &plan, self.own_role()).await.map_err(explain_restore)?;
        transaction.commit().await?;
        Ok(())
    }

    async fn copy_rows(&self, session: &Session, source: &Session, tree: &Tree) -> Result<u64> {
        source.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        // Where this is not allowed the order of tables has to do: what watches comes later anyway.
        let _ = session.batch_execute("SET session_replication_role = replica").await;
        let tables = tables_with_rows(tree);
        let copied = copy_data(source, session, &tables, |table, copied| {
            self.progress(format!("{}: {} rows", table.name, copied.rows));
        })
        .await?;
        copy_sequences(source, session, &sequences(tree)).await?;
        source.batch_execute("COMMIT").await?;
        let _ = session.batch_execute("RESET session_replication_role").await;
        Ok(copied.rows)
    }

    /// Gives what an import made to the project's own role, and lets that act for the others who
    /// own something.
    pub(crate) async fn settle_owners(&self, name: &str) -> Result<()> {
        let Some(own) = self.own_role() else { return Ok(()) };
        let mut session = self.session(name).await?;
        let live = identity::read_once(&mut session, &self.own_roles(), Newcomers::Carry(&Tree::default())).await?;
        roles::join_owners(&self.admin, own, &owners(&live.tree)).await?;
        // Only a superuser can own an event trigger.
        for (address, _) in live.tree.iter().filter(|(address, _)| address.kind == Kind::EventTrigger) {
            let sql = format!("ALTER EVENT TRIGGER {} OWNER TO {}", address.sql(), quote_ident(roles::ADMIN));
            session.batch_execute(&sql).await?;
        }
        let sql = format!("REASSIGN OWNED BY {} TO {}", quote_ident(IMPORTER), quote_ident(own));
        session.batch_execute(&sql).await?;
        session.close().await;
        Ok(())
    }
}

/// What was read from a database that nothing is known of: everything in it gets a lineage.
pub(crate) fn tree_of_reading(reading: Reading) -> Result<Tree> {
    let entries = reading.objects.into_iter().map(|found| {
        let lineage = Lineage(uuid::Uuid::new_v4());
        (found.address, Entry { lineage, object: Arc::new(found.object) })
    });
    Tree::from_entries(entries)
        .map_err(|error| Error::new(Class::Internal, "internal", format!("the catalog contradicts itself: {error}")))
}

fn explain_restore(error: Error) -> Error {
    let missing_extension = error.postgres.as_ref().is_some_and(|said| {
        said.sqlstate == "0A000" && said.message.contains("extension")
            || said.message.contains("extension control file")
    });
    if !missing_extension {
        return error;
    }
    let object = error.object.clone().unwrap_or_default();
    Error { code: "extension_missing", class: Class::Unavailable, ..error }
        .hint(format!("install the package that holds {object} for the project's server, then try again"))
}

/// The tables whose rows are their own, with the columns that can be written.
pub(crate) fn tables_with_rows(tree: &Tree) -> Vec<Table> {
    let tables = tree
        .iter()
        .filter(|(address, entry)| address.kind == Kind::Table && entry.object.get(Attr::PartitionKey).is_none());
    tables
        .map(|(address, _)| {
            let columns = tree.columns(&address.path).into_iter();
            let columns = columns.filter(|(_, entry)| entry.object.get(Attr::Generated).is_none());
            Table { name: address.sql(), columns: columns.map(|(column, _)| column.name().to_owned()).collect() }
        })
        .filter(|table| !table.columns.is_empty())
        .collect()
}

/// The sequences of a tree, those inside identity columns as well, as qualified SQL.
pub(crate) fn sequences(tree: &Tree) -> Vec<String> {
    let mut out = Vec::new();
    for (address, entry) in tree.iter() {
        if address.kind == Kind::Sequence {
            out.push(address.sql());
        }
        let identity = entry.object.get(Attr::Identity).and_then(Value::as_map);
        out.extend(identity.and_then(|map| map.get("sequence")).and_then(Value::as_text).map(str::to_owned));
    }
    out
}

/// The roles that own something in a tree.
pub(crate) fn owners(tree: &Tree) -> BTreeSet<String> {
    tree.iter().filter_map(|(_, entry)| entry.object.text(Attr::Owner)).map(str::to_owned).collect()
}

/// All roles that a tree names.
pub(crate) fn roles_named(tree: &Tree) -> BTreeSet<String> {
    let mut roles = owners(tree);
    for (address, entry) in tree.iter() {
        if let Some(grants) = entry.object.get(Attr::Grants).and_then(Value::as_map) {
            roles.extend(grants.keys().cloned());
        }
        let policy = entry.object.get(Attr::Roles).and_then(Value::as_list).unwrap_or_default();
        roles.extend(policy.iter().filter_map(Value::as_text).map(str::to_owned));
        if address.kind == Kind::DefaultPrivileges {
            roles.extend(address.path.first().cloned());
        }
    }
    roles.retain(|role| !matches!(role.as_str(), "" | "PUBLIC" | "@owner"));
    roles
}
