//! Templates: what a tool's files look like, as data.

use super::Folder;
use super::quote;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use pleach_postgres::{Class, Error, Result};
use serde::{Deserialize, Serialize};

/// A tool's template: `NAME.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Template {
    /// The folder that its migrations usually have, from the project's.
    #[serde(default)]
    pub folder: Option<String>,
    /// How the parts of a migration become the tool's migrations.
    #[serde(default)]
    pub parts: Parts,
    /// Whether it can run a statement that must not be in a transaction.
    #[serde(default = "yes")]
    pub alone: bool,
    /// What means something to the tool at the beginning of a line.
    #[serde(default)]
    pub marks: Vec<String>,
    /// What the tool would not hand on as it is.
    #[serde(default)]
    pub alters: Vec<String>,
    /// How its versions are numbered.
    pub version: Numbers,
    /// How a migration says what it comes after.
    #[serde(default)]
    pub history: Option<History>,
    /// The files it writes.
    #[serde(rename = "file")]
    pub files: Vec<File>,
    /// What people should know.
    #[serde(default, rename = "note")]
    pub notes: Vec<Note>,
}

/// How the parts of a migration become migrations of a tool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Parts {
    /// One that holds them all.
    #[default]
    Together,
    /// One each.
    Apart,
    /// One that is one transaction.
    Merged,
}

/// How versions are numbered, in a folder that holds none yet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Numbers {
    pub scheme: Scheme,
    /// What stands before the version in a name.
    #[serde(default)]
    pub before: String,
    /// How many digits a number has at least.
    #[serde(default)]
    pub width: usize,
    /// The first number.
    #[serde(default = "one")]
    pub first: u128,
}

/// What versions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scheme {
    /// The moment.
    Time,
    /// The next number.
    Number,
    /// Twelve letters and digits that say nothing.
    Id,
}

/// How a migration says what it comes after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum History {
    /// `down_revision`.
    Alembic,
    /// `dependencies`.
    Django,
}

/// A file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// Its path in the folder.
    pub path: String,
    /// Whether it is written.
    #[serde(default)]
    pub when: Option<String>,
    /// Whether it may be there already: then the text is all that it will say.
    #[serde(default)]
    pub replaces: bool,
    /// What it says.
    pub text: String,
}

/// A note.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    /// Whether it is said.
    #[serde(default)]
    pub when: Option<String>,
    /// What it says.
    pub text: String,
}

fn yes() -> bool {
    true
}

fn one() -> u128 {
    1
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str, place: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| bad(place, error.message()))
    }
}

/// What turns templates into text.
pub(super) struct Engine {
    environment: Environment<'static>,
    place: String,
}

impl Engine {
    /// An engine whose templates can look into a folder.
    pub fn new(place: &str, folder: &Folder) -> Result<Self> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
        environment.set_syntax(syntax.map_err(|error| bad("sql.jinja", error))?);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        // Templates come from the repository of a project: they shall end.
        environment.set_fuel(Some(100_000_000));
        environment.add_template("sql", include_str!("sql.jinja")).map_err(|error| bad("sql.jinja", error))?;
        environment.add_filter("python", |text: &str| quote::python(text));
        environment.add_filter("javascript", |text: &str| quote::javascript(text));
        environment.add_filter("ruby", |text: &str| quote::ruby(text));
        environment.add_filter("sqlalchemy", |text: &str| quote::sqlalchemy(text));
        environment.add_filter("knex", |text: &str| quote::knex(text));
        environment.add_filter("camel", |text: &str| quote::camel(text));
        environment.add_filter("chomp", |text: &str| text.strip_suffix('\n').unwrap_or(text).to_owned());
        environment.add_filter("between", between);
        environment.add_filter("json", |value: Value| serde_json::to_string_pretty(&value).map_err(odd));
        environment.add_filter("from_json", |text: &str| serde_json::from_str::<Value>(text).map_err(odd));
        let names = Value::from(folder.names.clone());
        environment.add_function("names", move || names.clone());
        let here = folder.clone();
        environment.add_function("read", move |name: &str| here.read(name).map_err(odd));
        let here = folder.clone();
        environment.add_function("nearest", move |name: &str| here.nearest(name).map_err(odd));
        Ok(Self { environment, place: place.to_owned() })
    }

    /// The text of a template.
    pub fn text(&self, template: &str, context: &impl Serialize) -> Result<String> {
        let context = Value::from(Serde(context));
        self.environment.render_named_str("template", template, context).map_err(|error| self.bad(&error))
    }

    /// Whether an expression holds.
    pub fn holds(&self, expression: Option<&str>, context: &impl Serialize) -> Result<bool> {
        let Some(expression) = expression else { return Ok(true) };
        let compiled = self.environment.compile_expression_owned(expression.to_owned());
        let value = compiled.and_then(|expression| expression.eval(Value::from(Serde(context))));
        Ok(value.map_err(|error| self.bad(&error))?.is_true())
    }

    fn bad(&self, error: &minijinja::Error) -> Error {
        let mut message = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            message.push_str(&format!(": {cause}"));
            source = cause.source();
        }
        bad(&self.place, message)
    }
}

fn bad(place: &str, what: impl std::fmt::Display) -> Error {
    Error::new(Class::Input, "migration_template", format!("the template of the migration tool does not work: {what}"))
        .on(place)
        .hint("docs/migrations.md says what a template may hold")
}

fn odd(error: impl std::fmt::Display) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, error.to_string())
}

/// What stands between two texts, or nothing.
fn between(text: &str, start: &str, end: &str) -> String {
    let inner = text.split_once(start).and_then(|(_, rest)| rest.split_once(end));
    inner.map_or_else(String::new, |(inner, _)| inner.to_owned())
}
