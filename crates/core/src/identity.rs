//! Who is who in a live database: the map from catalog identity to lineage, in its schema `pleach`.
//!
//! The map is copied with every clone, so objects keep their lineage from branch to branch. Only
//! the role that Pleach itself uses can write it.

use pleach_change::carry_lineages;
use pleach_postgres::Result;
use pleach_postgres::catalog::{self, CatalogId, ReadOptions, Reading, Statements, Unmodelled};
use pleach_postgres::connect::Session;
use pleach_schema::{Address, Attr, Kind, Lineage, Tree};
use std::collections::{HashMap, HashSet};
use tokio_postgres::{GenericClient, IsolationLevel};
use uuid::Uuid;

/// What a database holds, read at one moment.
pub(crate) struct Live {
    /// Its schema, with lineages.
    pub tree: Tree,
    /// What Pleach has no model of.
    pub unmodelled: Vec<Unmodelled>,
    added: Vec<(CatalogId, Lineage)>,
    gone: HashMap<CatalogId, Lineage>,
}

/// Whose lineages objects get that the map does not know.
#[derive(Clone, Copy)]
pub(crate) enum Newcomers<'a> {
    /// New ones, except that what holds no data carries on what is gone under its name.
    Carry(&'a Tree),
    /// Those that a tree gives to their addresses, which the database is expected to equal.
    Expect(&'a Tree),
}

const TABLES: &str = "
    CREATE SCHEMA IF NOT EXISTS pleach;
    CREATE TABLE IF NOT EXISTS pleach.identity (
        class oid NOT NULL, object oid NOT NULL, part int NOT NULL, lineage uuid NOT NULL,
        PRIMARY KEY (class, object, part)
    );
    CREATE TABLE IF NOT EXISTS pleach.marker (
        operation uuid PRIMARY KEY, fence boolean NOT NULL DEFAULT false,
        at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    REVOKE ALL ON SCHEMA pleach FROM PUBLIC;
    REVOKE ALL ON ALL TABLES IN SCHEMA pleach FROM PUBLIC";

/// Makes the tables in a database that has just been made.
pub(crate) async fn prepare(client: &impl GenericClient) -> Result<()> {
    Ok(client.batch_execute(TABLES).await?)
}

/// Reads a database inside the caller's transaction.
pub(crate) async fn read(client: &impl GenericClient, own_roles: &[String], newcomers: Newcomers<'_>) -> Result<Live> {
    let options = ReadOptions { own_roles: own_roles.to_vec() };
    let reading = catalog::read(client, &options).await?;
    live(client, reading, newcomers).await
}

/// Reads as [`read`] does, over a connection that has prepared for it.
pub(crate) async fn read_often(
    client: &impl GenericClient,
    own_roles: &[String],
    newcomers: Newcomers<'_>,
    statements: &Statements,
) -> Result<Live> {
    let options = ReadOptions { own_roles: own_roles.to_vec() };
    let reading = catalog::read_often(client, &options, statements).await?;
    live(client, reading, newcomers).await
}

async fn live(client: &impl GenericClient, reading: Reading, newcomers: Newcomers<'_>) -> Result<Live> {
    let mut known: HashMap<CatalogId, Lineage> = HashMap::with_capacity(reading.objects.len());
    for row in client.query_typed("SELECT class, object, part, lineage FROM pleach.identity", &[]).await? {
        let id = CatalogId { class: row.try_get(0)?, oid: row.try_get(1)?, sub: row.try_get(2)? };
        known.insert(id, Lineage(row.try_get::<_, Uuid>(3)?));
    }
    let mut ids: HashMap<Address, CatalogId> = HashMap::new();
    let expected = |address: &Address| match newcomers {
        Newcomers::Expect(tree) => tree.lineage(address),
        Newcomers::Carry(_) => None,
    };
    let mut unknown = Vec::new();
    let found = reading
        .objects
        .into_iter()
        .map(|found| {
            let mut lineage = known.remove(&found.id);
            if lineage.is_none() {
                lineage = expected(&found.address);
                unknown.extend(lineage.map(|lineage| (found.id, lineage)));
            }
            if lineage.is_none() {
                ids.insert(found.address.clone(), found.id);
            }
            (found.address, found.object, lineage)
        })
        .collect();
    let (Newcomers::Carry(before) | Newcomers::Expect(before)) = newcomers;
    let (tree, added) = carry_lineages(found, before, || Lineage(Uuid::new_v4()));
    let mut added: Vec<_> = added.into_iter().filter_map(|(address, l)| Some((*ids.get(&address)?, l))).collect();
    added.extend(unknown);
    Ok(Live { tree, unmodelled: reading.unmodelled, added, gone: known })
}

/// Reads a database in a transaction of its own that sees one moment.
pub(crate) async fn read_once(session: &mut Session, own_roles: &[String], newcomers: Newcomers<'_>) -> Result<Live> {
    let transaction =
        session.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
    let live = read(&transaction, own_roles, newcomers).await?;
    transaction.commit().await?;
    Ok(live)
}

impl Live {
    /// A table or a column that is taken for one that was there before and is another in the
    /// catalog: what it held is lost, although the schema is as it should be.
    pub(crate) fn made_anew(&self) -> Option<&Address> {
        let gone: HashSet<&Lineage> = self.gone.values().collect();
        let anew = self.added.iter().filter(|(_, lineage)| gone.contains(lineage));
        anew.filter_map(|(_, lineage)| self.tree.find(*lineage)).find_map(|(address, object)| {
            let table = self.tree.parent(address).is_some_and(|parent| parent.kind == Kind::Table);
            let held = address.kind == Kind::Table
                || address.kind == Kind::Column && table && object.get(Attr::Generated).is_none();
            held.then_some(address)
        })
    }

    /// Writes down the lineages of what is new, and forgets what is gone.
    pub(crate) async fn record(&self, client: &impl GenericClient) -> Result<()> {
        if !self.gone.is_empty() {
            let (classes, objects, parts) = columns(self.gone.keys());
            let sql = "DELETE FROM pleach.identity USING unnest($1::oid[], $2::oid[], $3::int[]) AS gone(c, o, p)
                       WHERE class = c AND object = o AND part = p";
            client.execute(sql, &[&classes, &objects, &parts]).await?;
        }
        if !self.added.is_empty() {
            let (classes, objects, parts) = columns(self.added.iter().map(|(id, _)| id));
            let lineages: Vec<Uuid> = self.added.iter().map(|(_, lineage)| lineage.0).collect();
            let sql = "INSERT INTO pleach.identity (class, object, part, lineage)
                       SELECT * FROM unnest($1::oid[], $2::oid[], $3::int[], $4::uuid[])
                       ON CONFLICT (class, object, part) DO UPDATE SET lineage = excluded.lineage";
            client.execute(sql, &[&classes, &objects, &parts, &lineages]).await?;
        }
        Ok(())
    }
}

fn columns<'a>(ids: impl Iterator<Item = &'a CatalogId>) -> (Vec<u32>, Vec<u32>, Vec<i32>) {
    let (mut classes, mut objects, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    for id in ids {
        classes.push(id.class);
        objects.push(id.oid);
        parts.push(id.sub);
    }
    (classes, objects, parts)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use pleach_schema::{Entry, Object, Value};
    use std::sync::Arc;

    #[test]
    fn a_column_that_was_dropped_and_made_again_is_found_out() {
        let table = Address::new(Kind::Table, ["public", "t"]);
        let lineage = |n| Lineage(Uuid::from_u128(n));
        let id = |sub| CatalogId { class: 1259, oid: 1, sub };
        let live = |attributes: &[(Attr, Value)], added: &[(CatalogId, Lineage)]| {
            let column = Object { attributes: attributes.iter().cloned().collect(), ..Object::default() };
            let entries =
                [(table.clone(), lineage(1), Object::default()), (table.part(Kind::Column, "c"), lineage(2), column)];
            let entries =
                entries.map(|(address, lineage, object)| (address, Entry { lineage, object: Arc::new(object) }));
            let tree = Tree::from_entries(entries).unwrap();
            let gone = HashMap::from([(id(1), lineage(2)), (id(2), lineage(3))]);
            Live { tree, unmodelled: Vec::new(), added: added.to_vec(), gone }
        };
        assert_eq!(live(&[], &[(id(3), lineage(2))]).made_anew(), Some(&table.part(Kind::Column, "c")));
        assert_eq!(live(&[], &[(id(3), lineage(4))]).made_anew(), None, "it is new");
        let generated = [(Attr::Generated, Value::Text("stored".to_owned()))];
        assert_eq!(live(&generated, &[(id(3), lineage(2))]).made_anew(), None, "what it held is worked out again");
    }
}
