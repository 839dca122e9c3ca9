-- case: theirs drops a column that ours builds on
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Ada');
-- ours
CREATE INDEX users_name_idx ON users (name);
CREATE VIEW people AS SELECT name FROM users;
-- theirs
ALTER TABLE users DROP COLUMN name;
-- resolve theirs
-- expect
dependency: their side dropped column public.users.name; our side builds on it: index public.users.users_name_idx and view public.people
  objects: column public.users.name, index public.users.users_name_idx, view public.people
  ours has CREATE INDEX users_name_idx ON public.users USING btree (name);
    CREATE VIEW public.people AS
    SELECT users.name
       FROM public.users;
  ours: keep column public.users.name
  theirs: drop column public.users.name, and leave out index public.users.users_name_idx and view public.people
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: their side dropped column public.users.name; our side builds on it: index public.users.users_name_idx and view public.people
merged
destroys all values of public.users.name
DROP VIEW public.people;
ALTER TABLE public.users DROP COLUMN name;

-- expect 18
dependency: their side dropped column public.users.name; our side builds on it: index public.users.users_name_idx and view public.people
  objects: column public.users.name, index public.users.users_name_idx, view public.people
  ours has CREATE INDEX users_name_idx ON public.users USING btree (name);
    CREATE VIEW public.people AS
    SELECT name
       FROM public.users;
  ours: keep column public.users.name
  theirs: drop column public.users.name, and leave out index public.users.users_name_idx and view public.people
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: their side dropped column public.users.name; our side builds on it: index public.users.users_name_idx and view public.people
merged
destroys all values of public.users.name
DROP VIEW public.people;
ALTER TABLE public.users DROP COLUMN name;

-- case: theirs drops a column that ours builds on, and it stays
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Ada');
-- ours
CREATE VIEW people AS SELECT name FROM users;
-- theirs
ALTER TABLE users DROP COLUMN name;
CREATE TABLE other (id int);
-- resolve ours
-- check
SELECT name FROM people
-- expect
dependency: their side dropped column public.users.name; our side builds on it: view public.people
  objects: column public.users.name, view public.people
  ours has CREATE VIEW public.people AS
    SELECT users.name
       FROM public.users;
  ours: keep column public.users.name
  theirs: drop column public.users.name, and leave out view public.people
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: their side dropped column public.users.name; our side builds on it: view public.people
merged
CREATE TABLE public.other (
    id integer
);
-- SELECT name FROM people
Ada

-- expect 18
dependency: their side dropped column public.users.name; our side builds on it: view public.people
  objects: column public.users.name, view public.people
  ours has CREATE VIEW public.people AS
    SELECT name
       FROM public.users;
  ours: keep column public.users.name
  theirs: drop column public.users.name, and leave out view public.people
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: their side dropped column public.users.name; our side builds on it: view public.people
merged
CREATE TABLE public.other (
    id integer
);
-- SELECT name FROM people
Ada

-- case: ours drops a table that theirs builds on
-- base
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE posts (id int PRIMARY KEY);
-- ours
DROP TABLE users;
-- theirs
ALTER TABLE posts ADD COLUMN author int REFERENCES users;
CREATE VIEW authors AS SELECT p.id FROM posts p JOIN users u ON u.id = p.author;
-- resolve theirs
-- expect
dependency: our side dropped table public.users; their side builds on it: constraint public.posts.posts_author_fkey and view public.authors
  objects: table public.users, constraint public.posts.posts_author_fkey, view public.authors
  theirs has ALTER TABLE public.posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES public.users(id);
    CREATE VIEW public.authors AS
    SELECT p.id
       FROM (public.posts p
         JOIN public.users u ON ((u.id = p.author)));
  ours: drop table public.users, and leave out constraint public.posts.posts_author_fkey and view public.authors
  theirs: keep table public.users
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: our side dropped table public.users; their side builds on it: constraint public.posts.posts_author_fkey and view public.authors
merged
CREATE TABLE public.users (
    id integer NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (id)
);
ALTER TABLE public.posts ADD COLUMN author integer;
ALTER TABLE public.posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES public.users(id);
CREATE VIEW public.authors AS
SELECT p.id
   FROM (public.posts p
     JOIN public.users u ON ((u.id = p.author)));

