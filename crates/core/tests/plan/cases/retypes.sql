-- Types of columns that change under what stands on them.

-- case: an integer becomes bigint under a chain of views
-- old
CREATE TABLE t (id integer PRIMARY KEY, n integer);
CREATE VIEW one AS SELECT id, n FROM t;
CREATE VIEW two AS SELECT n + 1 AS m FROM one;
CREATE VIEW three AS SELECT max(m) AS top FROM two;
COMMENT ON VIEW two IS 'In the middle';
GRANT SELECT ON three TO PUBLIC;
INSERT INTO t VALUES (1, 2);
-- change
DROP VIEW three, two, one;
ALTER TABLE t ALTER n TYPE bigint;
CREATE VIEW one AS SELECT id, n FROM t;
CREATE VIEW two AS SELECT n + 1 AS m FROM one;
CREATE VIEW three AS SELECT max(m) AS top FROM two;
COMMENT ON VIEW two IS 'In the middle';
GRANT SELECT ON three TO PUBLIC;
-- keeps
SELECT * FROM three
-- plan 15
DROP VIEW public.three;
DROP VIEW public.two;
DROP VIEW public.one;
ALTER TABLE public.t ALTER COLUMN n TYPE bigint USING n::bigint;
CREATE VIEW public.one AS
SELECT t.id,
    t.n
   FROM public.t;
CREATE VIEW public.two AS
SELECT (one.n + 1) AS m
   FROM public.one;
COMMENT ON VIEW public.two IS 'In the middle';
CREATE VIEW public.three AS
SELECT max(two.m) AS top
   FROM public.two;
GRANT SELECT ON TABLE public.three TO PUBLIC;
-- plan 18
DROP VIEW public.three;
DROP VIEW public.two;
DROP VIEW public.one;
ALTER TABLE public.t ALTER COLUMN n TYPE bigint USING n::bigint;
CREATE VIEW public.one AS
SELECT id,
    n
   FROM public.t;
CREATE VIEW public.two AS
SELECT (n + 1) AS m
   FROM public.one;
COMMENT ON VIEW public.two IS 'In the middle';
CREATE VIEW public.three AS
SELECT max(m) AS top
   FROM public.two;
GRANT SELECT ON TABLE public.three TO PUBLIC;

-- case: a type changes under a materialized view with indexes and a comment
-- old
CREATE TABLE t (id integer PRIMARY KEY, n integer);
CREATE MATERIALIZED VIEW m AS SELECT id, n FROM t;
CREATE UNIQUE INDEX m_id ON m (id);
CREATE INDEX m_n ON m (n DESC);
COMMENT ON MATERIALIZED VIEW m IS 'Kept';
COMMENT ON INDEX m_n IS 'By number';
INSERT INTO t VALUES (1, 2);
REFRESH MATERIALIZED VIEW m;
-- change
DROP MATERIALIZED VIEW m;
ALTER TABLE t ALTER n TYPE numeric(12,2);
CREATE MATERIALIZED VIEW m AS SELECT id, n FROM t;
CREATE UNIQUE INDEX m_id ON m (id);
CREATE INDEX m_n ON m (n DESC);
COMMENT ON MATERIALIZED VIEW m IS 'Kept';
COMMENT ON INDEX m_n IS 'By number';
-- keeps
SELECT * FROM m
-- plan 15
DROP MATERIALIZED VIEW public.m;
ALTER TABLE public.t ALTER COLUMN n TYPE numeric(12,2) USING n::numeric(12,2);
CREATE MATERIALIZED VIEW public.m AS
SELECT t.id,
    t.n
   FROM public.t;
COMMENT ON MATERIALIZED VIEW public.m IS 'Kept';
CREATE UNIQUE INDEX m_id ON public.m USING btree (id);
CREATE INDEX m_n ON public.m USING btree (n DESC);
COMMENT ON INDEX public.m_n IS 'By number';
-- plan 18
DROP MATERIALIZED VIEW public.m;
ALTER TABLE public.t ALTER COLUMN n TYPE numeric(12,2) USING n::numeric(12,2);
CREATE MATERIALIZED VIEW public.m AS
SELECT id,
    n
   FROM public.t;
