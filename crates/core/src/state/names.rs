//! Names of branches, and the nearest name to one that is not there.

use pleach_postgres::{Class, Error, Result};

/// The longest name of a branch, in bytes.
const LONGEST: usize = 200;

/// Checks the name of a new branch, by git's rules for references.
///
/// # Errors
/// `invalid_branch_name`, saying which rule it breaks.
pub fn check_branch_name(name: &str) -> Result<()> {
    match broken_rule(name) {
        None => Ok(()),
        Some(rule) => Err(Error::new(Class::Input, "invalid_branch_name", format!("not a name for a branch: {rule}"))
            .on(format!("branch {name:?}"))
            .hint("use letters, digits, `-`, `_`, `.` and `/`, as in agent/claude-auth")),
    }
}

/// The candidate that the writer of `name` most likely meant, if one is near enough.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let allowed = (wanted.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let distance = distance(&wanted, &lower);
            let is_its_end = lower.rsplit('/').next() == Some(&wanted);
            (distance <= allowed || is_its_end).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

fn broken_rule(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("it is empty".into());
    }
    if name.len() > LONGEST {
        return Some(format!("it is longer than {LONGEST} bytes"));
    }
    if name == "@" || name == "HEAD" {
        return Some("it stands for the current branch".into());
    }
    if name.starts_with('-') {
        return Some("it begins with `-`".into());
    }
    if let Some(bad) = name.chars().find(|c| c.is_whitespace() || c.is_control() || r"~^:?*[\".contains(*c)) {
        return Some(format!("it contains {bad:?}"));
    }
    if let Some(bad) = ["..", "@{", "//"].into_iter().find(|bad| name.contains(bad)) {
        return Some(format!("it contains `{bad}`"));
    }
    if name.ends_with('.') {
        return Some("it ends with `.`".into());
    }
    if name.starts_with('/') || name.ends_with('/') {
        return Some("it begins or ends with `/`".into());
    }
    let parts = || name.split('/');
    if parts().any(|part| part.starts_with('.')) {
        return Some("a part of it begins with `.`".into());
    }
    if parts().any(|part| part.ends_with(".lock")) {
        return Some("a part of it ends with `.lock`".into());
    }
    None
}

/// How many letters must be changed, put in, left out or swapped with the next to turn one into
/// the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let mut best =
                (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_git_takes_are_taken() {
        for name in ["main", "agent/claude-auth", "feature/x.y_z", "a@b", "größe", "v1.2", "a.lock.b", "beef"] {
            assert_eq!(broken_rule(name), None, "{name}");
        }
    }

    #[test]
    fn names_that_git_refuses_are_refused() {
        let long = "x".repeat(201);
        let refused = [
            "", "/a", "a/", "a//b", "a..b", "a b", "a\tb", "a\u{7f}b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b",
            "a.lock", "a.lock/b", "-a", ".a", "a/.b", "a.", "a@{b", "@", "HEAD", "a\u{a0}b", &long,
        ];
        for name in refused {
            assert!(broken_rule(name).is_some(), "{name:?}");
        }
    }

    #[test]
    fn the_nearest_name_is_found() {
        let names = ["main", "agent/claude-auth", "agent/codex-users", "release"];
        assert_eq!(nearest("mian", names), Some("main"));
        assert_eq!(nearest("agent/claude-aut", names), Some("agent/claude-auth"));
        assert_eq!(nearest("claude-auth", names), Some("agent/claude-auth"));
        assert_eq!(nearest("Release", names), Some("release"));
        assert_eq!(nearest("develop", names), None);
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(["", "a", "ab", "ba", "kitten"].map(|a| distance(a, "ab")), [2, 1, 0, 1, 6]);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
