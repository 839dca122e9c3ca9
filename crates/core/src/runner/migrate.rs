//! Migrations going up.

use super::execute::{Execution, Expected, tree_of};
use super::folder::{Cut, File, Migration, MigrationFolder, order};
use super::history::{self, Beginning, Entry, Position, State};
use super::{checkpoint, guard, open, own_roles};
use crate::apply::differences;
use crate::project::Context;
use crate::prove::millis;
use pleach_change::identified_by_name;
use pleach_postgres::connect::{Session, Target};
use pleach_postgres::script::{Sort, Unit};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Tree;
use serde::Serialize;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How migrations are run on a database.
#[derive(Debug, Clone)]
pub struct Run {
    /// The database.
    pub target: Target,
    /// How long it goes on trying to get a lock that others hold.
    pub lock_wait: Duration,
    /// Only look at what would run.
    pub dry_run: bool,
    /// Go on although the schema is another than the migrations were made for.
    pub allow_drift: bool,
    /// The last version to run; without one all of them.
    pub to: Option<String>,
    /// Run a migration that is older than one that ran.
    pub out_of_order: bool,
}

/// A migration that ran, or would run.
#[derive(Debug, Clone, Serialize)]
pub struct Migrated {
    /// Its version.
    pub version: String,
    /// Its name.
    pub name: String,
    /// How many statements ran, or would run.
    pub statements: usize,
    /// How many had run before, when it was cut off.
    pub done_before: usize,
    /// How often something had to be tried again because somebody held a lock.
    pub retries: u32,
    /// Milliseconds that it took.
    pub milliseconds: u64,
    /// What would run; empty when it ran.
    pub sql: Vec<String>,
}

/// What was run, or would be.
#[derive(Debug, Clone, Serialize)]
pub struct MigrationsRun {
    /// Nothing was changed.
    pub dry_run: bool,
    /// The migrations, in order.
    pub migrations: Vec<Migrated>,
}

/// One file of a migration on its way.
pub(super) struct Leg<'a> {
    pub migration: &'a Migration,
    pub file: &'a File,
    pub entry: Option<&'a Entry>,
    /// What it is while it runs, and when it ran.
    pub states: (State, State),
    /// The schemas it may begin at; none where that is not known.
    pub before: Vec<Tree>,
    /// The schema it ends at.
    pub after: Option<Tree>,
}

impl MigrationFolder {
    /// Runs the migrations that did not run yet, or goes on with one that was cut off.
    ///
    /// # Errors
    /// `migration_edited`, `migration_missing`, `migration_out_of_order`, `migration_unfinished`,
    /// `drift`; what PostgreSQL refuses; `lock_not_available`; `another_runner`.
    pub async fn apply(&self, run: &Run, context: &Context) -> Result<MigrationsRun> {
        let session = begin(run, context).await?;
        let mut entries = history::read(&session).await?;
        let pending = self.pending(&entries, run)?;
        let mut migrations = Vec::new();
        for migration in pending {
            let entry = entries.iter().find(|entry| order(&entry.version, &migration.version).is_eq());
            let manifest = migration.manifest()?;
            let back = entry.is_some_and(|entry| entry.state == State::RolledBack);
            let (mut before, mut after) = (Vec::new(), None);
            if let Some(manifest) = manifest.filter(|_| !run.allow_drift) {
                before.push(manifest.before);
                before.extend(back.then_some(manifest.back));
                after = Some(manifest.after);
            } else if !run.allow_drift && migrations.is_empty() && entry.is_none_or(|entry| entry.done == 0) {
                self.compare_with_last(&session, run, &entries).await?;
            }
            let states = (State::Applying, State::Applied);
            let leg = Leg { migration, file: &migration.up, entry, states, before, after };
            migrations.push(leg.run(&session, run, context).await?);
            // What it left is not there yet, and what comes next begins elsewhere.
            if run.dry_run {
                migrations.extend(self.rest(&entries, run, migration)?);
                break;
            }
            entries = history::read(&session).await?;
        }
        session.close().await;
        Ok(MigrationsRun { dry_run: run.dry_run, migrations })
    }

    /// The migrations to run, if everything is in order.
    fn pending(&self, entries: &[Entry], run: &Run) -> Result<Vec<&Migration>> {
        for entry in entries {
            self.check(entry)?;
        }
        if let Some(to) = &run.to
            && self.find(to).is_none()
        {
            return Err(unknown(to));
        }
        let state = |migration: &Migration| {
            entries.iter().find(|entry| order(&entry.version, &migration.version).is_eq()).map(|entry| entry.state)
        };
        let wanted = |migration: &&Migration| {
            let asked = run.to.as_ref().is_none_or(|to| order(&migration.version, to).is_le());
            asked && state(migration) != Some(State::Applied)
        };
        let pending: Vec<&Migration> = self.migrations.iter().filter(wanted).collect();
        let newest = newest(entries);
        let late = |migration: &&&Migration| {
            state(migration) != Some(State::Applying)
                && newest.is_some_and(|newest| order(&migration.version, &newest.version).is_lt())
        };
        match (pending.iter().find(late), newest) {
            (Some(late), Some(newest)) if !run.out_of_order => {
                let message = format!("it is older than {}, which ran already", newest.version);
                Err(Error::new(Class::State, "migration_out_of_order", message)
                    .on(late.called())
                    .hint("give it a newer version, or run it all the same with `--out-of-order`"))
            }
            _ => Ok(pending),
        }
    }

