//! A migration goes on from what is in the folder.

use crate::fixture::{Fixture, write};
use std::path::Path;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The names of the files that are written, and what they say.
fn written(tool: &str, folder: &Path) -> Vec<(String, String)> {
    let rendered = Fixture::short().render(tool, folder).unwrap();
    let file =
        |file: pleach_core::RenderedFile| (file.path.strip_prefix(folder).unwrap().display().to_string(), file.text);
    rendered.files.into_iter().rev().map(file).collect()
}

#[test]
fn numbers_and_moments_go_on_as_they_are() {
    for (tool, there, first) in [
        ("golang-migrate", &["000009_a.up.sql", "000009_a.down.sql"][..], "000010_nicknames.up.sql"),
        ("golang-migrate", &["9_a.up.sql", "10_b.up.sql"], "11_nicknames.up.sql"),
        ("golang-migrate", &["1700000000_a.up.sql"], "1767323045_nicknames.up.sql"),
        ("goose", &["00002_a.sql", "notes.txt"], "00003_nicknames.sql"),
        ("dbmate", &["20240101000000_a.sql"], "20260102030405_nicknames.sql"),
        ("dbmate", &["20270101000059_a.sql"], "20270101000060_nicknames.sql"),
        ("flyway", &["V1__a.sql", "V2.5__b.sql"], "V3__nicknames.sql"),
        ("refinery", &[], "V1__nicknames.sql"),
        ("refinery", &["V20240101000000__a.sql"], "V20260102030405__nicknames.sql"),
        (
            "prisma",
            &["20240101000000_a/migration.sql", "migration_lock.toml"],
            "20260102030405_nicknames/migration.sql",
        ),
        ("rails", &["20240101000000_a.rb"], "20260102030405_nicknames.rb"),
        ("knex", &["20240101000000_a.mjs"], "20260102030405_nicknames.mjs"),
        ("knex", &["20240101000000_a.ts"], "20260102030405_nicknames.ts"),
        ("sqlx", &["20240101000000_a.sql"], "20260102030405_nicknames.sql"),
        ("sqlx", &["20240101000000_a.up.sql"], "20260102030405_nicknames.up.sql"),
    ] {
        let files: Vec<(&str, &str)> = there.iter().map(|name| (*name, "")).collect();
        let folder = folder(&files);
        let written = written(tool, folder.path());
        assert!(written.iter().any(|(name, _)| name == first), "{tool} after {there:?}: {written:?}");
    }
}

#[test]
fn a_version_is_never_written_twice() {
    for tool in ["flyway", "golang-migrate", "dbmate", "goose", "sqlx", "prisma", "django", "rails", "knex"] {
        let folder = folder(&[]);
        let first = Fixture::online().render(tool, folder.path()).unwrap();
        write(&first);
        let second = Fixture::online().render(tool, folder.path()).unwrap();
        let last = first.versions.last().unwrap();
        assert!(second.versions.iter().all(|version| version > last), "{tool}: {last} and {:?}", second.versions);
    }
    let folder = folder(&[]);
    write(&Fixture::short().render("sqitch", folder.path()).unwrap());
    assert_eq!(Fixture::short().render("sqitch", folder.path()).unwrap_err().code, "file_exists");
}

#[test]
fn alembic_goes_on_from_the_head() {
    let revision = |id: &str, down: &str| format!("revision = '{id}'\ndown_revision = {down}\n");
    let (a, b) = (revision("aaa", "None"), revision("bbb", "'aaa'"));
    let there = folder(&[("aaa_x.py", &a), ("bbb_y.py", &b), ("notes.py", "x = 1\n")]);
    let text = &written("alembic", there.path())[0].1;
    assert!(text.contains("\ndown_revision = \"bbb\"\n"), "{text}");
    std::fs::write(there.path().join("ccc_z.py"), revision("ccc", "'aaa'")).unwrap();
    let error = Fixture::short().render("alembic", there.path()).unwrap_err();
    assert_eq!(error.code, "migration_heads");
    assert!(error.message.contains("bbb, ccc"), "{error}");
    std::fs::write(there.path().join("ddd_m.py"), revision("ddd", "('bbb', 'ccc')")).unwrap();
    assert!(written("alembic", there.path())[0].1.contains("\ndown_revision = \"ddd\"\n"));
}

#[test]
fn django_goes_on_from_the_last_migration_of_the_app() {
    let there = folder(&[
        ("shop/migrations/__init__.py", ""),
        ("shop/migrations/0001_initial.py", "class Migration:\n    dependencies = [(\"auth\", \"0012_x\")]\n"),
        ("shop/migrations/0002_b.py", "class Migration:\n    dependencies = [('shop', '0001_initial')]\n"),
    ]);
    let migrations = there.path().join("shop/migrations");
    let (name, text) = &written("django", &migrations)[0];
    assert_eq!(name, "0003_nicknames.py");
    assert!(text.contains("dependencies = [(\"shop\", \"0002_b\")]"), "{text}");
    let other = "class Migration:\n    dependencies = [('shop', '0001_initial')]\n";
    std::fs::write(migrations.join("0002_c.py"), other).unwrap();
    assert_eq!(Fixture::short().render("django", &migrations).unwrap_err().code, "migration_heads");
}

#[test]
fn journals_and_plans_are_gone_on_with() {
    let journal = r#"{"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":9767323045000,"tag":"0000_a","breakpoints":true}]}"#;
    let there = folder(&[("0000_a.sql", ""), ("meta/_journal.json", journal)]);
    let files = written("drizzle", there.path());
    let text = &files.iter().find(|(name, _)| name == "meta/_journal.json").unwrap().1;
    let read: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(read["entries"][0]["tag"], "0000_a");
    assert_eq!((&read["entries"][1]["idx"], &read["entries"][1]["tag"]), (&1.into(), &"0001_nicknames".into()));
    assert_eq!(read["entries"][1]["when"], 9_767_323_045_001_u64);
    assert!(text.find("\"version\"") < text.find("\"entries\""), "{text}");

    let plan = "%syntax-version=1.0.0\n%project=till\n\nold 2024-01-01T00:00:00Z Ann <ann@example.org> # Old\n";
    let there = folder(&[("sqitch.plan", plan)]);
    let files = written("sqitch", there.path());
    let text = &files.iter().find(|(name, _)| name == "sqitch.plan").unwrap().1;
    let more = "nicknames 2026-01-02T03:04:05Z ann <ann@pleach> # Nicknames: \"short\" & 'sweet' \\ {{z}}\n";
    assert_eq!(*text, format!("{plan}{more}"));
}

#[test]
fn rails_and_knex_keep_to_the_ways_of_the_folder() {
    let there = folder(&[("20240101000000_a.rb", "class A < ActiveRecord::Migration[8.0]\nend\n")]);
    assert!(written("rails", there.path())[0].1.contains("class Nicknames < ActiveRecord::Migration[8.0]\n"));
    let there = folder(&[("package.json", r#"{"type":"module"}"#), ("migrations/20240101000000_a.js", "")]);
    let text = &written("knex", &there.path().join("migrations"))[0].1;
    assert!(text.contains("export async function up(knex) {"), "{text}");
}
