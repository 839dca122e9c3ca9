//! A migration in the making: it goes up, down and up again on a clone with data, and what its
//! statements do there is seen.

use super::GenerateOptions;
use crate::identity::{Newcomers, read};
use crate::planner::{Act, Harm, PlannedPart, Work, again};
use crate::project::Project;
use crate::prove::{Leg, millis, unplannable};
use pleach_change::aside::{Kept, Place};
use pleach_change::online::{Batches, Facts, Goal, goals};
use pleach_change::{DataStep, plan};
use pleach_postgres::connect::Session;
use pleach_postgres::{Error, Result};
use pleach_schema::{Kind, Lineage, Tree, quote_ident};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Instant;

const AT_ONCE: &str = "change everything at once";

/// What the choice of a way depends on, besides the commits.
pub(super) struct Terms<'a> {
    pub options: &'a GenerateOptions,
    /// What makes names of what is kept aside its own.
    pub stamp: &'a str,
    /// What the migration is called where it is written down what it keeps.
    pub title: &'a str,
    /// Bytes of the tables that production has, where that was looked at.
    pub sizes: Option<HashMap<Lineage, u64>>,
    /// What holds something and must not be destroyed; `None` is all.
    pub holding: Option<HashSet<Lineage>>,
}

/// A clone on which a migration is tried.
pub(super) struct Trial<'a> {
    project: &'a Project,
    session: Session,
    terms: Terms<'a>,
    from: &'a Tree,
}

/// A way that was gone.
pub(super) struct Gone {
    pub parts: Vec<PlannedPart>,
    pub acts: Vec<Act>,
    pub milliseconds: u64,
    /// What tables, columns and views are called that others may use where the way begins.
    names: HashSet<String>,
    up: bool,
}

impl Gone {
    fn nowhere(from: &Tree, up: bool) -> Self {
        let used = from.iter().filter(|(address, _)| matches!(address.kind, Kind::Table | Kind::Column | Kind::View));
        let names = used.map(|(address, _)| address.to_string()).collect();
        Self { parts: Vec::new(), acts: Vec::new(), milliseconds: 0, names, up }
    }
}

impl<'a> Trial<'a> {
    /// Begins on a clone that is at `from`.
    pub async fn begin(project: &'a Project, scratch: &str, from: &'a Tree, terms: Terms<'a>) -> Result<Self> {
        let session = project.session(scratch).await?;
        session.batch_execute("SET check_function_bodies = off; SET client_min_messages = warning").await?;
        if let Some(own) = project.own_role().map(quote_ident) {
            // Who runs a migration makes the schema, and so may use it.
            session.batch_execute(&format!("GRANT ALL ON SCHEMA pleach TO {own}")).await?;
        }
        Ok(Self { project, session, terms, from })
    }

    /// Goes up. Returns what was kept aside as well, with the tree in which that is.
    pub async fn up(&mut self, legs: &[Leg]) -> Result<(Gone, Kept, Tree)> {
        let started = Instant::now();
        let mut gone = Gone::nowhere(self.from, true);
        let (mut at, mut plain, mut before) = (self.from.clone(), self.from, Kept::default());
        let mut at_once: Vec<Goal> = Vec::new();
        for leg in legs {
            let kept = self.kept(plain, &leg.tree, &before);
            let aside = kept.tree(&leg.tree, Place::Aside, &before);
            let more = kept.is_more_than(&before);
            let there = if more { kept.tree(&leg.tree, Place::There, &before) } else { aside.clone() };
            let goals = if self.terms.options.offline {
                vec![Goal::direct(AT_ONCE, there.clone(), leg.data.clone())]
            } else {
                let facts = self.facts(&at, &there, &leg.data, true).await?;
                goals(&at, &there, &leg.data, &facts)
            };
            let mut put_aside = Vec::new();
            if more {
                let title = "set aside what is dropped";
                let register = kept.register(&aside, &before, self.terms.title);
                put_aside.push(Goal::direct(title, kept.tree(&leg.tree, Place::Renamed, &before), Vec::new()));
                put_aside.push(Goal::direct(title, aside.clone(), Vec::new()).after(register).joined());
            }
            if self.terms.options.offline {
                at_once.extend(goals.into_iter().chain(put_aside));
            } else {
                // Two goes: a way may end in indexes and keys that are others by their lineage.
                self.go(&at, &there, &goals, &mut gone).await?;
                self.go(&there, &aside, &put_aside, &mut gone).await?;
            }
            (at, plain, before) = (aside, &leg.tree, kept);
        }
        if !at_once.is_empty() {
            let goals: Vec<Goal> = at_once.into_iter().map(Goal::joined).collect();
            let from = self.from;
            self.go(from, &at, &goals, &mut gone).await?;
        }
        self.settle(plain, "up", &mut gone).await?;
        gone.milliseconds = millis(started);
        Ok((gone, before, at))
    }

