//! Snapshots and the warm pool: where clones come from.

use crate::import::Restored;
use crate::project::{MAIN, Project};
use crate::prove::Leg;
use crate::state::{self, Branch, Commit, JournalGuard, NewOperation, NewSnapshot, Purpose, Snapshot};
use pleach_change::DataStep;
use pleach_postgres::database;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Hash;
use serde::Serialize;
use serde_json::json;

/// A snapshot that was taken anew.
#[derive(Debug, Clone, Serialize)]
pub struct Refreshed {
    /// The branch whose data it is.
    pub branch: String,
    /// `template`, when nobody was connected, or `restore`, beside the running work.
    pub way: String,
    /// How the template was copied, or `None` for a restore.
    pub clone_way: Option<String>,
    /// Rows that were copied by a restore.
    pub rows: Option<u64>,
}

impl Project {
    /// The snapshot of a commit; made from the nearest ancestor's by a proven plan if there is
    /// none yet.
    pub(crate) async fn ensure_snapshot(&mut self, journal: &JournalGuard, commit: &Commit) -> Result<Snapshot> {
        let project = self.row.id;
        if let Some(snapshot) = state::snapshots::latest(self.state.client(), project, commit.hash).await? {
            return Ok(snapshot);
        }
        let dag = state::commits::ancestors(self.state.client(), project, &[commit.hash]).await?;
        let near = dag.nearest_first(commit.hash);
        let Some(base) = state::snapshots::nearest(self.state.client(), project, &near).await? else {
            return Err(Error::new(Class::Internal, "no_snapshot", "no ancestor of the commit has a snapshot")
                .on(format!("commit {}", commit.hash.short()))
                .hint("run `pleach snapshot refresh main`, then `pleach fsck`"));
        };
        self.progress(format!("building a snapshot of {}", commit.hash.short()));
        let from = self.commit_of(base.commit).await?;
        let (from_tree, legs) = (self.tree(&from).await?, self.way(&from, commit).await?);
        let proved = self.prove(journal, &base, &from_tree, &legs).await?;
        let new = NewSnapshot {
            commit: commit.hash,
            database: proved.scratch.clone(),
            taken_at: base.taken_at,
            way: proved.way,
        };
        let transaction = self.state.transaction().await?;
        state::databases::set_purpose(&transaction, &proved.scratch, Purpose::Snapshot).await?;
        let snapshot = state::snapshots::insert(&transaction, project, &new).await?;
        transaction.commit().await?;
        Ok(snapshot)
    }

    /// The way from one commit to another: along first parents where `to` continues `from`, so
    /// that every data step meets the schema it was written for; otherwise in one stretch.
    pub(crate) async fn way(&self, from: &Commit, to: &Commit) -> Result<Vec<Leg>> {
        let mut chain = Vec::new();
        let mut at = to.clone();
        while at.hash != from.hash {
            let parent = at.parents.first().copied();
            chain.push(at);
            match parent {
                Some(parent) => at = self.commit_of(parent).await?,
                None => return self.straight_way(from, to).await,
            }
        }
        let mut legs: Vec<Leg> = Vec::new();
        for commit in chain.iter().rev() {
            for (toward, data) in stretches(commit) {
                let tree = match toward {
                    Some(root) => state::trees::get_tree(self.state.client(), root).await?,
                    None => self.tree(commit).await?,
                };
                legs.push(Leg { tree, data });
            }
        }
        legs.push(Leg { tree: self.tree(to).await?, data: Vec::new() });
        Ok(legs)
    }

    /// One stretch, with the data steps that `to` has and `from` has not.
    async fn straight_way(&self, from: &Commit, to: &Commit) -> Result<Vec<Leg>> {
        let data = self.data_since(from.hash, to.hash).await?;
        let data = data.into_iter().flat_map(|(_, steps)| steps).map(plain).collect();
        Ok(vec![Leg { tree: self.tree(to).await?, data }])
    }

