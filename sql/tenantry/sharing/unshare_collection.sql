-- Take a collection of the current tenant back from another tenant. It holds from the commit on, for every statement that
-- begins then. What is not shared is left alone.
CREATE OR REPLACE FUNCTION tenantry.unshare_collection(p_table regclass, p_collection text, p_with uuid)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_collection CONSTANT uuid := tenantry_private.collection_of(tenantry_private.require_publisher(), p_collection);
BEGIN
    DELETE FROM tenantry_private.shares AS s
    WHERE s.grantee_tenant_id = p_with AND s.table_name = p_table AND s.collection_id = v_collection;
END
$$;

COMMENT ON FUNCTION tenantry.unshare_collection(regclass, text, uuid) IS 'take a collection of the current tenant back from another tenant';
REVOKE ALL ON FUNCTION tenantry.unshare_collection(regclass, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.unshare_collection(regclass, text, uuid) TO tenantry_admin, tenantry_app, tenantry_gateway;
