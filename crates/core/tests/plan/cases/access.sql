-- Owners, privileges, default privileges, policies, one by one.

-- case: a role may read a table
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TABLE t (a integer);
-- change
GRANT SELECT ON t TO plan_reader;
-- plan
GRANT SELECT ON TABLE public.t TO plan_reader;

-- case: a role may no longer read a table
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TABLE t (a integer);
GRANT SELECT, INSERT ON t TO plan_reader;
-- change
REVOKE SELECT ON t FROM plan_reader;
-- plan
REVOKE SELECT ON TABLE public.t FROM plan_reader;

-- case: a grant option comes and goes
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TABLE t (a integer);
CREATE TABLE u (a integer);
GRANT SELECT ON t TO plan_reader;
GRANT SELECT ON u TO plan_reader WITH GRANT OPTION;
-- change
GRANT SELECT ON t TO plan_reader WITH GRANT OPTION;
REVOKE GRANT OPTION FOR SELECT ON u FROM plan_reader;
-- plan
GRANT SELECT ON TABLE public.t TO plan_reader WITH GRANT OPTION;
REVOKE GRANT OPTION FOR SELECT ON TABLE public.u FROM plan_reader;

-- case: privileges on columns come and go
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TABLE t (a integer, b integer);
GRANT SELECT (a), UPDATE (a) ON t TO plan_reader;
-- change
REVOKE UPDATE (a) ON t FROM plan_reader;
GRANT SELECT (b), REFERENCES (b) ON t TO plan_reader WITH GRANT OPTION;
-- plan
REVOKE UPDATE (a) ON TABLE public.t FROM plan_reader;
GRANT REFERENCES (b), SELECT (b) ON TABLE public.t TO plan_reader WITH GRANT OPTION;

-- case: a new column of a table has privileges
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TABLE t (a integer);
-- change
ALTER TABLE t ADD COLUMN b integer;
GRANT SELECT (b) ON t TO plan_reader, PUBLIC;
-- plan
ALTER TABLE public.t ADD COLUMN b integer;
GRANT SELECT (b) ON TABLE public.t TO PUBLIC;
GRANT SELECT (b) ON TABLE public.t TO plan_reader;

-- case: everybody may do everything with a table
-- old
CREATE TABLE t (a integer);
-- change
GRANT ALL ON t TO PUBLIC;
-- plan 15
GRANT DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE ON TABLE public.t TO PUBLIC;
-- plan 18
GRANT DELETE, INSERT, MAINTAIN, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE ON TABLE public.t TO PUBLIC;

-- case: an owner gives privileges up and takes them back
-- old
CREATE TABLE t (a integer);
CREATE TABLE u (a integer);
REVOKE ALL ON u FROM CURRENT_USER;
-- change
REVOKE INSERT, TRUNCATE ON t FROM CURRENT_USER;
GRANT ALL ON u TO CURRENT_USER;
-- plan 15
REVOKE ALL ON TABLE public.t FROM CURRENT_USER;
GRANT DELETE, REFERENCES, SELECT, TRIGGER, UPDATE ON TABLE public.t TO CURRENT_USER;
GRANT ALL ON TABLE public.u TO CURRENT_USER;
-- plan 18
REVOKE ALL ON TABLE public.t FROM CURRENT_USER;
GRANT DELETE, MAINTAIN, REFERENCES, SELECT, TRIGGER, UPDATE ON TABLE public.t TO CURRENT_USER;
GRANT ALL ON TABLE public.u TO CURRENT_USER;

-- case: privileges on a view and its column survive being made again
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TABLE t (a integer, b integer);
CREATE VIEW v AS SELECT a, b FROM t;
GRANT SELECT ON v TO PUBLIC;
GRANT UPDATE (a) ON v TO plan_reader;
-- change
DROP VIEW v;
CREATE VIEW v AS SELECT b, a FROM t;
GRANT SELECT ON v TO PUBLIC;
GRANT UPDATE (a) ON v TO plan_reader;
-- plan 15
DROP VIEW public.v;
CREATE VIEW public.v AS
SELECT t.b,
    t.a
   FROM public.t;
GRANT SELECT ON TABLE public.v TO PUBLIC;
GRANT UPDATE (a) ON TABLE public.v TO plan_reader;
-- plan 18
DROP VIEW public.v;
CREATE VIEW public.v AS
SELECT b,
    a
   FROM public.t;
