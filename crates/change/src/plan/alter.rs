//! `ALTER`: what changes in place.

use super::create::{policy_roles, routine, view};
use super::fate::texts;
use super::phrase::{index_name, keyword, on_domain, phrase};
use super::table::{add_not_null, identity_sql, is_attached_exclusion, option_sql, own_identity, usual_storage};
use super::{PlanError, Stage, Step, Writer, step};
use crate::AttrChange;
use pleach_schema::{Address, Attr, Kind, Lineage, Object, Value, quote_ident, quote_literal};
use std::collections::BTreeMap;

impl Writer<'_> {
    /// Alters an object that is in both trees, attribute by attribute.
    pub(super) fn alter(&self, lineage: Lineage, stage: Stage, steps: &mut Vec<Step>) -> Result<(), PlanError> {
        let Some((address, object)) = self.to.find(lineage) else { return Ok(()) };
        let nothing = Vec::new();
        let change = self.diff.get(lineage);
        let changes = change.map_or(&nothing, |change| &change.attributes);
        if address.kind == Kind::Column {
            self.alter_column(address, object, lineage, changes, stage, steps);
            return Ok(());
        }
        if let Some(change) = change.filter(|_| address.kind == Kind::Enum) {
            super::labels::steps(address, change, stage, steps);
        }
        if self.fates.detached.contains(&lineage)
            && changes.iter().all(|c| c.attr != Attr::Default)
            && let Some(default) = object.text(Attr::Default)
        {
            steps.push(step(address, stage, format!("ALTER DOMAIN {} SET DEFAULT {default}", address.sql())));
        }
        let sequence_changed = |c: &AttrChange| super::sequence::OPTIONS.contains(&c.attr);
        if address.kind == Kind::Sequence && changes.iter().any(sequence_changed) {
            let before = self.from.find(lineage).map(|(_, before)| &**before);
            steps.extend(before.and_then(|before| super::sequence::keep_within(address, before, object, stage)));
            steps.push(step(address, stage, super::sequence::alter(address, before, object)));
        }
        let replaced = |c: &AttrChange| ROUTINE_ATTRS.contains(&c.attr);
        if matches!(address.kind, Kind::Function | Kind::Procedure) && changes.iter().any(replaced) {
            steps.push(step(address, stage, routine(address, object)));
        }
        let redefined = address.kind == Kind::View && changes.iter().any(|c| c.attr == Attr::Definition);
        if redefined {
            for (old, new) in change.and_then(super::adopt::renamed_columns).unwrap_or_default() {
                let sql = format!("ALTER VIEW {} RENAME COLUMN {old} TO {new}", address.sql());
                steps.push(step(address, stage, sql));
            }
            steps.push(step(address, stage, view(address, object, "CREATE OR REPLACE VIEW")));
        }
        if address.kind == Kind::Policy && changes.iter().any(|c| POLICY_ATTRS.contains(&c.attr)) {
            steps.push(step(address, stage, alter_policy(address, object)));
        }
        // A view that is replaced says its options itself.
        for changed in changes.iter().filter(|changed| !(redefined && changed.attr == Attr::Options)) {
            self.alter_attribute(address, object, changed, stage, steps);
        }
        Ok(())
    }

    fn alter_attribute(
        &self,
        address: &Address,
        object: &Object,
        changed: &AttrChange,
        stage: Stage,
        steps: &mut Vec<Step>,
    ) {
        let name = address.sql();
        let to = changed.to.as_ref();
        let text = to.and_then(Value::as_text);
        let table = |rest: String| format!("ALTER TABLE {name} {rest}");
        let sql = match (address.kind, changed.attr) {
            // It belongs to whom its table belongs to.
            (Kind::Sequence, Attr::Owner) if self.stays_owned(address, object) => return,
            (_, Attr::Owner) => {
                let owner = text.map_or("CURRENT_USER".to_owned(), |owner| quote_ident(owner).into_owned());
                let sql = format!("ALTER {} OWNER TO {owner}", phrase(self.to, address));
                steps.push(Step { admin: text.is_some(), ..step(address, stage, sql) });
                return;
            }
            (_, Attr::Comment) => {
                let comment = text.map_or("NULL".to_owned(), quote_literal);
                let admin = matches!(address.kind, Kind::Extension | Kind::EventTrigger);
                let sql = format!("COMMENT ON {} IS {comment}", phrase(self.to, address));
                steps.push(Step { admin, ..step(address, stage, sql) });
                return;
            }
            (_, Attr::Grants) => return self.change_grants(address, changed, stage, steps),
            (_, Attr::Enabled) => {
                steps.push(self.enable(address, text, stage));
                return;
            }
            (Kind::Extension, Attr::Version) => {
                let version = text.map(|version| format!(" TO {}", quote_literal(version))).unwrap_or_default();
                steps.push(Step {
                    admin: true,
                    ..step(address, stage, format!("ALTER EXTENSION {name} UPDATE{version}"))
                });
                return;
            }
            (Kind::Extension, Attr::InSchema) => {
                let sql = format!("ALTER EXTENSION {name} SET SCHEMA {}", quote_ident(text.unwrap_or("public")));
                steps.push(Step { admin: true, ..step(address, stage, sql) });
                return;
            }
            (Kind::Table, Attr::Persistence) => {
                table(if text.is_some() { "SET UNLOGGED" } else { "SET LOGGED" }.into())
            }
            (Kind::Table | Kind::MaterializedView, Attr::AccessMethod) => {
                format!(
                    "ALTER {} {name} SET ACCESS METHOD {}",
                    keyword(address.kind),
                    quote_ident(text.unwrap_or("heap"))
                )
            }
            (Kind::Table | Kind::MaterializedView, Attr::Tablespace) => {
                format!(
                    "ALTER {} {name} SET TABLESPACE {}",
                    keyword(address.kind),
                    quote_ident(text.unwrap_or("pg_default"))
                )
            }
            (Kind::Index, Attr::Tablespace) => {
                format!(
                    "ALTER INDEX {} SET TABLESPACE {}",
                    index_name(address),
                    quote_ident(text.unwrap_or("pg_default"))
                )
            }
            (Kind::Table, Attr::RowSecurity) => {
                table(format!("{} ROW LEVEL SECURITY", if to.is_some() { "ENABLE" } else { "DISABLE" }))
            }
            (Kind::Table, Attr::ForceRowSecurity) => {
                table(format!("{} ROW LEVEL SECURITY", if to.is_some() { "FORCE" } else { "NO FORCE" }))
            }
            (Kind::Table, Attr::ReplicaIdentity) if to.is_none() => table("REPLICA IDENTITY DEFAULT".into()),
            (Kind::Table | Kind::MaterializedView, Attr::ClusteredOn) => match text {
                None => format!("ALTER {} {name} SET WITHOUT CLUSTER", keyword(address.kind)),
                Some(index) if address.kind == Kind::MaterializedView => {
                    format!("ALTER MATERIALIZED VIEW {name} CLUSTER ON {}", quote_ident(index))
                }
                Some(_) => return,
            },
            (Kind::Table | Kind::View | Kind::MaterializedView | Kind::Index | Kind::Constraint, Attr::Options) => {
                let target = match address.kind {
                    Kind::Index | Kind::Constraint => format!("INDEX {}", index_name(address)),
                    kind => format!("{} {name}", keyword(kind)),
                };
                return change_options(address, &format!("ALTER {target} "), changed, stage, steps);
            }
            (Kind::Index, Attr::Definition) => {
                let options = self.to.lineage(address).and_then(|lineage| self.diff.get(lineage));
                let options = options.and_then(|change| super::adopt::storage_options(self.from, change));
                let Some((old, new)) = options else { return };
                let as_map = |map| Some(Value::Map(map));
                let changed = AttrChange { attr: Attr::Options, from: as_map(old), to: as_map(new) };
                let alter = format!("ALTER INDEX {} ", index_name(address));
                return change_options(address, &alter, &changed, stage, steps);
            }
            (Kind::Constraint, Attr::Definition) => {
                let change = self.to.lineage(address).and_then(|lineage| self.diff.get(lineage));
                let Some(deferral) = change.and_then(super::adopt::deferral) else { return };
                format!("ALTER TABLE {} ALTER CONSTRAINT {} {deferral}", address.relation_sql(), address.name_sql())
            }
            (Kind::Constraint, Attr::NotValid) if on_domain(self.to, address) => {
                format!("ALTER DOMAIN {} VALIDATE CONSTRAINT {}", address.relation_sql(), address.name_sql())
            }
            (Kind::Constraint, Attr::NotValid) => {
                format!("ALTER TABLE {} VALIDATE CONSTRAINT {}", address.relation_sql(), address.name_sql())
            }
            (Kind::Index, Attr::Statistics) => {
                let targets = to.and_then(Value::as_map).cloned().unwrap_or_default();
                let before = changed.from.as_ref().and_then(Value::as_map).cloned().unwrap_or_default();
                for column in before.keys().chain(targets.keys().filter(|key| !before.contains_key(*key))) {
                    let target = targets.get(column).map_or("-1".to_owned(), ToString::to_string);
                    let sql =
                        format!("ALTER INDEX {} ALTER COLUMN {column} SET STATISTICS {target}", index_name(address));
                    steps.push(step(address, stage, sql));
                }
                return;
            }
            (Kind::Statistics, Attr::Statistics) => {
                format!("ALTER STATISTICS {name} SET STATISTICS {}", to.map_or("-1".to_owned(), ToString::to_string))
            }
            (Kind::Domain, Attr::Default) => match text {
                Some(default) => format!("ALTER DOMAIN {name} SET DEFAULT {default}"),
                None => format!("ALTER DOMAIN {name} DROP DEFAULT"),
            },
            (Kind::Domain, Attr::NotNull) => {
                format!("ALTER DOMAIN {name} {} NOT NULL", if to.is_some() { "SET" } else { "DROP" })
            }
            (Kind::Attribute, Attr::Type | Attr::Collation) => {
                let collation = object.text(Attr::Collation).map(|c| format!(" COLLATE {c}")).unwrap_or_default();
                let (type_name, relation) = (object.text(Attr::Type).unwrap_or("text"), address.relation_sql());
                format!(
                    "ALTER TYPE {relation} ALTER ATTRIBUTE {} TYPE {type_name}{collation} CASCADE",
                    address.name_sql()
                )
            }
            (Kind::Range, Attr::Multirange) => {
                // It has moved along with its range.
                let own = |value: Option<&Value>| {
                    value.and_then(Value::as_text).map(|name| super::phrase::own_name(name).to_owned())
                };
                let (Some(was), Some(is)) = (own(changed.from.as_ref()), own(to)) else { return };
                if was == is {
                    return;
                }
                format!("ALTER TYPE {}.{was} RENAME TO {is}", quote_ident(address.schema().unwrap_or_default()))
            }
            // The rest is written by whoever replaces the whole object, or follows from others.
            _ => return,
        };
        steps.push(step(address, stage, sql));
    }

    /// Whether a sequence is owned by a column all the time.
    fn stays_owned(&self, address: &Address, object: &Object) -> bool {
        let Some(lineage) = self.to.lineage(address) else { return false };
        let before = self.from.find(lineage).and_then(|(_, before)| before.get(Attr::OwnedBy));
        let changed = self.diff.get(lineage).is_some_and(|change| change.attribute(Attr::OwnedBy).is_some());
        before.is_some() && object.get(Attr::OwnedBy).is_some() && !changed && !self.fates.detached.contains(&lineage)
    }

    fn alter_column(
        &self,
        address: &Address,
        object: &Object,
        lineage: Lineage,
        changes: &[AttrChange],
        stage: Stage,
        steps: &mut Vec<Step>,
    ) {
        let holder = self.to.parent(address).map_or("TABLE", |parent| keyword(parent.kind));
        let relation = address.relation_sql();
        let alter = format!("ALTER {holder} {relation} ALTER COLUMN {}", address.name_sql());
        let only = format!("ALTER {holder} ONLY {relation} ALTER COLUMN {}", address.name_sql());
        let only = if holder == "TABLE" { only } else { alter.clone() };
        let find = |attr: Attr| {
            changes.iter().find(|changed| changed.attr == attr && !self.comes_from_parent(address, changed))
        };
        let mut add = |sql: String| steps.push(step(address, stage, sql));

        let anew = self.fates.retyped.contains(&lineage);
        let with_parent = self.is_retyped_with_parent(address);
        let retyped = find(Attr::Type).is_some() || find(Attr::Collation).is_some() || anew && !with_parent;
        let detached = self.fates.detached.contains(&lineage);
        let default = find(Attr::Default);
        // A default is in the way of a new type that it cannot be cast to; it comes back below.
        let had_default = self.from.find(lineage).is_some_and(|(_, before)| before.get(Attr::Default).is_some());
        let aside = (retyped || with_parent) && had_default && !detached;
        if aside && retyped {
            add(format!("{alter} DROP DEFAULT"));
        }
        if find(Attr::Generated).is_some_and(|changed| changed.to.is_none()) {
            add(format!("{alter} DROP EXPRESSION"));
        }
        if retyped {
            let type_name = object.text(Attr::Type).unwrap_or("text");
            let collation = object.text(Attr::Collation).map(|c| format!(" COLLATE {c}")).unwrap_or_default();
            let before = self.from.find(lineage).and_then(|(_, before)| before.text(Attr::Type)).unwrap_or("text");
            let using = super::cast::cast(self.from, self.to, &address.name_sql(), before, type_name);
            let cast = if before != type_name || anew { format!(" USING {using}") } else { String::new() };
            add(format!("{alter} TYPE {type_name}{collation}{cast}"));
        }
        if default.is_some() || detached || aside {
            match object.text(Attr::Default) {
                Some(expression) => add(format!("{only} SET DEFAULT {expression}")),
                None if detached || aside => {}
                None => add(format!("{only} DROP DEFAULT")),
            }
        }
        let detailed = [Attr::NotNullName, Attr::NotNullOptions].iter().any(|attr| object.get(*attr).is_some());
        let details = find(Attr::NotNullName).or_else(|| find(Attr::NotNullOptions));
        match (find(Attr::NotNull), object.is(Attr::NotNull)) {
            (Some(_), false) => add(format!("{alter} DROP NOT NULL")),
            // It comes after the data steps.
            (Some(_), true) if self.has_data => {}
            (Some(_), true) if detailed => add(add_not_null(address, object)),
            (Some(_), true) => add(format!("{alter} SET NOT NULL")),
            (None, true) if details.is_some() => self.rename_not_null(address, object, &alter, &mut add),
            (None, _) => {}
        }
        if let Some(changed) = find(Attr::Identity)
            && let Some(to) = own_identity(changed.to.as_ref())
        {
            match own_identity(changed.from.as_ref()) {
                Some(from) => {
                    super::sequence::identity_changes(address, &alter, from, to).into_iter().for_each(&mut add);
                }
                None => {
                    add(format!("{alter} ADD{}", identity_sql(address, to)));
                    // What takes another column's place gets that one's counter.
                    let old = self.to.lineage(address).and_then(|lineage| self.from.address(lineage));
                    let shadow = old.is_some_and(|old| crate::online::is_shadow(self.from, old));
                    let name = to.get("sequence").and_then(Value::as_text).filter(|_| !shadow);
                    name.and_then(|name| super::sequence::go_on(name, address, to)).into_iter().for_each(&mut add);
                }
            }
        }
        if find(Attr::Storage).is_some() {
            let usual = || usual_storage(self.to, object.text(Attr::Type).unwrap_or_default()).to_owned();
            add(format!("{only} SET STORAGE {}", object.text(Attr::Storage).map_or_else(usual, str::to_uppercase)));
        }
        if find(Attr::Compression).is_some() {
            add(format!("{only} SET COMPRESSION {}", object.text(Attr::Compression).unwrap_or("default")));
        }
        if find(Attr::Statistics).is_some() {
            let target = object.get(Attr::Statistics).map_or("-1".to_owned(), ToString::to_string);
            add(format!("{only} SET STATISTICS {target}"));
        }
        if let Some(changed) = find(Attr::Options) {
            change_options(address, &format!("{only} "), changed, stage, steps);
        }
        for attr in [Attr::Comment, Attr::Grants] {
            if let Some(changed) = find(attr) {
                self.alter_attribute(address, object, changed, stage, steps);
            }
        }
    }

    /// From one NOT NULL to another one that has another name or is otherwise checked.
    fn rename_not_null(&self, address: &Address, object: &Object, alter: &str, add: &mut impl FnMut(String)) {
        let before = self.to.lineage(address).and_then(|lineage| self.from.find(lineage)).map(|(_, before)| before);
        let name = |object: &Object| object.text(Attr::NotNullName).map(|name| quote_ident(name).into_owned());
        let options = object.get(Attr::NotNullOptions);
        let (old, new) = (before.and_then(|before| name(before)), name(object));
        let unchecked = before.is_some_and(|before| super::table::is_unchecked(before));
        match (old, new) {
            (Some(old), Some(new)) if before.is_some_and(|before| before.get(Attr::NotNullOptions) == options) => {
                add(format!("ALTER TABLE {} RENAME CONSTRAINT {old} TO {new}", address.relation_sql()));
            }
            // This checks what was not checked before, letting others read and write meanwhile.
            (Some(old), new) if options.is_none() && unchecked && (new.is_none() || new.as_ref() == Some(&old)) => {
                add(format!("ALTER TABLE {} VALIDATE CONSTRAINT {old}", address.relation_sql()));
            }
            (old, new) if old == new && options.is_none() => add(format!("{alter} SET NOT NULL")),
            _ => {
                add(format!("{alter} DROP NOT NULL"));
                add(add_not_null(address, object));
            }
        }
    }

    /// Whether a column that reads the same is written anew when its parent table's column is.
    fn is_retyped_with_parent(&self, address: &Address) -> bool {
        let parents = self.fates.leading_parts(self.to, address);
        parents.iter().filter_map(|parent| self.to.lineage(parent)).any(|l| self.fates.retyped.contains(&l))
    }

    /// Whether an inherited column's change is made by the same change of its parent's column.
    fn comes_from_parent(&self, address: &Address, changed: &AttrChange) -> bool {
        let recurses =
            matches!(changed.attr, Attr::Type | Attr::Collation | Attr::NotNull | Attr::Generated | Attr::Identity);
        let of_not_null = matches!(changed.attr, Attr::NotNullName | Attr::NotNullOptions);
        (recurses || of_not_null)
            && self.fates.leading_parts(self.to, address).iter().any(|parent| {
                let change = self.to.lineage(parent).and_then(|lineage| self.diff.get(lineage));
                let theirs = |attr| change.and_then(|change| change.attribute(attr));
                // A new NOT NULL brings its name along.
                let comes = recurses || theirs(Attr::NotNull).is_some_and(|theirs| theirs.to.is_some());
                comes && theirs(changed.attr).is_some_and(|theirs| theirs.to == changed.to)
            })
    }

    /// `SET NOT NULL`, after the data steps.
    pub(super) fn tighten(&self, address: &Address, steps: &mut Vec<Step>) {
        let sql = format!("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", address.relation_sql(), address.name_sql());
        steps.push(step(address, Stage::Contract, sql));
    }

    /// Takes a partition off the table that it goes back to with other bounds.
    pub(super) fn loosen(&self, address: &Address, steps: &mut Vec<Step>) {
        if let Some(parent) = self.to.object(address).and_then(|object| object.text(Attr::PartitionOf)) {
            steps.push(step(
                address,
                Stage::Expand,
                format!("ALTER TABLE {parent} DETACH PARTITION {}", address.sql()),
            ));
        }
    }

    /// Ties together what had to exist first.
    pub(super) fn finish(&self, address: &Address, steps: &mut Vec<Step>) {
        let Some((lineage, object)) = self.to.get(address).map(|entry| (entry.lineage, &entry.object)) else { return };
        let stays = self.from.find(lineage).filter(|_| !self.fates.comes(lineage));
        let before = stays.map(|(_, object)| object);
        let let_go = self.fates.detached.contains(&lineage) && before.is_some();
        let changed = |attr: Attr| self.diff.get(lineage).is_some_and(|change| change.attribute(attr).is_some());
        let new = |attr: Attr| object.text(attr).filter(|_| before.is_none() || changed(attr));
        let mut add = |sql: String| steps.push(step(address, Stage::Expand, sql));
        if let Some(column) = object.text(Attr::OwnedBy).filter(|_| let_go || new(Attr::OwnedBy).is_some()) {
            add(format!("ALTER SEQUENCE {} OWNED BY {column}", address.sql()));
            if self.fates.created.contains(&lineage) {
                self.counted_before(address, object).into_iter().for_each(&mut add);
            }
        }
        if let Some((old, _)) = stays.filter(|_| address.kind == Kind::Table) {
            // A new table says these two itself.
            if let Some(of_type) = new(Attr::OfType) {
                add(format!("ALTER TABLE {} OF {of_type}", address.sql()));
            }
            let keeps = self.parents_kept(old, address);
            for parent in texts(object.get(Attr::Inherits)).iter().skip(keeps) {
                add(format!("ALTER TABLE {} INHERIT {parent}", address.sql()));
            }
        }
        if let Some(parent) = object.text(Attr::PartitionOf) {
            let bound = object.text(Attr::PartitionBound).unwrap_or("DEFAULT");
            if new(Attr::PartitionOf).is_some() || new(Attr::PartitionBound).is_some() {
                add(format!("ALTER TABLE {parent} ATTACH PARTITION {} {bound}", address.sql()));
            }
        }
        if let Some(parent) = new(Attr::AttachedTo).filter(|_| !is_attached_exclusion(self.to, address)) {
            add(format!("ALTER INDEX {parent} ATTACH PARTITION {}", index_name(address)));
        }
        if let Some(identity) = new(Attr::ReplicaIdentity) {
            let identity = match identity.strip_prefix("index ") {
                Some(index) => format!("USING INDEX {index}"),
                None => identity.to_uppercase(),
            };
            add(format!("ALTER TABLE {} REPLICA IDENTITY {identity}", address.sql()));
        }
        if let Some(index) = new(Attr::ClusteredOn).filter(|_| address.kind == Kind::Table) {
            add(format!("ALTER TABLE {} CLUSTER ON {}", address.sql(), quote_ident(index)));
        }
    }

    /// Lets a new sequence go on after the values of the column that it counts for, if that was there
    /// before.
    fn counted_before(&self, sequence: &Address, object: &Object) -> Option<String> {
        let owner = object.text(Attr::OwnedBy)?;
        let column = object.derived.references.iter().find(|r| r.kind == Kind::Column && r.sql() == owner)?;
        let entry = self.to.get(column).filter(|entry| self.from.address(entry.lineage).is_some())?;
        let counts = entry.object.derived.references.contains(sequence) && entry.object.get(Attr::Default).is_some();
        let options = [(Attr::Increment, "increment"), (Attr::Start, "start"), (Attr::Minimum, "minimum")];
        let options = options.iter().filter_map(|(attr, key)| Some(((*key).to_owned(), object.get(*attr)?.clone())));
        super::sequence::go_on(&sequence.sql(), column, &options.collect()).filter(|_| counts)
    }

    /// Sets the state of a trigger, rule or event trigger; `None` is the usual one.
    pub(super) fn enable(&self, address: &Address, state: Option<&str>, stage: Stage) -> Step {
        let word = match state {
            Some("disabled") => "DISABLE",
            Some("replica") => "ENABLE REPLICA",
            Some("always") => "ENABLE ALWAYS",
            _ => "ENABLE",
        };
        let name = address.name_sql();
        if address.kind == Kind::EventTrigger {
            return Step { admin: true, ..step(address, stage, format!("ALTER EVENT TRIGGER {name} {word}")) };
        }
        step(address, stage, format!("ALTER TABLE {} {word} {} {name}", address.relation_sql(), keyword(address.kind)))
    }
}

