ALTER TABLE users ADD COLUMN late boolean;
INSERT INTO log (step) VALUES ('10');