COMMENT ON MATERIALIZED VIEW public.m IS 'Kept';
CREATE UNIQUE INDEX m_id ON public.m USING btree (id);
CREATE INDEX m_n ON public.m USING btree (n DESC);
COMMENT ON INDEX public.m_n IS 'By number';

-- case: a type changes under a rule
-- old
CREATE TABLE t (id integer, n integer);
CREATE TABLE log (n integer);
CREATE RULE keep AS ON UPDATE TO t WHERE old.n <> new.n DO ALSO INSERT INTO log VALUES (old.n);
COMMENT ON RULE keep ON t IS 'Keeps it';
-- change
DROP RULE keep ON t;
ALTER TABLE t ALTER n TYPE bigint;
CREATE RULE keep AS ON UPDATE TO t WHERE old.n <> new.n DO ALSO INSERT INTO log VALUES (old.n);
COMMENT ON RULE keep ON t IS 'Keeps it';
-- plan
DROP RULE keep ON public.t;
ALTER TABLE public.t ALTER COLUMN n TYPE bigint USING n::bigint;
CREATE RULE keep AS
    ON UPDATE TO public.t
   WHERE (old.n <> new.n) DO  INSERT INTO public.log (n)
  VALUES (old.n);
COMMENT ON RULE keep ON public.t IS 'Keeps it';

-- case: a type changes under a policy
-- old
CREATE TABLE t (id integer, tenant integer);
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON t FOR SELECT TO PUBLIC USING (tenant = 7);
COMMENT ON POLICY own ON t IS 'Its own';
-- change
DROP POLICY own ON t;
ALTER TABLE t ALTER tenant TYPE bigint;
CREATE POLICY own ON t FOR SELECT TO PUBLIC USING (tenant = 7);
COMMENT ON POLICY own ON t IS 'Its own';
-- plan
DROP POLICY own ON public.t;
ALTER TABLE public.t ALTER COLUMN tenant TYPE bigint USING tenant::bigint;
CREATE POLICY own ON public.t FOR SELECT TO PUBLIC USING ((tenant = 7));
COMMENT ON POLICY own ON public.t IS 'Its own';

-- case: a type changes under a trigger with a condition and a column list
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (id integer, n integer);
CREATE TRIGGER watch BEFORE UPDATE OF n ON t FOR EACH ROW WHEN (old.n < new.n) EXECUTE FUNCTION touch();
ALTER TABLE t ENABLE ALWAYS TRIGGER watch;
-- change
DROP TRIGGER watch ON t;
ALTER TABLE t ALTER n TYPE bigint;
CREATE TRIGGER watch BEFORE UPDATE OF n ON t FOR EACH ROW WHEN (old.n < new.n) EXECUTE FUNCTION touch();
ALTER TABLE t ENABLE ALWAYS TRIGGER watch;
-- plan
DROP TRIGGER watch ON public.t;
ALTER TABLE public.t ALTER COLUMN n TYPE bigint USING n::bigint;
CREATE TRIGGER watch BEFORE UPDATE OF n ON public.t FOR EACH ROW WHEN ((old.n < new.n)) EXECUTE FUNCTION public.touch();
ALTER TABLE public.t ENABLE ALWAYS TRIGGER watch;

-- case: a type changes under a generated column that an index is on
-- old
CREATE TABLE t (n integer, twice integer GENERATED ALWAYS AS (n * 2) STORED);
CREATE INDEX t_twice ON t (twice);
COMMENT ON COLUMN t.twice IS 'Doubled';
INSERT INTO t VALUES (3);
-- change
ALTER TABLE t DROP COLUMN twice;
ALTER TABLE t ALTER n TYPE bigint;
ALTER TABLE t ADD COLUMN twice integer GENERATED ALWAYS AS (n * 2) STORED;
CREATE INDEX t_twice ON t (twice);
COMMENT ON COLUMN t.twice IS 'Doubled';
-- keeps
SELECT n, twice FROM t
-- plan
ALTER TABLE public.t DROP COLUMN twice;
ALTER TABLE public.t ALTER COLUMN n TYPE bigint USING n::bigint;
ALTER TABLE public.t ADD COLUMN twice integer GENERATED ALWAYS AS ((n * 2)) STORED;
COMMENT ON COLUMN public.t.twice IS 'Doubled';
CREATE INDEX t_twice ON public.t USING btree (twice);

