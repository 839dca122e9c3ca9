//! Registering intents among many, beside confiture's registry on the same server.

use crate::intents::{self, Declared};
use crate::peer::Confiture;
use crate::samples::{Samples, ratio, shown};
use crate::scene::Scene;
use crate::{Report, failed};
use pleach_core::state::{IntentId, Status};
use pleach_core::{Project, Registered, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const READ: &[&str] = &[
    "server",
    "active",
    "alone p50",
    "p95",
    "among 3 p50",
    "p95 ",
    "found",
    "confiture, alone p50",
    "confiture, among 3 p50",
    "found ",
    "confiture : alone",
    "confiture : among 3",
];

const RUN: &[&str] = &[
    "server",
    "schema",
    "active",
    "alone p50",
    "p95",
    "with a branch p50",
    "p95 ",
    "among 3 p50",
    "p95  ",
    "found",
    "pairs run in both orders",
];

const AT_ONCE: &[&str] = &["server", "active", "who", "changes", "kept", "pairs found", "whole", "longest"];

/// How many register at once.
const AGENTS: usize = 16;

/// The most active intents at which confiture is measured.
const BESIDE: usize = 3_000;

/// What is measured, and how often.
#[derive(Debug, Clone)]
pub struct Registering {
    /// Sizes of the schema, in tables: everything is measured on the first, and on the others what
    /// depends on the size.
    pub tables: Vec<usize>,
    /// Numbers of active intents.
    pub intents: Vec<usize>,
    /// A Python in which confiture is installed.
    pub confiture: Option<PathBuf>,
    /// Runs of each.
    pub runs: usize,
}

/// A project with intents, and what is measured beside it.
struct Bench {
    scene: Scene,
    tables: usize,
    confiture: Option<Confiture>,
    /// How many intents are there.
    held: usize,
    /// Counts what is registered to be measured, so that no name is used twice.
    round: usize,
}

/// How an intent is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Read,
    Run,
    RunWithBranch,
}

/// Measures everything on one server.
pub async fn measure(report: &mut Report, bin: &Path, what: &Registering) -> Result<()> {
    let (first, others) = what.tables.split_first().ok_or_else(|| failed("--tables", "it names no schema"))?;
    for tables in others {
        let scene = Scene::for_intents(bin, *tables).await?;
        let mut bench = Bench { scene, tables: *tables, confiture: None, held: 0, round: 0 };
        let active = what.intents.first().copied().unwrap_or_default();
        bench.fill(active).await?;
        bench.running(report, active, what.runs).await?;
        bench.scene.end().await?;
    }
    measure_all(report, bin, *first, what).await
}

async fn measure_all(report: &mut Report, bin: &Path, tables: usize, what: &Registering) -> Result<()> {
    let scene = Scene::for_intents(bin, tables).await?;
    let confiture = match &what.confiture {
        Some(python) => {
            let cluster =
                scene.project.cluster().ok_or_else(|| failed("the project", "it has no server of its own"))?;
            Some(Confiture::start(python, &cluster.tcp_target("postgres")).await?)
        }
        None => None,
    };
    let mut bench = Bench { scene, tables, confiture, held: 0, round: 0 };
    let beside = what.intents.iter().copied().filter(|active| *active <= BESIDE).max();
    for active in what.intents.iter().copied() {
        bench.fill(active).await?;
        bench.reading(report, active, what.runs).await?;
        // What a trial costs follows the schema.
        if [what.intents.first(), what.intents.last()].contains(&Some(&active)) {
            bench.running(report, active, what.runs).await?;
        }
        if Some(active) == beside {
            bench.at_once(report, active, what.runs).await?;
        }
        if active >= BESIDE
            && let Some(confiture) = bench.confiture.take()
        {
            confiture.end().await?;
        }
    }
    if let Some(confiture) = bench.confiture.take() {
        confiture.end().await?;
    }
    bench.scene.end().await
}

