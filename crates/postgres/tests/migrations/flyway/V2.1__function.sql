CREATE FUNCTION add_step(step text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO log (step) VALUES (add_step.step);
END;
$$;
SELECT add_step('2.1');
