-- The current tenant's collections. A function for the same reason as own_shares().
CREATE OR REPLACE FUNCTION tenantry_private.own_collections()
RETURNS TABLE (collection_id uuid, collection text, created_at timestamptz)
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant CONSTANT uuid := tenantry.current_tenant();
BEGIN
    RETURN QUERY
    SELECT t.tenant_id, t.name, t.created_at FROM tenantry.tenants AS t WHERE t.owner_tenant_id = v_tenant;
END
$$;

COMMENT ON FUNCTION tenantry_private.own_collections() IS 'the current tenant''s collections';
REVOKE ALL ON FUNCTION tenantry_private.own_collections() FROM PUBLIC;
-- For the view collections. Without USAGE on the schema nobody calls it by name.
GRANT EXECUTE ON FUNCTION tenantry_private.own_collections() TO tenantry_admin, tenantry_app, tenantry_gateway;
