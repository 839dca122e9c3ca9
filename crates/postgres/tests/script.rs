//! Scripts run on real servers: pg_dump's files, psql's commands, errors with their lines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;
use pleach_postgres::script::{Progress, Ran, Script, Variables, Wrap, run, survey};
use pleach_postgres::{Class, Error};
use support::clusters;
use tokio_postgres::Client;

async fn run_script(client: &Client, script: &Script) -> Result<Ran, Error> {
    run(client, script, &Variables::new(), &mut |_| {}).await
}

async fn run_text(client: &Client, text: &str) -> Result<Ran, Error> {
    run_script(client, &Script::text("test.sql", text)).await
}

async fn value<T: for<'a> tokio_postgres::types::FromSql<'a>>(client: &Client, query: &str) -> T {
    client.query_one(query, &[]).await.unwrap().get(0)
}

fn notes(ran: &Ran) -> Vec<String> {
    ran.notes.iter().map(ToString::to_string).collect()
}

/// The folder of the sample database Pagila, where there is one.
fn pagila() -> Option<PathBuf> {
    let folder = std::env::var_os("PLEACH_TEST_PAGILA").map(PathBuf::from);
    let near = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("shared/pagila"));
    folder.into_iter().chain(near).find(|folder| folder.join("schema.sql").exists())
}

#[tokio::test]
async fn pagila_loads_whole() {
    let Some(folder) = pagila() else { return };
    let scripts = ["schema.sql", "data.sql"].map(|name| Script::file(folder.join(name)));
    let start = Instant::now();
    let found = survey(&scripts, &Variables::new()).unwrap();
    println!("{} statements, {} bytes looked through in {:?}", found.statements, found.bytes, start.elapsed());
    assert_eq!(found.roles.needed(), BTreeSet::from(["postgres".to_owned()]));
    assert_eq!(found.bytes, scripts.iter().map(Script::size).sum::<u64>());
    for cluster in clusters() {
        let client = cluster.create("script_pagila").await;
        let start = Instant::now();
        let mut ran = Ran::default();
        for script in &scripts {
            let mut bytes = 0;
            let mut tell = |progress: Progress<'_>| bytes = progress.bytes;
            ran.absorb(run(&client, script, &Variables::new(), &mut tell).await.unwrap());
            assert!(bytes > script.size() * 9 / 10 && bytes <= script.size(), "progress ends at the file's size");
        }
        let (statements, rows) = (ran.statements, ran.rows_copied);
        println!("PostgreSQL {}: {statements} statements, {rows} rows in {:?}", cluster.major, start.elapsed());
        assert_eq!(ran.statements, found.statements);
        assert_eq!(value::<i64>(&client, "SELECT count(*) FROM public.film").await, 1000);
        assert_eq!(value::<i64>(&client, "SELECT count(*) FROM public.payment").await, 16049);
    }
}

#[tokio::test]
async fn a_dump_with_its_database_loads_into_ours() {
    for cluster in clusters() {
        let client = cluster.create("script_dump").await;
        let ran = run_text(
            &client,
            "\\restrict x\nSET statement_timeout = 0;\nSET no_such_setting = 0;\nSET client_encoding = 'UTF8';\n\
             SELECT pg_catalog.set_config('search_path', '', false);\n\
             CREATE DATABASE shop WITH TEMPLATE = template0;\nALTER DATABASE shop OWNER TO nobody_here;\n\
             \\unrestrict x\n\\connect shop\nCREATE SCHEMA public;\n\
             GRANT ALL ON DATABASE shop TO nobody_here;\nCOMMENT ON DATABASE shop IS 'x';\n\
             ALTER SYSTEM SET work_mem = '1GB';\nCREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p;\n\
             ALTER ROLE postgres SET work_mem = '1MB';\nCREATE ROLE postgres;\n\
             CREATE TABLE public.t (a integer);\nCOPY public.t (a) FROM stdin;\n1\n2\n\\.\nCOPY public.t TO stdout;\n",
        )
        .await
        .unwrap();
        assert_eq!((ran.statements, ran.rows_copied), (5, 2));
        let lines: Vec<u64> = ran.notes.iter().map(|note| note.place.line).collect();
        assert_eq!(lines, [3, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 22], "{:#?}", notes(&ran));
        assert!(notes(&ran)[1].starts_with("test.sql:6: CREATE DATABASE shop"), "{}", notes(&ran)[1]);
    }
}

