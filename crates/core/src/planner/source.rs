//! What a plan leads from and to.

use super::scratch::Scratch;
use crate::import::{roles_named, tree_of_reading};
use crate::project::{APPLICATION, Project};
use pleach_postgres::catalog::{self, ReadOptions, Reading};
use pleach_postgres::connect::{Session, Target, connect};
use pleach_postgres::import::SchemaFiles;
use pleach_postgres::script::{self, Renamed, Variables};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Address, Attr, Kind, Tree};
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use tokio_postgres::{GenericClient, IsolationLevel};

/// Where a schema comes from.
#[derive(Debug, Clone)]
pub enum SchemaSource {
    /// A database, which is only read.
    Url(Box<Target>),
    /// A file or a folder of SQL, which runs on the scratch server.
    Files(PathBuf),
    /// A branch or commit of the project.
    Revision(String),
}

impl SchemaSource {
    /// The role that connects to a database.
    pub(super) fn user(&self) -> Option<String> {
        if let Self::Url(target) = self { Some(target.user().to_owned()) } else { None }
    }
}

/// Which end of a plan a schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// What is changed: how large its tables are counts.
    From,
    /// What it is changed to.
    To,
}

/// A schema that was read.
pub(crate) struct Loaded {
    pub tree: Tree,
    /// Bytes of each table, where it is a database whose rows count.
    pub sizes: HashMap<Address, u64>,
    pub version: Option<u32>,
    /// Columns whose rows were being filled in when somebody stopped, as SQL.
    pub unfilled: BTreeSet<String>,
    /// Indexes whose building was cut off: they serve nobody and are in nobody's plan.
    pub broken: Vec<Address>,
    /// Whether its lineages are those of the project.
    pub known: bool,
    /// What comments in its files say was called otherwise.
    pub renamed: Vec<Renamed>,
    pub notes: Vec<String>,
}

impl Loaded {
    /// A schema without rows.
    fn new(tree: Tree, known: bool, notes: Vec<String>) -> Self {
        Self {
            tree,
            sizes: HashMap::new(),
            version: None,
            unfilled: BTreeSet::new(),
            broken: Vec::new(),
            known,
            renamed: Vec::new(),
            notes,
        }
    }
}

/// Reads a schema.
///
/// Who connects to a database is its owner as far as a plan goes: what SQL files give to one of
/// `owners` is their own too.
pub(super) async fn load(
    source: &SchemaSource,
    side: Side,
    scratch: &Scratch<'_>,
    owners: &[String],
    project: Option<&Project>,
) -> Result<Loaded> {
    match source {
        SchemaSource::Url(target) => database(target, side).await,
        SchemaSource::Files(path) => {
            let files = SchemaFiles::find(path)?;
            let variables = Variables::new();
            let survey = script::survey(&files.scripts, &variables)?;
            let renamed = survey.renamed.into_iter().collect::<Result<_>>()?;
            scratch.make_roles(&survey.roles.needed()).await?;
            let name = scratch.database().await?;
            let mut session = scratch.session(&name).await?;
            for one in &files.scripts {
                script::run(&session, one, &variables, &mut |_| {}).await?;
            }
            session.batch_execute("RESET ALL; RESET SESSION AUTHORIZATION").await?;
            let own_roles = [scratch.own_roles().await?, owners.to_vec()].concat();
            let reading = read(&mut session, own_roles).await?;
            session.close().await;
            let notes = files.notes.into_iter().chain(notes(&reading)).collect();
            Ok(Loaded { renamed, ..Loaded::new(tree_of_reading(reading)?, false, notes) })
        }
        SchemaSource::Revision(revision) => {
            let project = project.ok_or_else(|| {
                Error::new(Class::State, "no_project", "a branch or commit can only be named inside a project")
                    .on(revision.clone())
                    .hint("name a database URL or an SQL file that exists, or work in a project's folder")
            })?;
            let tree = project.tree(&project.resolve(revision).await?).await?;
            Ok(Loaded::new(tree, true, Vec::new()))
        }
    }
}

/// Reads the schema of a database, and how large its tables are where that counts.
pub(crate) async fn database(target: &Target, side: Side) -> Result<Loaded> {
    let mut session = connect(target, APPLICATION).await?;
    let own = vec![target.user().to_owned()];
    let reading = read(&mut session, own).await?;
    // PostgreSQL asks the file system about every file of every table.
    let sizes = if side == Side::From { sizes(&*session).await? } else { HashMap::new() };
    let version = Some(session.server_version());
    let unfilled = unfilled(&session).await?;
    session.close().await;
    let notes = notes(&reading);
    let mut tree = tree_of_reading(reading)?;
    let broken = take_broken(&mut tree);
    Ok(Loaded { sizes, version, unfilled, broken, ..Loaded::new(tree, false, notes) })
}

/// Makes the roles that a tree names.
pub(crate) async fn make_roles(scratch: &Scratch<'_>, tree: &Tree) -> Result<()> {
    scratch.make_roles(&roles_named(tree)).await.map(drop)
}

/// Reads a database's schema.
pub(crate) async fn read(session: &mut Session, own_roles: Vec<String>) -> Result<Reading> {
    let transaction =
        session.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
    let reading = catalog::read(&transaction, &ReadOptions { own_roles }).await?;
    transaction.rollback().await?;
    Ok(reading)
}

/// How many bytes each table of a database has.
pub(crate) async fn sizes(client: &impl GenericClient) -> Result<HashMap<Address, u64>> {
    let sql = "SELECT n.nspname::text, c.relname::text, pg_catalog.pg_table_size(c.oid)::int8
               FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relkind = 'r' AND c.oid >= 16384";
    let mut sizes = HashMap::new();
    for row in client.query_typed(sql, &[]).await? {
        let (schema, name): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        // A table that is being dropped has no size any more.
        let bytes: i64 = row.try_get::<_, Option<i64>>(2)?.unwrap_or_default();
        sizes.insert(Address::new(Kind::Table, [schema, name]), bytes.unsigned_abs());
    }
    Ok(sizes)
}

/// The schema that a transaction sees, as [`load`] reads it from a database.
pub(crate) async fn tree_now(transaction: &impl GenericClient, own_roles: &[String]) -> Result<Tree> {
    let reading = catalog::read(transaction, &ReadOptions { own_roles: own_roles.to_vec() }).await?;
    let mut tree = tree_of_reading(reading)?;
    take_broken(&mut tree);
    Ok(tree)
}

/// Takes invalid indexes out of a tree. One of a partitioned table is only not complete.
fn take_broken(tree: &mut Tree) -> Vec<Address> {
    let invalid = tree.iter().filter(|(address, entry)| address.kind == Kind::Index && entry.object.is(Attr::Invalid));
    let broken: Vec<Address> = invalid.map(|(a, _)| a.clone()).filter(|index| !tree.is_of_partitioned(index)).collect();
    for index in &broken {
        tree.remove(index);
    }
    broken
}

/// What a script that was cut off has left to fill in.
async fn unfilled(session: &Session) -> Result<BTreeSet<String>> {
    let sql = "SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
               FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = 'pleach' AND c.relname = 'backfill'";
    match session.query_opt(sql, &[]).await? {
        Some(row) if row.try_get(0)? => {}
        _ => return Ok(BTreeSet::new()),
    }
    let rows = session.query("SELECT job FROM pleach.backfill", &[]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

fn notes(reading: &Reading) -> Vec<String> {
    reading.unmodelled.iter().map(|what| format!("not compared: {what}")).collect()
}
