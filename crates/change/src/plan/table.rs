//! Tables: what is written inside `CREATE TABLE`, and what comes after it.

use super::fate::{Fates, texts};
use super::{Stage, Step, Writer, step};
use pleach_schema::{Address, Attr, Kind, Lineage, Object, Tree, Value, quote_ident, quote_literal};

/// Whether a column or attribute has no statement of its own: it is written with its relation, or
/// a parent table brings it.
pub(super) fn folded(to: &Tree, fates: &Fates, part: &Address) -> bool {
    let of_type =
        || part.kind == Kind::Column && to.parent(part).is_some_and(|table| composite_of(to, &table).is_some());
    let loose = || fates.is_loose(to, part) && fates.leading_parts(to, part).is_empty();
    let inherited = to.object(part).is_some_and(|object| object.is(Attr::Inherited) || of_type()) && !loose();
    if to.lineage(part).is_some_and(|lineage| fates.apart.contains(&lineage)) {
        return false;
    }
    match part.kind {
        Kind::Column | Kind::Attribute => to.parent(part).is_some_and(|parent| {
            let holds = matches!(parent.kind, Kind::Table | Kind::Composite);
            holds && (inherited || to.lineage(&parent).is_some_and(|lineage| fates.comes(lineage)))
        }),
        Kind::Constraint => inherited && !is_new_partition(to, fates, part) || is_attached_exclusion(to, part),
        _ => false,
    }
}

/// Whether a constraint is written inside its new table's `CREATE`: it stands on nothing but the
/// table's own columns and the types that these need anyway.
pub(super) fn inlined(to: &Tree, fates: &Fates, part: &Address) -> bool {
    let (Kind::Constraint, Some(object)) = (part.kind, to.object(part)) else { return false };
    let Some(parent) = to.parent(part).filter(|parent| parent.kind == Kind::Table) else { return false };
    let simple = matches!(object.text(Attr::ConstraintType), Some("primary key" | "unique" | "check" | "exclusion"));
    let plain = [Attr::NotValid, Attr::Options, Attr::Tablespace].iter().all(|attr| object.get(*attr).is_none());
    let near = |reference: &Address| {
        reference.relation() == part.relation()
            || matches!(reference.kind, Kind::Enum | Kind::Domain | Kind::Range | Kind::Composite | Kind::Extension)
    };
    to.lineage(&parent).is_some_and(|lineage| fates.comes(lineage))
        && simple
        && plain
        && object.derived.references.iter().all(near)
}

/// Whether this is the part of an exclusion constraint that a partition has. PostgreSQL takes none
/// that is there for it, but makes one.
pub(super) fn is_attached_exclusion(tree: &Tree, part: &Address) -> bool {
    tree.object(part).is_some_and(|object| {
        object.text(Attr::ConstraintType) == Some("exclusion") && object.get(Attr::AttachedTo).is_some()
    })
}

fn is_new_partition(to: &Tree, fates: &Fates, part: &Address) -> bool {
    to.parent(part).is_some_and(|table| {
        let new = to.lineage(&table).is_some_and(|lineage| fates.comes(lineage));
        new && to.object(&table).is_some_and(|object| object.get(Attr::PartitionOf).is_some())
    })
}

/// The tables that a table inherits from or is a partition of.
pub(crate) fn parent_tables(tree: &Tree, table: &Address) -> Vec<Address> {
    let Some(object) = tree.object(table) else { return Vec::new() };
    let mut names = texts(object.get(Attr::Inherits));
    names.extend(object.text(Attr::PartitionOf));
    let named = |reference: &&Address| reference.kind == Kind::Table && names.contains(&reference.sql().as_str());
    object.derived.references.iter().filter(named).cloned().collect()
}

