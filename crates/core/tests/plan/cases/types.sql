-- Enums, domains, ranges, composite types.

-- case: an enum gets labels and renames one
-- old
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE t (m mood DEFAULT 'ok');
INSERT INTO t VALUES ('sad'), ('happy');
-- change
ALTER TYPE mood ADD VALUE 'glum' BEFORE 'ok';
ALTER TYPE mood ADD VALUE 'it''s great';
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
-- keeps
SELECT m FROM t ORDER BY m
-- plan
ALTER TYPE public.mood ADD VALUE IF NOT EXISTS 'glum' BEFORE 'ok';
ALTER TYPE public.mood ADD VALUE IF NOT EXISTS 'it''s great';
ALTER TYPE public.mood RENAME VALUE 'sad' TO 'blue';

-- case: a new label is used by what comes with it
-- old
CREATE TYPE status AS ENUM ('new', 'done');
CREATE TABLE tasks (id integer, s status DEFAULT 'new');
-- change
ALTER TYPE status ADD VALUE 'waiting' BEFORE 'done';
-- commit
ALTER TABLE tasks ALTER s SET DEFAULT 'waiting';
ALTER TABLE tasks ADD CHECK (id > 0 OR s = 'waiting');
CREATE INDEX waiting ON tasks (id) WHERE s = 'waiting';
-- plan
ALTER TYPE public.status ADD VALUE IF NOT EXISTS 'waiting' BEFORE 'done';
ALTER TABLE ONLY public.tasks ALTER COLUMN s SET DEFAULT 'waiting'::public.status;
ALTER TABLE public.tasks ADD CONSTRAINT tasks_check CHECK (((id > 0) OR (s = 'waiting'::public.status)));
CREATE INDEX waiting ON public.tasks USING btree (id) WHERE (s = 'waiting'::public.status);

-- case: a label is removed by making the type again
-- old
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE t (id integer, m mood DEFAULT 'ok', all_of_them mood[] DEFAULT '{ok}');
CREATE INDEX t_ok ON t (id) WHERE m = 'ok';
CREATE VIEW sad AS SELECT id FROM t WHERE m = 'sad';
CREATE FUNCTION worse(mood) RETURNS mood LANGUAGE sql IMMUTABLE AS $$SELECT 'sad'::mood$$;
CREATE FUNCTION cheer() RETURNS mood LANGUAGE sql RETURN 'happy'::mood;
INSERT INTO t VALUES (1, 'sad', '{sad,happy}');
-- change
DROP VIEW sad;
DROP FUNCTION worse(mood), cheer();
DROP INDEX t_ok;
ALTER TYPE mood RENAME TO mood_old;
CREATE TYPE mood AS ENUM ('happy', 'sad');
ALTER TABLE t ALTER m DROP DEFAULT, ALTER all_of_them DROP DEFAULT;
ALTER TABLE t ALTER m TYPE mood USING m::text::mood, ALTER all_of_them TYPE mood[] USING all_of_them::text::mood[];
ALTER TABLE t ALTER m SET DEFAULT 'happy';
DROP TYPE mood_old;
CREATE INDEX t_ok ON t (id) WHERE m = 'happy';
CREATE VIEW sad AS SELECT id FROM t WHERE m = 'sad';
CREATE FUNCTION worse(mood) RETURNS mood LANGUAGE sql IMMUTABLE AS $$SELECT 'sad'::mood$$;
CREATE FUNCTION cheer() RETURNS mood LANGUAGE sql RETURN 'happy'::mood;
-- keeps
SELECT id, m, all_of_them FROM t
-- plan 15
DROP INDEX public.t_ok;
DROP VIEW public.sad;
DROP FUNCTION public.cheer();
DROP FUNCTION public.worse(public.mood);
ALTER TYPE public.mood RENAME TO pleach_1;
CREATE TYPE public.mood AS ENUM ('happy', 'sad');
ALTER TABLE public.t ALTER COLUMN all_of_them DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN all_of_them TYPE public.mood[] USING all_of_them::text::public.mood[];
ALTER TABLE public.t ALTER COLUMN m DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN m TYPE public.mood USING m::text::public.mood;
ALTER TABLE ONLY public.t ALTER COLUMN m SET DEFAULT 'happy'::public.mood;
DROP TYPE public.pleach_1;
CREATE INDEX t_ok ON public.t USING btree (id) WHERE (m = 'happy'::public.mood);
CREATE VIEW public.sad AS
SELECT t.id
   FROM public.t
  WHERE (t.m = 'sad'::public.mood);
