//! Merges and their conflicts.

use crate::fixture::Fixture;
use crate::support::servers;
use pleach_core::state::{self, MergeState, NewConflict, NewMerge, conflicts, merges};
use serde_json::json;
use std::collections::BTreeMap;

#[tokio::test]
async fn one_merge_into_a_branch_is_open_at_a_time() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let (db, project) = (f.state.client(), f.project.id);
        let one = f.commit("one", 1, &[]).await;
        let new = NewMerge {
            source: "agent/x".into(),
            target: "main".into(),
            base: vec![one],
            ours: one,
            theirs: one,
            actor: "ann".into(),
            auto_resolve: false,
        };
        let merge = merges::insert(db, project, &new).await.unwrap();
        assert_eq!(merges::insert(db, project, &new).await.unwrap_err().code, "merge_open");
        assert_eq!(merges::open_into(db, project, "main").await.unwrap(), Some(merge.clone()));
        let aside = merges::insert(db, project, &NewMerge { target: "aside".into(), ..new.clone() }).await.unwrap();
        assert_eq!(merges::open(db, project).await.unwrap().len(), 2);
        merges::rebase(db, &aside, &[one, one], one, one).await.unwrap();
        assert_eq!(merges::get_by_id(db, project, aside.id).await.unwrap().base.len(), 2);

        merges::finish(db, &merge, one, &json!({"equal": true})).await.unwrap();
        assert_eq!(merges::abort(db, &merge).await.unwrap_err().code, "merge_closed");
        let closed = merges::of_result(db, project, one).await.unwrap().unwrap();
        assert_eq!((closed.state, closed.proof), (MergeState::Merged, Some(json!({"equal": true}))));
        merges::abort(db, &aside).await.unwrap();
        assert!(merges::open(db, project).await.unwrap().is_empty());
        merges::insert(db, project, &new).await.unwrap();
        assert_eq!(merges::list(db, project, 10).await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn conflicts_keep_their_number_and_their_resolution() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let (db, project) = (f.state.client(), f.project.id);
        let one = f.commit("one", 1, &[]).await;
        let new = NewMerge {
            source: "agent/x".into(),
            target: "main".into(),
            base: vec![one],
            ours: one,
            theirs: one,
            actor: "ann".into(),
            auto_resolve: true,
        };
        let merge = merges::insert(db, project, &new).await.unwrap();
        let conflict = |key: &str, body| NewConflict { key: key.into(), kind: "edit/edit".into(), body: json!(body) };
        let first = conflicts::put(db, &merge, &[conflict("a", 1), conflict("b", 1), conflict("c", 1)]).await.unwrap();
        assert_eq!(first.iter().map(|c| c.key.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        for id in [first[0].id, first[1].id] {
            let resolved = conflicts::resolve(db, project, id, &json!("ours"), "bob").await.unwrap();
            assert_eq!(resolved.resolved_by.as_deref(), Some("bob"));
        }
        // Tried again: `a` is as it was and resolved, `b` says something else, `c` is gone.
        let second = conflicts::put(db, &merge, &[conflict("a", 1), conflict("b", 2), conflict("d", 1)]).await.unwrap();
        let seen: BTreeMap<&str, (bool, bool)> = second
            .iter()
            .map(|c| (c.key.as_str(), (c.resolution.is_some(), first.iter().any(|f| f.id == c.id))))
            .collect();
        assert_eq!(seen, BTreeMap::from([("a", (true, true)), ("b", (false, true)), ("d", (false, false))]));
        // Resolved ones stay while they are out of the way.
        assert_eq!(conflicts::put(db, &merge, &[]).await.unwrap().len(), 1);

        merges::abort(db, &merge).await.unwrap();
        let late = conflicts::resolve(db, project, first[0].id, &json!("ours"), "bob").await;
        assert_eq!(late.unwrap_err().code, "merge_closed");
        let unknown = conflicts::resolve(db, project, state::ConflictId(99), &json!("ours"), "bob").await;
        assert_eq!(unknown.unwrap_err().code, "unknown_conflict");
    }
}
