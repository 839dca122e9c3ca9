-- case: theirs uses a column that ours renamed, in every way there is
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE posts (id int PRIMARY KEY, author int);
INSERT INTO users VALUES (1, 'Ada');
-- ours
ALTER TABLE users RENAME COLUMN name TO full_name;
ALTER TABLE users RENAME COLUMN id TO number;
-- theirs
CREATE INDEX users_name_idx ON users (lower(name)) WHERE name <> '';
CREATE VIEW people AS SELECT id, upper(name) AS loud FROM users;
CREATE MATERIALIZED VIEW names AS SELECT name FROM users;
ALTER TABLE users ADD CONSTRAINT name_ok CHECK (length(name) > 1);
ALTER TABLE users ADD CONSTRAINT name_unique UNIQUE (name);
ALTER TABLE posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES users (id);
CREATE POLICY own ON users USING (name = current_user);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER touch BEFORE UPDATE OF name ON users FOR EACH ROW WHEN (old.name IS DISTINCT FROM new.name) EXECUTE FUNCTION touch();
ALTER TABLE users ADD COLUMN initial text GENERATED ALWAYS AS (left(name, 1)) STORED;
CREATE FUNCTION name_of(int) RETURNS text BEGIN ATOMIC SELECT name FROM users WHERE id = $1; END;
CREATE STATISTICS users_stats ON id, name FROM users;
CREATE RULE nothing AS ON DELETE TO users WHERE old.name = 'root' DO INSTEAD NOTHING;
COMMENT ON COLUMN users.name IS 'as written';
GRANT SELECT (name) ON users TO reader;
-- rows
INSERT INTO posts VALUES (1, 1);
INSERT INTO users VALUES (2, 'Bob');
-- check
SELECT number, full_name, initial, name_of(number) FROM users ORDER BY 1;
SELECT id, loud FROM people ORDER BY 1;
SELECT name FROM names
-- expect
merged
COMMENT ON COLUMN public.users.full_name IS 'as written';
GRANT SELECT (full_name) ON TABLE public.users TO reader;
ALTER TABLE public.users ADD COLUMN initial text GENERATED ALWAYS AS ("left"(full_name, 1)) STORED;
ALTER TABLE public.posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES public.users(number);
ALTER TABLE public.users ADD CONSTRAINT name_ok CHECK ((length(full_name) > 1));
ALTER TABLE public.users ADD CONSTRAINT name_unique UNIQUE (full_name);
CREATE INDEX users_name_idx ON public.users USING btree (lower(full_name)) WHERE (full_name <> ''::text);
CREATE VIEW public.people AS
SELECT users.number AS id,
    upper(users.full_name) AS loud
   FROM public.users;
CREATE MATERIALIZED VIEW public.names AS
SELECT users.full_name AS name
   FROM public.users;
CREATE OR REPLACE FUNCTION public.name_of(integer)
    RETURNS text
    LANGUAGE sql
BEGIN ATOMIC
 SELECT users.full_name AS name
    FROM public.users
   WHERE (users.number = $1);
END;
CREATE OR REPLACE FUNCTION public.touch()
    RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN RETURN new; END$$;
CREATE TRIGGER touch BEFORE UPDATE OF full_name ON public.users FOR EACH ROW WHEN ((old.full_name IS DISTINCT FROM new.full_name)) EXECUTE FUNCTION public.touch();
CREATE RULE nothing AS
    ON DELETE TO public.users
   WHERE (old.full_name = 'root'::text) DO INSTEAD NOTHING;
CREATE POLICY own ON public.users TO PUBLIC USING ((full_name = CURRENT_USER));
CREATE STATISTICS public.users_stats ON full_name, number FROM public.users;
-- SELECT number, full_name, initial, name_of(number) FROM users ORDER BY 1
1 | Ada | A | Ada
2 | Bob | B | Bob
-- SELECT id, loud FROM people ORDER BY 1
1 | ADA
2 | BOB
-- SELECT name FROM names
Ada
Bob

