SELECT p.oid,
       p.polrelid AS relation,
       p.polname AS name,
       p.polcmd AS command,
       NOT p.polpermissive AS restrictive,
       CASE WHEN p.polroles <> '{0}' THEN
           ARRAY(SELECT pg_get_userbyid(r.oid)::text FROM unnest(p.polroles) AS r (oid))
       END AS roles,
       pg_get_expr(p.polqual, p.polrelid) AS visible,
       pg_get_expr(p.polwithcheck, p.polrelid) AS allowed
FROM pg_policy p
JOIN pg_class c ON c.oid = p.polrelid
WHERE c.relnamespace = ANY ($1)
