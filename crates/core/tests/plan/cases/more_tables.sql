-- Tables, schemas, sequences and extensions, one by one.

-- case: a table goes
-- old
CREATE TABLE t (id integer PRIMARY KEY, a text);
CREATE INDEX t_a ON t (a);
CREATE TABLE u (id integer);
-- change
DROP TABLE t;
-- plan
-- destroys all rows of public.t
DROP TABLE public.t;

-- case: a table goes with a view and a foreign key on it
-- old
CREATE TABLE t (id integer PRIMARY KEY);
CREATE TABLE u (id integer, t integer REFERENCES t);
CREATE VIEW v AS SELECT id FROM t;
CREATE MATERIALIZED VIEW m AS SELECT id FROM v;
INSERT INTO t VALUES (1);
INSERT INTO u VALUES (1, 1);
-- change
DROP TABLE t CASCADE;
-- keeps
SELECT * FROM u
-- plan
ALTER TABLE public.u DROP CONSTRAINT u_t_fkey;
DROP MATERIALIZED VIEW public.m;
DROP VIEW public.v;
-- destroys all rows of public.t
DROP TABLE public.t;

-- case: a table with a name of 63 bytes is renamed to another one
-- old
CREATE TABLE abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_123456789 (id serial PRIMARY KEY);
INSERT INTO abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_123456789 VALUES (1);
-- change
ALTER TABLE abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_123456789 RENAME TO zbcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_123456789;
-- keeps
SELECT id FROM zbcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_123456789
-- plan
ALTER TABLE public.abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_123456789 RENAME TO zbcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_123456789;