-- expect 18
merged
COMMENT ON COLUMN public.users.full_name IS 'as written';
GRANT SELECT (full_name) ON TABLE public.users TO reader;
ALTER TABLE public.users ADD COLUMN initial text GENERATED ALWAYS AS ("left"(full_name, 1)) STORED;
ALTER TABLE public.posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES public.users(number);
ALTER TABLE public.users ADD CONSTRAINT name_ok CHECK ((length(full_name) > 1));
ALTER TABLE public.users ADD CONSTRAINT name_unique UNIQUE (full_name);
CREATE INDEX users_name_idx ON public.users USING btree (lower(full_name)) WHERE (full_name <> ''::text);
CREATE VIEW public.people AS
SELECT number AS id,
    upper(full_name) AS loud
   FROM public.users;
CREATE MATERIALIZED VIEW public.names AS
SELECT full_name AS name
   FROM public.users;
CREATE OR REPLACE FUNCTION public.name_of(integer)
    RETURNS text
    LANGUAGE sql
BEGIN ATOMIC
 SELECT users.full_name AS name
    FROM public.users
   WHERE (users.number = $1);
END;
CREATE OR REPLACE FUNCTION public.touch()
    RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN RETURN new; END$$;
CREATE TRIGGER touch BEFORE UPDATE OF full_name ON public.users FOR EACH ROW WHEN ((old.full_name IS DISTINCT FROM new.full_name)) EXECUTE FUNCTION public.touch();
CREATE RULE nothing AS
    ON DELETE TO public.users
   WHERE (old.full_name = 'root'::text) DO INSTEAD NOTHING;
CREATE POLICY own ON public.users TO PUBLIC USING ((full_name = CURRENT_USER));
CREATE STATISTICS public.users_stats ON full_name, number FROM public.users;
-- SELECT number, full_name, initial, name_of(number) FROM users ORDER BY 1
1 | Ada | A | Ada
2 | Bob | B | Bob
-- SELECT id, loud FROM people ORDER BY 1
1 | ADA
2 | BOB
-- SELECT name FROM names
Ada
Bob

-- case: ours uses a column that theirs renamed
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Ada');
-- ours
CREATE INDEX users_name_idx ON users (lower(name));
CREATE VIEW people AS SELECT id, name FROM users;
ALTER TABLE users ADD CONSTRAINT name_ok CHECK (length(name) > 1);
CREATE POLICY own ON users USING (name = current_user);
ALTER TABLE users ADD COLUMN initial text GENERATED ALWAYS AS (left(name, 1)) STORED;
CREATE FUNCTION name_of(int) RETURNS text BEGIN ATOMIC SELECT name FROM users WHERE id = $1; END;
-- theirs
ALTER TABLE users RENAME COLUMN name TO full_name;
-- rows
INSERT INTO users (id, name) VALUES (2, 'Bob');
-- check
SELECT id, full_name, initial, name_of(id) FROM users ORDER BY 1;
SELECT name FROM people ORDER BY 1
-- expect
merged
ALTER TABLE public.users RENAME COLUMN name TO full_name;
-- SELECT id, full_name, initial, name_of(id) FROM users ORDER BY 1
1 | Ada | A | Ada
2 | Bob | B | Bob
-- SELECT name FROM people ORDER BY 1
Ada
Bob

-- case: each side uses what the other renamed
-- base
CREATE TABLE users (id int PRIMARY KEY, name text, mail text);
CREATE VIEW both_of AS SELECT name, mail FROM users;
INSERT INTO users VALUES (1, 'Ada', 'ada@example.org');
-- ours
ALTER TABLE users RENAME COLUMN name TO full_name;
CREATE INDEX users_mail_idx ON users (lower(mail));
CREATE VIEW mails AS SELECT full_name, mail FROM users;
-- theirs
ALTER TABLE users RENAME COLUMN mail TO email;
CREATE INDEX users_name_idx ON users (lower(name));
CREATE VIEW names AS SELECT name, email FROM users;
-- check
SELECT full_name, email FROM users;
SELECT full_name, mail FROM mails;
SELECT name, email FROM names;
SELECT name, mail FROM both_of
-- expect
merged
ALTER TABLE public.users RENAME COLUMN mail TO email;
CREATE INDEX users_name_idx ON public.users USING btree (lower(full_name));
CREATE VIEW public.names AS
SELECT users.full_name AS name,
    users.email
   FROM public.users;
