//! `ALTER TABLE` and its relatives for views, indexes, sequences and composite types.

use super::Access;
use super::names::{cut, strings};
use super::query::{Scope, Use};
use super::scene::{Rel, Scene, column_kind};
use super::text::canonical;
use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableCmd, AlterTableStmt, AlterTableType, DropBehavior, Node, ObjectType};
use pleach_schema::{Address, Attr, Kind, Value};

impl Scene<'_> {
    /// Whether it cannot run inside a transaction.
    pub(super) fn alter_table(&mut self, alter: &AlterTableStmt) -> bool {
        let Some(relation) = &alter.relation else { return false };
        let kind = match ObjectType::try_from(alter.objtype) {
            Ok(ObjectType::ObjectView) => Kind::View,
            Ok(ObjectType::ObjectMatview) => Kind::MaterializedView,
            Ok(ObjectType::ObjectIndex) => Kind::Index,
            Ok(ObjectType::ObjectSequence) => Kind::Sequence,
            Ok(ObjectType::ObjectType) => Kind::Composite,
            _ => Kind::Table,
        };
        let rel = self.relation(relation, kind);
        self.note(&rel.address, Access::Lock, None, |touch| {
            touch.missing = !rel.known && !alter.missing_ok;
            touch.lenient = alter.missing_ok;
        });
        let mut standalone = false;
        for node in &alter.cmds {
            if let Some(NodeEnum::AlterTableCmd(command)) = &node.node {
                standalone |= self.command(&rel, command, relation.inh);
            }
        }
        standalone
    }

    fn command(&mut self, rel: &Rel, command: &AlterTableCmd, recurse: bool) -> bool {
        let name = cut(&command.name).to_owned();
        let def = command.def.as_ref().and_then(|def| def.node.as_ref());
        let cascade = command.behavior == DropBehavior::DropCascade as i32;
        let Ok(kind) = AlterTableType::try_from(command.subtype) else {
            self.opaque("a form of ALTER TABLE that is not known", None, Access::Alter, true);
            return false;
        };
        match kind {
            AlterTableType::AtAddColumn | AlterTableType::AtAddColumnToView => self.add_column_command(rel, command),
            AlterTableType::AtDropColumn => self.drop_column(rel, &name, cascade, command.missing_ok),
            AlterTableType::AtAlterColumnType => self.alter_type(rel, &name, def),
            AlterTableType::AtColumnDefault | AlterTableType::AtCookedColumnDefault => {
                self.expression(command.def.as_deref(), &Scope::of(rel), Use::Defines);
                self.set_on_column(rel, &name, "default", canonical(&command.def), recurse);
                if let Some(column) = self.column(&rel.address, &name) {
                    self.use_column_type(&column);
                }
            }
            AlterTableType::AtSetNotNull => {
                self.set_not_null(rel, &name, Use::Runs, false);
            }
            AlterTableType::AtDropNotNull => {
                self.set_on_column(rel, &name, "not_null", "false".to_owned(), recurse);
                if let Some(column) = self.column(&rel.address, &name) {
                    self.imply(&column, Access::Read, Some("primary key"));
                }
            }
            AlterTableType::AtSetExpression => {
                self.expression(command.def.as_deref(), &Scope::of(rel), Use::Runs);
                self.set_on_column(rel, &name, "generated", canonical(&command.def), recurse);
                self.write_column(rel, &name);
            }
            AlterTableType::AtDropExpression => {
                self.set_on_column(rel, &name, "generated", String::new(), recurse);
            }
            AlterTableType::AtSetStatistics => {
                let column = if name.is_empty() { command.num.to_string() } else { name };
                self.set_on_column(rel, &column, "statistics", canonical(&command.def), recurse);
            }
            AlterTableType::AtSetOptions | AlterTableType::AtResetOptions => {
                for option in option_names(def) {
                    self.set_on_column(rel, &name, &format!("options {option}"), canonical(&command.def), recurse);
                }
            }
            AlterTableType::AtSetStorage => {
                self.set_on_column(rel, &name, "storage", canonical(&command.def), recurse);
            }
            AlterTableType::AtSetCompression => {
                self.set_on_column(rel, &name, "compression", canonical(&command.def), recurse);
            }
            AlterTableType::AtAddIdentity => {
                self.set_on_column(rel, &name, "identity", canonical(&command.def), recurse);
                self.own_sequence(&rel.address, &name);
            }
            AlterTableType::AtSetIdentity => {
                for option in option_names(def) {
                    self.set_on_column(rel, &name, &format!("identity {option}"), canonical(&command.def), recurse);
                }
                self.use_own_sequence(rel, &name, Access::Alter);
            }
            AlterTableType::AtDropIdentity => {
                self.set_on_column(rel, &name, "identity", String::new(), recurse);
                self.use_own_sequence(rel, &name, Access::Drop);
            }
            AlterTableType::AtAlterColumnGenericOptions => {
                self.set_on_column(rel, &name, "options", canonical(&command.def), recurse);
            }
            AlterTableType::AtAddConstraint | AlterTableType::AtReAddConstraint => {
                if let Some(NodeEnum::Constraint(constraint)) = def {
                    self.constraint(rel, None, constraint, false);
                }
            }
            AlterTableType::AtAddIndex | AlterTableType::AtReAddIndex | AlterTableType::AtAddIndexConstraint => {
                if let Some(NodeEnum::IndexStmt(index)) = def {
                    self.create_index(index);
                }
            }
            AlterTableType::AtAlterConstraint => {
                let name = match def {
                    Some(NodeEnum::AtalterConstraint(alter)) => cut(&alter.conname).to_owned(),
                    Some(NodeEnum::Constraint(alter)) => cut(&alter.conname).to_owned(),
                    _ => name,
                };
                self.set_on_part(rel, Kind::Constraint, &name, "definition", canonical(&command.def));
            }
            AlterTableType::AtValidateConstraint => {
                self.set_on_part(rel, Kind::Constraint, &name, "not_valid", "false".to_owned());
                self.imply(&rel.address, Access::Read, Some("rows"));
                self.read_constraint_columns(rel, &name);
            }
            AlterTableType::AtDropConstraint => self.drop_constraint(rel, &name, cascade, command.missing_ok),
            AlterTableType::AtChangeOwner => {
                let owner = canonical(&command.newowner);
                self.note(&rel.address, Access::Alter, Some("owner"), |touch| touch.value = Some(owner));
            }
            AlterTableType::AtClusterOn | AlterTableType::AtDropCluster => {
                self.use_index(rel, &name);
                self.set(rel, "clustered_on", name);
            }
            AlterTableType::AtSetLogged | AlterTableType::AtSetUnLogged => {
                self.set(rel, "persistence", format!("{kind:?}"));
                self.imply(&rel.address, Access::Read, Some("references"));
            }
            AlterTableType::AtSetAccessMethod => self.set(rel, "access_method", name),
            AlterTableType::AtSetTableSpace => {
                self.forbid(format!("moves {} to another tablespace of the server", rel.address));
                self.set(rel, "tablespace", name);
            }
            AlterTableType::AtSetRelOptions
            | AlterTableType::AtResetRelOptions
            | AlterTableType::AtReplaceRelOptions => {
                for option in option_names(def) {
                    self.set(rel, &format!("options {option}"), format!("{kind:?} {}", canonical(&command.def)));
                }
            }
            AlterTableType::AtEnableTrig
            | AlterTableType::AtEnableAlwaysTrig
            | AlterTableType::AtEnableReplicaTrig
            | AlterTableType::AtDisableTrig => {
                self.set_on_part(rel, Kind::Trigger, &name, "enabled", format!("{kind:?}"));
                self.imply(&rel.address, Access::Alter, Some("triggers"));
            }
            AlterTableType::AtEnableTrigAll
            | AlterTableType::AtDisableTrigAll
            | AlterTableType::AtEnableTrigUser
            | AlterTableType::AtDisableTrigUser => {
                self.set(rel, "enabled triggers", format!("{kind:?}"));
                let triggers = self.parts_now(rel, Kind::Trigger);
                for trigger in triggers {
                    self.note(&trigger, Access::Alter, Some("enabled"), |touch| {
                        touch.implied = true;
                        touch.value = Some(format!("{kind:?}"));
                    });
                }
            }
            AlterTableType::AtEnableRule
            | AlterTableType::AtEnableAlwaysRule
            | AlterTableType::AtEnableReplicaRule
            | AlterTableType::AtDisableRule => {
                self.set_on_part(rel, Kind::Rule, &name, "enabled", format!("{kind:?}"));
            }
            AlterTableType::AtAddInherit | AlterTableType::AtDropInherit => {
                self.set(rel, "inherits", format!("{kind:?} {}", canonical(&command.def)));
                self.set(rel, "columns", String::new());
                if let Some(NodeEnum::RangeVar(parent)) = def {
                    let parent = self.relation(parent, Kind::Table);
                    self.note(&parent.address, Access::Alter, Some("children"), |touch| touch.missing = !parent.known);
                    self.whole_row(&parent, Use::Defines);
                    self.imply(&parent.address, Access::Read, Some("constraints"));
                    self.whole_row(rel, Use::Defines);
                }
            }
            AlterTableType::AtAddOf | AlterTableType::AtDropOf => {
                self.expression(command.def.as_deref(), &Scope::default(), Use::Defines);
                self.set(rel, "of_type", canonical(&command.def));
                self.whole_row(rel, Use::Defines);
            }
            AlterTableType::AtReplicaIdentity => {
                if let Some(NodeEnum::ReplicaIdentityStmt(identity)) = def {
                    self.use_index(rel, cut(&identity.name));
                }
                self.set(rel, "replica_identity", canonical(&command.def));
            }
            AlterTableType::AtEnableRowSecurity | AlterTableType::AtDisableRowSecurity => {
                self.set(rel, "row_security", format!("{kind:?}"));
            }
            AlterTableType::AtForceRowSecurity | AlterTableType::AtNoForceRowSecurity => {
                self.set(rel, "force_row_security", format!("{kind:?}"));
            }
            AlterTableType::AtAttachPartition | AlterTableType::AtDetachPartition => {
                return self.partition(rel, kind, def);
            }
            AlterTableType::AtDetachPartitionFinalize => {
                self.partition(rel, kind, def);
            }
            AlterTableType::AtGenericOptions => self.set(rel, "options", canonical(&command.def)),
            // What PostgreSQL only says to itself.
            AlterTableType::Undefined
            | AlterTableType::AtDropOids
            | AlterTableType::AtReAddComment
            | AlterTableType::AtReAddDomainConstraint
            | AlterTableType::AtReAddStatistics => {}
        }
        false
    }

    fn add_column_command(&mut self, rel: &Rel, command: &AlterTableCmd) {
        let Some(NodeEnum::ColumnDef(column)) = command.def.as_ref().and_then(|def| def.node.as_ref()) else { return };
        let name = cut(&column.colname).to_owned();
        let is_there = self.column(&rel.address, &name).is_some();
        self.imply(&rel.address, Access::Alter, Some("columns"));
        let value = canonical(column);
        if is_there && command.missing_ok {
            let address = rel.address.part(column_kind(&rel.address), &name);
            self.note(&address, Access::Create, None, |touch| {
                touch.lenient = true;
                touch.value = Some(value);
            });
            return;
        }
        self.new_column(rel, column, false, command.missing_ok);
        self.column_constraints(rel, column, false);
        for child in self.descendants(&rel.address).into_iter().skip(1) {
            let address = child.part(Kind::Column, &name);
            self.note(&address, Access::Create, None, |touch| {
                touch.implied = true;
                touch.value = Some(value.clone());
            });
            self.imply(&child, Access::Alter, Some("columns"));
        }
        // Whoever takes rows of this as they are gets one more column: views do not, types do.
        self.rows_as_types(rel, Access::Lock);
    }

    /// Tables that have this row type as the type of a column.
    fn rows_as_types(&mut self, rel: &Rel, access: Access) {
        let users: Vec<Address> = self.around.dependents(&rel.address).cloned().collect();
        for user in users.into_iter().filter(|user| user.kind == Kind::Column) {
            self.imply(&user, access, None);
            self.imply(&Address::new(Kind::Table, user.relation().iter().cloned()), access, None);
        }
    }

    pub(super) fn drop_column(&mut self, rel: &Rel, name: &str, cascade: bool, lenient: bool) {
        let known = self.column(&rel.address, name);
        let address = known.clone().unwrap_or_else(|| rel.address.part(column_kind(&rel.address), name));
        self.note(&address, Access::Drop, None, |touch| {
            touch.missing = known.is_none() && !lenient;
            touch.lenient = lenient;
        });
        self.imply(&rel.address, Access::Alter, Some("columns"));
        self.drop_what_stands_on(&address, cascade);
        self.remove_column(&rel.address, name);
        for child in self.descendants(&rel.address).into_iter().skip(1) {
            self.imply(&child.part(Kind::Column, name), Access::Drop, None);
            self.imply(&child, Access::Alter, Some("columns"));
        }
        self.rows_as_types(rel, Access::Lock);
    }

    fn alter_type(&mut self, rel: &Rel, name: &str, def: Option<&NodeEnum>) {
        let Some(NodeEnum::ColumnDef(column)) = def else { return };
        let known = self.column(&rel.address, name);
        let address = known.clone().unwrap_or_else(|| rel.address.part(column_kind(&rel.address), name));
        let value = canonical(column);
        self.note(&address, Access::Alter, Some("type"), |touch| {
            touch.missing = known.is_none();
            touch.value = Some(value.clone());
        });
        self.imply(&address, Access::Read, Some("rows"));
        self.imply(&rel.address, Access::Read, Some("rows"));
        self.use_column_type(&address);
        if let Some(type_name) = &column.type_name {
            self.type_name(type_name);
        }
        if let Some(collation) = &column.coll_clause {
            self.collation(&strings(&collation.collname));
        }
        self.expression(column.raw_default.as_deref(), &Scope::of(rel), Use::Runs);
        // Its default is cast too, and what stands on it is made anew or in the way.
        self.imply(&address, Access::Read, Some("default"));
        let users: Vec<Address> = self.around.dependents(&address).cloned().collect();
        for user in users {
            match user.kind {
                Kind::Index | Kind::Constraint | Kind::Statistics => self.imply(&user, Access::Read, None),
                _ => self.imply(&user, Access::Lock, Some("blocks")),
            }
        }
        for child in self.descendants(&rel.address).into_iter().skip(1) {
            self.note(&child.part(Kind::Column, name), Access::Alter, Some("type"), |touch| {
                touch.implied = true;
                touch.value = Some(value.clone());
            });
        }
        self.rows_as_types(rel, Access::Lock);
    }

    fn set(&mut self, rel: &Rel, attribute: &str, value: String) {
        self.note(&rel.address, Access::Alter, Some(attribute), |touch| touch.value = Some(value));
    }

    fn set_on_column(&mut self, rel: &Rel, name: &str, attribute: &str, value: String, recurse: bool) {
        let known = self.column(&rel.address, name);
        let address = known.clone().unwrap_or_else(|| rel.address.part(column_kind(&rel.address), name));
        self.note(&address, Access::Alter, Some(attribute), |touch| {
            touch.missing = known.is_none();
            touch.value = Some(value.clone());
        });
        let children = self.descendants(&rel.address);
        for child in children.into_iter().skip(1).filter(|_| recurse) {
            self.note(&child.part(Kind::Column, name), Access::Alter, Some(attribute), |touch| {
                touch.implied = true;
                touch.value = Some(value.clone());
            });
        }
    }

    fn write_column(&mut self, rel: &Rel, name: &str) {
        if let Some(column) = self.column(&rel.address, name) {
            self.imply(&column, Access::Write, Some("rows"));
        }
    }

    fn set_on_part(&mut self, rel: &Rel, kind: Kind, name: &str, attribute: &str, value: String) {
        let known = self.part(&rel.address, kind, name);
        let address = known.clone().unwrap_or_else(|| rel.address.part(kind, name));
        self.note(&address, Access::Alter, Some(attribute), |touch| {
            touch.missing = known.is_none();
            touch.value = Some(value);
        });
    }

    /// The columns that a constraint is on, whose rows are looked at.
    fn read_constraint_columns(&mut self, rel: &Rel, name: &str) {
        let Some(address) = self.part(&rel.address, Kind::Constraint, name) else { return };
        let used = self.object(&address).map(|object| object.derived.references.clone()).unwrap_or_default();
        for used in used.into_iter().filter(|used| matches!(used.kind, Kind::Column | Kind::Table)) {
            self.imply(&used, Access::Read, Some("rows"));
        }
        for column in self.columns(&rel.address) {
            if let Some(column) = self.column(&rel.address, &column) {
                self.imply(&column, Access::Read, Some("rows"));
            }
        }
    }

    pub(super) fn drop_constraint(&mut self, rel: &Rel, name: &str, cascade: bool, lenient: bool) {
        let known = self.part(&rel.address, Kind::Constraint, name);
        // A not-null constraint is known by its column.
        let is_hidden = known.is_none() && name.ends_with("_not_null");
        let address = known.clone().unwrap_or_else(|| rel.address.part(Kind::Constraint, name));
        self.note(&address, Access::Drop, None, |touch| {
            touch.missing = known.is_none() && !lenient && !is_hidden;
            touch.lenient = lenient;
        });
        self.imply(&rel.address, Access::Alter, Some("constraints"));
        let schema = rel.address.schema().unwrap_or_default().to_owned();
        let object = known.as_ref().and_then(|known| self.object(known));
        if object.is_none_or(super::surroundings::is_backed) {
            self.imply(&rel.address.part(Kind::Index, name), Access::Drop, None);
            self.imply(&rel.address, Access::Alter, Some("keys"));
            self.move_relation((&schema, name), None);
        }
        if let Some(object) = object
            && object.get(Attr::ConstraintType).and_then(Value::as_text) == Some("primary key")
        {
            self.imply(&rel.address, Access::Alter, Some("primary key"));
        }
        self.drop_what_stands_on(&address, cascade);
        self.set_part(&rel.address, Kind::Constraint, name, None);
        if is_hidden {
            for column in self.columns(&rel.address) {
                if name.contains(&column) {
                    self.imply(&rel.address.part(Kind::Column, &column), Access::Alter, Some("not_null"));
                }
            }
        }
        for child in self.descendants(&rel.address).into_iter().skip(1) {
            self.imply(&child.part(Kind::Constraint, name), Access::Drop, None);
        }
    }

    fn use_index(&mut self, rel: &Rel, name: &str) {
        if name.is_empty() {
            return;
        }
        let schema = rel.address.schema().unwrap_or_default().to_owned();
        let known = self.find(&schema, name);
        let missing = known.is_none();
        let address = known.unwrap_or_else(|| rel.address.part(Kind::Index, name));
        self.note(&address, Access::Read, None, |touch| touch.missing = missing);
        self.imply(&rel.address.part(Kind::Constraint, name), Access::Read, None);
    }

    /// Alters or drops the sequence inside an identity column.
    fn use_own_sequence(&mut self, rel: &Rel, column: &str, access: Access) {
        let Some(column) = self.column(&rel.address, column) else { return };
        let identity = self.object(&column).and_then(|object| object.get(Attr::Identity)).and_then(Value::as_map);
        if let Some(sequence) = identity.and_then(|map| map.get("sequence")).and_then(Value::as_text) {
            let sequence = Address::new(Kind::Sequence, super::names::parts(sequence));
            let attribute = (access == Access::Alter).then_some("identity");
            self.imply(&sequence, access, attribute);
        }
    }

    /// The parts of one kind that a relation has in the tree.
    pub(super) fn parts_now(&self, rel: &Rel, kind: Kind) -> Vec<Address> {
        self.around.tree().parts(&rel.address.path, kind).map(|(address, _)| address.clone()).collect()
    }

    fn partition(&mut self, rel: &Rel, kind: AlterTableType, def: Option<&NodeEnum>) -> bool {
        let Some(NodeEnum::PartitionCmd(command)) = def else { return false };
        let Some(other) = &command.name else { return false };
        let other = self.relation(other, if rel.address.kind == Kind::Index { Kind::Index } else { Kind::Table });
        let value = match &command.bound {
            Some(bound) => super::bound::Bound::of(bound).to_string(),
            None => format!("{kind:?} {}", other.address),
        };
        self.note(&rel.address, Access::Alter, Some("partitions"), |touch| touch.value = Some(value.clone()));
        self.note(&other.address, Access::Alter, Some("partition_of"), |touch| {
            touch.missing = !other.known;
            touch.value = Some(value);
        });
        if rel.address.kind == Kind::Table {
            // Both must be alike in columns and constraints.
            self.whole_row(rel, Use::Defines);
            self.whole_row(&other, Use::Runs);
            for table in [rel, &other] {
                self.imply(&table.address, Access::Read, Some("constraints"));
                self.imply(&table.address, Access::Read, Some("keys"));
            }
            self.imply(&other.address, Access::Read, Some("rows"));
        }
        command.concurrent
    }
}

/// The names of options in a list of them.
fn option_names(def: Option<&NodeEnum>) -> Vec<String> {
    let Some(NodeEnum::List(list)) = def else { return vec![] };
    let name = |node: &Node| match &node.node {
        Some(NodeEnum::DefElem(option)) if option.defnamespace.is_empty() => Some(option.defname.clone()),
        Some(NodeEnum::DefElem(option)) => Some(format!("{}.{}", option.defnamespace, option.defname)),
        _ => None,
    };
    list.items.iter().filter_map(name).collect()
}
