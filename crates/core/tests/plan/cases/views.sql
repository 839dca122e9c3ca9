-- Views and materialized views.

-- case: a view gets columns at its end in place
-- old
CREATE TABLE t (a integer, b text);
CREATE VIEW v AS SELECT a FROM t;
CREATE VIEW above AS SELECT a FROM v;
GRANT SELECT ON v TO PUBLIC;
-- change
CREATE OR REPLACE VIEW v AS SELECT a, b FROM t WHERE a > 0;
-- plan 15
CREATE OR REPLACE VIEW public.v AS
SELECT t.a,
    t.b
   FROM public.t
  WHERE (t.a > 0);
-- plan 18
CREATE OR REPLACE VIEW public.v AS
SELECT a,
    b
   FROM public.t
  WHERE (a > 0);

-- case: a view loses a column, and those above it are made again
-- old
CREATE TABLE t (a integer, b text);
CREATE VIEW v AS SELECT a, b FROM t;
CREATE VIEW above AS SELECT a FROM v;
CREATE MATERIALIZED VIEW top AS SELECT a FROM above;
CREATE UNIQUE INDEX top_a ON top (a);
COMMENT ON VIEW above IS 'Above';
GRANT SELECT ON above TO PUBLIC;
ALTER VIEW above ALTER a SET DEFAULT 7;
-- change
DROP VIEW v CASCADE;
CREATE VIEW v AS SELECT a FROM t;
CREATE VIEW above AS SELECT a FROM v;
CREATE MATERIALIZED VIEW top AS SELECT a FROM above;
CREATE UNIQUE INDEX top_a ON top (a);
COMMENT ON VIEW above IS 'Above';
GRANT SELECT ON above TO PUBLIC;
ALTER VIEW above ALTER a SET DEFAULT 7;
-- plan 15
DROP MATERIALIZED VIEW public.top;
DROP VIEW public.above;
DROP VIEW public.v;
CREATE VIEW public.v AS
SELECT t.a
   FROM public.t;
CREATE VIEW public.above AS
SELECT v.a
   FROM public.v;
COMMENT ON VIEW public.above IS 'Above';
GRANT SELECT ON TABLE public.above TO PUBLIC;
ALTER VIEW public.above ALTER COLUMN a SET DEFAULT 7;
CREATE MATERIALIZED VIEW public.top AS
SELECT above.a
   FROM public.above;
CREATE UNIQUE INDEX top_a ON public.top USING btree (a);
-- plan 18
DROP MATERIALIZED VIEW public.top;
DROP VIEW public.above;
DROP VIEW public.v;
CREATE VIEW public.v AS
SELECT a
   FROM public.t;
CREATE VIEW public.above AS
SELECT a
   FROM public.v;
COMMENT ON VIEW public.above IS 'Above';
GRANT SELECT ON TABLE public.above TO PUBLIC;
ALTER VIEW public.above ALTER COLUMN a SET DEFAULT 7;
CREATE MATERIALIZED VIEW public.top AS
SELECT a
   FROM public.above;
CREATE UNIQUE INDEX top_a ON public.top USING btree (a);

-- case: a view lets go of a column that goes
-- old
CREATE TABLE t (a integer, b integer);
CREATE VIEW v AS SELECT a + b AS sum FROM t;
CREATE VIEW above AS SELECT sum FROM v;
-- change
CREATE OR REPLACE VIEW v AS SELECT a + 1 AS sum FROM t;
ALTER TABLE t DROP COLUMN b;
-- plan 15
CREATE OR REPLACE VIEW public.v AS
SELECT (t.a + 1) AS sum
   FROM public.t;
-- destroys all values of public.t.b
ALTER TABLE public.t DROP COLUMN b;
-- plan 18
CREATE OR REPLACE VIEW public.v AS
SELECT (a + 1) AS sum
   FROM public.t;
-- destroys all values of public.t.b
ALTER TABLE public.t DROP COLUMN b;

-- case: options, names and schemas of views change
-- old
CREATE SCHEMA area;
CREATE TABLE t (a integer, b text);
CREATE VIEW v WITH (security_barrier) AS SELECT a, b FROM t;
CREATE VIEW w AS SELECT a FROM v;
CREATE MATERIALIZED VIEW m WITH (fillfactor = 70) AS SELECT a FROM t;
CREATE INDEX m_a ON m (a);
-- change
ALTER VIEW v RESET (security_barrier);
ALTER VIEW v SET (check_option = local);
ALTER VIEW v RENAME COLUMN b TO c;
ALTER VIEW v RENAME TO seen;
ALTER VIEW w SET SCHEMA area;
ALTER MATERIALIZED VIEW m SET (fillfactor = 90);
ALTER MATERIALIZED VIEW m RENAME TO kept;
ALTER MATERIALIZED VIEW kept CLUSTER ON m_a;
COMMENT ON COLUMN seen.c IS 'Once b';
-- plan 15
ALTER VIEW public.v RENAME TO seen;
ALTER VIEW public.w SET SCHEMA area;
ALTER MATERIALIZED VIEW public.m RENAME TO kept;
ALTER VIEW public.seen RENAME COLUMN b TO c;
CREATE OR REPLACE VIEW public.seen WITH (check_option = 'local') AS
SELECT t.a,
    t.b AS c
   FROM public.t;
