//! Constraints and indexes, with the names PostgreSQL gives them.

use super::Access;
use super::names::{choose, cut, joined, string, strings};
use super::query::{Scope, Use, figure_name};
use super::scene::{Rel, Scene};
use super::text::canonical;
use pg_query::NodeEnum;
use pg_query::protobuf::{ColumnDef, ConstrType, Constraint, IndexStmt, Node};
use pleach_schema::{Address, Kind};

impl Scene<'_> {
    /// A constraint, of a table or (with `column`) of one of its columns. `fresh` tells that the
    /// table is being made, so that no row can be against it.
    pub(super) fn constraint(&mut self, of: &Rel, column: Option<&str>, constraint: &Constraint, fresh: bool) {
        let table = &of.address;
        let own: Vec<String> = column.iter().map(|name| (*name).to_owned()).collect();
        let keys = |nodes: &[Node]| -> Vec<String> {
            let named: Vec<String> = nodes.iter().filter_map(string).map(|name| cut(name).to_owned()).collect();
            if named.is_empty() { own.clone() } else { named }
        };
        let how = if fresh || constraint.skip_validation { Use::Defines } else { Use::Runs };
        match ConstrType::try_from(constraint.contype) {
            Ok(ConstrType::ConstrCheck) => {
                let used = plain_columns(constraint.raw_expr.as_deref());
                let one = match used.as_slice() {
                    [only] => only.clone(),
                    _ => column.filter(|_| used.is_empty()).unwrap_or_default().to_owned(),
                };
                let name = self.constraint_name(table, constraint, &one, "check");
                self.expression(constraint.raw_expr.as_deref(), &Scope::of(of), how);
                self.add_constraint(of, &name, constraint, "", fresh);
                for child in self.descendants(table).into_iter().skip(1) {
                    self.imply(&child.part(Kind::Constraint, &name), Access::Create, None);
                }
            }
            Ok(ConstrType::ConstrForeign) => {
                let columns = keys(&constraint.fk_attrs);
                let name = self.constraint_name(table, constraint, &joined(columns.iter().map(String::as_str)), "fkey");
                self.use_columns(of, &columns, how);
                self.foreign_key(of, constraint, how);
                self.add_constraint(of, &name, constraint, "foreign key", fresh);
            }
            Ok(kind @ (ConstrType::ConstrPrimary | ConstrType::ConstrUnique | ConstrType::ConstrExclusion)) => {
                self.key_constraint(of, kind, &keys(&constraint.keys), constraint, how, fresh);
            }
            Ok(ConstrType::ConstrNotnull) => {
                for name in keys(&constraint.keys) {
                    self.set_not_null(of, &name, how, fresh);
                }
                if !constraint.conname.is_empty() {
                    self.add_constraint(of, cut(&constraint.conname), constraint, "not null", fresh);
                }
            }
            _ => {}
        }
    }

    /// Notes that a column must not be null from now on.
    pub(super) fn set_not_null(&mut self, of: &Rel, name: &str, how: Use, fresh: bool) {
        if fresh {
            return;
        }
        let Some(column) = self.column(&of.address, name) else {
            self.missing_column(of, name);
            return;
        };
        self.note(&column, Access::Alter, Some("not_null"), |touch| touch.value = Some("true".to_owned()));
        if how == Use::Runs {
            self.imply(&column, Access::Read, Some("rows"));
            self.imply(&of.address, Access::Read, Some("rows"));
        }
        for child in self.descendants(&of.address).into_iter().skip(1) {
            self.imply(&child.part(Kind::Column, name), Access::Alter, Some("not_null"));
            self.imply(&child, Access::Read, Some("rows"));
        }
    }

    fn key_constraint(
        &mut self,
        of: &Rel,
        kind: ConstrType,
        columns: &[String],
        constraint: &Constraint,
        how: Use,
        fresh: bool,
    ) {
        let mut names: Vec<String> = columns.to_vec();
        for node in &constraint.exclusions {
            let Some(NodeEnum::List(pair)) = &node.node else { continue };
            if let Some(element) = pair.items.first() {
                names.extend(element_name(element));
                self.expression(Some(element), &Scope::of(of), how);
            }
        }
        names.extend(constraint.including.iter().filter_map(string).map(str::to_owned));
        let (middle, label) = match kind {
            ConstrType::ConstrPrimary => (String::new(), "pkey"),
            ConstrType::ConstrUnique => (joined(numbered(&names).iter().map(String::as_str)), "key"),
            _ => (joined(numbered(&names).iter().map(String::as_str)), "excl"),
        };
        let schema = of.address.schema().unwrap_or_default().to_owned();
        let name = match (constraint.conname.as_str(), constraint.indexname.as_str()) {
            ("", "") => choose(of.address.name(), &middle, label, |name| {
                self.is_relation(&schema, name) || self.is_constraint(&schema, name)
            }),
            ("", index) => cut(index).to_owned(),
            (given, _) => cut(given).to_owned(),
        };
        if constraint.indexname.is_empty() {
            self.use_columns(of, columns, how);
            let included: Vec<String> = constraint.including.iter().filter_map(string).map(str::to_owned).collect();
            self.use_columns(of, &included, Use::Defines);
            self.expression(constraint.where_clause.as_deref(), &Scope::of(of), how);
        } else {
            self.adopt_index(of, cut(&constraint.indexname), &name);
        }
        if kind == ConstrType::ConstrPrimary {
            self.note(&of.address, Access::Alter, Some("primary key"), |touch| {
                touch.value = Some(canonical(&constraint.keys));
            });
            for column in columns {
                self.set_not_null(of, column, how, fresh);
            }
        }
        let index = of.address.part(Kind::Index, &name);
        self.note(&index, Access::Create, Some(&names.join(",")), |touch| {
            touch.implied = true;
            touch.value = Some(canonical(constraint));
        });
        self.add_relation(&index);
        self.add_constraint(of, &name, constraint, &names.join(","), fresh);
        self.imply(&of.address, Access::Alter, Some("keys"));
        self.imply(&of.address, Access::Alter, Some("indexes"));
        for child in self.descendants(&of.address).into_iter().skip(1) {
            self.imply(&child, Access::Lock, None);
            self.imply(&child, Access::Read, Some("rows"));
        }
    }

    /// `USING INDEX`: the index becomes the constraint's, and takes its name.
    fn adopt_index(&mut self, of: &Rel, index: &str, name: &str) {
        let schema = of.address.schema().unwrap_or_default().to_owned();
        let found = self.find(&schema, index);
        let missing = found.is_none();
        let address = found.unwrap_or_else(|| of.address.part(Kind::Index, index));
        self.note(&address, Access::Alter, None, |touch| touch.missing = missing);
        if index != name {
            self.touch(&address, Access::Rename, None);
            self.move_relation((&schema, index), Some((&schema, name)));
        }
    }

    /// What a foreign key points at.
    fn foreign_key(&mut self, of: &Rel, constraint: &Constraint, how: Use) {
        let Some(other) = &constraint.pktable else { return };
        let rel = self.relation(other, Kind::Table);
        self.read_relation(&rel, how);
        let named: Vec<String> =
            constraint.pk_attrs.iter().filter_map(string).map(|name| cut(name).to_owned()).collect();
        self.use_columns(&rel, &named, how);
        if rel.address != of.address {
            self.imply(&rel.address, Access::Lock, None);
            self.imply(&rel.address, Access::Alter, Some("references"));
        }
        // It stands on a key of the other table, which is there or has to come.
        let keys = self.keys_on(&rel, &named);
        if keys.is_empty() {
            self.imply(&rel.address, Access::Read, Some(if named.is_empty() { "primary key" } else { "keys" }));
        }
        for key in keys {
            self.imply(&key, Access::Read, None);
        }
        if how == Use::Runs {
            let columns: Vec<String> = self.columns(&rel.address);
            for column in columns.iter().filter(|_| named.is_empty()) {
                if let Some(column) = self.column(&rel.address, column).filter(|column| self.is_key(column)) {
                    self.imply(&column, Access::Read, Some("rows"));
                }
            }
        }
    }

    /// The keys of a table in the tree that are on these columns; its primary key for none.
    pub(super) fn keys_on(&self, rel: &Rel, columns: &[String]) -> Vec<Address> {
        let tree = self.around.tree();
        let parts = tree.parts(&rel.address.path, Kind::Constraint).chain(tree.parts(&rel.address.path, Kind::Index));
        let is_on = |object: &pleach_schema::Object| {
            let kind = object.text(pleach_schema::Attr::ConstraintType);
            let definition = object.text(pleach_schema::Attr::Definition).unwrap_or_default();
            let (names, _) = super::text::words(definition);
            let unique =
                kind == Some("primary key") || kind == Some("unique") || object.is(pleach_schema::Attr::Unique);
            unique
                && if columns.is_empty() {
                    kind == Some("primary key")
                } else {
                    columns.iter().all(|column| names.contains(column))
                }
        };
        parts.filter(|(_, entry)| is_on(&entry.object)).map(|(address, _)| address.clone()).collect()
    }

    /// Whether a column is part of a key of its table.
    fn is_key(&self, column: &Address) -> bool {
        let mut keys = self.around.dependents(column).filter(|user| user.kind == Kind::Constraint);
        keys.any(|key| key.relation() == column.relation())
            || self.around.tree().parts(column.relation(), Kind::Constraint).any(|(_, entry)| {
                super::surroundings::is_backed(&entry.object) && entry.object.derived.references.contains(column)
            })
    }

    fn constraint_name(&mut self, table: &Address, constraint: &Constraint, middle: &str, label: &str) -> String {
        if !constraint.conname.is_empty() {
            return cut(&constraint.conname).to_owned();
        }
        let schema = table.schema().unwrap_or_default();
        let name = choose(table.name(), middle, label, |name| self.is_constraint(schema, name));
        let first = super::names::made(table.name(), middle, label);
        if first != name {
            self.imply(&table.part(Kind::Constraint, &first), Access::Read, Some("taken"));
        }
        name
    }

    /// A free name for a relation, as PostgreSQL chooses it. Names that it finds taken matter: would
    /// one become free, it would be chosen.
    pub(super) fn free_relation(&mut self, schema: &str, first: &str, second: &str, label: &str) -> String {
        let name = choose(first, second, label, |name| self.is_relation(schema, name));
        let wanted = super::names::made(first, second, label);
        if wanted != name
            && let Some(taken) = self.find(schema, &wanted)
        {
            self.imply(&taken, Access::Read, Some("taken"));
        }
        name
    }

    fn add_constraint(&mut self, of: &Rel, name: &str, constraint: &Constraint, what: &str, fresh: bool) {
        let address = of.address.part(Kind::Constraint, name);
        let chosen = constraint.conname.is_empty();
        let attribute = Some(what).filter(|what| !what.is_empty());
        self.note(&address, Access::Create, attribute, |touch| {
            touch.implied = chosen;
            touch.value = Some(canonical(constraint));
        });
        self.set_part(&of.address, Kind::Constraint, name, Some(name));
        if !fresh {
            self.imply(&of.address, Access::Alter, Some("constraints"));
            self.touch(&of.address, Access::Lock, None);
            if !constraint.skip_validation {
                self.imply(&of.address, Access::Read, Some("rows"));
            }
        }
    }

    /// Columns that are named.
    pub(super) fn use_columns(&mut self, of: &Rel, names: &[String], how: Use) {
        for name in names {
            match self.column(&of.address, name) {
                Some(column) => self.read_column(&column, how, false),
                None => self.missing_column(of, name),
            }
        }
    }

    pub(super) fn create_index(&mut self, index: &IndexStmt) {
        let Some(relation) = &index.relation else { return };
        let rel = self.relation(relation, Kind::Table);
        self.note(&rel.address, Access::Lock, None, |touch| touch.missing = !rel.known);
        let how = if index.unique { Use::Runs } else { Use::Defines };
        let scope = Scope::of(&rel);
        self.immutable = true;
        self.expressions(&index.index_params, &scope, how);
        self.expressions(&index.index_including_params, &scope, Use::Defines);
        self.expression(index.where_clause.as_deref(), &scope, how);
        self.immutable = false;
        if index.unique {
            self.imply(&rel.address, Access::Read, Some("rows"));
            self.imply(&rel.address, Access::Alter, Some("keys"));
        }
        self.operator_classes(&index.index_params);
        let elements: Vec<&Node> = index.index_params.iter().chain(&index.index_including_params).collect();
        let names: Vec<String> = elements.iter().filter_map(|element| element_name(element)).collect();
        let schema = rel.address.schema().unwrap_or_default().to_owned();
        let name = if index.idxname.is_empty() {
            let middle = joined(numbered(&names).iter().map(String::as_str));
            self.free_relation(&schema, rel.address.name(), &middle, "idx")
        } else {
            cut(&index.idxname).to_owned()
        };
        let address = rel.address.part(Kind::Index, &name);
        let on = super::text::canonical(&(&index.index_params, &index.where_clause));
        self.note(&address, Access::Create, Some(&on), |touch| {
            touch.implied = index.idxname.is_empty();
            touch.lenient = index.if_not_exists;
            touch.value = Some(canonical(index));
        });
        self.new_in_schema(&schema);
        self.imply(&rel.address, Access::Alter, Some("indexes"));
        self.add_relation(&address);
        for child in self.descendants(&rel.address).into_iter().skip(1) {
            self.imply(&child, Access::Lock, None);
            let middle = joined(numbered(&names).iter().map(String::as_str));
            let in_schema = child.schema().unwrap_or_default().to_owned();
            let name = choose(child.name(), &middle, "idx", |name| self.is_relation(&in_schema, name));
            let index = child.part(Kind::Index, &name);
            self.imply(&index, Access::Create, Some(&on));
            self.add_relation(&index);
        }
    }

    fn operator_classes(&mut self, elements: &[Node]) {
        for element in elements {
            if let Some(NodeEnum::IndexElem(element)) = &element.node
                && !element.opclass.is_empty()
            {
                self.without_kind("operator class", &strings(&element.opclass), Access::Read);
            }
        }
    }

    /// Names of the constraints and indexes of a table that is made with a column.
    pub(super) fn column_constraints(&mut self, of: &Rel, column: &ColumnDef, fresh: bool) {
        for node in &column.constraints {
            if let Some(NodeEnum::Constraint(constraint)) = &node.node {
                // Whether rows are against NOT NULL depends on the default: see `new_column`.
                let fresh = fresh || constraint.contype == ConstrType::ConstrNotnull as i32;
                self.constraint(of, Some(cut(&column.colname)), constraint, fresh);
            }
        }
    }
}

