//! What is really changed, held against what was declared.

use super::declare::{keys, survey_of};
use super::pairs::match_again;
use super::partitions;
use super::survey::{self, Survey, touches};
use crate::project::Project;
use crate::prove::unplannable;
use crate::state::intents::{self, Intent, Status};
use crate::state::{Branch, events, intent_conflicts};
use pleach_change::footprint::{Access, Footprint, Touch};
use pleach_change::{DataStep, Diff};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Hash;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Instant;

impl Project {
    /// The intent that is worked on a branch. Refuses what others hold: the leases count of who acts,
    /// and of the agent whose intent it is.
    async fn guarded(&mut self, branch: &str, diff: &Diff) -> Result<Option<Intent>> {
        let intent = intents::of_branch(self.state.client(), self.row.id, branch).await?;
        let agent = intent.as_ref().map(|intent| intent.agent_id.clone());
        let agents: Vec<String> = [Some(self.context.actor.clone()), agent].into_iter().flatten().collect();
        self.require_leases(&agents, diff).await?;
        Ok(intent)
    }

    /// Refuses a commit that changes what others hold or own.
    ///
    /// # Errors
    /// `table_locked`, `lease_lost`, `outside_partition`.
    pub(crate) async fn guard_commit(&mut self, branch: &Branch, diff: &Diff) -> Result<()> {
        let Some(intent) = self.guarded(&branch.name, diff).await? else { return Ok(()) };
        let known = self.partitions().await?;
        if known.is_empty() {
            return Ok(());
        }
        let touches = diff.changes.iter().flat_map(touches).collect();
        let footprint = Footprint { touches, ..Footprint::default() };
        let standing = partitions::standing(&known, &intent.agent_id, intent.agent_type.as_deref(), &footprint);
        let Some(conflict) = partitions::conflict(&intent.agent_id, &standing) else { return Ok(()) };
        let agreed = intent_conflicts::list(self.state.client(), self.row.id, Some(intent.id)).await?;
        let agreed: BTreeSet<String> = agreed
            .into_iter()
            .filter(|known| {
                known.collision.class == "OWNERSHIP" && known.reviewed_at.is_some() && known.closed_at.is_none()
            })
            .flat_map(|known| known.collision.objects)
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
        let Some(intent) = self.guarded(source, diff).await? else { return Ok(()) };
        if intent.approved_by.is_none() && intents::needs_approval(self.state.client(), intent.id).await? {
            let id = intent.id;
            return Err(Error::new(
                Class::State,
                "approval_missing",
                "the intent needs an approval before it is merged",
            )
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
        // From here on the intent is what its branch really does.
        let head = self.main_head().await?;
        let around = self.surroundings(&head).await?;
        let tree = around.tree().clone();
        let statements = self.really_done(branch, head.hash).await?;
        let mut executed = false;
        let mut judge = self.judge(&head).await?;
        if let Ok((footprint, statements)) = survey::read(&around, &statements.join(";\n")) {
            let mut found = Survey { footprint, ended: None };
            if let Ok(seen) = survey::run(&mut judge, &[], &statements, &tree, &mut found.footprint).await? {
                found.ended = Some(seen);
                executed = true;
            }
            survey = found;
        }
        judge.release(self).await?;
        survey.footprint.touches.extend(more);
        let (tables, keys) = (survey::tables(&survey.footprint, &tree), self.keys_of(&intent, &survey).await?);
        let transaction = self.state.transaction().await?;
        intents::one_at_a_time(&transaction, project).await?;
        intents::set_statements(&transaction, intent.id, &statements).await?;
        intents::set_footprint(&transaction, intent.id, &json!(survey), &tables, executed, head.hash).await?;
        intents::set_keys(&transaction, project, intent.id, &keys).await?;
        let list: Vec<String> = said.into_iter().collect();
        let subject = format!("{} went beyond what it declared: it {}", intent.agent_id, list.join(", "));
        let body = json!({ "beyond": list });
        events::insert(&transaction, project, &actor, "intent.exceeded", Some(intent.id), &subject, &body).await?;
        match_again(&transaction, project, &actor, &intent, &survey, &keys, &tree).await?;
        transaction.commit().await?;
        self.judge_pairs(&head, &tree, &[intent.id], Instant::now().checked_add(self.patience())).await?;
        Ok(list)
    }

    /// The statements that take `main` as it was to what a branch is.
    async fn really_done(&self, branch: &str, main: Hash) -> Result<Vec<String>> {
        let commit = self.commit_of(self.branch(branch).await?.head).await?;
        let bases = self.merge_bases(main, commit.hash).await?;
        let (base, tree) = (self.base_tree(&bases).await?, self.tree(&commit).await?);
        let steps = self.data_since(main, commit.hash).await?.into_iter().flat_map(|(_, steps)| steps);
        let data: Vec<DataStep> = steps.map(|step| DataStep { name: step.name, sql: step.sql }).collect();
        let plan = pleach_change::plan(&base, &tree, &data).map_err(unplannable)?;
        Ok(plan.steps.into_iter().map(|step| step.sql).collect())
    }

    /// The keys under which an intent is found; none where nobody else can be in its way.
    pub(super) async fn keys_of(&self, intent: &Intent, survey: &Survey) -> Result<Vec<(String, bool)>> {
        let known = self.partitions().await?;
        let standing = partitions::standing(&known, &intent.agent_id, intent.agent_type.as_deref(), &survey.footprint);
        Ok(if standing.is_within() { Vec::new() } else { keys(survey) })
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
