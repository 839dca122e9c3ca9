-- Data steps, in a transaction of their own.

-- case: a column is split in two, and what goes is there until the rows are written
-- old
CREATE TABLE people (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE nicks (person integer, nick text);
INSERT INTO people VALUES (1, 'Ada Byron'), (2, 'Alan Turing');
INSERT INTO nicks VALUES (1, 'countess');
-- change
ALTER TABLE people ADD first text, ADD last text, ADD nick text;
UPDATE people SET first = split_part(name, ' ', 1), last = split_part(name, ' ', 2);
UPDATE people SET nick = n.nick FROM nicks n WHERE n.person = people.id;
ALTER TABLE people DROP name, ALTER last SET NOT NULL, ADD UNIQUE (last), ADD CHECK (first <> '');
DROP TABLE nicks;
-- data
UPDATE people SET first = split_part(name, ' ', 1), last = split_part(name, ' ', 2);
UPDATE people SET nick = n.nick FROM nicks n WHERE n.person = people.id;
-- keeps
SELECT id FROM people ORDER BY id
-- plan 15
-- goal: change what needs no long lock (Transaction)
ALTER TABLE public.people ADD COLUMN first text;
ALTER TABLE public.people ADD COLUMN last text;
ALTER TABLE public.people ADD COLUMN nick text;
-- goal: change data (Transaction)
UPDATE people SET first = split_part(name, ' ', 1), last = split_part(name, ' ', 2);
UPDATE people SET nick = n.nick FROM nicks n WHERE n.person = people.id;
-- goal: tighten and drop (Transaction)
DROP TABLE public.nicks;
ALTER TABLE public.people DROP COLUMN name;
ALTER TABLE public.people ADD CONSTRAINT people_first_check CHECK ((first <> ''::text)) NOT VALID;
-- goal: build indexes while others read and write (Alone)
CREATE UNIQUE INDEX CONCURRENTLY pleach_new_people_last_key ON public.people USING btree (last);
-- goal: put them to use (Transaction)
ALTER TABLE public.people ADD CONSTRAINT people_last_key UNIQUE USING INDEX pleach_new_people_last_key;
-- goal: ask of new rows that columns are not null (Transaction)
ALTER TABLE public.people ADD CONSTRAINT pleach_not_null_last CHECK ((last IS NOT NULL)) NOT VALID;
-- goal: check the rows that were there before (Alone)
ALTER TABLE public.people VALIDATE CONSTRAINT people_first_check;
ALTER TABLE public.people VALIDATE CONSTRAINT pleach_not_null_last;
-- goal: make them not null (Transaction)
ALTER TABLE public.people ALTER COLUMN last SET NOT NULL;
-- goal: make them not null (Transaction)
ALTER TABLE public.people DROP CONSTRAINT pleach_not_null_last;
-- plan 18
-- goal: change what needs no long lock (Transaction)
ALTER TABLE public.people ADD COLUMN first text;
ALTER TABLE public.people ADD COLUMN last text;
ALTER TABLE public.people ADD COLUMN nick text;
-- goal: change data (Transaction)
UPDATE people SET first = split_part(name, ' ', 1), last = split_part(name, ' ', 2);
UPDATE people SET nick = n.nick FROM nicks n WHERE n.person = people.id;
-- goal: tighten and drop (Transaction)
DROP TABLE public.nicks;
ALTER TABLE public.people DROP COLUMN name;
ALTER TABLE public.people ADD CONSTRAINT people_first_check CHECK ((first <> ''::text)) NOT VALID;
-- goal: build indexes while others read and write (Alone)
CREATE UNIQUE INDEX CONCURRENTLY pleach_new_people_last_key ON public.people USING btree (last);
-- goal: put them to use (Transaction)
ALTER TABLE public.people ADD CONSTRAINT people_last_key UNIQUE USING INDEX pleach_new_people_last_key;
-- goal: ask of new rows that columns are not null (Transaction)
ALTER TABLE public.people ADD CONSTRAINT people_last_not_null NOT NULL last NOT VALID;
-- goal: check the rows that were there before (Alone)
ALTER TABLE public.people VALIDATE CONSTRAINT people_last_not_null;
ALTER TABLE public.people VALIDATE CONSTRAINT people_first_check;
