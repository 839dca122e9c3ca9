-- case: a backfill comes along with its NOT NULL column
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Ada');
-- ours
ALTER TABLE users ADD COLUMN age int;
-- theirs
ALTER TABLE users ADD COLUMN slug text;
UPDATE users SET slug = lower(name);
ALTER TABLE users ALTER COLUMN slug SET NOT NULL;
CREATE UNIQUE INDEX users_slug_idx ON users (slug);
-- data
UPDATE users SET slug = lower(name);
-- rows
INSERT INTO users VALUES (2, 'Bob', 40);
-- check
SELECT id, name, age, slug FROM users ORDER BY 1
-- expect
merged
ALTER TABLE public.users ADD COLUMN slug text;
UPDATE users SET slug = lower(name);
ALTER TABLE public.users ALTER COLUMN slug SET NOT NULL;
CREATE UNIQUE INDEX users_slug_idx ON public.users USING btree (slug);
-- SELECT id, name, age, slug FROM users ORDER BY 1
1 | Ada | null | ada
2 | Bob | 40 | bob

-- case: a temporary column is filled in one commit and dropped in the next
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Ada Lovelace');
-- theirs
ALTER TABLE users ADD COLUMN words text[];
UPDATE users SET words = string_to_array(name, ' ');
-- data
UPDATE users SET words = string_to_array(name, ' ');
-- theirs
ALTER TABLE users ADD COLUMN first text;
UPDATE users SET first = words[1];
ALTER TABLE users DROP COLUMN words;
-- data
UPDATE users SET first = words[1];
-- ours
CREATE TABLE other (id int);
-- rows
INSERT INTO users VALUES (2, 'Bob Hope');
-- check
SELECT id, name, first FROM users ORDER BY 1
-- expect
merged
ALTER TABLE public.users ADD COLUMN words text[];
UPDATE users SET words = string_to_array(name, ' ');
ALTER TABLE public.users ADD COLUMN first text;
UPDATE users SET first = words[1];
ALTER TABLE public.users DROP COLUMN words;
-- SELECT id, name, first FROM users ORDER BY 1
1 | Ada Lovelace | Ada
2 | Bob Hope | Bob

-- case: a table is filled from columns that then go
-- base
CREATE TABLE users (id int PRIMARY KEY, street text, city text);
INSERT INTO users VALUES (1, 'Main', 'Paris');
-- theirs
CREATE TABLE addresses (user_id int REFERENCES users, street text, city text);
INSERT INTO addresses SELECT id, street, city FROM users;
ALTER TABLE users DROP COLUMN street, DROP COLUMN city;
-- data
INSERT INTO addresses SELECT id, street, city FROM users;
-- rows
INSERT INTO users VALUES (2, 'High', 'London');
-- check
SELECT * FROM addresses ORDER BY 1
-- expect
merged
destroys all values of public.users.city
destroys all values of public.users.street
CREATE TABLE public.addresses (
    user_id integer,
    street text,
    city text
);
INSERT INTO addresses SELECT id, street, city FROM users;
ALTER TABLE public.users DROP COLUMN city;
ALTER TABLE public.users DROP COLUMN street;
ALTER TABLE public.addresses ADD CONSTRAINT addresses_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);
-- SELECT * FROM addresses ORDER BY 1
1 | Main | Paris
2 | High | London

-- case: a data step names a column that ours renamed
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Ada');
-- ours
ALTER TABLE users RENAME COLUMN name TO full_name;
-- theirs
ALTER TABLE users ADD COLUMN slug text;
UPDATE users SET slug = lower(name);
ALTER TABLE users ALTER COLUMN slug SET NOT NULL;
-- data
UPDATE users SET slug = lower(name);
-- resolve sql
UPDATE users SET slug = lower(full_name)
-- check
SELECT * FROM users
-- expect
refused: PostgreSQL refused the data step `step 1` at `UPDATE users SET slug = lower(name);`: column "name" does not exist
  objects: 
  sql: SQL that runs instead of the data step; or change the branch and merge again
  PostgreSQL: column "name" does not exist (SQLSTATE 42703)
resolved by sql: PostgreSQL refused the data step `step 1` at `UPDATE users SET slug = lower(name);`: column "name" does not exist
merged
ALTER TABLE public.users ADD COLUMN slug text;
UPDATE users SET slug = lower(full_name);
ALTER TABLE public.users ALTER COLUMN slug SET NOT NULL;
-- SELECT * FROM users
1 | Ada | ada

-- case: an early data step beside a rename of ours
-- base
CREATE TABLE users (id int PRIMARY KEY, name text, age int);
INSERT INTO users VALUES (1, 'Ada', 20);
-- ours
ALTER TABLE users RENAME COLUMN name TO full_name;
-- theirs
ALTER TABLE users ADD COLUMN decade int;
CREATE INDEX users_name_idx ON users (name);
UPDATE users SET decade = age / 10;
-- data
UPDATE users SET decade = age / 10;
-- theirs
ALTER TABLE users DROP COLUMN age;
-- check
SELECT * FROM users
-- expect
merged
destroys all values of public.users.age
ALTER TABLE public.users ADD COLUMN decade integer;
CREATE INDEX users_name_idx ON public.users USING btree (full_name);
UPDATE users SET decade = age / 10;
ALTER TABLE public.users DROP COLUMN age;
-- SELECT * FROM users
1 | Ada | 2
