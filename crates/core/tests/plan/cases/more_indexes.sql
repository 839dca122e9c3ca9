-- Indexes and statistics, one by one.

-- case: an index comes
-- old
CREATE TABLE t (a integer, b text);
-- change
CREATE INDEX by_a ON t (a);
-- plan
CREATE INDEX by_a ON public.t USING btree (a);

-- case: an index goes
-- old
CREATE TABLE t (a integer);
CREATE INDEX by_a ON t (a);
-- change
DROP INDEX by_a;
-- plan
DROP INDEX public.by_a;

-- case: an index gets another order
-- old
CREATE TABLE t (a integer);
CREATE INDEX by_a ON t (a);
COMMENT ON INDEX by_a IS 'Sorted';
-- change
DROP INDEX by_a;
CREATE INDEX by_a ON t (a DESC NULLS LAST);
COMMENT ON INDEX by_a IS 'Sorted';
-- plan
DROP INDEX public.by_a;
CREATE INDEX by_a ON public.t USING btree (a DESC NULLS LAST);
COMMENT ON INDEX public.by_a IS 'Sorted';

-- case: an index becomes unique
-- old
CREATE TABLE t (a integer);
CREATE INDEX by_a ON t (a);
-- change
DROP INDEX by_a;
CREATE UNIQUE INDEX by_a ON t (a);
-- plan
DROP INDEX public.by_a;
CREATE UNIQUE INDEX by_a ON public.t USING btree (a);

-- case: an index becomes partial
-- old
CREATE TABLE t (a integer, gone boolean);
CREATE INDEX by_a ON t (a);
-- change
DROP INDEX by_a;
CREATE INDEX by_a ON t (a) WHERE NOT gone;
-- plan
DROP INDEX public.by_a;
CREATE INDEX by_a ON public.t USING btree (a) WHERE (NOT gone);

-- case: an index is of another method
-- old
CREATE TABLE t (a integer);
CREATE INDEX by_a ON t (a);
-- change
DROP INDEX by_a;
CREATE INDEX by_a ON t USING hash (a);
-- plan
DROP INDEX public.by_a;
CREATE INDEX by_a ON public.t USING hash (a);

-- case: an index has an operator class and a collation
-- old
CREATE TABLE t (a text);
-- change
CREATE INDEX by_a ON t (a COLLATE "C" text_pattern_ops);
-- plan
CREATE INDEX by_a ON public.t USING btree (a COLLATE "C" text_pattern_ops);

-- case: an index of an expression has a statistics target
-- old
CREATE TABLE t (a text);
-- change
CREATE INDEX by_a ON t (lower(a), length(a));
ALTER INDEX by_a ALTER COLUMN 2 SET STATISTICS 500;
-- plan
CREATE INDEX by_a ON public.t USING btree (lower(a), length(a));
ALTER INDEX public.by_a ALTER COLUMN 2 SET STATISTICS 500;

-- case: the statistics target of an index goes
-- old
CREATE TABLE t (a text);
CREATE INDEX by_a ON t (lower(a));
ALTER INDEX by_a ALTER COLUMN 1 SET STATISTICS 500;
-- change
ALTER INDEX by_a ALTER COLUMN 1 SET STATISTICS -1;
-- plan
ALTER INDEX public.by_a ALTER COLUMN 1 SET STATISTICS -1;

-- case: an index gets a fill factor
-- old
CREATE TABLE t (a text);
CREATE INDEX by_a ON t (a);
-- change
ALTER INDEX by_a SET (fillfactor = 50, deduplicate_items = off);
-- plan
ALTER INDEX public.by_a SET (deduplicate_items = 'off', fillfactor = '50');
-- then, having looked
DROP INDEX public.by_a;
CREATE INDEX by_a ON public.t USING btree (a) WITH (fillfactor='50', deduplicate_items=off);

-- case: the options of an index go
-- old
CREATE TABLE t (a text);
CREATE INDEX by_a ON t (a) WITH (fillfactor = 50);
-- change
ALTER INDEX by_a RESET (fillfactor);
-- plan
ALTER INDEX public.by_a RESET (fillfactor);

-- case: an index is renamed
-- old
CREATE TABLE t (a text);
CREATE INDEX by_a ON t (a);
-- change
ALTER INDEX by_a RENAME TO "By A";
-- plan
ALTER INDEX public.by_a RENAME TO "By A";

-- case: an index moves to another column of the same name
-- old
CREATE TABLE t (a text, b text);
CREATE INDEX by_it ON t (a);
-- change
DROP INDEX by_it;
CREATE INDEX by_it ON t (b);
-- plan
DROP INDEX public.by_it;
CREATE INDEX by_it ON public.t USING btree (b);

-- case: an index moves to another table
-- old
CREATE TABLE t (a text);
CREATE TABLE u (a text);
CREATE INDEX by_a ON t (a);
-- change
DROP INDEX by_a;
CREATE INDEX by_a ON u (a);
-- plan
DROP INDEX public.by_a;
CREATE INDEX by_a ON public.u USING btree (a);

