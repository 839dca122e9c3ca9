//! Rarer parts of random schemas.

use super::ROLE;
use super::make::{Column, Maker, Relation};
use pleach_schema::quote_literal;

impl Maker {
    pub fn a_range(&mut self) {
        let name = self.qualified("span");
        let of = self.dice.word(&["integer", "bigint", "numeric", "date", "text, collation = \"C\""]);
        self.out.push(format!("CREATE TYPE {name} AS RANGE (subtype = {of})"));
        self.types.push(name);
    }

    /// A function with defaults, output columns, any number of arguments or settings, or a procedure.
    pub fn a_richer_function(&mut self) {
        let (name, returned) = (self.qualified("does"), self.dice.word(&["integer", "bigint", "text"]));
        let user = self.dice.pick(&self.types).cloned().unwrap_or_else(|| "integer".into());
        self.out.push(match self.dice.below(9) {
            0 => format!("CREATE FUNCTION {name}(a integer, b {returned} DEFAULT NULL) RETURNS {returned} LANGUAGE sql IMMUTABLE AS 'SELECT b'"),
            1 => format!("CREATE FUNCTION {name}(OUT x integer, OUT y {returned}) LANGUAGE sql AS 'SELECT 1, NULL::{returned}'"),
            2 => format!("CREATE FUNCTION {name}(VARIADIC a {returned}[]) RETURNS integer LANGUAGE sql STABLE AS 'SELECT array_length(a, 1)'"),
            3 => format!("CREATE FUNCTION {name}() RETURNS TABLE (a integer, b {user}) LANGUAGE plpgsql ROWS 7 AS 'BEGIN END'"),
            4 => format!("CREATE FUNCTION {name}(a integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, \"$user\" SET work_mem = '1MB' AS 'BEGIN RETURN a; END'"),
            5 => format!("CREATE PROCEDURE {name}(INOUT a {returned}) LANGUAGE plpgsql AS 'BEGIN END'"),
            6 => format!("CREATE PROCEDURE {name}(a {user}) LANGUAGE sql BEGIN ATOMIC SELECT a; END"),
            7 => format!("CREATE FUNCTION {name}(a {user}) RETURNS {user} LANGUAGE sql IMMUTABLE COST 3 RETURN a"),
            _ => format!("CREATE FUNCTION {name}(a integer) RETURNS {returned} LANGUAGE sql LEAKPROOF RETURN (a + 1)::{returned}"),
        });
    }

    pub fn an_aggregate(&mut self) {
        let (function, name) = (self.qualified("plus"), self.qualified("total"));
        self.out.push(format!(
            "CREATE FUNCTION {function}(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2'"
        ));
        let more = self.dice.word(&["", ", INITCOND = '0'", ", PARALLEL = SAFE", ", SSPACE = 64"]);
        self.out.push(format!("CREATE AGGREGATE {name}(integer) (SFUNC = {function}, STYPE = integer{more})"));
    }

    pub fn some_default_privileges(&mut self) {
        let schema = self.dice.pick(&self.schemas).cloned().filter(|_| self.dice.chance(50));
        let place = schema.map(|schema| format!(" IN SCHEMA {schema}")).unwrap_or_default();
        let what = self.dice.word(&[
            "GRANT SELECT, INSERT ON TABLES TO",
            "GRANT USAGE ON SEQUENCES TO",
            "GRANT SELECT ON TABLES TO PUBLIC,",
            "GRANT EXECUTE ON FUNCTIONS TO",
            "GRANT USAGE ON TYPES TO",
        ]);
        self.out.push(format!("ALTER DEFAULT PRIVILEGES{place} {what} {ROLE}"));
    }

    pub fn a_typed_table(&mut self) {
        let Some(of) = self.dice.pick(&self.composites).cloned() else { return };
        let name = self.qualified("typed");
        self.out.push(format!("CREATE TABLE {name} OF {of}"));
    }

