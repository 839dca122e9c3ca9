//! The settings that decide how PostgreSQL writes definitions.

use super::fields::Fields;
use crate::{Class, Error, Result};
use tokio_postgres::GenericClient;
use tokio_postgres::types::Type;

/// Names come qualified, values as any server would read them; and compiling these queries costs
/// more than running them.
const PINNED: [(&str, &str); 9] = [
    ("search_path", ""),
    ("quote_all_identifiers", "off"),
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("TimeZone", "UTC"),
    ("bytea_output", "hex"),
    ("extra_float_digits", "3"),
    ("xmlbinary", "base64"),
    ("jit", "off"),
];

const SAVE: &str = "SELECT s.name, pg_catalog.current_setting(s.name) AS value \
                    FROM pg_catalog.unnest($1) AS s (name)";
const SET: &str = "SELECT pg_catalog.set_config(s.name, s.value, true) \
                   FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS s (name, value)";
const CHECK: &str = "SELECT pg_catalog.current_setting('search_path') AS search_path";

/// The caller's settings, to be put back.
pub(super) struct Session {
    names: Vec<String>,
    values: Vec<String>,
}

/// Pins the settings for the rest of the transaction.
pub(super) async fn pin(client: &impl GenericClient) -> Result<Session> {
    let (names, values): (Vec<&str>, Vec<&str>) = PINNED.into_iter().unzip();
    let names_only: &[(&(dyn tokio_postgres::types::ToSql + Sync), Type)] = &[(&names, Type::TEXT_ARRAY)];
    let (saved, (), check) = tokio::try_join!(
        biased;
        async { Ok(client.query_typed(SAVE, names_only).await?) },
        set(client, &names, &values),
        async { Ok::<_, Error>(client.query_typed(CHECK, &[]).await?) },
    )?;
    if check.first().map(|row| row.text("search_path")).transpose()? != Some("") {
        return Err(Error::new(Class::Internal, "no_transaction", "catalogs are read inside a transaction only")
            .hint("this is a defect in Pleach; please report it"));
    }
    let mut session = Session { names: Vec::new(), values: Vec::new() };
    for row in &saved {
        session.names.push(row.text("name")?.to_owned());
        session.values.push(row.text("value")?.to_owned());
    }
    Ok(session)
}

impl Session {
    /// Puts the caller's settings back.
    pub(super) async fn restore(&self, client: &impl GenericClient) -> Result<()> {
        set(client, &self.names, &self.values).await
    }
}

async fn set<S>(client: &impl GenericClient, names: &[S], values: &[S]) -> Result<()>
where
    S: tokio_postgres::types::ToSql + Sync,
{
    client.query_typed(SET, &[(&names, Type::TEXT_ARRAY), (&values, Type::TEXT_ARRAY)]).await?;
    Ok(())
}
