-- Triggers, rules, event triggers.

-- case: a trigger comes
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer);
-- change
CREATE TRIGGER watch BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION touch('a', E'b\\c''d');
-- plan
CREATE TRIGGER watch BEFORE INSERT OR DELETE OR UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.touch('a', 'b\c''d');

-- case: a trigger goes
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer);
CREATE TRIGGER watch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch();
-- change
DROP TRIGGER watch ON t;
-- plan
DROP TRIGGER watch ON public.t;

-- case: a trigger goes with its function and the column that it watches
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer, b integer);
CREATE TRIGGER watch BEFORE UPDATE OF b ON t FOR EACH ROW EXECUTE FUNCTION touch();
-- change
DROP TRIGGER watch ON t;
DROP FUNCTION touch();
ALTER TABLE t DROP COLUMN b;
-- plan
DROP TRIGGER watch ON public.t;
-- destroys all values of public.t.b
ALTER TABLE public.t DROP COLUMN b;
DROP FUNCTION public.touch();

-- case: a trigger fires on more
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer);
CREATE TRIGGER watch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch();
COMMENT ON TRIGGER watch ON t IS 'Watches';
-- change
CREATE OR REPLACE TRIGGER watch BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
-- plan
DROP TRIGGER watch ON public.t;
CREATE TRIGGER watch BEFORE INSERT OR UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.touch();
COMMENT ON TRIGGER watch ON public.t IS 'Watches';

-- case: a trigger gets a condition
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer);
CREATE TRIGGER watch AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
-- change
CREATE OR REPLACE TRIGGER watch AFTER UPDATE ON t FOR EACH ROW WHEN (old.* IS DISTINCT FROM new.*) EXECUTE FUNCTION touch();
-- plan
DROP TRIGGER watch ON public.t;
CREATE TRIGGER watch AFTER UPDATE ON public.t FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.touch();

-- case: a trigger calls another function
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer);
CREATE TRIGGER watch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
-- change
CREATE OR REPLACE TRIGGER watch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION stamp();
DROP FUNCTION touch();
-- plan
DROP TRIGGER watch ON public.t;
DROP FUNCTION public.touch();
CREATE TRIGGER watch BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.stamp();

-- case: a trigger reads transition tables
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TABLE t (a integer);
CREATE TRIGGER watch AFTER UPDATE ON t FOR EACH STATEMENT EXECUTE FUNCTION touch();
-- change
DROP TRIGGER watch ON t;
CREATE TRIGGER watch AFTER UPDATE ON t REFERENCING OLD TABLE AS "Before" NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION touch();
-- plan
DROP TRIGGER watch ON public.t;
CREATE TRIGGER watch AFTER UPDATE ON public.t REFERENCING OLD TABLE AS "Before" NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.touch();

-- case: a trigger is disabled
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer);
CREATE TRIGGER watch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
-- change
ALTER TABLE t DISABLE TRIGGER watch;
-- plan
ALTER TABLE public.t DISABLE TRIGGER watch;

-- case: a trigger is enabled always, on replicas and as usual
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer);
CREATE TRIGGER a BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER b BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER c BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE t DISABLE TRIGGER c;
-- change
ALTER TABLE t ENABLE ALWAYS TRIGGER a, ENABLE REPLICA TRIGGER b, ENABLE TRIGGER c;
-- plan
ALTER TABLE public.t ENABLE ALWAYS TRIGGER a;
ALTER TABLE public.t ENABLE REPLICA TRIGGER b;
ALTER TABLE public.t ENABLE TRIGGER c;

-- case: a trigger is renamed and told of
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer);
CREATE TRIGGER watch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
-- change
ALTER TRIGGER watch ON t RENAME TO "Watch";
COMMENT ON TRIGGER "Watch" ON t IS 'It watches';
-- plan
ALTER TRIGGER watch ON public.t RENAME TO "Watch";
COMMENT ON TRIGGER "Watch" ON public.t IS 'It watches';

-- case: the comment on a trigger goes
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer);
CREATE TRIGGER watch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
COMMENT ON TRIGGER watch ON t IS 'It watches';
-- change
COMMENT ON TRIGGER watch ON t IS NULL;
-- plan
COMMENT ON TRIGGER watch ON public.t IS NULL;

-- case: a constraint trigger watches two tables
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer);
CREATE TABLE u (a integer);
-- change
CREATE CONSTRAINT TRIGGER agree AFTER INSERT OR UPDATE ON t FROM u DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touch();
-- plan
CREATE CONSTRAINT TRIGGER agree AFTER INSERT OR UPDATE ON public.t FROM public.u DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.touch();

