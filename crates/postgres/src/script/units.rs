//! A script as what is committed at once: so it can be run unit by unit, and gone on with.

use std::pin::pin;

use bytes::Bytes;
use futures_util::SinkExt;
use pg_query::NodeEnum;
use pg_query::protobuf::{ObjectType, RangeVar, TransactionStmtKind};
use tokio_postgres::Client;

use super::classify::{Transaction, transaction};
use super::meta::Variables;
use super::parsed::{Parsed, only_handles_rows};
use super::place::Place;
use super::reader::{Reader, Script, Step, open_file};
use super::refusal::{self, Refused};
use super::split::Statement;
use crate::{Class, Error, Result};

/// Statements that are committed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// How the script begins the transaction; `None` for a statement that stands alone.
    pub begin: Option<String>,
    /// The statements, without those that begin and end the transaction.
    pub pieces: Vec<Piece>,
}

/// A statement of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The statement.
    pub statement: Statement,
    /// The rows that a COPY sends.
    pub rows: Option<Vec<u8>>,
    /// How it goes with transactions.
    pub sort: Sort,
}

/// How a statement goes with transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sort {
    /// It can be in one.
    Ordinary,
    /// It sets or reads something and leaves nothing in the database.
    Setting,
    /// It can be in one unless it ends transactions itself: `DO`, `CALL`.
    Program,
    /// It builds an index beside the traffic.
    BuildIndex {
        /// The table, as SQL.
        table: String,
        /// The index; nothing where PostgreSQL is to choose a name.
        name: String,
    },
    /// It drops an index beside the traffic: this one, as SQL.
    DropIndex(String),
    /// It takes a partition off beside the traffic.
    Detach {
        /// The partitioned table, as SQL.
        table: String,
        /// The partition, as SQL.
        partition: String,
    },
    /// It cannot be in one, and does no harm when it runs twice.
    Alone,
}

/// The units of a script, in order.
///
/// # Errors
/// As for running it; `transaction_not_plain` where it does more with transactions than to begin
/// and to commit them.
pub fn units(script: &Script, variables: &Variables) -> Result<Vec<Unit>> {
    let mut reader = Reader::open(script, variables)?;
    let mut units: Vec<Unit> = Vec::new();
    // Where the transaction that is open was begun.
    let mut open: Option<Place> = None;
    while let Some(step) = reader.next()? {
        let (statement, rows) = match step {
            Step::Note(_) | Step::Remark(_) => continue,
            Step::Statement(statement) => (statement, None),
            Step::Copy(statement) => {
                let (mut rows, mut chunk) = (Vec::new(), Vec::new());
                while reader.copy_chunk(&mut chunk)? {
                    rows.append(&mut chunk);
                }
                (statement, Some(rows))
            }
            Step::CopyFile(statement, path) => {
                let mut rows = Vec::new();
                let read = std::io::Read::read_to_end(&mut open_file(&path)?, &mut rows);
                read.map_err(|error| Error::unreadable(&path, &error))?;
                (statement, Some(rows))
            }
        };
        let parsed = Parsed::of(&statement.sql).filter(|_| !only_handles_rows(&statement.sql));
        if let Some(parsed) = &parsed {
            reader.observe(parsed, &statement.place)?;
        }
        let node = parsed.as_ref().and_then(Parsed::single);
        match node.and_then(transaction) {
            Some(Transaction::Begins) if open.is_some() => {}
            Some(Transaction::Begins) => {
                open = Some(statement.place);
                units.push(Unit { begin: Some(statement.sql), pieces: Vec::new() });
            }
            Some(Transaction::Ends { chain: false }) if open.is_some() && node.is_some_and(commits) => open = None,
            Some(Transaction::Ends { .. }) => return Err(not_plain(&statement)),
            None => {
                let piece = Piece { sort: parsed.as_ref().map_or(Sort::Ordinary, sort), statement, rows };
                match units.last_mut().filter(|_| open.is_some()) {
                    Some(unit) => unit.pieces.push(piece),
                    None => units.push(Unit { begin: None, pieces: vec![piece] }),
                }
            }
        }
    }
    match open {
        Some(begun) => {
            let message = "the script begins a transaction and does not end it";
            Err(Error::new(Class::Input, "transaction_left_open", message)
                .on(begun.to_string())
                .hint("add COMMIT at the end"))
        }
        None => Ok(units.into_iter().filter(|unit| !unit.pieces.is_empty()).collect()),
    }
}