-- case: ours drops a table to which theirs adds a column
-- base
CREATE TABLE users (id int PRIMARY KEY);
-- ours
DROP TABLE users;
-- theirs
ALTER TABLE users ADD COLUMN name text;
-- resolve ours
-- expect
dependency: our side dropped table public.users; their side builds on it: column public.users.name
  objects: table public.users, column public.users.name
  theirs has ALTER TABLE public.users ADD COLUMN name text;
  ours: drop table public.users, and leave out column public.users.name
  theirs: keep table public.users
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: our side dropped table public.users; their side builds on it: column public.users.name
merged

-- case: theirs drops a function that a default of ours calls
-- base
CREATE TABLE users (id int PRIMARY KEY, code text);
CREATE FUNCTION new_code() RETURNS text LANGUAGE sql AS 'SELECT ''x''';
INSERT INTO users VALUES (1, 'a');
-- ours
ALTER TABLE users ALTER COLUMN code SET DEFAULT new_code();
-- theirs
DROP FUNCTION new_code();
-- resolve theirs
-- check
SELECT code FROM users
-- expect
dependency: their side dropped function public.new_code(); our side builds on it: column public.users.code
  objects: function public.new_code(), column public.users.code
  ours has ALTER TABLE public.users ADD COLUMN code text DEFAULT public.new_code();
  ours: keep function public.new_code()
  theirs: drop function public.new_code(), and leave out our change of column public.users.code
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: their side dropped function public.new_code(); our side builds on it: column public.users.code
merged
ALTER TABLE ONLY public.users ALTER COLUMN code DROP DEFAULT;
DROP FUNCTION public.new_code();
-- SELECT code FROM users
a

-- case: theirs drops a type that ours uses
-- base
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE users (id int PRIMARY KEY);
-- ours
ALTER TABLE users ADD COLUMN mood mood;
-- theirs
DROP TYPE mood;
-- resolve ours
-- expect
dependency: their side dropped enum public.mood; our side builds on it: column public.users.mood
  objects: enum public.mood, column public.users.mood
  ours has ALTER TABLE public.users ADD COLUMN mood public.mood;
  ours: keep enum public.mood
  theirs: drop enum public.mood, and leave out column public.users.mood
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: their side dropped enum public.mood; our side builds on it: column public.users.mood
merged

-- case: theirs drops a schema in which ours adds a table
-- base
CREATE SCHEMA app;
CREATE TABLE users (id int PRIMARY KEY);
-- ours
CREATE TABLE app.posts (id int);
-- theirs
DROP SCHEMA app;
-- resolve ours
-- expect
dependency: their side dropped schema app; our side builds on it: table app.posts
  objects: schema app, table app.posts
  ours has CREATE TABLE app.posts (
        id integer
    );
  ours: keep schema app
  theirs: drop schema app, and leave out table app.posts
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: their side dropped schema app; our side builds on it: table app.posts
merged

-- case: theirs drops a key that ours references
-- base
CREATE TABLE users (id int PRIMARY KEY, email text CONSTRAINT users_email_key UNIQUE);
CREATE TABLE posts (id int PRIMARY KEY, author text);
-- ours
ALTER TABLE posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES users (email);
-- theirs
ALTER TABLE users DROP CONSTRAINT users_email_key;
-- resolve theirs
-- expect
dependency: their side dropped constraint public.users.users_email_key; our side builds on it: constraint public.posts.posts_author_fkey
  objects: constraint public.users.users_email_key, constraint public.posts.posts_author_fkey
  ours has ALTER TABLE public.posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES public.users(email);
  ours: keep constraint public.users.users_email_key
  theirs: drop constraint public.users.users_email_key, and leave out constraint public.posts.posts_author_fkey
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: their side dropped constraint public.users.users_email_key; our side builds on it: constraint public.posts.posts_author_fkey
merged
ALTER TABLE public.posts DROP CONSTRAINT posts_author_fkey;
ALTER TABLE public.users DROP CONSTRAINT users_email_key;

