//! Pairs of intents: run in both orders, and what comes of that, written down and told.

use super::declare::survey_of;
use super::judge::Judge;
use super::rows::Compared;
use super::settle;
use super::survey::Survey;
use super::verdict::{self, Judged, Side};
use crate::project::Project;
use crate::state::events::{self, NewEvent};
use crate::state::intent_conflicts::{self, JudgedPair, Outcome};
use crate::state::intents::{self, Intent};
use crate::state::{Collision, Commit, Db, IntentConflict, IntentId, ProjectId};
use pleach_postgres::Result;
use pleach_schema::Tree;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

impl Project {
    /// How long pairs are run before an answer is given.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_millis(self.config.judge_milliseconds)
    }

    /// Runs pairs in both orders until the time is up. Returns how many were left.
    pub(super) async fn judge_pairs(
        &mut self,
        head: &Commit,
        tree: &Tree,
        ids: &[IntentId],
        until: Option<Instant>,
    ) -> Result<usize> {
        let mut pairs = BTreeSet::new();
        for id in ids {
            let open = intent_conflicts::list(self.state.client(), self.row.id, Some(*id)).await?;
            let open = open.into_iter().filter(|conflict| conflict.closed_at.is_none() && !conflict.collision.verified);
            pairs.extend(open.filter_map(|conflict| Some((conflict.first, conflict.second?))));
        }
        if pairs.is_empty() {
            return Ok(0);
        }
        let mut judge = self.judge(head).await?;
        let mut left = pairs.len();
        let mut outcome = Ok(());
        for pair in pairs {
            if until.is_some_and(|until| Instant::now() >= until) {
                break;
            }
            outcome = self.judge_pair(&mut judge, tree, pair).await;
            if outcome.is_err() {
                break;
            }
            left -= 1;
        }
        judge.release(self).await?;
        outcome.map(|()| left)
    }

    async fn judge_pair(&mut self, judge: &mut Judge, tree: &Tree, pair: (IntentId, IntentId)) -> Result<()> {
        let (project, actor) = (self.row.id, self.context.actor.clone());
        let rows = intents::many(self.state.client(), project, &[pair.0, pair.1]).await?;
        let [first, second] = rows.as_slice() else { return Ok(()) };
        if first.closed_at.is_some() || second.closed_at.is_some() || !first.executed || !second.executed {
            return Ok(());
        }
        let (one, other) = (survey_of(first)?, survey_of(second)?);
        let judged = self.try_both(judge, tree, (first, &one), (second, &other)).await?;
        let needs = intents::dependencies(self.state.client(), &[first.id, second.id]).await?;
        let collisions = settle::conflicts((first, &one), (second, &other), tree, Some(&judged), &needs);
        let transaction = self.state.transaction().await?;
        record(&transaction, project, &actor, vec![Found { first, second: Some(second), collisions }]).await?;
        Ok(transaction.commit().await?)
    }

    /// Runs two changes in both orders, after what they need.
    pub(super) async fn try_both(
        &self,
        judge: &mut Judge,
        tree: &Tree,
        (first, one): (&Intent, &Survey),
        (second, other): (&Intent, &Survey),
    ) -> Result<Judged> {
        let needs = self.with_needs(&[first.id, second.id]).await?;
        let before: Vec<&[String]> = needs
            .iter()
            .filter(|intent| intent.id != first.id && intent.id != second.id)
            .map(|intent| intent.schema_changes.as_slice())
            .collect();
        let compared = Compared::of(&one.footprint, &other.footprint);
        let first = Side { statements: &first.schema_changes, survey: one };
        let second = Side { statements: &second.schema_changes, survey: other };
        verdict::judge(judge, tree, &before, &first, &second, compared).await
    }
}

/// Why a conflict is closed that is not found any more.
const NOT_ANY_MORE: &str = "the two do not collide any more";

/// Two intents, the one that was registered first before the other, and what was found of them.
pub(super) struct Found<'a> {
    pub first: &'a Intent,
    /// None where an intent goes beyond what its sort of agent owns.
    pub second: Option<&'a Intent>,
    pub collisions: Vec<Collision>,
}

