//! What of a script is left out, because the database that it runs on has no place for it.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::NodeEnum;
use pg_query::protobuf::RoleSpec;
use tokio_postgres::Client;

use super::classify::without_place;
use crate::Result;

/// Knows what a script made, and what the server has.
#[derive(Debug, Default)]
pub(super) struct Fit {
    made_roles: BTreeSet<String>,
    /// Whether the server has these settings.
    settings: BTreeMap<String, bool>,
}

impl Fit {
    /// Why this statement is not run here, if it is not.
    pub async fn left_out(&mut self, client: &Client, node: &NodeEnum) -> Result<Option<&'static str>> {
        if let Some(reason) = without_place(node) {
            return Ok(Some(reason));
        }
        Ok(match node {
            NodeEnum::CreateRoleStmt(create) => {
                let there = is_there(client, "SELECT FROM pg_catalog.pg_roles WHERE rolname = $1", &create.role);
                let there = there.await?;
                if !there {
                    self.made_roles.insert(create.role.clone());
                }
                there.then_some("the server has this role already")
            }
            NodeEnum::AlterRoleStmt(alter) => self.not_made_here(alter.role.as_ref()),
            NodeEnum::AlterRoleSetStmt(alter) => self.not_made_here(alter.role.as_ref()),
            // Dumps make it although every database has it.
            NodeEnum::CreateSchemaStmt(create)
                if create.schemaname == "public" && create.authrole.is_none() && create.schema_elts.is_empty() =>
            {
                let there = "SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1";
                is_there(client, there, &create.schemaname).await?.then_some("the database has it already")
            }
            // Dumps of a newer server set what an older one does not know.
            NodeEnum::VariableSetStmt(set) if !set.name.is_empty() && !set.name.contains([' ', '.']) => {
                (!self.has_setting(client, &set.name).await?).then_some("this server has no such setting")
            }
            _ => None,
        })
    }

    fn not_made_here(&self, role: Option<&RoleSpec>) -> Option<&'static str> {
        let made = role.is_some_and(|role| self.made_roles.contains(&role.rolename));
        (!made).then_some("roles belong to the whole server, and only those that the script makes are changed")
    }

    async fn has_setting(&mut self, client: &Client, name: &str) -> Result<bool> {
        // The words of SET TRANSACTION and SET SESSION CHARACTERISTICS are no settings.
        if name.eq_ignore_ascii_case("transaction") || name.starts_with("SESSION") {
            return Ok(true);
        }
        if let Some(known) = self.settings.get(name) {
            return Ok(*known);
        }
        let there = is_there(client, "SELECT WHERE pg_catalog.current_setting($1, true) IS NOT NULL", name).await?;
        self.settings.insert(name.to_owned(), there);
        Ok(there)
    }
}

async fn is_there(client: &Client, query: &str, name: &str) -> Result<bool> {
    Ok(client.query_opt(query, &[&name]).await?.is_some())
}
