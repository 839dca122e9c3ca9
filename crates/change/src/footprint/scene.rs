//! The schema as it stands before each statement: the tree, and what earlier statements of the
//! same change made, renamed and dropped.

use super::names;
use super::surroundings::Surroundings;
use super::{Access, Footprint, Forbidden, Opaque, Touch};
use pg_query::protobuf::RangeVar;
use pleach_schema::{Address, Attr, Kind, Object, Value};
use std::collections::{BTreeSet, HashMap, HashSet};

/// A relation that was found, or that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rel {
    /// What the tree calls it; what this change calls it if this change made it.
    pub address: Address,
    /// Whether the tree or this change has it.
    pub known: bool,
}

/// What a change did to the columns of a relation.
#[derive(Debug, Clone, Default)]
struct Columns {
    /// New ones, with their type as far as it is known.
    added: Vec<(String, Option<Address>)>,
    /// New name to the tree's name.
    renamed: HashMap<String, String>,
    gone: HashSet<String>,
}

/// What is on the stage.
pub(super) struct Scene<'a> {
    pub around: &'a Surroundings,
    pub path: Vec<String>,
    first_path: Vec<String>,
    pub out: Footprint,
    pub statement: usize,
    seen: HashSet<Touch>,
    /// What relations are called now: what the tree calls them, or nothing.
    relations: HashMap<(String, String), Option<Address>>,
    types: HashMap<(String, String), Option<Address>>,
    /// What renamed relations and types are called now.
    now: HashMap<Address, (String, String)>,
    /// Routines that this change made, by their name now.
    made_routines: HashMap<(String, String), Vec<Address>>,
    gone_routines: HashSet<Address>,
    columns: HashMap<Vec<String>, Columns>,
    /// Parts other than columns: relation, kind and name now, to the tree's name.
    parts: HashMap<(Vec<String>, Kind, String), Option<String>>,
    /// Whether a name of a constraint is taken in a schema, where this change decided it.
    constraints: HashMap<(String, String), bool>,
    made: HashSet<Address>,
    pub schemas: HashMap<String, Option<String>>,
    /// Enums that the statement uses values of, and its string literals.
    pub enums: BTreeSet<Address>,
    pub literals: BTreeSet<String>,
    /// Routines whose bodies are being read, so that a circle ends.
    pub reading: Vec<Address>,
    /// Names that are variables of the body being read.
    pub variables: HashSet<String>,
    /// Columns of the row that fires a trigger, as the body being read names them.
    pub row_fields: Vec<String>,
    /// Whether routines that are called must not change their answers: in an index, say.
    pub immutable: bool,
    /// Whether what is touched now follows from the statement and is not named in it.
    pub implied: bool,
    /// Whether what is noted now is in the body of a routine that is not called.
    pub late: bool,
}

impl<'a> Scene<'a> {
    pub(super) fn new(around: &'a Surroundings, path: &[String]) -> Self {
        let path: Vec<String> = path.iter().filter(|name| *name != "$user").cloned().collect();
        Self {
            around,
            first_path: path.clone(),
            path,
            out: Footprint::default(),
            statement: 0,
            seen: HashSet::new(),
            relations: HashMap::new(),
            types: HashMap::new(),
            now: HashMap::new(),
            made_routines: HashMap::new(),
            constraints: HashMap::new(),
            gone_routines: HashSet::new(),
            columns: HashMap::new(),
            parts: HashMap::new(),
            made: HashSet::new(),
            schemas: HashMap::new(),
            enums: BTreeSet::new(),
            literals: BTreeSet::new(),
            reading: vec![],
            variables: HashSet::new(),
            row_fields: vec![],
            immutable: false,
            implied: false,
            late: false,
        }
    }

    pub(super) fn begin(&mut self, statement: usize) {
        self.statement = statement;
        self.enums.clear();
        self.literals.clear();
    }

    /// Ends a statement: which labels of the enums in it the statement may name.
    pub(super) fn end(&mut self) {
        /// With more literals than this it is told that any label may be named.
        const LITERALS: usize = 200;
        let (enums, literals) = (std::mem::take(&mut self.enums), std::mem::take(&mut self.literals));
        for object in enums {
            if literals.len() > LITERALS {
                self.touch(&object, Access::Read, Some("labels"));
                continue;
            }
            for literal in &literals {
                self.imply(&object, Access::Read, Some(&format!("label {literal}")));
            }
        }
    }

