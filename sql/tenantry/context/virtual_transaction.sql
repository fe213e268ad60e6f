-- The server's own name of the running transaction. Unlike a transaction id it costs no disk write and exists on a
-- standby; but it is read from the lock table, which takes some 20 µs.
CREATE OR REPLACE FUNCTION tenantry_private.virtual_transaction()
RETURNS text
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.virtualtransaction
    FROM pg_locks AS l
    WHERE l.locktype = 'virtualxid' AND l.pid = pg_backend_pid() AND l.virtualxid = l.virtualtransaction;
$$;

COMMENT ON FUNCTION tenantry_private.virtual_transaction() IS 'virtual id of the running transaction';
REVOKE ALL ON FUNCTION tenantry_private.virtual_transaction() FROM PUBLIC;
