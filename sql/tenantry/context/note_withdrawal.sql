-- Note that a credential is being withdrawn, or what it is good for: refuse_stale_snapshot() then turns away transactions
-- that cannot see it. Called first by whatever withdraws.
CREATE OR REPLACE FUNCTION tenantry_private.note_withdrawal()
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- One withdrawal at a time, or the note of a later one would stand for an earlier one that is not yet committed.
    LOCK TABLE tenantry_private.configuration IN SHARE ROW EXCLUSIVE MODE;
    PERFORM setval('tenantry_private.last_withdrawal', pg_current_xact_id()::text::bigint);
END
$$;

COMMENT ON FUNCTION tenantry_private.note_withdrawal() IS 'note that a credential is being withdrawn';
REVOKE ALL ON FUNCTION tenantry_private.note_withdrawal() FROM PUBLIC;
