//! Privileges: `GRANT`, `REVOKE`, default privileges.

use super::Access;
use super::names::{cut, strings};
use super::object_name::Thing;
use super::scene::Scene;
use pg_query::NodeEnum;
use pg_query::protobuf::{
    AlterDefaultPrivilegesStmt, GrantStmt, GrantTargetType, Node, ObjectType, ReassignOwnedStmt, RoleSpec, RoleSpecType,
};
use pleach_schema::{Address, Kind};

impl Scene<'_> {
    pub(super) fn grant(&mut self, grant: &GrantStmt) {
        let said = if grant.is_grant { "granted" } else { "revoked" };
        let said = format!("{said}{}", if grant.grant_option { " with grant option" } else { "" });
        let all_in_schema = grant.targtype == GrantTargetType::AclTargetAllInSchema as i32;
        let attributes = attributes(grant);
        if all_in_schema {
            for schema in strings(&grant.objects) {
                let schema = self.schema(cut(schema));
                self.grant_in_schema(&schema, grant, &attributes, &said);
            }
            return;
        }
        for object in &grant.objects {
            let thing = self.thing(grant.objtype, Some(object), None);
            for (attribute, columns) in &attributes {
                if columns.is_empty() {
                    if let (Thing::Object(address, _), false) = (&thing, grant.is_grant)
                        && address.kind == Kind::Table
                    {
                        // What was granted on columns goes with it.
                        for column in self.columns(&address.clone()) {
                            let column = address.part(Kind::Column, &column);
                            self.note(&column, Access::Alter, Some(attribute), |touch| {
                                touch.implied = true;
                                touch.value = Some(said.clone());
                            });
                        }
                    }
                    self.say(thing.clone(), attribute, said.clone());
                    continue;
                }
                if let Thing::Object(address, known) = &thing {
                    let rel = super::scene::Rel { address: address.clone(), known: *known };
                    for column in columns {
                        self.say(Thing::Column(rel.clone(), column.clone()), attribute, said.clone());
                    }
                }
            }
        }
    }

    /// `ON ALL TABLES IN SCHEMA`: on those that are there now.
    fn grant_in_schema(&mut self, schema: &str, grant: &GrantStmt, attributes: &[(String, Vec<String>)], said: &str) {
        let address = Address::new(Kind::Schema, [schema]);
        self.note(&address, Access::Alter, Some("contents"), |touch| {
            touch.value = Some(format!("{attributes:?} {said}"))
        });
        let is_meant = |kind: Kind| match ObjectType::try_from(grant.objtype) {
            Ok(ObjectType::ObjectTable) => matches!(kind, Kind::Table | Kind::View | Kind::MaterializedView),
            Ok(ObjectType::ObjectSequence) => kind == Kind::Sequence,
            _ => kind.is_routine(),
        };
        let inside: Vec<Address> = self
            .around
            .tree()
            .iter()
            .filter(|(address, _)| is_meant(address.kind) && address.schema() == Some(schema))
            .map(|(address, _)| address.clone())
            .collect();
        for object in inside {
            for (attribute, _) in attributes {
                self.note(&object, Access::Alter, Some(attribute), |touch| {
                    touch.implied = true;
                    touch.value = Some(said.to_owned());
                });
            }
        }
    }

    pub(super) fn default_privileges(&mut self, alter: &AlterDefaultPrivilegesStmt) {
        let Some(action) = &alter.action else { return };
        let option = |name: &str| {
            let found = alter.options.iter().find_map(|node| match &node.node {
                Some(NodeEnum::DefElem(option)) if option.defname == name => option.arg.as_deref(),
                _ => None,
            });
            match found.and_then(|node| node.node.as_ref()) {
                Some(NodeEnum::List(list)) => list.items.clone(),
                _ => vec![],
            }
        };
        let schemas: Vec<String> = strings(&option("schemas")).into_iter().map(str::to_owned).collect();
        let roles = role_names(&option("roles"));
        let what = format!("{:?}", ObjectType::try_from(action.objtype));
        let said = format!("{}{}", action.is_grant, action.grant_option);
        for role in if roles.is_empty() { vec![String::new()] } else { roles } {
            for schema in if schemas.is_empty() { vec![String::new()] } else { schemas.clone() } {
                let address = Address::new(Kind::DefaultPrivileges, [role.as_str(), schema.as_str(), what.as_str()]);
                for (attribute, _) in attributes(action) {
                    self.note(&address, Access::Alter, Some(&attribute), |touch| touch.value = Some(said.clone()));
                }
                // What is made before and after has other privileges.
                if schema.is_empty() {
                    self.imply(&Address::new(Kind::DefaultPrivileges, ["", "", ""]), Access::Alter, None);
                } else {
                    let schema = Address::new(Kind::Schema, [self.schema(&schema)]);
                    let value = format!("{address} {:?} {said}", attributes(action));
                    self.note(&schema, Access::Alter, Some("contents"), |touch| touch.value = Some(value));
                }
            }
        }
    }

    pub(super) fn reassign_owned(&mut self, reassign: &ReassignOwnedStmt) {
        let names = role_names(&reassign.roles).join(", ");
        self.opaque(format!("everything of {names} gets another owner"), None, Access::Alter, true);
    }
}

/// The attribute of each privilege and grantee, with the columns it is limited to.
fn attributes(grant: &GrantStmt) -> Vec<(String, Vec<String>)> {
    let roles = role_names(&grant.grantees);
    let privileges: Vec<(String, Vec<String>)> = grant
        .privileges
        .iter()
        .filter_map(|node| match &node.node {
            Some(NodeEnum::AccessPriv(privilege)) => {
                let columns = strings(&privilege.cols).into_iter().map(|name| cut(name).to_owned()).collect();
                Some((privilege.priv_name.to_lowercase(), columns))
            }
            _ => None,
        })
        .collect();
    let mut all = vec![];
    for role in roles {
        if privileges.is_empty() {
            all.push((format!("grants {role}"), vec![]));
        }
        for (privilege, columns) in &privileges {
            let attribute =
                if privilege.is_empty() { format!("grants {role}") } else { format!("grants {role} {privilege}") };
            all.push((attribute, columns.clone()));
        }
    }
    all
}

/// The names of roles.
pub(super) fn role_names(nodes: &[Node]) -> Vec<String> {
    let name = |node: &Node| match &node.node {
        Some(NodeEnum::RoleSpec(role)) => Some(role_name(role)),
        _ => None,
    };
    nodes.iter().filter_map(name).collect()
}

fn role_name(role: &RoleSpec) -> String {
    match RoleSpecType::try_from(role.roletype) {
        Ok(RoleSpecType::RolespecCstring) => pleach_schema::quote_ident(&role.rolename).into_owned(),
        Ok(RoleSpecType::RolespecPublic) => "PUBLIC".to_owned(),
        _ => "CURRENT_USER".to_owned(),
    }
}