-- case: theirs drops a view on which ours built another
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE VIEW people AS SELECT id, name FROM users;
-- ours
CREATE VIEW first_people AS SELECT id FROM people WHERE id < 10;
-- theirs
DROP VIEW people;
-- resolve ours
-- check
SELECT count(*) FROM first_people
-- expect
dependency: their side dropped view public.people; our side builds on it: view public.first_people
  objects: view public.people, view public.first_people
  ours has CREATE VIEW public.first_people AS
    SELECT people.id
       FROM public.people
      WHERE (people.id < 10);
  ours: keep view public.people
  theirs: drop view public.people, and leave out view public.first_people
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: their side dropped view public.people; our side builds on it: view public.first_people
merged
-- SELECT count(*) FROM first_people
0

-- expect 18
dependency: their side dropped view public.people; our side builds on it: view public.first_people
  objects: view public.people, view public.first_people
  ours has CREATE VIEW public.first_people AS
    SELECT id
       FROM public.people
      WHERE (id < 10);
  ours: keep view public.people
  theirs: drop view public.people, and leave out view public.first_people
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: their side dropped view public.people; our side builds on it: view public.first_people
merged
-- SELECT count(*) FROM first_people
0

-- case: theirs no longer uses what ours drops
-- base
CREATE TABLE users (id int PRIMARY KEY, name text, nick text);
CREATE VIEW people AS SELECT id, nick FROM users;
-- ours
DROP VIEW people;
CREATE VIEW people AS SELECT id FROM users;
ALTER TABLE users DROP COLUMN nick;
-- theirs
CREATE VIEW more AS SELECT id FROM people;
-- expect
merged
CREATE VIEW public.more AS
SELECT people.id
   FROM public.people;

-- expect 18
merged
CREATE VIEW public.more AS
SELECT id
   FROM public.people;

-- case: theirs drops a column that an edited view of ours uses
-- base
CREATE TABLE users (id int PRIMARY KEY, name text, nick text);
CREATE VIEW people AS SELECT id FROM users;
-- ours
CREATE OR REPLACE VIEW people AS SELECT id, nick FROM users;
-- theirs
ALTER TABLE users DROP COLUMN nick;
-- resolve theirs
-- check
SELECT count(*) FROM people
-- expect
dependency: their side dropped column public.users.nick; our side builds on it: view public.people
  objects: column public.users.nick, view public.people
  ours has CREATE VIEW public.people AS
    SELECT users.id,
        users.nick
       FROM public.users;
  ours: keep column public.users.nick
  theirs: drop column public.users.nick, and leave out our change of view public.people
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: their side dropped column public.users.nick; our side builds on it: view public.people
merged
DROP VIEW public.people;
ALTER TABLE public.users DROP COLUMN nick;
CREATE VIEW public.people AS
SELECT users.id
   FROM public.users;
-- SELECT count(*) FROM people
0

-- expect 18
dependency: their side dropped column public.users.nick; our side builds on it: view public.people
  objects: column public.users.nick, view public.people
  ours has CREATE VIEW public.people AS
    SELECT id,
        nick
       FROM public.users;
  ours: keep column public.users.nick
  theirs: drop column public.users.nick, and leave out our change of view public.people
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: their side dropped column public.users.nick; our side builds on it: view public.people
merged
DROP VIEW public.people;
ALTER TABLE public.users DROP COLUMN nick;
CREATE VIEW public.people AS
SELECT id
   FROM public.users;
-- SELECT count(*) FROM people
0