-- case: a type changes under a partial expression index
-- old
CREATE TABLE t (a varchar(10), b integer);
CREATE INDEX t_a ON t (lower(a)) WHERE b > 0;
INSERT INTO t VALUES ('X', 1);
-- change
ALTER TABLE t ALTER a TYPE text, ALTER b TYPE bigint;
-- keeps
SELECT * FROM t
-- plan
DROP INDEX public.t_a;
ALTER TABLE public.t ALTER COLUMN a TYPE text USING a::text;
ALTER TABLE public.t ALTER COLUMN b TYPE bigint USING b::bigint;
CREATE INDEX t_a ON public.t USING btree (lower(a)) WHERE (b > 0);

-- case: the types of a key and all that refer to it change together
-- old
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE b (id integer PRIMARY KEY REFERENCES a ON DELETE CASCADE);
CREATE TABLE c (id integer REFERENCES b, a integer REFERENCES a);
COMMENT ON CONSTRAINT b_id_fkey ON b IS 'Of a';
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (1);
INSERT INTO c VALUES (1, 1);
-- change
ALTER TABLE c DROP CONSTRAINT c_id_fkey, DROP CONSTRAINT c_a_fkey;
ALTER TABLE b DROP CONSTRAINT b_id_fkey;
ALTER TABLE a ALTER id TYPE bigint;
ALTER TABLE b ALTER id TYPE bigint;
ALTER TABLE c ALTER id TYPE bigint, ALTER a TYPE bigint;
ALTER TABLE b ADD FOREIGN KEY (id) REFERENCES a ON DELETE CASCADE;
ALTER TABLE c ADD FOREIGN KEY (id) REFERENCES b, ADD FOREIGN KEY (a) REFERENCES a;
COMMENT ON CONSTRAINT b_id_fkey ON b IS 'Of a';
-- keeps
SELECT c.id, c.a FROM a JOIN b USING (id) JOIN c USING (id)
-- plan
ALTER TABLE public.b DROP CONSTRAINT b_id_fkey;
ALTER TABLE public.c DROP CONSTRAINT c_a_fkey;
ALTER TABLE public.c DROP CONSTRAINT c_id_fkey;
ALTER TABLE public.a ALTER COLUMN id TYPE bigint USING id::bigint;
ALTER TABLE public.b ALTER COLUMN id TYPE bigint USING id::bigint;
ALTER TABLE public.c ALTER COLUMN a TYPE bigint USING a::bigint;
ALTER TABLE public.c ALTER COLUMN id TYPE bigint USING id::bigint;
ALTER TABLE public.b ADD CONSTRAINT b_id_fkey FOREIGN KEY (id) REFERENCES public.a(id) ON DELETE CASCADE;
COMMENT ON CONSTRAINT b_id_fkey ON public.b IS 'Of a';
ALTER TABLE public.c ADD CONSTRAINT c_a_fkey FOREIGN KEY (a) REFERENCES public.a(id);
ALTER TABLE public.c ADD CONSTRAINT c_id_fkey FOREIGN KEY (id) REFERENCES public.b(id);

-- case: a type changes under a function with a parsed body
-- old
CREATE TABLE t (id integer, n integer);
CREATE FUNCTION total() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(n) FROM t; END;
COMMENT ON FUNCTION total() IS 'All';
REVOKE EXECUTE ON FUNCTION total() FROM PUBLIC;
-- change
DROP FUNCTION total();
ALTER TABLE t ALTER n TYPE smallint;
CREATE FUNCTION total() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(n) FROM t; END;
COMMENT ON FUNCTION total() IS 'All';
REVOKE EXECUTE ON FUNCTION total() FROM PUBLIC;
-- plan
DROP FUNCTION public.total();
ALTER TABLE public.t ALTER COLUMN n TYPE smallint USING n::smallint;
CREATE OR REPLACE FUNCTION public.total()
    RETURNS bigint
    LANGUAGE sql
BEGIN ATOMIC
 SELECT sum(t.n) AS sum
    FROM public.t;
END;
COMMENT ON FUNCTION public.total() IS 'All';
REVOKE EXECUTE ON FUNCTION public.total() FROM PUBLIC;

