-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY log_step ON log (step);
SELECT add_step('10');

-- +goose Down
DROP INDEX CONCURRENTLY log_step;
