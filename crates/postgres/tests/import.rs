//! Folders of migrations, read as their tools read them and run on real servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use pleach_postgres::Error;
use pleach_postgres::import::{Migrations, SchemaFiles, Tool};
use pleach_postgres::script::{Variables, Wrap, run};
use support::clusters;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/migrations").join(name)
}

/// Makes a folder of files for one test.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The folders of `tests/migrations`: the tool that is recognised, and the steps its migrations
/// write down when they run.
const FOLDERS: &[(&str, Tool, &[&str])] = &[
    ("flyway", Tool::Flyway, &["1", "1.1", "2.1", "3", "4", "10", "R a", "R b"]),
    ("flyway-baseline", Tool::Flyway, &["B2", "2.1"]),
    ("golang-migrate", Tool::GolangMigrate, &["1", "2", "11"]),
    ("dbmate", Tool::Dbmate, &["first", "index", "backwards"]),
    ("goose", Tool::Goose, &["1", "2", "9", "10"]),
    ("sqlx/migrations", Tool::Sqlx, &["1", "3", "20240101"]),
    ("prisma", Tool::Prisma, &["0", "user"]),
    ("plain", Tool::Plain, &["1", "2", "10"]),
];

#[tokio::test]
async fn migrations_of_every_tool_run_in_its_order() {
    for cluster in clusters() {
        for (name, tool, steps) in FOLDERS {
            let migrations = Migrations::find(&fixture(name), None).unwrap();
            assert_eq!(migrations.tool, *tool, "{name}: {}", migrations.sign);
            let client = cluster.create(&format!("import_{}", name.replace(['-', '/'], "_"))).await;
            for file in &migrations.files {
                if let Err(error) = run(&client, &file.script, &Variables::new(), &mut |_| {}).await {
                    panic!("{name} on PostgreSQL {}: {error} ({:?})", cluster.major, error.hint);
                }
            }
            let rows = client.query("SELECT step FROM log ORDER BY n", &[]).await.unwrap();
            let ran: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            assert_eq!(ran, *steps, "{name}");
        }
    }
}

#[test]
fn what_is_left_aside_is_noted() {
    let notes = |name: &str| Migrations::find(&fixture(name), None).unwrap().notes;
    assert_eq!(notes("flyway").len(), 2, "{:?}", notes("flyway"));
    assert_eq!(notes("flyway-baseline"), ["3 older migrations were left aside: baseline 2 holds them"]);
    assert_eq!(
        notes("plain"),
        [
            "2_users/down.sql was left aside: by its name it takes changes back",
            "10_last.down.sql was left aside: by its name it takes changes back",
        ]
    );
    assert!(notes("goose").is_empty() && notes("dbmate").is_empty() && notes("prisma").is_empty());
}

#[test]
fn versions_names_and_transactions_are_the_tools() {
    let read = |name: &str| {
        let files = Migrations::find(&fixture(name), None).unwrap().files;
        files.into_iter().map(|file| (file.version, file.name, file.script.wrap)).collect::<Vec<_>>()
    };
    let expect = |version: &str, name: &str, wrap| (version.to_owned(), name.to_owned(), wrap);
    assert_eq!(read("flyway")[4], expect("4", "manual", Wrap::AsWritten));
    assert_eq!(read("flyway")[6], expect("", "a view", Wrap::WholeIfAllowed));
    assert_eq!(read("dbmate")[1], expect("20240102000000", "index", Wrap::AsWritten));
    assert_eq!(read("dbmate")[2], expect("20240103000000", "backwards", Wrap::Whole));
    assert_eq!(read("goose")[3], expect("00010", "index", Wrap::AsWritten));
    assert_eq!(read("sqlx/migrations")[1], expect("3", "index", Wrap::AsWritten));
    assert_eq!(read("prisma")[1], expect("20240102103000", "add_user", Wrap::WholeIfAllowed));
}

