//! Random schemas.

use super::{Dice, TYPES, check_for, default_for, stem};
use pleach_schema::{quote_ident, quote_literal};
use std::collections::HashMap;

/// The statements of a random schema, in an order in which they can run.
pub fn schema(seed: u64) -> Vec<String> {
    let mut maker = Maker { dice: Dice(seed), schemas: vec!["public".into()], ..Maker::default() };
    if maker.dice.chance(60) {
        let name = maker.name("area");
        maker.out.push(format!("CREATE SCHEMA {name}"));
        maker.schemas.push(name);
    }
    let early: [fn(&mut Maker); 9] = [
        Maker::an_enum,
        Maker::a_domain,
        Maker::a_composite,
        Maker::a_range,
        Maker::a_sequence,
        Maker::a_function,
        Maker::a_richer_function,
        Maker::an_aggregate,
        Maker::some_default_privileges,
    ];
    for make in early {
        for _ in 0..maker.dice.below(3) {
            make(&mut maker);
        }
    }
    for _ in 0..2 + maker.dice.below(4) {
        maker.a_table();
    }
    let late: [fn(&mut Maker); 27] = [
        Maker::a_partitioned_table,
        Maker::a_deeper_partitioned_table,
        Maker::a_typed_table,
        Maker::a_child,
        Maker::a_foreign_key,
        Maker::an_index,
        Maker::an_index,
        Maker::a_view,
        Maker::a_view,
        Maker::a_materialized_view,
        Maker::a_table_function,
        Maker::a_trigger,
        Maker::a_policy,
        Maker::a_rule,
        Maker::some_statistics,
        Maker::a_remark,
        Maker::a_child_of_two,
        Maker::a_constraint,
        Maker::a_richer_index,
        Maker::a_richer_view,
        Maker::a_richer_trigger,
        Maker::a_rule_of_a_view,
        Maker::an_event_trigger,
        Maker::some_storage,
        Maker::a_comment,
        Maker::a_grant,
        Maker::an_owner,
    ];
    for make in late {
        for _ in 0..maker.dice.below(3) {
            make(&mut maker);
        }
    }
    maker.out
}

pub(super) struct Column {
    pub name: String,
    pub type_name: String,
}

pub(super) struct Relation {
    pub name: String,
    pub columns: Vec<Column>,
    pub is_table: bool,
}

/// What a schema has so far.
#[derive(Default)]
pub(super) struct Maker {
    pub dice: Dice,
    pub out: Vec<String>,
    /// How often each stem was used, so that schemas of different seeds have many names in common.
    counts: HashMap<String, u64>,
    pub schemas: Vec<String>,
    pub types: Vec<String>,
    pub enums: Vec<(String, String)>,
    pub composites: Vec<String>,
    pub sequences: Vec<String>,
    pub functions: Vec<String>,
    pub relations: Vec<Relation>,
}

impl Maker {
    pub fn name(&mut self, usual: &str) -> String {
        let stem = stem(&mut self.dice, usual);
        let count = self.counts.entry(stem.to_owned()).or_default();
        *count += 1;
        quote_ident(&format!("{stem}{count}")).into_owned()
    }

    /// The name of a relation or type. Where things of different kinds have one, a schema takes it
    /// from one kind and gives it to another.
    fn shared(&mut self, usual: &str) -> String {
        if self.dice.chance(15) { self.name("both") } else { self.name(usual) }
    }

    pub fn qualified(&mut self, stem: &str) -> String {
        let schema = self.dice.pick(&self.schemas).cloned().unwrap_or_default();
        format!("{schema}.{}", self.shared(stem))
    }

    /// The place of a random relation, of a table if it must be one.
    pub fn any(&mut self, table: bool) -> Option<usize> {
        let places: Vec<usize> =
            (0..self.relations.len()).filter(|at| !table || self.relations[*at].is_table).collect();
        self.dice.pick(&places).copied()
    }

    pub fn column_of(&mut self, at: usize, wanted: &[&str]) -> Option<(String, String)> {
        let fits = |column: &&Column| wanted.is_empty() || wanted.contains(&column.type_name.as_str());
        let columns: Vec<&Column> = self.relations[at].columns.iter().filter(fits).collect();
        self.dice.pick(&columns).map(|column| (column.name.clone(), column.type_name.clone()))
    }

    fn an_enum(&mut self) {
        let name = self.qualified("mood");
        let labels = ["sad", "it's ok", "happy", "Very Happy"];
        let count = 1 + self.dice.below(4);
        let list: Vec<String> = labels[..count].iter().map(|label| quote_literal(label)).collect();
        self.out.push(format!("CREATE TYPE {name} AS ENUM ({})", list.join(", ")));
        self.enums.push((name.clone(), list[0].clone()));
        self.types.push(name);
    }

