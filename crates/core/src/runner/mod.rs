//! Changing a live database: by a plan, or by migrations, statement by statement.
//!
//! What runs is a script, cut where it commits. A transaction waits for locks only briefly and is
//! tried again; what cannot be in one is looked at before it runs, so that it may have been cut off
//! at any instant. One runner at a time works on a database.

mod apply;
mod execute;
mod folder;
mod guard;
mod history;
mod losses;
mod migrate;
mod purge;
mod rollback;
mod settle;
mod status;

pub use apply::{ApplyReport, Prepared};
pub use folder::MigrationFolder;
pub use history::State as MigrationState;
pub use migrate::{Migrated, MigrationsRun, Run};
pub use purge::{KeptAside, kept_aside, purge};
pub use rollback::Rollback;
pub use status::{Checked, Deviation, Standing};

use crate::project::{APPLICATION, Context};
use pleach_postgres::Result;
use pleach_postgres::connect::{Session, Target, connect};

/// Connects to a database that is to be changed. Who works on it is seen in `pg_stat_activity`.
async fn open(target: &Target, context: &Context) -> Result<Session> {
    connect(target, &format!("{APPLICATION} ({})", context.actor)).await
}

/// The roles whose ownership goes without saying in a target.
fn own_roles(target: &Target) -> Vec<String> {
    vec![target.user().to_owned()]
}

/// Marks a place where a crash must do no harm.
fn checkpoint(context: &Context, name: &str) {
    if let Some(checkpoint) = &context.checkpoint {
        checkpoint(name);
    }
}
