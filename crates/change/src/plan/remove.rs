//! `DROP` and `RENAME`, and letting go of what is dropped.

use super::fate::texts;
use super::order::renamed_around;
use super::phrase::{alter_relation, index_name, keyword, on_domain, phrase};
use super::table::{kept_parents, own_identity};
use super::{Stage, Step, Writer, step};
use pleach_schema::{Address, Attr, Kind, Lineage, Object, quote_ident};

impl Writer<'_> {
    /// Drops an object of the first tree; `renamed` when everything has its new name already.
    pub(super) fn drop(&self, old: &Address, renamed: bool) -> Vec<Step> {
        let lineage = self.from.lineage(old);
        let mut address = if renamed { self.around(old) } else { old.clone() };
        if let Some(lineage) = lineage.filter(|lineage| self.aside.contains(lineage)) {
            address = rename_own(&address, &aside_name(lineage));
        }
        let comes_back = lineage.is_some_and(|lineage| self.fates.comes(lineage));
        let stage = if comes_back { Stage::Clear } else { Stage::Contract };
        let (name, relation) = (address.name_sql(), address.relation_sql());
        let holder = self.from.parent(old).map_or("TABLE", |parent| keyword(parent.kind));
        let only = if self.is_kept_by_children(old) { "ONLY " } else { "" };
        let sql = match address.kind {
            Kind::Column if holder == "TABLE" => format!("ALTER TABLE {only}{relation} DROP COLUMN {name}"),
            Kind::Column => return self.clear_view_column(old, &address, holder, stage),
            Kind::Attribute => format!("ALTER TYPE {relation} DROP ATTRIBUTE {name} CASCADE"),
            Kind::Constraint if on_domain(self.from, old) => format!("ALTER DOMAIN {relation} DROP CONSTRAINT {name}"),
            Kind::Constraint => format!("ALTER TABLE {only}{relation} DROP CONSTRAINT {name}"),
            Kind::Index => {
                let concurrently = if self.style.concurrently { "CONCURRENTLY " } else { "" };
                format!("DROP INDEX {concurrently}{}", index_name(&address))
            }
            Kind::DefaultPrivileges => return self.reset_grants(old, stage),
            _ => format!("DROP {}", phrase(self.from, &address)),
        };
        let admin = matches!(address.kind, Kind::EventTrigger | Kind::Extension);
        let destroys = match lineage {
            Some(lineage) if self.fates.moved.contains(&lineage) => self.left_behind(old),
            _ if comes_back || self.rows_move(old) || crate::online::is_shadow(self.from, old) => None,
            // What is worked out from other columns can be worked out again.
            _ if self.from.object(old).is_some_and(|object| object.get(Attr::Generated).is_some()) => None,
            _ => destroyed(old),
        };
        vec![Step { destroys, admin, ..step(&address, stage, sql) }]
    }

    /// Whether a child table keeps its own copy of a part that its parent loses.
    fn is_kept_by_children(&self, old: &Address) -> bool {
        let Some(table) = self.from.parent(old) else { return false };
        let mut near = self.fates.dependants.get(&table).into_iter().flatten();
        near.any(|child| {
            let part = child.part(old.kind, old.name());
            let is_child = child.kind == Kind::Table && super::table::parent_tables(self.from, child).contains(&table);
            let kept = self.from.lineage(&part).is_some_and(|lineage| !self.fates.goes(lineage));
            is_child && kept && !self.fates.is_loose_from(self.from, &part, &table)
        })
    }

    /// Takes back what was said of a view's column: the column itself is the view's.
    fn clear_view_column(&self, old: &Address, address: &Address, holder: &str, stage: Stage) -> Vec<Step> {
        let Some(object) = self.from.object(old) else { return Vec::new() };
        let mut steps = Vec::new();
        let alter = format!("ALTER {holder} {} ALTER COLUMN {}", address.relation_sql(), address.name_sql());
        if object.get(Attr::Default).is_some() {
            steps.push(step(address, stage, format!("{alter} DROP DEFAULT")));
        }
        if object.get(Attr::Statistics).is_some() {
            steps.push(step(address, stage, format!("{alter} SET STATISTICS -1")));
        }
        if object.get(Attr::Comment).is_some() {
            steps.push(step(address, stage, format!("COMMENT ON COLUMN {} IS NULL", address.sql())));
        }
        steps.extend(self.reset_grants(old, stage));
        steps
    }

    /// Lets go of what goes: a default, an ownership, a parent table.
    pub(super) fn detach(&self, old: &Address, lineage: Lineage, steps: &mut Vec<Step>) {
        let Some(object) = self.from.object(old) else { return };
        let mut add = |sql: String| steps.push(step(old, Stage::Clear, sql));
        let kept = self.to.find(lineage).map(|(_, object)| object);
        let forced = self.fates.detached.contains(&lineage);
        let changed = |attr: Attr| {
            let differs = self.diff.get(lineage).is_some_and(|change| change.attribute(attr).is_some());
            let moves = self.fates.moved.contains(&lineage);
            object.get(attr).is_some() && (differs || moves || self.loses(old, object, attr))
        };
        match old.kind {
            Kind::Sequence => add(format!("ALTER SEQUENCE {} OWNED BY NONE", old.sql())),
            Kind::Domain => add(format!("ALTER DOMAIN {} DROP DEFAULT", old.sql())),
            Kind::Table => {
                let alter = format!("ALTER TABLE {}", old.sql());
                if changed(Attr::OfType) {
                    add(format!("{alter} NOT OF"));
                }
                if let Some(parent) = object.text(Attr::PartitionOf)
                    && changed(Attr::PartitionOf)
                {
                    let concurrently = if self.style.concurrently { " CONCURRENTLY" } else { "" };
                    add(format!("ALTER TABLE {parent} DETACH PARTITION {}{concurrently}", old.sql()));
                }
                for parent in self.parents_given_up(old, object, lineage) {
                    add(format!("{alter} NO INHERIT {parent}"));
                }
            }
            _ => {
                let alter = format!("{} ALTER COLUMN {}", alter_relation(self.from, old), old.name_sql());
                if forced && object.get(Attr::Default).is_some() {
                    add(format!("{alter} DROP DEFAULT"));
                }
                let is_own = |object: &Object| own_identity(object.get(Attr::Identity)).is_some();
                if is_own(object) && kept.is_some_and(|kept| !is_own(kept)) {
                    add(format!("{alter} DROP IDENTITY"));
                }
            }
        }
    }

    /// Whether what an attribute names goes.
    fn loses(&self, old: &Address, object: &Object, attr: Attr) -> bool {
        let goes = |r: &&Address| self.from.lineage(r).is_some_and(|lineage| self.fates.goes(lineage));
        let mut gone = object.derived.references.iter().filter(goes).filter(|r| *r != old);
        gone.any(|r| super::bind::binds(self.from, object, attr, r))
    }

    /// The parents that a table does not keep; one that goes keeps them to its end.
    fn parents_given_up<'t>(&self, old: &Address, object: &'t Object, lineage: Lineage) -> Vec<&'t str> {
        let before = texts(object.get(Attr::Inherits));
        let keeps = self.to.address(lineage).map_or(before.len(), |new| self.parents_kept(old, new));
        before.into_iter().skip(keeps).collect()
    }

    /// How many of a table's parents, from the first one on, stay what they are.
    pub(super) fn parents_kept(&self, old: &Address, new: &Address) -> usize {
        let kept = kept_parents((self.from, old), (self.to, new));
        kept.into_iter().take_while(|parent| !self.fates.goes(*parent)).count()
    }

    /// Gives an object a temporary name, so that its own one is free.
    pub(super) fn step_aside(&self, old: &Address, lineage: Lineage) -> Vec<Step> {
        let at = self.around(old);
        let mut steps = vec![step(old, Stage::Rename, self.rename_sql(old, &at, &aside_name(lineage)))];
        if self.fates.anew.contains(&lineage) {
            steps.extend(self.identities_aside(old));
        }
        if old.kind == Kind::Range && self.fates.goes(lineage) {
            steps.extend(self.range_aside(old, &at, lineage));
        }
        steps
    }

    /// Gives an object its new name and schema. What is around it has been renamed before.
    pub(super) fn rename(&self, old: &Address, lineage: Lineage) -> Vec<Step> {
        let Some(new) = self.to.address(lineage) else { return Vec::new() };
        let mut steps = Vec::new();
        let mut at = self.around(old);
        if self.aside.contains(&lineage) {
            at = rename_own(&at, &aside_name(lineage));
        }
        if !old.kind.is_part() && old.kind != Kind::Schema && at.schema() != new.schema() {
            if at.name() != new.name() && self.is_taken(new.schema().unwrap_or_default(), at.name()) {
                let target = aside_name(lineage);
                steps.push(step(old, Stage::Rename, self.rename_sql(old, &at, &target)));
                at = rename_own(&at, &target);
            }
            if !self.moves_with_owner(old) {
                let schema = quote_ident(new.schema().unwrap_or_default()).into_owned();
                steps.push(step(old, Stage::Rename, format!("ALTER {} SET SCHEMA {schema}", phrase(self.from, &at))));
            }
            at.path[0] = new.schema().unwrap_or_default().to_owned();
        }
        if at.name() != new.name() {
            steps.push(step(old, Stage::Rename, self.rename_sql(old, &at, new.name())));
        }
        steps
    }

    /// The address of an object of the first tree when what is around it has its new name, or a
    /// temporary one until it is dropped.
    pub(super) fn around(&self, old: &Address) -> Address {
        let mut address = renamed_around(self.from, self.to, old);
        for length in 1..old.path.len() {
            let whole = &old.path[..length];
            let kinds: &[Kind] = match length {
                1 => &[Kind::Schema],
                _ => &[Kind::Table, Kind::View, Kind::MaterializedView, Kind::Composite, Kind::Domain],
            };
            let lineages =
                kinds.iter().filter_map(|kind| self.from.lineage(&Address::new(*kind, whole.iter().cloned())));
            for lineage in lineages.filter(|lineage| self.aside.contains(lineage) && self.fates.goes(*lineage)) {
                address.path[length - 1] = aside_name(lineage);
            }
        }
        address
    }

    /// Whether something in a schema has a name, before or after.
    fn is_taken(&self, schema: &str, name: &str) -> bool {
        let relations = [Kind::Table, Kind::View, Kind::MaterializedView, Kind::Sequence];
        let types = [Kind::Enum, Kind::Domain, Kind::Range, Kind::Composite];
        relations.into_iter().chain(types).any(|kind| {
            let address = Address::new(kind, [schema, name]);
            self.from.get(&address).is_some() || self.to.get(&address).is_some()
        })
    }

    /// Whether this is a sequence that PostgreSQL moves with the table whose column owns it.
    fn moves_with_owner(&self, old: &Address) -> bool {
        let Some(object) = self.from.object(old).filter(|_| old.kind == Kind::Sequence) else { return false };
        let Some(lineage) = self.from.lineage(old) else { return false };
        let let_go = self.fates.detached.contains(&lineage)
            || self.diff.get(lineage).is_some_and(|change| change.attribute(Attr::OwnedBy).is_some());
        object.get(Attr::OwnedBy).is_some() && !let_go
    }

    fn rename_sql(&self, old: &Address, at: &Address, target: &str) -> String {
        let (name, target) = (at.name_sql(), quote_ident(target));
        let relation = alter_relation(self.from, old).replacen(&old.relation_sql(), &at.relation_sql(), 1);
        match at.kind {
            Kind::Column => format!("{relation} RENAME COLUMN {name} TO {target}"),
            Kind::Attribute => format!("ALTER TYPE {} RENAME ATTRIBUTE {name} TO {target} CASCADE", at.relation_sql()),
            Kind::Constraint => format!("{relation} RENAME CONSTRAINT {name} TO {target}"),
            _ => format!("ALTER {} RENAME TO {target}", phrase(self.from, at)),
        }
    }
}

/// The temporary name of an object.
pub(super) fn aside_name(lineage: Lineage) -> String {
    let mut name = format!("pleach_{lineage}");
    name.truncate(24);
    name
}

pub(super) fn rename_own(address: &Address, name: &str) -> Address {
    let mut path = address.path.clone();
    if let Some(last) = path.last_mut() {
        name.clone_into(last);
    }
    address.with_path(path)
}

/// What is lost for good when an object is dropped.
fn destroyed(address: &Address) -> Option<String> {
    let what = address.sql();
    match address.kind {
        Kind::Table => Some(format!("all rows of {what}")),
        Kind::Column => Some(format!("all values of {what}")),
        Kind::Attribute => Some(format!("all values of attribute {what}")),
        Kind::Sequence => Some(format!("the position of sequence {what}")),
        _ => None,
    }
}