/// The parents that a table inherits from in both trees. They are in an order that counts, so it
/// keeps those before the first that is another.
pub(super) fn kept_parents(before: (&Tree, &Address), after: (&Tree, &Address)) -> Vec<Lineage> {
    let in_order = |(tree, table): (&Tree, &Address)| -> Vec<Option<Lineage>> {
        let parents = parent_tables(tree, table);
        let named = |name: &str| parents.iter().find(|parent| parent.sql() == name).and_then(|p| tree.lineage(p));
        texts(tree.object(table).and_then(|object| object.get(Attr::Inherits))).into_iter().map(named).collect()
    };
    let pairs = in_order(before).into_iter().zip(in_order(after));
    pairs.map_while(|(before, after)| before.filter(|_| before == after)).collect()
}

/// The composite type that a typed table is of.
pub(super) fn composite_of(tree: &Tree, table: &Address) -> Option<Address> {
    let object = tree.object(table)?;
    let of_type = object.text(Attr::OfType)?;
    object.derived.references.iter().find(|r| r.kind == Kind::Composite && r.sql() == of_type).cloned()
}

/// For an inherited column or constraint, or an attached index: the same part of each parent table.
/// For a column of a typed table: the attribute of the type.
pub(crate) fn parents_part(tree: &Tree, part: &Address) -> Vec<Address> {
    let Some(object) = tree.object(part) else { return Vec::new() };
    if let Some(parent) = object.text(Attr::AttachedTo) {
        let named =
            |r: &&Address| matches!(r.kind, Kind::Index | Kind::Constraint) && super::phrase::index_name(r) == parent;
        return object.derived.references.iter().filter(named).cloned().collect();
    }
    let table = Address::new(Kind::Table, part.relation().iter().cloned());
    if part.kind == Kind::Column
        && let Some(of_type) = composite_of(tree, &table)
    {
        let attribute = of_type.part(Kind::Attribute, part.name());
        return Some(attribute).filter(|attribute| tree.get(attribute).is_some()).into_iter().collect();
    }
    if !object.is(Attr::Inherited) {
        return Vec::new();
    }
    let same = |parent: Address| parent.part(part.kind, part.name());
    parent_tables(tree, &table).into_iter().map(same).filter(|address| tree.get(address).is_some()).collect()
}

/// Whether a table is a partition, whose columns are all its own until it is attached.
fn is_partition(object: &Object) -> bool {
    object.get(Attr::PartitionOf).is_some()
}

