//! Telling a changed definition from one that only follows a rename.
//!
//! Definitions are kept as PostgreSQL writes them, in names. When `users.name` becomes
//! `users.full_name`, the text of every index, view and constraint on it changes although none of
//! them did. Two texts are the same *modulo renames* when their tokens agree, a token that names
//! something renamed agreeing with its new name.

use pg_query::protobuf::Token;
use pleach_schema::{Address, Attr, Beside, Kind, Lineage, Object, Tree, Value};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The names of one tree held against the names of another.
pub struct Naming<'a> {
    from: &'a Tree,
    to: &'a Tree,
    /// What is called otherwise in the other tree: by its own name, its relation's or its schema's.
    renamed: HashSet<Lineage>,
    /// The same, as it is called in the first tree.
    old_names: HashSet<&'a Address>,
    /// Extensions in another schema, with the old one and the new one.
    moved: HashMap<&'a Address, (&'a str, &'a str)>,
}

impl<'a> Naming<'a> {
    /// Compares the names that objects of both trees have in each.
    pub fn new(from: &'a Tree, to: &'a Tree) -> Self {
        Self::of_pairs(from, to, from.beside(to))
    }

    /// As [`Naming::new`], for who has the two trees side by side already.
    pub(crate) fn of_pairs(from: &'a Tree, to: &'a Tree, pairs: impl Iterator<Item = Beside<'a>>) -> Self {
        let mut naming = Self { from, to, renamed: HashSet::new(), old_names: HashSet::new(), moved: HashMap::new() };
        for (address, was, is) in pairs {
            let schemas = was.zip(is).filter(|_| address.kind == Kind::Extension);
            let schemas = schemas.and_then(|(was, is)| Some((in_schema(&was.object)?, in_schema(&is.object)?)));
            if let Some((old, new)) = schemas.filter(|(old, new)| old != new) {
                naming.moved.insert(address, (old, new));
            }
            let Some(was) = was.filter(|was| is.is_none_or(|is| is.lineage != was.lineage)) else { continue };
            if to.address(was.lineage).is_some_and(|new| new.path != address.path) {
                naming.renamed.insert(was.lineage);
                naming.old_names.insert(address);
            }
        }
        naming
    }

    /// Whether nothing was renamed or moved.
    pub fn is_same(&self) -> bool {
        self.renamed.is_empty() && self.moved.is_empty()
    }

    /// Whether two values of an attribute of one object say the same, each in its own tree's names.
    pub fn same_value(&self, a: (&Address, &Object, &Value), b: (&Address, &Object, &Value)) -> bool {
        if a.2 == b.2 && !self.rebound(a, b) {
            return true;
        }
        if self.is_same() {
            return false;
        }
        let pairs = self.pairs(a.0, a.1);
        !pairs.is_empty() && !self.rebound(a, b) && same_modulo(&pairs, a.2, b.2)
    }

    /// Whether an object's definition stands on other objects than before, whatever its text says:
    /// `(x)` after `x` was renamed away and another `x` was added.
    fn rebound(&self, a: (&Address, &Object, &Value), b: (&Address, &Object, &Value)) -> bool {
        if self.is_same() || !matches!(a.2, Value::Text(_)) {
            return false;
        }
        self.touches(a.1) && lineages(self.from, a.1) != lineages(self.to, b.1)
    }

    /// Whether an object of the first tree stands on something that was renamed or moved.
    pub(crate) fn touches(&self, object: &Object) -> bool {
        let concerns = |reference| self.old_names.contains(reference) || self.moved.contains_key(reference);
        !self.is_same() && object.derived.references.iter().any(concerns)
    }

    /// Old and new name of everything renamed that this object can name: itself, its relation,
    /// what it references, and the schemas of all these.
    fn pairs(&self, address: &Address, object: &Object) -> Vec<(String, String)> {
        let parent = self.from.parent(address);
        let near = [address].into_iter().chain(&parent).chain(&object.derived.references);
        let mut pairs = BTreeSet::new();
        for named in near {
            let moved = self.moved.get(named).filter(|_| named != address);
            pairs.extend(moved.map(|(old, new)| ((*old).to_owned(), (*new).to_owned())));
            let lineage = self.from.lineage(named).filter(|lineage| self.renamed.contains(lineage));
            let Some(new) = lineage.and_then(|lineage| self.to.address(lineage)) else { continue };
            let both = named.path.iter().zip(&new.path).filter(|(old, new)| old != new);
            pairs.extend(both.map(|(old, new)| (old.clone(), new.clone())));
        }
        pairs.into_iter().collect()
    }
}

fn in_schema(extension: &Object) -> Option<&str> {
    extension.text(Attr::InSchema)
}

