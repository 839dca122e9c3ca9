//! Which rules apply: what `.squawk.toml` says, and what is said instead of it.

use crate::planner::Harm;
use pleach_postgres::{Class, Error, Result};
use serde::Deserialize;
use squawk_linter::{Rule, Version};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What is said about rules; each part that is said replaces what the file says.
#[derive(Debug, Clone, Default)]
pub struct RuleOptions {
    /// The file; without one the nearest `.squawk.toml` here or above.
    pub config: Option<PathBuf>,
    /// Rules that do not apply.
    pub exclude: Option<Vec<String>>,
    /// Rules that apply although they do not by themselves.
    pub include: Option<Vec<String>>,
    /// Patterns of files about which nothing is said.
    pub exclude_paths: Option<Vec<String>>,
    /// The version of PostgreSQL that the migrations are for; without one the server's.
    pub pg_version: Option<String>,
    /// Whether each file runs in one transaction.
    pub assume_in_transaction: Option<bool>,
}

/// The rules that apply.
pub(super) struct Rules {
    pub exclude: Vec<Rule>,
    pub include: Vec<Rule>,
    pub exclude_harms: Vec<Harm>,
    pub exclude_paths: Vec<glob::Pattern>,
    pub pg_version: Option<Version>,
    pub assume_in_transaction: Option<bool>,
}

/// `.squawk.toml`, as squawk reads it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SquawkToml {
    excluded_paths: Vec<String>,
    excluded_rules: Vec<String>,
    included_rules: Vec<String>,
    pg_version: Option<String>,
    assume_in_transaction: Option<bool>,
}

const FILE: &str = ".squawk.toml";

impl Rules {
    /// Reads what the file says, as far as the options do not say it.
    pub fn read(options: &RuleOptions, here: &Path) -> Result<Self> {
        let path = match &options.config {
            Some(path) => Some(here.join(path)),
            None => here.ancestors().map(|folder| folder.join(FILE)).find(|path| path.is_file()),
        };
        let file = path.as_deref().map(read).transpose()?.unwrap_or_default();
        let place = path.map(|path| path.display().to_string()).unwrap_or_default();
        let said = |given: &Option<Vec<String>>, file: Vec<String>| match given {
            Some(given) => (given.clone(), "the arguments".to_owned()),
            None => (file, place.clone()),
        };
        let (exclude, excluded_by) = said(&options.exclude, file.excluded_rules);
        let (include, included_by) = said(&options.include, file.included_rules);
        let (paths, paths_by) = said(&options.exclude_paths, file.excluded_paths);
        let (mut rules, mut harms) = (Vec::new(), Vec::new());
        for name in &exclude {
            match harm(name) {
                Some(harm) => harms.push(harm),
                None => rules.push(rule(name, &excluded_by)?),
            }
        }
        let (version, version_by) = match &options.pg_version {
            Some(version) => (Some(version.clone()), "the arguments"),
            None => (file.pg_version, place.as_str()),
        };
        Ok(Self {
            exclude: rules,
            include: include.iter().map(|name| rule(name, &included_by)).collect::<Result<_>>()?,
            exclude_harms: harms,
            exclude_paths: paths.iter().map(|text| pattern(text, &paths_by)).collect::<Result<_>>()?,
            pg_version: version.map(|text| parse_version(&text, version_by)).transpose()?,
            assume_in_transaction: options.assume_in_transaction.or(file.assume_in_transaction),
        })
    }

    /// Whether nothing is to be said about a file.
    pub fn leaves_out(&self, file: &str) -> bool {
        self.exclude_paths.iter().any(|pattern| pattern.matches(file))
    }
}

/// The hazard of a name.
pub(super) fn harm(name: &str) -> Option<Harm> {
    Harm::ALL.into_iter().find(|harm| harm.to_string() == name)
}

fn read(path: &Path) -> Result<SquawkToml> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::unreadable(path, &error))?;
    toml::from_str(&text).map_err(|error| bad(error.message(), &path.display().to_string()))
}

fn rule(name: &str, by: &str) -> Result<Rule> {
    Rule::from_str(name.trim()).map_err(|_| {
        bad(format!("there is no rule `{name}`"), by)
            .hint("the rules are in docs/lint.md and at https://squawkhq.com/docs/rules")
    })
}

fn pattern(text: &str, by: &str) -> Result<glob::Pattern> {
    glob::Pattern::new(text).map_err(|error| bad(format!("`{text}` is no pattern of paths: {}", error.msg), by))
}

fn parse_version(text: &str, by: &str) -> Result<Version> {
    Version::from_str(text).map_err(|_| bad(format!("`{text}` is no version"), by).hint("write it as 15 or 15.4"))
}

fn bad(message: impl Into<String>, by: &str) -> Error {
    Error::new(Class::Input, "bad_lint_config", message)
        .on(by.to_owned())
        .hint("correct it, or name another file with `--config`")
}
