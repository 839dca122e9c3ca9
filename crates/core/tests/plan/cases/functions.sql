-- Functions, procedures and aggregates: each thing that is said of one.

-- case: a function comes with everything that can be said of it
-- old
CREATE TABLE t (a integer);
-- change
CREATE FUNCTION f(IN a integer, b text DEFAULT 'it''s', VARIADIC c integer[] DEFAULT '{}') RETURNS SETOF text
    LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER LEAKPROOF PARALLEL RESTRICTED COST 5 ROWS 10
    SET search_path TO pg_catalog, pg_temp SET "work_mem" TO '2MB'
    AS $body$BEGIN RETURN NEXT '$$'; END$body$;
COMMENT ON FUNCTION f IS 'All of it';
-- plan
CREATE OR REPLACE FUNCTION public.f(a integer, b text DEFAULT 'it''s'::text, VARIADIC c integer[] DEFAULT '{}'::integer[])
    RETURNS SETOF text
    LANGUAGE plpgsql STRICT SECURITY DEFINER LEAKPROOF STABLE PARALLEL RESTRICTED COST 5 ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET work_mem TO '2MB'
    AS $function$BEGIN RETURN NEXT '$$'; END$function$;
COMMENT ON FUNCTION public.f(integer, text, integer[]) IS 'All of it';

-- case: a function goes
-- old
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
-- change
DROP FUNCTION f(integer);
-- plan
DROP FUNCTION public.f(integer);

-- case: a function becomes stable
-- old
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
-- change
ALTER FUNCTION f STABLE;
-- plan
CREATE OR REPLACE FUNCTION public.f(a integer)
    RETURNS integer
    LANGUAGE sql STABLE
    AS $$SELECT 1$$;

-- case: a function becomes volatile again
-- old
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
-- change
ALTER FUNCTION f VOLATILE;
-- plan
CREATE OR REPLACE FUNCTION public.f(a integer)
    RETURNS integer
    LANGUAGE sql
    AS $$SELECT 1$$;

-- case: a function is strict and no longer strict
-- old
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION g(a integer) RETURNS integer LANGUAGE sql STRICT AS 'SELECT 1';
-- change
ALTER FUNCTION f STRICT;
ALTER FUNCTION g CALLED ON NULL INPUT;
-- plan
CREATE OR REPLACE FUNCTION public.f(a integer)
    RETURNS integer
    LANGUAGE sql STRICT
    AS $$SELECT 1$$;
CREATE OR REPLACE FUNCTION public.g(a integer)
    RETURNS integer
    LANGUAGE sql
    AS $$SELECT 1$$;

-- case: a function runs as its owner
-- old
CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
-- change
ALTER FUNCTION f SECURITY DEFINER SET search_path = pg_catalog;
-- plan
CREATE OR REPLACE FUNCTION public.f()
    RETURNS integer
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog'
    AS $$SELECT 1$$;

-- case: a function runs as its caller again
-- old
CREATE FUNCTION f() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT 1';
-- change
ALTER FUNCTION f SECURITY INVOKER RESET ALL;
-- plan
CREATE OR REPLACE FUNCTION public.f()
    RETURNS integer
    LANGUAGE sql
    AS $$SELECT 1$$;

-- case: a function is safe to run in parallel
-- old
CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
-- change
ALTER FUNCTION f PARALLEL SAFE;
-- plan
CREATE OR REPLACE FUNCTION public.f()
    RETURNS integer
    LANGUAGE sql PARALLEL SAFE
    AS $$SELECT 1$$;

-- case: cost and rows of a function change and go
-- old
CREATE FUNCTION f() RETURNS SETOF integer LANGUAGE sql COST 7 ROWS 9 AS 'SELECT 1';
CREATE FUNCTION g() RETURNS SETOF integer LANGUAGE sql COST 7 ROWS 9 AS 'SELECT 1';
-- change
ALTER FUNCTION f COST 8 ROWS 10;
ALTER FUNCTION g COST 100 ROWS 1000;
-- plan
CREATE OR REPLACE FUNCTION public.f()
    RETURNS SETOF integer
    LANGUAGE sql COST 8 ROWS 10
    AS $$SELECT 1$$;
