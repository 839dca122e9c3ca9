-- Composite and range types, and what has them.

-- case: a composite type comes with comments on its attributes
-- old
CREATE SCHEMA area;
-- change
CREATE TYPE area.place AS (street text COLLATE "C", "No." integer, at point);
COMMENT ON TYPE area.place IS 'Where';
COMMENT ON COLUMN area.place."No." IS 'The number';
-- plan
CREATE TYPE area.place AS (
    street text COLLATE pg_catalog."C",
    "No." integer,
    at point
);
COMMENT ON COLUMN area.place."No." IS 'The number';
COMMENT ON TYPE area.place IS 'Where';

-- case: a composite type goes with the table that had it
-- old
CREATE TYPE place AS (street text);
CREATE TABLE t (p place, many place[]);
-- change
DROP TABLE t;
DROP TYPE place;
-- plan
-- destroys all rows of public.t
DROP TABLE public.t;
DROP TYPE public.place;

-- case: an attribute is added to a composite type that columns have
-- old
CREATE TYPE place AS (street text);
CREATE TABLE t (p place);
INSERT INTO t VALUES (ROW('x'));
-- change
ALTER TYPE place ADD ATTRIBUTE zip text;
-- keeps
SELECT (p).street FROM t
-- plan
ALTER TYPE public.place ADD ATTRIBUTE zip text CASCADE;

-- case: an attribute is dropped from a composite type that columns have
-- old
CREATE TYPE place AS (street text, zip text);
CREATE TABLE t (p place);
INSERT INTO t VALUES (ROW('x', 'y'));
-- change
ALTER TYPE place DROP ATTRIBUTE zip;
-- keeps
SELECT (p).street FROM t
-- plan
-- destroys all values of attribute public.place.zip
ALTER TYPE public.place DROP ATTRIBUTE zip CASCADE;

-- case: an attribute is renamed under a view that reads it
-- old
CREATE TYPE place AS (street text, zip text);
CREATE TABLE t (p place);
CREATE VIEW v AS SELECT (p).zip FROM t;
-- change
ALTER TYPE place RENAME ATTRIBUTE zip TO postcode;
-- plan
ALTER TYPE public.place RENAME ATTRIBUTE zip TO postcode CASCADE;

-- case: attributes of a type that a function returns change
-- old
CREATE TYPE pair AS (a integer, b text);
CREATE FUNCTION f() RETURNS pair LANGUAGE sql AS $$SELECT 1, 'x'$$;
CREATE FUNCTION g(p pair) RETURNS SETOF pair LANGUAGE sql AS 'SELECT p';
-- change
ALTER TYPE pair ADD ATTRIBUTE c integer;
ALTER TYPE pair RENAME TO triple;
-- plan
ALTER TYPE public.pair RENAME TO triple;
ALTER TYPE public.triple ADD ATTRIBUTE c integer CASCADE;

-- case: an attribute changes its type where only a function has the type
-- old
CREATE TYPE pair AS (a integer, b text);
CREATE FUNCTION f(p pair) RETURNS integer LANGUAGE sql AS 'SELECT 1';
-- change
ALTER TYPE pair ALTER ATTRIBUTE a TYPE bigint;
-- plan
ALTER TYPE public.pair ALTER ATTRIBUTE a TYPE bigint CASCADE;

-- case: the comments of attributes change and go
-- old
CREATE TYPE pair AS (a integer, b text);
COMMENT ON COLUMN pair.a IS 'One';
COMMENT ON COLUMN pair.b IS 'Two';
-- change
COMMENT ON COLUMN pair.a IS 'First';
COMMENT ON COLUMN pair.b IS NULL;
-- plan
COMMENT ON COLUMN public.pair.a IS 'First';
COMMENT ON COLUMN public.pair.b IS NULL;

