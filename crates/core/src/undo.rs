//! Undo: references go back to where they were before an operation.

use crate::project::{MAIN, Project};
use crate::prove::Leg;
use crate::revert::{LandingText, LiveChange};
use crate::state::{self, NewBranch, NewOperation, Operation, Purpose, RefChange};
use pleach_postgres::{Class, Error, Result};
use serde::Serialize;
use serde_json::json;

/// An operation that was undone.
#[derive(Debug, Clone, Serialize)]
pub struct Undone {
    /// The operation.
    pub operation: Operation,
    /// What that means, in words.
    pub notes: Vec<String>,
}

impl Project {
    /// Takes back the last operation that was not taken back yet.
    ///
    /// A commit's branch goes back to the commit before; its database keeps what was committed, as
    /// changes that are not. What changed a live database (merge, revert) is taken back there as
    /// well, by a proven plan and a commit of its own. A deleted branch is made again from its last
    /// commit, and a new branch is deleted.
    ///
    /// # Errors
    /// `nothing_to_undo`, `cannot_undo`; `destructive` without consent.
    pub async fn undo(&mut self, allow_destructive: bool) -> Result<Undone> {
        let mut operation = None;
        for candidate in self.operations(1000).await? {
            let undone = candidate.undoes.is_some()
                || state::operations::undone_by(self.state.client(), candidate.id).await?.is_some();
            if !undone && !candidate.refs.is_empty() {
                operation = Some(candidate);
                break;
            }
        }
        let Some(operation) = operation.filter(|operation| operation.kind != "init") else {
            return Err(Error::new(Class::State, "nothing_to_undo", "no operation is left that could be undone")
                .hint("see `pleach op log`"));
        };
        let notes = match operation.kind.as_str() {
            "commit" => self.undo_commit(&operation).await?,
            "merge" | "revert" => self.undo_live(&operation, allow_destructive).await?,
            "branch create" => self.undo_create(&operation).await?,
            "branch delete" => self.undo_delete(&operation).await?,
            kind => {
                return Err(Error::new(Class::State, "cannot_undo", format!("`{kind}` cannot be undone"))
                    .on(format!("operation {}", operation.id)));
            }
        };
        Ok(Undone { operation, notes })
    }

    async fn undo_commit(&mut self, operation: &Operation) -> Result<Vec<String>> {
        let project = self.row.id;
        let transaction = self.state.transaction().await?;
        let mut back = Vec::new();
        for moved in &operation.refs {
            let (Some(before), Some(after)) = (moved.before, moved.after) else { continue };
            let branch = state::branches::get_for_update(&transaction, project, &moved.branch).await?;
            if branch.head != after {
                return Err(moved_on(operation, &moved.branch));
            }
            state::branches::move_head(&transaction, &branch, before).await?;
            let commit = state::commits::get_by_hash(&transaction, project, after).await?;
            state::branches::set_waiting(&transaction, &branch, &commit.data_steps).await?;
            back.push(RefChange { branch: moved.branch.clone(), before: Some(after), after: Some(before) });
        }
        let new = undoing(operation, back, &self.context.actor);
        state::operations::insert(&transaction, project, &new).await?;
        transaction.commit().await?;
        Ok(vec!["the branch's database is as it was: what was committed is uncommitted again".to_owned()])
    }

