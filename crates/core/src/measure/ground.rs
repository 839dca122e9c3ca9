//! Databases with rows on which statements are tried.

use crate::apply;
use crate::import::{sequences, tables_with_rows, tree_of_reading};
use crate::planner::SchemaSource;
use crate::planner::scratch::Scratch;
use crate::planner::source;
use crate::project::{APPLICATION, Context, Project};
use crate::prove::unplannable;
use crate::state::{Commit, JournalGuard};
use pleach_change::{identified_by_name, plan};
use pleach_postgres::catalog::{self, ReadOptions};
use pleach_postgres::connect::{Session, Target, connect};
use pleach_postgres::copy::{copy_sample, copy_sequences};
use pleach_postgres::import::SchemaFiles;
use pleach_postgres::script::{self, Variables};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Tree;
use std::collections::HashMap;

/// Bytes of tables by name, as SQL.
pub(crate) type Bytes = HashMap<String, u64>;

/// What a database is called that nothing was put into.
const NOTHING: &str = "an empty database";

/// A database with rows on which statements are tried.
pub(crate) struct Ground {
    pub session: Session,
    /// Another connection to it.
    pub watcher: Session,
    /// What it is, in words.
    pub what: String,
    /// The sizes of the tables that it stands for, where they are known.
    pub sizes: Option<Bytes>,
    /// Only some of the rows are here.
    pub is_sample: bool,
    pub notes: Vec<String>,
    name: String,
}

impl Ground {
    /// Makes a database on a scratch server that is like a source; without one it is empty.
    pub async fn on_scratch(
        scratch: &Scratch<'_>,
        like: Option<&SchemaSource>,
        sample: u64,
        context: &Context,
    ) -> Result<Self> {
        let name = scratch.database().await?;
        let session = scratch.session(&name).await?;
        let watcher = scratch.session(&name).await?;
        let mut ground =
            Self { session, watcher, what: NOTHING.to_owned(), sizes: None, is_sample: false, notes: Vec::new(), name };
        match like {
            None => {}
            Some(SchemaSource::Files(path)) => {
                let files = SchemaFiles::find(path)?;
                let variables = Variables::new();
                scratch.make_roles(&script::survey(&files.scripts, &variables)?.roles.needed()).await?;
                for one in &files.scripts {
                    script::run(&ground.session, one, &variables, &mut |_| {}).await?;
                }
                ground.session.batch_execute("RESET ALL; RESET SESSION AUTHORIZATION").await?;
                ground.notes = files.notes;
                ground.what = format!("a database made by {}, with the rows in it", path.display());
            }
            Some(SchemaSource::Url(target)) => ground.fill(scratch, target, sample, context).await?,
            Some(SchemaSource::Revision(revision)) => {
                return Err(Error::new(
                    Class::State,
                    "no_project",
                    "a branch or commit can only be named inside a project",
                )
                .on(revision.clone())
                .hint("name a database URL or an SQL file that exists, or work in a project's folder"));
            }
        }
        ground.settle().await?;
        Ok(ground)
    }

    /// Makes the schema of a database and copies its rows, or as many of each table as are asked for.
    async fn fill(&mut self, scratch: &Scratch<'_>, target: &Target, sample: u64, context: &Context) -> Result<()> {
        let mut from = connect(target, APPLICATION).await?;
        let reading = source::read(&mut from, vec![target.user().to_owned()]).await?;
        let sizes = source::sizes(&*from).await?;
        let tree = tree_of_reading(reading)?;
        source::make_roles(scratch, &tree).await?;
        self.build(scratch, &tree).await?;
        from.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        // Rows come in any order, and nothing watches them.
        self.session.batch_execute("SET session_replication_role = replica").await.map_err(may_not_copy)?;
        let tables = tables_with_rows(&tree);
        let limit = (sample > 0).then_some(sample);
        let mut cut = Vec::new();
        copy_sample(&from, &self.session, &tables, limit, |table, copied| {
            (context.progress)(&format!("{}: {} rows", table.name, copied.rows));
            if limit == Some(copied.rows) {
                cut.push(table.name.clone());
            }
        })
        .await?;
        copy_sequences(&from, &self.session, &sequences(&tree)).await?;
        from.batch_execute("COMMIT").await?;
        from.close().await;
        self.is_sample = !cut.is_empty();
        if self.is_sample {
            self.notes.push(format!("only the first {sample} rows were copied of {}", cut.join(", ")));
            self.drop_dangling().await?;
        }
        self.session.batch_execute("RESET session_replication_role").await?;
        self.sizes = Some(sizes.into_iter().map(|(table, bytes)| (table.sql(), bytes)).collect());
        self.what =
            format!("a copy of {target}{}", if self.is_sample { ", with some of its rows" } else { " with its rows" });
        Ok(())
    }

