-- Columns: what is said of them, and what stands on them.

-- case: a column is renamed and what stands on it follows
-- old
CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL CHECK (name <> ''));
CREATE INDEX users_name ON users (lower(name));
CREATE VIEW names AS SELECT name FROM users WHERE name LIKE 'a%';
INSERT INTO users VALUES (1, 'ada');
-- change
ALTER TABLE users RENAME name TO full_name;
-- keeps
SELECT full_name FROM users
-- plan
ALTER TABLE public.users RENAME COLUMN name TO full_name;

-- case: two columns swap their names and keep their values
-- old
CREATE TABLE pairs (a integer, b integer, CHECK (a > 0));
CREATE INDEX pairs_a ON pairs (a);
CREATE VIEW pair AS SELECT a, b FROM pairs;
INSERT INTO pairs VALUES (1, 2);
-- change
ALTER TABLE pairs RENAME a TO x;
ALTER TABLE pairs RENAME b TO a;
ALTER TABLE pairs RENAME x TO b;
-- keeps
SELECT a, b FROM pairs
-- plan
ALTER TABLE public.pairs RENAME COLUMN a TO pleach_1;
ALTER TABLE public.pairs RENAME COLUMN b TO pleach_2;
ALTER TABLE public.pairs RENAME COLUMN pleach_1 TO b;
ALTER TABLE public.pairs RENAME COLUMN pleach_2 TO a;

-- case: names of columns go around a chain of three
-- old
CREATE TABLE chain (a integer, b integer, c integer);
INSERT INTO chain VALUES (1, 2, 3);
-- change
ALTER TABLE chain RENAME c TO d;
ALTER TABLE chain RENAME b TO c;
ALTER TABLE chain RENAME a TO b;
-- keeps
SELECT b, c, d FROM chain
-- plan
ALTER TABLE public.chain RENAME COLUMN c TO d;
ALTER TABLE public.chain RENAME COLUMN b TO c;
ALTER TABLE public.chain RENAME COLUMN a TO b;

-- case: a column takes the name of one that is dropped
-- old
CREATE TABLE t (id integer, price integer, price_new numeric(10,2));
INSERT INTO t VALUES (1, 2, 3.5);
-- change
ALTER TABLE t DROP COLUMN price;
ALTER TABLE t RENAME price_new TO price;
-- keeps
SELECT id, price FROM t
-- plan
-- destroys all values of public.t.price
ALTER TABLE public.t DROP COLUMN price;
ALTER TABLE public.t RENAME COLUMN price_new TO price;

-- case: a column takes the name of one that is dropped and has a view on it
-- old
CREATE TABLE t (id integer, price integer, price_new numeric(10,2));
CREATE VIEW prices AS SELECT id, price FROM t;
INSERT INTO t VALUES (1, 2, 3.5);
-- change
DROP VIEW prices;
ALTER TABLE t DROP COLUMN price;
ALTER TABLE t RENAME price_new TO price;
CREATE VIEW prices AS SELECT id, price FROM t;
-- keeps
SELECT * FROM prices
-- plan 15
DROP VIEW public.prices;
-- destroys all values of public.t.price
ALTER TABLE public.t DROP COLUMN price;
ALTER TABLE public.t RENAME COLUMN price_new TO price;
CREATE VIEW public.prices AS
SELECT t.id,
    t.price
   FROM public.t;
-- plan 18
DROP VIEW public.prices;
-- destroys all values of public.t.price
ALTER TABLE public.t DROP COLUMN price;
ALTER TABLE public.t RENAME COLUMN price_new TO price;
CREATE VIEW public.prices AS
SELECT id,
    price
   FROM public.t;

