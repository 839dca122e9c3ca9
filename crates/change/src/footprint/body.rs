//! The bodies of routines: SQL and PL/pgSQL are read, others are not.

use super::query::{Scope, Use};
use super::scene::Scene;
use super::surroundings::BodyUse;
use super::text::{is_too_deep, words};
use super::{Access, forbidden};
use pg_query::{NodeEnum, ParserOptions};
use pleach_schema::{Address, Attr, Kind, Object, Value};
use serde_json::Value as Json;
use std::collections::HashSet;
use std::sync::Arc;

/// A body to be read.
pub(super) struct Body<'b> {
    pub language: &'b str,
    /// The body as text.
    pub text: &'b str,
    /// The names of its arguments.
    pub arguments: Vec<String>,
    /// Whether it runs now, as DO does.
    pub how: Use,
    /// What to call it.
    pub name: String,
    /// Whether it is a trigger's.
    pub trigger: bool,
}

impl Scene<'_> {
    /// What follows from using a routine: a body that runs touches what is in it, one that is
    /// only referred to needs what is in it. `fired_by` is the table whose trigger it is.
    pub(super) fn use_body(&mut self, routine: &Address, how: Use, fired_by: Option<&Address>) {
        if self.is_made(routine) || self.reading.contains(routine) {
            return;
        }
        let Some(body) = self.body_of(routine) else { return };
        let before = self.late;
        self.late |= how == Use::Defines;
        for touch in &body.touches {
            match how {
                Use::Runs => self.adopt(touch),
                Use::Defines if touch.access == Access::Read && touch.attribute.is_none() => self.adopt(touch),
                Use::Defines => self.note(&touch.object, Access::Read, None, |new| new.implied |= touch.implied),
            }
        }
        for opaque in &body.opaque {
            self.opaque(opaque.what.clone(), opaque.key.clone(), opaque.access, opaque.boundless && how == Use::Runs);
        }
        if let Some(table) = fired_by {
            self.row_of(table, &body.row_fields, how);
        }
        self.late = before;
    }

    /// The columns of the row that fires a trigger.
    pub(super) fn row_of(&mut self, table: &Address, fields: &[String], how: Use) {
        for field in fields {
            if field == "*" {
                self.imply(table, Access::Read, Some("columns"));
                for name in self.columns(table) {
                    if let Some(column) = self.column(table, &name) {
                        self.read_column(&column, how, true);
                    }
                }
            } else if let Some(column) = self.column(table, field) {
                self.read_column(&column, how, false);
            } else {
                let column = table.part(Kind::Column, field);
                self.imply(&column, Access::Read, Some("absence"));
            }
        }
    }

    /// What the body of a routine of the tree touches, read once.
    fn body_of(&mut self, routine: &Address) -> Option<Arc<BodyUse>> {
        let object = self.object(routine)?;
        let key = (routine.clone(), self.path.clone());
        let known = self.around.bodies.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(&key).cloned();
        if known.is_some() {
            return known;
        }
        let mut inner = Scene::new(self.around, &own_path(object).unwrap_or_else(|| self.path.clone()));
        inner.reading.clone_from(&self.reading);
        inner.reading.push(routine.clone());
        inner.begin(0);
        inner.read_object(routine, object);
        inner.end();
        let row_fields = std::mem::take(&mut inner.row_fields);
        let out = inner.finish();
        let body = Arc::new(BodyUse { touches: out.touches, opaque: out.opaque, row_fields });
        // Inside a circle of routines what was read is not the whole of it.
        if self.reading.is_empty() {
            let mut bodies = self.around.bodies.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            bodies.insert(key, Arc::clone(&body));
        }
        Some(body)
    }

    fn read_object(&mut self, routine: &Address, object: &Object) {
        let text = |attr| object.get(attr).and_then(Value::as_text);
        let language = text(Attr::Language).unwrap_or("sql");
        let name = routine.to_string();
        let arguments = text(Attr::Arguments).map(argument_names).unwrap_or_default();
        let trigger = text(Attr::Returns) == Some("trigger");
        if let Some(body) = text(Attr::SqlBody) {
            self.read_standard(body, arguments, &name);
        } else if let Some(body) = text(Attr::Body) {
            self.read_body(&Body { language, text: body, arguments, how: Use::Runs, name, trigger });
        }
    }

    /// A body in the SQL standard's form as the tree has it.
    fn read_standard(&mut self, body: &str, arguments: Vec<String>, name: &str) {
        let sql = format!("CREATE FUNCTION f() RETURNS void {body}");
        let parsed = pg_query::parse(&sql, ParserOptions::default());
        let node = parsed.ok().and_then(|parsed| parsed.protobuf.stmts.into_iter().next()?.stmt?.node);
        let Some(NodeEnum::CreateFunctionStmt(create)) = node else {
            self.unread(name, Use::Runs);
            return;
        };
        let before = self.enter(arguments);
        if let Some(body) = &create.sql_body {
            self.standard_body(body, Use::Runs);
        }
        self.variables = before;
    }

    /// `RETURN …` or the list of statements of `BEGIN ATOMIC`.
    pub(super) fn standard_body(&mut self, body: &pg_query::Node, how: Use) {
        match &body.node {
            Some(NodeEnum::List(list)) => list.items.iter().for_each(|item| self.standard_body(item, how)),
            Some(node) => {
                self.query(node, None, how);
            }
            None => {}
        }
    }

    /// Makes names variables; what were variables before comes back.
    pub(super) fn enter(&mut self, names: Vec<String>) -> HashSet<String> {
        let before = self.variables.clone();
        self.variables.extend(names);
        before
    }

    /// Reads a body.
    pub(super) fn read_body(&mut self, body: &Body<'_>) {
        match body.language {
            "sql" => {
                let before = self.enter(body.arguments.clone());
                self.sql_text(body.text, body.how, &body.name);
                self.variables = before;
            }
            "plpgsql" => self.plpgsql(body),
            "internal" | "c" => {
                if body.language == "c" && body.how == Use::Runs {
                    self.opaque(format!("{} is written in C", body.name), None, Access::Read, false);
                }
            }
            language => {
                if !forbidden::is_trusted(language) {
                    self.forbid(format!("{} is in {language}, which may do anything on the server", body.name));
                }
                self.opaque(format!("{} is in {language}", body.name), None, Access::Read, true);
            }
        }
    }

    /// Statements in a text that belongs to something else.
    pub(super) fn sql_text(&mut self, sql: &str, how: Use, name: &str) {
        match pg_query::parse(sql, ParserOptions::default()) {
            Ok(parsed) => {
                for node in parsed.protobuf.stmts.into_iter().filter_map(|raw| raw.stmt?.node) {
                    self.inner_statement(&node, sql, how);
                }
            }
            Err(error) if is_too_deep(&error) => self.too_deep(sql, how),
            Err(_) => self.unread(name, how),
        }
    }

    fn unread(&mut self, name: &str, how: Use) {
        self.opaque(format!("the body of {name} cannot be read"), None, Access::Read, how == Use::Runs);
    }

    /// A statement inside a body.
    fn inner_statement(&mut self, node: &NodeEnum, sql: &str, how: Use) {
        let is_query = matches!(
            node,
            NodeEnum::SelectStmt(_)
                | NodeEnum::InsertStmt(_)
                | NodeEnum::UpdateStmt(_)
                | NodeEnum::DeleteStmt(_)
                | NodeEnum::MergeStmt(_)
        );
        if is_query || how == Use::Runs {
            self.node(node, sql, how);
        } else {
            // A definition that would make things makes nothing yet, and what it would make
            // leaves no trace on the stage.
            self.aside(node, sql);
        }
    }

    fn plpgsql(&mut self, body: &Body<'_>) {
        let quoted = pleach_schema::quote_literal(body.text);
        let own: &[String] = if body.trigger { &["new".to_owned(), "old".to_owned()] } else { &body.arguments };
        // The parser cannot write down a trigger's own variables, but can as arguments. What it returns
        // matters too: RETURN stands with a value, without one, or is RETURN NEXT.
        for of_type in ["record", "text"] {
            let arguments: Vec<String> =
                own.iter().map(|name| format!("{} {of_type}", pleach_schema::quote_ident(name))).collect();
            let arguments = arguments.join(", ");
            for returns in ["RETURNS record", "RETURNS SETOF record", "RETURNS void", "RETURNS text"] {
                let sql = format!("CREATE FUNCTION f({arguments}) {returns} LANGUAGE plpgsql AS {quoted}");
                if let Ok(parsed) = pg_query::parse_plpgsql(&sql) {
                    self.plpgsql_tree(&parsed, body);
                    return;
                }
            }
        }
        self.unread(&body.name, body.how);
    }

    fn plpgsql_tree(&mut self, parsed: &Json, body: &Body<'_>) {
        let mut names = body.arguments.clone();
        variables(parsed, &mut names);
        let own = ["found", "sqlstate", "sqlerrm", "tg_op", "tg_name", "tg_when", "tg_level", "tg_relid", "tg_relname"];
        let more = ["tg_table_name", "tg_table_schema", "tg_nargs", "tg_argv", "tg_event", "tg_tag"];
        names.extend(own.into_iter().chain(more).map(str::to_owned));
        let before = self.enter(names);
        let is_trigger = body.trigger;
        let reading = self.reading.len();
        if is_trigger && self.reading.is_empty() {
            // NEW and OLD are the row's in here.
            self.reading.push(Address::routine(Kind::Function, "", &body.name, ""));
        }
        self.plpgsql_node(parsed, body);
        self.reading.truncate(reading);
        self.variables = before;
    }

    /// Every expression, type and dynamic statement of a parsed PL/pgSQL body.
    fn plpgsql_node(&mut self, node: &Json, body: &Body<'_>) {
        match node {
            Json::Object(object) => {
                for (key, value) in object {
                    match key.as_str() {
                        "PLpgSQL_expr" => self.plpgsql_expression(value, body),
                        "PLpgSQL_type" => self.plpgsql_type(value),
                        "PLpgSQL_stmt_dynexecute" | "PLpgSQL_stmt_dynfors" => {
                            self.dynamic(value.get("query"), body);
                            self.plpgsql_node(value, body);
                        }
                        "PLpgSQL_stmt_return_query" | "PLpgSQL_stmt_open" => {
                            if value.get("dynquery").is_some() {
                                self.dynamic(value.get("dynquery"), body);
                            }
                            self.plpgsql_node(value, body);
                        }
                        _ => self.plpgsql_node(value, body),
                    }
                }
            }
            Json::Array(items) => items.iter().for_each(|item| self.plpgsql_node(item, body)),
            _ => {}
        }
    }

    fn plpgsql_expression(&mut self, expression: &Json, body: &Body<'_>) {
        let Some(query) = expression.get("query").and_then(Json::as_str) else { return };
        let parsed = [ParserOptions::default(), ParserOptions::PLPGSQL_EXPR, ParserOptions::PLPGSQL_ASSIGN1]
            .into_iter()
            .chain([ParserOptions::PLPGSQL_ASSIGN2, ParserOptions::PLPGSQL_ASSIGN3])
            .map(|options| pg_query::parse(query, options))
            .find(|result| result.as_ref().err().is_none_or(is_too_deep));
        match parsed {
            Some(Ok(parsed)) => {
                for node in parsed.protobuf.stmts.into_iter().filter_map(|raw| raw.stmt?.node) {
                    match &node {
                        NodeEnum::PlassignStmt(assign) => {
                            let is_row = matches!(assign.name.to_lowercase().as_str(), "new" | "old");
                            let field = assign.indirection.first().and_then(super::names::string);
                            if let (true, Some(field)) = (is_row, field) {
                                self.row_field(field);
                            }
                            if let Some(value) = &assign.val {
                                self.select(value, None, body.how);
                            }
                        }
                        _ => self.inner_statement(&node, query, body.how),
                    }
                }
            }
            Some(Err(_)) => self.too_deep(query, body.how),
            None => self.unread(&body.name, body.how),
        }
    }

    /// `users.email%TYPE`, `users%ROWTYPE` and types of users.
    fn plpgsql_type(&mut self, value: &Json) {
        let Some(name) = value.get("typname").and_then(Json::as_str) else { return };
        let lower = name.to_lowercase();
        if let Some(at) = lower.find("%rowtype") {
            let names = super::names::parts(name.get(..at).unwrap_or_default().trim());
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let (schema, relation) = super::names::schema_and_name(&names);
            let rel = self.relation_named(schema, relation, Kind::Table);
            self.whole_row(&rel, Use::Defines);
            return;
        }
        if let Ok(parsed) = pg_query::parse(name, ParserOptions::TYPE_NAME) {
            let node = parsed.protobuf.stmts.into_iter().next().and_then(|raw| raw.stmt?.node);
            if let Some(NodeEnum::TypeName(parsed)) = node {
                self.type_name(&parsed);
            }
        }
    }

    /// SQL that is put together when it runs: a constant is read, for the rest nobody can tell.
    fn dynamic(&mut self, query: Option<&Json>, body: &Body<'_>) {
        let text = query.and_then(|query| query.pointer("/PLpgSQL_expr/query")).and_then(Json::as_str);
        let Some(text) = text else { return };
        match constant(text) {
            Some(sql) => self.sql_text(&sql, body.how, &body.name),
            None => {
                self.opaque(format!("dynamic SQL in {}", body.name), None, Access::Alter, body.how == Use::Runs);
            }
        }
    }

    /// A statement that is nested too deeply to be taken apart: every name in it counts.
    pub(super) fn too_deep(&mut self, sql: &str, how: Use) {
        self.opaque("a statement that is nested too deeply to be read", None, Access::Read, false);
        let (names, literals) = words(sql);
        literals.iter().for_each(|literal| self.literal(literal));
        let mut relations = vec![];
        let mut seen = HashSet::new();
        // A name may be qualified with any schema that is named.
        let schemas: HashSet<&String> = names.iter().filter(|name| self.around.has_schema(name)).collect();
        for name in &names {
            if !seen.insert(name.as_str()) {
                continue;
            }
            let mut found: Vec<Address> = self.find("", name).into_iter().collect();
            found.extend(schemas.iter().filter_map(|schema| self.find(schema, name)));
            relations.extend(found);
            self.call_by_name("", name, None, how);
            if let Some(user_type) = self.find_type("", name) {
                self.touch(&user_type, Access::Read, None);
            }
        }
        let writes =
            names.first().is_some_and(|first| !matches!(first.as_str(), "select" | "create" | "with" | "values"));
        let creates = names.first().is_some_and(|first| matches!(first.as_str(), "create" | "alter" | "drop"));
        relations.sort();
        relations.dedup();
        for relation in relations {
            let access = if creates {
                Access::Alter
            } else if writes {
                Access::Write
            } else {
                Access::Read
            };
            self.touch(&relation, access, None);
            for column in self.columns(&relation).into_iter().filter(|column| seen.contains(column.as_str())) {
                if let Some(column) = self.column(&relation, &column) {
                    self.touch(&column, access, None);
                }
            }
        }
    }

    /// A query with no FROM clause around it.
    pub(super) fn top_query(&mut self, node: &NodeEnum, how: Use) {
        self.query(node, None, how);
    }

    /// An expression with nothing around it.
    pub(super) fn lone_expression(&mut self, node: Option<&pg_query::Node>, how: Use) {
        self.expression(node, &Scope::default(), how);
    }
}