/// Whether a value's text has one of these names in it, be it inside a string that holds a path.
pub(crate) fn mentions(value: &Value, names: &BTreeSet<&str>) -> bool {
    match value {
        Value::Text(text) => words(text).is_none_or(|words| {
            words.iter().any(|word| match word.string {
                true => inner_path(&word.text).is_some_and(|path| path.iter().any(|w| names.contains(&*w.text))),
                false => names.contains(&*word.text),
            })
        }),
        Value::List(values) => values.iter().any(|value| mentions(value, names)),
        Value::Map(values) => values.values().any(|value| mentions(value, names)),
        Value::Bool(_) | Value::Int(_) => false,
    }
}

fn lineages(tree: &Tree, object: &Object) -> BTreeSet<Lineage> {
    object.derived.references.iter().filter_map(|address| tree.lineage(address)).collect()
}

/// Whether two values say the same when these old names are the new ones beside them.
pub(crate) fn same_modulo(pairs: &[(String, String)], a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => a == b || same_text(pairs, a, b),
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_modulo(pairs, a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((m, a), (n, b))| m == n && same_modulo(pairs, a, b))
        }
        (a, b) => a == b,
    }
}

/// A token as far as names matter: identifiers unquoted, everything else as written.
#[derive(PartialEq)]
struct Word<'a> {
    text: std::borrow::Cow<'a, str>,
    string: bool,
}

fn same_text(pairs: &[(String, String)], a: &str, b: &str) -> bool {
    let (Some(a), Some(b)) = (words(a), words(b)) else { return false };
    let renamed = |x: &str, y: &str| pairs.iter().any(|(old, new)| old == x && new == y);
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        let (x, y) = (&a[i], &b[j]);
        let same = x.string == y.string
            && (x.text == y.text || renamed(&x.text, &y.text) || (x.string && same_path(pairs, &x.text, &y.text)));
        if !same {
            return false;
        }
        (i, j) = (i + 1, j + 1);
        if x.text != y.text && !x.string {
            // PostgreSQL keeps a view's column names and aliases through renames by spelling them
            // out: `name` becomes `full_name AS name`, `users` becomes `people users`.
            j += spelled_out(&b[j..], &x.text, a.get(i));
            i += spelled_out(&a[i..], &y.text, b.get(j));
        }
    }
    i == a.len() && j == b.len()
}

/// How many words at the start of `rest` only repeat the other side's name as an alias.
fn spelled_out(rest: &[Word<'_>], name: &str, other: Option<&Word<'_>>) -> usize {
    let is = |word: Option<&Word<'_>>, text: &str| word.is_some_and(|word| !word.string && word.text == text);
    if is(rest.first(), "AS") && is(rest.get(1), name) && !is(other, "AS") {
        2
    } else if is(rest.first(), name) && !is(other, name) {
        1
    } else {
        0
    }
}

/// Dotted names inside a string, as in `nextval('public.users_id_seq'::regclass)`.
fn same_path(pairs: &[(String, String)], a: &str, b: &str) -> bool {
    let (Some(a), Some(b)) = (inner_path(a), inner_path(b)) else { return false };
    a.len() == b.len()
        && a.iter()
            .zip(&b)
            .all(|(x, y)| x.text == y.text || pairs.iter().any(|(old, new)| *old == x.text && *new == y.text))
}

/// The words of what a plain string literal holds. With spaces around them they are no path.
fn inner_path(literal: &str) -> Option<Vec<Word<'_>>> {
    let text = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    if text.trim() == text { words(text) } else { None }
}

fn words(sql: &str) -> Option<Vec<Word<'_>>> {
    let scanned = pg_query::scan(sql).ok()?;
    let mut words = Vec::with_capacity(scanned.tokens.len());
    for token in scanned.tokens {
        let text = sql.get(token.start as usize..token.end as usize)?;
        let string = matches!(token.token(), Token::Sconst);
        let text = match text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
            Some(quoted) if !string => quoted.replace("\"\"", "\"").into(),
            _ => text.into(),
        };
        words.push(Word { text, string });
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        let pairs = [("name", "full_name"), ("users", "people"), ("users_id_seq", "People seq")];
        same_text(&pairs.map(|(a, b)| (a.to_owned(), b.to_owned())), a, b)
    }

    #[test]
    fn a_definition_that_follows_a_rename_is_the_same() {
        assert!(same("USING btree (name)", "USING btree (full_name)"));
        assert!(same("SELECT name, id FROM public.users", "SELECT full_name AS name, id FROM public.people users"));
        assert!(same("SELECT users.name FROM public.users", "SELECT users.full_name AS name FROM public.people users"));
        assert!(same("nextval('public.users_id_seq'::regclass)", "nextval('public.\"People seq\"'::regclass)"));
    }

    #[test]
    fn a_definition_that_changed_is_not() {
        assert!(!same("USING btree (name)", "USING btree (email)"));
        assert!(!same("CHECK (name = 'name')", "CHECK (full_name = 'full_name ')"));
        assert!(!same("USING btree (name)", "USING btree (full_name, id)"));
    }
}
