//! The stored form of a tree: one root node, a few bucket nodes, and one group node per relation.
//!
//! A node is a body and the BLAKE3 hash of it. The root lists the buckets, a bucket lists its
//! groups by key, and a group holds the entries of one [`Tree::groups`] group. Groups are put into
//! buckets by the hash of their key, and there are about as many buckets as groups in a bucket, so
//! a change of one table of thousands makes one group, one bucket and one root, all small. The form
//! depends on the tree alone, not on its history: equal trees have equal roots.

use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Address, Attributes, Derived, Entry, Hash, Kind, Lineage, Object, Tree};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

const ROOT: &[u8] = b"R1";
const BUCKET: &[u8] = b"B1";
const GROUP: &[u8] = b"G1";

/// What stands in the root for a bucket that holds nothing.
const NOTHING: Hash = Hash([0; 32]);

/// A body and its hash.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub hash: Hash,
    pub body: Vec<u8>,
}

/// A tree as nodes, ready to be stored.
pub(super) struct Encoded {
    pub root: Node,
    pub buckets: Vec<Bucket>,
}

/// A bucket node and the group nodes it lists.
pub(super) struct Bucket {
    pub node: Node,
    pub groups: Vec<Node>,
}

/// What a node turned out to be.
pub(super) enum Decoded {
    /// The hashes of the buckets that hold something.
    Root(Vec<Hash>),
    /// Keys and hashes of groups.
    Bucket(Vec<(String, Hash)>),
    /// Objects.
    Group(Vec<(Arc<Address>, Entry)>),
}

/// An entry of a group node, as an array: shorter than names, and quicker to read.
#[derive(Serialize, Deserialize)]
struct StoredEntry<'a>(
    Kind,
    Cow<'a, [String]>,
    Cow<'a, Option<String>>,
    Lineage,
    Cow<'a, Attributes>,
    Option<Cow<'a, Derived>>,
);

impl Node {
    fn new(body: Vec<u8>) -> Self {
        Self { hash: Hash::of(&body), body }
    }
}

/// The nodes of a tree.
pub(super) fn encode(tree: &Tree) -> Result<Encoded> {
    let groups = tree.groups();
    let mut buckets: Vec<Vec<(String, Node)>> = Vec::new();
    buckets.resize_with(fan_out(groups.len()), Vec::new);
    for (key, entries) in groups {
        let place = bucket_of(&key, buckets.len());
        let node = encode_group(&entries)?;
        buckets[place].push((key, node));
    }
    let mut root = ROOT.to_vec();
    let mut encoded = Vec::new();
    for groups in buckets {
        if groups.is_empty() {
            root.extend_from_slice(&NOTHING.0);
            continue;
        }
        let node = encode_bucket(&groups);
        root.extend_from_slice(&node.hash.0);
        encoded.push(Bucket { node, groups: groups.into_iter().map(|(_, node)| node).collect() });
    }
    Ok(Encoded { root: Node::new(root), buckets: encoded })
}

/// Reads a node that came from the store under this hash.
///
/// # Errors
/// `object_damaged` when the body is not what was stored, `object_unreadable` when it is, and is
/// written in a way this version does not know.
pub(super) fn decode(hash: Hash, body: &[u8]) -> Result<Decoded> {
    if Hash::of(body) != hash {
        return Err(damaged(hash));
    }
    let decoded = match body.split_at_checked(2) {
        Some((ROOT, rest)) => decode_root(rest).map(Decoded::Root),
        Some((BUCKET, rest)) => decode_bucket(rest).map(Decoded::Bucket),
        Some((GROUP, rest)) => decode_group(rest).map(Decoded::Group),
        _ => None,
    };
    decoded.ok_or_else(|| unreadable(hash))
}

/// The error for a node whose body does not have its hash.
pub(super) fn damaged(hash: Hash) -> Error {
    Error::new(Class::Internal, "object_damaged", "a stored object is not what was stored")
        .on(format!("object {hash}"))
        .hint("the state database is damaged: run `pleach fsck` to see what it affects, and restore from a backup")
}

/// The error for a node that is not there.
pub(super) fn missing(hash: Hash) -> Error {
    Error::new(Class::Internal, "object_missing", "a stored object is gone")
        .on(format!("object {hash}"))
        .hint("the state database is damaged: run `pleach fsck` to see what it affects, and restore from a backup")
}