    /// Refuses what cannot be gone on from.
    fn check(&self, entry: &Entry) -> Result<()> {
        let called = format!("migration {}_{}", entry.version, entry.name);
        let found = self.find(&entry.version);
        match entry.state {
            State::RollingBack => Err(Error::new(Class::State, "migration_unfinished", "going back was cut off")
                .on(called)
                .hint("finish that first with `pleach migration rollback`")),
            State::Applying if found.is_none() => Err(missing(entry)),
            State::Applied => found.map_or(Ok(()), |migration| unedited(migration, entry)),
            _ => Ok(()),
        }
    }

    /// Refuses a schema that is not what the last run left.
    pub(super) async fn compare_with_last(&self, session: &Session, run: &Run, entries: &[Entry]) -> Result<()> {
        let got = tree_of(session, &own_roles(&run.target)).await?;
        match self.drift_since_last(entries, &got)? {
            Some(message) => Err(Error::new(Class::State, "drift", message).hint(ALL_THE_SAME)),
            None => Ok(()),
        }
    }

    /// In what a schema differs from what the last run left, if it does.
    pub(super) fn drift_since_last(&self, entries: &[Entry], got: &Tree) -> Result<Option<String>> {
        let Some((last, hash)) = history::last(entries).and_then(|last| Some((last, last.tree?))) else {
            return Ok(None);
        };
        if got.hash() == hash {
            return Ok(None);
        }
        let manifest = self.find(&last.version).map(Migration::manifest).transpose()?.flatten();
        let in_file = manifest.into_iter().flat_map(|manifest| [manifest.after, manifest.back]);
        let left = last.schema.clone().into_iter().chain(in_file).find(|tree| tree.hash() == hash);
        let details = left.map(|left| format!(": {}", differences(&identified_by_name(got, &left), &left)));
        let what = if last.state == State::RolledBack { "taking back " } else { "" };
        let called = format!("{what}migration {}_{}", last.version, last.name);
        Ok(Some(format!("the schema is not what {called} left{}", details.unwrap_or_default())))
    }

    /// What a dry run does not look into: whatever comes behind the first one.
    fn rest(&self, entries: &[Entry], run: &Run, first: &Migration) -> Result<Vec<Migrated>> {
        let pending = self.pending(entries, run)?.into_iter();
        let rest = pending.filter(|migration| order(&migration.version, &first.version).is_gt());
        rest.map(|migration| Ok(shown(migration, &migration.up.cut()?, 0))).collect()
    }
}

/// The last migration that is applied.
pub(super) fn newest(entries: &[Entry]) -> Option<&Entry> {
    let applied = entries.iter().filter(|entry| entry.state == State::Applied);
    applied.max_by(|a, b| order(&a.version, &b.version))
}

/// Connects, and takes the database for this runner if it is to be changed.
pub(super) async fn begin(run: &Run, context: &Context) -> Result<Session> {
    let session = open(&run.target, context).await?;
    if !run.dry_run {
        guard::only_runner(&session, run.lock_wait, context).await?;
        history::prepare(&session).await?;
    }
    Ok(session)
}

const ALL_THE_SAME: &str =
    "put the schema in order (`pleach migration verify` says what differs), or go on all the same with `--allow-drift`";

pub(super) fn unknown(version: &str) -> Error {
    Error::new(Class::Input, "unknown_migration", "no migration of this version is there, or none is applied")
        .on(format!("migration {version}"))
        .hint("`pleach migration status` lists them")
}

pub(super) fn missing(entry: &Entry) -> Error {
    Error::new(Class::State, "migration_missing", "its files are not in the folder")
        .on(format!("migration {}_{}", entry.version, entry.name))
        .hint("put them back, or name the right folder with `--dir DIR`")
}

/// Refuses a migration whose files are not those that ran.
fn unedited(migration: &Migration, entry: &Entry) -> Result<()> {
    let down = migration.down.as_ref().map(|down| down.checksum);
    if migration.up.checksum == entry.up && down == entry.down {
        return Ok(());
    }
    let which = if migration.up.checksum == entry.up { "the way back was" } else { "it was" };
    Err(edited(migration, &format!("{which} edited after it was applied")))
}

pub(super) fn edited(migration: &Migration, what: &str) -> Error {
    Error::new(Class::State, "migration_edited", what.to_owned())
        .on(migration.called())
        .hint("put the file back as it was, and write what you want to change into a new migration")
}

