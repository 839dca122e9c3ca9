//! What need not be built again: indexes that become constraints, and what PostgreSQL changes in
//! the catalog alone.

use super::Style;
use super::order::is_foreign_key;
use crate::Change;
use crate::online::index_behind;
use pg_query::NodeEnum;
use pg_query::protobuf::{DefElem, FunctionParameter, FunctionParameterMode, IndexStmt, Token};
use pleach_schema::{Address, Attr, Kind, Object, Tree, Value};
use std::collections::BTreeMap;

/// The first tree without the unique indexes that become constraints, which take them over.
pub(super) fn adopt(from: &Tree, to: &Tree, style: &Style) -> Option<(Tree, Style)> {
    let mut adopted = (from.clone(), style.clone());
    for (address, entry) in to.iter().filter(|(address, _)| address.kind == Kind::Constraint) {
        let new = from.address(entry.lineage).is_none() && !style.adopts.contains_key(address);
        if let Some(index) = Some(address).filter(|_| new).and_then(|address| adoptable(&adopted.0, to, address)) {
            adopted.0.remove(&index);
            adopted.1.adopts.insert(address.clone(), index.name().to_owned());
        }
    }
    (adopted.1 != *style).then_some(adopted)
}

/// The index of the first tree that a new unique or primary key can take over, because it goes and
/// is just what the key needs.
pub(crate) fn adoptable(from: &Tree, to: &Tree, key: &Address) -> Option<Address> {
    let object = to.object(key)?;
    let is_key = matches!(object.text(Attr::ConstraintType), Some("unique" | "primary key"));
    let plain = [Attr::AttachedTo, Attr::Options, Attr::Tablespace].iter().all(|attr| object.get(*attr).is_none());
    let (table, now) = to.parent(key).and_then(|table| Some((to.lineage(&table)?, table)))?;
    let (old, was) = from.find(table)?;
    let is = to.object(&now)?;
    let stays =
        [Attr::PartitionKey, Attr::OfType].iter().all(|attr| was.get(*attr).is_none() && is.get(*attr).is_none());
    if !is_key || !plain || !stays {
        return None;
    }
    let definition = index_behind(object.text(Attr::Definition)?, "")?;
    let serves = |index: &Object| {
        index.is(Attr::Unique)
            && !index.is(Attr::Invalid)
            && [Attr::AttachedTo, Attr::Tablespace].iter().all(|attr| index.get(*attr).is_none())
            && index.text(Attr::Definition) == Some(&definition)
    };
    let mut indexes = from.parts(&old.path, Kind::Index);
    // What an online plan built on its way is for that plan to use, when the rest is there.
    let own = |index: &Address| index.name().starts_with(crate::online::BESIDE);
    let found =
        indexes.find(|(index, entry)| !own(index) && to.address(entry.lineage).is_none() && serves(&entry.object));
    found.map(|(index, _)| index.clone())
}

/// For a foreign key that differs in when it is checked and in nothing else: what to say of it.
pub(super) fn deferral(change: &Change) -> Option<&'static str> {
    let (Some((_, old)), Some((_, new))) = (&change.from, &change.to) else { return None };
    let (old_rest, was) = without_deferral(old.text(Attr::Definition)?)?;
    let (new_rest, is) = without_deferral(new.text(Attr::Definition)?)?;
    (is_foreign_key(old) && is_foreign_key(new) && old_rest == new_rest && was != is).then_some(is)
}

/// A constraint's definition without its end, and what that says.
fn without_deferral(definition: &str) -> Option<(&str, &'static str)> {
    let tokens = pg_query::scan(definition).ok()?.tokens;
    let Some(at) = tokens.iter().position(|token| token.token() == Token::Deferrable) else {
        return Some((definition, "NOT DEFERRABLE"));
    };
    let words: Vec<Token> = tokens[at..].iter().map(|token| token.token()).collect();
    let says = match words.as_slice() {
        [_] => "DEFERRABLE",
        [_, Token::Initially, Token::Deferred] => "DEFERRABLE INITIALLY DEFERRED",
        _ => return None,
    };
    Some((definition.get(..tokens[at].start as usize)?.trim_end(), says))
}

/// For a view whose columns have the types that they had: those with another name, as SQL.
pub(super) fn renamed_columns(change: &Change) -> Option<Vec<(String, String)>> {
    let (Some((_, old)), Some((_, new))) = (&change.from, &change.to) else { return None };
    let split = |shown: &String| {
        let end = pg_query::scan(shown).ok()?.tokens.first()?.end as usize;
        Some((shown.get(..end)?.to_owned(), shown.get(end..)?.to_owned()))
    };
    let columns = |object: &Object| object.derived.columns.iter().map(split).collect::<Option<Vec<_>>>();
    let (old, new) = (columns(old)?, columns(new)?);
    let pairs = || old.iter().zip(&new);
    let renamed = || pairs().filter(|(was, is)| was.0 != is.0);
    let is_free = |name: &str| old.iter().all(|(was, _)| was != name);
    let same_types = old.len() <= new.len() && pairs().all(|(was, is)| was.1 == is.1);
    let fits = same_types && renamed().next().is_some() && renamed().all(|(_, is)| is_free(&is.0));
    fits.then(|| renamed().map(|(was, is)| (was.0.clone(), is.0.clone())).collect())
}

