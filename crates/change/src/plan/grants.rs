//! `GRANT` and `REVOKE`.

use super::phrase::keyword;
use super::{Stage, Step, Writer, step};
use crate::AttrChange;
use pleach_schema::{Address, Attr, Kind, Object, Tree, Value, quote_ident};
use std::collections::{BTreeMap, BTreeSet};

type Grants = BTreeMap<String, Value>;

impl Writer<'_> {
    /// All grants of a new object.
    pub(super) fn all_grants(&self, address: &Address, object: &Object, stage: Stage, steps: &mut Vec<Step>) {
        if let Some(grants) = object.get(Attr::Grants).and_then(Value::as_map) {
            self.regrant(address, &Grants::new(), grants, stage, steps);
        }
    }

    /// From some grants to others.
    pub(super) fn change_grants(&self, address: &Address, changed: &AttrChange, stage: Stage, steps: &mut Vec<Step>) {
        let nothing = Grants::new();
        let old = changed.from.as_ref().and_then(Value::as_map).unwrap_or(&nothing);
        let new = changed.to.as_ref().and_then(Value::as_map).unwrap_or(&nothing);
        self.regrant(address, old, new, stage, steps);
    }

    /// Back to the default, for default privileges and view columns that are gone.
    pub(super) fn reset_grants(&self, old: &Address, stage: Stage) -> Vec<Step> {
        let mut steps = Vec::new();
        let grants = self.from.object(old).and_then(|object| object.get(Attr::Grants)).and_then(Value::as_map);
        if let Some(grants) = grants {
            self.regrant(old, grants, &Grants::new(), stage, &mut steps);
        }
        steps
    }

    fn regrant(&self, address: &Address, old: &Grants, new: &Grants, stage: Stage, steps: &mut Vec<Step>) {
        let target = Target::of(address, self.owner_of(address));
        for grantee in old.keys().chain(new.keys().filter(|grantee| !old.contains_key(*grantee))) {
            let (had, has) = (held(address, grantee, old.get(grantee)), held(address, grantee, new.get(grantee)));
            for sql in target.change(grantee, &had, &has) {
                steps.push(step(address, stage, sql));
            }
        }
    }

    fn owner_of(&self, address: &Address) -> Option<String> {
        let whole = |tree: &Tree| tree.parent(address).unwrap_or_else(|| address.clone());
        let object = self.to.object(&whole(self.to)).or_else(|| self.from.object(&whole(self.from)));
        object.and_then(|object| object.text(Attr::Owner)).map(str::to_owned)
    }
}

/// The privileges a role holds.
#[derive(PartialEq)]
enum Held {
    /// All that there are for this kind of object.
    All,
    /// These; `*` marks the grant option.
    Some(BTreeSet<String>),
}

/// What a role holds: what is said, or else the default.
fn held(address: &Address, grantee: &str, said: Option<&Value>) -> Held {
    let Some(said) = said else { return default_of(address, grantee) };
    Held::Some(said.as_list().unwrap_or_default().iter().filter_map(|p| p.as_text().map(str::to_owned)).collect())
}

/// The privileges that PostgreSQL gives by itself.
fn default_of(address: &Address, grantee: &str) -> Held {
    let schema_default = address.kind == Kind::DefaultPrivileges && address.path.get(1).is_some_and(|s| !s.is_empty());
    let what = address.path.last().map_or("", String::as_str);
    let public = match address.kind {
        _ if schema_default => None,
        Kind::Function | Kind::Procedure | Kind::Aggregate => Some("EXECUTE"),
        Kind::Enum | Kind::Domain | Kind::Range | Kind::Composite => Some("USAGE"),
        Kind::DefaultPrivileges if what == "functions" => Some("EXECUTE"),
        Kind::DefaultPrivileges if what == "types" => Some("USAGE"),
        Kind::Schema if address.name() == "public" => Some("USAGE"),
        _ => None,
    };
    match grantee {
        "@owner" if address.kind == Kind::Column || schema_default => Held::Some(BTreeSet::new()),
        "@owner" => Held::All,
        "PUBLIC" => Held::Some(public.into_iter().map(str::to_owned).collect()),
        _ => Held::Some(BTreeSet::new()),
    }
}

/// A role as SQL: `PUBLIC`, the owner, or a name.
pub(super) fn role_sql(role: &str) -> String {
    match role {
        "PUBLIC" => "PUBLIC".to_owned(),
        "@owner" => "CURRENT_USER".to_owned(),
        role => quote_ident(role).into_owned(),
    }
}

/// What privileges are granted on, and in which statement.
struct Target {
    prefix: String,
    columns: String,
    on: String,
    owner: Option<String>,
}

