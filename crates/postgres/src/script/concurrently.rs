//! Statements without their `CONCURRENTLY`: the same change, in a form that can be in a transaction.

use super::Parsed;
use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableStmt, ParseResult, RawStmt};

/// A statement in a form that can be in a transaction and makes the same change, keeping others out
/// meanwhile; `None` where there is none.
///
/// Text that can be in a transaction as it is comes back as it is.
pub fn in_transaction(sql: &str) -> Option<String> {
    if !super::cannot_run_in_transaction(sql) {
        return Some(sql.to_owned());
    }
    let parsed = Parsed::of(sql)?;
    let mut stmts = Vec::new();
    for statement in parsed.statements() {
        let mut node = statement.clone();
        match &mut node {
            NodeEnum::IndexStmt(index) => index.concurrent = false,
            NodeEnum::DropStmt(drop) => drop.concurrent = false,
            NodeEnum::AlterTableStmt(alter) => wait_no_more(alter),
            _ => {}
        }
        let stmt = pg_query::protobuf::Node { node: Some(node) };
        stmts.push(RawStmt { stmt: Some(Box::new(stmt)), ..RawStmt::default() });
    }
    let plain = pg_query::deparse(&ParseResult { version: 0, stmts }, pg_query::DeparseOptions::default()).ok()?;
    (!super::cannot_run_in_transaction(&plain)).then_some(plain)
}

/// Takes the CONCURRENTLY out of `DETACH PARTITION`.
fn wait_no_more(alter: &mut AlterTableStmt) {
    for command in &mut alter.cmds {
        let Some(NodeEnum::AlterTableCmd(command)) = &mut command.node else { continue };
        let Some(def) = &mut command.def else { continue };
        if let Some(NodeEnum::PartitionCmd(partition)) = &mut def.node {
            partition.concurrent = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::in_transaction;

    #[test]
    fn concurrently_is_left_out_and_nothing_else() {
        let plain = |sql: &str| in_transaction(sql);
        assert_eq!(
            plain("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON public.t (lower(a)) WHERE b > 1").as_deref(),
            Some("CREATE UNIQUE INDEX IF NOT EXISTS i ON public.t USING btree (lower(a)) WHERE b > 1")
        );
        assert_eq!(plain("DROP INDEX CONCURRENTLY i").as_deref(), Some("DROP INDEX i"));
        assert_eq!(
            plain("ALTER TABLE p DETACH PARTITION c CONCURRENTLY").as_deref(),
            Some("ALTER TABLE p DETACH PARTITION c")
        );
        assert_eq!(plain("ALTER TABLE t ADD a int").as_deref(), Some("ALTER TABLE t ADD a int"));
        assert_eq!(plain("VACUUM t"), None);
        assert_eq!(plain("CREATE DATABASE d"), None);
    }
}
