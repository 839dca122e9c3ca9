//! Whatever is killed, and wherever: the next command works, and nothing is left behind.

use crate::support::{Story, every_server};
use std::collections::HashSet;

#[test]
fn a_killed_command_is_finished_or_taken_back_by_the_next_one() {
    for server in every_server() {
        let story = Story::new(Some(&server));
        story.file("schema.sql", "CREATE TABLE t (id int);\nINSERT INTO t VALUES (1), (2);\n");
        story.file("fill.sql", "UPDATE t SET id = id + 10;\n");
        let begin = "pleach init --schema schema.sql";
        let places = points(&story, begin);
        well(&story, "pleach down --destroy --yes");
        // Each crash is met by the next attempt, the last one by an attempt that succeeds.
        for point in places {
            kill_at(&story, &point, begin);
        }
        well(&story, begin);

        everywhere(
            &story,
            &Case {
                before: |_| "pleach down; true".to_owned(),
                command: |i| format!("pleach branch create new{i}"),
                after: |i| vec![format!("pleach branch create new{i} || pleach sql --branch new{i} -c 'TABLE t'")],
            },
        );
        everywhere(
            &story,
            &Case {
                before: |i| {
                    format!(
                        "pleach branch create commit{i} && pleach --branch commit{i} sql -c 'ALTER TABLE t ADD c int' \
                     && pleach --branch commit{i} data add fill.sql"
                    )
                },
                command: |i| format!("pleach --branch commit{i} commit -m 'The change'"),
                after: |i| {
                    vec![
                        format!("pleach --branch commit{i} commit -m 'The change' || true"),
                        format!("test $(pleach log commit{i} | grep -c 'The change.*1 data step') = 1"),
                        format!("pleach --branch commit{i} status | grep 'Nothing to commit'"),
                    ]
                },
            },
        );
        everywhere(
            &story,
            &Case {
                before: |i| merged_after(i, "merge"),
                command: |i| format!("pleach merge merge{i}"),
                after: |i| {
                    vec![
                        format!("pleach merge merge{i}"),
                        format!("test $(pleach log main | grep -c 'Merge merge{i} into main') = 1"),
                        "pleach --branch main status | grep 'Nothing to commit'".to_owned(),
                        format!("pleach --branch main sql -c 'SELECT merge{i} FROM t' | grep '(2 rows)'"),
                    ]
                },
            },
        );
        everywhere(
            &story,
            &Case {
                before: |i| format!("{} && pleach merge revert{i}", merged_after(i, "revert")),
                command: |_| "pleach revert main".to_owned(),
                after: |_| {
                    vec![
                        "pleach log main -n 1 | grep -q Revert || pleach revert main".to_owned(),
                        "pleach --branch main status | grep 'Nothing to commit'".to_owned(),
                    ]
                },
            },
        );
        everywhere(
            &story,
            &Case {
                before: |i| format!("{} && pleach merge undo{i}", merged_after(i, "undo")),
                command: |_| "pleach undo".to_owned(),
                after: |_| {
                    vec![
                        "pleach log main -n 1 | grep -q Undo || pleach undo".to_owned(),
                        "pleach --branch main status | grep 'Nothing to commit'".to_owned(),
                    ]
                },
            },
        );
        everywhere(
            &story,
            &Case {
                before: |i| format!("pleach branch create gone{i}"),
                command: |i| format!("pleach branch delete gone{i}"),
                after: |i| {
                    vec![format!("pleach branch delete gone{i} || true"), format!("! pleach branch show gone{i}")]
                },
            },
        );
        everywhere(
            &story,
            &Case {
                before: |_| "true".to_owned(),
                command: |_| "pleach snapshot refresh".to_owned(),
                after: |_| vec!["pleach snapshot refresh".to_owned()],
            },
        );
        everywhere(
            &story,
            &Case {
                before: |i| merged_after(i, "migrate") + &format!(" && pleach merge migrate{i}"),
                command: |i| format!("pleach migration generate --from main~1 --name step -o out{i}"),
                after: |i| {
                    vec![
                        format!("ls out{i}/*.up.sql || pleach migration generate --from main~1 --name step -o out{i}"),
                        format!("cat $(ls out{i}/*.up.sql) && cat $(ls out{i}/*.up.sql | sed s/up.sql/down.sql/)"),
                    ]
                },
            },
        );
        everywhere(
            &story,
            &Case {
                before: |_| "pleach snapshot refresh".to_owned(),
                command: |_| "pleach pool tend".to_owned(),
                after: |_| vec!["pleach pool tend".to_owned()],
            },
        );
        nothing_is_left_behind(&story);
    }
}

