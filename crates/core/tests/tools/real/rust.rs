//! refinery.

use super::benches;
use crate::fixture::Fixture;

#[tokio::test]
async fn refinery_runs_it() {
    let error = Fixture::online().render("refinery", std::path::Path::new("/nowhere")).unwrap_err();
    assert_eq!(error.code, "migration_tool_transaction");
    for bench in benches("refinery", &Fixture::short().with_carriage_returns(), "migrations").await {
        let migrations = refinery_core::load_sql_migrations(bench.path().join("migrations")).unwrap();
        let mut client = bench.server.connect(&bench.database).await;
        refinery_core::Runner::new(&migrations).run_async(&mut client).await.unwrap();
        bench.is_up(&["refinery_schema_history"]).await;
    }
}
