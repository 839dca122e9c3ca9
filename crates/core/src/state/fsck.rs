//! Re-reading everything: what is damaged, and what follows from it.

use super::nodes::{self, Decoded};
use super::sql::{get, hash, rows};
use super::{Commit, Db, ProjectId, commits, trees};
use pleach_postgres::Result;
use pleach_schema::{Address, Entry, Hash};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// How many rows are read at a time.
const PAGE: i64 = 500;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Damage {
    /// What it is found on.
    pub object: String,
    /// What is wrong with it.
    pub what: String,
    /// What cannot be done because of it.
    pub consequence: String,
}

/// How far the verification has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being read: `objects`, `commits` or `references`.
    pub stage: &'static str,
    /// How many have been read.
    pub done: u64,
    /// How many there are.
    pub total: u64,
}

/// Re-reads every node, commit and reference of the state database, in all projects, and says what
/// is damaged. Work that goes on meanwhile is neither disturbed nor mistaken for damage.
///
/// # Errors
/// When the state database cannot be read at all.
pub async fn verify_all(db: &impl Db, mut progress: impl FnMut(Progress) + Send) -> Result<Vec<Damage>> {
    // Commits first: the nodes of a commit are stored before it.
    let history = History::read(db).await?;
    let mut store = Store::read(db, &mut progress).await?;
    let mut damages = verify_commits(db, &history, &mut store, &mut progress).await?;
    damages.extend(store.into_damages());
    damages.extend(verify_references(db, &mut progress).await?);
    damages.sort();
    damages.dedup();
    Ok(damages)
}

/// Every commit that is there, by project and generation.
struct History {
    order: Vec<(ProjectId, Hash)>,
    generations: HashMap<(ProjectId, Hash), i64>,
}

impl History {
    async fn read(db: &impl Db) -> Result<Self> {
        let sql = "select project_id, hash, generation from pleach.commit order by project_id, generation, hash";
        let mut history = Self { order: Vec::new(), generations: HashMap::new() };
        for row in db.query(sql, &[]).await? {
            let commit = (get(&row, "project_id")?, hash(&row, "hash")?);
            history.order.push(commit);
            history.generations.insert(commit, get(&row, "generation")?);
        }
        Ok(history)
    }
}

/// What the nodes are and list, and which of them are bad.
#[derive(Default)]
struct Store {
    roots: HashMap<Hash, Vec<Hash>>,
    buckets: HashMap<Hash, Vec<Hash>>,
    groups: HashSet<Hash>,
    bad: BTreeMap<Hash, Bad>,
}

/// A node that cannot be used, and the commits whose trees need it.
struct Bad {
    what: String,
    needed_by: Vec<Hash>,
}

impl Store {
    async fn read(db: &impl Db, progress: &mut (impl FnMut(Progress) + Send)) -> Result<Self> {
        let row = db.query_one("select count(*) as total from pleach.node", &[]).await?;
        let total = get::<i64>(&row, "total")?.unsigned_abs();
        let (mut store, mut done, mut last) = (Self::default(), 0, Vec::<u8>::new());
        loop {
            let sql = "select hash, body from pleach.node where hash > $1 order by hash limit $2";
            let page = db.query(sql, &[&last, &PAGE]).await?;
            let Some(row) = page.last() else { break };
            last = get(row, "hash")?;
            for row in &page {
                store.add(hash(row, "hash")?, get(row, "body")?);
            }
            done += page.len() as u64;
            progress(Progress { stage: "objects", done, total: total.max(done) });
        }
        Ok(store)
    }

    fn add(&mut self, hash: Hash, body: &[u8]) {
        match nodes::decode(hash, body) {
            Ok(Decoded::Root(buckets)) => drop(self.roots.insert(hash, buckets)),
            Ok(Decoded::Bucket(groups)) => {
                self.buckets.insert(hash, groups.into_iter().map(|(_, hash)| hash).collect());
            }
            Ok(Decoded::Group(_)) => drop(self.groups.insert(hash)),
            Err(error) => drop(self.bad.insert(hash, Bad { what: error.message, needed_by: Vec::new() })),
        }
    }