impl Writer<'_> {
    /// `CREATE TABLE` with everything that can stand inside it, and what must follow it.
    pub(super) fn create_table(&self, address: &Address, object: &Object, stage: Stage, steps: &mut Vec<Step>) {
        let mut lines = Vec::new();
        let mut after = Vec::new();
        for (column, entry) in self.to.columns(&address.path) {
            if self.fates.apart.contains(&entry.lineage) {
                continue;
            }
            let mut made = (*entry.object).clone();
            if self.fates.detached.contains(&entry.lineage) {
                made.attributes.remove(&Attr::Default);
            }
            let inherited = made.is(Attr::Inherited) && !is_partition(object);
            if object.get(Attr::OfType).is_some() {
                lines.extend(typed_column(column, &made));
            } else if !inherited {
                lines.push(column_sql(column, &made));
            } else {
                self.override_inherited(column, &made, stage, &mut after);
            }
            self.unchecked_not_null(column, &made, stage, &mut after);
            self.column_extras(column, &made, stage, &mut after);
        }
        for (constraint, entry) in self.to.parts(&address.path, Kind::Constraint) {
            if inlined(self.to, self.fates, constraint) && !folded(self.to, self.fates, constraint) {
                let definition = entry.object.text(Attr::Definition).unwrap_or_default();
                lines.push(format!("CONSTRAINT {} {definition}", constraint.name_sql()));
                self.comment(constraint, &entry.object, stage, &mut after);
            }
        }
        let unlogged = if object.get(Attr::Persistence).is_some() { "UNLOGGED " } else { "" };
        let mut sql = format!("CREATE {unlogged}TABLE {}", address.sql());
        let body = if lines.is_empty() { String::new() } else { format!("\n    {}\n", lines.join(",\n    ")) };
        match object.text(Attr::OfType) {
            Some(of_type) if lines.is_empty() => sql.push_str(&format!(" OF {of_type}")),
            Some(of_type) => sql.push_str(&format!(" OF {of_type} ({body})")),
            None => sql.push_str(&format!(" ({body})")),
        }
        let inherits = texts(object.get(Attr::Inherits));
        if !inherits.is_empty() {
            sql.push_str(&format!(" INHERITS ({})", inherits.join(", ")));
        }
        if let Some(key) = object.text(Attr::PartitionKey) {
            sql.push_str(&format!(" PARTITION BY {key}"));
        }
        if let Some(method) = object.text(Attr::AccessMethod) {
            sql.push_str(&format!(" USING {}", quote_ident(method)));
        }
        sql.push_str(&options_clause(object));
        if let Some(tablespace) = object.text(Attr::Tablespace) {
            sql.push_str(&format!(" TABLESPACE {}", quote_ident(tablespace)));
        }
        steps.push(step(address, stage, sql));
        if object.is(Attr::RowSecurity) {
            after.push(step(address, stage, format!("ALTER TABLE {} ENABLE ROW LEVEL SECURITY", address.sql())));
        }
        if object.is(Attr::ForceRowSecurity) {
            after.push(step(address, stage, format!("ALTER TABLE {} FORCE ROW LEVEL SECURITY", address.sql())));
        }
        steps.append(&mut after);
    }

    /// What a child table says otherwise of a column it inherits.
    fn override_inherited(&self, column: &Address, object: &Object, stage: Stage, steps: &mut Vec<Step>) {
        let parents = parents_part(self.to, column);
        let parent = parents.first().and_then(|parent| self.to.object(parent));
        let alter = format!("ALTER TABLE ONLY {} ALTER COLUMN {}", column.relation_sql(), column.name_sql());
        let theirs = parent.and_then(|parent| parent.text(Attr::Default));
        match (object.text(Attr::Default), theirs) {
            (mine, theirs) if mine == theirs => {}
            (Some(mine), _) => steps.push(step(column, stage, format!("{alter} SET DEFAULT {mine}"))),
            (None, _) => steps.push(step(column, stage, format!("{alter} DROP DEFAULT"))),
        }
        if object.is(Attr::NotNull) && !parent.is_some_and(|parent| parent.is(Attr::NotNull)) {
            steps.push(step(column, stage, format!("{alter} SET NOT NULL")));
        }
    }

    /// A NOT NULL that was not checked for rows that were there before.
    pub(super) fn unchecked_not_null(&self, column: &Address, object: &Object, stage: Stage, steps: &mut Vec<Step>) {
        if object.is(Attr::NotNull) && is_unchecked(object) {
            steps.push(step(column, stage, add_not_null(column, object)));
        }
    }

    /// What is said of a column outside of its definition: storage, statistics, comment, grants.
    pub(super) fn column_extras(&self, column: &Address, object: &Object, stage: Stage, steps: &mut Vec<Step>) {
        let only = if column_holder_is_table(self.to, column) { "ONLY " } else { "" };
        let keyword = self.to.parent(column).map_or("TABLE", |parent| super::phrase::keyword(parent.kind));
        let alter = format!("ALTER {keyword} {only}{} ALTER COLUMN {}", column.relation_sql(), column.name_sql());
        if let Some(storage) = object.text(Attr::Storage) {
            steps.push(step(column, stage, format!("{alter} SET STORAGE {}", storage.to_uppercase())));
        }
        if let Some(Value::Int(target)) = object.get(Attr::Statistics) {
            steps.push(step(column, stage, format!("{alter} SET STATISTICS {target}")));
        }
        if let Some(options) = object.get(Attr::Options).and_then(Value::as_map) {
            let list: Vec<String> =
                options.iter().map(|(name, value)| format!("{} = {value}", quote_ident(name))).collect();
            steps.push(step(column, stage, format!("{alter} SET ({})", list.join(", "))));
        }
        self.comment(column, object, stage, steps);
        self.all_grants(column, object, stage, steps);
    }
}

