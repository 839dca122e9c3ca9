-- The operator classes that a B-tree takes for a type when none is named, as initdb makes them.
SELECT o.oid, o.opcintype AS type
FROM pg_opclass o
JOIN pg_am am ON am.oid = o.opcmethod
WHERE am.amname = 'btree' AND o.opcdefault
