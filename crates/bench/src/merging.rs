//! Committing and merging through the core, with proof.

use crate::comparing::{self, Trees};
use crate::samples::{Samples, shown};
use crate::scene::Scene;
use crate::{Effort, Report, generate};
use pleach_core::{Class, Error, MergeOptions, MergeOutcome, Merging, Result};
use std::time::{Duration, Instant};

const COMMITS: &[&str] = &[
    "server",
    "schema",
    "nothing changed",
    "one table changed",
    "pieces stored",
    "5 % changed",
    "pieces stored ",
    "pieces of the whole",
];

const MERGES: &[&str] =
    &["server", "schema", "change", "statements", "whole", "clone", "run", "read back", "apply", "everything else"];

/// What one merge cost, in parts.
#[derive(Default)]
struct Parts {
    steps: usize,
    whole: Samples,
    clone: Samples,
    run: Samples,
    read: Samples,
    apply: Samples,
    rest: Samples,
}

/// What commits cost.
#[derive(Default)]
struct Commits {
    nothing: Samples,
    one: Samples,
    one_stored: u64,
    many: Samples,
    many_stored: u64,
}

/// Rounds of: two branches from one `main`, one of which changes one table and the other one in
/// twenty; both are committed, then merged one after the other, so that the second meets a `main`
/// that has moved.
pub async fn measure(report: &mut Report, scene: &mut Scene, effort: Effort) -> Result<()> {
    let (mut commits, mut small, mut large) = (Commits::default(), Parts::default(), Parts::default());
    let mut trees = None;
    // The first round warms up and is not counted.
    for round in 0..=effort.runs {
        if round == 1 {
            (commits, small, large) = (Commits::default(), Parts::default(), Parts::default());
        }
        scene.project.tend_pool().await?;
        let (one, many) = (format!("one-{round}"), format!("many-{round}"));
        let base = scene.project.resolve("main").await?;
        scene.project.create_branch(&one, None).await?;
        scene.project.create_branch(&many, None).await?;
        commit(scene, &mut commits, &one, &many, round).await?;
        scene.project.tend_pool().await?;
        merge(scene, &mut small, &one).await?;
        scene.project.tend_pool().await?;
        if round == effort.runs {
            let (ours, theirs) = (scene.project.resolve("main").await?, scene.project.resolve(&many).await?);
            let apart = scene.project.tree(&theirs).await?;
            let [base, ours, theirs] = scene.project.trees([&base, &ours, &theirs]).await?;
            trees = Some(Trees { base, ours, theirs, apart });
        }
        merge(scene, &mut large, &many).await?;
        for branch in [&one, &many] {
            scene.project.delete_branch(branch, true).await?;
        }
    }
    if let Some(trees) = trees {
        comparing::measure(report, scene, &trees, effort)?;
    }
    report_commits(report, scene, &commits).await?;
    report_merges(report, scene, "one table", &small);
    report_merges(report, scene, "5 % of tables", &large);
    Ok(())
}

async fn commit(scene: &mut Scene, commits: &mut Commits, one: &str, many: &str, round: usize) -> Result<()> {
    let started = Instant::now();
    match scene.project.commit(one, "Nothing", Vec::new(), false).await {
        Err(error) if error.code == "nothing_to_commit" => commits.nothing.push(started.elapsed()),
        Err(error) => return Err(error),
        Ok(_) => return Err(unexpected("a commit of nothing was made")),
    }
    scene.sql(one, &generate::change_one(scene.tables, round)).await?;
    let started = Instant::now();
    commits.one_stored = scene.project.commit(one, "Change one table", Vec::new(), false).await?.stored;
    commits.one.push(started.elapsed());
    scene.sql(many, &generate::change_many(scene.tables, round)).await?;
    let started = Instant::now();
    commits.many_stored = scene.project.commit(many, "Change one table in twenty", Vec::new(), false).await?.stored;
    commits.many.push(started.elapsed());
    Ok(())
}

async fn merge(scene: &mut Scene, parts: &mut Parts, source: &str) -> Result<()> {
    let started = Instant::now();
    let outcome = scene.project.merge(source, "main", &MergeOptions::default()).await?;
    let whole = started.elapsed();
    let MergeOutcome::Merged(merging) = outcome else { return Err(unexpected("a merge was not made")) };
    parts.add(whole, &merging);
    Ok(())
}

impl Parts {
    fn add(&mut self, whole: Duration, merging: &Merging) {
        let proof = &merging.proof;
        let [clone, run, read] = [proof.clone_ms, proof.run_ms, proof.read_ms].map(Duration::from_millis);
        let apply = Duration::from_millis(merging.applied.as_ref().map_or(0, |applied| applied.milliseconds));
        self.steps = proof.steps;
        self.whole.push(whole);
        self.clone.push(clone);
        self.run.push(run);
        self.read.push(read);
        self.apply.push(apply);
        self.rest.push(whole.saturating_sub(clone + run + read + apply));
    }
}

async fn report_commits(report: &mut Report, scene: &Scene, commits: &Commits) -> Result<()> {
    let admin = scene.admin().await?;
    let main = scene.project.resolve("main").await?;
    let groups = scene.project.tree(&main).await?.groups().len();
    admin.close().await;
    let row = vec![
        scene.server.clone(),
        scene.name.clone(),
        shown(commits.nothing.median()),
        shown(commits.one.median()),
        commits.one_stored.to_string(),
        shown(commits.many.median()),
        commits.many_stored.to_string(),
        groups.to_string(),
    ];
    report.add("Committing", COMMITS, row);
    Ok(())
}

fn report_merges(report: &mut Report, scene: &Scene, change: &str, parts: &Parts) {
    let samples = [&parts.whole, &parts.clone, &parts.run, &parts.read, &parts.apply, &parts.rest];
    let mut row = vec![scene.server.clone(), scene.name.clone(), change.to_owned(), parts.steps.to_string()];
    row.extend(samples.map(|samples| shown(samples.median())));
    report.add("Merging with proof", MERGES, row);
}

fn unexpected(what: &str) -> Error {
    Error::new(Class::Internal, "unexpected", what)
}