impl Found<'_> {
    fn parties(&self) -> impl Iterator<Item = &Intent> {
        [Some(self.first), self.second].into_iter().flatten()
    }
}

/// Records how pairs were judged, closes what is not found any more, and tells of both.
pub(super) async fn record(
    transaction: &impl Db,
    project: ProjectId,
    actor: &str,
    found: Vec<Found<'_>>,
) -> Result<()> {
    put(transaction, project, actor, found, Some(NOT_ANY_MORE)).await
}

/// Records conflicts of pairs besides those they have, and tells of them.
pub(super) async fn record_more(
    transaction: &impl Db,
    project: ProjectId,
    actor: &str,
    found: Vec<Found<'_>>,
) -> Result<()> {
    put(transaction, project, actor, found, None).await
}

async fn put(
    transaction: &impl Db,
    project: ProjectId,
    actor: &str,
    mut found: Vec<Found<'_>>,
    gone: Option<&str>,
) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let pairs: Vec<JudgedPair> = found
        .iter_mut()
        .map(|pair| JudgedPair {
            first: pair.first.id,
            second: pair.second.map(|second| second.id),
            collisions: std::mem::take(&mut pair.collisions),
        })
        .collect();
    let mut told = Vec::new();
    for (outcome, conflict) in intent_conflicts::put(transaction, project, &pairs, gone).await? {
        let of_pair =
            |pair: &&Found<'_>| pair.first.id == conflict.first && pair.second.map(|it| it.id) == conflict.second;
        for of in found.iter().find(of_pair).into_iter().flat_map(Found::parties) {
            told.push(event(outcome, &conflict, of, gone));
        }
    }
    events::insert_all(transaction, project, actor, &told).await
}

/// What one of a pair is told of their conflict.
fn event(outcome: Outcome, conflict: &IntentConflict, of: &Intent, gone: Option<&str>) -> NewEvent {
    let found = &conflict.collision;
    let (subject, body) = match outcome {
        Outcome::Closed => (
            format!("conflict {} is closed: {}", conflict.id, gone.unwrap_or_default()),
            json!({ "conflict": conflict.id, "reason": gone }),
        ),
        Outcome::Found | Outcome::Judged => (
            found.message.clone(),
            json!({ "conflict": conflict.id, "class": found.class, "severity": found.severity,
                "verdict": found.verdict, "verified": found.verified, "objects": found.objects,
                "agent_id": of.agent_id }),
        ),
    };
    NewEvent { kind: outcome.as_str(), intent: Some(of.id), subject, body }
}

/// Records anew whom an intent collides with: those it touches now, and those it collided with.
pub(super) async fn match_again(
    transaction: &impl Db,
    project: ProjectId,
    actor: &str,
    intent: &Intent,
    survey: &Survey,
    keys: &[(String, bool)],
    tree: &Tree,
) -> Result<()> {
    let touching = intents::touching(transaction, project, keys).await?;
    let known = intent_conflicts::list(transaction, project, Some(intent.id)).await?;
    let known = known.iter().filter(|conflict| conflict.closed_at.is_none()).filter_map(|it| it.other(intent.id));
    let others: BTreeSet<IntentId> = touching.into_iter().chain(known).filter(|id| *id != intent.id).collect();
    let others: Vec<IntentId> = others.into_iter().collect();
    let all: Vec<IntentId> = others.iter().copied().chain([intent.id]).collect();
    let needs = intents::dependencies(transaction, &all).await?;
    let others = intents::many(transaction, project, &others).await?;
    let mut found = Vec::with_capacity(others.len());
    for other in &others {
        let theirs = survey_of(other)?;
        let (first, second) = if other.id < intent.id {
            ((other, &theirs), (intent, survey))
        } else {
            ((intent, survey), (other, &theirs))
        };
        let collisions = settle::conflicts(first, second, tree, None, &needs);
        found.push(Found { first: first.0, second: Some(second.0), collisions });
    }
    record(transaction, project, actor, found).await
}