CREATE OR REPLACE FUNCTION public.cheer()
    RETURNS public.mood
    LANGUAGE sql
RETURN 'happy'::public.mood;
CREATE OR REPLACE FUNCTION public.worse(public.mood)
    RETURNS public.mood
    LANGUAGE sql IMMUTABLE
    AS $$SELECT 'sad'::mood$$;
-- plan 18
DROP INDEX public.t_ok;
DROP VIEW public.sad;
DROP FUNCTION public.cheer();
DROP FUNCTION public.worse(public.mood);
ALTER TYPE public.mood RENAME TO pleach_1;
CREATE TYPE public.mood AS ENUM ('happy', 'sad');
ALTER TABLE public.t ALTER COLUMN all_of_them DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN all_of_them TYPE public.mood[] USING all_of_them::text::public.mood[];
ALTER TABLE public.t ALTER COLUMN m DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN m TYPE public.mood USING m::text::public.mood;
ALTER TABLE ONLY public.t ALTER COLUMN m SET DEFAULT 'happy'::public.mood;
DROP TYPE public.pleach_1;
CREATE INDEX t_ok ON public.t USING btree (id) WHERE (m = 'happy'::public.mood);
CREATE VIEW public.sad AS
SELECT id
   FROM public.t
  WHERE (m = 'sad'::public.mood);
CREATE OR REPLACE FUNCTION public.cheer()
    RETURNS public.mood
    LANGUAGE sql
RETURN 'happy'::public.mood;
CREATE OR REPLACE FUNCTION public.worse(public.mood)
    RETURNS public.mood
    LANGUAGE sql IMMUTABLE
    AS $$SELECT 'sad'::mood$$;

-- case: an enum gives way to one that was there under another name
-- old
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE feeling AS ENUM ('happy', 'sad', 'both');
CREATE TABLE t (m mood DEFAULT 'sad');
INSERT INTO t VALUES ('happy');
-- change
ALTER TABLE t ALTER m DROP DEFAULT;
ALTER TABLE t ALTER m TYPE feeling USING m::text::feeling;
DROP TYPE mood;
ALTER TYPE feeling RENAME TO mood;
ALTER TABLE t ALTER m SET DEFAULT 'both';
-- keeps
SELECT m FROM t
-- plan
ALTER TYPE public.mood RENAME TO pleach_1;
ALTER TYPE public.feeling RENAME TO mood;
ALTER TABLE public.t ALTER COLUMN m DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN m TYPE public.mood USING m::text::public.mood;
ALTER TABLE ONLY public.t ALTER COLUMN m SET DEFAULT 'both'::public.mood;
DROP TYPE public.pleach_1;

-- case: two types swap their names
-- old
CREATE TYPE a AS ENUM ('x');
CREATE TYPE b AS ENUM ('y');
CREATE TABLE t (a a DEFAULT 'x', b b);
INSERT INTO t VALUES ('x', 'y');
-- change
ALTER TYPE a RENAME TO c;
ALTER TYPE b RENAME TO a;
ALTER TYPE c RENAME TO b;
-- keeps
SELECT * FROM t
-- plan
ALTER TYPE public.a RENAME TO pleach_1;
ALTER TYPE public.b RENAME TO pleach_2;
ALTER TYPE public.pleach_1 RENAME TO b;
ALTER TYPE public.pleach_2 RENAME TO a;

-- case: a domain changes in place
-- old
CREATE DOMAIN code AS text DEFAULT 'x' CONSTRAINT not_empty CHECK (VALUE <> '');
CREATE DOMAIN year AS integer NOT NULL;
CREATE TABLE t (c code, y year);
-- change
ALTER DOMAIN code DROP DEFAULT;
ALTER DOMAIN code DROP CONSTRAINT not_empty;
ALTER DOMAIN code ADD CONSTRAINT short CHECK (length(VALUE) < 9) NOT VALID;
ALTER DOMAIN code SET NOT NULL;
ALTER DOMAIN year SET DEFAULT 2000;
ALTER DOMAIN year DROP NOT NULL;
COMMENT ON DOMAIN code IS 'A code';
-- plan
ALTER DOMAIN public.code DROP CONSTRAINT not_empty;
COMMENT ON DOMAIN public.code IS 'A code';
ALTER DOMAIN public.code SET NOT NULL;
ALTER DOMAIN public.code DROP DEFAULT;
ALTER DOMAIN public.year DROP NOT NULL;
ALTER DOMAIN public.year SET DEFAULT 2000;
ALTER DOMAIN public.code ADD CONSTRAINT short CHECK ((length(VALUE) < 9)) NOT VALID;

