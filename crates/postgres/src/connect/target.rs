//! Where a database is and who asks.

use super::conninfo::{self, invalid};
use crate::{Class, Error, Result};
use nix::unistd::{User, geteuid};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Parameters of libpq that ask for nothing a session here could or should do differently.
const IGNORED: &[&str] = &[
    "application_name",
    "client_encoding",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "krbsrvname",
    "requirepeer",
    "scram_client_key",
    "scram_server_key",
    "sslcertmode",
    "sslcompression",
    "sslsni",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
];

/// How a connection is encrypted, in libpq's words and with their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsMode {
    /// Never.
    Disable,
    /// Only if the server insists.
    Allow,
    /// If the server can.
    #[default]
    Prefer,
    /// Always, without asking who the server is.
    Require,
    /// Always, and a trusted authority vouches for the server.
    VerifyCa,
    /// Always, and a trusted authority vouches for the server under this host name.
    VerifyFull,
}

/// Where a database is and who asks: the parameters of a connection.
///
/// Neither `Debug` nor `Display` shows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    pub(super) config: Config,
    pub(super) tls: Tls,
}

/// What TLS needs to know.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Tls {
    pub mode: TlsMode,
    /// `sslrootcert`: a PEM file, or `system`.
    pub roots: Option<String>,
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

impl Target {
    /// Reads a URL (`postgres://…`) or a list of `key=value`, as libpq does.
    ///
    /// ```
    /// let target = pleach_postgres::connect::Target::parse("postgres://ann:s%40cret@db.example:6432/shop")?;
    /// assert_eq!(target.to_string(), "ann@db.example:6432/shop");
    /// assert_eq!(target.with_database("pleach").url(), "postgresql://ann:s%40cret@db.example:6432/pleach");
    /// # Ok::<(), pleach_postgres::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self> {
        let mut tls = Tls::default();
        let mut plain: Vec<(String, String)> = Vec::new();
        for (key, value) in conninfo::parse(text)? {
            match key.as_str() {
                "sslmode" => tls.mode = value.parse()?,
                "ssl" if value == "true" => tls.mode = TlsMode::VerifyFull,
                "sslrootcert" => tls.roots = Some(value).filter(|path| !path.is_empty()),
                "sslcert" => tls.certificate = Some(value.into()),
                "sslkey" => tls.key = Some(value.into()),
                key if IGNORED.contains(&key) => {}
                _ => {
                    plain.retain(|(earlier, _)| *earlier != key);
                    plain.push((key, value));
                }
            }
        }
        let keywords = conninfo::to_keywords(plain.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        let config: Config = keywords.parse().map_err(|error: tokio_postgres::Error| {
            let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            invalid(&cause)
        })?;
        Ok(Self { config, tls }.with_defaults())
    }

    /// A database behind a Unix socket: the directory the socket is in, and the port in its name.
    pub fn socket(directory: &Path, port: u16, user: &str, password: &str, database: &str) -> Self {
        let mut config = Config::new();
        config.host_path(directory).port(port).user(user).password(password).dbname(database);
        Self { config, tls: Tls { mode: TlsMode::Disable, ..Tls::default() } }.with_defaults()
    }

    /// A database behind a TCP port.
    pub fn tcp(host: &str, port: u16, user: &str, password: &str, database: &str) -> Self {
        let mut config = Config::new();
        config.host(host).port(port).user(user).password(password).dbname(database);
        Self { config, tls: Tls::default() }.with_defaults()
    }

    /// The same server and role, another database.
    #[must_use]
    pub fn with_database(&self, database: &str) -> Self {
        let mut target = self.clone();
        target.config.dbname(database);
        target
    }

    /// The same server and database, another role.
    #[must_use]
    pub fn with_role(&self, user: &str, password: &str) -> Self {
        let mut target = self.clone();
        target.config.user(user).password(password);
        target
    }

    /// The same, in sessions that begin with this setting.
    #[must_use]
    pub fn with_setting(&self, name: &str, value: &str) -> Self {
        let mut target = self.clone();
        let mut options = self.config.get_options().map(|before| format!("{before} ")).unwrap_or_default();
        options.push_str(&format!("-c {name}="));
        for character in value.chars() {
            if character.is_whitespace() || character == '\\' {
                options.push('\\');
            }
            options.push(character);
        }
        target.config.options(options);
        target
    }

