//! The life of an intent after it was registered.

use super::info::{ConflictInfo, IntentInfo};
use super::pairs::{Found, record_more};
use super::settle;
use crate::project::{Project, STATE_DATABASE};
use crate::state::events::{self, Event};
use crate::state::intents::{self, Filter, Status};
use crate::state::{ConflictId, IntentId, intent_conflicts, projects};
use pleach_postgres::{Class, Error, Result};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

impl Project {
    /// The intents of the project.
    ///
    /// # Errors
    /// When the state database cannot be read.
    pub async fn intents(&self, filter: &Filter) -> Result<Vec<IntentInfo>> {
        let rows = intents::list(self.state.client(), self.row.id, filter).await?;
        let ids: Vec<IntentId> = rows.iter().map(|intent| intent.id).collect();
        let mut needs: BTreeMap<IntentId, Vec<IntentId>> = BTreeMap::new();
        for (of, needed) in intents::dependencies(self.state.client(), &ids).await? {
            needs.entry(of).or_default().push(needed);
        }
        let mut conflicts: BTreeMap<IntentId, Vec<intent_conflicts::IntentConflict>> = BTreeMap::new();
        for conflict in intent_conflicts::list(self.state.client(), self.row.id, None).await? {
            for of in [Some(conflict.first), conflict.second].into_iter().flatten() {
                conflicts.entry(of).or_default().push(conflict.clone());
            }
        }
        let shown = rows.into_iter().map(|intent| {
            let needs = needs.remove(&intent.id).unwrap_or_default();
            let own = conflicts.remove(&intent.id).unwrap_or_default();
            IntentInfo::new(intent, needs, &own)
        });
        Ok(shown.collect())
    }

    /// Moves an intent to another status. One that is started before what it builds on is there is
    /// told so.
    ///
    /// # Errors
    /// `intent_move_refused`, with the moves that are allowed; `approval_missing`.
    pub async fn move_intent(&mut self, id: IntentId, status: Status, reason: Option<&str>) -> Result<IntentInfo> {
        let (project, actor) = (self.row.id, self.context.actor.clone());
        let before = intents::get_by_id(self.state.client(), project, id).await?;
        let transaction = self.state.transaction().await?;
        intents::move_to(&transaction, id, status, &actor, reason).await?;
        if status == Status::InProgress && before.started_at.is_none() {
            let needs = intents::dependencies(&transaction, &[id]).await?;
            let needs: Vec<IntentId> = needs.into_iter().map(|(_, needs)| needs).collect();
            let early = |needed: &&intents::Intent| {
                matches!(needed.status, Status::Registered | Status::InProgress | Status::Conflicted)
            };
            let needed = intents::many(&transaction, project, &needs).await?;
            let found = needed.iter().filter(early).map(|needed| {
                let (first, second) = if needed.id < id { (needed, &before) } else { (&before, needed) };
                Found { first, second: Some(second), collisions: vec![settle::too_early(needed, &before)] }
            });
            record_more(&transaction, project, &actor, found.collect()).await?;
        }
        transaction.commit().await?;
        self.intent_info(id).await
    }

    /// Approves an intent that waits for review; its author cannot.
    ///
    /// # Errors
    /// `own_approval`, `intent_move_refused`.
    pub async fn approve_intent(&mut self, id: IntentId, note: Option<&str>) -> Result<IntentInfo> {
        intents::get_by_id(self.state.client(), self.row.id, id).await?;
        intents::approve(self.state.client(), id, &self.context.actor, note).await?;
        self.intent_info(id).await
    }

    /// Sends an intent that waits for review back to its agent.
    ///
    /// # Errors
    /// `intent_move_refused`.
    pub async fn reject_intent(&mut self, id: IntentId, reason: &str) -> Result<IntentInfo> {
        let intent = intents::get_by_id(self.state.client(), self.row.id, id).await?;
        if intent.status != Status::PendingReview {
            return Err(Error::new(
                Class::State,
                "intent_move_refused",
                format!("an intent that is {} is not there to be rejected", intent.status),
            )
            .on(format!("intent {id}"))
            .hint("only what was submitted can be rejected; give it up with `pleach coordinate abandon`"));
        }
        self.move_intent(id, Status::InProgress, Some(reason)).await
    }

