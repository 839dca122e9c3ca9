-- Functions, window functions, procedures, and what aggregates share with them.
SELECT p.oid,
       p.pronamespace AS schema,
       p.proname AS name,
       p.prokind AS kind,
       oidvectortypes(p.proargtypes) AS input_types,
       pg_get_userbyid(p.proowner) AS owner,
       p.proacl::text[] AS acl,
       CASE WHEN p.proacl IS NOT NULL THEN acldefault('f', p.proowner)::text[] END AS acl_default,
       pg_get_function_arguments(p.oid) AS arguments,
       CASE WHEN p.prokind IN ('f', 'w') THEN pg_get_function_result(p.oid) END AS returns,
       l.lanname AS language,
       p.prosrc AS source,
       p.probin AS library,
       pg_get_function_sqlbody(p.oid) AS sql_body,
       p.provolatile AS volatility,
       p.proisstrict AS strict,
       p.prosecdef AS security_definer,
       p.proleakproof AS leakproof,
       p.proparallel AS parallel,
       CASE WHEN p.procost <> CASE WHEN l.lanname IN ('c', 'internal') THEN 1 ELSE 100 END
            THEN p.procost::text END AS cost,
       CASE WHEN p.prorows <> CASE WHEN p.proretset THEN 1000 ELSE 0 END THEN p.prorows::text END AS rows,
       CASE WHEN p.prosupport <> 0 THEN p.prosupport::regproc::text END AS support,
       CASE WHEN p.protrftypes IS NOT NULL THEN
           ARRAY(SELECT format_type(t.oid, NULL)
                 FROM unnest(p.protrftypes) WITH ORDINALITY AS t (oid, place)
                 ORDER BY t.place)
       END AS transforms,
       p.proconfig AS configuration
FROM pg_proc p
JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = ANY ($1)