impl Bench {
    /// Registers intents, as anybody would, until so many are active.
    async fn fill(&mut self, active: usize) -> Result<()> {
        let started = Instant::now();
        for number in self.held..active {
            let intent = intents::standing(self.tables, number);
            self.scene.project.register_intent(&intent.declaration(number < intents::RUN, false)).await?;
        }
        self.held = self.held.max(active);
        eprintln!("{active} active intents after {}", shown(started.elapsed()));
        if let Some(confiture) = &mut self.confiture {
            confiture.fill(self.tables, active).await?;
        }
        self.scene.settle().await
    }

    /// Registers what is only read, in turn with confiture.
    async fn reading(&mut self, report: &mut Report, active: usize, runs: usize) -> Result<()> {
        let mut ours = [Samples::new(), Samples::new()];
        let mut theirs = [Samples::new(), Samples::new()];
        let (mut found, mut found_there) = ([0, 0], [0, 0]);
        for round in 0..=runs {
            self.round += 1;
            let probes = [intents::alone(self.tables, self.round), intents::among_three(self.round)];
            for (place, probe) in probes.iter().enumerate() {
                let (took, registered) = self.register(probe, Way::Read).await?;
                // The first round warms up.
                if round > 0 {
                    ours[place].push(took);
                    found[place] += registered.intent.conflicts_with.len();
                }
                if let Some(confiture) = &mut self.confiture {
                    let answer = confiture.register(probe).await?;
                    if round > 0 {
                        theirs[place].push(answer.took);
                        found_there[place] += answer.found;
                    }
                }
            }
        }
        let there = |place: usize| Some(&theirs[place]).filter(|samples| samples.len() > 0).map(Samples::median);
        let cell = |place| there(place).map_or_else(|| "–".to_owned(), shown);
        let beside = |place: usize| there(place).map_or_else(|| "–".to_owned(), |it| ratio(it, ours[place].median()));
        let others = runs * intents::A_TABLE;
        report.add(
            "Registering an intent that is read",
            READ,
            vec![
                self.scene.server.clone(),
                active.to_string(),
                shown(ours[0].median()),
                shown(ours[0].at(95)),
                shown(ours[1].median()),
                shown(ours[1].at(95)),
                of(found, others),
                cell(0),
                cell(1),
                there(1).map_or_else(|| "–".to_owned(), |_| of(found_there, others)),
                beside(0),
                beside(1),
            ],
        );
        Ok(())
    }

    /// Registers what is run, a third as often.
    async fn running(&mut self, report: &mut Report, active: usize, runs: usize) -> Result<()> {
        let runs = runs.div_ceil(3);
        let (mut alone, mut branch, mut among) = (Samples::new(), Samples::new(), Samples::new());
        let (mut found, mut verified) = (0, 0);
        for round in 0..=runs {
            self.round += 1;
            let probe = intents::alone(self.tables, self.round);
            let (took, _) = self.register(&probe, Way::Run).await?;
            self.scene.project.tend_pool().await?;
            let (with_branch, made) = self.register(&probe, Way::RunWithBranch).await?;
            if !made.branch.is_some_and(|branch| branch.warm) {
                return Err(failed("the warm pool", "it was empty"));
            }
            let (in_way, registered) = self.register(&intents::among_three(self.round), Way::Run).await?;
            if round > 0 {
                alone.push(took);
                branch.push(with_branch);
                among.push(in_way);
                found += registered.intent.conflicts_with.len();
                verified += registered.conflicts.iter().filter(|conflict| conflict.verified).count();
            }
        }
        let mut row = vec![self.scene.server.clone(), self.scene.name.clone(), active.to_string()];
        row.extend([alone, branch, among].iter().flat_map(|samples| [shown(samples.median()), shown(samples.at(95))]));
        row.extend([format!("{found} of {}", runs * intents::A_TABLE), verified.to_string()]);
        report.add("Registering an intent that is run", RUN, row);
        Ok(())
    }

