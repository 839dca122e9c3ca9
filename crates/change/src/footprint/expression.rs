//! Expressions: which columns, routines, types and relations they use.

use super::Access;
use super::names::{string, strings};
use super::query::{Scope, Use};
use super::scene::{Rel, Scene};
use pg_query::NodeEnum;
use pg_query::protobuf::{Node, a_const};
use pleach_schema::{Address, Kind};

/// Columns that every table has.
const SYSTEM_COLUMNS: [&str; 6] = ["tableoid", "ctid", "xmin", "cmin", "xmax", "cmax"];

impl Scene<'_> {
    /// Every expression of a list.
    pub(super) fn expressions(&mut self, nodes: &[Node], scope: &Scope<'_>, how: Use) {
        for node in nodes {
            self.expression(Some(node), scope, how);
        }
    }

    /// What an expression uses. Kinds of nodes that are not known make the statement opaque.
    pub(super) fn expression(&mut self, node: Option<&Node>, scope: &Scope<'_>, how: Use) {
        let Some(node) = node.and_then(|node| node.node.as_ref()) else { return };
        match node {
            NodeEnum::ColumnRef(column) => self.column_reference(&column.fields, scope, how),
            NodeEnum::FuncCall(call) => self.call(call, scope, how),
            NodeEnum::TypeCast(cast) => {
                if let Some(name) = &cast.type_name {
                    self.type_name(name);
                    self.enums.extend(self.find_user_type(name).filter(|found| found.kind == Kind::Enum));
                    self.named_by_text(cast.arg.as_deref(), name);
                }
                self.expression(cast.arg.as_deref(), scope, how);
            }
            NodeEnum::TypeName(name) => self.type_name(name),
            NodeEnum::AConst(constant) => {
                if let Some(a_const::Val::Sval(text)) = &constant.val {
                    self.literal(&text.sval);
                }
            }
            NodeEnum::SubLink(link) => {
                self.expression(link.testexpr.as_deref(), scope, how);
                self.sub_query(link.subselect.as_deref(), scope, how);
            }
            NodeEnum::SelectStmt(_)
            | NodeEnum::InsertStmt(_)
            | NodeEnum::UpdateStmt(_)
            | NodeEnum::DeleteStmt(_)
            | NodeEnum::MergeStmt(_) => {
                self.query(node, Some(scope), how);
            }
            NodeEnum::List(list) => self.expressions(&list.items, scope, how),
            NodeEnum::AExpr(e) => {
                self.operator(&strings(&e.name));
                self.expression(e.lexpr.as_deref(), scope, how);
                self.expression(e.rexpr.as_deref(), scope, how);
            }
            NodeEnum::BoolExpr(e) => self.expressions(&e.args, scope, how),
            NodeEnum::NullTest(e) => self.expression(e.arg.as_deref(), scope, how),
            NodeEnum::BooleanTest(e) => self.expression(e.arg.as_deref(), scope, how),
            NodeEnum::AIndirection(e) => self.indirection(e.arg.as_deref(), &e.indirection, scope, how),
            NodeEnum::AIndices(e) => {
                self.expression(e.lidx.as_deref(), scope, how);
                self.expression(e.uidx.as_deref(), scope, how);
            }
            NodeEnum::AArrayExpr(e) => self.expressions(&e.elements, scope, how),
            NodeEnum::ResTarget(e) => {
                self.expressions(&e.indirection, scope, how);
                self.expression(e.val.as_deref(), scope, how);
            }
            NodeEnum::MultiAssignRef(e) => self.expression(e.source.as_deref(), scope, how),
            NodeEnum::CollateClause(e) => {
                self.collation(&strings(&e.collname));
                self.expression(e.arg.as_deref(), scope, how);
            }
            NodeEnum::SortBy(e) => self.expression(e.node.as_deref(), scope, how),
            NodeEnum::WindowDef(e) => self.window(e, scope, how),
            NodeEnum::CaseExpr(e) => {
                self.expression(e.arg.as_deref(), scope, how);
                self.expressions(&e.args, scope, how);
                self.expression(e.defresult.as_deref(), scope, how);
            }
            NodeEnum::CaseWhen(e) => {
                self.expression(e.expr.as_deref(), scope, how);
                self.expression(e.result.as_deref(), scope, how);
            }
            NodeEnum::CoalesceExpr(e) => self.expressions(&e.args, scope, how),
            NodeEnum::MinMaxExpr(e) => self.expressions(&e.args, scope, how),
            NodeEnum::RowExpr(e) => self.expressions(&e.args, scope, how),
            NodeEnum::NamedArgExpr(e) => self.expression(e.arg.as_deref(), scope, how),
            NodeEnum::GroupingFunc(e) => self.expressions(&e.args, scope, how),
            NodeEnum::GroupingSet(e) => self.expressions(&e.content, scope, how),
            NodeEnum::XmlExpr(e) => {
                self.expressions(&e.named_args, scope, how);
                self.expressions(&e.args, scope, how);
            }
            NodeEnum::XmlSerialize(e) => {
                self.expression(e.expr.as_deref(), scope, how);
                e.type_name.iter().for_each(|name| self.type_name(name));
            }
            NodeEnum::RangeTableFuncCol(e) => {
                e.type_name.iter().for_each(|name| self.type_name(name));
                self.expression(e.colexpr.as_deref(), scope, how);
                self.expression(e.coldefexpr.as_deref(), scope, how);
            }
            NodeEnum::ColumnDef(e) => e.type_name.iter().for_each(|name| self.type_name(name)),
            NodeEnum::DefElem(e) => self.expression(e.arg.as_deref(), scope, how),
            NodeEnum::IndexElem(e) => {
                if !e.name.is_empty() {
                    self.plain_column(&e.name, scope, how);
                }
                self.expression(e.expr.as_deref(), scope, how);
                self.collation(&strings(&e.collation));
            }
            NodeEnum::PartitionElem(e) => {
                if !e.name.is_empty() {
                    self.plain_column(&e.name, scope, how);
                }
                self.expression(e.expr.as_deref(), scope, how);
                self.collation(&strings(&e.collation));
            }
            NodeEnum::StatsElem(e) => {
                if !e.name.is_empty() {
                    self.plain_column(&e.name, scope, how);
                }
                self.expression(e.expr.as_deref(), scope, how);
            }
            NodeEnum::PartitionRangeDatum(e) => self.expression(e.value.as_deref(), scope, how),
            NodeEnum::ReturnStmt(e) => self.expression(e.returnval.as_deref(), scope, how),
            // The values, the constants, and what only stands for something else.
            NodeEnum::ParamRef(_)
            | NodeEnum::AStar(_)
            | NodeEnum::SqlvalueFunction(_)
            | NodeEnum::SetToDefault(_)
            | NodeEnum::CurrentOfExpr(_)
            | NodeEnum::MergeSupportFunc(_)
            | NodeEnum::JsonFormat(_)
            | NodeEnum::Integer(_)
            | NodeEnum::Float(_)
            | NodeEnum::Boolean(_)
            | NodeEnum::String(_)
            | NodeEnum::BitString(_)
            | NodeEnum::RoleSpec(_) => {}
            other => self.json_expression(other, scope, how),
        }
    }

    /// SQL/JSON, whose nodes only hold other expressions.
    fn json_expression(&mut self, node: &NodeEnum, scope: &Scope<'_>, how: Use) {
        match node {
            NodeEnum::JsonValueExpr(e) => self.json_value(e, scope, how),
            NodeEnum::JsonIsPredicate(e) => self.expression(e.expr.as_deref(), scope, how),
            NodeEnum::JsonBehavior(e) => self.expression(e.expr.as_deref(), scope, how),
            NodeEnum::JsonOutput(e) => e.type_name.iter().for_each(|name| self.type_name(name)),
            NodeEnum::JsonArgument(e) => e.val.iter().for_each(|value| self.json_value(value, scope, how)),
            NodeEnum::JsonKeyValue(e) => {
                self.expression(e.key.as_deref(), scope, how);
                e.value.iter().for_each(|value| self.json_value(value, scope, how));
            }
            NodeEnum::JsonFuncExpr(e) => {
                e.context_item.iter().for_each(|value| self.json_value(value, scope, how));
                self.expression(e.pathspec.as_deref(), scope, how);
                self.expressions(&e.passing, scope, how);
                e.output.iter().flat_map(|output| &output.type_name).for_each(|name| self.type_name(name));
                for behavior in e.on_empty.iter().chain(&e.on_error) {
                    self.expression(behavior.expr.as_deref(), scope, how);
                }
            }
            NodeEnum::JsonParseExpr(e) => e.expr.iter().for_each(|value| self.json_value(value, scope, how)),
            NodeEnum::JsonScalarExpr(e) => self.expression(e.expr.as_deref(), scope, how),
            NodeEnum::JsonSerializeExpr(e) => e.expr.iter().for_each(|value| self.json_value(value, scope, how)),
            NodeEnum::JsonObjectConstructor(e) => self.expressions(&e.exprs, scope, how),
            NodeEnum::JsonArrayConstructor(e) => self.expressions(&e.exprs, scope, how),
            NodeEnum::JsonArrayQueryConstructor(e) => self.sub_query(e.query.as_deref(), scope, how),
            NodeEnum::JsonObjectAgg(e) => {
                if let Some(pair) = &e.arg {
                    self.expression(pair.key.as_deref(), scope, how);
                    pair.value.iter().for_each(|value| self.json_value(value, scope, how));
                }
                e.constructor.iter().for_each(|agg| self.json_aggregate(agg, scope, how));
            }
            NodeEnum::JsonArrayAgg(e) => {
                e.arg.iter().for_each(|value| self.json_value(value, scope, how));
                e.constructor.iter().for_each(|agg| self.json_aggregate(agg, scope, how));
            }
            NodeEnum::JsonTableColumn(e) => {
                e.type_name.iter().for_each(|name| self.type_name(name));
                self.expressions(&e.columns, scope, how);
                for behavior in e.on_empty.iter().chain(&e.on_error) {
                    self.expression(behavior.expr.as_deref(), scope, how);
                }
            }
            _ => self.opaque("an expression of a kind that is not known", None, Access::Read, true),
        }
    }

    fn json_aggregate(&mut self, agg: &pg_query::protobuf::JsonAggConstructor, scope: &Scope<'_>, how: Use) {
        self.expression(agg.agg_filter.as_deref(), scope, how);
        self.expressions(&agg.agg_order, scope, how);
        agg.over.iter().for_each(|over| self.window(over, scope, how));
    }

    pub(super) fn json_value(&mut self, e: &pg_query::protobuf::JsonValueExpr, scope: &Scope<'_>, how: Use) {
        self.expression(e.raw_expr.as_deref(), scope, how);
        self.expression(e.formatted_expr.as_deref(), scope, how);
    }

    pub(super) fn window(&mut self, e: &pg_query::protobuf::WindowDef, scope: &Scope<'_>, how: Use) {
        self.expressions(&e.partition_clause, scope, how);
        self.expressions(&e.order_clause, scope, how);
        self.expression(e.start_offset.as_deref(), scope, how);
        self.expression(e.end_offset.as_deref(), scope, how);
    }

    /// A query inside an expression, which sees what is around it.
    pub(super) fn sub_query(&mut self, node: Option<&Node>, scope: &Scope<'_>, how: Use) {
        if let Some(node) = node.and_then(|node| node.node.as_ref()) {
            self.query(node, Some(scope), how);
        }
    }

    /// `(expression).field`: of which type is not known, so it may be any row type in sight.
    fn indirection(&mut self, arg: Option<&Node>, fields: &[Node], scope: &Scope<'_>, how: Use) {
        self.expressions(fields, scope, how);
        if let Some(NodeEnum::ColumnRef(column)) = arg.and_then(|arg| arg.node.as_ref()) {
            let mut names: Vec<&str> = strings(&column.fields);
            names.extend(fields.iter().filter_map(string));
            // `(t).a` of a table in scope is `t.a`.
            if let [source, name] = names.as_slice()
                && let Some(of) = scope.source(source).and_then(|source| source.rel.clone())
            {
                self.column_of(&of, name, how);
                return;
            }
        }
        self.expression(arg, scope, how);
        if fields.iter().any(|field| string(field).is_some() || is_star(field)) {
            self.fields_of_composites(scope);
        }
    }

    /// Whoever takes a field out of a composite value uses the types of the columns in sight.
    fn fields_of_composites(&mut self, scope: &Scope<'_>) {
        let sources: Vec<Rel> = scope.sources.iter().filter_map(|source| source.rel.clone()).collect();
        for rel in sources {
            for name in self.columns(&rel.address) {
                let user_type = self.column(&rel.address, &name).and_then(|column| self.column_type(&column));
                if let Some(composite) = user_type.filter(|of| matches!(of.kind, Kind::Composite | Kind::Table)) {
                    self.imply(&composite, Access::Read, Some("columns"));
                }
            }
        }
    }

    /// A string literal: it may be a label of an enum.
    pub(super) fn literal(&mut self, text: &str) {
        /// No label is longer.
        const LABEL: usize = 63;
        if text.len() <= LABEL {
            self.literals.insert(text.to_owned());
        }
    }

    fn column_reference(&mut self, fields: &[Node], scope: &Scope<'_>, how: Use) {
        let names = strings(fields);
        let star = fields.last().is_some_and(is_star);
        match names.as_slice() {
            [] if star => self.all_columns(scope, how),
            [source] if star => match scope.source(source) {
                Some(found) => {
                    if let Some(rel) = found.rel.clone() {
                        self.whole_row(&rel, how);
                    }
                }
                None => self.whole_relation("", source, scope, how),
            },
            [schema, relation] if star => self.whole_relation(schema, relation, scope, how),
            [name] => self.plain_column(name, scope, how),
            [source, name] => self.qualified_column("", source, name, scope, how),
            [.., schema, relation, name] => self.qualified_column(schema, relation, name, scope, how),
            [] => {}
        }
    }

    /// `*`: every column of everything in the FROM clause.
    fn all_columns(&mut self, scope: &Scope<'_>, how: Use) {
        let sources: Vec<Rel> = scope.sources.iter().filter_map(|source| source.rel.clone()).collect();
        for rel in sources {
            self.whole_row(&rel, how);
        }
    }

    fn whole_relation(&mut self, schema: &str, name: &str, scope: &Scope<'_>, how: Use) {
        let found = scope.relation(schema, name).and_then(|source| source.rel.clone());
        if let Some(rel) = found {
            self.whole_row(&rel, how);
        }
    }

    /// A whole row: all columns, and that they are all.
    pub(super) fn whole_row(&mut self, rel: &Rel, how: Use) {
        self.note(&rel.address, Access::Read, Some("columns"), |touch| touch.missing = !rel.known);
        for name in self.columns(&rel.address) {
            if let Some(column) = self.column(&rel.address, &name) {
                self.read_column(&column, how, true);
            }
        }
    }

    fn qualified_column(&mut self, schema: &str, source: &str, name: &str, scope: &Scope<'_>, how: Use) {
        let found = if schema.is_empty() { scope.source(source) } else { scope.relation(schema, source) };
        match found {
            Some(found) => {
                if let Some(rel) = found.rel.clone() {
                    self.column_of(&rel, name, how);
                }
            }
            None if self.is_row_variable(source) => self.row_field(name),
            // A field of a composite column, or of a variable.
            None if self.variables.contains(source) => {}
            None => {
                self.plain_column(source, scope, how);
                self.fields_of_composites(scope);
            }
        }
    }

    fn is_row_variable(&self, name: &str) -> bool {
        !self.reading.is_empty() && matches!(name, "new" | "old")
    }

    /// Notes a column of the row that fires a trigger.
    pub(super) fn row_field(&mut self, name: &str) {
        if !self.row_fields.iter().any(|field| field == name) {
            self.row_fields.push(name.to_owned());
        }
    }

    /// A column of a relation in the FROM clause; what is no column may be a function of the row.
    pub(super) fn column_of(&mut self, rel: &Rel, name: &str, how: Use) {
        if SYSTEM_COLUMNS.contains(&name) {
            return;
        }
        match self.column(&rel.address, name) {
            Some(column) => self.read_column(&column, how, false),
            None => {
                for routine in self.routines("", name) {
                    self.use_routine(&routine, how);
                }
                self.missing_column(rel, name);
            }
        }
    }

    /// A column that nobody has: of a relation that is not known it is taken on trust.
    pub(super) fn missing_column(&mut self, rel: &Rel, name: &str) {
        let column = rel.address.part(super::scene::column_kind(&rel.address), name);
        self.note(&column, Access::Read, None, |touch| touch.missing = true);
    }

    /// A column by its plain name: of whom is for the FROM clauses around it to tell.
    pub(super) fn plain_column(&mut self, name: &str, scope: &Scope<'_>, how: Use) {
        let mut free: Vec<Rel> = vec![];
        let mut unsure = false;
        let mut level = Some(scope);
        while let Some(scope) = level {
            let mut found = false;
            for source in &scope.sources {
                match (&source.rel, &source.columns) {
                    (Some(rel), _) => match self.column(&rel.address, name) {
                        Some(column) => {
                            self.read_column(&column, how, false);
                            found = true;
                        }
                        None => free.push(rel.clone()),
                    },
                    (None, Some(columns)) => found |= columns.iter().any(|column| column == name),
                    (None, None) => unsure = true,
                }
            }
            if found {
                self.must_stay_free(&free, name);
                return;
            }
            if let Some(source) = scope.sources.iter().find(|source| source.alias == name) {
                if let Some(rel) = source.rel.clone() {
                    self.whole_row(&rel, how);
                }
                return;
            }
            level = scope.outer;
        }
        if self.is_row_variable(name) {
            self.row_field("*");
        } else if self.variables.contains(name) || SYSTEM_COLUMNS.contains(&name) {
        } else if let [only] = free.as_slice()
            && !unsure
        {
            self.missing_column(&only.clone(), name);
        } else {
            for rel in &free {
                self.missing_column(rel, name);
            }
        }
    }

    /// Would a relation get a column of this name, the name could mean another one, or none.
    fn must_stay_free(&mut self, relations: &[Rel], name: &str) {
        for rel in relations {
            let column = rel.address.part(super::scene::column_kind(&rel.address), name);
            self.imply(&column, Access::Read, Some("absence"));
        }
    }

    /// Notes that a column is used, with its type if that is a user's.
    pub(super) fn read_column(&mut self, column: &Address, how: Use, implied: bool) {
        let attribute = (how == Use::Runs).then_some("rows");
        self.note(column, Access::Read, attribute, |touch| touch.implied |= implied);
        self.use_column_type(column);
        if how == Use::Runs && column.kind == Kind::Column {
            let table = Address::new(Kind::Table, column.relation().iter().cloned());
            for child in self.descendants(&table).into_iter().skip(1) {
                self.imply(&child.part(Kind::Column, column.name()), Access::Read, attribute);
            }
        }
    }

    /// Notes that a value of a column's type is used.
    pub(super) fn use_column_type(&mut self, column: &Address) {
        let Some(user_type) = self.column_type(column) else { return };
        match user_type.kind {
            Kind::Enum => {
                self.enums.insert(user_type);
            }
            Kind::Table => {}
            _ => self.imply(&user_type, Access::Read, Some("values")),
        }
    }
}

fn is_star(node: &Node) -> bool {
    matches!(node.node, Some(NodeEnum::AStar(_)))
}

/// The text of a string constant, also of one with a cast.
pub(super) fn constant_text(node: &Node) -> Option<&str> {
    match node.node.as_ref()? {
        NodeEnum::AConst(constant) => match constant.val.as_ref()? {
            a_const::Val::Sval(text) => Some(&text.sval),
            _ => None,
        },
        NodeEnum::TypeCast(cast) => constant_text(cast.arg.as_deref()?),
        NodeEnum::NamedArgExpr(named) => constant_text(named.arg.as_deref()?),
        _ => None,
    }
}