-- case: a type changes under statistics, checks and unique constraints in place
-- old
CREATE TABLE t (a integer UNIQUE, b integer CHECK (b > 0), EXCLUDE USING btree (b WITH =));
CREATE STATISTICS s ON a, b FROM t;
INSERT INTO t VALUES (1, 2);
-- change
ALTER TABLE t ALTER a TYPE bigint, ALTER b TYPE bigint;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ALTER COLUMN a TYPE bigint USING a::bigint;
ALTER TABLE public.t ALTER COLUMN b TYPE bigint USING b::bigint;

-- case: text becomes json and back through its text
-- old
CREATE TABLE t (a text, b jsonb);
INSERT INTO t VALUES ('{"x": 1}', '{"y": 2}');
-- change
ALTER TABLE t ALTER a TYPE jsonb USING a::jsonb, ALTER b TYPE text USING b::text;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ALTER COLUMN a TYPE jsonb USING a::jsonb;
ALTER TABLE public.t ALTER COLUMN b TYPE text USING b::text;

-- case: a timestamp gets a time zone and a date a time
-- old
SET TIME ZONE 'UTC';
CREATE TABLE t (a timestamp, b date, c timestamptz);
INSERT INTO t VALUES ('2024-02-29 12:00', '2024-02-29', '2024-02-29 12:00+00');
-- change
ALTER TABLE t ALTER a TYPE timestamptz, ALTER b TYPE timestamp, ALTER c TYPE date;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ALTER COLUMN a TYPE timestamp with time zone USING a::timestamp with time zone;
ALTER TABLE public.t ALTER COLUMN b TYPE timestamp without time zone USING b::timestamp without time zone;
ALTER TABLE public.t ALTER COLUMN c TYPE date USING c::date;

-- case: an integer becomes a boolean with its default
-- old
CREATE TABLE t (a integer DEFAULT 1 NOT NULL);
INSERT INTO t VALUES (0), (1);
-- change
ALTER TABLE t ALTER a DROP DEFAULT, ALTER a TYPE boolean USING a::boolean, ALTER a SET DEFAULT true;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ALTER COLUMN a DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN a TYPE boolean USING a::boolean;
ALTER TABLE ONLY public.t ALTER COLUMN a SET DEFAULT true;

-- case: text becomes uuid with its default
-- old
CREATE TABLE t (id text PRIMARY KEY DEFAULT '');
INSERT INTO t VALUES ('00000000-0000-0000-0000-000000000001');
-- change
ALTER TABLE t ALTER id DROP DEFAULT, ALTER id TYPE uuid USING id::uuid, ALTER id SET DEFAULT gen_random_uuid();
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ALTER COLUMN id DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN id TYPE uuid USING id::uuid;
ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT gen_random_uuid();

-- case: a column becomes an array of what it was
-- old
CREATE TABLE t (a integer[]);
INSERT INTO t VALUES ('{1,2}');
-- change
ALTER TABLE t ALTER a TYPE bigint[];
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ALTER COLUMN a TYPE bigint[] USING a::bigint[];

-- case: varchar grows and shrinks and char is padded
-- old
CREATE TABLE t (a varchar(5), b varchar(50), c char(3), d numeric(5,2));
INSERT INTO t VALUES ('a', 'b', 'c', 1.25);
-- change
ALTER TABLE t ALTER a TYPE varchar(50), ALTER b TYPE varchar(5), ALTER c TYPE char(5), ALTER d TYPE numeric(8,3);
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ALTER COLUMN a TYPE character varying(50) USING a::character varying(50);
ALTER TABLE public.t ALTER COLUMN b TYPE character varying(5) USING b::character varying(5);
ALTER TABLE public.t ALTER COLUMN c TYPE character(5) USING c::character(5);
ALTER TABLE public.t ALTER COLUMN d TYPE numeric(8,3) USING d::numeric(8,3);

