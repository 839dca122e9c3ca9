-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY log_step ON log (step);
INSERT INTO log (step) VALUES ('index');

-- migrate:down transaction:false
DROP INDEX CONCURRENTLY log_step;