-- case: names have percent signs, backslashes and line breaks
-- old
CREATE SCHEMA "100%";
CREATE TABLE "100%"."back\slash" (id integer, "two
lines" text);
INSERT INTO "100%"."back\slash" VALUES (1, 'x');
-- change
ALTER TABLE "100%"."back\slash" ADD CONSTRAINT "it's %s" CHECK ("two
lines" <> '%');
CREATE INDEX "by\it" ON "100%"."back\slash" ("two
lines");
CREATE VIEW "100%"."v %I" AS SELECT "two
lines" AS " " FROM "100%"."back\slash";
ALTER TABLE "100%"."back\slash" RENAME id TO "$1";
COMMENT ON COLUMN "100%"."back\slash"."two
lines" IS E'50 %\n\\';
-- keeps
SELECT * FROM "100%"."v %I"
-- plan 15
ALTER TABLE "100%"."back\slash" RENAME COLUMN id TO "$1";
COMMENT ON COLUMN "100%"."back\slash"."two
lines" IS  E'50 %
\\';
ALTER TABLE "100%"."back\slash" ADD CONSTRAINT "it's %s" CHECK (("two
lines" <> '%'::text));
CREATE INDEX "by\it" ON "100%"."back\slash" USING btree ("two
lines");
CREATE VIEW "100%"."v %I" AS
SELECT "back\slash"."two
lines" AS " "
   FROM "100%"."back\slash";
-- plan 18
ALTER TABLE "100%"."back\slash" RENAME COLUMN id TO "$1";
COMMENT ON COLUMN "100%"."back\slash"."two
lines" IS  E'50 %
\\';
ALTER TABLE "100%"."back\slash" ADD CONSTRAINT "it's %s" CHECK (("two
lines" <> '%'::text));
CREATE INDEX "by\it" ON "100%"."back\slash" USING btree ("two
lines");
CREATE VIEW "100%"."v %I" AS
SELECT "two
lines" AS " "
   FROM "100%"."back\slash";

-- case: names are words of the language
-- old
CREATE SCHEMA "select";
CREATE TABLE "select"."table" ("order" integer PRIMARY KEY, "user" text DEFAULT CURRENT_USER);
INSERT INTO "select"."table" VALUES (1, 'x');
-- change
ALTER TABLE "select"."table" RENAME "user" TO "group";
ALTER TABLE "select"."table" RENAME TO "all";
CREATE VIEW "select"."from" AS SELECT "order", "group" FROM "select"."all" WHERE "group" <> '';
CREATE TYPE "select"."end" AS ENUM ('case');
ALTER TABLE "select"."all" ADD COLUMN "when" "select"."end" DEFAULT 'case';
-- keeps
SELECT "order", "group" FROM "select"."all"
-- plan 15
ALTER TABLE "select"."table" RENAME TO "all";
ALTER TABLE "select"."all" RENAME COLUMN "user" TO "group";
CREATE TYPE "select"."end" AS ENUM ('case');
ALTER TABLE "select"."all" ADD COLUMN "when" "select"."end" DEFAULT 'case'::"select"."end";
CREATE VIEW "select"."from" AS
SELECT "all"."order",
    "all"."group"
   FROM "select"."all"
  WHERE ("all"."group" <> ''::text);
-- plan 18
ALTER TABLE "select"."table" RENAME TO "all";
ALTER TABLE "select"."all" RENAME COLUMN "user" TO "group";
CREATE TYPE "select"."end" AS ENUM ('case');
ALTER TABLE "select"."all" ADD COLUMN "when" "select"."end" DEFAULT 'case'::"select"."end";
CREATE VIEW "select"."from" AS
SELECT "order",
    "group"
   FROM "select"."all"
  WHERE ("group" <> ''::text);

-- case: names are of many alphabets
-- old
CREATE TABLE "käse" ("größe" integer, "价格" numeric);
INSERT INTO "käse" VALUES (1, 2.5);
-- change
ALTER TABLE "käse" RENAME "价格" TO "цена";
ALTER TABLE "käse" ADD CONSTRAINT "価格" CHECK ("цена" > 0);
CREATE INDEX "🧀" ON "käse" ("größe");
-- keeps
SELECT * FROM "käse"
-- plan
ALTER TABLE public."käse" RENAME COLUMN "价格" TO "цена";
ALTER TABLE public."käse" ADD CONSTRAINT "価格" CHECK (("цена" > (0)::numeric));
CREATE INDEX "🧀" ON public."käse" USING btree ("größe");

-- case: a comment on a table comes
-- old
CREATE TABLE t (a integer);
-- change
COMMENT ON TABLE t IS 'A table';
-- plan
COMMENT ON TABLE public.t IS 'A table';

-- case: a comment on a table goes
-- old
CREATE TABLE t (a integer);
COMMENT ON TABLE t IS 'A table';
-- change
COMMENT ON TABLE t IS NULL;
-- plan
COMMENT ON TABLE public.t IS NULL;

-- case: a table gets a fill factor and toast options
-- old
CREATE TABLE t (a text);
-- change
ALTER TABLE t SET (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false, parallel_workers = 3);
-- plan
ALTER TABLE public.t SET (autovacuum_enabled = 'false', fillfactor = '70', parallel_workers = '3', toast.autovacuum_enabled = 'false');

-- case: options of a table go
-- old
CREATE TABLE t (a text) WITH (fillfactor = 70, toast.autovacuum_enabled = false);
-- change
ALTER TABLE t RESET (fillfactor, toast.autovacuum_enabled);
-- plan
ALTER TABLE public.t RESET (fillfactor, toast.autovacuum_enabled);

-- case: a table becomes unlogged
-- old
CREATE TABLE t (id serial PRIMARY KEY);
INSERT INTO t VALUES (1);
-- change
ALTER TABLE t SET UNLOGGED;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t SET UNLOGGED;

-- case: a table becomes logged
-- old
CREATE UNLOGGED TABLE t (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text);
INSERT INTO t (a) VALUES ('x');
-- change
ALTER TABLE t SET LOGGED;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t SET LOGGED;

-- case: a table is replicated by all of its columns
-- old
CREATE TABLE t (a integer);
-- change
ALTER TABLE t REPLICA IDENTITY FULL;
-- plan
ALTER TABLE public.t REPLICA IDENTITY FULL;

-- case: a table is replicated by an index that comes
-- old
CREATE TABLE t (a integer NOT NULL);
ALTER TABLE t REPLICA IDENTITY NOTHING;
-- change
CREATE UNIQUE INDEX "T a" ON t (a);
ALTER TABLE t REPLICA IDENTITY USING INDEX "T a";
-- plan
CREATE UNIQUE INDEX "T a" ON public.t USING btree (a);
ALTER TABLE public.t REPLICA IDENTITY USING INDEX "T a";

-- case: a table is replicated as usual again
-- old
CREATE TABLE t (a integer NOT NULL CONSTRAINT once UNIQUE);
ALTER TABLE t REPLICA IDENTITY USING INDEX once;
-- change
ALTER TABLE t REPLICA IDENTITY DEFAULT;
ALTER TABLE t DROP CONSTRAINT once;
-- plan
ALTER TABLE public.t DROP CONSTRAINT once;
ALTER TABLE public.t REPLICA IDENTITY DEFAULT;

-- case: a table moves to a schema that comes
-- old
CREATE TABLE t (id serial PRIMARY KEY, a text);
CREATE VIEW v AS SELECT a FROM t;
INSERT INTO t (a) VALUES ('x');
-- change
CREATE SCHEMA area;
ALTER TABLE t SET SCHEMA area;
-- keeps
SELECT * FROM area.t
-- plan
CREATE SCHEMA area;
ALTER TABLE public.t SET SCHEMA area;

-- case: tables of two schemas change places
-- old
CREATE SCHEMA area;
CREATE TABLE t (a integer);
CREATE TABLE area.t (a integer);
INSERT INTO t VALUES (1);
INSERT INTO area.t VALUES (2);
-- change
ALTER TABLE t RENAME TO tmp;
ALTER TABLE area.t SET SCHEMA public;
ALTER TABLE tmp RENAME TO t2;
ALTER TABLE t2 SET SCHEMA area;
ALTER TABLE area.t2 RENAME TO t;
-- keeps
SELECT a FROM t UNION ALL SELECT a FROM area.t
-- plan
ALTER TABLE area.t RENAME TO pleach_1;
ALTER TABLE public.t RENAME TO pleach_2;
ALTER TABLE area.pleach_1 SET SCHEMA public;
ALTER TABLE public.pleach_1 RENAME TO t;
ALTER TABLE public.pleach_2 SET SCHEMA area;
ALTER TABLE area.pleach_2 RENAME TO t;

-- case: three tables pass their names around
-- old
CREATE TABLE a (x integer);
CREATE TABLE b (x integer);
CREATE TABLE c (x integer);
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (2);
INSERT INTO c VALUES (3);
-- change
ALTER TABLE a RENAME TO tmp;
ALTER TABLE c RENAME TO a;
ALTER TABLE b RENAME TO c;
ALTER TABLE tmp RENAME TO b;
-- keeps
SELECT a.x, b.x, c.x FROM a, b, c
-- plan
ALTER TABLE public.a RENAME TO pleach_1;
ALTER TABLE public.b RENAME TO pleach_2;
ALTER TABLE public.pleach_1 RENAME TO b;
ALTER TABLE public.c RENAME TO pleach_3;
ALTER TABLE public.pleach_2 RENAME TO c;
ALTER TABLE public.pleach_3 RENAME TO a;

-- case: a schema comes with an owner, a comment and a grant
-- old
DO $$ BEGIN CREATE ROLE plan_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
-- change
CREATE SCHEMA "My Area" AUTHORIZATION plan_owner;
COMMENT ON SCHEMA "My Area" IS 'Mine';
GRANT USAGE ON SCHEMA "My Area" TO PUBLIC;
-- plan
CREATE SCHEMA "My Area";
COMMENT ON SCHEMA "My Area" IS 'Mine';
ALTER SCHEMA "My Area" OWNER TO plan_owner;
GRANT USAGE ON SCHEMA "My Area" TO PUBLIC;

-- case: the comment on a schema changes and goes
-- old
CREATE SCHEMA a;
CREATE SCHEMA b;
COMMENT ON SCHEMA a IS 'A';
COMMENT ON SCHEMA b IS 'B';
-- change
COMMENT ON SCHEMA a IS 'Another';
COMMENT ON SCHEMA b IS NULL;
-- plan
COMMENT ON SCHEMA a IS 'Another';
COMMENT ON SCHEMA b IS NULL;

-- case: two schemas swap their names
-- old
CREATE SCHEMA a;
CREATE SCHEMA b;
CREATE TABLE a.t (x integer);
CREATE TABLE b.u (y integer);
CREATE VIEW v AS SELECT x FROM a.t;
INSERT INTO a.t VALUES (1);
-- change
ALTER SCHEMA a RENAME TO c;
ALTER SCHEMA b RENAME TO a;
ALTER SCHEMA c RENAME TO b;
-- keeps
SELECT * FROM b.t
-- plan
ALTER SCHEMA a RENAME TO pleach_1;
ALTER SCHEMA b RENAME TO pleach_2;
ALTER SCHEMA pleach_1 RENAME TO b;
ALTER SCHEMA pleach_2 RENAME TO a;

-- case: a sequence comes with every option
-- old
CREATE TABLE t (a integer);
-- change
CREATE SEQUENCE s AS smallint INCREMENT -2 MINVALUE -100 MAXVALUE 50 START 10 CACHE 5 CYCLE;
COMMENT ON SEQUENCE s IS 'Down';
-- plan
CREATE SEQUENCE public.s AS smallint INCREMENT BY -2 MINVALUE -100 MAXVALUE 50 START WITH 10 CACHE 5 CYCLE;
COMMENT ON SEQUENCE public.s IS 'Down';

-- case: a sequence goes
-- old
CREATE SEQUENCE s;
-- change
DROP SEQUENCE s;
-- plan
-- destroys the position of sequence public.s
DROP SEQUENCE public.s;

-- case: a sequence counts in other steps
-- old
CREATE SEQUENCE s START 5;
-- change
ALTER SEQUENCE s INCREMENT BY 10;
-- plan
ALTER SEQUENCE public.s INCREMENT BY 10;

-- case: a sequence turns around
-- old
CREATE SEQUENCE s;
-- change
ALTER SEQUENCE s INCREMENT BY -1 MINVALUE -100 MAXVALUE 100 START WITH 0;
-- plan
SELECT pg_catalog.setval('public.s', LEAST(GREATEST(last_value, -100), 100), is_called AND last_value BETWEEN -100 AND 100) FROM public.s;
ALTER SEQUENCE public.s INCREMENT BY -1 MINVALUE -100 MAXVALUE 100 START WITH 0;

-- case: a sequence gets another type and keeps where it is
-- old
CREATE SEQUENCE s AS integer;
SELECT nextval('s'), nextval('s');
-- change
ALTER SEQUENCE s AS bigint CACHE 20;
-- keeps
SELECT last_value FROM s
-- plan
ALTER SEQUENCE public.s AS bigint CACHE 20;

-- case: a sequence gets bounds and loses them
-- old
CREATE SEQUENCE s;
CREATE SEQUENCE r MINVALUE 10 MAXVALUE 20;
-- change
ALTER SEQUENCE s MAXVALUE 100 CYCLE;
ALTER SEQUENCE r NO MINVALUE NO MAXVALUE START 1;
-- plan
ALTER SEQUENCE public.r NO MINVALUE NO MAXVALUE START WITH 1;
SELECT pg_catalog.setval('public.s', LEAST(GREATEST(last_value, 1), 100), is_called AND last_value BETWEEN 1 AND 100) FROM public.s;
ALTER SEQUENCE public.s MAXVALUE 100 CYCLE;

-- case: a sequence is shared by two columns
-- old
CREATE TABLE a (id integer);
CREATE TABLE b (id integer);
-- change
CREATE SEQUENCE s;
ALTER TABLE a ALTER id SET DEFAULT nextval('s');
ALTER TABLE b ALTER id SET DEFAULT nextval('s');
-- plan
CREATE SEQUENCE public.s;
ALTER TABLE ONLY public.a ALTER COLUMN id SET DEFAULT nextval('public.s'::regclass);
ALTER TABLE ONLY public.b ALTER COLUMN id SET DEFAULT nextval('public.s'::regclass);

-- case: a sequence is given to the column that a table gets
-- old
CREATE SEQUENCE s;
CREATE TABLE t (a integer);
-- change
ALTER TABLE t ADD COLUMN id bigint DEFAULT nextval('s');
ALTER SEQUENCE s OWNED BY t.id;
-- plan
ALTER TABLE public.t ADD COLUMN id bigint DEFAULT nextval('public.s'::regclass);
ALTER SEQUENCE public.s OWNED BY public.t.id;

-- case: a column becomes serial and goes on after its values
-- old
CREATE TABLE t (id integer PRIMARY KEY);
INSERT INTO t VALUES (41);
-- change
CREATE SEQUENCE t_id_seq AS integer OWNED BY t.id;
ALTER TABLE t ALTER id SET DEFAULT nextval('t_id_seq');
SELECT setval('t_id_seq', 41);
-- keeps
SELECT nextval('t_id_seq')
-- plan
CREATE SEQUENCE public.t_id_seq AS integer;
ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT nextval('public.t_id_seq'::regclass);
ALTER SEQUENCE public.t_id_seq OWNED BY public.t.id;
SELECT pg_catalog.setval('public.t_id_seq', max(id)) FROM public.t HAVING max(id) >= 1;

-- case: an identity goes on after the values of its column
-- old
CREATE TABLE t (id integer PRIMARY KEY);
INSERT INTO t VALUES (41);
-- change
ALTER TABLE t ALTER id ADD GENERATED BY DEFAULT AS IDENTITY;
SELECT setval('t_id_seq', 41);
-- keeps
SELECT nextval('t_id_seq')
-- plan
ALTER TABLE public.t ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY;
SELECT pg_catalog.setval('public.t_id_seq', max(id)) FROM public.t HAVING max(id) >= 1;

-- case: a sequence takes the name of a type that columns have
-- old
CREATE TYPE numbers AS ENUM ('1', '2');
CREATE TABLE t (n numbers);
INSERT INTO t VALUES ('2');
-- change
ALTER TABLE t ALTER n TYPE text;
DROP TYPE numbers;
CREATE SEQUENCE numbers;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ALTER COLUMN n TYPE text USING n::text;
DROP TYPE public.numbers;
CREATE SEQUENCE public.numbers;

-- case: an extension comes with a table of its type
-- old
CREATE SCHEMA ext;
-- change
CREATE EXTENSION citext WITH SCHEMA ext;
CREATE TABLE t (a ext.citext PRIMARY KEY);
-- plan 15
CREATE EXTENSION citext WITH SCHEMA ext VERSION '1.6';
CREATE TABLE public.t (
    a ext.citext NOT NULL,
    CONSTRAINT t_pkey PRIMARY KEY (a)
);
-- plan 18
CREATE EXTENSION citext WITH SCHEMA ext VERSION '1.8';
CREATE TABLE public.t (
    a ext.citext NOT NULL,
    CONSTRAINT t_pkey PRIMARY KEY (a)
);

-- case: an extension goes with what is made of it
-- old
CREATE EXTENSION citext;
CREATE TABLE t (id integer, a citext);
CREATE INDEX t_a ON t (lower(a));
-- change
ALTER TABLE t DROP COLUMN a;
DROP EXTENSION citext;
-- plan
-- destroys all values of public.t.a
ALTER TABLE public.t DROP COLUMN a;
DROP EXTENSION citext;

-- case: an extension moves to another schema
-- old
CREATE SCHEMA ext;
CREATE EXTENSION citext;
CREATE TABLE t (a citext DEFAULT 'x');
INSERT INTO t VALUES ('A');
-- change
ALTER EXTENSION citext SET SCHEMA ext;
COMMENT ON EXTENSION citext IS 'Without case';
-- keeps
SELECT a::text FROM t
-- plan
COMMENT ON EXTENSION citext IS 'Without case';
ALTER EXTENSION citext SET SCHEMA ext;

-- case: an extension gets another version
-- only there
-- old
CREATE EXTENSION hstore VERSION '1.4';
-- change
ALTER EXTENSION hstore UPDATE TO '1.8';
-- plan
ALTER EXTENSION hstore UPDATE TO '1.8';
