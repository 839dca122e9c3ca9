//! What a script says to Pleach: comments that begin with `-- pleach:`.
//!
//! There is one: `-- pleach: renamed from NAME`. Behind something it speaks of what it stands
//! behind; alone on its line, of what comes next.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableType, ObjectType, RangeVar, Token};
use pleach_schema::Kind;

use super::place::Place;
use super::split::Statement;
use crate::{Class, Error, Result};

/// How such a comment begins, behind its dashes.
const MARK: &str = "pleach:";

/// What is said in it.
const RENAMED: &str = "renamed from";

/// A comment for Pleach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What it says, without the mark.
    pub text: String,
    /// Where it stands.
    pub place: Place,
    /// Where it stands among statements.
    pub spot: Spot,
}

/// Where a comment stands among statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// Between statements, on a line of its own.
    Before,
    /// In the line in which the last statement ends, behind it.
    Behind,
    /// Inside a statement.
    Inside {
        /// The byte of the statement's text at which it begins.
        offset: usize,
        /// Whether nothing else stands before it in its line.
        alone: bool,
    },
}

/// An object that is said to have had another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// Where that is said.
    pub place: Place,
    /// The old name, as it is written.
    pub old: String,
    /// What it is.
    pub kind: Kind,
    /// Its name, from the outside in; the schema may be missing.
    pub path: Vec<String>,
}

/// Whether the text of a line comment, its dashes included, is meant for Pleach.
pub(super) fn is_remark(comment: &[u8]) -> bool {
    let text = comment.strip_prefix(b"--").unwrap_or_default().trim_ascii_start();
    text.starts_with(MARK.as_bytes())
}

/// What is left of a comment without dashes and mark.
pub(super) fn text(comment: &str) -> String {
    let text = comment.trim_start_matches('-').trim();
    text.strip_prefix(MARK).unwrap_or(text).trim().to_owned()
}

/// Gathers what remarks say about the statements around them.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    waiting: Vec<Remark>,
    /// What the last statement made.
    last: Option<(Kind, Vec<String>)>,
}

impl Gathered {
    /// Takes a remark; one that stands behind a statement speaks of that.
    pub fn remark(&mut self, remark: Remark) -> Result<Option<Renamed>> {
        if remark.spot == Spot::Behind {
            return whole(&remark, self.last.clone()).map(Some);
        }
        self.waiting.push(remark);
        Ok(None)
    }

    /// Takes a statement: the remarks before and inside of it speak of it and its parts.
    pub fn statement(&mut self, statement: &Statement, node: Option<&NodeEnum>) -> Result<Vec<Renamed>> {
        let waiting = std::mem::take(&mut self.waiting);
        let renamed = waiting.iter().map(|remark| match remark.spot {
            Spot::Inside { offset, alone } => inside(remark, &statement.sql, node, offset, alone),
            Spot::Before | Spot::Behind => whole(remark, node.and_then(made)),
        });
        let renamed = renamed.collect();
        self.last = node.and_then(made);
        renamed
    }

    /// At the end of a script nothing may be left that speaks of something else.
    pub fn end(&mut self) -> Result<()> {
        self.last = None;
        match std::mem::take(&mut self.waiting).first() {
            Some(remark) => Err(unplaced(remark)),
            None => Ok(()),
        }
    }
}

/// The old name that a remark tells.
fn old_name(remark: &Remark) -> Result<String> {
    let name = remark.text.strip_prefix(RENAMED).map(str::trim).filter(|name| !name.is_empty());
    name.map(str::to_owned).ok_or_else(|| {
        Error::new(Class::Input, "remark_unknown", format!("`-- pleach: {}` is not understood", remark.text))
            .on(remark.place.to_string())
            .hint("write `-- pleach: renamed from NAME`, or take the comment out")
    })
}

/// A remark that speaks of the whole statement.
fn whole(remark: &Remark, made: Option<(Kind, Vec<String>)>) -> Result<Renamed> {
    let old = old_name(remark)?;
    let (kind, path) = made.ok_or_else(|| unplaced(remark))?;
    Ok(Renamed { place: remark.place.clone(), old, kind, path })
}

/// A remark inside of a statement: it speaks of one of the parts in its list, or of the whole.
fn inside(remark: &Remark, sql: &str, node: Option<&NodeEnum>, offset: usize, alone: bool) -> Result<Renamed> {
    let parts = node.map(parts).unwrap_or_default();
    let behind_list = parts.first().is_some_and(|first| list_end(sql, first.at).is_some_and(|end| offset > end));
    let part = match alone {
        true if behind_list => return Err(unplaced(remark)),
        true => Some(parts.iter().find(|part| part.at > offset).ok_or_else(|| unplaced(remark))?),
        false if behind_list => None,
        false => parts.iter().rev().find(|part| part.at < offset),
    };
    match part {
        Some(part) => {
            let (_, mut path) = node.and_then(made).ok_or_else(|| unplaced(remark))?;
            path.push(part.name.clone().ok_or_else(|| unplaced(remark))?);
            Ok(Renamed { place: remark.place.clone(), old: old_name(remark)?, kind: part.kind, path })
        }
        // In the first line, or where a list of parts says what belongs to what.
        None if !parts.is_empty() || !sql[..offset].contains('\n') => whole(remark, node.and_then(made)),
        None => Err(unplaced(remark)),
    }
}

fn unplaced(remark: &Remark) -> Error {
    Error::new(Class::Input, "remark_unplaced", "this comment stands where it speaks of nothing")
        .on(remark.place.to_string())
        .hint("put it behind the column or the first line of the CREATE statement it is about, or on a line before")
}

