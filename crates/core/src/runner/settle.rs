//! What a statement that cannot be in a transaction left when it was cut off: settled by looking.

use pleach_postgres::connect::Session;
use pleach_postgres::script::Sort;
use pleach_postgres::{Class, Error, Result};

/// What is to be done about a statement.
pub(super) enum Settled {
    /// It is to run.
    Run,
    /// It ran before.
    Done,
    /// It got half-way, and this finishes it.
    Instead(String),
}

const INDEX: &str = "
    SELECT i.indisvalid, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
           EXISTS (SELECT FROM pg_catalog.pg_locks l
                   WHERE l.relation = i.indrelid AND l.granted AND l.pid <> pg_catalog.pg_backend_pid()
                     AND l.mode = 'ShareUpdateExclusiveLock')
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE i.indrelid = pg_catalog.to_regclass($1) AND c.relname = $2 AND c.relkind = 'i'";

/// Looks at what is there before a statement runs. With `again` it may have run before, as a whole
/// or in part.
pub(super) async fn settle(session: &Session, sort: &Sort, again: bool) -> Result<Settled> {
    match sort {
        Sort::BuildIndex { table, name } => {
            let Some(row) = session.query_opt(INDEX, &[table, name]).await? else { return Ok(Settled::Run) };
            let (valid, index, busy): (bool, String, bool) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            if valid {
                return Ok(if again { Settled::Done } else { Settled::Run });
            }
            if busy {
                let message = "it is not valid, and somebody works on its table: it may be in the making";
                return Err(Error::new(Class::Unavailable, "lock_not_available", message).on(format!("index {index}")));
            }
            // Its building was cut off: it serves nobody.
            session.batch_execute(&format!("DROP INDEX CONCURRENTLY {index}")).await?;
            Ok(Settled::Run)
        }
        Sort::DropIndex(index) if again => {
            let row = session.query_one("SELECT pg_catalog.to_regclass($1) IS NULL", &[index]).await?;
            Ok(if row.try_get(0)? { Settled::Done } else { Settled::Run })
        }
        Sort::Detach { table, partition } => {
            let sql = "SELECT inhdetachpending FROM pg_catalog.pg_inherits
                       WHERE inhparent = pg_catalog.to_regclass($1) AND inhrelid = pg_catalog.to_regclass($2)";
            match session.query_opt(sql, &[table, partition]).await? {
                Some(row) if row.try_get(0)? => {
                    Ok(Settled::Instead(format!("ALTER TABLE {table} DETACH PARTITION {partition} FINALIZE")))
                }
                None if again => Ok(Settled::Done),
                _ => Ok(Settled::Run),
            }
        }
        _ => Ok(Settled::Run),
    }
}
