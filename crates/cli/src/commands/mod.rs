//! The commands, one file each: the arguments with their help, then what happens.

mod apply;
mod branch;
mod checkout;
mod commit;
mod completions;
mod conflicts;
mod coordinate;
mod data;
mod diff;
mod down;
mod fsck;
mod init;
mod lint;
mod lock;
mod log;
mod merge;
mod migration;
mod op;
mod partition;
mod pg;
mod plan;
mod pool;
mod psql;
mod resolve;
mod revert;
mod scratch;
mod show;
mod snapshot;
mod sql;
mod status;
mod undo;
mod up;

use crate::app::App;
use crate::failure::Outcome;
use clap::Subcommand;

/// What can be done.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = false)]
pub enum Command {
    Init(init::Init),
    Up(up::Up),
    Down(down::Down),
    Status(status::Status),
    #[command(subcommand)]
    Pg(pg::Pg),
    #[command(subcommand)]
    Branch(branch::Branch),
    Checkout(checkout::Checkout),
    Psql(psql::Psql),
    Sql(sql::Sql),
    #[command(subcommand)]
    Snapshot(snapshot::Snapshot),
    Commit(commit::Commit),
    #[command(subcommand)]
    Data(data::Data),
    Diff(diff::Diff),
    Log(log::Log),
    Show(show::Show),
    Merge(merge::Merge),
    Conflicts(conflicts::Conflicts),
    Resolve(resolve::Resolve),
    Revert(revert::Revert),
    #[command(subcommand)]
    Op(op::Op),
    Undo(undo::Undo),
    #[command(subcommand)]
    Coordinate(coordinate::Coordinate),
    #[command(subcommand)]
    Lock(lock::Lock),
    #[command(subcommand)]
    Partition(partition::Partition),
    Plan(plan::Plan),
    Apply(apply::Apply),
    Lint(lint::Lint),
    #[command(subcommand)]
    Migration(migration::Migration),
    Fsck(fsck::Fsck),
    Completions(completions::Completions),
    #[command(subcommand, hide = true)]
    Pool(pool::Pool),
    #[command(subcommand, hide = true)]
    Scratch(scratch::Scratch),
}

impl Command {
    /// Runs the command.
    pub async fn run(self, app: &App) -> Outcome {
        match self {
            Self::Init(command) => command.run(app).await,
            Self::Up(command) => command.run(app).await,
            Self::Down(command) => command.run(app).await,
            Self::Status(command) => command.run(app).await,
            Self::Pg(command) => command.run(app).await,
            Self::Branch(command) => command.run(app).await,
            Self::Checkout(command) => command.run(app).await,
            Self::Psql(command) => command.run(app).await,
            Self::Sql(command) => command.run(app).await,
            Self::Snapshot(command) => command.run(app).await,
            Self::Commit(command) => command.run(app).await,
            Self::Data(command) => command.run(app).await,
            Self::Diff(command) => command.run(app).await,
            Self::Log(command) => command.run(app).await,
            Self::Show(command) => command.run(app).await,
            Self::Merge(command) => command.run(app).await,
            Self::Conflicts(command) => command.run(app).await,
            Self::Resolve(command) => command.run(app).await,
            Self::Revert(command) => command.run(app).await,
            Self::Op(command) => command.run(app).await,
            Self::Undo(command) => command.run(app).await,
            Self::Coordinate(command) => command.run(app).await,
            Self::Lock(command) => command.run(app).await,
            Self::Partition(command) => command.run(app).await,
            Self::Plan(command) => command.run(app).await,
            Self::Apply(command) => command.run(app).await,
            Self::Lint(command) => command.run(app).await,
            Self::Migration(command) => command.run(app).await,
            Self::Fsck(command) => command.run(app).await,
            Self::Completions(command) => command.run(),
            Self::Pool(command) => command.run(app).await,
            Self::Scratch(command) => command.run(app).await,
        }
    }
}
