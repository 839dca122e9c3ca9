//! Renames that are declared, where there is no identity to know them by.

use pleach_postgres::script::Renamed;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Address, Entry, Kind, Lineage, Tree};
use std::collections::{HashMap, HashSet};

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
        match (path(&old), path(&new)) {
            (Some(old), Some(new)) => Ok(Self { old, new }),
            _ => Err(example.to_owned()),
        }
    }
}

/// The names of a path, from the outside in.
fn path(text: &str) -> Option<Vec<String>> {
    split(text, '.')?.iter().map(|part| unquoted(part.trim())).collect()
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

/// The second tree with the lineages that renames carry over from the first one: those that were
/// declared, and those that comments in its files tell. What comments tell that has no effect is
/// said in `notes`.
///
/// # Errors
/// `unknown_object` when there is nothing of a name on one of the sides.
pub(super) fn declare(
    from: &Tree,
    mut to: Tree,
    renames: &[Rename],
    told: &[Renamed],
    notes: &mut Vec<String>,
) -> Result<Tree> {
    let mut olds = Vec::new();
    for rename in renames {
        let old = find(from, &rename.old, None).ok_or_else(|| unknown(&rename.old, "from"))?;
        olds.push((old, rename));
    }
    // A schema before what is in it, a table before its columns.
    olds.sort_by_key(|(old, _)| old.path.len());
    for (old, rename) in olds {
        let new = new_of(from, &to, &old, &rename.new)?;
        to = carry(from, &to, &old, &new)?;
    }
    let mut news = Vec::new();
    for told in told {
        news.extend(told_of(&to, told)?.into_iter().map(|new| (new, told)));
    }
    news.sort_by_key(|(new, _)| new.path.len());
    for alike in news.chunk_by(|(a, _), (b, _)| a.path.len() == b.path.len()) {
        let mut pairs = Vec::new();
        for (new, told) in alike {
            if let Some((old, there)) = old_of(from, &to, new, told)? {
                pairs.push((old, there, new, *told));
            }
        }
        let olds: HashSet<&Address> = pairs.iter().map(|(old, ..)| old).collect();
        for (old, there, new, told) in &pairs {
            // A comment that has stayed from long ago must not take anything's place.
            if from.get(there).is_some() && !olds.contains(there) {
                notes.push(format!("{}: {there} is there beside {old}, so it was not renamed", told.place));
            } else {
                to = carry(from, &to, old, new)?;
            }
        }
    }
    Ok(to)
}

/// What a declared rename makes of an object.
fn new_of(from: &Tree, to: &Tree, old: &Address, new: &[String]) -> Result<Address> {
    let mut path = match new {
        [name] => [&old.path[..old.path.len() - 1], std::slice::from_ref(name)].concat(),
        path => path.to_vec(),
    };
    // The table of a renamed column may have another name by now, or be in another schema.
    if let (true, Some(table)) = (old.kind.is_part(), from.parent(old))
        && let Some(now) = from.lineage(&table).and_then(|lineage| to.address(lineage))
        && (new.len() == 1 || path[..path.len() - 1] == table.path)
    {
        path = now.part(old.kind, new.last().map_or("", String::as_str)).path;
    }
    let alike = Address { path: path.clone(), ..old.clone() };
    let found = Some(alike).filter(|alike| to.get(alike).is_some());
    found.or_else(|| find(to, &path, Some(old.kind))).ok_or_else(|| unknown(&path, "to"))
}

/// The objects that a comment speaks of; a schema that it does not name is the usual one, or the
/// only one with such an object. Several are functions of one name.
fn told_of(to: &Tree, told: &Renamed) -> Result<Vec<Address>> {
    let mut found: Vec<&Address> = to
        .iter()
        .map(|(address, _)| address)
        .filter(|address| address.kind == told.kind && address.path.ends_with(&told.path))
        .filter(|address| address.path.len() <= told.path.len() + 1)
        .collect();
    if found.iter().any(|address| address.path == told.path) {
        found.retain(|address| address.path == told.path);
    }
    if found.iter().any(|address| address.schema() == Some("public")) {
        found.retain(|address| address.schema() == Some("public"));
    }
    let one_name = found.windows(2).all(|pair| pair[0].path == pair[1].path);
    match found.first() {
        Some(_) if one_name => Ok(found.into_iter().cloned().collect()),
        Some(_) => Err(misplaced(told, "there is more than one of this name: name the schema in the statement")),
        None => Err(misplaced(told, "the script makes nothing of this name in the end")),
    }
}

/// What an object was called that a comment speaks of, and what its new name means on that side;
/// `None` when it has its new name already.
fn old_of(from: &Tree, to: &Tree, new: &Address, told: &Renamed) -> Result<Option<(Address, Address)>> {
    let given = path(&told.old).filter(|given| given.len() <= new.path.len());
    let given = given.ok_or_else(|| misplaced(told, "this is no name such an object can have had"))?;
    let missing = new.path.len() - given.len();
    // What it is part of may have another name itself.
    let whole = to.parent(new).and_then(|whole| to.lineage(&whole)).and_then(|lineage| from.address(lineage));
    let outer = whole.filter(|_| new.kind.is_part()).map_or(&*new.path, |whole| &whole.path);
    let path = [outer.get(..missing).unwrap_or_default(), &given].concat();
    let mut there = outer.get(..new.path.len().saturating_sub(1)).unwrap_or_default().to_vec();
    there.push(new.name().to_owned());
    let there = new.with_path(there);
    let same = Address { path: path.clone(), ..new.clone() };
    let old = Some(same).filter(|same| from.get(same).is_some()).or_else(|| find(from, &path, Some(new.kind)));
    match old {
        Some(old) if old != there => Ok(Some((old, there))),
        _ if from.get(&there).is_some() => Ok(None),
        _ => {
            let name = pleach_schema::qualified(path.iter().map(String::as_str));
            Err(Error::new(Class::Input, "unknown_object", format!("the from side has no {name}"))
                .on(told.place.to_string())
                .hint("the comment `-- pleach: renamed from` names what an object was called on the from side"))
        }
    }
}

/// The second tree with the lineage of one object of the first one, and those of its parts.
pub(super) fn carry(from: &Tree, to: &Tree, old: &Address, new: &Address) -> Result<Tree> {
    let mut pairs = vec![(old.clone(), new.clone())];
    match old.kind {
        Kind::Schema => pairs.extend(contents(from, to, old.name(), new.name())),
        kind if kind.is_part() => {}
        _ => pairs.extend(parts(from, to, old, new)),
    }
    let taken: HashSet<Lineage> = pairs.iter().filter_map(|(old, _)| from.lineage(old)).collect();
    let olds: HashMap<&Address, &Address> = pairs.iter().map(|(old, new)| (new, old)).collect();
    let entries = to.shared().map(|(address, entry)| {
        let pair = olds.get(&**address).and_then(|old| from.lineage(old));
        // What had it by its name is somebody else now.
        let free = if taken.contains(&entry.lineage) { Lineage(uuid::Uuid::new_v4()) } else { entry.lineage };
        (address.clone(), Entry { lineage: pair.unwrap_or(free), object: entry.object.clone() })
    });
    Tree::from_entries(entries).map_err(|error| Error::new(Class::Input, "bad_rename", error.to_string()))
}

/// What is in a renamed schema, under the same names in both.
fn contents(from: &Tree, to: &Tree, old: &str, new: &str) -> Vec<(Address, Address)> {
    let inside = from.iter().map(|(address, _)| address);
    let inside = inside.filter(|address| address.kind != Kind::Schema && address.schema() == Some(old));
    let pair = |address: &Address| {
        let mut path = address.path.clone();
        new.clone_into(path.first_mut()?);
        let moved = address.with_path(path);
        to.get(&moved).is_some().then(|| (address.clone(), moved))
    };
    inside.filter_map(pair).collect()
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

/// The object of this path; a table or column before anything else, a function where only one has
/// the name.
fn find(tree: &Tree, path: &[String], kind: Option<Kind>) -> Option<Address> {
    let first = [Kind::Table, Kind::Column, Kind::View, Kind::Attribute];
    let kinds = first.iter().chain(Kind::ALL).filter(|other| kind.is_none_or(|kind| kind == **other));
    let mut plain = kinds.map(|kind| Address::new(*kind, path.iter().cloned()));
    plain.find(|address| tree.get(address).is_some()).or_else(|| {
        let routine = |address: &&Address| address.kind.is_routine() && kind.is_none_or(|kind| kind == address.kind);
        let mut named = tree.iter().map(|(address, _)| address).filter(routine).filter(|address| address.path == path);
        named.next().filter(|_| named.next().is_none()).cloned()
    })
}

fn unknown(path: &[String], side: &str) -> Error {
    let name = pleach_schema::qualified(path.iter().map(String::as_str));
    Error::new(Class::Input, "unknown_object", format!("the {side} side has nothing of this name"))
        .on(name)
        .hint("a rename is written with full names: `--rename public.users.bio=biography`")
}

fn misplaced(told: &Renamed, why: &str) -> Error {
    Error::new(Class::Input, "bad_rename", format!("`-- pleach: renamed from {}`: {why}", told.old))
        .on(told.place.to_string())
        .hint("see the manual of `pleach plan` on renames")
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

    fn tree(names: &[(&str, u128)]) -> Tree {
        let table = |(name, lineage): &(&str, u128)| {
            let entry = Entry { lineage: Lineage(uuid::Uuid::from_u128(*lineage)), object: Default::default() };
            (Address::new(Kind::Table, ["public", name]), entry)
        };
        Tree::from_entries(names.iter().map(table)).unwrap_or_default()
    }

    fn told(from: &Tree, to: &Tree) -> (Option<Lineage>, Vec<String>) {
        let place = pleach_postgres::script::Place { file: "t.sql".into(), line: 1, offset: 0 };
        let told = Renamed { place, old: "users".to_owned(), kind: Kind::Table, path: vec!["people".to_owned()] };
        let mut notes = Vec::new();
        let to = declare(from, to.clone(), &[], &[told], &mut notes).unwrap_or_default();
        (to.lineage(&Address::new(Kind::Table, ["public", "people"])), notes)
    }

    #[test]
    fn a_comment_that_stayed_takes_nobodys_place() {
        let lineage = |n| Some(Lineage(uuid::Uuid::from_u128(n)));
        let (found, notes) = told(&tree(&[("users", 1)]), &tree(&[("people", 2)]));
        assert_eq!((found, notes.len()), (lineage(1), 0), "it is renamed");
        let (found, notes) = told(&tree(&[("people", 1)]), &tree(&[("people", 1)]));
        assert_eq!((found, notes.len()), (lineage(1), 0), "it is done");
        let both = tree(&[("people", 1), ("users", 2)]);
        let (found, notes) = told(&both, &both);
        assert_eq!((found, notes.len()), (lineage(1), 1), "another one has the old name");
    }
}
