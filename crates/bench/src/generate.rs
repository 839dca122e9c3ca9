//! Generated schemas and changes of them: plain SQL, the same for the same numbers.

use std::fmt::Write;

/// A schema of so many tables: 8 columns, a primary key, 2 indexes and a foreign key each, and a
/// view for every tenth.
pub fn schema(tables: usize) -> String {
    let mut sql = String::from("CREATE SCHEMA shop;\n");
    for table in 0..tables {
        let parent = table / 2;
        let _ = write!(
            sql,
            "CREATE TABLE shop.t{table} (
                 id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                 parent_id bigint CONSTRAINT t{table}_parent_fk REFERENCES shop.t{parent},
                 name text NOT NULL,
                 email varchar(200),
                 amount numeric(12,2) NOT NULL DEFAULT 0,
                 quantity integer,
                 created_at timestamptz NOT NULL DEFAULT now(),
                 payload jsonb
             );
             CREATE INDEX t{table}_name_idx ON shop.t{table} (name);
             CREATE INDEX t{table}_parent_idx ON shop.t{table} (parent_id, created_at DESC);\n"
        );
        if table % 10 == 0 {
            let _ = write!(
                sql,
                "CREATE VIEW shop.v{table} AS
                     SELECT t.id, t.name, t.amount * t.quantity AS total, p.name AS parent_name
                     FROM shop.t{table} t LEFT JOIN shop.t{parent} p ON p.id = t.parent_id
                     WHERE t.created_at > '2020-01-01';\n"
            );
        }
    }
    sql
}

/// A few tables, one of them with so many rows of about a kilobyte.
pub fn rows(rows: usize) -> String {
    let mut sql = schema(20);
    let _ = write!(
        sql,
        "CREATE TABLE shop.event (id bigint PRIMARY KEY, at timestamptz NOT NULL, body text NOT NULL);
         ALTER TABLE shop.event ALTER COLUMN body SET STORAGE EXTERNAL;
         INSERT INTO shop.event
             SELECT i, timestamptz '2024-01-01' + i * interval '1 second', repeat(md5(i::text), 28)
             FROM generate_series(1, {rows}) AS i;\n"
    );
    sql
}

/// Changes one table in twenty, each in one of five ways. Every round takes other tables.
pub fn change_many(tables: usize, round: usize) -> String {
    let mut sql = String::new();
    for block in 0..tables.div_ceil(20) {
        let table = block * 20 + (round + block) % 20;
        if table < tables {
            sql.push_str(&change(table, round, (block + round + 1) % 5));
        }
    }
    sql
}

/// Changes one table, another one in every round.
pub fn change_one(tables: usize, round: usize) -> String {
    let table = (round * 20 + (round + 7) % 20) % tables;
    format!("ALTER TABLE shop.t{table} ADD COLUMN remark{round} text;")
}

fn change(table: usize, round: usize, way: usize) -> String {
    let name = format!("shop.t{table}");
    match way {
        0 => format!(
            "ALTER TABLE {name} ADD COLUMN status{round} text NOT NULL DEFAULT 'new';
             CREATE INDEX t{table}_status{round}_idx ON {name} (status{round});\n"
        ),
        1 => format!("ALTER TABLE {name} RENAME COLUMN name TO full_name;\n"),
        2 => format!("ALTER TABLE {name} ALTER COLUMN email TYPE varchar(400);\n"),
        3 => format!(
            "ALTER TABLE {name} ADD CONSTRAINT t{table}_amount{round}_check CHECK (amount >= 0),
                 ALTER COLUMN quantity SET DEFAULT 1;\n"
        ),
        _ => format!(
            "ALTER TABLE {name} ALTER COLUMN payload SET NOT NULL;
             COMMENT ON COLUMN {name}.payload IS 'What came with it';\n"
        ),
    }
}
