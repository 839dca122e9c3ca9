-- Tables and schemas: made, renamed, moved, replaced, dropped.

-- case: a table comes with everything inside it
-- old
CREATE SCHEMA area;
-- change
CREATE TYPE area.mood AS ENUM ('a', 'b');
CREATE SEQUENCE area.numbers START 5;
CREATE FUNCTION area.positive(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
CREATE TABLE area.things (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number integer NOT NULL DEFAULT nextval('area.numbers') UNIQUE,
    mood area.mood NOT NULL DEFAULT 'a',
    parent bigint REFERENCES area.things ON DELETE CASCADE,
    twice bigint GENERATED ALWAYS AS (number * 2) STORED,
    CONSTRAINT number_positive CHECK (area.positive(number))
) WITH (fillfactor = 70, autovacuum_enabled = false);
COMMENT ON TABLE area.things IS 'It''s all here';
COMMENT ON COLUMN area.things.mood IS 'How it feels';
CREATE INDEX things_mood ON area.things (mood) WHERE number > 3;
ALTER TABLE area.things ENABLE ROW LEVEL SECURITY, CLUSTER ON things_pkey, REPLICA IDENTITY FULL;
-- plan
CREATE TYPE area.mood AS ENUM ('a', 'b');
CREATE SEQUENCE area.numbers START WITH 5;
CREATE TABLE area.things (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    number integer DEFAULT nextval('area.numbers'::regclass) NOT NULL,
    mood area.mood DEFAULT 'a'::area.mood NOT NULL,
    parent bigint,
    twice bigint GENERATED ALWAYS AS ((number * 2)) STORED,
    CONSTRAINT things_number_key UNIQUE (number),
    CONSTRAINT things_pkey PRIMARY KEY (id)
) WITH (autovacuum_enabled = 'false', fillfactor = '70');
COMMENT ON COLUMN area.things.mood IS 'How it feels';
ALTER TABLE area.things ENABLE ROW LEVEL SECURITY;
COMMENT ON TABLE area.things IS 'It''s all here';
ALTER TABLE area.things ADD CONSTRAINT things_parent_fkey FOREIGN KEY (parent) REFERENCES area.things(id) ON DELETE CASCADE;
CREATE INDEX things_mood ON area.things USING btree (mood) WHERE (number > 3);
CREATE OR REPLACE FUNCTION area.positive(integer)
    RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$SELECT $1 > 0$$;
ALTER TABLE area.things ADD CONSTRAINT number_positive CHECK (area.positive(number));
ALTER TABLE area.things REPLICA IDENTITY FULL;
ALTER TABLE area.things CLUSTER ON things_pkey;

-- case: two tables swap their names and keep their rows
-- old
CREATE TABLE a (id integer PRIMARY KEY, x text);
CREATE TABLE b (id integer PRIMARY KEY, y text, a integer REFERENCES a);
CREATE VIEW joined AS SELECT x, y FROM a JOIN b ON b.a = a.id;
INSERT INTO a VALUES (1, 'x');
INSERT INTO b VALUES (2, 'y', 1);
-- change
ALTER TABLE a RENAME TO c;
ALTER TABLE b RENAME TO a;
ALTER TABLE c RENAME TO b;
-- keeps
SELECT a.id, a.y, b.x FROM a JOIN b ON b.id = a.a
-- plan
ALTER TABLE public.a RENAME TO pleach_1;
ALTER TABLE public.b RENAME TO pleach_2;
ALTER TABLE public.pleach_1 RENAME TO b;
ALTER TABLE public.pleach_2 RENAME TO a;

-- case: a table that is dropped and made again is replaced
-- old
CREATE TABLE t (id serial PRIMARY KEY, note text);
CREATE INDEX t_note ON t (note);
CREATE VIEW v AS SELECT id, note FROM t;
CREATE TABLE other (t integer REFERENCES t);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
INSERT INTO t (note) VALUES ('old');
-- change
DROP TABLE t CASCADE;
CREATE TABLE t (id serial PRIMARY KEY, note text);
CREATE INDEX t_note ON t (note);
CREATE VIEW v AS SELECT id, note FROM t;
ALTER TABLE other ADD FOREIGN KEY (t) REFERENCES t;
CREATE TRIGGER touch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
-- keeps
SELECT * FROM t
-- plan 15
ALTER TABLE public.t ALTER COLUMN id DROP DEFAULT;
ALTER TABLE public.other DROP CONSTRAINT other_t_fkey;
DROP VIEW public.v;
-- destroys all rows of public.t
DROP TABLE public.t;
CREATE SEQUENCE public.t_id_seq AS integer;
CREATE TABLE public.t (
    id integer NOT NULL,
    note text,
    CONSTRAINT t_pkey PRIMARY KEY (id)
);
ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT nextval('public.t_id_seq'::regclass);
ALTER SEQUENCE public.t_id_seq OWNED BY public.t.id;
ALTER TABLE public.other ADD CONSTRAINT other_t_fkey FOREIGN KEY (t) REFERENCES public.t(id);
CREATE INDEX t_note ON public.t USING btree (note);
CREATE VIEW public.v AS
SELECT t.id,
    t.note
   FROM public.t;
CREATE TRIGGER touch BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.touch();
-- plan 18
ALTER TABLE public.t ALTER COLUMN id DROP DEFAULT;
ALTER TABLE public.other DROP CONSTRAINT other_t_fkey;
DROP VIEW public.v;
-- destroys all rows of public.t
DROP TABLE public.t;
CREATE SEQUENCE public.t_id_seq AS integer;
CREATE TABLE public.t (
    id integer NOT NULL,
    note text,
    CONSTRAINT t_pkey PRIMARY KEY (id)
);
ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT nextval('public.t_id_seq'::regclass);
ALTER SEQUENCE public.t_id_seq OWNED BY public.t.id;
ALTER TABLE public.other ADD CONSTRAINT other_t_fkey FOREIGN KEY (t) REFERENCES public.t(id);
CREATE INDEX t_note ON public.t USING btree (note);
CREATE VIEW public.v AS
SELECT id,
    note
   FROM public.t;
CREATE TRIGGER touch BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.touch();

-- case: a table takes the name of one that is dropped
-- old
CREATE TABLE t (id integer PRIMARY KEY);
CREATE TABLE t_new (id bigint PRIMARY KEY, more text);
CREATE VIEW v AS SELECT id FROM t;
INSERT INTO t_new VALUES (1, 'x');
-- change
DROP VIEW v;
DROP TABLE t;
ALTER TABLE t_new RENAME TO t;
ALTER TABLE t RENAME CONSTRAINT t_new_pkey TO t_pkey;
CREATE VIEW v AS SELECT id FROM t;
-- keeps
SELECT * FROM t
-- plan 15
DROP VIEW public.v;
-- destroys all rows of public.t
DROP TABLE public.t;
ALTER TABLE public.t_new RENAME TO t;
ALTER TABLE public.t RENAME CONSTRAINT t_new_pkey TO t_pkey;
CREATE VIEW public.v AS
SELECT t.id
   FROM public.t;
-- plan 18
DROP VIEW public.v;
-- destroys all rows of public.t
DROP TABLE public.t;
ALTER TABLE public.t_new RENAME TO t;
ALTER TABLE public.t RENAME CONSTRAINT t_new_pkey TO t_pkey;
CREATE VIEW public.v AS
SELECT id
   FROM public.t;

-- case: a table moves to another schema with its sequences
-- old
CREATE SCHEMA area;
CREATE TABLE t (id serial PRIMARY KEY, n integer GENERATED ALWAYS AS IDENTITY, note text);
CREATE INDEX t_note ON t (note);
CREATE VIEW v AS SELECT id FROM t;
CREATE FUNCTION f() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM public.t';
INSERT INTO t (note) VALUES ('x');
-- change
ALTER TABLE t SET SCHEMA area;
-- keeps
SELECT * FROM area.t
-- plan
ALTER TABLE public.t SET SCHEMA area;

-- case: a table moves and is renamed, and another one takes its place
-- old
CREATE SCHEMA area;
CREATE TABLE t (id integer PRIMARY KEY);
INSERT INTO t VALUES (7);
-- change
ALTER TABLE t SET SCHEMA area;
ALTER TABLE area.t RENAME TO u;
CREATE TABLE t (id integer PRIMARY KEY);
-- keeps
SELECT * FROM area.u
-- plan
ALTER TABLE public.t SET SCHEMA area;
ALTER TABLE area.t RENAME TO u;
CREATE TABLE public.t (
    id integer NOT NULL,
    CONSTRAINT t_pkey PRIMARY KEY (id)
);

-- case: a schema is renamed with what is in it
-- old
CREATE SCHEMA area;
CREATE TYPE area.mood AS ENUM ('a');
CREATE TABLE area.t (id serial PRIMARY KEY, m area.mood DEFAULT 'a', n integer GENERATED ALWAYS AS IDENTITY);
CREATE VIEW area.v AS SELECT id, m FROM area.t;
CREATE FUNCTION area.f() RETURNS area.mood LANGUAGE sql RETURN 'a'::area.mood;
-- change
ALTER SCHEMA area RENAME TO "Region";
ALTER TABLE "Region".t ADD COLUMN more "Region".mood;
-- plan
ALTER SCHEMA area RENAME TO "Region";
ALTER TABLE "Region".t ADD COLUMN more "Region".mood;

-- case: a schema is renamed and a new one takes its name
-- old
CREATE SCHEMA area;
CREATE TABLE area.t (id integer PRIMARY KEY);
CREATE TABLE area.u (id integer PRIMARY KEY);
-- change
ALTER SCHEMA area RENAME TO old;
CREATE SCHEMA area;
ALTER TABLE old.u SET SCHEMA area;
CREATE TABLE area.t (id integer);
-- plan
ALTER SCHEMA area RENAME TO old;
CREATE SCHEMA area;
ALTER TABLE old.u SET SCHEMA area;
CREATE TABLE area.t (
    id integer
);

-- case: a schema goes with all that is in it
-- old
CREATE SCHEMA area;
CREATE TYPE area.mood AS ENUM ('a');
CREATE TABLE area.t (id serial PRIMARY KEY, m area.mood);
CREATE VIEW area.v AS SELECT * FROM area.t;
CREATE TABLE kept (id integer, m area.mood, FOREIGN KEY (id) REFERENCES area.t);
-- change
DROP SCHEMA area CASCADE;
-- plan
ALTER TABLE area.t ALTER COLUMN id DROP DEFAULT;
-- destroys all values of public.kept.m
ALTER TABLE public.kept DROP COLUMN m;
ALTER TABLE public.kept DROP CONSTRAINT kept_id_fkey;
DROP VIEW area.v;
-- destroys all rows of area.t
DROP TABLE area.t;
DROP TYPE area.mood;
DROP SCHEMA area;

-- case: what is said of a table changes
-- old
CREATE TABLE t (id integer NOT NULL, note text) WITH (fillfactor = 70, autovacuum_enabled = off);
CREATE UNIQUE INDEX t_id ON t (id);
CREATE UNLOGGED TABLE u (id integer);
CREATE TABLE f (id integer);
ALTER TABLE f REPLICA IDENTITY FULL, FORCE ROW LEVEL SECURITY, ENABLE ROW LEVEL SECURITY;
COMMENT ON TABLE f IS 'Told';
-- change
ALTER TABLE t SET (fillfactor = 80, toast.autovacuum_enabled = off), RESET (autovacuum_enabled);
ALTER TABLE t REPLICA IDENTITY USING INDEX t_id, CLUSTER ON t_id, ENABLE ROW LEVEL SECURITY;
ALTER TABLE t SET UNLOGGED;
ALTER TABLE u SET LOGGED;
ALTER TABLE u REPLICA IDENTITY NOTHING;
ALTER TABLE f REPLICA IDENTITY DEFAULT, NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
COMMENT ON TABLE f IS NULL;
COMMENT ON TABLE t IS 'With \ and ''';
-- plan
COMMENT ON TABLE public.f IS NULL;
ALTER TABLE public.f REPLICA IDENTITY DEFAULT;
ALTER TABLE public.f DISABLE ROW LEVEL SECURITY;
ALTER TABLE public.f NO FORCE ROW LEVEL SECURITY;
COMMENT ON TABLE public.t IS  E'With \\ and ''';
ALTER TABLE public.t SET (fillfactor = '80', toast.autovacuum_enabled = 'off');
ALTER TABLE public.t RESET (autovacuum_enabled);
ALTER TABLE public.t SET UNLOGGED;
ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.t REPLICA IDENTITY USING INDEX t_id;
ALTER TABLE public.t CLUSTER ON t_id;
ALTER TABLE public.u SET LOGGED;
ALTER TABLE public.u REPLICA IDENTITY NOTHING;

-- case: tables that reference each other come and go
-- old
CREATE TABLE kept (id integer PRIMARY KEY);
-- change
CREATE TABLE a (id integer PRIMARY KEY, b integer);
CREATE TABLE b (id integer PRIMARY KEY, a integer REFERENCES a);
ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;
CREATE POLICY p ON a USING (EXISTS (SELECT FROM b));
CREATE POLICY p ON b USING (EXISTS (SELECT FROM a));
-- plan
CREATE TABLE public.a (
    id integer NOT NULL,
    b integer,
    CONSTRAINT a_pkey PRIMARY KEY (id)
);
CREATE TABLE public.b (
    id integer NOT NULL,
    a integer,
    CONSTRAINT b_pkey PRIMARY KEY (id)
);
ALTER TABLE public.a ADD CONSTRAINT a_b_fkey FOREIGN KEY (b) REFERENCES public.b(id);
ALTER TABLE public.b ADD CONSTRAINT b_a_fkey FOREIGN KEY (a) REFERENCES public.a(id);
CREATE POLICY p ON public.a TO PUBLIC USING ((EXISTS ( SELECT
   FROM public.b)));
CREATE POLICY p ON public.b TO PUBLIC USING ((EXISTS ( SELECT
   FROM public.a)));

-- case: a default calls a function that reads the table
-- old
CREATE TABLE kept (id integer PRIMARY KEY);
-- change
CREATE TABLE t (id integer, n bigint);
CREATE FUNCTION count_t() RETURNS bigint LANGUAGE sql RETURN (SELECT count(*) FROM t);
ALTER TABLE t ALTER n SET DEFAULT count_t();
CREATE TABLE x (id integer);
CREATE FUNCTION of_x(x) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
ALTER TABLE x ADD CONSTRAINT c CHECK (of_x(x) = 1);
-- plan
CREATE TABLE public.t (
    id integer,
    n bigint
);
CREATE TABLE public.x (
    id integer
);
CREATE OR REPLACE FUNCTION public.count_t()
    RETURNS bigint
    LANGUAGE sql
RETURN (SELECT count(*) AS count FROM public.t);
ALTER TABLE ONLY public.t ALTER COLUMN n SET DEFAULT public.count_t();
CREATE OR REPLACE FUNCTION public.of_x(public.x)
    RETURNS integer
    LANGUAGE sql IMMUTABLE
    AS $$SELECT 1$$;
ALTER TABLE public.x ADD CONSTRAINT c CHECK ((public.of_x(x.*) = 1));

-- case: names are awkward
-- old
CREATE SCHEMA "We ""ird";
CREATE TABLE "We ""ird"."ta.ble" ("co l" integer PRIMARY KEY, "select" text);
-- change
ALTER TABLE "We ""ird"."ta.ble" RENAME TO "Ta""ble";
ALTER TABLE "We ""ird"."Ta""ble" RENAME "co l" TO "Käse";
ALTER TABLE "We ""ird"."Ta""ble" ADD COLUMN "user" text DEFAULT 'x$$y', ADD CONSTRAINT "it's" CHECK ("user" <> '\');
COMMENT ON CONSTRAINT "it's" ON "We ""ird"."Ta""ble" IS 'it''s';
CREATE INDEX "in dex" ON "We ""ird"."Ta""ble" ("user", "Käse");
CREATE VIEW "We ""ird"."From" AS SELECT "select" AS "as" FROM "We ""ird"."Ta""ble";
CREATE TYPE "We ""ird"."Ty pe" AS ENUM ('a''b', 'c"d');
ALTER TABLE "We ""ird"."Ta""ble" ADD COLUMN "table" "We ""ird"."Ty pe"[] DEFAULT '{"c\"d"}';
-- plan 15
ALTER TABLE "We ""ird"."ta.ble" RENAME TO "Ta""ble";
ALTER TABLE "We ""ird"."Ta""ble" RENAME COLUMN "co l" TO "Käse";
CREATE TYPE "We ""ird"."Ty pe" AS ENUM ('a''b', 'c"d');
ALTER TABLE "We ""ird"."Ta""ble" ADD COLUMN "user" text DEFAULT 'x$$y'::text;
ALTER TABLE "We ""ird"."Ta""ble" ADD COLUMN "table" "We ""ird"."Ty pe"[] DEFAULT '{"c\"d"}'::"We ""ird"."Ty pe"[];
ALTER TABLE "We ""ird"."Ta""ble" ADD CONSTRAINT "it's" CHECK (("user" <> '\'::text));
COMMENT ON CONSTRAINT "it's" ON "We ""ird"."Ta""ble" IS 'it''s';
CREATE INDEX "in dex" ON "We ""ird"."Ta""ble" USING btree ("user", "Käse");
CREATE VIEW "We ""ird"."From" AS
SELECT "Ta""ble"."select" AS "as"
   FROM "We ""ird"."Ta""ble";
-- plan 18
ALTER TABLE "We ""ird"."ta.ble" RENAME TO "Ta""ble";
ALTER TABLE "We ""ird"."Ta""ble" RENAME COLUMN "co l" TO "Käse";
CREATE TYPE "We ""ird"."Ty pe" AS ENUM ('a''b', 'c"d');
ALTER TABLE "We ""ird"."Ta""ble" ADD COLUMN "user" text DEFAULT 'x$$y'::text;
ALTER TABLE "We ""ird"."Ta""ble" ADD COLUMN "table" "We ""ird"."Ty pe"[] DEFAULT '{"c\"d"}'::"We ""ird"."Ty pe"[];
ALTER TABLE "We ""ird"."Ta""ble" ADD CONSTRAINT "it's" CHECK (("user" <> '\'::text));
COMMENT ON CONSTRAINT "it's" ON "We ""ird"."Ta""ble" IS 'it''s';
CREATE INDEX "in dex" ON "We ""ird"."Ta""ble" USING btree ("user", "Käse");
CREATE VIEW "We ""ird"."From" AS
SELECT "select" AS "as"
   FROM "We ""ird"."Ta""ble";

-- case: a table becomes typed and another one no longer is
-- old
CREATE TYPE place AS (street text, number integer);
CREATE TABLE typed OF place (PRIMARY KEY (street));
CREATE TABLE plain (street text, number integer);
-- change
ALTER TABLE typed NOT OF;
ALTER TABLE plain OF place;
-- plan
ALTER TABLE public.typed NOT OF;
ALTER TABLE public.plain OF public.place;
