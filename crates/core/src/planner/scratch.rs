//! A server on which plans are tried, without a project.

mod private;

use self::private::Private;
use crate::project::{APPLICATION, Context};
use crate::roles;
use crate::state::locks;
use pleach_postgres::connect::{Session, Target, connect};
use pleach_postgres::{Class, Error, Result, database};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use tokio::sync::OnceCell;

pub use self::private::{scratch_runs, stop_scratch, tend_scratch};

/// What the databases here are called, so that those of a dead process are known.
const PREFIX: &str = "pleach_scratch_";

/// A server on which plans are tried, found or started when it is first needed.
pub(crate) struct Scratch<'a> {
    given: Option<&'a Target>,
    context: &'a Context,
    server: OnceCell<Server>,
}

struct Server {
    admin: Session,
    target: Target,
    /// What its databases' names begin with: advisory locks are of one database, so whoever connects
    /// to another one must not take them for left over.
    prefix: String,
    own_role: String,
    /// A private server of the account's own.
    private: Option<Private>,
    made: Mutex<Vec<String>>,
}

impl<'a> Scratch<'a> {
    /// A server that is given, or else a private one.
    pub fn new(given: Option<&'a Target>, context: &'a Context) -> Self {
        Self { given, context, server: OnceCell::new() }
    }

    async fn server(&self) -> Result<&Server> {
        self.server
            .get_or_try_init(async || match self.given {
                Some(target) => Server::open(target.clone(), true).await,
                None => Server::private(self.context).await,
            })
            .await
    }

    /// An empty database. It is dropped by [`Scratch::close`], or by whoever comes after a crash.
    pub async fn database(&self) -> Result<String> {
        let server = self.server().await?;
        let name = format!("{}{}", server.prefix, uuid::Uuid::new_v4().simple());
        let key = locks::key("database", &name);
        // Before it is there, or somebody might take it for left over.
        server.admin.execute("SELECT pg_advisory_lock($1)", &[&key]).await?;
        database::create_empty(&server.admin, &name, None).await.map_err(may_create)?;
        server.made.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        Ok(name)
    }

    /// A connection to one of the databases.
    pub async fn session(&self, name: &str) -> Result<Session> {
        connect(&self.server().await?.target.with_database(name), APPLICATION).await
    }

    /// Makes the roles that a schema names and this server lacks.
    pub async fn make_roles(&self, named: &BTreeSet<String>) -> Result<Vec<String>> {
        roles::make_missing(&self.server().await?.admin, named).await
    }

    /// The role that owns what is made here.
    pub async fn own_roles(&self) -> Result<Vec<String>> {
        Ok(vec![self.server().await?.own_role.clone()])
    }

    /// The server's version, as 180004.
    pub async fn version(&self) -> Result<u32> {
        Ok(self.server().await?.admin.server_version())
    }

    /// Drops what was made, and stops a private server that nobody else uses, unless it shall be
    /// kept for whoever comes next.
    pub async fn close(self) -> Result<()> {
        match self.server.into_inner() {
            Some(server) => server.close(self.context).await,
            None => Ok(()),
        }
    }
}

impl Server {
    async fn private(context: &Context) -> Result<Self> {
        let private = Private::up(context).await?;
        let kept = context.environment.keep_scratch;
        match Self::open(private.target(), !kept).await {
            Ok(server) => Ok(Self { private: Some(private), ..server }),
            Err(error) => {
                private.leave().await?;
                Err(error)
            }
        }
    }

    /// Connects. Where nobody else does it, what dead processes left is dropped.
    async fn open(target: Target, clears: bool) -> Result<Self> {
        let admin = connect(&target, APPLICATION).await?;
        let prefix = prefix(&admin).await?;
        if clears {
            clear(&admin).await?;
        }
        let own_role = admin.query_one("SELECT current_user::text", &[]).await?.try_get(0)?;
        Ok(Self { admin, target, prefix, own_role, private: None, made: Mutex::default() })
    }

    async fn close(self, context: &Context) -> Result<()> {
        let kept = self.private.is_some() && context.environment.keep_scratch;
        let mut dropped = Ok(());
        if !kept {
            for name in self.made.into_inner().unwrap_or_else(PoisonError::into_inner) {
                dropped = dropped.and(database::drop(&self.admin, &name, true).await.map(drop));
            }
        }
        self.admin.close().await;
        match self.private {
            // Whoever tends it drops what was made.
            Some(private) if kept => private.keep(),
            Some(private) => dropped.and(private.leave().await),
            None => dropped,
        }
    }
}

/// What the names of scratch databases begin with whose locks are in this session's database.
async fn prefix(admin: &Session) -> Result<String> {
    let sql = "SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()";
    let oid: u32 = admin.query_one(sql, &[]).await?.try_get(0)?;
    Ok(format!("{PREFIX}{oid}_"))
}

/// Drops what dead processes left; returns how many databases of the living there are.
async fn clear(admin: &Session) -> Result<usize> {
    let sql = "SELECT datname::text FROM pg_catalog.pg_database WHERE pg_catalog.starts_with(datname, $1)";
    let mut living = 0;
    for row in admin.query(sql, &[&prefix(admin).await?]).await? {
        let name: String = row.try_get(0)?;
        let key = locks::key("database", &name);
        if admin.query_one("SELECT pg_try_advisory_lock($1)", &[&key]).await?.try_get(0)? {
            database::drop(admin, &name, true).await?;
            admin.execute("SELECT pg_advisory_unlock($1)", &[&key]).await?;
        } else {
            living += 1;
        }
    }
    Ok(living)
}

fn may_create(error: Error) -> Error {
    if error.class != Class::Refused {
        return error;
    }
    error.hint("name a server where you may create databases with `--scratch URL`")
}
