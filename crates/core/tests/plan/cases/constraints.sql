-- Constraints and indexes.

-- case: constraints of every kind come and go
-- old
CREATE TABLE other (id integer PRIMARY KEY);
CREATE TABLE t (id integer PRIMARY KEY, a integer UNIQUE, b integer CHECK (b > 0), c integer REFERENCES other, d int4range,
    EXCLUDE USING gist (d WITH &&));
CREATE TABLE u (id integer, a integer, b integer, c integer, d int4range);
-- change
ALTER TABLE t DROP CONSTRAINT t_pkey, DROP CONSTRAINT t_a_key, DROP CONSTRAINT t_b_check, DROP CONSTRAINT t_c_fkey,
    DROP CONSTRAINT t_d_excl, ALTER id DROP NOT NULL;
ALTER TABLE u ADD PRIMARY KEY (id), ADD UNIQUE (a, b), ADD CHECK (b > 0), ADD EXCLUDE USING gist (d WITH &&),
    ADD FOREIGN KEY (c) REFERENCES other ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED;
-- plan
ALTER TABLE public.t DROP CONSTRAINT t_a_key;
ALTER TABLE public.t DROP CONSTRAINT t_b_check;
ALTER TABLE public.t DROP CONSTRAINT t_c_fkey;
ALTER TABLE public.t DROP CONSTRAINT t_d_excl;
ALTER TABLE public.t DROP CONSTRAINT t_pkey;
ALTER TABLE public.t ALTER COLUMN id DROP NOT NULL;
ALTER TABLE public.u ALTER COLUMN id SET NOT NULL;
ALTER TABLE public.u ADD CONSTRAINT u_a_b_key UNIQUE (a, b);
ALTER TABLE public.u ADD CONSTRAINT u_b_check CHECK ((b > 0));
ALTER TABLE public.u ADD CONSTRAINT u_c_fkey FOREIGN KEY (c) REFERENCES public.other(id) ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE public.u ADD CONSTRAINT u_d_excl EXCLUDE USING gist (d WITH &&);
ALTER TABLE public.u ADD CONSTRAINT u_pkey PRIMARY KEY (id);

-- case: constraints are renamed, validated, changed and told of
-- old
CREATE TABLE other (id integer PRIMARY KEY);
CREATE TABLE t (id integer, a integer, b integer);
ALTER TABLE t ADD CONSTRAINT one CHECK (a > 0) NOT VALID, ADD CONSTRAINT two CHECK (b > 0);
ALTER TABLE t ADD CONSTRAINT link FOREIGN KEY (a) REFERENCES other NOT VALID;
ALTER TABLE t ADD CONSTRAINT key UNIQUE (id);
-- change
ALTER TABLE t RENAME CONSTRAINT one TO first;
ALTER TABLE t VALIDATE CONSTRAINT first, VALIDATE CONSTRAINT link;
ALTER TABLE t DROP CONSTRAINT two, ADD CONSTRAINT two CHECK (b > 1) NOT VALID;
ALTER TABLE t DROP CONSTRAINT key, ADD CONSTRAINT key UNIQUE (id, a) DEFERRABLE;
COMMENT ON CONSTRAINT link ON t IS 'Linked';
-- plan
ALTER TABLE public.t DROP CONSTRAINT key;
ALTER TABLE public.t DROP CONSTRAINT two;
ALTER TABLE public.t RENAME CONSTRAINT one TO first;
ALTER TABLE public.t VALIDATE CONSTRAINT first;
ALTER TABLE public.t ADD CONSTRAINT key UNIQUE (id, a) DEFERRABLE;
COMMENT ON CONSTRAINT link ON public.t IS 'Linked';
ALTER TABLE public.t VALIDATE CONSTRAINT link;
ALTER TABLE public.t ADD CONSTRAINT two CHECK ((b > 1)) NOT VALID;

-- case: a primary key moves to another column and the keys on it follow
-- old
CREATE TABLE t (id integer PRIMARY KEY, uid uuid NOT NULL);
CREATE TABLE r (t integer REFERENCES t);
CREATE VIEW grouped AS SELECT id, uid FROM t GROUP BY id;
-- change
DROP VIEW grouped;
ALTER TABLE r DROP CONSTRAINT r_t_fkey;
ALTER TABLE t DROP CONSTRAINT t_pkey;
ALTER TABLE t ADD PRIMARY KEY (uid);
ALTER TABLE t ADD UNIQUE (id);
ALTER TABLE r ADD FOREIGN KEY (t) REFERENCES t (id);
CREATE VIEW grouped AS SELECT id, uid FROM t GROUP BY uid;
-- plan 15
ALTER TABLE public.r DROP CONSTRAINT r_t_fkey;
DROP VIEW public.grouped;
ALTER TABLE public.t DROP CONSTRAINT t_pkey;
ALTER TABLE public.t ADD CONSTRAINT t_id_key UNIQUE (id);
ALTER TABLE public.r ADD CONSTRAINT r_t_fkey FOREIGN KEY (t) REFERENCES public.t(id);
ALTER TABLE public.t ADD CONSTRAINT t_pkey PRIMARY KEY (uid);
CREATE VIEW public.grouped AS
SELECT t.id,
    t.uid
   FROM public.t
  GROUP BY t.uid;
