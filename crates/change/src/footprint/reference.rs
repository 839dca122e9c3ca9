//! What expressions refer to by name: routines, types, relations in strings, operators.

use super::expression::constant_text;
use super::names::{cut, schema_and_name, strings};
use super::query::{Scope, Use};
use super::scene::Scene;
use super::{Access, forbidden};
use pg_query::protobuf::{FuncCall, Node, TypeName};
use pleach_schema::{Address, Attr, Kind, Value};

/// Types that PostgreSQL brings along and that are called by their plain name.
#[rustfmt::skip]
const OWN_TYPES: &[&str] = &[
    "abstime", "aclitem", "any", "anyarray", "anycompatible", "anycompatiblearray", "anycompatiblemultirange",
    "anycompatiblenonarray", "anycompatiblerange", "anyelement", "anyenum", "anymultirange", "anynonarray", "anyrange",
    "bit", "bool", "box", "bpchar", "bytea", "char", "cid", "cidr", "circle", "cstring", "date", "datemultirange",
    "daterange", "event_trigger", "fdw_handler", "float4", "float8", "gtsvector", "index_am_handler", "inet", "int2",
    "int2vector", "int4", "int4multirange", "int4range", "int8", "int8multirange", "int8range", "internal", "interval",
    "json", "jsonb", "jsonpath", "language_handler", "line", "lseg", "macaddr", "macaddr8", "money", "name", "numeric",
    "nummultirange", "numrange", "oid", "oidvector", "path", "pg_ddl_command", "pg_lsn", "pg_snapshot", "point",
    "polygon", "record", "refcursor", "regclass", "regcollation", "regconfig", "regdictionary", "regnamespace",
    "regoper", "regoperator", "regproc", "regprocedure", "regrole", "regtype", "serial", "serial2", "serial4",
    "serial8", "bigserial", "smallserial", "table_am_handler", "text", "tid", "time", "timestamp", "timestamptz",
    "timetz", "trigger", "tsm_handler", "tsmultirange", "tsquery", "tsrange", "tstzmultirange", "tstzrange",
    "tsvector", "txid_snapshot", "unknown", "uuid", "varbit", "varchar", "void", "xid", "xid8", "xml",
];

