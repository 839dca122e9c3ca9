-- case: both sides change other attributes of one column
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
INSERT INTO users VALUES (1, 20);
-- ours
ALTER TABLE users ALTER COLUMN age SET DEFAULT 18;
-- theirs
ALTER TABLE users ALTER COLUMN age SET NOT NULL;
COMMENT ON COLUMN users.age IS 'in years';
-- rows
INSERT INTO users (id) VALUES (2);
-- check
SELECT * FROM users ORDER BY id
-- expect
merged
ALTER TABLE public.users ALTER COLUMN age SET NOT NULL;
COMMENT ON COLUMN public.users.age IS 'in years';
-- SELECT * FROM users ORDER BY id
1 | 20
2 | 18

-- case: both sides change a column's type, differently
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
-- ours
ALTER TABLE users ALTER COLUMN age TYPE bigint;
-- theirs
ALTER TABLE users ALTER COLUMN age TYPE numeric(5, 1);
-- resolve theirs
-- rows
INSERT INTO users VALUES (1, 20);
-- check
SELECT age FROM users
-- expect
edit/edit: both sides changed the type of column public.users.age
  objects: column public.users.age
  type: was integer; ours bigint; theirs numeric(5,1)
  ours has ALTER TABLE public.users ADD COLUMN age bigint;
  theirs has ALTER TABLE public.users ADD COLUMN age numeric(5,1);
  ours: type bigint
  theirs: type numeric(5,1)
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: both sides changed the type of column public.users.age
merged
ALTER TABLE public.users ALTER COLUMN age TYPE numeric(5,1) USING age::numeric(5,1);
-- SELECT age FROM users
20.0

-- case: both sides change a column's type, alike
-- base
CREATE TABLE users (id int PRIMARY KEY, age int);
-- ours
ALTER TABLE users ALTER COLUMN age TYPE bigint;
-- theirs
ALTER TABLE users ALTER COLUMN age TYPE bigint;
-- expect
merged

-- case: one side changes a column's type, the other its default
-- base
CREATE TABLE users (id int PRIMARY KEY, age int DEFAULT 1, code varchar(5) DEFAULT 'a');
-- ours
ALTER TABLE users ALTER COLUMN age TYPE bigint;
ALTER TABLE users ALTER COLUMN code TYPE text;
-- theirs
ALTER TABLE users ALTER COLUMN age SET DEFAULT 18;
ALTER TABLE users ALTER COLUMN code SET DEFAULT 'b';
-- resolve theirs
-- check
SELECT column_name, data_type, column_default FROM information_schema.columns WHERE table_name = 'users' ORDER BY 1
-- expect
merged
ALTER TABLE ONLY public.users ALTER COLUMN age SET DEFAULT 18;
ALTER TABLE ONLY public.users ALTER COLUMN code SET DEFAULT 'b'::character varying;
-- SELECT column_name, data_type, column_default FROM information_schema.columns WHERE table_name = 'users' ORDER BY 1
age | bigint | 18
code | text | 'b'::character varying
id | integer | null

-- case: both sides change a default and not null
-- base
CREATE TABLE users (id int PRIMARY KEY, age int DEFAULT 1);
-- ours
ALTER TABLE users ALTER COLUMN age SET DEFAULT 2;
-- theirs
ALTER TABLE users ALTER COLUMN age DROP DEFAULT, ALTER COLUMN age SET NOT NULL;
-- expect
edit/edit: both sides changed the default of column public.users.age
  objects: column public.users.age
  default: was 1; ours 2; theirs nothing
  ours has ALTER TABLE public.users ADD COLUMN age integer DEFAULT 2;
  theirs has ALTER TABLE public.users ADD COLUMN age integer NOT NULL;
  ours: default 2
  theirs: no default
  sql: run your own SQL behind the merge with our side, and prove the result

