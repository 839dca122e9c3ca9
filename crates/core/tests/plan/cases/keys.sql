-- Keys and other constraints, one by one.

-- case: a primary key comes
-- old
CREATE TABLE t (id integer);
INSERT INTO t VALUES (1);
-- change
ALTER TABLE t ADD PRIMARY KEY (id);
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ALTER COLUMN id SET NOT NULL;
ALTER TABLE public.t ADD CONSTRAINT t_pkey PRIMARY KEY (id);

-- case: a primary key goes and its column stays not null
-- old
CREATE TABLE t (id integer PRIMARY KEY);
-- change
ALTER TABLE t DROP CONSTRAINT t_pkey;
ALTER TABLE t ALTER id SET NOT NULL;
-- plan
ALTER TABLE public.t DROP CONSTRAINT t_pkey;

-- case: a primary key gets a second column
-- old
CREATE TABLE t (a integer PRIMARY KEY, b integer NOT NULL);
INSERT INTO t VALUES (1, 2);
-- change
ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (a, b);
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t DROP CONSTRAINT t_pkey;
ALTER TABLE public.t ADD CONSTRAINT t_pkey PRIMARY KEY (a, b);

-- case: a primary key includes columns and has a fill factor
-- old
CREATE TABLE t (a integer, b integer);
-- change
ALTER TABLE t ADD CONSTRAINT "T key" PRIMARY KEY (a) INCLUDE (b) WITH (fillfactor = 80);
-- plan
ALTER TABLE public.t ALTER COLUMN a SET NOT NULL;
ALTER TABLE public.t ADD CONSTRAINT "T key" PRIMARY KEY (a) INCLUDE (b) WITH (fillfactor = '80');

-- case: a primary key is renamed under foreign keys
-- old
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE b (id integer REFERENCES a);
-- change
ALTER TABLE a RENAME CONSTRAINT a_pkey TO pk_a;
-- plan
ALTER TABLE public.a RENAME CONSTRAINT a_pkey TO pk_a;

-- case: a unique constraint comes
-- old
CREATE TABLE t (a integer, b integer);
-- change
ALTER TABLE t ADD CONSTRAINT once UNIQUE (a, b);
-- plan
ALTER TABLE public.t ADD CONSTRAINT once UNIQUE (a, b);

-- case: a unique constraint goes
-- old
CREATE TABLE t (a integer UNIQUE, b integer);
-- change
ALTER TABLE t DROP CONSTRAINT t_a_key;
-- plan
ALTER TABLE public.t DROP CONSTRAINT t_a_key;

-- case: a unique constraint becomes deferrable under a foreign key
-- old
CREATE TABLE a (id integer CONSTRAINT once UNIQUE);
CREATE TABLE c (id integer);
CREATE TABLE b (id integer REFERENCES a (id));
-- change
ALTER TABLE b DROP CONSTRAINT b_id_fkey;
ALTER TABLE a DROP CONSTRAINT once, ADD CONSTRAINT once UNIQUE (id) INITIALLY DEFERRED;
-- plan
ALTER TABLE public.b DROP CONSTRAINT b_id_fkey;
ALTER TABLE public.a DROP CONSTRAINT once;
ALTER TABLE public.a ADD CONSTRAINT once UNIQUE (id) DEFERRABLE INITIALLY DEFERRED;

-- case: a unique index becomes a unique constraint
-- old
CREATE TABLE t (a integer);
CREATE UNIQUE INDEX once ON t (a);
-- change
ALTER TABLE t ADD CONSTRAINT once UNIQUE USING INDEX once;
-- plan
ALTER TABLE public.t ADD CONSTRAINT once UNIQUE USING INDEX once;

-- case: null values count as equal in a unique constraint
-- since 15
-- old
CREATE TABLE t (a integer CONSTRAINT once UNIQUE);
-- change
ALTER TABLE t DROP CONSTRAINT once, ADD CONSTRAINT once UNIQUE NULLS NOT DISTINCT (a);
-- plan
ALTER TABLE public.t DROP CONSTRAINT once;
ALTER TABLE public.t ADD CONSTRAINT once UNIQUE NULLS NOT DISTINCT (a);

