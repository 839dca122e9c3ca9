//! Queries: what they read, with names resolved as PostgreSQL resolves them.

use super::Access;
use super::names::{cut, string, strings};
use super::scene::{Rel, Scene};
use pg_query::NodeEnum;
use pg_query::protobuf::{Alias, CommonTableExpr, JoinExpr, Node, RangeVar, SelectStmt, WithClause};
use pleach_schema::{Address, Kind};

/// Whether something runs now, or is only written down for later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It runs: rows are read as they are.
    Runs,
    /// It is a definition: rows do not matter yet.
    Defines,
}

/// What a FROM clause brings in.
#[derive(Debug, Clone, Default)]
pub(super) struct Source {
    pub alias: String,
    pub rel: Option<Rel>,
    /// The columns of what is no relation, as far as they are known.
    pub columns: Option<Vec<String>>,
}

/// What an expression sees.
#[derive(Debug, Default)]
pub(super) struct Scope<'p> {
    pub sources: Vec<Source>,
    pub ctes: Vec<(String, Option<Vec<String>>)>,
    pub outer: Option<&'p Scope<'p>>,
}

impl Scope<'_> {
    /// A scope with one relation under its own name.
    pub(super) fn of(rel: &Rel) -> Scope<'static> {
        Scope { sources: vec![Source::of(rel, None)], ..Scope::default() }
    }

    /// The source of this alias, from the inside out.
    pub(super) fn source(&self, alias: &str) -> Option<&Source> {
        let here = self.sources.iter().find(|source| source.alias == alias);
        here.or_else(|| self.outer?.source(alias))
    }

    /// The source that is this relation and has no other alias.
    pub(super) fn relation(&self, schema: &str, name: &str) -> Option<&Source> {
        let is_it = |source: &&Source| {
            let rel = source.rel.as_ref().filter(|_| source.alias == name);
            rel.is_some_and(|rel| rel.address.schema() == Some(schema) || schema.is_empty())
        };
        self.sources.iter().find(is_it).or_else(|| self.outer?.relation(schema, name))
    }

    fn cte(&self, name: &str) -> Option<&Option<Vec<String>>> {
        let here = self.ctes.iter().rev().find(|(cte, _)| cte == name).map(|(_, columns)| columns);
        here.or_else(|| self.outer?.cte(name))
    }
}

impl Source {
    /// A relation, under an alias if it has one.
    pub(super) fn of(rel: &Rel, alias: Option<&Alias>) -> Self {
        let alias = alias.map_or_else(|| rel.address.name().to_owned(), |alias| alias.aliasname.clone());
        Self { alias, rel: Some(rel.clone()), columns: None }
    }
}

