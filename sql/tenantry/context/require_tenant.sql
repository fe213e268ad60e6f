-- The tenant of the current context, or an error that says how to open one. Policies check written rows with it.
CREATE OR REPLACE FUNCTION tenantry.require_tenant()
RETURNS uuid
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant CONSTANT uuid := (tenantry_private.verified_context())[1]::uuid;
BEGIN
    IF v_tenant IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'no tenant context',
            HINT = 'Call tenantry.authenticate() first, in the same transaction.';
    END IF;
    RETURN v_tenant;
END
$$;

COMMENT ON FUNCTION tenantry.require_tenant() IS 'tenant of the current context, an error outside one';
REVOKE ALL ON FUNCTION tenantry.require_tenant() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.require_tenant() TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