-- plan 18
ALTER TABLE public.r DROP CONSTRAINT r_t_fkey;
DROP VIEW public.grouped;
ALTER TABLE public.t DROP CONSTRAINT t_pkey;
ALTER TABLE public.t ADD CONSTRAINT t_id_key UNIQUE (id);
ALTER TABLE public.r ADD CONSTRAINT r_t_fkey FOREIGN KEY (t) REFERENCES public.t(id);
ALTER TABLE public.t ADD CONSTRAINT t_pkey PRIMARY KEY (uid);
CREATE VIEW public.grouped AS
SELECT id,
    uid
   FROM public.t
  GROUP BY uid;

-- case: a unique constraint becomes an index of the same name
-- old
CREATE TABLE t (a integer CONSTRAINT a_once UNIQUE, b integer);
CREATE UNIQUE INDEX b_once ON t (b);
-- change
ALTER TABLE t DROP CONSTRAINT a_once;
CREATE UNIQUE INDEX a_once ON t (a);
DROP INDEX b_once;
ALTER TABLE t ADD CONSTRAINT b_once UNIQUE (b);
-- plan
ALTER TABLE public.t DROP CONSTRAINT a_once;
ALTER TABLE public.t ADD CONSTRAINT b_once UNIQUE USING INDEX b_once;
CREATE UNIQUE INDEX a_once ON public.t USING btree (a);

-- case: the options of the index behind a constraint change
-- old
CREATE TABLE t (a integer, b integer, d int4range, PRIMARY KEY (a) INCLUDE (b));
-- change
ALTER INDEX t_pkey SET (fillfactor = 70);
ALTER TABLE t ADD CONSTRAINT d_apart EXCLUDE USING gist (d WITH &&) WITH (fillfactor = 60) WHERE (a > 0) DEFERRABLE;
ALTER TABLE t ADD CONSTRAINT b_once UNIQUE (b) WITH (fillfactor = 80) DEFERRABLE INITIALLY DEFERRED;
-- plan
ALTER TABLE public.t ADD CONSTRAINT b_once UNIQUE (b) WITH (fillfactor = '80') DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE public.t ADD CONSTRAINT d_apart EXCLUDE USING gist (d WITH &&) WITH (fillfactor='60') WHERE ((a > 0)) DEFERRABLE;
ALTER INDEX public.t_pkey SET (fillfactor = '70');

