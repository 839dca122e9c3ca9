//! `DROP`, with what goes along and what stands in the way.

use super::Access;
use super::names::cut;
use super::object_name::Thing;
use super::scene::{Rel, Scene};
use pg_query::protobuf::{DropBehavior, DropOwnedStmt, DropStmt};
use pleach_schema::{Address, Kind};

/// The kinds of parts that go with a relation or type.
const PARTS: [Kind; 7] =
    [Kind::Column, Kind::Attribute, Kind::Constraint, Kind::Index, Kind::Trigger, Kind::Rule, Kind::Policy];

impl Scene<'_> {
    pub(super) fn drop_objects(&mut self, drop: &DropStmt) -> bool {
        let cascade = drop.behavior == DropBehavior::DropCascade as i32;
        for node in &drop.objects {
            match self.thing(drop.remove_type, Some(node), None) {
                Thing::Object(address, known) => self.drop_object(&address, known, cascade, drop.missing_ok),
                Thing::Column(rel, name) => self.drop_column(&rel, &name, cascade, drop.missing_ok),
                Thing::Part(rel, Kind::Constraint, name) => {
                    self.drop_constraint(&rel, &name, cascade, drop.missing_ok);
                }
                Thing::Part(rel, kind, name) => self.drop_part(&rel, kind, &name, drop.missing_ok),
                Thing::Other(kind, names) => {
                    let names: Vec<&str> = names.iter().map(String::as_str).collect();
                    self.without_kind(kind, &names, Access::Drop);
                }
                Thing::Outside(what) => self.forbid(format!("drops {what}")),
            }
        }
        drop.concurrent
    }

    fn drop_part(&mut self, rel: &Rel, kind: Kind, name: &str, lenient: bool) {
        let known = self.part(&rel.address, kind, name);
        let address = known.clone().unwrap_or_else(|| rel.address.part(kind, name));
        self.note(&address, Access::Drop, None, |touch| {
            touch.lenient = lenient;
            touch.missing = known.is_none() && !lenient;
        });
        self.note(&rel.address, Access::Lock, None, |touch| touch.missing = !rel.known && !lenient);
        let attribute = if kind == Kind::Policy { "policies" } else { "triggers" };
        self.imply(&rel.address, Access::Alter, Some(attribute));
        self.set_part(&rel.address, kind, name, None);
    }

    fn drop_object(&mut self, address: &Address, known: bool, cascade: bool, lenient: bool) {
        self.note(address, Access::Drop, None, |touch| {
            touch.lenient = lenient;
            touch.missing = !known && !lenient;
        });
        match address.kind {
            Kind::Schema => self.drop_schema(address, cascade),
            Kind::Extension => {
                self.opaque(
                    format!("what belongs to {address} goes with it"),
                    Some("extension".to_owned()),
                    Access::Drop,
                    false,
                );
                self.imply(address, Access::Alter, Some("contents"));
                self.drop_what_stands_on(address, cascade);
            }
            Kind::EventTrigger => self.event_triggers(),
            _ => self.take_away(address, cascade, &mut vec![]),
        }
    }

    fn drop_schema(&mut self, schema: &Address, cascade: bool) {
        let inside: Vec<Address> = self
            .around
            .tree()
            .iter()
            .filter(|(address, _)| address.schema() == Some(schema.name()) && !address.kind.is_part())
            .filter(|(address, _)| address.kind != Kind::Schema)
            .map(|(address, _)| address.clone())
            .collect();
        self.imply(schema, Access::Alter, Some("contents"));
        for address in inside {
            if cascade {
                self.imply(&address, Access::Drop, None);
                self.take_away(&address, true, &mut vec![]);
            } else {
                self.imply(&address, Access::Lock, Some("blocks"));
            }
        }
        self.schemas.insert(schema.name().to_owned(), None);
    }

    /// Takes an object off the stage, with its parts and what stands on it.
    fn take_away(&mut self, address: &Address, cascade: bool, seen: &mut Vec<Address>) {
        if seen.contains(address) {
            return;
        }
        seen.push(address.clone());
        for kind in PARTS {
            let parts: Vec<Address> = self
                .around
                .tree()
                .parts(&address.path, kind)
                .filter(|(part, _)| part.relation() == address.path)
                .map(|(part, _)| part.clone())
                .collect();
            for part in parts.into_iter().filter(|_| !address.kind.is_routine()) {
                self.imply(&part, Access::Drop, None);
                if part.kind == Kind::Constraint {
                    self.imply(&part.clone().with_kind(Kind::Index), Access::Drop, None);
                }
                self.follow(&part, cascade, seen);
            }
        }
        self.follow(address, cascade, seen);
        for child in self.around.children(&address.path).cloned().collect::<Vec<_>>() {
            let is_partition =
                self.object(&child).is_some_and(|child| child.get(pleach_schema::Attr::PartitionOf).is_some());
            if is_partition || cascade {
                self.imply(&child, Access::Drop, None);
                self.take_away(&child, cascade, seen);
            } else {
                self.imply(&child, Access::Lock, Some("blocks"));
            }
        }
        self.leave(address);
    }

    /// Takes an object's name off the stage.
    fn leave(&mut self, address: &Address) {
        let (schema, name) = (address.schema().unwrap_or_default().to_owned(), address.name().to_owned());
        match address.kind {
            Kind::Table | Kind::View | Kind::MaterializedView | Kind::Sequence | Kind::Composite | Kind::Index => {
                let now = self.name_now(address);
                self.move_relation((&now.0, &now.1), None);
            }
            Kind::Enum | Kind::Domain | Kind::Range => self.move_type((&schema, &name), None),
            kind if kind.is_routine() => self.remove_routine(address),
            _ => {}
        }
    }

    /// What goes with an object, or keeps it from going.
    pub(super) fn drop_what_stands_on(&mut self, address: &Address, cascade: bool) {
        self.follow(address, cascade, &mut vec![]);
    }

    fn follow(&mut self, address: &Address, cascade: bool, seen: &mut Vec<Address>) {
        let users: Vec<Address> = self.around.dependents(address).cloned().collect();
        for user in users {
            let inside = user.kind.is_part() && user.relation() == address.relation();
            let goes = match user.kind {
                // What a column's own constraints and indexes are.
                Kind::Constraint | Kind::Index if inside => true,
                Kind::Statistics => true,
                // A sequence that a column owns; the column refers to it as well.
                Kind::Sequence => address.kind == Kind::Column || address.kind == Kind::Table,
                Kind::Constraint if address.kind == Kind::Constraint => cascade,
                _ => cascade,
            };
            if user.kind == Kind::Column && matches!(address.kind, Kind::Sequence | Kind::Function) {
                if cascade {
                    self.imply(&user, Access::Alter, Some("default"));
                } else {
                    self.imply(&user, Access::Lock, Some("blocks"));
                }
            } else if goes {
                self.imply(&user, Access::Drop, None);
                if user.kind.is_part() {
                    if !inside {
                        self.imply(&Address::new(Kind::Table, user.relation().iter().cloned()), Access::Lock, None);
                    }
                    if !seen.contains(&user) {
                        seen.push(user.clone());
                        self.follow(&user, cascade, seen);
                    }
                } else {
                    self.take_away(&user, cascade, seen);
                }
            } else if !inside {
                self.imply(&user, Access::Lock, Some("blocks"));
            }
        }
    }

    pub(super) fn drop_owned(&mut self, drop: &DropOwnedStmt) {
        let names = super::privilege::role_names(&drop.roles).join(", ");
        self.opaque(format!("everything of {}", cut(&names)), None, Access::Drop, true);
    }

    /// A trigger on events runs with the statements of everybody.
    pub(super) fn event_triggers(&mut self) {
        self.opaque("event triggers run with every change of the schema", None, Access::Alter, true);
    }
}

/// The same name as another kind of object.
trait WithKind {
    fn with_kind(self, kind: Kind) -> Self;
}

impl WithKind for Address {
    fn with_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }
}
