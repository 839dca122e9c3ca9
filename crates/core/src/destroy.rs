//! What a plan would destroy, as far as there is something to lose.

use crate::project::Project;
use pleach_change::diff;
use pleach_postgres::connect::Session;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Address, Kind, Tree};
use serde::Serialize;

/// Data that a plan destroys.
#[derive(Debug, Clone, Serialize)]
pub struct Loss {
    /// The table, column or attribute that goes.
    #[serde(with = "pleach_schema::readable::one")]
    pub object: Address,
    /// In words.
    pub what: String,
}

/// What of a live database's data goes when its schema becomes `to`. Tables without rows and
/// columns without values are no loss.
pub(crate) async fn losses(session: &Session, from: &Tree, to: &Tree) -> Result<Vec<Loss>> {
    let mut losses = Vec::new();
    for change in diff(from, to).changes {
        let (Some((address, _)), None) = (&change.from, &change.to) else { continue };
        let table_goes_too = from
            .parent(address)
            .and_then(|parent| from.lineage(&parent))
            .is_some_and(|parent| to.address(parent).is_none());
        let (sql, what) = match address.kind {
            Kind::Table => {
                (format!("SELECT EXISTS (SELECT FROM {})", address.sql()), format!("all rows of {}", address.sql()))
            }
            Kind::Column if !table_goes_too && is_in_table(from, address) => {
                let (relation, name) = (address.relation_sql(), address.name_sql());
                (
                    format!("SELECT EXISTS (SELECT FROM {relation} WHERE {name} IS NOT NULL)"),
                    format!("all values of {}", address.sql()),
                )
            }
            _ => continue,
        };
        if session.query_one(&sql, &[]).await?.try_get::<_, bool>(0)? {
            losses.push(Loss { object: address.clone(), what });
        }
    }
    Ok(losses)
}

impl Project {
    /// As [`losses`].
    pub(crate) async fn losses(&self, session: &Session, from: &Tree, to: &Tree) -> Result<Vec<Loss>> {
        losses(session, from, to).await
    }

    /// Refuses to destroy data without consent.
    pub(crate) async fn require_consent(
        &self,
        session: &Session,
        from: &Tree,
        to: &Tree,
        consent: bool,
    ) -> Result<Vec<Loss>> {
        let losses = losses(session, from, to).await?;
        if losses.is_empty() || consent {
            return Ok(losses);
        }
        let list: Vec<&str> = losses.iter().map(|loss| loss.what.as_str()).collect();
        Err(Error::new(Class::Unsafe, "destructive", format!("this would destroy {}", list.join(", ")))
            .hint("if that is meant, say so: `--allow-destructive`"))
    }
}

fn is_in_table(tree: &Tree, column: &Address) -> bool {
    tree.parent(column).is_some_and(|parent| parent.kind == Kind::Table)
        && tree.object(column).is_some_and(|object| object.get(pleach_schema::Attr::Generated).is_none())
}