    /// Goes back from the tree `at`, in which something may be kept aside, to `back`.
    pub async fn down(&mut self, kept: &Kept, at: &Tree, to: &Tree, back: &Tree) -> Result<Gone> {
        let started = Instant::now();
        let mut gone = Gone::nowhere(to, false);
        let offline = self.terms.options.offline;
        let there = kept.tree(to, Place::There, &Kept::default());
        let refill = kept.refill(&there, back);
        let mut goals = Vec::new();
        if !kept.is_empty() {
            let forget = kept.forget(at);
            goals.push(Goal::direct("bring back what was set aside", there.clone(), Vec::new()).after(forget));
        }
        if !refill.fill.is_empty() {
            let title = "give rows that came in between their values";
            goals.push(Goal::direct(title, there.clone(), Vec::new()).after(refill.fill));
        }
        if offline {
            goals.push(Goal::direct(AT_ONCE, back.clone(), Vec::new()));
        } else {
            self.go(at, &there, &std::mem::take(&mut goals), &mut gone).await?;
            let facts = self.facts(&there, back, &[], false).await?;
            goals = pleach_change::online::goals(&there, back, &[], &facts);
        }
        let mut restart = Vec::new();
        if !refill.restart.is_empty() {
            let title = "let sequences go on behind what is there";
            restart.push(Goal::direct(title, back.clone(), Vec::new()).after(refill.restart));
        }
        if offline {
            let goals: Vec<Goal> = goals.into_iter().chain(restart).map(Goal::joined).collect();
            self.go(at, back, &goals, &mut gone).await?;
        } else {
            self.go(&there, back, &goals, &mut gone).await?;
            self.go(back, back, &restart, &mut gone).await?;
        }
        self.settle(back, "down", &mut gone).await?;
        gone.milliseconds = millis(started);
        Ok(gone)
    }

    /// Goes up again, by the very statements of the first time.
    pub async fn up_again(&mut self, first: &Gone, to: &Tree) -> Result<u64> {
        let started = Instant::now();
        self.as_own_role().await?;
        let ran = again(&self.session, &first.acts).await;
        ran.map_err(|error| Error { message: format!("up again: {}", error.message), ..error })?;
        self.compare(to, "up again").await?;
        Ok(millis(started))
    }

    /// Ends the connection.
    pub async fn close(self) {
        self.session.close().await;
    }

    fn kept(&self, plain: &Tree, end: &Tree, before: &Kept) -> Kept {
        if self.terms.options.drop_now {
            return Kept::default();
        }
        let holds = |lineage: Lineage| {
            let known = self.terms.holding.as_ref();
            self.from.address(lineage).is_some() && known.is_none_or(|holding| holding.contains(&lineage))
        };
        Kept::of(plain, end, before, self.terms.stamp, &holds)
    }

    async fn go(&mut self, at: &Tree, to: &Tree, goals: &[Goal], gone: &mut Gone) -> Result<()> {
        self.as_own_role().await?;
        let mut work = Work::new(at, to, self.facts_of(at, gone.up), self.terms.options.offline);
        work.go(&self.session, goals).await?;
        for step in work.parts.iter_mut().flat_map(|part| &mut part.steps) {
            step.hazards.retain(|hazard| hazard.code != Harm::OldNameFails || gone.names.contains(&hazard.object));
        }
        gone.parts.append(&mut work.parts);
        gone.acts.append(&mut work.acts);
        Ok(())
    }

    /// What decides how to go from one tree to another, with what was seen when it was tried.
    async fn facts(&mut self, at: &Tree, to: &Tree, data: &[DataStep], up: bool) -> Result<Facts> {
        self.as_own_role().await?;
        let facts = self.facts_of(at, up);
        let short = plan(at, to, data).map_err(unplannable)?;
        let rewrites = Work::new(at, to, facts.clone(), false).rewrites(&self.session, &short).await?;
        Ok(Facts { rewrites, ..facts })
    }

    fn facts_of(&self, at: &Tree, up: bool) -> Facts {
        let mut sizes = HashMap::new();
        for (table, entry) in at.iter().filter(|(address, _)| address.kind == Kind::Table) {
            let known = self.terms.sizes.as_ref().and_then(|sizes| sizes.get(&entry.lineage).copied());
            // What a migration made itself is as good as empty on the way up.
            let own = (up && self.from.address(entry.lineage).is_none()).then_some(0);
            sizes.extend(known.or(own).map(|bytes| (table.clone(), bytes)));
        }
        Facts {
            version: self.project.admin.server_version(),
            sizes,
            large: self.terms.options.large,
            rewrites: None,
            unfilled: BTreeSet::new(),
            batches: Batches::default(),
        }
    }

    async fn as_own_role(&self) -> Result<()> {
        let role = self.project.own_role().map_or("NONE".into(), quote_ident);
        Ok(self.session.batch_execute(&format!("SET ROLE {role}")).await?)
    }

    /// Reads back where a way ended, and does what PostgreSQL left to do there.
    async fn settle(&mut self, goal: &Tree, what: &str, gone: &mut Gone) -> Result<()> {
        for _ in 0..2 {
            let there = self.read(goal).await?;
            if there == *goal {
                return Ok(());
            }
            let rest = [Goal::direct("settle what PostgreSQL wrote anew", goal.clone(), Vec::new())];
            let before = gone.parts.len();
            self.go(&there, goal, &rest, gone).await?;
            if gone.parts.len() == before {
                break;
            }
        }
        self.compare(goal, what).await
    }

    async fn compare(&mut self, goal: &Tree, what: &str) -> Result<()> {
        let there = self.read(goal).await?;
        if there == *goal {
            return Ok(());
        }
        let error = self.project.ended_elsewhere(&there, goal);
        Err(Error { message: format!("{what}: {}", error.message), ..error })
    }

    async fn read(&mut self, goal: &Tree) -> Result<Tree> {
        self.session.batch_execute("SET ROLE NONE").await?;
        let own_roles = self.project.own_roles();
        let transaction = self.session.transaction().await?;
        let live = read(&transaction, &own_roles, Newcomers::Expect(goal)).await?;
        live.record(&transaction).await?;
        transaction.commit().await?;
        Ok(live.tree)
    }
}