/// Whether a routine's arguments only get names and defaults that they had not, or other defaults:
/// what `CREATE OR REPLACE` takes.
pub(super) fn only_adds_defaults(change: &Change) -> bool {
    let (Some((_, old)), Some((_, new))) = (&change.from, &change.to) else { return false };
    let (Some(old), Some(new)) = (parameters(old), parameters(new)) else { return false };
    let takes = |was: &FunctionParameter, is: &FunctionParameter| {
        let is_input = matches!(
            was.mode(),
            FunctionParameterMode::FuncParamIn
                | FunctionParameterMode::FuncParamDefault
                | FunctionParameterMode::FuncParamVariadic
        );
        let same_name = was.name == is.name || is_input && was.name.is_empty();
        let keeps_default = was.defexpr.is_none() || is.defexpr.is_some();
        was.mode == is.mode && same_name && keeps_default && type_of(was).is_some() && type_of(was) == type_of(is)
    };
    old.len() == new.len() && old.iter().zip(&new).all(|(was, is)| takes(was, is))
}

fn parameters(object: &Object) -> Option<Vec<FunctionParameter>> {
    let arguments = object.text(Attr::Arguments).unwrap_or_default();
    let sql = format!("CREATE FUNCTION f({arguments}) RETURNS record LANGUAGE sql AS ''");
    let NodeEnum::CreateFunctionStmt(statement) = only_statement(&sql)? else { return None };
    let parameters = statement.parameters.into_iter().map(|node| match node.node {
        Some(NodeEnum::FunctionParameter(parameter)) => Some(*parameter),
        _ => None,
    });
    parameters.collect()
}

/// A parameter's type as SQL.
fn type_of(parameter: &FunctionParameter) -> Option<String> {
    let mut bare = parameter.clone();
    (bare.name, bare.defexpr) = (String::new(), None);
    let node = pg_query::protobuf::Node { node: Some(NodeEnum::FunctionParameter(Box::new(bare))) };
    let statement = pg_query::protobuf::CreateFunctionStmt {
        funcname: vec![pg_query::protobuf::Node {
            node: Some(NodeEnum::String(pg_query::protobuf::String { sval: "f".to_owned() })),
        }],
        parameters: vec![node],
        ..Default::default()
    };
    NodeEnum::CreateFunctionStmt(Box::new(statement)).deparse(pg_query::DeparseOptions::default()).ok()
}

fn only_statement(sql: &str) -> Option<NodeEnum> {
    let mut statements = pg_query::parse(sql, pg_query::ParserOptions::default()).ok()?.protobuf.stmts;
    statements.pop()?.stmt?.node
}

type Options = BTreeMap<String, Value>;

/// For an index that differs in its storage options and in nothing else: those before and after.
/// PostgreSQL changes none of the index of a partitioned table.
pub(super) fn storage_options(from: &Tree, change: &Change) -> Option<(Options, Options)> {
    let (Some((address, old)), Some((_, new))) = (&change.from, &change.to) else { return None };
    if from.is_of_partitioned(address) {
        return None;
    }
    let (mut was, mut is) = (index_statement(old)?, index_statement(new)?);
    let options = (options(&std::mem::take(&mut was.options))?, options(&std::mem::take(&mut is.options))?);
    let written = |statement: IndexStmt| {
        NodeEnum::IndexStmt(Box::new(statement)).deparse(pg_query::DeparseOptions::default()).ok()
    };
    (options.0 != options.1 && written(was)? == written(is)?).then_some(options)
}

fn index_statement(object: &Object) -> Option<IndexStmt> {
    let sql = format!("CREATE INDEX i ON t {}", object.text(Attr::Definition)?);
    match only_statement(&sql)? {
        NodeEnum::IndexStmt(statement) => Some(*statement),
        _ => None,
    }
}

fn options(list: &[pg_query::protobuf::Node]) -> Option<Options> {
    let value = |option: &DefElem| match &option.arg.as_ref()?.node.as_ref()? {
        NodeEnum::String(text) => Some(text.sval.clone()),
        NodeEnum::Integer(number) => Some(number.ival.to_string()),
        NodeEnum::Float(number) => Some(number.fval.clone()),
        NodeEnum::TypeName(name) => match &name.names.last()?.node.as_ref()? {
            NodeEnum::String(text) => Some(text.sval.clone()),
            _ => None,
        },
        _ => None,
    };
    let named = list.iter().map(|node| match &node.node {
        Some(NodeEnum::DefElem(option)) => Some((option.defname.clone(), Value::from(value(option)?))),
        _ => None,
    });
    named.collect()
}