    /// The name of the database.
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }

    /// The role that connects.
    pub fn user(&self) -> &str {
        self.config.get_user().unwrap_or_default()
    }

    /// Whether a password is given.
    pub fn has_password(&self) -> bool {
        self.config.get_password().is_some()
    }

    /// The directory of the Unix socket, for a target behind one.
    pub fn socket_directory(&self) -> Option<&Path> {
        self.config.get_hosts().iter().find_map(|host| match host {
            Host::Unix(directory) => Some(directory.as_path()),
            Host::Tcp(_) => None,
        })
    }

    /// Where the server is, for people: `db.example:5432` or `/run/postgresql:5432`.
    pub fn place(&self) -> String {
        let (hosts, ports) = (self.hosts(), self.config.get_ports());
        let places = hosts.iter().enumerate().map(|(i, host)| {
            let port = ports.get(i).or(ports.first()).copied().unwrap_or(5432);
            if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
        });
        places.collect::<Vec<_>>().join(",")
    }

    /// A URL that any client accepts, **with the password**: for handing over, never for logging.
    pub fn url(&self) -> String {
        let mut url = format!("postgresql://{}", conninfo::encode(self.user()));
        if let Some(password) = self.password() {
            url.push(':');
            url.push_str(&conninfo::encode(&password));
        }
        url.push('@');
        let mut query = Vec::new();
        // Many clients read a socket directory only as the parameter `host`.
        if self.socket_directory().is_some() {
            query.push(("host", self.hosts().join(",")));
            query.push(("port", self.ports()));
        } else {
            url.push_str(&self.place());
        }
        url.push('/');
        url.push_str(&conninfo::encode(self.database()));
        query.extend(self.tls_parameters());
        if let Some(options) = self.config.get_options() {
            query.push(("options", options.to_owned()));
        }
        for (i, (key, value)) in query.iter().enumerate() {
            url.push(if i == 0 { '?' } else { '&' });
            url.push_str(&format!("{key}={}", conninfo::encode(value)));
        }
        url
    }

    /// The variables by which `psql` and other libpq programs find the database, **with the
    /// password**: for the environment of a child process.
    pub fn psql_environment(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("PGHOST", self.hosts().join(",")),
            ("PGPORT", self.ports()),
            ("PGUSER", self.user().to_owned()),
            ("PGDATABASE", self.database().to_owned()),
        ];
        variables.extend(self.password().map(|password| ("PGPASSWORD", password)));
        variables.extend(self.config.get_options().map(|options| ("PGOPTIONS", options.to_owned())));
        variables.extend(self.tls_parameters().into_iter().filter_map(|(key, value)| {
            let variable = match key {
                "sslmode" => "PGSSLMODE",
                "sslrootcert" => "PGSSLROOTCERT",
                "sslcert" => "PGSSLCERT",
                "sslkey" => "PGSSLKEY",
                _ => return None,
            };
            Some((variable, value))
        }));
        variables
    }

    /// How the connection is encrypted.
    pub fn tls_mode(&self) -> TlsMode {
        self.tls.mode
    }

    pub(super) fn timeout(&self) -> Duration {
        self.config.get_connect_timeout().copied().unwrap_or(DEFAULT_TIMEOUT)
    }

    /// Fills in what libpq takes from the surroundings: the user's name and the local server.
    fn with_defaults(mut self) -> Self {
        if self.config.get_user().is_none_or(str::is_empty) {
            let name = User::from_uid(geteuid()).ok().flatten().map_or_else(|| "postgres".to_owned(), |user| user.name);
            self.config.user(name);
        }
        if self.config.get_dbname().is_none_or(str::is_empty) {
            self.config.dbname(self.user().to_owned());
        }
        if self.config.get_ports().is_empty() {
            self.config.port(5432);
        }
        if self.config.get_hosts().is_empty() && self.config.get_hostaddrs().is_empty() {
            let socket_file = format!(".s.PGSQL.{}", self.ports());
            let socket = ["/var/run/postgresql", "/tmp"]
                .into_iter()
                .find(|directory| Path::new(directory).join(&socket_file).exists());
            self.config.host(socket.unwrap_or("localhost"));
        }
        self.config.connect_timeout(self.timeout());
        self
    }

    fn hosts(&self) -> Vec<String> {
        let names = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(directory) => directory.display().to_string(),
        });
        let names: Vec<String> = names.collect();
        if names.is_empty() { self.config.get_hostaddrs().iter().map(ToString::to_string).collect() } else { names }
    }

    fn ports(&self) -> String {
        self.config.get_ports().iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    fn password(&self) -> Option<String> {
        self.config.get_password().map(|password| String::from_utf8_lossy(password).into_owned())
    }

    fn tls_parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        if self.tls.mode != TlsMode::default() && self.socket_directory().is_none() {
            parameters.push(("sslmode", self.tls.mode.as_str().to_owned()));
        }
        parameters.extend(self.tls.roots.iter().map(|path| ("sslrootcert", path.clone())));
        parameters.extend(self.tls.certificate.iter().map(|path| ("sslcert", path.display().to_string())));
        parameters.extend(self.tls.key.iter().map(|path| ("sslkey", path.display().to_string())));
        parameters
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}/{}", self.user(), self.place(), self.database())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TlsMode {
    /// The value of `sslmode`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Allow => "allow",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

