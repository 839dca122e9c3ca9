//! Looking at history: log, show, diff.

use crate::project::Project;
use crate::state::{self, Commit};
use pleach_change::{Diff, diff, plan};
use pleach_postgres::Result;
use pleach_schema::{Hash, Tree};
use serde::Serialize;
use std::collections::HashMap;

/// One commit of a log.
#[derive(Debug, Clone, Serialize)]
pub struct LogEntry {
    /// The commit.
    #[serde(flatten)]
    pub commit: Commit,
    /// Branches whose head it is.
    pub branches: Vec<String>,
}

/// What differs between two states.
#[derive(Debug, Clone, Serialize)]
pub struct DiffView {
    /// What the first state is called.
    pub from: String,
    /// What the second state is called.
    pub to: String,
    /// What differs.
    pub diff: Diff,
    /// Data steps on the way, with the commits they were recorded with.
    pub data_steps: Vec<state::DataStep>,
    /// The plan from one to the other as SQL.
    pub sql: String,
}

/// A commit with what it changes.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// The commit and its branches.
    #[serde(flatten)]
    pub entry: LogEntry,
    /// What it changes against its first parent.
    pub diff: Diff,
    /// How the merge that made it was proved.
    pub proof: Option<serde_json::Value>,
}

impl Project {
    /// The commits that a revision has in its history, newest first. All branches without one.
    pub async fn log(&self, revision: Option<&str>, limit: usize) -> Result<Vec<LogEntry>> {
        let project = self.row.id;
        let branches = state::branches::list(self.state.client(), project).await?;
        let mut names: HashMap<Hash, Vec<String>> = HashMap::new();
        for branch in &branches {
            names.entry(branch.head).or_default().push(branch.name.clone());
        }
        let commits = match revision {
            Some(revision) => {
                let from = self.resolve(revision).await?;
                state::commits::log(self.state.client(), project, from.hash, limit).await?
            }
            None => {
                let heads: Vec<Hash> = branches.iter().map(|branch| branch.head).collect();
                let dag = state::commits::ancestors(self.state.client(), project, &heads).await?;
                let mut all: Vec<Hash> = heads.iter().flat_map(|head| dag.nearest_first(*head)).collect();
                all.sort();
                all.dedup();
                let mut commits = state::commits::many(self.state.client(), project, &all).await?;
                commits.sort_by_key(|commit| std::cmp::Reverse((commit.at, commit.generation, commit.hash)));
                commits.truncate(limit);
                commits
            }
        };
        let entry =
            |commit: Commit| LogEntry { branches: names.get(&commit.hash).cloned().unwrap_or_default(), commit };
        Ok(commits.into_iter().map(entry).collect())
    }

    /// One commit with what it changes.
    pub async fn show(&self, revision: &str) -> Result<Shown> {
        let commit = self.resolve(revision).await?;
        let tree = self.tree(&commit).await?;
        let before = match commit.parents.first() {
            Some(parent) => self.tree_at(*parent).await?,
            None => Tree::default(),
        };
        let project = self.row.id;
        let branches = state::branches::list(self.state.client(), project).await?;
        let names =
            branches.into_iter().filter(|branch| branch.head == commit.hash).map(|branch| branch.name).collect();
        let merge = state::merges::of_result(self.state.client(), project, commit.hash).await?;
        Ok(Shown {
            diff: diff(&before, &tree),
            proof: merge.and_then(|merge| merge.proof),
            entry: LogEntry { branches: names, commit },
        })
    }

    /// What differs between two revisions. Without a second one, between a revision and what the
    /// current branch's database holds; without a first one as well, from its last commit.
    pub async fn diff(&self, from: Option<&str>, to: Option<&str>) -> Result<DiffView> {
        let current = self.current().await?;
        let (from_name, from) = match from {
            Some(revision) => (revision.to_owned(), self.resolve(revision).await?),
            None => (current.name.clone(), self.commit_of(current.head).await?),
        };
        let from_tree = self.tree(&from).await?;
        let (to_name, to_tree, data_steps) = match to {
            Some(revision) => {
                let to = self.resolve(revision).await?;
                let data = self.data_since(from.hash, to.hash).await?;
                (revision.to_owned(), self.tree(&to).await?, data.into_iter().flat_map(|(_, steps)| steps).collect())
            }
            None => {
                let head = self.tree_at(current.head).await?;
                let live = self.live_tree(&current, &head).await?;
                let waiting = state::branches::waiting(self.state.client(), &current).await?;
                (format!("{} (live)", current.name), live.tree, waiting)
            }
        };
        let data: Vec<_> = data_steps.iter().cloned().map(crate::pool::plain).collect();
        let plan = plan(&from_tree, &to_tree, &data).map_err(crate::prove::unplannable)?;
        Ok(DiffView { from: from_name, to: to_name, diff: diff(&from_tree, &to_tree), data_steps, sql: plan.sql() })
    }

    /// The last operations, newest first.
    pub async fn operations(&self, limit: i64) -> Result<Vec<state::Operation>> {
        state::operations::list(self.state.client(), self.row.id, limit).await
    }
}
