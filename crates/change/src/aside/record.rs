//! What is written down of what is kept, and what its way back needs.

use super::{Kept, SCHEMA};
use crate::plan::{Stage, Step, step};
use pleach_schema::{Address, Attr, Kind, Object, Tree, quote_literal};

/// The table of what is kept.
pub const TABLE: &str = "pleach.dropped";

/// Statements around the way back of columns: rows that came while they were kept lack a value.
#[derive(Debug, Clone, Default)]
pub struct Refill {
    /// Run when the columns have their names again: what must not be null gets what it would have.
    pub fill: Vec<Step>,
    /// Run at the end: sequences go on behind what is there.
    pub restart: Vec<Step>,
}

impl Kept {
    /// Writes down what is kept in a tree, so that it can be found and dropped for good later.
    pub fn register(&self, aside: &Tree, before: &Self, migration: &str) -> Vec<Step> {
        let new = |was: &Address| !before.objects.values().any(|kept| kept.root && kept.was == *was);
        let list: Vec<_> = self.list(aside).into_iter().filter(|(was, _)| new(was)).collect();
        let Some((first, _)) = list.first() else { return Vec::new() };
        let rows = list.iter().map(|(was, kept)| {
            let [kept, kind, was, migration] =
                [&kept.sql(), was.kind.as_str(), &was.sql(), migration].map(quote_literal);
            format!("({kept}, {kind}, {was}, {migration})")
        });
        let rows: Vec<String> = rows.collect();
        let sql = [
            format!("CREATE SCHEMA IF NOT EXISTS {SCHEMA}"),
            format!(
                "CREATE TABLE IF NOT EXISTS {TABLE} (\n    kept text PRIMARY KEY, kind text NOT NULL, object text NOT NULL,\n    \
                 migration text NOT NULL, at timestamptz NOT NULL DEFAULT now()\n)"
            ),
            format!("INSERT INTO {TABLE} (kept, kind, object, migration) VALUES\n    {}", rows.join(",\n    ")),
        ];
        sql.map(|sql| step(first, Stage::Contract, sql)).into()
    }

    /// Forgets what was kept in a tree.
    pub fn forget(&self, aside: &Tree) -> Vec<Step> {
        let list = self.list(aside);
        let Some((first, _)) = list.first() else { return Vec::new() };
        let names: Vec<String> = list.iter().map(|(_, kept)| quote_literal(&kept.sql())).collect();
        let sql = format!("DELETE FROM {TABLE} WHERE kept IN (\n    {}\n)", names.join(",\n    "));
        vec![step(first, Stage::Contract, sql)]
    }

    /// What columns need that are back, in the names of the tree `there`, on their way to `back`.
    pub fn refill(&self, there: &Tree, back: &Tree) -> Refill {
        let mut out = Refill::default();
        let roots = self.objects.iter().filter(|(_, kept)| kept.stands_alone() && kept.was.kind == Kind::Column);
        for (lineage, _) in roots {
            let (Some(now), Some((end, object))) = (there.address(*lineage), back.find(*lineage)) else { continue };
            let (table, name) = (now.relation_sql(), now.name_sql());
            let numbered = object.get(Attr::Identity).is_some() || object.derived.references.iter().any(is_sequence);
            if numbered {
                let sql = format!(
                    "SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence({}, {}), max({name})) FROM {} \
                     HAVING max({name}) IS NOT NULL",
                    quote_literal(&end.relation_sql()),
                    quote_literal(end.name()),
                    end.relation_sql(),
                    name = end.name_sql(),
                );
                out.restart.push(step(end, Stage::Contract, sql));
            }
            if !object.is(Attr::NotNull) {
                continue;
            }
            let sql = if numbered {
                format!(
                    "UPDATE {table} AS t SET {name} = n.number FROM (SELECT tableoid AS of, ctid AS at, \
                     (SELECT coalesce(max({name}), 0) FROM {table}) + row_number() OVER () AS number \
                     FROM {table} WHERE {name} IS NULL) AS n WHERE t.tableoid = n.of AND t.ctid = n.at"
                )
            } else if let Some(default) = object.text(Attr::Default).filter(|_| is_there(back, there, object)) {
                format!("UPDATE {table} SET {name} = {default} WHERE {name} IS NULL")
            } else {
                continue;
            };
            out.fill.push(step(now, Stage::Expand, sql));
        }
        out
    }
}

fn is_sequence(address: &Address) -> bool {
    address.kind == Kind::Sequence
}

/// Whether everything that an object of one tree stands on is in the other one.
fn is_there(tree: &Tree, other: &Tree, object: &Object) -> bool {
    let mut references = object.derived.references.iter();
    references.all(|reference| tree.lineage(reference).is_some_and(|lineage| other.address(lineage).is_some()))
}