fn column_holder_is_table(tree: &Tree, column: &Address) -> bool {
    tree.parent(column).is_none_or(|parent| parent.kind == Kind::Table)
}

/// A column as `CREATE TABLE` and `ADD COLUMN` write it.
pub(super) fn column_sql(address: &Address, object: &Object) -> String {
    let mut sql = format!("{} {}", address.name_sql(), object.text(Attr::Type).unwrap_or("text"));
    if let Some(method) = object.text(Attr::Compression) {
        sql.push_str(&format!(" COMPRESSION {method}"));
    }
    if let Some(collation) = object.text(Attr::Collation) {
        sql.push_str(&format!(" COLLATE {collation}"));
    }
    sql.push_str(&column_constraints(address, object));
    sql
}

/// Default, generation and not null, as they follow a column's type.
fn column_constraints(address: &Address, object: &Object) -> String {
    let mut sql = String::new();
    if let Some(identity) = own_identity(object.get(Attr::Identity)) {
        sql.push_str(&identity_sql(address, identity));
    }
    if let Some(expression) = object.text(Attr::Generated) {
        let kind = object.text(Attr::GeneratedKind).unwrap_or("stored").to_uppercase();
        sql.push_str(&format!(" GENERATED ALWAYS AS ({expression}) {kind}"));
    }
    if let Some(default) = object.text(Attr::Default) {
        sql.push_str(&format!(" DEFAULT {default}"));
    }
    if object.is(Attr::NotNull) && !is_unchecked(object) {
        sql.push_str(&not_null_sql(object));
    }
    sql
}

/// Whether a column's NOT NULL was not checked for rows that were there before: something that
/// no column definition can say.
pub(super) fn is_unchecked(object: &Object) -> bool {
    object.text(Attr::NotNullOptions).is_some_and(|options| options.contains("not valid"))
}

/// ` NOT NULL` as it follows a column's or a domain's type.
pub(super) fn not_null_sql(object: &Object) -> String {
    let options = object.text(Attr::NotNullOptions).unwrap_or_default();
    let no_inherit = if options.contains("no inherit") { " NO INHERIT" } else { "" };
    match object.text(Attr::NotNullName) {
        Some(name) => format!(" CONSTRAINT {} NOT NULL{no_inherit}", quote_ident(name)),
        None => format!(" NOT NULL{no_inherit}"),
    }
}

/// `ALTER TABLE … ADD … NOT NULL`, where there is more to say than that.
pub(super) fn add_not_null(column: &Address, object: &Object) -> String {
    let options = object.text(Attr::NotNullOptions).unwrap_or_default();
    let name = object.text(Attr::NotNullName).map(|name| format!("CONSTRAINT {} ", quote_ident(name)));
    let said = |option: &str, sql: &'static str| if options.contains(option) { sql } else { "" };
    format!(
        "ALTER TABLE {} ADD {}NOT NULL {}{}{}",
        column.relation_sql(),
        name.unwrap_or_default(),
        column.name_sql(),
        said("no inherit", " NO INHERIT"),
        said("not valid", " NOT VALID")
    )
}

/// The storage mode of a type, where PostgreSQL says so itself.
pub(super) fn usual_storage(tree: &Tree, type_name: &str) -> &'static str {
    if type_name.ends_with(']') {
        return "EXTENDED";
    }
    let address = |kind| tree.iter().map(|(a, _)| a).find(|a| a.kind == kind && a.sql() == type_name);
    if let Some(domain) = address(Kind::Domain) {
        return tree.object(domain).and_then(|of| of.text(Attr::Type)).map_or("EXTENDED", |of| usual_storage(tree, of));
    }
    if address(Kind::Enum).is_some() {
        return "PLAIN";
    }
    match type_name.split('(').next().unwrap_or_default() {
        "numeric" | "inet" | "cidr" => "MAIN",
        "smallint"
        | "integer"
        | "bigint"
        | "real"
        | "double precision"
        | "money"
        | "boolean"
        | "date"
        | "uuid"
        | "interval"
        | "time without time zone"
        | "time with time zone"
        | "timestamp without time zone"
        | "timestamp with time zone"
        | "timestamp"
        | "time"
        | "oid"
        | "name"
        | "\"char\""
        | "macaddr"
        | "point" => "PLAIN",
        _ => "EXTENDED",
    }
}

