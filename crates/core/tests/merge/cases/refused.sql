-- case: a column must not be null and rows of main have no value
-- base
CREATE TABLE users (id int PRIMARY KEY, email text);
-- theirs
ALTER TABLE users ALTER COLUMN email SET NOT NULL;
-- rows
INSERT INTO users VALUES (1, NULL);
-- resolve sql
UPDATE users SET email = 'user-' || id WHERE email IS NULL
-- check
SELECT * FROM users
-- expect
refused: PostgreSQL refused `ALTER TABLE public.users ALTER COLUMN email SET NOT NULL`: column "email" of relation "users" contains null values
  objects: column public.users.email
  ours has ALTER TABLE public.users ADD COLUMN email text;
  theirs has ALTER TABLE public.users ADD COLUMN email text NOT NULL;
  ours: keep column public.users.email as our side has it
  theirs: take column public.users.email from their side
  sql: SQL that puts the rows right: it runs after the data steps and before the rows are judged; or change the branch and merge again
  PostgreSQL: column "email" of relation "users" contains null values (SQLSTATE 23502)
resolved by sql: PostgreSQL refused `ALTER TABLE public.users ALTER COLUMN email SET NOT NULL`: column "email" of relation "users" contains null values
merged
UPDATE users SET email = 'user-' || id WHERE email IS NULL;
ALTER TABLE public.users ALTER COLUMN email SET NOT NULL;
-- SELECT * FROM users
1 | user-1

-- case: a new column must not be null and nobody fills it
-- base
CREATE TABLE users (id int PRIMARY KEY);
-- theirs
ALTER TABLE users ADD COLUMN email text NOT NULL;
-- rows
INSERT INTO users VALUES (1);
-- resolve sql
UPDATE users SET email = 'user-' || id
-- check
SELECT * FROM users
-- expect
refused: PostgreSQL refused `ALTER TABLE public.users ADD COLUMN email text NOT NULL`: column "email" of relation "users" contains null values
  objects: column public.users.email
  theirs has ALTER TABLE public.users ADD COLUMN email text NOT NULL;
  ours: leave out column public.users.email, with what stands on it
  sql: SQL that puts the rows right: it runs after the data steps and before the rows are judged; or change the branch and merge again
  PostgreSQL: column "email" of relation "users" contains null values (SQLSTATE 23502)
resolved by sql: PostgreSQL refused `ALTER TABLE public.users ADD COLUMN email text NOT NULL`: column "email" of relation "users" contains null values
merged
ALTER TABLE public.users ADD COLUMN email text;
UPDATE users SET email = 'user-' || id;
ALTER TABLE public.users ALTER COLUMN email SET NOT NULL;
-- SELECT * FROM users
1 | user-1

-- case: a unique index stumbles over duplicates that the snapshot has already
-- base
CREATE TABLE users (id int PRIMARY KEY, email text);
-- ours
INSERT INTO users VALUES (1, 'a'), (2, 'a');
ALTER TABLE users ADD COLUMN age int;
-- theirs
CREATE UNIQUE INDEX users_email_idx ON users (email);
-- resolve sql
UPDATE users SET email = email || id WHERE id = 2
-- check
SELECT id, email FROM users ORDER BY 1
-- expect
refused: PostgreSQL refused `CREATE UNIQUE INDEX users_email_idx ON public.users USING btree (email)`: could not create unique index "users_email_idx"
  objects: index public.users.users_email_idx
  theirs has CREATE UNIQUE INDEX users_email_idx ON public.users USING btree (email);
  ours: leave out index public.users.users_email_idx, with what stands on it
  sql: SQL that puts the rows right: it runs after the data steps and before the rows are judged; or change the branch and merge again
  PostgreSQL: could not create unique index "users_email_idx" (SQLSTATE 23505); detail: Key (email)=(a) is duplicated.
resolved by sql: PostgreSQL refused `CREATE UNIQUE INDEX users_email_idx ON public.users USING btree (email)`: could not create unique index "users_email_idx"
merged
UPDATE users SET email = email || id WHERE id = 2;
CREATE UNIQUE INDEX users_email_idx ON public.users USING btree (email);
-- SELECT id, email FROM users ORDER BY 1
1 | a
2 | a2