impl Unit {
    /// Whether it runs in a transaction of its own.
    pub fn is_transaction(&self) -> bool {
        self.begin.is_some() || self.pieces.iter().all(|piece| piece.sort == Sort::Ordinary)
    }

    /// What it sets for the statements after it, should it not run again.
    pub fn settings(&self) -> impl Iterator<Item = &Piece> {
        self.pieces.iter().filter(|piece| piece.sort == Sort::Setting)
    }
}

impl Piece {
    /// Runs it.
    ///
    /// # Errors
    /// What the server said; see [`Piece::explain`].
    pub async fn run(&self, client: &Client) -> Result<(), tokio_postgres::Error> {
        let Some(rows) = &self.rows else { return client.batch_execute(&self.statement.sql).await };
        let mut sink = pin!(client.copy_in(&self.statement.sql).await?);
        sink.send(Bytes::from(rows.clone())).await?;
        sink.finish().await.map(drop)
    }

    /// Says what an error of this statement means. No failed transaction may be open.
    pub async fn explain(&self, client: &Client, error: tokio_postgres::Error) -> Error {
        refusal::explain(client, Refused { error, statement: self.statement.clone(), rows: None }).await
    }
}

fn commits(node: &NodeEnum) -> bool {
    matches!(node, NodeEnum::TransactionStmt(it) if it.kind == TransactionStmtKind::TransStmtCommit as i32)
}

fn not_plain(statement: &Statement) -> Error {
    let message = "a script that can be gone on with only begins transactions and commits them";
    Error::new(Class::Input, "transaction_not_plain", format!("`{}`: {message}", statement.sql))
        .on(statement.place.to_string())
        .hint("leave out ROLLBACK, AND CHAIN and PREPARE TRANSACTION, and a COMMIT without BEGIN")
}

fn sort(parsed: &Parsed) -> Sort {
    match parsed.single() {
        // Statements joined by `\;` run as one.
        None if parsed.cannot_run_in_transaction() => Sort::Alone,
        None => Sort::Ordinary,
        Some(NodeEnum::DoStmt(_) | NodeEnum::CallStmt(_)) => Sort::Program,
        Some(NodeEnum::VariableSetStmt(set)) if set.is_local || set.name == "TRANSACTION" => Sort::Ordinary,
        Some(NodeEnum::VariableSetStmt(_) | NodeEnum::VariableShowStmt(_) | NodeEnum::DiscardStmt(_)) => Sort::Setting,
        Some(NodeEnum::SelectStmt(_)) if !parsed.is_data_change() => Sort::Setting,
        Some(NodeEnum::IndexStmt(index)) if index.concurrent => match &index.relation {
            Some(table) => Sort::BuildIndex { table: sql(table), name: index.idxname.clone() },
            None => Sort::Alone,
        },
        Some(NodeEnum::DropStmt(drop)) if drop.concurrent && drop.remove_type == ObjectType::ObjectIndex as i32 => {
            drop.objects.first().and_then(|object| names(object.node.as_ref()?)).map_or(Sort::Alone, Sort::DropIndex)
        }
        Some(NodeEnum::AlterTableStmt(alter)) if parsed.cannot_run_in_transaction() => {
            let partition = alter.cmds.iter().find_map(|command| {
                let Some(NodeEnum::AlterTableCmd(command)) = &command.node else { return None };
                match command.def.as_ref()?.node.as_ref()? {
                    NodeEnum::PartitionCmd(partition) => partition.name.as_ref().map(sql),
                    _ => None,
                }
            });
            match (&alter.relation, partition) {
                (Some(table), Some(partition)) => Sort::Detach { table: sql(table), partition },
                _ => Sort::Alone,
            }
        }
        Some(_) if parsed.cannot_run_in_transaction() => Sort::Alone,
        Some(_) => Sort::Ordinary,
    }
}

