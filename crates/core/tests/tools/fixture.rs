//! One migration with everything in it that is hard to hand on: transactions and statements that
//! may not be in one, rows that change, and texts full of other languages' signs.

use pleach_core::schema::{Address, Hash, Kind};
use pleach_core::{Draft, Hazard, Lock, MigrationTool, PlannedPart, PlannedStep, Rendered, Seen, Undo};
use std::path::Path;
use time::OffsetDateTime;
use time::macros::datetime;

/// The schema and the rows it starts from.
pub const OLD: &str = r#"
CREATE TABLE people (id integer PRIMARY KEY, name text NOT NULL, legacy integer);
INSERT INTO people SELECT n, 'Person ' || n, n FROM generate_series(1, 25) n;
CREATE TABLE notes (said text);
CREATE FUNCTION greet(p text) RETURNS text LANGUAGE plpgsql AS $_$
BEGIN
  RETURN 'Hi :' || p || ' 100 % `b` ${c} {{d}} #{e} ? \? "f" \n';

  -- a blank line above, and a comment; with a semicolon;
END
$_$;
"#;

/// A migration between two schemas.
pub struct Fixture {
    pub up: Vec<PlannedPart>,
    pub down: Vec<PlannedPart>,
    down_notes: Vec<String>,
}

const GREET: &str = r#"CREATE OR REPLACE FUNCTION public.greet(p text) RETURNS text
    LANGUAGE plpgsql