-- case: a check is violated, and the first remedy does not help
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
INSERT INTO users VALUES (1, -1);
-- theirs
UPDATE users SET age = 1;
ALTER TABLE users ADD CONSTRAINT age_ok CHECK (age > 0);
-- resolve sql
UPDATE users SET age = 0
-- resolve sql
UPDATE users SET age = 1
-- check
SELECT * FROM users
-- expect
refused: PostgreSQL refused `ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age > 0))`: check constraint "age_ok" of relation "users" is violated by some row
  objects: constraint public.users.age_ok
  theirs has ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age > 0));
  ours: leave out constraint public.users.age_ok, with what stands on it
  sql: SQL that puts the rows right: it runs after the data steps and before the rows are judged; or change the branch and merge again
  PostgreSQL: check constraint "age_ok" of relation "users" is violated by some row (SQLSTATE 23514)
resolved by sql: PostgreSQL refused `ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age > 0))`: check constraint "age_ok" of relation "users" is violated by some row
refused: PostgreSQL refused `ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age > 0))`: check constraint "age_ok" of relation "users" is violated by some row; the SQL that was given did not help: UPDATE users SET age = 0
  objects: constraint public.users.age_ok
  theirs has ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age > 0));
  ours: leave out constraint public.users.age_ok, with what stands on it
  sql: SQL that puts the rows right: it runs after the data steps and before the rows are judged; or change the branch and merge again
  PostgreSQL: check constraint "age_ok" of relation "users" is violated by some row (SQLSTATE 23514)
resolved by sql: PostgreSQL refused `ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age > 0))`: check constraint "age_ok" of relation "users" is violated by some row; the SQL that was given did not help: UPDATE users SET age = 0
merged
UPDATE users SET age = 1;
ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age > 0));
-- SELECT * FROM users
1 | 1

-- case: a check is violated, and is left out
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
INSERT INTO users VALUES (1, -1);
-- theirs
UPDATE users SET age = 1;
ALTER TABLE users ADD CONSTRAINT age_ok CHECK (age > 0);
ALTER TABLE users ADD COLUMN name text;
-- resolve ours
-- check
SELECT * FROM users
-- expect
refused: PostgreSQL refused `ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age > 0))`: check constraint "age_ok" of relation "users" is violated by some row
  objects: constraint public.users.age_ok
  theirs has ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age > 0));
  ours: leave out constraint public.users.age_ok, with what stands on it
  sql: SQL that puts the rows right: it runs after the data steps and before the rows are judged; or change the branch and merge again
  PostgreSQL: check constraint "age_ok" of relation "users" is violated by some row (SQLSTATE 23514)
resolved by ours: PostgreSQL refused `ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age > 0))`: check constraint "age_ok" of relation "users" is violated by some row
merged
ALTER TABLE public.users ADD COLUMN name text;
-- SELECT * FROM users
1 | -1 | null

-- case: a type that the rows do not have
-- base
CREATE TABLE users (id int PRIMARY KEY, age text);
INSERT INTO users VALUES (1, 'twenty');
-- theirs
UPDATE users SET age = '20';
ALTER TABLE users ALTER COLUMN age TYPE int USING age::int;
-- resolve sql
UPDATE users SET age = '20' WHERE age = 'twenty'
-- check
SELECT * FROM users
-- expect
refused: PostgreSQL refused `ALTER TABLE public.users ALTER COLUMN age TYPE integer USING age::integer`: invalid input syntax for type integer: "twenty"
  objects: column public.users.age
  ours has ALTER TABLE public.users ADD COLUMN age text;
  theirs has ALTER TABLE public.users ADD COLUMN age integer;
  ours: keep column public.users.age as our side has it
  theirs: take column public.users.age from their side
  sql: SQL that puts the rows right: it runs before anything of this is changed; or change the branch and merge again
  PostgreSQL: invalid input syntax for type integer: "twenty" (SQLSTATE 22P02)
resolved by sql: PostgreSQL refused `ALTER TABLE public.users ALTER COLUMN age TYPE integer USING age::integer`: invalid input syntax for type integer: "twenty"
merged
UPDATE users SET age = '20' WHERE age = 'twenty';
ALTER TABLE public.users ALTER COLUMN age TYPE integer USING age::integer;
-- SELECT * FROM users
1 | 20

