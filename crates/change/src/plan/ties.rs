//! What must come before what.

use super::Stage;
use super::bind::binds;
use super::order::{Act, Graph, What, is_foreign_key};
use super::table::{folded, inlined, parent_tables, parents_part};
use pleach_schema::{Address, Attr, Kind, Lineage, Tree};
use std::collections::HashMap;

/// Acts that attach an index, each with that index, by what it is attached to.
pub(super) type Attachments = HashMap<Lineage, Vec<(usize, Lineage)>>;

impl Graph<'_> {
    /// What goes is dropped before what it stands on, and after what stood on it let go.
    pub fn tie_drops(&mut self) {
        let going: Vec<Address> =
            self.fates.dropped.union(&self.fates.recreated).filter_map(|l| self.from.address(*l)).cloned().collect();
        for address in going {
            let Some(node) = self.drop_node(&address) else { continue };
            for support in self.from.supports(&address) {
                if self.let_go_before(&address, &support) || self.taken_off_before(&address, &support) {
                    continue;
                }
                if let Some(later) = self.drop_node(&support) {
                    self.tie(node, later);
                }
                // What cannot stay while a column changes its type is gone before.
                // Sequences stay beside their column until its default is another one.
                let retyped = self.from.lineage(&support).filter(|support| self.fates.retyped.contains(support));
                let retyped = retyped.filter(|_| address.kind != Kind::Sequence);
                if let Some(later) = retyped.and_then(|column| self.find(What::Alter, column)) {
                    self.tie(node, later);
                }
            }
            if let Some(first) = self.from.lineage(&address).and_then(|lineage| self.find(What::Detach, lineage)) {
                self.tie(first, node);
            }
            // What it has of a table above it is that table's until it is taken off.
            let table = self.from.parent(&address).and_then(|table| self.from.lineage(&table));
            let loose = table.filter(|table| self.fates.loose.contains_key(table));
            if let Some(first) = loose.and_then(|table| self.find(What::Detach, table)) {
                self.tie(first, node);
            }
            // A table that is taken off keeps what goes from the table above it.
            for first in self.coming_off(&address) {
                self.tie(first, node);
            }
            // A partition may be partitioned by a column that goes from the table above it.
            let above = parent_tables(self.from, &address).into_iter();
            for parent in above.filter(|parent| !self.taken_off_before(&address, parent)).collect::<Vec<_>>() {
                let columns: Vec<Address> =
                    self.from.parts(&parent.path, Kind::Column).map(|(column, _)| column.clone()).collect();
                for later in columns.iter().filter_map(|column| self.drop_node(column)).collect::<Vec<_>>() {
                    self.tie(node, later);
                }
            }
            // The columns of a typed table go with the attributes of its type.
            if address.kind == Kind::Attribute {
                let tables = self.from.parent(&address).and_then(|of| self.fates.dependants.get(&of)).into_iter();
                let typed: Vec<Lineage> = tables.flatten().filter_map(|table| self.from.lineage(table)).collect();
                let loose = typed.iter().filter(|table| self.fates.loose.contains_key(table));
                let detached = loose.filter_map(|table| self.find(What::Detach, *table));
                // The rows of one that is made anew are still to be put into it.
                let moved = typed.iter().filter_map(|table| self.find(What::Move, *table));
                let first: Vec<usize> = detached.chain(moved).collect();
                first.into_iter().for_each(|first| self.tie(first, node));
            }
            for partition in self.keeping_key(&address) {
                let later = self.from.lineage(&partition).and_then(|lineage| self.find(What::Detach, lineage));
                later.into_iter().for_each(|later| self.tie(node, later));
            }
            for dependant in self.fates.dependants.get(&address).cloned().unwrap_or_default() {
                for first in self.letting_go(&dependant, &address) {
                    self.tie(first, node);
                }
            }
        }
    }

    /// Whether a column that goes has nothing to do with something any more, as its default let go.
    fn let_go_before(&self, column: &Address, support: &Address) -> bool {
        let detached = self.from.lineage(column).is_some_and(|lineage| self.fates.detached.contains(&lineage));
        let Some(object) = self.from.object(column).filter(|_| column.kind == Kind::Column && detached) else {
            return false;
        };
        object.derived.references.contains(support) && !binds(self.from, object, Attr::Type, support)
    }

    /// Whether something is of a table whose rows move, and is taken off the table that a support
    /// is of before that goes.
    fn taken_off_before(&self, address: &Address, support: &Address) -> bool {
        let table = Address::new(Kind::Table, address.relation().iter().cloned());
        let Some(lineage) = self.from.lineage(&table).filter(|lineage| self.fates.moved.contains(lineage)) else {
            return false;
        };
        self.find(What::Detach, lineage).is_some()
            && parent_tables(self.from, &table).iter().any(|parent| parent.path == support.relation())
    }

    /// For a column, or a table: the acts that take off the tables below it.
    fn coming_off(&self, address: &Address) -> Vec<usize> {
        let table = match address.kind {
            Kind::Table => Some(address.clone()),
            Kind::Column => self.from.parent(address),
            _ => None,
        };
        let below = table.and_then(|table| self.fates.dependants.get(&table)).into_iter().flatten();
        let tables = below.filter(|below| below.kind == Kind::Table).filter_map(|below| self.from.lineage(below));
        tables.filter_map(|table| self.find(What::Detach, table)).collect()
    }

    /// The acts by which an object comes off another one that it stands on.
    fn letting_go(&self, dependant: &Address, support: &Address) -> Vec<usize> {
        let (Some(lineage), Some(object)) = (self.from.lineage(dependant), self.from.object(dependant)) else {
            return Vec::new();
        };
        let detach = self.find(What::Detach, lineage);
        let alter = self.find(What::Alter, lineage).filter(|_| !self.fates.goes(lineage));
        if self.fates.goes(lineage) {
            return detach.into_iter().collect();
        }
        if dependant.kind == Kind::Column && binds(self.from, object, Attr::Type, support) {
            return detach.into_iter().chain(alter).collect();
        }
        detach.or(alter).into_iter().collect()
    }

    /// Renames go from the outside in, and are done before anything is written in the names of the
    /// second tree.
    pub fn tie_renames(&mut self) {
        let barrier = self.barrier;
        for (node, act) in self.acts() {
            match act.what {
                What::Rename => {
                    self.tie(node, barrier);
                    self.tie_around(node, &act);
                    let left = act.address.schema().map(|schema| Address::new(Kind::Schema, [schema]));
                    if let Some(later) = left.and_then(|schema| self.drop_node(&schema)) {
                        self.tie(node, later);
                    }
                    let new = self.to.address(act.lineage).and_then(|address| address.schema());
                    let schema = new.map(|schema| Address::new(Kind::Schema, [schema]));
                    let renamed = schema.as_ref().and_then(|schema| self.find(What::Rename, self.to.lineage(schema)?));
                    let made = schema.and_then(|schema| self.create_node(&schema));
                    for first in renamed.into_iter().chain(made) {
                        self.tie(first, node);
                    }
                    self.tie_to_owner(node, &act);
                }
                What::Create if act.address.kind == Kind::Schema => {}
                What::Create | What::Alter | What::Finish | What::Tighten | What::Data | What::Loosen | What::Move => {
                    self.tie(barrier, node);
                }
                What::Drop | What::Detach | What::Aside => {}
            }
        }
    }

    /// A sequence moves with the table whose column owns it, and is renamed where it is then.
    fn tie_to_owner(&mut self, node: usize, act: &Act) {
        let Some(object) = self.from.object(&act.address).filter(|_| act.address.kind == Kind::Sequence) else {
            return;
        };
        let tables = object.derived.references.iter().filter(|reference| reference.kind == Kind::Table);
        for table in tables.filter_map(|table| self.from.lineage(table)).collect::<Vec<_>>() {
            if let Some(first) = self.find(What::Rename, table) {
                self.tie(first, node);
            }
        }
    }

    /// What is around an object takes its new name before it.
    pub fn tie_around(&mut self, node: usize, act: &Act) {
        let (from, address) = (self.from, &act.address);
        let schema = || address.schema().map(|schema| Address::new(Kind::Schema, [schema]));
        let Some(outer) = from.parent(address).or_else(schema).and_then(|outer| from.lineage(&outer)) else { return };
        if outer != act.lineage {
            for what in [What::Rename, What::Aside] {
                if let Some(first) = self.find(what, outer) {
                    self.tie(first, node);
                }
            }
            // A table that stays may be in a schema that is renamed.
            if let Some(relation) = from.parent(address) {
                let act = Act { lineage: outer, address: relation, ..act.clone() };
                self.tie_around(node, &act);
            }
        }
    }

    /// What an object stands on is there before it.
    pub fn tie_creates(&mut self, attached: &Attachments) {
        for (at, act) in self.acts() {
            if !matches!(act.what, What::Create | What::Alter) {
                continue;
            }
            let mut supports: Vec<Address> = self.to.supports(&act.address);
            if act.what == What::Create && matches!(act.address.kind, Kind::Table | Kind::Composite) {
                supports.extend(self.folded_supports(&act.address));
            }
            let ties_later = |support: &Address| match act.address.kind {
                // Ownership comes last: the column's default calls the sequence.
                Kind::Sequence => matches!(support.kind, Kind::Column | Kind::Table),
                Kind::Index | Kind::Constraint => parents_part(self.to, &act.address).contains(support),
                Kind::Column if act.what == What::Alter => parents_part(self.to, &act.address).contains(support),
                _ => false,
            };
            supports.retain(|support| *support != act.address && !ties_later(support));
            for support in supports {
                if let Some(first) = self.create_node(&support) {
                    self.tie(first, at);
                }
                let lineage = self.to.lineage(&support);
                if let Some(first) = lineage.and_then(|lineage| self.find(What::Alter, lineage)) {
                    self.nodes[at].soft.extend(Some(first).filter(|first| *first != at));
                }
                // PostgreSQL adds no check to a domain that is inside of a column's type.
                if support.kind == Kind::Domain && act.address.relation() != support.path {
                    let checks = self.to.parts(&support.path, Kind::Constraint).map(|(_, entry)| entry.lineage);
                    let first: Vec<usize> = checks.filter_map(|check| self.find(What::Create, check)).collect();
                    self.nodes[at].soft.extend(first);
                }
                // An index of a partitioned table is valid when those of all partitions are attached.
                if act.address.kind == Kind::Constraint {
                    self.tie_attachments(attached, lineage, at);
                }
            }
            // What is altered in a parent table is altered in its children, where it may be
            // altered further.
            for parent in parents_part(self.to, &act.address).iter().filter_map(|parent| self.to.lineage(parent)) {
                if act.what == What::Alter {
                    if let Some(first) = self.find(What::Alter, parent) {
                        self.tie(first, at);
                    }
                    // A new column of a parent is the one that a child has, if they are alike.
                    let is_column = self.to.address(parent).is_some_and(|parent| parent.kind == Kind::Column);
                    if let Some(later) = self.find(What::Create, parent).filter(|_| is_column) {
                        self.tie(at, later);
                    }
                }
            }
            // A child takes the columns and the defaults that its parents have when it comes.
            let parents = Some(&act.address).filter(|address| address.kind == Kind::Table);
            for parent in parents.map(|table| parent_tables(self.to, table)).unwrap_or_default() {
                let columns = self.to.parts(&parent.path, Kind::Column).map(|(_, entry)| entry.lineage);
                let acts = columns.flat_map(|column| [What::Create, What::Alter].map(|what| self.find(what, column)));
                let first: Vec<usize> = acts.flatten().collect();
                self.nodes[at].soft.extend(first);
            }
            self.tie_to_earlier_self(at, &act);
            self.tie_to_other_keys(at, &act);
            self.tie_to_keys_of_logged(at, &act);
        }
        for (at, act) in self.acts().into_iter().filter(|(_, act)| act.what == What::Tighten) {
            for what in [What::Create, What::Alter] {
                if let Some(first) = self.find(what, act.lineage) {
                    self.tie(first, at);
                }
            }
        }
    }

    /// What comes back goes first; only a type may have to wait for its columns, and a table for its
    /// rows, beside its successor.
    fn tie_to_earlier_self(&mut self, at: usize, act: &Act) {
        let is_type = matches!(act.address.kind, Kind::Enum | Kind::Domain | Kind::Range | Kind::Composite);
        let whole = self.to.parent(&act.address).and_then(|whole| self.to.lineage(&whole));
        let is_anew = self.fates.anew.contains(&whole.unwrap_or(act.lineage));
        if act.what != What::Create || is_type || is_anew {
            return;
        }
        if let Some(first) = self.from.address(act.lineage).cloned().and_then(|old| self.drop_node(&old)) {
            self.tie(first, at);
        }
    }

    /// PostgreSQL finds the key that a foreign key refers to by its columns: those that go are gone
    /// by then.
    fn tie_to_other_keys(&mut self, at: usize, act: &Act) {
        let key = self.to.object(&act.address).filter(|key| act.what == What::Create && is_foreign_key(key));
        let referred = key.into_iter().flat_map(|key| &key.derived.references);
        let tables = referred.filter(|r| r.kind == Kind::Table && r.path != act.address.relation());
        let old = tables.filter_map(|table| self.from.address(self.to.lineage(table)?)).collect::<Vec<_>>();
        let keys = old.iter().flat_map(|table| self.parts_but_keys_of(self.from, table, Kind::Constraint));
        self.tie_after_drops(keys.collect(), at);
    }

    /// A table is logged no more, or is again, when the foreign keys that go are gone: they are between
    /// tables of one sort.
    fn tie_to_keys_of_logged(&mut self, at: usize, act: &Act) {
        let Some((old, was)) = self.from.find(act.lineage).filter(|_| act.address.kind == Kind::Table) else { return };
        if was.get(Attr::Persistence) == self.to.object(&act.address).and_then(|is| is.get(Attr::Persistence)) {
            return;
        }
        let own = self.from.parts(&old.path, Kind::Constraint).map(|(part, _)| part.clone());
        let others = self.fates.dependants.get(old).into_iter().flatten().cloned();
        let keys = own.chain(others).filter(|part| self.from.object(part).is_some_and(is_foreign_key));
        self.tie_after_drops(keys.collect(), at);
    }

    /// What of these goes is gone before `then`.
    fn tie_after_drops(&mut self, parts: Vec<Address>, then: usize) {
        for first in parts.iter().filter_map(|part| self.drop_node(part)).collect::<Vec<_>>() {
            self.tie(first, then);
        }
    }

    /// The acts that attach indexes to those of partitioned tables, by what they are attached to.
    pub fn attachments(&self) -> Attachments {
        let mut out = Attachments::new();
        for (at, act) in self.acts() {
            if act.what == What::Finish && matches!(act.address.kind, Kind::Index | Kind::Constraint) {
                for parent in parents_part(self.to, &act.address).iter().filter_map(|parent| self.to.lineage(parent)) {
                    out.entry(parent).or_default().push((at, act.lineage));
                }
            }
        }
        out
    }

    fn tie_attachments(&mut self, attached: &Attachments, to: Option<Lineage>, at: usize) {
        let mut todo: Vec<Lineage> = to.into_iter().collect();
        while let Some(lineage) = todo.pop() {
            for (first, child) in attached.get(&lineage).into_iter().flatten() {
                self.tie(*first, at);
                todo.push(*child);
            }
        }
    }

    /// What the parts stand on that are written inside a relation's own `CREATE`.
    fn folded_supports(&self, relation: &Address) -> Vec<Address> {
        let mut out = Vec::new();
        for kind in [Kind::Column, Kind::Attribute, Kind::Constraint] {
            for (part, entry) in self.to.parts(&relation.path, kind) {
                let detached = self.fates.detached.contains(&entry.lineage);
                if folded(self.to, self.fates, part) || inlined(self.to, self.fates, part) {
                    let counts = |r: &&Address| {
                        let of_default = detached && !binds(self.to, &entry.object, Attr::Type, r);
                        r.relation() != relation.path.as_slice() && !of_default
                    };
                    out.extend(entry.object.derived.references.iter().filter(counts).cloned());
                }
            }
        }
        out
    }

    /// Ties come after both ends are there and as they shall be.
    pub fn tie_finishes(&mut self, attached: &Attachments) {
        for (at, act) in self.acts().into_iter().filter(|(_, act)| act.what == What::Finish) {
            let mut first: Vec<Address> = self.to.supports(&act.address);
            first.push(act.address.clone());
            if act.address.kind == Kind::Table {
                // A partition is attached after its own indexes are there, so that PostgreSQL
                // finds them instead of making more.
                let own = [Kind::Index, Kind::Constraint, Kind::Column];
                let parts: Vec<Address> =
                    own.iter().flat_map(|kind| self.parts_but_keys(&act.address, *kind)).collect();
                // It finds only those that are valid: of a partition with partitions, those to
                // which its partitions' are attached.
                for part in parts.iter().filter(|part| part.kind != Kind::Column) {
                    self.tie_attachments(attached, self.to.lineage(part), at);
                }
                first.extend(parts);
                // A partition has no columns but those of its table.
                let is_partition = self.to.object(&act.address).is_some_and(|o| o.get(Attr::PartitionOf).is_some());
                if is_partition {
                    self.tie_going_parts(at, &act.address);
                }
                for parent in parent_tables(self.to, &act.address) {
                    first.extend(self.parts_but_keys(&parent, Kind::Column));
                    self.tie_going_parts(at, &parent);
                    self.tie_indexes_of_parent(at, &act.address, &parent);
                }
            }
            for address in &first {
                if let Some(node) = self.create_node(address) {
                    self.tie(node, at);
                }
                if let Some(node) = self.to.lineage(address).and_then(|lineage| self.find(What::Alter, lineage)) {
                    self.tie(node, at);
                }
            }
            if let Some(detach) = self.find(What::Detach, act.lineage) {
                self.tie(detach, at);
            }
            if matches!(act.address.kind, Kind::Index | Kind::Constraint) {
                let table = self.to.parent(&act.address).and_then(|table| self.to.lineage(&table));
                if let Some(attached) = table.and_then(|table| self.find(What::Finish, table)) {
                    self.tie(attached, at);
                }
            }
        }
    }

    /// A partition whose bounds change is taken off after all else happened to it and its table,
    /// and before anything is attached to that.
    pub fn tie_loosened(&mut self) {
        let acts = self.acts();
        for (at, act) in acts.iter().filter(|(_, act)| act.what == What::Loosen) {
            let parents = parent_tables(self.to, &act.address);
            let near = |path: &[String]| parents.iter().any(|parent| parent.path == path) || path == act.address.path;
            for (other, deed) in &acts {
                // New indexes and constraints of the table wait for all of its partitions.
                let waits = deed.what == What::Create
                    && matches!(deed.address.kind, Kind::Index | Kind::Constraint)
                    && deed.address.relation() != act.address.path;
                let about_near = deed.address.kind.is_part() && near(deed.address.relation()) && !waits;
                match deed.what {
                    What::Create | What::Alter | What::Drop if about_near => self.tie(*other, *at),
                    What::Finish
                        if parent_tables(self.to, &deed.address).iter().any(|parent| parents.contains(parent)) =>
                    {
                        self.tie(*at, *other);
                    }
                    _ => {}
                }
            }
        }
    }

    /// What goes from a table is gone before another one is attached to it: that would need its
    /// columns and checks, and would lose its index with the one that it was attached to.
    fn tie_going_parts(&mut self, attaching: usize, table: &Address) {
        let stays = self.to.lineage(table).filter(|lineage| !self.fates.comes(*lineage));
        let Some(old) = stays.and_then(|lineage| self.from.address(lineage)) else { return };
        let kinds = [Kind::Column, Kind::Index, Kind::Constraint].into_iter();
        self.tie_after_drops(kinds.flat_map(|kind| self.parts_but_keys_of(self.from, old, kind)).collect(), attaching);
    }

    /// New indexes of a partitioned table come when its partitions are there: then their own ones
    /// are attached to the right one by name, and PostgreSQL makes none.
    fn tie_indexes_of_parent(&mut self, attaching: usize, table: &Address, parent: &Address) {
        let is_partition = self.to.object(table).is_some_and(|table| table.get(Attr::PartitionOf).is_some());
        for kind in [Kind::Index, Kind::Constraint].into_iter().filter(|_| is_partition) {
            for lineage in self.to.parts(&parent.path, kind).map(|(_, entry)| entry.lineage).collect::<Vec<_>>() {
                if let Some(node) = self.find(What::Create, lineage) {
                    self.tie(attaching, node);
                }
            }
        }
    }

    fn parts_but_keys(&self, table: &Address, kind: Kind) -> Vec<Address> {
        self.parts_but_keys_of(self.to, table, kind)
    }

    fn parts_but_keys_of(&self, tree: &Tree, table: &Address, kind: Kind) -> Vec<Address> {
        let parts = tree.parts(&table.path, kind).filter(|(_, entry)| !is_foreign_key(&entry.object));
        parts.map(|(part, _)| part.clone()).collect()
    }

    /// Data steps run when everything that was added is there and nothing has gone yet, except
    /// what had to make room.
    pub fn tie_data(&mut self) {
        let Some(data) = self.find(What::Data, Lineage::NIL) else { return };
        let early = |stage: Stage| stage < Stage::Data;
        // A node that something early waits for is early itself.
        let mut todo: Vec<usize> = (0..self.nodes.len()).filter(|at| early(self.nodes[*at].stage)).collect();
        while let Some(at) = todo.pop() {
            for before in self.nodes[at].hard.clone() {
                if before != data && !early(self.nodes[before].stage) {
                    self.nodes[before].stage = Stage::Expand;
                    todo.push(before);
                }
            }
        }
        for at in 0..self.nodes.len() {
            let stage = self.nodes[at].stage;
            if early(stage) {
                self.tie(at, data);
            } else if stage > Stage::Data {
                self.tie(data, at);
            }
        }
    }
}
