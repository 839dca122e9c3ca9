//! What is read: the schemas, what extensions own in them, and whose roles are the project's own.

use super::acl::Roles;
use super::asker::Asker;
use super::draft::Draft;
use super::fields::Fields;
use super::{CatalogId, ReadOptions, class};
use crate::{Class, Error, Result};
use pleach_schema::{Address, Attr, Kind, Object, qualified};
use std::collections::{HashMap, HashSet};
use tokio_postgres::{GenericClient, Row};

/// What counts as the users' own.
pub(super) struct Scope {
    pub version: u32,
    pub roles: Roles,
    schemas: HashMap<u32, String>,
    members: HashMap<(u32, u32), u32>,
    extensions: HashSet<u32>,
}

/// The rows that told the scope, which are objects too.
pub(super) struct Start {
    schemas: Vec<Row>,
    extensions: Vec<Row>,
}

impl Scope {
    /// Reads the version, the schemas and the extensions.
    pub(super) async fn read(asker: &Asker<'_, impl GenericClient>, options: &ReadOptions) -> Result<(Self, Start)> {
        let (version, schemas, extensions, members) = tokio::try_join!(
            asker.query("SELECT current_setting('server_version_num')::int4 AS version", None),
            asker.query(include_str!("sql/schemas.sql"), None),
            asker.query(include_str!("sql/extensions.sql"), None),
            asker.query(include_str!("sql/members.sql"), None),
        )?;
        let version = version.first().map(|row| row.field::<i32>("version")).transpose()?.unwrap_or_default();
        let mut scope = Self {
            version: version.unsigned_abs(),
            roles: Roles::new(&options.own_roles),
            schemas: HashMap::new(),
            members: HashMap::with_capacity(members.len()),
            extensions: HashSet::new(),
        };
        for row in &members {
            scope.members.insert((row.oid("classid")?, row.oid("objid")?), row.oid("extension")?);
        }
        for row in &schemas {
            scope.schemas.insert(row.oid("oid")?, row.text("name")?.to_owned());
        }
        for row in &extensions {
            scope.extensions.insert(row.oid("oid")?);
        }
        Ok((scope, Start { schemas, extensions }))
    }

    /// The OIDs of the schemas to look into.
    pub(super) fn schema_oids(&self) -> Vec<u32> {
        let mut oids: Vec<u32> = self.schemas.keys().copied().collect();
        oids.sort_unstable();
        oids
    }

    /// A schema's name.
    pub(super) fn schema(&self, oid: u32) -> Result<&str> {
        self.schemas.get(&oid).map(String::as_str).ok_or_else(|| {
            Error::new(Class::State, "catalog_changed", "a schema was made or dropped while the catalogs were read")
                .hint("read again inside one REPEATABLE READ transaction")
        })
    }

    /// The name of something in a schema, qualified, from a row's `schema` and `name`.
    pub(super) fn name(&self, row: &Row) -> Result<String> {
        Ok(qualified([self.schema(row.oid("schema")?)?, row.text("name")?]))
    }

    /// An address in a schema, from a row's `schema` and `name`.
    pub(super) fn address(&self, kind: Kind, row: &Row) -> Result<Address> {
        Ok(Address::new(kind, [self.schema(row.oid("schema")?)?, row.text("name")?]))
    }

    /// Whether an object belongs to an extension.
    pub(super) fn is_member(&self, id: CatalogId) -> bool {
        self.members.contains_key(&(id.class, id.oid))
    }

    /// The extension an object belongs to.
    pub(super) fn extension(&self, id: CatalogId) -> Option<CatalogId> {
        self.members.get(&(id.class, id.oid)).map(|&oid| CatalogId::new(class::EXTENSION, oid))
    }
}

impl Start {
    /// Adds the schemas and extensions themselves.
    pub(super) fn add_to(&self, draft: &mut Draft) -> Result<()> {
        for row in &self.schemas {
            add_schema(draft, row)?;
        }
        for row in &self.extensions {
            add_extension(draft, row)?;
        }
        // initdb's own extensions are not in the tree, whatever is said of them.
        let known = &draft.scope.extensions;
        draft.comments.retain(|id, _| id.class != class::EXTENSION || known.contains(&id.oid));
        draft.comments.retain(|id, _| id.class != class::NAMESPACE || id.oid >= 16384);
        Ok(())
    }
}

fn add_schema(draft: &mut Draft, row: &Row) -> Result<()> {
    let id = CatalogId::new(class::NAMESPACE, row.oid("oid")?);
    if draft.scope.is_member(id) {
        return Ok(());
    }
    let (name, owner) = (row.text("name")?, row.text("owner")?);
    let mut default = row.texts("acl_default")?;
    let mut object = Object::default();
    if name == "public" {
        // As initdb makes it: since PostgreSQL 15 not everybody may create things there.
        default.push(if draft.scope.version >= 150_000 { "=U/" } else { "=UC/" });
        if owner != "pg_database_owner" && !row.flag("owned_by_bootstrap_role")? {
            object.set_some(Attr::Owner, draft.scope.roles.owner(owner));
        }
        if draft.comments.get(&id).is_some_and(|comment| comment == "standard public schema") {
            draft.comments.remove(&id);
        }
    } else {
        object.set_some(Attr::Owner, draft.scope.roles.owner(owner));
    }
    let is_ours = object.get(Attr::Owner).is_none();
    object.set_some(Attr::Grants, draft.scope.roles.grants(owner, is_ours, &row.texts("acl")?, &default)?);
    draft.add(id, Address::new(Kind::Schema, [name]), object);
    Ok(())
}

fn add_extension(draft: &mut Draft, row: &Row) -> Result<()> {
    let id = CatalogId::new(class::EXTENSION, row.oid("oid")?);
    if draft.comments.get(&id).map(String::as_str) == row.maybe("usual_comment")? {
        draft.comments.remove(&id);
    }
    let mut object = Object::default();
    object.set(Attr::InSchema, row.text("schema")?).set(Attr::Version, row.text("version")?);
    draft.add(id, Address::new(Kind::Extension, [row.text("name")?]), object);
    Ok(())
}
