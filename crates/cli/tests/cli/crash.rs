//! Whatever is killed, and wherever: the next command works, and nothing is left behind.

use crate::support::{Story, every_server};
use std::collections::HashSet;
use std::path::Path;

#[test]
fn a_project_begins_and_ends_as_a_whole() {
    for server in every_server() {
        let story = Story::new(Some(&server));
        write_schema(&story);
        let (begin, end) = ("pleach init --schema schema.sql", "pleach down --destroy --yes");
        let places = points(&story, begin);
        let ends = points(&story, end);
        // Each crash is met by the next attempt, the last one by an attempt that succeeds.
        for point in places {
            kill_at(&story, &point, begin);
        }
        well(&story, begin);
        for point in ends {
            kill_at(&story, &point, end);
            well(&story, &format!("{end} || {begin}"));
            well(&story, &format!("pleach status || {begin}"));
        }
        nothing_is_left_behind(&story);
    }
}

#[test]
fn branches_are_made_and_deleted_as_a_whole() {
    for server in every_server() {
        let story = begun(&server);
        let made = |i| format!("pleach sql --branch new{i} -c 'TABLE t' | grep '(2 rows)'");
        everywhere(
            &story,
            &Case {
                before: |_| "pleach down; true".to_owned(),
                command: |i| format!("pleach branch create new{i}"),
                after: |i| vec![format!("pleach branch create new{i} || pleach branch show new{i}")],
            },
        );
        well(&story, &made(1));
        everywhere(
            &story,
            &Case {
                // Clones of snapshots that are there no more.
                before: |i| merged(i, "older") + " && pleach pool tend",
                command: |i| format!("pleach branch create old{i} --from main~1"),
                after: |i| {
                    vec![
                        format!("pleach branch create old{i} --from main~1 || pleach branch show old{i}"),
                        format!("pleach --branch old{i} sql -c 'TABLE t' | grep '(2 rows)'"),
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
                before: |_| "pleach snapshot refresh".to_owned(),
                command: |_| "pleach pool tend".to_owned(),
                after: |_| vec!["pleach pool tend".to_owned()],
            },
        );
        nothing_is_left_behind(&story);
    }
}

#[test]
fn history_is_written_as_a_whole() {
    for server in every_server() {
        let story = begun(&server);
        story.file("fill.sql", "UPDATE t SET id = id + 10;\n");
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
                before: |i| merged(i, "revert"),
                command: |_| "pleach revert main".to_owned(),
                after: |_| {
                    vec![
                        "pleach log main -n 1 | grep -q Revert || pleach revert main".to_owned(),
                        MAIN_IS_CLEAN.to_owned(),
                    ]
                },
            },
        );
        everywhere(
            &story,
            &Case {
                before: |i| merged(i, "undo"),
                command: |_| "pleach undo".to_owned(),
                after: |_| {
                    vec!["pleach log main -n 1 | grep -q Undo || pleach undo".to_owned(), MAIN_IS_CLEAN.to_owned()]
                },
            },
        );
        everywhere(
            &story,
            &Case {
                before: |i| merged(i, "migrate"),
                command: |i| format!("pleach migration generate --from main~1 --name step -o out{i}"),
                after: |i| {
                    vec![
                        // The three files are there, or none of them is.
                        "pleach status".to_owned(),
                        format!(
                            "test $(ls out{i} 2>/dev/null | wc -l) = 3 || test $(ls -A out{i} 2>/dev/null | wc -l) = 0"
                        ),
                        format!("ls out{i}/*.up.sql || pleach migration generate --from main~1 --name step -o out{i}"),
                        format!(
                            "test $(pleach op log -n 1000 | grep -c write.migration) = $(ls out*/*.up.sql | wc -l)"
                        ),
                    ]
                },
            },
        );
        nothing_is_left_behind(&story);
    }
}

/// A merge that was killed is done again, and is there once.
const MERGE: Case = Case {
    before: |i| branched(i, "merge"),
    command: |i| format!("pleach merge merge{i}"),
    after: |i| {
        vec![
            format!("pleach merge merge{i}"),
            format!("test $(pleach log main | grep -c 'Merge merge{i} into main') = 1"),
            MAIN_IS_CLEAN.to_owned(),
            format!("pleach --branch main sql -c 'SELECT merge{i} FROM t' | grep '(2 rows)'"),
        ]
    },
};

