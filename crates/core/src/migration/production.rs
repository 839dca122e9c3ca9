//! What is known of the database that a migration is for.

use crate::apply::differences;
use crate::destroy::Loss;
use crate::planner::{Side, database};
use crate::project::{APPLICATION, Project};
use pleach_change::identified_by_name;
use pleach_postgres::Result;
use pleach_postgres::connect::{Target, connect};
use pleach_schema::{Lineage, Tree};
use std::collections::{HashMap, HashSet};

/// What is known of the database that a migration is for.
pub(super) struct Production {
    /// Bytes of its tables.
    pub sizes: HashMap<Lineage, u64>,
    /// What holds something there and would be destroyed; `None` where that is not known.
    holding: Option<Vec<Loss>>,
    /// That it is not where the migration starts.
    pub note: Option<String>,
}

impl Production {
    /// Looks at it, and changes nothing.
    pub async fn look(project: &Project, target: &Target, from: &Tree, to: &Tree) -> Result<Self> {
        let there = database(target, Side::From).await?;
        let tree = identified_by_name(&there.tree, from);
        let sizes = there.sizes.iter().filter_map(|(table, bytes)| Some((tree.lineage(table)?, *bytes))).collect();
        let same = tree == *from;
        let note = (!same).then(|| {
            format!("the target is not where the migration starts, which differs in {}", differences(&tree, from))
        });
        let mut holding = None;
        if same {
            let session = connect(target, APPLICATION).await?;
            holding = Some(project.losses(&session, from, to).await?);
            session.close().await;
        }
        Ok(Self { sizes, holding, note })
    }

    /// What holds something there or `here`; `None` where that is not known and may be everything.
    pub fn holding(&self, from: &Tree, here: &[Loss]) -> Option<HashSet<Lineage>> {
        let there = self.holding.as_ref()?;
        Some(there.iter().chain(here).filter_map(|loss| from.lineage(&loss.object)).collect())
    }
}
