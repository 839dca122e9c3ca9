//! What is really changed, held against what was declared.

use super::declare::{NOT_ANY_MORE, record, survey_of};
use super::partitions;
use super::settle;
use super::survey::{self, touches};
use crate::project::Project;
use crate::state::intents::{self, Intent, Status};
use crate::state::{Branch, IntentId, events};
use pleach_change::Diff;
use pleach_change::footprint::{Access, Touch};
use pleach_postgres::{Class, Error, Result};
use serde_json::json;
use std::collections::BTreeSet;

impl Project {
    /// Whose leases count for a branch: of who acts, and of the agent whose intent is worked on it.
    pub(crate) async fn agents_of(&self, branch: &str) -> Result<Vec<String>> {
        let intent = intents::of_branch(self.state.client(), self.row.id, branch).await?;
        let agent = intent.map(|intent| intent.agent_id);
        Ok([Some(self.context.actor.clone()), agent].into_iter().flatten().collect())
    }

    /// Refuses a commit that changes what others hold or own.
    ///
    /// # Errors
    /// `table_locked`, `lease_lost`, `outside_partition`.
    pub(crate) async fn guard_commit(&mut self, branch: &Branch, diff: &Diff) -> Result<()> {
        let agents = self.agents_of(&branch.name).await?;
        self.require_leases(&agents, diff).await?;
        let Some(intent) = intents::of_branch(self.state.client(), self.row.id, &branch.name).await? else {
            return Ok(());
        };
        let known = self.partitions().await?;
        if known.is_empty() {
            return Ok(());
        }
        let footprint = pleach_change::footprint::Footprint {
            touches: diff.changes.iter().flat_map(touches).collect(),
            ..Default::default()
        };
        let standing = partitions::standing(&known, &intent.agent_id, intent.agent_type.as_deref(), &footprint);
        let Some(conflict) = partitions::conflict(&intent.agent_id, &standing) else { return Ok(()) };
        let agreed = crate::state::intent_conflicts::list(self.state.client(), self.row.id, Some(intent.id)).await?;
        let agreed: BTreeSet<String> = agreed
            .into_iter()
            .filter(|known| known.class == "OWNERSHIP" && known.reviewed_at.is_some() && known.closed_at.is_none())
            .flat_map(|known| known.objects)
            .collect();
        if conflict.objects.iter().all(|object| agreed.contains(object)) {
            return Ok(());
        }
        Err(Error::new(Class::Conflict, "outside_partition", conflict.message)
            .on(conflict.objects.join(", "))
            .hint("register the change and have its OWNERSHIP conflict resolved, or leave it to its owner"))
    }

    /// Refuses a merge of what others hold, or of what has to be approved first.
    ///
    /// # Errors
    /// `table_locked`, `lease_lost`, `approval_missing`.
    pub(crate) async fn guard_merge(&mut self, source: &str, diff: &Diff) -> Result<()> {
        let agents = self.agents_of(source).await?;
        self.require_leases(&agents, diff).await?;
        let Some(intent) = intents::of_branch(self.state.client(), self.row.id, source).await? else { return Ok(()) };
        if intent.approved_by.is_none() && intents::needs_approval(self.state.client(), intent.id).await? {
            let id = intent.id;
            return Err(Error::new(Class::State, "approval_missing", "the intent needs an approval before it is merged")
                .on(format!("intent {id}"))
                .hint(format!("`pleach coordinate submit --intent-id {id}`, and have somebody else approve it")));
        }
        Ok(())
    }

    /// Takes what a branch was really seen to change into its intent, tells whom that collides with,
    /// and begins an intent that was only registered.
    pub(crate) async fn follow_commit(&mut self, branch: &str, diff: &Diff) -> Result<Vec<String>> {
        let (project, actor) = (self.row.id, self.context.actor.clone());
        let Some(intent) = intents::of_branch(self.state.client(), project, branch).await? else {
            return Ok(Vec::new());
        };
        if intent.status == Status::Registered {
            let why = "its branch has a commit";
            intents::move_to(self.state.client(), intent.id, Status::InProgress, &actor, Some(why)).await?;
        }
        let mut survey = survey_of(&intent)?;
        let more: Vec<Touch> = diff
            .changes
            .iter()
            .flat_map(touches)
            .filter(|seen| !survey.footprint.touches.iter().any(|known| survey::covers(known, seen)))
            .collect();
        if more.is_empty() {
            return Ok(Vec::new());
        }
        let said: BTreeSet<String> = more.iter().map(spoken).collect();
        survey.footprint.touches.extend(more);
        let head = self.main_head().await?;
        let around = self.ground(&head).await?;
        let tables = survey::tables(&survey.footprint, around.tree());
        let standing = partitions::standing(
            &self.partitions().await?,
            &intent.agent_id,
            intent.agent_type.as_deref(),
            &survey.footprint,
        );
        let keys: Vec<(String, bool)> = match standing.is_within() {
            true => Vec::new(),
            false => survey.footprint.keys().into_iter().map(|key| (key.text, key.strong)).collect(),
        };
        let transaction = self.state.transaction().await?;
        intents::one_at_a_time(&transaction, project).await?;
        let executed = intent.executed;
        intents::set_footprint(&transaction, intent.id, &json!(survey), &tables, executed, intent.judged_on).await?;
        intents::set_keys(&transaction, project, intent.id, &keys).await?;
        let list: Vec<String> = said.iter().cloned().collect();
        let subject = format!("{} went beyond what it declared: {}", intent.agent_id, list.join(", "));
        let body = json!({ "beyond": list });
        events::insert(&transaction, project, &actor, "intent.exceeded", Some(intent.id), &subject, &body).await?;
        let touching = intents::touching(&transaction, project, &keys).await?;
        let touching: Vec<IntentId> = touching.into_iter().filter(|id| *id != intent.id).collect();
        for other in intents::many(&transaction, project, &touching).await? {
            let theirs = survey_of(&other)?;
            let found = match other.id < intent.id {
                true => settle::conflicts((&other, &theirs), (&intent, &survey), around.tree(), None),
                false => settle::conflicts((&intent, &survey), (&other, &theirs), around.tree(), None),
            };
            let pair: (&Intent, &Intent) = if other.id < intent.id { (&other, &intent) } else { (&intent, &other) };
            record(&transaction, project, &actor, (pair.0, Some(pair.1)), &found, NOT_ANY_MORE).await?;
        }
        transaction.commit().await?;
        Ok(list)
    }
}

/// What was done, as it is told: `drops column public.orders.note`.
fn spoken(touch: &Touch) -> String {
    let verb = match touch.access {
        Access::Create => "creates",
        Access::Alter => "alters",
        Access::Drop => "drops",
        Access::Rename => "renames",
        Access::Write => "writes",
        Access::Read => "reads",
        Access::Lock => "locks",
    };
    format!("{verb} {}", touch.object)
}