-- case: a constraint of a domain is renamed, validated and changed
-- old
CREATE DOMAIN code AS text CONSTRAINT a CHECK (VALUE <> '') CONSTRAINT b CHECK (VALUE <> 'b');
ALTER DOMAIN code ADD CONSTRAINT c CHECK (VALUE <> 'c') NOT VALID;
COMMENT ON CONSTRAINT a ON DOMAIN code IS 'Not empty';
-- change
ALTER DOMAIN code RENAME CONSTRAINT a TO z;
ALTER DOMAIN code DROP CONSTRAINT b;
ALTER DOMAIN code ADD CONSTRAINT b CHECK (VALUE <> 'bb');
ALTER DOMAIN code VALIDATE CONSTRAINT c;
-- plan
ALTER DOMAIN public.code DROP CONSTRAINT b;
ALTER DOMAIN public.code RENAME CONSTRAINT a TO z;
ALTER DOMAIN public.code ADD CONSTRAINT b CHECK ((VALUE <> 'bb'::text));
ALTER DOMAIN public.code VALIDATE CONSTRAINT c;

-- case: a domain gets another type by being made again
-- old
CREATE DOMAIN amount AS integer CHECK (VALUE > 0);
CREATE TABLE t (a amount DEFAULT 3, b integer);
CREATE VIEW v AS SELECT a FROM t;
INSERT INTO t VALUES (5, 6);
-- change
DROP VIEW v;
ALTER TABLE t ALTER a DROP DEFAULT, ALTER a TYPE integer;
DROP DOMAIN amount;
CREATE DOMAIN amount AS bigint CHECK (VALUE > 0);
ALTER TABLE t ALTER a TYPE amount, ALTER a SET DEFAULT 3;
CREATE VIEW v AS SELECT a FROM t;
-- keeps
SELECT * FROM t
-- plan 15
DROP VIEW public.v;
ALTER DOMAIN public.amount RENAME TO pleach_1;
CREATE DOMAIN public.amount AS bigint;
ALTER TABLE public.t ALTER COLUMN a DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN a TYPE public.amount USING a::public.amount;
ALTER TABLE ONLY public.t ALTER COLUMN a SET DEFAULT 3;
DROP DOMAIN public.pleach_1;
ALTER DOMAIN public.amount ADD CONSTRAINT amount_check CHECK ((VALUE > 0));
CREATE VIEW public.v AS
SELECT t.a
   FROM public.t;
-- plan 18
DROP VIEW public.v;
ALTER DOMAIN public.amount RENAME TO pleach_1;
CREATE DOMAIN public.amount AS bigint;
ALTER TABLE public.t ALTER COLUMN a DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN a TYPE public.amount USING a::public.amount;
ALTER TABLE ONLY public.t ALTER COLUMN a SET DEFAULT 3;
DROP DOMAIN public.pleach_1;
ALTER DOMAIN public.amount ADD CONSTRAINT amount_check CHECK ((VALUE > 0));
CREATE VIEW public.v AS
SELECT a
   FROM public.t;

-- case: the default of a domain calls a function that is made again
-- old
CREATE FUNCTION code() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE DOMAIN d AS integer DEFAULT code();
CREATE TABLE t (a integer DEFAULT code());
-- change
ALTER DOMAIN d DROP DEFAULT;
ALTER TABLE t ALTER a DROP DEFAULT;
DROP FUNCTION code();
CREATE FUNCTION code() RETURNS bigint LANGUAGE sql AS 'SELECT 1';
ALTER DOMAIN d SET DEFAULT code();
ALTER TABLE t ALTER a SET DEFAULT code();
-- plan
ALTER DOMAIN public.d DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN a DROP DEFAULT;
DROP FUNCTION public.code();
CREATE OR REPLACE FUNCTION public.code()
    RETURNS bigint
    LANGUAGE sql
    AS $$SELECT 1$$;
ALTER DOMAIN public.d SET DEFAULT public.code();
ALTER TABLE ONLY public.t ALTER COLUMN a SET DEFAULT public.code();

