//! Merging what is completed, in an order in which all of it can be.

use super::info::ConflictInfo;
use crate::merge::{MergeOptions, MergeOutcome};
use crate::migration::{GenerateOptions, Generated};
use crate::project::{MAIN, Project};
use crate::state::intents::{self, Filter, Intent, Status};
use crate::state::{IntentId, branches, intent_conflicts, operations};
use pleach_postgres::{Class, Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// An order in which intents can be merged.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Order {
    /// The intents, first ones first.
    pub order: Vec<Step>,
    /// Intents that need each other, so that none of them can be first.
    pub cycle: Vec<Step>,
}

/// An intent in an order.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Step {
    /// The intent.
    pub intent_id: IntentId,
    /// Whose it is.
    pub agent_id: String,
    /// What it is for.
    pub feature_name: String,
    /// Those that have to be merged before it.
    pub after: Vec<IntentId>,
}

/// What came of merging what is completed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pipeline {
    /// What was merged, in order; in a dry run what would have been tried.
    pub merged: Vec<Merged>,
    /// What was left, and why.
    pub skipped: Vec<Skipped>,
    /// The migration of all of it, as `pleach migration generate` answers.
    #[schemars(with = "Option<Map<String, Json>>")]
    pub migration: Option<Generated>,
}

/// An intent that was merged.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Merged {
    /// The intent.
    pub intent_id: IntentId,
    /// Its branch, which is gone.
    pub branch_name: String,
    /// The merge commit; `None` where `main` had everything already, and in a dry run.
    pub commit: Option<String>,
}

/// An intent that was left.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Skipped {
    /// The intent.
    pub intent_id: IntentId,
    /// Its branch.
    pub branch_name: Option<String>,
    /// Why.
    pub why: String,
}

/// An intent that is in `main` and is being closed, as the journal has it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Closing {
    intent: IntentId,
    branch: String,
}

impl Project {
    /// An order in which all completed intents can be merged: what they build on first, and what
    /// was found to work in one order only.
    ///
    /// # Errors
    /// When the state database cannot be read.
    pub async fn merge_order(&self) -> Result<Order> {
        let active =
            intents::list(self.state.client(), self.row.id, &Filter { active: true, ..Filter::default() }).await?;
        let done: Vec<Intent> = active.into_iter().filter(is_done).collect();
        let after = self.constraints(&done).await?;
        let step = |intent: &Intent| Step {
            intent_id: intent.id,
            agent_id: intent.agent_id.clone(),
            feature_name: intent.feature_name.clone(),
            after: after.get(&intent.id).map(|needs| needs.iter().copied().collect()).unwrap_or_default(),
        };
        let mut order: Vec<Step> = Vec::new();
        let mut left: Vec<&Intent> = done.iter().collect();
        while let Some(at) = left.iter().position(|intent| {
            let needs = after.get(&intent.id);
            needs.is_none_or(|needs| needs.iter().all(|need| left.iter().all(|other| other.id != *need)))
        }) {
            order.push(step(left.remove(at)));
        }
        Ok(Order { order, cycle: left.into_iter().map(step).collect() })
    }

    /// For each intent those of the same list that have to be merged before it.
    async fn constraints(&self, intents: &[Intent]) -> Result<BTreeMap<IntentId, BTreeSet<IntentId>>> {
        let ids: Vec<IntentId> = intents.iter().map(|intent| intent.id).collect();
        let mut after: BTreeMap<IntentId, BTreeSet<IntentId>> = BTreeMap::new();
        for (of, needs) in intents::dependencies(self.state.client(), &ids).await? {
            if ids.contains(&needs) {
                after.entry(of).or_default().insert(needs);
            }
        }
        for conflict in intent_conflicts::list(self.state.client(), self.row.id, None).await? {
            let goes_first = conflict.collision.evidence.get("goes_first").and_then(|id| id.as_i64()).map(IntentId);
            let (Some(before), None) = (goes_first, conflict.closed_at) else { continue };
            let Some(then) = conflict.other(before).filter(|then| *then != before) else { continue };
            if ids.contains(&before) && ids.contains(&then) {
                after.entry(then).or_default().insert(before);
            }
        }
        Ok(after)
    }

