//! Merges that wait for decisions.

use super::remedy::{is_refused, wants_rows};
use super::{MergeOptions, MergeOutcome, Sides, new_merge};
use crate::project::Project;
use crate::recover::damaged_state;
use crate::state::{self, Branch, JournalGuard, Merge, NewConflict};
use pleach_change::{Choice, Conflict, Resolution};
use pleach_postgres::{Class, Error, Result, script};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// A conflict as people and programs see it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConflictView {
    /// Its number; `None` in a dry run.
    #[serde(default)]
    pub id: Option<i64>,
    /// The conflict.
    #[serde(flatten)]
    pub conflict: Conflict,
    /// The branch of our side, and who committed there since the merge base.
    pub our_branch: String,
    /// See `our_branch`.
    pub our_actors: Vec<String>,
    /// The branch of their side.
    pub their_branch: String,
    /// Who committed there since the merge base.
    pub their_actors: Vec<String>,
    /// How it was resolved.
    #[serde(default)]
    pub resolution: Option<Resolution>,
}

impl Project {
    /// Keeps a merge open with its conflicts. Those of an earlier round that are gone go.
    pub(super) async fn leave_open(
        &mut self,
        journal: &JournalGuard,
        sides: &Sides,
        conflicts: Vec<Conflict>,
        options: &MergeOptions,
        open: Option<&Merge>,
    ) -> Result<MergeOutcome> {
        let (ours, theirs) = (self.actors(sides, true).await?, self.actors(sides, false).await?);
        let view = |conflict: Conflict| ConflictView {
            id: None,
            conflict,
            our_branch: sides.target.name.clone(),
            our_actors: ours.clone(),
            their_branch: sides.source.clone(),
            their_actors: theirs.clone(),
            resolution: None,
        };
        let mut views: Vec<ConflictView> = conflicts.into_iter().map(view).collect();
        if options.dry_run {
            self.cross_out(journal).await?;
            return Ok(MergeOutcome::Conflicts { merge: None, conflicts: views });
        }
        let new: Vec<NewConflict> = views
            .iter()
            .map(|view| NewConflict {
                key: view.conflict.key.clone(),
                kind: view.conflict.kind.as_str().to_owned(),
                body: json!(view),
            })
            .collect();
        let (project, actor) = (self.row.id, self.context.actor.clone());
        let transaction = self.state.transaction().await?;
        let merge = match open {
            Some(open) => open.clone(),
            None => state::merges::insert(&transaction, project, &new_merge(sides, options, &actor)).await?,
        };
        let stored = state::conflicts::put(&transaction, &merge, &new).await?;
        journal.finish(&transaction).await?;
        transaction.commit().await?;
        for view in &mut views {
            if let Some(stored) = stored.iter().find(|stored| stored.key == view.conflict.key) {
                view.id = Some(stored.id.0);
                view.resolution = resolution(stored)?;
            }
        }
        Ok(MergeOutcome::Conflicts { merge: Some(merge.id.0), conflicts: views })
    }

    /// Who committed on a side since the merge base.
    async fn actors(&self, sides: &Sides, ours: bool) -> Result<Vec<String>> {
        let (from, to) = if ours { (&sides.theirs, &sides.ours) } else { (&sides.ours, &sides.theirs) };
        let client = self.state.client();
        let known = state::commits::ancestors(client, self.row.id, &[from.hash]).await?;
        let dag = state::commits::ancestors(client, self.row.id, &[to.hash]).await?;
        let own: Vec<_> = dag.nearest_first(to.hash).into_iter().filter(|hash| known.get(*hash).is_none()).collect();
        let commits = state::commits::many(client, self.row.id, &own).await?;
        let mut actors: Vec<String> = commits.into_iter().map(|commit| commit.author).collect();
        actors.sort();
        actors.dedup();
        Ok(actors)
    }

    /// The conflicts of open merges, resolved ones as well.
    pub async fn conflicts(&self) -> Result<Vec<ConflictView>> {
        let mut out = Vec::new();
        for merge in state::merges::open(self.state.client(), self.row.id).await? {
            for stored in state::conflicts::list(self.state.client(), merge.id).await? {
                out.push(shown(&stored)?);
            }
        }
        Ok(out)
    }

