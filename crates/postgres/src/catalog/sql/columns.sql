-- Columns of tables and views, and the attributes of composite types; without what Pleach keeps aside
-- in a table instead of dropping it.
SELECT a.attrelid AS relation,
       a.attnum AS number,
       a.attname AS name,
       format_type(a.atttypid, a.atttypmod) AS type,
       a.atttypid AS type_oid,
       a.attcollation AS collation_oid,
       kn.nspname AS collation_schema,
       k.collname AS collation,
       a.attnotnull AS not_null,
       d.oid AS default_oid,
       -- A default names no columns; without a relation the server need not open it to write one.
       pg_get_expr(d.adbin, CASE WHEN a.attgenerated = '' THEN 0 ELSE d.adrelid END) AS expression,
       a.attidentity AS identity,
       a.attgenerated AS generated,
       CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END AS storage,
       a.attcompression AS compression,
       CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::int4 END AS statistics,
       a.attoptions AS options,
       a.attacl::text[] AS acl,
       a.attinhcount > 0 AS inherited
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation k ON k.oid = a.attcollation AND a.attcollation <> t.typcollation
LEFT JOIN pg_namespace kn ON kn.oid = k.collnamespace
WHERE c.relnamespace = ANY ($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'c') AND a.attnum > 0 AND NOT a.attisdropped
  AND NOT (c.relkind IN ('r', 'p') AND a.attname LIKE 'pleach\_dropped\_%')
ORDER BY a.attrelid, a.attnum
