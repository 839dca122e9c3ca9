//! The help of every command.

use crate::support::Story;

/// Every command, with those that have commands of their own.
const COMMANDS: &[&str] = &[
    "init",
    "up",
    "down",
    "status",
    "pg install",
    "pg list",
    "branch create",
    "branch list",
    "branch show",
    "branch delete",
    "branch url",
    "checkout",
    "psql",
    "sql",
    "snapshot refresh",
    "commit",
    "data add",
    "data list",
    "diff",
    "log",
    "show",
    "merge",
    "conflicts",
    "resolve",
    "revert",
    "op log",
    "undo",
    "plan",
    "apply",
    "coordinate register",
    "coordinate check",
    "coordinate list-intents",
    "coordinate status",
    "coordinate conflicts",
    "coordinate resolve",
    "coordinate start",
    "coordinate complete",
    "coordinate submit",
    "coordinate approve",
    "coordinate reject",
    "coordinate abandon",
    "coordinate review",
    "coordinate mark-merged",
    "coordinate history",
    "coordinate order",
    "coordinate merge-completed",
    "coordinate stats",
    "coordinate watch",
    "coordinate url",
    "coordinate schema",
    "lock acquire",
    "lock release",
    "lock renew",
    "lock list",
    "lock steal",
    "partition set",
    "partition list",
    "partition check",
    "partition remove",
    "lint",
    "migration generate",
    "migration apply",
    "migration status",
    "migration verify",
    "migration rollback",
    "migration purge",
    "fsck",
    "completions",
    "pool tend",
];

#[test]
fn every_command_explains_itself_with_an_example() {
    let story = Story::new(None);
    for command in COMMANDS {
        let (text, code) = story.quietly(&format!("pleach {command} --help"));
        assert_eq!(code, Some(0), "{command}: {text}");
        assert!(text.contains("Example"), "{command} has no example:\n{text}");
        assert!(text.contains(&format!("pleach {command}")), "{command}: {text}");
    }
}

#[test]
fn no_command_is_missing_here() {
    let story = Story::new(None);
    let listed = |of: &str| -> Vec<String> {
        let (text, _) = story.quietly(&format!("pleach {of} -h"));
        let commands = text.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        let names = commands.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        names
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help")
            .map(str::to_owned)
            .collect()
    };
    for name in listed("") {
        let inner = listed(&name);
        let all =
            if inner.is_empty() { vec![name] } else { inner.iter().map(|inner| format!("{name} {inner}")).collect() };
        for command in all {
            assert!(COMMANDS.contains(&command.as_str()), "{command}");
        }
    }
}

#[test]
fn the_overview_and_the_help_of_a_command() {
    let mut story = Story::new(None);
    story.type_in(
        "
        pleach --help
        pleach merge -h
        pleach init --help
        ",
    );
    story.compare("help");
}

#[test]
fn completion_scripts_for_shells() {
    let story = Story::new(None);
    for shell in ["bash", "zsh", "fish"] {
        let (text, code) = story.quietly(&format!("pleach completions {shell}"));
        assert_eq!(code, Some(0));
        assert!(text.contains("auto-resolve"), "{shell}");
    }
    // A reader that has seen enough is no failure.
    let (_, code) = story.quietly("bash -c 'set -o pipefail; pleach completions bash | head -1'");
    assert_eq!(code, Some(0));
}
