//! What looks like a rename that nobody declared. It is never guessed.

use pleach_schema::{Address, Attr, Kind, Lineage, Object, Tree};
use std::collections::{BTreeMap, BTreeSet};

/// Something that goes and something new that is like it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// What goes.
    pub old: Address,
    /// What is new.
    pub new: Address,
    /// Whether the two differ in nothing but their names.
    pub same: bool,
}

/// How like two objects are; more is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    /// Columns of one type, tables with mostly the same columns.
    Alike,
    /// Columns of one type, in the same place of their table.
    InPlace,
    /// The same but for their names.
    Same,
}

/// More pairs than this of one sort are no renames but another schema.
const MOST_PAIRS: usize = 100_000;

/// What can be a rename of each other: what is of one kind, and parts of one relation.
type Sort<'t> = (Kind, Option<Lineage>, Option<&'t str>);

/// What looks like a rename that was not declared: something gone and something new, of which each
/// is more like the other than like anything else.
pub(super) fn suspects(from: &Tree, to: &Tree) -> Vec<Suspect> {
    let mut sorts: BTreeMap<Sort<'_>, (Vec<Sketch<'_>>, Vec<Sketch<'_>>)> = BTreeMap::new();
    for (sort, sketch) in only(from, to) {
        sorts.entry(sort).or_default().0.push(sketch);
    }
    for (sort, sketch) in only(to, from) {
        sorts.entry(sort).or_default().1.push(sketch);
    }
    let few = |(gone, new): &(Vec<_>, Vec<_>)| gone.len() * new.len() <= MOST_PAIRS;
    let mut suspects: Vec<Suspect> =
        sorts.into_values().filter(few).flat_map(|(gone, new)| pairs(&gone, &new)).collect();
    // Lineages come in another order each time.
    suspects.sort_by(|one, other| one.old.cmp(&other.old));
    suspects
}

/// What a tree has and the other one has not.
fn only<'t>(mine: &'t Tree, other: &'t Tree) -> impl Iterator<Item = (Sort<'t>, Sketch<'t>)> {
    let alone = mine.iter().filter(|(address, entry)| can_be(address.kind) && other.address(entry.lineage).is_none());
    alone.filter_map(|(address, entry)| {
        let whole = mine.parent(address).and_then(|whole| mine.lineage(&whole));
        // What goes with its relation is no rename of its own.
        if address.kind.is_part() && whole.is_none_or(|whole| other.address(whole).is_none()) {
            return None;
        }
        let sort = (address.kind, whole, address.arguments.as_deref());
        Some((sort, Sketch { address, object: &entry.object, columns: columns(mine, address) }))
    })
}

/// Of each two that are most like each other, which they are.
fn pairs(gone: &[Sketch<'_>], new: &[Sketch<'_>]) -> Vec<Suspect> {
    let pair = |(at, old): (usize, &Sketch<'_>)| {
        let (found, like) = best(new.iter().map(|new| likeness(old, new)))?;
        let (back, _) = best(gone.iter().map(|gone| likeness(gone, &new[found])))?;
        let (old, new) = (old.address.clone(), new[found].address.clone());
        (back == at).then_some(Suspect { old, new, same: like == Likeness::Same })
    };
    gone.iter().enumerate().filter_map(pair).collect()
}

/// An object as it is compared.
struct Sketch<'t> {
    address: &'t Address,
    object: &'t Object,
    columns: BTreeSet<(&'t str, Option<&'t str>)>,
}

/// The one that is more like than all others, if there is one.
fn best(likes: impl Iterator<Item = Option<Likeness>>) -> Option<(usize, Likeness)> {
    let mut best: Option<(usize, Likeness)> = None;
    let mut twins = false;
    for (at, like) in likes.enumerate().filter_map(|(at, like)| Some((at, like?))) {
        match best {
            Some((_, known)) if like < known => {}
            Some((_, known)) if like == known => twins = true,
            _ => (best, twins) = (Some((at, like)), false),
        }
    }
    best.filter(|_| !twins)
}

/// What has a name of its own that can be changed, and is known by what it is made of.
fn can_be(kind: Kind) -> bool {
    !matches!(kind, Kind::Schema | Kind::Extension | Kind::DefaultPrivileges | Kind::EventTrigger | Kind::Aggregate)
}

