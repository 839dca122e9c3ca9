-- Installed extensions, but for those that initdb installs.
SELECT e.oid, e.extname AS name, e.extversion AS version, n.nspname AS schema, a.comment AS usual_comment
FROM pg_extension e
JOIN pg_namespace n ON n.oid = e.extnamespace
LEFT JOIN pg_available_extensions() a ON a.name = e.extname
WHERE e.oid >= 16384 AND e.extname <> 'plpgsql'
