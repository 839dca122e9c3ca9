//! Migrations in the form of other tools. A tool is a file: `NAME.toml` beside this one, or in
//! `.pleach/tools/` of the project, says what its files are called and what they hold.

mod folder;
mod python;
mod quote;
mod template;
mod way;

use self::folder::{Before, Folder};
use self::template::{Engine, Parts, Template};
use self::way::{Unit, Way};
use crate::config::FOLDER;
use crate::planner::PlannedPart;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Hash;
use serde::Serialize;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// The form that is Pleach's own, which has no template.
pub(crate) const PLAIN: &str = "plain";

macro_rules! built_in {
    ($($name:literal),+ $(,)?) => { [$(($name, include_str!(concat!($name, ".toml")))),+] };
}

/// The tools that come with Pleach.
const BUILT_IN: [(&str, &str); 15] = built_in![
    "alembic",
    "confiture",
    "dbmate",
    "django",
    "drizzle",
    "flyway",
    "golang-migrate",
    "goose",
    "knex",
    "liquibase",
    "prisma",
    "rails",
    "refinery",
    "sqitch",
    "sqlx",
];

/// A migration tool that Pleach can write for.
#[derive(Debug, Clone)]
pub struct MigrationTool {
    name: String,
    /// Where its template is from.
    place: String,
    template: Template,
}

/// A migration that is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// When it was made.
    pub at: OffsetDateTime,
    /// Its name: words of letters and digits, joined by underscores.
    pub name: &'a str,
    /// What it is about, for people.
    pub title: &'a str,
    /// The project it belongs to.
    pub project: &'a str,
    /// Who made it.
    pub actor: &'a str,
    /// The commit it starts from.
    pub from: Hash,
    /// The commit it ends at.
    pub to: Hash,
    /// The server it ran on.
    pub server: &'a str,
    /// The way up.
    pub up: &'a [PlannedPart],
    /// The way back.
    pub down: &'a [PlannedPart],
    /// What people should know of going up.
    pub up_notes: &'a [String],
    /// What people should know of going back.
    pub down_notes: &'a [String],
}

/// A migration in the form of a tool.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// The versions it has there, the first one first.
    pub versions: Vec<String>,
    /// Its files, in the order in which they are written.
    pub files: Vec<RenderedFile>,
    /// What people should know about running it with the tool.
    pub notes: Vec<String>,
}

/// A file of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedFile {
    /// Where it is.
    pub path: PathBuf,
    /// All that it says.
    pub text: String,
    /// What it said before, if it was there.
    pub before: Option<String>,
}

/// What templates see.
#[derive(Serialize)]
struct Scene<'a> {
    /// The version of this migration, as the tool numbers them.
    version: &'a str,
    name: &'a str,
    title: &'a str,
    project: &'a str,
    actor: &'a str,
    /// The moment, in UTC, as RFC 3339 has it, and in milliseconds.
    time: &'a str,
    millis: i128,
    /// How many migrations of the tool it is, and which one of them this is.
    count: usize,
    number: usize,
    before: &'a Before,
    up: &'a Way,
    down: &'a Way,
    /// Whether any statement of either way stands alone.
    alone: bool,
    /// The two ways side by side, a unit of each.
    pairs: &'a [(Way, Way)],
}

