INSERT INTO log (step) VALUES ('2.1');