-- case: an index calls a function that is made again
-- old
CREATE FUNCTION norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE TABLE t (a text);
CREATE INDEX by_a ON t (norm(a));
INSERT INTO t VALUES ('X');
-- change
DROP INDEX by_a;
DROP FUNCTION norm(text);
CREATE FUNCTION norm(it text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE INDEX by_a ON t (norm(a));
-- keeps
SELECT * FROM t
-- plan
CREATE OR REPLACE FUNCTION public.norm(it text)
    RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$SELECT lower($1)$$;

-- case: indexes of every method come
-- old
CREATE TABLE t (a integer, b int[], c point, d text, e int4range);
-- change
CREATE INDEX i1 ON t USING brin (a) WITH (pages_per_range = 16, autosummarize);
CREATE INDEX i2 ON t USING gin (b) WITH (fastupdate = off);
CREATE INDEX i3 ON t USING gist (c);
CREATE INDEX i4 ON t USING spgist (d);
CREATE INDEX i5 ON t USING gist (e) INCLUDE (a);
-- plan
CREATE INDEX i1 ON public.t USING brin (a) WITH (pages_per_range='16', autosummarize='true');
CREATE INDEX i2 ON public.t USING gin (b) WITH (fastupdate=off);
CREATE INDEX i3 ON public.t USING gist (c);
CREATE INDEX i4 ON public.t USING spgist (d);
CREATE INDEX i5 ON public.t USING gist (e) INCLUDE (a);

-- case: an index on a partitioned table is on its partitions
-- old
CREATE TABLE t (a integer, b integer) PARTITION BY RANGE (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (10) TO (20);
-- change
CREATE INDEX by_b ON t (b);
-- plan
CREATE INDEX by_b ON ONLY public.t USING btree (b);
CREATE INDEX t_1_b_idx ON public.t_1 USING btree (b);
ALTER INDEX public.by_b ATTACH PARTITION public.t_1_b_idx;
CREATE INDEX t_2_b_idx ON public.t_2 USING btree (b);
ALTER INDEX public.by_b ATTACH PARTITION public.t_2_b_idx;

-- case: a partition has an index of its own
-- old
CREATE TABLE t (a integer, b integer) PARTITION BY RANGE (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
-- change
CREATE INDEX own ON t_1 (b);
-- plan
CREATE INDEX own ON public.t_1 USING btree (b);

-- case: an index of a partitioned table is on the table alone
-- old
CREATE TABLE t (a integer, b integer) PARTITION BY RANGE (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
-- change
CREATE INDEX by_b ON ONLY t (b);
-- plan
CREATE INDEX by_b ON ONLY public.t USING btree (b);

-- case: a table is clustered on an index
-- old
CREATE TABLE t (a integer PRIMARY KEY, b integer);
CREATE INDEX by_b ON t (b);
-- change
ALTER TABLE t CLUSTER ON by_b;
-- plan
ALTER TABLE public.t CLUSTER ON by_b;

-- case: a table is clustered on another index that comes
-- old
CREATE TABLE t (a integer PRIMARY KEY, b integer);
ALTER TABLE t CLUSTER ON t_pkey;
-- change
CREATE INDEX by_b ON t (b);
ALTER TABLE t CLUSTER ON by_b;
-- plan
CREATE INDEX by_b ON public.t USING btree (b);
ALTER TABLE public.t CLUSTER ON by_b;

-- case: a table is no longer clustered
-- old
CREATE TABLE t (a integer PRIMARY KEY);
ALTER TABLE t CLUSTER ON t_pkey;
-- change
ALTER TABLE t SET WITHOUT CLUSTER;
-- plan
ALTER TABLE public.t SET WITHOUT CLUSTER;

-- case: extended statistics come
-- old
CREATE TABLE t (a integer, b integer, c text);
-- change
CREATE STATISTICS s (dependencies, ndistinct) ON a, b FROM t;
CREATE STATISTICS e ON (a + b), lower(c) FROM t;
CREATE STATISTICS "One" ON (lower(c)) FROM t;
ALTER STATISTICS s SET STATISTICS 10;
COMMENT ON STATISTICS e IS 'Of expressions';
-- plan
CREATE STATISTICS public."One" ON lower(c) FROM public.t;
CREATE STATISTICS public.e ON (a + b), lower(c) FROM public.t;
COMMENT ON STATISTICS public.e IS 'Of expressions';
CREATE STATISTICS public.s (ndistinct, dependencies) ON a, b FROM public.t;
ALTER STATISTICS public.s SET STATISTICS 10;

-- case: extended statistics go
-- old
CREATE TABLE t (a integer, b integer);
CREATE STATISTICS s ON a, b FROM t;
-- change
DROP STATISTICS s;
-- plan
DROP STATISTICS public.s;

-- case: extended statistics are of other columns
-- old
CREATE TABLE t (a integer, b integer, c integer);
CREATE STATISTICS s ON a, b FROM t;
-- change
DROP STATISTICS s;
CREATE STATISTICS s ON a, c FROM t;
-- plan
DROP STATISTICS public.s;
CREATE STATISTICS public.s ON a, c FROM public.t;

-- case: extended statistics are renamed and move
-- old
CREATE SCHEMA area;
CREATE TABLE t (a integer, b integer);
CREATE STATISTICS s ON a, b FROM t;
-- change
ALTER STATISTICS s RENAME TO shape;
ALTER STATISTICS shape SET SCHEMA area;
-- plan
ALTER STATISTICS public.s SET SCHEMA area;
ALTER STATISTICS area.s RENAME TO shape;

-- case: the target of extended statistics comes and goes
-- old
CREATE TABLE t (a integer, b integer);
CREATE STATISTICS s ON a, b FROM t;
CREATE STATISTICS r ON a, b FROM t;
ALTER STATISTICS s SET STATISTICS 10;
-- change
ALTER STATISTICS s SET STATISTICS -1;
ALTER STATISTICS r SET STATISTICS 20;
-- plan
ALTER STATISTICS public.r SET STATISTICS 20;
ALTER STATISTICS public.s SET STATISTICS -1;
