CREATE TABLE users (id bigint PRIMARY KEY, email text);
INSERT INTO log (step) VALUES ('1.1');
