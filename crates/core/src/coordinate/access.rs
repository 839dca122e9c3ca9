//! The way in for SQL: the views, leases and partitions of the state database, and nothing else.

use crate::project::{Project, STATE_DATABASE};
use crate::state::locks;
use pleach_postgres::Result;
use pleach_postgres::connect::Target;
use pleach_schema::quote_ident;

impl Project {
    /// How to connect to where coordination is seen from SQL; what is done there is done by who asks
    /// for this. On a private server as the role of the branches, which may do there what the
    /// commands do. `tcp` is for clients that know no sockets.
    ///
    /// # Errors
    /// When the state database cannot be written.
    pub async fn coordination_target(&mut self, tcp: bool) -> Result<Target> {
        let target = match self.cluster.as_ref().filter(|_| tcp) {
            Some(cluster) => cluster.tcp_target(STATE_DATABASE),
            None => self.target.with_database(STATE_DATABASE),
        };
        let target = match self.secrets.owner.clone() {
            // Never as the one for data, who may read and write every table wherever it may connect.
            Some(login) => {
                self.let_in(&login.role).await?;
                target.with_role(&login.role, &login.password)
            }
            None => target,
        };
        Ok(target.with_setting("pleach.actor", &self.context.actor))
    }

    async fn let_in(&mut self, role: &str) -> Result<()> {
        let sql = "select has_database_privilege($1, current_database(), 'CONNECT')";
        if self.state.client().query_one(sql, &[&role]).await?.try_get(0)? {
            return Ok(());
        }
        // Two who change the privileges of one database at once fail.
        let transaction = self.state.transaction().await?;
        let key = locks::key("privileges", STATE_DATABASE);
        transaction.execute("select pg_advisory_xact_lock($1)", &[&key]).await?;
        let grant = format!("GRANT CONNECT ON DATABASE {STATE_DATABASE} TO {}", quote_ident(role));
        transaction.batch_execute(&grant).await?;
        Ok(transaction.commit().await?)
    }
}
