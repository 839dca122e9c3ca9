-- Views and materialized views, one by one.

-- case: a view comes with options, comments and a default
-- old
CREATE TABLE t (a integer, b text);
-- change
CREATE VIEW v WITH (security_barrier = true, check_option = cascaded) AS SELECT a, b FROM t WHERE a > 0;
COMMENT ON VIEW v IS 'A view';
COMMENT ON COLUMN v.a IS 'A column';
ALTER VIEW v ALTER b SET DEFAULT 'x';
-- plan 15
CREATE VIEW public.v WITH (check_option = 'cascaded', security_barrier = 'true') AS
SELECT t.a,
    t.b
   FROM public.t
  WHERE (t.a > 0);
COMMENT ON VIEW public.v IS 'A view';
COMMENT ON COLUMN public.v.a IS 'A column';
ALTER VIEW public.v ALTER COLUMN b SET DEFAULT 'x'::text;
-- plan 18
CREATE VIEW public.v WITH (check_option = 'cascaded', security_barrier = 'true') AS
SELECT a,
    b
   FROM public.t
  WHERE (a > 0);
COMMENT ON VIEW public.v IS 'A view';
COMMENT ON COLUMN public.v.a IS 'A column';
ALTER VIEW public.v ALTER COLUMN b SET DEFAULT 'x'::text;

-- case: a view goes
-- old
CREATE TABLE t (a integer);
CREATE VIEW v AS SELECT a FROM t;
-- change
DROP VIEW v;
-- plan
DROP VIEW public.v;

-- case: a view shows other rows under views and functions
-- old
CREATE TABLE t (a integer);
CREATE VIEW v AS SELECT a FROM t;
CREATE VIEW w AS SELECT a FROM v;
CREATE FUNCTION f() RETURNS SETOF v LANGUAGE sql AS 'SELECT * FROM public.v';
-- change
CREATE OR REPLACE VIEW v AS SELECT a FROM t WHERE a IS NOT NULL;
-- plan 15
CREATE OR REPLACE VIEW public.v AS
SELECT t.a
   FROM public.t
  WHERE (t.a IS NOT NULL);
-- plan 18
CREATE OR REPLACE VIEW public.v AS
SELECT a
   FROM public.t
  WHERE (a IS NOT NULL);

-- case: a column of a view gets another type
-- old
CREATE TABLE t (a integer);
CREATE VIEW v AS SELECT a FROM t;
CREATE VIEW w AS SELECT a FROM v;
COMMENT ON VIEW w IS 'Above';
-- change
DROP VIEW w, v;
CREATE VIEW v AS SELECT a::text AS a FROM t;
CREATE VIEW w AS SELECT a FROM v;
COMMENT ON VIEW w IS 'Above';
-- plan 15
DROP VIEW public.w;
DROP VIEW public.v;
CREATE VIEW public.v AS
SELECT (t.a)::text AS a
   FROM public.t;
CREATE VIEW public.w AS
SELECT v.a
   FROM public.v;
COMMENT ON VIEW public.w IS 'Above';
-- plan 18
DROP VIEW public.w;
DROP VIEW public.v;
CREATE VIEW public.v AS
SELECT (a)::text AS a
   FROM public.t;
CREATE VIEW public.w AS
SELECT a
   FROM public.v;
COMMENT ON VIEW public.w IS 'Above';

-- case: a column of a view is renamed
-- old
CREATE TABLE t (a integer, b integer);
CREATE VIEW v AS SELECT a, b FROM t;
-- change
ALTER VIEW v RENAME COLUMN b TO c;
-- plan 15
ALTER VIEW public.v RENAME COLUMN b TO c;
CREATE OR REPLACE VIEW public.v AS
SELECT t.a,
    t.b AS c
   FROM public.t;
-- plan 18
ALTER VIEW public.v RENAME COLUMN b TO c;
CREATE OR REPLACE VIEW public.v AS
SELECT a,
    b AS c
   FROM public.t;

-- case: columns of a view change places
-- old
CREATE TABLE t (a integer, b text);
CREATE VIEW v AS SELECT a, b FROM t;
-- change
DROP VIEW v;
CREATE VIEW v AS SELECT b, a FROM t;
-- plan 15
DROP VIEW public.v;
CREATE VIEW public.v AS
SELECT t.b,
    t.a
   FROM public.t;