-- case: a column that is dropped and made again is replaced
-- old
CREATE TABLE t (id integer PRIMARY KEY, note text NOT NULL DEFAULT '');
CREATE INDEX t_note ON t (note);
CREATE VIEW notes AS SELECT id, note FROM t;
INSERT INTO t VALUES (1, 'old');
-- change
ALTER TABLE t DROP COLUMN note CASCADE;
ALTER TABLE t ADD COLUMN note text NOT NULL DEFAULT '';
CREATE INDEX t_note ON t (note);
CREATE VIEW notes AS SELECT id, note FROM t;
-- keeps
SELECT * FROM notes
-- plan 15
DROP VIEW public.notes;
-- destroys all values of public.t.note
ALTER TABLE public.t DROP COLUMN note;
ALTER TABLE public.t ADD COLUMN note text DEFAULT ''::text NOT NULL;
CREATE INDEX t_note ON public.t USING btree (note);
CREATE VIEW public.notes AS
SELECT t.id,
    t.note
   FROM public.t;
-- plan 18
DROP VIEW public.notes;
-- destroys all values of public.t.note
ALTER TABLE public.t DROP COLUMN note;
ALTER TABLE public.t ADD COLUMN note text DEFAULT ''::text NOT NULL;
CREATE INDEX t_note ON public.t USING btree (note);
CREATE VIEW public.notes AS
SELECT id,
    note
   FROM public.t;

-- case: the type of a column changes under everything that can stand on it
-- old
CREATE TABLE parent (id integer PRIMARY KEY);
CREATE TABLE t (
    id integer PRIMARY KEY, n integer DEFAULT 5 CHECK (n > 0), ref integer REFERENCES parent,
    twice integer GENERATED ALWAYS AS (id * 2) STORED
);
CREATE INDEX t_n ON t (n) WHERE n > 3;
CREATE INDEX t_expression ON t ((n + 1));
CREATE VIEW v AS SELECT n, id FROM t;
CREATE VIEW above AS SELECT n FROM v WHERE id > 1;
CREATE MATERIALIZED VIEW m AS SELECT n FROM t;
CREATE UNIQUE INDEX m_n ON m (n);
CREATE RULE r AS ON DELETE TO t WHERE old.n = 1 DO INSTEAD NOTHING;
CREATE POLICY p ON t USING (n > 1);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER watch BEFORE UPDATE OF n ON t FOR EACH ROW WHEN (old.n <> new.n) EXECUTE FUNCTION touch();
CREATE FUNCTION total() RETURNS bigint LANGUAGE sql RETURN (SELECT sum(n) FROM t);
CREATE STATISTICS s ON n, ref FROM t;
COMMENT ON VIEW v IS 'Keeps its comment';
GRANT SELECT ON v TO PUBLIC;
COMMENT ON COLUMN v.n IS 'And those of its columns';
INSERT INTO t (id, n) VALUES (1, 2);
-- change
DROP VIEW v CASCADE;
DROP MATERIALIZED VIEW m;
DROP RULE r ON t;
DROP POLICY p ON t;
DROP TRIGGER watch ON t;
DROP FUNCTION total();
ALTER TABLE t ALTER n TYPE bigint, ALTER twice DROP EXPRESSION;
CREATE VIEW v AS SELECT n, id FROM t;
CREATE VIEW above AS SELECT n FROM v WHERE id > 1;
CREATE MATERIALIZED VIEW m AS SELECT n FROM t;
CREATE UNIQUE INDEX m_n ON m (n);
CREATE RULE r AS ON DELETE TO t WHERE old.n = 1 DO INSTEAD NOTHING;
CREATE POLICY p ON t USING (n > 1);
CREATE TRIGGER watch BEFORE UPDATE OF n ON t FOR EACH ROW WHEN (old.n <> new.n) EXECUTE FUNCTION touch();
CREATE FUNCTION total() RETURNS bigint LANGUAGE sql RETURN (SELECT sum(n) FROM t);
COMMENT ON VIEW v IS 'Keeps its comment';
GRANT SELECT ON v TO PUBLIC;
COMMENT ON COLUMN v.n IS 'And those of its columns';
-- keeps
SELECT * FROM t
-- plan 15
DROP VIEW public.above;
DROP VIEW public.v;
DROP MATERIALIZED VIEW public.m;
DROP FUNCTION public.total();
DROP TRIGGER watch ON public.t;
DROP RULE r ON public.t;
DROP POLICY p ON public.t;
ALTER TABLE public.t ALTER COLUMN n DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN n TYPE bigint USING n::bigint;
ALTER TABLE ONLY public.t ALTER COLUMN n SET DEFAULT 5;
ALTER TABLE public.t ALTER COLUMN twice DROP EXPRESSION;
CREATE VIEW public.v AS
SELECT t.n,
    t.id
   FROM public.t;