fn likeness(old: &Sketch<'_>, new: &Sketch<'_>) -> Option<Likeness> {
    let (object, other) = (old.object, new.object);
    match old.address.kind {
        Kind::Column | Kind::Attribute => {
            let same_type = [Attr::Type, Attr::Collation].iter().all(|attr| object.get(*attr) == other.get(*attr));
            let in_place = object.derived.position == other.derived.position;
            match (object.attributes == other.attributes, same_type, in_place) {
                (true, ..) => Some(Likeness::Same),
                (_, true, true) => Some(Likeness::InPlace),
                (_, true, false) => Some(Likeness::Alike),
                _ => None,
            }
        }
        Kind::Table | Kind::Composite => {
            let shared = old.columns.intersection(&new.columns).count();
            match old.columns.len().max(new.columns.len()) {
                0 => None,
                most if shared == most => Some(Likeness::Same),
                most if shared * 3 >= most * 2 => Some(Likeness::Alike),
                _ => None,
            }
        }
        _ => (object.attributes == other.attributes).then_some(Likeness::Same),
    }
}

/// Names and types of the columns of a table or type.
fn columns<'t>(tree: &'t Tree, of: &Address) -> BTreeSet<(&'t str, Option<&'t str>)> {
    let kind = match of.kind {
        Kind::Table => Kind::Column,
        Kind::Composite => Kind::Attribute,
        _ => return BTreeSet::new(),
    };
    tree.parts(&of.path, kind).map(|(part, entry)| (part.name(), entry.object.text(Attr::Type))).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use pleach_schema::{Entry, Value};
    use std::sync::Arc;

    fn tree(side: u128, columns: &[(&str, &str)]) -> Tree {
        let table = Address::new(Kind::Table, ["public", "t"]);
        let entry = |n: u128, object| Entry { lineage: Lineage(uuid::Uuid::from_u128(n)), object: Arc::new(object) };
        let parts = columns.iter().enumerate().map(|(position, (name, of_type))| {
            let mut object = Object::default();
            object.set(Attr::Type, Value::Text((*of_type).to_owned()));
            object.derived.position = Some(i16::try_from(position).unwrap());
            let known = if name.starts_with("kept") { 100 } else { side };
            (table.part(Kind::Column, name), entry(known + position as u128, object))
        });
        Tree::from_entries(std::iter::once((table.clone(), entry(1, Object::default()))).chain(parts)).unwrap()
    }

    fn found(from: &[(&str, &str)], to: &[(&str, &str)]) -> Vec<(String, String)> {
        let suspects = suspects(&tree(200, from), &tree(300, to));
        suspects.iter().map(|s| (s.old.name().to_owned(), s.new.name().to_owned())).collect()
    }

    #[test]
    fn columns_of_one_type_are_suspects_where_no_other_is_as_like() {
        let one = |old: &str, new: &str| vec![(old.to_owned(), new.to_owned())];
        assert_eq!(
            found(&[("kept", "text"), ("bio", "text")], &[("kept", "text"), ("life", "text")]),
            one("bio", "life")
        );
        assert_eq!(found(&[("bio", "text")], &[("life", "integer")]), []);
        assert_eq!(found(&[("bio", "text")], &[("life", "text"), ("story", "text")]), []);
    }

    #[test]
    fn tables_with_mostly_the_same_columns_are_alike() {
        let columns = |names: &[&'static str]| names.iter().map(|name| (*name, Some("text"))).collect::<BTreeSet<_>>();
        let (address, object) = (Address::new(Kind::Table, ["public", "t"]), Object::default());
        let sketch = |names: &[&'static str]| Sketch { address: &address, object: &object, columns: columns(names) };
        let like = |a: &[&'static str], b: &[&'static str]| likeness(&sketch(a), &sketch(b));
        assert_eq!(like(&["a", "b"], &["a", "b"]), Some(Likeness::Same));
        assert_eq!(like(&["a", "b", "c"], &["a", "b", "d"]), Some(Likeness::Alike));
        assert_eq!(like(&["a", "b"], &["a", "c"]), None);
    }
}