-- case: a composite type within a composite type gets an attribute
-- old
CREATE TYPE inner_one AS (a integer);
CREATE TYPE outer_one AS (i inner_one, n text);
CREATE TABLE t (o outer_one);
INSERT INTO t VALUES (ROW(ROW(1), 'x'));
-- change
ALTER TYPE inner_one ADD ATTRIBUTE b integer;
-- keeps
SELECT ((o).i).a FROM t
-- plan
ALTER TYPE public.inner_one ADD ATTRIBUTE b integer CASCADE;

-- case: a type of a typed table gets, loses and renames attributes
-- old
CREATE TYPE place AS (street text, zip text, gone integer);
CREATE TABLE homes OF place (street NOT NULL);
INSERT INTO homes VALUES ('a', 'b', 1);
-- change
ALTER TYPE place DROP ATTRIBUTE gone CASCADE;
ALTER TYPE place RENAME ATTRIBUTE zip TO postcode CASCADE;
ALTER TYPE place ADD ATTRIBUTE town text CASCADE;
-- keeps
SELECT street, postcode FROM homes
-- plan
-- destroys all values of attribute public.place.gone
ALTER TYPE public.place DROP ATTRIBUTE gone CASCADE;
ALTER TYPE public.place RENAME ATTRIBUTE zip TO postcode CASCADE;
ALTER TYPE public.place ADD ATTRIBUTE town text CASCADE;

-- case: a table of the wrong order of columns becomes typed with its rows
-- names
-- old
CREATE TYPE place AS (street text, zip text);
CREATE TABLE homes (zip text, street text);
INSERT INTO homes VALUES ('b', 'a');
-- change
DROP TABLE homes;
CREATE TABLE homes OF place;
INSERT INTO homes VALUES ('a', 'b');
-- keeps
SELECT * FROM homes
-- plan
ALTER TABLE public.homes RENAME TO pleach_1;
CREATE TABLE public.homes OF public.place;
INSERT INTO public.homes (street, zip) SELECT street, zip FROM ONLY public.pleach_1;
DROP TABLE public.pleach_1;

-- case: a typed table becomes one of another type while its own loses an attribute
-- names
-- old
CREATE TYPE place AS (street text, zip text);
CREATE TYPE spot AS (zip text, note text);
CREATE TABLE homes OF place;
INSERT INTO homes VALUES ('a', 'b');
-- change
DROP TABLE homes;
ALTER TYPE place DROP ATTRIBUTE street;
CREATE TABLE homes OF spot;
INSERT INTO homes VALUES ('b');
-- keeps
SELECT * FROM homes
-- plan
ALTER TABLE public.homes NOT OF;
-- destroys all values of attribute public.place.street
ALTER TYPE public.place DROP ATTRIBUTE street CASCADE;
-- destroys all values of public.homes.street
ALTER TABLE public.homes DROP COLUMN street;
ALTER TABLE public.homes ADD COLUMN note text;
ALTER TABLE public.homes OF public.spot;

-- case: a typed table goes back to a type that has its attributes in another order
-- names
-- old
CREATE TYPE place AS (number integer, street text);
CREATE TYPE spot AS (note text);
CREATE TABLE homes OF spot;
-- change
DROP TABLE homes;
DROP TYPE place;
CREATE TYPE place AS (zip text, number integer, street text);
CREATE TABLE homes OF place;
-- plan
ALTER TABLE public.homes RENAME TO pleach_1;
ALTER TYPE public.place ADD ATTRIBUTE zip text CASCADE;
CREATE TABLE public.homes OF public.place;
-- destroys all rows of public.homes
DROP TABLE public.pleach_1;

-- case: a range type goes with its multirange
-- old
CREATE TYPE span AS RANGE (subtype = integer);
CREATE TABLE t (a span, b span_multirange);
-- change
DROP TABLE t;
DROP TYPE span;
-- plan
-- destroys all rows of public.t
DROP TABLE public.t;
DROP TYPE public.span;

