//! What a name in an attribute stands for.
//!
//! Contents are written in names, so an attribute may read the same in both trees and still mean
//! another object: a column of type `mood`, where `mood` was dropped and created again. Such an
//! attribute is changed, whatever its text says.

use crate::{AttrChange, Change, Diff};
use pleach_schema::{Address, Attr, Kind, Lineage, Object, Tree, Value, qualified};

/// Adds to a diff what reads the same and means another object.
pub(super) fn add_rebound(from: &Tree, to: &Tree, diff: &mut Diff) {
    let replaced = |address: &Address| {
        let (old, new) = (from.lineage(address), to.lineage(address));
        old.is_some() && new.is_some() && old != new
    };
    if !diff.changes.iter().any(|change| change.from.as_ref().is_some_and(|(address, _)| replaced(address))) {
        return;
    }
    for (address, entry) in from.iter() {
        let attrs = attributes_with_names(address.kind);
        let Some((now, object)) = to.find(entry.lineage).filter(|_| !attrs.is_empty()) else { continue };
        let old = &entry.object;
        for support in old.derived.references.iter().filter(|reference| replaced(reference)) {
            let same = attrs.iter().filter(|attr| old.get(**attr) == object.get(**attr));
            for attr in same.filter(|attr| binds(from, old, **attr, support)) {
                add(diff, entry.lineage, *attr, (address, old), (now, object));
            }
        }
    }
    diff.changes.sort_by(|a, b| a.address().cmp(&b.address()).then(a.to.is_some().cmp(&b.to.is_some())));
}

/// The attributes of objects that are not dropped and created again with what they stand on.
fn attributes_with_names(kind: Kind) -> &'static [Attr] {
    match kind {
        Kind::Column => &[Attr::Type, Attr::Default],
        Kind::Attribute => &[Attr::Type],
        Kind::Domain => &[Attr::Type, Attr::Default],
        Kind::Sequence => &[Attr::OwnedBy],
        Kind::Table => &[Attr::PartitionOf, Attr::Inherits, Attr::OfType],
        _ => &[],
    }
}

fn add(
    diff: &mut Diff,
    lineage: Lineage,
    attr: Attr,
    old: (&Address, &std::sync::Arc<Object>),
    new: (&Address, &std::sync::Arc<Object>),
) {
    let changed = AttrChange { attr, from: old.1.get(attr).cloned(), to: new.1.get(attr).cloned() };
    match diff.changes.iter_mut().find(|change| change.lineage == lineage) {
        Some(change) if change.attribute(attr).is_some() => {}
        Some(change) => change.attributes.push(changed),
        None => diff.changes.push(Change {
            lineage,
            from: Some((old.0.clone(), old.1.clone())),
            to: Some((new.0.clone(), new.1.clone())),
            attributes: vec![changed],
            renamed: false,
            moved: false,
            replaced: false,
        }),
    }
}

/// Whether an attribute of an object is the name of this other object, or of an array of it.
pub(crate) fn binds(tree: &Tree, object: &Object, attr: Attr, support: &Address) -> bool {
    object.get(attr).is_some_and(|value| names(tree, value, support))
}

/// Whether a value names an object: texts that are names, or that have the name inside.
fn names(tree: &Tree, value: &Value, support: &Address) -> bool {
    match value {
        Value::Text(text) => {
            let path = qualified(support.path.iter().map(String::as_str));
            let multirange = tree.object(support).and_then(|object| object.text(Attr::Multirange));
            has_name(text, &path) || multirange.is_some_and(|multirange| has_name(text, multirange))
        }
        Value::List(values) => values.iter().any(|value| names(tree, value, support)),
        _ => false,
    }
}

/// Whether a dotted name occurs in SQL as itself and not as a part of a longer one.
fn has_name(text: &str, name: &str) -> bool {
    occurrences(text, name).next().is_some()
}

/// SQL with another dotted name wherever one occurs as itself.
pub(crate) fn renamed_inside(text: &str, name: &str, now: &str) -> String {
    let (mut out, mut done) = (String::new(), 0);
    for at in occurrences(text, name) {
        out.push_str(&text[done..at]);
        out.push_str(now);
        done = at + name.len();
    }
    out + &text[done..]
}

/// Where a dotted name occurs in SQL as itself and not as a part of a longer one.
fn occurrences<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = usize> + 't {
    let joins = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '"');
    let found = text.match_indices(name).filter(move |(at, _)| {
        let before = text[..*at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(joins) && !after.is_some_and(|c| joins(c) && c != '.')
    });
    found.map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::{has_name, renamed_inside};

    #[test]
    fn a_name_is_found_as_a_whole() {
        assert!(has_name("public.mood", "public.mood"));
        assert!(has_name("public.mood[]", "public.mood"));
        assert!(has_name("nextval('public.numbers'::regclass)", "public.numbers"));
        assert!(!has_name("public.moody", "public.mood"));
        assert!(!has_name("my_public.mood", "public.mood"));
        let renamed = renamed_inside("public.mood[] public.moody public.mood", "public.mood", "a.b");
        assert_eq!(renamed, "a.b[] public.moody a.b");
    }
}
