-- Sequences, also those inside identity columns.
SELECT c.oid,
       c.relnamespace AS schema,
       c.relname AS name,
       pg_get_userbyid(c.relowner) AS owner,
       c.relacl::text[] AS acl,
       CASE WHEN c.relacl IS NOT NULL THEN acldefault('s', c.relowner)::text[] END AS acl_default,
       c.relpersistence AS persistence,
       format_type(s.seqtypid, NULL) AS type,
       s.seqstart AS start,
       s.seqincrement AS increment,
       s.seqmin AS minimum,
       s.seqmax AS maximum,
       s.seqcache AS cache,
       s.seqcycle AS cycle
FROM pg_sequence s
JOIN pg_class c ON c.oid = s.seqrelid
WHERE c.relnamespace = ANY ($1)
