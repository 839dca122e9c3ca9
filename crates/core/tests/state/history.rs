//! Commits, branches, revisions and the operation log.

use crate::fixture::{Fixture, new_branch, new_commit, tree};
use crate::support::servers;
use futures_util::future::join_all;
use pleach_core::state::{
    self, Dag, NewCommit, NewOperation, Purpose, RefChange, branches, commits, databases, fsck, operations, revisions,
    trees,
};
use pleach_schema::Hash;
use serde_json::json;
use std::collections::BTreeSet;
use time::OffsetDateTime;

#[tokio::test]
async fn commits_are_what_their_hash_says() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let (db, project) = (f.state.client(), f.project.id);
        let root = trees::put_tree(db, &tree(1), None).await.unwrap();
        let new = new_commit("one", root.root, root.content);
        let commit = commits::insert(db, project, &new).await.unwrap();
        assert_eq!(commit, commits::insert(db, project, &new).await.unwrap());
        assert_eq!((commit.hash, commit.generation), (new.hash(), 1));
        assert_eq!(commit.expected_hash(), commit.hash);
        assert_eq!(commit.at.nanosecond(), 123_456_000);
        assert_eq!(commits::get_by_hash(db, project, commit.hash).await.unwrap(), commit);

        let two = f.commit("two", 1, &[commit.hash]).await;
        let three = f.commit("three", 1, &[commit.hash]).await;
        let merge = f.commit("merge", 1, &[two, three]).await;
        assert_ne!(merge, f.commit("merge", 1, &[three, two]).await, "the order of parents counts");
        assert_eq!(commits::get_by_hash(db, project, merge).await.unwrap().generation, 3);
        assert_eq!(commits::parents(db, project, merge).await.unwrap(), [two, three]);
        assert_eq!(commits::merge_bases(db, project, two, three).await.unwrap(), [commit.hash]);
        assert!(commits::is_ancestor(db, project, commit.hash, merge).await.unwrap());
        assert!(!commits::is_ancestor(db, project, merge, commit.hash).await.unwrap());
        let log = commits::log(db, project, merge, 10).await.unwrap();
        assert_eq!(log.len(), 4);
        assert_eq!((log[0].hash, log[3].hash), (merge, commit.hash));
        assert_eq!(commits::log(db, project, merge, 1).await.unwrap().len(), 1);

        let orphan = NewCommit { parents: vec![Hash::of(b"nobody")], ..new };
        assert_eq!(commits::insert(db, project, &orphan).await.unwrap_err().code, "unknown_parent");
        let nobody = commits::ancestors(db, project, &[Hash::of(b"nobody")]).await;
        assert_eq!(nobody.err().unwrap().code, "unknown_commit");
        assert_eq!(Dag::default().merge_bases(two, three), [], "nothing is known, nothing is common");
    }
}

#[tokio::test]
async fn branches_are_made_moved_and_deleted() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let (db, project) = (f.state.client(), f.project.id);
        let one = f.commit("one", 1, &[]).await;
        let two = f.commit("two", 2, &[one]).await;
        let branch = f.branch("agent/claude-auth", one).await;
        assert_eq!(branches::get_named(db, project, "agent/claude-auth").await.unwrap(), branch);
        assert_eq!(branches::list(db, project).await.unwrap().len(), 1);
        let error = branches::get_named(db, project, "agent/claude-aut").await.unwrap_err();
        assert_eq!((error.code, error.hint.as_deref()), ("unknown_branch", Some("did you mean agent/claude-auth?")));

        f.register("spare", Purpose::Branch).await;
        let again = branches::insert(db, project, &new_branch("agent/claude-auth", one, "spare")).await;
        assert_eq!(again.unwrap_err().code, "branch_exists");
        let invalid = branches::insert(db, project, &new_branch("a..b", one, "spare")).await;
        assert_eq!(invalid.unwrap_err().code, "invalid_branch_name");

        branches::move_head(db, &branch, two).await.unwrap();
        assert_eq!(branches::move_head(db, &branch, two).await.unwrap_err().code, "branch_moved");
        assert_eq!(branches::delete(db, &branch).await.unwrap_err().code, "branch_moved");
        branches::set_database(db, &branch, "spare", OffsetDateTime::UNIX_EPOCH, "copy").await.unwrap();
        let branch = branches::get_for_update(db, project, &branch.name).await.unwrap();
        assert_eq!((branch.head, branch.database.as_str(), branch.clone_way.as_str()), (two, "spare", "copy"));
        assert!(databases::forget(db, "spare").await.is_err(), "a branch needs it");
        branches::delete(db, &branch).await.unwrap();
        databases::forget(db, "spare").await.unwrap();
    }
}

