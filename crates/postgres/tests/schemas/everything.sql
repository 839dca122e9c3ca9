-- Every kind of object and every attribute of it that PostgreSQL 14 knows, under awkward names.

CREATE EXTENSION citext;
CREATE SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA ext;
COMMENT ON EXTENSION pg_trgm IS 'for the search box';
CREATE EXTENSION btree_gist SCHEMA ext;

CREATE SCHEMA shop;
CREATE SCHEMA "We ""ird.Schema" AUTHORIZATION app_owner;
COMMENT ON SCHEMA shop IS 'It''s a shop; with a \ in it';
GRANT USAGE ON SCHEMA shop TO app_reader WITH GRANT OPTION;
GRANT ALL ON SCHEMA "We ""ird.Schema" TO "We ""ird";
REVOKE USAGE ON SCHEMA public FROM PUBLIC;

-- Types.
CREATE TYPE shop.mood AS ENUM ('sad', 'it''s ok', 'happy');
ALTER TYPE shop.mood ADD VALUE 'middling' BEFORE 'happy';
COMMENT ON TYPE shop.mood IS 'How one feels';
REVOKE USAGE ON TYPE shop.mood FROM PUBLIC;
CREATE TYPE shop."empty enum" AS ENUM ();
CREATE DOMAIN shop.year AS integer DEFAULT 2000 NOT NULL
    CONSTRAINT year_check CHECK (VALUE BETWEEN 1901 AND 2155);
COMMENT ON DOMAIN shop.year IS 'A year';
COMMENT ON CONSTRAINT year_check ON DOMAIN shop.year IS 'Of our time';
ALTER DOMAIN shop.year ADD CONSTRAINT "not 1999" CHECK (VALUE <> 1999) NOT VALID;
CREATE DOMAIN shop.code AS varchar(12) COLLATE "C";
ALTER DOMAIN shop.code OWNER TO app_owner;
GRANT USAGE ON DOMAIN shop.code TO app_reader;
CREATE TYPE shop.address AS (street text COLLATE "C", "Zip Code" shop.code, lines text[]);
COMMENT ON COLUMN shop.address."Zip Code" IS 'With leading zeros';
COMMENT ON TYPE shop.address IS 'Where one lives';
ALTER TYPE shop.address OWNER TO app_owner;
CREATE FUNCTION shop.time_difference(x time, y time) RETURNS float8
    LANGUAGE sql STRICT IMMUTABLE AS 'SELECT extract(epoch FROM (x - y))::float8';
CREATE TYPE shop.timerange AS RANGE (subtype = time, subtype_diff = shop.time_difference);
CREATE TYPE shop.textrange AS RANGE
    (subtype = text, subtype_opclass = text_pattern_ops, collation = "C", multirange_type_name = shop."Many Texts");

-- Sequences.
CREATE SEQUENCE shop.plain;
CREATE SEQUENCE shop.odd AS smallint INCREMENT -2 MINVALUE -99 MAXVALUE 99 START 77 CACHE 5 CYCLE;
CREATE SEQUENCE shop.from_ten MINVALUE 10;
COMMENT ON SEQUENCE shop.odd IS 'Odd numbers, backwards';
GRANT USAGE ON SEQUENCE shop.odd TO app_reader;
ALTER SEQUENCE shop.from_ten OWNER TO app_owner;

-- Functions, procedures, aggregates.
CREATE FUNCTION shop.add(a integer, b integer DEFAULT 1) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 10
    AS $$ SELECT a + b $$;