    /// Merges what is completed, and approved where that is asked for, in order; leaves what has
    /// conflicts that nobody dealt with; marks the intents, deletes their branches, and writes one
    /// migration of all of it.
    ///
    /// # Errors
    /// `merge_cycle` where intents need each other; what stops a single merge is told with it.
    pub async fn merge_completed(&mut self, dry_run: bool, migration: Option<&GenerateOptions>) -> Result<Pipeline> {
        self.judge_again().await?;
        let order = self.merge_order().await?;
        if order.order.is_empty() && !order.cycle.is_empty() {
            let names: Vec<String> = order.cycle.iter().map(|step| format!("intent {}", step.intent_id)).collect();
            return Err(Error::new(Class::Conflict, "merge_cycle", "each of them has to be merged after another one")
                .on(names.join(", "))
                .hint("change one of them so that it no longer needs the others, and register it again"));
        }
        let start = self.main_head().await?;
        let mut out = Pipeline { merged: Vec::new(), skipped: Vec::new(), migration: None };
        let mut left: BTreeSet<IntentId> = order.cycle.iter().map(|step| step.intent_id).collect();
        for step in &order.cycle {
            let intent = intents::get_by_id(self.state.client(), self.row.id, step.intent_id).await?;
            out.skipped.push(skipped(&intent, "it and others each have to be merged after another one".to_owned()));
        }
        for step in order.order {
            let intent = intents::get_by_id(self.state.client(), self.row.id, step.intent_id).await?;
            let waits = step.after.iter().find(|needed| left.contains(needed));
            let why = match waits {
                Some(needed) => Some(format!("it has to be merged after intent {needed}, which was left")),
                None => self.obstacle(&intent).await?,
            };
            match why {
                Some(why) => {
                    left.insert(intent.id);
                    out.skipped.push(skipped(&intent, why));
                }
                None => match self.merge_one(&intent, dry_run).await? {
                    Ok(merged) => out.merged.push(merged),
                    Err(why) => {
                        left.insert(intent.id);
                        out.skipped.push(skipped(&intent, why));
                    }
                },
            }
        }
        if let (Some(options), false, false) = (migration, dry_run, out.merged.is_empty()) {
            let options = GenerateOptions {
                from: options.from.clone().or_else(|| Some(start.hash.to_string())),
                ..options.clone()
            };
            match self.generate_migration(&options).await {
                Ok(generated) => out.migration = Some(generated),
                Err(error) if error.code == "nothing_to_migrate" => {}
                Err(error) => return Err(error),
            }
        }
        Ok(out)
    }

    /// Why an intent cannot be merged now.
    async fn obstacle(&self, intent: &Intent) -> Result<Option<String>> {
        let open = self.conflicts_of(Some(intent.id)).await?;
        let open: Vec<&ConflictInfo> = open.iter().filter(|conflict| conflict.blocks).collect();
        if let Some(first) = open.first() {
            let more = if open.len() > 1 { format!(" and {} more", open.len() - 1) } else { String::new() };
            return Ok(Some(format!("conflict {} ({}){more} waits to be resolved", first.id, first.conflict_type)));
        }
        if intent.approved_by.is_none() && intents::needs_approval(self.state.client(), intent.id).await? {
            return Ok(Some("it needs an approval by somebody else than its author".to_owned()));
        }
        Ok(intent.branch_name.is_none().then(|| "it has no branch to be merged".to_owned()))
    }

    async fn merge_one(&mut self, intent: &Intent, dry_run: bool) -> Result<Result<Merged, String>> {
        let Some(branch) = intent.branch_name.clone() else { return Ok(Err("it has no branch".to_owned())) };
        let actor = self.context.actor.clone();
        let options = MergeOptions { dry_run, auto_resolve: true, ..MergeOptions::default() };
        let commit = match self.merge(&branch, MAIN, &options).await {
            Ok(MergeOutcome::Merged(merging)) => merging.commit.map(|commit| commit.hash.to_string()),
            Ok(MergeOutcome::UpToDate { uncommitted: true, .. }) => {
                return Ok(Err("its branch has changes that are not committed".to_owned()));
            }
            Ok(MergeOutcome::UpToDate { .. }) => {
                let since = intent.registered_at;
                if !operations::have_moved(self.state.client(), self.row.id, &branch, since).await? {
                    return Ok(Err("nothing was committed on its branch".to_owned()));
                }
                None
            }
            Ok(MergeOutcome::Conflicts { conflicts, .. }) => {
                if !dry_run {
                    self.abort_merge(MAIN).await?;
                    let why = "its merge ran into conflicts";
                    let id = intent.id;
                    intents::move_to(self.state.client(), id, Status::Conflicted, &actor, Some(why)).await?;
                }
                let first = conflicts.first().map(|view| view.conflict.message.clone()).unwrap_or_default();
                return Ok(Err(format!("its merge runs into conflicts: {first}")));
            }
            Err(error) if matches!(error.class, Class::Internal | Class::Unavailable) => return Err(error),
            Err(error) => return Ok(Err(error.to_string())),
        };
        if !dry_run {
            let closing = Closing { intent: intent.id, branch: branch.clone() };
            let journal = self.begin("merge completed", &json!({ "closing": closing })).await?;
            self.checkpoint("intent merged");
            if let Err(error) = self.close_merged(&closing, &actor).await {
                return Err(self.give_up(journal, error).await);
            }
            journal.finish(self.state.client()).await?;
            journal.release(self.state.client()).await?;
        }
        Ok(Ok(Merged { intent_id: intent.id, branch_name: branch, commit }))
    }

    /// Marks an intent whose branch is in `main` as merged, and deletes the branch; what is done of
    /// it already is left.
    pub(crate) async fn close_merged(&mut self, closing: &Closing, actor: &str) -> Result<()> {
        let intent = intents::get_by_id(self.state.client(), self.row.id, closing.intent).await?;
        if intent.closed_at.is_none() {
            intents::move_to(self.state.client(), intent.id, Status::Merged, actor, None).await?;
        }
        self.checkpoint("intent marked merged");
        if branches::find(self.state.client(), self.row.id, &closing.branch).await?.is_some() {
            self.delete_branch(&closing.branch, false).await?;
        }
        Ok(())
    }
}

fn is_done(intent: &Intent) -> bool {
    matches!(intent.status, Status::Completed | Status::PendingReview)
}

fn skipped(intent: &Intent, why: String) -> Skipped {
    Skipped { intent_id: intent.id, branch_name: intent.branch_name.clone(), why }
}