GRANT SELECT ON TABLE public.v TO PUBLIC;
GRANT UPDATE (a) ON TABLE public.v TO plan_reader;

-- case: privileges on a sequence come and go
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SEQUENCE s;
CREATE SEQUENCE r;
GRANT ALL ON SEQUENCE r TO plan_reader;
-- change
GRANT USAGE, SELECT ON SEQUENCE s TO plan_reader;
REVOKE ALL ON SEQUENCE r FROM plan_reader;
-- plan
REVOKE SELECT, UPDATE, USAGE ON SEQUENCE public.r FROM plan_reader;
GRANT SELECT, USAGE ON SEQUENCE public.s TO plan_reader;

-- case: privileges on a schema come and go
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SCHEMA area;
CREATE SCHEMA place;
GRANT USAGE ON SCHEMA place TO plan_reader;
-- change
GRANT ALL ON SCHEMA area TO plan_reader;
REVOKE USAGE ON SCHEMA place FROM plan_reader;
-- plan
GRANT CREATE, USAGE ON SCHEMA area TO plan_reader;
REVOKE USAGE ON SCHEMA place FROM plan_reader;

-- case: only some may run a function
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
-- change
REVOKE EXECUTE ON FUNCTION f FROM PUBLIC;
GRANT EXECUTE ON FUNCTION f TO plan_reader;
-- plan
REVOKE EXECUTE ON FUNCTION public.f() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.f() TO plan_reader;

-- case: everybody may run a function again
-- old
CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
REVOKE EXECUTE ON FUNCTION f FROM PUBLIC;
-- change
GRANT EXECUTE ON FUNCTION f TO PUBLIC;
-- plan
GRANT EXECUTE ON FUNCTION public.f() TO PUBLIC;

-- case: only some may use a type
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TYPE mood AS ENUM ('a');
CREATE TYPE place AS (a integer);
CREATE TYPE span AS RANGE (subtype = integer);
CREATE DOMAIN code AS text;
-- change
REVOKE USAGE ON TYPE mood FROM PUBLIC;
REVOKE USAGE ON TYPE place FROM PUBLIC;
GRANT USAGE ON TYPE span TO plan_reader WITH GRANT OPTION;
REVOKE USAGE ON DOMAIN code FROM PUBLIC;
GRANT USAGE ON DOMAIN code TO plan_reader;
-- plan
REVOKE USAGE ON TYPE public.mood FROM PUBLIC;
REVOKE USAGE ON TYPE public.code FROM PUBLIC;
GRANT USAGE ON TYPE public.code TO plan_reader;
GRANT USAGE ON TYPE public.span TO plan_reader WITH GRANT OPTION;
REVOKE USAGE ON TYPE public.place FROM PUBLIC;

-- case: a table changes hands and a role's privileges with it
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE plan_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TABLE t (id serial, a integer);
GRANT SELECT ON t TO plan_reader;
-- change
ALTER TABLE t OWNER TO plan_owner;
REVOKE SELECT ON t FROM plan_reader;
-- plan
ALTER TABLE public.t OWNER TO plan_owner;
REVOKE SELECT ON TABLE public.t FROM plan_reader;

-- case: things of every kind change hands
-- old
DO $$ BEGIN CREATE ROLE plan_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SCHEMA area;
CREATE TABLE t (a integer, b integer);
CREATE VIEW v AS SELECT a FROM t;
CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
CREATE SEQUENCE s;
CREATE TYPE mood AS ENUM ('a');
CREATE TYPE place AS (a integer);
CREATE TYPE span AS RANGE (subtype = integer);
CREATE DOMAIN code AS text;
CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE g(integer) (SFUNC = int4larger, STYPE = integer);
CREATE STATISTICS st ON a, b FROM t;
-- change
ALTER SCHEMA area OWNER TO plan_owner;
ALTER VIEW v OWNER TO plan_owner;
ALTER MATERIALIZED VIEW m OWNER TO plan_owner;
ALTER SEQUENCE s OWNER TO plan_owner;
ALTER TYPE mood OWNER TO plan_owner;
ALTER TYPE place OWNER TO plan_owner;
ALTER TYPE span OWNER TO plan_owner;
ALTER DOMAIN code OWNER TO plan_owner;
ALTER FUNCTION f OWNER TO plan_owner;
ALTER PROCEDURE p OWNER TO plan_owner;
ALTER AGGREGATE g(integer) OWNER TO plan_owner;
ALTER STATISTICS st OWNER TO plan_owner;
-- plan
ALTER SCHEMA area OWNER TO plan_owner;
ALTER TYPE public.mood OWNER TO plan_owner;
ALTER DOMAIN public.code OWNER TO plan_owner;
ALTER TYPE public.span OWNER TO plan_owner;
ALTER TYPE public.place OWNER TO plan_owner;
ALTER SEQUENCE public.s OWNER TO plan_owner;
ALTER VIEW public.v OWNER TO plan_owner;
ALTER MATERIALIZED VIEW public.m OWNER TO plan_owner;
ALTER FUNCTION public.f() OWNER TO plan_owner;
ALTER PROCEDURE public.p() OWNER TO plan_owner;
ALTER AGGREGATE public.g(integer) OWNER TO plan_owner;
ALTER STATISTICS public.st OWNER TO plan_owner;

