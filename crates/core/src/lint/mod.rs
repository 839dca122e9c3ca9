//! Linting migrations that people wrote: every statement runs on a database with rows and is
//! measured, and the rules of squawk say their part.
//!
//! What PostgreSQL was seen to do has the last word. Where a rule and a measurement say the same
//! they are one finding; where the measurement says otherwise the finding is only a note.

mod config;
mod finding;
mod input;
mod rules;
mod run;
mod text;
mod voices;

pub use self::config::RuleOptions;
pub use self::finding::{Finding, Level, LintedStatement};
pub use self::input::LintInput;

use self::config::Rules;
use self::run::Run;
use crate::measure::{Ground, target_sizes};
use crate::planner::SchemaSource;
use crate::planner::scratch::Scratch;
use crate::project::{Context, MAIN, Project};
use crate::prove::server_name;
use crate::state;
use pleach_postgres::connect::Target;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::quote_ident;
use serde::Serialize;
use serde_json::json;
use std::path::Path;

/// What to lint, and on what.
#[derive(Debug, Clone)]
pub struct LintOptions {
    /// Files and folders, in the order in which they apply.
    pub inputs: Vec<LintInput>,
    /// The branch whose changes are linted instead.
    pub branch: Option<String>,
    /// What the migrations apply to; without one `main` inside a project, and else nothing.
    pub on: Option<SchemaSource>,
    /// Whose migrations folders hold, where that shall not be recognised.
    pub tool: Option<String>,
    /// Where scratch databases are made; without one on a private server.
    pub scratch: Option<Target>,
    /// The database whose tables' sizes decide what is large, and to which times are scaled.
    pub target: Option<Target>,
    /// How many rows of a table are copied from a database; 0 is all of them.
    pub sample: u64,
    /// Tables from this many bytes on must not be locked for long.
    pub large: u64,
    /// What squawk's rules are told.
    pub rules: RuleOptions,
}

/// What linting found.
#[derive(Debug, Clone, Serialize)]
pub struct Linted {
    /// What the statements ran on, in words.
    pub on: String,
    /// The server that judged.
    pub server: String,
    /// How many files were looked at.
    pub files: usize,
    /// What was found, in the order of the text.
    pub findings: Vec<Finding>,
    /// The statements that ran, with what each of them did.
    pub statements: Vec<LintedStatement>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

impl Linted {
    /// How many findings there are of a level.
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }

    /// Whether there is nothing but notes.
    pub fn is_clean(&self) -> bool {
        self.findings.iter().all(|finding| finding.level == Level::Note)
    }
}

/// Lints migrations, or what a branch changed.
///
/// # Errors
/// What is wrong with the arguments, the configuration and the files; what PostgreSQL refuses is a
/// finding.
pub async fn lint(
    options: &LintOptions,
    project: Option<&mut Project>,
    here: &Path,
    context: &Context,
) -> Result<Linted> {
    let rules = Rules::read(&options.rules, here)?;
    let known = target_sizes(options.target.as_ref()).await?;
    let mut files = input::gather(&options.inputs, options.tool.as_deref())?;
    let revision = match (&options.branch, &options.on) {
        (Some(branch), None) => Some(branch.clone()),
        (None, Some(SchemaSource::Revision(revision))) => Some(revision.clone()),
        (None, None) if project.is_some() => Some(MAIN.to_owned()),
        _ => None,
    };
    if let (Some(revision), Some(project)) = (revision, project) {
        let mut commit = project.resolve(&revision).await?;
        if let Some(branch) = &options.branch {
            let (base, file) = project.changes_of(branch).await?;
            commit = base;
            files.files.push(file);
        }
        let journal = project.begin("lint", &json!({ "commit": commit.hash })).await?;
        let outcome = async {
            let ground = project.ground(&journal, &commit).await?;
            let settings = project.own_role().map(|own| format!("SET SESSION AUTHORIZATION {}", quote_ident(own)));
            let outcome = on(&files, &ground, &rules, known, options, settings).await;
            let name = ground.close().await;
            project.discard_database(&name).await?;
            outcome
        };
        return match outcome.await {
            Ok(linted) => journal.release(project.state.client()).await.map(|()| linted),
            Err(error) => Err(project.give_up(journal, error).await),
        };
    }
    if let Some(branch) = &options.branch {
        return Err(Error::new(Class::State, "no_project", "a branch can only be named inside a project")
            .on(branch.clone())
            .hint("work in a project's folder, or name the files to lint"));
    }
    let scratch = Scratch::new(options.scratch.as_ref(), context);
    let outcome = async {
        scratch.make_roles(&files.roles()?).await?;
        let ground = Ground::on_scratch(&scratch, options.on.as_ref(), options.sample, context).await?;
        let outcome = on(&files, &ground, &rules, known, options, None).await;
        ground.close().await;
        outcome
    };
    let outcome = outcome.await;
    scratch.close().await?;
    outcome
}

async fn on(
    files: &input::Files,
    ground: &Ground,
    rules: &Rules,
    known: Option<crate::measure::Bytes>,
    options: &LintOptions,
    settings: Option<String>,
) -> Result<Linted> {
    let mut run = Run::new(ground, rules, known, options.large, settings).await?;
    for file in &files.files {
        run.file(file).await?;
    }
    let (findings, statements, notes) = run.end();
    Ok(Linted {
        on: ground.what.clone(),
        server: server_name(ground.session.server_version()),
        files: files.files.len(),
        findings,
        statements,
        notes: [files.notes.clone(), ground.notes.clone(), notes].concat(),
    })
}

impl Project {
    /// Where a branch began, and what it changed since then as a script.
    async fn changes_of(&self, branch: &str) -> Result<(state::Commit, input::File)> {
        let head = self.branch(branch).await?.head;
        let main = self.branch(MAIN).await?.head;
        let bases = state::commits::merge_bases(self.state.client(), self.row.id, main, head).await?;
        let base = self.commit_of(bases.first().copied().unwrap_or(main)).await?;
        let legs = self.way(&base, &self.commit_of(head).await?).await?;
        let plan = crate::prove::plan_way(&self.tree(&base).await?, &legs)?;
        Ok((base, input::File::of_plan(format!("branch:{branch}"), &plan)))
    }
}
