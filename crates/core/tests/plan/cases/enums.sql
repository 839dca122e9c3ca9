-- Enums: labels that come, go and are called otherwise, and everything that has them.

-- case: a label is added at the end of an enum
-- old
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE t (m mood);
-- change
ALTER TYPE mood ADD VALUE 'glad';
-- plan
ALTER TYPE public.mood ADD VALUE IF NOT EXISTS 'glad';

-- case: a label is added at the start of an enum
-- old
CREATE TYPE mood AS ENUM ('sad', 'happy');
-- change
ALTER TYPE mood ADD VALUE 'awful' BEFORE 'sad';
-- plan
ALTER TYPE public.mood ADD VALUE IF NOT EXISTS 'awful' BEFORE 'sad';

-- case: labels are added in the middle and keep their order
-- old
CREATE TYPE size AS ENUM ('s', 'xl');
-- change
ALTER TYPE size ADD VALUE 'm' AFTER 's';
ALTER TYPE size ADD VALUE 'l' BEFORE 'xl';
-- plan
ALTER TYPE public.size ADD VALUE IF NOT EXISTS 'm' BEFORE 'xl';
ALTER TYPE public.size ADD VALUE IF NOT EXISTS 'l' BEFORE 'xl';

-- case: a label is renamed and rows keep it
-- old
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE t (m mood DEFAULT 'sad');
CREATE VIEW v AS SELECT m FROM t WHERE m = 'sad';
INSERT INTO t VALUES ('sad');
-- change
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
-- keeps
SELECT m FROM t
-- plan 15
ALTER TYPE public.mood RENAME VALUE 'sad' TO 'blue';
ALTER TABLE ONLY public.t ALTER COLUMN m SET DEFAULT 'blue'::public.mood;
CREATE OR REPLACE VIEW public.v AS
SELECT t.m
   FROM public.t
  WHERE (t.m = 'blue'::public.mood);
-- plan 18
ALTER TYPE public.mood RENAME VALUE 'sad' TO 'blue';
ALTER TABLE ONLY public.t ALTER COLUMN m SET DEFAULT 'blue'::public.mood;
CREATE OR REPLACE VIEW public.v AS
SELECT m
   FROM public.t
  WHERE (m = 'blue'::public.mood);

-- case: a label with quotes and a backslash is added
-- old
CREATE TYPE mood AS ENUM ('sad');
-- change
ALTER TYPE mood ADD VALUE 'it''s \ so';
-- plan
ALTER TYPE public.mood ADD VALUE IF NOT EXISTS  E'it''s \\ so';

-- case: an enum comes with a comment, a grant and a column
-- old
CREATE TABLE t (id integer);
-- change
CREATE TYPE mood AS ENUM ('sad', 'happy');
COMMENT ON TYPE mood IS 'How one feels';
REVOKE USAGE ON TYPE mood FROM PUBLIC;
ALTER TABLE t ADD COLUMN m mood NOT NULL DEFAULT 'happy';
-- plan
CREATE TYPE public.mood AS ENUM ('sad', 'happy');
COMMENT ON TYPE public.mood IS 'How one feels';
REVOKE USAGE ON TYPE public.mood FROM PUBLIC;
ALTER TABLE public.t ADD COLUMN m public.mood DEFAULT 'happy'::public.mood NOT NULL;

-- case: an enum goes with the column that had it
-- old
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE t (id integer, m mood);
-- change
ALTER TABLE t DROP COLUMN m;
DROP TYPE mood;
-- plan
-- destroys all values of public.t.m
ALTER TABLE public.t DROP COLUMN m;
DROP TYPE public.mood;

-- case: a label is removed under an array of the enum
-- old
CREATE TYPE mood AS ENUM ('sad', 'odd', 'happy');
CREATE TABLE t (id integer, many mood[] DEFAULT '{sad}');
INSERT INTO t VALUES (1, '{sad,happy}');
-- change
ALTER TABLE t ALTER many DROP DEFAULT;
ALTER TYPE mood RENAME TO old_mood;
CREATE TYPE mood AS ENUM ('sad', 'happy');
ALTER TABLE t ALTER many TYPE mood[] USING many::text[]::mood[];
ALTER TABLE t ALTER many SET DEFAULT '{sad}';
DROP TYPE old_mood;
-- keeps
SELECT * FROM t
-- plan
ALTER TYPE public.mood RENAME TO pleach_1;
CREATE TYPE public.mood AS ENUM ('sad', 'happy');
ALTER TABLE public.t ALTER COLUMN many DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN many TYPE public.mood[] USING many::text::public.mood[];
ALTER TABLE ONLY public.t ALTER COLUMN many SET DEFAULT '{sad}'::public.mood[];
DROP TYPE public.pleach_1;

