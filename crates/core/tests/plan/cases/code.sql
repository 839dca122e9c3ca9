-- Functions, procedures, aggregates, triggers, rules, event triggers.

-- case: a function changes in place
-- old
CREATE FUNCTION f(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql AS 'SELECT a + b';
CREATE VIEW v AS SELECT f(1);
-- change
CREATE OR REPLACE FUNCTION f(a integer, b integer DEFAULT 1) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 7 SET search_path = public, "We ""ird"
    AS $$BEGIN RETURN a - b; END$$;
COMMENT ON FUNCTION f IS 'Subtracts';
-- plan
CREATE OR REPLACE FUNCTION public.f(a integer, b integer DEFAULT 1)
    RETURNS integer
    LANGUAGE plpgsql STRICT SECURITY DEFINER IMMUTABLE PARALLEL SAFE COST 7
    SET search_path TO 'public', 'We "ird'
    AS $$BEGIN RETURN a - b; END$$;
COMMENT ON FUNCTION public.f(integer, integer) IS 'Subtracts';

-- case: a function's result changes under what calls it
-- old
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE VIEW v AS SELECT f(1);
CREATE FUNCTION caller() RETURNS integer LANGUAGE sql RETURN f(2);
COMMENT ON FUNCTION f(integer) IS 'Told';
-- change
DROP FUNCTION f(integer) CASCADE;
CREATE FUNCTION f(a integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE VIEW v AS SELECT f(1);
CREATE FUNCTION caller() RETURNS integer LANGUAGE sql RETURN f(2);
COMMENT ON FUNCTION f(integer) IS 'Told';
-- plan
DROP VIEW public.v;
DROP FUNCTION public.caller();
DROP FUNCTION public.f(integer);
CREATE OR REPLACE FUNCTION public.f(a integer)
    RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$SELECT 1$$;
COMMENT ON FUNCTION public.f(integer) IS 'Told';
CREATE VIEW public.v AS
SELECT public.f(1) AS f;
CREATE OR REPLACE FUNCTION public.caller()
    RETURNS integer
    LANGUAGE sql
RETURN public.f(2);

-- case: arguments of a function get names, defaults and types
-- old
CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION g(a integer, b integer DEFAULT 2) RETURNS integer LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION h(a integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
-- change
CREATE OR REPLACE FUNCTION f(number integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
DROP FUNCTION g(integer, integer);
CREATE FUNCTION g(a integer, b integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
DROP FUNCTION h(integer);
CREATE FUNCTION h(a bigint) RETURNS integer LANGUAGE sql AS 'SELECT 1';
-- plan
DROP FUNCTION public.g(integer, integer);
DROP FUNCTION public.h(integer);
CREATE OR REPLACE FUNCTION public.f(number integer)
    RETURNS integer
    LANGUAGE sql
    AS $$SELECT $1$$;
CREATE OR REPLACE FUNCTION public.g(a integer, b integer)
    RETURNS integer
    LANGUAGE sql
    AS $$SELECT $1$$;
CREATE OR REPLACE FUNCTION public.h(a bigint)
    RETURNS integer
    LANGUAGE sql
    AS $$SELECT 1$$;

-- case: overloaded functions are renamed into each other
-- old
CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION f(text) RETURNS integer LANGUAGE sql AS 'SELECT 2';
CREATE FUNCTION g(integer) RETURNS integer LANGUAGE sql AS 'SELECT 3';
CREATE VIEW v AS SELECT f(1) AS a, f('x') AS b, g(1) AS c;
-- change
ALTER FUNCTION f(integer) RENAME TO h;
ALTER FUNCTION g(integer) RENAME TO f;
-- plan
ALTER FUNCTION public.f(integer) RENAME TO h;
ALTER FUNCTION public.g(integer) RENAME TO f;

-- case: a function becomes a procedure and gets a parsed body
-- old
CREATE TABLE t (a integer);
CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM public.t';
CREATE FUNCTION g() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM public.t';
-- change
DROP FUNCTION f();
CREATE PROCEDURE f() LANGUAGE sql BEGIN ATOMIC DELETE FROM t; DELETE FROM t WHERE a = 1; END;
CREATE OR REPLACE FUNCTION g() RETURNS bigint LANGUAGE sql RETURN (SELECT count(a) FROM t);
-- plan
DROP FUNCTION public.f();
CREATE OR REPLACE FUNCTION public.g()
    RETURNS bigint
    LANGUAGE sql
RETURN (SELECT count(t.a) AS count FROM public.t);
CREATE OR REPLACE PROCEDURE public.f()
    LANGUAGE sql
BEGIN ATOMIC
 DELETE FROM public.t;
 DELETE FROM public.t
   WHERE (t.a = 1);
END;

-- case: a parsed body lets go of a column that goes
-- old
CREATE TABLE t (a integer, b integer);
CREATE FUNCTION f() RETURNS bigint LANGUAGE sql RETURN (SELECT sum(b) FROM t);
-- change
CREATE OR REPLACE FUNCTION f() RETURNS bigint LANGUAGE sql RETURN (SELECT sum(a) FROM t);
ALTER TABLE t DROP COLUMN b;
-- plan
CREATE OR REPLACE FUNCTION public.f()
    RETURNS bigint
    LANGUAGE sql
RETURN (SELECT sum(t.a) AS sum FROM public.t);
-- destroys all values of public.t.b
ALTER TABLE public.t DROP COLUMN b;

-- case: aggregates come, change and go
-- old
CREATE FUNCTION plus(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
CREATE AGGREGATE total(integer) (SFUNC = plus, STYPE = integer);
CREATE AGGREGATE everything(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
CREATE VIEW v AS SELECT total(x) FROM generate_series(1, 2) x;
-- change
DROP VIEW v;
DROP AGGREGATE total(integer);
DROP AGGREGATE everything(*);
CREATE AGGREGATE total(integer) (SFUNC = plus, STYPE = integer, INITCOND = '5', PARALLEL = SAFE);
CREATE AGGREGATE middle(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal,
    FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
COMMENT ON AGGREGATE total(integer) IS 'All';
CREATE VIEW v AS SELECT total(x) FROM generate_series(1, 2) x;
-- plan 15
DROP VIEW public.v;
DROP AGGREGATE public.everything(*);
DROP AGGREGATE public.total(integer);
CREATE AGGREGATE public.middle(double precision ORDER BY anyelement) (
    FINALFUNC = percentile_disc_final,
    FINALFUNC_EXTRA,
    SFUNC = ordered_set_transition,
    STYPE = internal
);
CREATE AGGREGATE public.total(integer) (
    INITCOND = '5',
    PARALLEL = SAFE,
    SFUNC = public.plus,
    STYPE = integer
);
COMMENT ON AGGREGATE public.total(integer) IS 'All';
CREATE VIEW public.v AS
SELECT public.total(x.x) AS total
   FROM generate_series(1, 2) x(x);
-- plan 18
DROP VIEW public.v;
DROP AGGREGATE public.everything(*);
DROP AGGREGATE public.total(integer);
CREATE AGGREGATE public.middle(double precision ORDER BY anyelement) (
    FINALFUNC = percentile_disc_final,
    FINALFUNC_EXTRA,
    SFUNC = ordered_set_transition,
    STYPE = internal
);
CREATE AGGREGATE public.total(integer) (
    INITCOND = '5',
    PARALLEL = SAFE,
    SFUNC = public.plus,
    STYPE = integer
);
COMMENT ON AGGREGATE public.total(integer) IS 'All';
CREATE VIEW public.v AS
SELECT public.total(x) AS total
   FROM generate_series(1, 2) x(x);

-- case: triggers come, change, are disabled and go
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer, b integer);
CREATE VIEW v AS SELECT a FROM t;
CREATE TRIGGER one BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER two AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION touch();
CREATE TRIGGER three AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER four AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE t DISABLE TRIGGER four;
-- change
DROP TRIGGER one ON t;
CREATE TRIGGER one BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (new.a > old.a) EXECUTE FUNCTION touch('x');
ALTER TABLE t DISABLE TRIGGER two, ENABLE ALWAYS TRIGGER three, ENABLE TRIGGER four;
ALTER TRIGGER three ON t RENAME TO third;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER on_view INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION touch();
COMMENT ON TRIGGER third ON t IS 'The third';
-- plan
DROP TRIGGER one ON public.t;
ALTER TRIGGER three ON public.t RENAME TO third;
ALTER TABLE public.t ENABLE TRIGGER four;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON public.t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.touch();
CREATE TRIGGER one BEFORE UPDATE OF a ON public.t FOR EACH ROW WHEN ((new.a > old.a)) EXECUTE FUNCTION public.touch('x');
COMMENT ON TRIGGER third ON public.t IS 'The third';
ALTER TABLE public.t ENABLE ALWAYS TRIGGER third;
ALTER TABLE public.t DISABLE TRIGGER two;
CREATE TRIGGER on_view INSTEAD OF INSERT ON public.v FOR EACH ROW EXECUTE FUNCTION public.touch();

-- case: a trigger follows the function that is made again
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer);
CREATE TRIGGER one BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE t DISABLE TRIGGER one;
-- change
DROP TRIGGER one ON t;
DROP FUNCTION touch();
CREATE FUNCTION touch2() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER one BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch2();
ALTER TABLE t DISABLE TRIGGER one;
-- plan
DROP TRIGGER one ON public.t;
DROP FUNCTION public.touch();
CREATE OR REPLACE FUNCTION public.touch2()
    RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER one BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.touch2();
ALTER TABLE public.t DISABLE TRIGGER one;

-- case: rules come, change and go
-- old
CREATE TABLE t (a integer, b integer);
CREATE TABLE log (a integer);
CREATE RULE one AS ON DELETE TO t DO INSTEAD NOTHING;
CREATE RULE two AS ON INSERT TO t DO ALSO INSERT INTO log VALUES (new.a);
CREATE RULE three AS ON UPDATE TO t DO ALSO NOTHING;
-- change
CREATE OR REPLACE RULE one AS ON DELETE TO t WHERE old.a > 0 DO INSTEAD NOTHING;
ALTER RULE two ON t RENAME TO second;
ALTER TABLE t DISABLE RULE second;
DROP RULE three ON t;
ALTER TABLE log RENAME a TO logged;
COMMENT ON RULE one ON t IS 'Quiet';
-- plan
DROP RULE one ON public.t;
DROP RULE three ON public.t;
ALTER TABLE public.log RENAME COLUMN a TO logged;
ALTER RULE two ON public.t RENAME TO second;
CREATE RULE one AS
    ON DELETE TO public.t
   WHERE (old.a > 0) DO INSTEAD NOTHING;
COMMENT ON RULE one ON public.t IS 'Quiet';
ALTER TABLE public.t DISABLE RULE second;

-- case: event triggers come, change and go
-- old
CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER one ON ddl_command_end EXECUTE FUNCTION watch();
CREATE EVENT TRIGGER two ON sql_drop EXECUTE FUNCTION watch();
CREATE EVENT TRIGGER three ON sql_drop EXECUTE FUNCTION watch();
-- change
ALTER EVENT TRIGGER one DISABLE;
DROP EVENT TRIGGER two;
CREATE EVENT TRIGGER two ON ddl_command_start WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION watch();
ALTER EVENT TRIGGER three RENAME TO third;
COMMENT ON EVENT TRIGGER third IS 'Watches';
-- plan
DROP EVENT TRIGGER two;
ALTER EVENT TRIGGER three RENAME TO third;
ALTER EVENT TRIGGER one DISABLE;
COMMENT ON EVENT TRIGGER third IS 'Watches';
CREATE EVENT TRIGGER two ON ddl_command_start
    WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE')
    EXECUTE FUNCTION public.watch();