-- case: a check comes
-- old
CREATE TABLE t (a integer);
INSERT INTO t VALUES (1);
-- change
ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0);
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ADD CONSTRAINT positive CHECK ((a > 0));

-- case: a check goes
-- old
CREATE TABLE t (a integer CONSTRAINT positive CHECK (a > 0));
-- change
ALTER TABLE t DROP CONSTRAINT positive;
-- plan
ALTER TABLE public.t DROP CONSTRAINT positive;

-- case: a check asks for something else
-- old
CREATE TABLE t (a integer CONSTRAINT positive CHECK (a > 0));
COMMENT ON CONSTRAINT positive ON t IS 'Above it';
-- change
ALTER TABLE t DROP CONSTRAINT positive, ADD CONSTRAINT positive CHECK (a >= 0);
COMMENT ON CONSTRAINT positive ON t IS 'Above it';
-- plan
ALTER TABLE public.t DROP CONSTRAINT positive;
ALTER TABLE public.t ADD CONSTRAINT positive CHECK ((a >= 0));
COMMENT ON CONSTRAINT positive ON public.t IS 'Above it';

-- case: a check is renamed
-- old
CREATE TABLE t (a integer CONSTRAINT positive CHECK (a > 0));
-- change
ALTER TABLE t RENAME CONSTRAINT positive TO "Above 0";
-- plan
ALTER TABLE public.t RENAME CONSTRAINT positive TO "Above 0";

-- case: a check that was not valid is validated
-- old
CREATE TABLE t (a integer);
INSERT INTO t VALUES (1);
ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0) NOT VALID;
-- change
ALTER TABLE t VALIDATE CONSTRAINT positive;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t VALIDATE CONSTRAINT positive;

-- case: a check comes that is not valid for rows that break it
-- old
CREATE TABLE t (a integer);
INSERT INTO t VALUES (-1);
-- change
ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0) NOT VALID;
-- keeps
SELECT * FROM t
-- plan
ALTER TABLE public.t ADD CONSTRAINT positive CHECK ((a > 0)) NOT VALID;

-- case: a check is no longer inherited
-- old
CREATE TABLE t (a integer, CONSTRAINT positive CHECK (a > 0));
-- change
ALTER TABLE t DROP CONSTRAINT positive, ADD CONSTRAINT positive CHECK (a > 0) NO INHERIT;
-- plan
ALTER TABLE public.t DROP CONSTRAINT positive;
ALTER TABLE public.t ADD CONSTRAINT positive CHECK ((a > 0)) NO INHERIT;

-- case: a check stands on two columns of which one goes
-- old
CREATE TABLE t (a integer, b integer, CONSTRAINT ordered CHECK (a < b));
INSERT INTO t VALUES (1, 2);
-- change
ALTER TABLE t DROP COLUMN b;
-- keeps
SELECT * FROM t
-- plan
-- destroys all values of public.t.b
ALTER TABLE public.t DROP COLUMN b;

-- case: a foreign key comes
-- old
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE b (a integer);
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (1);
-- change
ALTER TABLE b ADD FOREIGN KEY (a) REFERENCES a;
-- keeps
SELECT * FROM b
-- plan
ALTER TABLE public.b ADD CONSTRAINT b_a_fkey FOREIGN KEY (a) REFERENCES public.a(id);

-- case: a foreign key goes
-- old
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE b (a integer REFERENCES a);
-- change
ALTER TABLE b DROP CONSTRAINT b_a_fkey;
-- plan
ALTER TABLE public.b DROP CONSTRAINT b_a_fkey;

-- case: a foreign key cascades and is matched in full
-- old
CREATE TABLE a (x integer, y integer, PRIMARY KEY (x, y));
CREATE TABLE b (x integer, y integer, CONSTRAINT of_a FOREIGN KEY (x, y) REFERENCES a);
-- change
ALTER TABLE b DROP CONSTRAINT of_a;
ALTER TABLE b ADD CONSTRAINT of_a FOREIGN KEY (x, y) REFERENCES a MATCH FULL ON UPDATE CASCADE ON DELETE RESTRICT;
-- plan
ALTER TABLE public.b DROP CONSTRAINT of_a;
ALTER TABLE public.b ADD CONSTRAINT of_a FOREIGN KEY (x, y) REFERENCES public.a(x, y) MATCH FULL ON UPDATE CASCADE ON DELETE RESTRICT;

