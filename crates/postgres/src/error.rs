//! What can go wrong, told so that the reader knows what to do next.

use serde::Serialize;
use std::fmt;
use std::path::Path;

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is; decides the exit code of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The input is wrong: arguments, names, files, SQL that does not parse.
    Input,
    /// The input is fine but does not fit the state of things: no project, a taken name.
    State,
    /// Changes contradict each other and somebody must decide.
    Conflict,
    /// PostgreSQL refused a statement.
    Refused,
    /// A server or a program is missing, unreachable or of the wrong version.
    Unavailable,
    /// It would destroy something, and consent was not given.
    Unsafe,
    /// A defect or a damaged store.
    Internal,
}

/// A failure: a stable code, what happened, on which object, what PostgreSQL said, what to do.
#[derive(Debug, Clone)]
pub struct Error {
    /// What sort of failure it is.
    pub class: Class,
    /// A stable name in snake case, documented in `docs/reference.md`.
    pub code: &'static str,
    /// What happened, in one sentence without a full stop.
    pub message: String,
    /// The object, file and line, or database it happened on.
    pub object: Option<String>,
    /// What PostgreSQL said, if it spoke.
    pub postgres: Option<Box<Said>>,
    /// What to do next.
    pub hint: Option<String>,
}

/// An error as PostgreSQL reported it.
#[derive(Debug, Clone, Serialize)]
pub struct Said {
    /// The five-character SQLSTATE.
    pub sqlstate: String,
    /// The primary message.
    pub message: String,
    /// The detail line, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// PostgreSQL's own hint, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where in the statement, counted in characters from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
}

impl Error {
    /// A failure of this class and code.
    pub fn new(class: Class, code: &'static str, message: impl Into<String>) -> Self {
        Self { class, code, message: message.into(), object: None, postgres: None, hint: None }
    }

    /// A file or folder that cannot be read.
    pub fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        let hint = match error.kind() {
            std::io::ErrorKind::InvalidData => "text must be UTF-8: convert it first, for example with iconv",
            _ => "check the path, which counts from the folder the command runs in, and who may read it",
        };
        Self::new(Class::Input, "file_unreadable", format!("it cannot be read: {error}"))
            .on(path.display().to_string())
            .hint(hint)
    }

    /// Names the object, file or database it happened on.
    #[must_use]
    pub fn on(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Keeps what PostgreSQL said.
    #[must_use]
    pub fn said(mut self, said: Option<Said>) -> Self {
        self.postgres = said.map(Box::new);
        self
    }

    /// The SQLSTATE PostgreSQL gave, if it spoke.
    pub fn sqlstate(&self) -> Option<&str> {
        self.postgres.as_ref().map(|said| said.sqlstate.as_str())
    }
}

impl Said {
    /// What the server said, if this error came from the server and not from the connection.
    pub fn from_error(error: &tokio_postgres::Error) -> Option<Self> {
        let db = error.as_db_error()?;
        Some(Self {
            sqlstate: db.code().code().to_owned(),
            message: db.message().to_owned(),
            detail: db.detail().map(str::to_owned),
            hint: db.hint().map(str::to_owned),
            position: match db.position() {
                Some(tokio_postgres::error::ErrorPosition::Original(position)) => Some(*position),
                _ => None,
            },
        })
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        match Said::from_error(&error) {
            Some(said) => {
                Self::new(Class::Refused, "postgres_refused", "PostgreSQL refused a statement").said(Some(said))
            }
            None => {
                let mut message = error.to_string();
                let mut source = std::error::Error::source(&error);
                while let Some(cause) = source {
                    let cause_text = cause.to_string();
                    if !message.contains(&cause_text) {
                        message = format!("{message}: {cause_text}");
                    }
                    source = cause.source();
                }
                Self::new(Class::Unavailable, "connection_lost", message)
                    .hint("check that the server is running (`pleach status`) and try again")
            }
        }
    }
}

impl fmt::Display for Error {
    /// One line: object, message, and what PostgreSQL said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(object) = &self.object {
            write!(f, "{object}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(said) = &self.postgres {
            write!(f, ": {} (SQLSTATE {})", said.message, said.sqlstate)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
