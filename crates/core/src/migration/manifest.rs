//! What is known of a migration, as a file beside its scripts: where it starts and ends, and how it
//! goes from one to the other.

use super::script::Head;
use crate::planner::PlannedPart;
use crate::state::Commit;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Address, Entry, Hash, Tree};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The form of the file that this version writes.
const FORMAT: u32 = 1;

/// A migration, whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Manifest {
    /// Its version: the UTC time it was made.
    pub version: String,
    /// Its name.
    pub name: String,
    /// The commit it starts from.
    pub from: Revision,
    /// The commit it ends at.
    pub to: Revision,
    /// The schema it starts from.
    pub before: Tree,
    /// The schema it ends at, without what is kept aside.
    pub after: Tree,
    /// Where the way back ends: `before`, as far as it can be reached.
    pub back: Tree,
    /// The way up.
    pub up: Vec<PlannedPart>,
    /// The way back.
    pub down: Vec<PlannedPart>,
    /// What going up keeps aside instead of dropping it.
    pub aside: Vec<Aside>,
    /// What either way loses or leaves.
    pub notes: Notes,
    /// The record that it ran.
    pub proof: MigrationProof,
}

/// A commit and its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The commit.
    pub commit: Hash,
    /// The content hash of its tree.
    pub tree: Hash,
}

/// A table or column that is kept where nobody sees it, with what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aside {
    /// What it was called.
    #[serde(with = "pleach_schema::readable::one")]
    pub object: Address,
    /// What it is called while it is kept.
    #[serde(with = "pleach_schema::readable::one")]
    pub kept: Address,
}

/// What people should know of each way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// Of going up.
    pub up: Vec<String>,
    /// Of going back.
    pub down: Vec<String>,
}

/// The record that a migration ran, and ended where it should each time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationProof {
    /// The server it ran on.
    pub server: String,
    /// Milliseconds of the first way up, of the way back, and of the second way up unless what was
    /// lost by then was in its way; on a clone with data.
    pub milliseconds: Vec<u64>,
}

impl From<&Commit> for Revision {
    fn from(commit: &Commit) -> Self {
        Self { commit: commit.hash, tree: commit.tree }
    }
}

impl Manifest {
    /// What the file beside the scripts is called.
    pub(super) fn file_name(head: &Head<'_>) -> String {
        format!("{}_{}.json", head.version, head.name)
    }

    /// The text of the file.
    pub(super) fn to_json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self);
        Ok(text.map_err(|error| Error::new(Class::Internal, "internal", error.to_string()))? + "\n")
    }

    /// Reads the text of such a file.
    ///
    /// # Errors
    /// `bad_manifest` when it is none, or one that a newer version wrote.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| {
            Error::new(Class::Input, "bad_manifest", format!("the file does not describe a migration: {error}")).hint(
                "take it from where it was written, or write the migration again with `pleach migration generate`",
            )
        })
    }
}

/// A manifest as it is written: of the three trees, which have most in common, one whole.
#[derive(Clone, Serialize, Deserialize)]
struct Written {
    format: u32,
    version: String,
    name: String,
    from: Revision,
    to: Revision,
    up: Vec<PlannedPart>,
    down: Vec<PlannedPart>,
    aside: Vec<Aside>,
    notes: Notes,
    proof: MigrationProof,
    after: Vec<(Address, Entry)>,
    before: Otherwise,
    back: Otherwise,
}

/// How a tree differs from another one.
#[derive(Clone, Serialize, Deserialize)]
struct Otherwise {
    without: Vec<Address>,
    with: Vec<(Address, Entry)>,
}

impl Otherwise {
    fn of(tree: &Tree, other: &Tree) -> Self {
        let mut out = Self { without: Vec::new(), with: Vec::new() };
        for (address, theirs, mine) in other.beside(tree) {
            match (theirs, mine) {
                (Some(theirs), Some(mine)) if is_same(theirs, mine) => {}
                (_, Some(mine)) => out.with.push((Address::clone(address), mine.clone())),
                (_, None) => out.without.push(Address::clone(address)),
            }
        }
        out
    }

