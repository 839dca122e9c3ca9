//! Migrations: the plan from one commit to another as files, run up, down and up again first.

pub(crate) mod files;
mod lines;
mod manifest;
mod notes;
mod production;
mod script;
pub(crate) mod tools;
mod trial;

use self::notes::{loses, notes, reachable_back};
use self::production::Production;
use self::script::{Head, Way, script};
use self::tools::{Draft, MigrationTool};
use self::trial::{Terms, Trial};
use crate::config::cannot;
use crate::planner::{Hazard, PlannedPart};
use crate::project::{MAIN, Project};
use crate::prove::{Leg, plan_way, server_name};
use crate::state::{self, Commit, JournalGuard, NewOperation};
use pleach_postgres::connect::Target;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Tree;
use serde::Serialize;
use serde_json::json;
use std::path::{Path, PathBuf};
use time::macros::format_description;

pub use manifest::{Aside, Manifest, MigrationProof, Notes, Revision};

/// What migration to write.
#[derive(Debug, Clone, Default)]
pub struct GenerateOptions {
    /// Where it starts; without one where the last migration ended, or the first commit.
    pub from: Option<String>,
    /// Where it ends; without one `main`.
    pub to: Option<String>,
    /// What it is called; without one after the last commit.
    pub name: Option<String>,
    /// Where to write it.
    pub folder: PathBuf,
    /// The short form, in one transaction, for small or idle databases.
    pub offline: bool,
    /// Tables from this many bytes on are changed without long locks.
    pub large: u64,
    /// The database it is for: how large its tables are, and which hold something. Without one all
    /// tables are taken for large, and for holding something.
    pub target: Option<Target>,
    /// Tables and columns are dropped at once instead of being kept aside.
    pub drop_now: bool,
    /// The migration tool that is to run it; without one the files are plain SQL.
    pub tool: Option<String>,
}

/// A migration that was written.
#[derive(Debug, Clone, Serialize)]
pub struct Generated {
    /// Its version: the UTC time it was made.
    pub version: String,
    /// Its name.
    pub name: String,
    /// The file that goes up; nowhere in the form of another tool.
    #[serde(skip_serializing_if = "is_nowhere")]
    pub up: PathBuf,
    /// The file that goes back; nowhere in the form of another tool.
    #[serde(skip_serializing_if = "is_nowhere")]
    pub down: PathBuf,
    /// The file that describes it; nowhere in the form of another tool.
    #[serde(skip_serializing_if = "is_nowhere")]
    pub manifest: PathBuf,
    /// The tool whose form it has.
    pub tool: String,
    /// All its files.
    pub files: Vec<PathBuf>,
    /// The commit it starts from.
    pub from: pleach_schema::Hash,
    /// The commit it ends at.
    pub to: pleach_schema::Hash,
    /// Statements up.
    pub up_steps: usize,
    /// Statements back.
    pub down_steps: usize,
    /// What is committed one by one on the way up.
    pub up_parts: usize,
    /// What is committed one by one on the way back.
    pub down_parts: usize,
    /// What going up or back loses, keeps or leaves.
    pub notes: Vec<String>,
    /// Why statements on the way up can hurt.
    pub hazards: Vec<Hazard>,
    /// What going up keeps aside instead of dropping it.
    pub aside: Vec<Aside>,
    /// Milliseconds of the first way up, of the way back, and of the second way up unless what was
    /// lost by then was in its way; on a clone with data.
    pub milliseconds: Vec<u64>,
    /// The server it ran on.
    pub server: String,
}

/// A migration that ran.
struct Made {
    up: Vec<PlannedPart>,
    down: Vec<PlannedPart>,
    back: Tree,
    aside: Vec<Aside>,
    notes: Notes,
    milliseconds: Vec<u64>,
}

impl Project {
    /// Writes the migration from one revision to another, after it ran up, down and up again on a
    /// clone with data. It keeps nobody waiting, unless the short form is asked for.
    ///
    /// # Errors
    /// `nothing_to_migrate`; `step_refused` and `not_proven` when the clone said no.
    pub async fn generate_migration(&mut self, options: &GenerateOptions) -> Result<Generated> {
        let tool = self.tool(options.tool.as_deref())?;
        let to = self.resolve(options.to.as_deref().unwrap_or(MAIN)).await?;
        let from = match &options.from {
            Some(from) => self.resolve(from).await?,
            None => self.last_migrated(&to).await?,
        };
        let journal = self.begin("migration", &json!({ "from": from.hash, "to": to.hash })).await?;
        match self.generate(&journal, &from, &to, options, tool.as_ref()).await {
            Ok(generated) => {
                journal.release(self.state.client()).await?;
                Ok(generated)
            }
            Err(error) => Err(self.give_up(journal, error).await),
        }
    }