-- plan 18
DROP VIEW public.v;
CREATE VIEW public.v AS
SELECT b,
    a
   FROM public.t;

-- case: a view is checked with the rights of who asks
-- since 15
-- old
CREATE TABLE t (a integer);
CREATE VIEW v AS SELECT a FROM t;
-- change
ALTER VIEW v SET (security_invoker = true);
-- plan
ALTER VIEW public.v SET (security_invoker = 'true');

-- case: options of a view go
-- old
CREATE TABLE t (a integer);
CREATE VIEW v WITH (security_barrier, check_option = local) AS SELECT a FROM t;
-- change
ALTER VIEW v RESET (security_barrier, check_option);
-- plan
ALTER VIEW public.v RESET (check_option, security_barrier);

-- case: a view changes and gets options at once
-- old
CREATE TABLE t (a integer);
CREATE VIEW v AS SELECT a FROM t;
-- change
CREATE OR REPLACE VIEW v WITH (security_barrier) AS SELECT a FROM t WHERE a > 0;
-- plan 15
CREATE OR REPLACE VIEW public.v WITH (security_barrier = 'true') AS
SELECT t.a
   FROM public.t
  WHERE (t.a > 0);
-- plan 18
CREATE OR REPLACE VIEW public.v WITH (security_barrier = 'true') AS
SELECT a
   FROM public.t
  WHERE (a > 0);

-- case: the default of a view's column comes and goes
-- old
CREATE TABLE t (a integer, b integer);
CREATE VIEW v AS SELECT a, b FROM t;
ALTER VIEW v ALTER b SET DEFAULT 1;
-- change
ALTER VIEW v ALTER a SET DEFAULT 7, ALTER b DROP DEFAULT;
-- plan
ALTER VIEW public.v ALTER COLUMN b DROP DEFAULT;
ALTER VIEW public.v ALTER COLUMN a SET DEFAULT 7;

-- case: the comment on a view's column goes
-- old
CREATE TABLE t (a integer);
CREATE VIEW v AS SELECT a FROM t;
COMMENT ON COLUMN v.a IS 'A';
COMMENT ON VIEW v IS 'V';
-- change
COMMENT ON COLUMN v.a IS NULL;
COMMENT ON VIEW v IS NULL;
-- plan
COMMENT ON COLUMN public.v.a IS NULL;
COMMENT ON VIEW public.v IS NULL;

-- case: a view reads all columns of a table that gets another one
-- old
CREATE TABLE t (a integer);
CREATE VIEW v AS SELECT * FROM t;
INSERT INTO t VALUES (1);
-- change
ALTER TABLE t ADD COLUMN b integer;
CREATE OR REPLACE VIEW v AS SELECT * FROM t;
-- keeps
SELECT * FROM v
-- plan 15
ALTER TABLE public.t ADD COLUMN b integer;
CREATE OR REPLACE VIEW public.v AS
SELECT t.a,
    t.b
   FROM public.t;
-- plan 18
ALTER TABLE public.t ADD COLUMN b integer;
CREATE OR REPLACE VIEW public.v AS
SELECT a,
    b
   FROM public.t;

-- case: a view no longer reads a table that goes
-- old
CREATE TABLE t (a integer);
CREATE TABLE u (a integer);
CREATE VIEW v AS SELECT t.a FROM t JOIN u USING (a);
-- change
CREATE OR REPLACE VIEW v AS SELECT a FROM t;
DROP TABLE u;
-- plan 15
CREATE OR REPLACE VIEW public.v AS
SELECT t.a
   FROM public.t;
-- destroys all rows of public.u
DROP TABLE public.u;
-- plan 18
CREATE OR REPLACE VIEW public.v AS
SELECT a
   FROM public.t;
-- destroys all rows of public.u
DROP TABLE public.u;

-- case: views read each other in another order
-- old
CREATE TABLE t (a integer);
CREATE VIEW one AS SELECT a FROM t;
CREATE VIEW two AS SELECT a FROM one;
-- change
DROP VIEW two, one;
CREATE VIEW two AS SELECT a FROM t;
CREATE VIEW one AS SELECT a FROM two;
-- plan 15
CREATE OR REPLACE VIEW public.two AS
SELECT t.a
   FROM public.t;
