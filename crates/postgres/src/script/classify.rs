//! What sort of statement it is, read from its parse tree.

use pg_query::NodeEnum;
use pg_query::protobuf::{ObjectType, ReindexObjectType, TransactionStmtKind};

use super::parsed::{Parsed, each_object, generic, is_over_connection};

/// Functions that everybody calls and that write nothing. The parser cannot know what a function
/// does, so a SELECT that calls any other one counts as a change of data.
const HARMLESS: &[&str] = &[
    "array_agg",
    "avg",
    "bool_and",
    "bool_or",
    "coalesce",
    "concat",
    "count",
    "current_setting",
    "date_trunc",
    "format",
    "generate_series",
    "json_agg",
    "jsonb_agg",
    "length",
    "lower",
    "max",
    "min",
    "now",
    "pg_sleep",
    "row_number",
    "set_config",
    "string_agg",
    "sum",
    "to_char",
    "upper",
    "version",
];

/// Why a statement has no place in an import.
pub(super) type Reason = &'static str;

const WHOLE_SERVER: Reason = "it concerns the whole server, and an import fills one database";
const OTHER_DATABASE: Reason = "it concerns a database as a whole, and an import fills one that is there already";
const REPLICATION: Reason = "a copy must not take part in the replication of the original";
const OUTPUT: Reason = "it sends rows to the client, and an import only reads";

impl Parsed {
    /// Whether any statement changes rows, or could: also by a function, a DO block or a CALL.
    pub fn is_data_change(&self) -> bool {
        self.statements().iter().any(changes_data)
    }

    /// Whether any statement changes the schema, or could: also in a DO block or a CALL.
    pub fn is_schema_change(&self) -> bool {
        self.statements().iter().any(changes_schema)
    }

    /// Whether any statement begins or ends a transaction or a part of one.
    pub fn is_transaction_control(&self) -> bool {
        self.statements().iter().any(|node| matches!(node, NodeEnum::TransactionStmt(_)))
    }

    /// Whether any statement is a program that may do anything, be it ending transactions.
    pub fn may_do_anything(&self) -> bool {
        self.statements().iter().any(|node| matches!(node, NodeEnum::DoStmt(_) | NodeEnum::CallStmt(_)))
    }

    /// Whether all statements only set or show what concerns the session, or hold a place in a
    /// transaction.
    pub fn concerns_session(&self) -> bool {
        let concerns = |node: &NodeEnum| match node {
            NodeEnum::TransactionStmt(_) => transaction(node).is_none(),
            _ => matches!(
                node,
                NodeEnum::VariableSetStmt(_)
                    | NodeEnum::VariableShowStmt(_)
                    | NodeEnum::ConstraintsSetStmt(_)
                    | NodeEnum::DiscardStmt(_)
                    | NodeEnum::DeallocateStmt(_)
            ),
        };
        !self.statements().is_empty() && self.statements().iter().all(concerns)
    }

    /// Whether any statement is refused inside a transaction block.
    pub fn cannot_run_in_transaction(&self) -> bool {
        self.statements().iter().any(needs_no_transaction)
    }
}

/// Whether the text changes rows, or could; false for text that does not parse.
pub fn is_data_change(sql: &str) -> bool {
    Parsed::of(sql).is_some_and(|parsed| parsed.is_data_change())
}

/// Whether the text changes the schema, or could; false for text that does not parse.
pub fn is_schema_change(sql: &str) -> bool {
    Parsed::of(sql).is_some_and(|parsed| parsed.is_schema_change())
}

/// Whether the text begins or ends a transaction; false for text that does not parse.
pub fn is_transaction_control(sql: &str) -> bool {
    Parsed::of(sql).is_some_and(|parsed| parsed.is_transaction_control())
}

/// Whether the text is refused inside a transaction block; false for text that does not parse.
pub fn cannot_run_in_transaction(sql: &str) -> bool {
    Parsed::of(sql).is_some_and(|parsed| parsed.cannot_run_in_transaction())
}

