-- Close the context before the transaction ends. Afterwards there are no rows and no writes.
CREATE OR REPLACE FUNCTION tenantry.leave_tenant()
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('tenantry.context', '', true), set_config('app.current_tenant_id', '', true);
END
$$;

COMMENT ON FUNCTION tenantry.leave_tenant() IS 'close the context before the transaction ends';
REVOKE ALL ON FUNCTION tenantry.leave_tenant() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.leave_tenant() TO tenantry_app, tenantry_gateway, tenantry_admin;