-- case: both sides change a check
-- base
CREATE TABLE users (id int PRIMARY KEY, age int, CONSTRAINT age_ok CHECK (age > 0));
-- ours
ALTER TABLE users DROP CONSTRAINT age_ok, ADD CONSTRAINT age_ok CHECK (age >= 18);
-- theirs
ALTER TABLE users DROP CONSTRAINT age_ok, ADD CONSTRAINT age_ok CHECK (age >= 21);
-- options
auto
-- resolve ours
-- expect
edit/edit: both sides changed the definition of constraint public.users.age_ok
  objects: constraint public.users.age_ok
  definition: was CHECK ((age > 0)); ours CHECK ((age >= 18)); theirs CHECK ((age >= 21))
  ours has ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age >= 18));
  theirs has ALTER TABLE public.users ADD CONSTRAINT age_ok CHECK ((age >= 21));
  ours: definition CHECK ((age >= 18))
  theirs: definition CHECK ((age >= 21))
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: both sides changed the definition of constraint public.users.age_ok
merged

-- case: both sides change a function's body
-- base
CREATE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 1';
-- ours
CREATE OR REPLACE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 2';
-- theirs
CREATE OR REPLACE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 3';
-- resolve sql
CREATE OR REPLACE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 2 + 3';
-- check
SELECT answer()
-- expect
edit/edit: both sides changed the body of function public.answer()
  objects: function public.answer()
  body: was SELECT 1; ours SELECT 2; theirs SELECT 3
  ours has CREATE OR REPLACE FUNCTION public.answer()
        RETURNS integer
        LANGUAGE sql
        AS $$SELECT 2$$;
  theirs has CREATE OR REPLACE FUNCTION public.answer()
        RETURNS integer
        LANGUAGE sql
        AS $$SELECT 3$$;
  ours: body SELECT 2
  theirs: body SELECT 3
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by sql: both sides changed the body of function public.answer()
merged
settled by SQL: both sides changed the body of function public.answer()
CREATE OR REPLACE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 2 + 3';
-- SELECT answer()
5

-- case: one side changes a function's body, the other its volatility and comment
-- base
CREATE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 1';
-- ours
CREATE OR REPLACE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 2';
-- theirs
ALTER FUNCTION answer() STABLE;
COMMENT ON FUNCTION answer() IS 'to everything';
-- check
SELECT answer()
-- expect
merged
CREATE OR REPLACE FUNCTION public.answer()
    RETURNS integer
    LANGUAGE sql STABLE
    AS $$SELECT 2$$;
COMMENT ON FUNCTION public.answer() IS 'to everything';
-- SELECT answer()
2

-- case: both sides change a view
-- base
CREATE TABLE users (id int PRIMARY KEY, name text, age int);
CREATE VIEW people AS SELECT id FROM users;
-- ours
CREATE OR REPLACE VIEW people AS SELECT id, name FROM users;
-- theirs
CREATE OR REPLACE VIEW people AS SELECT id, age FROM users;
-- resolve sql
DROP VIEW people;
CREATE VIEW people AS SELECT id, name, age FROM users;
-- check
SELECT column_name FROM information_schema.columns WHERE table_name = 'people' ORDER BY ordinal_position
-- expect
edit/edit: both sides changed the definition of view public.people
  objects: view public.people
  definition: was SELECT users.id    FROM public.users; ours SELECT users.id,     users.name    FROM public.users; theirs SELECT users.id,     users.age    FROM public.users
  ours has CREATE VIEW public.people AS
    SELECT users.id,
        users.name
       FROM public.users;
  theirs has CREATE VIEW public.people AS
    SELECT users.id,
        users.age
       FROM public.users;
  ours: our definition
  theirs: their definition
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by sql: both sides changed the definition of view public.people
merged
settled by SQL: both sides changed the definition of view public.people
DROP VIEW people;
CREATE VIEW people AS SELECT id, name, age FROM users;
-- SELECT column_name FROM information_schema.columns WHERE table_name = 'people' ORDER BY ordinal_position
id
name
age

-- expect 18
edit/edit: both sides changed the definition of view public.people
  objects: view public.people
  definition: was SELECT id    FROM public.users; ours SELECT id,     name    FROM public.users; theirs SELECT id,     age    FROM public.users
  ours has CREATE VIEW public.people AS
    SELECT id,
        name
       FROM public.users;
  theirs has CREATE VIEW public.people AS
    SELECT id,
        age
       FROM public.users;
  ours: our definition
  theirs: their definition
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by sql: both sides changed the definition of view public.people
merged
settled by SQL: both sides changed the definition of view public.people
DROP VIEW people;
CREATE VIEW people AS SELECT id, name, age FROM users;
-- SELECT column_name FROM information_schema.columns WHERE table_name = 'people' ORDER BY ordinal_position
id
name
age