    pub(super) fn finish(self) -> Footprint {
        self.out
    }

    /// Notes a touch.
    pub(super) fn touch(&mut self, object: &Address, access: Access, attribute: Option<&str>) {
        self.note(object, access, attribute, |_| {});
    }

    /// Notes a touch of something the statement does not name.
    pub(super) fn imply(&mut self, object: &Address, access: Access, attribute: Option<&str>) {
        self.note(object, access, attribute, |touch| touch.implied = true);
    }

    /// Notes a touch with more to say about it.
    pub(super) fn note(
        &mut self,
        object: &Address,
        access: Access,
        attribute: Option<&str>,
        more: impl FnOnce(&mut Touch),
    ) {
        let is_temporary = object.path.first().is_some_and(|schema| schema == "pg_temp");
        let is_system = matches!(object.schema(), Some("pg_catalog" | "information_schema" | "pg_toast"));
        if is_temporary || (is_system && object.kind != Kind::Schema && matches!(access, Access::Read | Access::Lock)) {
            return;
        }
        let mut touch = Touch {
            object: object.clone(),
            attribute: attribute.map(str::to_owned),
            access,
            statement: 0,
            implied: self.implied,
            late: self.late,
            lenient: false,
            missing: false,
            value: None,
        };
        more(&mut touch);
        if !self.seen.contains(&touch) {
            self.seen.insert(touch.clone());
            touch.statement = self.statement;
            self.out.touches.push(touch);
        }
    }

    /// Takes over a touch from a body that runs with this statement.
    pub(super) fn adopt(&mut self, touch: &Touch) {
        self.note(&touch.object, touch.access, touch.attribute.as_deref(), |new| {
            new.implied |= touch.implied;
            new.lenient = touch.lenient;
            new.missing = touch.missing;
            new.value.clone_from(&touch.value);
        });
    }

    /// Notes what reading does not tell.
    pub(super) fn opaque(&mut self, what: impl Into<String>, key: Option<String>, access: Access, boundless: bool) {
        let opaque = Opaque { statement: self.statement, what: what.into(), key, access, boundless };
        let is_new = self
            .out
            .opaque
            .iter()
            .rev()
            .take(20)
            .all(|other| (&other.what, &other.key, other.access) != (&opaque.what, &opaque.key, opaque.access));
        if is_new {
            self.out.opaque.push(opaque);
        }
    }

    /// Notes an effect outside of the database.
    pub(super) fn forbid(&mut self, why: impl Into<String>) {
        let forbidden = Forbidden { statement: self.statement, why: why.into() };
        if self.out.forbidden.last() != Some(&forbidden) {
            self.out.forbidden.push(forbidden);
        }
    }

    /// Sets the search path for what comes after.
    pub(super) fn set_path(&mut self, path: &[String]) {
        self.path = path.iter().filter(|name| *name != "$user" && !name.is_empty()).cloned().collect();
    }

    /// Sets the search path to what it was at the start.
    pub(super) fn reset_path(&mut self) {
        self.path.clone_from(&self.first_path);
    }

    /// The schema that new objects go to where none is named.
    pub(super) fn creation_schema(&self) -> String {
        let found = self.path.iter().find(|name| self.has_schema(name));
        found.or(self.path.first()).map_or_else(|| "public".to_owned(), |name| self.schema(name))
    }

    fn has_schema(&self, name: &str) -> bool {
        match self.schemas.get(name) {
            Some(now) => now.is_some(),
            None => self.around.has_schema(name),
        }
    }

    /// What the tree calls a schema.
    pub(super) fn schema(&self, name: &str) -> String {
        self.schemas.get(name).cloned().flatten().unwrap_or_else(|| name.to_owned())
    }

    /// Notes that something in a schema is named: who renames or drops that schema is in the way.
    pub(super) fn use_schema(&mut self, schema: &str) {
        self.imply(&Address::new(Kind::Schema, [schema]), Access::Read, None);
    }

