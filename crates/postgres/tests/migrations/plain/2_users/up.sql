CREATE TABLE users (id bigint PRIMARY KEY);
INSERT INTO log (step) VALUES ('2');
