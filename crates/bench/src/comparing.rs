//! Comparing, planning and merging trees in memory: no server has a part in it.

use crate::samples::{Samples, shown};
use crate::scene::Scene;
use crate::{Effort, Report};
use pleach_core::{Class, Error, Result};
use pleach_schema::Tree;
use std::collections::BTreeMap;
use std::hint::black_box;

const COLUMNS: &[&str] = &[
    "server",
    "schema",
    "objects",
    "objects changed",
    "diff",
    "diff, nothing shared",
    "plan, with its diff",
    "three-way merge",
    "hash",
];

/// Three trees as they come from the store, together: they share what they have in common.
pub struct Trees {
    /// Where both sides come from.
    pub base: Tree,
    /// With one table changed.
    pub ours: Tree,
    /// With one table in twenty changed.
    pub theirs: Tree,
    /// The same as `theirs`, read alone: as different in memory as what comes from a database.
    pub apart: Tree,
}

/// Runs each more often than what takes longer.
pub fn measure(report: &mut Report, scene: &Scene, trees: &Trees, effort: Effort) -> Result<()> {
    let Trees { base, ours, theirs, apart } = trees;
    let [mut diffs, mut diffs_apart, mut plans, mut merges, mut hashes] = [const { Samples::new() }; 5];
    let changed = pleach_change::diff(base, theirs).changes.len();
    for _ in 0..effort.runs * 3 {
        black_box(diffs.time(|| pleach_change::diff(base, theirs)));
        black_box(diffs_apart.time(|| pleach_change::diff(base, apart)));
        // A tree remembers its hash: each time another tree.
        let entries = theirs.shared().map(|(address, entry)| (address.clone(), entry.clone()));
        let fresh = Tree::from_entries(entries).map_err(|error| unexpected("damaged_tree", &error))?;
        black_box(hashes.time(|| fresh.hash()));
    }
    for _ in 0..effort.runs {
        let plan = plans.time(|| pleach_change::plan(base, theirs, &[]));
        black_box(plan.map_err(|error| unexpected("cannot_plan", &error))?);
        black_box(merges.time(|| pleach_change::merge::merge(base, ours, theirs, &BTreeMap::new(), false)));
    }
    let row = vec![
        scene.server.clone(),
        scene.name.clone(),
        theirs.len().to_string(),
        changed.to_string(),
        shown(diffs.median()),
        shown(diffs_apart.median()),
        shown(plans.median()),
        shown(merges.median()),
        shown(hashes.median()),
    ];
    report.add("Comparing 5 % changed, in memory", COLUMNS, row);
    Ok(())
}

fn unexpected(code: &'static str, error: &dyn std::error::Error) -> Error {
    Error::new(Class::Internal, code, error.to_string())
}