#[tokio::test]
async fn revisions_are_read_as_in_git() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let (db, project) = (f.state.client(), f.project.id);
        let one = f.commit("one", 1, &[]).await;
        let two = f.commit("two", 1, &[one]).await;
        let side = f.commit("side", 1, &[one]).await;
        let merge = f.commit("merge", 1, &[two, side]).await;
        f.branch("main", merge).await;
        f.branch("side", side).await;
        let resolve = async |revision: &str| revisions::resolve(db, project, revision, Some("main")).await;
        let expected = [
            ("main", merge),
            ("HEAD", merge),
            ("@", merge),
            ("@~", two),
            ("main^", two),
            ("main^2", side),
            ("main^2~1", one),
            ("main~2", one),
            ("main^^", one),
            ("main~0", merge),
            ("main^0", merge),
            (&one.to_string(), one),
            (&side.to_string()[..12], side),
            (&side.to_string()[..12].to_uppercase(), side),
            (&format!("{}^2~", merge.short()), one),
        ];
        for (revision, commit) in expected {
            assert_eq!(resolve(revision).await.unwrap(), commit, "{revision}");
        }
        let errors = [
            ("main~3", "no_such_ancestor"),
            ("main^3", "no_such_ancestor"),
            ("main~1000000", "no_such_ancestor"),
            ("nowhere", "unknown_revision"),
            ("ffff0000", "unknown_revision"),
            ("~1", "invalid_revision"),
        ];
        for (revision, code) in errors {
            assert_eq!(resolve(revision).await.unwrap_err().code, code, "{revision}");
        }
        assert_eq!(resolve("sied").await.unwrap_err().hint.as_deref(), Some("did you mean side?"));
        assert_eq!(revisions::resolve(db, project, "@", None).await.unwrap_err().code, "no_current_branch");
    }
}

#[tokio::test]
async fn an_ambiguous_prefix_lists_its_candidates() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let (db, project) = (f.state.client(), f.project.id);
        let one = f.commit("one", 1, &[]).await;
        let mut twin = one;
        twin.0[31] ^= 1;
        let copy = "insert into pleach.commit select project_id, $1, tree, root, parents, author, message, at,
            data_steps, generation from pleach.commit";
        db.execute(copy, &[&twin.0.as_slice()]).await.unwrap();
        let error = revisions::resolve(db, project, &one.to_string()[..9], None).await.unwrap_err();
        assert_eq!(error.code, "ambiguous_revision");
        assert!(error.hint.unwrap().contains(&one.to_string()[..13]));
        assert_eq!(revisions::resolve(db, project, &one.to_string(), None).await.unwrap(), one);
        assert_eq!(commits::with_prefix(db, project, &one.to_string()[..63], 10).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn of_many_that_move_a_branch_one_wins_each_time() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let one = f.commit("one", 1, &[]).await;
        let branch = f.branch("main", one).await;
        let moving = (0..16).map(|number: i32| {
            let (f, branch) = (&f, &branch);
            async move {
                let db = f.server.connect(&f.database).await;
                let stored = trees::put_tree(&db, &tree(1), None).await.unwrap();
                let new = new_commit(&number.to_string(), stored.root, stored.content);
                let new = NewCommit { parents: vec![one], ..new };
                let commit = commits::insert(&db, f.project.id, &new).await.unwrap();
                branches::move_head(&db, branch, commit.hash).await.is_ok()
            }
        });
        let won = join_all(moving).await;
        assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
    }
}

#[tokio::test]
async fn the_same_commit_may_be_inserted_by_many_at_once() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let project = f.project.id;
        let inserting = (0..16).map(|_| async {
            let db = f.server.connect(&f.database).await;
            let root = trees::put_tree(&db, &tree(50), None).await.unwrap();
            commits::insert(&db, project, &new_commit("same", root.root, root.content)).await.unwrap()
        });
        let inserted: BTreeSet<Hash> = join_all(inserting).await.into_iter().map(|commit| commit.hash).collect();
        assert_eq!(inserted.len(), 1);
        assert_eq!(fsck::verify_all(f.state.client(), |_| ()).await.unwrap(), []);
    }
}

#[tokio::test]
async fn operations_are_logged_and_undone_once() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let (db, project) = (f.state.client(), f.project.id);
        let change = RefChange { branch: "main".into(), before: None, after: Some(Hash::of(b"x")) };
        let new = |kind: &str, undoes| NewOperation {
            actor: "ann".into(),
            kind: kind.into(),
            summary: format!("a {kind}"),
            details: json!({"n": 1}),
            refs: vec![change.clone()],
            undoes,
        };
        let first = operations::insert(db, project, &new("commit", None)).await.unwrap();
        let second = operations::insert(db, project, &new("merge", None)).await.unwrap();
        assert_eq!(operations::latest_not_undone(db, project).await.unwrap().unwrap().id, second);
        let undo = operations::insert(db, project, &new("undo", Some(second))).await.unwrap();
        assert_eq!(operations::undone_by(db, second).await.unwrap(), Some(undo));
        let again = operations::insert(db, project, &new("undo", Some(second))).await;
        assert_eq!(again.unwrap_err().code, "already_undone");
        let latest = operations::latest_not_undone(db, project).await.unwrap().unwrap();
        assert_eq!((latest.id, latest.refs.as_slice()), (first, &[change.clone()][..]));
        let listed: Vec<_> = operations::list(db, project, 2).await.unwrap().iter().map(|o| o.id).collect();
        assert_eq!(listed, [undo, second]);
        assert_eq!(operations::get_by_id(db, project, first).await.unwrap().kind, "commit");
        let unknown = operations::get_by_id(db, project, state::OperationId(99)).await;
        assert_eq!(unknown.unwrap_err().code, "unknown_operation");
    }
}
