-- Sequences and extensions.

-- case: sequences come, change and go
-- old
CREATE SEQUENCE one;
CREATE SEQUENCE two INCREMENT -2 MINVALUE -9 MAXVALUE 9 START 7 CACHE 5 CYCLE;
CREATE SEQUENCE three;
CREATE SEQUENCE four AS smallint;
-- change
ALTER SEQUENCE one INCREMENT 5 MINVALUE 10 START 20 RESTART 20 CACHE 2 CYCLE;
ALTER SEQUENCE two INCREMENT 1 NO MINVALUE NO MAXVALUE START 1 RESTART 1 CACHE 1 NO CYCLE;
DROP SEQUENCE three;
ALTER SEQUENCE four AS integer;
CREATE SEQUENCE five AS smallint START 3;
COMMENT ON SEQUENCE one IS 'Counts';
-- plan
-- destroys the position of sequence public.three
DROP SEQUENCE public.three;
CREATE SEQUENCE public.five AS smallint START WITH 3;
ALTER SEQUENCE public.four AS integer;
SELECT pg_catalog.setval('public.one', LEAST(GREATEST(last_value, 10), 9223372036854775807), is_called AND last_value BETWEEN 10 AND 9223372036854775807) FROM public.one;
ALTER SEQUENCE public.one INCREMENT BY 5 MINVALUE 10 START WITH 20 CACHE 2 CYCLE;
COMMENT ON SEQUENCE public.one IS 'Counts';
SELECT pg_catalog.setval('public.two', LEAST(GREATEST(last_value, 1), 9223372036854775807), is_called AND last_value BETWEEN 1 AND 9223372036854775807) FROM public.two;
ALTER SEQUENCE public.two NO MINVALUE NO MAXVALUE INCREMENT BY 1 CACHE 1 NO CYCLE START WITH 1;

-- case: a sequence keeps its place when its table is replaced
-- old
CREATE TABLE t (id integer PRIMARY KEY);
CREATE SEQUENCE numbers OWNED BY t.id;
ALTER TABLE t ALTER id SET DEFAULT nextval('numbers');
SELECT nextval('numbers'), nextval('numbers');
-- change
ALTER SEQUENCE numbers OWNED BY NONE;
DROP TABLE t;
CREATE TABLE t (id integer PRIMARY KEY DEFAULT nextval('numbers'));
ALTER SEQUENCE numbers OWNED BY t.id;
-- keeps
SELECT last_value FROM numbers
-- plan
ALTER SEQUENCE public.numbers OWNED BY NONE;
-- destroys all rows of public.t
DROP TABLE public.t;
CREATE TABLE public.t (
    id integer DEFAULT nextval('public.numbers'::regclass) NOT NULL,
    CONSTRAINT t_pkey PRIMARY KEY (id)
);
ALTER SEQUENCE public.numbers OWNED BY public.t.id;

-- case: a sequence gets another owner and loses one
-- old
CREATE TABLE t (a integer, b integer);
CREATE SEQUENCE one OWNED BY t.a;
CREATE SEQUENCE two OWNED BY t.a;
CREATE SEQUENCE three;
-- change
ALTER SEQUENCE one OWNED BY t.b;
ALTER SEQUENCE two OWNED BY NONE;
ALTER SEQUENCE three OWNED BY t.b;
ALTER TABLE t DROP COLUMN a;
-- plan
ALTER SEQUENCE public.one OWNED BY NONE;
ALTER SEQUENCE public.two OWNED BY NONE;
-- destroys all values of public.t.a
ALTER TABLE public.t DROP COLUMN a;
ALTER SEQUENCE public.one OWNED BY public.t.b;
ALTER SEQUENCE public.three OWNED BY public.t.b;

-- case: a sequence that columns use is replaced
-- old
CREATE SEQUENCE numbers;
CREATE TABLE t (id integer DEFAULT nextval('numbers'), b integer DEFAULT 2 + nextval('numbers'));
-- change
DROP SEQUENCE numbers CASCADE;
CREATE SEQUENCE numbers START 100;
ALTER TABLE t ALTER id SET DEFAULT nextval('numbers'), ALTER b SET DEFAULT 2 + nextval('numbers');
-- plan
ALTER TABLE public.t ALTER COLUMN b DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN id DROP DEFAULT;
-- destroys the position of sequence public.numbers
DROP SEQUENCE public.numbers;
CREATE SEQUENCE public.numbers START WITH 100;
ALTER TABLE ONLY public.t ALTER COLUMN b SET DEFAULT (2 + nextval('public.numbers'::regclass));
ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT nextval('public.numbers'::regclass);

-- case: sequences are renamed, move and swap
-- old
CREATE SCHEMA area;
CREATE SEQUENCE a;
CREATE SEQUENCE b;
CREATE SEQUENCE c;
CREATE TABLE t (x integer DEFAULT nextval('a'), y integer DEFAULT nextval('b'), z integer DEFAULT nextval('c'));
-- change
ALTER SEQUENCE a RENAME TO tmp;
ALTER SEQUENCE b RENAME TO a;
ALTER SEQUENCE tmp RENAME TO b;
ALTER SEQUENCE c SET SCHEMA area;
-- plan
ALTER SEQUENCE public.a RENAME TO pleach_1;
ALTER SEQUENCE public.b RENAME TO pleach_2;
ALTER SEQUENCE public.pleach_1 RENAME TO b;
ALTER SEQUENCE public.pleach_2 RENAME TO a;
ALTER SEQUENCE public.c SET SCHEMA area;

-- case: a serial table moves and is renamed with its sequence
-- old
CREATE SCHEMA area;
CREATE TABLE t (id serial PRIMARY KEY, n integer GENERATED ALWAYS AS IDENTITY);
-- change
ALTER TABLE t SET SCHEMA area;
ALTER TABLE area.t RENAME TO u;
ALTER SEQUENCE area.t_id_seq RENAME TO u_id_seq;
ALTER SEQUENCE area.t_n_seq RENAME TO u_n_seq;
-- plan
ALTER TABLE public.t SET SCHEMA area;
ALTER TABLE area.t RENAME TO u;
ALTER SEQUENCE area.t_id_seq RENAME TO u_id_seq;
ALTER SEQUENCE area.t_n_seq RENAME TO u_n_seq;

-- case: extensions come with what is made of them
-- old
CREATE SCHEMA ext;
-- change
CREATE EXTENSION citext SCHEMA ext;
COMMENT ON EXTENSION citext IS 'Case does not matter';
CREATE TABLE t (name ext.citext);
CREATE INDEX t_name ON t (name);
-- plan 15
CREATE EXTENSION citext WITH SCHEMA ext VERSION '1.6';
COMMENT ON EXTENSION citext IS 'Case does not matter';
CREATE TABLE public.t (
    name ext.citext
);
CREATE INDEX t_name ON public.t USING btree (name);
-- plan 18
CREATE EXTENSION citext WITH SCHEMA ext VERSION '1.8';
COMMENT ON EXTENSION citext IS 'Case does not matter';
CREATE TABLE public.t (
    name ext.citext
);
CREATE INDEX t_name ON public.t USING btree (name);
