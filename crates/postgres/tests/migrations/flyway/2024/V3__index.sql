-- Flyway sees by itself that this cannot run in a transaction.
CREATE INDEX CONCURRENTLY users_email ON users (email);
INSERT INTO log (step) VALUES ('3');
