//! Opening the state database, and the projects in it.

use crate::fixture::Fixture;
use crate::support::servers;
use pleach_core::state::{State, branches, commits, databases, projects, revisions};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_may_migrate_at_once() {
    for server in servers() {
        let database = server.database().await;
        let opening: Vec<_> = (0..16)
            .map(|_| {
                let database = database.clone();
                tokio::spawn(async move { State::open(server.connect(&database).await).await.unwrap() })
            })
            .collect();
        for state in opening {
            let state = state.await.unwrap();
            let row =
                state.client().query_one("select count(*) = max(version) from pleach.migration", &[]).await.unwrap();
            assert!(row.get::<_, bool>(0), "each version once");
        }
    }
}

#[tokio::test]
async fn a_state_from_a_newer_version_is_refused() {
    for server in servers() {
        let f = Fixture::new(server).await;
        f.state.client().execute("insert into pleach.migration values (99, 'future')", &[]).await.unwrap();
        let error = State::open(server.connect(&f.database).await).await.err().unwrap();
        assert_eq!(error.code, "state_too_new");
    }
}

#[tokio::test]
async fn a_project_has_one_name_and_stays_while_it_has_databases() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let db = f.state.client();
        assert_eq!(projects::create(db, "shop", "o", &json!({})).await.unwrap_err().code, "project_exists");
        let error = projects::get_named(db, "shpo").await.unwrap_err();
        assert_eq!((error.code, error.hint.as_deref()), ("unknown_project", Some("did you mean shop?")));
        projects::set_settings(db, f.project.id, &json!({"warm": 3})).await.unwrap();
        assert_eq!(projects::get_named(db, "shop").await.unwrap().settings, json!({"warm": 3}));

        let head = f.commit("one", 1, &[]).await;
        let branch = f.branch("main", head).await;
        assert_eq!(projects::delete(db, f.project.id).await.unwrap_err().code, "project_has_databases");
        branches::delete(db, &branch).await.unwrap();
        databases::forget(db, &branch.database).await.unwrap();
        projects::delete(db, f.project.id).await.unwrap();
        assert!(projects::list(db).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn projects_do_not_see_each_other() {
    for server in servers() {
        let f = Fixture::new(server).await;
        let db = f.state.client();
        let other = projects::create(db, "other", "owner", &json!({})).await.unwrap();
        let head = f.commit("one", 1, &[]).await;
        f.branch("main", head).await;
        assert!(commits::find(db, other.id, head).await.unwrap().is_none());
        assert!(branches::find(db, other.id, "main").await.unwrap().is_none());
        assert_eq!(revisions::resolve(db, other.id, "main", None).await.unwrap_err().code, "unknown_revision");
    }
}