-- SELECT full_name, email FROM users
Ada | ada@example.org
-- SELECT full_name, mail FROM mails
Ada | ada@example.org
-- SELECT name, email FROM names
Ada | ada@example.org
-- SELECT name, mail FROM both_of
Ada | ada@example.org

-- expect 18
merged
ALTER TABLE public.users RENAME COLUMN mail TO email;
CREATE INDEX users_name_idx ON public.users USING btree (lower(full_name));
CREATE VIEW public.names AS
SELECT full_name AS name,
    email
   FROM public.users;
-- SELECT full_name, email FROM users
Ada | ada@example.org
-- SELECT full_name, mail FROM mails
Ada | ada@example.org
-- SELECT name, email FROM names
Ada | ada@example.org
-- SELECT name, mail FROM both_of
Ada | ada@example.org

-- case: theirs builds on a table that ours renamed
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Ada');
-- ours
ALTER TABLE users RENAME TO people;
-- theirs
ALTER TABLE users ADD COLUMN age int DEFAULT 18;
CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users);
CREATE VIEW adults AS SELECT name FROM users WHERE age >= 18;
CREATE INDEX users_age_idx ON users (age);
ALTER TABLE users ADD COLUMN serial_number serial;
CREATE FUNCTION adult(users) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.age >= 18';
-- rows
INSERT INTO people VALUES (2, 'Bob');
-- check
SELECT id, name, age, serial_number, adult(people) FROM people ORDER BY 1;
SELECT name FROM adults ORDER BY 1
-- expect
merged
CREATE SEQUENCE public.users_serial_number_seq AS integer;
CREATE TABLE public.posts (
    id integer NOT NULL,
    author integer,
    CONSTRAINT posts_pkey PRIMARY KEY (id)
);
ALTER TABLE public.people ADD COLUMN age integer DEFAULT 18;
ALTER TABLE public.people ADD COLUMN serial_number integer DEFAULT nextval('public.users_serial_number_seq'::regclass) NOT NULL;
ALTER SEQUENCE public.users_serial_number_seq OWNED BY public.people.serial_number;
ALTER TABLE public.posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES public.people(id);
CREATE INDEX users_age_idx ON public.people USING btree (age);
CREATE VIEW public.adults AS
SELECT people.name
   FROM public.people
  WHERE (people.age >= 18);
CREATE OR REPLACE FUNCTION public.adult(public.people)
    RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$SELECT $1.age >= 18$$;
-- SELECT id, name, age, serial_number, adult(people) FROM people ORDER BY 1
1 | Ada | 18 | 1 | t
2 | Bob | 18 | 2 | t
-- SELECT name FROM adults ORDER BY 1
Ada
Bob

-- expect 18
merged
CREATE SEQUENCE public.users_serial_number_seq AS integer;
CREATE TABLE public.posts (
    id integer NOT NULL,
    author integer,
    CONSTRAINT posts_pkey PRIMARY KEY (id)
);
ALTER TABLE public.people ADD COLUMN age integer DEFAULT 18;
ALTER TABLE public.people ADD COLUMN serial_number integer DEFAULT nextval('public.users_serial_number_seq'::regclass) NOT NULL;
ALTER SEQUENCE public.users_serial_number_seq OWNED BY public.people.serial_number;
ALTER TABLE public.posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES public.people(id);
CREATE INDEX users_age_idx ON public.people USING btree (age);
CREATE VIEW public.adults AS
SELECT name
   FROM public.people
  WHERE (age >= 18);
CREATE OR REPLACE FUNCTION public.adult(public.people)
    RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$SELECT $1.age >= 18$$;
-- SELECT id, name, age, serial_number, adult(people) FROM people ORDER BY 1
1 | Ada | 18 | 1 | t
2 | Bob | 18 | 2 | t
-- SELECT name FROM adults ORDER BY 1
Ada
Bob

