-- Domains: bases, defaults, constraints, and columns that have them.

-- case: a domain comes with everything that can be said of it
-- old
CREATE SCHEMA area;
-- change
CREATE DOMAIN area.code AS varchar(8) COLLATE "C" DEFAULT 'x' NOT NULL CONSTRAINT long CHECK (length(VALUE) > 0) CONSTRAINT plain CHECK (VALUE <> '%');
COMMENT ON DOMAIN area.code IS 'A code';
COMMENT ON CONSTRAINT long ON DOMAIN area.code IS 'Not empty';
REVOKE USAGE ON DOMAIN area.code FROM PUBLIC;
-- plan
CREATE DOMAIN area.code AS character varying(8) COLLATE pg_catalog."C" DEFAULT 'x'::character varying NOT NULL;
COMMENT ON DOMAIN area.code IS 'A code';
REVOKE USAGE ON TYPE area.code FROM PUBLIC;
ALTER DOMAIN area.code ADD CONSTRAINT long CHECK ((length((VALUE)::text) > 0));
COMMENT ON CONSTRAINT long ON DOMAIN area.code IS 'Not empty';
ALTER DOMAIN area.code ADD CONSTRAINT plain CHECK (((VALUE)::text <> '%'::text));

-- case: a domain goes with the column that had it
-- old
CREATE DOMAIN code AS text CHECK (VALUE <> '');
CREATE TABLE t (id integer, c code);
-- change
ALTER TABLE t DROP COLUMN c;
DROP DOMAIN code;
-- plan
-- destroys all values of public.t.c
ALTER TABLE public.t DROP COLUMN c;
DROP DOMAIN public.code;

-- case: a domain gets a constraint that rows are checked against
-- old
CREATE DOMAIN code AS text;
CREATE TABLE t (c code);
INSERT INTO t VALUES ('a');
-- change
ALTER DOMAIN code ADD CONSTRAINT filled CHECK (VALUE <> '');
-- keeps
SELECT * FROM t
-- plan
ALTER DOMAIN public.code ADD CONSTRAINT filled CHECK ((VALUE <> ''::text));

-- case: a domain loses its only constraint
-- old
CREATE DOMAIN code AS text CONSTRAINT filled CHECK (VALUE <> '');
CREATE TABLE t (c code);
-- change
ALTER DOMAIN code DROP CONSTRAINT filled;
-- plan
ALTER DOMAIN public.code DROP CONSTRAINT filled;

-- case: a domain becomes not null
-- old
CREATE DOMAIN code AS text;
CREATE TABLE t (c code);
-- change
ALTER DOMAIN code SET NOT NULL;
-- plan
ALTER DOMAIN public.code SET NOT NULL;

-- case: a domain may be null again
-- old
CREATE DOMAIN code AS text NOT NULL;
CREATE TABLE t (c code);
-- change
ALTER DOMAIN code DROP NOT NULL;
-- plan
ALTER DOMAIN public.code DROP NOT NULL;

-- case: a domain's default comes
-- old
CREATE DOMAIN code AS text;
-- change
ALTER DOMAIN code SET DEFAULT 'x' || CURRENT_DATE;
-- plan
ALTER DOMAIN public.code SET DEFAULT ('x'::text || CURRENT_DATE);

-- case: a domain's default goes
-- old
CREATE DOMAIN code AS text DEFAULT 'x';
CREATE TABLE t (c code);
-- change
ALTER DOMAIN code DROP DEFAULT;
-- plan
ALTER DOMAIN public.code DROP DEFAULT;

-- case: a domain is renamed under its columns and a function
-- old
CREATE DOMAIN code AS text CHECK (VALUE <> '');
CREATE TABLE t (c code DEFAULT 'x');
CREATE FUNCTION f(c code) RETURNS code LANGUAGE sql AS 'SELECT c';
-- change
ALTER DOMAIN code RENAME TO label;
-- plan
ALTER DOMAIN public.code RENAME TO label;

-- case: a domain moves to another schema
-- old
CREATE SCHEMA area;
CREATE DOMAIN code AS text CHECK (VALUE <> '');
CREATE TABLE t (c code, many code[]);
-- change
ALTER DOMAIN code SET SCHEMA area;
-- plan
ALTER DOMAIN public.code SET SCHEMA area;