    /// Registers many at once.
    async fn at_once(&mut self, report: &mut Report, active: usize, runs: usize) -> Result<()> {
        for collide in [true, false] {
            let (changes, pairs) = match collide {
                true => ("of one column", AGENTS * (AGENTS - 1) / 2),
                false => ("of nothing in common", 0),
            };
            for who in [Some(Way::Read), Some(Way::Run), None] {
                if who.is_none() && self.confiture.is_none() {
                    continue;
                }
                let (mut whole, mut kept, mut least) = (Samples::new(), usize::MAX, usize::MAX);
                for _ in 0..runs.div_ceil(3) {
                    self.round += 1;
                    let intents = match collide {
                        true => intents::all_on_one(self.tables, self.round, AGENTS),
                        false => intents::each_on_its_own(self.round, AGENTS),
                    };
                    let answer = match (who, &mut self.confiture) {
                        (Some(way), _) => self.race(&intents, way).await?,
                        (None, Some(confiture)) => {
                            let answer = confiture.race(&intents).await?;
                            (answer.took, answer.kept, answer.found)
                        }
                        (None, None) => continue,
                    };
                    whole.push(answer.0);
                    kept = kept.min(answer.1);
                    least = least.min(answer.2);
                }
                let name = match who {
                    Some(Way::Read) => "Pleach, read",
                    Some(_) => "Pleach, run",
                    None => "confiture",
                };
                report.add(
                    "Registering at once",
                    AT_ONCE,
                    vec![
                        self.scene.server.clone(),
                        active.to_string(),
                        name.to_owned(),
                        changes.to_owned(),
                        format!("{kept} of {AGENTS}"),
                        format!("{least} of {pairs}"),
                        shown(whole.median()),
                        shown(whole.at(100)),
                    ],
                );
            }
        }
        Ok(())
    }

    /// Registers an intent, and takes it back.
    async fn register(&mut self, intent: &Declared, way: Way) -> Result<(Duration, Registered)> {
        let declaration = intent.declaration(way != Way::Read, way == Way::RunWithBranch);
        let started = Instant::now();
        let registered = self.scene.project.register_intent(&declaration).await?;
        let took = started.elapsed();
        self.abandon(registered.intent.id).await?;
        if let Some(branch) = &registered.branch {
            self.scene.project.delete_branch(&branch.name, true).await?;
        }
        Ok((took, registered))
    }

    async fn abandon(&mut self, intent: IntentId) -> Result<()> {
        self.scene.project.move_intent(intent, Status::Abandoned, Some("it was measured")).await.map(drop)
    }

    /// Registers intents at once, each as a process of its own would. Returns how long that took in
    /// all, how many were kept, and in how many pairs of them somebody was told of the other one.
    async fn race(&mut self, intents: &[Declared], way: Way) -> Result<(Duration, usize, usize)> {
        let barrier = Arc::new(Barrier::new(intents.len() + 1));
        let mut running: JoinSet<Result<Registered>> = JoinSet::new();
        for intent in intents {
            let mut project: Project = self.scene.open_again().await?;
            let (declaration, barrier) = (intent.declaration(way != Way::Read, false), Arc::clone(&barrier));
            running.spawn(async move {
                barrier.wait().await;
                project.register_intent(&declaration).await
            });
        }
        barrier.wait().await;
        let started = Instant::now();
        let mut registered = Vec::new();
        while let Some(done) = running.join_next().await {
            registered.push(done.map_err(|error| failed("a registration", &error.to_string()))??);
        }
        let took = started.elapsed();
        let ids: BTreeSet<IntentId> = registered.iter().map(|one| one.intent.id).collect();
        let mut pairs = BTreeSet::new();
        for one in &registered {
            let others = one.intent.conflicts_with.iter().filter(|other| ids.contains(other));
            pairs.extend(others.map(|other| (*other.min(&one.intent.id), *other.max(&one.intent.id))));
        }
        let kept = self.scene.project.intents(&Default::default()).await?;
        let kept = kept.iter().filter(|intent| ids.contains(&intent.id) && intent.closed_at.is_none()).count();
        for id in ids {
            self.abandon(id).await?;
        }
        Ok((took, kept, pairs.len()))
    }
}

/// How many were found: among three others, and none where there are none.
fn of([alone, among]: [usize; 2], others: usize) -> String {
    if alone > 0 { format!("{among} of {others}, and {alone} of 0") } else { format!("{among} of {others}") }
}
