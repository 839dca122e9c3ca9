-- What only newer servers have.

-- case: a virtual column comes
-- since 18
-- old
CREATE TABLE t (a integer);
INSERT INTO t VALUES (1);
-- change
ALTER TABLE t ADD COLUMN b integer GENERATED ALWAYS AS (a * 2) VIRTUAL;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ADD COLUMN b integer GENERATED ALWAYS AS ((a * 2)) VIRTUAL;

-- case: a stored column becomes a virtual one
-- since 18
-- old
CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED);
INSERT INTO t VALUES (1);
-- change
ALTER TABLE t DROP COLUMN b;
ALTER TABLE t ADD COLUMN b integer GENERATED ALWAYS AS (a * 2) VIRTUAL;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t DROP COLUMN b;
ALTER TABLE public.t ADD COLUMN b integer GENERATED ALWAYS AS ((a * 2)) VIRTUAL;

-- case: a check is not enforced
-- since 18
-- old
CREATE TABLE t (a integer);
INSERT INTO t VALUES (-1);
-- change
ALTER TABLE t ADD CONSTRAINT pos CHECK (a > 0) NOT ENFORCED;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ADD CONSTRAINT pos CHECK ((a > 0)) NOT ENFORCED;

-- case: a foreign key is enforced from now on
-- since 18
-- old
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE b (a integer CONSTRAINT of_a REFERENCES a NOT ENFORCED);
-- change
ALTER TABLE b ALTER CONSTRAINT of_a ENFORCED;
-- plan
ALTER TABLE public.b DROP CONSTRAINT of_a;
ALTER TABLE public.b ADD CONSTRAINT of_a FOREIGN KEY (a) REFERENCES public.a(id);

-- case: a primary key is without overlaps and a period refers to it
-- since 18
-- old
CREATE TABLE a (during int4range, until int4range);
CREATE TABLE b (during int4range, until int4range);
-- change
ALTER TABLE a ADD CONSTRAINT once PRIMARY KEY (until, during WITHOUT OVERLAPS);
ALTER TABLE b ADD CONSTRAINT of_a FOREIGN KEY (until, PERIOD during) REFERENCES a;
-- plan
ALTER TABLE public.a ALTER COLUMN during SET NOT NULL;
ALTER TABLE public.a ALTER COLUMN until SET NOT NULL;
ALTER TABLE public.a ADD CONSTRAINT once PRIMARY KEY (until, during WITHOUT OVERLAPS);
ALTER TABLE public.b ADD CONSTRAINT of_a FOREIGN KEY (until, PERIOD during) REFERENCES public.a(until, PERIOD during);

-- case: a not-null constraint has a name
-- since 18
-- old
CREATE TABLE t (a integer);
-- change
ALTER TABLE t ADD CONSTRAINT "A is there" NOT NULL a;
-- plan
ALTER TABLE public.t ADD CONSTRAINT "A is there" NOT NULL a;

-- case: a not-null constraint is not valid yet, and then is
-- since 18
-- old
CREATE TABLE t (a integer, b integer);
ALTER TABLE t ADD CONSTRAINT b_there NOT NULL b NOT VALID;
-- change
ALTER TABLE t ADD CONSTRAINT a_there NOT NULL a NOT VALID;
ALTER TABLE t VALIDATE CONSTRAINT b_there;
-- plan
ALTER TABLE public.t ADD CONSTRAINT a_there NOT NULL a NOT VALID;
ALTER TABLE public.t VALIDATE CONSTRAINT b_there;

-- case: an exclusion constraint is on a partitioned table
-- since 17
-- old
CREATE TABLE t (a integer, during int4range) PARTITION BY LIST (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
-- change
ALTER TABLE t ADD CONSTRAINT apart EXCLUDE USING hash (a WITH =);
-- plan
ALTER TABLE public.t ADD CONSTRAINT apart EXCLUDE USING hash (a WITH =);

-- case: a partitioned table that is made anew lets go of one that goes
-- since 18
-- names
-- old
CREATE TABLE seasons (id integer PRIMARY KEY, kind text) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF seasons FOR VALUES FROM (0) TO (100);
CREATE TABLE events (at integer PRIMARY KEY, season integer, old text) PARTITION BY RANGE (at);
ALTER TABLE events ADD CONSTRAINT "in%" FOREIGN KEY (season) REFERENCES seasons NOT VALID;
-- change
DROP TABLE events, seasons;
CREATE TABLE events (day integer NOT NULL, kind text, PRIMARY KEY (day)) PARTITION BY RANGE (day);
CREATE TABLE part PARTITION OF events FOR VALUES FROM (100) TO (200);
-- plan
ALTER TABLE public.seasons DETACH PARTITION public.part;
ALTER TABLE public.events DROP CONSTRAINT "in%";
-- destroys all values of public.part.id
ALTER TABLE public.part DROP COLUMN id;
-- destroys all rows of public.seasons
DROP TABLE public.seasons;
ALTER TABLE public.events RENAME TO pleach_1;
ALTER TABLE public.pleach_1 RENAME CONSTRAINT events_pkey TO pleach_2;
CREATE TABLE public.events (
    day integer NOT NULL,
    kind text,
    CONSTRAINT events_pkey PRIMARY KEY (day)
) PARTITION BY RANGE (day);
ALTER TABLE public.part ADD COLUMN day integer NOT NULL;
ALTER TABLE public.part ADD CONSTRAINT part_pkey PRIMARY KEY (day);
ALTER TABLE public.events ATTACH PARTITION public.part FOR VALUES FROM (100) TO (200);
-- destroys all rows of public.events
DROP TABLE public.pleach_1;
ALTER INDEX public.events_pkey ATTACH PARTITION public.part_pkey;

-- case: partitions get a named NOT NULL with their table
-- since 18
-- old
CREATE TABLE ledger (region text NOT NULL, amount integer) PARTITION BY LIST (region);
CREATE TABLE leaf PARTITION OF ledger FOR VALUES IN ('1');
-- change
ALTER TABLE ledger ADD CONSTRAINT "is there" NOT NULL amount;
-- plan
ALTER TABLE public.ledger ADD CONSTRAINT "is there" NOT NULL amount;
