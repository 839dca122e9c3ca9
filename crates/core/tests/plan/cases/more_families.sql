-- Partitions and inheritance, one by one.

-- case: a hash partition comes
-- old
CREATE TABLE t (a integer) PARTITION BY HASH (a);
CREATE TABLE t_0 PARTITION OF t FOR VALUES WITH (modulus 2, remainder 0);
-- change
CREATE TABLE t_1 PARTITION OF t FOR VALUES WITH (modulus 2, remainder 1);
-- plan
CREATE TABLE public.t_1 (
    a integer
);
ALTER TABLE public.t ATTACH PARTITION public.t_1 FOR VALUES WITH (modulus 2, remainder 1);

-- case: a list partition comes with a comment and an index of its own
-- old
CREATE TABLE t (a text, b integer) PARTITION BY LIST (a);
-- change
CREATE TABLE t_x PARTITION OF t FOR VALUES IN ('x', NULL, 'it''s');
COMMENT ON TABLE t_x IS 'X';
CREATE INDEX t_x_b ON t_x (b);
-- plan
CREATE TABLE public.t_x (
    a text,
    b integer
);
COMMENT ON TABLE public.t_x IS 'X';
CREATE INDEX t_x_b ON public.t_x USING btree (b);
ALTER TABLE public.t ATTACH PARTITION public.t_x FOR VALUES IN ('x', NULL, 'it''s');

-- case: a default partition comes and goes
-- old
CREATE TABLE t (a integer) PARTITION BY RANGE (a);
CREATE TABLE u (a integer) PARTITION BY RANGE (a);
CREATE TABLE u_rest PARTITION OF u DEFAULT;
-- change
CREATE TABLE t_rest PARTITION OF t DEFAULT;
DROP TABLE u_rest;
-- plan
-- destroys all rows of public.u_rest
DROP TABLE public.u_rest;
CREATE TABLE public.t_rest (
    a integer
);
ALTER TABLE public.t ATTACH PARTITION public.t_rest DEFAULT;