-- case: both sides change a policy and a trigger
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON users USING (id > 0);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER touch BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION touch();
-- ours
ALTER POLICY own ON users USING (id > 1);
ALTER TABLE users DISABLE TRIGGER touch;
-- theirs
ALTER POLICY own ON users USING (id > 2) WITH CHECK (name <> '');
CREATE OR REPLACE TRIGGER touch BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
-- resolve ours
-- expect
edit/edit: both sides changed the using of policy public.users.own
  objects: policy public.users.own
  using: was (id > 0); ours (id > 1); theirs (id > 2)
  ours has CREATE POLICY own ON public.users TO PUBLIC USING ((id > 1));
  theirs has CREATE POLICY own ON public.users TO PUBLIC USING ((id > 2)) WITH CHECK ((name <> ''::text));
  ours: using (id > 1)
  theirs: using (id > 2)
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: both sides changed the using of policy public.users.own
merged
DROP TRIGGER touch ON public.users;
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION public.touch();
ALTER TABLE public.users DISABLE TRIGGER touch;
ALTER POLICY own ON public.users TO PUBLIC USING ((id > 1)) WITH CHECK ((name <> ''::text));

-- case: comments of both sides
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
COMMENT ON TABLE users IS 'people';
-- ours
COMMENT ON TABLE users IS 'all people';
COMMENT ON COLUMN users.id IS 'number';
-- theirs
COMMENT ON TABLE users IS NULL;
COMMENT ON COLUMN users.name IS 'full name';
-- resolve ours
-- expect
edit/edit: both sides changed the comment of table public.users
  objects: table public.users
  comment: was people; ours all people; theirs nothing
  ours has CREATE TABLE public.users (
        id integer NOT NULL,
        name text,
        CONSTRAINT users_pkey PRIMARY KEY (id)
    );
    COMMENT ON COLUMN public.users.id IS 'number';
    COMMENT ON TABLE public.users IS 'all people';
  theirs has CREATE TABLE public.users (
        id integer NOT NULL,
        name text,
        CONSTRAINT users_pkey PRIMARY KEY (id)
    );
    COMMENT ON COLUMN public.users.name IS 'full name';
  ours: comment all people
  theirs: no comment
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by ours: both sides changed the comment of table public.users
merged
COMMENT ON COLUMN public.users.name IS 'full name';

-- case: grants are merged by role and privilege
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
GRANT SELECT ON users TO reader;
-- ours
GRANT INSERT ON users TO writer;
GRANT UPDATE ON users TO reader;
-- theirs
GRANT SELECT ON users TO writer;
REVOKE SELECT ON users FROM reader;
GRANT DELETE ON users TO auditor;
-- expect
merged
REVOKE SELECT ON TABLE public.users FROM reader;
GRANT SELECT ON TABLE public.users TO writer;
GRANT DELETE ON TABLE public.users TO auditor;

-- case: grants with and without grant option
-- base
CREATE TABLE users (id int PRIMARY KEY, name text);
-- ours
GRANT SELECT ON users TO reader;
-- theirs
GRANT SELECT ON users TO reader WITH GRANT OPTION;
-- expect
edit/edit: both sides changed the grants of table public.users
  objects: table public.users
  grants: was nothing; ours {reader: [SELECT]}; theirs {reader: [SELECT*]}
  ours has CREATE TABLE public.users (
        id integer NOT NULL,
        name text,
        CONSTRAINT users_pkey PRIMARY KEY (id)
    );
    GRANT SELECT ON TABLE public.users TO reader;
  theirs has CREATE TABLE public.users (
        id integer NOT NULL,
        name text,
        CONSTRAINT users_pkey PRIMARY KEY (id)
    );
    GRANT SELECT ON TABLE public.users TO reader WITH GRANT OPTION;
  ours: grants {reader: [SELECT]}
  theirs: grants {reader: [SELECT*]}
  sql: run your own SQL behind the merge with our side, and prove the result

