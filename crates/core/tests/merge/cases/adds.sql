-- case: both sides add things of their own
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Ada');
-- ours
ALTER TABLE users ADD COLUMN email text;
CREATE INDEX users_email_idx ON users (email);
-- theirs
ALTER TABLE users ADD COLUMN age int DEFAULT 18;
CREATE VIEW adults AS SELECT id, name FROM users WHERE age >= 18;
-- rows
INSERT INTO users VALUES (2, 'Bob', 'bob@example.org');
-- check
SELECT id, name, email, age FROM users ORDER BY id;
SELECT count(*) FROM adults
-- expect
merged
ALTER TABLE public.users ADD COLUMN age integer DEFAULT 18;
CREATE VIEW public.adults AS
SELECT users.id,
    users.name
   FROM public.users
  WHERE (users.age >= 18);
-- SELECT id, name, email, age FROM users ORDER BY id
1 | Ada | null | 18
2 | Bob | bob@example.org | 18
-- SELECT count(*) FROM adults
2

-- expect 18
merged
ALTER TABLE public.users ADD COLUMN age integer DEFAULT 18;
CREATE VIEW public.adults AS
SELECT id,
    name
   FROM public.users
  WHERE (age >= 18);
-- SELECT id, name, email, age FROM users ORDER BY id
1 | Ada | null | 18
2 | Bob | bob@example.org | 18
-- SELECT count(*) FROM adults
2

-- case: both sides add the same things
-- base
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE users (id int PRIMARY KEY, name text);
-- ours
ALTER TABLE users ADD COLUMN email text;
CREATE INDEX users_name_idx ON users (name);
CREATE TABLE teams (id int PRIMARY KEY, name text NOT NULL);
ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy';
-- theirs
ALTER TABLE users ADD COLUMN email text;
CREATE INDEX users_name_idx ON users (name);
CREATE TABLE teams (id int PRIMARY KEY, name text NOT NULL);
ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy';
-- rows
INSERT INTO teams VALUES (1, 'core');
-- check
SELECT * FROM teams
-- expect
merged
-- SELECT * FROM teams
1 | core

-- case: both sides add a column, differently
-- base
CREATE TABLE users (id int PRIMARY KEY);
-- ours
ALTER TABLE users ADD COLUMN score int;
-- theirs
ALTER TABLE users ADD COLUMN score numeric(10, 2) NOT NULL DEFAULT 0;
-- expect
add/add: both sides added column public.users.score, differently
  objects: column public.users.score
  type: was nothing; ours integer; theirs numeric(10,2)
  not_null: was nothing; ours nothing; theirs true
  default: was nothing; ours nothing; theirs 0
  ours has ALTER TABLE public.users ADD COLUMN score integer;
  theirs has ALTER TABLE public.users ADD COLUMN score numeric(10,2) DEFAULT 0 NOT NULL;
  ours: keep ours; their column is left out
  theirs: take theirs; our column is left out
  both: keep both; theirs becomes score_2
  sql: run your own SQL behind the merge with our side, and prove the result
  settles itself by Both with --auto-resolve

-- case: both sides add a column, differently, and both are kept
-- base
CREATE TABLE users (id int PRIMARY KEY);
INSERT INTO users VALUES (1);
-- ours
ALTER TABLE users ADD COLUMN score int;
-- theirs
ALTER TABLE users ADD COLUMN score numeric(10, 2) NOT NULL DEFAULT 0;
CREATE VIEW scores AS SELECT id, score FROM users;
CREATE INDEX users_score ON users (score) WHERE score > 0;
-- options
auto
-- rows
UPDATE users SET score = 7;
-- check
SELECT id, score, score_2 FROM users;
SELECT id, score FROM scores
-- expect
merged
settled by Both: both sides added column public.users.score, differently
ALTER TABLE public.users ADD COLUMN score_2 numeric(10,2) DEFAULT 0 NOT NULL;
CREATE INDEX users_score ON public.users USING btree (score_2) WHERE (score_2 > (0)::numeric);
CREATE VIEW public.scores AS
SELECT users.id,
    users.score_2 AS score
   FROM public.users;
-- SELECT id, score, score_2 FROM users
1 | 7 | 0.00
-- SELECT id, score FROM scores
1 | 0.00

-- expect 18
merged
settled by Both: both sides added column public.users.score, differently
ALTER TABLE public.users ADD COLUMN score_2 numeric(10,2) DEFAULT 0 NOT NULL;
CREATE INDEX users_score ON public.users USING btree (score_2) WHERE (score_2 > (0)::numeric);
CREATE VIEW public.scores AS
SELECT id,
    score_2 AS score
   FROM public.users;
-- SELECT id, score, score_2 FROM users
1 | 7 | 0.00
-- SELECT id, score FROM scores
1 | 0.00

