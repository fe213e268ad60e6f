-- Delete a collection, with all its rows and shares, as a tenant's deletion takes its rows along.
CREATE OR REPLACE FUNCTION tenantry.drop_collection(p_owner uuid, p_collection text)
RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM tenantry.tenants AS t WHERE t.tenant_id = tenantry_private.collection_of(p_owner, p_collection);
$$;

COMMENT ON FUNCTION tenantry.drop_collection(uuid, text) IS 'delete a collection with its rows and shares';
REVOKE ALL ON FUNCTION tenantry.drop_collection(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.drop_collection(uuid, text) TO tenantry_admin;