-- case: a constraint trigger is no longer deferred
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer);
CREATE CONSTRAINT TRIGGER agree AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touch();
-- change
DROP TRIGGER agree ON t;
CREATE CONSTRAINT TRIGGER agree AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch();
-- plan
DROP TRIGGER agree ON public.t;
CREATE CONSTRAINT TRIGGER agree AFTER INSERT ON public.t NOT DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION public.touch();

-- case: a trigger on a view comes and the view is made again
-- old
CREATE FUNCTION put() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer, b integer);
CREATE VIEW v AS SELECT a, b FROM t;
CREATE TRIGGER put INSTEAD OF UPDATE ON v FOR EACH ROW EXECUTE FUNCTION put();
-- change
DROP VIEW v;
CREATE VIEW v AS SELECT b FROM t;
CREATE TRIGGER put INSTEAD OF UPDATE ON v FOR EACH ROW EXECUTE FUNCTION put();
CREATE TRIGGER cut INSTEAD OF DELETE ON v FOR EACH ROW EXECUTE FUNCTION put();
-- plan 15
DROP VIEW public.v;
CREATE VIEW public.v AS
SELECT t.b
   FROM public.t;
CREATE TRIGGER cut INSTEAD OF DELETE ON public.v FOR EACH ROW EXECUTE FUNCTION public.put();
CREATE TRIGGER put INSTEAD OF UPDATE ON public.v FOR EACH ROW EXECUTE FUNCTION public.put();
-- plan 18
DROP VIEW public.v;
CREATE VIEW public.v AS
SELECT b
   FROM public.t;
CREATE TRIGGER cut INSTEAD OF DELETE ON public.v FOR EACH ROW EXECUTE FUNCTION public.put();
CREATE TRIGGER put INSTEAD OF UPDATE ON public.v FOR EACH ROW EXECUTE FUNCTION public.put();

