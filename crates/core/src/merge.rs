//! Merges: three ways over lineages, believed when PostgreSQL has proved them, then applied.

mod carry;
pub(crate) mod land;
mod open;
mod refused;
mod remedy;
mod work;

use crate::apply::Outcome;
use crate::branch::unclean;
use crate::destroy::Loss;
use crate::project::Project;
use crate::prove::{Proof, Unproved};
use crate::state::{self, Branch, Commit, JournalGuard, Merge, NewMerge};
use pleach_change::{Conflict, Diff, Resolution, diff};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Hash, Tree};
use remedy::Decisions;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

pub use open::ConflictView;

/// How to merge.
#[derive(Debug, Clone, Default)]
pub struct MergeOptions {
    /// Settle what may be settled without a person.
    pub auto_resolve: bool,
    /// Prove it and change nothing.
    pub dry_run: bool,
    /// Consent to destroying data.
    pub allow_destructive: bool,
    /// The merge commit's message.
    pub message: Option<String>,
}

/// How a merge ended.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum MergeOutcome {
    /// The target has everything already.
    UpToDate {
        /// Where it stands.
        head: Hash,
        /// The source has changes that are not committed: only commits are merged.
        uncommitted: bool,
    },
    /// Merged, or in a dry run: would have been.
    Merged(Box<Merging>),
    /// Somebody must decide; the merge stays open.
    Conflicts {
        /// The open merge; `None` in a dry run.
        merge: Option<i64>,
        /// What is to be decided.
        conflicts: Vec<ConflictView>,
    },
}

/// A merge that was proved.
#[derive(Debug, Clone, Serialize)]
pub struct Merging {
    /// The branch that was merged.
    pub source: String,
    /// The branch that was merged into.
    pub target: String,
    /// The merge commit; `None` in a dry run.
    pub commit: Option<Commit>,
    /// What changes on the target.
    pub diff: Diff,
    /// Data steps that came along.
    pub data_steps: usize,
    /// The plan as SQL.
    pub sql: String,
    /// The proof.
    pub proof: Proof,
    /// Conflicts that `--auto-resolve` or resolutions settled, with how.
    pub settled: Vec<(Conflict, Resolution)>,
    /// What was destroyed, with consent.
    pub losses: Vec<Loss>,
    /// How it went on the live database; `None` in a dry run.
    pub applied: Option<Outcome>,
}

/// What a merge starts from.
struct Sides {
    target: Branch,
    source: String,
    ours: Commit,
    theirs: Commit,
    bases: Vec<Hash>,
    base_tree: Tree,
    ours_tree: Tree,
    theirs_tree: Tree,
}

impl Project {
    /// Merges a branch into another.
    ///
    /// # Errors
    /// `merge_open` when an earlier merge into the target waits for decisions, `destructive`
    /// without consent, `drift` and `uncommitted_changes` when the target is not at its head,
    /// `lock_not_available` when somebody holds a lock on the target for too long.
    pub async fn merge(&mut self, source: &str, into: &str, options: &MergeOptions) -> Result<MergeOutcome> {
        if source == into {
            return Err(Error::new(Class::Input, "merge_with_itself", "a branch cannot be merged into itself")
                .on(format!("branch {into}")));
        }
        let theirs = self.resolve(source).await?;
        let (lock, target) = self.hold_branch(into).await?;
        let outcome = self.merge_held(source, target, theirs, options).await;
        lock.release(self.state.client()).await?;
        outcome
    }

    async fn merge_held(
        &mut self,
        source: &str,
        target: Branch,
        theirs: Commit,
        options: &MergeOptions,
    ) -> Result<MergeOutcome> {
        if let Some(open) = state::merges::open_into(self.state.client(), self.row.id, &target.name).await?
            && !options.dry_run
        {
            return Err(merge_open(&open));
        }
        if state::commits::is_ancestor(self.state.client(), self.row.id, theirs.hash, target.head).await? {
            return self.up_to_date(&target, source).await;
        }
        let sides = self.sides(target, source, theirs).await?;
        self.merge_sides(&sides, &BTreeMap::new(), options, None).await
    }

    async fn up_to_date(&self, target: &Branch, source: &str) -> Result<MergeOutcome> {
        let uncommitted = match state::branches::find(self.state.client(), self.row.id, source).await? {
            Some(branch) => self.has_uncommitted(&branch).await?,
            None => false,
        };
        Ok(MergeOutcome::UpToDate { head: target.head, uncommitted })
    }

    async fn sides(&self, target: Branch, source: &str, theirs: Commit) -> Result<Sides> {
        let ours = self.commit_of(target.head).await?;
        let bases = self.merge_bases(ours.hash, theirs.hash).await?;
        let (base_tree, [ours_tree, theirs_tree]) = match bases.as_slice() {
            [base] => {
                let [base, ours, theirs] = self.trees([&self.commit_of(*base).await?, &ours, &theirs]).await?;
                (base, [ours, theirs])
            }
            _ => (self.base_tree(&bases).await?, self.trees([&ours, &theirs]).await?),
        };
        Ok(Sides { target, source: source.to_owned(), ours, theirs, bases, base_tree, ours_tree, theirs_tree })
    }

