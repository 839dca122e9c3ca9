//! What statements destroy, as far as their text says it.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableType, DropBehavior, ObjectType, RangeVar};
use pleach_schema::{qualified, quote_ident};

use super::parsed::Parsed;

/// What a statement destroys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destroyed {
    /// The rows of a table, as SQL.
    Rows(String),
    /// The values of a column.
    Values {
        /// The table, as SQL.
        table: String,
        /// The column, as SQL.
        column: String,
    },
    /// What hangs on something that is dropped with `CASCADE`, in words.
    Dependants(String),
}

/// What a statement destroys: rows and values that nothing brings back.
pub fn destroys(sql: &str) -> Vec<Destroyed> {
    Parsed::of(sql).iter().flat_map(Parsed::statements).flat_map(of).collect()
}

fn of(node: &NodeEnum) -> Vec<Destroyed> {
    match node {
        NodeEnum::DropStmt(drop) => {
            let names = drop.objects.iter().filter_map(|object| name(object.node.as_ref()?));
            let cascades = drop.behavior == DropBehavior::DropCascade as i32;
            match ObjectType::try_from(drop.remove_type) {
                Ok(ObjectType::ObjectTable | ObjectType::ObjectForeignTable) => names.map(Destroyed::Rows).collect(),
                // Without CASCADE they go only when nothing needs them.
                Ok(ObjectType::ObjectSchema | ObjectType::ObjectType | ObjectType::ObjectDomain)
                | Ok(ObjectType::ObjectExtension | ObjectType::ObjectSequence)
                    if cascades =>
                {
                    names.map(|name| Destroyed::Dependants(format!("what hangs on {name}"))).collect()
                }
                _ => Vec::new(),
            }
        }
        NodeEnum::DropOwnedStmt(_) => vec![Destroyed::Dependants("everything a role owns".to_owned())],
        NodeEnum::AlterTableStmt(alter) => {
            let Some(table) = alter.relation.as_ref().map(relation) else { return Vec::new() };
            let column = |command: &pg_query::Node| match command.node.as_ref()? {
                NodeEnum::AlterTableCmd(command) if command.subtype == AlterTableType::AtDropColumn as i32 => {
                    let column = quote_ident(&command.name).into_owned();
                    Some(Destroyed::Values { table: table.clone(), column })
                }
                _ => None,
            };
            alter.cmds.iter().filter_map(column).collect()
        }
        NodeEnum::TruncateStmt(truncate) => {
            let table = |item: &pg_query::Node| match item.node.as_ref()? {
                NodeEnum::RangeVar(table) => Some(Destroyed::Rows(relation(table))),
                _ => None,
            };
            truncate.relations.iter().filter_map(table).collect()
        }
        NodeEnum::DeleteStmt(delete) => delete.relation.iter().map(|table| Destroyed::Rows(relation(table))).collect(),
        _ => Vec::new(),
    }
}

fn relation(table: &RangeVar) -> String {
    let parts = [&table.schemaname, &table.relname];
    qualified(parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()))
}

fn name(node: &NodeEnum) -> Option<String> {
    let text = |node: &NodeEnum| match node {
        NodeEnum::String(name) => Some(name.sval.clone()),
        _ => None,
    };
    let parts = match node {
        NodeEnum::List(list) => list.items.iter().map(|item| text(item.node.as_ref()?)).collect::<Option<Vec<_>>>()?,
        NodeEnum::TypeName(name) => {
            name.names.iter().map(|item| text(item.node.as_ref()?)).collect::<Option<Vec<_>>>()?
        }
        other => vec![text(other)?],
    };
    Some(qualified(parts.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_for_good_is_named() {
        let rows = |name: &str| vec![Destroyed::Rows(name.to_owned())];
        assert_eq!(destroys("DROP TABLE a.\"B\""), rows("a.\"B\""));
        assert_eq!(destroys("TRUNCATE t"), rows("t"));
        assert_eq!(destroys("DELETE FROM t WHERE a"), rows("t"));
        let values = |column: &str| Destroyed::Values { table: "t".to_owned(), column: column.to_owned() };
        assert_eq!(destroys("ALTER TABLE t DROP a, ADD b int, DROP COLUMN c"), [values("a"), values("c")]);
        assert_eq!(destroys("DROP SCHEMA s CASCADE"), [Destroyed::Dependants("what hangs on s".to_owned())]);
        for sql in ["DROP SCHEMA s", "DROP VIEW v CASCADE", "ALTER TABLE t DROP CONSTRAINT c", "DROP INDEX i"] {
            assert_eq!(destroys(sql), [], "{sql}");
        }
    }
}