-- case: a check calls a function that is made again
-- old
CREATE FUNCTION fine(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
CREATE TABLE t (a integer CHECK (fine(a)), g boolean GENERATED ALWAYS AS (fine(a)) STORED, a2 boolean DEFAULT fine(1));
CREATE INDEX t_fine ON t (fine(a));
CREATE VIEW v AS SELECT fine(a) FROM t;
CREATE POLICY p ON t USING (fine(a));
COMMENT ON CONSTRAINT t_a_check ON t IS 'Stays';
-- change
DROP FUNCTION fine(integer) CASCADE;
CREATE FUNCTION fine(number integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 1';
ALTER TABLE t ADD CHECK (fine(a)), ADD COLUMN g boolean GENERATED ALWAYS AS (fine(a)) STORED, ALTER a2 SET DEFAULT fine(1);
CREATE INDEX t_fine ON t (fine(a));
CREATE VIEW v AS SELECT fine(a) FROM t;
CREATE POLICY p ON t USING (fine(a));
COMMENT ON CONSTRAINT t_a_check ON t IS 'Stays';
-- plan
ALTER TABLE public.t DROP COLUMN g;
CREATE OR REPLACE FUNCTION public.fine(number integer)
    RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$SELECT $1 > 1$$;
ALTER TABLE public.t ADD COLUMN g boolean GENERATED ALWAYS AS (public.fine(a)) STORED;

-- case: what varchar columns may hold is read in the form that lasts
-- old
CREATE TABLE t (a varchar(10) CHECK (a IN ('x', 'it''s')), b varchar);
-- change
ALTER TABLE t ADD CHECK (b IN ('u', 'v')), ADD CHECK (b NOT IN ('w', 'x'));
CREATE INDEX t_some ON t (a) WHERE b IN ('u', 'v');
CREATE VIEW v AS SELECT a FROM t WHERE b IN ('u', 'v');
CREATE POLICY p ON t USING (b IN ('u', 'v'));
-- plan 15
ALTER TABLE public.t ADD CONSTRAINT t_b_check CHECK (((b)::text = ANY (ARRAY[('u'::character varying)::text, ('v'::character varying)::text])));
ALTER TABLE public.t ADD CONSTRAINT t_b_check1 CHECK (((b)::text <> ALL (ARRAY[('w'::character varying)::text, ('x'::character varying)::text])));
CREATE INDEX t_some ON public.t USING btree (a) WHERE ((b)::text = ANY (ARRAY[('u'::character varying)::text, ('v'::character varying)::text]));
CREATE VIEW public.v AS
SELECT t.a
   FROM public.t
  WHERE ((t.b)::text = ANY (ARRAY[('u'::character varying)::text, ('v'::character varying)::text]));
CREATE POLICY p ON public.t TO PUBLIC USING (((b)::text = ANY (ARRAY[('u'::character varying)::text, ('v'::character varying)::text])));
-- plan 18
ALTER TABLE public.t ADD CONSTRAINT t_b_check CHECK (((b)::text = ANY (ARRAY[('u'::character varying)::text, ('v'::character varying)::text])));
ALTER TABLE public.t ADD CONSTRAINT t_b_check1 CHECK (((b)::text <> ALL (ARRAY[('w'::character varying)::text, ('x'::character varying)::text])));
CREATE INDEX t_some ON public.t USING btree (a) WHERE ((b)::text = ANY (ARRAY[('u'::character varying)::text, ('v'::character varying)::text]));
CREATE VIEW public.v AS
SELECT a
   FROM public.t
  WHERE ((b)::text = ANY (ARRAY[('u'::character varying)::text, ('v'::character varying)::text]));
CREATE POLICY p ON public.t TO PUBLIC USING (((b)::text = ANY (ARRAY[('u'::character varying)::text, ('v'::character varying)::text])));

-- case: indexes of every kind come, change and go
-- old
CREATE TABLE t (a integer, b text, c jsonb, d int4range, e text[]);
CREATE INDEX plain ON t (a);
CREATE INDEX gone ON t (b);
CREATE INDEX told ON t (a) WITH (fillfactor = 70);
CREATE INDEX expression ON t ((a + 1));
COMMENT ON INDEX told IS 'Old';
-- change
DROP INDEX gone;
DROP INDEX plain;
CREATE UNIQUE INDEX plain ON t (a DESC NULLS LAST) INCLUDE (b);
ALTER INDEX told SET (fillfactor = 90);
COMMENT ON INDEX told IS 'New';
ALTER INDEX expression ALTER COLUMN 1 SET STATISTICS 200;
CREATE INDEX gin ON t USING gin (c jsonb_path_ops, e);
CREATE INDEX gist ON t USING gist (d);
CREATE INDEX brin ON t USING brin (a) WITH (pages_per_range = 4);
CREATE INDEX hash ON t USING hash (b);
CREATE INDEX partial ON t (lower(b) COLLATE "C" text_pattern_ops) WHERE a > 3 AND b IS NOT NULL;
-- plan
DROP INDEX public.gone;
DROP INDEX public.plain;
CREATE INDEX brin ON public.t USING brin (a) WITH (pages_per_range='4');
ALTER INDEX public.expression ALTER COLUMN 1 SET STATISTICS 200;
CREATE INDEX gin ON public.t USING gin (c jsonb_path_ops, e);
CREATE INDEX gist ON public.t USING gist (d);
CREATE INDEX hash ON public.t USING hash (b);
CREATE INDEX partial ON public.t USING btree (lower(b) COLLATE "C" text_pattern_ops) WHERE ((a > 3) AND (b IS NOT NULL));
CREATE UNIQUE INDEX plain ON public.t USING btree (a DESC NULLS LAST) INCLUDE (b);
COMMENT ON INDEX public.told IS 'New';
ALTER INDEX public.told SET (fillfactor = '90');

-- case: indexes swap their names
-- old
CREATE TABLE t (a integer, b integer);
CREATE INDEX one ON t (a);
CREATE INDEX two ON t (b);
-- change
ALTER INDEX one RENAME TO three;
ALTER INDEX two RENAME TO one;
ALTER INDEX three RENAME TO two;
-- plan
ALTER INDEX public.one RENAME TO pleach_1;
ALTER INDEX public.two RENAME TO pleach_2;
ALTER INDEX public.pleach_1 RENAME TO two;
ALTER INDEX public.pleach_2 RENAME TO one;

-- case: statistics come, change and go
-- old
CREATE TABLE t (a integer, b integer, c text);
CREATE STATISTICS one ON a, b FROM t;
CREATE STATISTICS two (ndistinct) ON a, b FROM t;
CREATE STATISTICS three ON a, c FROM t;
-- change
DROP STATISTICS two;
CREATE STATISTICS two (ndistinct, mcv) ON b, c FROM t;
ALTER STATISTICS one SET STATISTICS 300;
ALTER STATISTICS three RENAME TO four;
CREATE STATISTICS five ON (lower(c)), (a + b) FROM t;
COMMENT ON STATISTICS five IS 'Of expressions';
-- plan
DROP STATISTICS public.two;
ALTER STATISTICS public.three RENAME TO four;
CREATE STATISTICS public.five ON lower(c), (a + b) FROM public.t;
COMMENT ON STATISTICS public.five IS 'Of expressions';
ALTER STATISTICS public.one SET STATISTICS 300;
CREATE STATISTICS public.two (ndistinct, mcv) ON b, c FROM public.t;

-- case: foreign keys have options of newer servers
-- since 15
-- old
CREATE TABLE t (a integer, b integer, PRIMARY KEY (a, b));
CREATE TABLE r (a integer, b integer, u integer);
-- change
ALTER TABLE r ADD FOREIGN KEY (a, b) REFERENCES t ON DELETE SET NULL (b), ADD UNIQUE NULLS NOT DISTINCT (u);
-- plan
ALTER TABLE public.r ADD CONSTRAINT r_a_b_fkey FOREIGN KEY (a, b) REFERENCES public.t(a, b) ON DELETE SET NULL (b);
ALTER TABLE public.r ADD CONSTRAINT r_u_key UNIQUE NULLS NOT DISTINCT (u);

-- case: constraints need not be enforced, and periods are keys
-- since 18
-- old
CREATE EXTENSION btree_gist;
CREATE TABLE rooms (id integer, during daterange, PRIMARY KEY (id, during WITHOUT OVERLAPS));
CREATE TABLE guests (room integer, during daterange, age integer);
-- change
ALTER TABLE guests ADD FOREIGN KEY (room, PERIOD during) REFERENCES rooms (id, PERIOD during);
ALTER TABLE guests ADD CONSTRAINT grown CHECK (age > 17) NOT ENFORCED;
-- plan
ALTER TABLE public.guests ADD CONSTRAINT grown CHECK ((age > 17)) NOT ENFORCED;
ALTER TABLE public.guests ADD CONSTRAINT guests_room_during_fkey FOREIGN KEY (room, PERIOD during) REFERENCES public.rooms(id, PERIOD during);

-- case: columns go that an exclusion constraint and a generated column are made of
-- old
CREATE TABLE t (id integer, was text, half integer GENERATED ALWAYS AS (id / 2) STORED, kept integer);
ALTER TABLE t ADD CONSTRAINT apart EXCLUDE USING btree (id WITH =) WHERE (half IS NOT NULL);
ALTER TABLE t ADD CONSTRAINT alone EXCLUDE USING btree (kept WITH =) WHERE (was IS NOT NULL);
CREATE UNIQUE INDEX once ON t (id, half);
-- change
ALTER TABLE t DROP CONSTRAINT apart, DROP CONSTRAINT alone, DROP COLUMN half, DROP COLUMN id, DROP COLUMN was;
-- plan
ALTER TABLE public.t DROP CONSTRAINT alone;
-- destroys all values of public.t.was
ALTER TABLE public.t DROP COLUMN was;
ALTER TABLE public.t DROP CONSTRAINT apart;
ALTER TABLE public.t DROP COLUMN half;
-- destroys all values of public.t.id
ALTER TABLE public.t DROP COLUMN id;

-- case: a serial column becomes a narrower one without a default
-- old
CREATE TABLE t (id serial, other integer);
INSERT INTO t (other) VALUES (1), (2);
-- change
ALTER TABLE t ALTER COLUMN id DROP DEFAULT, ALTER COLUMN id DROP NOT NULL, ALTER COLUMN id TYPE smallint;
DROP SEQUENCE t_id_seq;
-- keeps
SELECT * FROM t ORDER BY id
-- plan
ALTER TABLE public.t ALTER COLUMN id DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN id TYPE smallint USING id::smallint;
ALTER TABLE public.t ALTER COLUMN id DROP NOT NULL;
-- destroys the position of sequence public.t_id_seq
DROP SEQUENCE public.t_id_seq;

-- case: statistics go with a generated column and the one that it is made of
-- names
-- old
CREATE SCHEMA area;
CREATE TABLE t (kept text, id integer, half integer GENERATED ALWAYS AS (id / 2) STORED);
CREATE STATISTICS area.both_of ON half, id FROM t;
-- change
ALTER TABLE t DROP COLUMN half, DROP COLUMN id;
DROP SCHEMA area;
-- plan
ALTER TABLE public.t DROP COLUMN half;
DROP SCHEMA area;
-- destroys all values of public.t.id
ALTER TABLE public.t DROP COLUMN id;
