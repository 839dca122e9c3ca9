-- For all schemas they replace the built-in default, in one schema they come on top.
SELECT d.oid,
       pg_get_userbyid(d.defaclrole) AS role,
       d.defaclnamespace AS schema,
       d.defaclobjtype AS type,
       d.defaclacl::text[] AS acl,
       CASE WHEN d.defaclnamespace <> 0 THEN '{}'
            WHEN d.defaclobjtype = 'S' THEN acldefault('s', d.defaclrole)::text[]
            ELSE acldefault(d.defaclobjtype, d.defaclrole)::text[] END AS acl_default
FROM pg_default_acl d
WHERE d.defaclnamespace = 0 OR d.defaclnamespace = ANY ($1)