    fn tree(self, other: &Tree) -> Result<Tree, String> {
        let mut tree = other.clone();
        for address in self.without.iter().chain(self.with.iter().map(|(address, _)| address)) {
            tree.remove(address);
        }
        for (address, entry) in self.with {
            tree.insert(address, entry).map_err(|error| error.to_string())?;
        }
        Ok(tree)
    }
}

/// Whether nothing would be lost by taking one for the other. Two objects are equal already when
/// only what follows from their attributes differs.
fn is_same(one: &Entry, other: &Entry) -> bool {
    let (a, b) = (&one.object, &other.object);
    one.lineage == other.lineage
        && (Arc::ptr_eq(a, b)
            || a == b
                && a.derived.references == b.derived.references
                && a.derived.position == b.derived.position
                && a.derived.columns == b.derived.columns)
}

impl From<Manifest> for Written {
    fn from(manifest: Manifest) -> Self {
        let Manifest { version, name, from, to, before, after, back, up, down, aside, notes, proof } = manifest;
        let (before, back) = (Otherwise::of(&before, &after), Otherwise::of(&back, &after));
        let after = after.iter().map(|(address, entry)| (address.clone(), entry.clone())).collect();
        Self { format: FORMAT, version, name, from, to, up, down, aside, notes, proof, after, before, back }
    }
}

impl TryFrom<Written> for Manifest {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { format, version, name, from, to, up, down, aside, notes, proof, after, before, back } = written;
        if format != FORMAT {
            return Err(format!("it has form {format}, and this version of Pleach reads form {FORMAT}"));
        }
        let after = Tree::from_entries(after).map_err(|error| error.to_string())?;
        let (before, back) = (before.tree(&after)?, back.tree(&after)?);
        if before.hash() != from.tree || after.hash() != to.tree {
            return Err("its schemas are not those of its commits: it was edited".to_owned());
        }
        Ok(Self { version, name, from, to, before, after, back, up, down, aside, notes, proof })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use pleach_schema::{Attr, Kind, Lineage, Object};
    use uuid::Uuid;

    fn tree(columns: &[(&str, u128, &str)]) -> Tree {
        let table = Address::new(Kind::Table, ["public", "t"]);
        let entry = |lineage, object| Entry { lineage: Lineage(Uuid::from_u128(lineage)), object: Arc::new(object) };
        let columns = columns.iter().map(|(name, lineage, is)| {
            let mut object = Object::default();
            object.set(Attr::Type, *is);
            (table.part(Kind::Column, name), entry(*lineage, object))
        });
        Tree::from_entries(columns.chain([(table.clone(), entry(1, Object::default()))])).unwrap()
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let before = tree(&[("a", 2, "integer"), ("b", 3, "text"), ("c", 4, "text")]);
        let after = tree(&[("a", 2, "bigint"), ("d", 3, "text"), ("c", 5, "text")]);
        let revision = |tree: &Tree| Revision { commit: Hash::of(b"commit"), tree: tree.hash() };
        let manifest = Manifest {
            version: "20260101000000".to_owned(),
            name: "it".to_owned(),
            from: revision(&before),
            to: revision(&after),
            back: before.clone(),
            before,
            after,
            up: Vec::new(),
            down: Vec::new(),
            aside: Vec::new(),
            notes: Notes::default(),
            proof: MigrationProof { server: "PostgreSQL 18.0".to_owned(), milliseconds: vec![1, 2, 3] },
        };
        let text = manifest.to_json().unwrap();
        let read = Manifest::from_json(&text).unwrap();
        let same =
            |one: &Tree, other: &Tree| one.beside(other).all(|(_, a, b)| a.zip(b).is_some_and(|(a, b)| is_same(a, b)));
        assert!(same(&read.before, &manifest.before) && same(&read.after, &manifest.after));
        assert!(same(&read.back, &manifest.back));
        assert_eq!(read.to_json().unwrap(), text);

        let edited = Manifest::from_json(&text.replace("bigint", "smallint")).unwrap_err();
        assert_eq!(edited.code, "bad_manifest");
        assert!(edited.message.contains("edited"), "{edited}");
        let newer = Manifest::from_json(&text.replace("\"format\": 1", "\"format\": 2")).unwrap_err();
        assert!(newer.message.contains("form 2"), "{newer}");
    }
}