-- case: a range with a function of its own comes
-- old
CREATE TABLE t (id integer);
-- change
CREATE FUNCTION apart(a text, b text) RETURNS double precision LANGUAGE sql IMMUTABLE AS 'SELECT 1.0::float8';
CREATE TYPE letters AS RANGE (subtype = text, subtype_diff = apart, collation = "C");
ALTER TABLE t ADD COLUMN l letters;
-- plan
CREATE OR REPLACE FUNCTION public.apart(a text, b text)
    RETURNS double precision
    LANGUAGE sql IMMUTABLE
    AS $$SELECT 1.0::float8$$;
CREATE TYPE public.letters AS RANGE (SUBTYPE = text, COLLATION = pg_catalog."C", SUBTYPE_DIFF = public.apart, MULTIRANGE_TYPE_NAME = public.letters_multirange);
ALTER TABLE public.t ADD COLUMN l public.letters;

-- case: a range type is renamed and moves, its multirange too
-- old
CREATE SCHEMA area;
CREATE TYPE span AS RANGE (subtype = integer, multirange_type_name = spans);
CREATE TABLE t (a span, b spans);
INSERT INTO t VALUES ('[1,2)', '{[1,2)}');
-- change
ALTER TYPE span RENAME TO stretch;
ALTER TYPE stretch SET SCHEMA area;
-- keeps
SELECT * FROM t
-- plan
ALTER TYPE public.span SET SCHEMA area;
ALTER TYPE area.span RENAME TO stretch;

-- case: a range type gets another operator class under an exclusion constraint
-- old
CREATE TYPE span AS RANGE (subtype = text);
CREATE TABLE t (s span, EXCLUDE USING gist (s WITH &&));
INSERT INTO t VALUES ('[a,b)');
-- change
ALTER TABLE t DROP CONSTRAINT t_s_excl;
ALTER TABLE t ALTER s TYPE text;
DROP TYPE span;
CREATE TYPE span AS RANGE (subtype = text, subtype_opclass = text_pattern_ops);
ALTER TABLE t ALTER s TYPE span USING s::span;
ALTER TABLE t ADD EXCLUDE USING gist (s WITH &&);
-- keeps
SELECT * FROM t
-- plan
ALTER TYPE public.span RENAME TO pleach_1;
ALTER FUNCTION public.span(text, text) RENAME TO pleach_1;
ALTER FUNCTION public.span(text, text, text) RENAME TO pleach_1;
ALTER FUNCTION public.span_multirange() RENAME TO pleach_1_m;
ALTER FUNCTION public.span_multirange(public.pleach_1) RENAME TO pleach_1_m;
ALTER FUNCTION public.span_multirange(public.pleach_1[]) RENAME TO pleach_1_m;
ALTER TYPE public.span_multirange RENAME TO pleach_1_m;
CREATE TYPE public.span AS RANGE (SUBTYPE = text, SUBTYPE_OPCLASS = pg_catalog.text_pattern_ops, MULTIRANGE_TYPE_NAME = public.span_multirange);
ALTER TABLE public.t ALTER COLUMN s TYPE public.span USING s::text::public.span;
DROP TYPE public.pleach_1;

-- case: a typed table becomes one of another type and its rows come along before its own loses an attribute
-- names
-- old
CREATE TYPE place AS (street text, number integer);
CREATE TABLE typed OF place;
INSERT INTO typed VALUES ('high', 7);
-- change
CREATE TYPE spot AS (road text, number integer);
DROP TABLE typed;
ALTER TYPE place DROP ATTRIBUTE number;
ALTER TYPE place ADD ATTRIBUTE more integer;
CREATE TABLE typed OF spot;
INSERT INTO typed VALUES (NULL, 7);
-- keeps
SELECT * FROM typed
-- plan
ALTER TABLE public.typed RENAME TO pleach_1;
CREATE TYPE public.spot AS (
    road text,
    number integer
);
ALTER TYPE public.place ADD ATTRIBUTE more integer CASCADE;
CREATE TABLE public.typed OF public.spot;
INSERT INTO public.typed (number) SELECT number FROM ONLY public.pleach_1;
-- destroys all values of attribute public.place.number
ALTER TYPE public.place DROP ATTRIBUTE number CASCADE;
-- destroys all values of public.typed.street
DROP TABLE public.pleach_1;