-- case: a label is removed under a function and an index that use the enum
-- old
CREATE TYPE mood AS ENUM ('sad', 'odd', 'happy');
CREATE TABLE t (m mood);
CREATE INDEX t_m ON t (m) WHERE m <> 'sad';
CREATE FUNCTION cheer(m mood) RETURNS mood LANGUAGE sql IMMUTABLE AS $$SELECT 'happy'::public.mood$$;
INSERT INTO t VALUES ('happy');
-- change
DROP FUNCTION cheer(mood);
DROP INDEX t_m;
ALTER TYPE mood RENAME TO old_mood;
CREATE TYPE mood AS ENUM ('sad', 'happy');
ALTER TABLE t ALTER m TYPE mood USING m::text::mood;
DROP TYPE old_mood;
CREATE INDEX t_m ON t (m) WHERE m <> 'sad';
CREATE FUNCTION cheer(m mood) RETURNS mood LANGUAGE sql IMMUTABLE AS $$SELECT 'happy'::public.mood$$;
-- keeps
SELECT * FROM t
-- plan
DROP INDEX public.t_m;
DROP FUNCTION public.cheer(public.mood);
ALTER TYPE public.mood RENAME TO pleach_1;
CREATE TYPE public.mood AS ENUM ('sad', 'happy');
ALTER TABLE public.t ALTER COLUMN m TYPE public.mood USING m::text::public.mood;
DROP TYPE public.pleach_1;
CREATE INDEX t_m ON public.t USING btree (m) WHERE (m <> 'sad'::public.mood);
CREATE OR REPLACE FUNCTION public.cheer(m public.mood)
    RETURNS public.mood
    LANGUAGE sql IMMUTABLE
    AS $$SELECT 'happy'::public.mood$$;

-- case: a label is removed under a domain over the enum
-- old
CREATE TYPE mood AS ENUM ('sad', 'odd', 'happy');
CREATE DOMAIN good_mood AS mood CHECK (VALUE <> 'sad');
CREATE TABLE t (g good_mood);
INSERT INTO t VALUES ('happy');
-- change
ALTER TABLE t ALTER g TYPE text;
DROP DOMAIN good_mood;
DROP TYPE mood;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN good_mood AS mood CHECK (VALUE <> 'sad');
ALTER TABLE t ALTER g TYPE good_mood USING g::good_mood;
-- keeps
SELECT * FROM t
-- plan
ALTER TYPE public.mood RENAME TO pleach_1;
ALTER DOMAIN public.good_mood RENAME TO pleach_2;
CREATE TYPE public.mood AS ENUM ('sad', 'happy');
CREATE DOMAIN public.good_mood AS public.mood;
ALTER TABLE public.t ALTER COLUMN g TYPE public.good_mood USING g::text::public.good_mood;
DROP DOMAIN public.pleach_2;
DROP TYPE public.pleach_1;
ALTER DOMAIN public.good_mood ADD CONSTRAINT good_mood_check CHECK ((VALUE <> 'sad'::public.mood));

-- case: a label is removed under a composite type that has the enum
-- old
CREATE TYPE mood AS ENUM ('sad', 'odd', 'happy');
CREATE TYPE person AS (name text, m mood);
CREATE TABLE t (p person);
INSERT INTO t VALUES (ROW('ada', 'happy'));
-- change
ALTER TABLE t ALTER p TYPE text;
DROP TYPE person;
DROP TYPE mood;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE person AS (name text, m mood);
ALTER TABLE t ALTER p TYPE person USING p::person;
-- keeps
SELECT * FROM t
-- plan
ALTER TYPE public.mood RENAME TO pleach_1;
ALTER TYPE public.person RENAME TO pleach_2;
CREATE TYPE public.mood AS ENUM ('sad', 'happy');
CREATE TYPE public.person AS (
    name text,
    m public.mood
);
ALTER TABLE public.t ALTER COLUMN p TYPE public.person USING p::text::public.person;
DROP TYPE public.pleach_2;
DROP TYPE public.pleach_1;

-- case: a label is removed from the enum of a list partition key
-- old
CREATE TYPE region AS ENUM ('eu', 'us', 'xx');
CREATE TABLE sales (r region, amount integer) PARTITION BY LIST (r);
CREATE TABLE sales_eu PARTITION OF sales FOR VALUES IN ('eu');
INSERT INTO sales VALUES ('eu', 5);
-- change
ALTER TABLE sales DETACH PARTITION sales_eu;
DROP TABLE sales;
ALTER TABLE sales_eu ALTER r TYPE text;
DROP TYPE region;
CREATE TYPE region AS ENUM ('eu', 'us');
ALTER TABLE sales_eu ALTER r TYPE region USING r::region;
CREATE TABLE sales (r region, amount integer) PARTITION BY LIST (r);
ALTER TABLE sales ATTACH PARTITION sales_eu FOR VALUES IN ('eu');
-- keeps
SELECT * FROM sales_eu
-- plan
ALTER TABLE public.sales DETACH PARTITION public.sales_eu;
-- destroys all rows of public.sales
DROP TABLE public.sales;
ALTER TYPE public.region RENAME TO pleach_1;
CREATE TYPE public.region AS ENUM ('eu', 'us');
CREATE TABLE public.sales (
    r public.region,
    amount integer
) PARTITION BY LIST (r);
ALTER TABLE public.sales_eu ALTER COLUMN r TYPE public.region USING r::text::public.region;
DROP TYPE public.pleach_1;
ALTER TABLE public.sales ATTACH PARTITION public.sales_eu FOR VALUES IN ('eu');

