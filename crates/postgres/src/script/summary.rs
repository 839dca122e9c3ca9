//! Short names of statements, for errors and progress: `CREATE TABLE public.users`.

use pg_query::protobuf::{ObjectType, RangeVar, TransactionStmtKind};
use pg_query::{Node, NodeEnum};
use pleach_schema::{qualified, quote_ident};

use super::parsed::{Parsed, only_handles_rows};

/// How much of a statement that has no name of its own is shown.
const LONGEST: usize = 60;

/// A short name of the statement for people, such as `ALTER TABLE public.users`.
pub fn statement_summary(sql: &str) -> String {
    if only_handles_rows(sql) && sql.len() > 100_000 {
        return beginning(sql);
    }
    Parsed::of(sql).as_ref().and_then(Parsed::single).and_then(name).unwrap_or_else(|| beginning(sql))
}

/// The first words of a text, on one line.
fn beginning(sql: &str) -> String {
    let head: String = sql.chars().take(LONGEST * 4).collect();
    let line = head.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn name(node: &NodeEnum) -> Option<String> {
    Some(match node {
        NodeEnum::CreateStmt(create) => format!("CREATE TABLE {}", relation(create.relation.as_ref())?),
        NodeEnum::CreateForeignTableStmt(create) => {
            format!("CREATE FOREIGN TABLE {}", relation(create.base_stmt.as_ref()?.relation.as_ref())?)
        }
        NodeEnum::CreateTableAsStmt(create) => {
            format!("CREATE {} {}", kind(create.objtype)?, relation(create.into.as_ref()?.rel.as_ref())?)
        }
        NodeEnum::ViewStmt(create) => format!("CREATE VIEW {}", relation(create.view.as_ref())?),
        NodeEnum::CreateSeqStmt(create) => format!("CREATE SEQUENCE {}", relation(create.sequence.as_ref())?),
        NodeEnum::IndexStmt(create) => {
            let on = relation(create.relation.as_ref())?;
            match create.idxname.as_str() {
                "" => format!("CREATE INDEX ON {on}"),
                index => format!("CREATE INDEX {} ON {on}", quote_ident(index)),
            }
        }
        NodeEnum::CreateFunctionStmt(create) => {
            let what = if create.is_procedure { "PROCEDURE" } else { "FUNCTION" };
            format!("CREATE {what} {}", names(&create.funcname))
        }
        NodeEnum::CreateTrigStmt(create) => on("CREATE TRIGGER", &create.trigname, create.relation.as_ref())?,
        NodeEnum::RuleStmt(create) => on("CREATE RULE", &create.rulename, create.relation.as_ref())?,
        NodeEnum::CreatePolicyStmt(create) => on("CREATE POLICY", &create.policy_name, create.table.as_ref())?,
        NodeEnum::AlterPolicyStmt(alter) => on("ALTER POLICY", &alter.policy_name, alter.table.as_ref())?,
        NodeEnum::CompositeTypeStmt(create) => format!("CREATE TYPE {}", relation(create.typevar.as_ref())?),
        NodeEnum::CreateEnumStmt(create) => format!("CREATE TYPE {}", names(&create.type_name)),
        NodeEnum::CreateRangeStmt(create) => format!("CREATE TYPE {}", names(&create.type_name)),
        NodeEnum::CreateDomainStmt(create) => format!("CREATE DOMAIN {}", names(&create.domainname)),
        NodeEnum::DefineStmt(define) => format!("CREATE {} {}", kind(define.kind)?, names(&define.defnames)),
        NodeEnum::CreateStatsStmt(create) => format!("CREATE STATISTICS {}", names(&create.defnames)),
        NodeEnum::CreateSchemaStmt(create) => format!("CREATE SCHEMA {}", quote_ident(&create.schemaname)),
        NodeEnum::CreateExtensionStmt(create) => format!("CREATE EXTENSION {}", quote_ident(&create.extname)),
        NodeEnum::CreateEventTrigStmt(create) => format!("CREATE EVENT TRIGGER {}", quote_ident(&create.trigname)),
        NodeEnum::CreatePublicationStmt(create) => format!("CREATE PUBLICATION {}", quote_ident(&create.pubname)),
        NodeEnum::CreateRoleStmt(create) => format!("CREATE ROLE {}", quote_ident(&create.role)),
        NodeEnum::AlterRoleStmt(alter) => format!("ALTER ROLE {}", quote_ident(&alter.role.as_ref()?.rolename)),
        NodeEnum::AlterTableStmt(alter) => {
            format!("ALTER {} {}", kind(alter.objtype)?, relation(alter.relation.as_ref())?)
        }
        NodeEnum::AlterSeqStmt(alter) => format!("ALTER SEQUENCE {}", relation(alter.sequence.as_ref())?),
        NodeEnum::AlterEnumStmt(alter) => format!("ALTER TYPE {}", names(&alter.type_name)),
        NodeEnum::AlterDomainStmt(alter) => format!("ALTER DOMAIN {}", names(&alter.type_name)),
        NodeEnum::AlterFunctionStmt(alter) => {
            format!("ALTER {} {}", kind(alter.objtype)?, names(&alter.func.as_ref()?.objname))
        }
        NodeEnum::AlterOwnerStmt(alter) => altered(alter.object_type, alter.relation.as_ref(), &alter.object)?,
        NodeEnum::AlterObjectSchemaStmt(alter) => altered(alter.object_type, alter.relation.as_ref(), &alter.object)?,
        NodeEnum::RenameStmt(alter) => altered(alter.rename_type, alter.relation.as_ref(), &alter.object)?,
        NodeEnum::DropStmt(drop) => {
            let objects: Vec<String> = drop.objects.iter().filter_map(object).collect();
            format!("DROP {} {}", kind(drop.remove_type)?, objects.join(", "))
        }
        NodeEnum::CommentStmt(comment) => {
            format!("COMMENT ON {} {}", kind(comment.objtype)?, object(comment.object.as_ref()?)?)
        }
        NodeEnum::GrantStmt(grant) => {
            let objects: Vec<String> = grant.objects.iter().filter_map(object).collect();
            let what = if grant.is_grant { "GRANT" } else { "REVOKE" };
            format!("{what} ON {} {}", kind(grant.objtype)?, objects.join(", "))
        }
        NodeEnum::GrantRoleStmt(grant) => if grant.is_grant { "GRANT role" } else { "REVOKE role" }.to_owned(),
        NodeEnum::AlterDefaultPrivilegesStmt(_) => "ALTER DEFAULT PRIVILEGES".to_owned(),
        NodeEnum::RefreshMatViewStmt(refresh) => {
            format!("REFRESH MATERIALIZED VIEW {}", relation(refresh.relation.as_ref())?)
        }
        NodeEnum::InsertStmt(insert) => format!("INSERT INTO {}", relation(insert.relation.as_ref())?),
        NodeEnum::UpdateStmt(update) => format!("UPDATE {}", relation(update.relation.as_ref())?),
        NodeEnum::DeleteStmt(delete) => format!("DELETE FROM {}", relation(delete.relation.as_ref())?),
        NodeEnum::MergeStmt(merge) => format!("MERGE INTO {}", relation(merge.relation.as_ref())?),
        NodeEnum::CopyStmt(copy) => format!("COPY {}", relation(copy.relation.as_ref())?),
        NodeEnum::TruncateStmt(truncate) => {
            let tables: Vec<String> = truncate.relations.iter().filter_map(object).collect();
            format!("TRUNCATE {}", tables.join(", "))
        }
        NodeEnum::VariableSetStmt(set) => format!("SET {}", set.name),
        NodeEnum::DoStmt(_) => "DO block".to_owned(),
        NodeEnum::CallStmt(call) => format!("CALL {}", names(&call.funccall.as_ref()?.funcname)),
        NodeEnum::TransactionStmt(statement) => {
            let kind = TransactionStmtKind::try_from(statement.kind).ok()?.as_str_name();
            kind.trim_start_matches("TRANS_STMT_").replace('_', " ")
        }
        _ => return None,
    })
}

fn on(what: &str, name: &str, table: Option<&RangeVar>) -> Option<String> {
    Some(format!("{what} {} ON {}", quote_ident(name), relation(table)?))
}

fn altered(object_type: i32, table: Option<&RangeVar>, node: &Option<Box<Node>>) -> Option<String> {
    let what = match ObjectType::try_from(object_type).ok()? {
        // What belongs to a table is altered through it.
        ObjectType::ObjectColumn | ObjectType::ObjectTabconstraint => "TABLE".to_owned(),
        _ => kind(object_type)?,
    };
    let name = relation(table).or_else(|| node.as_ref().and_then(|node| object(node)))?;
    Some(format!("ALTER {what} {name}"))
}

/// A kind of object as SQL calls it.
fn kind(object_type: i32) -> Option<String> {
    let kind = ObjectType::try_from(object_type).ok()?;
    Some(match kind {
        ObjectType::ObjectMatview => "MATERIALIZED VIEW".to_owned(),
        ObjectType::ObjectForeignServer => "SERVER".to_owned(),
        ObjectType::ObjectFdw => "FOREIGN DATA WRAPPER".to_owned(),
        ObjectType::ObjectTabconstraint | ObjectType::ObjectDomconstraint => "CONSTRAINT".to_owned(),
        ObjectType::ObjectStatisticExt => "STATISTICS".to_owned(),
        ObjectType::ObjectLargeobject => "LARGE OBJECT".to_owned(),
        ObjectType::ObjectOpclass => "OPERATOR CLASS".to_owned(),
        ObjectType::ObjectOpfamily => "OPERATOR FAMILY".to_owned(),
        ObjectType::ObjectTsconfiguration => "TEXT SEARCH CONFIGURATION".to_owned(),
        ObjectType::ObjectTsdictionary => "TEXT SEARCH DICTIONARY".to_owned(),
        ObjectType::ObjectTsparser => "TEXT SEARCH PARSER".to_owned(),
        ObjectType::ObjectTstemplate => "TEXT SEARCH TEMPLATE".to_owned(),
        other => other.as_str_name().trim_start_matches("OBJECT_").replace('_', " "),
    })
}

fn relation(relation: Option<&RangeVar>) -> Option<String> {
    let relation = relation?;
    Some(qualified([relation.schemaname.as_str(), &relation.relname].into_iter().filter(|part| !part.is_empty())))
}

/// The name of an object in any of the shapes the grammar has for one.
fn object(node: &Node) -> Option<String> {
    match node.node.as_ref()? {
        NodeEnum::String(name) => Some(quote_ident(&name.sval).into_owned()),
        NodeEnum::List(list) => Some(names(&list.items)),
        NodeEnum::RangeVar(range) => relation(Some(range)),
        NodeEnum::ObjectWithArgs(object) => Some(names(&object.objname)),
        NodeEnum::TypeName(name) => Some(names(&name.names)),
        _ => None,
    }
}

fn names(parts: &[Node]) -> String {
    let parts: Vec<&str> = parts
        .iter()
        .filter_map(|part| match part.node.as_ref()? {
            NodeEnum::String(name) => Some(name.sval.as_str()),
            NodeEnum::TypeName(name) => match name.names.last()?.node.as_ref()? {
                NodeEnum::String(name) => Some(name.sval.as_str()),
                _ => None,
            },
            _ => None,
        })
        .collect();
    qualified(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_have_short_names() {
        for (sql, summary) in [
            ("create table if not exists users (id int)", "CREATE TABLE users"),
            ("CREATE UNIQUE INDEX \"I x\" ON a.b (c)", "CREATE INDEX \"I x\" ON a.b"),
            ("ALTER TABLE ONLY public.users ADD CONSTRAINT x CHECK (true)", "ALTER TABLE public.users"),
            ("ALTER TABLE users RENAME COLUMN a TO b", "ALTER TABLE users"),
            ("ALTER FUNCTION s.f(int) OWNER TO x", "ALTER FUNCTION s.f"),
            ("DROP TRIGGER x ON s.t", "DROP TRIGGER s.t.x"),
            ("DROP MATERIALIZED VIEW IF EXISTS a, b.c", "DROP MATERIALIZED VIEW a, b.c"),
            ("COMMENT ON COLUMN public.users.name IS 'x'", "COMMENT ON COLUMN public.users.name"),
            ("GRANT SELECT ON TABLE a, b TO x", "GRANT ON TABLE a, b"),
            ("CREATE MATERIALIZED VIEW v AS SELECT 1", "CREATE MATERIALIZED VIEW v"),
            ("CREATE AGGREGATE s.agg(int) (sfunc = f, stype = int)", "CREATE AGGREGATE s.agg"),
            ("COPY public.t (a) FROM stdin", "COPY public.t"),
            ("START TRANSACTION", "START"),
            ("DO $$ BEGIN END $$", "DO block"),
            ("CRATE TABLE\n  users (id int)", "CRATE TABLE users (id int)"),
        ] {
            assert_eq!(statement_summary(sql), summary);
        }
        assert!(statement_summary(&"nonsense ".repeat(100)).ends_with('…'));
    }
}