-- case: a foreign key becomes deferrable
-- old
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE b (a integer REFERENCES a);
-- change
ALTER TABLE b ALTER CONSTRAINT b_a_fkey DEFERRABLE INITIALLY DEFERRED;
-- plan
ALTER TABLE public.b ALTER CONSTRAINT b_a_fkey DEFERRABLE INITIALLY DEFERRED;

-- case: a foreign key is validated
-- old
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE b (a integer);
ALTER TABLE b ADD FOREIGN KEY (a) REFERENCES a NOT VALID;
-- change
ALTER TABLE b VALIDATE CONSTRAINT b_a_fkey;
-- plan
ALTER TABLE public.b VALIDATE CONSTRAINT b_a_fkey;

-- case: a foreign key refers to another table
-- old
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE c (id integer PRIMARY KEY);
CREATE TABLE b (a integer CONSTRAINT of REFERENCES a);
INSERT INTO a VALUES (1);
INSERT INTO c VALUES (1);
INSERT INTO b VALUES (1);
-- change
ALTER TABLE b DROP CONSTRAINT of;
ALTER TABLE b ADD CONSTRAINT of FOREIGN KEY (a) REFERENCES c;
DROP TABLE a;
-- keeps
SELECT * FROM b
-- plan
ALTER TABLE public.b DROP CONSTRAINT of;
-- destroys all rows of public.a
DROP TABLE public.a;
ALTER TABLE public.b ADD CONSTRAINT of FOREIGN KEY (a) REFERENCES public.c(id);

-- case: a foreign key refers to a column that is renamed, in a table that moves
-- old
CREATE SCHEMA area;
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE b (a integer REFERENCES a ON DELETE CASCADE);
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (1);
-- change
ALTER TABLE a RENAME id TO key;
ALTER TABLE a SET SCHEMA area;
-- keeps
SELECT b.a, area.a.key FROM b JOIN area.a ON b.a = key
-- plan
ALTER TABLE public.a SET SCHEMA area;
ALTER TABLE area.a RENAME COLUMN id TO key;

-- case: both ends of a foreign key of one table go
-- old
CREATE TABLE t (id integer PRIMARY KEY, parent integer REFERENCES t, a text);
-- change
ALTER TABLE t DROP COLUMN parent;
ALTER TABLE t DROP COLUMN id;
-- plan
ALTER TABLE public.t DROP CONSTRAINT t_parent_fkey;
-- destroys all values of public.t.id
ALTER TABLE public.t DROP COLUMN id;
-- destroys all values of public.t.parent
ALTER TABLE public.t DROP COLUMN parent;

-- case: tables refer to each other and one of the keys goes
-- old
CREATE TABLE a (id integer PRIMARY KEY, b integer);
CREATE TABLE b (id integer PRIMARY KEY, a integer REFERENCES a);
ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;
-- change
ALTER TABLE a DROP CONSTRAINT a_b_fkey;
ALTER TABLE a DROP COLUMN b;
-- plan
-- destroys all values of public.a.b
ALTER TABLE public.a DROP COLUMN b;

