-- What PostgreSQL 15 added.
CREATE TABLE shop.fifteen (a integer, b integer, UNIQUE NULLS NOT DISTINCT (a, b));
CREATE UNIQUE INDEX fifteen_b ON shop.fifteen (b) NULLS NOT DISTINCT;
ALTER TABLE shop.fifteen ADD FOREIGN KEY (a, b) REFERENCES shop.fifteen (a, b) ON DELETE SET NULL (b);
CREATE VIEW shop.invoked WITH (security_invoker = true) AS SELECT a FROM shop.fifteen;
CREATE UNLOGGED SEQUENCE shop.forgetful;
