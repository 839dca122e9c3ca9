//! One connection with the settings Pleach relies on.

use super::{Target, TlsMode, tls};
use crate::{Class, Error, Result, Said};
use serde::Serialize;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::DbError;
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls};

/// The majors of PostgreSQL that Pleach knows.
const SUPPORTED: std::ops::RangeInclusive<u32> = 14..=18;

/// Notices kept per session; a chatty script must not fill the memory.
const MAX_NOTICES: usize = 1000;

/// What every session is set to, whatever the role, the database or the server has as a default.
/// `jit` is off because compiling a query over the catalog takes longer than running it.
const SETTINGS: &str = "SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; \
    SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; \
    SET idle_session_timeout = 0; SET jit = off";

/// An open connection. Everything of [`Client`] works on it.
#[derive(Debug)]
pub struct Session {
    client: Client,
    server_version: u32,
    notices: Notices,
    /// Is told when something it listens to was announced.
    heard: Arc<Notify>,
    task: JoinHandle<()>,
}

/// A remark of the server that is not an error.
#[derive(Debug, Clone, Serialize)]
pub struct Notice {
    /// `NOTICE`, `WARNING`, `INFO`, …
    pub severity: String,
    /// What it remarked.
    #[serde(flatten)]
    pub said: Said,
}

type Notices = Arc<Mutex<Vec<Notice>>>;

/// Connects, within ten seconds unless the target says otherwise.
///
/// `application_name` is how the connection is seen in `pg_stat_activity`.
pub async fn connect(target: &Target, application_name: &str) -> Result<Session> {
    let mut attempts = attempts(target).iter().peekable();
    loop {
        let Some(mode) = attempts.next() else {
            return Err(Error::new(Class::Internal, "internal", "no way to connect was tried"));
        };
        match attempt(target, application_name, *mode).await {
            Ok(session) => return Ok(session),
            Err(error) if attempts.peek().is_some() && is_about_encryption(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

impl Session {
    /// The version of the server as a number: 150018 for 15.18.
    pub fn server_version(&self) -> u32 {
        self.server_version
    }

    /// The major version of the server.
    pub fn major(&self) -> u32 {
        self.server_version / 10_000
    }

    /// What the server remarked since the last call: notices and warnings, oldest first.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the session what it was at its beginning, whatever a script set in it.
    ///
    /// # Errors
    /// When a transaction failed and is still open, or the connection is lost.
    pub async fn reset(&self) -> Result<()> {
        self.batch_execute("RESET ALL; RESET SESSION AUTHORIZATION; RESET ROLE").await?;
        self.prepare_settings().await
    }

    async fn prepare_settings(&self) -> Result<()> {
        self.batch_execute(SETTINGS).await?;
        if self.major() >= 17 {
            self.batch_execute("SET transaction_timeout = 0").await?;
        }
        Ok(())
    }

    /// Waits until something is announced that this session listens to; returns at once if that
    /// was so since the last call.
    pub async fn heard(&self) {
        self.heard.notified().await;
    }

    /// The connection alone, for what keeps one for long; it ends when the client is dropped.
    pub fn into_client(self) -> Client {
        self.client
    }

    /// Disconnects and waits until the server has been told.
    ///
    /// Dropping a session disconnects as well, but somewhat later; a database can be copied,
    /// renamed or dropped only when nobody is connected.
    pub async fn close(self) {
        drop(self.client);
        // The task ends when the connection does; there is no result to look at.
        let _ = self.task.await;
    }
}

impl From<&DbError> for Notice {
    fn from(notice: &DbError) -> Self {
        let said = Said {
            sqlstate: notice.code().code().to_owned(),
            message: notice.message().to_owned(),
            detail: notice.detail().map(str::to_owned),
            hint: notice.hint().map(str::to_owned),
            position: None,
        };
        Self { severity: notice.severity().to_owned(), said }
    }
}

impl Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

/// Ways to try in order; the next one only if the server and we disagree about encryption.
fn attempts(target: &Target) -> &'static [SslMode] {
    match target.tls.mode {
        _ if target.socket_directory().is_some() => &[SslMode::Disable],
        TlsMode::Disable => &[SslMode::Disable],
        TlsMode::Allow => &[SslMode::Disable, SslMode::Require],
        TlsMode::Prefer => &[SslMode::Prefer, SslMode::Disable],
        TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => &[SslMode::Require],
    }
}

fn is_about_encryption(error: &Error) -> bool {
    error.code == "tls_failed" || error.sqlstate() == Some("28000")
}

async fn attempt(target: &Target, application_name: &str, mode: SslMode) -> Result<Session> {
    let mut config = target.config.clone();
    config.application_name(application_name).ssl_mode(mode);
    tracing::debug!(%target, ?mode, "connecting");
    let opening = async {
        if mode == SslMode::Disable {
            let (client, connection) = config.connect(NoTls).await.map_err(|error| explain(&error, target))?;
            open(client, connection, target).await
        } else {
            let connector = tls::connector(&target.tls)?;
            let (client, connection) = config.connect(connector).await.map_err(|error| explain(&error, target))?;
            open(client, connection, target).await
        }
    };
    // The driver's own timeout covers only the opening of the socket.
    match tokio::time::timeout(target.timeout(), opening).await {
        Ok(outcome) => outcome,
        Err(_) => Err(unreachable(target, &format!("no answer within {}", seconds(target.timeout())))),
    }
}

async fn open<S, T>(client: Client, connection: Connection<S, T>, target: &Target) -> Result<Session>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let reported = connection.parameter("server_version").unwrap_or_default().to_owned();
    let server_version = version_number(&reported).unwrap_or_default();
    if !SUPPORTED.contains(&(server_version / 10_000)) {
        return Err(Error::new(
            Class::Unavailable,
            "unsupported_version",
            format!(
                "the server is PostgreSQL {reported}; Pleach works with {} to {}",
                SUPPORTED.start(),
                SUPPORTED.end()
            ),
        )
        .on(target.to_string())
        .hint("use a server of a supported version, or the project's own one (`pleach up`)"));
    }
    let notices = Notices::default();
    let heard = Arc::new(Notify::new());
    let task = tokio::spawn(drive(connection, Arc::clone(&notices), Arc::clone(&heard)));
    let session = Session { client, server_version, notices, heard, task };
    session.prepare_settings().await?;
    Ok(session)
}

/// Carries the traffic of a connection until it ends.
async fn drive<S, T>(mut connection: Connection<S, T>, notices: Notices, heard: Arc<Notify>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = std::future::poll_fn(|context| connection.poll_message(context)).await {
        match message {
            Ok(AsyncMessage::Notice(notice)) => {
                let mut notices = notices.lock().unwrap_or_else(PoisonError::into_inner);
                if notices.len() < MAX_NOTICES {
                    notices.push(Notice::from(&notice));
                }
            }
            Ok(AsyncMessage::Notification(_)) => heard.notify_one(),
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "connection ended");
                return;
            }
        }
    }
}

