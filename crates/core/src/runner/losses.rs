//! What is lost, as far as there is something to lose.

use crate::destroy::{self, Loss};
use crate::planner::Way;
use pleach_change::aside;
use pleach_postgres::connect::Session;
use pleach_postgres::script::{Destroyed, Unit, destroys};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Kind;

/// What a plan destroys of a database's rows and values.
pub(super) async fn of_plan(session: &Session, way: &Way) -> Result<Vec<Loss>> {
    // Tables and columns are looked into; of what else goes the plan says it.
    destroy::losses(session, &way.from, &way.to).await.map(|mut losses| {
        let steps = way.planned.parts.iter().flat_map(|part| &part.steps);
        for (object, what) in steps.filter_map(|step| step.object.as_ref().zip(step.destroys.as_ref())) {
            let address = way.from.iter().map(|(address, _)| address).find(|address| address.to_string() == *object);
            if let Some(address) = address.filter(|address| !matches!(address.kind, Kind::Table | Kind::Column)) {
                losses.push(Loss { object: address.clone(), what: what.clone() });
            }
        }
        losses
    })
}

/// Refuses to destroy data without consent.
pub(super) fn require_consent(losses: &[Loss], consent: bool) -> Result<()> {
    let words: Vec<&str> = losses.iter().map(|loss| loss.what.as_str()).collect();
    consent_to(&words, consent)
}

/// Refuses to destroy this, in words, without consent.
pub(super) fn consent_to(losses: &[&str], consent: bool) -> Result<()> {
    if losses.is_empty() || consent {
        return Ok(());
    }
    Err(Error::new(Class::Unsafe, "destructive", format!("this would destroy {}", losses.join(", ")))
        .hint("if that is meant, say so: `--allow-destructive`"))
}

/// What statements of a script destroy, in words. What they name and what is not there yet counts as
/// something to lose.
pub(super) async fn of_units(session: &Session, units: &[Unit]) -> Result<Vec<String>> {
    let mut losses = Vec::new();
    for piece in units.iter().flat_map(|unit| &unit.pieces) {
        for destroyed in destroys(&piece.statement.sql).into_iter().filter(|destroyed| !is_of_list(destroyed)) {
            let (sql, what) = match &destroyed {
                Destroyed::Rows(table) => (
                    exists(session, table, None).await?.map(|table| format!("SELECT FROM {table}")),
                    format!("rows of {table}"),
                ),
                Destroyed::Values { table, column } => (
                    exists(session, table, Some(column))
                        .await?
                        .map(|table| format!("SELECT FROM {table} WHERE {column} IS NOT NULL")),
                    format!("all values of {table}.{column}"),
                ),
                Destroyed::Dependants(what) => (None, what.clone()),
            };
            let lost = match sql {
                Some(sql) => session.query_one(&format!("SELECT EXISTS ({sql})"), &[]).await?.try_get(0)?,
                None => true,
            };
            if lost && !losses.contains(&what) {
                losses.push(what);
            }
        }
    }
    Ok(losses)
}

/// Whether only the list of what is kept aside loses rows: what it lists is brought back.
fn is_of_list(destroyed: &Destroyed) -> bool {
    matches!(destroyed, Destroyed::Rows(table) if table == aside::TABLE)
}

/// The table, if it is there with that column.
async fn exists(session: &Session, table: &str, column: Option<&str>) -> Result<Option<String>> {
    let sql = "SELECT FROM pg_catalog.pg_attribute
               WHERE attrelid = pg_catalog.to_regclass($1) AND NOT attisdropped
                 AND ($2::text IS NULL OR pg_catalog.quote_ident(attname) = $2 OR attname = $2) LIMIT 1";
    let there = session.query_opt(sql, &[&table, &column]).await?.is_some();
    Ok(there.then(|| table.to_owned()))
}
