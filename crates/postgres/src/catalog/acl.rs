//! Owners and privileges.

use super::fields::some_map;
use crate::{Class, Error, Result};
use pleach_schema::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};

const OWNER: &str = "@owner";
const EVERYBODY: &str = "PUBLIC";

/// The roles that count as the project's own.
pub(super) struct Roles {
    own: HashSet<String>,
}

/// Privileges by grantee.
type Privileges = BTreeMap<String, BTreeSet<String>>;

impl Roles {
    pub(super) fn new(own: &[String]) -> Self {
        Self { own: own.iter().cloned().collect() }
    }

    /// The owner, unless it is one of the project's own roles.
    pub(super) fn owner(&self, role: &str) -> Option<String> {
        (!self.own.contains(role)).then(|| role.to_owned())
    }

    /// A role's name, `@owner` for the project's own.
    pub(super) fn name(&self, role: &str) -> String {
        self.owner(role).unwrap_or_else(|| OWNER.to_owned())
    }

    /// Whose privileges are not the default ones, and what they are. An absent ACL is given as
    /// the default itself.
    pub(super) fn grants(&self, owner: &str, is_ours: bool, acl: &[&str], default: &[&str]) -> Result<Option<Value>> {
        if acl == default {
            return Ok(None);
        }
        let actual = self.privileges(owner, is_ours, acl)?;
        let default = self.privileges(owner, is_ours, default)?;
        let lost = default.keys().filter(|grantee| !actual.contains_key(*grantee));
        let lost = lost.map(|grantee| (grantee.clone(), Value::List(Vec::new())));
        let differing = actual.iter().filter(|(grantee, privileges)| default.get(*grantee) != Some(privileges));
        let differing =
            differing.map(|(grantee, privileges)| (grantee.clone(), privileges.iter().cloned().collect::<Vec<_>>()));
        Ok(some_map(lost.chain(differing.map(|(grantee, list)| (grantee, Value::from(list)))).collect()))
    }

    /// As [`Self::grants`], for an ACL that is null where everything is as by default.
    pub(super) fn grants_unless_null(
        &self,
        owner: &str,
        acl: Option<Vec<&str>>,
        default: &[&str],
    ) -> Result<Option<Value>> {
        match acl {
            Some(acl) => self.grants(owner, self.own.contains(owner), &acl, default),
            None => Ok(None),
        }
    }

    fn privileges(&self, owner: &str, is_ours: bool, acl: &[&str]) -> Result<Privileges> {
        let mut out = Privileges::new();
        for item in acl {
            let (grantee, letters) = parse_item(item)?;
            // On another server the project's own roles are one. What one of them grants to
            // another adds nothing to what the owner may do, whose grant options stay its own.
            let fellow = grantee != owner && is_ours && self.own.contains(&grantee);
            let label = if grantee.is_empty() {
                EVERYBODY.to_owned()
            } else if grantee == owner || fellow {
                OWNER.to_owned()
            } else {
                grantee
            };
            let known = out.entry(label).or_default();
            known.extend(privilege_names(letters, fellow)?);
        }
        for names in out.values_mut() {
            let with_option: Vec<String> =
                names.iter().filter_map(|name| name.strip_suffix('*').map(str::to_owned)).collect();
            for name in with_option {
                names.remove(&name);
            }
        }
        Ok(out)
    }
}

/// Takes `"some role"=arw*/grantor` apart into grantee (empty for everybody) and letters.
fn parse_item(item: &str) -> Result<(String, &str)> {
    let damaged = || Error::new(Class::Internal, "catalog_row", format!("not an access privilege: {item}"));
    let (grantee, rest) = match item.strip_prefix('"') {
        None => {
            let end = item.find('=').ok_or_else(damaged)?;
            (item[..end].to_owned(), &item[end..])
        }
        Some(quoted) => parse_quoted(quoted).ok_or_else(damaged)?,
    };
    let letters = rest.strip_prefix('=').ok_or_else(damaged)?;
    Ok((grantee, letters.split('/').next().unwrap_or_default()))
}

/// Reads up to the closing quote; two quotes are one in the name.
fn parse_quoted(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"')?;
        name.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}

fn privilege_names(letters: &str, without_options: bool) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for letter in letters.chars() {
        let name = match letter {
            '*' => {
                if let Some(last) = names.last_mut().filter(|_| !without_options) {
                    last.push('*');
                }
                continue;
            }
            'r' => "SELECT",
            'a' => "INSERT",
            'w' => "UPDATE",
            'd' => "DELETE",
            'D' => "TRUNCATE",
            'x' => "REFERENCES",
            't' => "TRIGGER",
            'm' => "MAINTAIN",
            'X' => "EXECUTE",
            'U' => "USAGE",
            'C' => "CREATE",
            'c' => "CONNECT",
            'T' => "TEMPORARY",
            's' => "SET",
            'A' => "ALTER SYSTEM",
            _ => {
                return Err(Error::new(Class::Internal, "catalog_row", format!("unknown privilege: {letter}")));
            }
        };
        names.push(name.to_owned());
    }
    Ok(names)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn grants(own: &[&str], owner: &str, acl: &[&str], default: &[&str]) -> String {
        let roles = Roles::new(&own.iter().map(|role| (*role).to_owned()).collect::<Vec<_>>());
        let grants = roles.grants_unless_null(owner, Some(acl.to_vec()), default).unwrap();
        grants.map_or_else(String::new, |grants| grants.to_string())
    }

    #[test]
    fn only_what_differs_from_the_default_is_told() {
        let default = ["me=arwdDxt/me"];
        assert_eq!(grants(&["me"], "me", &["me=arwdDxt/me"], &default), "");
        assert_eq!(grants(&["me"], "me", &["me=arwdDxt/me", "app=r*w/me"], &default), "{app: [SELECT*, UPDATE]}");
        assert_eq!(grants(&["me"], "me", &["me=r/me", "=r/me"], &default), "{@owner: [SELECT], PUBLIC: [SELECT]}");
    }

    #[test]
    fn a_lost_default_is_an_empty_list() {
        assert_eq!(grants(&[], "me", &["me=X/me"], &["=X/me", "me=X/me"]), "{PUBLIC: []}");
    }

    #[test]
    fn grants_of_several_grantors_are_one_set() {
        assert_eq!(grants(&[], "me", &["app=r/me", "app=r*/other", "app=w/x"], &[]), "{app: [SELECT*, UPDATE]}");
    }

    #[test]
    fn roles_may_have_any_name() {
        let acl = [r#""we ""i=rd"""=r/me"#, r#""you/me"=w/"we ""i=rd""""#];
        assert_eq!(grants(&[], "me", &acl, &[]), r#"{we "i=rd": [SELECT], you/me: [UPDATE]}"#);
    }

    #[test]
    fn the_projects_own_roles_are_one() {
        let default = ["me=rw/me"];
        assert_eq!(grants(&["me", "also"], "me", &["me=rw/me", "also=r*/me"], &default), "");
        assert_eq!(grants(&["also"], "me", &["me=rw/me", "also=r/me"], &default), "{also: [SELECT]}");
    }
}
