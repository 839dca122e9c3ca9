//! Branches: a named line of history with a live database of its own.

use crate::config;
use crate::identity::{self, Newcomers};
use crate::project::{MAIN, Project, main_is_protected};
use crate::shape::Moment;
use crate::state::{self, Branch, NewBranch, NewOperation, Purpose, RefChange, Snapshot};
use pleach_postgres::connect::Target;
use pleach_postgres::{Class, Error, Result, database};
use pleach_schema::{Hash, Tree, quote_ident};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::time::Instant;
use time::OffsetDateTime;

/// A branch that was made.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Created {
    /// Its name.
    pub name: String,
    /// The commit it begins at.
    #[schemars(with = "String")]
    pub head: Hash,
    /// Its database.
    pub database: String,
    /// How its database was cloned: `copy_on_write`, `file_copy` or `wal_log`.
    pub clone_way: String,
    /// Whether the clone had been made ahead of time.
    pub warm: bool,
    /// How old its data is.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "Moment")]
    pub data_taken_at: OffsetDateTime,
    /// Microseconds that it took inside the core.
    pub microseconds: u64,
}

/// What there is to know of a branch.
#[derive(Debug, Clone, Serialize)]
pub struct BranchInfo {
    /// Its name.
    pub name: String,
    /// Its last commit.
    pub head: Hash,
    /// That commit's message.
    pub message: String,
    /// Commits it has that `main` has not.
    pub ahead: usize,
    /// Commits that `main` has and it has not.
    pub behind: usize,
    /// Whether it is the current branch.
    pub current: bool,
    /// Its database.
    pub database: String,
    /// The size of its database on disk, in bytes. Blocks shared with others count as its own.
    pub bytes: u64,
    /// Clients connected to it.
    pub connections: usize,
    /// Who made it.
    pub created_by: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// What it was made from.
    pub created_from: Option<String>,
    /// How its database was cloned.
    pub clone_way: String,
    /// How old its data is.
    #[serde(with = "time::serde::rfc3339")]
    pub data_taken_at: OffsetDateTime,
}

/// A branch that was deleted.
#[derive(Debug, Clone, Serialize)]
pub struct Deleted {
    /// Its name.
    pub name: String,
    /// Where it stood; `pleach undo` makes it again from there.
    pub head: Hash,
    /// Bytes that its database had.
    pub bytes: u64,
}

impl Project {
    /// Makes a branch from a revision (`main` without one). With a warm clone at hand that is one
    /// short transaction, whatever the size of the database.
    ///
    /// # Errors
    /// `invalid_branch_name`, `branch_exists`, `unknown_revision`.
    pub async fn create_branch(&mut self, name: &str, from: Option<&str>) -> Result<Created> {
        let started = Instant::now();
        state::names::check_branch_name(name)?;
        let from = from.unwrap_or(MAIN);
        let hash =
            state::revisions::resolve(self.state.client(), self.row.id, from, Some(&self.current_branch())).await?;
        let known = state::snapshots::latest(self.state.client(), self.row.id, hash).await?;
        if let Some(snapshot) = &known
            && let Some(branch) = self.branch_from_warm(name, from, snapshot).await?
        {
            return Ok(created(branch, true, started));
        }
        // Told before anything is cloned.
        if state::branches::find(self.state.client(), self.row.id, name).await?.is_some() {
            return Err(Error::new(Class::State, "branch_exists", "a branch of this name exists already")
                .on(format!("branch {name}"))
                .hint("choose another name, or `pleach checkout` this one"));
        }
        let journal = self.begin("branch create", &json!({ "branch": name })).await?;
        let outcome = async {
            let commit = self.commit_of(hash).await?;
            // Looked for again: only what is found after the journal was written stays.
            let snapshot = self.ensure_snapshot(&journal, &commit).await?;
            let (database, way) = self.clone_database(&journal, &snapshot.database, Purpose::Branch).await?;
            let way = way.as_str().to_owned();
            let (actor, project) = (self.context.actor.clone(), self.row.id);
            let transaction = self.state.transaction().await?;
            let new = new_branch(name, from, &snapshot, database, way, &actor);
            let branch = state::branches::insert(&transaction, project, &new).await?;
            state::operations::insert(&transaction, project, &made(&branch, &actor)).await?;
            journal.finish(&transaction).await?;
            transaction.commit().await?;
            Ok(branch)
        }
        .await;
        match outcome {
            Ok(branch) => {
                journal.release(self.state.client()).await?;
                Ok(created(branch, false, started))
            }
            Err(error) => Err(self.give_up(journal, error).await),
        }
    }