    /// The groups of a commit's tree, or `None` when not all of it is there; what is bad then
    /// knows that the commit needs it.
    fn groups_of(&mut self, commit: &Commit) -> Option<Vec<Hash>> {
        let Some(buckets) = self.roots.get(&commit.root) else {
            self.note_bad(commit.root, commit.hash);
            return None;
        };
        let (mut groups, mut bad) = (Vec::new(), Vec::new());
        for bucket in buckets {
            match self.buckets.get(bucket) {
                Some(listed) => groups.extend(listed),
                None => bad.push(*bucket),
            }
        }
        bad.extend(groups.iter().filter(|group| !self.groups.contains(group)));
        for hash in &bad {
            self.note_bad(*hash, commit.hash);
        }
        bad.is_empty().then_some(groups)
    }

    /// Whether the trees are there that a commit's data steps are run on the way to.
    fn verify_data_steps(&self, commit: &Commit) -> Vec<Damage> {
        let is_gone = |root: &Hash| !self.roots.contains_key(root);
        let gone = commit.data_steps.iter().filter(|step| step.toward.as_ref().is_some_and(is_gone));
        gone.map(|step| Damage {
            object: format!("commit {}", commit.hash),
            what: format!("the schema that its data step {:?} was written for is gone", step.name),
            consequence: "merges and migrations that need the step cannot be planned".to_owned(),
        })
        .collect()
    }

    fn note_bad(&mut self, node: Hash, commit: Hash) {
        let bad = self.bad.entry(node).or_insert_with(|| Bad { what: nodes::missing(node).message, needed_by: vec![] });
        bad.needed_by.push(commit);
    }

    fn into_damages(self) -> impl Iterator<Item = Damage> {
        self.bad.into_iter().map(|(hash, Bad { what, needed_by })| Damage {
            object: format!("object {hash}"),
            what,
            consequence: match needed_by.as_slice() {
                [] => "none: no commit needs it".to_owned(),
                [only] => format!("the schema of commit {} cannot be read", only.short()),
                [first, rest @ ..] => {
                    format!("the schemas of commit {} and {} later ones cannot be read", first.short(), rest.len())
                }
            },
        })
    }
}