fn changes_data(node: &NodeEnum) -> bool {
    match node {
        NodeEnum::InsertStmt(_)
        | NodeEnum::UpdateStmt(_)
        | NodeEnum::DeleteStmt(_)
        | NodeEnum::MergeStmt(_)
        | NodeEnum::TruncateStmt(_)
        | NodeEnum::DoStmt(_)
        | NodeEnum::CallStmt(_)
        | NodeEnum::ExecuteStmt(_)
        | NodeEnum::RefreshMatViewStmt(_) => true,
        NodeEnum::CopyStmt(copy) => copy.is_from || writes_inside(node),
        NodeEnum::CreateTableAsStmt(create) => !create.into.as_ref().is_some_and(|into| into.skip_data),
        NodeEnum::SelectStmt(select) => select.into_clause.is_some() || writes_inside(node),
        NodeEnum::ExplainStmt(_) | NodeEnum::DeclareCursorStmt(_) => writes_inside(node),
        _ => false,
    }
}

/// Whether a query holds a statement that writes, or calls a function that might.
fn writes_inside(node: &NodeEnum) -> bool {
    let tree = generic(node);
    let mut writes = false;
    each_object(&tree, "", &mut |name, object| match name {
        "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt" => writes = true,
        "FuncCall" => {
            let function = object.get("funcname").and_then(|names| names.as_array()).and_then(|names| names.last());
            let function = function.and_then(|name| name.pointer("/node/String/sval")).and_then(|name| name.as_str());
            writes |= !function.is_some_and(|function| HARMLESS.contains(&function));
        }
        _ => {}
    });
    writes
}

fn changes_schema(node: &NodeEnum) -> bool {
    match node {
        NodeEnum::SelectStmt(select) => select.into_clause.is_some(),
        // Rows, sessions, transactions and upkeep.
        NodeEnum::InsertStmt(_)
        | NodeEnum::UpdateStmt(_)
        | NodeEnum::DeleteStmt(_)
        | NodeEnum::MergeStmt(_)
        | NodeEnum::TruncateStmt(_)
        | NodeEnum::CopyStmt(_)
        | NodeEnum::RefreshMatViewStmt(_)
        | NodeEnum::TransactionStmt(_)
        | NodeEnum::VariableSetStmt(_)
        | NodeEnum::VariableShowStmt(_)
        | NodeEnum::ConstraintsSetStmt(_)
        | NodeEnum::DiscardStmt(_)
        | NodeEnum::LockStmt(_)
        | NodeEnum::ListenStmt(_)
        | NodeEnum::UnlistenStmt(_)
        | NodeEnum::NotifyStmt(_)
        | NodeEnum::LoadStmt(_)
        | NodeEnum::PrepareStmt(_)
        | NodeEnum::DeallocateStmt(_)
        | NodeEnum::ExplainStmt(_)
        | NodeEnum::DeclareCursorStmt(_)
        | NodeEnum::FetchStmt(_)
        | NodeEnum::ClosePortalStmt(_)
        | NodeEnum::VacuumStmt(_)
        | NodeEnum::ClusterStmt(_)
        | NodeEnum::ReindexStmt(_)
        | NodeEnum::CheckPointStmt(_) => false,
        // Everything else defines something, or might.
        _ => without_place(node).is_none(),
    }
}

