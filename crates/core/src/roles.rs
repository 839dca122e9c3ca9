//! The roles on a private server, and the secrets in `.pleach/`.
//!
//! Three roles share the work. The superuser `pleach` is Pleach's own and in nobody's URL.
//! `NAME_owner` owns the branches' databases and what is made in them; it is in the URLs of
//! branches. `NAME_data` may read and write rows everywhere and change no schema; it is in the
//! URL of `main`.

use crate::config::{cannot, write_whole};
use pleach_postgres::connect::{Session, Target};
use pleach_postgres::server::Cluster;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{quote_ident, quote_literal};
use postgres_protocol::password::scram_sha_256;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The superuser of a private server.
pub(crate) const ADMIN: &str = "pleach";

/// The role that imports run as: a superuser, because schemas may hold what only one can make, and
/// not [`ADMIN`], because what that owns cannot be given away as a whole.
pub(crate) const IMPORTER: &str = "pleach_import";

/// Passwords of the private server's roles; empty with a server of the user's.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Secrets {
    /// The role in the URLs of branches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Login>,
    /// The role in the URL of `main`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Login>,
}

/// A role that can log in.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Login {
    pub role: String,
    pub password: String,
}

impl Secrets {
    const FILE: &str = "roles.json";
    const URL: &str = "url";

    /// Reads the secrets of a `.pleach/` folder; none is no error.
    pub fn read(home: &Path) -> Result<Self> {
        let path = home.join(Self::FILE);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| {
                Error::new(Class::Internal, "damaged_secrets", "the file with the roles' passwords is damaged")
                    .on(path.display().to_string())
                    .hint("put it back from a copy")
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(cannot("read", &path, &error)),
        }
    }

    pub fn write(&self, home: &Path) -> Result<()> {
        let bytes =
            serde_json::to_vec(self).map_err(|error| Error::new(Class::Internal, "internal", error.to_string()))?;
        write_whole(&home.join(Self::FILE), &bytes, 0o600)
    }

    /// Keeps the URL of a server of the user's, readable by the owner alone.
    pub fn write_server(home: &Path, target: &Target) -> Result<()> {
        write_whole(&home.join(Self::URL), target.url().as_bytes(), 0o600)
    }

    /// The server of the user's that the project uses.
    pub fn server(&self, home: &Path) -> Result<Target> {
        let path = home.join(Self::URL);
        let text = fs::read_to_string(&path).map_err(|error| cannot("read", &path, &error))?;
        Target::parse(text.trim())
    }
}

/// Makes the roles of a project on a private server, with new passwords where they are new.
pub(crate) async fn create(admin: &Session, cluster: &Cluster, project: &str, home: &Path) -> Result<Secrets> {
    let mut secrets = Secrets::read(home)?;
    let login = |kept: Option<Login>, suffix: &str| {
        kept.unwrap_or_else(|| Login { role: role_name(project, suffix), password: new_password() })
    };
    let owner = login(secrets.owner.take(), "owner");
    let data = login(secrets.data.take(), "data");
    secrets = Secrets { owner: Some(owner.clone()), data: Some(data.clone()) };
    // Written before the roles exist: a password in no file would be one that nobody knows.
    secrets.write(home)?;
    ensure(admin, IMPORTER, "SUPERUSER NOLOGIN").await?;
    for login in [&owner, &data] {
        ensure(admin, &login.role, "LOGIN").await?;
        // Only the verifier goes to the server: no statement, log or view ever shows the password.
        let verifier = quote_literal(&scram_sha_256(login.password.as_bytes()));
        admin.batch_execute(&format!("ALTER ROLE {} PASSWORD {verifier}", quote_ident(&login.role))).await?;
    }
    let role = quote_ident(&data.role).into_owned();
    admin.batch_execute(&format!("GRANT pg_read_all_data, pg_write_all_data TO {role}")).await?;
    tracing::debug!(owner = owner.role, data = data.role, port = cluster.major(), "made the project's roles");
    Ok(secrets)
}

/// Makes a role unless it is there.
pub(crate) async fn ensure(admin: &Session, role: &str, options: &str) -> Result<bool> {
    let exists = admin.query_opt("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1", &[&role]).await?;
    if exists.is_some() {
        return Ok(false);
    }
    match admin.batch_execute(&format!("CREATE ROLE {} {options}", quote_ident(role))).await {
        Ok(()) => Ok(true),
        // Somebody else was faster.
        Err(error) if error.code().is_some_and(|code| code.code() == "42710") => Ok(false),
        Err(error) => Err(Error::from(error).on(format!("role {role}")).hint(format!(
            "create the role yourself (CREATE ROLE {} NOLOGIN), or use a role that may CREATEROLE",
            quote_ident(role)
        ))),
    }
}

/// Makes the roles that a schema names and the server lacks, without login. Returns their names.
pub(crate) async fn make_missing(admin: &Session, named: &BTreeSet<String>) -> Result<Vec<String>> {
    let mut made = Vec::new();
    for role in named {
        if role.starts_with("pg_") || role == "public" || role.is_empty() {
            continue;
        }
        if ensure(admin, role, "NOLOGIN").await? {
            made.push(role.clone());
        }
    }
    Ok(made)
}

/// Lets the project's own role act for the roles that own something in its schema.
pub(crate) async fn join_owners(admin: &Session, own: &str, owners: &BTreeSet<String>) -> Result<()> {
    for owner in owners.iter().filter(|owner| *owner != own && !owner.starts_with("pg_")) {
        let sql = format!("GRANT {} TO {}", quote_ident(owner), quote_ident(own));
        admin.batch_execute(&sql).await.map_err(|error| Error::from(error).on(format!("role {owner}")))?;
    }
    Ok(())
}

/// A role's name made from the project's: at most 63 bytes.
fn role_name(project: &str, suffix: &str) -> String {
    let mut stem = project.to_owned();
    while stem.len() + suffix.len() + 1 > 63 {
        stem.pop();
    }
    format!("{stem}_{suffix}")
}

/// A random password of 244 bits: two UUIDs of version 4 from the system's generator.
fn new_password() -> String {
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}
