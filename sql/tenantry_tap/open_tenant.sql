-- Open a tenant's context and keep it for the rest of the transaction, so that is_isolated() can take it up again. To be called
-- before plan(): pgTAP makes temporary tables, and a session that holds such gets no context.
CREATE OR REPLACE FUNCTION tenantry_tap.open_tenant(p_tenant uuid)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM tenantry.enter_tenant(p_tenant);
    PERFORM set_config('tenantry_tap.t' || replace(p_tenant::text, '-', ''), current_setting('tenantry.context'), true);
END
$$;

COMMENT ON FUNCTION tenantry_tap.open_tenant(uuid) IS 'open a tenant''s context for the tests of a transaction';
REVOKE ALL ON FUNCTION tenantry_tap.open_tenant(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry_tap.open_tenant(uuid) TO tenantry_admin;