    /// Works a merge out, proves it, and lands it or opens it for decisions.
    async fn merge_sides(
        &mut self,
        sides: &Sides,
        resolutions: &BTreeMap<String, Resolution>,
        options: &MergeOptions,
        open: Option<&Merge>,
    ) -> Result<MergeOutcome> {
        let kind = json!({ "source": sides.source, "target": sides.target.name });
        let journal = self.begin("merge", &kind).await?;
        let decisions = Decisions::new(resolutions);
        let outcome = match self.try_to_merge(&journal, sides, &decisions, options, open).await {
            Ok(Tried::Merged(merging)) => Ok(MergeOutcome::Merged(merging)),
            Ok(Tried::Conflicts(conflicts)) => self.leave_open(&journal, sides, conflicts, options, open).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(outcome) => {
                journal.release(self.state.client()).await?;
                Ok(outcome)
            }
            Err(error) => Err(self.give_up(journal, error).await),
        }
    }

    async fn try_to_merge(
        &mut self,
        journal: &JournalGuard,
        sides: &Sides,
        decisions: &Decisions,
        options: &MergeOptions,
        open: Option<&Merge>,
    ) -> Result<Tried> {
        let mut worked = self.work_out(journal, sides, decisions, options.auto_resolve).await?;
        if !worked.conflicts.is_empty() {
            return Ok(Tried::Conflicts(worked.conflicts));
        }
        decisions.remedy(&mut worked, &sides.ours_tree);
        let snapshot = self.ensure_snapshot(journal, &sides.ours).await?;
        self.progress("proving the merge on a scratch database");
        let proved = match self.try_to_prove(journal, &snapshot, &sides.ours_tree, &worked.legs()).await {
            Ok(proved) => self.add_sql(proved, &decisions.sql).await,
            Err(Unproved::Stuck(error)) => Err(error),
            Err(Unproved::Elsewhere(got, error)) => {
                let conflicts = refused::made_otherwise(sides, &worked, &got);
                if !conflicts.is_empty() {
                    return Ok(Tried::Conflicts(conflicts));
                }
                Err(error)
            }
        };
        let proved = match proved {
            Ok(proved) => proved,
            Err(error) if is_refusal(&error) => {
                return Ok(Tried::Conflicts(vec![refused::conflict(sides, &worked, decisions, &error)]));
            }
            Err(error) => return Err(error),
        };
        let scratch = proved.scratch.clone();
        match self.land(journal, sides, &worked, proved, decisions, options, open).await {
            Ok(merging) => Ok(Tried::Merged(Box::new(merging))),
            // The snapshot's rows did not stand in the way, and the live ones do.
            Err(error) if is_refusal(&error) => {
                self.discard_database(&scratch).await?;
                Ok(Tried::Conflicts(vec![refused::conflict(sides, &worked, decisions, &error)]))
            }
            Err(error) => Err(error),
        }
    }

    /// What differs between a live database and its head, as the error to stop with.
    async fn explain_elsewhere(&self, sides: &Sides, error: Error) -> Error {
        if error.code != "not_proven" && error.class != Class::Refused {
            return error;
        }
        match self.live_tree(&sides.target, &sides.ours_tree).await {
            Ok(live) if live.tree != sides.ours_tree => {
                unclean(&sides.target, &crate::apply::differences(&sides.ours_tree, &live.tree))
            }
            _ => error,
        }
    }
}

/// How an attempt at a merge ended.
enum Tried {
    Merged(Box<Merging>),
    Conflicts(Vec<Conflict>),
}

/// Whether PostgreSQL refused, or has no statement for it.
fn is_refusal(error: &Error) -> bool {
    matches!(error.class, Class::Refused | Class::Conflict)
}

fn merge_open(open: &Merge) -> Error {
    Error::new(
        Class::State,
        "merge_open",
        format!("the merge of {} into {} waits for decisions", open.source, open.target),
    )
    .on(format!("merge {}", open.id))
    .hint("see `pleach conflicts`, then `pleach resolve` and `pleach merge --continue`, or `pleach merge --abort`")
}

/// What changes on the target.
fn changes(sides: &Sides, tree: &Tree) -> Diff {
    diff(&sides.ours_tree, tree)
}

fn new_merge(sides: &Sides, options: &MergeOptions, actor: &str) -> NewMerge {
    NewMerge {
        source: sides.source.clone(),
        target: sides.target.name.clone(),
        base: sides.bases.clone(),
        ours: sides.ours.hash,
        theirs: sides.theirs.hash,
        actor: actor.to_owned(),
        auto_resolve: options.auto_resolve,
    }
}