#[test]
fn a_killed_server_is_started_again_by_whoever_comes_next() {
    for server in every_server() {
        let story = Story::new(Some(&server));
        story.file("schema.sql", "CREATE TABLE t (id int);\nINSERT INTO t VALUES (1), (2);\n");
        well(&story, "pleach init --schema schema.sql && pleach branch create a");
        // The server's process is the first line of its lock file.
        let kill = "kill -9 $(head -1 $(pleach --format json status | grep -o '\"data_directory\":\"[^\"]*' | cut -d'\"' -f4)/postmaster.pid)";
        well(&story, kill);
        well(&story, "pleach --branch a sql -c 'TABLE t' | grep '(2 rows)'");
        well(&story, kill);
        let many = "for i in 1 2 3 4; do pleach --branch a sql -c 'TABLE t' > out$i & done; wait; cat out?";
        assert_eq!(well(&story, many).matches("(2 rows)").count(), 4);
    }
}

/// A command that is killed at every place where that could do harm.
struct Case {
    before: fn(usize) -> String,
    command: fn(usize) -> String,
    /// What must succeed after it, first of all.
    after: fn(usize) -> Vec<String>,
}

/// Runs a command once to learn its checkpoints, then kills it at each of them.
fn everywhere(story: &Story, case: &Case) {
    well(story, &(case.before)(0));
    for (i, point) in points(story, &(case.command)(0)).into_iter().enumerate() {
        let i = i + 1;
        well(story, &(case.before)(i));
        kill_at(story, &point, &(case.command)(i));
        for line in (case.after)(i) {
            let (text, code) = story.quietly(&line);
            assert_eq!(code, Some(0), "`{}` killed at `{point}`, then `{line}`:\n{text}", (case.command)(i));
        }
    }
}

/// The checkpoints that a command comes to.
fn points(story: &Story, command: &str) -> Vec<String> {
    well(story, &format!("rm -f points; export PLEACH_CRASH_AT=list:$PWD/points; {command}"));
    let listed = std::fs::read_to_string(story.folder().join("points")).unwrap();
    let mut seen = HashSet::new();
    listed.lines().filter(|name| seen.insert(*name)).map(str::to_owned).collect()
}

fn kill_at(story: &Story, point: &str, command: &str) {
    let (text, code) = story.quietly(&format!("export PLEACH_CRASH_AT='{point}'; {command}"));
    assert!(
        matches!(code, None | Some(137)),
        "`{command}` was not killed at `{point}` but ended with {code:?}:\n{text}"
    );
}

/// Makes a branch with a column of its name.
fn merged_after(i: usize, name: &str) -> String {
    format!(
        "pleach branch create {name}{i} && pleach --branch {name}{i} sql -c 'ALTER TABLE t ADD {name}{i} int' \
         && pleach --branch {name}{i} commit -m 'A column'"
    )
}

fn nothing_is_left_behind(story: &Story) {
    let list = "pleach --format json branch list | grep -o '\"name\":\"[^\"]*' | cut -d'\"' -f4 | grep -v '^main$'";
    well(story, &format!("for branch in $({list}); do pleach branch delete $branch --force; done"));
    well(story, "pleach pool tend");
    let check = well(story, "pleach --format json fsck");
    assert!(check.contains("\"damages\":[]"), "{check}");
    let known = well(story, "pleach --format json fsck | grep -o '\"databases\":[0-9]*' | cut -d: -f2");
    let sql = "SELECT count(*) FROM pg_database WHERE datname LIKE $$shop\\_%$$";
    let there = well(story, &format!("pleach --branch main --format json sql -c '{sql}' | grep -o '\"[0-9]*\"'"));
    assert_eq!(there.trim().trim_matches('"'), known.trim(), "databases that nobody knows of");
}

/// Types a line that must succeed.
fn well(story: &Story, line: &str) -> String {
    let (text, code) = story.quietly(line);
    assert_eq!(code, Some(0), "{line}\n{text}");
    text
}