async fn verify_commits(
    db: &impl Db,
    history: &History,
    store: &mut Store,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<Vec<Damage>> {
    let mut damages = Vec::new();
    let mut contents = Contents::default();
    let total = history.order.len() as u64;
    let mut done = 0;
    for of_project in history.order.chunk_by(|(a, _), (b, _)| a == b) {
        for page in of_project.chunks(PAGE as usize) {
            let project = page[0].0;
            let wanted: Vec<Hash> = page.iter().map(|(_, hash)| *hash).collect();
            for commit in commits::many(db, project, &wanted).await? {
                damages.extend(verify_commit(&commit, project, history));
                damages.extend(store.verify_data_steps(&commit));
                if let Some(groups) = store.groups_of(&commit) {
                    damages.extend(contents.verify(db, &commit, &groups).await?);
                }
                done += 1;
                progress(Progress { stage: "commits", done, total });
            }
        }
    }
    Ok(damages)
}

/// What a commit says about itself and its parents.
fn verify_commit(commit: &Commit, project: ProjectId, history: &History) -> Vec<Damage> {
    let damage = |what: String, consequence: &str| Damage {
        object: format!("commit {}", commit.hash),
        what,
        consequence: consequence.to_owned(),
    };
    let mut damages = Vec::new();
    if commit.expected_hash() != commit.hash {
        damages.push(damage(
            "what it says does not have its hash".to_owned(),
            "its author, message, parents, schema or data steps are not what was committed",
        ));
    }
    let mut generation = 1;
    let mut whole = true;
    for parent in &commit.parents {
        match history.generations.get(&(project, *parent)) {
            Some(of_parent) => generation = generation.max(of_parent + 1),
            None => {
                whole = false;
                damages.push(damage(
                    format!("its parent {parent} is gone"),
                    "its history ends here: merges that need what came before fail",
                ));
            }
        }
    }
    if whole && generation != commit.generation {
        damages.push(damage(
            format!("it says it is of generation {}, and is of {generation}", commit.generation),
            "merge bases and the order of the log may be wrong",
        ));
    }
    damages
}

/// The groups of the tree that was read last, most of which the next tree shares.
#[derive(Default)]
struct Contents {
    last: Option<(Hash, Hash)>,
    groups: HashMap<Hash, Vec<(Arc<Address>, Entry)>>,
}

impl Contents {
    /// Whether a commit's tree has the content hash that the commit says.
    async fn verify(&mut self, db: &impl Db, commit: &Commit, groups: &[Hash]) -> Result<Option<Damage>> {
        if self.last == Some((commit.root, commit.tree)) {
            return Ok(None);
        }
        let wanted: HashSet<Hash> = groups.iter().copied().collect();
        self.groups.retain(|hash, _| wanted.contains(hash));
        let new: Vec<Hash> = wanted.into_iter().filter(|hash| !self.groups.contains_key(hash)).collect();
        trees::fetch(db, &new, |hash, decoded| {
            if let Decoded::Group(entries) = decoded {
                self.groups.insert(hash, entries);
            }
            Ok(())
        })
        .await?;
        let entries = groups.iter().filter_map(|group| self.groups.get(group)).flatten().cloned().collect();
        let what = match trees::build(commit.root, entries) {
            Ok(tree) if tree.hash() == commit.tree => {
                self.last = Some((commit.root, commit.tree));
                return Ok(None);
            }
            Ok(_) => "its schema does not have the content hash it says".to_owned(),
            Err(error) => error.message,
        };
        Ok(Some(Damage {
            object: format!("commit {}", commit.hash),
            what,
            consequence: "what is read of its schema is not what was committed".to_owned(),
        }))
    }
}

/// What must be there because a row names it: a statement that finds the rows whose object is
/// not, what is wrong then, and what follows.
const REFERENCES: &[(&str, &str, &str)] = &[
    (
        "select 'branch ' || b.name as object from pleach.branch b
         where not exists (select from pleach.commit c where c.project_id = b.project_id and c.hash = b.head)",
        "the commit it stands at is gone",
        "nothing can be committed to it or merged from it",
    ),
    (
        "select 'branch ' || b.name as object from pleach.branch b
         where not exists (select from pleach.database d where d.name = b.database)",
        "its database is not registered",
        "the database is not cleaned up when the branch is deleted",
    ),
    (
        "select 'snapshot ' || s.id as object from pleach.snapshot s
         where not exists (select from pleach.commit c where c.project_id = s.project_id and c.hash = s.commit)",
        "the commit it was taken for is gone",
        "no branch can be made from it",
    ),
    (
        "select 'snapshot ' || s.id as object from pleach.snapshot s
         where not exists (select from pleach.database d where d.name = s.database)",
        "its database is not registered",
        "the database is not cleaned up with the snapshot",
    ),
    (
        "select 'warm clone ' || w.database as object from pleach.warm w
         where not exists (select from pleach.database d where d.name = w.database)
            or not exists (select from pleach.snapshot s where s.id = w.snapshot_id)",
        "its database is not registered, or its snapshot is gone",
        "it cannot be given to a branch",
    ),
    (
        "select 'merge ' || m.id as object from pleach.merge m
         cross join unnest(m.base || array[m.ours, m.theirs, m.result]) as needed(hash)
         where needed.hash is not null
           and not exists (select from pleach.commit c where c.project_id = m.project_id and c.hash = needed.hash)",
        "a commit it works on is gone",
        "it cannot be continued or explained",
    ),
];

async fn verify_references(db: &impl Db, progress: &mut (impl FnMut(Progress) + Send)) -> Result<Vec<Damage>> {
    let mut damages = Vec::new();
    let total = REFERENCES.len() as u64;
    for (done, (sql, what, consequence)) in (1..).zip(REFERENCES) {
        for object in rows(&db.query(*sql, &[]).await?, |row| get::<String>(row, "object"))? {
            damages.push(Damage { object, what: (*what).to_owned(), consequence: (*consequence).to_owned() });
        }
        progress(Progress { stage: "references", done, total });
    }
    Ok(damages)
}