#[test]
fn merges_land_as_a_whole() {
    for server in every_server() {
        let story = begun(&server);
        everywhere(&story, &MERGE);
        everywhere(
            &story,
            &Case {
                // PostgreSQL commits a label before anything may use it.
                before: |i| {
                    format!(
                        "pleach branch create label{i} && \
                     pleach --branch label{i} sql -c \"ALTER TYPE mood ADD VALUE 'm{i}'\" && \
                     pleach --branch label{i} sql -c \"ALTER TABLE t ADD label{i} mood DEFAULT 'm{i}'\" && \
                     pleach --branch label{i} commit -m 'A label'"
                    )
                },
                command: |i| format!("pleach merge label{i}"),
                after: |i| {
                    vec![
                        format!("pleach merge label{i}"),
                        MAIN_IS_CLEAN.to_owned(),
                        format!("pleach --branch main sql -c 'SELECT label{i} FROM t' | grep '(2 rows)'"),
                    ]
                },
            },
        );
        everywhere(
            &story,
            &Case {
                before: |i| "pleach merge --abort; ".to_owned() + &clashing(i, "clash"),
                // Conflicts are no success, and are what is wanted here.
                command: |i| format!("pleach merge clash{i} || test $? -ne 137 || exit 137"),
                after: |i| {
                    vec![
                        format!("pleach merge clash{i} || pleach merge --continue || pleach conflicts"),
                        "test $(pleach --format json conflicts | grep -o '\"id\":' | wc -l) = 1".to_owned(),
                        "pleach merge --abort".to_owned(),
                        MAIN_IS_CLEAN.to_owned(),
                    ]
                },
            },
        );
        everywhere(
            &story,
            &Case {
                before: |i| {
                    "pleach merge --abort; ".to_owned()
                        + &clashing(i, "decide")
                        + &format!(
                            " && ! pleach merge decide{i} && pleach resolve --theirs \
                     $(pleach --format json conflicts | grep -o '\"id\":[0-9]*' | cut -d: -f2)"
                        )
                },
                command: |_| "pleach merge --continue".to_owned(),
                after: |i| {
                    vec![
                        format!("pleach log main | grep 'Merge decide{i} into main' || pleach merge --continue"),
                        format!("test $(pleach log main | grep -c 'Merge decide{i} into main') = 1"),
                        MAIN_IS_CLEAN.to_owned(),
                    ]
                },
            },
        );
        nothing_is_left_behind(&story);
    }
}

#[test]
fn intents_are_registered_and_merged_as_a_whole() {
    for server in every_server() {
        let story = begun(&server);
        everywhere(
            &story,
            &Case {
                // `main` moves, so that changes have to be tried in a new place.
                before: |i| merged(i, "moved"),
                command: |i| register(&format!("a{i}")),
                after: |i| {
                    vec![
                        "pleach status".to_owned(),
                        format!("for b in $({}); do pleach branch show $b || exit 1; done", active("branch_name")),
                        register(&format!("b{i}")),
                        format!(
                            "for i in $({}); do pleach coordinate abandon --intent-id $i --reason x || exit 1; done",
                            active("id")
                        ),
                    ]
                },
            },
        );
        everywhere(
            &story,
            &Case {
                before: |i| {
                    format!(
                        "{} && pleach --branch agent/d{i}-f sql -c 'ALTER TABLE t ADD d{i} int' \
                     && pleach --branch agent/d{i}-f commit -m 'A change' \
                     && pleach coordinate complete --intent-id $({})",
                        register(&format!("d{i}")),
                        active("id")
                    )
                },
                command: |_| "pleach coordinate merge-completed --no-migration".to_owned(),
                after: |i| {
                    vec![
                        "pleach coordinate merge-completed --no-migration".to_owned(),
                        format!("test -z \"$({})\"", active("id")),
                        format!("! pleach branch show agent/d{i}-f"),
                        format!("test $(pleach log main | grep -c 'Merge agent/d{i}-f into main') = 1"),
                        MAIN_IS_CLEAN.to_owned(),
                    ]
                },
            },
        );
        nothing_is_left_behind(&story);
    }
}

