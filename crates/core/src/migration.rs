//! Migrations: the plan from one commit to another as files, run up, down and up again first.

pub(crate) mod files;
mod script;
pub(crate) mod tools;

use self::script::{Heading, script};
use self::tools::{Draft, MigrationTool};
use crate::apply;
use crate::config::cannot;
use crate::identity::{Newcomers, read};
use crate::planner::{PlannedPart, PlannedStep, Seen};
use crate::project::{MAIN, Project};
use crate::prove::{Leg, millis, plan_way, server_name, unplannable};
use crate::state::{self, Commit, JournalGuard, NewOperation};
use pleach_change::{Plan, Stage, diff, plan};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Address, Attr, Entry, Kind, Tree, Value};
use serde::Serialize;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use time::macros::format_description;

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
    /// What going up or back loses.
    pub notes: Vec<String>,
    /// Milliseconds of the first way up, the way back, and the second way up, on a clone with data.
    pub milliseconds: [u64; 3],
    /// The server it ran on.
    pub server: String,
}

impl Project {
    /// Writes the migration from one revision to another, after it ran up, down and up again on a
    /// clone with data.
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
        let up = plan_way(&from_tree, &legs)?;
        if up.steps.is_empty() {
            return Err(Error::new(Class::State, "nothing_to_migrate", "the two revisions have the same schema")
                .on(format!("{} and {}", from.hash.short(), to.hash.short()))
                .hint("a migration starts where the last one ended: name another start with `--from`"));
        }
        let snapshot = self.ensure_snapshot(journal, from).await?;
        self.progress("running it up, down and up again on a clone with data");
        let (scratch, _) = self.scratch_of(journal, &snapshot).await?;
        let outcome = self.up_down_up(&scratch, &from_tree, &to_tree, &legs, &up).await;
        self.discard_database(&scratch).await?;
        let (up, down, milliseconds) = outcome?;

        let at = state::now(self.state.client()).await?;
        let version = at
            .format(format_description!("[year][month][day][hour][minute][second]"))
            .map_err(|error| Error::new(Class::Internal, "internal", error.to_string()))?;
        let name = slug(options.name.as_deref().unwrap_or(&to.message));
        let server = server_name(self.admin.server_version());
        let notes = notes(&from_tree, &to_tree, &legs);
        if let Some(tool) = tool {
            let draft = Draft {
                at,
                name: &name,
                title: &to.message,
                project: &self.row.name,
                actor: &self.context.actor,
                from: from.hash,
                to: to.hash,
                server: &server,
                up: &parts_of(&up),
                down: &parts_of(&down),
                up_notes: &notes.up,
                down_notes: &notes.down,
            };
            let rendered = tool.render(&options.folder, &draft)?;
            let version = rendered.versions.first().cloned().unwrap_or_default();
            let operation = self.migration_written(from, to, &version, &name);
            self.change_files(journal, &rendered.files, operation).await?;
            return Ok(Generated {
                up_steps: up.steps.len(),
                down_steps: down.steps.len(),
                notes: notes.up.into_iter().chain(notes.down).chain(rendered.notes).collect(),
                version,
                name,
                up: PathBuf::new(),
                down: PathBuf::new(),
                tool: tool.name().to_owned(),
                files: rendered.files.into_iter().rev().map(|file| file.path).collect(),
                from: from.hash,
                to: to.hash,
                milliseconds,
                server,
            });
        }
        let head = Heading { version: &version, name: &name, from, to, server: &server };
        std::fs::create_dir_all(&options.folder).map_err(|error| cannot("make", &options.folder, &error))?;
        let file = |way: &str| options.folder.join(format!("{version}_{name}.{way}.sql"));
        let operation = self.migration_written(from, to, &version, &name);
        // The way back first: a migration without one is never seen.
        let files = [
            (file("down"), script(&head, "down", &down, &notes.down)),
            (file("up"), script(&head, "up", &up, &notes.up)),
        ];
        self.write_files(journal, &files, operation).await?;
        let [(down_file, _), (up_file, _)] = files;
        Ok(Generated {
            up_steps: up.steps.len(),
            down_steps: down.steps.len(),
            notes: notes.up.into_iter().chain(notes.down).collect(),
            version,
            name,
            tool: tools::PLAIN.to_owned(),
            files: vec![up_file.clone(), down_file.clone()],
            up: up_file,
            down: down_file,
            from: from.hash,
            to: to.hash,
            milliseconds,
            server,
        })
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