impl Leg<'_> {
    /// Runs the file, or goes on with it.
    pub async fn run(&self, session: &Session, run: &Run, context: &Context) -> Result<Migrated> {
        let cut = self.file.cut()?;
        let resumed = self.entry.filter(|entry| entry.state == self.states.0);
        let done = resumed.map_or(0, |entry| entry.done);
        if let Some(entry) = resumed.filter(|entry| entry.done > 0)
            && !cut.checksums.iter().any(|(at, hash)| *at == done && Some(*hash) == entry.done_checksum)
        {
            return Err(edited(self.migration, "a statement of it that has run was edited"));
        }
        let own_roles = own_roles(&run.target);
        let before: Vec<&Tree> = self.before.iter().collect();
        let looks = resumed.is_none() || done == 0 && begins_with_transaction(&cut.units);
        let before = (looks && !before.is_empty()).then_some(Expected {
            trees: &before,
            own_roles: &own_roles,
            otherwise: drifted,
        });
        let after: Vec<&Tree> = self.after.iter().collect();
        let after =
            (!after.is_empty()).then_some(Expected { trees: &after, own_roles: &own_roles, otherwise: elsewhere });
        let position = self.position(&cut);
        let mut execution =
            Execution { session, context, lock_wait: run.lock_wait, position: Some(&position), before, after };
        if run.dry_run {
            execution.look_alone(before).await.map_err(|error| self.at(error))?;
            return Ok(shown(self.migration, &cut, done));
        }
        let beginning = self.beginning(&cut, &position, context);
        match resumed {
            None => history::begin(session, &beginning).await?,
            Some(_) => history::go_on(session, &beginning).await?,
        }
        checkpoint(context, "migration recorded");
        let started = Instant::now();
        let ran = match execution.run(&cut.units, done, resumed.is_some()).await {
            Ok(ran) => ran,
            Err(error) => {
                let error = self.at(error);
                // The error that came first is the one to tell.
                session.reset().await.ok();
                history::fail(session, &position, &error).await.ok();
                return Err(error);
            }
        };
        session.reset().await?;
        let milliseconds = millis(started);
        (context.progress)("comparing");
        let there = tree_of(session, &own_roles).await?;
        let in_file = self.after.as_ref() == Some(&there);
        history::finish(session, &position, self.states.1, milliseconds, (&there, in_file)).await?;
        checkpoint(context, "migration finished");
        if !ran.compared {
            execution.after = after;
            execution.look_alone(after).await.map_err(|error| self.at(error))?;
        }
        Ok(Migrated {
            version: self.migration.version.clone(),
            name: self.migration.name.clone(),
            statements: ran.statements,
            done_before: done,
            retries: ran.retries,
            milliseconds,
            sql: Vec::new(),
        })
    }

    fn position(&self, cut: &Cut) -> Position {
        Position {
            version: self.entry.map_or(&self.migration.version, |entry| &entry.version).clone(),
            runner: Uuid::new_v4(),
            checksums: cut.checksums.clone(),
        }
    }

    fn beginning<'b>(&'b self, cut: &Cut, position: &'b Position, context: &'b Context) -> Beginning<'b> {
        Beginning {
            version: &position.version,
            name: &self.migration.name,
            state: self.states.0,
            up: self.migration.up.checksum,
            down: self.migration.down.as_ref().map(|down| down.checksum),
            total: cut.total,
            actor: &context.actor,
            runner: position.runner,
        }
    }

    /// Says which migration it was.
    fn at(&self, error: Error) -> Error {
        let named = error.object.as_ref().is_some_and(|object| object.contains(&self.migration.version));
        if named { error } else { error.on(self.migration.called()) }
    }
}

fn begins_with_transaction(units: &[Unit]) -> bool {
    let works = |unit: &&Unit| unit.pieces.iter().any(|piece| piece.sort != Sort::Setting);
    units.iter().find(works).is_some_and(Unit::is_transaction)
}

/// A migration that would run from a statement on.
fn shown(migration: &Migration, cut: &Cut, done: usize) -> Migrated {
    let (mut sql, mut end) = (Vec::new(), 0);
    for unit in &cut.units {
        end += unit.pieces.len();
        if end <= done {
            continue;
        }
        sql.extend(unit.begin.clone());
        sql.extend(unit.pieces.iter().map(|piece| piece.statement.sql.clone()));
        sql.extend(unit.begin.as_ref().map(|_| "COMMIT".to_owned()));
    }
    Migrated {
        version: migration.version.clone(),
        name: migration.name.clone(),
        statements: cut.total.saturating_sub(done),
        done_before: done,
        retries: 0,
        milliseconds: 0,
        sql,
    }
}

fn drifted(got: &Tree, expected: &Tree) -> Error {
    let message = format!("the schema is not the one that it starts from: {}", differences(got, expected));
    Error::new(Class::State, "drift", message).hint(ALL_THE_SAME)
}

fn elsewhere(got: &Tree, expected: &Tree) -> Error {
    let message = format!("the schema is not the one that it ends at: {}", differences(got, expected));
    Error::new(Class::State, "ended_elsewhere", message)
        .hint("if its file was edited on purpose, or the schema changed, run it with `--allow-drift`")
}
