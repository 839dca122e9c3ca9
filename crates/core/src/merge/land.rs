//! Landing a proved merge: on the live database first, with a marker, then in the state.

use super::remedy::{Decisions, data_statements};
use super::work::Worked;
use super::{MergeOptions, Merging, Sides, changes};
use crate::project::Project;
use crate::prove::{Proof, Proved};
use crate::state::{self, Commit, JournalGuard, Merge, NewCommit, NewOperation, NewSnapshot, Purpose, RefChange};
use pleach_change::{Change, diff};
use pleach_postgres::Result;
use pleach_schema::{Attr, Hash};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

/// All that is to be written into the state once the live database has changed: kept in the
/// journal, so that any process can finish it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Landing {
    pub branch: String,
    pub head: Hash,
    pub database: String,
    pub tree: Hash,
    pub root: Hash,
    pub parents: Vec<Hash>,
    pub author: String,
    pub message: String,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    pub data_steps: Vec<state::DataStep>,
    /// The scratch database that proved it: the next snapshot.
    pub scratch: String,
    #[serde(with = "time::serde::rfc3339")]
    pub data_taken_at: OffsetDateTime,
    pub kind: String,
    pub summary: String,
    /// The merge to close, or to record as closed.
    pub merge: Option<MergeRecord>,
    pub proof: Proof,
    pub undoes: Option<i64>,
    /// Whether labels of enum types are committed ahead of the rest.
    pub labels_first: bool,
}

/// What the state keeps of a merge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MergeRecord {
    pub open: Option<i64>,
    pub source: String,
    pub base: Vec<Hash>,
    pub theirs: Hash,
    pub auto_resolve: bool,
}

impl Project {
    #[allow(clippy::too_many_arguments)]
    pub(super) async fn land(
        &mut self,
        journal: &JournalGuard,
        sides: &Sides,
        worked: &Worked,
        proved: Proved,
        decisions: &Decisions,
        options: &MergeOptions,
        open: Option<&Merge>,
    ) -> Result<Merging> {
        let target = &sides.target;
        let mut session = self.session(&target.database).await?;
        let consent = options.allow_destructive || options.dry_run;
        let losses = self.require_consent(&session, &sides.ours_tree, &proved.tree, consent).await?;
        let mut merging = Merging {
            source: sides.source.clone(),
            target: target.name.clone(),
            commit: None,
            diff: changes(sides, &proved.tree),
            data_steps: worked.data_steps(),
            sql: proved.plan.sql(),
            proof: proved.proof.clone(),
            settled: decisions.settled(&worked.settled),
            losses,
            applied: None,
        };
        self.guard_merge(&sides.source, &merging.diff).await?;
        if options.dry_run {
            self.discard_database(&proved.scratch).await?;
            self.cross_out(journal).await?;
            return Ok(merging);
        }
        let message = options.message.clone().unwrap_or_else(|| format!("Merge {} into {}", sides.source, target.name));
        let record = MergeRecord {
            open: open.map(|open| open.id.0),
            source: sides.source.clone(),
            base: sides.bases.clone(),
            theirs: sides.theirs.hash,
            auto_resolve: options.auto_resolve,
        };
        let mut data_steps = Vec::new();
        for stretch in worked.stretches.iter().filter(|stretch| !stretch.steps.is_empty()) {
            let stored = state::trees::put_tree(self.state.client(), &stretch.tree, Some(sides.ours.root)).await?;
            let toward = Some(stored.root);
            data_steps.extend(stretch.steps.iter().map(|step| state::DataStep { toward, ..step.clone() }));
        }
        let added = decisions.sql.iter().filter_map(|sql| data_statements(sql));
        data_steps.extend(added.map(|sql| state::DataStep::new("resolution", sql)));
        let stored = state::trees::put_tree(self.state.client(), &proved.tree, Some(sides.ours.root)).await?;
        let landing = Landing {
            branch: target.name.clone(),
            head: sides.ours.hash,
            database: target.database.clone(),
            tree: stored.content,
            root: stored.root,
            parents: vec![sides.ours.hash, sides.theirs.hash],
            author: self.context.actor.clone(),
            message,
            at: state::now(self.state.client()).await?,
            data_steps,
            scratch: proved.scratch.clone(),
            data_taken_at: proved.proof.data_taken_at,
            kind: "merge".to_owned(),
            summary: format!("merge {} into {}", sides.source, target.name),
            merge: Some(record),
            proof: proved.proof.clone(),
            undoes: None,
            labels_first: proved.plan.labels_first,
        };
        self.progress(format!("applying to {}", target.name));
        match self.land_on(journal, &mut session, &proved, landing).await {
            Ok((commit, applied)) => {
                merging.commit = Some(commit);
                merging.applied = Some(applied);
                Ok(merging)
            }
            Err(error) => Err(self.explain_elsewhere(sides, error).await),
        }
    }