-- case: the check of a domain calls a function that is made again
-- old
CREATE FUNCTION fine(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT $1 <> ''$$;
CREATE DOMAIN code AS text CONSTRAINT is_fine CHECK (fine(VALUE));
CREATE TABLE t (c code);
INSERT INTO t VALUES ('a');
-- change
ALTER DOMAIN code DROP CONSTRAINT is_fine;
DROP FUNCTION fine(text);
CREATE FUNCTION fine(it text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT $1 <> ''$$;
ALTER DOMAIN code ADD CONSTRAINT is_fine CHECK (fine(VALUE));
-- keeps
SELECT * FROM t
-- plan
CREATE OR REPLACE FUNCTION public.fine(it text)
    RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$SELECT $1 <> ''$$;

-- case: the collation of a domain changes by making it again
-- old
CREATE DOMAIN code AS text;
CREATE TABLE t (c code);
INSERT INTO t VALUES ('a');
-- change
ALTER TABLE t ALTER c TYPE text;
DROP DOMAIN code;
CREATE DOMAIN code AS text COLLATE "C";
ALTER TABLE t ALTER c TYPE code;
-- keeps
SELECT * FROM t
-- plan
ALTER DOMAIN public.code RENAME TO pleach_1;
CREATE DOMAIN public.code AS text COLLATE pg_catalog."C";
ALTER TABLE public.t ALTER COLUMN c TYPE public.code USING c::public.code;
DROP DOMAIN public.pleach_1;

-- case: a domain over a domain gets another base
-- old
CREATE DOMAIN small AS integer CHECK (VALUE < 100);
CREATE DOMAIN tiny AS small CHECK (VALUE < 10);
CREATE TABLE t (a tiny, b small);
INSERT INTO t VALUES (3, 30);
-- change
ALTER TABLE t ALTER a TYPE bigint, ALTER b TYPE bigint;
DROP DOMAIN tiny;
DROP DOMAIN small;
CREATE DOMAIN small AS bigint CHECK (VALUE < 100);
CREATE DOMAIN tiny AS small CHECK (VALUE < 10);
ALTER TABLE t ALTER a TYPE tiny, ALTER b TYPE small;
-- keeps
SELECT * FROM t
-- plan
ALTER DOMAIN public.small RENAME TO pleach_1;
ALTER DOMAIN public.tiny RENAME TO pleach_2;
CREATE DOMAIN public.small AS bigint;
CREATE DOMAIN public.tiny AS public.small;
ALTER TABLE public.t ALTER COLUMN a TYPE public.tiny USING a::public.tiny;
DROP DOMAIN public.pleach_2;
ALTER DOMAIN public.tiny ADD CONSTRAINT tiny_check CHECK (((VALUE)::bigint < 10));
ALTER TABLE public.t ALTER COLUMN b TYPE public.small USING b::public.small;
DROP DOMAIN public.pleach_1;
ALTER DOMAIN public.small ADD CONSTRAINT small_check CHECK ((VALUE < 100));

-- case: a column takes a domain on and gives it up
-- old
CREATE DOMAIN code AS text CHECK (VALUE <> '');
CREATE TABLE t (a text, b code);
INSERT INTO t VALUES ('a', 'b');
-- change
ALTER TABLE t ALTER a TYPE code, ALTER b TYPE text;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ALTER COLUMN a TYPE public.code USING a::public.code;
ALTER TABLE public.t ALTER COLUMN b TYPE text USING b::text;

-- case: a domain of arrays and an array of domains change
-- old
CREATE DOMAIN codes AS text[] CHECK (array_length(VALUE, 1) < 9);
CREATE DOMAIN code AS text;
CREATE TABLE t (a codes, b code[]);
INSERT INTO t VALUES ('{x}', '{y}');
-- change
ALTER DOMAIN codes DROP CONSTRAINT codes_check;
ALTER TABLE t ALTER b TYPE text[];
-- keeps
SELECT * FROM t
-- plan
ALTER DOMAIN public.codes DROP CONSTRAINT codes_check;
ALTER TABLE public.t ALTER COLUMN b TYPE text[] USING b::text[];

-- case: a domain's constraint is validated
-- old
CREATE DOMAIN code AS text;
ALTER DOMAIN code ADD CONSTRAINT filled CHECK (VALUE <> '') NOT VALID;
CREATE TABLE t (c code);
-- change
ALTER DOMAIN code VALIDATE CONSTRAINT filled;
-- plan
ALTER DOMAIN public.code VALIDATE CONSTRAINT filled;
