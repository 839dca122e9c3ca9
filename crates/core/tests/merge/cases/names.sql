-- case: ours renames a column to a name that theirs added
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Ada');
-- ours
ALTER TABLE users RENAME COLUMN name TO full_name;
-- theirs
ALTER TABLE users ADD COLUMN full_name text;
-- options
auto
-- resolve ours
-- check
SELECT full_name FROM users
-- expect
name taken: two objects want one name: our side renamed column public.users.name to full_name, their side added column public.users.full_name
  objects: column public.users.full_name
  ours has ALTER TABLE public.users ADD COLUMN full_name text;
  theirs has ALTER TABLE public.users ADD COLUMN full_name text;
  ours: keep ours; their column is left out
  theirs: take theirs; our column stays name
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: two objects want one name: our side renamed column public.users.name to full_name, their side added column public.users.full_name
merged
-- SELECT full_name FROM users
Ada

-- case: ours renames a column to a name that theirs added, and theirs holds it
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Ada');
-- ours
ALTER TABLE users RENAME COLUMN name TO full_name;
-- theirs
ALTER TABLE users ADD COLUMN full_name text;
-- resolve theirs
-- check
SELECT name, full_name FROM users
-- expect
name taken: two objects want one name: our side renamed column public.users.name to full_name, their side added column public.users.full_name
  objects: column public.users.full_name
  ours has ALTER TABLE public.users ADD COLUMN full_name text;
  theirs has ALTER TABLE public.users ADD COLUMN full_name text;
  ours: keep ours; their column is left out
  theirs: take theirs; our column stays name
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: two objects want one name: our side renamed column public.users.name to full_name, their side added column public.users.full_name
merged
ALTER TABLE public.users RENAME COLUMN full_name TO name;
ALTER TABLE public.users ADD COLUMN full_name text;
-- SELECT name, full_name FROM users
Ada | null

-- case: theirs renames a table to a name that ours added
-- base
CREATE TABLE users (id int PRIMARY KEY);
INSERT INTO users VALUES (1);
-- ours
CREATE TABLE people (id int);
INSERT INTO people VALUES (7);
-- theirs
ALTER TABLE users RENAME TO people;
-- resolve ours
-- check
SELECT 'users', id FROM users UNION ALL SELECT 'people', id FROM people
-- expect
name taken: two objects want one name: our side added table public.people, their side renamed table public.users to people
  objects: table public.people
  ours has CREATE TABLE public.people (
        id integer
    );
  theirs has CREATE TABLE public.people (
        id integer NOT NULL,
        CONSTRAINT users_pkey PRIMARY KEY (id)
    );
  ours: keep ours; their table stays users
  theirs: take theirs; our table is left out
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: two objects want one name: our side added table public.people, their side renamed table public.users to people
merged
-- SELECT 'users', id FROM users UNION ALL SELECT 'people', id FROM people
users | 1
people | 7

-- case: tables, views, indexes, sequences and keys share their names
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
-- ours
CREATE INDEX alpha ON users (name);
CREATE TABLE beta (id int);
CREATE VIEW gamma AS SELECT 1 AS one;
CREATE TYPE delta AS ENUM ('a');
-- theirs
CREATE TABLE alpha (id int);
ALTER TABLE users ADD CONSTRAINT beta UNIQUE (name);
CREATE SEQUENCE gamma;
CREATE TABLE delta (id int);
-- resolve ours
-- resolve theirs
-- resolve ours
-- resolve theirs
-- expect
name taken: two objects want one name: our side added enum public.delta, their side added table public.delta
  objects: enum public.delta, table public.delta
  ours has CREATE TYPE public.delta AS ENUM ('a');
  theirs has CREATE TABLE public.delta (
        id integer
    );
  ours: keep ours; their table is left out
  theirs: take theirs; our enum is left out
  sql: run your own SQL behind the merge with our side, and prove the result
name taken: two objects want one name: our side added table public.beta, their side added constraint public.users.beta
  objects: table public.beta, constraint public.users.beta
  ours has CREATE TABLE public.beta (
        id integer
    );
  theirs has ALTER TABLE public.users ADD CONSTRAINT beta UNIQUE (name);
  ours: keep ours; their constraint is left out
  theirs: take theirs; our table is left out
  sql: run your own SQL behind the merge with our side, and prove the result
name taken: two objects want one name: our side added index public.users.alpha, their side added table public.alpha
  objects: index public.users.alpha, table public.alpha
  ours has CREATE INDEX alpha ON public.users USING btree (name);
  theirs has CREATE TABLE public.alpha (
        id integer
    );
  ours: keep ours; their table is left out
  theirs: take theirs; our index is left out
  sql: run your own SQL behind the merge with our side, and prove the result
