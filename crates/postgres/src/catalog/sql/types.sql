-- Enums, domains, ranges and stand-alone composite types.
SELECT t.oid,
       t.typnamespace AS schema,
       t.typname AS name,
       t.typtype AS kind,
       pg_get_userbyid(t.typowner) AS owner,
       t.typacl::text[] AS acl,
       CASE WHEN t.typacl IS NOT NULL THEN acldefault('T', t.typowner)::text[] END AS acl_default,
       t.typrelid AS relation,
       CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod)
            WHEN t.typtype = 'r' THEN format_type(r.rngsubtype, NULL) END AS base,
       kn.nspname AS collation_schema,
       k.collname AS collation,
       t.typnotnull AS not_null,
       pg_get_expr(t.typdefaultbin, 0) AS "default",
       CASE WHEN t.typtype = 'e' THEN
           ARRAY(SELECT l.enumlabel::text FROM pg_enum l WHERE l.enumtypid = t.oid ORDER BY l.enumsortorder)
       END AS labels,
       opn.nspname AS opclass_schema,
       op.opcname AS opclass,
       CASE WHEN r.rngcanonical <> 0 THEN r.rngcanonical::regproc::text END AS canonical,
       CASE WHEN r.rngsubdiff <> 0 THEN r.rngsubdiff::regproc::text END AS subtype_diff,
       mn.nspname AS multirange_schema,
       m.typname AS multirange
FROM pg_type t
LEFT JOIN pg_class c ON c.oid = t.typrelid
LEFT JOIN pg_range r ON r.rngtypid = t.oid
LEFT JOIN pg_type b ON b.oid = coalesce(r.rngsubtype, t.typbasetype)
LEFT JOIN pg_collation k
       ON k.oid = coalesce(r.rngcollation, t.typcollation) AND k.oid <> b.typcollation
LEFT JOIN pg_namespace kn ON kn.oid = k.collnamespace
LEFT JOIN pg_opclass op ON op.oid = r.rngsubopc AND NOT op.opcdefault
LEFT JOIN pg_namespace opn ON opn.oid = op.opcnamespace
LEFT JOIN pg_type m ON m.oid = r.rngmultitypid
LEFT JOIN pg_namespace mn ON mn.oid = m.typnamespace
WHERE t.typnamespace = ANY ($1)
  AND (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c')