COMMENT ON COLUMN public.seen.c IS 'Once b';
ALTER MATERIALIZED VIEW public.kept SET (fillfactor = '90');
ALTER MATERIALIZED VIEW public.kept CLUSTER ON m_a;
-- plan 18
ALTER VIEW public.v RENAME TO seen;
ALTER VIEW public.w SET SCHEMA area;
ALTER MATERIALIZED VIEW public.m RENAME TO kept;
ALTER VIEW public.seen RENAME COLUMN b TO c;
CREATE OR REPLACE VIEW public.seen WITH (check_option = 'local') AS
SELECT a,
    b AS c
   FROM public.t;
COMMENT ON COLUMN public.seen.c IS 'Once b';
ALTER MATERIALIZED VIEW public.kept SET (fillfactor = '90');
ALTER MATERIALIZED VIEW public.kept CLUSTER ON m_a;

-- case: a view becomes a table and a table becomes a view
-- old
CREATE TABLE base (a integer);
CREATE VIEW one AS SELECT a FROM base;
CREATE TABLE two (a integer);
CREATE FUNCTION f() RETURNS SETOF one LANGUAGE sql AS 'SELECT * FROM public.one';
-- change
DROP FUNCTION f();
DROP VIEW one;
DROP TABLE two;
CREATE TABLE one (a integer);
CREATE VIEW two AS SELECT a FROM base;
CREATE FUNCTION f() RETURNS SETOF one LANGUAGE sql AS 'SELECT * FROM public.one';
-- plan 15
-- destroys all rows of public.two
DROP TABLE public.two;
DROP FUNCTION public.f();
DROP VIEW public.one;
CREATE TABLE public.one (
    a integer
);
CREATE VIEW public.two AS
SELECT base.a
   FROM public.base;
CREATE OR REPLACE FUNCTION public.f()
    RETURNS SETOF public.one
    LANGUAGE sql
    AS $$SELECT * FROM public.one$$;
-- plan 18
-- destroys all rows of public.two
DROP TABLE public.two;
DROP FUNCTION public.f();
DROP VIEW public.one;
CREATE TABLE public.one (
    a integer
);
CREATE VIEW public.two AS
SELECT a
   FROM public.base;
CREATE OR REPLACE FUNCTION public.f()
    RETURNS SETOF public.one
    LANGUAGE sql
    AS $$SELECT * FROM public.one$$;

-- case: a view becomes a materialized view under the same name
-- old
CREATE TABLE base (a integer);
CREATE VIEW v AS SELECT a FROM base;
CREATE VIEW above AS SELECT a FROM v;
-- change
DROP VIEW v CASCADE;
CREATE MATERIALIZED VIEW v AS SELECT a FROM base;
CREATE VIEW above AS SELECT a FROM v;
-- plan 15
DROP VIEW public.above;
DROP VIEW public.v;
CREATE MATERIALIZED VIEW public.v AS
SELECT base.a
   FROM public.base;
CREATE VIEW public.above AS
SELECT v.a
   FROM public.v;
-- plan 18
DROP VIEW public.above;
DROP VIEW public.v;
CREATE MATERIALIZED VIEW public.v AS
SELECT a
   FROM public.base;
CREATE VIEW public.above AS
SELECT a
   FROM public.v;

-- case: a materialized view changes with its indexes and statistics
-- old
CREATE TABLE base (a integer, b integer);
CREATE MATERIALIZED VIEW m AS SELECT a, b FROM base;
CREATE UNIQUE INDEX m_a ON m (a);
CREATE STATISTICS s ON a, b FROM m;
ALTER MATERIALIZED VIEW m ALTER a SET STATISTICS 50;
-- change
DROP MATERIALIZED VIEW m;
CREATE MATERIALIZED VIEW m AS SELECT a, b FROM base WHERE a > 0;
CREATE UNIQUE INDEX m_a ON m (a);
CREATE STATISTICS s ON a, b FROM m;
ALTER MATERIALIZED VIEW m ALTER a SET STATISTICS 50;
-- plan 15
DROP MATERIALIZED VIEW public.m;
CREATE MATERIALIZED VIEW public.m AS
SELECT base.a,
    base.b
   FROM public.base
  WHERE (base.a > 0);
ALTER MATERIALIZED VIEW public.m ALTER COLUMN a SET STATISTICS 50;
CREATE UNIQUE INDEX m_a ON public.m USING btree (a);
CREATE STATISTICS public.s ON a, b FROM public.m;
-- plan 18
DROP MATERIALIZED VIEW public.m;
CREATE MATERIALIZED VIEW public.m AS
SELECT a,
    b
   FROM public.base
  WHERE (a > 0);
ALTER MATERIALIZED VIEW public.m ALTER COLUMN a SET STATISTICS 50;
CREATE UNIQUE INDEX m_a ON public.m USING btree (a);
CREATE STATISTICS public.s ON a, b FROM public.m;

-- case: two views swap their names under one that reads both
-- old
CREATE TABLE t (a integer, b integer);
CREATE VIEW one AS SELECT a FROM t;
CREATE VIEW two AS SELECT b FROM t;
CREATE VIEW all_of_it AS SELECT one.a, two.b FROM one, two;
-- change
ALTER VIEW one RENAME TO three;
ALTER VIEW two RENAME TO one;
ALTER VIEW three RENAME TO two;
-- plan
ALTER VIEW public.one RENAME TO pleach_1;
ALTER VIEW public.two RENAME TO pleach_2;
ALTER VIEW public.pleach_1 RENAME TO two;
ALTER VIEW public.pleach_2 RENAME TO one;