-- case: a column's privileges are its owner's who is another
-- old
DO $$ BEGIN CREATE ROLE plan_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TABLE t (a integer);
-- change
CREATE VIEW v AS SELECT a FROM t;
GRANT SELECT (a), UPDATE (a) ON v TO plan_owner WITH GRANT OPTION;
ALTER VIEW v OWNER TO plan_owner;
-- plan 15
CREATE VIEW public.v AS
SELECT t.a
   FROM public.t;
ALTER VIEW public.v OWNER TO plan_owner;
GRANT SELECT (a), UPDATE (a) ON TABLE public.v TO plan_owner WITH GRANT OPTION;
-- plan 18
CREATE VIEW public.v AS
SELECT a
   FROM public.t;
ALTER VIEW public.v OWNER TO plan_owner;
GRANT SELECT (a), UPDATE (a) ON TABLE public.v TO plan_owner WITH GRANT OPTION;

-- case: grant options of a former owner are taken back
-- names
-- old
DO $$ BEGIN CREATE ROLE plan_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SCHEMA area;
GRANT USAGE ON SCHEMA area TO plan_owner WITH GRANT OPTION;
ALTER SCHEMA area OWNER TO plan_owner;
-- change
DROP SCHEMA area;
CREATE SCHEMA area;
-- plan
ALTER SCHEMA area OWNER TO CURRENT_USER;
GRANT ALL ON SCHEMA area TO CURRENT_USER;
REVOKE GRANT OPTION FOR USAGE ON SCHEMA area FROM CURRENT_USER;

-- case: default privileges of a role come and go
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE plan_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
ALTER DEFAULT PRIVILEGES FOR ROLE plan_owner GRANT SELECT ON TABLES TO plan_reader;
-- change
ALTER DEFAULT PRIVILEGES FOR ROLE plan_owner REVOKE SELECT ON TABLES FROM plan_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE plan_owner GRANT USAGE ON SEQUENCES TO plan_reader WITH GRANT OPTION;
-- plan
ALTER DEFAULT PRIVILEGES FOR ROLE plan_owner REVOKE SELECT ON TABLES FROM plan_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE plan_owner GRANT USAGE ON SEQUENCES TO plan_reader WITH GRANT OPTION;

-- case: default privileges in a schema change
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SCHEMA area;
ALTER DEFAULT PRIVILEGES IN SCHEMA area GRANT SELECT ON TABLES TO plan_reader;
-- change
ALTER DEFAULT PRIVILEGES IN SCHEMA area GRANT INSERT ON TABLES TO plan_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA area REVOKE SELECT ON TABLES FROM plan_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA area GRANT EXECUTE ON FUNCTIONS TO plan_reader;
-- plan
ALTER DEFAULT PRIVILEGES IN SCHEMA area GRANT EXECUTE ON FUNCTIONS TO plan_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA area REVOKE SELECT ON TABLES FROM plan_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA area GRANT INSERT ON TABLES TO plan_reader;

-- case: default privileges on types, functions and schemas
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
-- change
ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO plan_reader;
-- plan
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO plan_reader;
ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC;

-- case: default privileges are as usual again
-- old
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE INSERT ON TABLES FROM CURRENT_USER;
-- change
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT INSERT ON TABLES TO CURRENT_USER;
-- plan
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO CURRENT_USER;

-- case: default privileges go with their schema
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SCHEMA area;
ALTER DEFAULT PRIVILEGES IN SCHEMA area GRANT SELECT ON TABLES TO plan_reader;
-- change
DROP SCHEMA area CASCADE;
-- plan
ALTER DEFAULT PRIVILEGES IN SCHEMA area REVOKE SELECT ON TABLES FROM plan_reader;
DROP SCHEMA area;