    /// The relation that a name means now. Nothing is touched.
    pub(super) fn find(&self, schema: &str, name: &str) -> Option<Address> {
        if !schema.is_empty() {
            return self.find_in(&self.schema(schema), name);
        }
        let temporary = self.find_in("pg_temp", name);
        temporary.or_else(|| self.path.iter().find_map(|schema| self.find_in(&self.schema(schema), name)))
    }

    fn find_in(&self, schema: &str, name: &str) -> Option<Address> {
        match self.relations.get(&(schema.to_owned(), name.to_owned())) {
            Some(now) => now.clone(),
            None => self.around.relation(schema, name).cloned(),
        }
    }

    /// The relation that is written, or the one that must be meant. Its schema is used, and names
    /// that would come before it in the search path must stay free.
    pub(super) fn relation(&mut self, written: &RangeVar, kind: Kind) -> Rel {
        let (schema, name) = names::of(written);
        let (schema, name) = (names::cut(schema).to_owned(), names::cut(name).to_owned());
        self.relation_named(&schema, &name, kind)
    }

    /// As [`Scene::relation`], by name.
    pub(super) fn relation_named(&mut self, schema: &str, name: &str, kind: Kind) -> Rel {
        let found = self.find(schema, name);
        if schema.is_empty() {
            for earlier in self.path.clone() {
                let earlier = self.schema(&earlier);
                if found
                    .as_ref()
                    .is_some_and(|found| found.schema() == Some(&earlier) || found.schema() == Some("pg_temp"))
                {
                    break;
                }
                if found.is_some() || self.path.len() > 1 {
                    self.imply(&Address::new(kind, [earlier.as_str(), name]), Access::Read, Some("absence"));
                }
            }
        }
        let known = found.is_some();
        let is_system = schema.is_empty() && !known && name.starts_with("pg_");
        let address = found.unwrap_or_else(|| {
            let schema = match schema {
                "" if is_system => "pg_catalog".to_owned(),
                "" => self.creation_schema(),
                given => self.schema(given),
            };
            Address::new(kind, [schema.as_str(), name])
        });
        if let Some(schema) = address.schema() {
            self.use_schema(schema);
        }
        Rel { known: known || is_system || address.schema() == Some("pg_catalog"), address }
    }

    /// Whether a relation's name is taken in a schema.
    pub(super) fn is_relation(&self, schema: &str, name: &str) -> bool {
        self.find_in(schema, name).is_some()
    }

    /// Puts a relation on the stage.
    pub(super) fn add_relation(&mut self, address: &Address) {
        let schema = address.schema().unwrap_or_default().to_owned();
        self.relations.insert((schema, address.name().to_owned()), Some(address.clone()));
        self.made.insert(address.clone());
    }

    /// Takes a relation off the stage, or gives it another name.
    pub(super) fn move_relation(&mut self, now: (&str, &str), to: Option<(&str, &str)>) {
        let was = self.find_in(now.0, now.1);
        self.relations.insert((now.0.to_owned(), now.1.to_owned()), None);
        if let Some((schema, name)) = to {
            self.now.extend(was.clone().map(|was| (was, (schema.to_owned(), name.to_owned()))));
            self.relations.insert((schema.to_owned(), name.to_owned()), was);
        }
    }

    /// The schema and name that a relation or type was given by this change.
    pub(super) fn moved_name(&self, address: &Address) -> Option<(String, String)> {
        self.now.get(address).cloned()
    }

    /// The type that a name means now, other than a relation's row type.
    pub(super) fn find_type(&self, schema: &str, name: &str) -> Option<Address> {
        let find_in = |schema: &str| match self.types.get(&(schema.to_owned(), name.to_owned())) {
            Some(now) => now.clone(),
            None => self.around.of_type(schema, name).cloned(),
        };
        if !schema.is_empty() {
            return find_in(&self.schema(schema));
        }
        self.path.iter().find_map(|schema| find_in(&self.schema(schema)))
    }

    /// Puts a type on the stage.
    pub(super) fn add_type(&mut self, address: &Address) {
        let schema = address.schema().unwrap_or_default().to_owned();
        self.types.insert((schema, address.name().to_owned()), Some(address.clone()));
        self.made.insert(address.clone());
    }

