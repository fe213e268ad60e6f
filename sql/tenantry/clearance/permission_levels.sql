-- The permission levels in ascending order. They separate members within a tenant, never tenants from each other.
CREATE OR REPLACE FUNCTION tenantry.permission_levels()
RETURNS text[]
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ARRAY['PUBLIC', 'INTERNAL', 'CONFIDENTIAL', 'RESTRICTED'];
$$;

COMMENT ON FUNCTION tenantry.permission_levels() IS 'the permission levels within a tenant, lowest first';
REVOKE ALL ON FUNCTION tenantry.permission_levels() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.permission_levels() TO tenantry_admin, tenantry_app, tenantry_gateway, tenantry_auditor;