-- case: labels change places by making the enum again
-- old
CREATE TYPE size AS ENUM ('l', 's');
CREATE TABLE t (id integer, s size NOT NULL DEFAULT 's');
INSERT INTO t VALUES (1, 'l');
-- change
ALTER TABLE t ALTER s DROP DEFAULT;
ALTER TYPE size RENAME TO old_size;
CREATE TYPE size AS ENUM ('s', 'l');
ALTER TABLE t ALTER s TYPE size USING s::text::size;
ALTER TABLE t ALTER s SET DEFAULT 's';
DROP TYPE old_size;
-- keeps
SELECT * FROM t
-- plan
ALTER TYPE public.size RENAME TO pleach_1;
CREATE TYPE public.size AS ENUM ('s', 'l');
ALTER TABLE public.t ALTER COLUMN s DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN s TYPE public.size USING s::text::public.size;
ALTER TABLE ONLY public.t ALTER COLUMN s SET DEFAULT 's'::public.size;
DROP TYPE public.pleach_1;

-- case: an enum is renamed and moved while it gets a label
-- old
CREATE SCHEMA area;
CREATE TYPE mood AS ENUM ('sad');
CREATE TABLE t (m mood);
-- change
ALTER TYPE mood ADD VALUE 'happy';
ALTER TYPE mood RENAME TO feeling;
ALTER TYPE feeling SET SCHEMA area;
-- plan
ALTER TYPE public.mood SET SCHEMA area;
ALTER TYPE area.mood RENAME TO feeling;
ALTER TYPE area.feeling ADD VALUE IF NOT EXISTS 'happy';

-- case: a column changes from text to an enum and keeps its values
-- old
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE t (m text DEFAULT 'sad' CHECK (m <> ''));
INSERT INTO t VALUES ('happy');
-- change
ALTER TABLE t DROP CONSTRAINT t_m_check;
ALTER TABLE t ALTER m DROP DEFAULT, ALTER m TYPE mood USING m::mood, ALTER m SET DEFAULT 'sad';
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t DROP CONSTRAINT t_m_check;
ALTER TABLE public.t ALTER COLUMN m DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN m TYPE public.mood USING m::public.mood;
ALTER TABLE ONLY public.t ALTER COLUMN m SET DEFAULT 'sad'::public.mood;

-- case: a column changes from an enum to text and the enum goes
-- old
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE t (m mood DEFAULT 'sad');
CREATE VIEW v AS SELECT m FROM t;
INSERT INTO t VALUES ('happy');
-- change
DROP VIEW v;
ALTER TABLE t ALTER m DROP DEFAULT, ALTER m TYPE text, ALTER m SET DEFAULT 'sad';
DROP TYPE mood;
CREATE VIEW v AS SELECT m FROM t;
-- keeps
SELECT * FROM v
-- plan 15
DROP VIEW public.v;
ALTER TABLE public.t ALTER COLUMN m DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN m TYPE text USING m::text;
ALTER TABLE ONLY public.t ALTER COLUMN m SET DEFAULT 'sad'::text;
DROP TYPE public.mood;
CREATE VIEW public.v AS
SELECT t.m
   FROM public.t;
-- plan 18
DROP VIEW public.v;
ALTER TABLE public.t ALTER COLUMN m DROP DEFAULT;
ALTER TABLE public.t ALTER COLUMN m TYPE text USING m::text;
ALTER TABLE ONLY public.t ALTER COLUMN m SET DEFAULT 'sad'::text;
DROP TYPE public.mood;
CREATE VIEW public.v AS
SELECT m
   FROM public.t;

-- case: an enum is the key of a hash partitioned table
-- old
CREATE TYPE mood AS ENUM ('sad', 'happy');
-- change
CREATE TABLE t (m mood NOT NULL) PARTITION BY HASH (m);
CREATE TABLE t_0 PARTITION OF t FOR VALUES WITH (modulus 1, remainder 0);
-- plan
CREATE TABLE public.t (
    m public.mood NOT NULL
) PARTITION BY HASH (m);
CREATE TABLE public.t_0 (
    m public.mood NOT NULL
);
ALTER TABLE public.t ATTACH PARTITION public.t_0 FOR VALUES WITH (modulus 1, remainder 0);
