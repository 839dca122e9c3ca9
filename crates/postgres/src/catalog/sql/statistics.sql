-- Extended statistics.
SELECT s.oid,
       s.stxnamespace AS schema,
       s.stxname AS name,
       pg_get_userbyid(s.stxowner) AS owner,
       pg_get_statisticsobjdef(s.oid) AS definition,
       CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget::int4 END AS target
FROM pg_statistic_ext s
WHERE s.stxnamespace = ANY ($1)
