//! Where migrations stand in a database, and whether it is as they left it.

use super::execute::tree_of;
use super::folder::{Migration, MigrationFolder, order};
use super::history::{self, Entry, State};
use super::{open, own_roles};
use crate::project::Context;
use pleach_postgres::Result;
use pleach_postgres::connect::Target;
use serde::Serialize;
use time::OffsetDateTime;

/// Where a migration stands.
#[derive(Debug, Clone, Serialize)]
pub struct Standing {
    /// Its version.
    pub version: String,
    /// Its name.
    pub name: String,
    /// `applied`, `pending`, `unfinished` (cut off), `failed`, `rolled_back`, `edited` (applied, and
    /// its files are others now) or `missing` (applied, and its files are gone).
    pub state: &'static str,
    /// How many of its statements are done.
    pub done: usize,
    /// Of how many.
    pub total: usize,
    /// Who ran it.
    pub actor: Option<String>,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// Milliseconds that it took.
    pub milliseconds: Option<u64>,
    /// Why it stopped.
    pub problem: Option<String>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, Serialize)]
pub struct Deviation {
    /// `edited`, `missing`, `unfinished`, `failed` or `drift`.
    pub code: &'static str,
    /// What it is about.
    pub object: String,
    /// What is wrong, for people.
    pub message: String,
}

/// What a check found.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// How many migrations were looked at.
    pub migrations: usize,
    /// How many objects of the schema were.
    pub objects: usize,
    /// What is not as it should be.
    pub findings: Vec<Deviation>,
}

impl MigrationFolder {
    /// Where every migration stands that is in the folder or in the database.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn status(&self, target: &Target, context: &Context) -> Result<Vec<Standing>> {
        let session = open(target, context).await?;
        let entries = history::read(&session).await?;
        session.close().await;
        self.standings(&entries)
    }

    fn standings(&self, entries: &[Entry]) -> Result<Vec<Standing>> {
        let of = |version: &str| entries.iter().find(|entry| order(&entry.version, version).is_eq());
        let mut out = Vec::new();
        for migration in &self.migrations {
            out.push(match of(&migration.version) {
                Some(entry) => entry.standing(Some(migration)),
                None => Standing {
                    version: migration.version.clone(),
                    name: migration.name.clone(),
                    state: "pending",
                    done: 0,
                    total: migration.up.cut()?.total,
                    actor: None,
                    finished_at: None,
                    milliseconds: None,
                    problem: None,
                },
            });
        }
        let gone = entries.iter().filter(|entry| self.find(&entry.version).is_none());
        out.extend(gone.filter(|entry| entry.state != State::RolledBack).map(|entry| entry.standing(None)));
        out.sort_by(|a, b| order(&a.version, &b.version));
        Ok(out)
    }

    /// Compares the files with those that ran, and the schema with what they left. Changes nothing.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn verify(&self, target: &Target, context: &Context) -> Result<Checked> {
        let session = open(target, context).await?;
        let entries = history::read(&session).await?;
        let mut findings: Vec<Deviation> = Vec::new();
        for standing in self.standings(&entries)? {
            let message = match standing.state {
                "edited" => "its files are not those that ran".to_owned(),
                "missing" => "it was applied, and its files are not in the folder".to_owned(),
                "unfinished" => format!("it was cut off behind statement {} of {}", standing.done, standing.total),
                "failed" => standing.problem.clone().unwrap_or_default(),
                _ => continue,
            };
            let object = format!("migration {}_{}", standing.version, standing.name);
            findings.push(Deviation { code: standing.state, object, message });
        }
        let got = tree_of(&session, &own_roles(target)).await?;
        // Half-way there is nothing to compare with.
        let settled = entries.iter().all(|entry| matches!(entry.state, State::Applied | State::RolledBack));
        if let Some(message) = self.drift_since_last(&entries, &got)?.filter(|_| settled) {
            findings.push(Deviation { code: "drift", object: target.to_string(), message });
        }
        session.close().await;
        Ok(Checked { migrations: self.migrations.len(), objects: got.len(), findings })
    }
}

impl Entry {
    fn standing(&self, files: Option<&Migration>) -> Standing {
        let down = |migration: &Migration| migration.down.as_ref().map(|down| down.checksum);
        let same = |migration: &Migration| migration.up.checksum == self.up && down(migration) == self.down;
        let state = match (self.state, files) {
            (State::RolledBack, _) => "rolled_back",
            (_, None) => "missing",
            (State::Applied, Some(migration)) if !same(migration) => "edited",
            (State::Applied, Some(_)) => "applied",
            _ if self.problem.is_some() => "failed",
            _ => "unfinished",
        };
        Standing {
            version: self.version.clone(),
            name: self.name.clone(),
            state,
            done: if self.state == State::RolledBack { 0 } else { self.done },
            total: self.total,
            actor: Some(self.actor.clone()),
            finished_at: self.finished_at,
            milliseconds: self.milliseconds,
            problem: self.problem.clone(),
        }
    }
}
