-- Constraints of tables and domains, but for copies that foreign keys leave on partitions,
-- not-null constraints (told of the column) and constraint triggers (told of the trigger).
SELECT con.oid,
       con.conrelid AS relation,
       con.contypid AS domain,
       con.conname AS name,
       con.contype AS type,
       pg_get_constraintdef(con.oid) AS definition,
       -- A parent that loses a column may leave the count of what its children inherit as it was.
       con.contype = 'c' AND con.coninhcount > 0
           AND EXISTS (SELECT FROM pg_inherits h
                       JOIN pg_constraint p ON p.conrelid = h.inhparent AND p.conname = con.conname
                       WHERE h.inhrelid = con.conrelid AND p.contype = 'c') AS inherited,
       con.conindid AS index,
       i.reloptions AS options,
       s.spcname AS tablespace
FROM pg_constraint con
LEFT JOIN pg_class i ON i.oid = con.conindid AND con.contype IN ('p', 'u', 'x')
LEFT JOIN pg_tablespace s ON s.oid = i.reltablespace
WHERE con.connamespace = ANY ($1)
  AND (con.contype IN ('p', 'u', 'x', 'c') OR con.contype = 'f' AND con.conparentid = 0)