    /// Decides a conflict. The decision is proved with the rest when the merge goes on.
    ///
    /// # Errors
    /// `unknown_conflict`, `way_not_open` when the conflict cannot be settled that way.
    pub async fn resolve_conflict(&mut self, id: i64, resolution: Resolution) -> Result<ConflictView> {
        let stored = state::conflicts::get_by_id(self.state.client(), self.row.id, state::ConflictId(id)).await?;
        let mut view = shown(&stored)?;
        let ways = &view.conflict.ways;
        let closed = match &resolution {
            Resolution::Choice(Choice::Ours) => ways.ours.is_none(),
            Resolution::Choice(Choice::Theirs) => ways.theirs.is_none(),
            Resolution::Choice(Choice::Both) => ways.both.is_none(),
            Resolution::Sql(sql) => {
                pleach_change::parse(sql).map_err(|error| {
                    Error::new(Class::Input, "bad_sql", format!("the resolution does not parse: {error}"))
                        .on(format!("conflict {id}"))
                })?;
                if wants_rows(&stored.key) && !script::is_data_change(sql) {
                    return Err(Error::new(Class::Input, "bad_resolution", "the resolution changes no rows")
                        .on(format!("conflict {id}"))
                        .hint("what PostgreSQL refused is helped by SQL that puts rows right; for another schema, change the branch and merge again"));
                }
                script::is_transaction_control(sql) || script::cannot_run_in_transaction(sql)
            }
        };
        if closed {
            return Err(Error::new(Class::Input, "way_not_open", "the conflict cannot be settled this way")
                .on(format!("conflict {id}"))
                .hint("see `pleach conflicts` for the ways out; SQL (`--sql FILE`) is always one, without BEGIN or COMMIT"));
        }
        let actor = self.context.actor.clone();
        state::conflicts::resolve(self.state.client(), self.row.id, state::ConflictId(id), &json!(resolution), &actor)
            .await?;
        view.resolution = Some(resolution);
        Ok(view)
    }

    /// Goes on with the open merge into a branch, with the decisions made so far. If the target
    /// has moved meanwhile, against its new head.
    ///
    /// # Errors
    /// `no_merge`, `conflicts_open`.
    pub async fn continue_merge(&mut self, into: &str, options: &MergeOptions) -> Result<MergeOutcome> {
        let (lock, target) = self.hold_branch(into).await?;
        let outcome = self.continue_held(target, options).await;
        lock.release(self.state.client()).await?;
        outcome
    }

    async fn continue_held(&mut self, target: Branch, options: &MergeOptions) -> Result<MergeOutcome> {
        let open = self.open_merge(&target.name).await?;
        let stored = state::conflicts::list(self.state.client(), open.id).await?;
        let mut resolutions = BTreeMap::new();
        let mut waiting = Vec::new();
        for conflict in stored {
            match conflict.resolution {
                Some(resolution) => {
                    let resolution = serde_json::from_value(resolution).map_err(|error| damaged_state(&error))?;
                    resolutions.insert(conflict.key, resolution);
                }
                // What PostgreSQL refused is tried again: something else may have changed.
                None if is_refused(&conflict.key) => {}
                None => waiting.push(conflict.id.to_string()),
            }
        }
        if !waiting.is_empty() {
            let list = waiting.join(", ");
            return Err(Error::new(Class::Conflict, "conflicts_open", format!("conflicts without a decision: {list}"))
                .on(format!("merge {}", open.id))
                .hint("see `pleach conflicts`, then `pleach resolve ID --ours | --theirs | --sql FILE`"));
        }
        let theirs = self.commit_of(open.theirs).await?;
        if state::commits::is_ancestor(self.state.client(), self.row.id, theirs.hash, target.head).await? {
            state::merges::abort(self.state.client(), &open).await?;
            return self.up_to_date(&target, &open.source).await;
        }
        let sides = self.sides(target, &open.source, theirs).await?;
        if sides.ours.hash != open.ours && !options.dry_run {
            let (client, ours, theirs) = (self.state.client(), sides.ours.hash, sides.theirs.hash);
            state::merges::rebase(client, &open, &sides.bases, ours, theirs).await?;
        }
        let options = MergeOptions { auto_resolve: options.auto_resolve || open.auto_resolve, ..options.clone() };
        self.merge_sides(&sides, &resolutions, &options, Some(&open)).await
    }

    /// Gives up the open merge into a branch. Nothing but the merge is lost.
    ///
    /// # Errors
    /// `no_merge`.
    pub async fn abort_merge(&mut self, into: &str) -> Result<Merge> {
        let (lock, target) = self.hold_branch(into).await?;
        let outcome = async {
            let open = self.open_merge(&target.name).await?;
            state::merges::abort(self.state.client(), &open).await?;
            Ok(open)
        }
        .await;
        lock.release(self.state.client()).await?;
        outcome
    }

    async fn open_merge(&self, into: &str) -> Result<Merge> {
        let open = state::merges::open_into(self.state.client(), self.row.id, into).await?;
        open.ok_or_else(|| {
            Error::new(Class::State, "no_merge", "no merge into the branch waits for decisions")
                .on(format!("branch {into}"))
                .hint("begin one: `pleach merge SOURCE`")
        })
    }
}

fn shown(stored: &state::Conflict) -> Result<ConflictView> {
    let mut view: ConflictView = serde_json::from_value(stored.body.clone()).map_err(|error| damaged_state(&error))?;
    view.id = Some(stored.id.0);
    view.resolution = resolution(stored)?;
    Ok(view)
}

fn resolution(stored: &state::Conflict) -> Result<Option<Resolution>> {
    stored.resolution.clone().map(serde_json::from_value).transpose().map_err(|error| damaged_state(&error))
}
