-- What needs what, as far as users made both. An object's own schema goes without saying.
SELECT d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid, d.deptype
FROM pg_depend d
WHERE d.objid >= 16384
  AND d.deptype IN ('n', 'a', 'i', 'P', 'S', 'x')
  AND (d.refobjid >= 16384 OR d.refclassid = 'pg_namespace'::regclass)
  AND (d.refclassid <> 'pg_namespace'::regclass
       OR d.refobjid <> ALL ($1)
       OR d.classid IN ('pg_extension'::regclass, 'pg_default_acl'::regclass))
