//! Plans that are made and tried with a part of a large schema.

use crate::resume::{context, target};
use crate::support::servers;
use pleach_core::{PlanOptions, Planned, SchemaSource, plan_asking};
use std::fmt::Write;
use std::path::Path;

/// Enough tables that a part is looked for, in a tree of references, with views on some.
fn schema(tables: usize) -> String {
    let mut sql = String::from("CREATE TYPE mood AS ENUM ('sad', 'happy');\n");
    for n in 0..tables {
        let parent = n / 2;
        writeln!(
            sql,
            "CREATE TABLE t{n} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent bigint REFERENCES t{parent},
             name text NOT NULL, amount numeric(12,2) DEFAULT 0, mood mood, at timestamptz DEFAULT now());
             CREATE INDEX t{n}_name ON t{n} (name);"
        )
        .unwrap();
        if n % 10 == 0 {
            writeln!(sql, "CREATE VIEW v{n} AS SELECT t.id, t.amount, p.name FROM t{n} t, t{parent} p;").unwrap();
        }
    }
    sql
}

const CHANGE: &str = "
    DROP VIEW v40;
    ALTER TABLE t40 ALTER COLUMN amount TYPE numeric(20,4);
    CREATE VIEW v40 AS SELECT t.id, t.amount, p.name FROM t40 t, t20 p;
    ALTER TABLE t7 DROP COLUMN name;
    ALTER TABLE t9 ADD CONSTRAINT t9_amount CHECK (amount >= 0);
    CREATE TABLE fresh (id bigint PRIMARY KEY, t33 bigint REFERENCES t33);
    COMMENT ON TABLE t50 IS 'changed';";

async fn plan(folder: &Path, scratch: &pleach_core::connect::Target, whole: bool, prove: bool) -> Planned {
    let source = |name: &str| SchemaSource::Files(folder.join(name));
    let options = PlanOptions {
        from: source("from.sql"),
        to: source("to.sql"),
        scratch: Some(scratch.clone()),
        offline: false,
        large: 0,
        renames: Vec::new(),
        prove,
        whole,
    };
    plan_asking(&options, None, &context(), &|_| false).await.unwrap()
}

fn statements(planned: &Planned) -> Vec<Vec<&str>> {
    planned.parts.iter().map(|part| part.steps.iter().map(|step| step.sql.as_str()).collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_tried_with_a_part_is_the_one_tried_with_everything() {
    let folder = tempfile::tempdir().unwrap();
    let schema = schema(60);
    std::fs::write(folder.path().join("from.sql"), &schema).unwrap();
    std::fs::write(folder.path().join("to.sql"), format!("{schema}{CHANGE}")).unwrap();
    for server in servers() {
        let client = server.connect("postgres").await;
        let scratch = target(&client, "postgres").await;
        let part = plan(folder.path(), &scratch, false, true).await;
        let whole = plan(folder.path(), &scratch, true, true).await;
        let unproved = plan(folder.path(), &scratch, false, false).await;
        assert_eq!(statements(&part), statements(&whole));
        assert_eq!(statements(&part), statements(&unproved));
        let (part, whole) = (part.proof.unwrap(), whole.proof.unwrap());
        assert_eq!(whole.untouched, 0);
        assert_eq!(part.objects + part.untouched, whole.objects);
        assert!(part.objects < 250, "{} objects were made", part.objects);
    }
}