-- case: theirs renames a table that ours builds on
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Ada');
-- ours
ALTER TABLE users ADD COLUMN age int DEFAULT 18;
CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users);
CREATE VIEW adults AS SELECT name FROM users WHERE age >= 18;
-- theirs
ALTER TABLE users RENAME TO people;
ALTER TABLE people RENAME CONSTRAINT users_pkey TO people_pkey;
-- rows
INSERT INTO posts VALUES (1, 1);
-- check
SELECT id, name, age FROM people;
SELECT name FROM adults
-- expect
merged
ALTER TABLE public.users RENAME TO people;
ALTER TABLE public.people RENAME CONSTRAINT users_pkey TO people_pkey;
-- SELECT id, name, age FROM people
1 | Ada | 18
-- SELECT name FROM adults
Ada

-- case: theirs builds in a schema that ours renamed
-- base
CREATE SCHEMA app;
CREATE TABLE app.users (id int PRIMARY KEY, name text);
CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
-- ours
ALTER SCHEMA app RENAME TO core;
-- theirs
CREATE TABLE app.posts (id int PRIMARY KEY, author int REFERENCES app.users, number int DEFAULT app.f(1));
CREATE VIEW public.people AS SELECT name FROM app.users;
-- check
SELECT count(*) FROM core.posts;
SELECT count(*) FROM people
-- expect
merged
CREATE TABLE core.posts (
    id integer NOT NULL,
    author integer,
    number integer DEFAULT core.f(1),
    CONSTRAINT posts_pkey PRIMARY KEY (id)
);
ALTER TABLE core.posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES core.users(id);
CREATE VIEW public.people AS
SELECT users.name
   FROM core.users;
-- SELECT count(*) FROM core.posts
0
-- SELECT count(*) FROM people
0

-- expect 18
merged
CREATE TABLE core.posts (
    id integer NOT NULL,
    author integer,
    number integer DEFAULT core.f(1),
    CONSTRAINT posts_pkey PRIMARY KEY (id)
);
ALTER TABLE core.posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES core.users(id);
CREATE VIEW public.people AS
SELECT name
   FROM core.users;
-- SELECT count(*) FROM core.posts
0
-- SELECT count(*) FROM people
0

-- case: theirs uses a type that ours renamed
-- base
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE TABLE users (id int PRIMARY KEY, mood mood DEFAULT 'sad');
-- ours
ALTER TYPE mood RENAME TO feeling;
ALTER DOMAIN positive RENAME TO natural_number;
-- theirs
ALTER TABLE users ADD COLUMN evening mood NOT NULL DEFAULT 'happy';
ALTER TABLE users ADD COLUMN age positive;
CREATE FUNCTION is_good(mood) RETURNS boolean LANGUAGE sql RETURN $1 = 'happy'::mood;
-- rows
INSERT INTO users (id) VALUES (1);
-- check
SELECT id, mood, evening, is_good(evening) FROM users
-- expect
merged
ALTER TABLE public.users ADD COLUMN evening public.feeling DEFAULT 'happy'::public.feeling NOT NULL;
ALTER TABLE public.users ADD COLUMN age public.natural_number;
CREATE OR REPLACE FUNCTION public.is_good(public.feeling)
    RETURNS boolean
    LANGUAGE sql
RETURN ($1 = 'happy'::public.feeling);
-- SELECT id, mood, evening, is_good(evening) FROM users
1 | sad | happy | t

-- case: a table moves to another schema under the other side's hands
-- base
CREATE SCHEMA archive;
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE VIEW people AS SELECT name FROM users;
INSERT INTO users VALUES (1, 'Ada');
-- ours
ALTER TABLE users SET SCHEMA archive;
-- theirs
ALTER TABLE users ADD COLUMN age int;
CREATE OR REPLACE VIEW people AS SELECT name, age FROM users;
CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users);
-- check
SELECT * FROM archive.users;
SELECT * FROM people
-- expect
merged
CREATE TABLE public.posts (
    id integer NOT NULL,
    author integer,
    CONSTRAINT posts_pkey PRIMARY KEY (id)
);
ALTER TABLE archive.users ADD COLUMN age integer;
ALTER TABLE public.posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES archive.users(id);
CREATE OR REPLACE VIEW public.people AS
SELECT users.name,
    users.age
   FROM archive.users;
