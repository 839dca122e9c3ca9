CREATE OR REPLACE VIEW latest AS SELECT * FROM emails;
SELECT add_step('R b');
