-- +goose Up
CREATE TABLE log (n serial, step text);
INSERT INTO log (step) VALUES ('1');

-- +goose Down
DROP TABLE log;
