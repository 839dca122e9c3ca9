//! `pleach coordinate`: what agents are going to change, and whom that collides with.

mod declare;
mod follow;
mod list;
mod moves;
mod pipeline;

use crate::app::App;
use crate::failure::Outcome;
use clap::Subcommand;
use pleach_core::state::Status;

/// Say what you are going to change, and hear whom that collides with
#[derive(Debug, Subcommand)]
pub enum Coordinate {
    Register(declare::Register),
    Check(declare::Check),
    ListIntents(list::ListIntents),
    Status(list::Status),
    Conflicts(list::Conflicts),
    Resolve(moves::Resolve),
    Start(moves::Start),
    Complete(moves::Complete),
    Submit(moves::Submit),
    Approve(moves::Approve),
    Reject(moves::Reject),
    Abandon(moves::Abandon),
    Review(moves::Review),
    MarkMerged(moves::MarkMerged),
    History(follow::History),
    Order(pipeline::Order),
    MergeCompleted(pipeline::MergeCompleted),
    Stats(follow::Stats),
    Watch(follow::Watch),
    Url(follow::Url),
    Schema(follow::Schema),
}

impl Coordinate {
    pub async fn run(self, app: &App) -> Outcome {
        match self {
            Self::Register(command) => command.run(app).await,
            Self::Check(command) => command.run(app).await,
            Self::ListIntents(command) => command.run(app).await,
            Self::Status(command) => command.run(app).await,
            Self::Conflicts(command) => command.run(app).await,
            Self::Resolve(command) => command.run(app).await,
            Self::Start(command) => command.to.run(app, Status::InProgress).await,
            Self::Complete(command) => command.to.run(app, Status::Completed).await,
            Self::Submit(command) => command.to.run(app, Status::PendingReview).await,
            Self::Approve(command) => command.run(app).await,
            Self::Reject(command) => command.run(app).await,
            Self::Abandon(command) => command.run(app).await,
            Self::Review(command) => command.run(app).await,
            Self::MarkMerged(command) => command.to.run(app, Status::Merged).await,
            Self::History(command) => command.run(app).await,
            Self::Order(command) => command.run(app).await,
            Self::MergeCompleted(command) => command.run(app).await,
            Self::Stats(command) => command.run(app).await,
            Self::Watch(command) => command.run(app).await,
            Self::Url(command) => command.run(app).await,
            Self::Schema(command) => command.run(app),
        }
    }
}