    /// The data steps of each commit that `to` has in its history and `from` has not, oldest
    /// first, each step once.
    pub(crate) async fn data_since(&self, from: Hash, to: Hash) -> Result<Vec<(Commit, Vec<state::DataStep>)>> {
        let project = self.row.id;
        let theirs = state::commits::ancestors(self.state.client(), project, &[to]).await?;
        let ours = state::commits::ancestors(self.state.client(), project, &[from]).await?;
        let mut wanted: Vec<Hash> =
            theirs.nearest_first(to).into_iter().filter(|hash| ours.get(*hash).is_none()).collect();
        wanted.reverse();
        let mut out = Vec::new();
        let mut commits = state::commits::many(self.state.client(), project, &wanted).await?;
        commits.sort_by_key(|commit| (commit.generation, commit.at, commit.hash));
        let mut seen = std::collections::HashSet::new();
        for commit in commits {
            let fresh = |step: &&state::DataStep| {
                let known = step.origin.is_some_and(|origin| ours.get(origin).is_some());
                !known && seen.insert((step.origin.unwrap_or(commit.hash), step.name.clone(), step.sql.clone()))
            };
            let steps: Vec<state::DataStep> = commit.data_steps.iter().filter(fresh).cloned().collect();
            if !steps.is_empty() {
                out.push((commit, steps));
            }
        }
        Ok(out)
    }

    /// Fills the warm pool of `main`, and drops databases that nothing needs. One process at a time
    /// does it; another one's call returns at once.
    pub async fn tend_pool(&mut self) -> Result<u64> {
        let lock = "SELECT pg_try_advisory_lock($1, 7)";
        let key = i32::try_from(self.row.id.0).unwrap_or(0);
        if !self.admin.query_one(lock, &[&key]).await?.try_get::<_, bool>(0)? {
            return Ok(0);
        }
        let made = self.tend().await;
        self.admin.execute("SELECT pg_advisory_unlock($1, 7)", &[&key]).await?;
        made
    }

    async fn tend(&mut self) -> Result<u64> {
        let made = self.fill_pool().await?;
        let head = self.branch(MAIN).await?.head;
        self.dismiss_judges(head).await?;
        self.judge_again().await?;
        self.prune().await?;
        self.drop_orphans().await?;
        Ok(made)
    }

    async fn fill_pool(&mut self) -> Result<u64> {
        let main = self.branch(MAIN).await?;
        let Some(snapshot) = state::snapshots::latest(self.state.client(), self.row.id, main.head).await? else {
            return Ok(0);
        };
        let mut made = 0;
        while state::warm::count(self.state.client(), snapshot.id).await? < self.config.warm_clones {
            let journal = self.begin("warm", &json!({ "snapshot": snapshot.database })).await?;
            let (name, way) = self.clone_database(&journal, &snapshot.database, Purpose::Warm).await?;
            self.checkpoint("warm clone made");
            let transaction = self.state.transaction().await?;
            state::warm::add(&transaction, &name, snapshot.id, way.as_str()).await?;
            journal.finish(&transaction).await?;
            transaction.commit().await?;
            journal.release(self.state.client()).await?;
            made += 1;
        }
        Ok(made)
    }

    /// Drops snapshots, with their warm clones, that are neither a branch's head nor the oldest
    /// one, from which all others can be made again. Of several for one commit the newest stays.
    /// One that an operation under way may be cloning is left to the next time.
    async fn prune(&mut self) -> Result<()> {
        let project = self.row.id;
        let heads: Vec<Hash> =
            state::branches::list(self.state.client(), project).await?.into_iter().map(|branch| branch.head).collect();
        let mut snapshots = state::snapshots::list(self.state.client(), project).await?;
        snapshots.sort_by_key(|snapshot| snapshot.id);
        let oldest = snapshots.first().map(|snapshot| snapshot.id);
        let mut kept = std::collections::HashSet::new();
        for snapshot in snapshots.into_iter().rev() {
            let newest = kept.insert(snapshot.commit);
            if (newest && heads.contains(&snapshot.commit)) || Some(snapshot.id) == oldest {
                continue;
            }
            let retired = state::snapshots::retire(self.state.client(), snapshot.id).await?;
            self.checkpoint("snapshot retired");
            if state::journal::any_from_before(self.state.client(), project, retired).await? {
                continue;
            }
            while let Some(name) = {
                let transaction = self.state.transaction().await?;
                let claimed = state::warm::claim(&transaction, snapshot.id).await?.map(|clone| clone.database);
                if let Some(name) = &claimed {
                    state::databases::set_dropping(&transaction, name).await?;
                }
                transaction.commit().await?;
                claimed
            } {
                self.drop_database(&name).await?;
            }
            let transaction = self.state.transaction().await?;
            state::snapshots::delete(&transaction, snapshot.id).await?;
            state::databases::set_dropping(&transaction, &snapshot.database).await?;
            transaction.commit().await?;
            self.checkpoint("snapshot forgotten");
            self.drop_database(&snapshot.database).await?;
        }
        Ok(())
    }