COMMENT ON FUNCTION shop.add(integer, integer) IS 'Adds';
REVOKE ALL ON FUNCTION shop.add(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shop.add(integer, integer) TO app_reader;
CREATE FUNCTION shop.add(a text, VARIADIC b text[]) RETURNS SETOF text
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED ROWS 5
    SET search_path TO shop, "We ""ird.Schema", pg_temp
    SET work_mem TO '64MB'
    SET datestyle TO 'ISO, DMY'
    AS $body$
BEGIN
    RETURN NEXT a; -- with $$ inside
END
$body$;
ALTER FUNCTION shop.add(text, text[]) OWNER TO app_owner;
CREATE FUNCTION shop."No Path"() RETURNS void LANGUAGE plpgsql SET search_path TO '' AS 'BEGIN END';
CREATE FUNCTION shop.outs(IN a integer, OUT b shop.mood, INOUT c numeric(5,2)) LANGUAGE sql
    AS $$ SELECT 'sad'::shop.mood, c $$;
CREATE FUNCTION shop.tabled(a shop.address) RETURNS TABLE (street text, year shop.year) LANGUAGE sql
    AS $$ SELECT a.street, 2000::shop.year $$;
CREATE FUNCTION shop.length_of(text) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'textlen';
CREATE FUNCTION shop.ranked() RETURNS bigint LANGUAGE internal WINDOW AS 'window_rank';
CREATE FUNCTION shop.of_c(integer, integer) RETURNS integer LANGUAGE c STRICT COST 2
    AS '$libdir/refint', 'check_primary_key';
CREATE FUNCTION shop.supported(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT
    SUPPORT pg_catalog.textlike_support AS 'textlike';
CREATE PROCEDURE shop.proceed(INOUT n integer) LANGUAGE plpgsql AS $$ BEGIN n := n + 1; END $$;
COMMENT ON PROCEDURE shop.proceed(integer) IS 'On and on';
CREATE AGGREGATE shop.total(integer) (SFUNC = shop.add, STYPE = integer, INITCOND = '0', PARALLEL = SAFE);
COMMENT ON AGGREGATE shop.total(integer) IS 'Adds up';
CREATE AGGREGATE shop.mean(float8) (
    SFUNC = float8_accum, STYPE = float8[], SSPACE = 64, FINALFUNC = float8_avg, COMBINEFUNC = float8_combine,
    INITCOND = '{0,0,0}', FINALFUNC_MODIFY = SHAREABLE,
    MSFUNC = float8_accum, MINVFUNC = float8_accum, MSTYPE = float8[], MSSPACE = 32, MFINALFUNC = float8_avg,
    MINITCOND = '{0,0,0}');
CREATE AGGREGATE shop.biggest(integer) (SFUNC = int4larger, STYPE = integer, SORTOP = >);
CREATE AGGREGATE shop.count_all(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE shop.summed(numeric) (
    SFUNC = numeric_accum, STYPE = internal, FINALFUNC = numeric_sum, COMBINEFUNC = numeric_combine,
    SERIALFUNC = numeric_serialize, DESERIALFUNC = numeric_deserialize);
CREATE AGGREGATE shop.median(float8 ORDER BY anyelement) (
    SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE AGGREGATE shop.rank_of(VARIADIC "any" ORDER BY VARIADIC "any") (
    SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
ALTER AGGREGATE shop.mean(float8) OWNER TO app_owner;

-- Tables and columns.
CREATE TABLE shop.customers (
    id bigint GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 5) PRIMARY KEY,
    email ext.gtrgm,
    name text COLLATE "C" NOT NULL DEFAULT 'nobody'::text,
    nick public.citext,
    home shop.address,
    moods shop.mood[] DEFAULT '{sad}'::shop.mood[],
    born shop.year,
    big text,
    doubled bigint GENERATED ALWAYS AS (octet_length(big) * 2) STORED,
    made timestamp with time zone DEFAULT '2020-01-01 00:00:00+02',
    waited interval DEFAULT '1 day 02:00:00',
    raw bytea DEFAULT '\xdeadbeef',
    worth double precision DEFAULT 0.1,
    gone integer,
    "Upper Case" character(3)[],
    "ta""b.le" shop.timerange
) WITH (fillfactor = 70, autovacuum_enabled = off, toast.autovacuum_enabled = off);
ALTER TABLE shop.customers DROP COLUMN gone;
ALTER TABLE shop.customers ADD COLUMN later "char" DEFAULT 'x';
ALTER TABLE shop.customers ALTER big SET STORAGE EXTERNAL, ALTER big SET COMPRESSION pglz;
ALTER TABLE shop.customers ALTER big SET STATISTICS 500, ALTER big SET (n_distinct = -0.5);
ALTER TABLE shop.customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE shop.customers OWNER TO app_owner;
COMMENT ON TABLE shop.customers IS 'Who buys';
COMMENT ON COLUMN shop.customers.name IS 'First and last';
GRANT SELECT, INSERT ON shop.customers TO app_reader;
GRANT SELECT ON shop.customers TO PUBLIC;
GRANT UPDATE (name, nick) ON shop.customers TO app_reader WITH GRANT OPTION;
REVOKE DELETE ON shop.customers FROM app_owner;

CREATE TABLE shop."Order" (
    "Id" serial,
    customer bigint NOT NULL,
    number integer GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME shop."Order Numbers" MAXVALUE 9999 CACHE 3 CYCLE),
    total numeric(10,2) DEFAULT 0.00 CONSTRAINT positive CHECK (total >= 0) NO INHERIT,
    placed date,
    during daterange,
    note text,
    CONSTRAINT "Order PK" PRIMARY KEY ("Id") INCLUDE (placed) WITH (fillfactor = 80),
    CONSTRAINT order_number UNIQUE (number) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT order_customer FOREIGN KEY (customer) REFERENCES shop.customers (id)
        ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE,
    CONSTRAINT no_overlap EXCLUDE USING gist (customer WITH =, during WITH &&) WHERE (during IS NOT NULL),
    CONSTRAINT some_rule CHECK (shop.add("Id") > 0)
);
COMMENT ON CONSTRAINT some_rule ON shop."Order" IS 'Some rule';
COMMENT ON CONSTRAINT "Order PK" ON shop."Order" IS 'The key';
ALTER TABLE shop."Order" ADD CONSTRAINT late CHECK (note <> '') NOT VALID;
ALTER TABLE shop."Order" ADD CONSTRAINT self FOREIGN KEY (number) REFERENCES shop."Order" NOT VALID;
ALTER TABLE shop."Order" REPLICA IDENTITY FULL;
ALTER TABLE shop."Order" CLUSTER ON "Order PK";

CREATE UNLOGGED TABLE shop.scratch (a integer NOT NULL, b text);
CREATE UNIQUE INDEX scratch_key ON shop.scratch (a);
ALTER TABLE shop.scratch REPLICA IDENTITY USING INDEX scratch_key;
CREATE TABLE shop.silent ();
ALTER TABLE shop.silent REPLICA IDENTITY NOTHING;
CREATE TABLE shop.homes OF shop.address (street NOT NULL, PRIMARY KEY (street));

CREATE TABLE shop.a_name_of_63_bytes_which_is_as_long_as_names_can_be_in_postgres (
    "käse und brot" text,
    "UPPER" text UNIQUE
);
CREATE TABLE "We ""ird.Schema"."ta.ble" ("co.l""umn" integer PRIMARY KEY, "select" varchar(9));
CREATE INDEX "va""r.char" ON "We ""ird.Schema"."ta.ble" ("select" varchar_pattern_ops DESC);
ALTER TABLE "We ""ird.Schema"."ta.ble" OWNER TO "ünï";

-- Indexes.
CREATE INDEX order_placed ON shop."Order" USING btree (placed DESC NULLS LAST, customer) INCLUDE (note)
    WITH (fillfactor = 60) WHERE total > 10;
CREATE UNIQUE INDEX "Lower Name" ON shop.customers (lower(name) COLLATE "C" text_pattern_ops, (worth + 1));
ALTER INDEX shop."Lower Name" ALTER COLUMN 2 SET STATISTICS 300;
COMMENT ON INDEX shop."Lower Name" IS 'For logins';
CREATE INDEX customers_trgm ON shop.customers USING gin (name ext.gin_trgm_ops);
CREATE INDEX customers_brin ON shop.customers USING brin (made) WITH (pages_per_range = 16);
CREATE INDEX customers_hash ON shop.customers USING hash (nick);
CREATE INDEX plain_orders ON shop.customers (name DESC, made NULLS FIRST, worth DESC NULLS LAST, later ASC);
CREATE INDEX plain_types ON shop.customers ("Upper Case", born, nick, moods, doubled);
CREATE INDEX plain_collated ON shop.customers (name COLLATE "POSIX", big COLLATE "C", big text_pattern_ops);
CREATE UNIQUE INDEX plain_names ON "We ""ird.Schema"."ta.ble" ("select", "co.l""umn");
CREATE INDEX by_function ON shop."Order" (shop.add("Id"));

-- Inheritance and partitions.
CREATE TABLE shop.base (id integer NOT NULL, label text DEFAULT 'x', CONSTRAINT base_rule CHECK (id > 0));
CREATE TABLE shop.base2 (extra text);
CREATE TABLE shop.child (own integer) INHERITS (shop.base2, shop.base);
ALTER TABLE shop.child ALTER label SET DEFAULT 'y';
CREATE TABLE shop.events (
    id integer NOT NULL, at date NOT NULL, kind text, customer bigint REFERENCES shop.customers,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX events_kind ON shop.events (kind);
CREATE TABLE shop.events_2024 PARTITION OF shop.events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.events_2025 (id integer NOT NULL, kind text, at date NOT NULL, customer bigint);
ALTER TABLE shop.events ATTACH PARTITION shop.events_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE shop.events_rest PARTITION OF shop.events DEFAULT PARTITION BY LIST (id);
CREATE TABLE shop.events_rest_a PARTITION OF shop.events_rest FOR VALUES IN (1, 2);
CREATE TABLE shop.events_gone PARTITION OF shop.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
ALTER TABLE shop.events DETACH PARTITION shop.events_gone;
CREATE INDEX only_parent ON ONLY shop.events (customer);
CREATE TABLE shop.hashed (k text) PARTITION BY HASH (lower(k) COLLATE "C", k);
CREATE TABLE shop.hashed_0 PARTITION OF shop.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE shop.listed (k text) PARTITION BY LIST (upper(k));
CREATE TABLE shop.listed_a PARTITION OF shop.listed FOR VALUES IN ('A', NULL);

-- Views.
CREATE VIEW shop.names WITH (security_barrier, check_option = local) AS
    SELECT id, name AS "Full Name", shop.add(id::integer, 2) AS sum FROM shop.customers WHERE name <> '';
COMMENT ON VIEW shop.names IS 'Only names';
COMMENT ON COLUMN shop.names."Full Name" IS 'As on the passport';
ALTER VIEW shop.names ALTER COLUMN "Full Name" SET DEFAULT 'nobody';
GRANT SELECT ON shop.names TO app_reader;
GRANT SELECT (id) ON shop.names TO "We ""ird";
CREATE VIEW shop.names_again AS SELECT "Full Name", count(*) FROM shop.names GROUP BY 1;
ALTER VIEW shop.names_again OWNER TO app_owner;
CREATE VIEW shop.by_key AS SELECT "Id", note FROM shop."Order" GROUP BY "Id";
CREATE VIEW shop.whole_row AS SELECT c FROM shop.child c;
CREATE MATERIALIZED VIEW shop.totals WITH (fillfactor = 50) AS
    SELECT customer, sum(total) AS total FROM shop."Order" GROUP BY customer WITH NO DATA;
CREATE UNIQUE INDEX totals_key ON shop.totals (customer);
ALTER MATERIALIZED VIEW shop.totals CLUSTER ON totals_key;
ALTER MATERIALIZED VIEW shop.totals ALTER COLUMN total SET STATISTICS 77;
COMMENT ON MATERIALIZED VIEW shop.totals IS 'What each customer spent';

-- Owned and used sequences.
CREATE SEQUENCE shop.scratch_numbers OWNED BY shop.scratch.a;
ALTER TABLE shop.scratch ALTER a SET DEFAULT nextval('shop.scratch_numbers');

-- Triggers, rules, policies.
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE OF name, nick ON shop.customers
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION shop.touch('an ''argument''');
CREATE TRIGGER "After All" AFTER INSERT ON shop.customers
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION shop.touch();
CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON shop."Order" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE TRIGGER on_view INSTEAD OF INSERT ON shop.names FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE TRIGGER on_parts AFTER INSERT ON shop.events FOR EACH ROW EXECUTE FUNCTION shop.touch();
ALTER TABLE shop.customers DISABLE TRIGGER touch;
ALTER TABLE shop.customers ENABLE ALWAYS TRIGGER "After All";
COMMENT ON TRIGGER touch ON shop.customers IS 'Keeps the date';
CREATE RULE quiet AS ON DELETE TO shop.scratch WHERE old.a < 0 DO INSTEAD NOTHING;
CREATE RULE loud AS ON INSERT TO shop.scratch DO ALSO (NOTIFY loud; UPDATE shop.base SET label = new.b WHERE id = new.a);
ALTER TABLE shop.scratch ENABLE REPLICA RULE loud;
COMMENT ON RULE quiet ON shop.scratch IS 'Hush';
CREATE POLICY everybody ON shop.customers USING (true);
CREATE POLICY "Own Rows" ON shop.customers AS RESTRICTIVE FOR UPDATE TO app_reader, postgres, "We ""ird"
    USING (name = CURRENT_USER) WITH CHECK (shop.add(1) = 2);
CREATE POLICY adders ON shop.customers FOR INSERT WITH CHECK (name <> '');
COMMENT ON POLICY everybody ON shop.customers IS 'Nothing to hide';

-- Statistics, event triggers, default privileges.
CREATE STATISTICS shop.order_stats (ndistinct, dependencies) ON customer, placed FROM shop."Order";
CREATE STATISTICS shop."On Expression" ON (lower(note)) FROM shop."Order";
ALTER STATISTICS shop.order_stats SET STATISTICS 1000;
ALTER STATISTICS shop."On Expression" OWNER TO app_owner;
COMMENT ON STATISTICS shop.order_stats IS 'They go together';
CREATE FUNCTION shop.watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER watcher ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE')
    EXECUTE FUNCTION shop.watch();
COMMENT ON EVENT TRIGGER watcher IS 'Sees all';
ALTER EVENT TRIGGER watcher DISABLE;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app_reader;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT USAGE ON SEQUENCES TO app_reader WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA shop GRANT ALL ON TYPES TO app_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner GRANT USAGE ON SCHEMAS TO app_reader;

-- A function whose body PostgreSQL keeps parsed.
CREATE FUNCTION shop.customer_count(wanted text) RETURNS bigint LANGUAGE sql STABLE
    RETURN (SELECT count(*) FROM shop.customers WHERE name = wanted);
CREATE PROCEDURE shop.clear(below integer) LANGUAGE sql
BEGIN ATOMIC
    DELETE FROM shop.scratch WHERE a < below;
    DELETE FROM shop.base WHERE id < below;
END;

-- Pleach's own, which is never read.
CREATE SCHEMA pleach;
CREATE TABLE pleach.marker (id integer PRIMARY KEY);
COMMENT ON SCHEMA pleach IS 'Not yours';
COMMENT ON TABLE pleach.marker IS 'Not yours either';
CREATE TEMPORARY TABLE fleeting (id serial PRIMARY KEY);