-- case: a partition gets other bounds
-- old
CREATE TABLE t (a integer) PARTITION BY RANGE (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
INSERT INTO t VALUES (5);
-- change
ALTER TABLE t DETACH PARTITION t_1;
ALTER TABLE t ATTACH PARTITION t_1 FOR VALUES FROM (0) TO (20);
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t DETACH PARTITION public.t_1;
ALTER TABLE public.t ATTACH PARTITION public.t_1 FOR VALUES FROM (0) TO (20);

-- case: a partition takes the bounds of one that moves on
-- old
CREATE TABLE t (a integer PRIMARY KEY) PARTITION BY RANGE (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (100) TO (200);
-- change
ALTER TABLE t DETACH PARTITION t_1;
ALTER TABLE t ATTACH PARTITION t_1 FOR VALUES FROM (0) TO (100);
CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (100) TO (200);
CREATE UNIQUE INDEX t_down ON t (a DESC);
-- plan
CREATE TABLE public.t_2 (
    a integer NOT NULL
);
ALTER TABLE public.t_2 ADD CONSTRAINT t_2_pkey PRIMARY KEY (a);
CREATE UNIQUE INDEX t_1_a_idx ON public.t_1 USING btree (a DESC);
ALTER TABLE public.t DETACH PARTITION public.t_1;
ALTER TABLE public.t ATTACH PARTITION public.t_1 FOR VALUES FROM (0) TO (100);
CREATE UNIQUE INDEX t_2_a_idx ON public.t_2 USING btree (a DESC);
ALTER TABLE public.t ATTACH PARTITION public.t_2 FOR VALUES FROM (100) TO (200);
ALTER INDEX public.t_pkey ATTACH PARTITION public.t_2_pkey;
CREATE UNIQUE INDEX t_down ON ONLY public.t USING btree (a DESC);
ALTER INDEX public.t_down ATTACH PARTITION public.t_1_a_idx;
ALTER INDEX public.t_down ATTACH PARTITION public.t_2_a_idx;

-- case: a table of its own becomes a partition with its rows
-- old
CREATE TABLE t (a integer NOT NULL, b text) PARTITION BY RANGE (a);
CREATE TABLE t_1 (a integer NOT NULL, b text);
INSERT INTO t_1 VALUES (5, 'x');
-- change
ALTER TABLE t ATTACH PARTITION t_1 FOR VALUES FROM (0) TO (10);
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ATTACH PARTITION public.t_1 FOR VALUES FROM (0) TO (10);

-- case: a partition becomes a table of its own with its rows
-- old
CREATE TABLE t (a integer NOT NULL, b text CHECK (b <> '')) PARTITION BY RANGE (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
CREATE INDEX t_b ON t (b);
INSERT INTO t VALUES (5, 'x');
-- change
ALTER TABLE t DETACH PARTITION t_1;
-- keeps
SELECT * FROM t_1
-- plan
ALTER TABLE public.t DETACH PARTITION public.t_1;

-- case: a partition leaves whose table had a foreign key to a table that goes
-- old
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE t (x integer NOT NULL, a integer CONSTRAINT of_a REFERENCES a) PARTITION BY RANGE (x);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
INSERT INTO a VALUES (1);
INSERT INTO t VALUES (5, 1);
-- change
ALTER TABLE t DETACH PARTITION t_1;
ALTER TABLE t_1 DROP CONSTRAINT of_a;
DROP TABLE t;
DROP TABLE a;
-- keeps
SELECT * FROM t_1
-- plan
ALTER TABLE public.t DROP CONSTRAINT of_a;
-- destroys all rows of public.a
DROP TABLE public.a;
ALTER TABLE public.t DETACH PARTITION public.t_1;
-- destroys all rows of public.t
DROP TABLE public.t;

-- case: a partition leaves and loses the columns that it had from its table
-- old
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE t (x integer NOT NULL, a integer CONSTRAINT of_a REFERENCES a) PARTITION BY RANGE (x);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
-- change
ALTER TABLE t DETACH PARTITION t_1;
ALTER TABLE t_1 DROP COLUMN a, ADD COLUMN b text;
DROP TABLE t;
DROP TABLE a;
-- plan
ALTER TABLE public.t DROP CONSTRAINT of_a;
-- destroys all rows of public.a
DROP TABLE public.a;
ALTER TABLE public.t DETACH PARTITION public.t_1;
-- destroys all rows of public.t
DROP TABLE public.t;
-- destroys all values of public.t_1.a
ALTER TABLE public.t_1 DROP COLUMN a;
ALTER TABLE public.t_1 ADD COLUMN b text;

-- case: a column goes that a partition which goes was partitioned by
-- old
CREATE TABLE t (a integer NOT NULL, b integer) PARTITION BY LIST (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1) PARTITION BY RANGE (b);
CREATE TABLE t_1_low PARTITION OF t_1 FOR VALUES FROM (0) TO (10);
INSERT INTO t VALUES (1, 5);
-- change
ALTER TABLE t_1 DETACH PARTITION t_1_low;
DROP TABLE t_1;
ALTER TABLE t DROP COLUMN b;
-- keeps
SELECT a, b FROM t_1_low
-- plan
ALTER TABLE public.t_1 DETACH PARTITION public.t_1_low;
-- destroys all rows of public.t_1
DROP TABLE public.t_1;
-- destroys all values of public.t.b
ALTER TABLE public.t DROP COLUMN b;

-- case: a partition is partitioned no more while the foreign key of its table goes
-- names
-- old
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE t (x integer NOT NULL, y integer, a integer CONSTRAINT of_a REFERENCES a) PARTITION BY LIST (x);
CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1) PARTITION BY RANGE (y);
-- change
DROP TABLE t;
DROP TABLE a;
CREATE TABLE t (x integer NOT NULL, y integer) PARTITION BY LIST (x);
CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
-- plan
ALTER TABLE public.t DROP CONSTRAINT of_a;
-- destroys all rows of public.a
DROP TABLE public.a;
ALTER TABLE public.t DETACH PARTITION public.t_1;
-- destroys all values of public.t.a
ALTER TABLE public.t DROP COLUMN a;
ALTER TABLE public.t_1 RENAME TO pleach_1;
CREATE TABLE public.t_1 (
    x integer NOT NULL,
    y integer
);
INSERT INTO public.t_1 (x, y) SELECT x, y FROM public.pleach_1;
-- destroys all values of public.t_1.a
DROP TABLE public.pleach_1;
ALTER TABLE public.t ATTACH PARTITION public.t_1 FOR VALUES IN (1);

-- case: a partitioned table goes with all of its partitions
-- old
CREATE TABLE t (a integer, b integer) PARTITION BY LIST (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1) PARTITION BY LIST (b);
CREATE TABLE t_1_1 PARTITION OF t_1 FOR VALUES IN (1);
CREATE TABLE t_2 PARTITION OF t DEFAULT;
-- change
DROP TABLE t;
-- plan
-- destroys all rows of public.t_1_1
DROP TABLE public.t_1_1;
-- destroys all rows of public.t_1
DROP TABLE public.t_1;
-- destroys all rows of public.t_2
DROP TABLE public.t_2;
-- destroys all rows of public.t
DROP TABLE public.t;

-- case: a partitioned table is renamed and moves with a primary key
-- old
CREATE SCHEMA area;
CREATE TABLE t (a integer PRIMARY KEY, b text) PARTITION BY RANGE (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
INSERT INTO t VALUES (5, 'x');
-- change
ALTER TABLE t RENAME TO things;
ALTER TABLE things SET SCHEMA area;
ALTER TABLE t_1 RENAME TO things_1;
-- keeps
SELECT * FROM area.things
-- plan
ALTER TABLE public.t SET SCHEMA area;
ALTER TABLE area.t RENAME TO things;
ALTER TABLE public.t_1 RENAME TO things_1;

-- case: a column of a partitioned table gets another type
-- old
CREATE TABLE t (a integer, b integer) PARTITION BY RANGE (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
CREATE VIEW v AS SELECT b FROM t_1;
INSERT INTO t VALUES (5, 6);
-- change
DROP VIEW v;
ALTER TABLE t ALTER b TYPE bigint;
CREATE VIEW v AS SELECT b FROM t_1;
-- keeps
SELECT * FROM t
-- plan 15
DROP VIEW public.v;
ALTER TABLE public.t ALTER COLUMN b TYPE bigint USING b::bigint;
CREATE VIEW public.v AS
SELECT t_1.b
   FROM public.t_1;
-- plan 18
DROP VIEW public.v;
ALTER TABLE public.t ALTER COLUMN b TYPE bigint USING b::bigint;
CREATE VIEW public.v AS
SELECT b
   FROM public.t_1;

-- case: a partition has a default of its own
-- old
CREATE TABLE t (a integer, b integer DEFAULT 1) PARTITION BY RANGE (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
-- change
ALTER TABLE t_1 ALTER b SET DEFAULT 2;
-- plan
ALTER TABLE ONLY public.t_1 ALTER COLUMN b SET DEFAULT 2;

-- case: the default of a partitioned table changes and its partition keeps its own
-- old
CREATE TABLE t (a integer, b integer DEFAULT 1) PARTITION BY RANGE (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
ALTER TABLE t_1 ALTER b SET DEFAULT 2;
-- change
ALTER TABLE ONLY t ALTER b SET DEFAULT 3;
-- plan
ALTER TABLE ONLY public.t ALTER COLUMN b SET DEFAULT 3;

-- case: a foreign key refers to a partitioned table
-- old
CREATE TABLE t (a integer PRIMARY KEY) PARTITION BY RANGE (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
CREATE TABLE u (a integer);
INSERT INTO t VALUES (5);
INSERT INTO u VALUES (5);
-- change
ALTER TABLE u ADD FOREIGN KEY (a) REFERENCES t ON DELETE CASCADE;
-- keeps
SELECT * FROM u
-- plan
ALTER TABLE public.u ADD CONSTRAINT u_a_fkey FOREIGN KEY (a) REFERENCES public.t(a) ON DELETE CASCADE;

-- case: a check of a partitioned table comes and goes
-- old
CREATE TABLE t (a integer, b integer CONSTRAINT pos CHECK (b > 0)) PARTITION BY RANGE (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
-- change
ALTER TABLE t DROP CONSTRAINT pos, ADD CONSTRAINT low CHECK (b < 100);
-- plan
ALTER TABLE public.t DROP CONSTRAINT pos;
ALTER TABLE public.t ADD CONSTRAINT low CHECK ((b < 100));

-- case: the key of a partitioned table is another one and its rows move
-- names
-- old
CREATE TABLE t (a integer NOT NULL, b integer NOT NULL, c text, PRIMARY KEY (a, b)) PARTITION BY RANGE (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (10) TO (20);
CREATE INDEX t_c ON t (c);
CREATE VIEW v AS SELECT c FROM t;
CREATE TABLE u (a integer, b integer, FOREIGN KEY (a, b) REFERENCES t);
INSERT INTO t VALUES (5, 1, 'x'), (15, 2, 'y');
INSERT INTO u VALUES (5, 1);
-- change
DROP TABLE t CASCADE;
CREATE TABLE t (a integer NOT NULL, b integer NOT NULL, c text, PRIMARY KEY (a, b)) PARTITION BY LIST (b);
CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
CREATE TABLE t_rest PARTITION OF t DEFAULT;
CREATE INDEX t_c ON t (c);
CREATE VIEW v AS SELECT c FROM t;
INSERT INTO t VALUES (5, 1, 'x'), (15, 2, 'y');
ALTER TABLE u ADD FOREIGN KEY (a, b) REFERENCES t;
-- keeps
SELECT tableoid::regclass, * FROM t ORDER BY a
-- plan 15
ALTER TABLE public.u DROP CONSTRAINT u_a_b_fkey;
DROP VIEW public.v;
ALTER TABLE public.t RENAME TO pleach_1;
ALTER TABLE public.t_1 RENAME TO pleach_2;
ALTER TABLE public.pleach_1 RENAME CONSTRAINT t_pkey TO pleach_3;
ALTER TABLE public.pleach_2 RENAME CONSTRAINT t_1_pkey TO pleach_4;
ALTER INDEX public.t_1_c_idx RENAME TO pleach_5;
CREATE TABLE public.t (
    a integer NOT NULL,
    b integer NOT NULL,
    c text,
    CONSTRAINT t_pkey PRIMARY KEY (a, b)
) PARTITION BY LIST (b);
CREATE TABLE public.t_1 (
    a integer NOT NULL,
    b integer NOT NULL,
    c text
);
CREATE TABLE public.t_rest (
    a integer NOT NULL,
    b integer NOT NULL,
    c text
);
ALTER TABLE public.t_1 ADD CONSTRAINT t_1_pkey PRIMARY KEY (a, b);
ALTER TABLE public.t_rest ADD CONSTRAINT t_rest_pkey PRIMARY KEY (a, b);
CREATE INDEX t_1_c_idx ON public.t_1 USING btree (c);
ALTER TABLE public.t ATTACH PARTITION public.t_1 FOR VALUES IN (1);
ALTER INDEX public.t_pkey ATTACH PARTITION public.t_1_pkey;
CREATE INDEX t_rest_c_idx ON public.t_rest USING btree (c);
ALTER TABLE public.t ATTACH PARTITION public.t_rest DEFAULT;
INSERT INTO public.t (a, b, c) SELECT a, b, c FROM public.pleach_1;
DROP TABLE public.pleach_2;
DROP TABLE public.t_2;
DROP TABLE public.pleach_1;
ALTER INDEX public.t_pkey ATTACH PARTITION public.t_rest_pkey;
ALTER TABLE public.u ADD CONSTRAINT u_a_b_fkey FOREIGN KEY (a, b) REFERENCES public.t(a, b);
CREATE INDEX t_c ON ONLY public.t USING btree (c);
ALTER INDEX public.t_c ATTACH PARTITION public.t_1_c_idx;
ALTER INDEX public.t_c ATTACH PARTITION public.t_rest_c_idx;
CREATE VIEW public.v AS
SELECT t.c
   FROM public.t;
-- plan 18
ALTER TABLE public.u DROP CONSTRAINT u_a_b_fkey;
DROP VIEW public.v;
ALTER TABLE public.t RENAME TO pleach_1;
ALTER TABLE public.t_1 RENAME TO pleach_2;
ALTER TABLE public.pleach_1 RENAME CONSTRAINT t_pkey TO pleach_3;
ALTER TABLE public.pleach_2 RENAME CONSTRAINT t_1_pkey TO pleach_4;
ALTER INDEX public.t_1_c_idx RENAME TO pleach_5;
CREATE TABLE public.t (
    a integer NOT NULL,
    b integer NOT NULL,
    c text,
    CONSTRAINT t_pkey PRIMARY KEY (a, b)
) PARTITION BY LIST (b);
CREATE TABLE public.t_1 (
    a integer NOT NULL,
    b integer NOT NULL,
    c text
);
CREATE TABLE public.t_rest (
    a integer NOT NULL,
    b integer NOT NULL,
    c text
);
ALTER TABLE public.t_1 ADD CONSTRAINT t_1_pkey PRIMARY KEY (a, b);
ALTER TABLE public.t_rest ADD CONSTRAINT t_rest_pkey PRIMARY KEY (a, b);
CREATE INDEX t_1_c_idx ON public.t_1 USING btree (c);
ALTER TABLE public.t ATTACH PARTITION public.t_1 FOR VALUES IN (1);
ALTER INDEX public.t_pkey ATTACH PARTITION public.t_1_pkey;
CREATE INDEX t_rest_c_idx ON public.t_rest USING btree (c);
ALTER TABLE public.t ATTACH PARTITION public.t_rest DEFAULT;
INSERT INTO public.t (a, b, c) SELECT a, b, c FROM public.pleach_1;
DROP TABLE public.pleach_2;
DROP TABLE public.t_2;
DROP TABLE public.pleach_1;
ALTER INDEX public.t_pkey ATTACH PARTITION public.t_rest_pkey;
ALTER TABLE public.u ADD CONSTRAINT u_a_b_fkey FOREIGN KEY (a, b) REFERENCES public.t(a, b);
CREATE INDEX t_c ON ONLY public.t USING btree (c);
ALTER INDEX public.t_c ATTACH PARTITION public.t_1_c_idx;
ALTER INDEX public.t_c ATTACH PARTITION public.t_rest_c_idx;
CREATE VIEW public.v AS
SELECT c
   FROM public.t;

-- case: a table is partitioned and its rows move
-- names
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TABLE t (id serial, at date NOT NULL, note text DEFAULT '' CHECK (note <> 'no'));
CREATE TRIGGER watch AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch();
COMMENT ON TABLE t IS 'Told';
INSERT INTO t (at, note) VALUES ('2024-05-05', 'x'), ('2025-05-05', 'y');
-- change
ALTER SEQUENCE t_id_seq OWNED BY NONE;
DROP TABLE t;
CREATE TABLE t (id integer NOT NULL DEFAULT nextval('t_id_seq'), at date NOT NULL, note text DEFAULT '' CHECK (note <> 'no'),
    PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
ALTER SEQUENCE t_id_seq OWNED BY t.id;
CREATE TABLE t_24 PARTITION OF t FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE t_25 PARTITION OF t FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TRIGGER watch AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch();
COMMENT ON TABLE t IS 'Told';
INSERT INTO t (id, at, note) VALUES (1, '2024-05-05', 'x'), (2, '2025-05-05', 'y');
-- keeps
SELECT tableoid::regclass, *, (SELECT last_value FROM t_id_seq) FROM t ORDER BY id
-- plan
ALTER SEQUENCE public.t_id_seq OWNED BY NONE;
ALTER TABLE public.t RENAME TO pleach_1;
CREATE TABLE public.t (
    id integer DEFAULT nextval('public.t_id_seq'::regclass) NOT NULL,
    at date NOT NULL,
    note text DEFAULT ''::text,
    CONSTRAINT t_note_check CHECK ((note <> 'no'::text)),
    CONSTRAINT t_pkey PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
COMMENT ON TABLE public.t IS 'Told';
ALTER SEQUENCE public.t_id_seq OWNED BY public.t.id;
CREATE TABLE public.t_24 (
    id integer DEFAULT nextval('public.t_id_seq'::regclass) NOT NULL,
    at date NOT NULL,
    note text DEFAULT ''::text,
    CONSTRAINT t_note_check CHECK ((note <> 'no'::text))
);
CREATE TABLE public.t_25 (
    id integer DEFAULT nextval('public.t_id_seq'::regclass) NOT NULL,
    at date NOT NULL,
    note text DEFAULT ''::text,
    CONSTRAINT t_note_check CHECK ((note <> 'no'::text))
);
ALTER TABLE public.t_24 ADD CONSTRAINT t_24_pkey PRIMARY KEY (id, at);
ALTER TABLE public.t ATTACH PARTITION public.t_24 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
ALTER INDEX public.t_pkey ATTACH PARTITION public.t_24_pkey;
ALTER TABLE public.t_25 ADD CONSTRAINT t_25_pkey PRIMARY KEY (id, at);
ALTER TABLE public.t ATTACH PARTITION public.t_25 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO public.t (id, at, note) SELECT id, at, note FROM ONLY public.pleach_1;
DROP TABLE public.pleach_1;
ALTER INDEX public.t_pkey ATTACH PARTITION public.t_25_pkey;
CREATE TRIGGER watch AFTER INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.touch();

-- case: a table is no longer partitioned and keeps all rows
-- names
-- old
CREATE TABLE t (a integer NOT NULL, b text) PARTITION BY RANGE (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (10) TO (20);
INSERT INTO t VALUES (5, 'x'), (15, 'y');
-- change
DROP TABLE t;
CREATE TABLE t (a integer NOT NULL, b text);
INSERT INTO t VALUES (5, 'x'), (15, 'y');
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t RENAME TO pleach_1;
CREATE TABLE public.t (
    a integer NOT NULL,
    b text
);
INSERT INTO public.t (a, b) SELECT a, b FROM public.pleach_1;
DROP TABLE public.t_1;
DROP TABLE public.t_2;
DROP TABLE public.pleach_1;

-- case: an identity goes on counting when its table is partitioned
-- since 17
-- names
-- old
CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY (START 10), kind text NOT NULL);
INSERT INTO t (kind) VALUES ('a'), ('b');
-- change
DROP TABLE t;
CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY (START 10), kind text NOT NULL) PARTITION BY LIST (kind);
CREATE TABLE t_all PARTITION OF t DEFAULT;
INSERT INTO t (kind) VALUES ('a'), ('b');
-- keeps
SELECT id, kind, (SELECT last_value FROM t_id_seq) FROM t
-- plan
ALTER TABLE public.t RENAME TO pleach_1;
ALTER SEQUENCE public.t_id_seq RENAME TO pleach_2;
CREATE TABLE public.t (
    id integer GENERATED ALWAYS AS IDENTITY (START WITH 10) NOT NULL,
    kind text NOT NULL
) PARTITION BY LIST (kind);
CREATE TABLE public.t_all (
    id integer NOT NULL,
    kind text NOT NULL
);
ALTER TABLE public.t ATTACH PARTITION public.t_all DEFAULT;
INSERT INTO public.t (id, kind) OVERRIDING SYSTEM VALUE SELECT id, kind FROM ONLY public.pleach_1;
SELECT pg_catalog.setval('public.t_id_seq', last_value, is_called) FROM public.pleach_2;
DROP TABLE public.pleach_1;

-- case: a partition is partitioned further and its rows move down
-- names
-- old
CREATE TABLE t (a integer NOT NULL, b integer) PARTITION BY LIST (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
INSERT INTO t VALUES (1, 5);
-- change
DROP TABLE t;
CREATE TABLE t (a integer NOT NULL, b integer) PARTITION BY LIST (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1) PARTITION BY RANGE (b);
CREATE TABLE t_1_low PARTITION OF t_1 FOR VALUES FROM (0) TO (10);
INSERT INTO t VALUES (1, 5);
-- keeps
SELECT tableoid::regclass, * FROM t
-- plan
ALTER TABLE public.t DETACH PARTITION public.t_1;
ALTER TABLE public.t_1 RENAME TO pleach_1;
CREATE TABLE public.t_1 (
    a integer NOT NULL,
    b integer
) PARTITION BY RANGE (b);
ALTER TABLE public.t ATTACH PARTITION public.t_1 FOR VALUES IN (1);
CREATE TABLE public.t_1_low (
    a integer NOT NULL,
    b integer
);
ALTER TABLE public.t_1 ATTACH PARTITION public.t_1_low FOR VALUES FROM (0) TO (10);
INSERT INTO public.t_1 (a, b) SELECT a, b FROM ONLY public.pleach_1;
DROP TABLE public.pleach_1;

-- case: a partition key follows the rename of its column
-- old
CREATE TABLE t (a integer, b integer) PARTITION BY RANGE (a, (b + 1));
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0, 0) TO (10, 10);
INSERT INTO t VALUES (5, 5);
-- change
ALTER TABLE t RENAME a TO x;
ALTER TABLE t RENAME b TO y;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t RENAME COLUMN a TO x;
ALTER TABLE public.t RENAME COLUMN b TO y;

-- case: a child table comes and takes defaults that change
-- old
CREATE TABLE p (a integer DEFAULT 1, b text);
-- change
ALTER TABLE p ALTER a SET DEFAULT 2;
CREATE TABLE c (own integer) INHERITS (p);
-- plan
ALTER TABLE ONLY public.p ALTER COLUMN a SET DEFAULT 2;
CREATE TABLE public.c (
    own integer
) INHERITS (public.p);

-- case: a child table goes
-- old
CREATE TABLE p (a integer);
CREATE TABLE c (b integer) INHERITS (p);
INSERT INTO p VALUES (1);
-- change
DROP TABLE c;
-- keeps
SELECT a FROM p
-- plan
-- destroys all rows of public.c
DROP TABLE public.c;

-- case: a column of a parent and its children gets another type
-- old
CREATE TABLE p (a integer);
CREATE TABLE c (b integer) INHERITS (p);
CREATE TABLE d () INHERITS (c);
INSERT INTO d VALUES (1, 2);
-- change
ALTER TABLE p ALTER a TYPE bigint;
-- keeps
SELECT * FROM d
-- plan
ALTER TABLE public.p ALTER COLUMN a TYPE bigint USING a::bigint;

-- case: a parent gets a column that its child has
-- old
CREATE TABLE p (a integer);
CREATE TABLE c (b text) INHERITS (p);
INSERT INTO c VALUES (1, 'x');
-- change
ALTER TABLE p ADD COLUMN b text;
-- keeps
SELECT a, b FROM c
-- plan
ALTER TABLE public.p ADD COLUMN b text;

-- case: a table inherits from two that share a column
-- old
CREATE TABLE p (a integer, b integer);
CREATE TABLE q (a integer, c integer);
-- change
CREATE TABLE c (d integer) INHERITS (p, q);
-- plan
CREATE TABLE public.c (
    d integer
) INHERITS (public.p, public.q);

-- case: a child gives one of its two parents up
-- old
CREATE TABLE p (a integer, b integer);
CREATE TABLE q (a integer, c integer);
CREATE TABLE c (d integer) INHERITS (p, q);
INSERT INTO c VALUES (1, 2, 3, 4);
-- change
ALTER TABLE c NO INHERIT q;
-- keeps
SELECT a, b, c, d FROM c
-- plan
ALTER TABLE public.c NO INHERIT public.q;

-- case: a check of a parent is inherited and renamed
-- old
CREATE TABLE p (a integer CONSTRAINT pos CHECK (a > 0));
CREATE TABLE c () INHERITS (p);
-- change
ALTER TABLE p RENAME CONSTRAINT pos TO positive;
-- plan
ALTER TABLE public.p RENAME CONSTRAINT pos TO positive;

-- case: a column is renamed in a parent and its children
-- old
CREATE TABLE p (a integer);
CREATE TABLE c (b integer) INHERITS (p);
INSERT INTO c VALUES (1, 2);
-- change
ALTER TABLE p RENAME a TO x;
-- keeps
SELECT x, b FROM c
-- plan
ALTER TABLE public.p RENAME COLUMN a TO x;

-- case: an index is built up through two levels of new partitions
-- names
-- old
-- change
CREATE TABLE ledger (region text NOT NULL, amount integer) PARTITION BY HASH (region);
CREATE TABLE half PARTITION OF ledger FOR VALUES WITH (modulus 2, remainder 0) PARTITION BY RANGE (amount);
CREATE TABLE leaf PARTITION OF half FOR VALUES FROM (0) TO (10);
ALTER TABLE ledger ADD CONSTRAINT "it's once" UNIQUE (amount, region) DEFERRABLE INITIALLY DEFERRED;
-- plan
CREATE TABLE public.ledger (
    region text NOT NULL,
    amount integer,
    CONSTRAINT "it's once" UNIQUE (amount, region) DEFERRABLE INITIALLY DEFERRED
) PARTITION BY HASH (region);
CREATE TABLE public.half (
    region text NOT NULL,
    amount integer
) PARTITION BY RANGE (amount);
CREATE TABLE public.leaf (
    region text NOT NULL,
    amount integer
);
ALTER TABLE public.leaf ADD CONSTRAINT leaf_amount_region_key UNIQUE (amount, region) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE public.half ATTACH PARTITION public.leaf FOR VALUES FROM (0) TO (10);
ALTER TABLE ONLY public.half ADD CONSTRAINT half_amount_region_key UNIQUE (amount, region) DEFERRABLE INITIALLY DEFERRED;
ALTER INDEX public.half_amount_region_key ATTACH PARTITION public.leaf_amount_region_key;
ALTER TABLE public.ledger ATTACH PARTITION public.half FOR VALUES WITH (modulus 2, remainder 0);
ALTER INDEX public."it's once" ATTACH PARTITION public.half_amount_region_key;

-- case: a partition comes to a table that loses a column by which another one was partitioned
-- names
-- old
CREATE TABLE ledger (region text NOT NULL, was integer) PARTITION BY LIST (region);
CREATE TABLE halves PARTITION OF ledger FOR VALUES IN ('0') PARTITION BY RANGE (was);
CREATE TABLE place (region text NOT NULL, amount integer) PARTITION BY HASH (region);
-- change
DROP TABLE halves;
ALTER TABLE ledger DROP COLUMN was, ADD COLUMN amount integer;
CREATE TABLE leaf PARTITION OF ledger FOR VALUES IN ('1');
CREATE TABLE halves PARTITION OF place FOR VALUES WITH (modulus 2, remainder 1) PARTITION BY RANGE (amount);
-- plan
ALTER TABLE public.ledger DETACH PARTITION public.halves;
-- destroys all values of public.ledger.was
ALTER TABLE public.ledger DROP COLUMN was;
ALTER TABLE public.halves RENAME TO pleach_1;
CREATE TABLE public.halves (
    region text NOT NULL,
    amount integer
) PARTITION BY RANGE (amount);
INSERT INTO public.halves (region) SELECT region FROM public.pleach_1;
-- destroys all values of public.halves.was
DROP TABLE public.pleach_1;
ALTER TABLE public.place ATTACH PARTITION public.halves FOR VALUES WITH (modulus 2, remainder 1);
ALTER TABLE public.ledger ADD COLUMN amount integer;
CREATE TABLE public.leaf (
    region text NOT NULL,
    amount integer
);
ALTER TABLE public.ledger ATTACH PARTITION public.leaf FOR VALUES IN ('1');

-- case: a partition is a partition of its table again in the place of one between them that goes
-- names
-- old
CREATE TABLE ledger (region text NOT NULL, amount integer) PARTITION BY LIST (region);
CREATE TABLE between_them PARTITION OF ledger FOR VALUES IN ('1') PARTITION BY RANGE (amount);
CREATE TABLE leaf PARTITION OF between_them FOR VALUES FROM (0) TO (10);
-- change
DROP TABLE between_them;
CREATE TABLE leaf PARTITION OF ledger FOR VALUES IN ('0') PARTITION BY RANGE (amount);
CREATE TABLE others PARTITION OF ledger FOR VALUES IN ('1');
-- plan
ALTER TABLE public.between_them DETACH PARTITION public.leaf;
-- destroys all rows of public.between_them
DROP TABLE public.between_them;
ALTER TABLE public.leaf RENAME TO pleach_1;
CREATE TABLE public.leaf (
    region text NOT NULL,
    amount integer
) PARTITION BY RANGE (amount);
INSERT INTO public.leaf (region, amount) SELECT region, amount FROM ONLY public.pleach_1;
DROP TABLE public.pleach_1;
ALTER TABLE public.ledger ATTACH PARTITION public.leaf FOR VALUES IN ('0');
CREATE TABLE public.others (
    region text NOT NULL,
    amount integer
);
ALTER TABLE public.ledger ATTACH PARTITION public.others FOR VALUES IN ('1');

-- case: a table is taken off before its parent loses the columns that it keeps no longer
-- names
-- old
CREATE TABLE things (id integer PRIMARY KEY);
CREATE TABLE events (at integer NOT NULL, kind text, thing integer) PARTITION BY RANGE (at);
CREATE TABLE part PARTITION OF events FOR VALUES FROM (100) TO (200);
ALTER TABLE events ADD FOREIGN KEY (thing) REFERENCES things;
-- change
ALTER TABLE events DETACH PARTITION part;
ALTER TABLE part DROP kind, DROP thing, ADD id integer;
ALTER TABLE events DROP kind, DROP thing, ADD other text;
DROP TABLE things;
-- plan
ALTER TABLE public.events DROP CONSTRAINT events_thing_fkey;
ALTER TABLE public.events DETACH PARTITION public.part;
-- destroys all rows of public.things
DROP TABLE public.things;
-- destroys all values of public.events.kind
ALTER TABLE public.events DROP COLUMN kind;
-- destroys all values of public.events.thing
ALTER TABLE public.events DROP COLUMN thing;
-- destroys all values of public.part.kind
ALTER TABLE public.part DROP COLUMN kind;
-- destroys all values of public.part.thing
ALTER TABLE public.part DROP COLUMN thing;
ALTER TABLE public.events ADD COLUMN other text;
ALTER TABLE public.part ADD COLUMN id integer;

-- case: a foreign key to one of its table's own partitions goes with that
-- names
-- old
CREATE SCHEMA area;
CREATE TABLE events (at integer PRIMARY KEY) PARTITION BY RANGE (at);
CREATE TABLE area.part PARTITION OF events FOR VALUES FROM (100) TO (200);
ALTER TABLE events ADD COLUMN of integer, ADD CONSTRAINT link FOREIGN KEY (of) REFERENCES events ON DELETE CASCADE;
-- change
ALTER TABLE events DROP CONSTRAINT link, DROP COLUMN of;
DROP TABLE area.part;
DROP SCHEMA area;
-- plan
ALTER TABLE public.events DROP CONSTRAINT link;
-- destroys all rows of area.part
DROP TABLE area.part;
DROP SCHEMA area;
-- destroys all values of public.events.of
ALTER TABLE public.events DROP COLUMN of;

-- case: a partition moves to another table while the key goes that its foreign key refers to
-- names
-- old
CREATE TABLE things (id integer CONSTRAINT key1 PRIMARY KEY);
CREATE TABLE events (at integer NOT NULL, ref integer REFERENCES things) PARTITION BY RANGE (at);
CREATE TABLE part PARTITION OF events FOR VALUES FROM (0) TO (100);
-- change
DROP TABLE events;
ALTER TABLE things DROP CONSTRAINT key1, ADD PRIMARY KEY (id);
CREATE TABLE others (day integer NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE part PARTITION OF others FOR VALUES FROM (0) TO (100);
-- plan
ALTER TABLE public.events DROP CONSTRAINT events_ref_fkey;
ALTER TABLE public.events DETACH PARTITION public.part;
-- destroys all rows of public.events
DROP TABLE public.events;
-- destroys all values of public.part.at
ALTER TABLE public.part DROP COLUMN at;
-- destroys all values of public.part.ref
ALTER TABLE public.part DROP COLUMN ref;
ALTER TABLE public.things DROP CONSTRAINT key1;
CREATE TABLE public.others (
    day integer NOT NULL
) PARTITION BY RANGE (day);
ALTER TABLE public.part ADD COLUMN day integer NOT NULL;
ALTER TABLE public.others ATTACH PARTITION public.part FOR VALUES FROM (0) TO (100);
ALTER TABLE public.things ADD CONSTRAINT things_pkey PRIMARY KEY (id);

-- case: a partition comes to a table whose index goes that is like its own
-- names
-- old
CREATE TABLE ledger (region text NOT NULL, amount integer) PARTITION BY LIST (region);
CREATE TABLE half PARTITION OF ledger FOR VALUES IN ('0') PARTITION BY RANGE (amount);
CREATE TABLE leaf PARTITION OF half FOR VALUES FROM (0) TO (10);
CREATE INDEX by_was ON ledger (lower(region));
-- change
ALTER TABLE half DETACH PARTITION leaf;
DROP TABLE half;
DROP INDEX by_was;
CREATE TABLE two PARTITION OF ledger FOR VALUES IN ('0') PARTITION BY RANGE (amount);
ALTER TABLE two ATTACH PARTITION leaf FOR VALUES FROM (0) TO (10);
CREATE TABLE other PARTITION OF ledger FOR VALUES IN ('1');
CREATE INDEX by_is ON ledger (lower(region));
-- plan
ALTER TABLE public.half DETACH PARTITION public.leaf;
CREATE TABLE public.other (
    region text NOT NULL,
    amount integer
);
CREATE TABLE public.two (
    region text NOT NULL,
    amount integer
) PARTITION BY RANGE (amount);
-- destroys all rows of public.half
DROP TABLE public.half;
DROP INDEX public.by_was;
ALTER TABLE public.two ATTACH PARTITION public.leaf FOR VALUES FROM (0) TO (10);
CREATE INDEX other_lower_idx ON public.other USING btree (lower(region));
ALTER TABLE public.ledger ATTACH PARTITION public.other FOR VALUES IN ('1');
CREATE INDEX two_lower_idx ON ONLY public.two USING btree (lower(region));
ALTER INDEX public.two_lower_idx ATTACH PARTITION public.leaf_lower_idx;
ALTER TABLE public.ledger ATTACH PARTITION public.two FOR VALUES IN ('0');
CREATE INDEX by_is ON ONLY public.ledger USING btree (lower(region));
ALTER INDEX public.by_is ATTACH PARTITION public.other_lower_idx;
ALTER INDEX public.by_is ATTACH PARTITION public.two_lower_idx;

-- case: a parent gets a column that its child has with another type
-- names
-- old
CREATE TABLE parent (id integer);
CREATE TABLE child (state text DEFAULT 'y') INHERITS (parent);
INSERT INTO child VALUES (1, 'sad');
-- change
CREATE TYPE mood AS ENUM ('sad', 'ok');
ALTER TABLE child ALTER COLUMN state DROP DEFAULT, ALTER COLUMN state TYPE mood USING state::mood;
ALTER TABLE parent ADD COLUMN state mood;
-- keeps
SELECT id, state FROM child
-- plan
CREATE TYPE public.mood AS ENUM ('sad', 'ok');
ALTER TABLE public.child ALTER COLUMN state DROP DEFAULT;
ALTER TABLE public.child ALTER COLUMN state TYPE public.mood USING state::public.mood;
ALTER TABLE public.parent ADD COLUMN state public.mood;

-- case: a table becomes a partition when the function that used its column does so no longer
-- names
-- old
CREATE TABLE t (id integer, tags text[]);
CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql RETURN (SELECT count(tags) FROM t);
-- change
CREATE TABLE things (id integer);
CREATE OR REPLACE FUNCTION counted() RETURNS bigint LANGUAGE sql RETURN (SELECT count(id) FROM things);
ALTER TABLE t DROP COLUMN id, DROP COLUMN tags, ADD at integer NOT NULL;
CREATE TABLE events (at integer NOT NULL) PARTITION BY RANGE (at);
ALTER TABLE events ATTACH PARTITION t FOR VALUES FROM (0) TO (100);
-- plan
-- destroys all values of public.t.id
ALTER TABLE public.t DROP COLUMN id;
CREATE TABLE public.events (
    at integer NOT NULL
) PARTITION BY RANGE (at);
CREATE TABLE public.things (
    id integer
);
ALTER TABLE public.t ADD COLUMN at integer NOT NULL;
CREATE OR REPLACE FUNCTION public.counted()
    RETURNS bigint
    LANGUAGE sql
RETURN (SELECT count(things.id) AS count FROM public.things);
-- destroys all values of public.t.tags
ALTER TABLE public.t DROP COLUMN tags;
ALTER TABLE public.events ATTACH PARTITION public.t FOR VALUES FROM (0) TO (100);

-- case: a partition becomes partitioned by a column of another type
-- names
-- old
CREATE TABLE ledger (kind text NOT NULL, amount integer) PARTITION BY HASH (kind);
CREATE TABLE leaf PARTITION OF ledger FOR VALUES WITH (modulus 2, remainder 0);
-- change
DROP TABLE ledger;
CREATE TABLE others (region text, kind integer) PARTITION BY HASH (region);
CREATE TABLE leaf PARTITION OF others FOR VALUES WITH (modulus 2, remainder 1) PARTITION BY RANGE (kind);
-- plan
ALTER TABLE public.ledger DETACH PARTITION public.leaf;
-- destroys all rows of public.ledger
DROP TABLE public.ledger;
ALTER TABLE public.leaf RENAME TO pleach_1;
CREATE TABLE public.others (
    region text,
    kind integer
) PARTITION BY HASH (region);
CREATE TABLE public.leaf (
    region text,
    kind integer
) PARTITION BY RANGE (kind);
INSERT INTO public.leaf (kind) SELECT kind::integer FROM ONLY public.pleach_1;
-- destroys all values of public.leaf.amount
DROP TABLE public.pleach_1;
ALTER TABLE public.others ATTACH PARTITION public.leaf FOR VALUES WITH (modulus 2, remainder 1);

-- case: a child table gets a second parent while the first loses, gains and changes columns
-- old
CREATE TABLE base (id integer, gone text, n integer);
CREATE TABLE child (own text) INHERITS (base);
CREATE TABLE also (own text);
-- change
ALTER TABLE base DROP COLUMN gone;
ALTER TABLE base ADD COLUMN made date;
ALTER TABLE base ALTER COLUMN n TYPE bigint;
ALTER TABLE child INHERIT also;
-- plan
-- destroys all values of public.base.gone
ALTER TABLE public.base DROP COLUMN gone;
ALTER TABLE public.base ALTER COLUMN n TYPE bigint USING n::bigint;
ALTER TABLE public.base ADD COLUMN made date;
ALTER TABLE public.child INHERIT public.also;

-- case: a child table loses its second parent while the first loses a check and a column that it keeps
-- old
CREATE TABLE base (id integer, kept text, CONSTRAINT base_id CHECK (id > 0));
CREATE TABLE also (own text);
CREATE TABLE child (kept text, own text) INHERITS (base, also);
-- change
ALTER TABLE child NO INHERIT also;
ALTER TABLE base DROP CONSTRAINT base_id;
ALTER TABLE base DROP COLUMN kept;
ALTER TABLE base ADD CONSTRAINT base_small CHECK (id < 9);
-- plan
ALTER TABLE public.child NO INHERIT public.also;
-- destroys all values of public.base.kept
ALTER TABLE ONLY public.base DROP COLUMN kept;
ALTER TABLE public.base DROP CONSTRAINT base_id;
ALTER TABLE public.base ADD CONSTRAINT base_small CHECK ((id < 9));

-- case: a child table changes its second parent while a column of the first is renamed
-- old
CREATE TABLE base (id integer);
CREATE TABLE one (own text);
CREATE TABLE two (own text, more text);
CREATE TABLE child (more text) INHERITS (base, one);
-- change
ALTER TABLE base RENAME COLUMN id TO number;
ALTER TABLE one DROP COLUMN own;
ALTER TABLE child NO INHERIT one;
ALTER TABLE child ADD COLUMN IF NOT EXISTS own text;
ALTER TABLE child INHERIT two;
-- plan
ALTER TABLE public.child NO INHERIT public.one;
-- destroys all values of public.child.own
ALTER TABLE public.child DROP COLUMN own;
-- destroys all values of public.one.own
ALTER TABLE public.one DROP COLUMN own;
ALTER TABLE public.base RENAME COLUMN id TO number;
ALTER TABLE public.child ADD COLUMN own text;
ALTER TABLE public.child INHERIT public.two;
