-- case: ours changes a column that theirs dropped
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
INSERT INTO users VALUES (1, 20);
-- ours
ALTER TABLE users ALTER COLUMN age TYPE bigint;
-- theirs
ALTER TABLE users DROP COLUMN age;
-- resolve theirs
-- expect
edit/delete: their side dropped column public.users.age; our side changed it: type
  objects: column public.users.age
  type: was integer; ours bigint; theirs nothing
  ours has ALTER TABLE public.users ADD COLUMN age bigint;
  ours: keep column public.users.age as it was changed
  theirs: drop column public.users.age
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: their side dropped column public.users.age; our side changed it: type
merged
destroys all values of public.users.age
ALTER TABLE public.users DROP COLUMN age;

-- case: ours changes a column that theirs dropped, and it stays
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
INSERT INTO users VALUES (1, 20);
-- ours
ALTER TABLE users ALTER COLUMN age TYPE bigint;
-- theirs
ALTER TABLE users DROP COLUMN age;
-- resolve ours
-- check
SELECT * FROM users
-- expect
edit/delete: their side dropped column public.users.age; our side changed it: type
  objects: column public.users.age
  type: was integer; ours bigint; theirs nothing
  ours has ALTER TABLE public.users ADD COLUMN age bigint;
  ours: keep column public.users.age as it was changed
  theirs: drop column public.users.age
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: their side dropped column public.users.age; our side changed it: type
merged
-- SELECT * FROM users
1 | 20

-- case: theirs changes a column that ours dropped
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
-- ours
ALTER TABLE users DROP COLUMN age;
-- theirs
ALTER TABLE users ALTER COLUMN age SET DEFAULT 18;
-- resolve theirs
-- check
SELECT column_default FROM information_schema.columns WHERE column_name = 'age'
-- expect
edit/delete: our side dropped column public.users.age; their side changed it: default
  objects: column public.users.age
  default: was nothing; ours nothing; theirs 18
  theirs has ALTER TABLE public.users ADD COLUMN age integer DEFAULT 18;
  ours: drop column public.users.age
  theirs: keep column public.users.age as it was changed
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: our side dropped column public.users.age; their side changed it: default
merged
ALTER TABLE public.users ADD COLUMN age integer DEFAULT 18;
-- SELECT column_default FROM information_schema.columns WHERE column_name = 'age'
18

-- case: theirs drops a table of which ours changed parts
-- base
CREATE TABLE users (id int PRIMARY KEY, age int, name text);
CREATE INDEX users_age_idx ON users (age);
INSERT INTO users VALUES (1, 20, 'Ada');
-- ours
ALTER TABLE users ALTER COLUMN age TYPE bigint;
ALTER TABLE users RENAME COLUMN name TO full_name;
ALTER TABLE users ADD COLUMN email text;
CREATE VIEW people AS SELECT email FROM users;
-- theirs
DROP TABLE users;
-- resolve ours
-- check
SELECT * FROM users
-- expect
edit/delete: their side dropped table public.users; our side changed it: type of column age, new column email and column name renamed to full_name
  objects: table public.users, column public.users.age, column public.users.email, column public.users.full_name
  ours has CREATE TABLE public.users (
        id integer NOT NULL,
        age bigint,
        full_name text,
        email text,
        CONSTRAINT users_pkey PRIMARY KEY (id)
    );
  ours: keep table public.users as it was changed
  theirs: drop table public.users, and leave out view public.people
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: their side dropped table public.users; our side changed it: type of column age, new column email and column name renamed to full_name
merged
-- SELECT * FROM users
1 | 20 | Ada | null

-- case: theirs drops a table of which ours changed parts, and it goes
-- base
CREATE TABLE users (id int PRIMARY KEY, age int, name text);
CREATE TABLE other (id int PRIMARY KEY);
INSERT INTO users VALUES (1, 20, 'Ada');
-- ours
ALTER TABLE users ALTER COLUMN age TYPE bigint;
ALTER TABLE users ADD COLUMN email text;
CREATE VIEW people AS SELECT email FROM users;
ALTER TABLE other ADD COLUMN owner int REFERENCES users;
-- theirs
DROP TABLE users;
-- resolve theirs
-- check
SELECT column_name FROM information_schema.columns WHERE table_name = 'other' ORDER BY 1
-- expect
edit/delete: their side dropped table public.users; our side changed it: type of column age and new column email
  objects: table public.users, column public.users.age, column public.users.email
  ours has CREATE TABLE public.users (
        id integer NOT NULL,
        age bigint,
        name text,
        email text,
        CONSTRAINT users_pkey PRIMARY KEY (id)
    );
  ours: keep table public.users as it was changed
  theirs: drop table public.users, and leave out constraint public.other.other_owner_fkey and view public.people
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: their side dropped table public.users; our side changed it: type of column age and new column email
merged
destroys all rows of public.users
ALTER TABLE public.other DROP CONSTRAINT other_owner_fkey;
DROP VIEW public.people;
DROP TABLE public.users;
-- SELECT column_name FROM information_schema.columns WHERE table_name = 'other' ORDER BY 1
id
owner

