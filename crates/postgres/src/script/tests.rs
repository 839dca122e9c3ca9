//! Where scripts are cut: by example, and compared with PostgreSQL's own scanner.

use std::io::Cursor;

use proptest::prelude::*;

use super::{Item, Script, Splitter, Variables, survey};
use crate::Error;

/// Cuts a text and shows the pieces: the line, what it is, the text.
fn cut(text: &str) -> Result<Vec<String>, Error> {
    cut_with(text, &Variables::new())
}

fn cut_with(text: &str, variables: &Variables) -> Result<Vec<String>, Error> {
    let mut splitter = Splitter::new("t.sql", Cursor::new(text));
    let mut pieces = Vec::new();
    while let Some(item) = splitter.next(variables)? {
        pieces.push(match item {
            Item::Statement(statement) => format!("{} {}", statement.place.line, statement.sql),
            Item::Remark(remark) => format!("{} remark {} {:?}", remark.place.line, remark.text, remark.spot),
            Item::Meta(meta) => format!("{} \\{}({})", meta.place.line, meta.name, meta.arguments),
            Item::Copy(statement) => {
                let (mut all, mut rows) = (Vec::new(), Vec::new());
                while splitter.copy_chunk(&mut rows)? {
                    all.extend_from_slice(&rows);
                }
                format!("{} {} <- {:?}", statement.place.line, statement.sql, String::from_utf8_lossy(&all))
            }
        });
    }
    Ok(pieces)
}

#[track_caller]
fn assert_cut(text: &str, pieces: &[&str]) {
    assert_eq!(cut(text).expect(text), pieces);
}

#[track_caller]
fn assert_refused(text: &str, code: &str, object: &str) {
    let error = cut(text).expect_err(text);
    assert_eq!((error.code, error.object.as_deref()), (code, Some(object)), "{error}");
}

#[test]
fn statements_end_at_semicolons_outside_everything() {
    assert_cut("SELECT 1; SELECT 2", &["1 SELECT 1", "1 SELECT 2"]);
    assert_cut(";;\n ; -- nothing\n/* ; */;", &[]);
    assert_cut("SELECT ';', \"a;\"\"b\", 'it''s;';x", &["1 SELECT ';', \"a;\"\"b\", 'it''s;'", "1 x"]);
    assert_cut("SELECT (1;2);x", &["1 SELECT (1;2)", "1 x"]);
    assert_cut("a /* ; /* ; */ ; */ b -- ;\n c;d", &["1 a /* ; /* ; */ ; */ b -- ;\n c", "2 d"]);
    assert_cut("a -- ;\rb;c", &["1 a -- ;\rb", "1 c"]);
}

/// What a text says was called otherwise: the line, the kind, the name, the old name.
fn renamed(text: &str) -> Vec<String> {
    let survey = survey([&Script::text("t.sql", text)], &Variables::new()).expect(text);
    let said = survey.renamed.into_iter().map(|renamed| match renamed {
        Ok(renamed) => {
            format!("{} {} {} from {}", renamed.place.line, renamed.kind, renamed.path.join("."), renamed.old)
        }
        Err(error) => format!("{} {}", error.object.unwrap_or_default(), error.code),
    });
    said.collect()
}

#[test]
fn a_remark_speaks_of_what_it_stands_behind_or_of_what_comes_next() {
    let said = renamed(
        "-- pleach: renamed from users
         CREATE TABLE app.people ( -- a comment
             id bigint PRIMARY KEY, -- pleach: renamed from \"Key\"
             -- pleach: renamed from bio
             biography text
                 NOT NULL,
             age integer DEFAULT (1 + (2)), CHECK (age > 0), -- a comment
             CONSTRAINT old_enough CHECK (age > 17) -- pleach: renamed from adult
         );
         CREATE TABLE t (id int) WITH (fillfactor = 70); -- pleach: renamed from s
         CREATE TABLE u ( -- pleach: renamed from w
             id int);
         CREATE VIEW v AS -- pleach: renamed from x
             SELECT 1;
         -- pleach: renamed from y
         CREATE TYPE pair AS (
             a int, -- pleach: renamed from first
             b int
         );
         -- pleach: renamed from i
         CREATE INDEX t_id ON t (id);
         -- pleach: renamed from f
         CREATE FUNCTION g() RETURNS int RETURN 1;",
    );
    assert_eq!(
        said,
        [
            "1 table app.people from users",
            "3 column app.people.id from \"Key\"",
            "4 column app.people.biography from bio",
            "8 constraint app.people.old_enough from adult",
            "10 table t from s",
            "11 table u from w",
            "13 view v from x",
            "15 composite type pair from y",
            "17 attribute pair.a from first",
            "20 index t.t_id from i",
            "22 function g from f",
        ]
    );
}