/// The name of a relation, as SQL.
fn sql(relation: &RangeVar) -> String {
    let parts = [&relation.schemaname, &relation.relname];
    pleach_schema::qualified(parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()))
}

/// A list of names, as SQL.
fn names(list: &NodeEnum) -> Option<String> {
    let NodeEnum::List(list) = list else { return None };
    let name = |item: &pg_query::Node| match item.node.as_ref()? {
        NodeEnum::String(name) => Some(name.sval.clone()),
        _ => None,
    };
    let names: Vec<String> = list.items.iter().map(name).collect::<Option<_>>()?;
    Some(pleach_schema::qualified(names.iter().map(String::as_str)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Unit> {
        units(&Script::text("m.sql", text), &Variables::new()).unwrap()
    }

    #[test]
    fn a_script_is_cut_where_it_commits() {
        let units = of("SET search_path TO '';
            BEGIN; SET LOCAL lock_timeout = '2s'; SET role = x; SAVEPOINT a; CREATE TABLE t (); COMMIT;
            BEGIN; COMMIT;
            ALTER TABLE t ADD a int;
            DO $$ BEGIN COMMIT; END $$;
            COPY t FROM stdin;\n1\n2\n\\.\n
            CREATE INDEX CONCURRENTLY \"I\" ON s.t (a);");
        let sorts: Vec<Vec<Sort>> =
            units.iter().map(|unit| unit.pieces.iter().map(|piece| piece.sort.clone()).collect()).collect();
        let index = Sort::BuildIndex { table: "s.t".to_owned(), name: "I".to_owned() };
        let inside = vec![Sort::Ordinary, Sort::Setting, Sort::Ordinary, Sort::Ordinary];
        let ordinary = || vec![Sort::Ordinary];
        assert_eq!(sorts, [vec![Sort::Setting], inside, ordinary(), vec![Sort::Program], ordinary(), vec![index]]);
        assert_eq!(units[1].settings().count(), 1);
        assert_eq!(units[4].pieces[0].rows.as_deref(), Some(b"1\n2\n".as_slice()));
        let transactions: Vec<bool> = units.iter().map(Unit::is_transaction).collect();
        assert_eq!(transactions, [false, true, true, false, true, false]);
    }

    #[test]
    fn what_runs_beside_the_traffic_is_known_by_its_names() {
        let sort = |sql: &str| of(sql)[0].pieces[0].sort.clone();
        assert_eq!(sort("DROP INDEX CONCURRENTLY a.\"B c\""), Sort::DropIndex("a.\"B c\"".to_owned()));
        let detach = Sort::Detach { table: "a.t".to_owned(), partition: "p".to_owned() };
        assert_eq!(sort("ALTER TABLE a.t DETACH PARTITION p CONCURRENTLY"), detach);
        assert_eq!(sort("VACUUM t"), Sort::Alone);
        assert_eq!(sort("SELECT set_config('search_path', '', false)"), Sort::Setting);
        assert_eq!(sort("SELECT setval('s', 3)"), Sort::Ordinary);
    }

    #[test]
    fn what_cannot_be_gone_on_with_is_refused() {
        let code = |text: &str| units(&Script::text("m.sql", text), &Variables::new()).unwrap_err().code;
        assert_eq!(code("BEGIN; CREATE TABLE t ();"), "transaction_left_open");
        for text in ["BEGIN; SELECT 1; ROLLBACK;", "COMMIT;", "BEGIN; COMMIT AND CHAIN; COMMIT;"] {
            assert_eq!(code(text), "transaction_not_plain", "{text}");
        }
    }
}
