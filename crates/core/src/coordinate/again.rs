//! Judging again: when `main` has moved, and what a registration had no time for.

use super::declare::survey_of;
use super::judge::Judge;
use super::pairs::match_again;
use super::survey::{self, Survey, touches};
use crate::project::Project;
use crate::state::intents::{self, Intent};
use crate::state::{Commit, IntentId, events, intent_conflicts};
use pleach_change::diff;
use pleach_change::footprint::Footprint;
use pleach_postgres::Result;
use pleach_schema::Tree;
use serde_json::json;

/// How many pairs are judged in one go at most: whoever tends the pool next does the rest.
const MOST: i64 = 500;

impl Project {
    /// Looks again into the intents that a move of `main` concerns, and judges what is not judged
    /// yet. Returns how many pairs were judged.
    ///
    /// # Errors
    /// When a server cannot be reached.
    pub async fn judge_again(&mut self) -> Result<usize> {
        if !intents::any_active(self.state.client(), self.row.id).await? {
            return Ok(0);
        }
        let head = self.main_head().await?;
        let tree = self.surroundings(&head).await?.tree().clone();
        self.follow_main(&head, &tree).await?;
        let pairs = intent_conflicts::unverified(self.state.client(), self.row.id, MOST).await?;
        let ids: Vec<IntentId> = pairs.iter().map(|(_, second)| *second).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        let left = self.judge_pairs(&head, &tree, &ids, None).await?;
        Ok(pairs.len().saturating_sub(left))
    }

    /// Looks again into every intent that was judged on another commit and touches what has changed
    /// since; the others are as they were.
    async fn follow_main(&mut self, head: &Commit, tree: &Tree) -> Result<()> {
        let bases = intents::bases(self.state.client(), self.row.id).await?;
        let mut concerned = Vec::new();
        for base in bases.into_iter().filter(|base| *base != head.hash) {
            let before = self.tree_at(base).await?;
            let changed: Footprint = Footprint {
                touches: diff(&before, tree).changes.iter().flat_map(touches).collect(),
                ..Footprint::default()
            };
            let keys: Vec<(String, bool)> = changed.keys().into_iter().map(|key| (key.text, key.strong)).collect();
            let touching = intents::touching(self.state.client(), self.row.id, &keys).await?;
            let of_base = intents::judged_on(self.state.client(), self.row.id, base).await?;
            concerned.extend(touching.into_iter().filter(|id| of_base.contains(id)));
            let rest: Vec<IntentId> = of_base.into_iter().filter(|id| !concerned.contains(id)).collect();
            intents::set_judged_on(self.state.client(), &rest, head.hash).await?;
        }
        if concerned.is_empty() {
            return Ok(());
        }
        let mut judge = self.judge(head).await?;
        let mut outcome = Ok(());
        for intent in intents::many(self.state.client(), self.row.id, &concerned).await? {
            outcome = self.look_again(&mut judge, head, tree, &intent).await;
            if outcome.is_err() {
                break;
            }
        }
        judge.release(self).await?;
        outcome
    }

    /// Finds out anew what an intent touches. One that does not run on `main` any more keeps what
    /// was found before, and its agent is told.
    async fn look_again(&mut self, judge: &mut Judge, head: &Commit, tree: &Tree, intent: &Intent) -> Result<()> {
        let (project, actor) = (self.row.id, self.context.actor.clone());
        let around = self.surroundings(head).await?;
        let sql = intent.schema_changes.join(";\n");
        let mut survey = survey_of(intent)?;
        let mut trouble = None;
        if let Ok((footprint, statements)) = survey::read(&around, &sql) {
            let mut found = Survey { footprint, ended: None };
            let needs = self.needed_by(intent.id).await?;
            let before: Vec<&[String]> = needs.iter().map(|needed| needed.schema_changes.as_slice()).collect();
            if intent.executed {
                match survey::run(judge, &before, &statements, tree, &mut found.footprint).await? {
                    Ok(seen) => found.ended = Some(seen),
                    Err(refused) => trouble = Some(super::verdict::words(&refused)),
                }
            }
            if trouble.is_none() {
                survey = found;
            }
        }
        let tables = survey::tables(&survey.footprint, tree);
        let keys = self.keys_of(intent, &survey).await?;
        let transaction = self.state.transaction().await?;
        intents::one_at_a_time(&transaction, project).await?;
        intents::set_footprint(&transaction, intent.id, &json!(survey), &tables, intent.executed, head.hash).await?;
        intents::set_keys(&transaction, project, intent.id, &keys).await?;
        if let Some(said) = trouble {
            let subject = format!("main has moved, and refuses what {} is going to do: {said}", intent.agent_id);
            let body = json!({ "postgres": said, "commit": head.hash });
            events::insert(&transaction, project, &actor, "intent.refused", Some(intent.id), &subject, &body).await?;
        }
        match_again(&transaction, project, &actor, intent, &survey, &keys, tree).await?;
        Ok(transaction.commit().await?)
    }

    /// What an intent needs, in order, without itself.
    async fn needed_by(&self, id: IntentId) -> Result<Vec<Intent>> {
        let needs = self.with_needs(&[id]).await?;
        Ok(needs.into_iter().filter(|needed| needed.id != id).collect())
    }
}