    fn a_domain(&mut self) {
        let name = self.qualified("code");
        let of = self.dice.word(&["integer", "text", "numeric(10,2)"]);
        let mut sql = format!("CREATE DOMAIN {name} AS {of}");
        if self.dice.chance(40)
            && let Some(default) = default_for(&mut self.dice, of)
        {
            sql.push_str(&format!(" DEFAULT {default}"));
        }
        if self.dice.chance(70)
            && let Some(check) = check_for(&mut self.dice, "VALUE", of)
        {
            sql.push_str(&format!(" CONSTRAINT {} CHECK ({check})", self.name("rule")));
        }
        self.out.push(sql);
        self.types.push(name);
    }

    fn a_composite(&mut self) {
        let name = self.qualified("place");
        let (a, b) = (self.name("street"), self.name("number"));
        self.out.push(format!("CREATE TYPE {name} AS ({a} text, {b} integer)"));
        self.composites.push(name.clone());
        self.types.push(name);
    }

    fn a_sequence(&mut self) {
        let name = self.qualified("numbers");
        let options = self.dice.word(&["", " INCREMENT 5", " AS integer MAXVALUE 999 CYCLE", " MINVALUE 10 CACHE 3"]);
        self.out.push(format!("CREATE SEQUENCE {name}{options}"));
        self.sequences.push(name);
    }

    fn a_function(&mut self) {
        let name = self.qualified("twice");
        let (language, body) = match self.dice.below(3) {
            0 => ("sql", "AS 'SELECT a * 2'"),
            1 => ("plpgsql", "AS $$BEGIN RETURN a + a; END$$"),
            _ => ("sql", "RETURN a + 1"),
        };
        let volatility = self.dice.word(&["IMMUTABLE", "IMMUTABLE STRICT", "IMMUTABLE PARALLEL SAFE"]);
        self.out
            .push(format!("CREATE FUNCTION {name}(a integer) RETURNS integer LANGUAGE {language} {volatility} {body}"));
        self.functions.push(name);
    }

    pub fn a_column(&mut self) -> (Column, String) {
        let name = self.name("field");
        let user_type = self.dice.pick(&self.types).cloned().filter(|_| self.dice.chance(25));
        let type_name = user_type.unwrap_or_else(|| self.dice.word(&TYPES).to_owned());
        let mut sql = format!("{name} {type_name}");
        let label = self.enums.iter().find(|(known, _)| *known == type_name).map(|(_, label)| label.clone());
        match self.dice.below(10) {
            0 | 1 => {
                let default = label.or_else(|| default_for(&mut self.dice, &type_name));
                sql.extend(default.map(|default| format!(" DEFAULT {default}")));
            }
            2 if type_name == "integer" => {
                let sequence = self.dice.pick(&self.sequences).cloned();
                sql.extend(sequence.map(|name| format!(" DEFAULT nextval({})", quote_literal(&name).trim_start())));
            }
            _ => {}
        }
        if self.dice.chance(30) {
            sql.push_str(" NOT NULL");
        }
        if self.dice.chance(10)
            && let Some(check) = check_for(&mut self.dice, &name, &type_name)
        {
            sql.push_str(&format!(" CHECK ({check})"));
        }
        if self.dice.chance(8) && !matches!(type_name.as_str(), "jsonb" | "text[]") {
            sql.push_str(" UNIQUE");
        }
        (Column { name, type_name }, sql)
    }

    fn a_table(&mut self) {
        let name = self.qualified("things");
        self.counts.remove("field");
        self.counts.remove("id");
        let id = self.name("id");
        let key = match self.dice.below(5) {
            0 => format!("{id} serial PRIMARY KEY"),
            1 => format!("{id} integer GENERATED ALWAYS AS IDENTITY (START 10) PRIMARY KEY"),
            2 => format!(
                "{id} integer GENERATED BY DEFAULT AS IDENTITY, CONSTRAINT {} PRIMARY KEY ({id})",
                self.name("key")
            ),
            3 => format!("{id} integer UNIQUE NOT NULL"),
            _ => format!("{id} integer PRIMARY KEY"),
        };
        let mut lines = vec![key];
        let mut columns = vec![Column { name: id, type_name: "integer".into() }];
        for _ in 0..1 + self.dice.below(5) {
            let (column, sql) = self.a_column();
            columns.push(column);
            lines.push(sql);
        }
        if self.dice.chance(20) {
            let generated = self.name("made");
            lines.push(format!("{generated} integer GENERATED ALWAYS AS ({} + 1) STORED", columns[0].name));
            columns.push(Column { name: generated, type_name: "integer".into() });
        }
        let options = self.dice.word(&["", "", "", " WITH (fillfactor = 70)"]);
        self.out.push(format!("CREATE TABLE {name} ({}){options}", lines.join(", ")));
        self.relations.push(Relation { name, columns, is_table: true });
    }

