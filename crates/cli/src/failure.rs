//! How a command ends, and the exit codes for it.

use pleach_core::{Class, Error};

/// How a command that did its work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// As asked.
    Done,
    /// A check found damage.
    Damaged,
    /// Linting found something.
    Findings,
    /// A merge waits for decisions.
    Conflicts,
}

/// Why a command could not do its work.
#[derive(Debug)]
pub struct Failure {
    /// What the core said.
    pub error: Error,
    /// The place in the user's SQL, with a caret under it.
    pub excerpt: Option<Box<str>>,
}

/// What a command gives back.
pub type Outcome<T = Exit> = Result<T, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, excerpt: None }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Error::from(error).into()
    }
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Damaged | Self::Findings => 1,
            Self::Conflicts => code(Class::Conflict),
        }
    }
}

/// The process's exit code for a class of failures.
pub fn code(class: Class) -> u8 {
    match class {
        Class::Input => 2,
        Class::State => 3,
        Class::Conflict => 4,
        Class::Refused => 5,
        Class::Unavailable => 6,
        Class::Unsafe => 7,
        Class::Internal => 70,
    }
}

/// The name of a class of failures in JSON.
pub fn class_name(class: Class) -> &'static str {
    match class {
        Class::Input => "input",
        Class::State => "state",
        Class::Conflict => "conflict",
        Class::Refused => "refused",
        Class::Unavailable => "unavailable",
        Class::Unsafe => "unsafe",
        Class::Internal => "internal",
    }
}