#[test]
fn a_remark_that_speaks_of_nothing_is_refused() {
    assert_eq!(renamed("-- pleach: rename from x\nCREATE TABLE t ();"), ["t.sql:1 remark_unknown"]);
    assert_eq!(renamed("-- pleach: renamed from\nCREATE TABLE t ();"), ["t.sql:1 remark_unknown"]);
    assert_eq!(renamed("CREATE TABLE t ();\n-- pleach: renamed from x\n"), ["t.sql:2 remark_unplaced"]);
    assert_eq!(renamed("-- pleach: renamed from x\nSELECT 1;"), ["t.sql:1 remark_unplaced"]);
    assert_eq!(renamed("SELECT 1; -- pleach: renamed from x"), ["t.sql:1 remark_unplaced"]);
    assert_eq!(renamed("CREATE TABLE t (a int\n-- pleach: renamed from x\n);"), ["t.sql:2 remark_unplaced"]);
    assert_eq!(renamed("CREATE VIEW v AS\nSELECT 1 AS a -- pleach: renamed from x\n;"), ["t.sql:2 remark_unplaced"]);
    assert_eq!(renamed("SELECT '-- pleach: renamed from x', $$ -- pleach: x $$;"), [""; 0]);
}

#[test]
fn comments_before_a_statement_are_not_part_of_it() {
    assert_cut("-- one\n\n/* two\n */ SELECT 1;", &["4 SELECT 1"]);
}

#[test]
fn backslashes_escape_in_escape_strings_only() {
    assert_cut(r"SELECT E'\';', e'\\';x", &[r"1 SELECT E'\';', e'\\'", "1 x"]);
    assert_cut(r"SELECT '\';x", &[r"1 SELECT '\'", "1 x"]);
    assert_cut(r"SELECT U&'\0041;', typE'\';x", &[r"1 SELECT U&'\0041;', typE'\'", "1 x"]);
    // A string that continues an escape string after a line break has escapes too.
    assert_cut("SELECT E'a' -- so\n '\\';';x", &["1 SELECT E'a' -- so\n '\\';'", "2 x"]);
    assert_cut("SELECT E'a' '\\';x", &["1 SELECT E'a' '\\'", "1 x"]);
    assert_cut("SELECT E'a\\\n;';x", &["1 SELECT E'a\\\n;'", "2 x"]);
}

#[test]
fn dollar_quotes_end_at_their_own_tag() {
    assert_cut("DO $$ ; $a$ ; $$;x", &["1 DO $$ ; $a$ ; $$", "1 x"]);
    assert_cut("DO $añ_1$ ; $$ ; $añ_$ $añ_1$;x", &["1 DO $añ_1$ ; $$ ; $añ_$ $añ_1$", "1 x"]);
    assert_cut("SELECT a$b$c;x$b$;", &["1 SELECT a$b$c", "1 x$b$"]);
    assert_cut("SELECT $1;$2$x$;$x$", &["1 SELECT $1", "1 $2$x$;$x$"]);
}

#[test]
fn bodies_of_functions_in_sql_are_kept_whole() {
    let function = "CREATE or REPLACE function f(begin int) RETURNS int LANGUAGE sql\nBEGIN ATOMIC\n  \
                    SELECT CASE WHEN true THEN 1 END;\n  SELECT (CASE WHEN true THEN 2 END);\nEND";
    assert_cut(&format!("{function};\nSELECT 1;"), &[&format!("1 {function}"), "6 SELECT 1"]);
    // BEGIN alone begins a transaction, and a function may be called so.
    assert_cut("BEGIN; SELECT 1; END;", &["1 BEGIN", "1 SELECT 1", "1 END"]);
    assert_cut(
        "CREATE FUNCTION begin() RETURNS int AS 'x'; x",
        &["1 CREATE FUNCTION begin() RETURNS int AS 'x'", "1 x"],
    );
}

