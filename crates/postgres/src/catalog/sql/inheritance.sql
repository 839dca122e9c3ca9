-- Children and parents, of tables as of indexes, each child's parents in order.
SELECT inhrelid AS child, inhparent AS parent FROM pg_inherits ORDER BY inhrelid, inhseqno