-- case: a foreign key that rows of main break
-- base
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE posts (id int PRIMARY KEY, author int);
-- theirs
ALTER TABLE posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES users;
-- rows
INSERT INTO posts VALUES (1, 5);
-- resolve sql
INSERT INTO users SELECT DISTINCT author FROM posts WHERE author IS NOT NULL
-- check
SELECT * FROM users
-- expect
refused: PostgreSQL refused `ALTER TABLE public.posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES public.use…`: insert or update on table "posts" violates foreign key constraint "posts_author_fkey"
  objects: constraint public.posts.posts_author_fkey
  theirs has ALTER TABLE public.posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES public.users(id);
  ours: leave out constraint public.posts.posts_author_fkey, with what stands on it
  sql: SQL that puts the rows right: it runs after the data steps and before the rows are judged; or change the branch and merge again
  PostgreSQL: insert or update on table "posts" violates foreign key constraint "posts_author_fkey" (SQLSTATE 23503); detail: Key (author)=(5) is not present in table "users".
resolved by sql: PostgreSQL refused `ALTER TABLE public.posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES public.use…`: insert or update on table "posts" violates foreign key constraint "posts_author_fkey"
merged
INSERT INTO users SELECT DISTINCT author FROM posts WHERE author IS NOT NULL;
ALTER TABLE public.posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES public.users(id);
-- SELECT * FROM users
5

-- case: SQL that changes no rows does not help a refusal
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
INSERT INTO users VALUES (1, -1);
-- theirs
UPDATE users SET age = 1;
ALTER TABLE users ADD CONSTRAINT age_ok CHECK (age > 0);
-- resolve sql
ALTER TABLE users DROP COLUMN age
-- expect
refused: PostgreSQL refused `ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age > 0))`: check constraint "age_ok" of relation "users" is violated by some row
  objects: constraint public.users.age_ok
  theirs has ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age > 0));
  ours: leave out constraint public.users.age_ok, with what stands on it
  sql: SQL that puts the rows right: it runs after the data steps and before the rows are judged; or change the branch and merge again
  PostgreSQL: check constraint "age_ok" of relation "users" is violated by some row (SQLSTATE 23514)
resolved by sql: PostgreSQL refused `ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age > 0))`: check constraint "age_ok" of relation "users" is violated by some row
error bad_resolution: the resolution changes no rows
refused: PostgreSQL refused `ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age > 0))`: check constraint "age_ok" of relation "users" is violated by some row
  objects: constraint public.users.age_ok
  theirs has ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age > 0));
  ours: leave out constraint public.users.age_ok, with what stands on it
  sql: SQL that puts the rows right: it runs after the data steps and before the rows are judged; or change the branch and merge again
  PostgreSQL: check constraint "age_ok" of relation "users" is violated by some row (SQLSTATE 23514)

-- case: an enum label in a default of the other side, with rows
-- base
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE users (id int PRIMARY KEY, mood mood);
INSERT INTO users VALUES (1, 'sad');
-- ours
ALTER TYPE mood ADD VALUE 'calm';
-- theirs
ALTER TYPE mood ADD VALUE 'angry' BEFORE 'sad';
-- check
SELECT unnest(enum_range(NULL::mood))
-- expect
merged
ALTER TYPE public.mood ADD VALUE IF NOT EXISTS 'angry' BEFORE 'sad';
-- SELECT unnest(enum_range(NULL::mood))
angry
sad
happy
calm

-- case: labels of both sides in one place
-- base
CREATE TYPE mood AS ENUM ('a', 'z');
-- ours
ALTER TYPE mood ADD VALUE 'b' BEFORE 'z';
-- theirs
ALTER TYPE mood ADD VALUE 'c' BEFORE 'z';
-- check
SELECT unnest(enum_range(NULL::mood))
-- expect
merged
ALTER TYPE public.mood ADD VALUE IF NOT EXISTS 'c' BEFORE 'z';
-- SELECT unnest(enum_range(NULL::mood))
a
b
c
z
