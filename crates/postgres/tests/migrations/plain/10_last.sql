INSERT INTO log (step) VALUES ('10');
