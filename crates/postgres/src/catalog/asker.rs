//! Who is asked, and what that connection knows already.

use crate::Result;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row, Statement};

/// Queries that one connection has prepared: planning them costs as much as running them on a small
/// schema, and is done once.
#[derive(Clone, Default)]
pub struct Statements(Arc<Mutex<HashMap<String, Statement>>>);

impl fmt::Debug for Statements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} statements", self.0.lock().unwrap_or_else(PoisonError::into_inner).len())
    }
}

impl Statements {
    fn get(&self, sql: &str) -> Option<Statement> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(sql).cloned()
    }

    fn put(&self, sql: &str, statement: Statement) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(sql.to_owned(), statement);
    }
}

/// Asks the catalogs over a connection.
pub(super) struct Asker<'a, C> {
    pub client: &'a C,
    /// What it has prepared, where it will be asked again.
    pub statements: Option<&'a Statements>,
}

impl<C: GenericClient> Asker<'_, C> {
    /// Runs a catalog query, whose `$1` is a list of OIDs where it has one.
    pub async fn query(&self, sql: &str, oids: Option<&[u32]>) -> Result<Vec<Row>> {
        let typed: Vec<(&(dyn ToSql + Sync), Type)> =
            oids.iter().map(|oids| (oids as &(dyn ToSql + Sync), Type::OID_ARRAY)).collect();
        let Some(statements) = self.statements else { return Ok(self.client.query_typed(sql, &typed).await?) };
        let statement = match statements.get(sql) {
            Some(known) => known,
            None => {
                let types: Vec<Type> = typed.iter().map(|(_, kind)| kind.clone()).collect();
                let new = self.client.prepare_typed(sql, &types).await?;
                statements.put(sql, new.clone());
                new
            }
        };
        let given: Vec<&(dyn ToSql + Sync)> = typed.iter().map(|(value, _)| *value).collect();
        Ok(self.client.query(&statement, &given).await?)
    }
}
