-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION add_step(step text) RETURNS void AS $$
BEGIN
  INSERT INTO log (step) VALUES (add_step.step);
END;
$$ LANGUAGE plpgsql;
-- +goose StatementEnd
SELECT add_step('2');

-- +goose Down
-- +goose StatementBegin
DROP FUNCTION add_step(text);
-- +goose StatementEnd
