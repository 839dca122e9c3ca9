//! A state database with something in it, and schemas of any size.

use crate::support::Server;
use pleach_core::state::{
    Branch, DataStep, NewBranch, NewCommit, Project, Purpose, State, branches, commits, databases, projects, trees,
};
use pleach_schema::{Address, Attr, Entry, Hash, Kind, Lineage, Object, Tree};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// A state database with a project, and connections to it.
pub struct Fixture {
    pub server: &'static Server,
    pub database: String,
    pub state: State,
    pub project: Project,
}

impl Fixture {
    pub async fn new(server: &'static Server) -> Self {
        let database = server.database().await;
        let state = State::open(server.connect(&database).await).await.unwrap();
        let project = projects::create(state.client(), "shop", "owner", &json!({})).await.unwrap();
        Self { server, database, state, project }
    }

    pub async fn another(&self) -> State {
        State::open(self.server.connect(&self.database).await).await.unwrap()
    }

    /// A commit of a tree with so many tables, made from these parents.
    pub async fn commit(&self, message: &str, tables: usize, parents: &[Hash]) -> Hash {
        let db = self.state.client();
        let stored = trees::put_tree(db, &tree(tables), None).await.unwrap();
        let new = NewCommit { parents: parents.to_vec(), ..new_commit(message, stored.root, stored.content) };
        commits::insert(db, self.project.id, &new).await.unwrap().hash
    }

    pub async fn register(&self, name: &str, purpose: Purpose) {
        databases::register(self.state.client(), self.project.id, name, purpose, None).await.unwrap();
    }

    pub async fn branch(&self, name: &str, head: Hash) -> Branch {
        let database = format!("db {name}");
        self.register(&database, Purpose::Branch).await;
        branches::insert(self.state.client(), self.project.id, &new_branch(name, head, &database)).await.unwrap()
    }
}

pub fn new_commit(message: &str, root: Hash, tree: Hash) -> NewCommit {
    NewCommit {
        tree,
        root,
        parents: vec![],
        author: "ann".into(),
        message: message.into(),
        at: OffsetDateTime::UNIX_EPOCH + Duration::from_nanos(1_700_000_000_123_456_789),
        data_steps: vec![DataStep::new("fill", "update t set a = 1")],
    }
}

pub fn new_branch(name: &str, head: Hash, database: &str) -> NewBranch {
    NewBranch {
        name: name.into(),
        head,
        database: database.into(),
        created_by: "ann".into(),
        created_from: Some("main".into()),
        data_taken_at: OffsetDateTime::UNIX_EPOCH,
        clone_way: "template".into(),
    }
}

/// A schema of so many tables, each with eight columns, two indexes, a primary and a foreign key,
/// and a view for every tenth.
pub fn tree(tables: usize) -> Tree {
    let mut tree = Tree::default();
    let mut number = 0u128;
    let mut add = |kind: Kind, path: &[&str], set: &dyn Fn(&mut Object)| {
        number += 1;
        let mut object = Object::default();
        set(&mut object);
        let lineage = Lineage(Uuid::from_u128(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)));
        let entry = Entry { lineage, object: Arc::new(object) };
        tree.insert(Address::new(kind, path.iter().copied()), entry).unwrap();
    };
    add(Kind::Schema, &["public"], &|_| ());
    for i in 0..tables {
        let table = format!("table_{i:05}");
        let at = |name: &'static str| ["public", table.as_str(), name];
        add(Kind::Table, &["public", &table], &|o| {
            o.set(Attr::Comment, "what it is for");
        });
        let columns =
            ["id", "parent_id", "name", "email", "created_at", "updated_at", "amount", "state"].iter().zip(1..);
        for (name, position) in columns {
            add(Kind::Column, &at(name), &|o| {
                o.set(Attr::Type, "timestamp with time zone").set(Attr::NotNull, true).set(Attr::Default, "now()");
                o.derived.position = Some(position);
            });
        }
        add(Kind::Constraint, &at("pkey"), &|o| {
            o.set(Attr::ConstraintType, "primary key").set(Attr::Definition, "PRIMARY KEY (id)");
        });
        add(Kind::Constraint, &at("fkey"), &|o| {
            o.set(Attr::ConstraintType, "foreign key");
            o.set(Attr::Definition, "FOREIGN KEY (parent_id) REFERENCES public.table_00000(id) ON DELETE CASCADE");
            o.derived.references.insert(Address::new(Kind::Constraint, ["public", "table_00000", "pkey"]));
        });
        for name in ["name_idx", "email_idx"] {
            add(Kind::Index, &at(name), &|o| {
                o.set(Attr::Definition, "USING btree (lower(name), created_at)");
            });
        }
        if i % 10 == 0 {
            let columns = ["id bigint", "name text", "amount numeric"].map(str::to_owned);
            add(Kind::View, &["public", &format!("view_{i:05}")], &|o| {
                o.set(Attr::Definition, format!("SELECT id, name, amount FROM public.{table} WHERE amount > 0"));
                o.derived.references.insert(Address::new(Kind::Column, at("amount")));
                o.derived.columns = columns.to_vec();
            });
        }
    }
    tree
}

/// The tree with another type for one column.
pub fn with_one_change(tree: &Tree) -> Tree {
    let mut changed = tree.clone();
    let address = Address::new(Kind::Column, ["public", "table_00001", "amount"]);
    let mut entry = changed.remove(&address).unwrap();
    Arc::make_mut(&mut entry.object).set(Attr::Type, "numeric(12,2)");
    changed.insert(address, entry).unwrap();
    changed
}

/// Everything a tree says, also what equality leaves out.
pub fn everything(tree: &Tree) -> Vec<String> {
    tree.iter().map(|(address, entry)| serde_json::to_string(&(address, entry)).unwrap()).collect()
}
