//! Which statement does what: every statement of PostgreSQL's grammar has its line here.

use super::names::{cut, schema_and_name, string, strings};
use super::query::Use;
use super::scene::{Rel, Scene};
use super::text::{Parsed, canonical};
use super::{Access, expression};
use pg_query::NodeEnum;
use pg_query::protobuf::{
    Node, ReindexObjectType, ReindexStmt, TransactionStmtKind, VacuumStmt, VariableSetKind, VariableSetStmt,
};
use pleach_schema::{Address, Kind};

impl Parsed {
    /// What the statement is called: its first words.
    pub(super) fn tag(&self) -> &'static str {
        self.node.as_ref().map_or("statement", tag)
    }
}

impl Scene<'_> {
    /// Runs a statement on the stage; whether it cannot be inside a transaction.
    pub(super) fn run(&mut self, parsed: &Parsed, sql: &str) -> bool {
        match &parsed.node {
            Some(node) => self.node(node, sql, Use::Runs),
            None => {
                self.too_deep(sql.get(parsed.start..parsed.end).unwrap_or_default(), Use::Runs);
                false
            }
        }
    }

    /// A statement whose effects are not on the stage yet, for it belongs to a body that is only
    /// defined: what it would touch is needed, and what it would make is not there.
    pub(super) fn aside(&mut self, node: &NodeEnum, sql: &str) {
        let mut inner = Scene::new(self.around, &self.path);
        inner.variables.clone_from(&self.variables);
        inner.reading.clone_from(&self.reading);
        inner.begin(0);
        inner.node(node, sql, Use::Runs);
        inner.end();
        let out = inner.finish();
        for touch in &out.touches {
            if touch.access != Access::Create && !touch.missing {
                self.imply(&touch.object, Access::Read, None);
            }
        }
        for forbidden in out.forbidden {
            self.forbid(forbidden.why);
        }
    }

    /// A statement; whether it cannot be inside a transaction.
    pub(super) fn node(&mut self, node: &NodeEnum, sql: &str, how: Use) -> bool {
        match node {
            NodeEnum::SelectStmt(select) => match &select.into_clause {
                Some(into) => {
                    self.make_from_query(into, node, Kind::Table, false, canonical(select));
                }
                None => self.top_query(node, how),
            },
            NodeEnum::InsertStmt(_)
            | NodeEnum::UpdateStmt(_)
            | NodeEnum::DeleteStmt(_)
            | NodeEnum::MergeStmt(_)
            | NodeEnum::ReturnStmt(_) => self.top_query(node, how),
            NodeEnum::TruncateStmt(truncate) => self.truncate(truncate),
            NodeEnum::CopyStmt(copy) => self.copy(copy),

            NodeEnum::CreateStmt(create) => {
                self.create_table(create);
            }
            NodeEnum::CreateForeignTableStmt(create) => {
                self.without_kind("server", &[&create.servername], Access::Read);
                if let Some(base) = &create.base_stmt {
                    self.create_table(base);
                }
            }
            NodeEnum::CreateTableAsStmt(create) => self.create_table_as(create),
            NodeEnum::ViewStmt(view) => self.create_view(view),
            NodeEnum::IndexStmt(index) => {
                self.create_index(index);
                return index.concurrent;
            }
            NodeEnum::AlterTableStmt(alter) => return self.alter_table(alter),
            NodeEnum::CreateStatsStmt(create) => self.create_statistics(create),
            NodeEnum::AlterStatsStmt(alter) => self.alter_statistics(alter),
            NodeEnum::CreateSeqStmt(create) => self.create_sequence(create),
            NodeEnum::AlterSeqStmt(alter) => self.alter_sequence(alter),
            NodeEnum::CreateSchemaStmt(create) => self.create_schema(create, sql),
            NodeEnum::CreateExtensionStmt(create) => self.create_extension(create),
            NodeEnum::AlterExtensionStmt(alter) => self.alter_extension(alter),
            NodeEnum::AlterExtensionContentsStmt(alter) => self.alter_extension_contents(alter),
            NodeEnum::DropStmt(drop) => return self.drop_objects(drop),
            NodeEnum::RenameStmt(rename) => self.rename(rename),
            NodeEnum::AlterObjectSchemaStmt(alter) => self.set_schema(alter),
            NodeEnum::AlterOwnerStmt(alter) => self.set_owner(alter),
            NodeEnum::AlterObjectDependsStmt(alter) => self.depends(alter),
            NodeEnum::CommentStmt(comment) => self.comment(comment),
            NodeEnum::SecLabelStmt(label) => self.security_label(label),

            NodeEnum::CreateEnumStmt(create) => self.create_enum(create),
            NodeEnum::AlterEnumStmt(alter) => self.alter_enum(alter),
            NodeEnum::CreateDomainStmt(create) => self.create_domain(create),
            NodeEnum::AlterDomainStmt(alter) => self.alter_domain(alter),
            NodeEnum::CompositeTypeStmt(create) => self.create_composite(create),
            NodeEnum::CreateRangeStmt(create) => self.create_range(create),
            NodeEnum::AlterTypeStmt(alter) => self.alter_type_options(alter),

            NodeEnum::CreateFunctionStmt(create) => self.create_function(create),
            NodeEnum::AlterFunctionStmt(alter) => self.alter_function(alter),
            NodeEnum::DoStmt(block) => self.do_block(block),
            NodeEnum::CallStmt(call) => self.call_procedure(call),
            NodeEnum::CreateTrigStmt(create) => self.create_trigger(create),
            NodeEnum::RuleStmt(rule) => self.create_rule(rule),
            NodeEnum::CreatePolicyStmt(create) => self.create_policy(create),
            NodeEnum::AlterPolicyStmt(alter) => self.alter_policy(alter),
            NodeEnum::CreateEventTrigStmt(create) => self.create_event_trigger(create),
            NodeEnum::AlterEventTrigStmt(alter) => {
                let address = Address::new(Kind::EventTrigger, [alter.trigname.as_str()]);
                self.note(&address, Access::Alter, Some("enabled"), |touch| {
                    touch.value = Some(alter.tgenabled.clone())
                });
                self.event_triggers();
            }

            NodeEnum::GrantStmt(grant) => self.grant(grant),
            NodeEnum::AlterDefaultPrivilegesStmt(alter) => self.default_privileges(alter),
            NodeEnum::ReassignOwnedStmt(reassign) => self.reassign_owned(reassign),
            NodeEnum::DropOwnedStmt(drop) => self.drop_owned(drop),

            NodeEnum::RefreshMatViewStmt(refresh) => {
                if let Some(relation) = &refresh.relation {
                    let rel = self.relation(relation, Kind::MaterializedView);
                    self.refresh(&rel);
                }
            }
            NodeEnum::LockStmt(lock) => self.lock_relations(&lock.relations),
            NodeEnum::VacuumStmt(vacuum) => return self.vacuum(vacuum),
            NodeEnum::ClusterStmt(cluster) => {
                let Some(relation) = &cluster.relation else { return true };
                let rel = self.relation(relation, Kind::Table);
                self.note(&rel.address, Access::Lock, None, |touch| touch.missing = !rel.known);
                if !cluster.indexname.is_empty() {
                    let index = rel.address.part(Kind::Index, cut(&cluster.indexname));
                    self.touch(&index, Access::Read, None);
                    self.note(&rel.address, Access::Alter, Some("clustered_on"), |touch| {
                        touch.value = Some(cluster.indexname.clone());
                    });
                }
            }
            NodeEnum::ReindexStmt(reindex) => return self.reindex(reindex),
            NodeEnum::ExplainStmt(explain) => {
                let runs = explain.options.iter().any(|node| is_option(node, "analyze"));
                if let Some(query) = explain.query.as_ref().and_then(|query| query.node.as_ref()) {
                    return self.node(query, sql, if runs { Use::Runs } else { Use::Defines });
                }
            }
            NodeEnum::PrepareStmt(prepare) => {
                if let Some(query) = prepare.query.as_ref().and_then(|query| query.node.as_ref()) {
                    return self.node(query, sql, Use::Runs);
                }
            }
            NodeEnum::DeclareCursorStmt(cursor) => {
                if let Some(query) = cursor.query.as_ref().and_then(|query| query.node.as_ref()) {
                    self.top_query(query, Use::Runs);
                }
            }
            // What was prepared or declared has been read already.
            NodeEnum::ExecuteStmt(execute) => {
                self.expressions(&execute.params, &super::query::Scope::default(), Use::Runs);
            }
            NodeEnum::DeallocateStmt(_)
            | NodeEnum::FetchStmt(_)
            | NodeEnum::ClosePortalStmt(_)
            | NodeEnum::VariableShowStmt(_)
            | NodeEnum::ConstraintsSetStmt(_)
            | NodeEnum::DiscardStmt(_) => {}
            NodeEnum::TransactionStmt(transaction) => {
                if matches!(
                    TransactionStmtKind::try_from(transaction.kind),
                    Ok(TransactionStmtKind::TransStmtPrepare
                        | TransactionStmtKind::TransStmtCommitPrepared
                        | TransactionStmtKind::TransStmtRollbackPrepared)
                ) {
                    self.forbid("a prepared transaction outlives the session");
                }
            }
            NodeEnum::VariableSetStmt(set) => self.set_variable(set),
            NodeEnum::PlassignStmt(assign) => {
                if let Some(value) = &assign.val {
                    self.select(value, None, how);
                }
            }
            other => return self.rare(other, sql),
        }
        false
    }

    /// Statements about what the model has no kind for, or what is outside of the database.
    fn rare(&mut self, node: &NodeEnum, _sql: &str) -> bool {
        match node {
            NodeEnum::DefineStmt(define) => self.define(define),
            NodeEnum::CreateCastStmt(create) => {
                create.sourcetype.iter().chain(&create.targettype).for_each(|name| self.type_name(name));
                let of = |name: &Option<pg_query::protobuf::TypeName>| {
                    name.as_ref().map(|n| strings(&n.names).join(".")).unwrap_or_default()
                };
                let name = format!("{} to {}", of(&create.sourcetype), of(&create.targettype));
                self.without_kind("cast", &[&name], Access::Create);
                self.use_functions(create.func.iter());
            }
            NodeEnum::CreateTransformStmt(create) => {
                create.type_name.iter().for_each(|name| self.type_name(name));
                self.without_kind("transform", &[&create.lang], Access::Create);
                self.use_functions(create.fromsql.iter().chain(&create.tosql));
            }
            NodeEnum::CreateConversionStmt(create) => {
                self.without_kind("conversion", &strings(&create.conversion_name), Access::Create);
                let names = strings(&create.func_name);
                let (schema, name) = schema_and_name(&names);
                self.call_by_name(schema, name, None, Use::Defines);
            }
            NodeEnum::CreateOpClassStmt(create) => {
                create.datatype.iter().for_each(|name| self.type_name(name));
                self.without_kind("operator class", &strings(&create.opclassname), Access::Create);
                self.operator_class_items(&create.items);
            }
            NodeEnum::CreateOpFamilyStmt(create) => {
                self.without_kind("operator family", &strings(&create.opfamilyname), Access::Create);
            }
            NodeEnum::AlterOpFamilyStmt(alter) => {
                self.without_kind("operator family", &strings(&alter.opfamilyname), Access::Alter);
                self.operator_class_items(&alter.items);
            }
            NodeEnum::AlterOperatorStmt(alter) => {
                let names = alter.opername.as_ref().map(|name| strings(&name.objname)).unwrap_or_default();
                self.without_kind("operator", &names, Access::Alter);
                self.options(&alter.options);
            }
            NodeEnum::AlterCollationStmt(alter) => {
                self.without_kind("collation", &strings(&alter.collname), Access::Alter);
            }
            NodeEnum::AlterTsdictionaryStmt(alter) => {
                self.without_kind("text search dictionary", &strings(&alter.dictname), Access::Alter);
            }
            NodeEnum::AlterTsconfigurationStmt(alter) => {
                self.without_kind("text search configuration", &strings(&alter.cfgname), Access::Alter);
                for node in &alter.dicts {
                    if let Some(NodeEnum::List(list)) = &node.node {
                        self.without_kind("text search dictionary", &strings(&list.items), Access::Read);
                    }
                }
            }
            NodeEnum::CreatePublicationStmt(create) => self.create_publication(create),
            NodeEnum::AlterPublicationStmt(alter) => self.alter_publication(alter),
            NodeEnum::CreateFdwStmt(create) => {
                self.without_kind("foreign data wrapper", &[&create.fdwname], Access::Create);
                self.options(&create.func_options);
            }
            NodeEnum::AlterFdwStmt(alter) => {
                self.without_kind("foreign data wrapper", &[&alter.fdwname], Access::Alter);
            }
            NodeEnum::CreateForeignServerStmt(create) => {
                self.without_kind("foreign data wrapper", &[&create.fdwname], Access::Read);
                self.without_kind("server", &[&create.servername], Access::Create);
            }
            NodeEnum::AlterForeignServerStmt(alter) => {
                self.without_kind("server", &[&alter.servername], Access::Alter);
            }
            NodeEnum::CreateUserMappingStmt(create) => {
                self.without_kind("server", &[&create.servername], Access::Alter);
            }
            NodeEnum::AlterUserMappingStmt(alter) => {
                self.without_kind("server", &[&alter.servername], Access::Alter);
            }
            NodeEnum::DropUserMappingStmt(drop) => self.without_kind("server", &[&drop.servername], Access::Alter),
            NodeEnum::ImportForeignSchemaStmt(import) => {
                self.forbid("IMPORT FOREIGN SCHEMA asks another server");
                self.without_kind("server", &[&import.server_name], Access::Read);
                let schema = self.schema(&import.local_schema);
                self.new_in_schema(&schema);
                self.opaque("the other server decides which tables are made", None, Access::Create, true);
            }
            NodeEnum::CreateAmStmt(create) => {
                self.without_kind("access method", &[&create.amname], Access::Create);
                let names = strings(&create.handler_name);
                let (schema, name) = schema_and_name(&names);
                self.call_by_name(schema, name, None, Use::Defines);
            }
            NodeEnum::CreatePlangStmt(create) => {
                self.without_kind("language", &[&create.plname], Access::Create);
                if !super::forbidden::is_trusted(&create.plname) {
                    self.forbid(format!("{} may do anything on the server", create.plname));
                }
            }
            outside => return self.outside(outside),
        }
        false
    }

    /// What concerns more than this database.
    fn outside(&mut self, node: &NodeEnum) -> bool {
        let (why, standalone) = match node {
            NodeEnum::CreatedbStmt(_) | NodeEnum::DropdbStmt(_) => ("it makes or drops a database", true),
            NodeEnum::AlterDatabaseStmt(_)
            | NodeEnum::AlterDatabaseSetStmt(_)
            | NodeEnum::AlterDatabaseRefreshCollStmt(_) => ("it changes a database as a whole", false),
            NodeEnum::AlterSystemStmt(_) => ("it changes the settings of the server", true),
            NodeEnum::CreateTableSpaceStmt(_) | NodeEnum::DropTableSpaceStmt(_) => {
                ("it makes or drops a tablespace of the server", true)
            }
            NodeEnum::AlterTableSpaceOptionsStmt(_) => ("it changes a tablespace of the server", false),
            NodeEnum::AlterTableMoveAllStmt(_) => ("it moves objects to another tablespace of the server", false),
            NodeEnum::CreateRoleStmt(_)
            | NodeEnum::AlterRoleStmt(_)
            | NodeEnum::AlterRoleSetStmt(_)
            | NodeEnum::DropRoleStmt(_)
            | NodeEnum::GrantRoleStmt(_) => ("roles belong to the whole server", false),
            NodeEnum::CreateSubscriptionStmt(_)
            | NodeEnum::AlterSubscriptionStmt(_)
            | NodeEnum::DropSubscriptionStmt(_) => ("a subscription connects to another server", true),
            NodeEnum::ListenStmt(_) | NodeEnum::UnlistenStmt(_) | NodeEnum::NotifyStmt(_) => {
                ("it speaks with other sessions", false)
            }
            NodeEnum::LoadStmt(_) => ("it loads a library into the server", false),
            NodeEnum::CheckPointStmt(_) => ("it concerns the whole server", false),
            _ => {
                self.opaque("a statement of a kind that is not known", None, Access::Alter, true);
                return false;
            }
        };
        self.forbid(why);
        standalone
    }

    fn use_functions<'f>(&mut self, functions: impl Iterator<Item = &'f pg_query::protobuf::ObjectWithArgs>) {
        for function in functions {
            for routine in self.named_routines(function) {
                self.use_routine(&routine, Use::Defines);
            }
        }
    }

    fn operator_class_items(&mut self, items: &[Node]) {
        for node in items {
            let Some(NodeEnum::CreateOpClassItem(item)) = &node.node else { continue };
            item.storedtype.iter().for_each(|name| self.type_name(name));
            self.use_functions(item.name.iter());
            if let Some(name) = &item.name {
                self.operator(&strings(&name.objname));
            }
        }
    }

    /// Reads what is behind a materialized view, and fills it anew.
    fn refresh(&mut self, rel: &Rel) {
        self.note(&rel.address, Access::Write, Some("rows"), |touch| touch.missing = !rel.known);
        let used = self.object(&rel.address).map(|object| object.derived.references.clone()).unwrap_or_default();
        for used in used {
            match used.kind {
                Kind::Table | Kind::View | Kind::MaterializedView => {
                    self.implied = true;
                    self.read_relation(&Rel { address: used, known: true }, Use::Runs);
                    self.implied = false;
                }
                Kind::Column => self.imply(&used, Access::Read, Some("rows")),
                kind if kind.is_routine() => self.use_routine(&used, Use::Runs),
                _ => {}
            }
        }
    }

    fn lock_relations(&mut self, relations: &[Node]) {
        for node in relations {
            if let Some(NodeEnum::RangeVar(relation)) = &node.node {
                let rel = self.relation(relation, Kind::Table);
                self.note(&rel.address, Access::Read, None, |touch| touch.missing = !rel.known);
            }
        }
    }

    fn vacuum(&mut self, vacuum: &VacuumStmt) -> bool {
        for node in &vacuum.rels {
            let Some(NodeEnum::VacuumRelation(of)) = &node.node else { continue };
            let Some(relation) = &of.relation else { continue };
            let rel = self.relation(relation, Kind::Table);
            self.note(&rel.address, Access::Read, None, |touch| touch.missing = !rel.known);
            let columns: Vec<String> = of.va_cols.iter().filter_map(string).map(str::to_owned).collect();
            self.use_columns(&rel, &columns, Use::Defines);
        }
        vacuum.is_vacuumcmd
    }

    fn reindex(&mut self, reindex: &ReindexStmt) -> bool {
        if let Some(relation) = &reindex.relation {
            let rel = self.relation(relation, Kind::Table);
            self.note(&rel.address, Access::Read, None, |touch| touch.missing = !rel.known);
        }
        let kind = ReindexObjectType::try_from(reindex.kind);
        let one = matches!(kind, Ok(ReindexObjectType::ReindexObjectIndex | ReindexObjectType::ReindexObjectTable));
        !one || reindex.params.iter().any(|node| is_option(node, "concurrently"))
    }

    fn set_variable(&mut self, set: &VariableSetStmt) {
        match (set.name.as_str(), VariableSetKind::try_from(set.kind)) {
            ("search_path", Ok(VariableSetKind::VarSetValue)) => self.set_path(&path_of(&set.args)),
            ("search_path", _) | (_, Ok(VariableSetKind::VarResetAll)) => self.reset_path(),
            ("role" | "session_authorization", _) => self.forbid("it acts as another role"),
            _ => {}
        }
    }
}