-- SELECT * FROM archive.users
1 | Ada | null
-- SELECT * FROM people
Ada | null

-- expect 18
merged
CREATE TABLE public.posts (
    id integer NOT NULL,
    author integer,
    CONSTRAINT posts_pkey PRIMARY KEY (id)
);
ALTER TABLE archive.users ADD COLUMN age integer;
ALTER TABLE public.posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES archive.users(id);
CREATE OR REPLACE VIEW public.people AS
SELECT name,
    age
   FROM archive.users;
-- SELECT * FROM archive.users
1 | Ada | null
-- SELECT * FROM people
Ada | null

-- case: both sides rename a column, alike
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Ada');
-- ours
ALTER TABLE users RENAME COLUMN name TO full_name;
-- theirs
ALTER TABLE users RENAME COLUMN name TO full_name;
-- check
SELECT full_name FROM users
-- expect
merged
-- SELECT full_name FROM users
Ada

-- case: both sides rename a column, differently
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE VIEW people AS SELECT name FROM users;
INSERT INTO users VALUES (1, 'Ada');
-- ours
ALTER TABLE users RENAME COLUMN name TO full_name;
-- theirs
ALTER TABLE users RENAME COLUMN name TO display_name;
-- resolve theirs
-- check
SELECT display_name FROM users
-- expect
edit/edit: both sides renamed column public.users.name
  objects: column public.users.full_name
  name: was name; ours full_name; theirs display_name
  ours has ALTER TABLE public.users ADD COLUMN full_name text;
  theirs has ALTER TABLE public.users ADD COLUMN display_name text;
  ours: name full_name
  theirs: name display_name
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: both sides renamed column public.users.name
merged
ALTER TABLE public.users RENAME COLUMN full_name TO display_name;
-- SELECT display_name FROM users
Ada

-- case: one side renames a table, the other moves it
-- base
CREATE SCHEMA app;
CREATE TABLE users (id int PRIMARY KEY);
INSERT INTO users VALUES (1);
-- ours
ALTER TABLE users RENAME TO people;
-- theirs
ALTER TABLE users SET SCHEMA app;
-- check
SELECT * FROM app.people
-- expect
merged
ALTER TABLE public.people SET SCHEMA app;
-- SELECT * FROM app.people
1

-- case: one side renames a column, the other drops it
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Ada');
-- ours
ALTER TABLE users RENAME COLUMN name TO full_name;
-- theirs
ALTER TABLE users DROP COLUMN name;
-- resolve ours
-- check
SELECT full_name FROM users
-- expect
edit/delete: their side dropped column public.users.name; our side changed it: renamed to full_name
  objects: column public.users.full_name
  ours has ALTER TABLE public.users ADD COLUMN full_name text;
  ours: keep column public.users.full_name as it was changed
  theirs: drop column public.users.name
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: their side dropped column public.users.name; our side changed it: renamed to full_name
merged
-- SELECT full_name FROM users
Ada

-- case: one side renames a column, the other changes it
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Ada');
-- ours
ALTER TABLE users RENAME COLUMN name TO full_name;
-- theirs
ALTER TABLE users ALTER COLUMN name SET NOT NULL;
ALTER TABLE users ALTER COLUMN name TYPE varchar(50);
ALTER TABLE users ALTER COLUMN name SET DEFAULT 'nobody';
-- check
SELECT full_name FROM users
-- expect
merged
ALTER TABLE public.users ALTER COLUMN full_name TYPE character varying(50) USING full_name::character varying(50);
ALTER TABLE ONLY public.users ALTER COLUMN full_name SET DEFAULT 'nobody'::character varying;
ALTER TABLE public.users ALTER COLUMN full_name SET NOT NULL;
-- SELECT full_name FROM users
Ada