    /// Runs up, reads back, runs down, reads back, runs up again, reads back: on one clone, in one
    /// transaction each.
    async fn up_down_up(
        &self,
        scratch: &str,
        from: &Tree,
        to: &Tree,
        legs: &[Leg],
        up: &Plan,
    ) -> Result<(Plan, Plan, [u64; 3])> {
        let back_to = reachable_back(from, to);
        let down = plan(to, &back_to, &[]).map_err(unplannable)?;
        let mut up = up.clone();
        let (mut full_down, mut times) = (down, [0; 3]);
        times[0] = self.run_to(scratch, &mut up, to, "up").await?;
        times[1] = self.run_to(scratch, &mut full_down, &back_to, "down").await?;
        let again: Vec<Leg> = legs.to_vec();
        let mut second = if back_to == *from { up.clone() } else { plan_way(&back_to, &again)? };
        times[2] = self.run_to(scratch, &mut second, to, "up again").await?;
        Ok((up, full_down, times))
    }

    /// Runs a plan on a scratch database until it is at a tree, adding to the plan what PostgreSQL
    /// left to do.
    async fn run_to(&self, scratch: &str, plan: &mut Plan, goal: &Tree, what: &str) -> Result<u64> {
        let mut session = self.session(scratch).await?;
        let started = Instant::now();
        let mut rest = plan.clone();
        for _ in 0..3 {
            apply::run_labels(&session, &rest).await?;
            let transaction = session.transaction().await?;
            let ran = apply::run(&transaction, &rest, self.own_role()).await;
            if ran.as_ref().is_err_and(apply::used_new_label) && !rest.labels_first {
                transaction.rollback().await?;
                (plan.labels_first, rest.labels_first) = (true, true);
                continue;
            }
            ran.map_err(|error| Error { message: format!("{what}: {}", error.message), ..error })?;
            let live = read(&transaction, &self.own_roles(), Newcomers::Expect(goal)).await?;
            live.record(&transaction).await?;
            transaction.commit().await?;
            if live.tree == *goal {
                session.close().await;
                return Ok(millis(started));
            }
            rest = pleach_change::plan(&live.tree, goal, &[]).map_err(unplannable)?;
            if rest.steps.is_empty() {
                return Err(self.ended_elsewhere(&live.tree, goal));
            }
            plan.steps.extend(rest.steps.iter().cloned());
        }
        Err(Error::new(Class::Internal, "not_proven", format!("{what}: the plan does not end where it should"))
            .hint("nothing was written; this is a defect in Pleach worth reporting with the schema"))
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

/// A plan as parts: labels that the rest uses are committed ahead of it.
fn parts_of(plan: &Plan) -> Vec<PlannedPart> {
    let part = |title: &str, transaction: bool, ahead: bool| {
        let steps = plan.steps.iter().filter(|step| (plan.labels_first && step.label) == ahead);
        let steps: Vec<PlannedStep> = steps
            .map(|step| PlannedStep {
                sql: step.sql.clone(),
                object: step.object.as_ref().map(ToString::to_string),
                destroys: step.destroys.clone(),
                data: step.stage == Stage::Data,
                seen: Seen::default(),
                hazards: Vec::new(),
            })
            .collect();
        (!steps.is_empty()).then(|| PlannedPart { title: title.to_owned(), transaction, lock_timeout: 0, steps })
    };
    let ahead = part("add labels that the rest uses", false, true);
    ahead.into_iter().chain(part("change everything at once", true, false)).collect()
}

/// `from` as the way back can reach it: a column that must not be null and whose values are gone
/// comes back empty, and so without its NOT NULL; a label that an enum type got stays.
fn reachable_back(from: &Tree, to: &Tree) -> Tree {
    let mut out = Tree::default();
    for (address, entry) in from.iter() {
        let mut entry = entry.clone();
        let mut object = (*entry.object).clone();
        if is_unfillable(from, to, address, &entry) {
            object.set_nullable();
            entry.object = Arc::new(object);
        } else if let Some(labels) = labels_that_stay(to, &entry) {
            object.attributes.insert(Attr::Labels, labels);
            entry.object = Arc::new(object);
        }
        // A tree's own addresses and lineages.
        let _ = out.insert(address.clone(), entry);
    }
    out
}

/// The labels an enum type has after going up, if there are more of them than before.
fn labels_that_stay(to: &Tree, before: &Entry) -> Option<Value> {
    let (_, after) = to.find(before.lineage)?;
    let (old, new) = (before.object.get(Attr::Labels)?.as_list()?, after.get(Attr::Labels)?.as_list()?);
    (new.len() > old.len()).then(|| Value::List(new.to_vec()))
}

fn is_unfillable(from: &Tree, to: &Tree, address: &Address, entry: &Entry) -> bool {
    let object = &entry.object;
    let table_stays = from
        .parent(address)
        .filter(|table| table.kind == Kind::Table)
        .and_then(|table| from.lineage(&table))
        .is_some_and(|table| to.address(table).is_some());
    let in_key = from.parts(address.relation(), Kind::Constraint).any(|(_, key)| {
        key.object.text(Attr::ConstraintType) == Some("primary key") && key.object.derived.references.contains(address)
    });
    address.kind == Kind::Column
        && table_stays
        && !in_key
        && object.is(Attr::NotNull)
        && to.address(entry.lineage).is_none()
        && [Attr::Default, Attr::Identity, Attr::Generated].iter().all(|attr| object.get(*attr).is_none())
}

struct Notes {
    up: Vec<String>,
    down: Vec<String>,
}

/// What going up or back loses.
fn notes(from: &Tree, to: &Tree, legs: &[Leg]) -> Notes {
    let (mut up, mut down) = (Vec::new(), Vec::new());
    for change in diff(from, to).changes {
        let what = |address: &Address| match address.kind {
            Kind::Table => Some(format!("the rows of {}", address.sql())),
            Kind::Column => Some(format!("the values of {}", address.sql())),
            _ => None,
        };
        match (&change.from, &change.to) {
            (Some((address, _)), None) if part_of_going(from, to, address) => {}
            (Some((address, _)), None) => {
                let Some(what) = what(address) else { continue };
                up.push(format!("loses {what}"));
                let entry = from.get(address);
                let left_off = entry.is_some_and(|entry| is_unfillable(from, to, address, entry));
                let left_off =
                    if left_off { "; it comes back empty and without NOT NULL: fill it, then set that" } else { "" };
                down.push(format!("does not bring back {what}, which going up dropped{left_off}"));
            }
            (None, Some((address, _))) if part_of_going(to, from, address) => {}
            (None, Some((address, _))) => down.extend(what(address).map(|what| format!("loses {what}"))),
            (Some((address, _)), Some(_)) => {
                let stay = from.get(address).is_some_and(|before| labels_that_stay(to, before).is_some());
                if stay {
                    down.push(format!("leaves the new labels of {}: PostgreSQL cannot remove them", address.sql()));
                }
            }
            _ => {}
        }
    }
    let data: usize = legs.iter().map(|leg| leg.data.len()).sum();
    if data > 0 {
        down.push(format!("does not undo what {data} data step{} did to rows", if data == 1 { "" } else { "s" }));
    }
    Notes { up, down }
}

/// Whether an object is part of something that goes as a whole.
fn part_of_going(from: &Tree, to: &Tree, address: &Address) -> bool {
    let parent = from.parent(address).and_then(|parent| from.lineage(&parent));
    parent.is_some_and(|parent| to.address(parent).is_none())
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
