//! One runner at a time on a database.

use crate::project::Context;
use crate::state::locks;
use pleach_postgres::connect::Session;
use pleach_postgres::{Class, Error, Result};
use std::time::{Duration, Instant};

/// Who holds an advisory lock of this database.
const HOLDER: &str = "
    SELECT a.pid, a.usename::text, a.application_name, pg_catalog.to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ')
    FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
      AND ((l.classid::int8 << 32) | l.objid::int8) = $1";

/// Takes the database for this session, until it ends. A server goes on for a while with what a
/// killed client had begun; until then its session holds the database.
///
/// # Errors
/// `another_runner`, with who it is, when somebody else keeps it for longer than that.
pub(super) async fn only_runner(session: &Session, wait: Duration, context: &Context) -> Result<()> {
    let key = locks::key("runner", "");
    let begun = Instant::now();
    loop {
        let row = session.query_one("SELECT pg_catalog.pg_try_advisory_lock($1)", &[&key]).await?;
        if row.try_get(0)? {
            return Ok(());
        }
        let who = match session.query_opt(HOLDER, &[&key]).await? {
            Some(row) => {
                let (pid, role): (i32, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
                let (name, since): (Option<String>, Option<String>) = (row.try_get(2)?, row.try_get(3)?);
                let since = since.map(|since| format!(" since {since}")).unwrap_or_default();
                let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "somebody".to_owned());
                format!("{name} as {}, process {pid} of the server,{since}", role.unwrap_or_default())
            }
            // It went between the two questions.
            None => continue,
        };
        if begun.elapsed() >= wait {
            return Err(Error::new(Class::State, "another_runner", format!("another runner works on it: {who}"))
                .hint("try again when it is done, or wait longer with `--lock-wait SECONDS`"));
        }
        (context.progress)(&format!("waiting for another runner: {who}"));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
