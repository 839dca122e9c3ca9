//! Types, sequences, schemas, extensions, statistics, and what the model has no kind for.

use super::Access;
use super::names::{choose, cut, schema_and_name, string, strings};
use super::object_name::Thing;
use super::query::{Scope, Use, figure_name};
use super::scene::{Rel, Scene};
use super::text::canonical;
use pg_query::NodeEnum;
use pg_query::protobuf::{
    AlterDomainStmt, AlterEnumStmt, AlterExtensionContentsStmt, AlterExtensionStmt, AlterPublicationStmt, AlterSeqStmt,
    AlterStatsStmt, AlterTypeStmt, CompositeTypeStmt, CreateDomainStmt, CreateEnumStmt, CreateExtensionStmt,
    CreatePublicationStmt, CreateRangeStmt, CreateSchemaStmt, CreateSeqStmt, CreateStatsStmt, DefineStmt, DropBehavior,
    Node, ObjectType,
};
use pleach_schema::{Address, Kind};

impl Scene<'_> {
    pub(super) fn create_schema(&mut self, create: &CreateSchemaStmt, sql: &str) {
        let name = match (&create.schemaname, &create.authrole) {
            (name, Some(role)) if name.is_empty() => role.rolename.clone(),
            (name, _) => cut(name).to_owned(),
        };
        let address = Address::new(Kind::Schema, [name.as_str()]);
        self.note(&address, Access::Create, None, |touch| {
            touch.lenient = create.if_not_exists;
            touch.value = Some(canonical(create));
        });
        self.add_made(&address);
        self.schemas.insert(name.clone(), Some(name.clone()));
        let mut path = vec![name];
        path.extend(self.path.iter().cloned());
        let before = std::mem::replace(&mut self.path, path);
        for element in &create.schema_elts {
            if let Some(node) = &element.node {
                self.node(node, sql, Use::Runs);
            }
        }
        self.path = before;
    }

    fn new_type(&mut self, names: &[Node], kind: Kind) -> Address {
        let names = strings(names);
        let (schema, name) = schema_and_name(&names);
        let schema = if schema.is_empty() { self.creation_schema() } else { self.schema(cut(schema)) };
        self.new_in_schema(&schema);
        Address::new(kind, [schema.as_str(), cut(name)])
    }

    pub(super) fn create_enum(&mut self, create: &CreateEnumStmt) {
        let address = self.new_type(&create.type_name, Kind::Enum);
        self.note(&address, Access::Create, None, |touch| touch.value = Some(canonical(&create.vals)));
        self.add_type(&address);
    }

    pub(super) fn alter_enum(&mut self, alter: &AlterEnumStmt) {
        let names = strings(&alter.type_name);
        let (schema, name) = schema_and_name(&names);
        let found = self.find_type(cut(schema), cut(name));
        let known = found.is_some();
        let schema = if schema.is_empty() { self.creation_schema() } else { self.schema(schema) };
        let address = found.unwrap_or_else(|| Address::new(Kind::Enum, [schema.as_str(), cut(name)]));
        self.use_schema(address.schema().unwrap_or_default());
        self.note(&address, Access::Lock, None, |touch| touch.missing = !known);
        let new = format!("label {}", alter.new_val);
        if alter.old_val.is_empty() {
            let place = match (alter.new_val_neighbor.as_str(), alter.new_val_is_after) {
                ("", _) => "place at the end".to_owned(),
                (neighbor, true) => format!("place after {neighbor}"),
                (neighbor, false) => format!("place before {neighbor}"),
            };
            self.note(&address, Access::Create, Some(&new), |touch| {
                touch.lenient = alter.skip_if_new_val_exists;
                touch.value = Some(place.clone());
            });
            // Where it ends up depends on what else goes right there.
            self.note(&address, Access::Alter, Some(&place), |touch| {
                touch.implied = true;
                touch.value = Some(new.clone());
            });
            if !alter.new_val_neighbor.is_empty() {
                self.imply(&address, Access::Read, Some(&format!("label {}", alter.new_val_neighbor)));
            }
        } else {
            self.note(&address, Access::Rename, Some(&format!("label {}", alter.old_val)), |touch| {
                touch.value = Some(alter.new_val.clone());
            });
            self.note(&address, Access::Create, Some(&new), |touch| {
                touch.value = Some(format!("was {}", alter.old_val));
            });
        }
    }

    pub(super) fn create_domain(&mut self, create: &CreateDomainStmt) {
        let address = self.new_type(&create.domainname, Kind::Domain);
        self.note(&address, Access::Create, None, |touch| touch.value = Some(canonical(create)));
        create.type_name.iter().for_each(|name| self.type_name(name));
        if let Some(collation) = &create.coll_clause {
            self.collation(&strings(&collation.collname));
        }
        for node in &create.constraints {
            if let Some(NodeEnum::Constraint(constraint)) = &node.node {
                self.lone_expression(constraint.raw_expr.as_deref(), Use::Defines);
            }
        }
        self.add_type(&address);
    }

    pub(super) fn alter_domain(&mut self, alter: &AlterDomainStmt) {
        let node = Node { node: Some(NodeEnum::List(pg_query::protobuf::List { items: alter.type_name.clone() })) };
        let Thing::Object(address, known) = self.thing(ObjectType::ObjectDomain as i32, Some(&node), None) else {
            return;
        };
        self.note(&address, Access::Lock, None, |touch| touch.missing = !known);
        match alter.def.as_ref().and_then(|def| def.node.as_ref()) {
            Some(NodeEnum::Constraint(constraint)) => {
                self.lone_expression(constraint.raw_expr.as_deref(), Use::Defines);
            }
            _ => self.lone_expression(alter.def.as_deref(), Use::Defines),
        }
        let value = canonical(&(&alter.subtype, &alter.def));
        let name = cut(&alter.name).to_owned();
        match alter.subtype.as_str() {
            "T" => self.note(&address, Access::Alter, Some("default"), |touch| touch.value = Some(value)),
            "N" | "O" => {
                self.note(&address, Access::Alter, Some("not_null"), |touch| touch.value = Some(value));
                self.imply(&address, Access::Alter, Some("values"));
            }
            "C" => {
                let Some(NodeEnum::Constraint(constraint)) = alter.def.as_ref().and_then(|def| def.node.as_ref())
                else {
                    return;
                };
                let schema = address.schema().unwrap_or_default().to_owned();
                let name = match constraint.conname.as_str() {
                    "" => choose(address.name(), "", "check", |name| self.is_constraint(&schema, name)),
                    given => cut(given).to_owned(),
                };
                let part = address.part(Kind::Constraint, &name);
                self.note(&part, Access::Create, None, |touch| touch.value = Some(value));
                self.set_part(&address, Kind::Constraint, &name, Some(&name));
                self.imply(&address, Access::Alter, Some("values"));
            }
            "X" => {
                let rel = Rel { address: address.clone(), known };
                let cascade = alter.behavior == DropBehavior::DropCascade as i32;
                self.drop_constraint(&rel, &name, cascade, alter.missing_ok);
                self.imply(&address, Access::Alter, Some("values"));
            }
            _ => {
                let part = self.part(&address, Kind::Constraint, &name);
                let missing = part.is_none();
                let part = part.unwrap_or_else(|| address.part(Kind::Constraint, &name));
                self.note(&part, Access::Alter, Some("not_valid"), |touch| touch.missing = missing);
                self.imply(&address, Access::Alter, Some("values"));
            }
        }
        // Rows of every column of it are looked at.
        let users: Vec<Address> = self.around.dependents(&address).cloned().collect();
        for user in users.into_iter().filter(|user| user.kind == Kind::Column) {
            self.imply(&user, Access::Read, Some("rows"));
            self.imply(&Address::new(Kind::Table, user.relation().iter().cloned()), Access::Read, Some("rows"));
        }
    }

    pub(super) fn create_composite(&mut self, create: &CompositeTypeStmt) {
        let Some(relation) = &create.typevar else { return };
        let address = self.new_address(relation, Kind::Composite);
        self.note(&address, Access::Create, None, |touch| touch.value = Some(canonical(create)));
        self.add_relation(&address);
        let rel = Rel { address, known: true };
        for node in &create.coldeflist {
            if let Some(NodeEnum::ColumnDef(column)) = &node.node {
                self.new_column(&rel, column, true, false);
            }
        }
    }

    pub(super) fn create_range(&mut self, create: &CreateRangeStmt) {
        let address = self.new_type(&create.type_name, Kind::Range);
        self.note(&address, Access::Create, None, |touch| touch.value = Some(canonical(create)));
        let mut multirange = None;
        for node in &create.params {
            let Some(NodeEnum::DefElem(option)) = &node.node else { continue };
            let arg = option.arg.as_ref().and_then(|arg| arg.node.as_ref());
            let Some(NodeEnum::TypeName(name)) = arg else { continue };
            let names = strings(&name.names);
            let (schema, own) = schema_and_name(&names);
            match option.defname.as_str() {
                "multirange_type_name" => multirange = Some(own.to_owned()),
                "canonical" | "subtype_diff" => self.call_by_name(schema, own, None, Use::Defines),
                "subtype" => self.type_name(name),
                "collation" => self.collation(&names),
                _ => self.without_kind("operator class", &names, Access::Read),
            }
        }
        let name = multirange.unwrap_or_else(|| multirange_name(address.name()));
        let schema = address.schema().unwrap_or_default().to_owned();
        self.imply(&Address::new(Kind::Range, [schema.as_str(), name.as_str()]), Access::Create, None);
        self.add_type(&address);
    }

    pub(super) fn alter_type_options(&mut self, alter: &AlterTypeStmt) {
        let node = Node { node: Some(NodeEnum::List(pg_query::protobuf::List { items: alter.type_name.clone() })) };
        let thing = self.thing(ObjectType::ObjectType as i32, Some(&node), None);
        self.say(thing, "options", canonical(&alter.options));
    }

    pub(super) fn create_sequence(&mut self, create: &CreateSeqStmt) {
        let Some(relation) = &create.sequence else { return };
        let address = self.new_address(relation, Kind::Sequence);
        self.note(&address, Access::Create, None, |touch| {
            touch.lenient = create.if_not_exists;
            touch.value = Some(canonical(create));
        });
        self.add_relation(&address);
        self.sequence_options(&create.options, None);
    }

    pub(super) fn alter_sequence(&mut self, alter: &AlterSeqStmt) {
        let Some(relation) = &alter.sequence else { return };
        let rel = self.relation(relation, Kind::Sequence);
        self.note(&rel.address, Access::Lock, None, |touch| {
            touch.missing = !rel.known && !alter.missing_ok;
            touch.lenient = alter.missing_ok;
        });
        self.sequence_options(&alter.options, Some(&rel.address));
    }

    fn sequence_options(&mut self, options: &[Node], altered: Option<&Address>) {
        for node in options {
            let Some(NodeEnum::DefElem(option)) = &node.node else { continue };
            if let Some(address) = altered {
                let is_counter =
                    matches!(option.defname.as_str(), "restart" | "minvalue" | "maxvalue" | "start" | "increment");
                self.note(address, Access::Alter, Some(&option.defname), |touch| touch.value = Some(canonical(option)));
                if is_counter {
                    // Limits are held against each other and against the counter.
                    self.imply(address, Access::Read, Some("limits"));
                    self.note(address, Access::Alter, Some("limits"), |touch| {
                        touch.implied = true;
                        touch.value = Some(canonical(option));
                    });
                }
                if option.defname == "restart" {
                    self.touch(address, Access::Write, Some("rows"));
                }
            }
            match (option.defname.as_str(), option.arg.as_ref().and_then(|arg| arg.node.as_ref())) {
                ("owned_by", Some(NodeEnum::List(list))) => {
                    let names = strings(&list.items);
                    if let Some((column, of)) = names.split_last().filter(|(_, of)| !of.is_empty()) {
                        let (schema, relation) = schema_and_name(of);
                        let rel = self.relation_named(cut(schema), cut(relation), Kind::Table);
                        self.note(&rel.address, Access::Read, None, |touch| touch.missing = !rel.known);
                        self.use_columns(&rel, &[cut(column).to_owned()], Use::Defines);
                    }
                }
                ("as", Some(NodeEnum::TypeName(name))) => self.type_name(name),
                _ => {}
            }
        }
    }

    pub(super) fn create_statistics(&mut self, create: &CreateStatsStmt) {
        let Some(NodeEnum::RangeVar(relation)) = create.relations.first().and_then(|node| node.node.as_ref()) else {
            return;
        };
        let rel = self.relation(relation, Kind::Table);
        self.note(&rel.address, Access::Lock, None, |touch| touch.missing = !rel.known);
        self.expressions(&create.exprs, &Scope::of(&rel), Use::Defines);
        let names = strings(&create.defnames);
        let (schema, name) = schema_and_name(&names);
        let own = rel.address.schema().unwrap_or_default().to_owned();
        let schema = match (schema, name) {
            ("", "") => own,
            ("", _) => self.creation_schema(),
            (given, _) => self.schema(given),
        };
        let name = match name {
            "" => {
                let columns: Vec<String> = create.exprs.iter().filter_map(statistics_column).collect();
                let middle = super::names::joined(columns.iter().map(String::as_str));
                let taken = |name: &str| self.exists(&Address::new(Kind::Statistics, [schema.as_str(), name]));
                choose(rel.address.name(), &middle, "stat", taken)
            }
            given => cut(given).to_owned(),
        };
        let address = Address::new(Kind::Statistics, [schema.as_str(), name.as_str()]);
        self.note(&address, Access::Create, None, |touch| {
            touch.lenient = create.if_not_exists;
            touch.value = Some(canonical(create));
        });
        self.new_in_schema(&schema);
        self.add_made(&address);
    }

    pub(super) fn alter_statistics(&mut self, alter: &AlterStatsStmt) {
        let names = strings(&alter.defnames);
        let (schema, name) = schema_and_name(&names);
        let address = self.in_path(Kind::Statistics, schema, cut(name));
        let known = self.exists(&address);
        self.note(&address, Access::Alter, Some("statistics"), |touch| {
            touch.missing = !known && !alter.missing_ok;
            touch.value = Some(canonical(&alter.stxstattarget));
        });
    }

    pub(super) fn create_extension(&mut self, create: &CreateExtensionStmt) {
        let address = Address::new(Kind::Extension, [cut(&create.extname)]);
        self.note(&address, Access::Create, None, |touch| {
            touch.lenient = create.if_not_exists;
            touch.value = Some(canonical(create));
        });
        for node in &create.options {
            if let Some(NodeEnum::DefElem(option)) = &node.node
                && option.defname == "schema"
                && let Some(NodeEnum::String(name)) = option.arg.as_ref().and_then(|arg| arg.node.as_ref())
            {
                let schema = self.schema(&name.sval);
                self.new_in_schema(&schema);
            }
        }
        let what = format!("{address} brings objects that its scripts decide");
        self.opaque(what, Some("extension".to_owned()), Access::Create, false);
        self.add_made(&address);
    }

    pub(super) fn alter_extension(&mut self, alter: &AlterExtensionStmt) {
        let address = Address::new(Kind::Extension, [cut(&alter.extname)]);
        let known = self.exists(&address);
        self.note(&address, Access::Alter, Some("version"), |touch| {
            touch.missing = !known;
            touch.value = Some(canonical(&alter.options));
        });
        self.imply(&address, Access::Alter, Some("contents"));
        self.opaque(
            format!("{address} is updated as its scripts decide"),
            Some("extension".to_owned()),
            Access::Alter,
            false,
        );
    }

    pub(super) fn alter_extension_contents(&mut self, alter: &AlterExtensionContentsStmt) {
        let address = Address::new(Kind::Extension, [cut(&alter.extname)]);
        let known = self.exists(&address);
        self.note(&address, Access::Alter, Some("contents"), |touch| touch.missing = !known);
        let thing = self.thing(alter.objtype, alter.object.as_deref(), None);
        self.say(thing, "extension", format!("{} {}", alter.extname, alter.action));
    }

    /// Aggregates, operators, types in C, text search, collations.
    pub(super) fn define(&mut self, define: &DefineStmt) {
        let names = strings(&define.defnames);
        let kind = ObjectType::try_from(define.kind).unwrap_or(ObjectType::Undefined);
        let (schema, name) = schema_and_name(&names);
        let in_schema = if schema.is_empty() { self.creation_schema() } else { self.schema(cut(schema)) };
        self.new_in_schema(&in_schema);
        match kind {
            ObjectType::ObjectAggregate => self.define_aggregate(define, &in_schema, cut(name)),
            ObjectType::ObjectType => {
                let address = Address::new(Kind::Domain, [in_schema.as_str(), cut(name)]);
                self.note(&address, Access::Create, None, |touch| touch.value = Some(canonical(define)));
                self.add_type(&address);
                self.opaque(format!("base type {name}"), None, Access::Create, false);
            }
            kind => {
                let what = match kind {
                    ObjectType::ObjectOperator => "operator",
                    ObjectType::ObjectCollation => "collation",
                    ObjectType::ObjectTsconfiguration => "text search configuration",
                    ObjectType::ObjectTsdictionary => "text search dictionary",
                    ObjectType::ObjectTsparser => "text search parser",
                    ObjectType::ObjectTstemplate => "text search template",
                    _ => "object",
                };
                self.without_kind(what, &names, Access::Create);
            }
        }
        self.options(&define.definition);
    }

    fn define_aggregate(&mut self, define: &DefineStmt, schema: &str, name: &str) {
        let types: Vec<Node> = match define.args.first().and_then(|node| node.node.as_ref()) {
            Some(NodeEnum::List(list)) => list.items.clone(),
            _ => vec![],
        };
        for node in &types {
            if let Some(NodeEnum::FunctionParameter(parameter)) = &node.node {
                parameter.arg_type.iter().for_each(|name| self.type_name(name));
            }
        }
        let address = Address::routine(Kind::Aggregate, schema, name, &self.argument_types(&types));
        self.note(&address, Access::Create, None, |touch| {
            touch.lenient = define.replace;
            touch.value = Some(canonical(define));
        });
        self.add_routine(&address);
    }

    /// Functions, types and operators that options name.
    pub(super) fn options(&mut self, options: &[Node]) {
        for node in options {
            let Some(NodeEnum::DefElem(option)) = &node.node else { continue };
            match option.arg.as_ref().and_then(|arg| arg.node.as_ref()) {
                Some(NodeEnum::TypeName(name)) => {
                    let names = strings(&name.names);
                    let (schema, own) = schema_and_name(&names);
                    // A name alone may be a function's, a type's or a template's.
                    self.call_by_name(cut(schema), cut(own), None, Use::Defines);
                    if let Some(found) = self.find_user_type(name) {
                        self.touch(&found, Access::Read, None);
                    }
                }
                Some(NodeEnum::List(list)) => self.without_kind("operator", &strings(&list.items), Access::Read),
                _ => {}
            }
        }
    }

    pub(super) fn create_publication(&mut self, create: &CreatePublicationStmt) {
        self.without_kind("publication", &[&create.pubname], Access::Create);
        self.publication_objects(&create.pubobjects);
    }

    pub(super) fn alter_publication(&mut self, alter: &AlterPublicationStmt) {
        self.without_kind("publication", &[&alter.pubname], Access::Alter);
        self.publication_objects(&alter.pubobjects);
    }

    fn publication_objects(&mut self, objects: &[Node]) {
        for node in objects {
            let Some(NodeEnum::PublicationObjSpec(object)) = &node.node else { continue };
            if !object.name.is_empty() {
                let schema = self.schema(&object.name);
                self.touch(&Address::new(Kind::Schema, [schema]), Access::Read, None);
            }
            let Some(table) = &object.pubtable else { continue };
            let Some(relation) = &table.relation else { continue };
            let rel = self.relation(relation, Kind::Table);
            self.note(&rel.address, Access::Read, None, |touch| touch.missing = !rel.known);
            self.expression(table.where_clause.as_deref(), &Scope::of(&rel), Use::Defines);
            let columns: Vec<String> = table.columns.iter().filter_map(string).map(str::to_owned).collect();
            self.use_columns(&rel, &columns, Use::Defines);
        }
    }
}

/// The name PostgreSQL gives a range's multirange type.
fn multirange_name(range: &str) -> String {
    match range.find("range") {
        Some(at) => {
            let (before, after) = range.split_at(at);
            cut(&format!("{before}multi{after}")).to_owned()
        }
        None => super::names::made(range, "", "multirange"),
    }
}

fn statistics_column(node: &Node) -> Option<String> {
    let Some(NodeEnum::StatsElem(element)) = &node.node else { return None };
    if !element.name.is_empty() {
        return Some(cut(&element.name).to_owned());
    }
    let expression = element.expr.as_ref().and_then(|expression| expression.node.as_ref());
    Some(expression.and_then(figure_name).unwrap_or("expr").to_owned())
}
