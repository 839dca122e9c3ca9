//! Reverting: a new commit that takes an earlier one back.

use crate::apply::Outcome;
use crate::destroy::Loss;
use crate::merge::land::Landing;
use crate::project::Project;
use crate::prove::{Leg, Proof};
use crate::state::{self, Commit, DataStep, JournalGuard};
use pleach_change::{Diff, diff, merge};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Tree;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// A commit that was taken back.
#[derive(Debug, Clone, Serialize)]
pub struct Reverted {
    /// The branch it happened on.
    pub branch: String,
    /// The commit that was taken back.
    pub reverted: pleach_schema::Hash,
    /// The new commit.
    pub commit: Commit,
    /// What changed.
    pub diff: Diff,
    /// Data steps of the reverted commit, which nothing took back.
    pub data_steps_left: usize,
    /// The proof.
    pub proof: Proof,
    /// What was destroyed, with consent.
    pub losses: Vec<Loss>,
    /// How it went on the live database.
    pub applied: Outcome,
}

impl Project {
    /// Takes a commit back on a branch: what it changed becomes as it was before, what came later
    /// stays. `data` is SQL that takes back what the commit's data steps did.
    ///
    /// # Errors
    /// `revert_conflicts` when something later builds on it; `nothing_to_revert` when nothing of the
    /// schema would change and there is no `data`; `destructive` without consent.
    pub async fn revert(
        &mut self,
        revision: &str,
        branch: &str,
        data: Vec<DataStep>,
        allow_destructive: bool,
    ) -> Result<Reverted> {
        let commit = self.resolve(revision).await?;
        let Some(parent) = commit.parents.first().copied() else {
            return Err(Error::new(Class::Input, "nothing_before", "the first commit has nothing to go back to")
                .on(format!("commit {}", commit.hash.short())));
        };
        let (lock, target) = self.hold_branch(branch).await?;
        let outcome = async {
            let journal = self.begin("revert", &json!({ "commit": commit.hash, "branch": branch })).await?;
            let before = self.commit_of(parent).await?;
            match self.revert_journaled(&journal, &commit, &before, &target, data, allow_destructive).await {
                Ok(reverted) => {
                    journal.release(self.state.client()).await?;
                    Ok(reverted)
                }
                Err(error) => Err(self.give_up(journal, error).await),
            }
        }
        .await;
        lock.release(self.state.client()).await?;
        outcome
    }

    async fn revert_journaled(
        &mut self,
        journal: &JournalGuard,
        commit: &Commit,
        before: &Commit,
        target: &state::Branch,
        data: Vec<DataStep>,
        allow_destructive: bool,
    ) -> Result<Reverted> {
        let head = self.commit_of(target.head).await?;
        let [base, ours, before_tree] = self.trees([commit, &head, before]).await?;
        let merged = merge(&base, &ours, &before_tree, &BTreeMap::new(), false);
        if let Some(conflict) = merged.conflicts.first() {
            return Err(Error::new(Class::Conflict, "revert_conflicts", conflict.message.clone())
                .on(format!("commit {}", commit.hash.short()))
                .hint("something later builds on it: take that back first, or change the schema on a branch"));
        }
        let goal = match merged.stale.is_empty() {
            true => merged.tree,
            // What it brings back says names that are others by now.
            false => self.carry(journal, (&head, &ours), (before, &merged.theirs), &merged).await?,
        };
        if goal == ours && data.is_empty() {
            return Err(nothing_to_revert(commit));
        }
        let steps = data.iter().cloned().map(crate::pool::plain).collect();
        let legs = vec![Leg { tree: goal, data: steps }];
        let message =
            format!("Revert \"{}\"\n\nThis takes back {}.", crate::commit::first_line(&commit.message), commit.hash);
        let summary = format!("revert {} on {}", commit.hash.short(), target.name);
        let change = LiveChange { branch: target, head: &head, ours: &ours, legs: &legs, allow_destructive };
        let landing = LandingText { kind: "revert", summary, message, data_steps: data, undoes: None };
        let (new, proof, losses, applied, tree) = self.change_live(journal, change, landing).await?;
        Ok(Reverted {
            branch: target.name.clone(),
            reverted: commit.hash,
            commit: new,
            diff: diff(&ours, &tree),
            data_steps_left: commit.data_steps.len(),
            proof,
            losses,
            applied,
        })
    }

    /// Proves a way and lands it on a branch's live database as a new commit.
    pub(crate) async fn change_live(
        &mut self,
        journal: &JournalGuard,
        change: LiveChange<'_>,
        text: LandingText,
    ) -> Result<(Commit, Proof, Vec<Loss>, Outcome, Tree)> {
        let snapshot = self.ensure_snapshot(journal, change.head).await?;
        self.progress("proving it on a scratch database");
        let proved = self.prove(journal, &snapshot, change.ours, change.legs).await?;
        let mut session = self.session(&change.branch.database).await?;
        let losses = self.require_consent(&session, change.ours, &proved.tree, change.allow_destructive).await?;
        let stored = state::trees::put_tree(self.state.client(), &proved.tree, Some(change.head.root)).await?;
        let landing = Landing {
            branch: change.branch.name.clone(),
            head: change.head.hash,
            database: change.branch.database.clone(),
            tree: stored.content,
            root: stored.root,
            parents: vec![change.head.hash],
            author: self.context.actor.clone(),
            message: text.message,
            at: state::now(self.state.client()).await?,
            data_steps: text.data_steps,
            scratch: proved.scratch.clone(),
            data_taken_at: proved.proof.data_taken_at,
            kind: text.kind.to_owned(),
            summary: text.summary,
            merge: None,
            proof: proved.proof.clone(),
            undoes: text.undoes,
            labels_first: proved.plan.labels_first,
        };
        let landed = self.land_on(journal, &mut session, &proved, landing).await;
        match landed {
            Ok((commit, applied)) => Ok((commit, proved.proof, losses, applied, proved.tree)),
            Err(error) => {
                self.require_clean(change.branch, change.ours).await?;
                Err(error)
            }
        }
    }
}

fn nothing_to_revert(commit: &Commit) -> Error {
    let (message, hint) = match commit.data_steps.len() {
        0 => ("what it changed is as it was before already", "nothing is to be done"),
        _ => (
            "only rows are left of what it changed, and nothing takes those back by itself",
            "write the SQL that does, and give it with `--data FILE.sql`",
        ),
    };
    Error::new(Class::State, "nothing_to_revert", message).on(format!("commit {}", commit.hash.short())).hint(hint)
}

/// A change of a branch's live database.
pub(crate) struct LiveChange<'a> {
    pub branch: &'a state::Branch,
    pub head: &'a Commit,
    pub ours: &'a Tree,
    pub legs: &'a [Leg],
    pub allow_destructive: bool,
}

/// What the history says of a change.
pub(crate) struct LandingText {
    pub kind: &'static str,
    pub summary: String,
    pub message: String,
    pub data_steps: Vec<DataStep>,
    pub undoes: Option<i64>,
}
