//! Working a merge out: the merged tree, and the way to it past every data step.

use super::Sides;
use super::remedy::Decisions;
use crate::pool::plain;
use crate::project::Project;
use crate::prove::Leg;
use crate::state::{self, Commit, Dag, DataStep, JournalGuard};
use pleach_change::{Choice, Conflict, merge, merge_bases};
use pleach_postgres::Result;
use pleach_schema::{Hash, Tree};
use std::collections::HashSet;

/// A merge that has been worked out, conflicts and all.
pub(super) struct Worked {
    /// The way from our tree to the merged one, never empty without conflicts.
    pub stretches: Vec<Stretch>,
    pub conflicts: Vec<Conflict>,
    pub settled: Vec<(Conflict, Choice)>,
}

/// One stretch of the way: where it leads, and the data steps on it.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    pub tree: Tree,
    pub steps: Vec<DataStep>,
}

impl Worked {
    /// The way as it is planned.
    pub fn legs(&self) -> Vec<Leg> {
        let leg = |stretch: &Stretch| Leg {
            tree: stretch.tree.clone(),
            data: stretch.steps.iter().cloned().map(plain).collect(),
        };
        self.stretches.iter().map(leg).collect()
    }

    /// How many data steps come along.
    pub fn data_steps(&self) -> usize {
        self.stretches.iter().map(|stretch| stretch.steps.len()).sum()
    }
}

/// A state on their line of history with data steps that lead to it.
struct Station {
    commit: Commit,
    /// The tree that the steps run toward, where that is not the commit's own.
    toward: Option<Hash>,
    steps: Vec<DataStep>,
}

impl Project {
    /// The best common states of two commits.
    pub(crate) async fn merge_bases(&self, a: Hash, b: Hash) -> Result<Vec<Hash>> {
        state::commits::merge_bases(self.state.client(), self.row.id, a, b).await
    }

    /// The tree that two histories both come from. Where they cross there are several common
    /// states: these are merged first, from what they come from in turn.
    pub(crate) async fn base_tree(&self, bases: &[Hash]) -> Result<Tree> {
        let Some((first, rest)) = bases.split_first() else { return Ok(Tree::default()) };
        let mut tree = self.tree_at(*first).await?;
        for other in rest {
            let below = self.merge_bases(*first, *other).await?;
            let below = Box::pin(self.base_tree(&below)).await?;
            tree = merge_bases(&below, &tree, &self.tree_at(*other).await?);
        }
        Ok(tree)
    }

    /// The merged tree, and the way to it: a stretch for each state of theirs with data steps, so
    /// that every step meets the schema it was written for, as far as our side allows.
    pub(super) async fn work_out(
        &mut self,
        journal: &JournalGuard,
        sides: &Sides,
        decisions: &Decisions,
        auto: bool,
    ) -> Result<Worked> {
        let merged = merge(&sides.base_tree, &sides.ours_tree, &sides.theirs_tree, &decisions.choices, auto);
        if !merged.conflicts.is_empty() {
            let (conflicts, settled) = (merged.conflicts, merged.settled);
            return Ok(Worked { stretches: Vec::new(), conflicts, settled });
        }
        let settled = merged.settled.clone();
        let ours = (&sides.ours, &sides.ours_tree);
        let goal = match merged.stale.is_empty() {
            true => merged.tree,
            false => self.carry(journal, ours, (&sides.theirs, &merged.theirs), &merged).await?,
        };
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut steps = Vec::new();
        for station in self.stations(sides).await? {
            steps.extend(station.steps.iter().cloned());
            if station.commit.hash == sides.theirs.hash && station.toward.is_none() {
                continue;
            }
            let at = stretches.last().map_or(&sides.ours_tree, |stretch| &stretch.tree);
            if let Some(tree) = self.merged_at(journal, sides, &station, decisions, auto).await?
                && leads_on(at, &tree, &goal)
            {
                stretches.push(Stretch { tree, steps: std::mem::take(&mut steps) });
            }
        }
        stretches.push(Stretch { tree: goal, steps });
        Ok(Worked { stretches, conflicts: Vec::new(), settled })
    }

    /// What the merge would give if their side ended at this station; `None` where that is no
    /// schema by itself.
    async fn merged_at(
        &mut self,
        journal: &JournalGuard,
        sides: &Sides,
        station: &Station,
        decisions: &Decisions,
        auto: bool,
    ) -> Result<Option<Tree>> {
        let (there, came_from) = match (station.toward, station.commit.parents.first()) {
            (Some(root), Some(parent)) => (state::trees::get_tree(self.state.client(), root).await?, *parent),
            _ => (self.tree(&station.commit).await?, station.commit.hash),
        };
        let bases = self.merge_bases(sides.ours.hash, came_from).await?;
        let base = self.base_tree(&bases).await?;
        let merged = merge(&base, &sides.ours_tree, &there, &decisions.choices, auto);
        Ok(match (merged.conflicts.is_empty(), merged.stale.is_empty(), station.toward) {
            (true, true, _) => Some(merged.tree),
            (true, false, None) => {
                let theirs = (&station.commit, &merged.theirs);
                Some(self.carry(journal, (&sides.ours, &sides.ours_tree), theirs, &merged).await?)
            }
            _ => None,
        })
    }

    /// The states with data steps on their own line of history that ours has not, oldest first,
    /// each step once. A merge commit on that line holds what came in by it.
    async fn stations(&self, sides: &Sides) -> Result<Vec<Station>> {
        let (client, project) = (self.state.client(), self.row.id);
        let ours: Dag = state::commits::ancestors(client, project, &[sides.ours.hash]).await?;
        let mut line = Vec::new();
        let mut at = Some(sides.theirs.clone());
        while let Some(commit) = at.filter(|commit| ours.get(commit.hash).is_none()) {
            at = match commit.parents.first() {
                Some(parent) => Some(self.commit_of(*parent).await?),
                None => None,
            };
            line.push(commit);
        }
        let mut seen = HashSet::new();
        let mut stations: Vec<Station> = Vec::new();
        for commit in line.into_iter().rev() {
            for step in &commit.data_steps {
                let origin = step.origin.unwrap_or(commit.hash);
                if ours.get(origin).is_some() || !seen.insert((origin, step.name.clone(), step.sql.clone())) {
                    continue;
                }
                let carried = DataStep { origin: Some(origin), toward: None, ..step.clone() };
                let same = |s: &&mut Station| s.commit.hash == commit.hash && s.toward == step.toward;
                match stations.last_mut().filter(same) {
                    Some(station) => station.steps.push(carried),
                    None => {
                        let (commit, toward) = (commit.clone(), step.toward);
                        stations.push(Station { commit, toward, steps: vec![carried] });
                    }
                }
            }
        }
        Ok(stations)
    }
}

/// Whether a tree can lie between two others: nothing that holds data goes there and comes back.
fn leads_on(at: &Tree, tree: &Tree, goal: &Tree) -> bool {
    at.iter()
        .filter(|(address, entry)| address.kind.holds_data() && goal.address(entry.lineage).is_some())
        .all(|(_, entry)| tree.address(entry.lineage).is_some())
}