/// What an index calls one of its columns when it makes up its name.
fn element_name(node: &Node) -> Option<String> {
    let Some(NodeEnum::IndexElem(element)) = &node.node else { return None };
    if !element.name.is_empty() {
        return Some(cut(&element.name).to_owned());
    }
    let expression = element.expr.as_ref().and_then(|expression| expression.node.as_ref());
    Some(expression.and_then(figure_name).unwrap_or("expr").to_owned())
}

/// Names of an index's columns, made different by numbers.
fn numbered(names: &[String]) -> Vec<String> {
    let mut out: Vec<String> = vec![];
    for name in names {
        let mut chosen = name.clone();
        let mut number = 0_u32;
        while out.contains(&chosen) {
            number += 1;
            chosen = format!("{name}{number}");
        }
        out.push(chosen);
    }
    out
}

/// The columns that an expression of one table names, without their qualification.
fn plain_columns(node: Option<&Node>) -> Vec<String> {
    let Some(node) = node else { return vec![] };
    let mut names = vec![];
    collect(node, &mut names);
    names.sort();
    names.dedup();
    names
}

fn collect(node: &Node, names: &mut Vec<String>) {
    let Some(inner) = &node.node else { return };
    for (found, ..) in inner.nodes() {
        if let pg_query::NodeRef::ColumnRef(column) = found {
            names.extend(strings(&column.fields).last().map(|name| (*name).to_owned()));
        }
    }
    if let NodeEnum::ColumnRef(column) = inner {
        names.extend(strings(&column.fields).last().map(|name| (*name).to_owned()));
    }
}
