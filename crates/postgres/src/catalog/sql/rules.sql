-- Rewrite rules, but for those that make a view a view.
SELECT r.oid,
       r.ev_class AS relation,
       r.rulename AS name,
       r.ev_enabled AS enabled,
       pg_get_ruledef(r.oid) AS definition
FROM pg_rewrite r
JOIN pg_class c ON c.oid = r.ev_class
WHERE r.rulename <> '_RETURN' AND c.relnamespace = ANY ($1)