#[tokio::test]
async fn a_script_may_include_files_and_copy_from_them() {
    for cluster in clusters() {
        let client = cluster.create("script_include").await;
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
        std::fs::create_dir(folder.path().join("tables")).unwrap();
        write("main.sql", b"\\set table 'My t'\n\\set n 2\n\\ir tables/t.sql\n\\copy :table from 'x'\n");
        write("tables/t.sql", b"CREATE TABLE :\"table\" (a text, n int DEFAULT :n);\n\\ir 'rows.sql';\n");
        write(
            "tables/rows.sql",
            b"\\copy \"My t\" (a) from 'rows.csv' with (format csv, header)\nINSERT INTO :\"table\" VALUES (:'table');",
        );
        write("tables/rows.csv", b"a\n\"x,\ny\"\nz\n");
        write("main.sql", b"\\set table 'My t'\n\\set n 2\n\\ir tables/t.sql\n\\copy \"My t\" (a) from stdin\nw\n\\.\n\\q\nnonsense;\n");
        let ran = run_script(&client, &Script::file(folder.path().join("main.sql"))).await.unwrap();
        assert_eq!((ran.statements, ran.rows_copied), (4, 3));
        let rows: String = value(&client, "SELECT string_agg(a || n, '|' ORDER BY a) FROM \"My t\"").await;
        assert_eq!(rows, "My t2|w2|x,\ny2|z2");

        write("a.sql", b"SELECT 1;\n\\i b.sql\n");
        write("b.sql", b"\\ir a.sql\n");
        let error = run_script(&client, &Script::file(folder.path().join("a.sql"))).await.unwrap_err();
        assert_eq!(error.code, "include_cycle");
        assert!(error.object.unwrap().ends_with("b.sql:1"));
        write("c.sql", b"\n\\ir no.sql\n");
        let error = run_script(&client, &Script::file(folder.path().join("c.sql"))).await.unwrap_err();
        assert_eq!(error.code, "file_unreadable");
        assert!(error.hint.unwrap().contains("c.sql:2"));
    }
}

#[tokio::test]
async fn a_compressed_script_is_read_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump.sql.gz");
    let mut file = GzEncoder::new(std::fs::File::create(&path).unwrap(), Compression::fast());
    file.write_all(b"CREATE TABLE zipped (a int);\nCOPY zipped FROM stdin;\n7\n\\.\n").unwrap();
    file.finish().unwrap();
    for cluster in clusters() {
        let client = cluster.create("script_gzip").await;
        let ran = run_script(&client, &Script::file(&path)).await.unwrap();
        assert_eq!((ran.statements, ran.rows_copied), (2, 1));
    }
}

