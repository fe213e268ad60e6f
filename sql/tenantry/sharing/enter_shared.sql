-- Open a context in which the provider's shared rows are written, in the role owner: for admins only. No credential leads
-- into it, so no application writes what other tenants read.
CREATE OR REPLACE FUNCTION tenantry.enter_shared()
RETURNS tenantry.identity
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN tenantry_private.seal_context(tenantry_private.make_provider(), NULL, 'owner', NULL, NULL, NULL);
END
$$;

COMMENT ON FUNCTION tenantry.enter_shared() IS 'open a context in which the provider''s shared rows are written';
REVOKE ALL ON FUNCTION tenantry.enter_shared() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.enter_shared() TO tenantry_admin;
