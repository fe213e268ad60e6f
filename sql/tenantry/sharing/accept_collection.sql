-- Read from now on what another tenant, or the provider, shares of a collection.
CREATE OR REPLACE FUNCTION tenantry.accept_collection(p_collection_id uuid)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant CONSTANT uuid := tenantry_private.require_share(p_collection_id);
BEGIN
    -- What remains of shares that are gone.
    DELETE FROM tenantry_private.accepted_shares AS a
    WHERE a.grantee_tenant_id = v_tenant AND NOT EXISTS (SELECT FROM tenantry_private.shares AS s WHERE s.share_id = a.share_id);

    INSERT INTO tenantry_private.accepted_shares (share_id, grantee_tenant_id)
    SELECT s.share_id, v_tenant
    FROM tenantry_private.shares AS s
    WHERE s.grantee_tenant_id = v_tenant AND s.collection_id = p_collection_id
    ON CONFLICT (share_id) DO NOTHING;
END
$$;

COMMENT ON FUNCTION tenantry.accept_collection(uuid) IS 'read from now on what is shared of a collection';
REVOKE ALL ON FUNCTION tenantry.accept_collection(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.accept_collection(uuid) TO tenantry_app, tenantry_gateway;