    /// By list or hash, with partitions of partitions.
    pub fn a_deeper_partitioned_table(&mut self) {
        let name = self.qualified("ledger");
        let (a, b) = (self.name("region"), self.name("amount"));
        let by_list = self.dice.chance(50);
        let by = if by_list { format!("LIST ({a})") } else { format!("HASH ({a})") };
        self.out
            .push(format!("CREATE TABLE {name} ({a} text NOT NULL, {b} integer CHECK ({b} > 0)) PARTITION BY {by}"));
        for at in 0..2 {
            let part = self.qualified("leaf");
            let bound = match by_list {
                true => format!("FOR VALUES IN ('{at}', 'it''s {at}')"),
                false => format!("FOR VALUES WITH (modulus 2, remainder {at})"),
            };
            if self.dice.chance(40) {
                let below = self.qualified("leaf");
                self.out.push(format!("CREATE TABLE {part} PARTITION OF {name} {bound} PARTITION BY RANGE ({b})"));
                self.out.push(format!("CREATE TABLE {below} PARTITION OF {part} FOR VALUES FROM (0) TO (10)"));
            } else {
                self.out.push(format!("CREATE TABLE {part} PARTITION OF {name} {bound}"));
            }
        }
        let columns = [(a, "text"), (b, "integer")];
        let columns = columns.map(|(name, type_name)| Column { name, type_name: type_name.into() }).into();
        self.relations.push(Relation { name, columns, is_table: true });
    }

    pub fn a_child_of_two(&mut self) {
        let (Some(one), Some(two)) = (self.any(true), self.any(true)) else { return };
        let name = self.qualified("child");
        let (one, two) = (self.relations[one].name.clone(), self.relations[two].name.clone());
        let (column, sql) = self.a_column();
        self.out.push(format!("CREATE TABLE {name} ({sql}) INHERITS ({one}, {two})"));
        self.relations.push(Relation { name, columns: vec![column], is_table: true });
    }

    pub fn a_constraint(&mut self) {
        let Some(at) = self.any(true) else { return };
        let (Some((a, type_name)), Some((b, _))) = (self.column_of(at, &[]), self.column_of(at, &[])) else { return };
        let (name, table) = (self.name("limit"), self.relations[at].name.clone());
        let what = match self.dice.below(9) {
            0 => format!("UNIQUE ({a}, {b}) DEFERRABLE INITIALLY DEFERRED"),
            1 => format!("UNIQUE NULLS NOT DISTINCT ({a})"),
            2 => format!("UNIQUE ({a}) INCLUDE ({b})"),
            3 => format!("EXCLUDE USING btree ({a} WITH =) WHERE ({b} IS NOT NULL)"),
            4 if type_name.contains("span") => format!("EXCLUDE USING gist ({a} WITH &&)"),
            4 => format!("EXCLUDE USING hash ({a} WITH =)"),
            5 => format!("CHECK ({a} IS NOT NULL) NOT VALID"),
            6 => format!("CHECK ({a} IS NULL OR {b} IS NOT NULL) NO INHERIT"),
            7 => format!("CHECK ({a} IS NOT NULL) NOT ENFORCED"),
            _ => format!("NOT NULL {a}"),
        };
        self.out.push(format!("ALTER TABLE {table} ADD CONSTRAINT {name} {what}"));
        if self.dice.chance(30) {
            self.out.push(format!("ALTER TABLE {table} REPLICA IDENTITY USING INDEX {name}"));
        }
    }

    pub fn a_richer_index(&mut self) {
        let Some(at) = self.any(false) else { return };
        let (Some((a, _)), Some((b, _))) = (self.column_of(at, &[]), self.column_of(at, &[])) else { return };
        let (name, table) = (self.name("sorted"), self.relations[at].name.clone());
        self.out.push(match self.dice.below(6) {
            0 => format!("CREATE UNIQUE INDEX {name} ON {table} ({a}, {b}) NULLS NOT DISTINCT"),
            1 => format!("CREATE INDEX {name} ON {table} ({a} DESC, {b}) WITH (fillfactor = 60)"),
            2 => format!("CREATE INDEX {name} ON {table} USING brin ({a}) WITH (pages_per_range = 64)"),
            3 => format!("CREATE INDEX {name} ON {table} USING hash ({a})"),
            4 => format!("CREATE INDEX {name} ON {table} (({a}::text) COLLATE \"C\" text_pattern_ops, {b})"),
            _ => format!("CREATE INDEX {name} ON {table} ((({a} IS NULL)), {b}) INCLUDE ({a}) WHERE {b} IS NOT NULL"),
        });
        self.out.push(match self.dice.below(4) {
            0 => format!("ALTER TABLE {table} CLUSTER ON {name}"),
            1 => format!("COMMENT ON INDEX {name} IS 'Sorted'"),
            _ => return,
        });
    }