/// A part of a relation in a statement's list.
struct Part {
    kind: Kind,
    /// Without one it is a constraint that PostgreSQL will name.
    name: Option<String>,
    at: usize,
}

/// The columns, attributes and constraints in a statement's list, in order.
fn parts(node: &NodeEnum) -> Vec<Part> {
    let (elements, kind) = match node {
        NodeEnum::CreateStmt(create) => (&create.table_elts, Kind::Column),
        NodeEnum::CompositeTypeStmt(create) => (&create.coldeflist, Kind::Attribute),
        _ => return Vec::new(),
    };
    let part = |element: &NodeEnum| match element {
        NodeEnum::ColumnDef(column) => {
            Some(Part { kind, name: Some(column.colname.clone()), at: usize::try_from(column.location).ok()? })
        }
        NodeEnum::Constraint(constraint) => {
            let name = Some(constraint.conname.clone()).filter(|name| !name.is_empty());
            Some(Part { kind: Kind::Constraint, name, at: usize::try_from(constraint.location).ok()? })
        }
        _ => None,
    };
    let mut parts: Vec<Part> = elements.iter().filter_map(|element| part(element.node.as_ref()?)).collect();
    parts.sort_by_key(|part| part.at);
    parts
}

/// Where the list ends whose first element begins at `first`.
fn list_end(sql: &str, first: usize) -> Option<usize> {
    let tokens = pg_query::scan(sql).ok()?.tokens;
    let mut depth = 0;
    for token in tokens {
        let at = usize::try_from(token.start).ok()?;
        match Token::try_from(token.token) {
            Ok(Token::Ascii40) if at >= first => depth += 1,
            Ok(Token::Ascii41) if at >= first && depth == 0 => return Some(at),
            Ok(Token::Ascii41) if at >= first => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Kind and name of what a statement makes.
fn made(node: &NodeEnum) -> Option<(Kind, Vec<String>)> {
    let relation = |relation: &Option<RangeVar>| relation.as_ref().map(path_of);
    let of = |whole: &Option<RangeVar>, name: &str| {
        let mut path = path_of(whole.as_ref()?);
        path.push(name.to_owned());
        Some(path).filter(|_| !name.is_empty())
    };
    Some(match node {
        NodeEnum::CreateSchemaStmt(create) => (Kind::Schema, vec![create.schemaname.clone()]),
        NodeEnum::CreateStmt(create) => (Kind::Table, relation(&create.relation)?),
        NodeEnum::CreateTableAsStmt(create) => {
            let view = create.objtype() == ObjectType::ObjectMatview;
            let kind = if view { Kind::MaterializedView } else { Kind::Table };
            (kind, relation(&create.into.as_ref()?.rel)?)
        }
        NodeEnum::ViewStmt(create) => (Kind::View, relation(&create.view)?),
        NodeEnum::CreateSeqStmt(create) => (Kind::Sequence, relation(&create.sequence)?),
        NodeEnum::CompositeTypeStmt(create) => (Kind::Composite, relation(&create.typevar)?),
        NodeEnum::CreateEnumStmt(create) => (Kind::Enum, texts(&create.type_name)),
        NodeEnum::CreateDomainStmt(create) => (Kind::Domain, texts(&create.domainname)),
        NodeEnum::CreateRangeStmt(create) => (Kind::Range, texts(&create.type_name)),
        NodeEnum::CreateFunctionStmt(create) => {
            (if create.is_procedure { Kind::Procedure } else { Kind::Function }, texts(&create.funcname))
        }
        NodeEnum::DefineStmt(define) if define.kind() == ObjectType::ObjectAggregate => {
            (Kind::Aggregate, texts(&define.defnames))
        }
        NodeEnum::CreateStatsStmt(create) => (Kind::Statistics, texts(&create.defnames)),
        NodeEnum::CreateEventTrigStmt(create) => (Kind::EventTrigger, vec![create.trigname.clone()]),
        NodeEnum::IndexStmt(create) => (Kind::Index, of(&create.relation, &create.idxname)?),
        NodeEnum::CreateTrigStmt(create) => (Kind::Trigger, of(&create.relation, &create.trigname)?),
        NodeEnum::RuleStmt(create) => (Kind::Rule, of(&create.relation, &create.rulename)?),
        NodeEnum::CreatePolicyStmt(create) => (Kind::Policy, of(&create.table, &create.policy_name)?),
        NodeEnum::AlterTableStmt(alter) => {
            let [command] = alter.cmds.as_slice() else { return None };
            let Some(NodeEnum::AlterTableCmd(command)) = &command.node else { return None };
            let definition = command.def.as_ref().and_then(|def| def.node.as_ref());
            match (command.subtype(), definition) {
                (AlterTableType::AtAddColumn, Some(NodeEnum::ColumnDef(column))) => {
                    (Kind::Column, of(&alter.relation, &column.colname)?)
                }
                (AlterTableType::AtAddConstraint, Some(NodeEnum::Constraint(constraint))) => {
                    (Kind::Constraint, of(&alter.relation, &constraint.conname)?)
                }
                _ => return None,
            }
        }
        _ => return None,
    })
}

fn path_of(relation: &RangeVar) -> Vec<String> {
    let names = [&relation.schemaname, &relation.relname];
    names.into_iter().filter(|name| !name.is_empty()).cloned().collect()
}

fn texts(names: &[pg_query::Node]) -> Vec<String> {
    let text = |node: &pg_query::Node| match node.node.as_ref()? {
        NodeEnum::String(text) => Some(text.sval.clone()),
        _ => None,
    };
    names.iter().filter_map(text).collect()
}
