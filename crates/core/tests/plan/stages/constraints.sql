-- Constraints and indexes that are built beside the traffic.

-- case: a column becomes not null, and part of a key
-- old
CREATE TABLE t (id integer, a integer);
INSERT INTO t VALUES (1, 1), (2, 2);
-- change
ALTER TABLE t ADD PRIMARY KEY (id), ALTER a SET NOT NULL;
-- writes
INSERT INTO t SELECT count(*) + 1, 5 FROM t
-- keeps
SELECT id, a FROM t ORDER BY 1
-- plan 15
-- goal: build indexes while others read and write (Alone)
CREATE UNIQUE INDEX CONCURRENTLY pleach_new_t_pkey ON public.t USING btree (id);
-- goal: ask of new rows that columns are not null (Transaction)
ALTER TABLE public.t ADD CONSTRAINT pleach_not_null_a CHECK ((a IS NOT NULL)) NOT VALID;
ALTER TABLE public.t ADD CONSTRAINT pleach_not_null_id CHECK ((id IS NOT NULL)) NOT VALID;
-- goal: check the rows that were there before (Alone)
ALTER TABLE public.t VALIDATE CONSTRAINT pleach_not_null_a;
ALTER TABLE public.t VALIDATE CONSTRAINT pleach_not_null_id;
-- goal: make them not null (Transaction)
ALTER TABLE public.t ALTER COLUMN a SET NOT NULL;
ALTER TABLE public.t ALTER COLUMN id SET NOT NULL;
-- goal: make them not null (Transaction)
ALTER TABLE public.t DROP CONSTRAINT pleach_not_null_a;
ALTER TABLE public.t DROP CONSTRAINT pleach_not_null_id;
-- goal: make keys of them (Transaction)
ALTER TABLE public.t ADD CONSTRAINT t_pkey PRIMARY KEY USING INDEX pleach_new_t_pkey;
-- plan 18
-- goal: build indexes while others read and write (Alone)
CREATE UNIQUE INDEX CONCURRENTLY pleach_new_t_pkey ON public.t USING btree (id);
-- goal: ask of new rows that columns are not null (Transaction)
ALTER TABLE public.t ADD CONSTRAINT t_a_not_null NOT NULL a NOT VALID;
ALTER TABLE public.t ADD CONSTRAINT t_id_not_null NOT NULL id NOT VALID;
-- goal: check the rows that were there before (Alone)
ALTER TABLE public.t VALIDATE CONSTRAINT t_a_not_null;
ALTER TABLE public.t VALIDATE CONSTRAINT t_id_not_null;
-- goal: make keys of them (Transaction)
ALTER TABLE public.t ADD CONSTRAINT t_pkey PRIMARY KEY USING INDEX pleach_new_t_pkey;

-- case: an index and a unique key are other ones, and a key is referred to
-- old
CREATE TABLE t (id integer UNIQUE, a integer NOT NULL);
CREATE TABLE u (t integer REFERENCES t (id) CHECK (t > 0));
CREATE INDEX t_a ON t (a);
INSERT INTO t VALUES (1, 1), (2, 2);
INSERT INTO u VALUES (1), (2);
-- change
DROP INDEX t_a;
CREATE INDEX t_a ON t (a DESC);
ALTER TABLE u DROP CONSTRAINT u_t_fkey;
ALTER TABLE t DROP CONSTRAINT t_id_key;
ALTER TABLE t ADD CONSTRAINT t_id_key UNIQUE (id) INCLUDE (a);
ALTER TABLE u ADD FOREIGN KEY (t) REFERENCES t (id), ADD UNIQUE (t);
-- writes
INSERT INTO t SELECT count(*) + 1, 5 FROM t
-- keeps
SELECT id, a FROM t ORDER BY 1
-- plan
-- goal: build indexes while others read and write (Alone)
CREATE INDEX CONCURRENTLY pleach_new_t_a ON public.t USING btree (a DESC);
CREATE UNIQUE INDEX CONCURRENTLY pleach_new_t_id_key ON public.t USING btree (id) INCLUDE (a);
CREATE UNIQUE INDEX CONCURRENTLY pleach_new_u_t_key ON public.u USING btree (t);
-- goal: put them to use (Transaction)
ALTER TABLE public.u DROP CONSTRAINT u_t_fkey;
ALTER TABLE public.t DROP CONSTRAINT t_id_key;
ALTER INDEX public.t_a RENAME TO pleach_old_t_a;
ALTER INDEX public.pleach_new_t_a RENAME TO t_a;
ALTER TABLE public.t ADD CONSTRAINT t_id_key UNIQUE USING INDEX pleach_new_t_id_key;
ALTER TABLE public.u ADD CONSTRAINT u_t_fkey FOREIGN KEY (t) REFERENCES public.t(id) NOT VALID;
ALTER TABLE public.u ADD CONSTRAINT u_t_key UNIQUE USING INDEX pleach_new_u_t_key;
-- goal: check the rows that were there before (Alone)
ALTER TABLE public.u VALIDATE CONSTRAINT u_t_fkey;
-- goal: drop indexes that no longer serve (Alone)
DROP INDEX CONCURRENTLY public.pleach_old_t_a;
