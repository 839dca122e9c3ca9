//! `ALTER … RENAME`, `… SET SCHEMA`, `… OWNER TO` and what else is said of objects of any kind.

use super::Access;
use super::names::cut;
use super::object_name::Thing;
use super::scene::{Rel, Scene, column_kind};
use super::text::canonical;
use pg_query::protobuf::{
    AlterObjectDependsStmt, AlterObjectSchemaStmt, AlterOwnerStmt, CommentStmt, Node, ObjectType, RenameStmt,
    SecLabelStmt,
};
use pleach_schema::{Address, Kind};

impl Scene<'_> {
    pub(super) fn rename(&mut self, rename: &RenameStmt) {
        let new = cut(&rename.newname).to_owned();
        let lenient = rename.missing_ok;
        let kind = ObjectType::try_from(rename.rename_type).unwrap_or(ObjectType::Undefined);
        let part = |kind| (kind, cut(&rename.subname).to_owned());
        let inner = match kind {
            ObjectType::ObjectTabconstraint => Some(part(Kind::Constraint)),
            ObjectType::ObjectTrigger => Some(part(Kind::Trigger)),
            ObjectType::ObjectRule => Some(part(Kind::Rule)),
            ObjectType::ObjectPolicy => Some(part(Kind::Policy)),
            _ => None,
        };
        if let (Some(relation), Some((kind, name))) = (&rename.relation, inner) {
            let rel = self.relation(relation, Kind::Table);
            self.rename_part(&rel, kind, &name, &new, lenient);
            return;
        }
        if matches!(kind, ObjectType::ObjectColumn | ObjectType::ObjectAttribute)
            && let Some(relation) = &rename.relation
        {
            let of = if kind == ObjectType::ObjectAttribute { Kind::Composite } else { Kind::Table };
            let rel = self.relation(relation, of);
            self.rename_column_of(&rel, cut(&rename.subname), &new, lenient);
            return;
        }
        if kind == ObjectType::ObjectDomconstraint {
            let domain = self.thing(ObjectType::ObjectDomain as i32, rename.object.as_deref(), None);
            if let Thing::Object(address, known) = domain {
                self.rename_part(&Rel { address, known }, Kind::Constraint, cut(&rename.subname), &new, lenient);
            }
            return;
        }
        // The name of a schema or the like stands in `subname`.
        let thing = if !rename.subname.is_empty() && rename.object.is_none() && rename.relation.is_none() {
            let name = pg_query::protobuf::String { sval: rename.subname.clone() };
            let node = Node { node: Some(pg_query::NodeEnum::String(name)) };
            self.thing(rename.rename_type, Some(&node), None)
        } else {
            self.thing(rename.rename_type, rename.object.as_deref(), rename.relation.as_ref())
        };
        match thing {
            Thing::Object(address, known) => self.rename_object(&address, known, None, &new, lenient),
            Thing::Column(rel, name) => self.rename_column_of(&rel, &name, &new, lenient),
            Thing::Part(rel, kind, name) => self.rename_part(&rel, kind, &name, &new, lenient),
            Thing::Other(kind, names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                self.without_kind(kind, &names, Access::Rename);
                self.without_kind(kind, &[&new], Access::Create);
            }
            Thing::Outside(what) => self.forbid(format!("renames {what}")),
        }
    }

    /// Gives an object another name, or another schema.
    fn rename_object(&mut self, address: &Address, known: bool, schema: Option<&str>, new: &str, lenient: bool) {
        self.note(address, Access::Rename, None, |touch| {
            touch.lenient = lenient;
            touch.missing = !known && !lenient;
            touch.value = Some(format!("{} {new}", schema.unwrap_or_default()));
        });
        if address.kind == Kind::Schema {
            let to = Address::new(Kind::Schema, [new]);
            self.created(&to, address);
            self.imply(address, Access::Alter, Some("contents"));
            self.schemas.insert(address.name().to_owned(), None);
            self.schemas.insert(new.to_owned(), Some(address.name().to_owned()));
            return;
        }
        let now = self.name_now(address);
        let in_schema = schema.map_or_else(|| now.0.clone(), str::to_owned);
        let mut path = address.path.clone();
        if let Some(first) = path.first_mut() {
            first.clone_from(&in_schema);
        }
        if let Some(last) = path.last_mut() {
            new.clone_into(last);
        }
        let to = address.with_path(path);
        self.created(&to, address);
        self.new_in_schema(&in_schema);
        match address.kind {
            Kind::Table | Kind::View | Kind::MaterializedView | Kind::Sequence | Kind::Composite | Kind::Index => {
                self.move_relation((&now.0, &now.1), Some((&in_schema, new)));
                self.rename_along(address, new);
            }
            Kind::Enum | Kind::Domain | Kind::Range => {
                self.move_type((&now.0, &now.1), Some((&in_schema, new)));
            }
            kind if kind.is_routine() => {
                self.remove_routine(address);
                self.add_routine(&to);
            }
            _ => self.add_made(&to),
        }
    }

    /// A constraint has the name of its index, and the other way round.
    fn rename_along(&mut self, address: &Address, new: &str) {
        if address.kind == Kind::Index {
            let constraint = Address { kind: Kind::Constraint, ..address.clone() };
            if self.exists(&constraint) {
                self.imply(&constraint, Access::Rename, None);
                self.created(&constraint.with_path(renamed(&constraint, new)), &constraint);
            }
            self.imply(&Address::new(Kind::Table, address.relation().iter().cloned()), Access::Lock, None);
        }
    }

    fn created(&mut self, to: &Address, from: &Address) {
        self.note(to, Access::Create, None, |touch| {
            touch.implied = to.name() == from.name();
            touch.value = Some(format!("was {from}"));
        });
    }

    fn rename_column_of(&mut self, rel: &Rel, old: &str, new: &str, lenient: bool) {
        let known = self.column(&rel.address, old);
        let address = known.clone().unwrap_or_else(|| rel.address.part(column_kind(&rel.address), old));
        self.note(&rel.address, Access::Lock, None, |touch| touch.missing = !rel.known && !lenient);
        self.note(&address, Access::Rename, None, |touch| {
            touch.lenient = lenient;
            touch.missing = known.is_none() && !lenient;
            touch.value = Some(new.to_owned());
        });
        let to = rel.address.part(address.kind, new);
        self.created(&to, &address);
        self.imply(&rel.address, Access::Alter, Some("columns"));
        self.rename_column(&rel.address, old, new);
        for child in self.descendants(&rel.address).into_iter().skip(1) {
            self.note(&child.part(Kind::Column, old), Access::Rename, None, |touch| {
                touch.implied = true;
                touch.value = Some(new.to_owned());
            });
            self.imply(&child.part(Kind::Column, new), Access::Create, None);
            self.imply(&child, Access::Alter, Some("columns"));
        }
    }

    fn rename_part(&mut self, rel: &Rel, kind: Kind, old: &str, new: &str, lenient: bool) {
        let known = self.part(&rel.address, kind, old);
        let address = known.clone().unwrap_or_else(|| rel.address.part(kind, old));
        self.note(&rel.address, Access::Lock, None, |touch| touch.missing = !rel.known && !lenient);
        self.note(&address, Access::Rename, None, |touch| {
            touch.lenient = lenient;
            touch.missing = known.is_none() && !lenient;
            touch.value = Some(new.to_owned());
        });
        self.created(&rel.address.part(kind, new), &address);
        self.set_part(&rel.address, kind, old, None);
        self.set_part(&rel.address, kind, new, Some(address.name()));
        let schema = rel.address.schema().unwrap_or_default().to_owned();
        if kind == Kind::Constraint && self.is_relation(&schema, old) {
            let index = rel.address.part(Kind::Index, old);
            self.imply(&index, Access::Rename, None);
            self.created(&rel.address.part(Kind::Index, new), &index);
            self.move_relation((&schema, old), Some((&schema, new)));
        }
        if matches!(kind, Kind::Trigger | Kind::Rule) {
            // They run in the order of their names.
            self.imply(&rel.address, Access::Alter, Some("triggers"));
        }
        for child in self.descendants(&rel.address).into_iter().skip(1) {
            self.imply(&child.part(kind, old), Access::Rename, None);
            self.imply(&child.part(kind, new), Access::Create, None);
        }
    }

    pub(super) fn set_schema(&mut self, alter: &AlterObjectSchemaStmt) {
        let schema = self.schema(cut(&alter.newschema));
        match self.thing(alter.object_type, alter.object.as_deref(), alter.relation.as_ref()) {
            Thing::Object(address, known) if address.kind == Kind::Extension => {
                self.note(&address, Access::Alter, Some("schema"), |touch| {
                    touch.missing = !known;
                    touch.value = Some(schema.clone());
                });
                self.opaque(
                    format!("what belongs to {address} moves"),
                    Some("extension".to_owned()),
                    Access::Rename,
                    false,
                );
                self.new_in_schema(&schema);
            }
            Thing::Object(address, known) => {
                let name = self.name_now(&address).1;
                self.rename_object(&address, known, Some(&schema), &name, alter.missing_ok);
                self.move_along(&address, &schema);
            }
            Thing::Other(kind, names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                self.without_kind(kind, &names, Access::Rename);
                self.new_in_schema(&schema);
            }
            Thing::Column(..) | Thing::Part(..) | Thing::Outside(_) => {}
        }
    }

    /// Indexes, constraints and owned sequences move with their table.
    fn move_along(&mut self, table: &Address, schema: &str) {
        let rel = Rel { address: table.clone(), known: true };
        for kind in [Kind::Index, Kind::Constraint] {
            for part in self.parts_now(&rel, kind) {
                let mut path = part.path.clone();
                if let Some(first) = path.first_mut() {
                    schema.clone_into(first);
                }
                self.imply(&part, Access::Rename, None);
                let to = part.with_path(path);
                self.imply(&to, Access::Create, None);
                if self.object(&part).is_some_and(super::surroundings::is_backed) {
                    self.imply(&Address { kind: Kind::Index, ..to }, Access::Create, None);
                }
            }
        }
        let owned: Vec<Address> =
            self.around.dependents(table).filter(|user| user.kind == Kind::Sequence).cloned().collect();
        for sequence in owned {
            self.imply(&sequence, Access::Rename, None);
            self.imply(&Address::new(Kind::Sequence, [schema, sequence.name()]), Access::Create, None);
        }
    }

    pub(super) fn set_owner(&mut self, alter: &AlterOwnerStmt) {
        let owner = canonical(&alter.newowner);
        let thing = self.thing(alter.object_type, alter.object.as_deref(), alter.relation.as_ref());
        self.say(thing, "owner", owner);
    }

    pub(super) fn comment(&mut self, comment: &CommentStmt) {
        let thing = self.thing(comment.objtype, comment.object.as_deref(), None);
        self.say(thing, "comment", comment.comment.clone());
    }

    pub(super) fn security_label(&mut self, label: &SecLabelStmt) {
        let thing = self.thing(label.objtype, label.object.as_deref(), None);
        self.say(thing, &format!("security label {}", label.provider), label.label.clone());
    }

    pub(super) fn depends(&mut self, alter: &AlterObjectDependsStmt) {
        let thing = self.thing(alter.object_type, alter.object.as_deref(), alter.relation.as_ref());
        let extension = alter.extname.as_ref().map(|name| name.sval.clone()).unwrap_or_default();
        self.touch(&Address::new(Kind::Extension, [extension.as_str()]), Access::Read, None);
        self.say(thing, &format!("extension {extension}"), alter.remove.to_string());
    }

    /// Says something of an object.
    pub(super) fn say(&mut self, thing: Thing, attribute: &str, value: String) {
        match thing {
            Thing::Object(address, known) => self.note(&address, Access::Alter, Some(attribute), |touch| {
                touch.missing = !known;
                touch.value = Some(value);
            }),
            Thing::Column(rel, name) => {
                let column = self.column(&rel.address, &name);
                let known = column.is_some();
                let column = column.unwrap_or_else(|| rel.address.part(column_kind(&rel.address), &name));
                self.note(&rel.address, Access::Read, None, |touch| touch.missing = !rel.known);
                self.note(&column, Access::Alter, Some(attribute), |touch| {
                    touch.missing = !known;
                    touch.value = Some(value);
                });
            }
            Thing::Part(rel, kind, name) => {
                let part = self.part(&rel.address, kind, &name);
                let known = part.is_some();
                let part = part.unwrap_or_else(|| rel.address.part(kind, &name));
                self.note(&rel.address, Access::Read, None, |touch| touch.missing = !rel.known);
                self.note(&part, Access::Alter, Some(attribute), |touch| {
                    touch.missing = !known;
                    touch.value = Some(value);
                });
            }
            Thing::Other(kind, names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                self.without_kind(kind, &names, Access::Alter);
            }
            Thing::Outside(what) => self.forbid(format!("says something of {what}")),
        }
    }

    /// The schema and name that an object goes by now.
    pub(super) fn name_now(&self, address: &Address) -> (String, String) {
        self.moved_name(address)
            .unwrap_or_else(|| (address.schema().unwrap_or_default().to_owned(), address.name().to_owned()))
    }
}

fn renamed(address: &Address, new: &str) -> Vec<String> {
    let mut path = address.path.clone();
    if let Some(last) = path.last_mut() {
        new.clone_into(last);
    }
    path
}
