-- Everything that users make and the model does not hold, but for relations (see relations.sql)
-- and dependence on extensions (see dependencies.sql).
WITH of_extension (relation, made) AS (
    SELECT d.objid, e.xmin
    FROM pg_depend d
    JOIN pg_extension e ON e.oid = d.refobjid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
),
found (class, oid, sub, kind) AS (
    SELECT 'pg_type'::regclass, t.oid, 0, CASE WHEN t.typisdefined THEN 'base type' ELSE 'shell type' END
    FROM pg_type t
    WHERE t.typnamespace = ANY ($1)
      AND (t.typtype = 'p' OR t.typtype = 'b' AND t.typsubscript <> 'array_subscript_handler'::regproc)
  UNION ALL
    SELECT 'pg_operator'::regclass, oid, 0, 'operator' FROM pg_operator WHERE oprnamespace = ANY ($1)
  UNION ALL
    SELECT 'pg_opclass'::regclass, oid, 0, 'operator class' FROM pg_opclass WHERE opcnamespace = ANY ($1)
  UNION ALL
    SELECT 'pg_opfamily'::regclass, oid, 0, 'operator family' FROM pg_opfamily WHERE opfnamespace = ANY ($1)
  UNION ALL
    SELECT 'pg_collation'::regclass, oid, 0, 'collation' FROM pg_collation WHERE collnamespace = ANY ($1)
  UNION ALL
    SELECT 'pg_conversion'::regclass, oid, 0, 'conversion' FROM pg_conversion WHERE connamespace = ANY ($1)
  UNION ALL
    SELECT 'pg_ts_config'::regclass, oid, 0, 'text search configuration'
    FROM pg_ts_config WHERE cfgnamespace = ANY ($1)
  UNION ALL
    SELECT 'pg_ts_dict'::regclass, oid, 0, 'text search dictionary' FROM pg_ts_dict WHERE dictnamespace = ANY ($1)
  UNION ALL
    SELECT 'pg_ts_parser'::regclass, oid, 0, 'text search parser' FROM pg_ts_parser WHERE prsnamespace = ANY ($1)
  UNION ALL
    SELECT 'pg_ts_template'::regclass, oid, 0, 'text search template'
    FROM pg_ts_template WHERE tmplnamespace = ANY ($1)
  UNION ALL
    SELECT 'pg_cast'::regclass, oid, 0, 'cast' FROM pg_cast WHERE oid >= 16384
  UNION ALL
    SELECT 'pg_transform'::regclass, oid, 0, 'transform' FROM pg_transform WHERE oid >= 16384
  UNION ALL
    SELECT 'pg_language'::regclass, oid, 0, 'language' FROM pg_language WHERE oid >= 16384
  UNION ALL
    SELECT 'pg_am'::regclass, oid, 0, 'access method' FROM pg_am WHERE oid >= 16384
  UNION ALL
    SELECT 'pg_foreign_data_wrapper'::regclass, oid, 0, 'foreign data wrapper' FROM pg_foreign_data_wrapper
  UNION ALL
    SELECT 'pg_foreign_server'::regclass, oid, 0, 'server' FROM pg_foreign_server
  UNION ALL
    SELECT 'pg_user_mapping'::regclass, umid, 0, 'user mapping' FROM pg_user_mappings
  UNION ALL
    SELECT 'pg_publication'::regclass, oid, 0, 'publication' FROM pg_publication
  UNION ALL
    SELECT 'pg_subscription'::regclass, oid, 0, 'subscription'
    FROM pg_subscription
    WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  UNION ALL
    SELECT 'pg_trigger'::regclass, t.oid, 0, 'state of an inherited trigger'
    FROM pg_trigger t
    JOIN pg_trigger parent ON parent.oid = t.tgparentid
    JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND t.tgenabled <> parent.tgenabled AND c.relnamespace = ANY ($1)
  -- What an extension makes on its tables comes with it, in its own transaction; the rest is the user's.
  UNION ALL
    SELECT 'pg_class'::regclass, i.indexrelid, 0, 'index on an extension''s table'
    FROM pg_index i JOIN of_extension ON relation = i.indrelid WHERE i.xmin <> made
  UNION ALL
    SELECT 'pg_constraint'::regclass, c.oid, 0, 'constraint on an extension''s table'
    FROM pg_constraint c JOIN of_extension ON relation = c.conrelid
    WHERE c.xmin <> made AND c.contype IN ('c', 'f')
  UNION ALL
    SELECT 'pg_trigger'::regclass, t.oid, 0, 'trigger on an extension''s table'
    FROM pg_trigger t JOIN of_extension ON relation = t.tgrelid WHERE t.xmin <> made AND NOT t.tgisinternal
  UNION ALL
    SELECT 'pg_rewrite'::regclass, r.oid, 0, 'rule on an extension''s table'
    FROM pg_rewrite r JOIN of_extension ON relation = r.ev_class WHERE r.xmin <> made AND r.rulename <> '_RETURN'
  UNION ALL
    SELECT 'pg_policy'::regclass, p.oid, 0, 'policy on an extension''s table'
    FROM pg_policy p JOIN of_extension ON relation = p.polrelid WHERE p.xmin <> made
  UNION ALL
    SELECT classoid::regclass, objoid, objsubid, 'security label' FROM pg_seclabel WHERE objoid >= 16384
)
SELECT f.class::oid AS class, f.oid, f.kind, (pg_identify_object(f.class, f.oid, f.sub)).identity AS name
FROM found f
UNION ALL
SELECT 0, 0, 'large objects', count(*)::text FROM pg_largeobject_metadata HAVING count(*) > 0
ORDER BY kind, name
