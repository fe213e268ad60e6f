-- Take up a context that open_tenant() has opened in this transaction; NULL for none.
CREATE OR REPLACE FUNCTION tenantry_tap.take_context(p_tenant uuid)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_context CONSTANT text := current_setting('tenantry_tap.t' || replace(p_tenant::text, '-', ''), true);
BEGIN
    IF p_tenant IS NOT NULL AND coalesce(v_context, '') = '' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('tenant %s was not opened for this test', p_tenant),
            HINT = 'Call tenantry_tap.open_tenant() for both tenants in the same transaction, before plan().';
    END IF;
    PERFORM tenantry.leave_tenant(), set_config('tenantry.context', coalesce(v_context, ''), true);
END
$$;

COMMENT ON FUNCTION tenantry_tap.take_context(uuid) IS 'take up a context of open_tenant() again';
REVOKE ALL ON FUNCTION tenantry_tap.take_context(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry_tap.take_context(uuid) TO tenantry_admin;
