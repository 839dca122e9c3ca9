-- Triggers, but for the server's own and the copies that partitions have of their parent's.
SELECT t.oid,
       t.tgrelid AS relation,
       t.tgname AS name,
       t.tgenabled AS enabled,
       pg_get_triggerdef(t.oid) AS definition
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND c.relnamespace = ANY ($1)