impl Scene<'_> {
    /// Any query or statement on rows; the names of its columns, as far as they are known.
    pub(super) fn query(&mut self, node: &NodeEnum, outer: Option<&Scope<'_>>, how: Use) -> Option<Vec<String>> {
        match node {
            NodeEnum::SelectStmt(select) => self.select(select, outer, how),
            NodeEnum::InsertStmt(insert) => self.insert(insert, outer, how),
            NodeEnum::UpdateStmt(update) => self.update(update, outer, how),
            NodeEnum::DeleteStmt(delete) => self.delete(delete, outer, how),
            NodeEnum::MergeStmt(merge) => self.merge(merge, outer, how),
            NodeEnum::ReturnStmt(result) => {
                let scope = Scope { outer: reborrow(outer), ..Scope::default() };
                self.expression(result.returnval.as_deref(), &scope, how);
                None
            }
            _ => None,
        }
    }

    pub(super) fn select(&mut self, select: &SelectStmt, outer: Option<&Scope<'_>>, how: Use) -> Option<Vec<String>> {
        let mut scope = Scope { outer: reborrow(outer), ..Scope::default() };
        self.with(select.with_clause.as_ref(), &mut scope, how);
        if let (Some(left), Some(right)) = (&select.larg, &select.rarg) {
            let columns = self.select(left, Some(&scope), how);
            self.select(right, Some(&scope), how);
            // ORDER BY of a set operation names its columns.
            scope.sources.push(Source { columns: columns.clone(), ..Source::default() });
            self.expressions(&select.sort_clause, &scope, how);
            self.expression(select.limit_count.as_deref(), &scope, how);
            self.expression(select.limit_offset.as_deref(), &scope, how);
            return columns;
        }
        self.from(&select.from_clause, &mut scope, how);
        let columns = self.output(&select.target_list, &scope);
        self.expressions(&select.target_list, &scope, how);
        self.expression(select.where_clause.as_deref(), &scope, how);
        self.expressions(&select.values_lists, &scope, how);
        self.expression(select.having_clause.as_deref(), &scope, how);
        self.expressions(&select.window_clause, &scope, how);
        self.expressions(&select.distinct_clause, &scope, how);
        self.expression(select.limit_count.as_deref(), &scope, how);
        self.expression(select.limit_offset.as_deref(), &scope, how);
        // These may name what is selected: ORDER BY before it looks for a column, GROUP BY after.
        let named = columns.clone().unwrap_or_default();
        for node in &select.group_clause {
            let output = output_name(node).filter(|name| named.iter().any(|column| column == name));
            if output.is_none_or(|name| self.has_column(&scope, name)) {
                self.expression(Some(node), &scope, how);
            }
        }
        for node in &select.sort_clause {
            if output_name(node).is_none_or(|name| !named.iter().any(|column| column == name)) {
                self.expression(Some(node), &scope, how);
            }
        }
        if !select.values_lists.is_empty() && select.target_list.is_empty() {
            let first = select.values_lists.first().and_then(|list| list.node.as_ref());
            let count = if let Some(NodeEnum::List(list)) = first { list.items.len() } else { 0 };
            return Some((1..=count).map(|number| format!("column{number}")).collect());
        }
        columns
    }

    /// The WITH clause: its queries see those before them, and themselves if they recurse.
    pub(super) fn with(&mut self, with: Option<&WithClause>, scope: &mut Scope<'_>, how: Use) {
        let Some(with) = with else { return };
        for node in &with.ctes {
            let Some(NodeEnum::CommonTableExpr(cte)) = &node.node else { continue };
            let aliases: Vec<String> = strings(&cte.aliascolnames).into_iter().map(str::to_owned).collect();
            if with.recursive {
                let columns = (!aliases.is_empty()).then(|| aliases.clone());
                scope.ctes.push((cte.ctename.clone(), columns));
            }
            let columns = self.cte(cte, scope, how);
            let columns = if aliases.is_empty() { columns } else { Some(aliases) };
            let columns = if cte.search_clause.is_some() || cte.cycle_clause.is_some() { None } else { columns };
            scope.ctes.push((cte.ctename.clone(), columns));
        }
    }

    fn cte(&mut self, cte: &CommonTableExpr, scope: &Scope<'_>, how: Use) -> Option<Vec<String>> {
        let query = cte.ctequery.as_ref()?.node.as_ref()?;
        self.query(query, Some(scope), how)
    }

    /// The FROM clause.
    pub(super) fn from(&mut self, items: &[Node], scope: &mut Scope<'_>, how: Use) {
        for item in items {
            self.read_item(item, scope, how);
        }
    }

    pub(super) fn read_item(&mut self, item: &Node, scope: &mut Scope<'_>, how: Use) {
        match &item.node {
            Some(NodeEnum::RangeVar(relation)) => {
                let source = self.table_source(relation, scope, how);
                scope.sources.push(source);
            }
            Some(NodeEnum::RangeSubselect(sub)) => {
                let query = sub.subquery.as_ref().and_then(|query| query.node.as_ref());
                let columns = query.and_then(|query| self.query(query, Some(scope), how));
                scope.sources.push(named(sub.alias.as_ref(), columns));
            }
            Some(NodeEnum::RangeFunction(function)) => {
                self.expressions(&function.functions, scope, how);
                self.expressions(&function.coldeflist, scope, how);
                let mut source = named(function.alias.as_ref(), None);
                if source.alias.is_empty() {
                    source.alias = function_name(&function.functions).unwrap_or_default();
                }
                scope.sources.push(source);
            }
            Some(NodeEnum::RangeTableFunc(table)) => {
                self.expression(table.docexpr.as_deref(), scope, how);
                self.expression(table.rowexpr.as_deref(), scope, how);
                self.expressions(&table.namespaces, scope, how);
                self.expressions(&table.columns, scope, how);
                scope.sources.push(named(table.alias.as_ref(), None));
            }
            Some(NodeEnum::JsonTable(table)) => {
                table.context_item.iter().for_each(|value| self.json_value(value, scope, how));
                self.expressions(&table.passing, scope, how);
                self.expressions(&table.columns, scope, how);
                scope.sources.push(named(table.alias.as_ref(), None));
            }
            Some(NodeEnum::RangeTableSample(sample)) => {
                if let Some(relation) = &sample.relation {
                    self.read_item(relation, scope, how);
                }
                self.expressions(&sample.args, scope, how);
            }
            Some(NodeEnum::JoinExpr(join)) => self.join(join, scope, how),
            Some(_) => self.opaque("a part of a FROM clause that is not known", None, Access::Read, true),
            None => {}
        }
    }

    fn join(&mut self, join: &JoinExpr, scope: &mut Scope<'_>, how: Use) {
        let start = scope.sources.len();
        for side in join.larg.iter().chain(&join.rarg) {
            self.read_item(side, scope, how);
        }
        let joined: Vec<Source> = scope.sources.get(start..).unwrap_or_default().to_vec();
        if join.is_natural {
            for rel in joined.iter().filter_map(|source| source.rel.clone()) {
                self.whole_row(&rel, how);
            }
        }
        for name in join.using_clause.iter().filter_map(string) {
            for rel in joined.iter().filter_map(|source| source.rel.clone()) {
                if let Some(column) = self.column(&rel.address, name) {
                    self.read_column(&column, how, false);
                }
            }
        }
        self.expression(join.quals.as_deref(), scope, how);
        if let Some(alias) = &join.alias {
            // Under this name all of them are one.
            scope.sources.push(Source { alias: alias.aliasname.clone(), rel: None, columns: None });
        }
    }

    /// A name in a FROM clause: a WITH query, or a relation.
    fn table_source(&mut self, relation: &RangeVar, scope: &Scope<'_>, how: Use) -> Source {
        if relation.schemaname.is_empty() {
            if let Some(columns) = scope.cte(&relation.relname) {
                let mut source = named(relation.alias.as_ref(), columns.clone());
                if source.alias.is_empty() {
                    relation.relname.clone_into(&mut source.alias);
                }
                return source;
            }
            if self.variables.contains(&format!("table {}", relation.relname)) {
                // A trigger's transition table: the rows of the table that fired it.
                self.row_fields.push("*".to_owned());
                return Source { alias: relation.relname.clone(), rel: None, columns: None };
            }
        }
        let rel = self.relation(relation, Kind::Table);
        self.read_relation(&rel, how);
        let mut source = Source::of(&rel, relation.alias.as_ref());
        if relation.alias.as_ref().is_some_and(|alias| !alias.colnames.is_empty()) {
            // Its columns go by other names, so all of them count.
            self.whole_row(&rel, how);
            source.rel = None;
        } else if rel.known && self.columns(&rel.address).is_empty() {
            source.rel = None;
        }
        source
    }

    /// Notes that a relation is read, with what is behind it.
    pub(super) fn read_relation(&mut self, rel: &Rel, how: Use) {
        let attribute = (how == Use::Runs).then_some("rows");
        self.note(&rel.address, Access::Read, attribute, |touch| touch.missing = !rel.known);
        if how == Use::Runs {
            for table in self.descendants(&rel.address).into_iter().skip(1) {
                self.imply(&table, Access::Read, attribute);
            }
            self.read_behind(&rel.address);
        }
    }

    /// The rows that a view shows are those of other relations.
    fn read_behind(&mut self, view: &Address) {
        if view.kind != Kind::View {
            return;
        }
        let mut all = vec![view.clone()];
        let mut at = 0;
        while let Some(next) = all.get(at).cloned() {
            at += 1;
            let Some(object) = self.object(&next) else { continue };
            for used in &object.derived.references {
                let is_rows = matches!(used.kind, Kind::Table | Kind::Column | Kind::MaterializedView | Kind::View);
                if is_rows && !all.contains(used) {
                    self.imply(used, Access::Read, Some("rows"));
                    if used.kind == Kind::View {
                        all.push(used.clone());
                    }
                } else if used.kind.is_routine() {
                    self.imply(used, Access::Read, Some("rows"));
                }
            }
        }
    }

    /// Whether a relation in this FROM clause has the column.
    fn has_column(&self, scope: &Scope<'_>, name: &str) -> bool {
        let mut relations = scope.sources.iter().filter_map(|source| source.rel.as_ref());
        relations.any(|rel| self.column(&rel.address, name).is_some())
    }

    /// The names of what a list of targets gives, if all are known.
    pub(super) fn output(&self, targets: &[Node], scope: &Scope<'_>) -> Option<Vec<String>> {
        let mut names = vec![];
        for target in targets {
            let Some(NodeEnum::ResTarget(target)) = &target.node else { return None };
            let value = target.val.as_ref().and_then(|value| value.node.as_ref());
            if !target.name.is_empty() {
                names.push(cut(&target.name).to_owned());
                continue;
            }
            match value {
                Some(NodeEnum::ColumnRef(column))
                    if matches!(column.fields.last().map(|f| &f.node), Some(Some(NodeEnum::AStar(_)))) =>
                {
                    let of = strings(&column.fields);
                    for source in &scope.sources {
                        if of.last().is_none_or(|of| *of == source.alias) {
                            match (&source.rel, &source.columns) {
                                (Some(rel), _) if rel.known => names.extend(self.columns(&rel.address)),
                                (None, Some(columns)) => names.extend(columns.iter().cloned()),
                                _ => return None,
                            }
                        }
                    }
                }
                Some(value) => names.push(figure_name(value).unwrap_or("?column?").to_owned()),
                None => return None,
            }
        }
        Some(names)
    }
}