-- case: theirs swaps two columns that ours uses
-- base
CREATE TABLE points (id int PRIMARY KEY, x int, y int);
INSERT INTO points VALUES (1, 10, 20);
-- ours
CREATE INDEX points_x_idx ON points (x);
CREATE VIEW widths AS SELECT x FROM points;
-- theirs
ALTER TABLE points RENAME COLUMN x TO z;
ALTER TABLE points RENAME COLUMN y TO x;
ALTER TABLE points RENAME COLUMN z TO y;
-- check
SELECT x, y FROM points;
SELECT x FROM widths
-- expect
merged
ALTER TABLE public.points RENAME COLUMN x TO pleach_;
ALTER TABLE public.points RENAME COLUMN y TO pleach_;
ALTER TABLE public.points RENAME COLUMN pleach_ TO y;
ALTER TABLE public.points RENAME COLUMN pleach_ TO x;
-- SELECT x, y FROM points
20 | 10
-- SELECT x FROM widths
10

-- case: a name that ours gave away, theirs still means
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users VALUES (1, 'Ada');
-- ours
ALTER TABLE users RENAME COLUMN name TO full_name;
ALTER TABLE users ADD COLUMN name text DEFAULT 'nick';
-- theirs
CREATE INDEX users_name_idx ON users (name);
CREATE VIEW people AS SELECT name FROM users;
-- check
SELECT name FROM people;
SELECT indexdef FROM pg_indexes WHERE indexname = 'users_name_idx'
-- expect
merged
CREATE INDEX users_name_idx ON public.users USING btree (full_name);
CREATE VIEW public.people AS
SELECT users.full_name AS name
   FROM public.users;
-- SELECT name FROM people
Ada
-- SELECT indexdef FROM pg_indexes WHERE indexname = 'users_name_idx'
CREATE INDEX users_name_idx ON public.users USING btree (full_name)

-- expect 18
merged
CREATE INDEX users_name_idx ON public.users USING btree (full_name);
CREATE VIEW public.people AS
SELECT full_name AS name
   FROM public.users;
-- SELECT name FROM people
Ada
-- SELECT indexdef FROM pg_indexes WHERE indexname = 'users_name_idx'
CREATE INDEX users_name_idx ON public.users USING btree (full_name)

-- case: ours edits a view on a column that theirs renamed
-- base
CREATE TABLE users (id int PRIMARY KEY, name text, age int);
CREATE VIEW people AS SELECT name FROM users;
-- ours
CREATE OR REPLACE VIEW people AS SELECT name, age FROM users;
-- theirs
ALTER TABLE users RENAME COLUMN name TO full_name;
-- expect
merged
ALTER TABLE public.users RENAME COLUMN name TO full_name;

-- case: an index, a constraint, a function and a sequence are renamed under the other side's hands
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE INDEX users_idx ON users (name);
CREATE SEQUENCE numbers;
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
-- ours
ALTER INDEX users_idx RENAME TO users_name_idx;
ALTER SEQUENCE numbers RENAME TO tickets;
ALTER FUNCTION f(int) RENAME TO same;
ALTER TABLE users RENAME CONSTRAINT users_pkey TO users_key;
-- theirs
ALTER TABLE users REPLICA IDENTITY USING INDEX users_pkey;
ALTER TABLE users CLUSTER ON users_idx;
ALTER TABLE users ADD COLUMN number bigint DEFAULT nextval('numbers');
CREATE INDEX users_f_idx ON users (f(id));
COMMENT ON INDEX users_idx IS 'by name';
-- rows
INSERT INTO users VALUES (1, 'Ada');
-- check
SELECT number FROM users
-- expect
merged
ALTER TABLE public.users ADD COLUMN number bigint DEFAULT nextval('public.tickets'::regclass);
CREATE INDEX users_f_idx ON public.users USING btree (public.same(id));
COMMENT ON INDEX public.users_name_idx IS 'by name';
ALTER TABLE public.users REPLICA IDENTITY USING INDEX users_key;
ALTER TABLE public.users CLUSTER ON users_name_idx;
-- SELECT number FROM users
1