/// `15.18 (Debian 15.18-0+deb12u1)` is 150018, `18beta1` is 180000.
fn version_number(text: &str) -> Option<u32> {
    let number = |text: &str| text.chars().map_while(|c| c.to_digit(10)).reduce(|number, digit| number * 10 + digit);
    let (major, rest) = text.split_once('.').unwrap_or((text, ""));
    Some(number(major)? * 10_000 + number(rest).unwrap_or(0))
}

/// Says what a failure to connect means and what to do about it.
fn explain(error: &tokio_postgres::Error, target: &Target) -> Error {
    let Some(said) = Said::from_error(error) else { return explain_silence(error, target) };
    let (class, code, message, hint) = match said.sqlstate.as_str() {
        "28P01" | "28000" => (
            Class::Unavailable,
            "authentication_failed",
            format!("the server does not let role {:?} in", target.user()),
            "check the user and the password of the URL, and the server's pg_hba.conf",
        ),
        "3D000" => (
            Class::State,
            "database_missing",
            format!("there is no database {:?} on the server", target.database()),
            "check the name of the database in the URL",
        ),
        "57P03" => (
            Class::Unavailable,
            "server_unreachable",
            "the server does not take connections at the moment".to_owned(),
            "it is starting or stopping; try again in a moment",
        ),
        "55000" => (
            Class::State,
            "database_closed",
            format!("database {:?} takes no connections", target.database()),
            "it is kept as a source of clones; connect to a branch made from it",
        ),
        "53300" => (
            Class::Unavailable,
            "too_many_connections",
            "the server has no connection left".to_owned(),
            "close idle connections, or raise max_connections on the server",
        ),
        "42501" => (
            Class::Unavailable,
            "authentication_failed",
            format!("role {:?} may not connect to database {:?}", target.user(), target.database()),
            "grant it CONNECT on the database",
        ),
        _ => (
            Class::Unavailable,
            "connection_refused",
            "the server refused the connection".to_owned(),
            "see what PostgreSQL said",
        ),
    };
    Error::new(class, code, message).on(target.to_string()).hint(hint).said(Some(said))
}

/// The same for failures in which the server did not speak.
fn explain_silence(error: &tokio_postgres::Error, target: &Target) -> Error {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    let text = error.to_string();
    // The driver keeps the kind of its errors to itself; its text begins with it.
    if text.starts_with("error performing TLS handshake") {
        return tls::failed(cause.as_deref().unwrap_or(&text)).on(target.to_string());
    }
    if text.starts_with("invalid configuration") || text.starts_with("authentication error") {
        let message = match cause.as_deref() {
            Some("password missing") => "the server asks for a password, and none was given".to_owned(),
            _ => format!("the server does not let role {:?} in: {}", target.user(), cause.unwrap_or(text)),
        };
        return Error::new(Class::Unavailable, "authentication_failed", message)
            .on(target.to_string())
            .hint("give the password in the URL: postgres://user:password@host/database");
    }
    unreachable(target, &cause.unwrap_or(text))
}

fn unreachable(target: &Target, why: &str) -> Error {
    Error::new(
        Class::Unavailable,
        "server_unreachable",
        format!("cannot reach the server at {}: {why}", target.place()),
    )
    .on(target.to_string())
    .hint(
        "check that the server runs and that host and port are right; the project's own server starts with `pleach up`",
    )
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        for (text, number) in [
            ("15.18 (Debian 15.18-0+deb12u1)", Some(150_018)),
            ("18beta1", Some(180_000)),
            ("9.6.24", Some(90_006)),
            ("", None),
        ] {
            assert_eq!(version_number(text), number, "{text}");
        }
    }
}
