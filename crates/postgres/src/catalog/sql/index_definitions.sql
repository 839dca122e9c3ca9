-- How the server writes these indexes, from USING on.
SELECT i.indexrelid AS oid,
       substr(pg_get_indexdef(i.indexrelid),
              1 + length(format('CREATE %sINDEX %I ON %s%I.%I ',
                                CASE WHEN i.indisunique THEN 'UNIQUE ' END,
                                c.relname,
                                CASE WHEN c.relkind = 'I' THEN 'ONLY ' END,
                                n.nspname,
                                t.relname))) AS definition
FROM unnest($1) AS wanted (oid)
JOIN pg_index i ON i.indexrelid = wanted.oid
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