-- case: both sides add an index of one name, differently, and both are kept
-- base
CREATE TABLE users (id int PRIMARY KEY, email text, name text);
-- ours
CREATE INDEX users_idx ON users (email);
-- theirs
CREATE INDEX users_idx ON users (name);
-- options
auto
-- expect
merged
settled by Both: both sides added index public.users.users_idx, differently
CREATE INDEX users_idx_2 ON public.users USING btree (name);

-- case: both sides add a table of one name, differently
-- base
CREATE TABLE users (id int PRIMARY KEY);
-- ours
CREATE TABLE teams (id int PRIMARY KEY, name text);
-- theirs
CREATE TABLE teams (id bigint PRIMARY KEY, title text);
CREATE VIEW team_titles AS SELECT title FROM teams;
-- options
auto
-- resolve ours
-- expect
add/add: both sides added table public.teams, differently
  objects: table public.teams
  ours has CREATE TABLE public.teams (
        id integer NOT NULL,
        name text,
        CONSTRAINT teams_pkey PRIMARY KEY (id)
    );
  theirs has CREATE TABLE public.teams (
        id bigint NOT NULL,
        title text,
        CONSTRAINT teams_pkey PRIMARY KEY (id)
    );
  ours: keep ours; their table and view public.team_titles are left out
  theirs: take theirs; our table is left out
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: both sides added table public.teams, differently
merged

-- case: both sides add a table of one name, and theirs holds
-- base
CREATE TABLE users (id int PRIMARY KEY);
-- ours
CREATE TABLE teams (id int PRIMARY KEY, name text);
-- theirs
CREATE TABLE teams (id bigint PRIMARY KEY, title text);
-- resolve theirs
-- rows
INSERT INTO teams VALUES (1, 'core');
-- check
SELECT column_name FROM information_schema.columns WHERE table_name = 'teams' ORDER BY 1
-- expect
add/add: both sides added table public.teams, differently
  objects: table public.teams
  ours has CREATE TABLE public.teams (
        id integer NOT NULL,
        name text,
        CONSTRAINT teams_pkey PRIMARY KEY (id)
    );
  theirs has CREATE TABLE public.teams (
        id bigint NOT NULL,
        title text,
        CONSTRAINT teams_pkey PRIMARY KEY (id)
    );
  ours: keep ours; their table is left out
  theirs: take theirs; our table is left out
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: both sides added table public.teams, differently
merged
destroys all rows of public.teams
DROP TABLE public.teams;
CREATE TABLE public.teams (
    id bigint NOT NULL,
    title text,
    CONSTRAINT teams_pkey PRIMARY KEY (id)
);
-- SELECT column_name FROM information_schema.columns WHERE table_name = 'teams' ORDER BY 1
id
title

-- case: both sides add a table whose columns are alike and whose constraints are not
-- base
CREATE TABLE users (id int PRIMARY KEY);
-- ours
CREATE TABLE teams (id int PRIMARY KEY, size int CONSTRAINT size_ok CHECK (size > 0));
-- theirs
CREATE TABLE teams (id int PRIMARY KEY, size int CONSTRAINT size_ok CHECK (size >= 0));
CREATE INDEX teams_size_idx ON teams (size);
-- options
auto
-- resolve theirs
-- expect
add/add: both sides added constraint public.teams.size_ok, differently
  objects: constraint public.teams.size_ok
  definition: was nothing; ours CHECK ((size > 0)); theirs CHECK ((size >= 0))
  ours has ALTER TABLE public.teams ADD CONSTRAINT size_ok CHECK ((size > 0));
  theirs has ALTER TABLE public.teams ADD CONSTRAINT size_ok CHECK ((size >= 0));
  ours: keep ours; their constraint is left out
  theirs: take theirs; our constraint is left out
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: both sides added constraint public.teams.size_ok, differently
merged
ALTER TABLE public.teams DROP CONSTRAINT size_ok;
ALTER TABLE public.teams ADD CONSTRAINT size_ok CHECK ((size >= 0));
CREATE INDEX teams_size_idx ON public.teams USING btree (size);

-- case: both sides add a function, differently, and theirs holds
-- base
CREATE TABLE users (id int PRIMARY KEY);
-- ours
CREATE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 41';
-- theirs
CREATE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 42';
-- resolve theirs
-- check
SELECT answer()
-- expect
add/add: both sides added function public.answer(), differently
  objects: function public.answer()
  body: was nothing; ours SELECT 41; theirs SELECT 42
  ours has CREATE OR REPLACE FUNCTION public.answer()
        RETURNS integer
        LANGUAGE sql
        AS $$SELECT 41$$;
  theirs has CREATE OR REPLACE FUNCTION public.answer()
        RETURNS integer
        LANGUAGE sql
        AS $$SELECT 42$$;
  ours: keep ours; their function is left out
  theirs: take theirs; our function is left out
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: both sides added function public.answer(), differently
merged
DROP FUNCTION public.answer();
CREATE OR REPLACE FUNCTION public.answer()
    RETURNS integer
    LANGUAGE sql
    AS $$SELECT 42$$;
-- SELECT answer()
42

