//! Several processes at once.

use crate::support::{Story, every_server};

#[test]
fn many_processes_work_on_one_project() {
    for server in every_server() {
        let story = Story::new(Some(&server));
        story.file("schema.sql", "CREATE TABLE t (id int);\nINSERT INTO t VALUES (1), (2);\n");
        let sh = |line: &str| {
            let (text, code) = story.quietly(line);
            assert_eq!(code, Some(0), "{line}\n{text}");
            text
        };
        sh("PLEACH_NO_BACKGROUND=1 pleach init --schema schema.sql");
        // Three take a warm clone, the others make their own.
        let created = sh("for i in 1 2 3 4 5 6; do pleach branch create b$i & done; wait");
        assert_eq!(created.matches("Created branch").count(), 6, "{created}");
        assert_eq!(created.matches("(warm").count(), 3, "{created}");
        // Only one can have a name.
        let same = sh("for i in 1 2 3; do pleach branch create same & done; wait");
        assert_eq!(same.matches("Created branch").count(), 1, "{same}");
        // Merges into one branch queue up, each against what the one before has made.
        sh("for i in 1 2 3 4; do
              pleach --branch b$i sql -c \"ALTER TABLE t ADD c$i int\" && pleach --branch b$i commit -m \"Column $i\"
            done");
        let merged = sh("for i in 1 2 3 4; do pleach merge b$i & done; wait");
        assert_eq!(merged.matches("into main: ").count(), 4, "{merged}");
        assert!(sh("pleach sql -c 'SELECT c1, c2, c3, c4 FROM t'").contains("(2 rows)"));
        assert!(sh("pleach fsck").contains("Nothing is damaged"));
    }
}

#[test]
fn only_one_process_begins_a_project() {
    let server = every_server().pop().unwrap();
    let story = Story::new(Some(&server));
    let (text, _) = story.quietly("for i in 1 2 3; do pleach init --empty & done; wait");
    assert_eq!(text.matches("Began project").count(), 1, "{text}");
    let (text, code) = story.quietly("pleach fsck");
    assert_eq!(code, Some(0), "{text}");
}
