//! A server on which plans are tried, without a project.

use crate::config::cannot;
use crate::project::{APPLICATION, Context};
use crate::roles;
use crate::state::locks;
use pleach_postgres::connect::{Session, Target, connect};
use pleach_postgres::server::{Binaries, Cluster};
use pleach_postgres::{Class, Error, Result, database};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

/// What the databases here are called, so that those of a dead process are known.
const PREFIX: &str = "pleach_scratch_";

/// A server on which plans are tried.
pub(crate) struct Scratch {
    admin: Session,
    target: Target,
    /// A private server of the account's own, which runs while somebody uses it.
    private: Option<(Cluster, File)>,
    made: Vec<String>,
}

impl Scratch {
    /// A server that is given, or else a private one that is started.
    pub async fn open(given: Option<&Target>, context: &Context) -> Result<Self> {
        let (target, private) = match given {
            Some(target) => (target.clone(), None),
            None => {
                let binaries = Binaries::find(&context.environment, None).await?;
                let home = context.environment.scratch_folder().join(binaries.major.to_string());
                std::fs::create_dir_all(&home).map_err(|error| cannot("make", &home, &error))?;
                let using = in_use(&home)?;
                (context.progress)("starting a PostgreSQL to try the plan on");
                let mut environment = context.environment.clone();
                // What is lost in a crash was only tried.
                let careless = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";
                let given = environment.pg_options.take().unwrap_or_default();
                environment.pg_options = Some(format!("{careless} {given}").trim_end().to_owned());
                let cluster = Cluster::up(&home, &environment, Some(binaries.major)).await?;
                (cluster.target("postgres"), Some((cluster, using)))
            }
        };
        let admin = connect(&target, APPLICATION).await?;
        let scratch = Self { admin, target, private, made: Vec::new() };
        scratch.clear().await?;
        Ok(scratch)
    }

    /// Drops what dead processes left.
    async fn clear(&self) -> Result<()> {
        let sql = format!("SELECT datname::text FROM pg_catalog.pg_database WHERE datname LIKE '{PREFIX}%'");
        for row in self.admin.query(&sql, &[]).await? {
            let name: String = row.try_get(0)?;
            let key = locks::key("database", &name);
            let alone = self.admin.query_one("SELECT pg_try_advisory_lock($1)", &[&key]).await?;
            if alone.try_get(0)? {
                database::drop(&self.admin, &name, true).await?;
                self.admin.execute("SELECT pg_advisory_unlock($1)", &[&key]).await?;
            }
        }
        Ok(())
    }

    /// An empty database. It is dropped by [`Scratch::close`], or by whoever comes after a crash.
    pub async fn database(&mut self) -> Result<String> {
        let name = format!("{PREFIX}{}", uuid::Uuid::new_v4().simple());
        let key = locks::key("database", &name);
        self.admin.execute("SELECT pg_advisory_lock($1)", &[&key]).await?;
        database::create_empty(&self.admin, &name, None).await.map_err(may_create)?;
        self.made.push(name.clone());
        Ok(name)
    }

    /// A connection to one of the databases.
    pub async fn session(&self, name: &str) -> Result<Session> {
        connect(&self.target.with_database(name), APPLICATION).await
    }

    /// Makes the roles that a schema names and this server lacks.
    pub async fn make_roles(&self, named: &BTreeSet<String>) -> Result<Vec<String>> {
        roles::make_missing(&self.admin, named).await
    }

    /// The role that owns what is made here.
    pub async fn own_roles(&self) -> Result<Vec<String>> {
        let row = self.admin.query_one("SELECT current_user::text", &[]).await?;
        Ok(vec![row.try_get(0)?])
    }

    /// The server's version, as 180004.
    pub fn version(&self) -> u32 {
        self.admin.server_version()
    }

    /// Drops what was made, and stops a private server that nobody else uses.
    pub async fn close(mut self) -> Result<()> {
        for name in std::mem::take(&mut self.made) {
            database::drop(&self.admin, &name, true).await?;
        }
        self.admin.close().await;
        if let Some((mut cluster, using)) = self.private {
            // Whoever cannot have it alone is not the last one.
            if using.unlock().is_ok() && using.try_lock().is_ok() {
                cluster.stop().await?;
            }
        }
        Ok(())
    }
}

/// Keeps the private server from being stopped by another process.
fn in_use(home: &Path) -> Result<File> {
    let path = home.join("using.lock");
    let file = File::create(&path).map_err(|error| cannot("make", &path, &error))?;
    file.lock_shared().map_err(|error| cannot("lock", &path, &error))?;
    Ok(file)
}

fn may_create(error: Error) -> Error {
    if error.class != Class::Refused {
        return error;
    }
    error.hint("name a server where you may create databases with `--scratch URL`")
}