-- case: an enum label is renamed under the other side's hands
-- base
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE users (id int PRIMARY KEY, mood mood DEFAULT 'sad');
INSERT INTO users VALUES (1, 'happy');
-- ours
ALTER TYPE mood RENAME VALUE 'happy' TO 'glad';
-- theirs
CREATE VIEW good AS SELECT id FROM users WHERE mood = 'happy';
-- check
SELECT * FROM good
-- expect
refused: PostgreSQL refused `CREATE VIEW public.good AS SELECT users.id FROM public.users WHERE (users.mood = 'happy'::public.moo…`: invalid input value for enum public.mood: "happy"
  objects: view public.good
  theirs has CREATE VIEW public.good AS
    SELECT users.id
       FROM public.users
      WHERE (users.mood = 'happy'::public.mood);
  ours: leave out view public.good, with what stands on it
  sql: SQL of your own behind the merge without it; or change the branch and merge again
  PostgreSQL: invalid input value for enum public.mood: "happy" (SQLSTATE 22P02)

-- expect 18
refused: PostgreSQL refused `CREATE VIEW public.good AS SELECT id FROM public.users WHERE (mood = 'happy'::public.mood)`: invalid input value for enum public.mood: "happy"
  objects: view public.good
  theirs has CREATE VIEW public.good AS
    SELECT id
       FROM public.users
      WHERE (mood = 'happy'::public.mood);
  ours: leave out view public.good, with what stands on it
  sql: SQL of your own behind the merge without it; or change the branch and merge again
  PostgreSQL: invalid input value for enum public.mood: "happy" (SQLSTATE 22P02)

-- case: a view that PostgreSQL refuses is made by SQL instead
-- base
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE users (id int PRIMARY KEY, mood mood DEFAULT 'sad');
INSERT INTO users VALUES (1, 'happy');
-- ours
ALTER TYPE mood RENAME VALUE 'happy' TO 'glad';
-- theirs
CREATE VIEW good AS SELECT id FROM users WHERE mood = 'happy';
-- resolve sql
CREATE VIEW good AS SELECT id FROM users WHERE mood = 'glad';
-- check
SELECT * FROM good
-- expect
refused: PostgreSQL refused `CREATE VIEW public.good AS SELECT users.id FROM public.users WHERE (users.mood = 'happy'::public.moo…`: invalid input value for enum public.mood: "happy"
  objects: view public.good
  theirs has CREATE VIEW public.good AS
    SELECT users.id
       FROM public.users
      WHERE (users.mood = 'happy'::public.mood);
  ours: leave out view public.good, with what stands on it
  sql: SQL of your own behind the merge without it; or change the branch and merge again
  PostgreSQL: invalid input value for enum public.mood: "happy" (SQLSTATE 22P02)
resolved by sql: PostgreSQL refused `CREATE VIEW public.good AS SELECT users.id FROM public.users WHERE (users.mood = 'happy'::public.moo…`: invalid input value for enum public.mood: "happy"
merged
CREATE VIEW good AS SELECT id FROM users WHERE mood = 'glad';
-- SELECT * FROM good
1

-- expect 18
refused: PostgreSQL refused `CREATE VIEW public.good AS SELECT id FROM public.users WHERE (mood = 'happy'::public.mood)`: invalid input value for enum public.mood: "happy"
  objects: view public.good
  theirs has CREATE VIEW public.good AS
    SELECT id
       FROM public.users
      WHERE (mood = 'happy'::public.mood);
  ours: leave out view public.good, with what stands on it
  sql: SQL of your own behind the merge without it; or change the branch and merge again
  PostgreSQL: invalid input value for enum public.mood: "happy" (SQLSTATE 22P02)
resolved by sql: PostgreSQL refused `CREATE VIEW public.good AS SELECT id FROM public.users WHERE (mood = 'happy'::public.mood)`: invalid input value for enum public.mood: "happy"
merged
CREATE VIEW good AS SELECT id FROM users WHERE mood = 'glad';
-- SELECT * FROM good
1
