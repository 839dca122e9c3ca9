//! Coordination: agents say what they are going to change, and hear at once whom that collides with.
//!
//! What a change touches is told from its text first (`survey`), then by running it where it can
//! be taken back (`judge`). Intents are matched through keys in the state database, so the cost of
//! a registration follows its matches and not the number of intents. Each pair that touches is run
//! in both orders (`verdict`), and what comes of it is kept as conflicts (`settle`).

mod access;
mod again;
mod declare;
mod guard;
mod info;
mod judge;
mod locks;
mod moves;
mod pairs;
mod partitions;
mod pipeline;
mod rows;
mod settle;
mod shapes;
mod stats;
mod survey;
mod verdict;

pub use declare::{Declaration, IntentCheck, Registered};
pub use info::{ConflictInfo, IntentInfo};
pub use locks::LockRequest;
pub use partitions::{Outside, PartitionStanding};
pub(crate) use pipeline::Closing;
pub use pipeline::{Merged, Order, Pipeline, Skipped};
pub use shapes::answers;
pub use stats::Stats;

use pleach_change::footprint::Surroundings;
use pleach_schema::Hash;
use std::sync::Arc;

/// The head of `main`, made ready to be asked by name.
#[derive(Clone)]
pub(crate) struct HeadOfMain {
    commit: Hash,
    around: Arc<Surroundings>,
}