-- case: options are merged by name
-- base
CREATE TABLE users (id int PRIMARY KEY, name text) WITH (fillfactor = 90);
-- ours
ALTER TABLE users SET (fillfactor = 80);
-- theirs
ALTER TABLE users SET (autovacuum_enabled = false);
-- expect
merged
ALTER TABLE public.users SET (autovacuum_enabled = 'false');

-- case: options of one name clash
-- base
CREATE TABLE users (id int PRIMARY KEY, name text) WITH (fillfactor = 90);
-- ours
ALTER TABLE users SET (fillfactor = 80);
-- theirs
ALTER TABLE users SET (fillfactor = 70);
-- resolve theirs
-- expect
edit/edit: both sides changed the options of table public.users
  objects: table public.users
  options: was {fillfactor: 90}; ours {fillfactor: 80}; theirs {fillfactor: 70}
  ours has CREATE TABLE public.users (
        id integer NOT NULL,
        name text,
        CONSTRAINT users_pkey PRIMARY KEY (id)
    ) WITH (fillfactor = '80');
  theirs has CREATE TABLE public.users (
        id integer NOT NULL,
        name text,
        CONSTRAINT users_pkey PRIMARY KEY (id)
    ) WITH (fillfactor = '70');
  ours: options {fillfactor: 80}
  theirs: options {fillfactor: 70}
  sql: run your own SQL behind the merge with our side, and prove the result
resolved by theirs: both sides changed the options of table public.users
merged
ALTER TABLE public.users SET (fillfactor = '70');

-- case: an identity and a default do not go together
-- base
CREATE TABLE users (id int PRIMARY KEY, number int NOT NULL);
-- ours
ALTER TABLE users ALTER COLUMN number SET DEFAULT 7;
-- theirs
ALTER TABLE users ALTER COLUMN number ADD GENERATED BY DEFAULT AS IDENTITY;
-- resolve theirs
-- check
SELECT column_default, is_identity FROM information_schema.columns WHERE column_name = 'number'
-- expect
refused: PostgreSQL refused `ALTER TABLE public.users ALTER COLUMN number ADD GENERATED BY DEFAULT AS IDENTITY`: column "number" of relation "users" already has a default value
  objects: column public.users.number
  ours has ALTER TABLE public.users ADD COLUMN number integer DEFAULT 7 NOT NULL;
  theirs has ALTER TABLE public.users ADD COLUMN number integer GENERATED BY DEFAULT AS IDENTITY NOT NULL;
  ours: keep column public.users.number as our side has it
  theirs: take column public.users.number from their side
  sql: SQL that puts the rows right: it runs before anything of this is changed; or change the branch and merge again
  PostgreSQL: column "number" of relation "users" already has a default value (SQLSTATE 55000)
resolved by theirs: PostgreSQL refused `ALTER TABLE public.users ALTER COLUMN number ADD GENERATED BY DEFAULT AS IDENTITY`: column "number" of relation "users" already has a default value
merged
ALTER TABLE ONLY public.users ALTER COLUMN number DROP DEFAULT;
ALTER TABLE public.users ALTER COLUMN number ADD GENERATED BY DEFAULT AS IDENTITY;
SELECT pg_catalog.setval('public.users_number_seq', max(number)) FROM public.users HAVING max(number) >= 1;
-- SELECT column_default, is_identity FROM information_schema.columns WHERE column_name = 'number'
null | YES

-- case: sequences and domains
-- base
CREATE SEQUENCE numbers;
CREATE DOMAIN positive AS int CHECK (value > 0);
-- ours
ALTER SEQUENCE numbers INCREMENT BY 10;
ALTER DOMAIN positive SET DEFAULT 1;
-- theirs
ALTER SEQUENCE numbers CYCLE MAXVALUE 1000;
ALTER DOMAIN positive SET NOT NULL;
-- expect
merged
ALTER DOMAIN public.positive SET NOT NULL;
SELECT pg_catalog.setval('public.numbers', LEAST(GREATEST(last_value, 1), 1000), is_called AND last_value BETWEEN 1 AND 1000) FROM public.numbers;
ALTER SEQUENCE public.numbers MAXVALUE 1000 CYCLE;
