-- What makes an aggregate.
SELECT a.aggfnoid::oid AS oid,
       a.aggkind AS kind,
       a.aggtransfn::text AS transition,
       format_type(a.aggtranstype, NULL) AS state_type,
       a.aggtransspace AS state_space,
       CASE WHEN a.aggfinalfn <> 0 THEN a.aggfinalfn::text END AS final,
       a.aggfinalextra AS final_extra,
       a.aggfinalmodify AS final_modify,
       CASE WHEN a.aggcombinefn <> 0 THEN a.aggcombinefn::text END AS combine,
       CASE WHEN a.aggserialfn <> 0 THEN a.aggserialfn::text END AS serialize,
       CASE WHEN a.aggdeserialfn <> 0 THEN a.aggdeserialfn::text END AS deserialize,
       a.agginitval AS initial,
       CASE WHEN a.aggmtransfn <> 0 THEN a.aggmtransfn::text END AS moving_transition,
       CASE WHEN a.aggminvtransfn <> 0 THEN a.aggminvtransfn::text END AS moving_inverse,
       CASE WHEN a.aggmtranstype <> 0 THEN format_type(a.aggmtranstype, NULL) END AS moving_state_type,
       a.aggmtransspace AS moving_state_space,
       CASE WHEN a.aggmfinalfn <> 0 THEN a.aggmfinalfn::text END AS moving_final,
       a.aggmfinalextra AS moving_final_extra,
       a.aggmfinalmodify AS moving_final_modify,
       a.aggminitval AS moving_initial,
       CASE WHEN o.oid IS NOT NULL THEN format('OPERATOR(%I.%s)', n.nspname, o.oprname) END AS sort_operator
FROM pg_aggregate a
JOIN pg_proc p ON p.oid = a.aggfnoid
LEFT JOIN pg_operator o ON o.oid = a.aggsortop
LEFT JOIN pg_namespace n ON n.oid = o.oprnamespace
WHERE p.pronamespace = ANY ($1)
