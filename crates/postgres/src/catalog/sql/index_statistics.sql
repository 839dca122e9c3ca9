-- Statistics targets of the expressions in indexes.
SELECT a.attrelid AS index, a.attnum AS number, a.attstattarget::int4 AS target
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_attribute a ON a.attrelid = i.indexrelid
WHERE i.indexprs IS NOT NULL AND c.relnamespace = ANY ($1) AND a.attstattarget >= 0
