-- What happened, in order.
-- migrate:up
CREATE TABLE log (n serial, step text);
INSERT INTO log (step) VALUES ('first');

-- migrate:down
DROP TABLE log;
