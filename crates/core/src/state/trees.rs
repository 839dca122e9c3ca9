//! Storing trees so that what did not change is stored once, and reading them back.

use super::Db;
use super::nodes::{self, Decoded, Node};
use super::sql::{all_bytes, get, hash};
use futures_util::TryStreamExt;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Address, Entry, Hash, Tree};
use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::Arc;

/// About how many bytes of nodes go into one statement.
const BATCH: usize = 8 << 20;

/// How many groups are asked for in one statement.
const PAGE: usize = 20_000;

/// A tree in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredTree {
    /// The root node: equal for trees equal in contents, lineages and derived facts.
    pub root: Hash,
    /// The content hash, [`Tree::hash`]: equal for equal schemas.
    pub content: Hash,
    /// How many nodes were not in the store before.
    pub stored: u64,
}

/// Stores a tree; of what the `parent` (a root) has, nothing is sent.
///
/// Best called outside of a transaction: nodes that nothing refers to do no harm, and two
/// processes that store the same nodes then never wait for each other.
///
/// # Errors
/// When the parent's nodes are damaged or the state database cannot be written.
pub async fn put_tree(db: &impl Db, tree: &Tree, parent: Option<Hash>) -> Result<StoredTree> {
    let encoded = nodes::encode(tree)?;
    let (root, content) = (encoded.root.hash, tree.hash());
    if parent == Some(root) {
        return Ok(StoredTree { root, content, stored: 0 });
    }
    let buckets: HashSet<Hash> = encoded.buckets.iter().map(|bucket| bucket.node.hash).collect();
    let known = match parent {
        Some(parent) => Known::of_parent(db, parent, &buckets).await?,
        None => Known::default(),
    };
    let mut new = Vec::new();
    for bucket in encoded.buckets {
        if !known.buckets.contains(&bucket.node.hash) {
            new.extend(bucket.groups.into_iter().filter(|node| !known.groups.contains(&node.hash)));
            new.push(bucket.node);
        }
    }
    new.push(encoded.root);
    Ok(StoredTree { root, content, stored: insert(db, new).await? })
}

/// Reads a tree by its root, checking every node.
///
/// # Errors
/// `object_damaged` or `object_missing`, naming the hash.
pub async fn get_tree(db: &impl Db, root: Hash) -> Result<Tree> {
    Ok(get_trees(db, &[root]).await?.pop().unwrap_or_default())
}

/// Reads several trees, in the order of their roots. What they have in common is read once and
/// shared by them, so versions of one schema cost little more than one of them.
///
/// # Errors
/// As for [`get_tree`].
pub async fn get_trees(db: &impl Db, roots: &[Hash]) -> Result<Vec<Tree>> {
    let structure = Structure::read(db, roots).await?;
    let mut groups = HashMap::new();
    for page in structure.groups().chunks(PAGE) {
        fetch(db, page, |hash, decoded| {
            let Decoded::Group(entries) = decoded else { return Err(nodes::unreadable(hash)) };
            groups.insert(hash, entries);
            Ok(())
        })
        .await?;
    }
    let Some((last, others)) = roots.split_last() else { return Ok(Vec::new()) };
    let mut trees = Vec::with_capacity(roots.len());
    for root in others {
        let entries = structure.groups_of(*root).filter_map(|group| groups.get(&group)).flatten().cloned();
        trees.push(build(*root, entries.collect())?);
    }
    let entries = structure.groups_of(*last).filter_map(|group| groups.remove(&group)).flatten();
    trees.push(build(*last, entries.collect())?);
    Ok(trees)
}

/// A tree of these entries, which came from the nodes under this root.
pub(super) fn build(root: Hash, entries: Vec<(Arc<Address>, Entry)>) -> Result<Tree> {
    Tree::from_entries(entries).map_err(|error| {
        Error::new(Class::Internal, "object_damaged", format!("a stored tree contradicts itself: {error}"))
            .on(format!("object {root}"))
            .hint("run `pleach fsck`")
    })
}

