//! Pairs of intents: run in both orders, and what comes of that, written down and told.

use super::declare::survey_of;
use super::judge::Judge;
use super::settle;
use super::survey::{self, Survey};
use super::verdict::{self, Judged, Side};
use crate::project::Project;
use crate::state::events::{self, NewEvent};
use crate::state::intents::{self, Intent};
use crate::state::{Commit, Db, IntentConflict, IntentId, NewIntentConflict, ProjectId, intent_conflicts};
use pleach_postgres::Result;
use pleach_schema::{Address, Tree};
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
            let open = open.into_iter().filter(|conflict| conflict.closed_at.is_none() && !conflict.verified);
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
        let found = settle::conflicts((first, &one), (second, &other), tree, Some(&judged), &needs);
        let transaction = self.state.transaction().await?;
        record(&transaction, project, &actor, (first, Some(second)), &found, NOT_ANY_MORE).await?;
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
        let written: Vec<Address> =
            survey::written(&one.footprint).union(&survey::written(&other.footprint)).cloned().collect();
        let first = Side { statements: &first.schema_changes, survey: one };
        let second = Side { statements: &second.schema_changes, survey: other };
        verdict::judge(judge, tree, &before, &first, &second, &written).await
    }
}

/// Why a conflict is closed that is not found any more.
pub(super) const NOT_ANY_MORE: &str = "the two do not collide any more";

/// Records how a pair was judged, and tells of what is new. Conflicts of timing are not of a
/// judgement, and stay.
pub(super) async fn record(
    transaction: &impl Db,
    project: ProjectId,
    actor: &str,
    pair: (&Intent, Option<&Intent>),
    found: &[NewIntentConflict],
    gone: &str,
) -> Result<()> {
    let (first, second) = pair;
    let known = intent_conflicts::list(transaction, project, Some(first.id)).await?;
    let known: Vec<IntentConflict> =
        known.into_iter().filter(|known| known.first == first.id && known.second == second.map(|it| it.id)).collect();
    let timing = known.iter().filter(|known| known.class == "TIMING" && known.closed_at.is_none()).map(as_found);
    let all: Vec<NewIntentConflict> = found.iter().cloned().chain(timing).collect();
    let now = intent_conflicts::put(transaction, project, (first.id, second.map(|it| it.id)), &all, gone).await?;
    let mut told = Vec::new();
    for conflict in &now {
        let before = known.iter().find(|known| known.id == conflict.id && known.closed_at.is_none());
        let kind = match before {
            None => "conflict.found",
            Some(before) if before.verdict != conflict.verdict || before.verified != conflict.verified => {
                "conflict.judged"
            }
            Some(_) => continue,
        };
        told.extend([Some(first), second].into_iter().flatten().map(|of| tell(kind, conflict, of)));
    }
    let gone_now = known.iter().filter(|known| known.closed_at.is_none() && now.iter().all(|now| now.id != known.id));
    for conflict in gone_now {
        for of in [Some(first), second].into_iter().flatten() {
            let subject = format!("conflict {} is closed: {gone}", conflict.id);
            let body = json!({ "conflict": conflict.id, "reason": gone });
            told.push(NewEvent { kind: "conflict.closed", intent: Some(of.id), subject, body });
        }
    }
    events::insert_all(transaction, project, actor, &told).await
}

/// The conflicts of an intent that is new, whatever their number: each with the other one, if there
/// is one.
pub(super) type Found<'a> = (&'a Intent, Option<&'a Intent>, NewIntentConflict);

/// Records whom a new intent collides with, and tells of it after what is to be told before.
pub(super) async fn record_new(
    transaction: &impl Db,
    project: ProjectId,
    actor: &str,
    found: Vec<Found<'_>>,
    before: NewEvent<'_>,
) -> Result<()> {
    let pairs: Vec<_> = found.iter().map(|(first, second, _)| (*first, *second)).collect();
    let new: Vec<_> = found.into_iter().map(|(first, second, new)| (first.id, second.map(|it| it.id), new)).collect();
    let kept = intent_conflicts::insert_all(transaction, project, &new).await?;
    let mut told = vec![before];
    for conflict in &kept {
        let of = pairs
            .iter()
            .find(|(first, second)| first.id == conflict.first && second.map(|second| second.id) == conflict.second);
        let of = of.into_iter().flat_map(|(first, second)| [Some(*first), *second]).flatten();
        told.extend(of.map(|of| tell("conflict.found", conflict, of)));
    }
    events::insert_all(transaction, project, actor, &told).await
}

/// What one of a pair hears of a conflict.
fn tell<'a>(kind: &'a str, conflict: &IntentConflict, of: &Intent) -> NewEvent<'a> {
    let body = json!({ "conflict": conflict.id, "class": conflict.class, "severity": conflict.severity,
        "verdict": conflict.verdict, "verified": conflict.verified, "objects": conflict.objects,
        "agent_id": of.agent_id });
    NewEvent { kind, intent: Some(of.id), subject: conflict.message.clone(), body }
}

/// Records conflicts of a pair besides those it has.
pub(super) async fn record_more(
    transaction: &impl Db,
    project: ProjectId,
    actor: &str,
    pair: (&Intent, Option<&Intent>),
    found: &[NewIntentConflict],
) -> Result<()> {
    let known = intent_conflicts::list(transaction, project, Some(pair.0.id)).await?;
    let known = known.iter().filter(|known| {
        known.first == pair.0.id && known.second == pair.1.map(|it| it.id) && known.closed_at.is_none()
    });
    let all: Vec<NewIntentConflict> = known.map(as_found).chain(found.iter().cloned()).collect();
    record(transaction, project, actor, pair, &all, NOT_ANY_MORE).await
}

fn as_found(known: &IntentConflict) -> NewIntentConflict {
    let known = known.clone();
    NewIntentConflict {
        key: known.key,
        class: known.class,
        severity: known.severity,
        verdict: known.verdict,
        verified: known.verified,
        objects: known.objects,
        attributes: known.attributes,
        message: known.message,
        suggestions: known.suggestions,
        evidence: known.evidence,
    }
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
    for other in intents::many(transaction, project, &others).await? {
        let theirs = survey_of(&other)?;
        let needs = intents::dependencies(transaction, &[intent.id, other.id]).await?;
        let (first, second) = if other.id < intent.id {
            ((&other, &theirs), (intent, survey))
        } else {
            ((intent, survey), (&other, &theirs))
        };
        let found = settle::conflicts(first, second, tree, None, &needs);
        record(transaction, project, actor, (first.0, Some(second.0)), &found, NOT_ANY_MORE).await?;
    }
    Ok(())
}
