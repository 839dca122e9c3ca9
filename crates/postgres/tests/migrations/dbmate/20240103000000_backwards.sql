-- migrate:down
DROP FUNCTION half(int);

-- migrate:up
CREATE FUNCTION half(int) RETURNS int LANGUAGE sql BEGIN ATOMIC
  SELECT CASE WHEN $1 > 0 THEN $1 / 2 END;
END;
INSERT INTO log (step) VALUES ('backwards');
