-- Indexes, also those behind constraints, whose names and marks others ask for.
SELECT i.indexrelid AS oid,
       i.indrelid AS relation,
       c.relnamespace AS schema,
       c.relname AS name,
       con.oid AS constraint_oid,
       i.indisunique AS "unique",
       NOT i.indisvalid AS invalid,
       i.indisreplident AS replica_identity,
       i.indisclustered AS clustered,
       am.amname = 'btree' AND i.indexprs IS NULL AND i.indpred IS NULL AND i.indnkeyatts = i.indnatts
           AND NOT i.indnullsnotdistinct -- since 15
           AND c.reloptions IS NULL AS plain,
       i.indkey::int2[] AS columns,
       i.indclass::oid[] AS classes,
       i.indcollation::oid[] AS collations,
       i.indoption::int2[] AS orders,
       s.spcname AS tablespace
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_constraint con
       ON con.conindid = i.indexrelid AND con.conrelid = i.indrelid AND con.contype IN ('p', 'u', 'x')
LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
WHERE c.relnamespace = ANY ($1)