#[tokio::test]
async fn what_psql_alone_can_do_is_refused_with_its_line() {
    for cluster in clusters() {
        let client = cluster.create("script_psql").await;
        for (text, code, object) in [
            ("SELECT 1;\n\\gexec\n", "psql_command_unsupported", "test.sql:2"),
            ("\\! rm -rf /", "psql_command_unsupported", "test.sql:1"),
            ("\\set x `date`", "psql_command_unsupported", "test.sql:1"),
            ("\n\\if true", "psql_command_unsupported", "test.sql:2"),
            ("\\copy t from program 'x'", "psql_command_unsupported", "test.sql:1"),
            ("\\encoding LATIN1", "encoding_unsupported", "test.sql:1"),
            ("SELECT 1;\nSET NAMES 'latin1';", "encoding_unsupported", "test.sql:2"),
            ("\\connect a\n\\connect template1\n\\c b", "several_databases", "test.sql:3"),
            ("\\i", "psql_command_incomplete", "test.sql:1"),
            ("SELECT 1;\nBEGIN;\nSELECT 2;", "transaction_left_open", "test.sql:2"),
        ] {
            let error = run_text(&client, text).await.unwrap_err();
            assert_eq!(
                (error.class, error.code, error.object.as_deref()),
                (Class::Input, code, Some(object)),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn a_refusal_names_the_line_the_statement_and_what_to_do() {
    for cluster in clusters() {
        let client = cluster.create("script_refusal").await;
        client.batch_execute("CREATE TABLE there (a int PRIMARY KEY, b int)").await.unwrap();
        let client = || cluster.connect("script_refusal");
        for (text, line, message, hint) in [
            (
                "SELECT 1;\n\nCREATE TABLE t (\n  a integer,\n  b no_such\n);",
                5,
                "CREATE TABLE t failed",
                "order of the files",
            ),
            (
                "ALTER TABLE there\n  OWNER TO \"No One\";",
                1,
                "ALTER TABLE there failed",
                "CREATE ROLE \"No One\" NOLOGIN",
            ),
            ("BEGIN;\nGRANT SELECT ON there TO nobody_here;", 2, "GRANT ON TABLE there failed", "nobody_here"),
            ("\nCREATE EXTENSION no_such;", 2, "CREATE EXTENSION no_such failed", "no-such"),
            ("SELECT *\nFROM 'é' ||\n missing;", 2, "SELECT * FROM 'é' || missing failed", "correct the statement"),
            ("INSERT INTO x.y VALUES (1);", 1, "INSERT INTO x.y failed", "order of the files"),
            ("CREATE TABLE there (a int);", 1, "CREATE TABLE there failed", "there already"),
            ("COPY there FROM stdin;\n1\t1\n2\tx\n3\t3\n\\.\n", 3, "COPY there failed", "the row does not fit"),
            ("COPY there FROM stdin;\n1\t1\n1\t1\n\\.\n", 3, "COPY there failed", "contradict"),
            ("COPY there (c) FROM stdin;\n1\n\\.\n", 1, "COPY there failed", "added later"),
            ("BEGIN;\nVACUUM;", 2, "VACUUM failed", "cannot run inside a transaction"),
        ] {
            let error = run_text(&client().await, text).await.unwrap_err();
            let object = format!("test.sql:{line}");
            assert_eq!(
                (error.class, error.code, error.object.as_ref()),
                (Class::Refused, "sql_failed", Some(&object)),
                "{text}"
            );
            assert_eq!(error.message, message);
            let given = error.hint.as_deref().unwrap_or_default();
            assert!(given.contains(hint), "{text}: {given}");
            assert!(error.postgres.is_some());
        }
    }
}

#[tokio::test]
async fn a_wrapped_script_happens_whole_or_not_at_all() {
    for cluster in clusters() {
        let client = cluster.create("script_wrap").await;
        let there = "SELECT to_regclass('t') IS NOT NULL";
        let fails = Script::text("f.sql", "CREATE TABLE t (a int);\nSELECT 1/0;");
        run_script(&client, &fails.clone().wrapped(Wrap::Whole)).await.unwrap_err();
        assert!(!value::<bool>(&client, there).await);
        run_script(&client, &fails).await.unwrap_err();
        assert!(value::<bool>(&client, there).await);

        let index = Script::text("i.sql", "CREATE INDEX CONCURRENTLY i ON t (a);\nCREATE INDEX j ON t (a);");
        let error = run_script(&client, &index.clone().wrapped(Wrap::Whole)).await.unwrap_err();
        assert_eq!((error.sqlstate(), error.object.as_deref()), (Some("25001"), Some("i.sql:1")));
        assert_eq!(run_script(&client, &index.wrapped(Wrap::WholeIfAllowed)).await.unwrap().statements, 2);

        let deferred = "CREATE TABLE p (a int PRIMARY KEY);\n\
                        CREATE TABLE c (a int REFERENCES p DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO c VALUES (1);";
        let error = run_script(&client, &Script::text("d.sql", deferred).wrapped(Wrap::Whole)).await.unwrap_err();
        assert_eq!((error.sqlstate(), error.message.as_str()), (Some("23503"), "COMMIT failed"));
        assert!(!value::<bool>(&client, "SELECT to_regclass('p') IS NOT NULL").await);
    }
}

#[tokio::test]
async fn statements_sent_together_fail_as_if_sent_alone() {
    for cluster in clusters() {
        let client = cluster.create("script_together").await;
        let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
        let text = "CREATE TABLE a (n int); -- one\nINSERT INTO a VALUES (1) -- two\n;\nCREATE TABLE b ();\n\n\
                    CREATE TABLE\n a ();\nCREATE TABLE c ();";
        let error = run_text(&client, text).await.unwrap_err();
        assert_eq!(error.object.as_deref(), Some("test.sql:6"));
        assert_eq!(value::<i64>(&client, tables).await, 2, "what came before stays, what comes behind is not run");
        assert_eq!(value::<i64>(&client, "SELECT count(*) FROM a").await, 1);

        client.batch_execute("DROP TABLE a, b").await.unwrap();
        let error = run_text(&client, &format!("BEGIN;\n{text}COMMIT;")).await.unwrap_err();
        assert_eq!(error.object.as_deref(), Some("test.sql:7"));
        assert_eq!(value::<i64>(&client, tables).await, 0);

        // Alone each of these is fine; in one transaction the last is not.
        let text = "CREATE TABLE p (a int PRIMARY KEY);\nINSERT INTO p VALUES (1);\n\
                    CREATE TABLE c (a int REFERENCES p DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO c VALUES (1);\n\
                    ALTER TABLE c ALTER a TYPE bigint;";
        assert_eq!(run_text(&client, text).await.unwrap().statements, 5);
        // What cannot be cut does not take with it what stands before.
        run_text(&client, "CREATE TABLE before ();\nCREATE TABLE before2 ();\nSELECT 'x;").await.unwrap_err();
        assert_eq!(value::<i64>(&client, tables).await, 5);
    }
}

#[tokio::test]
async fn old_strings_with_backslashes_are_cut_where_the_server_cuts_them() {
    for cluster in clusters() {
        let client = cluster.create("script_strings").await;
        let text = "SET standard_conforming_strings = off;\nCREATE TABLE t AS SELECT 'it\\';' AS a;\nRESET ALL;";
        run_text(&client, text).await.unwrap();
        assert_eq!(value::<String>(&client, "SELECT a FROM t").await, "it';");
    }
}

#[tokio::test]
async fn roles_that_a_script_makes_are_made_once() {
    for cluster in clusters() {
        let client = cluster.create("script_roles").await;
        let text = "CREATE ROLE script_role;\nALTER ROLE script_role LOGIN;\nCREATE TABLE t ();\nALTER TABLE t OWNER TO script_role;\nDROP TABLE t;";
        assert_eq!(run_text(&client, text).await.unwrap().statements, 5);
        let again = run_text(&client, text).await.unwrap();
        assert_eq!((again.statements, again.notes.len()), (3, 2));
    }
}
