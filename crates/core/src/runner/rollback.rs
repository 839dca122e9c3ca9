//! Migrations going back.

use super::folder::{Migration, MigrationFolder, order};
use super::history::{self, Entry, State};
use super::losses::{consent_to, of_units};
use super::migrate::{Leg, MigrationsRun, Run, begin, edited, missing, unknown};
use crate::project::Context;
use pleach_postgres::connect::Session;
use pleach_postgres::{Class, Error, Result};

/// How far back to go.
#[derive(Debug, Clone, Default)]
pub struct Rollback {
    /// The version that stays the last one, `0` for none; without it one migration goes back.
    pub to: Option<String>,
    /// Consent to destroying rows or values.
    pub allow_destructive: bool,
}

impl MigrationFolder {
    /// Takes migrations back, the last one first, or goes on with one that was cut off.
    ///
    /// # Errors
    /// `nothing_to_roll_back`, `unknown_migration`, `migration_missing`, `migration_without_down`,
    /// `migration_edited`, `destructive`, `drift`; what PostgreSQL refuses; `lock_not_available`;
    /// `another_runner`.
    pub async fn roll_back(&self, run: &Run, rollback: &Rollback, context: &Context) -> Result<MigrationsRun> {
        let session = begin(run, context).await?;
        let entries = history::read(&session).await?;
        let going = self.going(&entries, rollback)?;
        let mut losses = Vec::new();
        for (migration, entry) in &going {
            still_kept(&session, migration, entry).await?;
            let cut = down(migration)?.cut()?;
            let done = if entry.state == State::RollingBack { entry.done } else { 0 };
            let mut end = 0;
            let left = cut.units.iter().position(|unit| {
                end += unit.pieces.len();
                end > done
            });
            let left = left.and_then(|left| cut.units.get(left..)).unwrap_or_default();
            losses.extend(of_units(&session, left).await?);
        }
        let words: Vec<&str> = losses.iter().map(String::as_str).collect();
        consent_to(&words, rollback.allow_destructive || run.dry_run)?;
        let mut migrations = Vec::new();
        for (number, (migration, entry)) in going.into_iter().enumerate() {
            let leg = self.back(migration, entry, run)?;
            // Those that follow begin where this one ends.
            if number == 0 && !run.allow_drift && entry.state == State::Applied {
                self.compare_with_last(&session, run, &entries).await?;
            }
            migrations.push(leg.run(&session, run, context).await?);
        }
        session.close().await;
        Ok(MigrationsRun { dry_run: run.dry_run, migrations })
    }

    /// The migrations to take back, the last one first.
    fn going<'a>(&'a self, entries: &'a [Entry], rollback: &Rollback) -> Result<Vec<(&'a Migration, &'a Entry)>> {
        if let Some(entry) = entries.iter().find(|entry| entry.state == State::Applying) {
            return Err(Error::new(Class::State, "migration_unfinished", "going up was cut off, or failed")
                .on(format!("migration {}_{}", entry.version, entry.name))
                .hint("finish that first with `pleach migration apply`; what it has not run yet may be edited"));
        }
        let mut there: Vec<&Entry> =
            entries.iter().filter(|entry| matches!(entry.state, State::Applied | State::RollingBack)).collect();
        // What was begun is finished first.
        there.sort_by(|a, b| {
            let begun = |entry: &Entry| entry.state == State::RollingBack;
            begun(b).cmp(&begun(a)).then_with(|| order(&b.version, &a.version))
        });
        let going: Vec<&Entry> = match rollback.to.as_deref() {
            None => there.into_iter().take(1).collect(),
            Some("0") => there,
            Some(to) if there.iter().any(|entry| order(&entry.version, to).is_eq()) => {
                there.into_iter().filter(|entry| order(&entry.version, to).is_gt()).collect()
            }
            Some(to) => return Err(unknown(to)),
        };
        if going.is_empty() && rollback.to.is_none() {
            return Err(Error::new(Class::State, "nothing_to_roll_back", "no migration is applied that could go back")
                .hint("`pleach migration status` lists what is applied"));
        }
        let with_files = |entry: &'a Entry| {
            let migration = self.find(&entry.version).ok_or_else(|| missing(entry))?;
            let checksum = down(migration)?.checksum;
            // How far a file that is on its way may be edited is settled when it goes on.
            if entry.state == State::Applied && entry.down.is_some_and(|down| down != checksum) {
                return Err(edited(migration, "the way back was edited after it was applied"));
            }
            Ok((migration, entry))
        };
        going.into_iter().map(with_files).collect()
    }

    fn back<'a>(&self, migration: &'a Migration, entry: &'a Entry, run: &Run) -> Result<Leg<'a>> {
        // Where it was applied to another schema than it was made for, it ends at another one too.
        let manifest = migration.manifest()?.filter(|manifest| {
            !run.allow_drift && (entry.state == State::RollingBack || Some(manifest.after.hash()) == entry.tree)
        });
        Ok(Leg {
            migration,
            file: down(migration)?,
            entry: Some(entry),
            states: (State::RollingBack, State::RolledBack),
            before: Vec::new(),
            after: manifest.map(|manifest| manifest.back),
        })
    }
}

/// Refuses a way back whose tables and columns were kept aside, and are purged.
async fn still_kept(session: &Session, migration: &Migration, entry: &Entry) -> Result<()> {
    let Some(manifest) = migration.manifest()?.filter(|_| entry.state == State::Applied) else { return Ok(()) };
    let names: Vec<String> = manifest.aside.iter().map(|aside| aside.kept.sql()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let there = session.query_one("SELECT pg_catalog.to_regclass('pleach.dropped') IS NOT NULL", &[]).await?;
    let rows = match there.try_get(0)? {
        true => session.query("SELECT kept FROM pleach.dropped WHERE kept = ANY($1)", &[&names]).await?,
        false => Vec::new(),
    };
    let kept: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let gone = manifest.aside.iter().filter(|aside| !kept.contains(&aside.kept.sql()));
    let gone: Vec<String> = gone.map(|aside| aside.object.to_string()).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let message = format!("what it kept aside was dropped for good: {}", gone.join(", "));
    Err(Error::new(Class::State, "migration_purged", message)
        .on(migration.called())
        .hint("write a new migration that makes it anew"))
}

fn down(migration: &Migration) -> Result<&super::folder::File> {
    migration.down.as_ref().ok_or_else(|| {
        Error::new(Class::State, "migration_without_down", "it has no file that goes back")
            .on(migration.called())
            .hint(format!("write {}_{}.down.sql beside it", migration.version, migration.name))
    })
}