    /// Takes a type off the stage, or gives it another name.
    pub(super) fn move_type(&mut self, now: (&str, &str), to: Option<(&str, &str)>) {
        let was = self.find_type(now.0, now.1);
        self.types.insert((now.0.to_owned(), now.1.to_owned()), None);
        if let Some((schema, name)) = to {
            self.now.extend(was.clone().map(|was| (was, (schema.to_owned(), name.to_owned()))));
            self.types.insert((schema.to_owned(), name.to_owned()), was);
        }
    }

    /// The routines that a name means now.
    pub(super) fn routines(&self, schema: &str, name: &str) -> Vec<Address> {
        let schemas: Vec<String> = if schema.is_empty() {
            self.path.iter().map(|s| self.schema(s)).collect()
        } else {
            vec![self.schema(schema)]
        };
        let mut found = vec![];
        for schema in schemas {
            let known = self.around.routines(&schema, name).iter().map(|address| Address::clone(address));
            found.extend(known.filter(|address| !self.gone_routines.contains(address)));
            found.extend(self.made_routines.get(&(schema, name.to_owned())).into_iter().flatten().cloned());
        }
        found
    }

    /// Puts a routine on the stage.
    pub(super) fn add_routine(&mut self, address: &Address) {
        let of_name = self.made_routines.entry(routine_name(address)).or_default();
        if !of_name.contains(address) {
            of_name.push(address.clone());
        }
        self.made.insert(address.clone());
    }

    /// Takes a routine off the stage.
    pub(super) fn remove_routine(&mut self, address: &Address) {
        if let Some(of_name) = self.made_routines.get_mut(&routine_name(address)) {
            of_name.retain(|made| made != address);
        }
        self.gone_routines.insert(address.clone());
    }

    /// Whether this change made the object.
    pub(super) fn is_made(&self, address: &Address) -> bool {
        self.made.contains(address)
    }

    /// Notes that this change made the object.
    pub(super) fn add_made(&mut self, address: &Address) {
        self.made.insert(address.clone());
    }

    /// Whether the tree has an object, or this change made it.
    pub(super) fn exists(&self, address: &Address) -> bool {
        self.made.contains(address) || self.around.tree().object(address).is_some()
    }