-- case: ours drops a table of which theirs changed parts
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
-- ours
DROP TABLE users;
-- theirs
ALTER TABLE users ALTER COLUMN age SET NOT NULL;
-- resolve theirs
-- check
SELECT count(*) FROM users
-- expect
edit/delete: our side dropped table public.users; their side changed it: not null of column age
  objects: table public.users, column public.users.age
  theirs has CREATE TABLE public.users (
        id integer NOT NULL,
        age integer NOT NULL,
        CONSTRAINT users_pkey PRIMARY KEY (id)
    );
  ours: drop table public.users
  theirs: keep table public.users as it was changed
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: our side dropped table public.users; their side changed it: not null of column age
merged
CREATE TABLE public.users (
    id integer NOT NULL,
    age integer NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (id)
);
-- SELECT count(*) FROM users
0

-- case: one side drops a view and a function that the other changed
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE VIEW people AS SELECT id FROM users;
CREATE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 1';
-- ours
CREATE OR REPLACE VIEW people AS SELECT id, name FROM users;
DROP FUNCTION answer();
-- theirs
DROP VIEW people;
CREATE OR REPLACE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 2';
-- resolve ours
-- resolve ours
-- expect
edit/delete: their side dropped view public.people; our side changed it: definition
  objects: view public.people
  definition: was SELECT users.id    FROM public.users; ours SELECT users.id,     users.name    FROM public.users; theirs nothing
  ours has CREATE VIEW public.people AS
    SELECT users.id,
        users.name
       FROM public.users;
  ours: keep view public.people as it was changed
  theirs: drop view public.people
  sql: run your own SQL behind the merge with our side, and prove the result
edit/delete: our side dropped function public.answer(); their side changed it: body
  objects: function public.answer()
  body: was SELECT 1; ours nothing; theirs SELECT 2
  theirs has CREATE OR REPLACE FUNCTION public.answer()
        RETURNS integer
        LANGUAGE sql
        AS $$SELECT 2$$;
  ours: drop function public.answer()
  theirs: keep function public.answer() as it was changed
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: their side dropped view public.people; our side changed it: definition
resolved by ours: our side dropped function public.answer(); their side changed it: body
merged

-- expect 18
edit/delete: their side dropped view public.people; our side changed it: definition
  objects: view public.people
  definition: was SELECT id    FROM public.users; ours SELECT id,     name    FROM public.users; theirs nothing
  ours has CREATE VIEW public.people AS
    SELECT id,
        name
       FROM public.users;
  ours: keep view public.people as it was changed
  theirs: drop view public.people
  sql: run your own SQL behind the merge with our side, and prove the result
edit/delete: our side dropped function public.answer(); their side changed it: body
  objects: function public.answer()
  body: was SELECT 1; ours nothing; theirs SELECT 2
  theirs has CREATE OR REPLACE FUNCTION public.answer()
        RETURNS integer
        LANGUAGE sql
        AS $$SELECT 2$$;
  ours: drop function public.answer()
  theirs: keep function public.answer() as it was changed
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: their side dropped view public.people; our side changed it: definition
resolved by ours: our side dropped function public.answer(); their side changed it: body
merged

-- case: both sides drop the same
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
CREATE TABLE old (id int);
-- ours
ALTER TABLE users DROP COLUMN age;
DROP TABLE old;
-- theirs
ALTER TABLE users DROP COLUMN age;
DROP TABLE old;
-- expect
merged