#[tokio::test]
async fn lines_are_those_of_the_whole_file() {
    let text = "-- migrate:down\nDROP TABLE é;\n\n-- migrate:up\nCREATE TABLE a (\n  b no_such\n);\n";
    let folder = folder(&[("1_a.sql", text)]);
    let migrations = Migrations::find(folder.path(), None).unwrap();
    for cluster in clusters() {
        let client = cluster.create("import_lines").await;
        let error = run(&client, &migrations.files[0].script, &Variables::new(), &mut |_| {}).await.unwrap_err();
        assert_eq!(error.object.unwrap(), format!("{}:6", folder.path().join("1_a.sql").display()));
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_its_file() {
    type Files = &'static [(&'static str, &'static str)];
    let cases: &[(Files, Option<Tool>, &str, &str)] = &[
        (&[], None, "no_sql_files", ""),
        (&[("0001_initial.py", "")], None, "no_sql_files", ""),
        (&[("sqitch.plan", ""), ("deploy/a.sql", "")], None, "migrations_unrecognised", ""),
        (&[("V1__a.sql", ""), ("x/V1.0__b.sql", "")], None, "migration_version_twice", "x/V1.0__b.sql"),
        (&[("1_a.up.sql", ""), ("01_b.up.sql", "")], None, "migration_version_twice", "01_b.up.sql"),
        (&[("1_a.up.sql", ""), ("2_b.down.sql", "")], None, "migration_without_up", "2_b.down.sql"),
        (&[("1_a.sql", "-- migrate:up"), ("2_b.sql", "SELECT 1;")], None, "migration_without_up", "2_b.sql"),
        (&[("1_a.sql", "-- +goose Up"), ("2_b.sql", "-- +goose Down")], None, "migration_without_up", "2_b.sql"),
        (&[("1_a.sql", "-- +goose Up"), ("2_b.go", "")], None, "migration_not_sql", ""),
        (&[("1_a/migration.sql", ""), ("2_b/x", "")], None, "migration_without_up", "2_b"),
        (&[("V1__a.sql", "SELECT 1;\nSELECT '${owner}';")], None, "migration_placeholder", "V1__a.sql:2"),
        (
            &[("1_a.sql", "-- +goose ENVSUB ON\n-- +goose Up\nSELECT '${X}';")],
            None,
            "migration_placeholder",
            "1_a.sql:3",
        ),
        (&[("a.sql", "")], Some(Tool::Flyway), "migrations_none", ""),
    ];
    for (files, tool, code, on) in cases {
        let folder = folder(files);
        let error: Error = Migrations::find(folder.path(), *tool).unwrap_err();
        let object = folder.path().join(on).display().to_string();
        assert_eq!((error.code, error.object.unwrap().trim_end_matches('/')), (*code, object.trim_end_matches('/')));
        assert!(error.hint.is_some(), "{code} says what to do");
    }
    assert_eq!(Migrations::find(Path::new("/no/such"), None).unwrap_err().code, "file_unreadable");
    assert_eq!(Migrations::find(&fixture("plain/1_log.sql"), None).unwrap_err().code, "migrations_no_folder");
}

#[test]
fn the_strongest_sign_decides_and_the_others_are_noted() {
    let folder = folder(&[
        ("1_a.sql", "-- +goose Up\nSELECT 1;"),
        ("2_b.sql", "-- +goose Up\nSELECT 1;"),
        ("3_c.up.sql", "-- +goose Up\nSELECT 1;"),
        ("V4__d.sql", "SELECT 1;"),
    ]);
    let found = Migrations::find(folder.path(), None).unwrap();
    assert_eq!((found.tool, found.files.len()), (Tool::Goose, 3));
    assert_eq!(found.sign, "`-- +goose Up` in the files (3 of 4 files)");
    assert_eq!(
        found.notes,
        [
            "1 of 4 files look like flyway: names like V1__name.sql",
            "1 of 4 files look like golang-migrate: names like 1_name.up.sql",
            "V4__d.sql was left aside: its name is not that of a migration",
        ]
    );
    let found = Migrations::find(folder.path(), Some(Tool::Plain)).unwrap();
    assert_eq!((found.tool, found.files.len(), found.sign.as_str()), (Tool::Plain, 4, "as asked"));
    assert_eq!("golang-migrate".parse::<Tool>().unwrap(), Tool::GolangMigrate);
    assert!("alembic".parse::<Tool>().unwrap_err().hint.unwrap().contains("dbmate"));
}

#[test]
fn a_schema_is_a_file_or_a_folder_in_natural_order() {
    let folder = folder(&[
        ("10_last.sql", ""),
        ("2_tables/b.sql", ""),
        ("2_tables/a.SQL", ""),
        ("1_types.sql", ""),
        ("1_types.down.sql", ""),
        (".hidden/x.sql", ""),
        (".x.sql", ""),
        ("readme.md", ""),
    ]);
    let found = SchemaFiles::find(folder.path()).unwrap();
    let names: Vec<&str> =
        found.scripts.iter().map(|script| &script.name()[folder.path().as_os_str().len() + 1..]).collect();
    assert_eq!(names, ["1_types.sql", "2_tables/a.SQL", "2_tables/b.sql", "10_last.sql"]);
    assert_eq!(found.notes.len(), 1);
    let file = folder.path().join("10_last.sql");
    assert_eq!(SchemaFiles::find(&file).unwrap().scripts[0].name(), file.display().to_string());
    assert_eq!(SchemaFiles::find(Path::new("/no/such.sql")).unwrap_err().code, "file_unreadable");
}