COMMENT ON VIEW public.v IS 'Keeps its comment';
GRANT SELECT ON TABLE public.v TO PUBLIC;
COMMENT ON COLUMN public.v.n IS 'And those of its columns';
CREATE VIEW public.above AS
SELECT v.n
   FROM public.v
  WHERE (v.id > 1);
CREATE MATERIALIZED VIEW public.m AS
SELECT t.n
   FROM public.t;
CREATE UNIQUE INDEX m_n ON public.m USING btree (n);
CREATE OR REPLACE FUNCTION public.total()
    RETURNS bigint
    LANGUAGE sql
RETURN (SELECT sum(t.n) AS sum FROM public.t);
CREATE TRIGGER watch BEFORE UPDATE OF n ON public.t FOR EACH ROW WHEN ((old.n <> new.n)) EXECUTE FUNCTION public.touch();
CREATE RULE r AS
    ON DELETE TO public.t
   WHERE (old.n = 1) DO INSTEAD NOTHING;
CREATE POLICY p ON public.t TO PUBLIC USING ((n > 1));
-- plan 18
DROP VIEW public.above;
DROP VIEW public.v;
DROP MATERIALIZED VIEW public.m;
DROP FUNCTION public.total();
DROP TRIGGER watch ON public.t;
DROP RULE r ON public.t;
DROP POLICY p ON public.t;
ALTER TABLE public.t ALTER COLUMN n DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN n TYPE bigint USING n::bigint;
ALTER TABLE ONLY public.t ALTER COLUMN n SET DEFAULT 5;
ALTER TABLE public.t ALTER COLUMN twice DROP EXPRESSION;
CREATE VIEW public.v AS
SELECT n,
    id
   FROM public.t;
COMMENT ON VIEW public.v IS 'Keeps its comment';
GRANT SELECT ON TABLE public.v TO PUBLIC;
COMMENT ON COLUMN public.v.n IS 'And those of its columns';
CREATE VIEW public.above AS
SELECT n
   FROM public.v
  WHERE (id > 1);
CREATE MATERIALIZED VIEW public.m AS
SELECT n
   FROM public.t;
CREATE UNIQUE INDEX m_n ON public.m USING btree (n);
CREATE OR REPLACE FUNCTION public.total()
    RETURNS bigint
    LANGUAGE sql
RETURN (SELECT sum(t.n) AS sum FROM public.t);
CREATE TRIGGER watch BEFORE UPDATE OF n ON public.t FOR EACH ROW WHEN ((old.n <> new.n)) EXECUTE FUNCTION public.touch();
CREATE RULE r AS
    ON DELETE TO public.t
   WHERE (old.n = 1) DO INSTEAD NOTHING;
CREATE POLICY p ON public.t TO PUBLIC USING ((n > 1));

-- case: both ends of a foreign key change their type
-- old
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE b (a integer REFERENCES a, also integer REFERENCES a);
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (1, 1);
-- change
ALTER TABLE b DROP CONSTRAINT b_a_fkey, DROP CONSTRAINT b_also_fkey;
ALTER TABLE a ALTER id TYPE text;
ALTER TABLE b ALTER a TYPE text, ALTER also TYPE text;
ALTER TABLE b ADD FOREIGN KEY (a) REFERENCES a, ADD FOREIGN KEY (also) REFERENCES a;
-- keeps
SELECT * FROM b JOIN a ON a.id = b.a
-- plan
ALTER TABLE public.b DROP CONSTRAINT b_a_fkey;
ALTER TABLE public.b DROP CONSTRAINT b_also_fkey;
ALTER TABLE public.a ALTER COLUMN id TYPE text USING id::text;
ALTER TABLE public.b ALTER COLUMN a TYPE text USING a::text;
ALTER TABLE public.b ALTER COLUMN also TYPE text USING also::text;
ALTER TABLE public.b ADD CONSTRAINT b_a_fkey FOREIGN KEY (a) REFERENCES public.a(id);
ALTER TABLE public.b ADD CONSTRAINT b_also_fkey FOREIGN KEY (also) REFERENCES public.a(id);

