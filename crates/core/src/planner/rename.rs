//! Renames that are declared, where there is no identity to know them by.

use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Address, Entry, Kind, Lineage, Tree};
use std::collections::HashSet;

/// A declared rename: `public.users.bio=biography`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    old: Vec<String>,
    new: Vec<String>,
}

impl std::str::FromStr for Rename {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let example = "write it as public.users.bio=biography";
        let mut sides = split(text, '=').ok_or("a quoted name does not end")?.into_iter();
        let (Some(old), Some(new), None) = (sides.next(), sides.next(), sides.next()) else {
            return Err(example.to_owned());
        };
        let path = |text: &str| -> Option<Vec<String>> {
            split(text, '.')?.iter().map(|part| unquoted(part.trim())).collect::<Option<_>>()
        };
        match (path(&old), path(&new)) {
            (Some(old), Some(new)) => Ok(Self { old, new }),
            _ => Err(example.to_owned()),
        }
    }
}

/// The parts of a text between separators that are not inside quotes; `None` if quotes stay open.
fn split(text: &str, separator: char) -> Option<Vec<String>> {
    let (mut parts, mut quoted) = (vec![String::new()], false);
    for c in text.chars() {
        quoted ^= c == '"';
        match parts.last_mut() {
            Some(part) if quoted || c != separator => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    (!quoted).then_some(parts)
}

fn unquoted(name: &str) -> Option<String> {
    let inner = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    Some(inner.map_or_else(|| name.to_lowercase(), |inner| inner.replace("\"\"", "\""))).filter(|name| !name.is_empty())
}

/// The second tree with the lineages that a rename carries over from the first one.
///
/// # Errors
/// `unknown_object` when there is nothing of that name on one of the sides.
pub(super) fn declare(from: &Tree, to: Tree, rename: &Rename) -> Result<Tree> {
    let old = find(from, &rename.old, None).ok_or_else(|| unknown(&rename.old, "from"))?;
    let mut path = match rename.new.as_slice() {
        [name] => [&old.path[..old.path.len() - 1], std::slice::from_ref(name)].concat(),
        path => path.to_vec(),
    };
    // The table of a renamed column may have another name by now.
    if let (true, Some(table)) = (old.kind.is_part(), from.parent(&old))
        && rename.new.len() == 1
        && let Some(now) = from.lineage(&table).and_then(|lineage| to.address(lineage))
    {
        path = now.part(old.kind, &rename.new[0]).path;
    }
    let new = find(&to, &path, Some(old.kind)).ok_or_else(|| unknown(&path, "to"))?;
    let mut pairs = vec![(old.clone(), new.clone())];
    if !old.kind.is_part() {
        pairs.extend(parts(from, &to, &old, &new));
    }
    let taken: HashSet<Lineage> = pairs.iter().filter_map(|(old, _)| from.lineage(old)).collect();
    let entries = to.iter().map(|(address, entry)| {
        let pair = pairs.iter().find(|(_, new)| new == address).and_then(|(old, _)| from.lineage(old));
        // What had it by its name is somebody else now.
        let free = if taken.contains(&entry.lineage) { Lineage(uuid::Uuid::new_v4()) } else { entry.lineage };
        (address.clone(), Entry { lineage: pair.unwrap_or(free), object: entry.object.clone() })
    });
    Tree::from_entries(entries).map_err(|error| Error::new(Class::Input, "bad_rename", error.to_string()))
}

/// The parts of a renamed relation: those of the same name, and else those that are alike.
fn parts(from: &Tree, to: &Tree, old: &Address, new: &Address) -> Vec<(Address, Address)> {
    let of = |tree: &Tree, whole: &Address| -> Vec<(Address, Entry)> {
        let inside = |a: &Address| a.kind.is_part() && a.relation() == whole.path;
        tree.iter().filter(|(a, _)| inside(a)).map(|(a, entry)| (a.clone(), entry.clone())).collect()
    };
    let (mut mine, mut theirs) = (of(from, old), of(to, new));
    let mut pairs = Vec::new();
    for by_name in [true, false] {
        mine.retain(|(a, x)| {
            let same = |(b, y): &(Address, Entry)| {
                a.kind == b.kind
                    && if by_name { a.name() == b.name() } else { !a.kind.holds_data() && x.object == y.object }
            };
            let found = theirs.iter().position(same).map(|at| theirs.remove(at).0);
            pairs.extend(found.clone().map(|b| (a.clone(), b)));
            found.is_none()
        });
    }
    pairs
}

/// The object of this path; a table or column before anything else.
fn find(tree: &Tree, path: &[String], kind: Option<Kind>) -> Option<Address> {
    let first = [Kind::Table, Kind::Column, Kind::View, Kind::Attribute];
    let kinds = first.iter().chain(Kind::ALL).filter(|other| kind.is_none_or(|kind| kind == **other));
    kinds.map(|kind| Address::new(*kind, path.iter().cloned())).find(|address| tree.get(address).is_some())
}

fn unknown(path: &[String], side: &str) -> Error {
    let name = pleach_schema::qualified(path.iter().map(String::as_str));
    Error::new(Class::Input, "unknown_object", format!("the {side} side has nothing of this name"))
        .on(name)
        .hint("a rename is written with full names: `--rename public.users.bio=biography`")
}

/// What looks like a rename that was not declared: one column gone and one new in the same table,
/// alike but for their names, or a table with the columns of one that is gone.
pub(super) fn suspects(from: &Tree, to: &Tree) -> Vec<(Address, Address)> {
    let gone = from.iter().filter(|(_, entry)| to.address(entry.lineage).is_none());
    let gone: Vec<_> = gone.filter(|(a, _)| matches!(a.kind, Kind::Table | Kind::Column)).collect();
    let new = to.iter().filter(|(_, entry)| from.address(entry.lineage).is_none());
    let new: Vec<_> = new.filter(|(a, _)| matches!(a.kind, Kind::Table | Kind::Column)).collect();
    let mut pairs = Vec::new();
    for (old, entry) in &gone {
        let alike = |(address, other): &&(&Address, &Entry)| match old.kind {
            Kind::Column => {
                let same_table = from.parent(old).and_then(|table| from.lineage(&table))
                    == to.parent(address).and_then(|table| to.lineage(&table));
                address.kind == Kind::Column && same_table && entry.object == other.object
            }
            _ => {
                let columns = |tree: &Tree, of: &Address| -> Vec<_> {
                    tree.parts(&of.path, Kind::Column).map(|(a, e)| (a.name().to_owned(), e.object.clone())).collect()
                };
                let mine = columns(from, old);
                address.kind == Kind::Table && !mine.is_empty() && mine == columns(to, address)
            }
        };
        let mut found = new.iter().filter(alike);
        if let (Some((address, _)), None) = (found.next(), found.next()) {
            pairs.push(((*old).clone(), (*address).clone()));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_is_read_with_quotes() {
        let path = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let rename = Rename { old: path(&["public", "My.Users", "bio"]), new: path(&["the=bio"]) };
        assert_eq!("public.\"My.Users\".Bio=\"the=bio\"".parse(), Ok(rename));
        assert!("public.users".parse::<Rename>().is_err());
        assert!("a=b=c".parse::<Rename>().is_err());
        assert!("\"a=b".parse::<Rename>().is_err());
    }
}