/// The search path that a routine sets for itself.
fn own_path(object: &Object) -> Option<Vec<String>> {
    let text = object.get(Attr::Configuration)?.as_map()?.get("search_path")?.as_text()?;
    let names = text.split(',').map(|name| super::names::parts(name.trim().trim_matches('\'')).join("."));
    Some(names.filter(|name| !name.is_empty()).collect())
}

/// The names of a routine's arguments, from the text the tree has.
fn argument_names(text: &str) -> Vec<String> {
    let sql = format!("CREATE FUNCTION f({text}) RETURNS record LANGUAGE sql AS ''");
    let parsed = pg_query::parse(&sql, ParserOptions::default());
    let node = parsed.ok().and_then(|parsed| parsed.protobuf.stmts.into_iter().next()?.stmt?.node);
    let Some(NodeEnum::CreateFunctionStmt(create)) = node else { return vec![] };
    super::routine::parameter_names(&create.parameters)
}

/// The names of the variables of a parsed PL/pgSQL body.
fn variables(node: &Json, names: &mut Vec<String>) {
    match node {
        Json::Object(object) => {
            if let Some(name) = object.get("refname").and_then(Json::as_str) {
                names.push(name.to_owned());
            }
            object.values().for_each(|value| variables(value, names));
        }
        Json::Array(items) => items.iter().for_each(|item| variables(item, names)),
        _ => {}
    }
}

/// The text of an expression that is a constant string.
fn constant(expression: &str) -> Option<String> {
    let parsed = pg_query::parse(expression, ParserOptions::PLPGSQL_EXPR).ok()?;
    let node = parsed.protobuf.stmts.into_iter().next()?.stmt?.node?;
    let NodeEnum::SelectStmt(select) = node else { return None };
    let NodeEnum::ResTarget(target) = select.target_list.first()?.node.as_ref()? else { return None };
    super::expression::constant_text(target.val.as_deref()?).map(str::to_owned)
}
