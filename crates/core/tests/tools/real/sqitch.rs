//! Sqitch.

use super::{benches, run};
use crate::fixture::Fixture;
use std::process::Command;

#[tokio::test]
async fn sqitch_runs_it() {
    for fixture in [Fixture::online().with_carriage_returns(), Fixture::short()] {
        for bench in benches("sqitch", &fixture, "").await {
            bench.file("sqitch.conf", "[core]\n\tengine = pg\n");
            let sqitch = |arguments: &[&str]| {
                let mut sqitch = Command::new("sqitch");
                sqitch.args(arguments).arg(format!("db:pg:{}", bench.database)).current_dir(bench.path());
                sqitch.env("PGHOST", bench.host()).env("PGUSER", "tester");
                run(sqitch.env("SQITCH_FULLNAME", "Ann").env("SQITCH_EMAIL", "ann@example.org"));
            };
            sqitch(&["deploy"]);
            bench.is_up(&["sqitch"]).await;
            sqitch(&["revert", "-y"]);
            bench.is_down(&["sqitch"]).await;
        }
    }
}
