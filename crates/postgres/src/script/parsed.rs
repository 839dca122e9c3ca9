//! Statements as PostgreSQL's own parser reads them.

use pg_query::NodeEnum;
use pg_query::protobuf::CopyStmt;
use serde_json::Value;

/// SQL text as PostgreSQL 18's parser reads it.
#[derive(Debug, Clone)]
pub struct Parsed {
    statements: Vec<NodeEnum>,
}

impl Parsed {
    /// Parses one or more statements; nothing if the text is not PostgreSQL 18's SQL, or is nested
    /// too deeply to be looked at.
    pub fn of(sql: &str) -> Option<Self> {
        let tree = pg_query::parse(sql, pg_query::ParserOptions::default()).ok()?.protobuf;
        let statements = tree.stmts.into_iter().filter_map(|raw| raw.stmt?.node).collect();
        Some(Self { statements })
    }

    /// The statements in their order.
    pub fn statements(&self) -> &[NodeEnum] {
        &self.statements
    }

    /// The statement, if the text holds exactly one.
    pub fn single(&self) -> Option<&NodeEnum> {
        match self.statements.as_slice() {
            [statement] => Some(statement),
            _ => None,
        }
    }
}

/// Whether the rows of this statement come over the connection: `COPY … FROM stdin`.
pub(super) fn copies_from_stdin(sql: &str) -> bool {
    first_word(sql).eq_ignore_ascii_case("copy")
        && Parsed::of(sql).is_some_and(|parsed| {
            matches!(parsed.single(), Some(NodeEnum::CopyStmt(copy)) if copy.is_from && is_over_connection(copy))
        })
}

/// Whether the rows of a COPY travel over the connection, and not to or from the server's files.
pub(super) fn is_over_connection(copy: &CopyStmt) -> bool {
    copy.filename.is_empty() && !copy.is_program
}

/// Whether the statement can be told apart by its first word as one that only handles rows: such
/// statements may be many and long, and nothing else about them needs to be known.
pub(super) fn only_handles_rows(sql: &str) -> bool {
    ["insert", "update", "delete", "merge"].iter().any(|word| first_word(sql).eq_ignore_ascii_case(word))
}

/// The leading letters of the text, which are the first keyword where no comment stands before it.
fn first_word(sql: &str) -> &str {
    &sql[..sql.bytes().take_while(u8::is_ascii_alphabetic).count()]
}

/// The parse tree of a statement as generic data, for questions about nodes wherever they stand.
pub(super) fn generic(node: &NodeEnum) -> Value {
    serde_json::to_value(node).unwrap_or_default()
}

/// Calls `visit` on every object inside `value`, with the name it has in its parent, outermost
/// first.
pub(super) fn each_object<'a>(
    value: &'a Value,
    name: &'a str,
    visit: &mut dyn FnMut(&'a str, &'a serde_json::Map<String, Value>),
) {
    match value {
        Value::Object(object) => {
            visit(name, object);
            for (name, value) in object {
                each_object(value, name, visit);
            }
        }
        Value::Array(items) => {
            for item in items {
                each_object(item, name, visit);
            }
        }
        _ => {}
    }
}
