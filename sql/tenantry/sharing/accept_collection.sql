-- Read from now on what another tenant, or the provider, shares of a collection.
CREATE OR REPLACE FUNCTION tenantry.accept_collection(p_collection_id uuid)
RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT tenantry_private.set_acceptance(p_collection_id, now());
$$;

COMMENT ON FUNCTION tenantry.accept_collection(uuid) IS 'read from now on what is shared of a collection';
REVOKE ALL ON FUNCTION tenantry.accept_collection(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.accept_collection(uuid) TO tenantry_app, tenantry_gateway;