    /// Takes a clone from the warm pool: claimed, renamed and recorded in one transaction, because
    /// the catalog of databases is shared between the state database and the clone.
    async fn branch_from_warm(&mut self, name: &str, from: &str, snapshot: &Snapshot) -> Result<Option<Branch>> {
        let (actor, project, better) = (self.context.actor.clone(), self.row.id, self.database_name(name));
        let mut transaction = self.state.transaction().await?;
        let Some(clone) = state::warm::claim(&transaction, snapshot.id).await? else { return Ok(None) };
        let (clone, way) = (clone.database, clone.way);
        let mut database = clone.clone();
        let savepoint = transaction.transaction().await?;
        let rename = format!("ALTER DATABASE {} RENAME TO {}", quote_ident(&clone), quote_ident(&better));
        match savepoint.batch_execute(&rename).await {
            Ok(()) => {
                savepoint.commit().await?;
                state::databases::rename(&transaction, &clone, &better, Purpose::Branch).await?;
                database = better;
            }
            // Somebody looks into it, be it the server's own vacuum: the name is only a name.
            Err(_) => {
                savepoint.rollback().await?;
                state::databases::set_purpose(&transaction, &clone, Purpose::Branch).await?;
            }
        }
        let new = new_branch(name, from, snapshot, database, way, &actor);
        let branch = state::branches::insert(&transaction, project, &new).await?;
        state::operations::insert(&transaction, project, &made(&branch, &actor)).await?;
        transaction.commit().await?;
        Ok(Some(branch))
    }

    /// All branches, `main` first, then by name.
    pub async fn branches(&self) -> Result<Vec<BranchInfo>> {
        let mut branches = state::branches::list(self.state.client(), self.row.id).await?;
        branches.sort_by_key(|branch| (branch.name != MAIN, branch.name.clone()));
        self.infos(branches).await
    }

    /// One branch.
    pub async fn branch_info(&self, name: &str) -> Result<BranchInfo> {
        let branch = self.branch(name).await?;
        let mut infos = self.infos(vec![branch]).await?;
        infos.pop().ok_or_else(|| Error::new(Class::Internal, "internal", "one branch has one description"))
    }

    /// Describes branches, with a few queries for all of them.
    async fn infos(&self, branches: Vec<Branch>) -> Result<Vec<BranchInfo>> {
        let (client, project) = (self.state.client(), self.row.id);
        let main = self.branch(MAIN).await?.head;
        let current = self.current_branch();
        let heads: Vec<Hash> = branches.iter().map(|branch| branch.head).collect();
        let tips: Vec<Hash> = heads.iter().copied().chain([main]).collect();
        let dag = state::commits::ancestors(client, project, &tips).await?;
        let commits = state::commits::many(client, project, &heads).await?;
        let databases: Vec<&str> = branches.iter().map(|branch| branch.database.as_str()).collect();
        let mut usages = database::usage(&self.admin, &databases).await?;
        let infos = branches.into_iter().zip(commits).map(|(branch, head)| {
            let (ahead, behind) = if head.hash == main { (0, 0) } else { dag.apart(head.hash, main) };
            // A database that is gone takes nothing; `fsck` says that it is gone.
            let usage = usages.remove(&branch.database).unwrap_or_default();
            BranchInfo {
                current: branch.name == current,
                bytes: usage.bytes,
                connections: usage.connections,
                name: branch.name,
                head: head.hash,
                message: head.message,
                ahead,
                behind,
                database: branch.database,
                created_by: branch.created_by,
                created_at: branch.created_at,
                created_from: branch.created_from,
                clone_way: branch.clone_way,
                data_taken_at: branch.data_taken_at,
            }
        });
        Ok(infos.collect())
    }

    /// Makes a branch the current one of the project's folder.
    pub async fn checkout(&self, name: &str) -> Result<Branch> {
        let branch = self.branch(name).await?;
        config::write_head(&self.root, name)?;
        Ok(branch)
    }

    /// How to connect to a branch: as the project's own role, which may change the schema, or for
    /// `main` as one that may only read and write rows. `tcp` is for clients that know no sockets.
    pub async fn branch_target(&self, name: &str, tcp: bool) -> Result<Target> {
        let branch = self.branch(name).await?;
        let target = match self.cluster.as_ref().filter(|_| tcp) {
            Some(cluster) => cluster.tcp_target(&branch.database),
            None => self.target.with_database(&branch.database),
        };
        let login = if self.is_main(name) { &self.secrets.data } else { &self.secrets.owner };
        Ok(match login {
            Some(login) => target.with_role(&login.role, &login.password),
            None => target,
        })
    }

    /// Deletes a branch and its database.
    ///
    /// # Errors
    /// `main_protected`; `branch_not_merged` when it has commits or changes that nothing else has
    /// and `force` is not set.
    pub async fn delete_branch(&mut self, name: &str, force: bool) -> Result<Deleted> {
        if self.is_main(name) {
            return Err(main_is_protected("main cannot be deleted"));
        }
        let (lock, branch) = self.hold_branch(name).await?;
        let outcome = self.delete_held(&branch, force).await;
        lock.release(self.state.client()).await?;
        outcome
    }