/// An agent of this name says that it is going to add a column of its name.
fn register(agent: &str) -> String {
    format!(
        "pleach coordinate register --agent-id {agent} --feature-name f --schema-changes 'ALTER TABLE t ADD {agent} int'"
    )
}

/// A command that prints a member of every active intent.
fn active(member: &str) -> String {
    format!(
        "pleach coordinate list-intents --active --format json | grep -o '\"{member}\":[^,]*' | cut -d: -f2 | tr -d '\"'"
    )
}

#[test]
fn a_merge_ends_well_wherever_the_server_is_killed() {
    for server in every_server() {
        let story = begun(&server);
        everywhere_by(&story, &MERGE, |story, point, command| {
            // The process stands still at the place while the server dies, and then finds out.
            let line = format!(
                "PLEACH_CRASH_AT='stop:{point}' {command} & pid=$!
                 until grep -q ') [TZ] ' /proc/$pid/stat; do sleep 0.02; done
                 {KILL_SERVER}; kill -CONT $pid; wait $pid; test $? -lt 100"
            );
            well(story, &line);
        });
        nothing_is_left_behind(&story);
    }
}

#[test]
fn a_killed_server_is_started_again_by_whoever_comes_next() {
    for server in every_server() {
        let story = begun(&server);
        well(&story, "pleach branch create a");
        well(&story, KILL_SERVER);
        well(&story, "pleach --branch a sql -c 'TABLE t' | grep '(2 rows)'");
        well(&story, KILL_SERVER);
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

/// Kills the server. Its process is the first line of its lock file, which lies in the one data
/// folder that the project says it has.
const KILL_SERVER: &str = "kill -9 $(head -1 $(cat data_directory)/postmaster.pid)";

const MAIN_IS_CLEAN: &str = "pleach --branch main status | grep 'Nothing to commit'";

/// A project with a table of two rows.
fn begun(server: &Path) -> Story {
    let story = Story::new(Some(server));
    write_schema(&story);
    well(&story, "pleach init --schema schema.sql");
    let path = "pleach --format json status | grep -o '\"data_directory\":\"[^\"]*' | cut -d'\"' -f4";
    well(&story, &format!("{path} > data_directory && test -s data_directory"));
    story
}

fn write_schema(story: &Story) {
    let sql = "CREATE TYPE mood AS ENUM ('sad');\nCREATE TABLE t (id int);\nINSERT INTO t VALUES (1), (2);\n";
    story.file("schema.sql", sql);
}

/// Runs a command once to learn its checkpoints, then kills it at each of them.
fn everywhere(story: &Story, case: &Case) {
    everywhere_by(story, case, kill_at);
}

/// Runs a command once to learn its checkpoints, then does harm at each of them.
fn everywhere_by(story: &Story, case: &Case, harm: impl Fn(&Story, &str, &str)) {
    well(story, &(case.before)(0));
    for (i, point) in points(story, &(case.command)(0)).into_iter().enumerate() {
        let i = i + 1;
        well(story, &(case.before)(i));
        harm(story, &point, &(case.command)(i));
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
fn branched(i: usize, name: &str) -> String {
    format!(
        "pleach branch create {name}{i} && pleach --branch {name}{i} sql -c 'ALTER TABLE t ADD {name}{i} int' \
         && pleach --branch {name}{i} commit -m 'A column'"
    )
}

/// Makes such a branch and merges it.
fn merged(i: usize, name: &str) -> String {
    format!("{} && pleach merge {name}{i}", branched(i, name))
}

/// Makes a branch, and moves `main`, so that the two say different things of one column.
fn clashing(i: usize, name: &str) -> String {
    format!(
        "{} && pleach branch create {name}{i}a && pleach branch create {name}{i} && \
         pleach --branch {name}{i}a sql -c 'ALTER TABLE t ALTER {name}x{i} SET DEFAULT 1' && \
         pleach --branch {name}{i}a commit -m One && \
         pleach --branch {name}{i} sql -c 'ALTER TABLE t ALTER {name}x{i} SET DEFAULT 2' && \
         pleach --branch {name}{i} commit -m Two && pleach merge {name}{i}a",
        merged(i, &format!("{name}x"))
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
