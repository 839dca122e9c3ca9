CREATE TABLE log (n serial, step text);
INSERT INTO log (step) VALUES ('1');