-- case: a type changes in a table that is moved and renamed
-- old
CREATE SCHEMA area;
CREATE TABLE t (id serial PRIMARY KEY, n integer);
CREATE VIEW v AS SELECT n FROM t;
INSERT INTO t (n) VALUES (5);
-- change
DROP VIEW v;
ALTER TABLE t ALTER n TYPE bigint;
ALTER TABLE t RENAME n TO number;
ALTER TABLE t SET SCHEMA area;
ALTER TABLE area.t RENAME TO things;
CREATE VIEW v AS SELECT number AS n FROM area.things;
-- keeps
SELECT id, number FROM area.things
-- plan 15
DROP VIEW public.v;
ALTER TABLE public.t SET SCHEMA area;
ALTER TABLE area.t RENAME TO things;
ALTER TABLE area.things RENAME COLUMN n TO number;
ALTER TABLE area.things ALTER COLUMN number TYPE bigint USING number::bigint;
CREATE VIEW public.v AS
SELECT things.number AS n
   FROM area.things;
-- plan 18
DROP VIEW public.v;
ALTER TABLE public.t SET SCHEMA area;
ALTER TABLE area.t RENAME TO things;
ALTER TABLE area.things RENAME COLUMN n TO number;
ALTER TABLE area.things ALTER COLUMN number TYPE bigint USING number::bigint;
CREATE VIEW public.v AS
SELECT number AS n
   FROM area.things;

-- case: a serial column becomes bigserial
-- old
CREATE TABLE t (id serial PRIMARY KEY, a text);
INSERT INTO t (a) VALUES ('x');
-- change
ALTER TABLE t ALTER id TYPE bigint;
ALTER SEQUENCE t_id_seq AS bigint;
-- keeps
SELECT * FROM t
-- plan
ALTER SEQUENCE public.t_id_seq AS bigint;
ALTER TABLE public.t ALTER COLUMN id DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN id TYPE bigint USING id::bigint;
ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT nextval('public.t_id_seq'::regclass);

-- case: the collation of a column changes under an index and a view
-- old
CREATE TABLE t (a text);
CREATE INDEX t_a ON t (a);
CREATE VIEW v AS SELECT a FROM t ORDER BY a;
INSERT INTO t VALUES ('b'), ('A');
-- change
DROP VIEW v;
ALTER TABLE t ALTER a TYPE text COLLATE "POSIX";
CREATE VIEW v AS SELECT a FROM t ORDER BY a;
-- keeps
SELECT * FROM t
-- plan 15
DROP VIEW public.v;
ALTER TABLE public.t ALTER COLUMN a TYPE text COLLATE pg_catalog."POSIX" USING a::text;
CREATE VIEW public.v AS
SELECT t.a
   FROM public.t
  ORDER BY t.a;
-- plan 18
DROP VIEW public.v;
ALTER TABLE public.t ALTER COLUMN a TYPE text COLLATE pg_catalog."POSIX" USING a::text;
CREATE VIEW public.v AS
SELECT a
   FROM public.t
  ORDER BY a;

-- case: a type changes under a foreign key of the same table
-- old
CREATE TABLE t (id integer PRIMARY KEY, parent integer REFERENCES t ON DELETE SET NULL);
INSERT INTO t VALUES (1, NULL), (2, 1);
-- change
ALTER TABLE t DROP CONSTRAINT t_parent_fkey;
ALTER TABLE t ALTER id TYPE bigint, ALTER parent TYPE bigint;
ALTER TABLE t ADD FOREIGN KEY (parent) REFERENCES t ON DELETE SET NULL;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t DROP CONSTRAINT t_parent_fkey;
ALTER TABLE public.t ALTER COLUMN id TYPE bigint USING id::bigint;
ALTER TABLE public.t ALTER COLUMN parent TYPE bigint USING parent::bigint;
ALTER TABLE public.t ADD CONSTRAINT t_parent_fkey FOREIGN KEY (parent) REFERENCES public.t(id) ON DELETE SET NULL;

-- case: a type changes under a view that a function returns rows of
-- old
CREATE TABLE t (id integer, n integer);
CREATE VIEW v AS SELECT id, n FROM t;
CREATE FUNCTION all_v() RETURNS SETOF v LANGUAGE sql AS 'SELECT * FROM public.v';
CREATE VIEW top AS SELECT * FROM all_v();
-- change
DROP VIEW top;
DROP FUNCTION all_v();
DROP VIEW v;
ALTER TABLE t ALTER n TYPE bigint;
CREATE VIEW v AS SELECT id, n FROM t;
CREATE FUNCTION all_v() RETURNS SETOF v LANGUAGE sql AS 'SELECT * FROM public.v';
CREATE VIEW top AS SELECT * FROM all_v();
-- plan 15
DROP VIEW public.top;
DROP FUNCTION public.all_v();
DROP VIEW public.v;
ALTER TABLE public.t ALTER COLUMN n TYPE bigint USING n::bigint;
CREATE VIEW public.v AS
SELECT t.id,
    t.n
   FROM public.t;