    /// The object in the tree.
    pub(super) fn object(&self, address: &Address) -> Option<&'a Object> {
        self.around.tree().object(address)
    }

    /// The tree's name of a column, if the relation has it now.
    pub(super) fn column(&self, of: &Address, name: &str) -> Option<Address> {
        let changed = self.columns.get(&of.path);
        if let Some(changed) = changed {
            if changed.added.iter().any(|(added, _)| added == name) {
                return Some(of.part(column_kind(of), name));
            }
            if let Some(old) = changed.renamed.get(name) {
                return Some(of.part(column_kind(of), old));
            }
            if changed.gone.contains(name) {
                return None;
            }
        }
        let address = of.part(column_kind(of), name);
        let known = self.object(&address).is_some() || self.view_columns(of).iter().any(|column| column == name);
        known.then_some(address)
    }

    /// The columns of a relation as they are called now, in no particular order.
    pub(super) fn columns(&self, of: &Address) -> Vec<String> {
        let tree = self.around.tree();
        let changed = self.columns.get(&of.path);
        let mut names: Vec<String> = match of.kind {
            Kind::View | Kind::MaterializedView => self.view_columns(of),
            Kind::Composite => tree.parts(&of.path, Kind::Attribute).map(|(a, _)| a.name().to_owned()).collect(),
            _ => tree.columns(&of.path).into_iter().map(|(a, _)| a.name().to_owned()).collect(),
        };
        if let Some(changed) = changed {
            names.retain(|name| !changed.gone.contains(name));
            names.extend(changed.renamed.keys().cloned());
            names.extend(changed.added.iter().map(|(name, _)| name.clone()));
        }
        names
    }

    fn view_columns(&self, of: &Address) -> Vec<String> {
        let shown = self.object(of).map(|view| view.derived.columns.as_slice()).unwrap_or_default();
        shown.iter().map(|column| first_name(column)).collect()
    }

    /// The user's type of a column, if it has one.
    pub(super) fn column_type(&self, column: &Address) -> Option<Address> {
        let changed = self.columns.get(column.relation());
        if let Some((_, kind)) = changed.and_then(|c| c.added.iter().find(|(name, _)| name == column.name())) {
            return kind.clone();
        }
        let text = self.object(column)?.get(Attr::Type).and_then(Value::as_text)?;
        self.around.written_type(text).cloned()
    }

    /// Gives a relation a new column.
    pub(super) fn add_column(&mut self, of: &Address, name: &str, user_type: Option<Address>) {
        let columns = self.columns.entry(of.path.clone()).or_default();
        columns.gone.remove(name);
        columns.added.retain(|(added, _)| added != name);
        columns.added.push((name.to_owned(), user_type));
    }

    /// Takes a column away.
    pub(super) fn remove_column(&mut self, of: &Address, name: &str) {
        let columns = self.columns.entry(of.path.clone()).or_default();
        columns.added.retain(|(added, _)| added != name);
        if columns.renamed.remove(name).is_none() {
            columns.gone.insert(name.to_owned());
        }
    }

    /// Gives a column another name.
    pub(super) fn rename_column(&mut self, of: &Address, old: &str, new: &str) {
        let columns = self.columns.entry(of.path.clone()).or_default();
        if let Some(added) = columns.added.iter_mut().find(|(added, _)| added == old) {
            new.clone_into(&mut added.0);
            return;
        }
        let original = columns.renamed.remove(old).unwrap_or_else(|| old.to_owned());
        columns.gone.insert(old.to_owned());
        columns.renamed.insert(new.to_owned(), original);
    }

    /// The tree's name of a part other than a column.
    pub(super) fn part(&self, of: &Address, kind: Kind, name: &str) -> Option<Address> {
        if let Some(now) = self.parts.get(&(of.path.clone(), kind, name.to_owned())) {
            return now.as_ref().map(|name| of.part(kind, name));
        }
        let address = of.part(kind, name);
        self.object(&address).map(|_| address)
    }

    /// Puts a part on the stage, or takes it off (`None`), or says which part has this name now.
    pub(super) fn set_part(&mut self, of: &Address, kind: Kind, name: &str, now: Option<&str>) {
        if let (Kind::Constraint, Some(schema)) = (kind, of.schema()) {
            self.constraints.insert((schema.to_owned(), name.to_owned()), now.is_some());
        }
        self.parts.insert((of.path.clone(), kind, name.to_owned()), now.map(str::to_owned));
    }

    /// Whether a constraint's name is taken in a schema.
    pub(super) fn is_constraint(&self, schema: &str, name: &str) -> bool {
        let made = self.constraints.get(&(schema.to_owned(), name.to_owned())).copied();
        made.unwrap_or_else(|| self.around.has_constraint(schema, name))
    }

    /// A table with all its descendants, itself first.
    pub(super) fn descendants(&self, table: &Address) -> Vec<Address> {
        let mut all = vec![table.clone()];
        let mut seen: HashSet<Vec<String>> = HashSet::from([table.path.clone()]);
        let mut at = 0;
        while let Some(next) = all.get(at).map(|table| table.path.clone()) {
            for child in self.around.children(&next) {
                if seen.insert(child.path.clone()) {
                    all.push(child.clone());
                }
            }
            at += 1;
        }
        all
    }
}

fn routine_name(address: &Address) -> (String, String) {
    (address.schema().unwrap_or_default().to_owned(), address.name().to_owned())
}

/// What the columns of this relation are.
pub(super) fn column_kind(of: &Address) -> Kind {
    if of.kind == Kind::Composite { Kind::Attribute } else { Kind::Column }
}

/// The identifier that a text begins with.
fn first_name(text: &str) -> String {
    if !text.starts_with('"') {
        return text.split(' ').next().unwrap_or_default().to_owned();
    }
    let mut name = String::new();
    let mut chars = text.chars().skip(1).peekable();
    while let Some(c) = chars.next() {
        if c == '"' && chars.next_if_eq(&'"').is_none() {
            break;
        }
        name.push(c);
    }
    name
}
