SELECT e.oid,
       e.evtname AS name,
       pg_get_userbyid(e.evtowner) AS owner,
       e.evtevent AS event,
       e.evtfoid::regproc::text AS function,
       e.evttags AS tags,
       e.evtenabled AS enabled
FROM pg_event_trigger e