    pub fn a_richer_view(&mut self) {
        let Some(at) = self.any(false) else { return };
        let (Some((a, type_name)), Some((b, _))) = (self.column_of(at, &[]), self.column_of(at, &[])) else { return };
        let (name, from, x) = (self.qualified("wide"), self.relations[at].name.clone(), self.name("x"));
        let function = self.dice.pick(&self.functions).cloned();
        let sql = match (self.dice.below(6), type_name.as_str(), function) {
            (0 | 1, "integer", Some(function)) => {
                format!("CREATE VIEW {name} AS SELECT {function}({a}) AS {x} FROM {from}")
            }
            (0, ..) => format!(
                "CREATE VIEW {name} WITH (check_option = local) AS SELECT {a} AS {x} FROM {from} WHERE {a} IS NOT NULL"
            ),
            (1, ..) => {
                format!("CREATE VIEW {name} WITH (security_invoker) AS SELECT {a} AS {x}, {b} AS other FROM {from}")
            }
            (2, ..) => format!(
                "CREATE VIEW {name} AS WITH w AS (SELECT {a} AS {x} FROM {from}) SELECT w.{x} FROM w UNION ALL SELECT {a} FROM {from}"
            ),
            (3, ..) => format!("CREATE VIEW {name} AS SELECT t AS {x} FROM {from} t"),
            (4, ..) => format!(
                "CREATE VIEW {name} AS SELECT t.{a} AS {x}, row_number() OVER (PARTITION BY t.{b}::text) AS n FROM {from} t"
            ),
            _ => format!(
                "CREATE RECURSIVE VIEW {name} ({x}) AS SELECT 1 UNION ALL SELECT {x} + 1 FROM {name} WHERE {x} < 5"
            ),
        };
        self.out.push(sql);
        let type_name = "unknown".into();
        self.relations.push(Relation { name, columns: vec![Column { name: x, type_name }], is_table: false });
    }

    pub fn a_richer_trigger(&mut self) {
        let Some(at) = self.any(false) else { return };
        let (function, trigger) = (self.qualified("react"), self.name("react"));
        let relation = &self.relations[at];
        let (table, is_table) = (relation.name.clone(), relation.is_table);
        self.out
            .push(format!("CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"));
        let run = format!("EXECUTE FUNCTION {function}()");
        self.out.push(match self.dice.below(4) {
            _ if !is_table => format!("CREATE TRIGGER {trigger} INSTEAD OF INSERT OR UPDATE ON {table} FOR EACH ROW {run}"),
            0 => format!("CREATE TRIGGER {trigger} AFTER UPDATE ON {table} REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT {run}"),
            1 => format!("CREATE CONSTRAINT TRIGGER {trigger} AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW {run}"),
            2 => format!("CREATE TRIGGER {trigger} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {run}"),
            _ => format!("CREATE TRIGGER {trigger} AFTER INSERT ON {table} FOR EACH ROW {run}"),
        });
        if is_table && self.dice.chance(40) {
            let state = self.dice.word(&["DISABLE", "ENABLE REPLICA", "ENABLE ALWAYS"]);
            self.out.push(format!("ALTER TABLE {table} {state} TRIGGER {trigger}"));
        }
    }

    pub fn a_rule_of_a_view(&mut self) {
        let Some(at) = self.any(false) else { return };
        let (name, relation) = (self.name("instead"), self.relations[at].name.clone());
        let event = self.dice.word(&["INSERT", "UPDATE", "DELETE"]);
        self.out.push(format!("CREATE RULE {name} AS ON {event} TO {relation} DO INSTEAD NOTHING"));
        if self.dice.chance(30) {
            self.out.push(format!("ALTER TABLE {relation} DISABLE RULE {name}"));
        }
    }

    pub fn an_event_trigger(&mut self) {
        if self.dice.chance(70) {
            return;
        }
        let (function, name) = (self.qualified("watch"), self.name("watch"));
        self.out.push(format!("CREATE FUNCTION {function}() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'"));
        let on = self.dice.word(&["ddl_command_end", "sql_drop", "ddl_command_start WHEN TAG IN ('CREATE TABLE')"]);
        self.out.push(format!("CREATE EVENT TRIGGER {name} ON {on} EXECUTE FUNCTION {function}()"));
    }

