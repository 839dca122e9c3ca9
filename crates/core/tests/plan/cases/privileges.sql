-- Owners, privileges, row security.

-- case: default privileges do not fall on what the same plan creates
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
-- change
CREATE SCHEMA area;
CREATE TABLE area.before (id integer PRIMARY KEY);
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO plan_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA area GRANT INSERT ON TABLES TO plan_reader;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
CREATE TABLE area.after (id integer);
-- plan
CREATE SCHEMA area;
CREATE TABLE area.after (
    id integer
);
GRANT INSERT, SELECT ON TABLE area.after TO plan_reader;
CREATE TABLE area.before (
    id integer NOT NULL,
    CONSTRAINT before_pkey PRIMARY KEY (id)
);
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO plan_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA area GRANT INSERT ON TABLES TO plan_reader;

-- case: privileges of every kind come
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SCHEMA area;
CREATE TABLE t (a integer, b integer);
CREATE VIEW v AS SELECT a FROM t;
CREATE SEQUENCE s;
CREATE TYPE mood AS ENUM ('x');
CREATE DOMAIN code AS text;
CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE agg(integer) (SFUNC = int4larger, STYPE = integer);
-- change
GRANT USAGE, CREATE ON SCHEMA area TO plan_reader;
GRANT SELECT, UPDATE ON t TO plan_reader WITH GRANT OPTION;
GRANT INSERT (a, b), REFERENCES (a) ON t TO plan_reader;
GRANT SELECT ON v TO PUBLIC;
GRANT USAGE ON SEQUENCE s TO plan_reader;
REVOKE USAGE ON TYPE mood FROM PUBLIC;
GRANT USAGE ON DOMAIN code TO plan_reader;
REVOKE EXECUTE ON FUNCTION f FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE p TO plan_reader;
REVOKE ALL ON FUNCTION agg FROM PUBLIC;
REVOKE DELETE ON t FROM tester;
-- plan 15
GRANT CREATE, USAGE ON SCHEMA area TO plan_reader;
REVOKE USAGE ON TYPE public.mood FROM PUBLIC;
GRANT USAGE ON TYPE public.code TO plan_reader;
GRANT USAGE ON SEQUENCE public.s TO plan_reader;
REVOKE ALL ON TABLE public.t FROM CURRENT_USER;
GRANT INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE ON TABLE public.t TO CURRENT_USER;
GRANT SELECT, UPDATE ON TABLE public.t TO plan_reader WITH GRANT OPTION;
GRANT INSERT (a), REFERENCES (a) ON TABLE public.t TO plan_reader;
GRANT INSERT (b) ON TABLE public.t TO plan_reader;
GRANT SELECT ON TABLE public.v TO PUBLIC;
REVOKE EXECUTE ON FUNCTION public.f() FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE public.p() TO plan_reader;
REVOKE EXECUTE ON FUNCTION public.agg(integer) FROM PUBLIC;
-- plan 18
GRANT CREATE, USAGE ON SCHEMA area TO plan_reader;
REVOKE USAGE ON TYPE public.mood FROM PUBLIC;
GRANT USAGE ON TYPE public.code TO plan_reader;
GRANT USAGE ON SEQUENCE public.s TO plan_reader;
REVOKE ALL ON TABLE public.t FROM CURRENT_USER;
GRANT INSERT, MAINTAIN, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE ON TABLE public.t TO CURRENT_USER;
GRANT SELECT, UPDATE ON TABLE public.t TO plan_reader WITH GRANT OPTION;
GRANT INSERT (a), REFERENCES (a) ON TABLE public.t TO plan_reader;
GRANT INSERT (b) ON TABLE public.t TO plan_reader;
GRANT SELECT ON TABLE public.v TO PUBLIC;
REVOKE EXECUTE ON FUNCTION public.f() FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE public.p() TO plan_reader;
REVOKE EXECUTE ON FUNCTION public.agg(integer) FROM PUBLIC;

-- case: privileges change and go
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TABLE t (a integer, b integer);
GRANT SELECT, UPDATE ON t TO plan_reader WITH GRANT OPTION;
GRANT INSERT (a, b) ON t TO plan_reader;
GRANT SELECT ON t TO PUBLIC;
CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
REVOKE EXECUTE ON FUNCTION f FROM PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT ON TABLES TO plan_reader;
-- change
REVOKE GRANT OPTION FOR SELECT ON t FROM plan_reader;
REVOKE UPDATE ON t FROM plan_reader;
REVOKE INSERT (b) ON t FROM plan_reader;
REVOKE ALL ON t FROM PUBLIC;
GRANT EXECUTE ON FUNCTION f TO PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE INSERT ON TABLES FROM plan_reader;
-- plan
REVOKE SELECT ON TABLE public.t FROM PUBLIC;
REVOKE UPDATE ON TABLE public.t FROM plan_reader;
REVOKE GRANT OPTION FOR SELECT ON TABLE public.t FROM plan_reader;
REVOKE INSERT (b) ON TABLE public.t FROM plan_reader;
GRANT EXECUTE ON FUNCTION public.f() TO PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE INSERT ON TABLES FROM plan_reader;