#[test]
fn line_ends_and_byte_order_marks_of_windows_are_fine() {
    assert_cut("\u{feff}SELECT 1;\r\nSELECT\r\n2;\r\n", &["1 SELECT 1", "2 SELECT\r\n2"]);
    assert_cut("COPY t FROM stdin;\r\n1\r\n\\.\r\nx", &["1 COPY t FROM stdin <- \"1\\r\\n\"", "4 x"]);
}

#[test]
fn rows_of_copy_begin_on_the_next_line() {
    assert_cut(
        "COPY public.t (a) FROM stdin; SELECT 1;\n1;'\\N\n\\.\nx;",
        &["1 COPY public.t (a) FROM stdin <- \"1;'\\\\N\\n\"", "1 SELECT 1", "4 x"],
    );
    assert_cut("COPY t FROM stdin (FORMAT csv);\n\\.", &["1 COPY t FROM stdin (FORMAT csv) <- \"\""]);
    assert_cut("COPY t FROM '/file'; COPY t TO stdout;", &["1 COPY t FROM '/file'", "1 COPY t TO stdout"]);
    assert_refused("\nCOPY t FROM stdin;\n1\n", "copy_unterminated", "t.sql:2");
}

#[test]
fn rows_that_are_not_wanted_are_passed_over() {
    let mut splitter = Splitter::new("t.sql", Cursor::new("COPY t FROM stdin;\n1\n2\n\\.\nSELECT 1;"));
    assert!(matches!(splitter.next(&Variables::new()), Ok(Some(Item::Copy(_)))));
    let Ok(Some(Item::Statement(statement))) = splitter.next(&Variables::new()) else { panic!("no statement") };
    assert_eq!((statement.place.line, statement.place.offset), (5, 26));
}

#[test]
fn backslash_lines_stand_alone_or_behind_statements() {
    let text =
        "\\restrict abc\nSELECT 1; \\echo 'a;\\'b' \\\\ SELECT 2 \\g\nSELECT 3 \\r\n\\x\\t\nSELECT 4 \\; SELECT 5;";
    assert_cut(
        text,
        &[
            "1 \\restrict(abc)",
            "2 SELECT 1",
            "2 \\echo('a;\\'b')",
            "2 SELECT 2",
            "4 \\x()",
            "4 \\t()",
            "5 SELECT 4 ; SELECT 5",
        ],
    );
}

#[test]
fn variables_are_filled_in_where_they_are_set() {
    let variables = [("v", "it's"), ("s", "a.t"), ("again", ":s")].map(|(name, value)| (name.into(), value.into()));
    let variables = Variables::from(variables);
    let cut = |text: &str| cut_with(text, &variables).expect(text);
    assert_eq!(cut("SELECT :'v', :\"v\" FROM :s;"), ["1 SELECT 'it''s', \"it's\" FROM a.t"]);
    let untouched = "SELECT a::s, x[1:v2], ':s', $$:s$$, :unset, b:=1";
    assert_eq!(cut(untouched), [format!("1 {untouched}")]);
    assert_eq!(cut(":again;:{?s};:{?no}"), ["1 a.t", "1 TRUE", "1 FALSE"]);
    let endless = Variables::from([("a".to_owned(), ":a :a".to_owned())]);
    assert_eq!(cut_with(":a", &endless).expect_err("it holds itself").code, "psql_variable_recursive");
}

#[test]
fn what_is_never_closed_is_named_by_the_line_that_opens_it() {
    assert_refused("SELECT 1;\nSELECT\n 'a;\n;\n", "sql_unterminated", "t.sql:3");
    assert_refused("SELECT $$ $$, $x$\n", "sql_unterminated", "t.sql:1");
    assert_refused("\n\n/* /* */\n", "sql_unterminated", "t.sql:3");
}

#[test]
fn files_that_are_no_sql_text_are_known() {
    let read = |bytes: &'static [u8]| {
        let mut splitter = Splitter::new("t.sql", Cursor::new(bytes));
        loop {
            match splitter.next(&Variables::new()) {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it was taken for SQL"),
                Err(error) => return (error.code, error.object.unwrap_or_default()),
            }
        }
    };
    assert_eq!(read(b"PGDMP\x01\x0e"), ("not_plain_sql", "t.sql".to_owned()));
    assert_eq!(read(b"\xff\xfeS\0E\0"), ("file_not_utf8", "t.sql:1".to_owned()));
    assert_eq!(read(b"SELECT 1;\n\nSELECT '\n\xe9';"), ("file_not_utf8", "t.sql:4".to_owned()));
}