impl Target {
    fn of(address: &Address, owner: Option<String>) -> Self {
        let (mut prefix, mut columns) = (String::new(), String::new());
        let on = match (address.kind, address.path.as_slice()) {
            (Kind::Column, _) => {
                columns = format!(" ({})", address.name_sql());
                format!("TABLE {}", address.relation_sql())
            }
            (Kind::View | Kind::MaterializedView, _) => format!("TABLE {}", address.sql()),
            (Kind::Aggregate, _) => format!("FUNCTION {}", address.sql()),
            (Kind::DefaultPrivileges, [role, schema, what]) => {
                prefix.push_str("ALTER DEFAULT PRIVILEGES");
                if !role.is_empty() {
                    prefix.push_str(&format!(" FOR ROLE {}", quote_ident(role)));
                }
                if !schema.is_empty() {
                    prefix.push_str(&format!(" IN SCHEMA {}", quote_ident(schema)));
                }
                prefix.push(' ');
                what.to_uppercase()
            }
            (Kind::Domain, _) => format!("TYPE {}", address.sql()),
            (kind, _) => format!("{} {}", keyword(kind), address.sql()),
        };
        Self { prefix, columns, on, owner }
    }

    fn change(&self, grantee: &str, had: &Held, has: &Held) -> Vec<String> {
        let role = match (grantee, &self.owner) {
            ("@owner", Some(owner)) => quote_ident(owner).into_owned(),
            _ => role_sql(grantee),
        };
        let (Held::Some(had), Held::Some(has)) = (had, has) else {
            return match has {
                Held::All => {
                    let mut out = vec![self.grant("ALL", &role)];
                    // Left over from when another role was the owner.
                    let options = |had: &&String| had.ends_with('*');
                    if let Held::Some(had) = had
                        && had.iter().any(|privilege| options(&privilege))
                    {
                        let list: Vec<String> =
                            had.iter().filter(options).map(|p| self.privilege(p.trim_end_matches('*'))).collect();
                        out.push(self.revoke_option(&list, &role));
                    }
                    out
                }
                Held::Some(has) => {
                    let mut out = vec![self.revoke("ALL", &role)];
                    out.extend(self.grants(has.iter(), &role));
                    out
                }
            };
        };
        let bare = |privilege: &str| privilege.trim_end_matches('*').to_owned();
        let holds = |set: &BTreeSet<String>, privilege: &str| {
            set.contains(&bare(privilege)) || set.contains(&format!("{}*", bare(privilege)))
        };
        let lost: Vec<String> = had.iter().filter(|p| !holds(has, p)).map(|p| self.privilege(&bare(p))).collect();
        let no_option: Vec<String> = had
            .iter()
            .filter(|p| p.ends_with('*') && has.contains(&bare(p)))
            .map(|p| self.privilege(&bare(p)))
            .collect();
        let mut out = Vec::new();
        if !lost.is_empty() {
            out.push(format!("{}REVOKE {} ON {} FROM {role}", self.prefix, lost.join(", "), self.on));
        }
        if !no_option.is_empty() {
            out.push(self.revoke_option(&no_option, &role));
        }
        // A privilege that was held with its grant option has lost the option alone, above.
        let gained = has.iter().filter(|p| !had.contains(*p) && (p.ends_with('*') || !had.contains(&format!("{p}*"))));
        out.extend(self.grants(gained, &role));
        out
    }

    fn privilege(&self, privilege: &str) -> String {
        format!("{privilege}{}", self.columns)
    }

    fn grants<'a>(&self, privileges: impl Iterator<Item = &'a String>, role: &str) -> Vec<String> {
        let (with_option, plain): (Vec<&String>, Vec<&String>) = privileges.partition(|p| p.ends_with('*'));
        let list = |set: &[&String]| {
            set.iter().map(|p| self.privilege(p.trim_end_matches('*'))).collect::<Vec<_>>().join(", ")
        };
        let mut out = Vec::new();
        if !plain.is_empty() {
            out.push(format!("{}GRANT {} ON {} TO {role}", self.prefix, list(&plain), self.on));
        }
        if !with_option.is_empty() {
            out.push(format!("{}GRANT {} ON {} TO {role} WITH GRANT OPTION", self.prefix, list(&with_option), self.on));
        }
        out
    }

    fn grant(&self, privileges: &str, role: &str) -> String {
        format!("{}GRANT {privileges}{} ON {} TO {role}", self.prefix, self.columns, self.on)
    }

    fn revoke_option(&self, privileges: &[String], role: &str) -> String {
        format!("{}REVOKE GRANT OPTION FOR {} ON {} FROM {role}", self.prefix, privileges.join(", "), self.on)
    }

    fn revoke(&self, privileges: &str, role: &str) -> String {
        format!("{}REVOKE {privileges}{} ON {} FROM {role}", self.prefix, self.columns, self.on)
    }
}