-- case: functions of one name with other arguments are other functions
-- base
CREATE TABLE users (id int PRIMARY KEY);
-- ours
CREATE FUNCTION double(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';
-- theirs
CREATE FUNCTION double(text) RETURNS text LANGUAGE sql AS 'SELECT $1 || $1';
-- check
SELECT double(2), double('a')
-- expect
merged
CREATE OR REPLACE FUNCTION public.double(text)
    RETURNS text
    LANGUAGE sql
    AS $$SELECT $1 || $1$$;
-- SELECT double(2), double('a')
4 | aa

-- case: both sides add a view, differently
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
-- ours
CREATE VIEW people AS SELECT id FROM users;
-- theirs
CREATE VIEW people AS SELECT id, name FROM users;
-- resolve theirs
-- expect
add/add: both sides added view public.people, differently
  objects: view public.people
  definition: was nothing; ours SELECT users.id    FROM public.users; theirs SELECT users.id,     users.name    FROM public.users
  ours has CREATE VIEW public.people AS
    SELECT users.id
       FROM public.users;
  theirs has CREATE VIEW public.people AS
    SELECT users.id,
        users.name
       FROM public.users;
  ours: keep ours; their view is left out
  theirs: take theirs; our view is left out
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: both sides added view public.people, differently
merged
DROP VIEW public.people;
CREATE VIEW public.people AS
SELECT users.id,
    users.name
   FROM public.users;

-- expect 18
add/add: both sides added view public.people, differently
  objects: view public.people
  definition: was nothing; ours SELECT id    FROM public.users; theirs SELECT id,     name    FROM public.users
  ours has CREATE VIEW public.people AS
    SELECT id
       FROM public.users;
  theirs has CREATE VIEW public.people AS
    SELECT id,
        name
       FROM public.users;
  ours: keep ours; their view is left out
  theirs: take theirs; our view is left out
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: both sides added view public.people, differently
merged
DROP VIEW public.people;
CREATE VIEW public.people AS
SELECT id,
    name
   FROM public.users;

-- case: both sides add a schema, and tables in it
-- base
CREATE TABLE users (id int PRIMARY KEY);
-- ours
CREATE SCHEMA app;
CREATE TABLE app.a (id int);
-- theirs
CREATE SCHEMA app;
CREATE TABLE app.b (id int);
-- expect
merged
CREATE TABLE app.b (
    id integer
);

-- case: both sides add triggers and policies of one name on one table
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
-- ours
CREATE TRIGGER touch BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY own ON users USING (id > 0);
-- theirs
CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY own ON users USING (id > 1);
-- resolve theirs
-- resolve ours
-- expect
add/add: both sides added trigger public.users.touch, differently
  objects: trigger public.users.touch
  definition: was nothing; ours CREATE TRIGGER touch BEFORE INSERT ON public.users FOR EACH ROW EXECUTE FUNCTION public.touch(); theirs CREATE TRIGGER touch BEFORE UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION public.touch()
  ours has CREATE TRIGGER touch BEFORE INSERT ON public.users FOR EACH ROW EXECUTE FUNCTION public.touch();
  theirs has CREATE TRIGGER touch BEFORE UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION public.touch();
  ours: keep ours; their trigger is left out
  theirs: take theirs; our trigger is left out
  sql: run your own SQL behind the merge with our side, and prove the result
add/add: both sides added policy public.users.own, differently
  objects: policy public.users.own
  using: was nothing; ours (id > 0); theirs (id > 1)
  ours has CREATE POLICY own ON public.users TO PUBLIC USING ((id > 0));
  theirs has CREATE POLICY own ON public.users TO PUBLIC USING ((id > 1));
  ours: keep ours; their policy is left out
  theirs: take theirs; our policy is left out
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: both sides added trigger public.users.touch, differently
resolved by ours: both sides added policy public.users.own, differently
merged
DROP TRIGGER touch ON public.users;
CREATE TRIGGER touch BEFORE UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION public.touch();

-- case: both sides add a foreign key of one name
-- base
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE posts (id int PRIMARY KEY, author int, editor int);
-- ours
ALTER TABLE posts ADD CONSTRAINT posts_user FOREIGN KEY (author) REFERENCES users;
-- theirs
ALTER TABLE posts ADD CONSTRAINT posts_user FOREIGN KEY (editor) REFERENCES users;
-- options
auto
-- expect
add/add: both sides added constraint public.posts.posts_user, differently
  objects: constraint public.posts.posts_user
  definition: was nothing; ours FOREIGN KEY (author) REFERENCES public.users(id); theirs FOREIGN KEY (editor) REFERENCES public.users(id)
  ours has ALTER TABLE public.posts ADD CONSTRAINT posts_user FOREIGN KEY (author) REFERENCES public.users(id);
  theirs has ALTER TABLE public.posts ADD CONSTRAINT posts_user FOREIGN KEY (editor) REFERENCES public.users(id);
  ours: keep ours; their constraint is left out
  theirs: take theirs; our constraint is left out
  sql: run your own SQL behind the merge with our side, and prove the result