/// The names of a search path as it is set.
pub(super) fn path_of(args: &[Node]) -> Vec<String> {
    args.iter().filter_map(expression::constant_text).map(str::to_owned).collect()
}

fn is_option(node: &Node, name: &str) -> bool {
    matches!(&node.node, Some(NodeEnum::DefElem(option)) if option.defname == name)
}

/// What a statement is called.
fn tag(node: &NodeEnum) -> &'static str {
    match node {
        NodeEnum::SelectStmt(_) => "SELECT",
        NodeEnum::InsertStmt(_) => "INSERT",
        NodeEnum::UpdateStmt(_) => "UPDATE",
        NodeEnum::DeleteStmt(_) => "DELETE",
        NodeEnum::MergeStmt(_) => "MERGE",
        NodeEnum::TruncateStmt(_) => "TRUNCATE",
        NodeEnum::CopyStmt(_) => "COPY",
        NodeEnum::CreateStmt(_) => "CREATE TABLE",
        NodeEnum::CreateTableAsStmt(create)
            if create.objtype == pg_query::protobuf::ObjectType::ObjectMatview as i32 =>
        {
            "CREATE MATERIALIZED VIEW"
        }
        NodeEnum::CreateTableAsStmt(_) => "CREATE TABLE AS",
        NodeEnum::CreateForeignTableStmt(_) => "CREATE FOREIGN TABLE",
        NodeEnum::ViewStmt(_) => "CREATE VIEW",
        NodeEnum::IndexStmt(_) => "CREATE INDEX",
        NodeEnum::AlterTableStmt(_) => "ALTER TABLE",
        NodeEnum::CreateFunctionStmt(create) if create.is_procedure => "CREATE PROCEDURE",
        NodeEnum::CreateFunctionStmt(_) => "CREATE FUNCTION",
        NodeEnum::AlterFunctionStmt(_) => "ALTER FUNCTION",
        NodeEnum::CreateTrigStmt(_) => "CREATE TRIGGER",
        NodeEnum::CreateEventTrigStmt(_) => "CREATE EVENT TRIGGER",
        NodeEnum::CreatePolicyStmt(_) => "CREATE POLICY",
        NodeEnum::AlterPolicyStmt(_) => "ALTER POLICY",
        NodeEnum::RuleStmt(_) => "CREATE RULE",
        NodeEnum::CreateSchemaStmt(_) => "CREATE SCHEMA",
        NodeEnum::CreateExtensionStmt(_) => "CREATE EXTENSION",
        NodeEnum::AlterExtensionStmt(_) | NodeEnum::AlterExtensionContentsStmt(_) => "ALTER EXTENSION",
        NodeEnum::CreateEnumStmt(_) | NodeEnum::CompositeTypeStmt(_) | NodeEnum::CreateRangeStmt(_) => "CREATE TYPE",
        NodeEnum::AlterEnumStmt(_) | NodeEnum::AlterTypeStmt(_) => "ALTER TYPE",
        NodeEnum::CreateDomainStmt(_) => "CREATE DOMAIN",
        NodeEnum::AlterDomainStmt(_) => "ALTER DOMAIN",
        NodeEnum::CreateSeqStmt(_) => "CREATE SEQUENCE",
        NodeEnum::AlterSeqStmt(_) => "ALTER SEQUENCE",
        NodeEnum::CreateStatsStmt(_) => "CREATE STATISTICS",
        NodeEnum::AlterStatsStmt(_) => "ALTER STATISTICS",
        NodeEnum::DropStmt(_) => "DROP",
        NodeEnum::RenameStmt(_) => "RENAME",
        NodeEnum::AlterObjectSchemaStmt(_) => "SET SCHEMA",
        NodeEnum::AlterOwnerStmt(_) => "OWNER TO",
        NodeEnum::CommentStmt(_) => "COMMENT",
        NodeEnum::SecLabelStmt(_) => "SECURITY LABEL",
        NodeEnum::GrantStmt(grant) => {
            if grant.is_grant {
                "GRANT"
            } else {
                "REVOKE"
            }
        }
        NodeEnum::GrantRoleStmt(grant) => {
            if grant.is_grant {
                "GRANT"
            } else {
                "REVOKE"
            }
        }
        NodeEnum::AlterDefaultPrivilegesStmt(_) => "ALTER DEFAULT PRIVILEGES",
        NodeEnum::DoStmt(_) => "DO",
        NodeEnum::CallStmt(_) => "CALL",
        NodeEnum::DefineStmt(_) => "CREATE",
        NodeEnum::RefreshMatViewStmt(_) => "REFRESH MATERIALIZED VIEW",
        NodeEnum::VariableSetStmt(_) => "SET",
        NodeEnum::TransactionStmt(_) => "TRANSACTION",
        NodeEnum::VacuumStmt(vacuum) => {
            if vacuum.is_vacuumcmd {
                "VACUUM"
            } else {
                "ANALYZE"
            }
        }
        NodeEnum::ReindexStmt(_) => "REINDEX",
        NodeEnum::ClusterStmt(_) => "CLUSTER",
        NodeEnum::LockStmt(_) => "LOCK",
        NodeEnum::ExplainStmt(_) => "EXPLAIN",
        _ => "statement",
    }
}
