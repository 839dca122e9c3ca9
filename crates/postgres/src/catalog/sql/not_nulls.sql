-- Not-null constraints that may say more than NOT NULL. Tables have them since PostgreSQL 18,
-- domains since 17.
SELECT conrelid AS relation,
       contypid AS domain,
       conkey[1] AS number,
       conname AS name,
       connoinherit AS no_inherit,
       NOT convalidated AS not_valid
FROM pg_constraint
WHERE contype = 'n'
  AND connamespace = ANY ($1)
  AND (connoinherit OR NOT convalidated OR conname NOT LIKE '%\_not\_null')