/// The error for a node that says what this version does not understand.
pub(super) fn unreadable(hash: Hash) -> Error {
    Error::new(Class::Internal, "object_unreadable", "a stored object is written in a form that is not known")
        .on(format!("object {hash}"))
        .hint("use the version of Pleach that wrote it, or a newer one")
}

/// The number of buckets: the power of two next to the square root of the number of groups.
fn fan_out(groups: usize) -> usize {
    let mut buckets = 1;
    while buckets * buckets < groups {
        buckets *= 2;
    }
    buckets
}

fn bucket_of(key: &str, buckets: usize) -> usize {
    let Hash([a, b, ..]) = Hash::of(key.as_bytes());
    usize::from(u16::from_le_bytes([a, b])) % buckets
}

fn encode_group(entries: &[(&Address, &Entry)]) -> Result<Node> {
    let mut body = Vec::with_capacity(256 * entries.len());
    body.extend_from_slice(GROUP);
    let stored: Vec<StoredEntry> = entries
        .iter()
        .map(|(address, entry)| {
            let derived = &entry.object.derived;
            let says_nothing =
                derived.references.is_empty() && derived.position.is_none() && derived.columns.is_empty();
            StoredEntry(
                address.kind,
                Cow::Borrowed(&address.path),
                Cow::Borrowed(&address.arguments),
                entry.lineage,
                Cow::Borrowed(&entry.object.attributes),
                (!says_nothing).then_some(Cow::Borrowed(derived)),
            )
        })
        .collect();
    serde_json::to_writer(&mut body, &stored)
        .map_err(|error| Error::new(Class::Internal, "object_not_encodable", error.to_string()))?;
    Ok(Node::new(body))
}

fn decode_group(body: &[u8]) -> Option<Vec<(Arc<Address>, Entry)>> {
    let stored: Vec<StoredEntry> = serde_json::from_slice(body).ok()?;
    let entries = stored.into_iter().map(|StoredEntry(kind, path, arguments, lineage, attributes, derived)| {
        let address = Address { kind, path: path.into_owned(), arguments: arguments.into_owned() };
        let object =
            Object { attributes: attributes.into_owned(), derived: derived.map(Cow::into_owned).unwrap_or_default() };
        (Arc::new(address), Entry { lineage, object: Arc::new(object) })
    });
    Some(entries.collect())
}

fn encode_bucket(groups: &[(String, Node)]) -> Node {
    let mut body = BUCKET.to_vec();
    for (key, node) in groups {
        body.extend_from_slice(&(key.len() as u32).to_le_bytes());
        body.extend_from_slice(key.as_bytes());
        body.extend_from_slice(&node.hash.0);
    }
    Node::new(body)
}

fn decode_bucket(mut body: &[u8]) -> Option<Vec<(String, Hash)>> {
    let mut groups = Vec::new();
    while !body.is_empty() {
        let (length, rest) = body.split_first_chunk::<4>()?;
        let (key, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let (hash, rest) = rest.split_first_chunk::<32>()?;
        groups.push((str::from_utf8(key).ok()?.to_owned(), Hash(*hash)));
        body = rest;
    }
    Some(groups)
}

fn decode_root(body: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, []) = body.as_chunks::<32>() else { return None };
    Some(hashes.iter().map(|hash| Hash(*hash)).filter(|hash| *hash != NOTHING).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fan_out_grows_with_the_square_root() {
        let sizes = [0, 1, 2, 4, 5, 100, 1_000, 5_000, 100_000].map(fan_out);
        assert_eq!(sizes, [1, 1, 2, 2, 4, 16, 32, 128, 512]);
    }

    #[test]
    fn a_body_under_another_hash_is_damage() {
        let node = Node::new(b"R1".to_vec());
        assert!(decode(node.hash, &node.body).is_ok());
        assert_eq!(decode(node.hash, b"R1x").err().map(|error| error.code), Some("object_damaged"));
    }

    #[test]
    fn a_form_from_the_future_is_not_damage() {
        for body in [b"G9[]".as_slice(), b"G1[9]", b"B1\x09", b"R1\x00", b""] {
            assert_eq!(decode(Hash::of(body), body).err().map(|error| error.code), Some("object_unreadable"));
        }
    }
}