-- case: a trigger of a partitioned table comes and is renamed
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer) PARTITION BY LIST (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
CREATE TRIGGER one AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch();
-- change
ALTER TRIGGER one ON t RENAME TO uno;
CREATE TRIGGER two AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION touch();
-- plan
ALTER TRIGGER one ON public.t RENAME TO uno;
CREATE TRIGGER two AFTER DELETE ON public.t FOR EACH ROW EXECUTE FUNCTION public.touch();

-- case: a partition has a trigger of its own
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer) PARTITION BY LIST (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
-- change
CREATE TRIGGER own BEFORE INSERT ON t_1 FOR EACH ROW EXECUTE FUNCTION touch();
-- plan
CREATE TRIGGER own BEFORE INSERT ON public.t_1 FOR EACH ROW EXECUTE FUNCTION public.touch();

-- case: triggers swap their names
-- old
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (a integer);
CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER b BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION touch();
-- change
ALTER TRIGGER a ON t RENAME TO c;
ALTER TRIGGER b ON t RENAME TO a;
ALTER TRIGGER c ON t RENAME TO b;
-- plan
ALTER TRIGGER a ON public.t RENAME TO pleach_1;
ALTER TRIGGER b ON public.t RENAME TO pleach_2;
ALTER TRIGGER pleach_1 ON public.t RENAME TO b;
ALTER TRIGGER pleach_2 ON public.t RENAME TO a;

-- case: a rule on insert comes
-- old
CREATE TABLE t (a integer);
CREATE TABLE log (a integer);
-- change
CREATE RULE twice AS ON INSERT TO t DO ALSO (INSERT INTO log VALUES (new.a); INSERT INTO log VALUES (-new.a));
-- plan
CREATE RULE twice AS
    ON INSERT TO public.t DO ( INSERT INTO public.log (a)
  VALUES (new.a);
 INSERT INTO public.log (a)
  VALUES ((- new.a));
);

-- case: a rule goes
-- old
CREATE TABLE t (a integer);
CREATE RULE never AS ON DELETE TO t DO INSTEAD NOTHING;
-- change
DROP RULE never ON t;
-- plan
DROP RULE never ON public.t;

-- case: a rule on update gets a condition
-- old
CREATE TABLE t (a integer);
CREATE RULE never AS ON UPDATE TO t DO INSTEAD NOTHING;
-- change
CREATE OR REPLACE RULE never AS ON UPDATE TO t WHERE new.a IS NULL DO INSTEAD NOTHING;
-- plan
DROP RULE never ON public.t;
CREATE RULE never AS
    ON UPDATE TO public.t
   WHERE (new.a IS NULL) DO INSTEAD NOTHING;

-- case: a rule makes a view writable
-- old
CREATE TABLE t (a integer, b text);
CREATE VIEW v AS SELECT b, a FROM t;
-- change
CREATE RULE put AS ON INSERT TO v DO INSTEAD INSERT INTO t (a, b) VALUES (new.a, new.b) RETURNING t.b, t.a;
-- plan
CREATE RULE put AS
    ON INSERT TO public.v DO INSTEAD  INSERT INTO public.t (a, b)
  VALUES (new.a, new.b)
  RETURNING t.b,
    t.a;

-- case: a rule is disabled and enabled
-- old
CREATE TABLE t (a integer);
CREATE RULE one AS ON DELETE TO t DO INSTEAD NOTHING;
CREATE RULE two AS ON UPDATE TO t DO INSTEAD NOTHING;
ALTER TABLE t DISABLE RULE two;
-- change
ALTER TABLE t DISABLE RULE one, ENABLE ALWAYS RULE two;
-- plan
ALTER TABLE public.t DISABLE RULE one;
ALTER TABLE public.t ENABLE ALWAYS RULE two;

-- case: a rule is told of and renamed
-- old
CREATE TABLE t (a integer);
CREATE RULE one AS ON DELETE TO t DO INSTEAD NOTHING;
-- change
ALTER RULE one ON t RENAME TO uno;
COMMENT ON RULE uno ON t IS 'Nothing';
-- plan
ALTER RULE one ON public.t RENAME TO uno;
COMMENT ON RULE uno ON public.t IS 'Nothing';

-- case: a rule writes to a table that gets another column
-- old
CREATE TABLE t (a integer);
CREATE TABLE log (a integer);
CREATE RULE keep AS ON DELETE TO t DO ALSO INSERT INTO log VALUES (old.a);
-- change
DROP RULE keep ON t;
ALTER TABLE log ADD COLUMN at timestamptz;
CREATE RULE keep AS ON DELETE TO t DO ALSO INSERT INTO log VALUES (old.a, now());
-- plan
DROP RULE keep ON public.t;
ALTER TABLE public.log ADD COLUMN at timestamp with time zone;
CREATE RULE keep AS
    ON DELETE TO public.t DO  INSERT INTO public.log (a, at)
  VALUES (old.a, now());

-- case: an event trigger comes
-- old
CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
-- change
CREATE EVENT TRIGGER "On DDL" ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION watch();
-- plan
CREATE EVENT TRIGGER "On DDL" ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE', 'DROP TABLE')
    EXECUTE FUNCTION public.watch();

-- case: an event trigger goes with its function
-- old
CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER one ON sql_drop EXECUTE FUNCTION watch();
-- change
DROP EVENT TRIGGER one;
DROP FUNCTION watch();
-- plan
DROP EVENT TRIGGER one;
DROP FUNCTION public.watch();

-- case: an event trigger calls a function that is made again
-- old
CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER one ON table_rewrite EXECUTE FUNCTION watch();
ALTER EVENT TRIGGER one ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER one IS 'One';
-- change
DROP EVENT TRIGGER one;
DROP FUNCTION watch();
CREATE FUNCTION look() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER one ON table_rewrite EXECUTE FUNCTION look();
ALTER EVENT TRIGGER one ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER one IS 'One';
-- plan
DROP EVENT TRIGGER one;
DROP FUNCTION public.watch();
CREATE OR REPLACE FUNCTION public.look()
    RETURNS event_trigger
    LANGUAGE plpgsql
    AS $$BEGIN END$$;
CREATE EVENT TRIGGER one ON table_rewrite
    EXECUTE FUNCTION public.look();
ALTER EVENT TRIGGER one ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER one IS 'One';

-- case: an event trigger is enabled on replicas, and its comment goes
-- old
CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER one ON sql_drop EXECUTE FUNCTION watch();
COMMENT ON EVENT TRIGGER one IS 'One';
-- change
ALTER EVENT TRIGGER one ENABLE REPLICA;
COMMENT ON EVENT TRIGGER one IS NULL;
-- plan
COMMENT ON EVENT TRIGGER one IS NULL;
ALTER EVENT TRIGGER one ENABLE REPLICA;