name taken: two objects want one name: our side added view public.gamma, their side added sequence public.gamma
  objects: view public.gamma, sequence public.gamma
  ours has CREATE VIEW public.gamma AS
    SELECT 1 AS one;
  theirs has CREATE SEQUENCE public.gamma;
  ours: keep ours; their sequence is left out
  theirs: take theirs; our view is left out
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: two objects want one name: our side added enum public.delta, their side added table public.delta
resolved by theirs: two objects want one name: our side added table public.beta, their side added constraint public.users.beta
resolved by ours: two objects want one name: our side added index public.users.alpha, their side added table public.alpha
resolved by theirs: two objects want one name: our side added view public.gamma, their side added sequence public.gamma
merged
DROP TABLE public.beta;
DROP VIEW public.gamma;
CREATE SEQUENCE public.gamma;
ALTER TABLE public.users ADD CONSTRAINT beta UNIQUE (name);

-- case: both sides rename different tables to one name
-- base
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY);
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (2);
-- ours
ALTER TABLE a RENAME TO c;
-- theirs
ALTER TABLE b RENAME TO c;
-- resolve theirs
-- check
SELECT 'a', id FROM a UNION ALL SELECT 'c', id FROM c
-- expect
name taken: two objects want one name: our side renamed table public.a to c, their side renamed table public.b to c
  objects: table public.c
  ours has CREATE TABLE public.c (
        id integer NOT NULL,
        CONSTRAINT a_pkey PRIMARY KEY (id)
    );
  theirs has CREATE TABLE public.c (
        id integer NOT NULL,
        CONSTRAINT b_pkey PRIMARY KEY (id)
    );
  ours: keep ours; their table stays b
  theirs: take theirs; our table stays a
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: two objects want one name: our side renamed table public.a to c, their side renamed table public.b to c
merged
ALTER TABLE public.c RENAME TO a;
ALTER TABLE public.b RENAME TO c;
-- SELECT 'a', id FROM a UNION ALL SELECT 'c', id FROM c
a | 1
c | 2

-- case: one side takes the name that the other gives away
-- base
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY);
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (2);
-- ours
ALTER TABLE a RENAME TO old_a;
-- theirs
ALTER TABLE a RENAME TO old_a;
ALTER TABLE b RENAME TO a;
-- check
SELECT 'a', id FROM a UNION ALL SELECT 'old_a', id FROM old_a
-- expect
merged
ALTER TABLE public.b RENAME TO a;
-- SELECT 'a', id FROM a UNION ALL SELECT 'old_a', id FROM old_a
a | 2
old_a | 1

-- case: each side renames one of two tables to what the other was
-- base
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY);
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (2);
-- ours
ALTER TABLE a RENAME TO a2;
-- theirs
DROP TABLE c;
ALTER TABLE b RENAME TO c;
-- check
SELECT 'a2', id FROM a2 UNION ALL SELECT 'c', id FROM c
-- expect
merged
DROP TABLE public.c;
ALTER TABLE public.b RENAME TO c;
-- SELECT 'a2', id FROM a2 UNION ALL SELECT 'c', id FROM c
a2 | 1
c | 2

-- case: a column of the longest name is kept twice
-- base
CREATE TABLE users (id int PRIMARY KEY);
-- ours
ALTER TABLE users ADD COLUMN abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk int;
-- theirs
ALTER TABLE users ADD COLUMN abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk text;
ALTER TABLE users ADD COLUMN "Order" text;
-- options
auto
-- expect
merged
settled by Both: both sides added column public.users.abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk, differently
ALTER TABLE public.users ADD COLUMN abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi_2 text;
ALTER TABLE public.users ADD COLUMN "Order" text;

-- case: names that must be quoted
-- base
CREATE TABLE "Order" (id int PRIMARY KEY, "user" text, "a""b" text);
INSERT INTO "Order" VALUES (1, 'Ada', 'x');
-- ours
ALTER TABLE "Order" RENAME COLUMN "user" TO "Select";
-- theirs
CREATE VIEW "All" AS SELECT "user", "a""b" FROM "Order";
ALTER TABLE "Order" RENAME COLUMN "a""b" TO "table";
-- check
SELECT "Select", "table" FROM "Order";
SELECT * FROM "All"
-- expect
merged
ALTER TABLE public."Order" RENAME COLUMN "a""b" TO "table";
CREATE VIEW public."All" AS
SELECT "Order"."Select" AS "user",
    "Order"."table" AS "a""b"
   FROM public."Order";
-- SELECT "Select", "table" FROM "Order"
Ada | x
-- SELECT * FROM "All"
Ada | x

-- expect 18
merged
ALTER TABLE public."Order" RENAME COLUMN "a""b" TO "table";
CREATE VIEW public."All" AS
SELECT "Select" AS "user",
    "table" AS "a""b"
   FROM public."Order";
-- SELECT "Select", "table" FROM "Order"
Ada | x
-- SELECT * FROM "All"
Ada | x
