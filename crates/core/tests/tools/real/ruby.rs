//! Rails, of which migrations need Active Record alone.

use super::{benches, run};
use crate::fixture::Fixture;
use std::process::Command;

#[tokio::test]
async fn rails_runs_it() {
    for fixture in [Fixture::online().with_carriage_returns(), Fixture::short()] {
        for bench in benches("rails", &fixture, "db/migrate").await {
            let migrate = |way: &str| {
                let script = format!(
                    "require 'active_record'\nActiveRecord::Base.establish_connection(adapter: 'postgresql', host: \
                     '{}', username: 'tester', database: '{}')\nmigrations = \
                     ActiveRecord::MigrationContext.new('db/migrate', ActiveRecord::SchemaMigration)\n\
                     migrations.{way}\n",
                    bench.host(),
                    bench.database
                );
                run(Command::new("ruby").args(["-e", &script]).current_dir(bench.path()));
            };
            migrate("migrate");
            bench.is_up(&["schema_migrations", "ar_internal_metadata"]).await;
            migrate("rollback(1)");
            bench.is_down(&["schema_migrations", "ar_internal_metadata"]).await;
        }
    }
}