-- case: a policy comes for some roles
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TABLE t (a integer, who name);
-- change
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON t AS RESTRICTIVE FOR UPDATE TO plan_reader, CURRENT_USER USING (who = CURRENT_USER) WITH CHECK (a > 0);
COMMENT ON POLICY own ON t IS 'Of one''s own';
-- plan
ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON public.t AS RESTRICTIVE FOR UPDATE TO CURRENT_USER, plan_reader USING ((who = CURRENT_USER)) WITH CHECK ((a > 0));
COMMENT ON POLICY own ON public.t IS 'Of one''s own';

-- case: a policy goes
-- old
CREATE TABLE t (a integer);
CREATE POLICY own ON t USING (true);
-- change
DROP POLICY own ON t;
-- plan
DROP POLICY own ON public.t;

-- case: a policy is for other roles
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TABLE t (a integer);
CREATE POLICY own ON t USING (a > 0);
-- change
ALTER POLICY own ON t TO plan_reader;
-- plan
ALTER POLICY own ON public.t TO plan_reader USING ((a > 0));

-- case: a policy shows other rows
-- old
CREATE TABLE t (a integer);
CREATE POLICY own ON t USING (a > 0) WITH CHECK (a > 1);
-- change
ALTER POLICY own ON t USING (a > 2) WITH CHECK (a > 3);
-- plan
ALTER POLICY own ON public.t TO PUBLIC USING ((a > 2)) WITH CHECK ((a > 3));

-- case: a policy checks what it did not
-- old
CREATE TABLE t (a integer);
CREATE POLICY own ON t USING (a > 0);
-- change
ALTER POLICY own ON t WITH CHECK (a > 3);
-- plan
ALTER POLICY own ON public.t TO PUBLIC USING ((a > 0)) WITH CHECK ((a > 3));

-- case: a policy no longer checks
-- old
CREATE TABLE t (a integer);
CREATE POLICY own ON t USING (a > 0) WITH CHECK (a > 1);
COMMENT ON POLICY own ON t IS 'Own';
-- change
DROP POLICY own ON t;
CREATE POLICY own ON t USING (a > 0);
COMMENT ON POLICY own ON t IS 'Own';
-- plan
DROP POLICY own ON public.t;
CREATE POLICY own ON public.t TO PUBLIC USING ((a > 0));
COMMENT ON POLICY own ON public.t IS 'Own';

-- case: a policy is for another command
-- old
CREATE TABLE t (a integer);
CREATE POLICY own ON t FOR SELECT USING (a > 0);
-- change
DROP POLICY own ON t;
CREATE POLICY own ON t FOR DELETE USING (a > 0);
-- plan
DROP POLICY own ON public.t;
CREATE POLICY own ON public.t FOR DELETE TO PUBLIC USING ((a > 0));

-- case: a policy reads another table that gets a column
-- old
CREATE TABLE team (id integer, member name);
CREATE TABLE t (a integer, team integer);
CREATE POLICY own ON t USING (team IN (SELECT id FROM team m WHERE m.member = CURRENT_USER));
-- change
ALTER TABLE team ADD COLUMN active boolean;
ALTER POLICY own ON t USING (team IN (SELECT id FROM team m WHERE m.member = CURRENT_USER AND m.active));
-- plan
ALTER TABLE public.team ADD COLUMN active boolean;
ALTER POLICY own ON public.t TO PUBLIC USING ((team IN ( SELECT m.id
   FROM public.team m
  WHERE ((m.member = CURRENT_USER) AND m.active))));

-- case: a policy is renamed
-- old
CREATE TABLE t (a integer);
CREATE POLICY own ON t USING (a > 0);
-- change
ALTER POLICY own ON t RENAME TO "Own rows";
-- plan
ALTER POLICY own ON public.t RENAME TO "Own rows";

-- case: row security is enabled and forced, and neither again
-- old
CREATE TABLE t (a integer);
CREATE TABLE u (a integer);
ALTER TABLE u ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- change
ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE u DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
-- plan
ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.t FORCE ROW LEVEL SECURITY;
ALTER TABLE public.u DISABLE ROW LEVEL SECURITY;
ALTER TABLE public.u NO FORCE ROW LEVEL SECURITY;