-- case: what nobody else touched is dropped with consent
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
INSERT INTO users VALUES (1, 20);
CREATE TABLE old (id int);
INSERT INTO old VALUES (1);
-- ours
CREATE TABLE fresh (id int);
-- theirs
ALTER TABLE users DROP COLUMN age;
DROP TABLE old;
-- expect
merged
destroys all rows of public.old
destroys all values of public.users.age
DROP TABLE public.old;
ALTER TABLE public.users DROP COLUMN age;

-- case: nothing is destroyed without consent
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
INSERT INTO users VALUES (1, 20);
-- ours
CREATE TABLE fresh (id int);
-- theirs
ALTER TABLE users DROP COLUMN age;
-- options
no-consent
-- expect
error destructive: this would destroy all values of public.users.age
  hint: if that is meant, say so: `--allow-destructive`

-- case: what holds nothing goes without asking
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
INSERT INTO users VALUES (1);
CREATE TABLE old (id int);
-- theirs
ALTER TABLE users DROP COLUMN age;
DROP TABLE old;
-- options
no-consent
-- expect
merged
DROP TABLE public.old;
ALTER TABLE public.users DROP COLUMN age;

-- case: a dry run changes nothing
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
INSERT INTO users VALUES (1, 20);
-- theirs
ALTER TABLE users DROP COLUMN age;
-- options
dry-run
-- check
SELECT * FROM users
-- expect
merged
destroys all values of public.users.age
ALTER TABLE public.users DROP COLUMN age;
-- SELECT * FROM users
1 | 20

-- case: a table that theirs replaced and ours changed
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
INSERT INTO users VALUES (1, 20);
-- ours
ALTER TABLE users ADD COLUMN name text;
ALTER TABLE users ALTER COLUMN age SET DEFAULT 18;
-- theirs
DROP TABLE users;
CREATE TABLE users (id int PRIMARY KEY, age int);
-- resolve theirs
-- expect
edit/delete: their side replaced table public.users; our side changed it: default of column age and new column name
  objects: table public.users, column public.users.age, column public.users.name
  ours has CREATE TABLE public.users (
        id integer NOT NULL,
        age integer DEFAULT 18,
        name text,
        CONSTRAINT users_pkey PRIMARY KEY (id)
    );
  ours: keep table public.users as it was changed
  theirs: take their side's new table for it
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: their side replaced table public.users; our side changed it: default of column age and new column name
merged
destroys all rows of public.users
DROP TABLE public.users;
CREATE TABLE public.users (
    id integer NOT NULL,
    age integer,
    CONSTRAINT users_pkey PRIMARY KEY (id)
);

-- case: a column that theirs replaced and ours uses
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
INSERT INTO users VALUES (1, 20);
-- ours
CREATE INDEX users_age_idx ON users (age);
-- theirs
ALTER TABLE users DROP COLUMN age;
ALTER TABLE users ADD COLUMN age int;
-- resolve theirs
-- expect
dependency: their side replaced column public.users.age; our side builds on it: index public.users.users_age_idx
  objects: column public.users.age, index public.users.users_age_idx
  ours has CREATE INDEX users_age_idx ON public.users USING btree (age);
  ours: keep column public.users.age
  theirs: take their side's new column for it, and leave out index public.users.users_age_idx
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: their side replaced column public.users.age; our side builds on it: index public.users.users_age_idx
merged
destroys all values of public.users.age
ALTER TABLE public.users DROP COLUMN age;
ALTER TABLE public.users ADD COLUMN age integer;

-- case: a column that theirs replaced and nobody else touched
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
CREATE INDEX users_age_idx ON users (age);
INSERT INTO users VALUES (1, 20);
-- ours
ALTER TABLE users ADD COLUMN name text;
-- theirs
ALTER TABLE users DROP COLUMN age;
ALTER TABLE users ADD COLUMN age int;
CREATE INDEX users_age_idx ON users (age);
-- check
SELECT id, age FROM users
-- expect
merged
destroys all values of public.users.age
ALTER TABLE public.users DROP COLUMN age;
ALTER TABLE public.users ADD COLUMN age integer;
CREATE INDEX users_age_idx ON public.users USING btree (age);
-- SELECT id, age FROM users
1 | null