CREATE OR REPLACE VIEW public.one AS
SELECT two.a
   FROM public.two;
-- plan 18
CREATE OR REPLACE VIEW public.two AS
SELECT a
   FROM public.t;
CREATE OR REPLACE VIEW public.one AS
SELECT a
   FROM public.two;

-- case: a recursive view comes
-- old
CREATE TABLE t (id integer, parent integer);
-- change
CREATE RECURSIVE VIEW tree (id, depth) AS SELECT id, 0 FROM t WHERE parent IS NULL
    UNION ALL SELECT t.id, depth + 1 FROM t JOIN tree ON t.parent = tree.id;
-- plan 15
CREATE VIEW public.tree AS
WITH RECURSIVE tree(id, depth) AS (
         SELECT t.id,
            0 AS "?column?"
           FROM public.t
          WHERE (t.parent IS NULL)
        UNION ALL
         SELECT t.id,
            (tree_1.depth + 1)
           FROM (public.t
             JOIN tree tree_1 ON ((t.parent = tree_1.id)))
        )
 SELECT tree.id,
    tree.depth
   FROM tree;
-- plan 18
CREATE VIEW public.tree AS
WITH RECURSIVE tree(id, depth) AS (
         SELECT t.id,
            0 AS "?column?"
           FROM public.t
          WHERE (t.parent IS NULL)
        UNION ALL
         SELECT t.id,
            (tree_1.depth + 1)
           FROM (public.t
             JOIN tree tree_1 ON ((t.parent = tree_1.id)))
        )
 SELECT id,
    depth
   FROM tree;

-- case: a view of a view moves with both
-- old
CREATE SCHEMA area;
CREATE TABLE t (a integer);
CREATE VIEW v AS SELECT a FROM t;
CREATE VIEW w AS SELECT a FROM v;
-- change
ALTER VIEW v SET SCHEMA area;
ALTER VIEW area.v RENAME TO seen;
ALTER VIEW w RENAME TO seen_too;
-- plan
ALTER VIEW public.v SET SCHEMA area;
ALTER VIEW area.v RENAME TO seen;
ALTER VIEW public.w RENAME TO seen_too;

-- case: a materialized view comes with everything
-- old
CREATE TABLE t (a integer, b integer);
INSERT INTO t VALUES (1, 2);
-- change
CREATE MATERIALIZED VIEW m WITH (fillfactor = 90) AS SELECT a, b FROM t;
CREATE UNIQUE INDEX m_a ON m (a);
CREATE STATISTICS m_ab ON a, b FROM m;
ALTER MATERIALIZED VIEW m CLUSTER ON m_a;
ALTER MATERIALIZED VIEW m ALTER a SET STATISTICS 200;
COMMENT ON MATERIALIZED VIEW m IS 'Kept';
COMMENT ON COLUMN m.a IS 'A';
GRANT SELECT ON m TO PUBLIC;
-- keeps
SELECT * FROM m
-- plan 15
CREATE MATERIALIZED VIEW public.m WITH (fillfactor = '90') AS
SELECT t.a,
    t.b
   FROM public.t;
COMMENT ON MATERIALIZED VIEW public.m IS 'Kept';
GRANT SELECT ON TABLE public.m TO PUBLIC;
ALTER MATERIALIZED VIEW public.m ALTER COLUMN a SET STATISTICS 200;
COMMENT ON COLUMN public.m.a IS 'A';
CREATE UNIQUE INDEX m_a ON public.m USING btree (a);
ALTER MATERIALIZED VIEW public.m CLUSTER ON m_a;
CREATE STATISTICS public.m_ab ON a, b FROM public.m;
-- plan 18
CREATE MATERIALIZED VIEW public.m WITH (fillfactor = '90') AS
SELECT a,
    b
   FROM public.t;