    async fn generate(
        &mut self,
        journal: &JournalGuard,
        from: &Commit,
        to: &Commit,
        options: &GenerateOptions,
        tool: Option<&MigrationTool>,
    ) -> Result<Generated> {
        let [from_tree, to_tree] = self.trees([from, to]).await?;
        let legs = self.way(from, to).await?;
        if plan_way(&from_tree, &legs)?.steps.is_empty() {
            return Err(Error::new(Class::State, "nothing_to_migrate", "the two revisions have the same schema")
                .on(format!("{} and {}", from.hash.short(), to.hash.short()))
                .hint("a migration starts where the last one ended: name another start with `--from`"));
        }
        let at = state::now(self.state.client()).await?;
        let version = at
            .format(format_description!("[year][month][day][hour][minute][second]"))
            .map_err(|error| Error::new(Class::Internal, "internal", error.to_string()))?;
        let name = slug(options.name.as_deref().unwrap_or(&to.message));
        let production = match &options.target {
            Some(target) => {
                self.progress("looking at the target");
                Some(Production::look(self, target, &from_tree, &to_tree).await?)
            }
            None => None,
        };
        let snapshot = self.ensure_snapshot(journal, from).await?;
        self.progress("running it up, down and up again on a clone with data");
        let (scratch, _) = self.scratch_of(journal, &snapshot).await?;
        let made = async {
            let title = format!("{version}_{name}");
            let holding = match &production {
                Some(production) => {
                    let session = self.session(&scratch).await?;
                    let here = self.losses(&session, &from_tree, &to_tree).await?;
                    session.close().await;
                    production.holding(&from_tree, &here)
                }
                None => None,
            };
            let sizes = production.as_ref().map(|production| production.sizes.clone());
            let terms = Terms { options, stamp: &version, title: &title, sizes, holding };
            self.up_down_up(&scratch, &from_tree, &to_tree, &legs, terms).await
        };
        let made = made.await;
        self.discard_database(&scratch).await?;
        let Made { up, down, back, aside, notes, milliseconds } = made?;

        let server = server_name(self.admin.server_version());
        let again = milliseconds.len() > 2;
        let head = Head { version: &version, name: &name, from, to, server: &server, again };
        let manifest = Manifest {
            version: version.clone(),
            name: name.clone(),
            from: from.into(),
            to: to.into(),
            before: from_tree,
            after: to_tree,
            back,
            up,
            down,
            aside,
            notes,
            proof: MigrationProof { server: server.clone(), milliseconds: milliseconds.clone() },
        };
        let steps = |parts: &[PlannedPart]| parts.iter().map(|part| part.steps.len()).sum();
        let mut hazards: Vec<Hazard> = Vec::new();
        for hazard in manifest.up.iter().flat_map(|part| &part.steps).flat_map(|step| &step.hazards) {
            if !hazards.contains(hazard) {
                hazards.push(hazard.clone());
            }
        }
        let notes = manifest.notes.up.iter().chain(&manifest.notes.down);
        let mut generated = Generated {
            up_steps: steps(&manifest.up),
            down_steps: steps(&manifest.down),
            up_parts: manifest.up.len(),
            down_parts: manifest.down.len(),
            notes: production.into_iter().filter_map(|production| production.note).chain(notes.cloned()).collect(),
            hazards,
            aside: manifest.aside.clone(),
            version: version.clone(),
            name: name.clone(),
            up: PathBuf::new(),
            down: PathBuf::new(),
            manifest: PathBuf::new(),
            tool: tools::PLAIN.to_owned(),
            files: Vec::new(),
            from: from.hash,
            to: to.hash,
            milliseconds,
            server: server.clone(),
        };
        match tool {
            Some(tool) => {
                let draft = Draft {
                    at,
                    name: &name,
                    title: &to.message,
                    project: &self.row.name,
                    actor: &self.context.actor,
                    from: from.hash,
                    to: to.hash,
                    server: &server,
                    up: &manifest.up,
                    down: &manifest.down,
                    up_notes: &manifest.notes.up,
                    down_notes: &manifest.notes.down,
                };
                let rendered = tool.render(&options.folder, &draft)?;
                generated.version = rendered.versions.first().cloned().unwrap_or_default();
                let operation = self.migration_written(from, to, &generated.version, &name);
                self.change_files(journal, &rendered.files, operation).await?;
                generated.notes.extend(rendered.notes);
                tool.name().clone_into(&mut generated.tool);
                generated.files = rendered.files.into_iter().rev().map(|file| file.path).collect();
            }
            None => {
                let [manifest, up, down] = self.write_migration(journal, &head, &manifest, options).await?;
                generated.files = vec![up.clone(), down.clone(), manifest.clone()];
                (generated.up, generated.down, generated.manifest) = (up, down, manifest);
            }
        }
        Ok(generated)
    }

