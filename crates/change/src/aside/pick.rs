//! What has to be kept so that nothing is destroyed.

use super::{Keeping, Kept, Names};
use crate::plan::{backed, binds, parent_tables, parents_part};
use pleach_schema::{Address, Attr, Entry, Kind, Lineage, Object, Tree, Value};
use std::collections::BTreeMap;

impl Kept {
    /// What is kept on the way from one tree to another: the tables and columns that are only in the
    /// first and that `keep` says hold something, with what they need. `before` is what is kept
    /// already; `stamp` makes names their own.
    pub fn of(from: &Tree, end: &Tree, before: &Self, stamp: &str, keep: &dyn Fn(Lineage) -> bool) -> Self {
        let mut pick = Pick { from, end, names: Names::new(stamp, before), kept: before.clone(), before };
        pick.let_back();
        pick.take_roots(keep);
        pick.take_what_they_need();
        pick.strip();
        pick.remember_schemas();
        pick.kept
    }
}

struct Pick<'a> {
    from: &'a Tree,
    end: &'a Tree,
    names: Names<'a>,
    kept: Kept,
    before: &'a Kept,
}

impl Pick<'_> {
    /// What is in the tree again is not kept any more, nor what was part of it.
    fn let_back(&mut self) {
        let end = self.end;
        self.kept.objects.retain(|lineage, _| end.address(*lineage).is_none());
        let wholes: Vec<Lineage> = self.kept.objects.keys().copied().collect();
        self.kept.objects.retain(|_, kept| kept.root || kept.holder.is_none_or(|holder| wholes.contains(&holder)));
    }

    fn goes(&self, lineage: Lineage) -> bool {
        self.end.address(lineage).is_none()
    }

    /// Whether something is kept now that was not before.
    fn is_new(&self, lineage: Lineage) -> bool {
        self.kept.has(lineage) && !self.before.has(lineage)
    }

    /// Tables, and columns of tables that stay. A column goes with those of child and parent tables.
    fn take_roots(&mut self, keep: &dyn Fn(Lineage) -> bool) {
        let (from, end) = (self.from, self.end);
        let mut columns = Vec::new();
        for (address, entry) in from.iter().filter(|(_, entry)| end.address(entry.lineage).is_none()) {
            match address.kind {
                Kind::Table if keep(entry.lineage) => {
                    let name = self.names.in_schema(address.name());
                    self.take(address, entry, name, true);
                }
                Kind::Column if entry.object.get(Attr::Generated).is_none() => {
                    let table = from.parent(address).filter(|table| table.kind == Kind::Table);
                    let stays = table.and_then(|table| from.lineage(&table)).is_some_and(|table| !self.goes(table));
                    columns.extend(Some((address, entry)).filter(|_| stays));
                }
                _ => {}
            }
        }
        let mut wanted: Vec<bool> = columns.iter().map(|(_, entry)| keep(entry.lineage)).collect();
        loop {
            let linked = |a: usize, b: usize| parents_part(from, columns[a].0).contains(columns[b].0);
            let next = (0..columns.len())
                .find(|a| !wanted[*a] && (0..columns.len()).any(|b| wanted[b] && (linked(*a, b) || linked(b, *a))));
            let Some(next) = next else { break };
            wanted[next] = true;
        }
        for ((address, entry), _) in columns.into_iter().zip(wanted).filter(|(_, wanted)| *wanted) {
            let name = self.names.of_column(address.name());
            self.take(address, entry, name, true);
        }
    }

    /// The parts of kept tables, the sequences of their columns, and the types of everything.
    fn take_what_they_need(&mut self) {
        let from = self.from;
        let mut todo: Vec<Address> =
            self.kept.objects.iter().filter(|(l, _)| self.is_new(**l)).map(|(_, kept)| kept.was.clone()).collect();
        while let Some(address) = todo.pop() {
            let Some(entry) = from.get(&address).cloned() else { continue };
            let mut needed: Vec<Address> = Vec::new();
            match address.kind {
                Kind::Table => {
                    for kind in [Kind::Column, Kind::Constraint, Kind::Index] {
                        needed.extend(from.parts(&address.path, kind).map(|(part, _)| part.clone()));
                    }
                    needed.retain(|part| {
                        from.object(part).is_some_and(|o| o.text(Attr::ConstraintType) != Some("foreign key"))
                    });
                }
                Kind::Composite => needed.extend(from.parts(&address.path, Kind::Attribute).map(|(a, _)| a.clone())),
                Kind::Domain => needed.extend(from.parts(&address.path, Kind::Constraint).map(|(a, _)| a.clone())),
                Kind::Column if !self.is_root(entry.lineage) => needed.extend(self.sequences_of(&address)),
                _ => {}
            }
            let references = entry.object.derived.references.iter();
            needed.extend(references.filter(|r| is_type(r.kind)).cloned());
            for address in needed {
                let Some(entry) = from.get(&address).filter(|entry| self.goes(entry.lineage)) else { continue };
                if self.kept.has(entry.lineage) {
                    continue;
                }
                let own = address.kind.is_part() && address.kind != Kind::Index && !backed(&entry.object);
                let name = if own { address.name().to_owned() } else { self.names.in_schema(address.name()) };
                let entry = entry.clone();
                self.take(&address, &entry, name, is_type(address.kind));
                todo.push(address);
            }
        }
    }

    fn is_root(&self, lineage: Lineage) -> bool {
        self.kept.objects.get(&lineage).is_some_and(|kept| kept.root)
    }

    /// The sequences that a column owns.
    fn sequences_of(&self, column: &Address) -> Vec<Address> {
        let owner = column.sql();
        let sequences = self.from.iter().filter(|(address, _)| address.kind == Kind::Sequence);
        let owned = sequences.filter(|(_, entry)| entry.object.text(Attr::OwnedBy) == Some(&owner));
        owned.map(|(address, _)| address.clone()).collect()
    }

    fn take(&mut self, was: &Address, entry: &Entry, name: String, root: bool) {
        let holder = self.from.parent(was).and_then(|holder| self.from.lineage(&holder));
        let mut object = (*entry.object).clone();
        object.derived.position = None;
        let references =
            entry.object.derived.references.iter().filter_map(|reference| self.from.lineage(reference)).collect();
        let keeping =
            Keeping { was: was.clone(), name, holder, object, references, ties: Vec::new(), sequence: None, root };
        self.kept.objects.insert(entry.lineage, keeping);
    }

    /// Takes off what is kept whatever acts on others or stands on what goes.
    fn strip(&mut self) {
        self.drop_groundless();
        let new: Vec<Lineage> = self.kept.objects.keys().copied().filter(|lineage| self.is_new(*lineage)).collect();
        for lineage in new {
            let Some(mut kept) = self.kept.objects.remove(&lineage) else { continue };
            self.strip_one(&mut kept);
            self.kept.objects.insert(lineage, kept);
        }
    }

    /// Leaves out what stands on something that is neither kept nor stays, until nothing does.
    fn drop_groundless(&mut self) {
        loop {
            let mut changes: Vec<(Lineage, Option<Object>)> = Vec::new();
            for (lineage, kept) in self.kept.objects.iter().filter(|(lineage, _)| self.is_new(**lineage)) {
                if kept.holder.is_some_and(|holder| self.goes(holder) && !self.kept.has(holder)) {
                    changes.push((*lineage, None));
                    continue;
                }
                let before = self.from.object(&kept.was).map(|object| &object.derived.references);
                let gone: Vec<&Address> = before
                    .into_iter()
                    .flatten()
                    .filter(|r| self.from.lineage(r).is_some_and(|l| self.goes(l) && !self.kept.has(l)))
                    .collect();
                let typed = gone.iter().any(|r| binds(self.from, &kept.object, Attr::Type, r));
                match kept.was.kind {
                    _ if gone.is_empty() => {}
                    Kind::Table | Kind::Sequence => {}
                    Kind::Column if !typed => {
                        if kept.object.get(Attr::Generated).is_some() {
                            changes.push((*lineage, None));
                        } else if kept.object.get(Attr::Default).is_some() {
                            let mut object = kept.object.clone();
                            object.attributes.remove(&Attr::Default);
                            changes.push((*lineage, Some(object)));
                        }
                    }
                    Kind::Domain if !typed && kept.object.get(Attr::Default).is_some() => {
                        let mut object = kept.object.clone();
                        object.attributes.remove(&Attr::Default);
                        changes.push((*lineage, Some(object)));
                    }
                    Kind::Domain if !typed => {}
                    _ => changes.push((*lineage, None)),
                }
            }
            if changes.is_empty() {
                return;
            }
            for (lineage, object) in changes {
                match (object, self.kept.objects.get_mut(&lineage)) {
                    (Some(object), Some(kept)) => kept.object = object,
                    _ => drop(self.kept.objects.remove(&lineage)),
                }
            }
        }
    }

    fn strip_one(&mut self, kept: &mut Keeping) {
        let from = self.from;
        let was = kept.was.clone();
        let lineages = |addresses: Vec<Address>| -> Vec<Lineage> {
            addresses.iter().filter_map(|address| from.lineage(address)).collect()
        };
        match was.kind {
            Kind::Table => {
                let parents: Vec<Lineage> =
                    lineages(parent_tables(from, &was)).into_iter().filter(|l| self.kept.has(*l)).collect();
                for attr in [Attr::Inherits, Attr::PartitionOf] {
                    if kept.object.get(attr).is_some() {
                        kept.ties.push((attr, parents.clone()));
                    }
                }
                if parents.is_empty() {
                    kept.object.attributes.remove(&Attr::PartitionBound);
                }
                kept.object.attributes.remove(&Attr::OfType);
                let identity = kept.object.text(Attr::ReplicaIdentity).and_then(|text| text.strip_prefix("index "));
                let index = identity.map(str::to_owned);
                self.tie_index(kept, Attr::ReplicaIdentity, |index_name| index.as_deref() == Some(index_name));
                let clustered = kept.object.text(Attr::ClusteredOn).map(pleach_schema::quote_ident);
                let clustered = clustered.map(std::borrow::Cow::into_owned);
                self.tie_index(kept, Attr::ClusteredOn, |index_name| clustered.as_deref() == Some(index_name));
            }
            Kind::Column => {
                if kept.root {
                    kept.object.set_nullable();
                    kept.object.attributes.remove(&Attr::Default);
                    kept.object.attributes.remove(&Attr::Identity);
                } else if let Some(Value::Map(identity)) = kept.object.get(Attr::Identity)
                    && identity.contains_key("sequence")
                {
                    let table = was.path.get(1).map_or("", String::as_str);
                    kept.sequence = Some(self.names.in_schema(&format!("{table}_{}_seq", was.name())));
                }
                self.disinherit(kept);
            }
            Kind::Sequence => {
                let owner = kept.object.text(Attr::OwnedBy).map(str::to_owned);
                let columns = from.object(&was).map(|object| &object.derived.references);
                let column = columns.into_iter().flatten().find(|r| owner.as_deref() == Some(&r.sql())).cloned();
                kept.ties.push((Attr::OwnedBy, lineages(column.into_iter().collect())));
            }
            Kind::Constraint | Kind::Index => {
                if kept.object.get(Attr::AttachedTo).is_some() {
                    let parents = lineages(parents_part(from, &was));
                    kept.ties.push((Attr::AttachedTo, parents.into_iter().filter(|l| self.kept.has(*l)).collect()));
                }
                self.disinherit(kept);
            }
            _ => {}
        }
    }

    /// A part is inherited as long as the parent's is kept with it.
    fn disinherit(&self, kept: &mut Keeping) {
        let parents = parents_part(self.from, &kept.was);
        let kept_too = parents.iter().any(|part| self.from.lineage(part).is_some_and(|l| self.kept.has(l)));
        if kept.object.is(Attr::Inherited) && !kept_too {
            kept.object.attributes.remove(&Attr::Inherited);
        }
    }

    /// An attribute of a table that names one of its indexes.
    fn tie_index(&self, kept: &mut Keeping, attr: Attr, is_it: impl Fn(&str) -> bool) {
        let parts = [Kind::Index, Kind::Constraint].into_iter();
        let mut parts = parts.flat_map(|kind| self.from.parts(&kept.was.path, kind));
        let found = parts.find(|(part, entry)| is_it(&part.name_sql()) && self.kept.has(entry.lineage));
        let is_index = attr == Attr::ClusteredOn || kept.object.text(attr).is_some_and(|text| text.contains("index "));
        if is_index && kept.object.get(attr).is_some() {
            kept.ties.push((attr, found.map(|(_, entry)| entry.lineage).into_iter().collect()));
        }
    }

    fn remember_schemas(&mut self) {
        let schemas = self.kept.objects.values().filter_map(|kept| kept.was.schema());
        let schemas: BTreeMap<String, Entry> = schemas
            .filter_map(|name| Some((name.to_owned(), self.from.get(&Address::new(Kind::Schema, [name]))?.clone())))
            .collect();
        self.kept.schemas.extend(schemas);
    }
}

/// Whether this is a type of its own that columns can have.
fn is_type(kind: Kind) -> bool {
    matches!(kind, Kind::Enum | Kind::Domain | Kind::Range | Kind::Composite)
}