-- case: a column changes to a type that nothing casts to
-- old
CREATE TABLE t (id integer, flag boolean, day date, n numeric, kind text DEFAULT 'a');
CREATE TYPE kind AS ENUM ('a', 'b');
INSERT INTO t VALUES (NULL, true, '2024-02-29', 1.5, 'b');
-- change
ALTER TABLE t ALTER id TYPE uuid USING NULL;
ALTER TABLE t ALTER flag TYPE integer USING flag::integer;
ALTER TABLE t ALTER day TYPE timestamptz;
ALTER TABLE t ALTER n TYPE integer;
ALTER TABLE t ALTER kind DROP DEFAULT;
ALTER TABLE t ALTER kind TYPE kind USING kind::kind;
ALTER TABLE t ALTER kind SET DEFAULT 'a';
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ALTER COLUMN day TYPE timestamp with time zone USING day::timestamp with time zone;
ALTER TABLE public.t ALTER COLUMN flag TYPE integer USING flag::integer;
ALTER TABLE public.t ALTER COLUMN id TYPE uuid USING id::text::uuid;
ALTER TABLE public.t ALTER COLUMN kind DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN kind TYPE public.kind USING kind::public.kind;
ALTER TABLE ONLY public.t ALTER COLUMN kind SET DEFAULT 'a'::public.kind;
ALTER TABLE public.t ALTER COLUMN n TYPE integer USING n::integer;

-- case: length and precision of types change
-- old
CREATE TABLE t (a varchar(10), b numeric(10,2), c timestamptz(3), d char(3)[], e text);
-- change
ALTER TABLE t ALTER a TYPE varchar(20), ALTER b TYPE numeric(12,4), ALTER c TYPE timestamptz, ALTER d TYPE char(5)[];
ALTER TABLE t ALTER e TYPE varchar(5);
-- plan
ALTER TABLE public.t ALTER COLUMN a TYPE character varying(20) USING a::character varying(20);
ALTER TABLE public.t ALTER COLUMN b TYPE numeric(12,4) USING b::numeric(12,4);
ALTER TABLE public.t ALTER COLUMN c TYPE timestamp with time zone USING c::timestamp with time zone;
ALTER TABLE public.t ALTER COLUMN d TYPE character(5)[] USING d::character(5)[];
ALTER TABLE public.t ALTER COLUMN e TYPE character varying(5) USING e::character varying(5);

-- case: the collation of a column changes
-- old
CREATE TABLE t (a text, b text COLLATE "C");
CREATE INDEX t_a ON t (a);
CREATE VIEW v AS SELECT a FROM t ORDER BY a;
-- change
DROP VIEW v;
ALTER TABLE t ALTER a TYPE text COLLATE "C", ALTER b TYPE text;
CREATE VIEW v AS SELECT a FROM t ORDER BY a;
-- plan 15
DROP VIEW public.v;
ALTER TABLE public.t ALTER COLUMN a TYPE text COLLATE pg_catalog."C" USING a::text;
ALTER TABLE public.t ALTER COLUMN b TYPE text USING b::text;
CREATE VIEW public.v AS
SELECT t.a
   FROM public.t
  ORDER BY t.a;
-- plan 18
DROP VIEW public.v;
ALTER TABLE public.t ALTER COLUMN a TYPE text COLLATE pg_catalog."C" USING a::text;
ALTER TABLE public.t ALTER COLUMN b TYPE text USING b::text;
CREATE VIEW public.v AS
SELECT a
   FROM public.t
  ORDER BY a;

-- case: defaults come, change and go
-- old
CREATE TABLE t (a integer, b integer DEFAULT 1, c integer DEFAULT 1, d date DEFAULT CURRENT_DATE);
-- change
ALTER TABLE t ALTER a SET DEFAULT 7, ALTER b SET DEFAULT 2, ALTER c DROP DEFAULT, ALTER d SET DEFAULT '2024-02-29';
-- plan
ALTER TABLE ONLY public.t ALTER COLUMN a SET DEFAULT 7;
ALTER TABLE ONLY public.t ALTER COLUMN b SET DEFAULT 2;
ALTER TABLE ONLY public.t ALTER COLUMN c DROP DEFAULT;
ALTER TABLE ONLY public.t ALTER COLUMN d SET DEFAULT '2024-02-29'::date;

