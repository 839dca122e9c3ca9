//! What a change touches, told from its text, and where two changes collide.
//!
//! [`footprint`] reads SQL with PostgreSQL's own parser, resolves its names in a tree and in what
//! the change itself makes on its way, and lists every object and attribute with what is done to
//! it. [`clashes`] holds two footprints against each other. Nothing is run, so everything here is
//! a guess on the safe side: it may warn of two changes that would go together, and never keeps
//! quiet about two that would not. PostgreSQL has the last word.

mod alter_table;
mod body;
mod bound;
mod clash;
mod constraint;
mod create_table;
mod define;
mod drop;
mod expression;
mod forbidden;
mod judge;
mod keys;
mod names;
mod object_name;
mod privilege;
mod query;
mod reference;
mod rename;
mod routine;
mod rows;
mod scene;
mod statement;
mod suggest;
mod surroundings;
mod text;

pub use clash::{Clash, Class, First, Guess, clashes};
pub use keys::Key;
pub use surroundings::Surroundings;

use pleach_schema::{Address, Tree};
use serde::{Deserialize, Serialize};

/// What a change does to a schema.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Footprint {
    /// What is touched, in the order of statements; the same touch is told once.
    pub touches: Vec<Touch>,
    /// The statements, in their order.
    pub statements: Vec<Statement>,
    /// What cannot be seen through by reading, or has no kind in the model.
    pub opaque: Vec<Opaque>,
    /// What reaches beyond the database, and has no place in a change of one.
    pub forbidden: Vec<Forbidden>,
    /// Whether a statement cannot run inside a transaction.
    pub standalone: bool,
}

/// One statement of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// What it is: `ALTER TABLE`.
    pub tag: String,
    /// Where it begins in the text, in bytes.
    pub start: usize,
    /// Where it ends in the text, in bytes.
    pub end: usize,
    /// Whether it cannot run inside a transaction.
    pub standalone: bool,
    /// A hash of its text: equal texts do the same.
    pub digest: String,
}

/// One thing that a change does to one object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Touch {
    /// The object, as the tree calls it; what the change makes, as the change calls it.
    pub object: Address,
    /// Which of its attributes; all of them if none is named. `rows` are the contents as they are
    /// when the statement runs, `columns` the list of columns as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// What is done to it.
    pub access: Access,
    /// The number of the statement, from 0.
    pub statement: usize,
    /// Whether the object is not named in the statement, and follows from it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub implied: bool,
    /// Whether it is in the body of a routine that is only defined or referred to: PostgreSQL accepts
    /// the statement, and touches it when the routine is called.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// Whether PostgreSQL passes over it where it is (not) there: `IF EXISTS`, `OR REPLACE`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lenient: bool,
    /// Whether neither the tree nor the change has the object: somebody else has to make it first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
    /// What it becomes, in a form to be compared: equal for equal definitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What is done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// It is made.
    Create,
    /// It is changed.
    Alter,
    /// It is dropped.
    Drop,
    /// It loses its name to another one, which is created.
    Rename,
    /// Its rows are changed.
    Write,
    /// It is used.
    Read,
    /// It is only locked, like a table around a changed column.
    Lock,
}

/// What reading does not tell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Opaque {
    /// The number of the statement, from 0.
    pub statement: usize,
    /// What it is, for people: `dynamic SQL in function public.f()`.
    pub what: String,
    /// The stable name of what the model has no kind for: `publication p`. Two changes of one such
    /// thing collide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What is done to it.
    pub access: Access,
    /// Whether it may touch anything at all, and only running it tells.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub boundless: bool,
}

/// An effect outside of the database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Forbidden {
    /// The number of the statement, from 0.
    pub statement: usize,
    /// What it would do: `runs a program on the server`.
    pub why: String,
}

/// Text that PostgreSQL's parser refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// What the parser said.
    pub message: String,
    /// Where, in bytes from the start of the text, as far as that can be told.
    pub position: Option<usize>,
}

/// The footprint of SQL as it would run on a tree with a search path.
///
/// Who asks more than once about one tree keeps its [`Surroundings`] and calls [`footprint_in`].
///
/// # Errors
/// When the text does not parse.
pub fn footprint(tree: &Tree, sql: &str, search_path: &[String]) -> Result<Footprint, ParseError> {
    footprint_in(&Surroundings::new(tree), sql, search_path)
}

/// The footprint of SQL as it would run in these surroundings with a search path.
///
/// # Errors
/// When the text does not parse.
pub fn footprint_in(around: &Surroundings, sql: &str, search_path: &[String]) -> Result<Footprint, ParseError> {
    let statements = text::statements(sql)?;
    let mut scene = scene::Scene::new(around, search_path);
    for (number, parsed) in statements.iter().enumerate() {
        scene.begin(number);
        let standalone = scene.run(parsed, sql);
        scene.end();
        scene.out.standalone |= standalone;
        scene.out.statements.push(Statement {
            tag: parsed.tag().to_owned(),
            start: parsed.start,
            end: parsed.end,
            standalone,
            digest: pleach_schema::Hash::of(sql.get(parsed.start..parsed.end).unwrap_or_default().as_bytes()).short(),
        });
    }
    Ok(scene.finish())
}