fn needs_no_transaction(node: &NodeEnum) -> bool {
    match node {
        NodeEnum::IndexStmt(index) => index.concurrent,
        NodeEnum::DropStmt(drop) => drop.concurrent,
        NodeEnum::VacuumStmt(vacuum) => vacuum.is_vacuumcmd,
        NodeEnum::ClusterStmt(cluster) => cluster.relation.is_none(),
        NodeEnum::ReindexStmt(reindex) => {
            let whole = !matches!(
                ReindexObjectType::try_from(reindex.kind),
                Ok(ReindexObjectType::ReindexObjectIndex | ReindexObjectType::ReindexObjectTable)
            );
            whole || reindex.params.iter().any(|param| is_option(param.node.as_ref(), "concurrently"))
        }
        NodeEnum::AlterTableStmt(alter) => alter.cmds.iter().any(|command| {
            let Some(NodeEnum::AlterTableCmd(command)) = &command.node else { return false };
            let definition = command.def.as_ref().and_then(|definition| definition.node.as_ref());
            matches!(definition, Some(NodeEnum::PartitionCmd(partition)) if partition.concurrent)
        }),
        NodeEnum::CreatedbStmt(_)
        | NodeEnum::DropdbStmt(_)
        | NodeEnum::CreateTableSpaceStmt(_)
        | NodeEnum::DropTableSpaceStmt(_)
        | NodeEnum::AlterSystemStmt(_)
        | NodeEnum::CreateSubscriptionStmt(_)
        | NodeEnum::DropSubscriptionStmt(_) => true,
        _ => false,
    }
}

fn is_option(node: Option<&NodeEnum>, name: &str) -> bool {
    matches!(node, Some(NodeEnum::DefElem(option)) if option.defname == name)
}

/// Why the statement has no place in an import, if it has none.
pub(super) fn without_place(node: &NodeEnum) -> Option<Reason> {
    match node {
        NodeEnum::CreatedbStmt(_)
        | NodeEnum::DropdbStmt(_)
        | NodeEnum::AlterDatabaseStmt(_)
        | NodeEnum::AlterDatabaseSetStmt(_)
        | NodeEnum::AlterDatabaseRefreshCollStmt(_) => Some(OTHER_DATABASE),
        NodeEnum::AlterSystemStmt(_)
        | NodeEnum::CreateTableSpaceStmt(_)
        | NodeEnum::DropTableSpaceStmt(_)
        | NodeEnum::AlterTableSpaceOptionsStmt(_)
        | NodeEnum::DropRoleStmt(_) => Some(WHOLE_SERVER),
        NodeEnum::AlterRoleSetStmt(alter) if !alter.database.is_empty() => Some(OTHER_DATABASE),
        NodeEnum::CreateSubscriptionStmt(_)
        | NodeEnum::AlterSubscriptionStmt(_)
        | NodeEnum::DropSubscriptionStmt(_) => Some(REPLICATION),
        NodeEnum::CopyStmt(copy) if !copy.is_from && is_over_connection(copy) => Some(OUTPUT),
        NodeEnum::GrantStmt(grant) => without_place_on(grant.objtype),
        NodeEnum::CommentStmt(comment) => without_place_on(comment.objtype),
        NodeEnum::SecLabelStmt(label) => without_place_on(label.objtype),
        NodeEnum::AlterOwnerStmt(alter) => without_place_on(alter.object_type),
        NodeEnum::RenameStmt(rename) => without_place_on(rename.rename_type),
        _ => None,
    }
}

fn without_place_on(object_type: i32) -> Option<Reason> {
    match ObjectType::try_from(object_type) {
        Ok(ObjectType::ObjectDatabase) => Some(OTHER_DATABASE),
        Ok(ObjectType::ObjectTablespace | ObjectType::ObjectParameterAcl) => Some(WHOLE_SERVER),
        Ok(ObjectType::ObjectSubscription) => Some(REPLICATION),
        _ => None,
    }
}

/// Whether the statement does the same in a transaction with its neighbours as on its own, and an
/// import has nothing to ask or to change about it.
pub(super) fn goes_together(node: &NodeEnum) -> bool {
    let is_special = matches!(
        node,
        // These may do anything, COMMIT included.
        NodeEnum::DoStmt(_) | NodeEnum::CallStmt(_) | NodeEnum::ExecuteStmt(_) | NodeEnum::SelectStmt(_)
        // A new value cannot be used before its transaction ends.
        | NodeEnum::AlterEnumStmt(_)
        // They may be there already.
        | NodeEnum::CreateRoleStmt(_) | NodeEnum::AlterRoleStmt(_) | NodeEnum::AlterRoleSetStmt(_)
        | NodeEnum::CreateSchemaStmt(_)
    );
    !is_special && changes_schema(node) && !needs_no_transaction(node)
}