-- case: not null comes and goes
-- old
CREATE TABLE t (a integer, b integer NOT NULL);
-- change
ALTER TABLE t ALTER a SET NOT NULL, ALTER b DROP NOT NULL;
-- plan
ALTER TABLE public.t ALTER COLUMN a SET NOT NULL;
ALTER TABLE public.t ALTER COLUMN b DROP NOT NULL;

-- case: a generated column gets another expression and keeps what stands on it
-- old
CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 1) STORED);
CREATE INDEX t_b ON t (b);
CREATE VIEW v AS SELECT b FROM t;
COMMENT ON COLUMN t.b IS 'Made';
INSERT INTO t VALUES (1);
-- change
ALTER TABLE t DROP COLUMN b CASCADE;
ALTER TABLE t ADD COLUMN b integer GENERATED ALWAYS AS (a + 2) STORED;
CREATE INDEX t_b ON t (b);
CREATE VIEW v AS SELECT b FROM t;
COMMENT ON COLUMN t.b IS 'Made';
-- keeps
SELECT * FROM v
-- plan 15
DROP VIEW public.v;
ALTER TABLE public.t DROP COLUMN b;
ALTER TABLE public.t ADD COLUMN b integer GENERATED ALWAYS AS ((a + 2)) STORED;
COMMENT ON COLUMN public.t.b IS 'Made';
CREATE INDEX t_b ON public.t USING btree (b);
CREATE VIEW public.v AS
SELECT t.b
   FROM public.t;
-- plan 18
DROP VIEW public.v;
ALTER TABLE public.t DROP COLUMN b;
ALTER TABLE public.t ADD COLUMN b integer GENERATED ALWAYS AS ((a + 2)) STORED;
COMMENT ON COLUMN public.t.b IS 'Made';
CREATE INDEX t_b ON public.t USING btree (b);
CREATE VIEW public.v AS
SELECT b
   FROM public.t;

-- case: an expression is dropped and the values stay
-- old
CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 1) STORED);
INSERT INTO t VALUES (1);
-- change
ALTER TABLE t ALTER b DROP EXPRESSION;
-- keeps
SELECT a, b FROM t
-- plan
ALTER TABLE public.t ALTER COLUMN b DROP EXPRESSION;

-- case: a serial column becomes an identity column
-- old
CREATE TABLE t (id serial PRIMARY KEY, a text);
INSERT INTO t (a) VALUES ('x');
-- change
ALTER TABLE t ALTER id DROP DEFAULT;
DROP SEQUENCE t_id_seq;
ALTER TABLE t ALTER id ADD GENERATED ALWAYS AS IDENTITY (START 2);
-- keeps
SELECT id, a FROM t
-- plan
ALTER TABLE public.t ALTER COLUMN id DROP DEFAULT;
-- destroys the position of sequence public.t_id_seq
DROP SEQUENCE public.t_id_seq;
ALTER TABLE public.t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (START WITH 2);
SELECT pg_catalog.setval('public.t_id_seq', max(id)) FROM public.t HAVING max(id) >= 2;

-- case: a serial column becomes a wider identity and goes on after its values
-- old
CREATE TABLE t (id serial PRIMARY KEY);
INSERT INTO t VALUES (41);
-- change
ALTER TABLE t ALTER id DROP DEFAULT;
DROP SEQUENCE t_id_seq;
ALTER TABLE t ALTER id TYPE bigint;
ALTER TABLE t ALTER id ADD GENERATED BY DEFAULT AS IDENTITY;
SELECT setval('t_id_seq', 41);
-- keeps
SELECT nextval('t_id_seq')
-- plan
ALTER TABLE public.t ALTER COLUMN id DROP DEFAULT;
-- destroys the position of sequence public.t_id_seq
DROP SEQUENCE public.t_id_seq;
ALTER TABLE public.t ALTER COLUMN id TYPE bigint USING id::bigint;
ALTER TABLE public.t ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY;
SELECT pg_catalog.setval('public.t_id_seq', max(id)) FROM public.t HAVING max(id) >= 1;

