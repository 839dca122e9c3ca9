INSERT INTO log (step) VALUES ('11')
