//! Statements on rows: what they write, and what follows from it through keys, triggers and
//! partitions.

use super::Access;
use super::names::{cut, string};
use super::query::{Scope, Source, Use};
use super::scene::{Rel, Scene};
use pg_query::NodeEnum;
use pg_query::protobuf::{
    CmdType, CopyStmt, DeleteStmt, InsertStmt, MergeStmt, MergeWhenClause, Node, ResTarget, ReturningClause,
    TruncateStmt, UpdateStmt,
};
use pleach_schema::{Address, Attr, Kind, Value};

impl Scene<'_> {
    pub(super) fn insert(&mut self, insert: &InsertStmt, outer: Option<&Scope<'_>>, how: Use) -> Option<Vec<String>> {
        let mut scope = Scope { outer, ..Scope::default() };
        self.with(insert.with_clause.as_ref(), &mut scope, how);
        let query = insert.select_stmt.as_ref().and_then(|query| query.node.as_ref());
        let given = query.map_or(Some(0), |query| self.query(query, Some(&scope), how).map(|columns| columns.len()));
        let relation = insert.relation.as_ref()?;
        let rel = self.relation(relation, Kind::Table);
        let named: Vec<&ResTarget> = targets(&insert.cols);
        if named.is_empty() {
            // Values go to columns by their order: new ones come last, and do no harm.
            let columns = self.columns(&rel.address);
            if given.is_none_or(|given| given > columns.len()) {
                self.note(&rel.address, Access::Read, Some("columns"), |touch| touch.missing = !rel.known);
            }
            self.write_columns(&rel, &columns, how);
        } else {
            let names: Vec<String> = named.iter().map(|target| cut(&target.name).to_owned()).collect();
            self.write_columns(&rel, &names, how);
            self.fill_columns(&rel, &names, how);
        }
        self.write_rows(&rel, "insert", &[], how);
        scope.sources.push(Source::of(&rel, relation.alias.as_ref()));
        if let Some(conflict) = &insert.on_conflict_clause {
            let excluded = Source { alias: "excluded".to_owned(), rel: Some(rel.clone()), columns: None };
            if let Some(infer) = &conflict.infer {
                self.expressions(&infer.index_elems, &scope, how);
                self.expression(infer.where_clause.as_deref(), &scope, how);
                let columns: Vec<String> = infer.index_elems.iter().filter_map(element_column).collect();
                if !columns.is_empty() || !infer.conname.is_empty() {
                    self.use_arbiter(&rel, &infer.conname, &columns);
                }
            }
            // Qualified names alone tell the two apart; a plain one is the table's.
            let inner = Scope { sources: vec![excluded], outer: Some(&scope), ..Scope::default() };
            self.assignments(&rel, &conflict.target_list, &inner, how);
            self.expression(conflict.where_clause.as_deref(), &inner, how);
        }
        self.returning(insert.returning_clause.as_ref(), &scope, how)
    }

    /// `ON CONFLICT` needs a unique index: by name, or one on these columns.
    fn use_arbiter(&mut self, rel: &Rel, constraint: &str, columns: &[String]) {
        if !constraint.is_empty() {
            let found = self.part(&rel.address, Kind::Constraint, constraint);
            let missing = found.is_none();
            let address = found.unwrap_or_else(|| rel.address.part(Kind::Constraint, constraint));
            self.note(&address, Access::Read, None, |touch| touch.missing = missing);
            return;
        }
        let keys = self.keys_on(rel, columns);
        if keys.is_empty() {
            self.imply(&rel.address, Access::Read, Some("keys"));
        }
        for key in keys {
            self.imply(&key, Access::Read, None);
        }
    }

    pub(super) fn update(&mut self, update: &UpdateStmt, outer: Option<&Scope<'_>>, how: Use) -> Option<Vec<String>> {
        let mut scope = Scope { outer, ..Scope::default() };
        self.with(update.with_clause.as_ref(), &mut scope, how);
        let relation = update.relation.as_ref()?;
        let rel = self.relation(relation, Kind::Table);
        scope.sources.push(Source::of(&rel, relation.alias.as_ref()));
        self.from(&update.from_clause, &mut scope, how);
        self.assignments(&rel, &update.target_list, &scope, how);
        self.expression(update.where_clause.as_deref(), &scope, how);
        self.write_rows(&rel, "update", &assigned(&update.target_list), how);
        self.returning(update.returning_clause.as_ref(), &scope, how)
    }

    pub(super) fn delete(&mut self, delete: &DeleteStmt, outer: Option<&Scope<'_>>, how: Use) -> Option<Vec<String>> {
        let mut scope = Scope { outer, ..Scope::default() };
        self.with(delete.with_clause.as_ref(), &mut scope, how);
        let relation = delete.relation.as_ref()?;
        let rel = self.relation(relation, Kind::Table);
        scope.sources.push(Source::of(&rel, relation.alias.as_ref()));
        self.from(&delete.using_clause, &mut scope, how);
        self.expression(delete.where_clause.as_deref(), &scope, how);
        self.write_rows(&rel, "delete", &[], how);
        self.returning(delete.returning_clause.as_ref(), &scope, how)
    }

    pub(super) fn merge(&mut self, merge: &MergeStmt, outer: Option<&Scope<'_>>, how: Use) -> Option<Vec<String>> {
        let mut scope = Scope { outer, ..Scope::default() };
        self.with(merge.with_clause.as_ref(), &mut scope, how);
        let relation = merge.relation.as_ref()?;
        let rel = self.relation(relation, Kind::Table);
        scope.sources.push(Source::of(&rel, relation.alias.as_ref()));
        if let Some(source) = &merge.source_relation {
            self.read_item(source, &mut scope, how);
        }
        self.expression(merge.join_condition.as_deref(), &scope, how);
        for clause in &merge.merge_when_clauses {
            if let Some(NodeEnum::MergeWhenClause(clause)) = &clause.node {
                self.merge_clause(&rel, clause, &scope, how);
            }
        }
        self.returning(merge.returning_clause.as_ref(), &scope, how)
    }

    fn merge_clause(&mut self, rel: &Rel, clause: &MergeWhenClause, scope: &Scope<'_>, how: Use) {
        self.expression(clause.condition.as_deref(), scope, how);
        match CmdType::try_from(clause.command_type) {
            Ok(CmdType::CmdInsert) => {
                let named: Vec<String> =
                    targets(&clause.target_list).iter().map(|target| cut(&target.name).to_owned()).collect();
                self.expressions(&clause.values, scope, how);
                if named.is_empty() {
                    self.touch(&rel.address, Access::Read, Some("columns"));
                    self.write_columns(rel, &self.columns(&rel.address), how);
                } else {
                    self.write_columns(rel, &named, how);
                    self.fill_columns(rel, &named, how);
                }
                self.write_rows(rel, "insert", &[], how);
            }
            Ok(CmdType::CmdUpdate) => {
                self.assignments(rel, &clause.target_list, scope, how);
                self.write_rows(rel, "update", &assigned(&clause.target_list), how);
            }
            Ok(CmdType::CmdDelete) => self.write_rows(rel, "delete", &[], how),
            _ => {}
        }
    }

    fn returning(&mut self, clause: Option<&ReturningClause>, scope: &Scope<'_>, how: Use) -> Option<Vec<String>> {
        let clause = clause?;
        let rel = scope.sources.first().and_then(|source| source.rel.clone());
        let rows = ["old", "new"].map(|alias| Source { alias: alias.to_owned(), rel: rel.clone(), columns: None });
        let outer = Scope { sources: rows.to_vec(), outer: scope.outer, ..Scope::default() };
        let inner = Scope { sources: scope.sources.clone(), outer: Some(&outer), ..Scope::default() };
        self.expressions(&clause.exprs, &inner, how);
        self.output(&clause.exprs, &inner)
    }

    /// `SET a = …, (b, c) = …`.
    fn assignments(&mut self, rel: &Rel, list: &[Node], scope: &Scope<'_>, how: Use) {
        let all = targets(list);
        let names: Vec<String> = all.iter().map(|target| cut(&target.name).to_owned()).collect();
        self.write_columns(rel, &names, how);
        for target in all {
            self.expressions(&target.indirection, scope, how);
            self.expression(target.val.as_deref(), scope, how);
            if is_default(target.val.as_deref()) {
                self.use_default(rel, cut(&target.name), how);
            }
        }
    }

    /// Columns that get values, in the children of a table too.
    fn write_columns(&mut self, rel: &Rel, names: &[String], how: Use) {
        let access = if how == Use::Runs { Access::Write } else { Access::Read };
        for name in names {
            let Some(column) = self.column(&rel.address, name) else {
                self.missing_column(rel, name);
                continue;
            };
            self.touch(&column, access, (how == Use::Runs).then_some("rows"));
            self.use_column_type(&column);
            if how == Use::Runs {
                self.governed(&column);
                for child in self.descendants(&rel.address).into_iter().skip(1) {
                    self.imply(&child.part(Kind::Column, name), Access::Write, Some("rows"));
                }
            }
        }
    }

    /// What a new value of a column has to pass, and the columns that are worked out from it.
    fn governed(&mut self, column: &Address) {
        let users: Vec<Address> =
            self.around.dependents(column).filter(|user| user.relation() == column.relation()).cloned().collect();
        for user in users {
            let object = self.object(&user);
            match user.kind {
                Kind::Constraint => self.imply(&user, Access::Read, None),
                Kind::Index if object.is_some_and(|index| index.is(Attr::Unique)) => {
                    self.imply(&user, Access::Read, None);
                }
                Kind::Column if object.is_some_and(|column| column.get(Attr::Generated).is_some()) => {
                    self.imply(&user, Access::Write, Some("rows"));
                }
                _ => {}
            }
        }
    }

    /// Columns of a new row that get their defaults.
    fn fill_columns(&mut self, rel: &Rel, named: &[String], how: Use) {
        for name in self.columns(&rel.address) {
            if !named.contains(&name) {
                self.use_default(rel, &name, how);
            }
        }
    }

    fn use_default(&mut self, rel: &Rel, name: &str, how: Use) {
        let Some(column) = self.column(&rel.address, name) else { return };
        if how == Use::Defines {
            return;
        }
        self.imply(&column, Access::Write, Some("default"));
        let used = self.object(&column).map(|object| object.derived.references.clone()).unwrap_or_default();
        for used in used {
            match used.kind {
                Kind::Sequence => self.imply(&used, Access::Write, Some("rows")),
                Kind::Function => self.imply(&used, Access::Read, Some("rows")),
                _ => {}
            }
        }
        let identity = self.object(&column).and_then(|object| object.get(Attr::Identity)).and_then(Value::as_map);
        if let Some(sequence) = identity.and_then(|map| map.get("sequence")).and_then(Value::as_text) {
            self.imply(&Address::new(Kind::Sequence, super::names::parts(sequence)), Access::Write, Some("rows"));
        }
    }

    /// Notes that rows of a relation change, and what follows. For an update it matters which
    /// columns.
    pub(super) fn write_rows(&mut self, rel: &Rel, what: &str, columns: &[String], how: Use) {
        if how == Use::Defines {
            self.note(&rel.address, Access::Read, None, |touch| touch.missing = !rel.known);
            return;
        }
        let attribute = match what {
            "update" => "updates",
            "delete" => "deletes",
            _ => "rows",
        };
        self.note(&rel.address, Access::Write, Some(attribute), |touch| touch.missing = !rel.known);
        for table in self.descendants(&rel.address) {
            if table != rel.address {
                self.imply(&table, Access::Write, Some(attribute));
            }
            self.fire(&table, what);
            self.check_keys(&table, what, columns);
        }
        if rel.address.kind == Kind::View {
            self.write_behind(&rel.address, attribute);
        }
        // Policies bind the owner only where they are forced.
        self.imply(&rel.address, Access::Read, Some("force_row_security"));
        if self.object(&rel.address).is_some_and(|table| table.is(Attr::ForceRowSecurity)) {
            self.imply(&rel.address, Access::Read, Some("policies"));
        }
    }

    /// A view that is written to writes what is behind it.
    fn write_behind(&mut self, view: &Address, attribute: &str) {
        let used = self.object(view).map(|object| object.derived.references.clone()).unwrap_or_default();
        for used in used {
            match used.kind {
                Kind::Table | Kind::View => {
                    self.imply(&used, Access::Write, Some(attribute));
                    self.fire(&used, "insert");
                    self.check_keys(&used, "delete", &[]);
                    self.check_keys(&used, "insert", &[]);
                }
                Kind::Column => self.imply(&used, Access::Write, Some("rows")),
                _ => {}
            }
        }
    }

    /// Triggers and rules of a table run with a change of its rows.
    fn fire(&mut self, table: &Address, what: &str) {
        self.imply(table, Access::Read, Some("triggers"));
        let tree = self.around.tree();
        let triggers: Vec<(Address, String)> = tree
            .parts(&table.path, Kind::Trigger)
            .chain(tree.parts(&table.path, Kind::Rule))
            .map(|(address, entry)| {
                let text = entry.object.get(Attr::Definition).and_then(Value::as_text).unwrap_or_default();
                (address.clone(), text.to_uppercase())
            })
            .filter(|(_, text)| text.contains(&what.to_uppercase()))
            .collect();
        for (trigger, _) in triggers {
            self.imply(&trigger, Access::Read, Some("rows"));
            let used = self.object(&trigger).map(|object| object.derived.references.clone()).unwrap_or_default();
            for used in used {
                match used.kind {
                    Kind::Function => {
                        self.imply(&used, Access::Read, Some("rows"));
                        self.use_body(&used, Use::Runs, Some(table));
                    }
                    Kind::Table if trigger.kind == Kind::Rule => self.imply(&used, Access::Write, Some("rows")),
                    _ => {}
                }
            }
        }
    }

    /// Foreign keys look at the other table, and carry deletions over to it.
    fn check_keys(&mut self, table: &Address, what: &str, columns: &[String]) {
        let is_written = |key: &pleach_schema::Object, of: &[String]| {
            let mut used =
                key.derived.references.iter().filter(|used| used.kind == Kind::Column && used.relation() == of);
            what != "update" || used.any(|used| columns.iter().any(|column| column == used.name()))
        };
        let tree = self.around.tree();
        if what != "delete" {
            let own: Vec<Address> = tree
                .parts(&table.path, Kind::Constraint)
                .filter(|(_, entry)| is_foreign_key(&entry.object) && is_written(&entry.object, &table.path))
                .flat_map(|(_, entry)| entry.object.derived.references.iter().cloned())
                .filter(|used| matches!(used.kind, Kind::Table | Kind::Column) && used.relation() != table.path)
                .collect();
            for used in own {
                self.imply(&used, Access::Read, Some("rows"));
            }
        }
        if what == "insert" {
            return;
        }
        let others: Vec<(Address, Option<&str>)> = self
            .around
            .dependents(table)
            .filter(|key| key.kind == Kind::Constraint && key.relation() != table.path)
            .filter_map(|key| {
                let object =
                    self.object(key).filter(|object| is_foreign_key(object) && is_written(object, &table.path))?;
                let text = object.text(Attr::Definition)?;
                let event = if what == "update" { "ON UPDATE " } else { "ON DELETE " };
                let action = text.split_once(event).map_or("", |(_, action)| action);
                let carries = match action {
                    action if action.starts_with("CASCADE") && what == "update" => Some("rows"),
                    action if action.starts_with("CASCADE") => Some("deletes"),
                    action if action.starts_with("SET ") => Some("rows"),
                    _ => None,
                };
                Some((Address::new(Kind::Table, key.relation().iter().cloned()), carries))
            })
            .collect();
        for (other, carries) in others {
            match carries {
                Some(attribute) => {
                    self.imply(&other, Access::Write, Some(attribute));
                    self.fire(&other, if attribute == "deletes" { "delete" } else { "update" });
                }
                None => self.imply(&other, Access::Read, Some("rows")),
            }
        }
    }

    pub(super) fn truncate(&mut self, truncate: &TruncateStmt) {
        let cascade = truncate.behavior == pg_query::protobuf::DropBehavior::DropCascade as i32;
        for node in &truncate.relations {
            let Some(NodeEnum::RangeVar(relation)) = &node.node else { continue };
            let rel = self.relation(relation, Kind::Table);
            self.write_rows(&rel, "truncate", &[], Use::Runs);
            self.touch(&rel.address, Access::Write, Some("rows"));
            for name in self.columns(&rel.address) {
                self.imply(&rel.address.part(Kind::Column, &name), Access::Write, Some("rows"));
            }
            // It is refused where a foreign key points here, or empties that table too.
            let others: Vec<Address> = self.around.dependents(&rel.address).cloned().collect();
            for key in others.into_iter().filter(|key| key.kind == Kind::Constraint) {
                let table = Address::new(Kind::Table, key.relation().iter().cloned());
                self.imply(&key, Access::Read, None);
                if cascade {
                    self.imply(&table, Access::Write, Some("rows"));
                }
            }
            self.imply(&rel.address, Access::Read, Some("references"));
            if truncate.restart_seqs {
                for name in self.columns(&rel.address) {
                    self.use_default(&rel, &name, Use::Runs);
                }
            }
        }
    }

    pub(super) fn copy(&mut self, copy: &CopyStmt) {
        if copy.is_program {
            self.forbid("COPY … PROGRAM runs a program on the server");
        } else if !copy.filename.is_empty() {
            self.forbid("COPY reads or writes a file of the server");
        }
        if let Some(query) = copy.query.as_ref().and_then(|query| query.node.as_ref()) {
            self.query(query, None, Use::Runs);
        }
        let Some(relation) = &copy.relation else { return };
        let rel = self.relation(relation, Kind::Table);
        let named: Vec<String> = copy.attlist.iter().filter_map(string).map(|name| cut(name).to_owned()).collect();
        let names = if named.is_empty() { self.columns(&rel.address) } else { named.clone() };
        if named.is_empty() {
            self.touch(&rel.address, Access::Read, Some("columns"));
        }
        if copy.is_from {
            self.write_columns(&rel, &names, Use::Runs);
            self.fill_columns(&rel, &names, Use::Runs);
            self.write_rows(&rel, "insert", &[], Use::Runs);
            self.expression(copy.where_clause.as_deref(), &Scope::of(&rel), Use::Runs);
        } else {
            self.read_relation(&rel, Use::Runs);
            for name in names {
                self.plain_column(&name, &Scope::of(&rel), Use::Runs);
            }
        }
    }
}

fn targets(nodes: &[Node]) -> Vec<&ResTarget> {
    let target = |node| match node {
        &Node { node: Some(NodeEnum::ResTarget(ref target)) } => Some(&**target),
        _ => None,
    };
    nodes.iter().filter_map(target).collect()
}

/// The columns that are assigned to.
fn assigned(list: &[Node]) -> Vec<String> {
    targets(list).iter().map(|target| cut(&target.name).to_owned()).collect()
}

fn is_default(node: Option<&Node>) -> bool {
    matches!(node.and_then(|node| node.node.as_ref()), Some(NodeEnum::SetToDefault(_)))
}

fn is_foreign_key(constraint: &pleach_schema::Object) -> bool {
    constraint.get(Attr::ConstraintType).and_then(Value::as_text) == Some("foreign key")
}

/// The plain column that an element of `ON CONFLICT (…)` is.
fn element_column(node: &Node) -> Option<String> {
    match &node.node {
        Some(NodeEnum::IndexElem(element)) if !element.name.is_empty() => Some(cut(&element.name).to_owned()),
        _ => None,
    }
}