-- case: owners change
-- old
DO $$ BEGIN CREATE ROLE plan_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SCHEMA area;
CREATE TABLE t (id serial PRIMARY KEY);
CREATE TABLE u (id integer);
ALTER TABLE u OWNER TO plan_owner;
CREATE VIEW v AS SELECT id FROM t;
CREATE TYPE mood AS ENUM ('x');
CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
-- change
ALTER SCHEMA area OWNER TO plan_owner;
ALTER TABLE t OWNER TO plan_owner;
ALTER TABLE u OWNER TO tester;
ALTER VIEW v OWNER TO plan_owner;
ALTER TYPE mood OWNER TO plan_owner;
ALTER FUNCTION f() OWNER TO plan_owner;
CREATE TABLE mine (id serial PRIMARY KEY, n integer GENERATED ALWAYS AS IDENTITY);
ALTER TABLE mine OWNER TO plan_owner;
REVOKE DELETE ON mine FROM plan_owner;
-- plan 15
ALTER SCHEMA area OWNER TO plan_owner;
ALTER TYPE public.mood OWNER TO plan_owner;
CREATE SEQUENCE public.mine_id_seq AS integer;
ALTER SEQUENCE public.mine_id_seq OWNER TO plan_owner;
CREATE TABLE public.mine (
    id integer NOT NULL,
    n integer GENERATED ALWAYS AS IDENTITY NOT NULL,
    CONSTRAINT mine_pkey PRIMARY KEY (id)
);
ALTER TABLE public.mine OWNER TO plan_owner;
REVOKE ALL ON TABLE public.mine FROM plan_owner;
GRANT INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE ON TABLE public.mine TO plan_owner;
ALTER TABLE public.t OWNER TO plan_owner;
ALTER TABLE public.u OWNER TO CURRENT_USER;
ALTER TABLE ONLY public.mine ALTER COLUMN id SET DEFAULT nextval('public.mine_id_seq'::regclass);
ALTER SEQUENCE public.mine_id_seq OWNED BY public.mine.id;
ALTER VIEW public.v OWNER TO plan_owner;
ALTER FUNCTION public.f() OWNER TO plan_owner;
-- plan 18
ALTER SCHEMA area OWNER TO plan_owner;
ALTER TYPE public.mood OWNER TO plan_owner;
CREATE SEQUENCE public.mine_id_seq AS integer;
ALTER SEQUENCE public.mine_id_seq OWNER TO plan_owner;
CREATE TABLE public.mine (
    id integer NOT NULL,
    n integer GENERATED ALWAYS AS IDENTITY NOT NULL,
    CONSTRAINT mine_pkey PRIMARY KEY (id)
);
ALTER TABLE public.mine OWNER TO plan_owner;
REVOKE ALL ON TABLE public.mine FROM plan_owner;
GRANT INSERT, MAINTAIN, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE ON TABLE public.mine TO plan_owner;
ALTER TABLE public.t OWNER TO plan_owner;
ALTER TABLE public.u OWNER TO CURRENT_USER;
ALTER TABLE ONLY public.mine ALTER COLUMN id SET DEFAULT nextval('public.mine_id_seq'::regclass);
ALTER SEQUENCE public.mine_id_seq OWNED BY public.mine.id;
ALTER VIEW public.v OWNER TO plan_owner;
ALTER FUNCTION public.f() OWNER TO plan_owner;

-- case: policies come, change and go
-- old
DO $$ BEGIN CREATE ROLE plan_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TABLE t (a integer, owner text);
CREATE POLICY one ON t USING (a > 0);
CREATE POLICY two ON t FOR UPDATE TO plan_reader USING (a > 0) WITH CHECK (a > 1);
CREATE POLICY three ON t FOR INSERT WITH CHECK (true);
CREATE POLICY four ON t USING (a > 4);
-- change
ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER POLICY one ON t TO plan_reader USING (owner = CURRENT_USER);
DROP POLICY two ON t;
CREATE POLICY two ON t AS RESTRICTIVE FOR UPDATE USING (a > 0);
DROP POLICY three ON t;
ALTER POLICY four ON t RENAME TO fourth;
COMMENT ON POLICY fourth ON t IS 'Of four';
CREATE POLICY five ON t FOR SELECT TO plan_reader, tester USING (a IN (SELECT a FROM t));
-- plan
DROP POLICY three ON public.t;
DROP POLICY two ON public.t;
ALTER POLICY four ON public.t RENAME TO fourth;
ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.t FORCE ROW LEVEL SECURITY;
CREATE POLICY five ON public.t FOR SELECT TO CURRENT_USER, plan_reader USING ((a IN ( SELECT t_1.a
   FROM public.t t_1)));
COMMENT ON POLICY fourth ON public.t IS 'Of four';
ALTER POLICY one ON public.t TO plan_reader USING ((owner = CURRENT_USER));
CREATE POLICY two ON public.t AS RESTRICTIVE FOR UPDATE TO PUBLIC USING ((a > 0));