const POLICY_ATTRS: [Attr; 3] = [Attr::Roles, Attr::Using, Attr::Check];

const ROUTINE_ATTRS: [Attr; 15] = [
    Attr::Language,
    Attr::Body,
    Attr::SqlBody,
    Attr::Library,
    Attr::Volatility,
    Attr::Strict,
    Attr::SecurityDefiner,
    Attr::Leakproof,
    Attr::Parallel,
    Attr::Cost,
    Attr::Rows,
    Attr::Support,
    Attr::Transforms,
    Attr::Configuration,
    Attr::Arguments,
];

fn alter_policy(address: &Address, object: &Object) -> String {
    let mut sql =
        format!("ALTER POLICY {} ON {} TO {}", address.name_sql(), address.relation_sql(), policy_roles(object));
    if let Some(using) = object.text(Attr::Using) {
        sql.push_str(&format!(" USING ({using})"));
    }
    if let Some(check) = object.text(Attr::Check) {
        sql.push_str(&format!(" WITH CHECK ({check})"));
    }
    sql
}

/// `SET (…)` for what is new or different, `RESET (…)` for what is gone.
fn change_options(address: &Address, alter: &str, changed: &AttrChange, stage: Stage, steps: &mut Vec<Step>) {
    let nothing = BTreeMap::new();
    let old = changed.from.as_ref().and_then(Value::as_map).unwrap_or(&nothing);
    let new = changed.to.as_ref().and_then(Value::as_map).unwrap_or(&nothing);
    let set: Vec<String> =
        new.iter().filter(|(name, value)| old.get(*name) != Some(value)).map(|(n, v)| option_sql(n, Some(v))).collect();
    let reset: Vec<String> = old.keys().filter(|name| !new.contains_key(*name)).map(|n| option_sql(n, None)).collect();
    if !set.is_empty() {
        steps.push(step(address, stage, format!("{alter}SET ({})", set.join(", "))));
    }
    if !reset.is_empty() {
        steps.push(step(address, stage, format!("{alter}RESET ({})", reset.join(", "))));
    }
}
