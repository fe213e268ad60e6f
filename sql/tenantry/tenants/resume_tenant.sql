-- Let a suspended tenant in again.
CREATE OR REPLACE FUNCTION tenantry.resume_tenant(p_tenant uuid)
RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT tenantry_private.set_tenant_status(p_tenant, 'active');
$$;

COMMENT ON FUNCTION tenantry.resume_tenant(uuid) IS 'accept the credentials of a suspended tenant again';
REVOKE ALL ON FUNCTION tenantry.resume_tenant(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.resume_tenant(uuid) TO tenantry_admin;