    pub fn some_storage(&mut self) {
        let Some(at) = self.any(true) else { return };
        let Some((column, _)) = self.column_of(at, &[]) else { return };
        let (table, stats) = (self.relations[at].name.clone(), self.qualified("shape"));
        self.out.push(match self.dice.below(8) {
            0 => format!("ALTER TABLE {table} ALTER {column} SET STORAGE EXTERNAL"),
            1 => format!("ALTER TABLE {table} ALTER {column} SET COMPRESSION pglz"),
            2 => format!("ALTER TABLE {table} SET (autovacuum_enabled = false, toast.autovacuum_enabled = false)"),
            3 => format!("ALTER TABLE {table} SET UNLOGGED"),
            4 => format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY"),
            5 => format!("ALTER TABLE {table} ALTER {column} SET (n_distinct = -0.5)"),
            6 => format!("CREATE STATISTICS {stats} ON ({column} IS NULL), (md5({column}::text)) FROM {table}"),
            _ => format!("CREATE STATISTICS {stats} (mcv) ON {column}, ({column}::text || 'x') FROM {table}"),
        });
    }

    pub fn a_comment(&mut self) {
        let text = quote_literal(self.dice.word(&["Told", "It's 100% \\ here", "Two\nlines"]));
        let schema = self.dice.pick(&self.schemas).cloned().unwrap_or_default();
        let sequence = self.dice.pick(&self.sequences).cloned();
        let user_type = self.dice.pick(&self.types).cloned();
        let on = match (self.dice.below(4), sequence, user_type) {
            (0, Some(sequence), _) => format!("SEQUENCE {sequence}"),
            (1, _, Some(user_type)) => format!("TYPE {user_type}"),
            (2, ..) => match self.any(false) {
                Some(at) if !self.relations[at].is_table => {
                    format!("COLUMN {}.{}", self.relations[at].name, self.relations[at].columns[0].name)
                }
                _ => format!("SCHEMA {schema}"),
            },
            _ => format!("SCHEMA {schema}"),
        };
        self.out.push(format!("COMMENT ON {on} IS {}", text.trim_start()));
    }

    pub fn a_grant(&mut self) {
        let schema = self.dice.pick(&self.schemas).cloned().unwrap_or_default();
        let option = self.dice.word(&["", " WITH GRANT OPTION"]);
        let (sequence, user_type) = (self.dice.pick(&self.sequences).cloned(), self.dice.pick(&self.types).cloned());
        let relation = self.any(false).map(|at| {
            (self.relations[at].name.clone(), self.column_of(at, &[]).map(|(column, _)| column).unwrap_or_default())
        });
        self.out.push(match (self.dice.below(7), sequence, user_type, relation) {
            (0, Some(sequence), ..) => format!("GRANT USAGE, UPDATE ON SEQUENCE {sequence} TO {ROLE}{option}"),
            (1, _, Some(user_type), _) => format!("REVOKE USAGE ON TYPE {user_type} FROM PUBLIC"),
            (2, .., Some((relation, column))) => {
                format!("GRANT SELECT ({column}), UPDATE ({column}) ON {relation} TO {ROLE}{option}")
            }
            (3, .., Some((relation, _))) => format!("GRANT ALL ON {relation} TO {ROLE}{option}"),
            (4, .., Some((relation, _))) => format!("REVOKE DELETE, TRUNCATE ON {relation} FROM CURRENT_USER"),
            (5, ..) => format!("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC"),
            _ => format!("GRANT USAGE ON SCHEMA {schema} TO {ROLE}{option}"),
        });
    }

    pub fn an_owner(&mut self) {
        let schema = self.dice.pick(&self.schemas).cloned().unwrap_or_default();
        let (sequence, user_type) = (self.dice.pick(&self.sequences).cloned(), self.dice.pick(&self.types).cloned());
        // Who owns a view must be allowed to read what it reads.
        let relation = self.any(true).map(|at| self.relations[at].name.clone());
        self.out.push(match (self.dice.below(5), sequence, user_type, relation) {
            (0, Some(sequence), ..) => format!("ALTER SEQUENCE {sequence} OWNER TO {ROLE}"),
            (1, _, Some(user_type), _) => format!("ALTER TYPE {user_type} OWNER TO {ROLE}"),
            (2 | 3, .., Some(relation)) => format!("ALTER TABLE {relation} OWNER TO {ROLE}"),
            _ if schema != "public" => format!("ALTER SCHEMA {schema} OWNER TO {ROLE}"),
            _ => return,
        });
    }
}
