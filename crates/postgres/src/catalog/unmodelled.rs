//! What users made and the model does not hold: found, and named.

use super::draft::Draft;
use super::fields::Fields;
use super::{CatalogId, class};
use crate::Result;
use tokio_postgres::types::Type;
use tokio_postgres::{GenericClient, Row};

/// Names what no object stands for, and comments that no object has claimed.
pub(super) async fn add(draft: &mut Draft, client: &impl GenericClient, rows: &[Row]) -> Result<()> {
    for row in rows {
        let id = CatalogId::new(row.oid("class")?, row.oid("oid")?);
        // The inside of another object: the cast from a range to its multirange.
        if !draft.scope.is_member(id) && !draft.inside.contains_key(&id) {
            draft.warn(row.text("kind")?, row.maybe("name")?.unwrap_or_default());
        }
    }
    let mut unclaimed: Vec<CatalogId> = draft.comments.keys().copied().collect();
    unclaimed.retain(|id| !is_of_an_extension(draft, *id));
    if unclaimed.is_empty() {
        return Ok(());
    }
    let classes: Vec<u32> = unclaimed.iter().map(|id| id.class).collect();
    let oids: Vec<u32> = unclaimed.iter().map(|id| id.oid).collect();
    let subs: Vec<i32> = unclaimed.iter().map(|id| id.sub).collect();
    let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
        [(&classes, Type::OID_ARRAY), (&oids, Type::OID_ARRAY), (&subs, Type::INT4_ARRAY)];
    for row in client.query_typed(include_str!("sql/identities.sql"), &parameters).await? {
        draft.warn("comment", format!("on {}", row.text("name")?));
    }
    Ok(())
}

fn is_of_an_extension(draft: &Draft, id: CatalogId) -> bool {
    draft.scope.is_member(id)
        || draft.inside.get(&id).is_some_and(|outer| draft.scope.is_member(*outer))
        || id.class == class::EXTENSION
}
