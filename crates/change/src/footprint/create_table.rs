//! `CREATE TABLE`, with everything that comes with it.

use super::Access;
use super::names::cut;
use super::query::{Scope, Use};
use super::scene::{Rel, Scene};
use super::text::canonical;
use pg_query::NodeEnum;
use pg_query::protobuf::{
    ColumnDef, ConstrType, CreateStmt, CreateTableAsStmt, IntoClause, ObjectType, PartitionBoundSpec, RangeVar,
    TableLikeClause, ViewStmt,
};
use pleach_schema::{Address, Kind};

/// Types that are columns with a sequence.
const SERIAL: [&str; 6] = ["serial", "serial2", "serial4", "serial8", "bigserial", "smallserial"];

impl Scene<'_> {
    /// The address of a new object in a schema, named or the first of the search path.
    pub(super) fn new_address(&mut self, relation: &RangeVar, kind: Kind) -> Address {
        let schema = match relation.schemaname.as_str() {
            _ if relation.relpersistence == "t" => "pg_temp".to_owned(),
            "" => self.creation_schema(),
            given => self.schema(cut(given)),
        };
        let address = Address::new(kind, [schema.as_str(), cut(&relation.relname)]);
        self.new_in_schema(&schema);
        address
    }

    /// Notes that a schema gets something new.
    pub(super) fn new_in_schema(&mut self, schema: &str) {
        if schema == "pg_temp" {
            return;
        }
        let address = Address::new(Kind::Schema, [schema]);
        let known =
            self.around.has_schema(schema) || self.is_made(&address) || matches!(schema, "public" | "pg_catalog");
        self.note(&address, Access::Read, Some("contents"), |touch| {
            touch.implied = true;
            touch.missing = !known;
        });
        self.imply(&Address::new(Kind::DefaultPrivileges, ["", "", ""]), Access::Read, None);
    }

    /// Notes that a relation is made, and puts it on the stage.
    fn make(&mut self, address: &Address, lenient: bool, value: String) {
        self.note(address, Access::Create, None, |touch| {
            touch.lenient = lenient;
            touch.value = Some(value);
        });
        if !(lenient && self.is_relation(address.schema().unwrap_or_default(), address.name())) {
            self.add_relation(address);
        }
    }

    pub(super) fn create_table(&mut self, create: &CreateStmt) -> Option<Address> {
        let relation = create.relation.as_ref()?;
        let address = self.new_address(relation, Kind::Table);
        self.make(&address, create.if_not_exists, canonical(create));
        let rel = Rel { address: address.clone(), known: true };
        for parent in &create.inh_relations {
            if let Some(NodeEnum::RangeVar(parent)) = &parent.node {
                self.inherit(&rel, parent, create.partbound.as_ref());
            }
        }
        if let Some(of) = &create.of_typename {
            self.type_name(of);
            if let Some(of) = self.find_user_type(of) {
                self.imply(&of, Access::Read, Some("columns"));
                self.take_columns(&of, &address);
            }
        }
        for element in &create.table_elts {
            match &element.node {
                Some(NodeEnum::ColumnDef(column)) => self.new_column(&rel, column, true, false),
                Some(NodeEnum::TableLikeClause(like)) => self.like(&rel, like),
                _ => {}
            }
        }
        // Constraints may name columns that come after them.
        for element in create.table_elts.iter().chain(&create.constraints) {
            match &element.node {
                Some(NodeEnum::ColumnDef(column)) => self.column_constraints(&rel, column, true),
                Some(NodeEnum::Constraint(constraint)) => self.constraint(&rel, None, constraint, true),
                _ => {}
            }
        }
        if let Some(partitions) = &create.partspec {
            self.expressions(&partitions.part_params, &Scope::of(&rel), Use::Defines);
        }
        Some(address)
    }

    /// Columns of a parent are the child's too.
    fn inherit(&mut self, rel: &Rel, parent: &RangeVar, bound: Option<&PartitionBoundSpec>) {
        let parent = self.relation(parent, Kind::Table);
        match bound {
            Some(bound) => self.new_partition(&parent, bound),
            None => {
                self.note(&parent.address, Access::Read, None, |touch| touch.missing = !parent.known);
                self.imply(&parent.address, Access::Read, Some("children"));
            }
        }
        self.take_columns(&parent.address, &rel.address);
    }

    /// Notes that a partitioned table gets a partition with this bound.
    pub(super) fn new_partition(&mut self, parent: &Rel, bound: &PartitionBoundSpec) {
        self.note(&parent.address, Access::Alter, Some("partitions"), |touch| {
            touch.missing = !parent.known;
            touch.value = Some(super::bound::Bound::of(bound).to_string());
        });
        self.expressions(&bound.listdatums, &Scope::default(), Use::Defines);
    }

    fn take_columns(&mut self, from: &Address, to: &Address) {
        for name in self.columns(from) {
            let user_type = self.column(from, &name).and_then(|column| self.column_type(&column));
            if let Some(user_type) = &user_type {
                self.imply(user_type, Access::Read, None);
            }
            self.add_column(to, &name, user_type);
        }
    }

    fn like(&mut self, rel: &Rel, like: &TableLikeClause) {
        let Some(source) = &like.relation else { return };
        let source = self.relation(source, Kind::Table);
        self.note(&source.address, Access::Read, None, |touch| touch.missing = !source.known);
        self.whole_row(&source, Use::Defines);
        self.imply(&source.address, Access::Read, Some("copied"));
        /// The bits of `INCLUDING CONSTRAINTS` and `INCLUDING INDEXES`.
        const COPIES: [(u32, &str); 2] = [(1 << 2, "constraints"), (1 << 6, "indexes")];
        for (_, attribute) in COPIES.into_iter().filter(|(bit, _)| like.options & bit != 0) {
            self.imply(&source.address, Access::Read, Some(attribute));
        }
        for kind in [Kind::Column, Kind::Constraint, Kind::Index] {
            let parts: Vec<Address> =
                self.around.tree().parts(&source.address.path, kind).map(|(address, _)| address.clone()).collect();
            for part in parts {
                self.imply(&part, Access::Read, Some("copied"));
            }
        }
        self.take_columns(&source.address, &rel.address);
    }

    /// A new column, with its type, default, sequence. Its other constraints are
    /// [`Scene::column_constraints`].
    pub(super) fn new_column(&mut self, of: &Rel, column: &ColumnDef, fresh: bool, lenient: bool) {
        let name = cut(&column.colname).to_owned();
        let address = of.address.part(super::scene::column_kind(&of.address), &name);
        self.note(&address, Access::Create, None, |touch| {
            touch.lenient = lenient;
            touch.value = Some(canonical(column));
        });
        let user_type = column.type_name.as_ref().and_then(|name| self.find_user_type(name));
        self.add_column(&of.address, &name, user_type.clone());
        if let Some(type_name) = &column.type_name {
            let last = super::names::strings(&type_name.names).last().map(|name| (*name).to_owned());
            if last.is_some_and(|last| SERIAL.contains(&last.as_str())) {
                self.own_sequence(&of.address, &name);
            } else {
                self.type_name(type_name);
            }
        }
        if let Some(collation) = &column.coll_clause {
            self.collation(&super::names::strings(&collation.collname));
        }
        if user_type.is_some() {
            self.use_column_type(&address);
        }
        let how = if fresh { Use::Defines } else { Use::Runs };
        let (mut fills, mut required) = (column.raw_default.is_some(), column.is_not_null);
        self.expression(column.raw_default.as_deref(), &Scope::of(of), how);
        for node in &column.constraints {
            let Some(NodeEnum::Constraint(constraint)) = &node.node else { continue };
            match ConstrType::try_from(constraint.contype) {
                Ok(kind @ (ConstrType::ConstrDefault | ConstrType::ConstrGenerated)) => {
                    fills = true;
                    self.immutable = kind == ConstrType::ConstrGenerated;
                    self.expression(constraint.raw_expr.as_deref(), &Scope::of(of), how);
                    self.immutable = false;
                }
                Ok(ConstrType::ConstrIdentity) => {
                    fills = true;
                    self.own_sequence(&of.address, &name);
                }
                Ok(ConstrType::ConstrNotnull | ConstrType::ConstrPrimary) => required = true,
                _ => {}
            }
        }
        if required && !fills && !fresh {
            // Refused where there are rows.
            for table in self.descendants(&of.address) {
                self.imply(&table, Access::Read, Some("rows"));
            }
        }
    }

    /// The sequence of a serial or identity column.
    pub(super) fn own_sequence(&mut self, of: &Address, column: &str) {
        let schema = of.schema().unwrap_or_default().to_owned();
        let name = self.free_relation(&schema, of.name(), column, "seq");
        let sequence = Address::new(Kind::Sequence, [schema.as_str(), name.as_str()]);
        self.note(&sequence, Access::Create, None, |touch| {
            touch.implied = true;
            touch.value = Some(format!("of {}.{column}", of.sql()));
        });
        self.add_relation(&sequence);
    }

    /// `CREATE TABLE AS`, `SELECT INTO`, `CREATE MATERIALIZED VIEW`.
    pub(super) fn create_table_as(&mut self, create: &CreateTableAsStmt) {
        let kind = match ObjectType::try_from(create.objtype) {
            Ok(ObjectType::ObjectMatview) => Kind::MaterializedView,
            _ => Kind::Table,
        };
        let value = canonical(create);
        if let (Some(into), Some(query)) = (&create.into, create.query.as_ref().and_then(|query| query.node.as_ref())) {
            self.make_from_query(into, query, kind, create.if_not_exists, value);
        }
    }

    pub(super) fn make_from_query(
        &mut self,
        into: &IntoClause,
        query: &NodeEnum,
        kind: Kind,
        lenient: bool,
        value: String,
    ) {
        let Some(relation) = &into.rel else { return };
        let how = if into.skip_data { Use::Defines } else { Use::Runs };
        let columns = self.query(query, None, how);
        if kind == Kind::MaterializedView {
            // It stays bound to what it was made from.
            self.query(query, None, Use::Defines);
        }
        let address = self.new_address(relation, kind);
        self.make(&address, lenient, value);
        self.name_columns(&address, columns, &super::names::strings(&into.col_names));
    }

    fn name_columns(&mut self, of: &Address, columns: Option<Vec<String>>, names: &[&str]) {
        let mut columns = columns.unwrap_or_default();
        for (column, name) in columns.iter_mut().zip(names) {
            (*name).clone_into(column);
        }
        for name in columns {
            self.imply(&of.part(Kind::Column, &name), Access::Create, None);
            self.add_column(of, &name, None);
        }
    }

    pub(super) fn create_view(&mut self, view: &ViewStmt) {
        let Some(relation) = &view.view else { return };
        let Some(query) = view.query.as_ref().and_then(|query| query.node.as_ref()) else { return };
        let aliases = super::names::strings(&view.aliases);
        let columns = self.query(query, None, Use::Defines);
        let address = self.new_address(relation, Kind::View);
        let was_there = self.is_relation(address.schema().unwrap_or_default(), address.name());
        self.note(&address, Access::Create, None, |touch| {
            touch.lenient = view.replace;
            touch.value = Some(canonical(view));
        });
        if was_there && view.replace {
            // Who uses it keeps its columns; new ones can only come at the end.
            self.imply(&address, Access::Alter, Some("columns"));
        } else {
            self.add_relation(&address);
            self.name_columns(&address, columns, &aliases);
        }
    }
}