/// A shorter lease of the scope around.
fn reborrow<'s>(outer: Option<&'s Scope<'_>>) -> Option<&'s Scope<'s>> {
    outer
}

fn named(alias: Option<&Alias>, columns: Option<Vec<String>>) -> Source {
    let Some(alias) = alias else { return Source { alias: String::new(), rel: None, columns } };
    let renamed = strings(&alias.colnames);
    let columns = match columns {
        Some(mut columns) => {
            for (column, name) in columns.iter_mut().zip(&renamed) {
                (*name).clone_into(column);
            }
            Some(columns)
        }
        None => None,
    };
    Source { alias: alias.aliasname.clone(), rel: None, columns }
}

/// The name of the function in a FROM clause, which is its alias.
fn function_name(functions: &[Node]) -> Option<String> {
    let NodeEnum::List(list) = functions.first()?.node.as_ref()? else { return None };
    let NodeEnum::FuncCall(call) = list.items.first()?.node.as_ref()? else { return None };
    strings(&call.funcname).last().map(|name| (*name).to_owned())
}

/// The plain name that an item of ORDER BY or GROUP BY is, which may be that of an output column.
fn output_name(node: &Node) -> Option<&str> {
    let inner = match &node.node {
        Some(NodeEnum::SortBy(sort)) => sort.node.as_ref().and_then(|node| node.node.as_ref()),
        other => other.as_ref(),
    };
    let Some(NodeEnum::ColumnRef(column)) = inner else { return None };
    match strings(&column.fields).as_slice() {
        [name] => Some(name),
        _ => None,
    }
}

