//! Objects as DROP, COMMENT, ALTER … OWNER and others name them.

use super::Access;
use super::names::{cut, schema_and_name, string, strings};
use super::scene::{Rel, Scene};
use pg_query::NodeEnum;
use pg_query::protobuf::{Node, ObjectType, ObjectWithArgs, RangeVar, TypeName};
use pleach_schema::{Address, Kind};

/// What a name means.
#[derive(Debug, Clone)]
pub(super) enum Thing {
    /// An object of the model, and whether it is there.
    Object(Address, bool),
    /// A column of a relation.
    Column(Rel, String),
    /// A part of a relation other than a column.
    Part(Rel, Kind, String),
    /// What the model has no kind for.
    Other(&'static str, Vec<String>),
    /// What is no part of a database.
    Outside(&'static str),
}

impl Scene<'_> {
    /// What the name in a statement means.
    pub(super) fn thing(&mut self, kind: i32, node: Option<&Node>, relation: Option<&RangeVar>) -> Thing {
        let kind = ObjectType::try_from(kind).unwrap_or(ObjectType::Undefined);
        if let Some(relation) = relation
            && let Some(of) = relation_kind(kind)
        {
            let rel = self.relation(relation, of);
            return Thing::Object(rel.address, rel.known);
        }
        let names: Vec<String> = node.map(node_names).unwrap_or_default();
        let borrowed: Vec<&str> = names.iter().map(String::as_str).collect();
        let (schema, name) = schema_and_name(&borrowed);
        let (schema, name) = (cut(schema), cut(name));
        if let Some(of) = relation_kind(kind) {
            let rel = self.relation_named(schema, name, of);
            return Thing::Object(rel.address, rel.known);
        }
        match kind {
            ObjectType::ObjectSchema => {
                let address = Address::new(Kind::Schema, [self.schema(name)]);
                let known = self.exists(&address) || name == "public";
                Thing::Object(address, known)
            }
            ObjectType::ObjectExtension => Thing::Object(Address::new(Kind::Extension, [name]), true),
            ObjectType::ObjectEventTrigger => Thing::Object(Address::new(Kind::EventTrigger, [name]), true),
            ObjectType::ObjectType | ObjectType::ObjectDomain => self.named_type(schema, name),
            ObjectType::ObjectColumn | ObjectType::ObjectAttribute => {
                let (column, of) = borrowed.split_last().map_or(("", [].as_slice()), |(last, of)| (*last, of));
                let (schema, relation) = schema_and_name(of);
                let rel = self.relation_named(schema, relation, Kind::Table);
                Thing::Column(rel, cut(column).to_owned())
            }
            ObjectType::ObjectTabconstraint => self.named_part(&borrowed, Kind::Constraint),
            ObjectType::ObjectTrigger => self.named_part(&borrowed, Kind::Trigger),
            ObjectType::ObjectRule => self.named_part(&borrowed, Kind::Rule),
            ObjectType::ObjectPolicy => self.named_part(&borrowed, Kind::Policy),
            ObjectType::ObjectDomconstraint => {
                let (last, of) = borrowed.split_last().map_or(("", [].as_slice()), |(last, of)| (*last, of));
                let (schema, domain) = schema_and_name(of);
                let Thing::Object(address, known) = self.named_type(schema, domain) else {
                    return Thing::Outside("a type");
                };
                Thing::Part(Rel { address, known }, Kind::Constraint, cut(last).to_owned())
            }
            ObjectType::ObjectStatisticExt => {
                let address = self.in_path(Kind::Statistics, schema, name);
                let known = self.exists(&address);
                Thing::Object(address, known)
            }
            ObjectType::ObjectFunction
            | ObjectType::ObjectProcedure
            | ObjectType::ObjectRoutine
            | ObjectType::ObjectAggregate => match node.and_then(|node| node.node.as_ref()) {
                Some(NodeEnum::ObjectWithArgs(object)) => self.routine_thing(object, kind),
                _ => Thing::Outside("a routine"),
            },
            _ => other(kind, names),
        }
    }

    fn named_type(&mut self, schema: &str, name: &str) -> Thing {
        if let Some(address) = self.find_type(schema, name).or_else(|| self.find(schema, name)) {
            self.use_schema(address.schema().unwrap_or_default());
            return Thing::Object(address, true);
        }
        let schema = if schema.is_empty() { self.creation_schema() } else { self.schema(schema) };
        self.use_schema(&schema);
        Thing::Object(Address::new(Kind::Domain, [schema.as_str(), name]), false)
    }

    fn named_part(&mut self, names: &[&str], kind: Kind) -> Thing {
        let (last, of) = names.split_last().map_or(("", [].as_slice()), |(last, of)| (*last, of));
        let (schema, relation) = schema_and_name(of);
        let rel = self.relation_named(schema, relation, Kind::Table);
        Thing::Part(rel, kind, cut(last).to_owned())
    }

    /// An object of the first schema of the path that has it.
    pub(super) fn in_path(&self, kind: Kind, schema: &str, name: &str) -> Address {
        if !schema.is_empty() {
            return Address::new(kind, [self.schema(schema).as_str(), name]);
        }
        let candidates = self.path.iter().map(|schema| Address::new(kind, [self.schema(schema).as_str(), name]));
        let found = candidates.into_iter().find(|address| self.exists(address));
        found.unwrap_or_else(|| Address::new(kind, [self.creation_schema().as_str(), name]))
    }

    fn routine_thing(&mut self, object: &ObjectWithArgs, kind: ObjectType) -> Thing {
        let found = self.named_routines(object);
        match found.as_slice() {
            [only] => {
                self.use_schema(only.schema().unwrap_or_default());
                Thing::Object(only.clone(), true)
            }
            many => {
                let names = strings(&object.objname);
                let (schema, name) = schema_and_name(&names);
                for routine in many {
                    self.imply(routine, Access::Read, None);
                }
                let schema = if schema.is_empty() { self.creation_schema() } else { self.schema(schema) };
                self.use_schema(&schema);
                let arguments = self.argument_types(&object.objargs);
                let kind = if kind == ObjectType::ObjectProcedure { Kind::Procedure } else { Kind::Function };
                Thing::Object(Address::routine(kind, &schema, cut(name), &arguments), false)
            }
        }
    }

    /// The routines that a name with or without argument types can mean.
    pub(super) fn named_routines(&self, object: &ObjectWithArgs) -> Vec<Address> {
        let names = strings(&object.objname);
        let (schema, name) = schema_and_name(&names);
        let all = self.routines(cut(schema), cut(name));
        if object.args_unspecified {
            return all;
        }
        let arguments = self.argument_types(&object.objargs);
        let exact: Vec<Address> =
            all.iter().filter(|routine| routine.arguments.as_deref() == Some(&arguments)).cloned().collect();
        if !exact.is_empty() {
            return exact;
        }
        // Types can be written in many ways: by their number it is told as well as possible.
        let count = object.objargs.len();
        all.into_iter().filter(|routine| argument_count(routine) == count).collect()
    }

    /// Argument types as the tree writes them.
    pub(super) fn argument_types(&self, types: &[Node]) -> String {
        let types = types.iter().filter_map(|node| match &node.node {
            Some(NodeEnum::TypeName(name)) => Some(self.type_text(name)),
            Some(NodeEnum::FunctionParameter(parameter)) => {
                parameter.arg_type.as_ref().map(|name| self.type_text(name))
            }
            _ => None,
        });
        types.collect::<Vec<_>>().join(", ")
    }

    /// A type as the tree writes it.
    pub(super) fn type_text(&self, name: &TypeName) -> String {
        let names = strings(&name.names);
        let (schema, own) = schema_and_name(&names);
        let array = if name.array_bounds.is_empty() { "" } else { "[]" };
        let standard = match own {
            "int2" | "smallserial" => "smallint",
            "int4" | "serial" => "integer",
            "int8" | "bigserial" => "bigint",
            "bool" => "boolean",
            "float4" => "real",
            "float8" => "double precision",
            "varchar" => "character varying",
            "bpchar" => "character",
            "timestamp" => "timestamp without time zone",
            "timestamptz" => "timestamp with time zone",
            "time" => "time without time zone",
            "timetz" => "time with time zone",
            "varbit" => "bit varying",
            own => own,
        };
        if matches!(schema, "" | "pg_catalog") && self.find_user_type(name).is_none() {
            return format!("{standard}{array}");
        }
        match self.find_user_type(name) {
            Some(address) => format!("{}{array}", address.sql()),
            None => format!("{}{array}", pleach_schema::qualified(names)),
        }
    }
}

/// How many argument types a routine's address has.
pub(super) fn argument_count(routine: &Address) -> usize {
    let types = routine.arguments.as_deref().unwrap_or_default();
    if types.is_empty() { 0 } else { types.split(',').count() }
}

fn node_names(node: &Node) -> Vec<String> {
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    match &node.node {
        Some(NodeEnum::List(list)) => list.items.iter().flat_map(node_names).collect(),
        Some(NodeEnum::String(string)) => vec![string.sval.clone()],
        Some(NodeEnum::TypeName(name)) => owned(strings(&name.names)),
        Some(NodeEnum::ObjectWithArgs(object)) => owned(strings(&object.objname)),
        Some(NodeEnum::RangeVar(relation)) => {
            let names = [&relation.schemaname, &relation.relname];
            names.into_iter().filter(|name| !name.is_empty()).cloned().collect()
        }
        _ => string(node).map(str::to_owned).into_iter().collect(),
    }
}

fn relation_kind(kind: ObjectType) -> Option<Kind> {
    match kind {
        ObjectType::ObjectTable | ObjectType::ObjectForeignTable => Some(Kind::Table),
        ObjectType::ObjectView => Some(Kind::View),
        ObjectType::ObjectMatview => Some(Kind::MaterializedView),
        ObjectType::ObjectSequence => Some(Kind::Sequence),
        ObjectType::ObjectIndex => Some(Kind::Index),
        _ => None,
    }
}

fn other(kind: ObjectType, names: Vec<String>) -> Thing {
    let kind = match kind {
        ObjectType::ObjectAccessMethod => "access method",
        ObjectType::ObjectAmop | ObjectType::ObjectAmproc | ObjectType::ObjectOpfamily => "operator family",
        ObjectType::ObjectCast => "cast",
        ObjectType::ObjectCollation => "collation",
        ObjectType::ObjectConversion => "conversion",
        ObjectType::ObjectFdw => "foreign data wrapper",
        ObjectType::ObjectForeignServer | ObjectType::ObjectUserMapping => "server",
        ObjectType::ObjectLanguage => "language",
        ObjectType::ObjectLargeobject => "large object",
        ObjectType::ObjectOpclass => "operator class",
        ObjectType::ObjectOperator => "operator",
        ObjectType::ObjectPublication | ObjectType::ObjectPublicationNamespace | ObjectType::ObjectPublicationRel => {
            "publication"
        }
        ObjectType::ObjectTransform => "transform",
        ObjectType::ObjectTsconfiguration => "text search configuration",
        ObjectType::ObjectTsdictionary => "text search dictionary",
        ObjectType::ObjectTsparser => "text search parser",
        ObjectType::ObjectTstemplate => "text search template",
        ObjectType::ObjectDatabase => return Thing::Outside("a database as a whole"),
        ObjectType::ObjectParameterAcl => return Thing::Outside("a setting of the server"),
        ObjectType::ObjectRole => return Thing::Outside("a role"),
        ObjectType::ObjectSubscription => return Thing::Outside("a subscription"),
        ObjectType::ObjectTablespace => return Thing::Outside("a tablespace"),
        _ => "object",
    };
    Thing::Other(kind, names)
}
