-- What the server calls these objects.
SELECT i.identity AS name
FROM unnest($1::oid[], $2::oid[], $3::int4[]) AS u (class, oid, sub),
     pg_identify_object(u.class, u.oid, u.sub) AS i
WHERE i.type <> 'schema'
  AND coalesce(i.schema, '') NOT LIKE 'pg\_%'
  AND coalesce(i.schema, '') NOT IN ('information_schema', 'pleach')
  AND NOT EXISTS (SELECT FROM pg_attribute a
                  WHERE u.class = 'pg_class'::regclass AND a.attrelid = u.oid AND a.attnum = u.sub
                    AND a.attname LIKE 'pleach\_dropped\_%')
ORDER BY i.identity
