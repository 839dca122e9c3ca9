//! Revisions: what people write to name a commit.

use super::sql::bytes;
use super::sql::hash_opt;
use super::{Db, ProjectId, branches, commits, names};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Hash;

/// The fewest hex digits that name a commit.
const SHORTEST_PREFIX: usize = 4;

/// A revision taken apart: a name, and the way to go from there.
#[derive(Debug, PartialEq, Eq)]
struct Revision<'a> {
    base: &'a str,
    steps: Vec<Step>,
}

/// One suffix of a revision.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// `~N`: so many commits back along first parents.
    Back(u32),
    /// `^N`: the parent of this number, counted from 1.
    Parent(u32),
}

/// The commit that a revision names: a branch, `@` or `HEAD` for the `current` branch, a commit's
/// hash or the first digits of it (four at least), each followed by any number of `~N`, `^` and
/// `^N` as in git. A branch goes before a commit.
///
/// # Errors
/// `invalid_revision`, `unknown_revision` with the nearest name, `ambiguous_revision` with the
/// candidates, `no_current_branch`, `no_such_ancestor`.
pub async fn resolve(db: &impl Db, project: ProjectId, revision: &str, current: Option<&str>) -> Result<Hash> {
    let parsed = parse(revision)?;
    let mut commit = resolve_base(db, project, parsed.base, current).await?;
    for step in parsed.steps {
        let next = match step {
            Step::Back(0) | Step::Parent(0) => Some(commit),
            Step::Back(count) => go_back(db, project, commit, count).await?,
            Step::Parent(number) => commits::parents(db, project, commit).await?.get(number as usize - 1).copied(),
        };
        commit = next.ok_or_else(|| no_such_ancestor(revision))?;
    }
    Ok(commit)
}

fn parse(revision: &str) -> Result<Revision<'_>> {
    let (base, mut rest) = revision.split_at(revision.find(['~', '^']).unwrap_or(revision.len()));
    if base.is_empty() {
        return Err(invalid(revision, "it does not begin with a branch or a commit"));
    }
    let mut steps = Vec::new();
    let mut chars = rest.chars();
    while let Some(sign) = chars.next() {
        rest = chars.as_str();
        let (digits, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let number = match digits {
            "" => 1,
            digits => digits.parse().map_err(|_| invalid(revision, "the number in it is too large"))?,
        };
        steps.push(match sign {
            '~' => Step::Back(number),
            '^' => Step::Parent(number),
            other => return Err(invalid(revision, &format!("{other:?} cannot stand after a `~` or `^`"))),
        });
        chars = after.chars();
    }
    Ok(Revision { base, steps })
}

async fn resolve_base(db: &impl Db, project: ProjectId, base: &str, current: Option<&str>) -> Result<Hash> {
    let name = match (base, current) {
        ("@" | "HEAD", Some(current)) => current,
        ("@" | "HEAD", None) => return Err(no_current_branch(base)),
        (name, _) => name,
    };
    if let Some(branch) = branches::find(db, project, name).await? {
        return Ok(branch.head);
    }
    let candidates = match may_be_prefix(base) {
        true => commits::with_prefix(db, project, base, 10).await?,
        false => Vec::new(),
    };
    match candidates.as_slice() {
        [commit] => Ok(*commit),
        [] => Err(unknown(db, project, name).await?),
        several => Err(ambiguous(base, several)),
    }
}

fn may_be_prefix(text: &str) -> bool {
    (SHORTEST_PREFIX..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit())
}

/// Follows first parents.
async fn go_back(db: &impl Db, project: ProjectId, from: Hash, count: u32) -> Result<Option<Hash>> {
    let sql = "with recursive line(hash, place) as (
            select $2::bytea, 0::bigint
            union all
            select c.parents[1], line.place + 1
            from line join pleach.commit c on c.project_id = $1 and c.hash = line.hash
            where line.place < $3 and cardinality(c.parents) > 0
        )
        select hash from line where place = $3";
    match db.query_opt(sql, &[&project.0, &bytes(&from), &i64::from(count)]).await? {
        Some(row) => hash_opt(&row, "hash"),
        None => Ok(None),
    }
}

fn invalid(revision: &str, why: &str) -> Error {
    Error::new(Class::Input, "invalid_revision", format!("not a revision: {why}"))
        .on(format!("revision {revision:?}"))
        .hint("write a branch or the first digits of a commit, then `~2` or `^2` if need be, as in main~2")
}

fn no_current_branch(base: &str) -> Error {
    Error::new(Class::State, "no_current_branch", "there is no current branch here")
        .on(format!("revision {base}"))
        .hint("name a branch, or choose one with `pleach checkout`")
}

fn no_such_ancestor(revision: &str) -> Error {
    Error::new(Class::State, "no_such_ancestor", "the history does not go back that far, or there are fewer parents")
        .on(format!("revision {revision}"))
        .hint("see `pleach log`")
}

async fn unknown(db: &impl Db, project: ProjectId, name: &str) -> Result<Error> {
    let error = Error::new(Class::State, "unknown_revision", "no branch and no commit is called so")
        .on(format!("revision {name}"));
    let branches = branches::list(db, project).await?;
    Ok(match names::nearest(name, branches.iter().map(|branch| branch.name.as_str())) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint("see `pleach branch list` and `pleach log`"),
    })
}

fn ambiguous(base: &str, candidates: &[Hash]) -> Error {
    let listed: Vec<String> = candidates.iter().map(|hash| hash.to_string()[..base.len() + 4].to_owned()).collect();
    Error::new(Class::Input, "ambiguous_revision", "several commits begin like this")
        .on(format!("revision {base}"))
        .hint(format!("write more digits: {}", listed.join(", ")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_taken_apart_in_order() {
        let parsed = parse("agent/x~2^^3~").unwrap();
        assert_eq!(parsed.base, "agent/x");
        assert_eq!(parsed.steps, [Step::Back(2), Step::Parent(1), Step::Parent(3), Step::Back(1)]);
        assert_eq!(parse("main").unwrap().steps, []);
    }

    #[test]
    fn nonsense_is_refused() {
        for revision in ["", "~1", "^", "main~x", "main~1x", "main~99999999999", "main^{tree}"] {
            assert_eq!(parse(revision).unwrap_err().code, "invalid_revision", "{revision}");
        }
    }
}