    async fn build(&mut self, scratch: &Scratch<'_>, tree: &Tree) -> Result<()> {
        let own_roles = scratch.own_roles().await?;
        let transaction = self.session.transaction().await?;
        let reading = catalog::read(&transaction, &ReadOptions { own_roles }).await?;
        let blank = identified_by_name(&tree_of_reading(reading)?, tree);
        let whole = plan(&blank, tree, &[]).map_err(unplannable)?;
        apply::run(&transaction, &whole, None).await.map_err(|error| {
            error.hint("the schema cannot be made on the scratch server; name another one with `--scratch URL`")
        })?;
        transaction.commit().await?;
        Ok(())
    }

    /// Deletes rows that refer to rows which were not copied, and then those that refer to them.
    async fn drop_dangling(&self) -> Result<()> {
        let sql = "SELECT pg_catalog.format('DELETE FROM %s c WHERE NOT EXISTS (SELECT FROM %s p WHERE %s) AND %s',
                       k.conrelid::regclass, k.confrelid::regclass,
                       (SELECT pg_catalog.string_agg(pg_catalog.format('p.%I = c.%I', p.attname, c.attname), ' AND ')
                        FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey)) AS u(mine, theirs)
                        JOIN pg_catalog.pg_attribute c ON c.attrelid = k.conrelid AND c.attnum = u.mine
                        JOIN pg_catalog.pg_attribute p ON p.attrelid = k.confrelid AND p.attnum = u.theirs),
                       (SELECT pg_catalog.string_agg(pg_catalog.format('c.%I IS NOT NULL', c.attname), ' AND ')
                        FROM pg_catalog.unnest(k.conkey) AS u(mine)
                        JOIN pg_catalog.pg_attribute c ON c.attrelid = k.conrelid AND c.attnum = u.mine))
                   FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0 ORDER BY k.oid";
        let rows = self.session.query_typed(sql, &[]).await?;
        let deletes: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        loop {
            let mut gone = 0;
            for delete in &deletes {
                gone += self.session.execute(delete, &[]).await?;
            }
            if gone == 0 {
                return Ok(());
            }
        }
    }

    /// Lets nothing of its making be measured later: rows are where they stay, and counted.
    async fn settle(&self) -> Result<()> {
        // One process does all the work, so that its books show all of it.
        self.session
            .batch_execute("SET max_parallel_maintenance_workers = 0; SET max_parallel_workers_per_gather = 0")
            .await?;
        self.watcher.batch_execute("VACUUM ANALYZE").await?;
        Ok(())
    }

    /// Whether nothing was there to begin with.
    pub fn is_empty(&self) -> bool {
        self.what == NOTHING
    }

    /// Disconnects from it and says what it is called.
    pub async fn close(self) -> String {
        self.session.close().await;
        self.watcher.close().await;
        self.name
    }
}

impl Project {
    /// A clone of a commit's snapshot, with its rows. It belongs to the journal entry.
    pub(crate) async fn ground(&mut self, journal: &JournalGuard, commit: &Commit) -> Result<Ground> {
        let snapshot = self.ensure_snapshot(journal, commit).await?;
        self.progress("measuring on a clone with data");
        let (name, _) = self.scratch_of(journal, &snapshot).await?;
        let ground = Ground {
            session: self.session(&name).await?,
            watcher: self.session(&name).await?,
            what: format!("a clone of {} with its rows", commit.hash.short()),
            sizes: None,
            is_sample: false,
            notes: Vec::new(),
            name,
        };
        ground.settle().await?;
        Ok(ground)
    }
}

/// The sizes of a database's tables.
pub(crate) async fn target_sizes(target: Option<&Target>) -> Result<Option<Bytes>> {
    let Some(target) = target else { return Ok(None) };
    let session = connect(target, APPLICATION).await?;
    let sizes = source::sizes(&*session).await?;
    session.close().await;
    Ok(Some(sizes.into_iter().map(|(table, bytes)| (table.sql(), bytes)).collect()))
}

fn may_not_copy(error: tokio_postgres::Error) -> Error {
    Error::from(error).hint("rows are copied by a superuser: name a scratch server of your own with `--scratch URL`")
}