    /// Writes down how a conflict was dealt with: it blocks nothing any more.
    ///
    /// # Errors
    /// `unknown_conflict`, `conflict_closed`, `empty_notes`.
    pub async fn resolve_intent_conflict(&mut self, id: ConflictId, notes: &str) -> Result<ConflictInfo> {
        if notes.trim().is_empty() {
            return Err(Error::new(Class::Input, "empty_notes", "say what was agreed on")
                .on(format!("conflict {id}"))
                .hint("as with `--notes 'auth first, then search'`"));
        }
        let (project, actor) = (self.row.id, self.context.actor.clone());
        let transaction = self.state.transaction().await?;
        let conflict = intent_conflicts::review(&transaction, project, id, &actor, notes).await?;
        for of in [Some(conflict.first), conflict.second].into_iter().flatten() {
            let subject = format!("conflict {id} is dealt with: {notes}");
            let body = json!({ "conflict": id, "notes": notes });
            events::insert(&transaction, project, &actor, "conflict.resolved", Some(of), &subject, &body).await?;
        }
        transaction.commit().await?;
        let mut shown = self.shown(vec![conflict]).await?;
        shown.pop().ok_or_else(|| Error::new(Class::Internal, "internal", "one conflict is shown as one"))
    }

    /// From which risk on an intent must be approved before it is merged: `never`, `high`, `medium`
    /// (and higher) or `always`.
    pub fn review(&self) -> &str {
        self.row.settings.get("review").and_then(|review| review.as_str()).unwrap_or("never")
    }

    /// Sets from which risk on an intent must be approved.
    ///
    /// # Errors
    /// `bad_arguments` for anything else than `never`, `high`, `medium` or `always`.
    pub async fn set_review(&mut self, review: &str) -> Result<()> {
        if !matches!(review, "never" | "high" | "medium" | "always") {
            return Err(Error::new(Class::Input, "bad_arguments", "that is no rule for reviews")
                .on(review.to_owned())
                .hint("choose never, high, medium or always"));
        }
        let mut settings = self.row.settings.as_object().cloned().unwrap_or_default();
        settings.insert("review".to_owned(), json!(review));
        let settings = json!(settings);
        projects::set_settings(self.state.client(), self.row.id, &settings).await?;
        self.row.settings = settings;
        Ok(())
    }

    /// Everything that happened to an intent, oldest first.
    ///
    /// # Errors
    /// `unknown_intent`.
    pub async fn intent_history(&self, id: IntentId) -> Result<Vec<Event>> {
        intents::get_by_id(self.state.client(), self.row.id, id).await?;
        events::of_intent(self.state.client(), self.row.id, id).await
    }

    /// What happened after a position, oldest first.
    ///
    /// # Errors
    /// When the state database cannot be read.
    pub async fn events_after(&self, position: i64) -> Result<Vec<Event>> {
        events::after(self.state.client(), self.row.id, position, 1_000).await
    }

    /// Tells what happens from a position on (from now on without one), until `tell` says that it is
    /// enough.
    ///
    /// # Errors
    /// When the server cannot be reached any more.
    pub async fn watch_events(&self, from: Option<i64>, mut tell: impl FnMut(Event) -> bool) -> Result<()> {
        let session = self.session(STATE_DATABASE).await?;
        session.batch_execute(&format!("LISTEN {}", events::CHANNEL)).await?;
        let mut position = match from {
            Some(from) => from,
            None => self.last_event().await?,
        };
        loop {
            for event in self.events_after(position).await? {
                position = event.position;
                if !tell(event) {
                    return Ok(());
                }
            }
            // What is announced may have to wait until transactions are over that began before it.
            let _ = tokio::time::timeout(Duration::from_secs(1), session.heard()).await;
        }
    }

    /// The position of the last event.
    ///
    /// # Errors
    /// When the state database cannot be read.
    pub async fn last_event(&self) -> Result<i64> {
        events::last(self.state.client(), self.row.id).await
    }
}