-- case: a composite type gets and loses attributes
-- old
CREATE TYPE place AS (street text, number integer, gone text);
CREATE TABLE homes (p place);
CREATE TABLE typed OF place;
-- change
ALTER TYPE place ADD ATTRIBUTE zip text COLLATE "C" CASCADE;
ALTER TYPE place DROP ATTRIBUTE gone CASCADE;
ALTER TYPE place RENAME ATTRIBUTE number TO no CASCADE;
COMMENT ON COLUMN place.street IS 'Where';
-- plan
-- destroys all values of attribute public.place.gone
ALTER TYPE public.place DROP ATTRIBUTE gone CASCADE;
ALTER TYPE public.place RENAME ATTRIBUTE number TO no CASCADE;
COMMENT ON COLUMN public.place.street IS 'Where';
ALTER TYPE public.place ADD ATTRIBUTE zip text COLLATE pg_catalog."C" CASCADE;

-- case: an attribute of a composite type changes its type
-- old
CREATE TYPE place AS (street text, number integer);
CREATE TYPE used AS (street text, number integer);
CREATE TABLE homes (p used);
INSERT INTO homes VALUES (ROW('x', 1));
-- change
ALTER TYPE place ALTER ATTRIBUTE number TYPE bigint;
ALTER TABLE homes ALTER p TYPE text;
ALTER TYPE used ALTER ATTRIBUTE number TYPE bigint;
ALTER TABLE homes ALTER p TYPE used USING p::used;
-- keeps
SELECT * FROM homes
-- plan
ALTER TYPE public.used RENAME TO pleach_1;
CREATE TYPE public.used AS (
    street text,
    number bigint
);
ALTER TYPE public.place ALTER ATTRIBUTE number TYPE bigint CASCADE;
ALTER TABLE public.homes ALTER COLUMN p TYPE public.used USING p::text::public.used;
DROP TYPE public.pleach_1;

-- case: a range type comes and is made again
-- old
CREATE TYPE span AS RANGE (subtype = integer);
CREATE TABLE t (s span, many span[]);
INSERT INTO t VALUES ('[1,3)', '{"[1,2)"}');
-- change
ALTER TABLE t ALTER s TYPE text, ALTER many TYPE text;
DROP TYPE span;
CREATE TYPE span AS RANGE (subtype = bigint, multirange_type_name = spans);
CREATE TYPE letters AS RANGE (subtype = text, collation = "C");
ALTER TABLE t ALTER s TYPE span USING s::span, ALTER many TYPE span[] USING many::span[];
ALTER TABLE t ADD COLUMN all_of_them spans;
-- keeps
SELECT s, many FROM t
-- plan
ALTER TYPE public.span RENAME TO pleach_1;
CREATE TYPE public.letters AS RANGE (SUBTYPE = text, COLLATION = pg_catalog."C", MULTIRANGE_TYPE_NAME = public.letters_multirange);
CREATE TYPE public.span AS RANGE (SUBTYPE = bigint, MULTIRANGE_TYPE_NAME = public.spans);
ALTER TABLE public.t ALTER COLUMN many TYPE public.span[] USING many::text::public.span[];
ALTER TABLE public.t ALTER COLUMN s TYPE public.span USING s::text::public.span;
DROP TYPE public.pleach_1;
ALTER TABLE public.t ADD COLUMN all_of_them public.spans;

-- case: types are renamed and moved with what has them
-- old
CREATE SCHEMA area;
CREATE TYPE mood AS ENUM ('a');
CREATE DOMAIN code AS text CHECK (VALUE <> '');
CREATE TYPE place AS (m mood, c code);
CREATE TABLE t (m mood DEFAULT 'a', c code, p place);
CREATE FUNCTION f(m mood) RETURNS code LANGUAGE sql AS $$SELECT 'x'::text$$;
-- change
ALTER TYPE mood SET SCHEMA area;
ALTER DOMAIN code RENAME TO "Code";
ALTER TYPE place RENAME TO spot;
-- plan
ALTER TYPE public.mood SET SCHEMA area;
ALTER DOMAIN public.code RENAME TO "Code";
ALTER TYPE public.place RENAME TO spot;

-- case: a table's row type is used by functions and columns of others
-- old
CREATE TABLE inner_one (a integer, b text);
CREATE TABLE outer_one (i inner_one, many inner_one[]);
CREATE FUNCTION f(x inner_one) RETURNS SETOF inner_one LANGUAGE sql AS 'SELECT x';
-- change
ALTER TABLE inner_one ADD COLUMN c integer;
ALTER TABLE inner_one RENAME TO inside;
ALTER TABLE inside DROP COLUMN b;
-- plan
-- destroys all values of public.inner_one.b
ALTER TABLE public.inner_one DROP COLUMN b;
ALTER TABLE public.inner_one RENAME TO inside;
ALTER TABLE public.inside ADD COLUMN c integer;