    /// Writes the landing down, changes the live database, and records it.
    pub(crate) async fn land_on(
        &mut self,
        journal: &JournalGuard,
        session: &mut pleach_postgres::connect::Session,
        proved: &Proved,
        landing: Landing,
    ) -> Result<(Commit, crate::apply::Outcome)> {
        journal.update(self.state.client(), &json!({ "landing": landing })).await?;
        self.checkpoint("landing written down");
        let applied = match self.apply_live(session, &proved.plan, &proved.tree, journal.journal.id).await {
            Ok(applied) => applied,
            Err(error) => {
                if landing.labels_first && error.sqlstate().is_some() {
                    self.keep_labels(&landing).await?;
                }
                return Err(error);
            }
        };
        self.checkpoint("live database changed");
        let commit = self.record_landing(journal, &landing).await?;
        // The marker has done its work; one that stays does no harm.
        let sql = "DELETE FROM pleach.marker WHERE operation = $1";
        let _ = session.execute(sql, &[&journal.journal.id]).await;
        Ok((commit, applied))
    }

    /// The state's half of a landing: the commit, the branch's head, the next snapshot, the merge,
    /// the operation, in one transaction.
    pub(crate) async fn record_landing(&mut self, journal: &JournalGuard, landing: &Landing) -> Result<Commit> {
        let project = self.row.id;
        let landing = landing.clone();
        let branch = self.branch(&landing.branch).await?;
        let transaction = self.state.transaction().await?;
        let new = NewCommit {
            tree: landing.tree,
            root: landing.root,
            parents: landing.parents.clone(),
            author: landing.author.clone(),
            message: landing.message,
            at: landing.at,
            data_steps: landing.data_steps,
        };
        let commit = state::commits::insert(&transaction, project, &new).await?;
        state::branches::move_head(&transaction, &branch, commit.hash).await?;
        state::databases::set_purpose(&transaction, &landing.scratch, Purpose::Snapshot).await?;
        let snapshot = NewSnapshot {
            commit: commit.hash,
            database: landing.scratch,
            taken_at: landing.data_taken_at,
            way: landing.kind.clone(),
        };
        state::snapshots::insert(&transaction, project, &snapshot).await?;
        if let Some(record) = landing.merge {
            let merge = match record.open {
                Some(id) => state::merges::get_by_id(&transaction, project, state::MergeId(id)).await?,
                None => {
                    let new = state::NewMerge {
                        source: record.source,
                        target: landing.branch.clone(),
                        base: record.base,
                        ours: landing.head,
                        theirs: record.theirs,
                        actor: landing.author.clone(),
                        auto_resolve: record.auto_resolve,
                    };
                    state::merges::insert(&transaction, project, &new).await?
                }
            };
            state::merges::finish(&transaction, &merge, commit.hash, &json!(landing.proof)).await?;
        }
        let operation = NewOperation {
            actor: landing.author,
            kind: landing.kind,
            summary: landing.summary,
            details: json!({}),
            refs: vec![RefChange { branch: landing.branch, before: Some(landing.head), after: Some(commit.hash) }],
            undoes: landing.undoes.map(state::OperationId),
        };
        state::operations::insert(&transaction, project, &operation).await?;
        journal.finish(&transaction).await?;
        self.context.checkpoint.as_ref().inspect(|checkpoint| checkpoint("landing about to be recorded"));
        transaction.commit().await?;
        self.checkpoint("landing recorded");
        Ok(commit)
    }

    /// Ends a journal entry that has nothing left to do.
    pub(crate) async fn cross_out(&mut self, journal: &JournalGuard) -> Result<()> {
        let transaction = self.state.transaction().await?;
        journal.finish(&transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Records the enum labels of a landing that came no further: PostgreSQL commits a label before
    /// anything may use it, and has no way to take it back.
    pub(crate) async fn keep_labels(&mut self, landing: &Landing) -> Result<()> {
        let branch = self.branch(&landing.branch).await?;
        let head = self.commit_of(branch.head).await?;
        let before = self.tree(&head).await?;
        let live = self.live_tree(&branch, &before).await?;
        let changes = diff(&before, &live.tree).changes;
        let is_label = |change: &Change| change.attributes.iter().all(|changed| changed.attr == Attr::Labels);
        // Anything else is somebody else's, and is told as drift.
        if changes.is_empty() || !changes.iter().all(|change| change.from.is_some() && is_label(change)) {
            return Ok(());
        }
        let at = state::now(self.state.client()).await?;
        let project = self.row.id;
        let transaction = self.state.transaction().await?;
        let stored = state::trees::put_tree(&transaction, &live.tree, Some(head.root)).await?;
        let new = NewCommit {
            tree: stored.content,
            root: stored.root,
            parents: vec![head.hash],
            author: landing.author.clone(),
            message: format!("Keep the labels of what was cut off: {}", landing.summary),
            at,
            data_steps: Vec::new(),
        };
        let commit = state::commits::insert(&transaction, project, &new).await?;
        state::branches::move_head(&transaction, &branch, commit.hash).await?;
        let operation = NewOperation {
            actor: landing.author.clone(),
            kind: "labels".to_owned(),
            summary: format!("keep the labels of what was cut off: {}", landing.summary),
            details: json!({}),
            refs: vec![RefChange { branch: branch.name, before: Some(head.hash), after: Some(commit.hash) }],
            undoes: None,
        };
        state::operations::insert(&transaction, project, &operation).await?;
        Ok(transaction.commit().await?)
    }
}
