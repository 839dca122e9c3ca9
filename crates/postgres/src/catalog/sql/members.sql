-- What belongs to an extension.
SELECT classid, objid, refobjid AS extension
FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
