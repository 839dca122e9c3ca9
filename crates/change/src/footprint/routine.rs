//! Functions, procedures, aggregates, and what runs by itself: triggers, rules, policies.

use super::body::Body;
use super::names::{cut, schema_and_name, strings};
use super::object_name::Thing;
use super::query::{Scope, Source, Use};
use super::scene::Scene;
use super::text::canonical;
use super::{Access, forbidden};
use pg_query::NodeEnum;
use pg_query::protobuf::{
    AlterFunctionStmt, AlterPolicyStmt, CallStmt, CreateEventTrigStmt, CreateFunctionStmt, CreatePolicyStmt,
    CreateTrigStmt, DoStmt, FunctionParameter, FunctionParameterMode, Node, RuleStmt,
};
use pleach_schema::{Address, Kind};

impl Scene<'_> {
    pub(super) fn create_function(&mut self, create: &CreateFunctionStmt) {
        let names = strings(&create.funcname);
        let (schema, name) = schema_and_name(&names);
        let schema = if schema.is_empty() { self.creation_schema() } else { self.schema(cut(schema)) };
        let kind = if create.is_procedure { Kind::Procedure } else { Kind::Function };
        let inputs: Vec<Node> = create.parameters.iter().filter(|node| is_input(node)).cloned().collect();
        let address = Address::routine(kind, &schema, cut(name), &self.argument_types(&inputs));
        for parameter in parameters(&create.parameters) {
            parameter.arg_type.iter().for_each(|name| self.type_name(name));
            self.expression(parameter.defexpr.as_deref(), &Scope::default(), Use::Defines);
        }
        create.return_type.iter().for_each(|name| self.type_name(name));
        // One that is there is only defined anew.
        let attribute =
            (create.replace && self.routines(&schema, cut(name)).contains(&address)).then_some("definition");
        self.note(&address, Access::Create, attribute, |touch| {
            touch.lenient = create.replace;
            touch.value = Some(canonical(create));
        });
        self.new_in_schema(&schema);
        self.read_definition(create, &address);
        self.add_routine(&address);
    }

    /// The body, and what the options name.
    fn read_definition(&mut self, create: &CreateFunctionStmt, address: &Address) {
        let mut language = if create.sql_body.is_some() { "sql".to_owned() } else { String::new() };
        let mut text: Vec<String> = vec![];
        let mut path = None;
        for node in &create.options {
            let Some(NodeEnum::DefElem(option)) = &node.node else { continue };
            let arg = option.arg.as_ref().and_then(|arg| arg.node.as_ref());
            match (option.defname.as_str(), arg) {
                ("language", Some(NodeEnum::String(name))) => language = name.sval.to_lowercase(),
                ("as", Some(NodeEnum::List(list))) => {
                    text = strings(&list.items).into_iter().map(str::to_owned).collect();
                }
                ("support", Some(NodeEnum::List(list))) => {
                    let names = strings(&list.items);
                    let (schema, name) = schema_and_name(&names);
                    self.call_by_name(schema, name, None, Use::Defines);
                }
                ("set", Some(NodeEnum::VariableSetStmt(set))) if set.name == "search_path" => {
                    path = Some(super::statement::path_of(&set.args));
                }
                _ => {}
            }
        }
        if !forbidden::is_trusted(&language) && !matches!(language.as_str(), "c" | "internal") {
            self.forbid(format!("{address} is in {language}, which may do anything on the server"));
        }
        if language == "c" {
            self.forbid(format!("{address} loads a library into the server"));
        }
        let returns = create.return_type.as_ref().map(|name| strings(&name.names)).unwrap_or_default();
        let trigger = returns.last() == Some(&"trigger");
        let before = path.map(|path| std::mem::replace(&mut self.path, path));
        let arguments = parameter_names(&create.parameters);
        let name = address.to_string();
        if let Some(body) = &create.sql_body {
            let variables = self.enter(arguments);
            self.standard_body(body, Use::Defines);
            self.variables = variables;
        } else if let [text] = text.as_slice() {
            let before = std::mem::replace(&mut self.late, true);
            self.read_body(&Body { language: &language, text, arguments, how: Use::Defines, name, trigger });
            self.late = before;
        }
        if let Some(before) = before {
            self.path = before;
        }
    }

    pub(super) fn alter_function(&mut self, alter: &AlterFunctionStmt) {
        let Some(function) = &alter.func else { return };
        let node = Node { node: Some(NodeEnum::ObjectWithArgs(function.clone())) };
        let thing = self.thing(alter.objtype, Some(&node), None);
        for action in &alter.actions {
            let Some(NodeEnum::DefElem(option)) = &action.node else { continue };
            self.say(thing.clone(), &option.defname, canonical(option));
        }
    }

    pub(super) fn do_block(&mut self, block: &DoStmt) {
        let (mut language, mut text) = ("plpgsql".to_owned(), String::new());
        for node in &block.args {
            let Some(NodeEnum::DefElem(option)) = &node.node else { continue };
            let Some(NodeEnum::String(value)) = option.arg.as_ref().and_then(|arg| arg.node.as_ref()) else { continue };
            match option.defname.as_str() {
                "language" => language = value.sval.to_lowercase(),
                _ => text.clone_from(&value.sval),
            }
        }
        self.opaque("a DO block may do what its conditions decide", None, Access::Alter, false);
        let name = "the DO block".to_owned();
        self.read_body(&Body {
            language: &language,
            text: &text,
            arguments: vec![],
            how: Use::Runs,
            name,
            trigger: false,
        });
    }

    pub(super) fn call_procedure(&mut self, call: &CallStmt) {
        if let Some(call) = &call.funccall {
            let node = Node { node: Some(NodeEnum::FuncCall(call.clone())) };
            self.opaque("CALL runs what the procedure decides", None, Access::Alter, false);
            self.expression(Some(&node), &Scope::default(), Use::Runs);
        }
    }

    pub(super) fn create_trigger(&mut self, create: &CreateTrigStmt) {
        let Some(relation) = &create.relation else { return };
        let rel = self.relation(relation, Kind::Table);
        let trigger = rel.address.part(Kind::Trigger, cut(&create.trigname));
        self.note(&trigger, Access::Create, None, |touch| {
            touch.lenient = create.replace;
            touch.value = Some(canonical(create));
        });
        self.note(&rel.address, Access::Lock, None, |touch| touch.missing = !rel.known);
        self.imply(&rel.address, Access::Alter, Some("triggers"));
        self.set_part(&rel.address, Kind::Trigger, trigger.name(), Some(trigger.name()));
        let columns: Vec<String> = strings(&create.columns).into_iter().map(str::to_owned).collect();
        self.use_columns(&rel, &columns, Use::Defines);
        let rows =
            ["new", "old"].map(|alias| Source { alias: alias.to_owned(), rel: Some(rel.clone()), columns: None });
        let scope = Scope { sources: rows.to_vec(), ..Scope::default() };
        self.expression(create.when_clause.as_deref(), &scope, Use::Defines);
        if let Some(other) = &create.constrrel {
            let other = self.relation(other, Kind::Table);
            self.note(&other.address, Access::Read, None, |touch| touch.missing = !other.known);
        }
        let names = strings(&create.funcname);
        let (schema, name) = schema_and_name(&names);
        self.call_by_name(cut(schema), cut(name), Some(0), Use::Defines);
        for function in self.routines(cut(schema), cut(name)) {
            self.use_body(&function, Use::Defines, Some(&rel.address));
            // A function that this change made has been read, with the fields of its row.
            if self.is_made(&function) {
                let fields = self.row_fields.clone();
                let before = std::mem::replace(&mut self.late, true);
                self.row_of(&rel.address, &fields, Use::Defines);
                self.late = before;
            }
        }
        for child in self.descendants(&rel.address).into_iter().skip(1) {
            self.imply(&child.part(Kind::Trigger, trigger.name()), Access::Create, None);
            self.imply(&child, Access::Alter, Some("triggers"));
        }
    }

    pub(super) fn create_rule(&mut self, rule: &RuleStmt) {
        let Some(relation) = &rule.relation else { return };
        let rel = self.relation(relation, Kind::Table);
        let address = rel.address.part(Kind::Rule, cut(&rule.rulename));
        self.note(&address, Access::Create, None, |touch| {
            touch.lenient = rule.replace;
            touch.value = Some(canonical(rule));
        });
        self.note(&rel.address, Access::Lock, None, |touch| touch.missing = !rel.known);
        self.imply(&rel.address, Access::Alter, Some("triggers"));
        self.set_part(&rel.address, Kind::Rule, address.name(), Some(address.name()));
        let rows =
            ["new", "old"].map(|alias| Source { alias: alias.to_owned(), rel: Some(rel.clone()), columns: None });
        let scope = Scope { sources: rows.to_vec(), ..Scope::default() };
        self.expression(rule.where_clause.as_deref(), &scope, Use::Defines);
        for action in &rule.actions {
            self.expression(Some(action), &scope, Use::Defines);
        }
    }

    pub(super) fn create_policy(&mut self, create: &CreatePolicyStmt) {
        let Some(relation) = &create.table else { return };
        let rel = self.relation(relation, Kind::Table);
        let address = rel.address.part(Kind::Policy, cut(&create.policy_name));
        self.note(&address, Access::Create, None, |touch| touch.value = Some(canonical(create)));
        self.note(&rel.address, Access::Lock, None, |touch| touch.missing = !rel.known);
        self.imply(&rel.address, Access::Alter, Some("policies"));
        self.set_part(&rel.address, Kind::Policy, address.name(), Some(address.name()));
        let scope = Scope::of(&rel);
        self.expression(create.qual.as_deref(), &scope, Use::Defines);
        self.expression(create.with_check.as_deref(), &scope, Use::Defines);
    }

    pub(super) fn alter_policy(&mut self, alter: &AlterPolicyStmt) {
        let Some(relation) = &alter.table else { return };
        let rel = self.relation(relation, Kind::Table);
        let name = cut(&alter.policy_name);
        self.note(&rel.address, Access::Lock, None, |touch| touch.missing = !rel.known);
        let policy = || Thing::Part(rel.clone(), Kind::Policy, name.to_owned());
        if !alter.roles.is_empty() {
            self.say(policy(), "roles", canonical(&alter.roles));
        }
        if alter.qual.is_some() {
            self.say(policy(), "using", canonical(&alter.qual));
        }
        if alter.with_check.is_some() {
            self.say(policy(), "check", canonical(&alter.with_check));
        }
        let scope = Scope::of(&rel);
        self.expression(alter.qual.as_deref(), &scope, Use::Defines);
        self.expression(alter.with_check.as_deref(), &scope, Use::Defines);
    }

    pub(super) fn create_event_trigger(&mut self, create: &CreateEventTrigStmt) {
        let address = Address::new(Kind::EventTrigger, [cut(&create.trigname)]);
        self.note(&address, Access::Create, None, |touch| touch.value = Some(canonical(create)));
        let names = strings(&create.funcname);
        let (schema, name) = schema_and_name(&names);
        self.call_by_name(schema, name, Some(0), Use::Defines);
        self.event_triggers();
    }
}

fn parameters(nodes: &[Node]) -> impl Iterator<Item = &FunctionParameter> {
    nodes.iter().filter_map(|node| match &node.node {
        Some(NodeEnum::FunctionParameter(parameter)) => Some(&**parameter),
        _ => None,
    })
}

/// The names of a routine's parameters.
pub(super) fn parameter_names(nodes: &[Node]) -> Vec<String> {
    parameters(nodes).map(|parameter| parameter.name.clone()).filter(|name| !name.is_empty()).collect()
}

fn is_input(node: &Node) -> bool {
    let Some(NodeEnum::FunctionParameter(parameter)) = &node.node else { return false };
    !matches!(
        FunctionParameterMode::try_from(parameter.mode),
        Ok(FunctionParameterMode::FuncParamOut | FunctionParameterMode::FuncParamTable)
    )
}
