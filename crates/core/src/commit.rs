//! Commits: what a branch's database holds, as an immutable state.

use crate::identity::{self, Newcomers};
use crate::project::{Project, main_is_protected};
use crate::state::{self, Branch, Commit, DataStep, NewCommit, NewOperation, RefChange};
use pleach_change::{Diff, diff};
use pleach_postgres::catalog::Unmodelled;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Hash;
use serde::Serialize;
use serde_json::json;

/// A commit that was made.
#[derive(Debug, Clone, Serialize)]
pub struct Committed {
    /// The branch it is on.
    pub branch: String,
    /// The commit.
    pub commit: Commit,
    /// What it changes.
    pub diff: Diff,
    /// Pieces that had to be stored; everything else was there.
    pub stored: u64,
    /// What is there and Pleach has no model of.
    pub unmodelled: Vec<Unmodelled>,
    /// What the branch's intent had not declared.
    pub beyond: Vec<String>,
}

/// How a branch stands.
#[derive(Debug, Clone, Serialize)]
pub struct Standing {
    /// The branch.
    pub branch: String,
    /// Its last commit.
    pub head: Hash,
    /// What its database has that is not committed.
    pub changes: Diff,
    /// Data steps that wait for the next commit.
    pub data_steps: Vec<DataStep>,
    /// What is there and Pleach has no model of.
    pub unmodelled: Vec<Unmodelled>,
}

impl Project {
    /// What a branch's database has that is not committed.
    pub async fn standing(&self, branch: &str) -> Result<Standing> {
        let branch = self.branch(branch).await?;
        let head = self.tree_at(branch.head).await?;
        let live = self.live_tree(&branch, &head).await?;
        Ok(Standing {
            data_steps: state::branches::waiting(self.state.client(), &branch).await?,
            branch: branch.name,
            head: branch.head,
            changes: diff(&head, &live.tree),
            unmodelled: live.unmodelled,
        })
    }

    /// Commits what a branch's database holds, with SQL that changes data.
    ///
    /// `adopt` records on `main` what somebody changed there outside of Pleach.
    ///
    /// # Errors
    /// `nothing_to_commit`, `main_protected`.
    pub async fn commit(&mut self, branch: &str, message: &str, data: Vec<DataStep>, adopt: bool) -> Result<Committed> {
        if message.trim().is_empty() {
            return Err(Error::new(Class::Input, "empty_message", "a commit needs a message").hint("say why: `-m …`"));
        }
        if self.is_main(branch) && !adopt {
            return Err(main_is_protected("a commit on main"));
        }
        for step in &data {
            check_data_step(step)?;
        }
        let (lock, branch) = self.hold_branch(branch).await?;
        let outcome = self.commit_held(branch, message, data).await;
        lock.release(self.state.client()).await?;
        let mut committed = outcome?;
        committed.beyond = self.follow_commit(&committed.branch, &committed.diff).await?;
        Ok(committed)
    }

    async fn commit_held(&mut self, branch: Branch, message: &str, data: Vec<DataStep>) -> Result<Committed> {
        let mut data_steps = state::branches::waiting(self.state.client(), &branch).await?;
        data_steps.extend(data);
        let parent = self.commit_of(branch.head).await?;
        let before = self.tree(&parent).await?;
        let mut session = self.session(&branch.database).await?;
        let transaction =
            session.build_transaction().isolation_level(tokio_postgres::IsolationLevel::RepeatableRead).start().await?;
        let live = identity::read(&transaction, &self.own_roles(), Newcomers::Carry(&before)).await?;
        let changes = diff(&before, &live.tree);
        if changes.is_empty() && data_steps.is_empty() {
            return Err(Error::new(Class::State, "nothing_to_commit", "the schema is that of the last commit")
                .on(format!("branch {}", branch.name))
                .hint("change it first: `pleach sql`, `pleach psql`, or any client on `pleach branch url`"));
        }
        self.guard_commit(&branch, &changes).await?;
        // Lineages first: more of them than a commit knows do no harm, fewer would.
        live.record(&transaction).await?;
        transaction.commit().await?;
        self.checkpoint("lineages written");
        let at = state::now(self.state.client()).await?;
        let (actor, project) = (self.context.actor.clone(), self.row.id);
        let transaction = self.state.transaction().await?;
        let stored = state::trees::put_tree(&transaction, &live.tree, Some(parent.root)).await?;
        let new = NewCommit {
            tree: stored.content,
            root: stored.root,
            parents: vec![parent.hash],
            author: actor.clone(),
            message: message.trim().to_owned(),
            at,
            data_steps,
        };
        let commit = state::commits::insert(&transaction, project, &new).await?;
        state::branches::move_head(&transaction, &branch, commit.hash).await?;
        state::branches::set_waiting(&transaction, &branch, &[]).await?;
        let operation = NewOperation {
            actor,
            kind: "commit".to_owned(),
            summary: format!("commit on {}: {}", branch.name, first_line(message)),
            details: json!({}),
            refs: vec![RefChange { branch: branch.name.clone(), before: Some(parent.hash), after: Some(commit.hash) }],
            undoes: None,
        };
        state::operations::insert(&transaction, project, &operation).await?;
        transaction.commit().await?;
        self.checkpoint("commit recorded");
        let (stored, unmodelled) = (stored.stored, live.unmodelled);
        Ok(Committed { branch: branch.name, commit, diff: changes, stored, unmodelled, beyond: Vec::new() })
    }

    /// Keeps a data step for the branch's next commit.
    pub async fn add_data(&mut self, branch: &str, step: DataStep) -> Result<Vec<DataStep>> {
        check_data_step(&step)?;
        if self.is_main(branch) {
            return Err(main_is_protected("a data step on main"));
        }
        let (lock, branch) = self.hold_branch(branch).await?;
        let mut steps = state::branches::waiting(self.state.client(), &branch).await?;
        steps.push(step);
        state::branches::set_waiting(self.state.client(), &branch, &steps).await?;
        lock.release(self.state.client()).await?;
        Ok(steps)
    }
}

/// A data step must be SQL that changes data, can run in a transaction, and does not end one.
fn check_data_step(step: &DataStep) -> Result<()> {
    use pleach_postgres::script;
    let bad = |message: &str, hint: &str| {
        Err(Error::new(Class::Input, "bad_data_step", message).on(step.name.clone()).hint(hint))
    };
    if let Err(error) = pleach_change::parse(&step.sql) {
        return bad(&format!("the data step does not parse: {error}"), "correct the SQL and try again");
    }
    if script::is_transaction_control(&step.sql) || script::cannot_run_in_transaction(&step.sql) {
        return bad(
            "a data step runs inside the transaction of a merge",
            "leave BEGIN, COMMIT, VACUUM and the like out",
        );
    }
    if !script::is_data_change(&step.sql) {
        return bad("the data step changes no data", "schema changes are found in the branch's database by themselves");
    }
    Ok(())
}

pub(crate) fn first_line(message: &str) -> &str {
    message.trim().lines().next().unwrap_or_default()
}