COMMENT ON MATERIALIZED VIEW public.m IS 'Kept';
GRANT SELECT ON TABLE public.m TO PUBLIC;
ALTER MATERIALIZED VIEW public.m ALTER COLUMN a SET STATISTICS 200;
COMMENT ON COLUMN public.m.a IS 'A';
CREATE UNIQUE INDEX m_a ON public.m USING btree (a);
ALTER MATERIALIZED VIEW public.m CLUSTER ON m_a;
CREATE STATISTICS public.m_ab ON a, b FROM public.m;

-- case: a materialized view goes
-- old
CREATE TABLE t (a integer);
CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
CREATE INDEX m_a ON m (a);
-- change
DROP MATERIALIZED VIEW m;
-- plan
DROP MATERIALIZED VIEW public.m;

-- case: a materialized view is renamed and moves with its indexes
-- old
CREATE SCHEMA area;
CREATE TABLE t (a integer);
CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
CREATE INDEX m_a ON m (a);
-- change
ALTER MATERIALIZED VIEW m RENAME TO kept;
ALTER MATERIALIZED VIEW kept SET SCHEMA area;
ALTER INDEX area.m_a RENAME TO kept_a;
-- plan
ALTER MATERIALIZED VIEW public.m SET SCHEMA area;
ALTER MATERIALIZED VIEW area.m RENAME TO kept;
ALTER INDEX area.m_a RENAME TO kept_a;

-- case: options of a materialized view come and go
-- old
CREATE TABLE t (a text);
CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
CREATE MATERIALIZED VIEW n WITH (fillfactor = 50, autovacuum_enabled = off) AS SELECT a FROM t;
-- change
ALTER MATERIALIZED VIEW m SET (fillfactor = 50);
ALTER MATERIALIZED VIEW n RESET (fillfactor);
-- plan
ALTER MATERIALIZED VIEW public.m SET (fillfactor = '50');
ALTER MATERIALIZED VIEW public.n RESET (fillfactor);

-- case: a materialized view is no longer clustered
-- old
CREATE TABLE t (a integer);
CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
CREATE INDEX m_a ON m (a);
ALTER MATERIALIZED VIEW m CLUSTER ON m_a;
-- change
ALTER MATERIALIZED VIEW m SET WITHOUT CLUSTER;
-- plan
ALTER MATERIALIZED VIEW public.m SET WITHOUT CLUSTER;

-- case: an index of a materialized view is another one
-- old
CREATE TABLE t (a integer, b integer);
CREATE MATERIALIZED VIEW m AS SELECT a, b FROM t;
CREATE INDEX m_i ON m (a);
-- change
DROP INDEX m_i;
CREATE INDEX m_i ON m (b) INCLUDE (a);
-- plan
DROP INDEX public.m_i;
CREATE INDEX m_i ON public.m USING btree (b) INCLUDE (a);

-- case: a materialized view becomes a table
-- old
CREATE TABLE t (a integer);
CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
-- change
DROP MATERIALIZED VIEW m;
CREATE TABLE m (a integer);
-- plan
DROP MATERIALIZED VIEW public.m;
CREATE TABLE public.m (
    a integer
);

-- case: a materialized view of a materialized view follows a rename
-- old
CREATE TABLE t (a integer);
CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
CREATE MATERIALIZED VIEW n AS SELECT a FROM m;
INSERT INTO t VALUES (1);
REFRESH MATERIALIZED VIEW m;
REFRESH MATERIALIZED VIEW n;
-- change
ALTER TABLE t RENAME TO base;
ALTER MATERIALIZED VIEW m RENAME COLUMN a TO x;
-- plan 15
DROP MATERIALIZED VIEW public.n;
DROP MATERIALIZED VIEW public.m;
ALTER TABLE public.t RENAME TO base;
CREATE MATERIALIZED VIEW public.m AS
SELECT base.a AS x
   FROM public.base;
CREATE MATERIALIZED VIEW public.n AS
SELECT m.x AS a
   FROM public.m;
-- plan 18
DROP MATERIALIZED VIEW public.n;
DROP MATERIALIZED VIEW public.m;
ALTER TABLE public.t RENAME TO base;
CREATE MATERIALIZED VIEW public.m AS
SELECT a AS x
   FROM public.base;
CREATE MATERIALIZED VIEW public.n AS
SELECT x AS a
   FROM public.m;