    async fn delete_held(&mut self, branch: &Branch, force: bool) -> Result<Deleted> {
        let name = branch.name.as_str();
        if !force {
            self.require_merged(branch).await?;
        }
        let bytes = database::size(&self.admin, &branch.database).await?;
        let operation = NewOperation {
            actor: self.context.actor.clone(),
            kind: "branch delete".to_owned(),
            summary: format!("delete branch {name}"),
            details: json!({ "created_from": branch.created_from }),
            refs: vec![RefChange { branch: name.to_owned(), before: Some(branch.head), after: None }],
            undoes: None,
        };
        self.forget_branch(branch, &operation).await?;
        if config::read_head(&self.root) == name {
            config::write_head(&self.root, MAIN)?;
        }
        Ok(Deleted { name: name.to_owned(), head: branch.head, bytes })
    }

    pub(crate) async fn forget_branch(&mut self, branch: &Branch, operation: &NewOperation) -> Result<()> {
        let project = self.row.id;
        let transaction = self.state.transaction().await?;
        if let Some(open) = state::merges::open_into(&transaction, project, &branch.name).await? {
            state::merges::abort(&transaction, &open).await?;
        }
        state::branches::delete(&transaction, branch).await?;
        state::operations::insert(&transaction, project, operation).await?;
        state::databases::set_dropping(&transaction, &branch.database).await?;
        transaction.commit().await?;
        self.checkpoint("branch forgotten");
        self.drop_database(&branch.database).await
    }

    async fn require_merged(&self, branch: &Branch) -> Result<()> {
        let uncommitted = self.has_uncommitted(branch).await?;
        let project = self.row.id;
        let mut merged = false;
        for other in state::branches::list(self.state.client(), project).await? {
            merged |= other.name != branch.name
                && state::commits::is_ancestor(self.state.client(), project, branch.head, other.head).await?;
        }
        let what = match (uncommitted, merged) {
            (true, _) => "it has changes that are not committed",
            (false, false) => "it has commits that no other branch has",
            (false, true) => return Ok(()),
        };
        Err(Error::new(Class::Unsafe, "branch_not_merged", format!("{what}; deleting it would lose them"))
            .on(format!("branch {}", branch.name))
            .hint("merge or commit first, or delete it all the same with `--force`"))
    }

    /// Whether a branch's schema is another than that of its head.
    pub(crate) async fn has_uncommitted(&self, branch: &Branch) -> Result<bool> {
        let tree = self.tree_at(branch.head).await?;
        let live = self.live_tree(branch, &tree).await?;
        Ok(!pleach_change::diff(&tree, &live.tree).is_empty())
    }

    /// Reads what a branch's database holds now.
    pub(crate) async fn live_tree(&self, branch: &Branch, head: &Tree) -> Result<identity::Live> {
        let mut session = self.session(&branch.database).await?;
        identity::read_once(&mut session, &self.own_roles(), Newcomers::Carry(head)).await
    }

    /// Refuses while a branch's schema is not that of its head.
    pub(crate) async fn require_clean(&self, branch: &Branch, head: &Tree) -> Result<()> {
        let live = self.live_tree(branch, head).await?;
        if live.tree == *head {
            return Ok(());
        }
        Err(unclean(branch, &crate::apply::differences(head, &live.tree)))
    }
}

/// The error for a branch whose schema is not that of its head.
pub(crate) fn unclean(branch: &Branch, differences: &str) -> Error {
    let error = |code, message: String| Error::new(Class::State, code, message).on(format!("branch {}", branch.name));
    if branch.name == MAIN {
        return error("drift", format!("somebody changed main's schema outside of Pleach: {differences}"))
            .hint("undo the change by hand, or record it with `pleach commit --branch main --adopt -m …`");
    }
    error("uncommitted_changes", format!("the branch has changes that are not committed: {differences}"))
        .hint("commit them first: `pleach commit -m …`")
}

fn new_branch(name: &str, from: &str, snapshot: &Snapshot, database: String, way: String, actor: &str) -> NewBranch {
    NewBranch {
        name: name.to_owned(),
        head: snapshot.commit,
        database,
        created_by: actor.to_owned(),
        created_from: Some(from.to_owned()),
        data_taken_at: snapshot.taken_at,
        clone_way: way,
    }
}

fn made(branch: &Branch, actor: &str) -> NewOperation {
    NewOperation {
        actor: actor.to_owned(),
        kind: "branch create".to_owned(),
        summary: format!("create branch {}", branch.name),
        details: json!({ "from": branch.created_from }),
        refs: vec![RefChange { branch: branch.name.clone(), before: None, after: Some(branch.head) }],
        undoes: None,
    }
}

fn created(branch: Branch, warm: bool, started: Instant) -> Created {
    Created {
        name: branch.name,
        head: branch.head,
        database: branch.database,
        clone_way: branch.clone_way,
        warm,
        data_taken_at: branch.data_taken_at,
        microseconds: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
    }
}
