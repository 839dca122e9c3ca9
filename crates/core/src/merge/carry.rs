//! Definitions through renames that the other side made: PostgreSQL writes them again.

use crate::apply;
use crate::identity::{Newcomers, read};
use crate::project::Project;
use crate::prove::unplannable;
use crate::state::{Commit, JournalGuard};
use pleach_change::merge::{Side, in_merged_names, restated};
use pleach_change::{Merged, plan};
use pleach_postgres::Result;
use pleach_schema::Tree;

impl Project {
    /// The merged tree with every text in the merged names. Each side's definitions are taken
    /// through the other side's renames in a scratch database of that side, because there
    /// PostgreSQL itself carries names into everything it has parsed.
    pub(crate) async fn carry(
        &mut self,
        journal: &JournalGuard,
        ours: (&Commit, &Tree),
        theirs: (&Commit, &Tree),
        merged: &Merged,
    ) -> Result<Tree> {
        let mut written = Vec::new();
        for (side, (commit, tree)) in [(Side::Ours, ours), (Side::Theirs, theirs)] {
            written.push(match merged.stale.iter().any(|stale| stale.side == side) {
                true => Some(self.through_renames(journal, commit, tree, &merged.tree).await?),
                false => None,
            });
        }
        let theirs = written.pop().flatten();
        let ours = written.pop().flatten();
        Ok(restated(merged, ours.as_ref(), theirs.as_ref()))
    }

    /// What a commit's schema looks like in the merged names.
    async fn through_renames(
        &mut self,
        journal: &JournalGuard,
        commit: &Commit,
        tree: &Tree,
        merged: &Tree,
    ) -> Result<Tree> {
        let goal = in_merged_names(tree, merged);
        let renames = plan(tree, &goal, &[]).map_err(unplannable)?;
        let snapshot = self.ensure_snapshot(journal, commit).await?;
        let (scratch, _) = self.scratch_of(journal, &snapshot).await?;
        let outcome = async {
            let mut session = self.session(&scratch).await?;
            let transaction = session.transaction().await?;
            apply::run(&transaction, &renames, self.own_role()).await?;
            let live = read(&transaction, &self.own_roles(), Newcomers::Expect(&goal)).await?;
            transaction.rollback().await?;
            session.close().await;
            Ok::<_, pleach_postgres::Error>(live.tree)
        }
        .await;
        self.discard_database(&scratch).await?;
        outcome
    }
}