-- case: three tables refer to each other in a circle
-- old
CREATE SCHEMA area;
-- change
CREATE TABLE area.a (id integer PRIMARY KEY, c integer NOT NULL);
CREATE TABLE area.b (id integer PRIMARY KEY, a integer NOT NULL REFERENCES area.a);
CREATE TABLE area.c (id integer PRIMARY KEY, b integer NOT NULL REFERENCES area.b);
ALTER TABLE area.a ADD FOREIGN KEY (c) REFERENCES area.c DEFERRABLE INITIALLY DEFERRED;
-- plan
CREATE TABLE area.a (
    id integer NOT NULL,
    c integer NOT NULL,
    CONSTRAINT a_pkey PRIMARY KEY (id)
);
CREATE TABLE area.b (
    id integer NOT NULL,
    a integer NOT NULL,
    CONSTRAINT b_pkey PRIMARY KEY (id)
);
CREATE TABLE area.c (
    id integer NOT NULL,
    b integer NOT NULL,
    CONSTRAINT c_pkey PRIMARY KEY (id)
);
ALTER TABLE area.a ADD CONSTRAINT a_c_fkey FOREIGN KEY (c) REFERENCES area.c(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE area.b ADD CONSTRAINT b_a_fkey FOREIGN KEY (a) REFERENCES area.a(id);
ALTER TABLE area.c ADD CONSTRAINT c_b_fkey FOREIGN KEY (b) REFERENCES area.b(id);

-- case: a unique constraint moves to another column under a foreign key that follows
-- old
CREATE TABLE a (x text UNIQUE, y text);
CREATE TABLE b (x text CONSTRAINT of_a REFERENCES a (x));
INSERT INTO a VALUES ('1', '1');
INSERT INTO b VALUES ('1');
-- change
ALTER TABLE b DROP CONSTRAINT of_a;
ALTER TABLE a DROP CONSTRAINT a_x_key, ADD UNIQUE (y);
ALTER TABLE b ADD CONSTRAINT of_a FOREIGN KEY (x) REFERENCES a (y);
-- keeps
SELECT * FROM b
-- plan
ALTER TABLE public.b DROP CONSTRAINT of_a;
ALTER TABLE public.a DROP CONSTRAINT a_x_key;
ALTER TABLE public.a ADD CONSTRAINT a_y_key UNIQUE (y);
ALTER TABLE public.b ADD CONSTRAINT of_a FOREIGN KEY (x) REFERENCES public.a(y);

-- case: an exclusion constraint comes
-- old
CREATE TABLE t (during int4range, room text);
-- change
ALTER TABLE t ADD CONSTRAINT apart EXCLUDE USING gist (during WITH &&) WHERE (room <> '') DEFERRABLE;
-- plan
ALTER TABLE public.t ADD CONSTRAINT apart EXCLUDE USING gist (during WITH &&) WHERE ((room <> ''::text)) DEFERRABLE;

-- case: an exclusion constraint goes
-- old
CREATE TABLE t (during int4range, CONSTRAINT apart EXCLUDE USING gist (during WITH &&));
-- change
ALTER TABLE t DROP CONSTRAINT apart;
-- plan
ALTER TABLE public.t DROP CONSTRAINT apart;

-- case: an exclusion constraint uses another operator
-- old
CREATE TABLE t (during int4range, CONSTRAINT apart EXCLUDE USING gist (during WITH &&));
COMMENT ON CONSTRAINT apart ON t IS 'Apart';
-- change
ALTER TABLE t DROP CONSTRAINT apart, ADD CONSTRAINT apart EXCLUDE USING gist (during WITH =);
COMMENT ON CONSTRAINT apart ON t IS 'Apart';
-- plan
ALTER TABLE public.t DROP CONSTRAINT apart;
ALTER TABLE public.t ADD CONSTRAINT apart EXCLUDE USING gist (during WITH =);
COMMENT ON CONSTRAINT apart ON public.t IS 'Apart';

-- case: two constraints swap their names
-- old
CREATE TABLE t (a integer CONSTRAINT one CHECK (a > 0), b integer CONSTRAINT two CHECK (b > 0));
-- change
ALTER TABLE t RENAME CONSTRAINT one TO three;
ALTER TABLE t RENAME CONSTRAINT two TO one;
ALTER TABLE t RENAME CONSTRAINT three TO two;
-- plan
ALTER TABLE public.t RENAME CONSTRAINT one TO pleach_1;
ALTER TABLE public.t RENAME CONSTRAINT two TO pleach_2;
ALTER TABLE public.t RENAME CONSTRAINT pleach_1 TO two;
ALTER TABLE public.t RENAME CONSTRAINT pleach_2 TO one;

-- case: a constraint takes the name of an index that goes
-- old
CREATE TABLE t (a integer, b integer);
CREATE INDEX taken ON t (b);
-- change
DROP INDEX taken;
ALTER TABLE t ADD CONSTRAINT taken UNIQUE (a);
-- plan
DROP INDEX public.taken;
ALTER TABLE public.t ADD CONSTRAINT taken UNIQUE (a);

-- case: comments on constraints of every kind go
-- old
CREATE TABLE a (id integer PRIMARY KEY, b integer UNIQUE CHECK (b > 0) REFERENCES a);
COMMENT ON CONSTRAINT a_pkey ON a IS '1';
COMMENT ON CONSTRAINT a_b_key ON a IS '2';
COMMENT ON CONSTRAINT a_b_check ON a IS '3';
COMMENT ON CONSTRAINT a_b_fkey ON a IS '4';
-- change
COMMENT ON CONSTRAINT a_pkey ON a IS NULL;
COMMENT ON CONSTRAINT a_b_key ON a IS NULL;
COMMENT ON CONSTRAINT a_b_check ON a IS NULL;
COMMENT ON CONSTRAINT a_b_fkey ON a IS NULL;
-- plan
COMMENT ON CONSTRAINT a_b_check ON public.a IS NULL;
COMMENT ON CONSTRAINT a_b_key ON public.a IS NULL;
COMMENT ON CONSTRAINT a_pkey ON public.a IS NULL;
COMMENT ON CONSTRAINT a_b_fkey ON public.a IS NULL;

-- case: a foreign key refers to the key that stays, though another one of its columns goes
-- names
-- old
CREATE TABLE things (id integer CONSTRAINT key1 PRIMARY KEY, was integer);
CREATE TABLE events (at integer PRIMARY KEY, thing integer CONSTRAINT link1 REFERENCES things) PARTITION BY RANGE (at);
-- change
DROP TABLE events;
ALTER TABLE things DROP CONSTRAINT key1, ALTER COLUMN id SET NOT NULL, ADD UNIQUE (id);
CREATE TABLE ledger (region text, thing integer CONSTRAINT link1 REFERENCES things (id)) PARTITION BY HASH (region);
CREATE TABLE events (day integer PRIMARY KEY) PARTITION BY RANGE (day);
-- plan
ALTER TABLE public.events RENAME TO pleach_1;
ALTER TABLE public.pleach_1 RENAME CONSTRAINT events_pkey TO pleach_2;
CREATE TABLE public.events (
    day integer NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (day)
) PARTITION BY RANGE (day);
-- destroys all rows of public.events
DROP TABLE public.pleach_1;
ALTER TABLE public.things DROP CONSTRAINT key1;
CREATE TABLE public.ledger (
    region text,
    thing integer
) PARTITION BY HASH (region);
ALTER TABLE public.things ADD CONSTRAINT things_id_key UNIQUE (id);
ALTER TABLE public.ledger ADD CONSTRAINT link1 FOREIGN KEY (thing) REFERENCES public.things(id);

-- case: a table is logged no more when one goes that refers to it
-- names
-- old
CREATE TABLE things (id integer PRIMARY KEY);
CREATE TABLE events (at integer, thing integer REFERENCES things);
CREATE VIEW seen AS SELECT at FROM events;
-- change
CREATE TABLE ledger (at integer);
CREATE OR REPLACE VIEW seen AS SELECT at FROM ledger;
DROP TABLE events;
ALTER TABLE things SET UNLOGGED;
-- plan 15
CREATE TABLE public.ledger (
    at integer
);
CREATE OR REPLACE VIEW public.seen AS
SELECT ledger.at
   FROM public.ledger;
-- destroys all rows of public.events
DROP TABLE public.events;
ALTER TABLE public.things SET UNLOGGED;
-- plan 18
CREATE TABLE public.ledger (
    at integer
);
CREATE OR REPLACE VIEW public.seen AS
SELECT at
   FROM public.ledger;
-- destroys all rows of public.events
DROP TABLE public.events;
ALTER TABLE public.things SET UNLOGGED;
