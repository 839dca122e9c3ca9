//! Undo: references go back to where they were before an operation.

use crate::project::Project;
use crate::prove::Leg;
use crate::revert::{LandingText, LiveChange};
use crate::state::{self, Branch, NewBranch, NewOperation, Operation, Purpose, RefChange};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Hash;
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
        let notes = match (operation.kind.as_str(), operation.refs.first()) {
            ("branch delete", Some(moved)) => self.undo_delete(&operation, moved).await?,
            ("commit" | "merge" | "revert" | "branch create", Some(moved)) => {
                let (lock, branch) = self.hold_branch(&moved.branch).await?;
                let outcome = self.undo_held(&operation, moved, &branch, allow_destructive).await;
                lock.release(self.state.client()).await?;
                outcome?
            }
            (kind, _) => {
                return Err(Error::new(Class::State, "cannot_undo", format!("`{kind}` cannot be undone"))
                    .on(format!("operation {}", operation.id)));
            }
        };
        Ok(Undone { operation, notes })
    }

    async fn undo_held(
        &mut self,
        operation: &Operation,
        moved: &RefChange,
        branch: &Branch,
        allow_destructive: bool,
    ) -> Result<Vec<String>> {
        if Some(branch.head) != moved.after {
            return Err(moved_on(operation, &branch.name));
        }
        match moved.before {
            None => self.undo_create(operation, branch).await,
            Some(before) if operation.kind == "commit" => self.undo_commit(operation, branch, before).await,
            Some(before) => self.undo_live(operation, branch, before, allow_destructive).await,
        }
    }

    async fn undo_commit(&mut self, operation: &Operation, branch: &Branch, before: Hash) -> Result<Vec<String>> {
        let mut waiting = self.commit_of(branch.head).await?.data_steps;
        waiting.extend(state::branches::waiting(self.state.client(), branch).await?);
        let back = RefChange { branch: branch.name.clone(), before: Some(branch.head), after: Some(before) };
        let new = undoing(operation, back, &self.context.actor);
        let project = self.row.id;
        let transaction = self.state.transaction().await?;
        state::branches::move_head(&transaction, branch, before).await?;
        state::branches::set_waiting(&transaction, branch, &waiting).await?;
        state::operations::insert(&transaction, project, &new).await?;
        transaction.commit().await?;
        Ok(vec!["the branch's database is as it was: what was committed is uncommitted again".to_owned()])
    }

    async fn undo_live(
        &mut self,
        operation: &Operation,
        branch: &Branch,
        before: Hash,
        allow_destructive: bool,
    ) -> Result<Vec<String>> {
        let head = self.commit_of(branch.head).await?;
        let (ours, goal) = (self.tree(&head).await?, self.tree_at(before).await?);
        let legs = [Leg { tree: goal, data: Vec::new() }];
        let journal = self.begin("undo", &json!({ "operation": operation.id })).await?;
        let change = LiveChange { branch, head: &head, ours: &ours, legs: &legs, allow_destructive };
        let text = LandingText {
            kind: "undo",
            summary: format!("undo: {}", operation.summary),
            message: format!("Undo \"{}\"", operation.summary),
            data_steps: Vec::new(),
            undoes: Some(operation.id.0),
        };
        if let Err(error) = self.change_live(&journal, change, text).await {
            return Err(self.give_up(journal, error).await);
        }
        journal.release(self.state.client()).await?;
        let mut notes = vec![format!("{} has the schema of {} again, as a new commit", branch.name, before.short())];
        let data = head.data_steps.len();
        if data > 0 {
            notes.push(format!("what {data} data step{} did to rows stays", if data == 1 { "" } else { "s" }));
        }
        Ok(notes)
    }

    async fn undo_create(&mut self, operation: &Operation, branch: &Branch) -> Result<Vec<String>> {
        if self.is_main(&branch.name) {
            return Err(moved_on(operation, &branch.name));
        }
        let tree = self.tree_at(branch.head).await?;
        self.require_clean(branch, &tree).await?;
        let back = RefChange { branch: branch.name.clone(), before: Some(branch.head), after: None };
        self.forget_branch(branch, &undoing(operation, back, &self.context.actor)).await?;
        Ok(vec![format!("branch {} and its database are gone", branch.name)])
    }

    async fn undo_delete(&mut self, operation: &Operation, deleted: &RefChange) -> Result<Vec<String>> {
        let RefChange { branch, before: Some(head), .. } = deleted.clone() else {
            return Err(moved_on(operation, &deleted.branch));
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
            let back = RefChange { branch: branch.clone(), before: None, after: Some(head) };
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
            return Err(self.give_up(journal, error).await);
        }
        journal.release(self.state.client()).await?;
        let note = "its schema is that of its last commit; its rows are those of the snapshot it is made from";
        Ok(vec![note.to_owned()])
    }
}

fn undoing(operation: &Operation, back: RefChange, actor: &str) -> NewOperation {
    NewOperation {
        actor: actor.to_owned(),
        kind: "undo".to_owned(),
        summary: format!("undo: {}", operation.summary),
        details: json!({}),
        refs: vec![back],
        undoes: Some(operation.id),
    }
}

fn moved_on(operation: &Operation, branch: &str) -> Error {
    Error::new(Class::State, "cannot_undo", "the branch has moved on since")
        .on(format!("operation {}, branch {branch}", operation.id))
        .hint("take back a commit that is not the last with `pleach revert`")
}