    /// Takes a branch's live data anew, as the source of later clones: a template copy when nobody
    /// is connected, or else a consistent dump and restore beside the running work.
    ///
    /// # Errors
    /// `uncommitted_changes` when the branch's schema is not that of its head.
    pub async fn refresh_snapshot(&mut self, branch: &str) -> Result<Refreshed> {
        let (lock, branch) = self.hold_branch(branch).await?;
        let outcome = self.refresh_held(&branch).await;
        lock.release(self.state.client()).await?;
        outcome
    }

    async fn refresh_held(&mut self, branch: &Branch) -> Result<Refreshed> {
        let head = self.commit_of(branch.head).await?;
        let tree = self.tree(&head).await?;
        self.require_clean(branch, &tree).await?;
        let journal = self.begin("refresh", &json!({ "branch": branch.name })).await?;
        match self.take_snapshot(&journal, branch, &head, &tree).await {
            Ok(refreshed) => {
                journal.release(self.state.client()).await?;
                Ok(refreshed)
            }
            Err(error) => Err(self.give_up(journal, error).await),
        }
    }

    async fn take_snapshot(
        &mut self,
        journal: &JournalGuard,
        branch: &Branch,
        head: &Commit,
        tree: &pleach_schema::Tree,
    ) -> Result<Refreshed> {
        let taken_at = state::now(self.state.client()).await?;
        let busy = self.is_busy(&branch.database).await?;
        let copied = if busy {
            None
        } else {
            match self.clone_database(journal, &branch.database, Purpose::Snapshot).await {
                Ok(copied) => Some(copied),
                // Somebody connected in between: go the other way.
                Err(error) if error.code == "template_in_use" => None,
                Err(error) => return Err(error),
            }
        };
        let (name, refreshed) = match copied {
            Some((name, way)) => {
                let way = Some(way.as_str().to_owned());
                (name, Refreshed { branch: branch.name.clone(), way: "template".into(), clone_way: way, rows: None })
            }
            None => {
                self.progress(format!("{} is in use: copying beside the running work", branch.name));
                let mut source = self.session(&branch.database).await?;
                let Restored { name, rows } = self.restore_from(journal, &mut source, tree).await?;
                let refreshed =
                    Refreshed { branch: branch.name.clone(), way: "restore".into(), clone_way: None, rows: Some(rows) };
                (name, refreshed)
            }
        };
        let new = NewSnapshot { commit: head.hash, database: name, taken_at, way: refreshed.way.clone() };
        let operation = NewOperation {
            actor: self.context.actor.clone(),
            kind: "snapshot refresh".into(),
            summary: format!("take the data of {} anew", branch.name),
            details: json!({ "way": refreshed.way }),
            refs: Vec::new(),
            undoes: None,
        };
        let transaction = self.state.transaction().await?;
        state::snapshots::insert(&transaction, self.row.id, &new).await?;
        state::operations::insert(&transaction, self.row.id, &operation).await?;
        journal.finish(&transaction).await?;
        transaction.commit().await?;
        Ok(refreshed)
    }

    /// Whether somebody is connected to a database, and not only about to be gone.
    async fn is_busy(&self, database: &str) -> Result<bool> {
        for pause in [0, 50, 150] {
            tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
            if database::connections(&self.admin, database).await?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes an operation into the journal before its first effect.
    pub(crate) async fn begin(&self, kind: &str, payload: &serde_json::Value) -> Result<JournalGuard> {
        let journal = state::journal::begin(&self.state, Some(self.row.id), kind, payload, &self.context.actor).await?;
        self.checkpoint("journal written");
        Ok(journal)
    }
}

/// A commit's data steps in order, those that run toward one tree together.
fn stretches(commit: &Commit) -> Vec<(Option<Hash>, Vec<DataStep>)> {
    let mut out: Vec<(Option<Hash>, Vec<DataStep>)> = Vec::new();
    for step in &commit.data_steps {
        match out.last_mut().filter(|(toward, _)| *toward == step.toward) {
            Some((_, steps)) => steps.push(plain(step.clone())),
            None => out.push((step.toward, vec![plain(step.clone())])),
        }
    }
    out
}

/// A data step as plans know it.
pub(crate) fn plain(step: state::DataStep) -> DataStep {
    DataStep { name: step.name, sql: step.sql }
}