    fn a_partitioned_table(&mut self) {
        let name = self.qualified("events");
        let (at, kind) = (self.name("at"), self.name("kind"));
        self.out.push(format!(
            "CREATE TABLE {name} ({at} integer NOT NULL, {kind} text DEFAULT 'x', PRIMARY KEY ({at})) PARTITION BY RANGE ({at})"
        ));
        for part in 0..1 + self.dice.below(3) {
            let child = self.qualified("part");
            let bound = if part == 2 {
                "DEFAULT".to_owned()
            } else {
                format!("FOR VALUES FROM ({part}00) TO ({}00)", part + 1)
            };
            self.out.push(format!("CREATE TABLE {child} PARTITION OF {name} {bound}"));
        }
        let columns = [(at, "integer"), (kind, "text")];
        let columns = columns.map(|(name, type_name)| Column { name, type_name: type_name.into() }).into();
        self.relations.push(Relation { name, columns, is_table: true });
    }

    fn a_child(&mut self) {
        let Some(at) = self.any(true) else { return };
        let (name, own) = (self.qualified("child"), self.name("own"));
        let parent = self.relations[at].name.clone();
        self.out.push(format!("CREATE TABLE {name} ({own} text DEFAULT 'y') INHERITS ({parent})"));
    }

    fn a_foreign_key(&mut self) {
        let (Some(from), Some(to)) = (self.any(true), self.any(true)) else { return };
        let (target, key) = (self.relations[to].name.clone(), self.relations[to].columns[0].name.clone());
        let (table, column, name) = (self.relations[from].name.clone(), self.name("ref"), self.name("link"));
        let action = self.dice.word(&["", " ON DELETE CASCADE", " ON UPDATE SET NULL DEFERRABLE", " NOT VALID"]);
        self.out.push(format!(
            "ALTER TABLE {table} ADD COLUMN {column} integer, ADD CONSTRAINT {name} FOREIGN KEY ({column}) REFERENCES {target} ({key}){action}"
        ));
    }

    fn an_index(&mut self) {
        let Some(at) = self.any(true) else { return };
        let Some((column, type_name)) = self.column_of(at, &[]) else { return };
        let (table, name) = (self.relations[at].name.clone(), self.name("by"));
        let function = self.dice.pick(&self.functions).cloned();
        let what = match (self.dice.below(6), type_name.as_str(), function) {
            (0, "text", _) => format!("(lower({column}))"),
            (1, "integer", Some(function)) => format!("({function}({column}))"),
            (2, _, _) => format!("({column} DESC NULLS LAST)"),
            (3, _, _) => format!("({column}) WHERE {column} IS NOT NULL"),
            (_, "jsonb" | "text[]", _) => format!("USING gin ({column})"),
            _ => format!("({column})"),
        };
        let unique = if self.dice.chance(15) { "UNIQUE " } else { "" };
        let what = if what.starts_with("USING") { what } else { format!("USING btree {what}") };
        self.out.push(format!("CREATE {unique}INDEX {name} ON {table} {what}"));
    }

    /// A query over one or two relations, and its columns.
    pub fn a_query(&mut self) -> Option<(String, Vec<Column>)> {
        let at = self.any(false)?;
        let (a, b) = (self.column_of(at, &[])?, self.column_of(at, &[])?);
        let from = self.relations[at].name.clone();
        let (x, y) = (self.name("x"), self.name("y"));
        let columns = |second: &str| {
            vec![
                Column { name: x.clone(), type_name: a.1.clone() },
                Column { name: y.clone(), type_name: second.to_owned() },
            ]
        };
        Some(match self.dice.below(4) {
            0 => (format!("SELECT {} AS {x}, count(*) AS {y} FROM {from} GROUP BY 1", a.0), columns("bigint")),
            1 => {
                let other = self.any(false)?;
                let (name, c) = (self.relations[other].name.clone(), self.column_of(other, &[])?);
                let sql = format!("SELECT l.{} AS {x}, r.{} AS {y} FROM {from} l CROSS JOIN {name} r", a.0, c.0);
                (sql, columns(&c.1))
            }
            2 => {
                (format!("SELECT {} AS {x}, {} AS {y} FROM {from} WHERE {} IS NOT NULL", a.0, b.0, b.0), columns(&b.1))
            }
            _ => (format!("SELECT t.{} AS {x}, t.{} AS {y} FROM {from} t", a.0, b.0), columns(&b.1)),
        })
    }

