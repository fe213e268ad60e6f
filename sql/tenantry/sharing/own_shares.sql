-- What the current tenant shares, and what is shared with it. A function, not a query in the view: conditions of the
-- application's would reach the table's indexes before the tenant does, and tell of others' shares.
CREATE OR REPLACE FUNCTION tenantry_private.own_shares()
RETURNS TABLE (
    table_name regclass, collection_id uuid, collection text, owner_tenant_id uuid, grantee_tenant_id uuid,
    created_at timestamptz, accepted_at timestamptz
)
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant CONSTANT uuid := tenantry.current_tenant();
BEGIN
    -- Only the grantee sees whether it has accepted: the owner would learn that it exists.
    RETURN QUERY
    SELECT
        s.table_name, s.collection_id, CASE WHEN s.collection_id <> s.owner_tenant_id THEN t.name END,
        s.owner_tenant_id, s.grantee_tenant_id, s.created_at,
        CASE WHEN s.grantee_tenant_id = v_tenant THEN a.accepted_at END
    FROM tenantry_private.shares AS s
    INNER JOIN tenantry.tenants AS t ON s.collection_id = t.tenant_id
    LEFT JOIN tenantry_private.accepted_shares AS a ON s.share_id = a.share_id
    WHERE v_tenant IN (s.owner_tenant_id, s.grantee_tenant_id);
END
$$;

COMMENT ON FUNCTION tenantry_private.own_shares() IS 'what the current tenant shares, and what is shared with it';
REVOKE ALL ON FUNCTION tenantry_private.own_shares() FROM PUBLIC;
-- For the view shares. Without USAGE on the schema nobody calls it by name.
GRANT EXECUTE ON FUNCTION tenantry_private.own_shares() TO tenantry_admin, tenantry_app, tenantry_gateway;
