//! What lies in the folder already: the migration that is written goes on from there.

use super::Draft;
use super::python;
use super::template::{History, Numbers, Scheme, Template};
use crate::config::cannot;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Hash;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// A folder of migrations, which need not be there yet.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    pub path: PathBuf,
    /// What is in it, hidden files left out, in order.
    pub names: Vec<String>,
}

/// What the next migration comes after.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Before {
    /// The last migration as the tool calls it.
    pub last: Option<String>,
    /// The app whose migrations they are.
    pub app: Option<String>,
}

impl Folder {
    /// Looks at a folder.
    pub fn list(path: &Path) -> Result<Self> {
        let mut names = Vec::new();
        if path.exists() {
            for entry in std::fs::read_dir(path).map_err(|error| cannot("list", path, &error))? {
                let entry = entry.map_err(|error| cannot("list", path, &error))?;
                let name = entry.file_name().to_string_lossy().into_owned();
                names.extend(Some(name).filter(|name| !name.starts_with('.')));
            }
        }
        names.sort();
        Ok(Self { path: path.to_owned(), names })
    }

    /// What a file in it says, if it is there.
    pub fn read(&self, name: &str) -> Result<Option<String>> {
        let path = self.inside(name)?;
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(cannot("read", &path, &error)),
        }
    }

    /// What the nearest file of this name says, in the folder or above.
    pub fn nearest(&self, name: &str) -> Result<Option<String>> {
        self.inside(name)?;
        let path = std::path::absolute(&self.path).map_err(|error| cannot("find", &self.path, &error))?;
        Ok(path.ancestors().find_map(|folder| std::fs::read_to_string(folder.join(name)).ok()))
    }

    /// The path of a file in it: a template cannot lead out of the folder.
    pub fn inside(&self, name: &str) -> Result<PathBuf> {
        let path = Path::new(name);
        let inside = !name.is_empty() && path.components().all(|part| matches!(part, Component::Normal(_)));
        if inside {
            return Ok(self.path.join(path));
        }
        Err(Error::new(Class::Input, "migration_template", "a template names a file outside of the folder").on(name))
    }

    /// The versions of the next migrations, in the form that is in use here.
    pub fn next_versions(&self, numbers: &Numbers, draft: &Draft<'_>, count: usize) -> Vec<String> {
        if numbers.scheme == Scheme::Id {
            let id = |number| Hash::of(format!("{} {} {} {number}", draft.name, draft.from, draft.to).as_bytes());
            return (0..count).map(|number| id(number).to_string().chars().take(12).collect()).collect();
        }
        let found = self.names.iter().filter_map(|name| version_in(name, &numbers.before));
        let last = found.filter_map(|version| Some((version.parse::<u128>().ok()?, version))).max();
        let at = draft.at;
        let millis = u128::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        let written = super::digits(at).parse().unwrap_or(millis);
        let (mut next, width) = match (last, numbers.scheme) {
            (None, Scheme::Number) => (numbers.first, numbers.width),
            (None, Scheme::Time | Scheme::Id) => (written, 0),
            (Some((last, version)), _) => {
                // Moments are told from numbers by their length.
                let now = match version.len() {
                    14 => written,
                    13 => millis,
                    10 if !version.starts_with('0') => millis / 1000,
                    _ => 0,
                };
                (now.max(last.saturating_add(1)), if version.starts_with('0') { version.len() } else { numbers.width })
            }
        };
        let mut out = Vec::with_capacity(count);
        for _ in 0..count {
            out.push(format!("{next:0width$}"));
            next = next.saturating_add(1);
        }
        out
    }

    /// What the next migration comes after, where the tool wants that said.
    pub fn before(&self, template: &Template) -> Result<Before> {
        match template.history {
            Some(History::Alembic) => self.after_alembic(),
            Some(History::Django) => self.after_django(),
            None => Ok(Before::default()),
        }
    }

    fn after_alembic(&self) -> Result<Before> {
        let mut revisions = Vec::new();
        for name in self.names.iter().filter(|name| name.ends_with(".py")) {
            revisions.extend(self.read(name)?.and_then(|source| python::revision(&source)));
        }
        let passed: BTreeSet<&str> = revisions.iter().flat_map(|one| &one.after).map(String::as_str).collect();
        let heads = revisions.iter().map(|one| one.id.as_str()).filter(|id| !passed.contains(id));
        let last = self.the_only(heads.collect(), "make one of them with `alembic merge heads`")?;
        Ok(Before { last, app: None })
    }

    fn after_django(&self) -> Result<Before> {
        let stem = |name: &String| name.strip_suffix(".py").map(str::to_owned);
        let stems: Vec<String> =
            self.names.iter().filter_map(stem).filter(|name| version_in(name, "").is_some()).collect();
        let mut said = Vec::new();
        for name in &stems {
            said.extend(self.read(&format!("{name}.py"))?.map(|source| python::dependencies(&source)));
        }
        let ours = said.iter().flatten().find(|(_, name)| stems.contains(name)).map(|(app, _)| app.clone());
        let app = ours.or_else(|| self.app()).unwrap_or_else(|| "app".to_owned());
        let passed: BTreeSet<&str> =
            said.iter().flatten().filter(|(of, _)| *of == app).map(|(_, name)| name.as_str()).collect();
        let heads = stems.iter().map(String::as_str).filter(|name| !passed.contains(name));
        let last = self.the_only(heads.collect(), "make one of them with `manage.py makemigrations --merge`")?;
        Ok(Before { last, app: Some(app) })
    }

    /// The app in whose `migrations` this is.
    fn app(&self) -> Option<String> {
        let path = std::path::absolute(&self.path).ok()?;
        let name = |path: &Path| Some(path.file_name()?.to_string_lossy().into_owned());
        match name(&path)? {
            here if here == "migrations" => name(path.parent()?),
            here => Some(here),
        }
    }

    fn the_only(&self, heads: Vec<&str>, hint: &str) -> Result<Option<String>> {
        if heads.len() > 1 {
            let message = format!("the folder has {} last migrations: {}", heads.len(), heads.join(", "));
            return Err(Error::new(Class::State, "migration_heads", message)
                .on(self.path.display().to_string())
                .hint(hint));
        }
        Ok(heads.first().map(|head| (*head).to_owned()))
    }
}

/// The number that a name begins with after `before`, if a word follows it.
fn version_in<'a>(name: &'a str, before: &str) -> Option<&'a str> {
    let rest = name.strip_prefix(before)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).filter(|end| *end > 0)?;
    rest[end..].starts_with(['_', '-', '.']).then(|| &rest[..end])
}
