-- What the model does not hold, one of each, and what must not be taken for it.
CREATE EXTENSION citext;
CREATE EXTENSION postgres_fdw;
CREATE SCHEMA pleach;
COMMENT ON SCHEMA pleach IS 'Not yours';
CREATE TABLE pleach.marker (id integer PRIMARY KEY);
COMMENT ON TABLE pleach.marker IS 'Not yours either';
COMMENT ON CONSTRAINT marker_pkey ON pleach.marker IS 'Nor this';

CREATE TYPE public.shell;
CREATE TYPE public.whole;
CREATE FUNCTION public.whole_in(cstring) RETURNS public.whole LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION public.whole_out(public.whole) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE public.whole (INPUT = public.whole_in, OUTPUT = public.whole_out, LIKE = integer);
CREATE OPERATOR public.=== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq);
CREATE OPERATOR FAMILY public.some_family USING hash;
CREATE OPERATOR CLASS public.some_class FOR TYPE integer USING hash FAMILY public.some_family AS STORAGE integer;
CREATE CAST (public.whole AS integer) WITHOUT FUNCTION;
CREATE COLLATION public.sorted FROM "C";
CREATE CONVERSION public.converted FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE TEXT SEARCH CONFIGURATION public.searched (COPY = simple);
CREATE TEXT SEARCH DICTIONARY public.words (TEMPLATE = pg_catalog.simple);
CREATE TEXT SEARCH PARSER public.parsed (
    START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE public.templated (LEXIZE = dsimple_lexize);
CREATE TRANSFORM FOR integer LANGUAGE sql
    (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
CREATE FUNCTION public.transformed(integer) RETURNS integer TRANSFORM FOR TYPE integer LANGUAGE sql AS 'SELECT $1';
CREATE LANGUAGE spoken HANDLER plpgsql_call_handler;
CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE public.heaped (a integer) USING heap2;
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER wrapper;
CREATE USER MAPPING FOR postgres SERVER elsewhere;
CREATE FOREIGN TABLE public.far (a integer NOT NULL DEFAULT 1, CHECK (a > 0)) SERVER elsewhere;
CREATE TABLE public.nearer () INHERITS (public.far);
CREATE PUBLICATION published FOR TABLE public.heaped;
CREATE SUBSCRIPTION subscribed CONNECTION 'dbname=none' PUBLICATION none WITH (connect = false);
SELECT lo_create(0);

CREATE TABLE public.kept (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, word public.citext);
COMMENT ON INDEX public.kept_pkey IS 'Behind a constraint';
COMMENT ON SEQUENCE public.kept_id_seq IS 'Inside a column';
GRANT USAGE ON SEQUENCE public.kept_id_seq TO app_reader;
CREATE INDEX kept_word ON public.kept (word);
ALTER INDEX public.kept_word DEPENDS ON EXTENSION citext;
CREATE TABLE public.parts (a integer) PARTITION BY LIST (a);
CREATE TABLE public.part PARTITION OF public.parts DEFAULT;
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch AFTER INSERT ON public.parts FOR EACH ROW EXECUTE FUNCTION public.touch();
ALTER TABLE public.part DISABLE TRIGGER touch;

-- What users make on an extension's tables is theirs.
CREATE TABLE public.of_plpgsql (id int);
ALTER EXTENSION plpgsql ADD TABLE public.of_plpgsql;
CREATE INDEX of_plpgsql_id ON public.of_plpgsql (id);
ALTER TABLE public.of_plpgsql ADD CONSTRAINT of_plpgsql_positive CHECK (id > 0);
CREATE RULE of_plpgsql_stay AS ON DELETE TO public.of_plpgsql DO INSTEAD NOTHING;
CREATE POLICY of_plpgsql_own ON public.of_plpgsql USING (true);
CREATE TRIGGER of_plpgsql_same BEFORE UPDATE ON public.of_plpgsql
    FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