/// Reads nodes in no particular order and hands each to `take`; all must be there.
pub(super) async fn fetch(
    db: &impl Db,
    wanted: &[Hash],
    mut take: impl FnMut(Hash, Decoded) -> Result<()>,
) -> Result<()> {
    let mut missing: HashSet<Hash> = wanted.iter().copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let stream = db.query_raw("select hash, body from pleach.node where hash = any($1)", [all_bytes(wanted)]).await?;
    let mut stream = pin!(stream);
    while let Some(row) = stream.try_next().await? {
        let hash = hash(&row, "hash")?;
        missing.remove(&hash);
        take(hash, nodes::decode(hash, get(&row, "body")?)?)?;
    }
    match missing.into_iter().min() {
        Some(hash) => Err(nodes::missing(hash)),
        None => Ok(()),
    }
}

/// The nodes of a parent that need not be sent again.
#[derive(Default)]
struct Known {
    buckets: HashSet<Hash>,
    groups: HashSet<Hash>,
}

impl Known {
    /// Reads the parent's root, and of its buckets only those that are not in the new tree.
    async fn of_parent(db: &impl Db, parent: Hash, new_buckets: &HashSet<Hash>) -> Result<Self> {
        let buckets: HashSet<Hash> = read_roots(db, &[parent]).await?.into_values().flatten().collect();
        let changed: Vec<Hash> = buckets.difference(new_buckets).copied().collect();
        let groups = read_buckets(db, &changed).await?.into_values().flatten().collect();
        Ok(Self { buckets, groups })
    }
}

/// What some trees consist of: for each root its buckets, for each bucket its groups.
struct Structure {
    roots: HashMap<Hash, Vec<Hash>>,
    buckets: HashMap<Hash, Vec<Hash>>,
}

impl Structure {
    async fn read(db: &impl Db, roots: &[Hash]) -> Result<Self> {
        let roots = read_roots(db, roots).await?;
        let buckets: HashSet<Hash> = roots.values().flatten().copied().collect();
        let buckets = read_buckets(db, &Vec::from_iter(buckets)).await?;
        Ok(Self { roots, buckets })
    }

    /// The groups of all trees, each once.
    fn groups(&self) -> Vec<Hash> {
        let groups: HashSet<Hash> = self.buckets.values().flatten().copied().collect();
        groups.into_iter().collect()
    }

    fn groups_of(&self, root: Hash) -> impl Iterator<Item = Hash> {
        let buckets = self.roots.get(&root).into_iter().flatten();
        buckets.filter_map(|bucket| self.buckets.get(bucket)).flatten().copied()
    }
}

async fn read_roots(db: &impl Db, roots: &[Hash]) -> Result<HashMap<Hash, Vec<Hash>>> {
    let mut read = HashMap::new();
    fetch(db, roots, |hash, decoded| {
        let Decoded::Root(buckets) = decoded else { return Err(nodes::unreadable(hash)) };
        read.insert(hash, buckets);
        Ok(())
    })
    .await?;
    Ok(read)
}

async fn read_buckets(db: &impl Db, buckets: &[Hash]) -> Result<HashMap<Hash, Vec<Hash>>> {
    let mut read = HashMap::new();
    fetch(db, buckets, |hash, decoded| {
        let Decoded::Bucket(groups) = decoded else { return Err(nodes::unreadable(hash)) };
        read.insert(hash, groups.into_iter().map(|(_, hash)| hash).collect());
        Ok(())
    })
    .await?;
    Ok(read)
}

/// Inserts nodes, in the order of hashes so that two processes cannot wait for each other in a
/// circle, and says how many were new.
async fn insert(db: &impl Db, mut new: Vec<Node>) -> Result<u64> {
    new.sort_unstable_by_key(|node| node.hash);
    let mut stored = 0;
    let mut rest = new.as_slice();
    while !rest.is_empty() {
        let mut size = 0;
        let fits = rest.iter().take_while(|node| {
            size += node.body.len();
            size <= BATCH
        });
        let (batch, later) = rest.split_at(fits.count().max(1));
        let hashes = all_bytes(batch.iter().map(|node| &node.hash));
        let bodies: Vec<&[u8]> = batch.iter().map(|node| node.body.as_slice()).collect();
        stored += db
            .execute(
                "insert into pleach.node (hash, body) select * from unnest($1::bytea[], $2::bytea[])
                 on conflict do nothing",
                &[&hashes, &bodies],
            )
            .await?;
        rest = later;
    }
    Ok(stored)
}