fn inside(node: Option<&Node>) -> Option<&str> {
    node.and_then(|node| node.node.as_ref()).and_then(figure_name)
}

/// The name that PostgreSQL gives a column made of this expression.
pub(super) fn figure_name(node: &NodeEnum) -> Option<&str> {
    match node {
        NodeEnum::ColumnRef(column) => strings(&column.fields).last().copied(),
        NodeEnum::AIndirection(e) => {
            let field = e.indirection.iter().rev().find_map(string);
            field.or_else(|| inside(e.arg.as_deref()))
        }
        NodeEnum::FuncCall(call) => strings(&call.funcname).last().copied(),
        NodeEnum::TypeCast(cast) => {
            let of_type = || cast.type_name.as_ref().and_then(|name| strings(&name.names).last().copied());
            inside(cast.arg.as_deref()).or_else(of_type)
        }
        NodeEnum::CollateClause(e) => inside(e.arg.as_deref()),
        NodeEnum::GroupingFunc(_) => Some("grouping"),
        NodeEnum::CoalesceExpr(_) => Some("coalesce"),
        NodeEnum::MinMaxExpr(e) if e.op == pg_query::protobuf::MinMaxOp::IsLeast as i32 => Some("least"),
        NodeEnum::MinMaxExpr(_) => Some("greatest"),
        NodeEnum::AArrayExpr(_) => Some("array"),
        NodeEnum::RowExpr(_) => Some("row"),
        NodeEnum::CaseExpr(e) => inside(e.defresult.as_deref()).or(Some("case")),
        NodeEnum::SubLink(link) => match pg_query::protobuf::SubLinkType::try_from(link.sub_link_type) {
            Ok(pg_query::protobuf::SubLinkType::ExistsSublink) => Some("exists"),
            Ok(pg_query::protobuf::SubLinkType::ArraySublink) => Some("array"),
            Ok(pg_query::protobuf::SubLinkType::ExprSublink) => {
                let NodeEnum::SelectStmt(select) = link.subselect.as_ref()?.node.as_ref()? else { return None };
                let NodeEnum::ResTarget(target) = select.target_list.first()?.node.as_ref()? else { return None };
                if target.name.is_empty() { inside(target.val.as_deref()) } else { Some(&target.name) }
            }
            _ => None,
        },
        NodeEnum::AExpr(e) if e.kind == pg_query::protobuf::AExprKind::AexprNullif as i32 => Some("nullif"),
        _ => None,
    }
}