impl FromStr for TlsMode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let modes = [Self::Disable, Self::Allow, Self::Prefer, Self::Require, Self::VerifyCa, Self::VerifyFull];
        modes.into_iter().find(|mode| mode.as_str() == text).ok_or_else(|| {
            Error::new(Class::Input, "connection_string_invalid", format!("sslmode cannot be {text:?}"))
                .hint("one of disable, allow, prefer, require, verify-ca, verify-full")
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_written() {
        for (given, written) in [
            ("postgres://a:p@h/d", "postgresql://a:p@h:5432/d"),
            ("postgresql://a@[::1]:5433/d?sslmode=verify-full", "postgresql://a@[::1]:5433/d?sslmode=verify-full"),
            ("postgres://a:x%2Fy%25@%2Frun%2Fpg/d%20b", "postgresql://a:x%2Fy%25@/d%20b?host=%2Frun%2Fpg&port=5432"),
            ("postgres:///d?host=/run/pg&port=7&user=a", "postgresql://a@/d?host=%2Frun%2Fpg&port=7"),
            ("postgres://a@h1:1,h2:2/d", "postgresql://a@h1:1,h2:2/d"),
            ("host=h user=a dbname='it''s'", "error"),
            (r"host=h user=a password='it\'s \\' dbname = d", "postgresql://a:it%27s%20%5C@h:5432/d"),
            ("postgres://a:p%zz@h/d", "error"),
            ("mysql://a@h/d", "error"),
            ("postgres://a@h/d?sslmode=maybe", "error"),
            ("postgres://a@h/d?nonsense=1", "error"),
        ] {
            let target = Target::parse(given);
            assert_eq!(target.as_ref().map_or_else(|_| "error".to_owned(), Target::url), written, "{given}");
            if let Ok(target) = target {
                assert_eq!(Target::parse(&target.url()).unwrap(), target, "{given}");
            }
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let target = Target::parse("postgres://ann:topsecret@h/d").unwrap();
        assert_eq!(format!("{target} {target:?}"), "ann@h:5432/d Target(ann@h:5432/d)");
        let error = Target::parse("postgres://ann:topsecret@h/d?nonsense=topsecret").unwrap_err();
        assert!(!format!("{error:?}").contains("topsecret"), "{error:?}");
    }

    #[test]
    fn psql_finds_the_same_database() {
        let target = Target::socket(Path::new("/run/x"), 7001, "ann", "p", "shop");
        let expected =
            [("PGHOST", "/run/x"), ("PGPORT", "7001"), ("PGUSER", "ann"), ("PGDATABASE", "shop"), ("PGPASSWORD", "p")];
        assert_eq!(target.psql_environment(), expected.map(|(key, value)| (key, value.to_owned())));
    }
}