-- case: identity options change and identity goes
-- old
CREATE TABLE t (
    a integer GENERATED ALWAYS AS IDENTITY, b integer GENERATED BY DEFAULT AS IDENTITY (START 5 CACHE 7 CYCLE)
);
CREATE TABLE u (a integer GENERATED ALWAYS AS IDENTITY, b integer NOT NULL);
-- change
ALTER TABLE t ALTER a SET GENERATED BY DEFAULT SET INCREMENT 10 SET MAXVALUE 1000 SET START 11 SET CACHE 3 SET CYCLE;
ALTER TABLE t ALTER b SET NO CYCLE SET CACHE 1 SET START 1;
ALTER TABLE u ALTER a DROP IDENTITY;
ALTER TABLE u ALTER b ADD GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME public.numbers);
-- plan
ALTER TABLE public.u ALTER COLUMN a DROP IDENTITY;
ALTER TABLE public.t ALTER COLUMN a SET GENERATED BY DEFAULT SET INCREMENT BY 10 SET MAXVALUE 1000 SET START WITH 11 SET CACHE 3 SET CYCLE;
ALTER TABLE public.t ALTER COLUMN b SET START WITH 1 SET CACHE 1 SET NO CYCLE;
ALTER TABLE public.u ALTER COLUMN b ADD GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME public.numbers);
SELECT pg_catalog.setval('public.numbers', max(b)) FROM public.u HAVING max(b) >= 1;

-- case: storage, compression, statistics target and options change
-- old
CREATE TABLE t (a text, b text STORAGE EXTERNAL, c numeric, d integer[]);
-- since 16
-- change
ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER a SET COMPRESSION pglz, ALTER a SET STATISTICS 500;
ALTER TABLE t ALTER b SET STORAGE EXTENDED, ALTER c SET STORAGE PLAIN, ALTER d SET STATISTICS 0;
ALTER TABLE t ALTER a SET (n_distinct = -0.5), ALTER b SET (n_distinct = 100, n_distinct_inherited = 7);
-- plan
ALTER TABLE ONLY public.t ALTER COLUMN a SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.t ALTER COLUMN a SET COMPRESSION pglz;
ALTER TABLE ONLY public.t ALTER COLUMN a SET STATISTICS 500;
ALTER TABLE ONLY public.t ALTER COLUMN a SET (n_distinct = '-0.5');
ALTER TABLE ONLY public.t ALTER COLUMN b SET STORAGE EXTENDED;
ALTER TABLE ONLY public.t ALTER COLUMN b SET (n_distinct = '100', n_distinct_inherited = '7');
ALTER TABLE ONLY public.t ALTER COLUMN c SET STORAGE PLAIN;
ALTER TABLE ONLY public.t ALTER COLUMN d SET STATISTICS 0;

-- case: what was handled specially is handled as usual again
-- old
CREATE TABLE t (a text COMPRESSION pglz, b jsonb, c numeric);
ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER a SET STATISTICS 500, ALTER a SET (n_distinct = -0.5);
ALTER TABLE t ALTER b SET STORAGE MAIN, ALTER c SET STORAGE PLAIN;
-- change
ALTER TABLE t ALTER a SET STORAGE EXTENDED, ALTER a SET COMPRESSION default, ALTER a SET STATISTICS -1;
ALTER TABLE t ALTER a RESET (n_distinct);
ALTER TABLE t ALTER b SET STORAGE EXTENDED, ALTER c SET STORAGE MAIN;
-- plan
ALTER TABLE ONLY public.t ALTER COLUMN a SET STORAGE EXTENDED;
ALTER TABLE ONLY public.t ALTER COLUMN a SET COMPRESSION default;
ALTER TABLE ONLY public.t ALTER COLUMN a SET STATISTICS -1;
ALTER TABLE ONLY public.t ALTER COLUMN a RESET (n_distinct);
ALTER TABLE ONLY public.t ALTER COLUMN b SET STORAGE EXTENDED;
ALTER TABLE ONLY public.t ALTER COLUMN c SET STORAGE MAIN;