CREATE OR REPLACE FUNCTION public.g()
    RETURNS SETOF integer
    LANGUAGE sql
    AS $$SELECT 1$$;

-- case: settings of a function change
-- old
CREATE FUNCTION f() RETURNS integer LANGUAGE sql SET work_mem = '1MB' SET "my.setting" = 'a' AS 'SELECT 1';
-- change
ALTER FUNCTION f SET work_mem = '2MB' RESET "my.setting";
ALTER FUNCTION f SET datestyle = 'ISO, DMY';
-- plan
CREATE OR REPLACE FUNCTION public.f()
    RETURNS integer
    LANGUAGE sql
    SET "DateStyle" TO 'ISO, DMY'
    SET work_mem TO '2MB'
    AS $$SELECT 1$$;

-- case: a function is written in another language
-- old
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a';
CREATE VIEW v AS SELECT f(1);
-- change
CREATE OR REPLACE FUNCTION f(a integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN a; END';
-- plan
CREATE OR REPLACE FUNCTION public.f(a integer)
    RETURNS integer
    LANGUAGE plpgsql
    AS $$BEGIN RETURN a; END$$;

-- case: the comment on a function comes, changes and goes
-- old
CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION g() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION h() RETURNS integer LANGUAGE sql AS 'SELECT 1';
COMMENT ON FUNCTION g() IS 'One';
COMMENT ON FUNCTION h() IS 'One';
-- change
COMMENT ON FUNCTION f() IS 'Two';
COMMENT ON FUNCTION g() IS 'Two';
COMMENT ON FUNCTION h() IS NULL;
-- plan
COMMENT ON FUNCTION public.f() IS 'Two';
COMMENT ON FUNCTION public.g() IS 'Two';
COMMENT ON FUNCTION public.h() IS NULL;

-- case: a function is renamed and moves under a view, a default and an index
-- old
CREATE SCHEMA area;
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE TABLE t (a integer DEFAULT f(2));
CREATE INDEX t_f ON t (f(a));
CREATE VIEW v AS SELECT f(a) AS x FROM t;
INSERT INTO t VALUES (1);
-- change
ALTER FUNCTION f RENAME TO g;
ALTER FUNCTION g SET SCHEMA area;
-- keeps
SELECT a FROM t
-- plan
ALTER FUNCTION public.f(integer) SET SCHEMA area;
ALTER FUNCTION area.f(integer) RENAME TO g;

-- case: an argument gets another type under a view, a check, a default and a policy
-- old
CREATE FUNCTION fine(a integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT a > 0';
CREATE TABLE t (a integer CONSTRAINT is_fine CHECK (fine(a)), b boolean DEFAULT fine(7));
CREATE POLICY p ON t USING (fine(a));
CREATE VIEW v AS SELECT fine(a) AS x FROM t;
INSERT INTO t VALUES (1);
-- change
DROP FUNCTION fine(integer) CASCADE;
CREATE FUNCTION fine(a bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT a > 0';
ALTER TABLE t ADD CONSTRAINT is_fine CHECK (fine(a)), ALTER b SET DEFAULT fine(7);
CREATE POLICY p ON t USING (fine(a));
CREATE VIEW v AS SELECT fine(a) AS x FROM t;
-- keeps
SELECT * FROM t
-- plan 15
ALTER TABLE public.t DROP CONSTRAINT is_fine;
CREATE OR REPLACE FUNCTION public.fine(a bigint)
    RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$SELECT a > 0$$;
ALTER TABLE ONLY public.t ALTER COLUMN b SET DEFAULT public.fine((7)::bigint);
ALTER TABLE public.t ADD CONSTRAINT is_fine CHECK (public.fine((a)::bigint));
CREATE OR REPLACE VIEW public.v AS
SELECT public.fine((t.a)::bigint) AS x
   FROM public.t;
ALTER POLICY p ON public.t TO PUBLIC USING (public.fine((a)::bigint));
DROP FUNCTION public.fine(integer);
-- plan 18
ALTER TABLE public.t DROP CONSTRAINT is_fine;
CREATE OR REPLACE FUNCTION public.fine(a bigint)
    RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$SELECT a > 0$$;
ALTER TABLE ONLY public.t ALTER COLUMN b SET DEFAULT public.fine((7)::bigint);
ALTER TABLE public.t ADD CONSTRAINT is_fine CHECK (public.fine((a)::bigint));
CREATE OR REPLACE VIEW public.v AS
SELECT public.fine((a)::bigint) AS x
   FROM public.t;
ALTER POLICY p ON public.t TO PUBLIC USING (public.fine((a)::bigint));
DROP FUNCTION public.fine(integer);

-- case: a result becomes a set under a view
-- old
CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE VIEW v AS SELECT f() AS x;
-- change
DROP VIEW v;
DROP FUNCTION f();
CREATE FUNCTION f() RETURNS SETOF integer LANGUAGE sql AS 'SELECT 1';
CREATE VIEW v AS SELECT f() AS x;
-- plan
DROP VIEW public.v;
DROP FUNCTION public.f();
CREATE OR REPLACE FUNCTION public.f()
    RETURNS SETOF integer
    LANGUAGE sql
    AS $$SELECT 1$$;
CREATE VIEW public.v AS
SELECT public.f() AS x;

-- case: output columns come and go
-- old
CREATE FUNCTION f(OUT a integer) LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION g(OUT a integer, OUT b integer) LANGUAGE sql AS 'SELECT 1, 2';
-- change
DROP FUNCTION f();
DROP FUNCTION g();
CREATE FUNCTION f(OUT a integer, OUT b text) LANGUAGE sql AS $$SELECT 1, 'x'$$;
CREATE FUNCTION g(OUT a integer) LANGUAGE sql AS 'SELECT 1';
-- plan
DROP FUNCTION public.f();
DROP FUNCTION public.g();
CREATE OR REPLACE FUNCTION public.f(OUT a integer, OUT b text)
    RETURNS record
    LANGUAGE sql
    AS $$SELECT 1, 'x'$$;
CREATE OR REPLACE FUNCTION public.g(OUT a integer)
    RETURNS integer
    LANGUAGE sql
    AS $$SELECT 1$$;

-- case: the columns of a returned table change under a view
-- old
CREATE FUNCTION f() RETURNS TABLE (a integer) LANGUAGE sql AS 'SELECT 1';
CREATE VIEW v AS SELECT a FROM f();
-- change
DROP VIEW v;
DROP FUNCTION f();
CREATE FUNCTION f() RETURNS TABLE (a integer, b text) LANGUAGE sql AS $$SELECT 1, 'x'$$;
CREATE VIEW v AS SELECT a FROM f();
-- plan 15
DROP VIEW public.v;
DROP FUNCTION public.f();
CREATE OR REPLACE FUNCTION public.f()
    RETURNS TABLE(a integer, b text)
    LANGUAGE sql
    AS $$SELECT 1, 'x'$$;
CREATE VIEW public.v AS
SELECT f.a
   FROM public.f() f(a, b);
-- plan 18
DROP VIEW public.v;
DROP FUNCTION public.f();
CREATE OR REPLACE FUNCTION public.f()
    RETURNS TABLE(a integer, b text)
    LANGUAGE sql
    AS $$SELECT 1, 'x'$$;
CREATE VIEW public.v AS
SELECT a
   FROM public.f() f(a, b);

-- case: an argument gets a default and loses one
-- old
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a';
CREATE FUNCTION g(a integer DEFAULT 1) RETURNS integer LANGUAGE sql AS 'SELECT a';
-- change
CREATE OR REPLACE FUNCTION f(a integer DEFAULT 1) RETURNS integer LANGUAGE sql AS 'SELECT a';
DROP FUNCTION g(integer);
CREATE FUNCTION g(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a';
-- plan
DROP FUNCTION public.g(integer);
CREATE OR REPLACE FUNCTION public.f(a integer DEFAULT 1)
    RETURNS integer
    LANGUAGE sql
    AS $$SELECT a$$;
CREATE OR REPLACE FUNCTION public.g(a integer)
    RETURNS integer
    LANGUAGE sql
    AS $$SELECT a$$;

-- case: an argument becomes variadic
-- old
CREATE FUNCTION f(a integer[]) RETURNS integer LANGUAGE sql AS 'SELECT a[1]';
-- change
DROP FUNCTION f(integer[]);
CREATE FUNCTION f(VARIADIC a integer[]) RETURNS integer LANGUAGE sql AS 'SELECT a[1]';
-- plan
DROP FUNCTION public.f(integer[]);
CREATE OR REPLACE FUNCTION public.f(VARIADIC a integer[])
    RETURNS integer
    LANGUAGE sql
    AS $$SELECT a[1]$$;

-- case: functions call each other
-- old
CREATE SCHEMA area;
-- change
CREATE FUNCTION area.even(n integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN n = 0 OR area.odd(n - 1); END';
CREATE FUNCTION area.odd(n integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN n <> 0 AND area.even(n - 1); END';
-- plan
CREATE OR REPLACE FUNCTION area.even(n integer)
    RETURNS boolean
    LANGUAGE plpgsql
    AS $$BEGIN RETURN n = 0 OR area.odd(n - 1); END$$;
CREATE OR REPLACE FUNCTION area.odd(n integer)
    RETURNS boolean
    LANGUAGE plpgsql
    AS $$BEGIN RETURN n <> 0 AND area.even(n - 1); END$$;

-- case: functions with parsed bodies stand on each other and on a table
-- old
CREATE TABLE t (a integer);
-- change
CREATE FUNCTION a_first() RETURNS integer LANGUAGE sql RETURN 1;
CREATE FUNCTION c_last() RETURNS integer LANGUAGE sql RETURN a_first() + 1;
CREATE FUNCTION b_middle() RETURNS bigint LANGUAGE sql BEGIN ATOMIC INSERT INTO t VALUES (c_last()); SELECT count(*) FROM t; END;
-- plan
CREATE OR REPLACE FUNCTION public.a_first()
    RETURNS integer
    LANGUAGE sql
RETURN 1;
CREATE OR REPLACE FUNCTION public.c_last()
    RETURNS integer
    LANGUAGE sql
RETURN (public.a_first() + 1);
CREATE OR REPLACE FUNCTION public.b_middle()
    RETURNS bigint
    LANGUAGE sql
BEGIN ATOMIC
 INSERT INTO public.t (a)
   VALUES (public.c_last());
 SELECT count(*) AS count
    FROM public.t;
END;

-- case: a parsed body becomes a string and a string a parsed body
-- old
CREATE FUNCTION f() RETURNS integer LANGUAGE sql RETURN 1;
CREATE FUNCTION g() RETURNS integer LANGUAGE sql AS 'SELECT 1';
-- change
CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE FUNCTION g() RETURNS integer LANGUAGE sql RETURN 1;
-- plan
CREATE OR REPLACE FUNCTION public.f()
    RETURNS integer
    LANGUAGE sql
    AS $$SELECT 1$$;
CREATE OR REPLACE FUNCTION public.g()
    RETURNS integer
    LANGUAGE sql
RETURN 1;

-- case: a generated column calls a function that is made again
-- old
CREATE FUNCTION norm(a text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(a)';
CREATE TABLE t (a text, b text GENERATED ALWAYS AS (norm(a)) STORED);
INSERT INTO t VALUES ('X');
-- change
ALTER TABLE t DROP COLUMN b;
DROP FUNCTION norm(text);
CREATE FUNCTION norm(it text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(it)';
ALTER TABLE t ADD COLUMN b text GENERATED ALWAYS AS (norm(a)) STORED;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t DROP COLUMN b;
DROP FUNCTION public.norm(text);
CREATE OR REPLACE FUNCTION public.norm(it text)
    RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$SELECT lower(it)$$;
ALTER TABLE public.t ADD COLUMN b text GENERATED ALWAYS AS (public.norm(a)) STORED;

-- case: an aggregate stands on a function that is made again
-- old
CREATE FUNCTION plus(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
CREATE AGGREGATE total(integer) (SFUNC = plus, STYPE = integer);
CREATE VIEW v AS SELECT total(x) AS t FROM generate_series(1, 3) AS s (x);
-- change
DROP VIEW v;
DROP AGGREGATE total(integer);
DROP FUNCTION plus(integer, integer);
CREATE FUNCTION plus(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
CREATE AGGREGATE total(integer) (SFUNC = plus, STYPE = integer);
CREATE VIEW v AS SELECT total(x) AS t FROM generate_series(1, 3) AS s (x);
-- plan
CREATE OR REPLACE FUNCTION public.plus(a integer, b integer)
    RETURNS integer
    LANGUAGE sql IMMUTABLE
    AS $$SELECT $1 + $2$$;

-- case: an aggregate is renamed, moves and is told of
-- old
CREATE SCHEMA area;
CREATE AGGREGATE top(integer) (SFUNC = int4larger, STYPE = integer);
-- change
ALTER AGGREGATE top(integer) RENAME TO highest;
ALTER AGGREGATE highest(integer) SET SCHEMA area;
COMMENT ON AGGREGATE area.highest(integer) IS 'The top';
-- plan
ALTER AGGREGATE public.top(integer) SET SCHEMA area;
ALTER AGGREGATE area.top(integer) RENAME TO highest;
COMMENT ON AGGREGATE area.highest(integer) IS 'The top';

-- case: an aggregate with moving state and a combine function comes
-- old
CREATE TABLE t (a integer);
-- change
CREATE AGGREGATE sums(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0', COMBINEFUNC = int4pl, PARALLEL = SAFE,
    MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = integer, MINITCOND = '0', FINALFUNC_MODIFY = READ_ONLY);
-- plan
CREATE AGGREGATE public.sums(integer) (
    COMBINEFUNC = int4pl,
    INITCOND = '0',
    MINITCOND = '0',
    MINVFUNC = int4mi,
    MSFUNC = int4pl,
    MSTYPE = integer,
    PARALLEL = SAFE,
    SFUNC = int4pl,
    STYPE = integer
);

-- case: an aggregate goes and a function of its name comes
-- old
CREATE AGGREGATE top(integer) (SFUNC = int4larger, STYPE = integer);
-- change
DROP AGGREGATE top(integer);
CREATE FUNCTION top(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
-- plan
DROP AGGREGATE public.top(integer);
CREATE OR REPLACE FUNCTION public.top(integer)
    RETURNS integer
    LANGUAGE sql
    AS $$SELECT $1$$;

-- case: a procedure comes and commits
-- old
CREATE TABLE t (a integer);
-- change
CREATE PROCEDURE tidy(INOUT n integer) LANGUAGE plpgsql AS 'BEGIN COMMIT; END';
COMMENT ON PROCEDURE tidy IS 'Tidies';
-- plan
CREATE OR REPLACE PROCEDURE public.tidy(INOUT n integer)
    LANGUAGE plpgsql
    AS $$BEGIN COMMIT; END$$;
COMMENT ON PROCEDURE public.tidy(integer) IS 'Tidies';

-- case: a procedure changes and gets another argument
-- old
CREATE PROCEDURE tidy(n integer) LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE wipe() LANGUAGE sql AS 'SELECT 1';
-- change
DROP PROCEDURE tidy(integer);
CREATE PROCEDURE tidy(n integer, hard boolean DEFAULT false) LANGUAGE sql AS 'SELECT 2';
CREATE OR REPLACE PROCEDURE wipe() LANGUAGE sql SECURITY DEFINER AS 'SELECT 2';
-- plan
DROP PROCEDURE public.tidy(integer);
CREATE OR REPLACE PROCEDURE public.tidy(IN n integer, IN hard boolean DEFAULT false)
    LANGUAGE sql
    AS $$SELECT 2$$;
CREATE OR REPLACE PROCEDURE public.wipe()
    LANGUAGE sql SECURITY DEFINER
    AS $$SELECT 2$$;

-- case: a procedure is renamed and moves
-- old
CREATE SCHEMA area;
CREATE PROCEDURE tidy(n integer) LANGUAGE sql AS 'SELECT 1';
-- change
ALTER PROCEDURE tidy RENAME TO clean;
ALTER PROCEDURE clean SET SCHEMA area;
-- plan
ALTER PROCEDURE public.tidy(integer) SET SCHEMA area;
ALTER PROCEDURE area.tidy(integer) RENAME TO clean;

-- case: a window function is no longer one
-- old
CREATE FUNCTION w() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';
-- change
DROP FUNCTION w();
CREATE FUNCTION w() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
-- plan
DROP FUNCTION public.w();
CREATE OR REPLACE FUNCTION public.w()
    RETURNS bigint
    LANGUAGE sql
    AS $$SELECT 1::bigint$$;

-- case: a function takes and returns rows of a table that gets a column
-- old
CREATE TABLE t (a integer);
CREATE FUNCTION first(t) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a';
CREATE INDEX t_first ON t (first(t));
CREATE FUNCTION all_t() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM public.t';
INSERT INTO t VALUES (1);
-- change
ALTER TABLE t ADD COLUMN b text;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ADD COLUMN b text;

-- case: a function of a table goes with it
-- old
CREATE TABLE t (a integer);
CREATE FUNCTION first(t) RETURNS integer LANGUAGE sql AS 'SELECT ($1).a';
CREATE FUNCTION all_t() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM public.t';
-- change
DROP FUNCTION first(t);
DROP FUNCTION all_t();
DROP TABLE t;
-- plan
DROP FUNCTION public.all_t();
DROP FUNCTION public.first(public.t);
-- destroys all rows of public.t
DROP TABLE public.t;

-- case: a body has dollar signs, quotes and backslashes
-- old
CREATE SCHEMA area;
-- change
CREATE FUNCTION area."f $$ ""x"""() RETURNS text LANGUAGE sql AS E'SELECT \'$$\\\\\' || $function$it''s$function$';
-- plan
CREATE OR REPLACE FUNCTION area."f $$ ""x"""()
    RETURNS text
    LANGUAGE sql
    AS $function2$SELECT '$$\\' || $function$it's$function$$function2$;

-- case: a function reads a column that changes its type in place of a view that goes
-- names
-- old
CREATE TABLE t (id integer, mood text);
INSERT INTO t VALUES (1, '7');
CREATE VIEW seen AS SELECT id AS x, mood AS y FROM t;
CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql RETURN (SELECT count(y) FROM seen);
-- change
DROP FUNCTION counted;
DROP VIEW seen;
ALTER TABLE t ALTER COLUMN mood TYPE integer USING mood::integer;
CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql RETURN (SELECT count(mood) FROM t);
-- keeps
SELECT counted()
-- plan
DROP FUNCTION public.counted();
DROP VIEW public.seen;
ALTER TABLE public.t ALTER COLUMN mood TYPE integer USING mood::integer;
CREATE OR REPLACE FUNCTION public.counted()
    RETURNS bigint
    LANGUAGE sql
RETURN (SELECT count(t.mood) AS count FROM public.t);
