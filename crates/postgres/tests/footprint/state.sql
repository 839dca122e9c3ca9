-- Everything that two orders of two changes could leave different: the catalog in names, and all
-- rows. The order of columns is left out, and so is what only says how something came about.
WITH
    schemas AS (
        SELECT oid, nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
    ),
    relations AS (
        SELECT c.*, s.nspname FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
    ),
    facts (fact) AS (
        SELECT concat_ws('|', 'schema', n.nspname, n.nspowner::regrole, n.nspacl::text[], obj_description(n.oid, 'pg_namespace'))
        FROM pg_namespace n JOIN schemas USING (oid)
        UNION ALL
        SELECT concat_ws('|', 'relation', c.oid::regclass, c.relkind, c.relpersistence, (SELECT array_agg(o ORDER BY o) FROM unnest(c.reloptions) o), c.relowner::regrole,
            (SELECT array_agg(a ORDER BY a) FROM unnest(c.relacl::text[]) a), c.relrowsecurity, c.relforcerowsecurity, c.relreplident,
            pg_get_expr(c.relpartbound, c.oid), c.reloftype::regtype, obj_description(c.oid, 'pg_class'),
            CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END)
        FROM relations c
        UNION ALL
        SELECT concat_ws('|', 'column', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
            pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, a.attstorage, a.attstattarget, a.attcompression,
            a.attoptions, (SELECT array_agg(x ORDER BY x) FROM unnest(a.attacl::text[]) x), a.attcollation::regcollation, col_description(c.oid, a.attnum))
        FROM relations c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        UNION ALL
        SELECT concat_ws('|', 'index', i.indexrelid::regclass, pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered, i.indisreplident)
        FROM pg_index i JOIN relations c ON c.oid = i.indexrelid
        UNION ALL
        SELECT concat_ws('|', 'constraint', k.conname, nullif(k.conrelid, 0)::regclass, nullif(k.contypid, 0)::regtype, pg_get_constraintdef(k.oid),
            k.convalidated, obj_description(k.oid, 'pg_constraint'))
        FROM pg_constraint k JOIN schemas s ON s.oid = k.connamespace
        UNION ALL
        SELECT concat_ws('|', 'inherits', inhrelid::regclass, inhparent::regclass) FROM pg_inherits
        UNION ALL
        SELECT concat_ws('|', 'type', t.oid::regtype, t.typtype, t.typowner::regrole, t.typacl::text[], t.typdefault, t.typnotnull,
            format_type(t.typbasetype, t.typtypmod), obj_description(t.oid, 'pg_type'),
            (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
        FROM pg_type t JOIN schemas s ON s.oid = t.typnamespace
        UNION ALL
        SELECT concat_ws('|', 'routine', p.oid::regprocedure, p.proowner::regrole, (SELECT array_agg(a ORDER BY a) FROM unnest(p.proacl::text[]) a),
            obj_description(p.oid, 'pg_proc'), CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END)
        FROM pg_proc p JOIN schemas s ON s.oid = p.pronamespace
        UNION ALL
        SELECT concat_ws('|', 'aggregate', a.aggfnoid, a.aggtransfn, a.agginitval) FROM pg_aggregate a
        JOIN pg_proc p ON p.oid = a.aggfnoid JOIN schemas s ON s.oid = p.pronamespace
        UNION ALL
        SELECT concat_ws('|', 'trigger', t.tgrelid::regclass, pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger'))
        FROM pg_trigger t WHERE NOT t.tgisinternal
        UNION ALL
        SELECT concat_ws('|', 'policy', p.polrelid::regclass, p.polname, p.polcmd, p.polpermissive,
            (SELECT array_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE r::regrole::text END) FROM unnest(p.polroles) r),
            pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
        FROM pg_policy p
        UNION ALL
        SELECT concat_ws('|', 'rule', r.ev_class::regclass, pg_get_ruledef(r.oid), r.ev_enabled)
        FROM pg_rewrite r JOIN relations c ON c.oid = r.ev_class WHERE r.rulename <> '_RETURN'
        UNION ALL
        SELECT concat_ws('|', 'statistics', pg_get_statisticsobjdef(s.oid), to_jsonb(s) -> 'stxstattarget') FROM pg_statistic_ext s
        UNION ALL
        SELECT concat_ws('|', 'default privileges', d.defaclrole::regrole, d.defaclnamespace::regnamespace, d.defaclobjtype,
            (SELECT array_agg(a ORDER BY a) FROM unnest(d.defaclacl::text[]) a))
        FROM pg_default_acl d
        UNION ALL
        SELECT concat_ws('|', 'sequence', to_jsonb(s)) FROM pg_sequences s
        UNION ALL
        SELECT concat_ws('|', 'owned', d.objid::regclass, d.refobjid::regclass, a.attname, d.deptype)
        FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
        JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
        UNION ALL
        SELECT concat_ws('|', 'publication', p.pubname, r.prrelid::regclass) FROM pg_publication p LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid
        UNION ALL
        SELECT concat_ws('|', 'foreign', w.fdwname, s.srvname) FROM pg_foreign_data_wrapper w LEFT JOIN pg_foreign_server s ON s.srvfdw = w.oid
        UNION ALL
        SELECT concat_ws('|', 'other', o.oprname, o.oprcode) FROM pg_operator o JOIN schemas s ON s.oid = o.oprnamespace
        UNION ALL
        SELECT concat_ws('|', 'collation', to_jsonb(c) - 'oid') FROM pg_collation c JOIN schemas s ON s.oid = c.collnamespace
        UNION ALL
        SELECT concat_ws('|', 'cast', castsource::regtype, casttarget::regtype, castmethod) FROM pg_cast WHERE oid >= 16384
        UNION ALL
        SELECT concat_ws('|', 'configuration', c.oid::regconfig, c.cfgparser,
            (SELECT array_agg(m.mapdict::regdictionary::text ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m WHERE m.mapcfg = c.oid))
        FROM pg_ts_config c JOIN schemas s ON s.oid = c.cfgnamespace
        UNION ALL
        SELECT concat_ws('|', 'rows', c.oid::regclass, x.rows)
        FROM relations c
        CROSS JOIN LATERAL (
            SELECT query_to_xml(format('SELECT to_jsonb(t)::text AS r FROM %s t ORDER BY 1', c.oid::regclass), false, true, '')::text AS rows
        ) x
        WHERE c.relkind IN ('r', 'p', 'm')
    )
SELECT string_agg(fact, E'\n' ORDER BY fact) FROM facts