impl Scene<'_> {
    /// A call: its arguments, and the routines that can be meant.
    pub(super) fn call(&mut self, call: &FuncCall, scope: &Scope<'_>, how: Use) {
        let names = strings(&call.funcname);
        let (schema, name) = schema_and_name(&names);
        self.expressions(&call.args, scope, how);
        self.expressions(&call.agg_order, scope, how);
        self.expression(call.agg_filter.as_deref(), scope, how);
        call.over.iter().for_each(|over| self.window(over, scope, how));
        self.call_by_name(cut(schema), cut(name), Some(call.args.len()), how);
        let text = call.args.first().and_then(constant_text);
        self.special_call(name, text, &call.args, how);
    }

    /// Functions of PostgreSQL's own whose arguments name objects, or that reach out.
    fn special_call(&mut self, name: &str, text: Option<&str>, args: &[Node], how: Use) {
        if let Some(why) = forbidden::function(name) {
            self.forbid(why);
        }
        match (name, text) {
            ("nextval" | "setval" | "currval", Some(text)) => {
                let access = if how == Use::Runs && name != "currval" { Access::Write } else { Access::Read };
                self.relation_in_text(text, access);
            }
            ("pg_get_serial_sequence" | "pg_relation_size" | "pg_total_relation_size" | "to_regclass", Some(text)) => {
                self.relation_in_text(text, Access::Read);
            }
            ("set_config", Some("search_path")) if how == Use::Runs => {
                if let Some(path) = args.get(1).and_then(constant_text) {
                    self.set_path(
                        &path.split(',').map(|name| super::names::parts(name.trim()).join(".")).collect::<Vec<_>>(),
                    );
                }
            }
            (
                "query_to_xml" | "query_to_xmlschema" | "table_to_xml" | "schema_to_xml" | "database_to_xml"
                | "ts_stat",
                _,
            ) => {
                self.opaque(format!("{name}() runs a query it is given as text"), None, Access::Read, how == Use::Runs);
            }
            _ => {}
        }
    }

    /// A relation named in a string: `'public.users'::regclass`.
    fn relation_in_text(&mut self, text: &str, access: Access) {
        let names = super::names::parts(text);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (schema, name) = schema_and_name(&names);
        let rel = self.relation_named(schema, name, Kind::Sequence);
        let attribute = (access == Access::Write).then_some("rows");
        self.note(&rel.address, access, attribute, |touch| touch.missing = !rel.known);
    }

    /// What a literal names that is cast to a type whose values are objects.
    pub(super) fn named_by_text(&mut self, arg: Option<&Node>, to: &TypeName) {
        let Some(text) = arg.and_then(constant_text) else { return };
        let names = super::names::parts(text.split('(').next().unwrap_or_default());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (schema, name) = schema_and_name(&names);
        match strings(&to.names).last().copied() {
            Some("regclass") => self.relation_in_text(text, Access::Read),
            Some("regproc" | "regprocedure") => self.call_by_name(schema, name, None, Use::Defines),
            Some("regtype") => self.user_type(schema, name),
            _ => {}
        }
    }

    /// A routine by name: all that could be meant are used, and none may come between.
    pub(super) fn call_by_name(&mut self, schema: &str, name: &str, args: Option<usize>, how: Use) {
        let mut found = self.routines(schema, name);
        if let Some(args) = args {
            let fitting: Vec<Address> = found.iter().filter(|routine| self.takes(routine, args)).cloned().collect();
            if !fitting.is_empty() {
                found = fitting;
            }
        }
        if schema == "pg_catalog" {
            return;
        }
        for routine in &found {
            self.use_routine(routine, how);
        }
        let schemas: Vec<String> = if schema.is_empty() { self.path.clone() } else { vec![schema.to_owned()] };
        for in_schema in schemas {
            let in_schema = self.schema(&in_schema);
            let any = Address::routine(Kind::Function, &in_schema, name, "");
            let is_missing = found.is_empty() && !schema.is_empty();
            let count = args.map_or_else(|| "absence".to_owned(), |count| format!("absence {count}"));
            self.note(&any, Access::Read, Some(&count), |touch| {
                touch.implied = !is_missing;
                touch.missing = is_missing;
            });
        }
    }

    /// Whether a routine can be called with so many arguments.
    fn takes(&self, routine: &Address, count: usize) -> bool {
        let types = routine.arguments.as_deref().unwrap_or_default();
        let all = if types.is_empty() { 0 } else { types.split(',').count() };
        let text = self.object(routine).and_then(|object| object.get(Attr::Arguments)).and_then(Value::as_text);
        let text = text.unwrap_or_default().to_uppercase();
        all == count || text.contains("VARIADIC") || (count < all && text.contains("DEFAULT"))
    }

    /// Notes that a routine is used; where it runs, what its body touches is touched.
    pub(super) fn use_routine(&mut self, routine: &Address, how: Use) {
        let attribute = (how == Use::Runs).then_some("rows");
        self.touch(routine, Access::Read, attribute);
        if self.immutable {
            self.imply(routine, Access::Read, Some("volatility"));
        }
        self.use_schema(routine.schema().unwrap_or_default());
        self.use_body(routine, how, None);
    }

    /// A type by name.
    pub(super) fn type_name(&mut self, name: &TypeName) {
        let names = strings(&name.names);
        self.expressions(&name.typmods, &Scope::default(), Use::Defines);
        if name.pct_type {
            let (column, of) = names.split_last().map_or(("", [].as_slice()), |(column, of)| (*column, of));
            let (schema, relation) = schema_and_name(of);
            let rel = self.relation_named(schema, relation, Kind::Table);
            self.note(&rel.address, Access::Read, None, |touch| touch.missing = !rel.known);
            self.column_of(&rel, column, Use::Defines);
            return;
        }
        let (schema, name) = schema_and_name(&names);
        self.user_type(cut(schema), cut(name));
    }

    /// The user's type that is meant, be it a relation's row type.
    pub(super) fn find_user_type(&self, name: &TypeName) -> Option<Address> {
        if name.pct_type {
            return None;
        }
        let names = strings(&name.names);
        let (schema, name) = schema_and_name(&names);
        self.find_type(cut(schema), cut(name)).or_else(|| self.find(cut(schema), cut(name)))
    }

    /// Notes that a type is used.
    pub(super) fn user_type(&mut self, schema: &str, name: &str) {
        if schema == "pg_catalog" {
            return;
        }
        let name = name.strip_prefix('_').filter(|_| self.find_type(schema, name).is_none()).unwrap_or(name);
        if let Some(found) = self.find_type(schema, name) {
            self.use_schema(found.schema().unwrap_or_default());
            self.touch(&found, Access::Read, None);
        } else if let Some(relation) = self.find(schema, name) {
            self.use_schema(relation.schema().unwrap_or_default());
            self.touch(&relation, Access::Read, None);
            self.imply(&relation, Access::Read, Some("columns"));
        } else if !schema.is_empty() || !OWN_TYPES.contains(&name) {
            let schema = if schema.is_empty() { self.creation_schema() } else { self.schema(schema) };
            let missing = Address::new(Kind::Domain, [schema.as_str(), name]);
            // What belongs to extensions is not in the tree.
            let extensions = self.around.extensions().to_vec();
            for extension in &extensions {
                self.imply(extension, Access::Read, Some("contents"));
            }
            self.note(&missing, Access::Read, None, |touch| touch.missing = extensions.is_empty());
        }
    }

    /// A collation by name: those of users' have no kind in the model.
    pub(super) fn collation(&mut self, names: &[&str]) {
        self.without_kind("collation", names, Access::Read);
    }

    /// An operator that is not one of the everyday ones: it may be a user's.
    pub(super) fn operator(&mut self, names: &[&str]) {
        #[rustfmt::skip]
        const EVERYDAY: [&str; 36] = [
            "=", "<>", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "%", "^", "||", "~~", "!~~", "~~*", "!~~*",
            "~", "!~", "~*", "!~*", "->", "->>", "#>", "#>>", "@>", "<@", "?", "?|", "?&", "&&", "@@", "&", "|", "#",
        ];
        match names {
            [name] if EVERYDAY.contains(name) => {}
            ["pg_catalog", ..] | [] => {}
            names => self.without_kind("operator", names, Access::Read),
        }
    }

    /// A touch of what the model has no kind for. A name without a schema may be in any.
    pub(super) fn without_kind(&mut self, kind: &str, names: &[&str], access: Access) {
        let (schema, name) = schema_and_name(names);
        if name.is_empty() || schema == "pg_catalog" {
            return;
        }
        let key = format!("{kind} {}", pleach_schema::quote_ident(cut(name)));
        self.opaque(key.clone(), Some(key), access, false);
    }
}
