BEGIN;
SELECT add_step('4');
COMMIT;
SELECT '${not a placeholder}';
