//! What agents declare when coordination is measured: the same for the same numbers.

use pleach_core::Declaration;
use pleach_core::state::Risk;
use serde_json::{Value as Json, json};

/// How many intents are on one table of the schema.
pub const A_TABLE: usize = 3;

/// How many tables of the schema nobody works on.
const LEFT_ALONE: usize = 20;

/// How many of the first standing intents are run: all that a measured change meets.
pub const RUN: usize = LEFT_ALONE * A_TABLE;

/// An intent to be declared.
#[derive(Debug, Clone)]
pub struct Declared {
    agent: String,
    feature: String,
    table: String,
    sql: String,
}

/// A schema whose tables have no schema in front of their names: confiture reads no other.
pub fn schema(tables: usize) -> String {
    crate::generate::schema(tables).replacen("CREATE SCHEMA shop;", "", 1).replace("shop.", "")
}

/// The intent of this number that is there before anything is measured. Three agents work on each
/// table, one table after the other, on different things; when the tables are used up, each makes a
/// table of its own. So a change meets as many others among 100,000 as among 100.
pub fn standing(tables: usize, number: usize) -> Declared {
    let table = number / A_TABLE;
    let (table, sql) = if table + LEFT_ALONE < tables {
        let sql = match number % A_TABLE {
            0 => format!("ALTER TABLE t{table} ADD COLUMN note{number} text"),
            1 => format!("ALTER TABLE t{table} ALTER COLUMN quantity SET DEFAULT 1"),
            _ => format!("ALTER TABLE t{table} ADD CONSTRAINT t{table}_amount_check CHECK (amount >= 0)"),
        };
        (format!("t{table}"), sql)
    } else {
        (format!("made{number}"), made(&format!("made{number}")))
    };
    Declared::new(format!("standing-{number:06}"), table, sql)
}

/// A change of a table that nobody else works on.
pub fn alone(tables: usize, round: usize) -> Declared {
    let table = format!("t{}", tables - 1 - round % LEFT_ALONE);
    let sql = format!("ALTER TABLE {table} ADD COLUMN probe{round} text");
    Declared::new(format!("alone-{round:06}"), table, sql)
}

/// A change of a table that three others work on.
pub fn among_three(round: usize) -> Declared {
    let table = format!("t{}", round % LEFT_ALONE);
    let sql = format!("ALTER TABLE {table} ADD COLUMN probe{round} text");
    Declared::new(format!("among-{round:06}"), table, sql)
}

/// Changes of which every pair collides: each gives the same column another type.
pub fn all_on_one(tables: usize, round: usize, agents: usize) -> Vec<Declared> {
    let table = format!("t{}", tables - 1 - round % LEFT_ALONE);
    let one = |agent: usize| {
        let sql = format!("ALTER TABLE {table} ALTER COLUMN email TYPE varchar({})", 300 + agent);
        Declared::new(format!("race-{round:03}-{agent:03}"), table.clone(), sql)
    };
    (0..agents).map(one).collect()
}

/// Changes of which none collides with another.
pub fn each_on_its_own(round: usize, agents: usize) -> Vec<Declared> {
    let one = |agent: usize| {
        let table = format!("own{round}_{agent}");
        Declared::new(format!("apart-{round:03}-{agent:03}"), table.clone(), made(&table))
    };
    (0..agents).map(one).collect()
}

fn made(table: &str) -> String {
    format!("CREATE TABLE {table} (id bigint PRIMARY KEY, at timestamptz NOT NULL, note text)")
}

impl Declared {
    fn new(name: String, table: String, sql: String) -> Self {
        Self { agent: format!("agent-{name}"), feature: name, table, sql }
    }

    /// For Pleach.
    pub fn declaration(&self, execute: bool, branch: bool) -> Declaration {
        Declaration {
            agent_id: self.agent.clone(),
            agent_type: None,
            feature_name: self.feature.clone(),
            schema_changes: self.sql.clone(),
            tables_affected: vec![self.table.clone()],
            risk_level: Risk::Low,
            estimated_hours: None,
            metadata: json!({}),
            depends_on: Vec::new(),
            branch: if branch { None } else { Some(None) },
            execute,
        }
    }

    /// For confiture.
    pub fn json(&self) -> Json {
        json!({ "agent": self.agent, "feature": self.feature, "table": self.table, "sql": self.sql })
    }
}