    async fn undo_live(&mut self, operation: &Operation, allow_destructive: bool) -> Result<Vec<String>> {
        let Some(RefChange { branch, before: Some(before), after: Some(after) }) = operation.refs.first() else {
            return Err(moved_on(operation, "?"));
        };
        let target = self.branch(branch).await?;
        let lock = state::locks::lock_branch(&self.state, target.id).await?;
        let outcome = async {
            let target = self.branch(branch).await?;
            if target.head != *after {
                return Err(moved_on(operation, branch));
            }
            let head = self.commit_of(target.head).await?;
            let (ours, goal) = (self.tree(&head).await?, self.tree_at(*before).await?);
            let legs = [Leg { tree: goal, data: Vec::new() }];
            let journal = self.begin("undo", &json!({ "operation": operation.id })).await?;
            let change = LiveChange { branch: &target, head: &head, ours: &ours, legs: &legs, allow_destructive };
            let text = LandingText {
                kind: "undo",
                summary: format!("undo: {}", operation.summary),
                message: format!("Undo \"{}\"", operation.summary),
                data_steps: Vec::new(),
                undoes: Some(operation.id.0),
            };
            match self.change_live(&journal, change, text).await {
                Ok(_) => journal.release(self.state.client()).await,
                Err(error) => {
                    self.take_back(journal).await?;
                    Err(error)
                }
            }
        }
        .await;
        lock.release(self.state.client()).await?;
        outcome?;
        let mut notes = vec![format!("{branch} has the schema of {} again, as a new commit", before.short())];
        let data = self.commit_of(*after).await?.data_steps.len();
        if data > 0 {
            notes.push(format!("what {data} data step{} did to rows stays", if data == 1 { "" } else { "s" }));
        }
        Ok(notes)
    }

    async fn undo_create(&mut self, operation: &Operation) -> Result<Vec<String>> {
        let Some(RefChange { branch, after: Some(after), .. }) = operation.refs.first() else {
            return Err(moved_on(operation, "?"));
        };
        let found = self.branch(branch).await?;
        if found.head != *after || branch == MAIN {
            return Err(moved_on(operation, branch));
        }
        let tree = self.tree_at(found.head).await?;
        self.require_clean(&found, &tree).await?;
        let back = vec![RefChange { branch: branch.clone(), before: Some(*after), after: None }];
        let new = undoing(operation, back, &self.context.actor);
        self.forget_branch(&found, &new).await?;
        Ok(vec![format!("branch {branch} and its database are gone")])
    }

    async fn undo_delete(&mut self, operation: &Operation) -> Result<Vec<String>> {
        let Some(RefChange { branch, before: Some(head), .. }) = operation.refs.first().cloned() else {
            return Err(moved_on(operation, "?"));
        };
        let journal = self.begin("branch create", &json!({ "branch": branch })).await?;
        let outcome = async {
            let commit = self.commit_of(head).await?;
            let snapshot = self.ensure_snapshot(&journal, &commit).await?;
            let (database, way) = self.clone_database(&journal, &snapshot.database, Purpose::Branch).await?;
            let actor = self.context.actor.clone();
            let new = NewBranch {
                name: branch.clone(),
                head,
                database,
                created_by: actor.clone(),
                created_from: operation.details.get("created_from").and_then(|from| from.as_str()).map(str::to_owned),
                data_taken_at: snapshot.taken_at,
                clone_way: way.as_str().to_owned(),
            };
            let back = vec![RefChange { branch: branch.clone(), before: None, after: Some(head) }];
            let project = self.row.id;
            let transaction = self.state.transaction().await?;
            state::branches::insert(&transaction, project, &new).await?;
            state::operations::insert(&transaction, project, &undoing(operation, back, &actor)).await?;
            journal.finish(&transaction).await?;
            transaction.commit().await?;
            Ok(())
        }
        .await;
        if let Err(error) = outcome {
            self.take_back(journal).await?;
            return Err(error);
        }
        journal.release(self.state.client()).await?;
        let note = "its schema is that of its last commit; its rows are those of the snapshot it is made from";
        Ok(vec![note.to_owned()])
    }
}

fn undoing(operation: &Operation, refs: Vec<RefChange>, actor: &str) -> NewOperation {
    NewOperation {
        actor: actor.to_owned(),
        kind: "undo".to_owned(),
        summary: format!("undo: {}", operation.summary),
        details: json!({}),
        refs,
        undoes: Some(operation.id),
    }
}

fn moved_on(operation: &Operation, branch: &str) -> Error {
    Error::new(Class::State, "cannot_undo", "the branch has moved on since")
        .on(format!("operation {}, branch {branch}", operation.id))
        .hint("take back a commit that is not the last with `pleach revert`")
}
