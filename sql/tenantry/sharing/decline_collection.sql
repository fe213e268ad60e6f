-- Read no longer what another tenant, or the provider, shares of a collection. It may be accepted again.
CREATE OR REPLACE FUNCTION tenantry.decline_collection(p_collection_id uuid)
RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT tenantry_private.set_acceptance(p_collection_id, NULL);
$$;

COMMENT ON FUNCTION tenantry.decline_collection(uuid) IS 'read no longer what is shared of a collection';
REVOKE ALL ON FUNCTION tenantry.decline_collection(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.decline_collection(uuid) TO tenantry_app, tenantry_gateway;