/// A column of a typed table, where there is something to say of it.
fn typed_column(address: &Address, object: &Object) -> Option<String> {
    let said = column_constraints(address, object);
    (!said.is_empty()).then(|| format!("{} WITH OPTIONS{said}", address.name_sql()))
}

/// A column's identity, where it is its own: that of a partition's column is the parent's, and
/// comes and goes with being attached.
pub(super) fn own_identity(identity: Option<&Value>) -> Option<&std::collections::BTreeMap<String, Value>> {
    identity.and_then(Value::as_map).filter(|identity| identity.contains_key("sequence"))
}

/// ` GENERATED … AS IDENTITY (…)`.
pub(super) fn identity_sql(column: &Address, identity: &std::collections::BTreeMap<String, Value>) -> String {
    let generation = identity.get("generation").and_then(Value::as_text).unwrap_or("by default").to_uppercase();
    let options = identity_options(column, identity);
    let options = if options.is_empty() { String::new() } else { format!(" ({})", options.join(" ")) };
    format!(" GENERATED {generation} AS IDENTITY{options}")
}

fn identity_options(column: &Address, identity: &std::collections::BTreeMap<String, Value>) -> Vec<String> {
    let mut options = Vec::new();
    if let Some(name) = identity.get("sequence").and_then(Value::as_text) {
        let (schema, table) = (column.schema().unwrap_or_default(), column.path.get(1).map_or("", String::as_str));
        let usual = format!("{table}_{}_seq", column.name());
        if name != pleach_schema::qualified([schema, &usual]) {
            options.push(format!("SEQUENCE NAME {name}"));
        }
    }
    for (key, word) in [
        ("start", "START WITH"),
        ("increment", "INCREMENT BY"),
        ("minimum", "MINVALUE"),
        ("maximum", "MAXVALUE"),
        ("cache", "CACHE"),
    ] {
        if let Some(value) = identity.get(key) {
            options.push(format!("{word} {value}"));
        }
    }
    if identity.get("cycle") == Some(&Value::Bool(true)) {
        options.push("CYCLE".to_owned());
    }
    options
}

/// ` WITH (fillfactor = 70)`, or nothing.
pub(crate) fn options_clause(object: &Object) -> String {
    let Some(options) = object.get(Attr::Options).and_then(Value::as_map) else { return String::new() };
    let list: Vec<String> = options.iter().map(|(name, value)| option_sql(name, Some(value))).collect();
    format!(" WITH ({})", list.join(", "))
}

/// `toast.autovacuum_enabled = 'false'`, or only the name without a value.
pub(super) fn option_sql(name: &str, value: Option<&Value>) -> String {
    let name = name.split('.').map(|part| quote_ident(part).into_owned()).collect::<Vec<_>>().join(".");
    match value {
        Some(value) => format!("{name} = {}", quote_literal(&value.to_string())),
        None => name,
    }
}

/// Whether an index or constraint of a partitioned table must be made on that table alone, because
/// its partitions' ones are objects of their own and are attached.
pub(super) fn needs_only(tree: &Tree, part: &Address, object: &Object) -> bool {
    let own_index = part.kind == Kind::Index || super::order::backed(object);
    let exclusion = object.text(Attr::ConstraintType) == Some("exclusion");
    own_index && !exclusion && tree.is_of_partitioned(part)
}

impl Writer<'_> {
    /// Whether a new column gets its values from a data step of this plan.
    pub(super) fn fills(&self, address: &Address, object: &Object) -> bool {
        self.has_data && super::order::needs_filling(address, object)
    }
}
