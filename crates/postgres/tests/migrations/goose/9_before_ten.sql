-- +goose up
SELECT add_step('9');