    fn migration_written(&self, from: &Commit, to: &Commit, version: &str, name: &str) -> NewOperation {
        NewOperation {
            actor: self.context.actor.clone(),
            kind: "migration".to_owned(),
            summary: format!("write migration {version}_{name}"),
            details: json!({ "from": from.hash, "to": to.hash, "version": version }),
            refs: Vec::new(),
            undoes: None,
        }
    }

    /// The tool that is asked for; none for plain SQL.
    fn tool(&self, name: Option<&str>) -> Result<Option<MigrationTool>> {
        let name = name.filter(|name| *name != tools::PLAIN);
        name.map(|name| MigrationTool::find(name, Some(&self.root))).transpose()
    }

    /// Where the migrations of a tool usually are.
    ///
    /// # Errors
    /// `migration_tool_unknown`, `migration_template`.
    pub fn migrations_folder(&self, tool: Option<&str>) -> Result<PathBuf> {
        let tool = self.tool(tool)?;
        Ok(self.root.join(tool.as_ref().map_or("migrations", |tool| tool.folder().unwrap_or(""))))
    }

    /// Runs up, reads back, runs down, reads back, runs up again, reads back: on one clone.
    async fn up_down_up(&self, scratch: &str, from: &Tree, to: &Tree, legs: &[Leg], terms: Terms<'_>) -> Result<Made> {
        let mut trial = Trial::begin(self, scratch, from, terms).await?;
        let (up, kept, at) = trial.up(legs).await?;
        let back = reachable_back(from, to);
        let down = trial.down(&kept, &at, to, &back).await?;
        let again = trial.up_again(&up, to).await;
        trial.close().await;
        let aside = kept.list(&at).into_iter().map(|(object, kept)| Aside { object, kept }).collect();
        let mut notes = notes(from, to, legs, &kept, &at);
        let mut milliseconds = vec![up.milliseconds, down.milliseconds];
        match again {
            Ok(again) => milliseconds.push(again),
            // What a data step reads may be what is gone.
            Err(error) if error.class == Class::Refused && loses(from, to, &kept) => {
                let said = error.postgres.as_ref().map_or(error.message.as_str(), |said| said.message.as_str());
                notes.down.push(format!("what it does not bring back is missed when going up again: {said}"));
            }
            Err(error) => return Err(error),
        }
        Ok(Made { up: up.parts, down: down.parts, back, aside, notes, milliseconds })
    }

    /// Writes the files of a migration: what it is, the way up, the way back.
    async fn write_migration(
        &mut self,
        journal: &JournalGuard,
        head: &Head<'_>,
        manifest: &Manifest,
        options: &GenerateOptions,
    ) -> Result<[PathBuf; 3]> {
        let Head { version, name, from, to, .. } = *head;
        std::fs::create_dir_all(&options.folder).map_err(|error| cannot("make", &options.folder, &error))?;
        let file = |way: Way| options.folder.join(format!("{version}_{name}.{}.sql", way.as_str()));
        let operation = self.migration_written(from, to, version, name);
        // The way up last: a migration that is seen can be taken back.
        let files = [
            (options.folder.join(Manifest::file_name(head)), manifest.to_json()?),
            (file(Way::Down), script(head, Way::Down, &manifest.down, &manifest.notes.down)),
            (file(Way::Up), script(head, Way::Up, &manifest.up, &manifest.notes.up)),
        ];
        self.write_files(journal, &files, operation).await?;
        let [(manifest, _), (down, _), (up, _)] = files;
        Ok([manifest, up, down])
    }

    /// Where the last migration ended whose end `to` has in its history, or else the first commit.
    async fn last_migrated(&self, to: &Commit) -> Result<Commit> {
        let dag = state::commits::ancestors(self.state.client(), self.row.id, &[to.hash]).await?;
        for operation in self.operations(10_000).await? {
            if operation.kind != "migration" {
                continue;
            }
            let end = operation.details.get("to").and_then(|to| to.as_str()).and_then(pleach_schema::Hash::from_hex);
            if let Some(end) = end.filter(|end| dag.get(*end).is_some()) {
                return self.commit_of(end).await;
            }
        }
        let all = dag.nearest_first(to.hash);
        let generation = |hash: &pleach_schema::Hash| dag.get(*hash).map(|link| link.generation);
        let first = all.into_iter().min_by_key(generation).unwrap_or(to.hash);
        self.commit_of(first).await
    }
}

/// Whether a file is not written.
fn is_nowhere(path: &Path) -> bool {
    path.as_os_str().is_empty()
}

/// A name for files: words of letters and digits, joined by underscores.
fn slug(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let words: Vec<String> = line
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let mut slug = words.join("_");
    slug.truncate(60);
    let slug = slug.trim_end_matches('_');
    if slug.is_empty() { "migration".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_plain_words() {
        assert_eq!(slug("Merge agent/claude-auth into main"), "merge_agent_claude_auth_into_main");
        assert_eq!(slug("…"), "migration");
    }
}
