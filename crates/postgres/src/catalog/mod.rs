//! Reading a database's catalogs into objects.
//!
//! One query per kind, all sent at once over one connection, for all schemas together; what each
//! row means is decided here, not on the server. [`CatalogId`] carries identity: it survives a
//! physical copy of the database and a rename, and tells which rows of `pg_depend` speak of whom.

mod acl;
mod aggregates;
mod asker;
mod class;
mod columns;
mod constraints;
mod draft;
mod fields;
mod index_definitions;
mod indexes;
mod policies;
mod references;
mod relations;
mod routines;
mod scope;
mod sequences;
mod session;
mod stable;
mod standalone;
mod triggers;
mod types;
mod unmodelled;

pub use asker::Statements;

use crate::Result;
use asker::Asker;
use draft::Draft;
use pleach_schema::{Address, Object};
use scope::Scope;
use serde::Serialize;
use std::fmt;
use tokio_postgres::{GenericClient, Row};

/// Where PostgreSQL keeps an object: the catalog, its row, and for a column its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CatalogId {
    /// The OID of the catalog, as `'pg_class'::regclass::oid` (1259) says it.
    pub class: u32,
    /// The object's OID in that catalog.
    pub oid: u32,
    /// The number of the column (`attnum`), 0 for everything that is not one.
    pub sub: i32,
}

/// What was found in a database.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Every object of the model, in no particular order.
    pub objects: Vec<Found>,
    /// What users made that the model does not hold, to be named in a warning.
    pub unmodelled: Vec<Unmodelled>,
    /// The server's version as `server_version_num` says it: 150018.
    pub version: u32,
}

/// One object, with where it was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where PostgreSQL keeps it.
    pub id: CatalogId,
    /// What it is called.
    pub address: Address,
    /// What it is made of.
    pub object: Object,
}

/// Something users made that the model does not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unmodelled {
    /// What sort of thing it is: `operator`, `foreign table`, `comment`.
    pub kind: String,
    /// What the server calls it.
    pub name: String,
}

impl fmt::Display for Unmodelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// How to read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The roles that count as the project's own: they are not named as owners, and are `@owner`
    /// where privileges are granted to them.
    pub own_roles: Vec<String>,
}

/// Reads everything users made in the connected database.
///
/// Must be called inside a transaction: settings that change how PostgreSQL writes definitions
/// are pinned for it and put back before this returns. A caller who wants one consistent picture
/// opens it `REPEATABLE READ, READ ONLY`; one who wants to see its own DDL calls this right after.
///
/// # Errors
/// When there is no transaction, the connection is lost, or the server refuses a query.
pub async fn read(client: &impl GenericClient, options: &ReadOptions) -> Result<Reading> {
    read_by(Asker { client, statements: None }, options).await
}

/// Reads as [`read`] does, over a connection that is going to be asked again: what it prepares is
/// kept in `statements`, which is of this connection alone.
///
/// # Errors
/// As [`read`].
pub async fn read_often(
    client: &impl GenericClient,
    options: &ReadOptions,
    statements: &Statements,
) -> Result<Reading> {
    read_by(Asker { client, statements: Some(statements) }, options).await
}

async fn read_by(asker: Asker<'_, impl GenericClient>, options: &ReadOptions) -> Result<Reading> {
    let client = asker.client;
    let session = session::pin(client).await?;
    let reading = read_pinned(&asker, options).await;
    // After an error of the server's the transaction is over, and the settings are back with it.
    let restored = session.restore(client).await;
    let reading = reading?;
    restored?;
    Ok(reading)
}

async fn read_pinned(asker: &Asker<'_, impl GenericClient>, options: &ReadOptions) -> Result<Reading> {
    let (scope, start) = Scope::read(asker, options).await?;
    let rows = Rows::fetch(asker, &scope).await?;
    let dependencies = references::parse(&rows.dependencies)?;
    let mut draft = Draft::new(scope, &rows.comments, &dependencies)?;

    start.add_to(&mut draft)?;
    types::add(&mut draft, &rows.types)?;
    let mut relations = relations::add(&mut draft, &rows.relations, &rows.inheritance)?;
    relations.add_composites(&draft, &rows.types)?;
    let types = columns::add(&mut draft, &relations, &rows.columns)?;
    columns::add_not_null_details(&mut draft, &rows.not_nulls)?;
    sequences::add(&mut draft, &dependencies, &rows.sequences)?;
    let definitions = index_definitions::read(asker, &draft, &types, &rows.indexes, &rows.operator_classes).await?;
    let parents = indexes::Parents::of(&draft.scope, &relations, &rows.indexes)?;
    indexes::add(&mut draft, &relations, &parents, &definitions, &rows.indexes)?;
    indexes::add_statistics(&mut draft, &rows.index_statistics)?;
    constraints::add(&mut draft, &relations, &parents, &rows.constraints)?;
    routines::add(&mut draft, &rows.routines)?;
    aggregates::add_options(&mut draft, &rows.aggregates, &rows.routines)?;
    triggers::add(&mut draft, &relations, &rows.triggers)?;
    triggers::add_rules(&mut draft, &relations, &rows.rules)?;
    policies::add(&mut draft, &relations, &rows.policies)?;
    standalone::add_statistics(&mut draft, &rows.statistics)?;
    standalone::add_event_triggers(&mut draft, &rows.event_triggers)?;
    standalone::add_default_privileges(&mut draft, &rows.default_privileges)?;

    references::resolve(&mut draft, &dependencies);
    unmodelled::add(&mut draft, asker.client, &rows.unmodelled).await?;
    Ok(draft.finish())
}

/// The rows of every catalog, as they came.
struct Rows {
    types: Vec<Row>,
    relations: Vec<Row>,
    inheritance: Vec<Row>,
    sequences: Vec<Row>,
    columns: Vec<Row>,
    not_nulls: Vec<Row>,
    indexes: Vec<Row>,
    index_statistics: Vec<Row>,
    operator_classes: Vec<Row>,
    constraints: Vec<Row>,
    routines: Vec<Row>,
    aggregates: Vec<Row>,
    triggers: Vec<Row>,
    rules: Vec<Row>,
    policies: Vec<Row>,
    statistics: Vec<Row>,
    event_triggers: Vec<Row>,
    default_privileges: Vec<Row>,
    comments: Vec<Row>,
    dependencies: Vec<Row>,
    unmodelled: Vec<Row>,
}

impl Rows {
    /// Sends every query before the first answer is awaited.
    async fn fetch(asker: &Asker<'_, impl GenericClient>, scope: &Scope) -> Result<Self> {
        let ask = async |sql: &'static str, schemas: Option<&[u32]>| {
            asker.query(&fields::for_version(sql, scope.version), schemas).await
        };
        macro_rules! fetch {
            (in_schemas { $($scoped:ident)* } everywhere { $($plain:ident)* }) => {{
                let schemas = scope.schema_oids();
                let ($($scoped,)* $($plain,)*) = tokio::try_join!(
                    $(ask(include_str!(concat!("sql/", stringify!($scoped), ".sql")), Some(&schemas)),)*
                    $(ask(include_str!(concat!("sql/", stringify!($plain), ".sql")), None),)*
                )?;
                Ok(Self { $($scoped,)* $($plain,)* })
            }};
        }
        fetch!(
            in_schemas {
                types relations sequences columns not_nulls indexes index_statistics constraints routines aggregates
                triggers rules policies statistics default_privileges dependencies unmodelled
            }
            everywhere { inheritance operator_classes event_triggers comments }
        )
    }
}