impl MigrationTool {
    /// The names of the tools that come with Pleach, and of its own plain form.
    pub fn names() -> impl Iterator<Item = &'static str> {
        [PLAIN].into_iter().chain(BUILT_IN.iter().map(|(name, _)| *name))
    }

    /// Finds a tool by its name: among the project's own, then among those that come with Pleach.
    ///
    /// # Errors
    /// `migration_tool_unknown`; `migration_template` where its template is wrong.
    pub fn find(name: &str, project: Option<&Path>) -> Result<Self> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let own = project
            .filter(|_| !name.is_empty() && name.chars().all(is_name))
            .map(|root| root.join(FOLDER).join("tools").join(format!("{name}.toml")));
        if let Some(path) = own.filter(|path| path.exists()) {
            let text = std::fs::read_to_string(&path).map_err(|error| crate::config::cannot("read", &path, &error))?;
            let place = path.display().to_string();
            return Ok(Self { name: name.to_owned(), template: Template::parse(&text, &place)?, place });
        }
        let (name, text) = BUILT_IN.iter().find(|(known, _)| *known == name).ok_or_else(|| {
            let names: Vec<&str> = Self::names().collect();
            Error::new(Class::Input, "migration_tool_unknown", format!("`{name}` is no migration tool known here"))
                .hint(format!("one of: {}; or one of your own, in .pleach/tools/NAME.toml", names.join(", ")))
        })?;
        let place = format!("{name}.toml");
        Ok(Self { name: (*name).to_owned(), template: Template::parse(text, &place)?, place })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its migrations usually are, from the project's folder.
    pub fn folder(&self) -> Option<&str> {
        self.template.folder.as_deref()
    }

    /// Writes a migration in the tool's form, going on from what is in the folder. Nothing is
    /// changed there.
    ///
    /// # Errors
    /// `migration_tool_transaction` and `migration_tool_mark` where the tool cannot hold it;
    /// `migration_heads`, `file_exists`; `migration_template`.
    pub fn render(&self, folder: &Path, draft: &Draft<'_>) -> Result<Rendered> {
        let folder = Folder::list(folder)?;
        let engine = Engine::new(&self.place, &folder)?;
        let (up, down) = (self.fitted(Way::up(draft))?, self.fitted(Way::down(draft))?);
        [&up, &down].into_iter().try_for_each(|way| self.can_hold(way))?;
        let alone = [&up, &down].iter().any(|way| way.units.iter().any(|unit| !unit.transaction));
        let pairs = pairs(&up, &down);
        let apart = self.template.parts == Parts::Apart;
        let count = if apart { pairs.len() } else { 1 };
        let versions = folder.next_versions(&self.template.version, draft, count);
        let before = folder.before(&self.template)?;
        let time = draft.at.replace_nanosecond(0).unwrap_or(draft.at).format(&Rfc3339).unwrap_or_default();
        let name = |number: usize| if count > 1 { format!("{}_{number}", draft.name) } else { draft.name.to_owned() };
        let names: Vec<String> = (1..=count).map(name).collect();
        let scenes = versions.iter().zip(&names).zip(1..).map(|((version, name), number)| {
            let whole = (&up, &down);
            let (up, down) = pairs.get(number - 1).filter(|_| apart).map_or(whole, |(up, down)| (up, down));
            Scene {
                version,
                name,
                title: draft.title,
                project: draft.project,
                actor: draft.actor,
                time: &time,
                millis: draft.at.unix_timestamp_nanos() / 1_000_000,
                count,
                number,
                before: &before,
                up,
                down,
                alone,
                pairs: &pairs,
            }
        });
        let scenes: Vec<Scene<'_>> = scenes.collect();
        let mut out = Rendered { versions: versions.clone(), ..Rendered::default() };
        // The last one first: where a migration is seen, those it needs after it are there.
        for scene in scenes.iter().rev() {
            self.add_files(&mut out, &engine, &folder, scene)?;
        }
        if let Some(scene) = scenes.first() {
            for note in &self.template.notes {
                if engine.holds(note.when.as_deref(), scene)? {
                    out.notes.push(engine.text(&note.text, scene)?);
                }
            }
        }
        Ok(out)
    }

    fn add_files(&self, out: &mut Rendered, engine: &Engine, folder: &Folder, scene: &Scene<'_>) -> Result<()> {
        for file in &self.template.files {
            if !engine.holds(file.when.as_deref(), scene)? {
                continue;
            }
            let name = engine.text(&file.path, scene)?;
            let (path, before) = (folder.inside(&name)?, folder.read(&name)?);
            if out.files.iter().any(|other| other.path == path) {
                continue;
            }
            if before.is_some() && !file.replaces {
                return Err(super::files::exists(&path));
            }
            out.files.push(RenderedFile { path, text: engine.text(&file.text, scene)?, before });
        }
        Ok(())
    }

    /// A way as far as the tool can go it.
    fn fitted(&self, way: Way) -> Result<Way> {
        let way = match self.template.parts {
            Parts::Merged => way.merged(),
            _ if !self.template.alone => way.in_transactions(),
            _ => Ok(way),
        };
        way.map_err(|unit: Unit| {
            let message =
                format!("{} runs every migration in a transaction, and this must be committed alone", self.name);
            let sql = unit.statements.first().map(|statement| statement.sql.clone()).unwrap_or_default();
            Error::new(Class::State, "migration_tool_transaction", message)
                .on(sql)
                .hint("write the short form, which is one transaction, or the migration for another tool")
        })
    }

    /// Whether the tool reads every text as it is meant.
    fn can_hold(&self, way: &Way) -> Result<()> {
        let line_is = |line: &str, mark: &str| {
            let mut words = mark.split_whitespace();
            let first = words.next().unwrap_or_default();
            let rest = words.next().unwrap_or_default();
            line.trim_start().strip_prefix(first).is_some_and(|line| line.trim_start().starts_with(rest))
        };
        for text in way.texts() {
            let marked =
                text.lines().find(|line| self.template.marks.iter().any(|mark| line_is(line, mark))).or_else(|| {
                    self.template.alters.iter().find(|what| text.contains(*what)).and_then(|_| text.lines().next())
                });
            if let Some(line) = marked {
                let message = format!("{} would not read a part of the migration as it is written", self.name);
                return Err(Error::new(Class::State, "migration_tool_mark", message)
                    .on(line.trim().to_owned())
                    .hint("change that text in the schema, or write the migration for another tool"));
            }
        }
        Ok(())
    }
}

/// The units of both ways side by side: what is done last is taken back first.
fn pairs(up: &Way, down: &Way) -> Vec<(Way, Way)> {
    let count = up.units.len().max(down.units.len());
    let one = |way: &Way, unit: Option<&Unit>, number: usize| {
        let mut heading = way.heading.clone();
        if let Some(first) = heading.first_mut().filter(|_| count > 1) {
            first.push_str(&format!(", {number} of {count}"));
        }
        Way::from_units(heading, unit.cloned().into_iter().collect())
    };
    let pair = |at: usize| {
        let back = down.units.get(count - 1 - at);
        (one(up, up.units.get(at), at + 1), one(down, back, count - at))
    };
    (0..count).map(pair).collect()
}

/// A moment as the digits that versions are made of.
pub(super) fn digits(at: OffsetDateTime) -> String {
    // A format without parts that a moment may lack.
    at.format(format_description!("[year][month][day][hour][minute][second]")).unwrap_or_default()
}