-- case: a column that must not be null is filled by a data step
-- old
CREATE TABLE users (id integer PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'ada'), (2, 'bob');
-- change
ALTER TABLE users ADD COLUMN slug text;
UPDATE users SET slug = lower(name);
ALTER TABLE users ALTER slug SET NOT NULL;
CREATE UNIQUE INDEX users_slug ON users (slug);
ALTER TABLE users DROP COLUMN name;
-- data
UPDATE users SET slug = lower(name);
-- keeps
SELECT id, slug FROM users ORDER BY id
-- plan
ALTER TABLE public.users ADD COLUMN slug text;
UPDATE users SET slug = lower(name);
-- destroys all values of public.users.name
ALTER TABLE public.users DROP COLUMN name;
ALTER TABLE public.users ALTER COLUMN slug SET NOT NULL;
CREATE UNIQUE INDEX users_slug ON public.users USING btree (slug);

-- case: a column that exists is tightened after a data step
-- old
CREATE TABLE users (id integer PRIMARY KEY, name text, age integer);
INSERT INTO users VALUES (1, NULL, -1);
-- change
UPDATE users SET name = 'nobody', age = 1;
ALTER TABLE users ALTER name SET NOT NULL, ADD CONSTRAINT grown CHECK (age > 0);
-- data
UPDATE users SET name = 'nobody', age = 1;
-- keeps
SELECT * FROM users
-- plan
UPDATE users SET name = 'nobody', age = 1;
ALTER TABLE public.users ALTER COLUMN name SET NOT NULL;
ALTER TABLE public.users ADD CONSTRAINT grown CHECK ((age > 0));

-- case: not-null constraints have names and options
-- since 18
-- old
CREATE TABLE t (
    a integer CONSTRAINT must NOT NULL, b integer NOT NULL, c integer NOT NULL NO INHERIT, d integer, e integer,
    f integer CONSTRAINT f_there NOT NULL
);
ALTER TABLE t ADD CONSTRAINT t_d_not_null NOT NULL d NOT VALID;
-- change
ALTER TABLE t RENAME CONSTRAINT must TO shall;
ALTER TABLE t ALTER b DROP NOT NULL, ADD CONSTRAINT b_there NOT NULL b;
ALTER TABLE t ALTER d SET NOT NULL;
ALTER TABLE t ADD CONSTRAINT e_there NOT NULL e NOT VALID;
ALTER TABLE t ALTER f DROP NOT NULL;
ALTER TABLE t ALTER f SET NOT NULL;
-- plan
ALTER TABLE public.t RENAME CONSTRAINT must TO shall;
ALTER TABLE public.t ALTER COLUMN b DROP NOT NULL;
ALTER TABLE public.t ADD CONSTRAINT b_there NOT NULL b;
ALTER TABLE public.t VALIDATE CONSTRAINT t_d_not_null;
ALTER TABLE public.t ADD CONSTRAINT e_there NOT NULL e NOT VALID;
ALTER TABLE public.t ALTER COLUMN f DROP NOT NULL;
ALTER TABLE public.t ADD NOT NULL f;

-- case: virtual columns come, change and go
-- since 18
-- old
CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 1) VIRTUAL, c integer GENERATED ALWAYS AS (a) STORED);
-- change
ALTER TABLE t DROP COLUMN b, DROP COLUMN c;
ALTER TABLE t ADD COLUMN b integer GENERATED ALWAYS AS (a + 2) VIRTUAL;
ALTER TABLE t ADD COLUMN c integer GENERATED ALWAYS AS (a) VIRTUAL;
-- plan
ALTER TABLE public.t DROP COLUMN b;
ALTER TABLE public.t DROP COLUMN c;
ALTER TABLE public.t ADD COLUMN b integer GENERATED ALWAYS AS ((a + 2)) VIRTUAL;
ALTER TABLE public.t ADD COLUMN c integer GENERATED ALWAYS AS (a) VIRTUAL;