    fn a_view(&mut self) {
        let name = self.qualified("seen");
        let Some((query, columns)) = self.a_query() else { return };
        let options = self.dice.word(&["", "", " WITH (security_barrier)"]);
        self.out.push(format!("CREATE VIEW {name}{options} AS {query}"));
        self.relations.push(Relation { name, columns, is_table: false });
    }

    fn a_materialized_view(&mut self) {
        let name = self.qualified("kept");
        let Some((query, columns)) = self.a_query() else { return };
        self.out.push(format!("CREATE MATERIALIZED VIEW {name} AS {query}"));
        let (index, column) = (self.name("by"), columns[0].name.clone());
        self.out.push(format!("CREATE INDEX {index} ON {name} ({column})"));
        self.relations.push(Relation { name, columns, is_table: false });
    }

    /// A function that stands on a relation.
    fn a_table_function(&mut self) {
        let Some(at) = self.any(false) else { return };
        let (name, table) = (self.qualified("count"), self.relations[at].name.clone());
        let Some((column, _)) = self.column_of(at, &[]) else { return };
        self.out.push(match self.dice.below(3) {
            0 => format!(
                "CREATE FUNCTION {name}() RETURNS bigint LANGUAGE sql RETURN (SELECT count({column}) FROM {table})"
            ),
            1 => format!(
                "CREATE FUNCTION {name}(t {table}) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT t IS NULL'"
            ),
            _ => format!("CREATE FUNCTION {name}() RETURNS SETOF {table} LANGUAGE sql AS $$SELECT * FROM {table}$$"),
        });
    }

    fn a_trigger(&mut self) {
        let Some(at) = self.any(true) else { return };
        let Some((column, _)) = self.column_of(at, &[]) else { return };
        let (function, trigger, table) = (self.qualified("touch"), self.name("touch"), self.relations[at].name.clone());
        self.out
            .push(format!("CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"));
        let when = match self.dice.below(4) {
            0 => format!("BEFORE UPDATE OF {column} ON {table} FOR EACH ROW"),
            1 => format!("AFTER INSERT ON {table} FOR EACH ROW WHEN (NEW.{column} IS NOT NULL)"),
            2 => format!("AFTER DELETE ON {table} FOR EACH STATEMENT"),
            _ => format!("BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW"),
        };
        self.out.push(format!("CREATE TRIGGER {trigger} {when} EXECUTE FUNCTION {function}('an ''argument''')"));
    }

    fn a_policy(&mut self) {
        let Some(at) = self.any(true) else { return };
        let Some((column, _)) = self.column_of(at, &[]) else { return };
        let (name, table) = (self.name("may"), self.relations[at].name.clone());
        let rest = self.dice.word(&["", " FOR SELECT", " AS RESTRICTIVE FOR UPDATE"]);
        self.out.push(format!("CREATE POLICY {name} ON {table}{rest} USING ({column} IS NOT NULL)"));
        self.out.push(format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"));
    }

    fn a_rule(&mut self) {
        let Some(at) = self.any(true) else { return };
        let Some((column, _)) = self.column_of(at, &[]) else { return };
        let (name, table) = (self.name("rule"), self.relations[at].name.clone());
        self.out
            .push(format!("CREATE RULE {name} AS ON DELETE TO {table} WHERE old.{column} IS NULL DO INSTEAD NOTHING"));
    }

    fn some_statistics(&mut self) {
        let Some(at) = self.any(true) else { return };
        let (Some((a, _)), Some((b, _))) = (self.column_of(at, &[]), self.column_of(at, &[])) else { return };
        let (name, table) = (self.qualified("stats"), self.relations[at].name.clone());
        self.out.push(format!("CREATE STATISTICS {name} ON {a}, {b} FROM {table}"));
    }

    fn a_remark(&mut self) {
        let Some(at) = self.any(true) else { return };
        let Some((column, _)) = self.column_of(at, &[]) else { return };
        let table = self.relations[at].name.clone();
        self.out.push(match self.dice.below(5) {
            0 => format!("COMMENT ON TABLE {table} IS 'It''s a table \\ here'"),
            1 => format!("COMMENT ON COLUMN {table}.{column} IS 'A column'"),
            2 => format!("GRANT SELECT, INSERT ON {table} TO PUBLIC"),
            3 => format!("GRANT UPDATE ({column}) ON {table} TO PUBLIC"),
            _ => format!("ALTER TABLE {table} ALTER {column} SET STATISTICS 200, REPLICA IDENTITY FULL"),
        });
    }
}