/// What a statement does to the transaction around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transaction {
    /// One begins.
    Begins,
    /// It ends, and with CHAIN the next begins.
    Ends {
        /// Whether another begins at once.
        chain: bool,
    },
}

/// What the statement does to the transaction around it, if it does.
pub(super) fn transaction(node: &NodeEnum) -> Option<Transaction> {
    let NodeEnum::TransactionStmt(statement) = node else { return None };
    match TransactionStmtKind::try_from(statement.kind) {
        Ok(TransactionStmtKind::TransStmtBegin | TransactionStmtKind::TransStmtStart) => Some(Transaction::Begins),
        Ok(
            TransactionStmtKind::TransStmtCommit
            | TransactionStmtKind::TransStmtRollback
            | TransactionStmtKind::TransStmtPrepare,
        ) => Some(Transaction::Ends { chain: statement.chain }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_rows() {
        for sql in [
            "INSERT INTO t VALUES (1)",
            "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone",
            "COPY t FROM stdin",
            "COPY (UPDATE t SET a = 1 RETURNING *) TO stdout",
            "SELECT setval('s', 3)",
            "SELECT fill(t.*) FROM t",
            "DO $$ BEGIN END $$",
            "CALL refill()",
            "TRUNCATE t",
            "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
            "SELECT * INTO u FROM t",
            "CREATE TABLE u AS SELECT 1",
            "CREATE TABLE u (a int); INSERT INTO u VALUES (1)",
        ] {
            assert!(is_data_change(sql), "{sql}");
        }
        for sql in [
            "SELECT count(*) FROM t",
            "SELECT pg_catalog.set_config('search_path', '', false)",
            "CREATE RULE r AS ON UPDATE TO t DO INSTEAD INSERT INTO u VALUES (1)",
            "CREATE FUNCTION f() RETURNS void BEGIN ATOMIC INSERT INTO t VALUES (1); END",
            "COPY t TO stdout",
            "CREATE TABLE u AS SELECT 1 WITH NO DATA",
            "BEGIN",
            "not sql",
        ] {
            assert!(!is_data_change(sql), "{sql}");
        }
    }

    #[test]
    fn what_changes_the_schema() {
        for sql in [
            "CREATE TABLE t (a int)",
            "ALTER TABLE t ADD b int",
            "GRANT SELECT ON t TO x",
            "COMMENT ON TABLE t IS 'x'",
            "DO $$ BEGIN END $$",
            "SELECT * INTO u FROM t",
            "DROP VIEW v",
            "REFRESH MATERIALIZED VIEW v; DROP VIEW v",
        ] {
            assert!(is_schema_change(sql), "{sql}");
        }
        for sql in ["SELECT 1", "SET a.b = 1", "VACUUM t", "COMMIT", "COPY t FROM stdin", "ALTER SYSTEM SET x = 1"] {
            assert!(!is_schema_change(sql), "{sql}");
        }
    }

    #[test]
    fn what_no_transaction_may_hold() {
        for sql in [
            "CREATE INDEX CONCURRENTLY i ON t (a)",
            "DROP INDEX CONCURRENTLY i",
            "VACUUM",
            "REINDEX TABLE CONCURRENTLY t",
            "REINDEX SCHEMA public",
            "CREATE DATABASE d",
            "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
        ] {
            assert!(cannot_run_in_transaction(sql), "{sql}");
        }
        for sql in ["CREATE INDEX i ON t (a)", "ANALYZE t", "REINDEX TABLE t", "ALTER TYPE e ADD VALUE 'x'"] {
            assert!(!cannot_run_in_transaction(sql), "{sql}");
        }
        assert!(is_transaction_control("SAVEPOINT a") && is_transaction_control("START TRANSACTION"));
        assert!(!is_transaction_control("SET TRANSACTION READ ONLY"));
    }
}
