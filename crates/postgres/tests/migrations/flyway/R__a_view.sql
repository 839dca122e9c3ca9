CREATE OR REPLACE VIEW emails AS SELECT email FROM users WHERE late;
SELECT add_step('R a');