AS $_$
BEGIN
  -- {{z}} {% if %} """ ''' ` \` ${y} $y :x ::text \: \:x '\\:' a[1:2] %s %(s)s 100% #{w} ? ?? \? \\? ?| :'x' @x /* y */
  RETURN E'it''s\t:x \\ ' || p::text || ' "quoted" ${y} 100 %';

  RETURN format('%s %%', p);
END;
$_$"#;

const GREET_BEFORE: &str = r#"CREATE OR REPLACE FUNCTION public.greet(p text) RETURNS text
    LANGUAGE plpgsql
AS $_$
BEGIN
  RETURN 'Hi :' || p || ' 100 % `b` ${c} {{d}} #{e} ? \? "f" \n';

  -- a blank line above, and a comment; with a semicolon;
END
$_$"#;

const BATCHES: &str = r#"DO $pleach$
BEGIN
  LOOP
    UPDATE people SET nickname = lower(name) || ':x' WHERE id IN (SELECT id FROM people WHERE nickname IS NULL LIMIT 10);
    EXIT WHEN NOT FOUND;
    COMMIT;
  END LOOP;
END
$pleach$"#;

impl Fixture {
    /// With statements that stand alone.
    pub fn online() -> Self {
        let up = vec![
            part(
                "add what is new",
                Some(2_000),
                vec![
                    locked(step(
                        "ALTER TABLE public.people ADD COLUMN nickname text",
                        Some("column public.people.nickname"),
                    )),
                    step(GREET, Some("function public.greet(text)")),
                    step(r#"COMMENT ON TABLE public.people IS E'it''s "theirs": 100 % \\ :x ${y} {{z}} ?'"#, None),
                    data("INSERT INTO notes VALUES ('a; b');\nINSERT INTO notes VALUES (':x ? % ${y}')"),
                ],
            ),
            part("fill in rows", None, vec![data(BATCHES)]),
            part(
                "build indexes",
                None,
                vec![step(
                    "CREATE INDEX CONCURRENTLY people_nickname ON public.people USING btree (nickname)",
                    Some("index public.people_nickname"),
                )],
            ),
            part(
                "tighten and drop",
                Some(2_000),
                vec![
                    step(
                        "ALTER TABLE public.people ALTER COLUMN nickname SET NOT NULL",
                        Some("column public.people.nickname"),
                    ),
                    destroying("ALTER TABLE public.people DROP COLUMN legacy", "all values of public.people.legacy"),
                ],
            ),
        ];
        let down = vec![
            part(
                "bring back what was",
                Some(2_000),
                vec![
                    step("ALTER TABLE public.people ADD COLUMN legacy integer", Some("column public.people.legacy")),
                    step(
                        "ALTER TABLE public.people ALTER COLUMN nickname DROP NOT NULL",
                        Some("column public.people.nickname"),
                    ),
                ],
            ),
            part(
                "drop indexes",
                None,
                vec![step("DROP INDEX CONCURRENTLY public.people_nickname", Some("index public.people_nickname"))],
            ),
            part(
                "drop what is new",
                Some(2_000),
                vec![
                    step("COMMENT ON TABLE public.people IS NULL", None),
                    step(GREET_BEFORE, Some("function public.greet(text)")),
                    destroying(
                        "ALTER TABLE public.people DROP COLUMN nickname",
                        "all values of public.people.nickname",
                    ),
                ],
            ),
        ];
        Self { up, down, down_notes: vec!["loses the values of public.people.nickname".to_owned()] }
    }

    /// In one transaction.
    pub fn short() -> Self {
        let mut it = Self::online();
        for way in [&mut it.up, &mut it.down] {
            way.retain(|part| part.transaction);
            let steps = way.drain(..).flat_map(|part| part.steps).collect();
            *way = vec![part("change everything at once", Some(2_000), steps)];
        }
        let fill = data("UPDATE people SET nickname = lower(name) || ':x'");
        it.up[0].steps.insert(4, fill);
        it
    }

    /// With carriage returns in the function, as people bring them from other systems.
    pub fn with_carriage_returns(mut self) -> Self {
        for step in self.up.iter_mut().flat_map(|part| &mut part.steps) {
            if step.sql == GREET {
                step.sql = step.sql.replace("  RETURN format", "  RETURN\r\n format");
            }
        }
        self
    }

    /// In the form of a tool, going on from what is in the folder.
    pub fn render(&self, tool: &str, folder: &Path) -> pleach_core::Result<Rendered> {
        MigrationTool::find(tool, None)?.render(folder, &self.draft())
    }

    pub fn draft(&self) -> Draft<'_> {
        const AT: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);
        Draft {
            at: AT,
            name: "nicknames",
            title: "Nicknames: \"short\" & 'sweet' \\ {{z}}",
            project: "shop",
            actor: "ann",
            from: Hash::of(b"from"),
            to: Hash::of(b"to"),
            server: "PostgreSQL 18.0",
            up: &self.up,
            down: &self.down,
            up_notes: &[],
            down_notes: &self.down_notes,
        }
    }
}

fn part(title: &str, transaction: Option<u64>, steps: Vec<PlannedStep>) -> PlannedPart {
    PlannedPart {
        title: title.to_owned(),
        transaction: transaction.is_some(),
        lock_timeout: transaction.unwrap_or(0),
        steps,
    }
}

fn step(sql: &str, object: Option<&str>) -> PlannedStep {
    PlannedStep {
        sql: sql.to_owned(),
        object: object.map(str::to_owned),
        destroys: None,
        data: false,
        statement_timeout: 0,
        undo: Undo::default(),
        seen: Seen::default(),
        hazards: Vec::new(),
    }
}

fn data(sql: &str) -> PlannedStep {
    PlannedStep { data: true, ..step(sql, None) }
}

fn locked(step: PlannedStep) -> PlannedStep {
    let lock = Lock { relation: "public.people".to_owned(), mode: "ACCESS EXCLUSIVE".to_owned() };
    PlannedStep { seen: Seen { locks: Some(vec![lock]), ..Seen::default() }, ..step }
}

fn destroying(sql: &str, what: &str) -> PlannedStep {
    let hazard = Hazard {
        code: pleach_core::Harm::DataLoss,
        object: Address::new(Kind::Table, ["public", "people"]).to_string(),
        message: format!("destroys {what}"),
    };
    PlannedStep { destroys: Some(what.to_owned()), hazards: vec![hazard], ..step(sql, None) }
}

/// Writes what was rendered.
pub fn write(rendered: &Rendered) {
    for file in &rendered.files {
        std::fs::create_dir_all(file.path.parent().unwrap()).unwrap();
        std::fs::write(&file.path, &file.text).unwrap();
    }
}
