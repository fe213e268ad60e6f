-- Read no longer what another tenant, or the provider, shares of a collection. It may be accepted again.
CREATE OR REPLACE FUNCTION tenantry.decline_collection(p_collection_id uuid)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tenant CONSTANT uuid := tenantry_private.require_share(p_collection_id);
BEGIN
    DELETE FROM tenantry_private.accepted_shares AS a
    USING tenantry_private.shares AS s
    WHERE a.share_id = s.share_id AND s.grantee_tenant_id = v_tenant AND s.collection_id = p_collection_id;
END
$$;

COMMENT ON FUNCTION tenantry.decline_collection(uuid) IS 'read no longer what is shared of a collection';
REVOKE ALL ON FUNCTION tenantry.decline_collection(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.decline_collection(uuid) TO tenantry_app, tenantry_gateway;
