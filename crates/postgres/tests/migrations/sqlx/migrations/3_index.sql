-- no-transaction
CREATE INDEX CONCURRENTLY log_step ON log (step);
INSERT INTO log (step) VALUES ('3');