CREATE OR REPLACE FUNCTION public.all_v()
    RETURNS SETOF public.v
    LANGUAGE sql
    AS $$SELECT * FROM public.v$$;
CREATE VIEW public.top AS
SELECT all_v.id,
    all_v.n
   FROM public.all_v() all_v(id, n);
-- plan 18
DROP VIEW public.top;
DROP FUNCTION public.all_v();
DROP VIEW public.v;
ALTER TABLE public.t ALTER COLUMN n TYPE bigint USING n::bigint;
CREATE VIEW public.v AS
SELECT id,
    n
   FROM public.t;
CREATE OR REPLACE FUNCTION public.all_v()
    RETURNS SETOF public.v
    LANGUAGE sql
    AS $$SELECT * FROM public.v$$;
CREATE VIEW public.top AS
SELECT id,
    n
   FROM public.all_v() all_v(id, n);

-- case: a type changes under a view that goes when a function has let go of it
-- old
CREATE TABLE t (n boolean);
CREATE VIEW v AS SELECT n, count(*) AS c FROM t GROUP BY 1;
CREATE FUNCTION f() RETURNS bigint LANGUAGE sql RETURN (SELECT count(c) FROM v);
-- change
CREATE TABLE u (a integer);
CREATE OR REPLACE FUNCTION f() RETURNS bigint LANGUAGE sql RETURN (SELECT count(a) FROM u);
DROP VIEW v;
ALTER TABLE t ALTER n TYPE integer USING n::integer;
-- plan
CREATE TABLE public.u (
    a integer
);
CREATE OR REPLACE FUNCTION public.f()
    RETURNS bigint
    LANGUAGE sql
RETURN (SELECT count(u.a) AS count FROM public.u);
DROP VIEW public.v;
ALTER TABLE public.t ALTER COLUMN n TYPE integer USING n::integer;

-- case: a type changes under an instead-of trigger of a view
-- old
CREATE FUNCTION put() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (n integer);
CREATE VIEW v AS SELECT n FROM t;
CREATE TRIGGER put INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION put();
CREATE RULE silent AS ON DELETE TO v DO INSTEAD NOTHING;
ALTER VIEW v ALTER n SET DEFAULT 3;
COMMENT ON COLUMN v.n IS 'A number';
-- change
DROP VIEW v;
ALTER TABLE t ALTER n TYPE bigint;
CREATE VIEW v AS SELECT n FROM t;
CREATE TRIGGER put INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION put();
CREATE RULE silent AS ON DELETE TO v DO INSTEAD NOTHING;
ALTER VIEW v ALTER n SET DEFAULT 3;
COMMENT ON COLUMN v.n IS 'A number';
-- plan 15
DROP VIEW public.v;
ALTER TABLE public.t ALTER COLUMN n TYPE bigint USING n::bigint;
CREATE VIEW public.v AS
SELECT t.n
   FROM public.t;
ALTER VIEW public.v ALTER COLUMN n SET DEFAULT 3;
COMMENT ON COLUMN public.v.n IS 'A number';
CREATE TRIGGER put INSTEAD OF INSERT ON public.v FOR EACH ROW EXECUTE FUNCTION public.put();
CREATE RULE silent AS
    ON DELETE TO public.v DO INSTEAD NOTHING;
-- plan 18
DROP VIEW public.v;
ALTER TABLE public.t ALTER COLUMN n TYPE bigint USING n::bigint;
CREATE VIEW public.v AS
SELECT n
   FROM public.t;
ALTER VIEW public.v ALTER COLUMN n SET DEFAULT 3;
COMMENT ON COLUMN public.v.n IS 'A number';
CREATE TRIGGER put INSTEAD OF INSERT ON public.v FOR EACH ROW EXECUTE FUNCTION public.put();
CREATE RULE silent AS
    ON DELETE TO public.v DO INSTEAD NOTHING;
