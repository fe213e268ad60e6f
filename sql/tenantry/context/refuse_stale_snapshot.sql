-- Refuse a transaction whose snapshot is older than the last withdrawal of a credential: it would still find the revoked
-- key, the active tenant, the former clearance. Only repeatable read and serializable transactions keep a snapshot.
CREATE OR REPLACE FUNCTION tenantry_private.refuse_stale_snapshot()
RETURNS void
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT pg_visible_in_snapshot(
        (SELECT s.last_value::text::xid8 FROM tenantry_private.last_withdrawal AS s), pg_current_snapshot()
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'serialization_failure',
            MESSAGE = 'the snapshot of this transaction is older than a withdrawal of credentials',
            HINT = 'Start a new transaction.';
    END IF;
END
$$;

COMMENT ON FUNCTION tenantry_private.refuse_stale_snapshot() IS 'refuse a snapshot older than the last withdrawal of a credential';
REVOKE ALL ON FUNCTION tenantry_private.refuse_stale_snapshot() FROM PUBLIC;
