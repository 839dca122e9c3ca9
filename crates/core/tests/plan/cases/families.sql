-- Partitions and inheritance.

-- case: a partitioned table comes with partitions, indexes and keys
-- old
CREATE TABLE other (id integer PRIMARY KEY);
-- change
CREATE TABLE events (id integer NOT NULL, at date NOT NULL, kind text DEFAULT 'x' CHECK (kind <> ''), o integer REFERENCES other,
    PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE INDEX events_kind ON events (kind);
CREATE TABLE events_24 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_25 (at date NOT NULL, id integer NOT NULL, o integer, kind text, CONSTRAINT events_kind_check CHECK (kind <> ''));
CREATE INDEX events_25_by_kind ON events_25 (kind);
ALTER TABLE events ATTACH PARTITION events_25 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT PARTITION BY LIST (id);
CREATE TABLE events_rest_1 PARTITION OF events_rest FOR VALUES IN (1, 2);
CREATE TABLE refers (id integer, at date, FOREIGN KEY (id, at) REFERENCES events);
-- plan
CREATE TABLE public.events (
    id integer NOT NULL,
    at date NOT NULL,
    kind text DEFAULT 'x'::text,
    o integer,
    CONSTRAINT events_kind_check CHECK ((kind <> ''::text)),
    CONSTRAINT events_pkey PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE public.events_24 (
    id integer NOT NULL,
    at date NOT NULL,
    kind text DEFAULT 'x'::text,
    o integer,
    CONSTRAINT events_kind_check CHECK ((kind <> ''::text))
);
CREATE TABLE public.events_25 (
    at date NOT NULL,
    id integer NOT NULL,
    o integer,
    kind text,
    CONSTRAINT events_kind_check CHECK ((kind <> ''::text))
);
CREATE TABLE public.events_rest (
    id integer NOT NULL,
    at date NOT NULL,
    kind text DEFAULT 'x'::text,
    o integer,
    CONSTRAINT events_kind_check CHECK ((kind <> ''::text))
) PARTITION BY LIST (id);
CREATE TABLE public.events_rest_1 (
    id integer NOT NULL,
    at date NOT NULL,
    kind text DEFAULT 'x'::text,
    o integer,
    CONSTRAINT events_kind_check CHECK ((kind <> ''::text))
);
CREATE TABLE public.refers (
    id integer,
    at date
);
ALTER TABLE public.events_24 ADD CONSTRAINT events_24_pkey PRIMARY KEY (id, at);
ALTER TABLE public.events_25 ADD CONSTRAINT events_25_pkey PRIMARY KEY (id, at);
ALTER TABLE public.events_rest_1 ADD CONSTRAINT events_rest_1_pkey PRIMARY KEY (id, at);
CREATE INDEX events_24_kind_idx ON public.events_24 USING btree (kind);
ALTER TABLE public.events ATTACH PARTITION public.events_24 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
ALTER INDEX public.events_pkey ATTACH PARTITION public.events_24_pkey;
CREATE INDEX events_25_by_kind ON public.events_25 USING btree (kind);
ALTER TABLE public.events ATTACH PARTITION public.events_25 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
ALTER INDEX public.events_pkey ATTACH PARTITION public.events_25_pkey;
CREATE INDEX events_rest_1_kind_idx ON public.events_rest_1 USING btree (kind);
ALTER TABLE public.events_rest ATTACH PARTITION public.events_rest_1 FOR VALUES IN (1, 2);
ALTER TABLE ONLY public.events_rest ADD CONSTRAINT events_rest_pkey PRIMARY KEY (id, at);
ALTER INDEX public.events_rest_pkey ATTACH PARTITION public.events_rest_1_pkey;
CREATE INDEX events_rest_kind_idx ON ONLY public.events_rest USING btree (kind);
ALTER INDEX public.events_rest_kind_idx ATTACH PARTITION public.events_rest_1_kind_idx;
ALTER TABLE public.events ATTACH PARTITION public.events_rest DEFAULT;
ALTER TABLE public.events ADD CONSTRAINT events_o_fkey FOREIGN KEY (o) REFERENCES public.other(id);
ALTER INDEX public.events_pkey ATTACH PARTITION public.events_rest_pkey;
ALTER TABLE public.refers ADD CONSTRAINT refers_id_at_fkey FOREIGN KEY (id, at) REFERENCES public.events(id, at);
CREATE INDEX events_kind ON ONLY public.events USING btree (kind);
ALTER INDEX public.events_kind ATTACH PARTITION public.events_24_kind_idx;
ALTER INDEX public.events_kind ATTACH PARTITION public.events_25_by_kind;
ALTER INDEX public.events_kind ATTACH PARTITION public.events_rest_kind_idx;

-- case: partitions come, go and are taken off
-- old
CREATE TABLE events (id integer NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE events_0 PARTITION OF events FOR VALUES FROM (0) TO (100);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (100) TO (200);
CREATE TABLE events_2 (id integer NOT NULL PRIMARY KEY);
INSERT INTO events VALUES (7), (107);
INSERT INTO events_2 VALUES (207);
-- change
DROP TABLE events_0;
ALTER TABLE events DETACH PARTITION events_1;
ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM (200) TO (300);
CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM (0) TO (100);
-- keeps
SELECT * FROM events UNION ALL SELECT * FROM events_1
-- plan
-- destroys all rows of public.events_0
DROP TABLE public.events_0;
ALTER TABLE public.events DETACH PARTITION public.events_1;
CREATE TABLE public.events_3 (
    id integer NOT NULL
);
ALTER TABLE public.events ATTACH PARTITION public.events_2 FOR VALUES FROM (200) TO (300);
ALTER INDEX public.events_pkey ATTACH PARTITION public.events_2_pkey;
ALTER TABLE public.events_3 ADD CONSTRAINT events_3_pkey PRIMARY KEY (id);
ALTER TABLE public.events ATTACH PARTITION public.events_3 FOR VALUES FROM (0) TO (100);
ALTER INDEX public.events_pkey ATTACH PARTITION public.events_3_pkey;

-- case: partitions swap their bounds while a column is renamed
-- old
CREATE TABLE events (id integer, note text) PARTITION BY LIST (id);
CREATE TABLE a PARTITION OF events FOR VALUES IN (1);
CREATE TABLE b PARTITION OF events FOR VALUES IN (2);
CREATE TABLE rest PARTITION OF events DEFAULT;
-- change
ALTER TABLE events DETACH PARTITION a;
ALTER TABLE events DETACH PARTITION b;
ALTER TABLE events ATTACH PARTITION a FOR VALUES IN (2);
ALTER TABLE events ATTACH PARTITION b FOR VALUES IN (1, 3);
ALTER TABLE events RENAME note TO remark;
ALTER TABLE events ADD COLUMN more integer DEFAULT 3;
-- plan
ALTER TABLE public.events RENAME COLUMN note TO remark;
ALTER TABLE public.events ADD COLUMN more integer DEFAULT 3;
ALTER TABLE public.events DETACH PARTITION public.a;
ALTER TABLE public.events DETACH PARTITION public.b;
ALTER TABLE public.events ATTACH PARTITION public.a FOR VALUES IN (2);
ALTER TABLE public.events ATTACH PARTITION public.b FOR VALUES IN (1, 3);

-- case: a partition moves from one table to another
-- old
CREATE TABLE one (id integer, x text) PARTITION BY LIST (id);
CREATE TABLE two (id integer, x text) PARTITION BY LIST (id);
CREATE TABLE part PARTITION OF one FOR VALUES IN (1);
INSERT INTO part VALUES (1, 'x');
-- change
ALTER TABLE one DETACH PARTITION part;
ALTER TABLE two ATTACH PARTITION part FOR VALUES IN (1);
DROP TABLE one;
-- keeps
SELECT * FROM two
-- plan
ALTER TABLE public.one DETACH PARTITION public.part;
-- destroys all rows of public.one
DROP TABLE public.one;
ALTER TABLE public.two ATTACH PARTITION public.part FOR VALUES IN (1);

-- case: a partitioned table is replaced and its partition is kept
-- old
CREATE TABLE events (id integer NOT NULL, note text, PRIMARY KEY (id)) PARTITION BY LIST (id);
CREATE TABLE part PARTITION OF events FOR VALUES IN (1);
INSERT INTO part VALUES (1, 'x');
-- change
ALTER TABLE events DETACH PARTITION part;
DROP TABLE events;
CREATE TABLE events (id integer NOT NULL, note text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
ALTER TABLE events ATTACH PARTITION part FOR VALUES FROM (0) TO (9);
-- keeps
SELECT * FROM events
-- plan
ALTER TABLE public.events DETACH PARTITION public.part;
-- destroys all rows of public.events
DROP TABLE public.events;
CREATE TABLE public.events (
    id integer NOT NULL,
    note text,
    CONSTRAINT events_pkey PRIMARY KEY (id)
) PARTITION BY RANGE (id);
ALTER TABLE public.events ATTACH PARTITION public.part FOR VALUES FROM (0) TO (9);

-- case: columns of a partitioned table change and its partitions follow
-- old
CREATE TABLE events (id integer NOT NULL, n integer DEFAULT 1, gone text, kept text) PARTITION BY LIST (id);
CREATE TABLE part PARTITION OF events FOR VALUES IN (1);
ALTER TABLE part ALTER n SET DEFAULT 2;
CREATE INDEX events_n ON events (n);
-- change
ALTER TABLE events ALTER n TYPE bigint, ALTER n SET NOT NULL;
ALTER TABLE events DROP COLUMN gone;
ALTER TABLE events RENAME kept TO said;
ALTER TABLE events ADD COLUMN more text DEFAULT 'x' NOT NULL, ADD CONSTRAINT n_positive CHECK (n > 0);
ALTER TABLE part ALTER more SET DEFAULT 'y';
-- plan
-- destroys all values of public.events.gone
ALTER TABLE public.events DROP COLUMN gone;
ALTER TABLE public.events RENAME COLUMN kept TO said;
ALTER TABLE public.events ALTER COLUMN n DROP DEFAULT;
ALTER TABLE public.events ALTER COLUMN n TYPE bigint USING n::bigint;
ALTER TABLE ONLY public.events ALTER COLUMN n SET DEFAULT 1;
ALTER TABLE public.events ALTER COLUMN n SET NOT NULL;
ALTER TABLE public.events ADD COLUMN more text DEFAULT 'x'::text NOT NULL;
ALTER TABLE ONLY public.part ALTER COLUMN n SET DEFAULT 2;
ALTER TABLE public.events ADD CONSTRAINT n_positive CHECK ((n > 0));
-- then, having looked
ALTER TABLE ONLY public.part ALTER COLUMN more SET DEFAULT 'y'::text;

-- case: an index of a partitioned table comes, is renamed and goes
-- old
CREATE TABLE events (id integer NOT NULL, n integer, m integer) PARTITION BY LIST (id);
CREATE TABLE part PARTITION OF events FOR VALUES IN (1);
CREATE INDEX events_n ON events (n);
CREATE INDEX events_m ON events (m);
-- change
DROP INDEX events_n;
ALTER INDEX events_m RENAME TO by_m;
ALTER INDEX part_m_idx RENAME TO part_by_m;
CREATE UNIQUE INDEX events_id ON events (id, n);
ALTER TABLE events ADD PRIMARY KEY (id);
-- plan
DROP INDEX public.events_n;
ALTER INDEX public.events_m RENAME TO by_m;
ALTER INDEX public.part_m_idx RENAME TO part_by_m;
ALTER TABLE ONLY public.events ADD CONSTRAINT events_pkey PRIMARY KEY (id);
ALTER TABLE public.part ADD CONSTRAINT part_pkey PRIMARY KEY (id);
ALTER INDEX public.events_pkey ATTACH PARTITION public.part_pkey;
CREATE UNIQUE INDEX events_id ON ONLY public.events USING btree (id, n);
CREATE UNIQUE INDEX part_id_n_idx ON public.part USING btree (id, n);
ALTER INDEX public.events_id ATTACH PARTITION public.part_id_n_idx;

-- case: a foreign key of a partitioned table comes and goes
-- old
CREATE TABLE other (id integer PRIMARY KEY);
CREATE TABLE events (id integer NOT NULL PRIMARY KEY, a integer REFERENCES other, b integer) PARTITION BY LIST (id);
CREATE TABLE part PARTITION OF events FOR VALUES IN (1);
CREATE TABLE off PARTITION OF events FOR VALUES IN (2);
-- change
ALTER TABLE events DROP CONSTRAINT events_a_fkey;
ALTER TABLE events ADD FOREIGN KEY (b) REFERENCES other;
ALTER TABLE events DETACH PARTITION off;
-- plan
ALTER TABLE public.events DETACH PARTITION public.off;
ALTER TABLE public.events DROP CONSTRAINT events_a_fkey;
ALTER TABLE public.events ADD CONSTRAINT events_b_fkey FOREIGN KEY (b) REFERENCES public.other(id);
ALTER TABLE public.off ADD CONSTRAINT events_b_fkey FOREIGN KEY (b) REFERENCES public.other(id);
-- then, having looked
ALTER TABLE public.off DROP CONSTRAINT events_a_fkey;

-- case: triggers of a partitioned table reach its partitions
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE events (id integer NOT NULL) PARTITION BY LIST (id);
CREATE TABLE part PARTITION OF events FOR VALUES IN (1);
CREATE TRIGGER a AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch();
-- change
DROP TRIGGER a ON events;
CREATE TRIGGER b AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER c BEFORE INSERT ON part FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE more PARTITION OF events FOR VALUES IN (2);
-- plan
DROP TRIGGER a ON public.events;
CREATE TABLE public.more (
    id integer NOT NULL
);
ALTER TABLE public.events ATTACH PARTITION public.more FOR VALUES IN (2);
CREATE TRIGGER b AFTER INSERT ON public.events FOR EACH ROW EXECUTE FUNCTION public.touch();
CREATE TRIGGER c BEFORE INSERT ON public.part FOR EACH ROW EXECUTE FUNCTION public.touch();

-- case: a child table comes and its parents change
-- old
CREATE TABLE base (id integer NOT NULL, label text DEFAULT 'x', CONSTRAINT base_rule CHECK (id > 0));
CREATE TABLE side (extra text);
-- change
CREATE TABLE child (own integer) INHERITS (side, base);
ALTER TABLE child ALTER label SET DEFAULT 'y', ALTER extra SET NOT NULL;
CREATE TABLE grandchild () INHERITS (child);
ALTER TABLE base RENAME label TO title;
ALTER TABLE base ADD COLUMN more integer;
ALTER TABLE base ADD CONSTRAINT no_x CHECK (title <> 'x') NO INHERIT;
-- plan
ALTER TABLE public.base RENAME COLUMN label TO title;
ALTER TABLE public.base ADD COLUMN more integer;
CREATE TABLE public.child (
    own integer
) INHERITS (public.side, public.base);
ALTER TABLE ONLY public.child ALTER COLUMN extra SET NOT NULL;
ALTER TABLE ONLY public.child ALTER COLUMN title SET DEFAULT 'y'::text;
CREATE TABLE public.grandchild () INHERITS (public.child);
ALTER TABLE public.base ADD CONSTRAINT no_x CHECK ((title <> 'x'::text)) NO INHERIT;

-- case: inheritance is given up and taken on
-- old
CREATE TABLE base (id integer);
CREATE TABLE side (extra text);
CREATE TABLE child (own integer) INHERITS (base, side);
CREATE TABLE orphan (id integer, own text);
INSERT INTO child VALUES (1, 'x', 2);
-- change
ALTER TABLE child NO INHERIT side;
ALTER TABLE orphan INHERIT base;
-- keeps
SELECT * FROM child
-- plan
ALTER TABLE public.child NO INHERIT public.side;
ALTER TABLE public.orphan INHERIT public.base;

-- case: an inherited column is dropped, retyped and renamed with its parent's
-- old
CREATE TABLE base (a integer, b integer DEFAULT 1, c integer, d integer);
CREATE TABLE child (own integer) INHERITS (base);
INSERT INTO child VALUES (1, 2, 3, 4, 5);
-- change
ALTER TABLE base DROP COLUMN a;
ALTER TABLE base ALTER b TYPE bigint;
ALTER TABLE base RENAME c TO cc;
ALTER TABLE base ALTER d SET NOT NULL;
-- keeps
SELECT * FROM child
-- plan
-- destroys all values of public.base.a
ALTER TABLE public.base DROP COLUMN a;
ALTER TABLE public.base RENAME COLUMN c TO cc;
ALTER TABLE public.base ALTER COLUMN b DROP DEFAULT;
ALTER TABLE public.base ALTER COLUMN b TYPE bigint USING b::bigint;
ALTER TABLE ONLY public.base ALTER COLUMN b SET DEFAULT 1;
ALTER TABLE public.base ALTER COLUMN d SET NOT NULL;
ALTER TABLE ONLY public.child ALTER COLUMN b SET DEFAULT 1;

-- case: a parent's column goes and the child keeps it
-- old
CREATE TABLE base (a integer, b integer, CONSTRAINT a_rule CHECK (a > 0));
CREATE TABLE child (own integer) INHERITS (base);
INSERT INTO child VALUES (1, 2, 3);
-- change
ALTER TABLE ONLY base DROP COLUMN a;
-- keeps
SELECT * FROM child
-- plan
-- destroys all values of public.base.a
ALTER TABLE ONLY public.base DROP COLUMN a;

-- case: the identity of a partitioned table is that of its partitions
-- since 17
-- old
CREATE TABLE events (id integer NOT NULL, note text, n integer GENERATED ALWAYS AS IDENTITY) PARTITION BY LIST (id);
CREATE TABLE part PARTITION OF events FOR VALUES IN (1);
CREATE TABLE off PARTITION OF events FOR VALUES IN (2);
-- change
ALTER TABLE events ALTER id ADD GENERATED BY DEFAULT AS IDENTITY;
ALTER TABLE events ALTER n DROP IDENTITY;
CREATE TABLE more PARTITION OF events FOR VALUES IN (3);
ALTER TABLE events DETACH PARTITION off;
-- plan
ALTER TABLE public.events DETACH PARTITION public.off;
ALTER TABLE public.events ALTER COLUMN n DROP IDENTITY;
ALTER TABLE public.events ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY;
SELECT pg_catalog.setval('public.events_id_seq', max(id)) FROM public.events HAVING max(id) >= 1;
CREATE TABLE public.more (
    id integer NOT NULL,
    note text,
    n integer NOT NULL
);
ALTER TABLE public.events ATTACH PARTITION public.more FOR VALUES IN (3);
