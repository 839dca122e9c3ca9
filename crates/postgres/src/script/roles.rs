//! The roles that statements name: those that a server must have before a script can run on it.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{ObjectType, RoleSpecType, VariableSetKind};
use serde_json::{Map, Value};

use super::classify::without_place;
use super::parsed::{Parsed, each_object, generic, only_handles_rows};

/// The roles that statements name, and those among them that the statements make themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    /// Every role that is named.
    pub named: BTreeSet<String>,
    /// Those that a CREATE ROLE, CREATE USER or CREATE GROUP makes.
    pub created: BTreeSet<String>,
}

impl Roles {
    /// The roles that must be there before the statements run.
    pub fn needed(&self) -> BTreeSet<String> {
        self.named.difference(&self.created).cloned().collect()
    }

    /// Adds the roles that the text names. Text that does not parse names none: the server judges it.
    pub fn add_sql(&mut self, sql: &str) {
        if !only_handles_rows(sql)
            && let Some(parsed) = Parsed::of(sql)
        {
            parsed.statements().iter().for_each(|node| self.add(node));
        }
    }

    /// Adds the roles that one statement names, unless an import leaves that statement out.
    pub(super) fn add(&mut self, node: &NodeEnum) {
        if without_place(node).is_some() {
            return;
        }
        match node {
            NodeEnum::SelectStmt(_)
            | NodeEnum::InsertStmt(_)
            | NodeEnum::UpdateStmt(_)
            | NodeEnum::DeleteStmt(_)
            | NodeEnum::MergeStmt(_)
            | NodeEnum::CopyStmt(_)
            | NodeEnum::ViewStmt(_)
            | NodeEnum::IndexStmt(_)
            | NodeEnum::TransactionStmt(_) => return,
            NodeEnum::CreateRoleStmt(create) => {
                self.created.insert(create.role.clone());
                self.named.insert(create.role.clone());
            }
            NodeEnum::GrantRoleStmt(grant) => {
                for role in &grant.granted_roles {
                    if let Some(NodeEnum::AccessPriv(role)) = &role.node {
                        self.named.insert(role.priv_name.clone());
                    }
                }
            }
            NodeEnum::CommentStmt(comment) => self.add_object(comment.objtype, comment.object.as_deref()),
            NodeEnum::SecLabelStmt(label) => self.add_object(label.objtype, label.object.as_deref()),
            NodeEnum::RenameStmt(rename) if is_role(rename.rename_type) => {
                self.named.insert(rename.subname.clone());
                self.created.insert(rename.newname.clone());
            }
            _ => {}
        }
        self.add_specs(&generic(node));
    }

    fn add_object(&mut self, object_type: i32, object: Option<&pg_query::Node>) {
        if let (true, Some(NodeEnum::String(name))) = (is_role(object_type), object.and_then(|node| node.node.as_ref()))
        {
            self.named.insert(name.sval.clone());
        }
    }

    /// Finds role specifications and settings of the role wherever the grammar has them.
    fn add_specs(&mut self, tree: &Value) {
        each_object(tree, "", &mut |_, object| {
            if let Some(role) = spec(object).or_else(|| setting(object)) {
                self.named.insert(role.to_owned());
            }
        });
    }
}

/// The roles that these statements name, those they make themselves included.
pub fn roles_named<'a>(statements: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut roles = Roles::default();
    statements.into_iter().for_each(|sql| roles.add_sql(sql));
    roles.named
}

fn is_role(object_type: i32) -> bool {
    ObjectType::try_from(object_type) == Ok(ObjectType::ObjectRole)
}

/// The role of a RoleSpec node, unless it is PUBLIC, CURRENT_USER or the like.
fn spec(object: &Map<String, Value>) -> Option<&str> {
    let kind = object.get("roletype")?.as_i64()?;
    (kind == RoleSpecType::RolespecCstring as i64).then(|| object.get("rolename")?.as_str()).flatten()
}

/// The role of `SET ROLE x`, `SET SESSION AUTHORIZATION x` and `CREATE FUNCTION … SET role TO x`.
fn setting(object: &Map<String, Value>) -> Option<&str> {
    let name = object.get("name")?.as_str()?;
    let is_set = object.get("kind")?.as_i64()? == VariableSetKind::VarSetValue as i64;
    if !is_set || !matches!(name, "role" | "session_authorization") {
        return None;
    }
    let value = object.get("args")?.as_array()?.first()?.pointer("/node/AConst/val/Sval/sval")?.as_str()?;
    (value != "none").then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_found_wherever_the_grammar_has_them() {
        let statements = [
            "ALTER TABLE t OWNER TO r01",
            "ALTER FUNCTION f() OWNER TO r02",
            "GRANT SELECT ON t TO r03, PUBLIC GRANTED BY CURRENT_USER",
            "REVOKE ALL ON SCHEMA s FROM r04",
            "ALTER DEFAULT PRIVILEGES FOR ROLE r05 IN SCHEMA s GRANT SELECT ON TABLES TO r06",
            "CREATE POLICY p ON t TO r07 USING (true)",
            "ALTER POLICY p ON t TO r08",
            "CREATE SCHEMA s AUTHORIZATION r09 CREATE TABLE t (a int) GRANT SELECT ON t TO r10",
            "REASSIGN OWNED BY r11 TO r12",
            "DROP OWNED BY r13",
            "SET ROLE r14",
            "SET SESSION AUTHORIZATION 'r15'",
            "COMMENT ON ROLE r16 IS 'x'",
            "ALTER ROLE r17 SET search_path = x",
            "GRANT r18 TO r19",
            "CREATE USER MAPPING FOR r20 SERVER s",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET role TO r21 AS 'SELECT 1'",
            "ALTER VIEW v OWNER TO \"Role 22\"",
            "CREATE ROLE r23 IN ROLE r24",
            "SET ROLE none",
            "ALTER DATABASE d OWNER TO not_needed",
            "INSERT INTO t VALUES ('OWNER TO nobody')",
            "ALTER TABLE t OWNER TO CURRENT_USER",
        ];
        let mut expected: BTreeSet<String> = (1..=24).filter(|n| *n != 22).map(|n| format!("r{n:02}")).collect();
        expected.insert("Role 22".to_owned());
        assert_eq!(roles_named(statements), expected);
        let mut roles = Roles::default();
        statements.iter().for_each(|sql| roles.add_sql(sql));
        assert!(!roles.needed().contains("r23") && roles.needed().contains("r24"));
    }
}