#[test]
fn a_survey_finds_roles_and_what_no_transaction_may_hold() {
    let text = "CREATE ROLE app;\nGRANT app TO admin;\nCOPY t FROM stdin;\nGRANT x TO y;\n\\.\n\n\
                CREATE INDEX CONCURRENTLY ON t (a);";
    let script = Script::text("s.sql", text);
    let found = survey([&script, &script], &Variables::new()).expect("a survey");
    assert_eq!((found.statements, found.bytes), (8, 2 * script.size()));
    assert_eq!(found.roles.needed(), ["admin".to_owned()].into());
    assert_eq!(found.refused_in_transaction.map(|place| place.to_string()), Some("s.sql:7".to_owned()));
}

/// What stands in the middle of a statement, with everything that hides semicolons.
fn fragment() -> impl Strategy<Value = String> {
    let dollar_quoted = ("t[a-zñ]?[0-9]?", "[a-s;'$]{0,6}").prop_map(|(tag, body)| format!("${tag}${body} ${tag}$"));
    prop_oneof![
        "[a-z]{1,3}[$a-z0-9_]{0,3}",
        "[0-9]{1,4}",
        "'[a-z;$\\\\\"/-]{0,6}('')?[a-z]?'",
        // With an operator behind it, so that the next string does not continue it.
        "E'([a-z;]|\\\\['\\\\n]){0,5}' [+]",
        "\"[a-zé;' -]{1,6}\"",
        "[$][$][a-z;'\"\n]{0,8}[$][$]",
        dollar_quoted,
        "/[*][a-z;' ]{0,6}(/[*] ; [*]/)?[a-z;]{0,3} [*]/",
        "--[a-z;'\" ]{0,8}\n",
        "[(][a-z;]{0,5}[)]",
        prop::sample::select(vec!["\r\n", "::", "<=", "$1"]).prop_map(str::to_owned),
    ]
}

/// A statement that begins with a keyword, as PostgreSQL's scanner wants one.
fn statement() -> impl Strategy<Value = String> {
    let keyword = prop::sample::select(vec!["SELECT", "create", "Table"]);
    (keyword, prop::collection::vec(fragment(), 0..8))
        .prop_map(|(keyword, fragments)| format!("{keyword} {}", fragments.join(" ")).trim_end().to_owned())
}

/// The statement with its semicolon, on the next line where a comment would swallow it.
fn ended(statement: &str) -> String {
    match statement.rsplit_once("--") {
        Some((_, tail)) if !tail.contains(['\n', '\r']) => format!("{statement}\n;"),
        _ => format!("{statement};"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn joined_statements_come_apart_again(
        statements in prop::collection::vec(statement(), 1..6),
        between in "[ \n]{0,2}",
    ) {
        let text = statements.iter().map(|statement| ended(statement)).collect::<Vec<_>>().join(&between);
        let pieces = cut(&text).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let pieces: Vec<&str> = pieces.iter().filter_map(|piece| Some(piece.split_once(' ')?.1)).collect();
        prop_assert_eq!(&pieces, &statements);
        let scanned = pg_query::split_with_scanner(&text).expect("it is scanned");
        prop_assert_eq!(pieces, scanned.iter().map(|statement| statement.trim()).collect::<Vec<_>>());
    }

    #[test]
    fn places_hold_in_any_text(text in "[a-z$'\"\\\\;:()/*\n -]{0,40}") {
        let mut splitter = Splitter::new("t.sql", Cursor::new(text.clone()));
        while let Ok(Some(item)) = splitter.next(&Variables::new()) {
            if let Item::Statement(statement) = item {
                let (before, rest) = text.split_at(statement.place.offset as usize);
                prop_assert!(rest.starts_with(&statement.sql) || rest.contains('\\'), "{:?}", statement);
                prop_assert_eq!(before.matches('\n').count() as u64 + 1, statement.place.line);
            }
        }
    }
}