-- case: a column stays, with the check and the index that went with it
-- base
CREATE TABLE users (id int PRIMARY KEY, age int CHECK (age > 0), name text);
CREATE INDEX users_age ON users (age, name);
-- ours
ALTER TABLE users ALTER COLUMN age TYPE bigint;
-- theirs
ALTER TABLE users DROP COLUMN age;
-- resolve ours
-- check
SELECT conname FROM pg_constraint WHERE conrelid = 'users'::regclass AND contype = 'c';
SELECT relname FROM pg_class WHERE relname = 'users_age'
-- expect
edit/delete: their side dropped column public.users.age; our side changed it: type
  objects: column public.users.age
  type: was integer; ours bigint; theirs nothing
  ours has ALTER TABLE public.users ADD COLUMN age bigint;
  ours: keep column public.users.age as it was changed
  theirs: drop column public.users.age
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: their side dropped column public.users.age; our side changed it: type
merged
-- SELECT conname FROM pg_constraint WHERE conrelid = 'users'::regclass AND contype = 'c'
users_age_check
-- SELECT relname FROM pg_class WHERE relname = 'users_age'
users_age

-- case: a column goes, with the check and the index on it
-- base
CREATE TABLE users (id int PRIMARY KEY, age int CHECK (age > 0), name text);
CREATE INDEX users_age ON users (age, name);
-- ours
ALTER TABLE users DROP COLUMN age;
-- theirs
ALTER TABLE users ALTER COLUMN age TYPE bigint;
-- resolve ours
-- check
SELECT count(*) FROM pg_constraint WHERE conrelid = 'users'::regclass AND contype = 'c';
SELECT count(*) FROM pg_class WHERE relname = 'users_age'
-- expect
edit/delete: our side dropped column public.users.age; their side changed it: type
  objects: column public.users.age
  type: was integer; ours nothing; theirs bigint
  theirs has ALTER TABLE public.users ADD COLUMN age bigint;
  ours: drop column public.users.age
  theirs: keep column public.users.age as it was changed
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: our side dropped column public.users.age; their side changed it: type
merged
-- SELECT count(*) FROM pg_constraint WHERE conrelid = 'users'::regclass AND contype = 'c'
0
-- SELECT count(*) FROM pg_class WHERE relname = 'users_age'
0

-- case: theirs adds a column to a parent that ours detached a child from
-- base
CREATE TABLE parent (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE child PARTITION OF parent FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO parent VALUES (1, '2026-05-05');
-- ours
ALTER TABLE parent DETACH PARTITION child;
-- theirs
ALTER TABLE parent ADD COLUMN note text, ADD CONSTRAINT id_positive CHECK (id > 0);
-- check
SELECT attrelid::regclass, attname, attinhcount FROM pg_attribute WHERE attrelid IN ('parent'::regclass, 'child'::regclass) AND attnum > 0 ORDER BY attrelid::regclass::text, attnum;
SELECT * FROM child
-- expect
merged
ALTER TABLE public.child ADD COLUMN note text;
ALTER TABLE public.parent ADD COLUMN note text;
ALTER TABLE public.child ADD CONSTRAINT id_positive CHECK ((id > 0));
ALTER TABLE public.parent ADD CONSTRAINT id_positive CHECK ((id > 0));
-- SELECT attrelid::regclass, attname, attinhcount FROM pg_attribute WHERE attrelid IN ('parent'::regclass, 'child'::regclass) AND attnum > 0 ORDER BY attrelid::regclass::text, attnum
child | id | 0
child | at | 0
child | note | 0
parent | id | 0
parent | at | 0
parent | note | 0
-- SELECT * FROM child
1 | 2026-05-05 | null

-- case: ours adds a column to a parent that theirs detached a child from
-- base
CREATE TABLE parent (id int);
CREATE TABLE child () INHERITS (parent);
INSERT INTO child VALUES (1);
-- ours
ALTER TABLE parent ADD COLUMN note text;
-- theirs
ALTER TABLE child NO INHERIT parent;
-- check
SELECT attrelid::regclass, attname, attinhcount FROM pg_attribute WHERE attrelid IN ('parent'::regclass, 'child'::regclass) AND attnum > 0 ORDER BY attrelid::regclass::text, attnum;
SELECT * FROM child
-- expect
merged
ALTER TABLE public.child NO INHERIT public.parent;
-- SELECT attrelid::regclass, attname, attinhcount FROM pg_attribute WHERE attrelid IN ('parent'::regclass, 'child'::regclass) AND attnum > 0 ORDER BY attrelid::regclass::text, attnum
child | id | 0
child | note | 0
parent | id | 0
parent | note | 0
-- SELECT * FROM child
1 | null
