-- Whether commands are judged, as of now, when this transaction ends. The lock lets watch_mode() wait for transactions that asked;
-- a snapshot from before it could not tell.
CREATE OR REPLACE FUNCTION tenantry_private.is_guarded()
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    LOCK TABLE tenantry_private.pending_checks IN ROW EXCLUSIVE MODE;
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
        PERFORM tenantry_private.refuse_stale_snapshot();
    END IF;
    RETURN tenantry.guard_mode() <> 'off';
END
$$;

COMMENT ON FUNCTION tenantry_private.is_guarded() IS 'whether commands are judged when this transaction ends';
REVOKE ALL ON FUNCTION tenantry_private.is_guarded() FROM PUBLIC;
