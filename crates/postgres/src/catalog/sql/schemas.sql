-- Every schema that users make; pg_ is reserved for the server's own.
SELECT n.oid,
       n.nspname AS name,
       pg_get_userbyid(n.nspowner) AS owner,
       coalesce(n.nspacl, acldefault('n', n.nspowner))::text[] AS acl,
       acldefault('n', n.nspowner)::text[] AS acl_default,
       n.nspowner = 10 AS owned_by_bootstrap_role
FROM pg_namespace n
WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'pleach')
