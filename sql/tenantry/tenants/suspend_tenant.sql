-- Shut a tenant out: none of its credentials opens a context until it is resumed. Transactions already under way
-- run to their end.
CREATE OR REPLACE FUNCTION tenantry.suspend_tenant(p_tenant uuid)
RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT tenantry_private.set_tenant_status(p_tenant, 'suspended');
$$;

COMMENT ON FUNCTION tenantry.suspend_tenant(uuid) IS 'refuse every credential of a tenant until it is resumed';
REVOKE ALL ON FUNCTION tenantry.suspend_tenant(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.suspend_tenant(uuid) TO tenantry_admin;
